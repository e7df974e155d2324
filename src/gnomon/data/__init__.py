"""Versions of data: add, compare, restore, use. A version is a subject, a data set is a name that versions share.

Design: docs/internals/data.md.
"""
