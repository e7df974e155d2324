"""The state of a saved view: the fold of its entries.

Always true: the fold is pure, gives the same for every order of arrival, and never raises, whatever a body holds. Where two
people saved one view apart, the later is shown and all are in `choices`, until the next save, which goes over all `heads`.
Entries: `runs.saved.entries`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.record import fold
from gnomon.record.kinds import Feature
from gnomon.runs import checked
from gnomon.runs.saved import entries
from gnomon.runs.saved.question import read

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gnomon.record.fold import LiveEntry

FOLD_VERSION = 1
MAX_NAME = 200


def fold_view(live: Sequence[LiveEntry]) -> dict[str, object]:
    """Return the state of a view as plain JSON-like values; its `name` is None where it was removed, or nobody says it."""
    saved = fold.of_kind(live, entries.SAVED)
    choices: dict[tuple[str, str, str], dict[str, object]] = {}
    for entry in saved:
        said = _said(entry)
        if said is not None:
            choices.pop(said, None)  # each stands where it was said last
            choices[said] = {
                **dict(zip(("name", "page", "query"), said, strict=True)),
                "author": entry.author, "writer": entry.writer, "time_us": entry.time_us,
            }  # fmt: skip
    shown = list(choices.values())
    nothing = dict.fromkeys(("name", "page", "query", "author", "writer", "time_us"))
    return {
        **(shown[-1] if shown else nothing),
        "choices": shown,
        "heads": sorted(entry.hash for entry in live if entry.kind in (entries.SAVED, entries.REMOVED)),
    }


def _said(entry: LiveEntry) -> tuple[str, str, str] | None:
    """Return (name, page, query) of what was saved; None for what is no view."""
    name, page, query = (checked.text(entry.body.get(key)) for key in ("name", "page", "query"))
    if name is None or not name.strip() or page != entries.RUNS_PAGE:
        return None
    return str(checked.cell(name.strip(), MAX_NAME)), page, read(query or "").query


def cells(view: str, state: object, stats: object) -> Mapping[str, object]:  # noqa: ARG001  the shape of every feature's
    """Return the row of a view."""
    assert isinstance(state, dict)  # `fold_view` made it  # noqa: S101
    if state["name"] is None:
        return {}
    row = {key: state[key] for key in ("name", "page", "query")}
    row.update(
        saved=state["time_us"], author=checked.cell(state["author"], MAX_NAME), choices=len(state["choices"])
    )
    return {key: value for key, value in row.items() if value is not None}


def texts(state: object) -> Iterable[tuple[str, str]]:
    """Return what full-text search finds a view by: how it is called, and its filter."""
    assert isinstance(state, dict)  # as above  # noqa: S101
    if state["name"] is not None:
        yield "name", state["name"]
        if where := read(state["query"]).where:
            yield "where", where


FEATURE = Feature(
    "view",
    kinds={
        entries.SAVED: "a table of runs was given a name, or a named one changed",
        entries.REMOVED: "a saved view was removed",
    },
    fold=fold_view,
    cells=cells,
    texts=texts,
    export="gnomon.runs.saved.exporting:part_of",
    version=FOLD_VERSION,
)
