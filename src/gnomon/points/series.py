"""The answer to "what are the points of this series?": columns that become NumPy arrays when asked.

Always true: points stand in order of (WAL, row); each is there once; the length is known without NumPy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.errors import MissingExtraError
from gnomon.points.columns import Column, column, counting, join, same_bits
from gnomon.points.series_points import SeriesPoints, Within, one_after_the_other

if TYPE_CHECKING:
    from collections.abc import Sequence


class Place(NamedTuple):
    """Where a row stands: in which WAL, at which row; and its step."""

    wal: str
    row: int
    step: int


class Part(NamedTuple):
    """What one WAL has of a series for one rank; `x` is the other series at the same rows, where one was asked for."""

    wal: str
    rank: int
    points: SeriesPoints
    x: SeriesPoints | None


class Series:
    """One series of one run. `.step`, `.time`, `.value`, `.rank` and `.x` are NumPy arrays; it has a length.

    Without NumPy, `steps()`, `times()`, `values()`, `ranks()` and `x_values()` give lists; times are microseconds since
    1970 UTC. `exact` holds, by position, the whole numbers that a float64 cannot hold; `value` has the nearest float64
    there, and `values()` has them exactly. `total` is how many points the series has: more than `len()` where it was
    thinned out (`run.series(name, buckets=1000)`), or a part was asked for.
    """

    __slots__ = ("_parts", "_points", "_x", "name", "run", "total", "x_name")

    def __init__(
        self,
        run: str,
        name: str,
        parts: Sequence[Part],
        x_name: str | None = None,
        *,
        total: int | None = None,
    ) -> None:
        self.run = run
        self.name = name
        self.x_name = x_name
        self._parts = tuple(parts)
        self._points: SeriesPoints | None = None
        self._x: SeriesPoints | None = None
        skipped = sum(part.points.skipped for part in self._parts)
        self.total = len(self) + skipped if total is None else total

    def __len__(self) -> int:
        return sum(len(part.points) for part in self._parts)

    def __repr__(self) -> str:
        over = f" over {self.x_name!r}" if self.x_name else ""
        of = f" of {self.total:,}" if self.total > len(self) else ""
        return f"<Series {self.name!r}{over} of run {self.run[:8]}: {len(self)}{of} points>"

    @property
    def parts(self) -> tuple[Part, ...]:
        """What each WAL has of it, in order."""
        return self._parts

    def columns(self) -> tuple[Sequence[float], Sequence[float]]:
        """Return (x, y) in the cheapest form there is; whole numbers that a float64 cannot hold are exact."""
        points = self._joined()
        values: Sequence[float] = points.exactly() if points.exact else points.values
        if self.x_name is None:
            return points.steps, values
        xs = self._joined_x()
        return (xs.exactly() if xs.exact else xs.values), values

    def picked(self, positions: Sequence[int]) -> Series:
        """Return the points at these positions, which increase; `total` stays."""
        parts = []
        start = at = 0
        for part in self._parts:
            end = at
            while end < len(positions) and positions[end] < start + len(part.points):
                end += 1
            places = [position - start for position in positions[at:end]]
            if places:
                x = part.x.picked(places) if part.x is not None else None
                parts.append(Part(part.wal, part.rank, part.points.picked(places), x))
            start, at = start + len(part.points), end
        return Series(self.run, self.name, parts, self.x_name, total=self.total)

    def between(self, low: float, high: float) -> Series:
        """Return the points of steps from `low` to `high` and the nearest one on each side, of each part; `total` stays."""
        return self.within(Within("step", low, high))

    def within(self, asked: Within) -> Series:
        """Return what each part has of a part of the x-axis; `total` stays."""
        parts = []
        for part in self._parts:
            points = part.points.within(asked)
            x = part.x.within(asked) if part.x is not None else None
            parts.append(part._replace(points=points, x=x))
        return Series(self.run, self.name, parts, self.x_name, total=self.total)

    # --- NumPy

    @property
    def step(self) -> Any:
        """The step of each point, int64."""
        return _array("step", "steps", self._joined().steps, "int64")

    @property
    def time(self) -> Any:
        """The time of each point, datetime64[us], UTC."""
        return _array("time", "times", self._joined().times_us, "datetime64[us]")

    @property
    def value(self) -> Any:
        """The value of each point, float64."""
        return _array("value", "values", self._joined().values, "float64")

    @property
    def rank(self) -> Any:
        """The rank of the process that logged each point, int32."""
        return _array("rank", "ranks", column("q", self.ranks()), "int64").astype("int32")

    @property
    def row(self) -> Any:
        """The row number of each point in its WAL, int64."""
        return _array("row", "rows", counting(self._joined().rows), "int64")

    @property
    def x(self) -> Any:
        """The value of the series that was asked for as x-axis, float64; else the step."""
        if self.x_name is None:
            return self.step
        return _array("x", "x_values", self._joined_x().values, "float64")

    # --- without NumPy

    def steps(self) -> list[int]:
        """Return the step of each point."""
        return self._joined().steps.tolist()

    def times(self) -> list[int]:
        """Return the time of each point in microseconds since 1970 UTC."""
        return self._joined().times_us.tolist()

    def values(self) -> list[float | int]:
        """Return the value of each point; whole numbers that a float64 cannot hold are ints."""
        return self._joined().exactly()

    def ranks(self) -> list[int]:
        """Return the rank of the process that logged each point."""
        return [rank for part in self._parts for rank in [part.rank] * len(part.points)]

    def rows(self) -> list[int]:
        """Return the row number of each point in its WAL."""
        return counting(self._joined().rows).tolist()

    def x_values(self) -> list[float | int]:
        """Return the value of the series that was asked for as x-axis; else the steps."""
        return [*self.steps()] if self.x_name is None else self._joined_x().exactly()

    @property
    def exact(self) -> dict[int, int]:
        """The whole numbers that a float64 cannot hold, by position."""
        return dict(self._joined().exact)

    def _joined(self) -> SeriesPoints:
        if self._points is None:
            self._points = _join([part.points for part in self._parts])
        return self._points

    def _joined_x(self) -> SeriesPoints:
        if self._x is None:
            self._x = _join([part.x for part in self._parts if part.x is not None])
        return self._x


def on_common_rows(points: SeriesPoints, x: SeriesPoints) -> tuple[SeriesPoints, SeriesPoints]:
    """Return what both hold of the same rows of one WAL: the points, and the x at each of them."""
    mine, other = counting(points.rows), counting(x.rows)
    if same_bits(mine, other):
        return points, x
    place = {row: at for at, row in enumerate(other.tolist())}
    kept = [at for at, row in enumerate(mine.tolist()) if row in place]
    return points.picked(kept), x.picked([place[mine[at]] for at in kept])


def _join(parts: list[SeriesPoints]) -> SeriesPoints:
    if len(parts) == 1:
        return parts[0]
    if parts:
        return one_after_the_other(parts)
    return SeriesPoints(range(0), column("q"), column("q"), column("d"), {})


def _array(name: str, instead: str, numbers: Column, kind: str) -> Any:
    try:
        import numpy
    except ImportError as error:
        raise MissingExtraError(
            f"`.{name}` of a series needs NumPy",
            hint=f"run `pip install 'gnomon[numpy]'`, or use `.{instead}()`, which gives a list",
        ) from error
    array = numpy.frombuffer(numbers, kind)
    return (
        array
        if array.flags.writeable
        else numpy.frombuffer(join([numbers, numbers[:0]], numbers.format), kind)
    )
