"""Lineage: what something came from, what came from it, and whom to tell. It reads links that the features name, and adds none.

Design: docs/internals/lineage.md.
"""
