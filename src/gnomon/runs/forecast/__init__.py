"""When a running run will end: as a range, with what it rests on, or that nobody can tell."""
