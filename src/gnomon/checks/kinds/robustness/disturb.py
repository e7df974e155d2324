"""Rows that are noisy or incomplete, made from rows as they are, by a seed.

Noise of strength s: numbers move by a normal step of s standard deviations of their column, within the smallest and largest value
that it has, and whole numbers stay whole; a column of two values flips with probability s; all else takes the value of another
row with probability s. Always true: a type stays as it is, what is missing stays missing under noise (but a category may take a
missing value from another row), and a constant column stays constant.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gnomon.checks.model_columns import blanked, is_category, picked, renumbered

if TYPE_CHECKING:
    import numpy as np

    from gnomon.checks.model_inputs import Inputs

    Array = np.ndarray[Any, Any]

NUMBER, WHOLE, FLAG, CATEGORY, CONSTANT = "number", "whole", "flag", "category", "constant"


@dataclass(frozen=True, slots=True)
class Column:
    """A column that can be disturbed. `kind` says how; of numbers, `deviation` is their standard deviation."""

    name: str
    kind: str
    values: Array  # as `Inputs.array` has them
    deviation: float = 0.0
    low: float = 0.0
    high: float = 0.0


def column_of(inputs: Inputs, name: str) -> Column:
    """Return how a column is disturbed."""
    import numpy as np

    values = inputs.array(name)
    if values.dtype.kind not in "iufb" or is_category(inputs.columns[name]):
        return Column(name, CATEGORY, values)
    numbers = values.astype(float)
    finite = numbers[np.isfinite(numbers)]
    different = np.unique(finite)
    if len(different) < 2:
        return Column(name, CONSTANT, values)
    if len(different) == 2:
        return Column(name, FLAG, values)
    kind = WHOLE if (finite == np.rint(finite)).all() else NUMBER
    low, high = float(different[0]), float(different[-1])
    with np.errstate(over="ignore"):
        deviation = float(finite.std())
    return Column(name, kind, values, deviation if np.isfinite(deviation) else 0.0, low, high)


def noisy(inputs: Inputs, column: Column, strength: float, chance: np.random.Generator) -> Any:
    """Return the column of a table with noise."""
    import numpy as np

    given, rows = inputs.columns[column.name], np.arange(inputs.count)
    if column.kind == CONSTANT:
        return given
    if column.kind == CATEGORY:
        other = chance.integers(0, inputs.count, inputs.count)
        return picked(given, np.where(chance.random(inputs.count) < strength, other, rows))
    numbers = column.values.astype(float)
    if column.kind == FLAG:
        first = numbers == np.nanmin(np.where(np.isfinite(numbers), numbers, np.nan))
        flips = (chance.random(inputs.count) < strength) & np.isfinite(numbers)
        other = np.where(first, np.argmax(np.isfinite(numbers) & ~first), np.argmax(first))
        return picked(given, np.where(flips, other, rows))
    moved = numbers + strength * column.deviation * chance.standard_normal(inputs.count)
    if column.kind == WHOLE:
        moved = np.rint(moved)
    moved = np.where(np.isfinite(numbers), np.clip(moved, column.low, column.high), numbers)
    return renumbered(given, moved)


def without(inputs: Inputs, name: str, share: float, chance: np.random.Generator) -> Any:
    """Return the column of a table with a share of its cells blank."""
    return blanked(inputs.columns[name], chance.random(inputs.count) < share)
