"""Drift: how far the columns of a table moved away from those of another, and whether they still hang together.

`check` judges, `numbers`, `words` and `joint` measure, `sketch` and `counted` do without the rows, `told` writes it down.
Explained in docs/explanation/drift-checks.md.
"""
