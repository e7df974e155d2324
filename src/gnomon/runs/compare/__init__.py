"""Comparing runs: what differs between them, and their metrics side by side."""
