"""The tables `sweeps` and `trials`: what each sweep tries, and what came of each of its runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from gnomon.errors import GnomonError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.runs.sql.statement import Statement
    from gnomon.runs.sql.tables import Tables
    from gnomon.runs.sweep.sweep_view import SweepView

_OF_FILE = {
    "metric": "metric", "goal": "goal", "sampler": "sampler", "trials": "planned_trials", "seeds": "seeds", "command": "command",
    "state": "state", "runs": "planned", "done": "done", "sentence": "sentence",
}  # fmt: skip
_OF_RUN = {
    "sweep": "sweep", "number": "number", "run": "", "seed": "seed", "state": "status", "value": "value", "step": "step",
    "reason": "why", "duration_s": "duration_s", "began": "began_us", "params": "params",
}  # fmt: skip
_NEEDED = ("", "sweep", "status", "number")


def make_sweeps(tables: Tables, statement: Statement) -> None:
    """Make the table `sweeps`."""
    found = tables.record.sweeps()
    cells: dict[str, Sequence[Any]] = {
        "created": [round(one.created * 1e6) for one in found],
        "file": [json.dumps(one.file) for one in found],
    }
    cells |= {name: [getattr(one, name) for one in found] for name in ("id", "name", "author")}
    for name, attribute in _OF_FILE.items():
        if statement.wants(name):
            cells[name] = [_read(one, attribute) for one in found]
    if statement.wants("best"):
        cells["best"] = [getattr(_read(one, "best"), "number", None) for one in found]
    tables.plain("sweeps", cells, statement, length=len(found))


def _read(view: SweepView, attribute: str) -> Any:
    try:
        return getattr(view, attribute)
    except GnomonError:
        return None  # another version of Gnomon wrote its file


def make_trials(tables: Tables, statement: Statement) -> None:
    """Make the table `trials`."""
    from gnomon.runs.sweep.entries import OPEN
    from gnomon.runs.sweep.views import RUN_TYPE

    index = tables.index
    wanted = [key for name, key in _OF_RUN.items() if statement.wants(name)]
    keys = list(dict.fromkeys([*_NEEDED, *wanted]))
    found = index.columns(RUN_TYPE, keys) if RUN_TYPE in index.types() else {key: [] for key in keys}
    hidden = set(tables.hidden())
    places = [
        place
        for place, (run, sweep) in enumerate(zip(found[""], found["sweep"], strict=True))
        if sweep is not None and run not in hidden
    ]
    cells: dict[str, Sequence[Any]] = {
        name: [found[key][place] for place in places] for name, key in _OF_RUN.items() if key in found
    }
    cells["state"] = [found["status"][place] or OPEN for place in places]
    cells["number"] = [found["number"][place] or 0 for place in places]
    tables.plain("trials", cells, statement, length=len(places))
