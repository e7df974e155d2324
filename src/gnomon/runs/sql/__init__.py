"""`gnomon sql`: read-only questions in SQL over the record. Start at `schema` (what there is) and `ask` (how it is answered)."""
