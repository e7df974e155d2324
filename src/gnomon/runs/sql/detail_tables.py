"""The tables `notes`, `files`, `processes` and `packages`: what stands in the states of runs and of their processes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gnomon.runs import entries
from gnomon.runs.capture.state import PACKAGE
from gnomon.runs.capture.views import joined
from gnomon.runs.sql.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.runs.sql.statement import Statement
    from gnomon.runs.sql.tables import Tables

# What a column is called among the facts of a process, where it is another name.
_FACTS = {
    "commit": "code.commit", "branch": "code.branch", "dirty": "code.dirty", "system": "machine.system",
    "cpu": "machine.cpu", "cpus": "machine.cpus", "memory_bytes": "machine.memory_bytes",
}  # fmt: skip
_NAMED = ("run", "log")


def make_notes(tables: Tables, statement: Statement) -> None:
    """Make the table `notes`."""
    rows = [(run, note) for run, state in tables.states_with(entries.NOTED) for note in state["notes"]]
    cells: dict[str, Sequence[Any]] = {
        "run": [run for run, _ in rows],
        "time": [one["time_us"] for _, one in rows],
    }
    cells |= {name: [one[name] for _, one in rows] for name in ("text", "author", "hash")}
    tables.plain("notes", cells, statement, length=len(rows))


def make_files(tables: Tables, statement: Statement) -> None:
    """Make the table `files`."""
    rows = [(run, kept) for run, state in tables.states_with(entries.KEPT) for kept in state["kept"]]
    cells: dict[str, Sequence[Any]] = {
        "run": [run for run, _ in rows],
        "time": [one["time_us"] for _, one in rows],
    }
    cells |= {name: [one[name] for _, one in rows] for name in ("name", "object", "size", "files", "is_tree")}
    tables.plain("files", cells, statement, length=len(rows))


def make_processes(tables: Tables, statement: Statement) -> None:
    """Make the table `processes`."""
    pairs = _runs_and_logs(tables)
    wanted = [
        one.name
        for one in TABLES["processes"].columns
        if one.name not in _NAMED and statement.wants(one.name)
    ]
    keys = {name: _FACTS.get(name, name) for name in wanted}
    facts = (
        joined(tables.index, list(keys.values()), [[log] for _, log in pairs], [None] * len(pairs))
        if keys
        else {}
    )
    cells: dict[str, Sequence[Any]] = {"run": [run for run, _ in pairs], "log": [log for _, log in pairs]}
    tables.plain(
        "processes", cells | {name: facts[key] for name, key in keys.items()}, statement, length=len(pairs)
    )


def make_packages(tables: Tables, statement: Statement) -> None:
    """Make the table `packages`."""
    keys = [key for key in tables.index.keys("process") if key.startswith(PACKAGE)]
    found = tables.index.columns("process", ["", *keys])
    place = {log: at for at, log in enumerate(found[""])}
    rows: list[tuple[str, str, str, object]] = []
    for run, log in _runs_and_logs(tables):
        at = place.get(log)
        if at is not None:
            rows += [
                (run, log, key[len(PACKAGE) :], found[key][at]) for key in keys if found[key][at] is not None
            ]
    names = ("run", "log", "name", "version")
    cells = {name: [row[at] for row in rows] for at, name in enumerate(names)}
    tables.plain("packages", cells, statement, length=len(rows))


def _runs_and_logs(tables: Tables) -> list[tuple[str, str]]:
    """Return (run, log) of every process of every run that counts."""
    runs = tables.read(["processes"])
    by_run = zip(runs.ids, runs.cells["processes"], strict=True)
    return [(run, str(log)) for run, logs in by_run if isinstance(logs, list) for log in logs]
