"""What happened in a record since a moment: runs by sweep, notes, tags, versions of data, and what arrived by sync.

Always true: what is told of a run is what its state and entries in the index say; the log files only tell where to look. The
answer is bounded whatever happened: it counts what it leaves out. Runs of one group are one line, whatever their number.
Not promised: that a change is told which another device made before that moment and which came later: `arrivals` counts it.
"""

from __future__ import annotations

import math
import os
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import UnknownSubjectError
from gnomon.record.index_query import columns, place_of
from gnomon.runs import entries

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from gnomon.record.fold import LiveEntry
    from gnomon.runs.views import Record
    from gnomon.sync.state import Arrival

MOST_RUNS = 2_000
MOST_LINES = 12
MOST_CHANGES = 12
MOST_TOUCHED = 200
MOST_DATA = 10
MOST_ARRIVALS = 5
MOST_METRICS = 4
MOST_LOG_BYTES = 32 << 20
COARSE_S = 2.0  # a disk may note the time of a write with less digits than a clock has
_COLUMNS = ("id", "name", "group", "status", "author", "created", "ended")
_CHANGES = (entries.NOTED, entries.TAGGED, entries.RENAMED, entries.REMOVED)
_CHANGE = re.compile(
    rb'"kind":"run\.(?:noted|tagged|renamed|removed)","log":"[0-9a-f]{32}","over":\[["0-9a-f,]*+\],"prev":(?:null|"[0-9a-f]{64}"),'
    rb'"seq":[0-9]+,"size":[0-9]+,"subject":"run:([0-9a-z]{8,64})","time_us":([0-9]{1,18})'
)
_NUMBERED = re.compile(r"[-_. #/]*[0-9]+\Z")


class Best(NamedTuple):
    """The best last value of a metric whose name says which way is better, and the run that has it."""

    metric: str
    value: float
    run: str


@dataclass(slots=True)
class Line:
    """Runs that belong together: of one group, or of one name but for the number at its end.

    `where` finds them in the table. `statuses` counts them; `started` is how many of those that go on began since.
    """

    name: str
    where: str
    first: str = ""  # what its newest run is called
    ids: list[str] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    authors: set[str] = field(default_factory=set)
    newest: float = 0.0
    best: Best | None = None

    @property
    def run(self) -> str | None:
        """The id of the run, where it is only one."""
        return self.ids[0] if len(self.ids) == 1 else None


class Change(NamedTuple):
    """What a person did to runs: the same to each of them. `kind` is note, tags, name, hidden or shown; the newest first."""

    kind: str
    text: str
    runs: list[tuple[str, str | None]]  # id, name
    time_s: float
    who: str


class NewData(NamedTuple):
    """A version of data that was added."""

    label: str
    name: str
    id: str
    time_s: float
    who: str
    message: str | None


class News(NamedTuple):
    """What happened. `runs` counts all runs that began or ended since; the lines are about at most `MOST_RUNS` of them."""

    since: float
    runs: int
    lines: list[Line]
    more_lines: int
    changes: list[Change]
    more_changes: int
    data: list[NewData]
    more_data: int
    arrivals: list[Arrival]

    @property
    def is_empty(self) -> bool:
        """Whether nothing happened."""
        return not (self.lines or self.changes or self.data or self.arrivals)


def news(record: Record, since: float) -> News:
    """Return what happened since a moment (seconds since 1970 UTC)."""
    runs, lines = _lines(record, since)
    changes, data = _changes(record, since), _data(record, since)
    return News(
        since, runs, lines[:MOST_LINES], max(0, len(lines) - MOST_LINES), changes[:MOST_CHANGES],
        max(0, len(changes) - MOST_CHANGES), data[:MOST_DATA], max(0, len(data) - MOST_DATA), arrivals(record, since),
    )  # fmt: skip


def moment(seconds: float) -> str:
    """Return a moment as a filter takes it: `'2026-11-20T14:30:05.250000Z'`."""
    from datetime import UTC, datetime

    return "'" + datetime.fromtimestamp(max(0.0, seconds), UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ") + "'"


def quoted(text: str) -> str:
    """Return a text as a filter takes it."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


# --- runs


def _lines(record: Record, since: float) -> tuple[int, list[Line]]:
    time = moment(since)
    where = f"created > {time} or ended > {time}"
    record.follow()
    metrics = telling_metrics(record)
    table = record.runs(where, columns=[*_COLUMNS, *metrics], limit=MOST_RUNS)
    found: dict[tuple[str, str], Line] = {}
    for row in table:
        key = _key(row)
        line = found.get(key)
        if line is None:
            line = found[key] = _new_line(row, where)
        line.ids.append(str(row["id"]))
        line.statuses[str(row["status"])] += 1
        line.newest = max(line.newest, _seconds(row["created"]), _seconds(row["ended"]))
        if isinstance(row["author"], str):
            line.authors.add(row["author"])
        _better(line, row, metrics)
    return table.total, sorted(found.values(), key=lambda line: -line.newest)


def telling_metrics(record: Record) -> list[str]:
    """Return the columns of a few metrics whose names say which way is better, the most useful first."""
    from gnomon.runs.columns import METRICS, by_use
    from gnomon.runs.compare.direction import guess

    keys = [key for key in record.replica.index.keys("run") if key.startswith(METRICS)]
    named = [key for key in keys if not key.startswith("metrics.system/") and guess(key) is not None]
    return by_use(named, {})[:MOST_METRICS]


def _key(row: dict[str, object]) -> tuple[str, str]:
    if row["group"]:
        return "group", str(row["group"])
    name = str(row["name"] or "")
    return ("name", _NUMBERED.sub("", name) or name) if name else ("id", str(row["id"]))


def _new_line(row: dict[str, object], since: str) -> Line:
    kind, name = _key(row)
    if kind == "group":
        own = f"group = {quoted(name)}"
    elif kind == "name":
        own = f"group is missing and name ~ {quoted(name + '*')}"
    else:
        own = f"id = {quoted(name)}"
    return Line(name if kind != "id" else name[:8], f"{own} and ({since})", str(row["name"] or name[:8]))


def _better(line: Line, row: dict[str, object], metrics: Sequence[str]) -> None:
    from gnomon.runs.compare.direction import guess

    for key in metrics:
        value = row[key]
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            continue
        metric = key.removeprefix("metrics.")
        if line.best is not None and metrics.index(f"metrics.{line.best.metric}") < metrics.index(key):
            return
        is_lower = guess(metric) == "lower"
        if (
            line.best is None
            or line.best.metric != metric
            or (value < line.best.value if is_lower else value > line.best.value)
        ):
            line.best = Best(metric, value, str(row["id"]))
        return


def _seconds(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0


# --- what people did


def _changes(record: Record, since: float) -> list[Change]:
    """Return the notes, tags and names that were given since, the newest first, the same to several runs as one."""
    since_us = int(since * 1e6)
    index = record.replica.index
    several = len(record.home.writers("log")) > 1
    found: dict[tuple[str, str, str], Change] = {}
    made: list[tuple[int, str, LiveEntry]] = []
    for run in _touched(record, since_us):
        try:
            live = index.live("run", run)
        except UnknownSubjectError:
            continue  # a line that no log vouches for, or that was erased
        made += [(one.time_us, run, one) for one in live if one.kind in _CHANGES and one.time_us > since_us]
    names = _names(record, dict.fromkeys(run for _, run, _ in made))
    for time_us, run, entry in sorted(made, key=lambda one: -one[0]):
        kind, said = _said(entry)
        who = _who(entry.author, entry.writer, several=several)
        change = found.setdefault((kind, said, who), Change(kind, said, [], time_us / 1e6, who))
        if (run, names.get(run)) not in change.runs:
            change.runs.append((run, names.get(run)))
    return list(found.values())


def _names(record: Record, runs: Iterable[str]) -> dict[str, str]:
    def ask(database: sqlite3.Connection) -> dict[str, str]:
        places = {run: place for run in runs if (place := place_of(database, f"run:{run}")) is not None}
        called = columns(database, "run", ["name"], list(places.values()))["name"]
        return {run: str(name) for run, name in zip(places, called, strict=True) if name is not None}

    return record.replica.index.ask(ask)


def _touched(record: Record, since_us: int) -> list[str]:
    """Return the runs that the log files name as changed since, the one that was changed last first."""
    newest: dict[str, int] = {}
    left = MOST_LOG_BYTES
    home = record.home
    files = sorted(home.log_files(), key=lambda one: -one[1].st_mtime_ns)
    for path, state in files:
        left -= state.st_size
        if state.st_mtime < since_us / 1e6 - COARSE_S or left < 0:
            break
        try:
            data = home.env.read_file(os.path.join(home.path, path))
        except OSError:
            continue  # joined with others since it was listed: its successor is newer
        for run, time_us in _CHANGE.findall(data):
            if int(time_us) > since_us:
                newest[run.decode()] = max(int(time_us), newest.get(run.decode(), 0))
    return sorted(newest, key=lambda run: (-newest[run], run))[:MOST_TOUCHED]


def _said(entry: LiveEntry) -> tuple[str, str]:
    """Return what kind of change an entry is, and what it says on one line."""
    body = entry.body
    if entry.kind == entries.NOTED:
        return "note", " ".join(str(body.get("text") or "").split())
    if entry.kind == entries.TAGGED:
        tags = body.get("tags")
        return "tags", ", ".join(map(str, tags)) if isinstance(tags, list) else ""
    if entry.kind == entries.RENAMED:
        return "name", str(body.get("name") or "")
    return ("hidden" if body.get("removed") else "shown"), ""


def _who(author: object, writer: object, *, several: bool) -> str:
    """Return who did something: the member, else the device where there are several."""
    if isinstance(author, str):
        return author
    return f"device {str(writer)[:8]}" if several and writer else ""


# --- data, and what arrived


def _data(record: Record, since: float) -> list[NewData]:
    from gnomon.data.views import DataVersion, labels, rows

    index = record.replica.index
    table = index.columns("data", ["", "created"])
    news = {
        str(one): created
        for one, created in zip(table[""], table["created"], strict=True)
        if isinstance(created, int) and created / 1e6 > since
    }
    if not news:
        return []
    every = rows(index)
    called = labels(every)
    several = len(record.home.writers("log")) > 1
    newest = sorted((row for row in every if row.id in news), key=lambda row: (-news[row.id], row.id))
    shown = [DataVersion(record, row.id, called[row.id]) for row in newest[: MOST_DATA + 1]]
    found = [
        NewData(
            one.label,
            one.name,
            one.id,
            one.created,
            _who(one.author, one.writer, several=several),
            one.message,
        )
        for one in shown
    ]
    return found + found[-1:] * (len(newest) - len(shown))


def arrivals(record: Record, since: float) -> list[Arrival]:
    """Return what meetings with remotes brought since, the newest first; at most a few."""
    from gnomon.record.index_place import place_for
    from gnomon.sync.state import StateFile

    home = record.home
    if not os.path.isdir(os.path.join(home.env.config_folder(), "sync")):
        return []  # it has never met another one
    state = StateFile(home, place_for(home, home.env)).load()
    found = [one for one in state.arrivals if one.at_us / 1e6 > since]
    return sorted(found, key=lambda one: -one.at_us)[:MOST_ARRIVALS]
