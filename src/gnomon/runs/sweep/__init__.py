"""Sweeps: a file says what to try, each configuration is run with each seed, and the record knows what came of it."""
