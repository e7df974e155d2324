"""The tables of the case `pages`: Gnomon's own figures, and its pages beside those of the others."""

from collections.abc import Callable, Iterator

from benchmarks.bench import Row
from benchmarks.markdown import header, line, number
from benchmarks.peers import MODULES
from benchmarks.targets import Rows, middle, pick


def _value(rows: Rows, peer: str, figure: str, key: str, **wanted: object) -> float | None:
    """The median of a field, the warming-up round left out where there are others."""
    found = pick(rows, "pages", peer, figure=figure, **wanted)
    steady = [row for row in found if row.get("round", 1) > 0] or found
    return middle(row[key] for row in steady if key in row)


def _peers(rows: Rows, of: str) -> Iterator[tuple[str, Row, dict[str, object]]]:
    """Yield each peer that has such a page, how much it was given, and in what state (Gnomon's points: as logged, sealed)."""
    for peer in MODULES:
        found = pick(rows, "pages", peer, figure="memory", of=of)
        for row in found:
            yield peer, row, ({"sealed": row["sealed"]} if "sealed" in row else {})


def _name(peer: str, state: dict[str, object]) -> str:
    return f"{peer}, {'sealed' if state['sealed'] else 'as logged'}" if state else peer


def _own(rows: Rows) -> Iterator[str]:
    yield from header("", "p50, ms", "p95, ms", "the slowest, ms")
    for figure in ("table at the server", "first page at the server"):
        cells = [_value(rows, "gnomon", figure, key) for key in ("p50_ms", "p95_ms", "max_ms")]
        if cells[0] is not None:
            yield line(figure, *map(number, cells))


def _tables(rows: Rows) -> Iterator[str]:
    yield from header(
        "peer",
        "runs",
        "processes",
        "command to first page, ms",
        "memory then, MB",
        "table in the browser, ms",
        "memory after it, MB",
    )
    for peer, row, _ in _peers(rows, "table"):
        start, shown = _value(rows, peer, "start", "ms", of="table"), _value(rows, peer, "table", "ms")
        cells = (row["runs"], row["processes"], start, row["start_mb"], shown, row["after_mb"])
        yield line(peer, *map(number, cells))


def _long(rows: Rows) -> Iterator[str]:
    yield from header(
        "peer",
        "series",
        "points of each",
        "the first one, ms",
        "again, ms",
        "zoomed into a tenth, ms",
        "memory after it, MB",
    )
    for peer, row, state in _peers(rows, "long"):
        first = middle(one["ms"] for one in pick(rows, "pages", peer, figure="long", round=0, **state))
        again = _value(rows, peer, "long", "ms", **state)
        zoom = _value(rows, peer, "long, zoomed", "zoom_ms", **state)
        cells = (row["runs"], row["points"], first, again, zoom, row["after_mb"])
        yield line(_name(peer, state), *map(number, cells))


def _many(rows: Rows) -> Iterator[str]:
    yield from header(
        "peer",
        "runs",
        "points of each series",
        "charts",
        "all of them at once, ms",
        "the first screen, ms",
        "frames late while scrolling",
        "of",
        "the longest, ms",
        "late when all is drawn",
        "memory after it, MB",
    )
    for peer, row, state in _peers(rows, "many"):
        scrolled = [
            _value(rows, peer, "many, scrolled", key, **state)
            for key in ("ms", "scroll_late", "scroll_frames", "scroll_longest_ms", "scroll_again_late")
        ]
        cells = (
            row["runs"],
            row["points"],
            *(_value(rows, peer, "many", key, **state) for key in ("charts", "ms")),
            *scrolled,
            row["after_mb"],
        )
        yield line(_name(peer, state), *map(number, cells))


def _missing(rows: Rows) -> Iterator[str]:
    yield from header("peer", "page", "why not")
    for peer in MODULES:
        for row in pick(rows, "pages", peer, figure="missing"):
            yield line(peer, row["of"], row["why"])


PAGES: dict[str, Callable[[Rows], Iterator[str]]] = {
    "Pages of a record of 100,000 runs, at the server (`pages`)": _own,
    "Pages: the table of runs": _tables,
    "Pages: one chart of ten long series (Gnomon: from the click on its link, else from the navigation)": _long,
    "Pages: a chart of each of 20 metrics of many runs": _many,
    "Pages that could not be compared": _missing,
}
