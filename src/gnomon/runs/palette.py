"""What a few typed letters may mean: runs by id, name or `@1`, groups, sweeps, versions of data, and what is found in texts.

Always true: at most `MOST` answers, each with a path of ours; names come before texts, and of names those that begin so first,
the newest first. Nothing that is typed here raises.
"""

from __future__ import annotations

from collections import Counter
from heapq import nlargest, nsmallest
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from gnomon.errors import GnomonError
from gnomon.ids import is_hex
from gnomon.record.index_query import columns
from gnomon.record.index_query import place_of as place_of_subject
from gnomon.runs.called import FEWEST_DIGITS, run_called
from gnomon.runs.news import quoted
from gnomon.text import clean, count

if TYPE_CHECKING:
    import sqlite3

    from gnomon.record.index import Index
    from gnomon.runs.search import Hit
    from gnomon.runs.views import Record

MOST = 12
MOST_RUNS, MOST_GROUPS, MOST_SETS, MOST_SWEEPS = 6, 3, 3, 2
ENOUGH = 3  # names: then texts are not searched
FEWEST_FOR_TEXTS = 2


def found(record: Record, words: str) -> list[dict[str, str]]:
    """Return (title, note, to) of what the words may mean, the likeliest first."""
    words = words.strip()
    if not words:
        return []
    record.replica.update(record.progress)
    rows = [
        *_called(record, words),
        *_groups(record, words),
        *_sweeps(record, words),
        *_runs(record, words),
        *_data(record, words),
    ]
    if len(rows) < ENOUGH and len(words) >= FEWEST_FOR_TEXTS and not words.startswith("@"):
        rows += _texts(record, words)
    by_place: dict[str, dict[str, str]] = {}
    for row in rows:
        by_place.setdefault(row["to"], row)
    return list(by_place.values())[:MOST]


def _row(title: str, note: str, to: str) -> dict[str, str]:
    return {"title": clean(title), "note": clean(note), "to": to}


class _Names:
    """What runs and groups are called at one moment of the index, folded so that case makes no difference."""

    def __init__(self, index: Index) -> None:
        table = index.columns("run", ["name", "group", "created", "removed"])
        shown = [place for place, removed in enumerate(table["removed"]) if not removed]
        self.runs = [
            (name.casefold(), created if isinstance(created, int) else 0, place)
            for place in shown
            if isinstance(name := table["name"][place], str)
            for created in [table["created"][place]]
        ]
        groups = Counter(group for place in shown if isinstance(group := table["group"][place], str))
        self.groups = [(name.casefold(), name, number) for name, number in groups.items()]


_kept: dict[
    str, tuple[tuple[int, int], _Names]
] = {}  # of one record, by its path: typing asks for the same again and again


def _names(record: Record) -> _Names:
    generation = record.replica.index.generation
    known = _kept.get(record.path)
    if known is None or known[0] != generation:
        known = generation, _Names(record.replica.index)
        _kept.clear()
        _kept[record.path] = known
    return known[1]


def _called(record: Record, word: str) -> list[dict[str, str]]:
    """Return the one run that `@1` or the beginning of an id means."""
    try:
        if word.startswith("@"):
            run = run_called(record, word)
        elif len(word) >= FEWEST_DIGITS and is_hex(word):
            run = record.replica.index.resolve("run", word)
        else:
            return []
    except GnomonError:
        return []
    name = _cells(record, "name", run)
    return [_row(str(name or run[:8]), f"run {run[:8]}", f"/run/{run}")]


def _cells(record: Record, key: str, run: str) -> object:
    def ask(database: sqlite3.Connection) -> object:
        place = place_of_subject(database, f"run:{run}")
        return None if place is None else columns(database, "run", [key], [place])[key][0]

    return record.replica.index.ask(ask)


def _runs(record: Record, words: str) -> list[dict[str, str]]:
    """Return the newest runs whose name has these letters, those first whose name begins with them."""
    wanted = words.casefold()
    matching = [
        (name.startswith(wanted), at, place) for name, at, place in _names(record).runs if wanted in name
    ]
    places = [place for _, _, place in nlargest(MOST_RUNS, matching)]
    table = record.replica.index.columns("run", ["", "name"], places)
    return [
        _row(str(name), f"run {str(run)[:8]}", f"/run/{run}")
        for run, name in zip(table[""], table["name"], strict=True)
        if run is not None  # the index went on since the names were read
    ]


def _groups(record: Record, words: str) -> list[dict[str, str]]:
    wanted = words.casefold()
    found = [
        (not folded.startswith(wanted), -number, name)
        for folded, name, number in _names(record).groups
        if wanted in folded
    ]
    return [
        _row(
            name,
            f"group of {count(-less, 'run')}",
            f"/runs?{urlencode({'where': f'group = {quoted(name)}'})}",
        )
        for _, less, name in nsmallest(MOST_GROUPS, found)
    ]


def _sweeps(record: Record, words: str) -> list[dict[str, str]]:
    """Return the newest sweeps whose name has these letters."""
    index = record.replica.index
    if "sweep" not in index.types():
        return []
    table = index.columns("sweep", ["", "name", "created"])
    wanted = words.casefold()
    found = [
        (created if isinstance(created, int) else 0, str(sweep), name)
        for sweep, name, created in zip(table[""], table["name"], table["created"], strict=True)
        if isinstance(name, str) and wanted in name.casefold()
    ]
    return [
        _row(name, f"sweep {sweep[:8]}", f"/sweep/{sweep}") for _, sweep, name in nlargest(MOST_SWEEPS, found)
    ]


def _data(record: Record, words: str) -> list[dict[str, str]]:
    names = record.replica.index.columns("data", ["name"])["name"]
    wanted = words.casefold()
    sets = sorted({name for name in names if isinstance(name, str) and wanted in name.casefold()})
    return [_row(name, "data set", f"/data/{quote(name, safe='')}") for name in sets[:MOST_SETS]]


def _texts(record: Record, words: str) -> list[dict[str, str]]:
    try:
        hits = record.search(f"{words}*" if words[-1].isalnum() else words, limit=MOST)
    except GnomonError:  # no word, only signs
        return []
    return [
        _row(hit.name or hit.id[:8], f"{hit.field} · {hit.kind} {hit.id[:8]}", place_of(hit)) for hit in hits
    ]


def place_of(hit: Hit) -> str:
    """Return the path of the page of what was found."""
    return data_place(hit.name or "") if hit.kind == "data" else f"/{hit.kind}/{hit.id}"


def data_place(label: str) -> str:
    """Return the path of a version of data by its label.

    >>> data_place("credit@v3"), data_place("")
    ('/data/credit/v3', '/data')
    """
    name, _, version = label.rpartition("@")
    return f"/data/{quote(name, safe='')}/{quote(version, safe='')}" if name else "/data"
