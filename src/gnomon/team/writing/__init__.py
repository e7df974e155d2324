"""The one shape of all that people write to each other: a title, a text, who must act, what became of it, what was said."""
