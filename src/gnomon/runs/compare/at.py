"""Which number of a series stands for it: its last value, its best, the one at a step, or the area below its curve.

`last` and `best` come from the index and cost nothing; `step=N` and `area` read the points of each run.

- `step=N`: the value at step N, or at the last step before it where nothing was logged at N; none where the first step is later.
- `area`: by trapezoids over the step, divided by the length of the x-axis: the mean height of the curve, in the metric's
  own unit. Points that are NaN or infinite are left out; a curve that ends in one has no area, and gives NaN.

A run that logged the series and has no finite value here gives NaN, not None: it failed by it, it was not left unmeasured.

Always true: of several ranks the lowest counts, as in the table of runs; where a run was resumed, what it did again counts once.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import BadArgumentError
from gnomon.runs.many import series_of_many
from gnomon.runs.table import FIGURES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gnomon.points.series import Series
    from gnomon.runs.compare.direction import Better
    from gnomon.runs.views import Record

_STEP = re.compile(r"step=(-?\d{1,18})")


class At(NamedTuple):
    """Where a series is looked at: `kind` is 'last', 'best', 'step' or 'area'."""

    kind: str
    step: int | None = None

    def __str__(self) -> str:
        return f"step={self.step}" if self.kind == "step" else self.kind


def parse_at(text: str) -> At:
    """Return what a text such as `step=100` means. Raises BadArgumentError.

    >>> parse_at("area"), parse_at("step=100")
    (At(kind='area', step=None), At(kind='step', step=100))
    """
    if text in ("last", "best", "area"):
        return At(text)
    found = _STEP.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise BadArgumentError(
            f"`at` must be `last`, `best`, `step=N` or `area`; got {text!r}",
            hint="for instance `--at step=100`",
        )
    return At("step", int(found[1]))


def values_at(
    record: Record,
    ids: Sequence[str],
    places: Sequence[int],
    series: str,
    at: At,
    better: Better | None,
    progress: Callable[[int, int], None] | None = None,
) -> list[float | int | None]:
    """Return the number that stands for a series in each run (given by id and by place in the index); None where there is none.

    `best` needs to know which way is better; without that it is None for all.
    """
    if at.kind == "last":
        return [
            _number(one)
            for one in record.replica.index.columns("run", [f"metrics.{series}"], places)[f"metrics.{series}"]
        ]
    if at.kind == "best":
        key = f"stats.{series}"
        figure = FIGURES["max" if better == "higher" else "min"]
        cells = record.replica.index.columns("run", [key], places)[key]
        return [
            _figure(cell[figure]) if isinstance(cell, list) and len(cell) > figure and better else None
            for cell in cells
        ]
    logged = record.replica.index.columns("run", [f"metrics.{series}"], places)[f"metrics.{series}"]
    having = [run for run, last in zip(ids, logged, strict=True) if last is not None]
    found: dict[str, float | int | None] = {}
    for run, of_run in series_of_many(record, having, [series], progress=progress):
        found[run] = _of_points(of_run[series], at)
    return [found.get(run) for run in ids]


def _of_points(points: Series, at: At) -> float | int | None:
    steps, values = points.steps(), points.values()
    if any(a > b for a, b in pairwise(steps)):
        order = sorted(range(len(steps)), key=steps.__getitem__)
        steps, values = [steps[place] for place in order], [values[place] for place in order]
    if at.kind == "step":
        assert at.step is not None  # `parse_at` gave it  # noqa: S101
        return value_at_step(steps, values, at.step)
    return area(steps, values)


def value_at_step(steps: Sequence[int], values: Sequence[float], step: int) -> float | int | None:
    """Return the value at a step, or at the last one before it; steps ascend.

    >>> value_at_step([1, 5, 5, 9], [0.1, 0.5, 0.6, 0.9], 8), value_at_step([3], [0.3], 2)
    (0.6, None)
    """
    place = bisect_right(steps, step)
    return values[place - 1] if place else None


def area(steps: Sequence[float], values: Sequence[float]) -> float | None:
    """Return the mean height of a curve: its area by trapezoids, divided by the length of its x-axis; steps ascend.

    A single point is its own height; of points at one step, their mean. None without points; NaN where the last is not finite:
    what a diverged curve was before says nothing of what it came to.

    >>> area([0, 1, 3], [1.0, 3.0, 3.0])
    2.6666666666666665
    """
    if not len(values):
        return None
    if not math.isfinite(values[-1]):
        return math.nan
    points = [(x, y) for x, y in zip(steps, values, strict=True) if math.isfinite(y)]
    length = points[-1][0] - points[0][0]
    if length <= 0:
        return math.fsum(y for _, y in points) / len(points)
    # Weights first: two large heights must not be added before they are halved.
    return math.fsum((b[0] - a[0]) / length * (a[1] / 2 + b[1] / 2) for a, b in pairwise(points))


def _figure(value: object) -> float | int | None:
    """Return the lowest or highest value of a series; NaN where none of its points is finite."""
    return math.nan if value is None else _number(value)


def _number(value: object) -> float | int | None:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None
