"""The state of a check: the fold of its entry, and its row in tables.

Always true: the fold is pure, gives the same for every order of arrival, and never raises, whatever a body holds.
Entries: `checks.entries`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gnomon.checks import KINDS, entries
from gnomon.checks.result import FAIL, ORDER, OUTCOMES
from gnomon.ids import is_hex
from gnomon.record import fold
from gnomon.record.kinds import FROM, Feature, Link
from gnomon.runs import checked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from gnomon.record.fold import LiveEntry

FOLD_VERSION = 1
_MAX_TEXT, _MAX_CELL = 300, 200
_MAX_ABOUT, _MAX_EVIDENCE = 20, 20
_ABOUT_TYPES = ("run", "data", "check")


def fold_check(live: Sequence[LiveEntry]) -> dict[str, object]:
    """Return the state of a check as plain JSON-like values; its `name` is None where nobody says what it is."""
    made = min(
        fold.of_kind(live, entries.MADE), key=lambda entry: (not entry.has_body, entry.hash), default=None
    )
    body = made.body if made is not None else {}
    name, verdict = checked.text(body.get("name")), body.get("verdict")
    is_whole = bool(name) and verdict in OUTCOMES and isinstance(body.get("check"), str)
    return {
        "check": _text(body.get("check")) if is_whole else None,
        "name": _text(name) if is_whole else None,
        "verdict": verdict if is_whole else None,
        "about": [one for one in checked.texts(body.get("about")) if _is_subject(one)][:_MAX_ABOUT],
        "rows": checked.whole(body.get("rows")) or 0,
        "level": checked.finite(body.get("level")),
        "findings": _findings(body.get("findings")),
        **{key: checked.whole(body.get(key)) or 0 for key in ("failed", "unknown", "total")},
        "result": body.get("result") if is_hex(body.get("result"), 64) else None,
        "evidence": checked.shallow(checked.objects(body.get("evidence"))[:_MAX_EVIDENCE], 3),
        "since": body.get("since") if is_hex(body.get("since"), 20) else None,
        "author": made.author if made is not None else None,
        "writer": made.writer if made is not None else None,
        "time_us": made.time_us if made is not None else 0,
        "head": made.hash if made is not None else None,
    }


def _is_subject(text: str) -> bool:
    kind, _, id_ = text.partition(":")
    return kind in _ABOUT_TYPES and is_hex(id_, 20)


def _findings(value: object) -> list[dict[str, Any]]:
    found = [
        {
            "key": _text(one.get("key")), "what": _text(one["what"]), "outcome": one["outcome"],
            **{part: checked.finite(one.get(part)) for part in ("value", "low", "high")},
            "limit": _text(one.get("limit")), "note": _text(one.get("note")),
        }
        for one in checked.objects(value)[: entries.MOST_FINDINGS]
        if one.get("outcome") in OUTCOMES and isinstance(one.get("what"), str)
    ]  # fmt: skip
    return sorted(found, key=lambda one: ORDER[one["outcome"]])


def _text(value: object) -> str:
    return str(checked.cell(value, _MAX_TEXT)) if isinstance(value, str) else ""


def cells(check: str, state: object, stats: object) -> Mapping[str, object]:  # noqa: ARG001  the shape of every feature's
    """Return the row of a check: what lists need."""
    assert isinstance(state, dict)  # `fold_check` made it  # noqa: S101
    found: dict[str, Any] = state
    if found["name"] is None:
        return {}
    row = {key: found[key] for key in ("check", "verdict", "rows", "failed", "unknown", "total", "writer")}
    row.update(
        name=checked.cell(found["name"], _MAX_CELL), author=checked.cell(found["author"], _MAX_CELL),
        about=found["about"], created=found["time_us"],
    )  # fmt: skip
    return {key: value for key, value in row.items() if value is not None}


def texts(state: object) -> Iterable[tuple[str, str]]:
    """Return what full-text search finds a check by: how it is called, its verdict, and what did not hold."""
    assert isinstance(state, dict)  # as above  # noqa: S101
    if state["name"] is None:
        return
    yield "name", state["name"]
    yield "verdict", state["verdict"]
    for one in state["findings"]:
        if one["outcome"] == FAIL:
            yield "failed", one["what"]


def links(state: object) -> tuple[Link, ...]:
    """Return what a check comes from: what it is about, and who made it."""
    assert isinstance(state, dict)  # as above  # noqa: S101
    return tuple(_links(state)) if state["name"] is not None else ()


def _links(state: Mapping[str, Any]) -> Iterator[Link]:
    for nth, subject in enumerate(state["about"]):
        yield Link(subject, "checked" if nth == 0 else "checked on", FROM)
    if state["author"]:
        yield Link(f"person:{state['author']}", "checked")


def about(check: str, state: object) -> dict[str, object]:
    """Return what a lineage shows of a check."""
    assert isinstance(state, dict)  # as above  # noqa: S101
    if state["name"] is None:
        return {"label": check[:8], "note": "what it was is not here", "is_known": False}
    return {
        "label": state["name"], "note": state["verdict"], "author": state["author"], "writer": state["writer"],
        "time_us": state["time_us"], "people": [], "is_known": True,
    }  # fmt: skip


FEATURE = Feature(
    "check",
    kinds={entries.MADE: f"a check was made: {', '.join(KINDS)}"},
    fold=fold_check,
    cells=cells,
    texts=texts,
    links=links,
    about=about,
    export="gnomon.checks.exporting:part_of",
    version=FOLD_VERSION,
)
