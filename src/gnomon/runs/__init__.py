"""Runs: what was trained, with which parameters, and what came of it."""
