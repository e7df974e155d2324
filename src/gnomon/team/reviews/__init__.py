"""Reviews: somebody asks others to look at something; they comment on its parts and give a verdict, in rounds."""
