"""Gnomon and its peers on the same work, side by side, as ratios. How to read them: README.md."""
