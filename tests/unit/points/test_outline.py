"""Outlines: what is kept of a long series is the truth about every piece of it."""

from __future__ import annotations

import math
import random

import pytest

from gnomon.points.columns import column
from gnomon.points.outline import FIRST, HIGH, LAST, LOW, PIECE, Outline, outline_of
from gnomon.points.series_points import SeriesPoints


def points_at(rows, values) -> SeriesPoints:
    numbers = list(rows)
    return SeriesPoints(
        rows if isinstance(rows, range) else column("q", rows),
        column("q", [7 * row for row in numbers]),
        column("q", [row + 10**15 for row in numbers]),
        column("d", values),
        {},
    )


def point(outline: Outline, which: int, piece: int) -> tuple | None:
    """Return (row, step, time, value) of that point of a piece; None where it has none."""
    chosen = [[piece] if place == which else [] for place in range(4)]
    found = outline.points(chosen)
    columns = (found.rows, found.steps, found.times_us, found.values)
    return tuple(numbers[0] for numbers in columns) if len(found) else None


def told(outline: Outline) -> list[tuple]:
    """Return (count, first, low, high, last) of each piece."""
    return [
        (outline.counts[piece], *(point(outline, which, piece) for which in (FIRST, LOW, HIGH, LAST)))
        for piece in range(len(outline))
    ]


def truth(points: SeriesPoints) -> list[tuple]:
    pieces: dict[int, list[tuple]] = {}
    for row, step, time_us, value in zip(
        points.rows, points.steps, points.times_us, points.values, strict=True
    ):
        pieces.setdefault(row // PIECE, []).append((row, step, time_us, value))
    found = []
    for _, piece in sorted(pieces.items()):
        numbers = [point for point in piece if not math.isnan(point[3])]
        low = min(numbers, key=lambda point: (point[3], point[0]), default=None)
        high = max(numbers, key=lambda point: (point[3], -point[0]), default=None)
        found.append((len(piece), piece[0], low, high, piece[-1]))
    return found


def sparse_rows() -> list[int]:
    return sorted(random.Random(3).sample(range(9 * PIECE), 3_000))


@pytest.mark.parametrize(
    "rows",
    [range(1), range(PIECE), range(5, 3 * PIECE + 1), range(PIECE - 1, PIECE + 1), sparse_rows()],
    ids=["one", "a piece", "begins inside", "across an edge", "sparse"],
)
def test_an_outline_holds_the_first_lowest_highest_and_last_of_every_piece(rows, numpy_or_not):
    chance = random.Random(5)
    points = points_at(rows, [chance.choice([chance.gauss(0, 1), 0.0, math.inf, -math.inf]) for _ in rows])
    outline = outline_of(points)
    assert told(outline) == truth(points)
    assert outline.count == len(points)
    assert told(Outline.unpack(outline.pack())) == truth(points)


def test_nan_is_never_the_lowest_or_highest_and_a_piece_of_nan_has_neither(numpy_or_not):
    values = [math.nan] * PIECE + [math.nan, 3.0, -1.0, math.nan]
    outline = outline_of(points_at(range(PIECE + 4), values))
    assert point(outline, LOW, 0) is None and point(outline, HIGH, 0) is None
    assert point(outline, FIRST, 0)[0] == 0 and point(outline, LAST, 0)[0] == PIECE - 1
    assert point(outline, LOW, 1)[0::3] == (PIECE + 2, -1.0)
    assert point(outline, HIGH, 1)[0::3] == (PIECE + 1, 3.0)
    assert point(Outline.unpack(outline.pack()), LOW, 0) is None


def test_the_sign_of_zero_is_kept(numpy_or_not):
    outline = outline_of(points_at(range(2), [-0.0, -0.0]))
    assert [math.copysign(1, point(outline, which, 0)[3]) for which in (LOW, HIGH)] == [-1, -1]


def test_the_outline_of_nothing_is_empty(numpy_or_not):
    outline = outline_of(points_at(range(0), []))
    assert len(outline) == outline.count == 0
    assert len(Outline.unpack(outline.pack())) == 0
