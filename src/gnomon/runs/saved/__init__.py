"""Saved views: a name for what a table of runs asks, kept in the record, so that a team sees the same tables."""
