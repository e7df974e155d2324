"""Decisions: what was chosen and why, the evidence it rests on, and whether that evidence still stands."""
