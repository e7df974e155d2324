"""The tables `replications` and `explanations`: what came of runs that were made again, and why two of them differ.

An answer to why two runs differ stands on both of them; here it is once.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from gnomon.runs import entries

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gnomon.runs.sql.statement import Statement
    from gnomon.runs.sql.tables import Tables

_OF_AGAIN = ("verdict", "why", "gaps", "author", "writer")
_OF_ANSWER = ("a", "b", "metric", "verdict", "seeds", "author")
_OF_SHARE = ("said", "share", "low", "high", "p", "is_cause")


def make_replications(tables: Tables, statement: Statement) -> None:
    """Make the table `replications`."""
    hidden = set(tables.hidden())
    rows = [
        (run, one)
        for run, state in tables.states_with(entries.REPLICATED)
        for one in state["replicated"]
        if one["by"] not in hidden
    ]
    cells: dict[str, Sequence[Any]] = {
        "run": [run for run, _ in rows],
        "repeat": [one["by"] for _, one in rows],
        "swapped": [json.dumps(one["swapped"], ensure_ascii=False) for _, one in rows],
        "time": [one["time_us"] for _, one in rows],
    }
    cells |= {name: [one[name] for _, one in rows] for name in _OF_AGAIN}
    tables.plain("replications", cells, statement, length=len(rows))


def make_explanations(tables: Tables, statement: Statement) -> None:
    """Make the table `explanations`."""
    rows = [(one, share) for one in _answers(tables) for share in one["shares"] or [{}]]
    cells: dict[str, Sequence[Any]] = {
        "factor": [share.get("name") for _, share in rows],
        "difference": [next(iter(one["difference"]), None) for one, _ in rows],
        "time": [one["time_us"] for one, _ in rows],
    }
    cells |= {name: [one[name] for one, _ in rows] for name in _OF_ANSWER}
    cells |= {name: [share.get(name) for _, share in rows] for name in _OF_SHARE}
    tables.plain("explanations", cells, statement, length=len(rows))


def _answers(tables: Tables) -> Iterator[dict[str, Any]]:
    """Yield each answer once: as it stands on the run `a`, or on `b` where `a` is not in this replica."""
    hidden, here = set(tables.hidden()), set(tables.index.ids("run"))
    for run, state in tables.states_with(entries.EXPLAINED):
        for one in state["explained"]:
            if not hidden.isdisjoint((one["a"], one["b"])):
                continue
            if run == one["a"] or (run == one["b"] and one["a"] not in here):
                yield one
