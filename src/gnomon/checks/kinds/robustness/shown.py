"""The figures and charts of a check of robustness, from what was measured.

Always true: what was not answered is empty and says why; slices are told by their labels, which are values or edges of a column.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.checks.kinds.robustness.told import worst_of
from gnomon.checks.result import Cell, Chart, Figures, Series

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gnomon.checks.kinds.robustness.drops import Drop
    from gnomon.checks.kinds.robustness.told import Measured

DRAWN = 30  # marks of a chart
OF_STRENGTHS = "Noise: in standard deviations, and the probability that a category or flag changes. Missing: share of cells."
OF_COLUMNS = "Each interval on its own; `changed` is the share of rows whose prediction changed."
OF_SLICES = (
    "Drops are against all rows; the intervals of one column hold together."
    " A class with fewer than 10 rows in a slice is left out there."
)


def figures(found: Measured) -> tuple[Figures, ...]:
    """Return the tables `strengths`, `columns` and `slices`; those that have rows."""
    metric = found.title
    strengths: list[tuple[Cell, ...]] = [("as it is", 0.0, found.base, None, None, None, "")]
    strengths += [(one.kind, one.strength, *_cells(found, one.drop), one.note) for one in found.disturbed]
    hurt = [(one.column, *_cells(found, one.drop)[1:], one.changed, one.note) for one in found.hurt]
    parts = [
        (one.column, one.label, one.rows, one.value, one.drop, one.low, one.high)
        for _, each in found.slices
        for one in sorted(each, key=lambda one: -one.drop if one.drop == one.drop else 2)
    ]
    ends = ("drop", "drop_low", "drop_high")
    tables = (
        Figures(
            "strengths", f"{metric} under noise and with missing values",
            ("way", "strength", "metric", *ends, "note"), tuple(strengths), OF_STRENGTHS,
        ),
        Figures(
            "columns", f"What noise in one column costs of {metric}, most first",
            ("column", *ends, "changed", "note"), tuple(hurt), OF_COLUMNS,
        ),
        Figures(
            "slices", f"{metric} in slices, one column at a time",
            ("column", "slice", "rows", "metric", *ends), tuple(parts), OF_SLICES,
        ),
    )  # fmt: skip
    return tuple(one for one in tables if one.rows)


def _cells(found: Measured, drop: Drop | None) -> tuple[float | None, ...]:
    return (None,) * 4 if drop is None else (found.less(drop.value), drop.value, drop.low, drop.high)


def charts(found: Measured, limits: Mapping[str, float]) -> tuple[Chart, ...]:
    """Return the figure against the strength, the drop by column, and the worst slice of each column."""
    metric = found.title
    kinds = dict.fromkeys(one.kind for one in found.disturbed)
    lines = [one for kind in kinds if (one := _line(found, kind)) is not None]
    hurt = [
        (one.column, one.drop.value, one.drop.low, one.drop.high)
        for one in found.hurt
        if one.drop is not None
    ]
    worst = [worst_of(parts, limits["shift"]) for _, parts in found.slices]
    marks = [(one.label, one.drop, one.low, one.high) for one in sorted(worst, key=lambda one: -one.drop)]
    drop = f"{'drop' if found.sign > 0 else 'rise'} of {metric}"
    made = (
        Chart(
            "strengths",
            f"{metric} under noise and with missing values",
            "lines",
            tuple(lines),
            "strength",
            metric,
        ),
        Chart("columns", "What noise in one column costs", "intervals", _marks(hurt), "", drop),
        Chart(
            "slices", "The worst slice of each column", "intervals", _marks(marks), "", drop, limits["shift"]
        ),
    )
    return tuple(one for one in made if one.series)


def _line(found: Measured, kind: str) -> Series | None:
    own = [(one.strength, one.drop) for one in found.disturbed if one.kind == kind and one.drop is not None]
    if not own:
        return None
    own.sort(key=lambda one: one[0])
    return Series(
        kind,
        (0.0, *(strength for strength, _ in own)),
        (found.base, *(found.less(drop.value) for _, drop in own)),
        (found.base, *(min(found.less(drop.high), found.less(drop.low)) for _, drop in own)),
        (found.base, *(max(found.less(drop.high), found.less(drop.low)) for _, drop in own)),
    )


def _marks(rows: Sequence[tuple[str, float, float, float]]) -> tuple[Series, ...]:
    if not rows:
        return ()
    labels, values, lows, highs = zip(*rows[:DRAWN], strict=True)
    return (Series("drop", labels, values, lows, highs),)
