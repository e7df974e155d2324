"""`/run/{run}/charts` and `/run/{run}/system`: a chart for each series that has a curve, a number for each that has none.

Always true: at most `CHARTS` charts are on one page, and the others are an address away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.page import Redirect
from gnomon.runs.capture.wording import SYSTEM, resource
from gnomon.runs.pages.curves import options_of
from gnomon.runs.pages.run_parts import address, by_prefix, grown, matching, opened, shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gnomon.page import Answer, Ask
    from gnomon.points.stats import SeriesStat
    from gnomon.runs.run_view import RunView

CHARTS, SINGLES, LISTED, AXES, PREFIXES = 60, 200, 200, 500, 100
GROUPS = (
    ("cpu", "Processor", ("cpu", "process_cpu")),
    ("memory", "Memory", ("memory", "process_memory")),
    ("disk", "Disk", ("disk",)),
    ("network", "Network", ("network",)),
    ("gpu", "GPU", ("gpu",)),
)
"""The groups of system series: name, title, beginnings of the series that belong there."""


def charts(ask: Ask) -> Answer:
    """Show the curves of a run."""
    run = opened(ask, "charts")
    if isinstance(run, Redirect):
        return run
    stats = run.stats
    every = [name for name in dict.fromkeys(name for name, _ in stats) if not name.startswith(SYSTEM)]
    wanted = ask.query.text("name")
    found = matching(every, wanted)
    curved = [name for name in found if _points(stats, name) > 1]
    first = min(ask.query.whole("from", 0, high=10**7), max(0, len(curved) - 1) // CHARTS * CHARTS)
    here = curved[first : first + CHARTS]
    options = {
        name: value for name, value in options_of(ask.query).items() if name in ("x", "smooth", "log", "rank")
    }
    singles = [name for name in found if _points(stats, name) == 1]
    keep = {**options, "name": wanted}
    path = address(run.id, "charts")
    values = {
        "sections": list(by_prefix(here).items()), "options": options, "filter": wanted, "keep": keep, "path": path,
        "chart": {"run": [run.id], **options}, "axes": ["step", "time", "relative", *every[:AXES]],
        "ranks": sorted({rank for _, rank in stats}), "total": len(every), "found": len(curved), "first": first,
        "last": first + len(here), "step": CHARTS,
        "singles": [(name, stats[_key(stats, name)]) for name in singles[:SINGLES]],
        "more_singles": max(0, len(singles) - SINGLES),
        "prefixes": _prefixes(every) if len(every) > CHARTS else [], "grown": grown(ask, len(curved), "chart"),
    }  # fmt: skip
    return shown(ask, run, "charts", "runs/run_charts.html", values)


def _prefixes(names: Sequence[str]) -> list[tuple[str, int, list[str]]]:
    found = by_prefix(names)
    return [(prefix, len(some), some[:LISTED]) for prefix, some in list(found.items())[:PREFIXES]]


def _points(stats: Mapping[tuple[str, int], SeriesStat], name: str) -> int:
    return stats[_key(stats, name)].count


def _key(stats: Mapping[tuple[str, int], SeriesStat], name: str) -> tuple[str, int]:
    """Return the key of a series' lowest rank."""
    return (name, 0) if (name, 0) in stats else min(key for key in stats if key[0] == name)


def system(ask: Ask) -> Answer:
    """Show what the machine did while the run ran."""
    run = opened(ask, "system")
    if isinstance(run, Redirect):
        return run
    groups = groups_of(run)
    values = {
        "groups": groups, "chart": {"run": [run.id], "x": "relative"}, "path": address(run.id, "system"),
        "grown": grown(ask, sum(len(names) for _, names, _ in groups), "chart"),
    }  # fmt: skip
    return shown(ask, run, "system", "runs/run_system.html", values)


def groups_of(run: RunView) -> list[tuple[str, list[str], list[dict[str, object]]]]:
    """Return the system series by what they measure: (title, series with a curve, rows of figures)."""
    stats = {key: stat for key, stat in run.stats.items() if key[0].startswith(SYSTEM)}
    titles = {title: beginnings for _, title, beginnings in GROUPS}
    by_title: dict[str, list[tuple[str, int]]] = {title: [] for title in [*titles, "Other"]}
    for name, rank in stats:
        what = name.removeprefix(SYSTEM)
        title = next((title for title, words in titles.items() if what.startswith(words)), "Other")
        by_title[title].append((name, rank))
    found = []
    for title, keys in by_title.items():
        names = list(dict.fromkeys(name for name, _ in keys if stats[name, _].count > 1))
        rows: list[dict[str, object]] = [
            {"name": name.removeprefix(SYSTEM), "rank": rank, **_figures(name, stats[name, rank])}
            for name, rank in keys
        ]
        if keys:
            found.append((title, names[:CHARTS], rows[:SINGLES]))
    return found


def _figures(name: str, stat: SeriesStat) -> dict[str, object]:
    written = resource(name)
    return {"last": written(stat.last), "min": written(stat.min), "max": written(stat.max)}
