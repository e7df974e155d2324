"""The state of a process: what it was, what it printed, a notebook's cells, how it ended.

Its id is that of the log that it writes.

Facts of a process stand here once, however many runs it makes; a run names its processes, and `runs.capture.views` joins
the two. What is known while a process still looks around is there at once; the parts that it has yet to look at are `pending`.

Always true: the fold is pure, never raises, and gives the same state for every order of arrival.
Entries: `runs.entries`.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

from gnomon.record import fold
from gnomon.record.kinds import Feature
from gnomon.runs import entries

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gnomon.record.fold import LiveEntry

FOLD_VERSION = 2
_by_place = attrgetter("seq", "digest")
_MAX_CELL_TEXT = 500
# Column of the table of runs -> (part, fact) of the process behind it.
COLUMNS = {
    "command": ("command", "text"),
    "script": ("command", "script"),
    "code.commit": ("code", "commit"),
    "code.branch": ("code", "branch"),
    "code.dirty": ("code", "is_dirty"),
    "code.fingerprint": ("code", "fingerprint"),
    "python": ("python", "version"),
    "machine.system": ("machine", "system"),
    "machine.cpu": ("machine", "cpu"),
    "machine.cpus": ("machine", "cpus"),
    "machine.memory_bytes": ("machine", "memory_bytes"),
    "exit_code": ("exit", "code"),
    "peak_memory_bytes": ("exit", "peak_memory_bytes"),
    "cpu_s": ("exit", "cpu_s"),
}
CELLS = "cells"  # of a notebook, how many
PACKAGE, VARIABLE = "package.", "env."


def fold_process(live: Sequence[LiveEntry]) -> dict[str, object]:
    """Return the state of a process as plain JSON-like values."""
    of_kind = fold.by_kind(live)
    parts: dict[str, dict[str, object]] = {}
    pending: list[str] = []
    withheld: list[list[object]] = []
    objects: dict[str, str] = {}
    files: dict[str, dict[str, object]] = {}
    for entry in sorted(of_kind.get(entries.CAPTURED, ()), key=_by_place):
        body = entry.body
        parts.update(_dicts(body.get("parts")))
        pending += _texts(body.get("pending"))
        withheld = [one for one in _list(body.get("withheld")) if isinstance(one, list)] or withheld
        files.update(_dicts(body.get("files")))
        objects.update(
            {name: one for name, one in _dict(body.get("objects")).items() if isinstance(one, str)}
        )
    ends = sorted(of_kind.get(entries.EXITED, ()), key=_by_place)
    return {
        "parts": parts,
        "pending": sorted({part for part in pending if part not in parts}),
        "withheld": withheld,
        "objects": objects,
        "files": files,
        "console": [_console(entry) for entry in sorted(of_kind.get(entries.CONSOLE, ()), key=_by_place)],
        "cells": _notebook_cells(of_kind.get(entries.CELL, ())),
        "exit": dict(ends[-1].body) if ends else {},
        "writer": live[0].writer if live else None,
    }


def _console(entry: LiveEntry) -> dict[str, object]:
    body = entry.body
    pieces = [
        [str(piece[0]), str(piece[1])]
        for piece in _list(body.get("pieces"))
        if isinstance(piece, list) and len(piece) == 2
    ]
    skipped = body.get("skipped_bytes")
    return {
        "pieces": pieces,
        "skipped_bytes": skipped if isinstance(skipped, int) else 0,
        "time_us": entry.time_us,
        "is_tail": bool(body.get("is_tail")),
    }


def _notebook_cells(found: Iterable[LiveEntry]) -> list[dict[str, object]]:
    """Return the cells of a notebook in the order in which they were run; of each what was said of it last."""
    by_nth: dict[int, dict[str, object]] = {}
    for entry in sorted(found, key=_by_place):
        body = entry.body
        nth = _whole(body.get("nth"))
        if nth is None:
            continue
        known, status, error = body.get("cell"), body.get("status"), body.get("error")
        source, started_us, duration_s = body.get("source"), body.get("started_us"), body.get("duration_s")
        by_nth[nth] = {
            "nth": nth,
            "execution_count": _whole(body.get("execution_count")),
            "cell": known if isinstance(known, str) else None,
            "source": source if isinstance(source, str) else "",
            "source_size": _whole(body.get("source_size")),
            "status": status if status in entries.CELL_STATUSES else "running",
            "error": error if isinstance(error, str) else None,
            "started_us": started_us if isinstance(started_us, int) else entry.time_us,
            "duration_s": duration_s if isinstance(duration_s, (int, float)) else None,
            "outputs": [dict(one) for one in _list(body.get("outputs")) if isinstance(one, dict)],
            "outputs_left_out": _whole(body.get("outputs_left_out")) or 0,
        }
    return [by_nth[nth] for nth in sorted(by_nth)]


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53 else None


def cells(log: str, state: object, stats: object) -> dict[str, object]:  # noqa: ARG001  the shape of every feature's
    """Return the row of a process: the columns that the table of runs may ask for."""
    assert isinstance(state, dict)  # `fold_process` made it  # noqa: S101
    parts: dict[str, Any] = {**state["parts"], "exit": state["exit"]}
    row: dict[str, object] = {}
    for column, (part, fact) in COLUMNS.items():
        if (value := _dict(parts.get(part)).get(fact)) is not None:
            row[column] = _cell(value)
    for name, value in _dict(_dict(parts.get("python")).get("packages")).items():
        row[PACKAGE + name] = _cell(value)
    for name, value in _dict(parts.get("environment")).items():
        row[VARIABLE + name] = _cell(value)
    if state["cells"]:
        row[CELLS] = len(state["cells"])
    return row


def texts(state: object) -> Iterable[tuple[str, str]]:
    """Return what full-text search finds a process by: its command, what it printed, the code of its cells."""
    assert isinstance(state, dict)  # as above  # noqa: S101
    command = _dict(state["parts"].get("command")).get("text")
    if isinstance(command, str):
        yield "command", command
    for chunk in state["console"]:
        text = "".join(text for _, text in chunk["pieces"])
        if text:
            yield "console", text
    sources = "\n".join(cell["source"] for cell in state["cells"])
    if sources:
        yield "cells", sources


def _cell(value: object) -> object:
    if value is None or isinstance(value, (bool, float, int)):
        return value
    text = value if isinstance(value, str) else str(value)
    return text if len(text) <= _MAX_CELL_TEXT else text[: _MAX_CELL_TEXT - 1] + "…"


def _dict(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: object) -> dict[str, dict[str, object]]:
    return {name: part for name, part in _dict(value).items() if isinstance(part, dict)}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _texts(value: object) -> list[str]:
    return [one for one in _list(value) if isinstance(one, str)]


FEATURE = Feature(
    "process",
    kinds={
        entries.CAPTURED: "what a process was: command, code, versions, machine, environment",
        entries.CONSOLE: "what a process printed",
        entries.CELL: "a cell of a notebook was run",
        entries.EXITED: "how a process ended",
    },
    fold=fold_process,
    cells=cells,
    texts=texts,
    version=FOLD_VERSION,
)
