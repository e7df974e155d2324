"""Fairness: metrics by group, the gaps between groups, and what helps. Story: docs/explanation/fairness-checks.md."""
