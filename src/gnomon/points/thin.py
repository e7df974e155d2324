"""A series with so few points that drawing it takes no time, and that its line looks the same.

Of each bucket the first, the lowest, the highest and the last point stay (`points.downsample`). A series that is not long is
read and thinned by its points. Of a very long one the outlines are read instead (`points.outline`): a bucket is then made
of whole pieces of the outline, so its edge stands up to a quarter of a bucket from where it would.

Always true: every point that stays is one of the series, in its order; the lowest and the highest of all are among them, and
of each bucket; what one WAL holds counts once; nothing that a resumed run left behind counts.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from math import inf
from operator import le
from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.points.downsample import extremes, m4
from gnomon.points.outline import FIRST, HIGH, LAST, LOW, PIECE, Outline, outline_of
from gnomon.points.query import ALL, rows_away
from gnomon.points.series import Part, Series

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from gnomon.points.outlines import Held, Place
    from gnomon.points.query import Cut
    from gnomon.points.series_points import SeriesPoints

MOST_AT_ONCE = 4_000_000  # points that are read together
FEWEST_FOR_BUCKET = 4 * PIECE  # points; with fewer, pieces are too coarse for a bucket, and reading is quick


class Stretch(NamedTuple):
    """What one WAL has of a series for one rank, outlined; `points` are there where they were read."""

    wal: str
    rank: int
    outline: Outline
    points: SeriesPoints | None = None


def stretches(
    held: Sequence[Held],
    places: Mapping[str, Place],
    cuts: Sequence[Cut],
    read: Callable[[Iterable[str]], Series],
) -> list[Stretch]:
    """Return the stretches of a series in order. What has no outline, and what a cut divides, is read.

    `places` are those of all WALs of the run. `read` returns all that these WALs hold of the series (and maybe what others do).
    """
    away = rows_away(cuts, places)
    found: dict[tuple[str, int], Stretch] = {}
    lacking: list[Held] = []
    for one in held:
        if one.wal in away or one.outline is None:
            lacking += [one] if away.get(one.wal) != ALL else []
        else:
            found[one.wal, one.rank] = Stretch(one.wal, one.rank, one.outline)
    for wals in _some_at_a_time(lacking):
        for part in read(wals).parts:
            if part.wal in wals and (part.wal, part.rank) not in found:
                points = part.points
                for first, after in away.get(part.wal, ()):
                    points = points.without(first, after)
                exact = points if points.exact else None
                found[part.wal, part.rank] = Stretch(part.wal, part.rank, outline_of(points), exact)
    return [found[one.wal, one.rank] for one in held if (one.wal, one.rank) in found]


def _some_at_a_time(lacking: Iterable[Held]) -> Iterator[set[str]]:
    """Yield the WALs to read: one file may hold those of many."""
    some: set[str] = set()
    points = 0
    for one in lacking:
        some.add(one.wal)
        points += one.points
        if points >= MOST_AT_ONCE:
            yield some
            some, points = set(), 0
    if some:
        yield some


def thinned(series: Series, buckets: int) -> Series:
    """Return a series that was read, with the points that draw its line."""
    return series.picked(m4(*series.columns(), buckets))


def joined_from(run: str, name: str, stretches: Sequence[Stretch], buckets: int) -> Series:
    """Return the series that these stretches make, thinned to so many buckets."""
    table = _Pieces(stretches)
    if not table.count:
        return Series(run, name, [])
    parts = []
    for stretch, chosen in zip(stretches, table.chosen(buckets), strict=True):
        points = stretch.outline.points(chosen)
        if len(points):
            parts.append(Part(stretch.wal, stretch.rank, _with_exact(points, stretch.points), None))
    return Series(run, name, parts, total=sum(stretch.outline.count for stretch in stretches))


class _Pieces:
    """The pieces of several stretches, one after the other."""

    def __init__(self, stretches: Sequence[Stretch]) -> None:
        self._stretches = stretches
        self._outlines = [stretch.outline for stretch in stretches]
        self._ends = list(accumulate(map(len, self._outlines)))
        self.count = self._ends[-1] if self._ends else 0

    def chosen(self, buckets: int) -> list[list[list[int]]]:
        """Return of each stretch the pieces whose first point stays, whose lowest, whose highest, whose last."""
        edges = sorted({0, *self._edges(buckets), self.count})
        lows, _ = extremes(self._values(LOW), edges)
        _, highs = extremes(self._values(HIGH), edges)
        lasts = [after - 1 for after in edges[1:]]
        of_all = [edges[:-1], *([at for at in some if at is not None] for some in (lows, highs)), lasts]
        return [list(of_stretch) for of_stretch in zip(*map(self._taken_apart, of_all), strict=True)]

    def _taken_apart(self, pieces: Sequence[int]) -> Iterator[list[int]]:
        """Yield of each stretch those of these pieces, which increase, that are its own."""
        start = first = 0
        for end in self._ends:
            after = bisect_left(pieces, end, lo=first)
            yield [piece - start for piece in pieces[first:after]]
            start, first = end, after

    def _values(self, which: int) -> list[float | int]:
        return [value for stretch in self._stretches for value in _exact_values(stretch, which)]

    def _steps(self, which: int) -> list[int]:
        return [step for outline in self._outlines for step in outline.steps(which).tolist()]

    def _edges(self, buckets: int) -> list[int]:
        """Return with which piece each bucket but the first begins: by steps, or by points where steps go back."""
        firsts, lasts = self._steps(FIRST), self._steps(LAST)
        low, high = float(firsts[0]), float(lasts[-1])
        if -inf < low < high < inf and all(map(le, firsts, firsts[1:])) and all(map(le, lasts, lasts[1:])):
            return [bisect_left(firsts, low + (high - low) * nth / buckets) for nth in range(1, buckets)]
        before = [0, *accumulate(count for outline in self._outlines for count in outline.counts.tolist())]
        return [bisect_left(before, before[-1] * nth / buckets, hi=self.count) for nth in range(1, buckets)]


def _exact_values(stretch: Stretch, which: int) -> list[float | int]:
    """Return the value of that point of each piece; whole numbers that a float64 cannot hold are ints."""
    values: list[Any] = stretch.outline.values(which).tolist()
    if stretch.points is not None:
        for piece, row in enumerate(stretch.outline.rows(which).tolist()):
            at = bisect_left(stretch.points.rows, row)
            values[piece] = stretch.points.exact.get(at, values[piece]) if row >= 0 else values[piece]
    return values


def _with_exact(chosen: SeriesPoints, whole: SeriesPoints | None) -> SeriesPoints:
    """Return points with the whole numbers that a float64 cannot hold, where all points were read."""
    if whole is None or not whole.exact:
        return chosen
    places = [bisect_left(whole.rows, row) for row in chosen.rows]
    return whole.picked(places)
