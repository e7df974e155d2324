"""Updates: what somebody did, does next, and is blocked by; three lines, drafted from what the record saw them do."""
