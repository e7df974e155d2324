"""The record: entries, logs, the fold of entries into states, the index, verification."""
