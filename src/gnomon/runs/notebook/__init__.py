"""Notebooks: their cells as they were run, and whether that was from top to bottom."""
