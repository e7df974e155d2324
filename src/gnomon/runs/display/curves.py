"""Small curves of many series of one run: their files are read once, not once for each.

Always true: a series with more than `LONG` points, and all where there are more than `MOST` together, are read by their outlines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.runs.display.markup import Html
from gnomon.runs.display.sparkline import sparkline
from gnomon.runs.many import ManyRuns

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gnomon.points.stats import SeriesStat
    from gnomon.runs.run_view import RunView

BUCKETS = 60
LONG, MOST = 50_000, 500_000  # points


def curves(
    run: RunView, keys: Iterable[tuple[str, int]], stats: Mapping[tuple[str, int], SeriesStat]
) -> dict[tuple[str, int], Html]:
    """Return the small curve of each (series, rank); nothing for one that has fewer than two points."""
    drawn = [key for key in keys if stats[key].count > 1]
    together: dict[int, list[str]] = {}
    room = MOST
    for name, rank in drawn:
        if stats[name, rank].count <= min(LONG, room):
            room -= stats[name, rank].count
            together.setdefault(rank, []).append(name)
    found: dict[tuple[str, int], Html] = {}
    many = ManyRuns(run.record, [run.id]) if together else None
    for rank, names in together.items():
        for _, by_name in many.series([run.id], names, rank=rank) if many is not None else ():
            for name, series in by_name.items():
                found[name, rank] = sparkline(series.steps(), series.values())
    for name, rank in drawn:
        if (name, rank) not in found:
            series = run.outline(name, rank, BUCKETS)
            found[name, rank] = sparkline(series.steps(), series.values())
    return found
