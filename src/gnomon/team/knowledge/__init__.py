"""What a team knows: pages in Markdown (explanations, how-tos, cheat sheets), and reports of problems."""
