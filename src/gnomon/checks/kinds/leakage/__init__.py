"""Leakage: what a test set should not know. Story: docs/explanation/performance-checks.md, "Leakage"."""
