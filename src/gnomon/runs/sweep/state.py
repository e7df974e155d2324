"""The state of a sweep, and of a run that is part of one: the folds of their entries.

Always true: the folds are pure, give the same for every order of arrival, and never raise, whatever a body holds. Of a run that
several said the end of, the latest counts. Entries: `runs.sweep.entries`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from gnomon.ids import is_hex
from gnomon.record import fold
from gnomon.record.body import encode_body
from gnomon.record.kinds import Feature
from gnomon.runs import checked
from gnomon.runs.sweep import entries

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gnomon.record.fold import LiveEntry

FOLD_VERSION = 1
_MAX_NAME = 200
_MAX_WHY = 500
_MAX_PARAMS = 1 << 16  # bytes of JSON


def fold_sweep(live: Sequence[LiveEntry]) -> dict[str, object]:
    """Return the state of a sweep as plain JSON-like values; `file` is None where nobody says it."""
    made = [entry for entry in fold.of_kind(live, entries.MADE) if isinstance(entry.body.get("file"), dict)]
    files: list[dict[str, Any]] = [entry.body["file"] for entry in made]  # type: ignore[misc]
    last = made[-1] if made else None
    return {
        "name": str(checked.cell(last.body.get("name"), _MAX_NAME)) if last is not None else None,
        "file": _together(files) if files else None,
        "author": last.author if last is not None else None,
        "created_us": min((entry.time_us for entry in live), default=0),
        "heads": sorted(entry.hash for entry in live if entry.kind == entries.MADE),
    }


def _together(files: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the latest file, with the most trials and all seeds that were asked for apart."""
    found = dict(files[-1])
    trials = [trials for one in files if (trials := checked.whole(one.get("trials"))) is not None]
    seeds = [seed for one in files for seed in checked.items(one.get("seeds")) if seed.__class__ is int]
    if trials:
        found["trials"] = max(trials)
    if seeds:
        own = [seed for seed in checked.items(files[-1].get("seeds")) if seed.__class__ is int]
        found["seeds"] = [*own, *sorted(set(seeds) - set(own))]
    return found


def sweep_cells(sweep: str, state: object, stats: object) -> Mapping[str, object]:  # noqa: ARG001  the shape of every feature's
    """Return the row of a sweep."""
    assert isinstance(state, dict)  # `fold_sweep` made it  # noqa: S101
    if state["file"] is None:
        return {}
    row = {
        "name": state["name"],
        "created": state["created_us"],
        "author": checked.cell(state["author"], _MAX_NAME),
    }
    return {key: value for key, value in row.items() if value is not None}


def sweep_texts(state: object) -> Iterable[tuple[str, str]]:
    """Return what full-text search finds a sweep by."""
    assert isinstance(state, dict)  # as above  # noqa: S101
    if isinstance(state["name"], str):
        yield "name", state["name"]


def fold_trial(live: Sequence[LiveEntry]) -> dict[str, object]:
    """Return the state of one run of a sweep; its `sweep` is None where nobody says it."""
    begun, ended = fold.of_kind(live, entries.BEGUN), fold.of_kind(live, entries.ENDED)
    said = [
        entry for entry in (*begun, *ended) if is_hex(entry.body.get("sweep"), 2 * entries.SWEEP_ID_BYTES)
    ]
    last = said[-1] if said else None
    body: Mapping[str, object] = last.body if last is not None else {}
    status = body.get("status")
    value = body.get("value")
    params = checked.fields(body.get("params"))
    return {
        "sweep": body.get("sweep"),
        "number": checked.whole(body.get("number")) or 0,
        "params": params if len(encode_body(dict(params))) <= _MAX_PARAMS else {},
        "seed": checked.integer(body.get("seed")),
        "status": status if status in entries.ENDINGS else entries.OPEN,
        "value": value
        if isinstance(value, (int, float)) and math.isfinite(value) and value.__class__ is not bool
        else None,
        "step": checked.whole(body.get("step")),
        "why": str(checked.cell(body["why"], _MAX_WHY)) if isinstance(body.get("why"), str) else None,
        "duration_s": checked.finite(body.get("duration_s")),
        "began_us": checked.whole(body.get("began_us")) or min((entry.time_us for entry in live), default=0),
        "time_us": last.time_us if last is not None else 0,
        "heads": sorted(entry.hash for entry in live if entry.kind in (entries.BEGUN, entries.ENDED)),
    }


def trial_cells(run: str, state: object, stats: object) -> Mapping[str, object]:  # noqa: ARG001  the shape of every feature's
    """Return the row of one run of a sweep: all that `runs.sweep.views` needs, so that it reads columns and no states."""
    assert isinstance(state, dict)  # `fold_trial` made it  # noqa: S101
    if state["sweep"] is None:
        return {}
    row = {key: value for key, value in state.items() if value is not None and key not in ("params", "heads")}
    row["params"] = encode_body(state["params"]).decode()
    return row


SWEEP = Feature(
    "sweep",
    kinds={entries.MADE: "a sweep over parameters was begun, or extended"},
    fold=fold_sweep,
    cells=sweep_cells,
    texts=sweep_texts,
    export="gnomon.runs.sweep.exporting:sweeps_of",
    version=FOLD_VERSION,
)
TRIAL = Feature(
    "trial",
    kinds={
        entries.BEGUN: "a run of a sweep began",
        entries.ENDED: "a run of a sweep ended, was pruned or was stopped",
    },
    fold=fold_trial,
    cells=trial_cells,
    export="gnomon.runs.sweep.exporting:trials_of",
    version=FOLD_VERSION,
)
