"""Croissant 1.1, the format in which data sets of machine learning are described to others: out and in.

    make(version)       a description of a version: files with their SHA-256, tables with their columns, licence, origin, use
    read(path)          what a description says, taken for what strangers wrote
    validated(made)     what `mlcroissant` finds wrong with it

Specification: Croissant Format 1.1, and its vocabulary for responsible AI, 1.0. How-to: docs/how-to/croissant.md.
"""

from __future__ import annotations

from gnomon.data.croissant.make import Made, make
from gnomon.data.croissant.read import Described, read
from gnomon.data.croissant.validate import validated

__all__ = ["Described", "Made", "make", "read", "validated"]
