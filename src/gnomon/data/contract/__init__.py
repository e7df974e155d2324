"""Data contracts: what a table must be, in a file; whether a version is that, counted; and the verdict, written down.

A contract uses pandera's words, in TOML, JSON or YAML. DuckDB counts the rows that break it, in bounded memory; a schema of
pandera's that is code (`contract.py:schema`) is run by pandera, and only when a person names it.
Always true: a verdict holds counts and numbers of rows, never a value of the data; code is never run from a record.
How-to: docs/how-to/data-contracts.md. Design: docs/internals/data.md, "Contracts".
"""
