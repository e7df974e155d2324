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

from gnomon.ids import is_hex
from gnomon.record import fold
from gnomon.record.kinds import Feature
from gnomon.runs import checked, entries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from gnomon.record.fold import LiveEntry

FOLD_VERSION = 5
_by_place = attrgetter("seq", "digest")
_MAX_CELL_TEXT = 500
EXIT_CODE = "exit_code"
# Column of the table of runs -> (part, fact) of the process behind it.
COLUMNS = {
    "command": ("command", "text"),
    "script": ("command", "script"),
    "code.commit": ("code", "commit"),
    "code.branch": ("code", "branch"),
    "code.dirty": ("code", "is_dirty"),
    "code.fingerprint": ("code", "fingerprint"),
    "code.tree": ("code", "tree"),
    "code.rest": ("code", "rest"),
    "code.loaded": ("loaded", "mark"),
    "python": ("python", "version"),
    "machine.system": ("machine", "system"),
    "machine.cpu": ("machine", "cpu"),
    "machine.cpus": ("machine", "cpus"),
    "machine.memory_bytes": ("machine", "memory_bytes"),
    EXIT_CODE: ("exit", "code"),
    "peak_memory_bytes": ("exit", "peak_memory_bytes"),
    "cpu_s": ("exit", "cpu_s"),
}


def _pairs_of_texts(value: object) -> list[list[object]]:
    return [
        [*pair] for pair in checked.rows(value, 2) if isinstance(pair[0], str) and isinstance(pair[1], str)
    ]


# Of which kind the facts are that views do sums with or print. Any other fact stays as it was written.
_FACTS: dict[str, dict[str, Callable[[object], object]]] = {
    "command": {"text": checked.text, "script": checked.text},
    "code": {
        "kind": checked.text,
        "commit": checked.text,
        "branch": checked.text,
        "remote": checked.text,
        "fingerprint": checked.text,
        "tree": checked.text,
        "rest": checked.text,
        "changed": checked.texts,
        "changed_count": checked.whole,
        "untracked": checked.objects,
        "untracked_count": checked.whole,
        "kept_count": checked.whole,
        "is_cut": lambda value: value is True,
        "unkept_sources": checked.whole,
        "unkept_mark": checked.text,
        "notes": checked.texts,
    },
    "loaded": {
        "files": _pairs_of_texts,
        "outside": _pairs_of_texts,
        "unknown": checked.texts,
        "left_out": checked.whole,
        "mark": checked.text,
        "has_children": lambda value: value is True,
    },
    "python": {"version": checked.text, "packages": checked.fields},
    "machine": {
        "system": checked.text,
        "cpu": checked.text,
        "cpus": checked.whole,
        "memory_bytes": checked.whole,
        "gpus": checked.objects,
    },
    "notebook": {"name": checked.text, "cells": checked.texts, "left_out": checked.whole},
}
_EXIT: dict[str, Callable[[object], object]] = {
    "code": checked.integer,
    "signal": checked.text,
    "duration_s": checked.finite,
    "cpu_s": checked.finite,
    "peak_memory_bytes": checked.whole,
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
        for name, part in checked.parts(body.get("parts")).items():
            parts[name] = _facts(part, _FACTS.get(name, {}))
        pending += checked.texts(body.get("pending"))
        withheld = _withheld(body.get("withheld")) or withheld
        for name, kept in checked.parts(body.get("files")).items():
            files[name] = {path: text for path, text in kept.items() if isinstance(text, str)}
        objects.update(
            {name: one for name, one in checked.fields(body.get("objects")).items() if is_hex(one, 64)}
        )
    ends = sorted(of_kind.get(entries.EXITED, ()), key=_by_place)
    said = ends[-1].body if ends else {}
    loaded = _facts(checked.fields(said.get("loaded")), _FACTS["loaded"])
    if loaded:
        parts["loaded"] = loaded
    return {
        "parts": parts,
        "pending": sorted({part for part in pending if part not in parts}),
        "withheld": withheld,
        "objects": objects,
        "files": files,
        "console": _console(of_kind.get(entries.CONSOLE, ())),
        "cells": _notebook_cells(of_kind.get(entries.CELL, ())),
        "exit": _facts({key: said[key] for key in _EXIT if key in said}, _EXIT),
        "has_exited": bool(ends),
        "writer": min(live, key=_by_place).writer if live else None,
    }


def _facts(part: Mapping[str, object], kinds: Mapping[str, Callable[[object], object]]) -> dict[str, object]:
    """Return the facts of a part without those that are not of the kind that they should be."""
    found: dict[str, object] = {}
    for name, fact in part.items():
        as_wanted = kinds[name](fact) if name in kinds else fact
        if as_wanted is not None or fact is None:
            found[name] = as_wanted
    return found


def _withheld(value: object) -> list[list[object]]:
    found: list[list[object]] = []
    for kind, where, name, times in checked.rows(value, 4):
        count = checked.whole(times)
        if count is not None:
            found.append([str(checked.cell(one, _MAX_CELL_TEXT)) for one in (kind, where, name)] + [count])
    return found


def _console(found: Iterable[LiveEntry]) -> list[dict[str, object]]:
    """Return what was printed, in the order of the log. Of tails the last one counts.

    An older tail may stand beside it: the disk refused an entry, so the next one did not know what to cover.
    """
    pieces = [_printed(entry) for entry in sorted(found, key=_by_place)]
    last = next((place for place in range(len(pieces) - 1, -1, -1) if pieces[place]["is_tail"]), None)
    return [piece for place, piece in enumerate(pieces) if place == last or not piece["is_tail"]]


def _printed(entry: LiveEntry) -> dict[str, object]:
    body = entry.body
    return {
        "pieces": [
            [stream, text]
            for stream, text in checked.rows(body.get("pieces"), 2)
            if isinstance(stream, str) and isinstance(text, str)
        ],
        "skipped_bytes": checked.whole(body.get("skipped_bytes")) or 0,
        "time_us": entry.time_us,
        "seq": entry.seq,
        "is_tail": body.get("is_tail") is True,
        "is_last": body.get("is_last") is True,
    }


def _notebook_cells(found: Iterable[LiveEntry]) -> list[dict[str, object]]:
    """Return the cells of a notebook in the order in which they were run; of each what was said of it last."""
    by_nth: dict[int, dict[str, object]] = {}
    for entry in sorted(found, key=_by_place):
        body = entry.body
        nth = checked.whole(body.get("nth"))
        if nth is None:
            continue
        status, started_us = body.get("status"), checked.whole(body.get("started_us"))
        by_nth[nth] = {
            "nth": nth,
            "execution_count": checked.whole(body.get("execution_count")),
            "cell": checked.text(body.get("cell")),
            "source": checked.text(body.get("source")) or "",
            "source_size": checked.whole(body.get("source_size")),
            "status": status if status in entries.CELL_STATUSES else "running",
            "error": checked.text(body.get("error")),
            "started_us": started_us if started_us is not None else entry.time_us,
            "duration_s": checked.finite(body.get("duration_s")),
            "outputs": [dict(one) for one in checked.objects(body.get("outputs"))],
            "outputs_left_out": checked.whole(body.get("outputs_left_out")) or 0,
            "seq": entry.seq,
        }
    return [by_nth[nth] for nth in sorted(by_nth)]


def cells(log: str, state: object, stats: object) -> dict[str, object]:  # noqa: ARG001  the shape of every feature's
    """Return the row of a process: the columns that the table of runs may ask for."""
    assert isinstance(state, dict)  # `fold_process` made it  # noqa: S101
    parts: dict[str, Any] = {**state["parts"], "exit": state["exit"]}
    row: dict[str, object] = {}
    for column, (part, fact) in COLUMNS.items():
        if (value := parts.get(part, {}).get(fact)) is not None:
            row[column] = checked.cell(value, _MAX_CELL_TEXT)
    for name, value in parts.get("python", {}).get("packages", {}).items():
        row[PACKAGE + name] = checked.cell(value, _MAX_CELL_TEXT)
    for name, value in parts.get("environment", {}).items():
        row[VARIABLE + name] = checked.cell(value, _MAX_CELL_TEXT)
    if state["cells"]:
        row[CELLS] = len(state["cells"])
    return row


def texts(state: object) -> Iterable[tuple[str, str]]:
    """Return what full-text search finds a process by: its command, what it printed, the code of its cells."""
    assert isinstance(state, dict)  # as above  # noqa: S101
    command = state["parts"].get("command", {}).get("text")
    if command:
        yield "command", command
    for chunk in state["console"]:
        text = "".join(text for _, text in chunk["pieces"])
        if text:
            yield "console", text
    sources = "\n".join(cell["source"] for cell in state["cells"])
    if sources:
        yield "cells", sources


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
