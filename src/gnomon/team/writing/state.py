"""The state of a writing: one fold for every kind.

Always true: the fold is pure, gives the same for every order of arrival, and never raises, whatever a body holds. What people
changed apart stands side by side until somebody changes it again over both.
Entries: `team.writing.entries`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gnomon.ids import is_hex
from gnomon.record import fold
from gnomon.record.kinds import Feature
from gnomon.runs import checked
from gnomon.team.writing import entries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from gnomon.record.fold import LiveEntry
    from gnomon.team.writing.kinds import Kind

FOLD_VERSION = 2
MAX_COMMENTS = 5_000
MAX_MARKS = 1_000
MAX_WRITERS = 100
MAX_HISTORY = 50
_MAX_CELL = 200
_LONGEST_FIELD = 20_000
_MOST_ITEMS = 1_000


def feature_of(
    kind: Kind,
    *,
    cells: Callable[[Mapping[str, Any]], Mapping[str, object]] | None = None,
    version: int = FOLD_VERSION,
) -> Feature:
    """Return the feature of a kind of writing. `cells(fields)` gives columns of the kind's own."""

    def fold_one(live: Sequence[LiveEntry]) -> dict[str, object]:
        return fold_writing(kind, live)

    def row(id: str, state: object, stats: object) -> Mapping[str, object]:  # noqa: ARG001  the shape of every feature's
        found = _cells(kind, state)
        if found and cells is not None:
            assert isinstance(state, dict)  # `fold_writing` made it  # noqa: S101
            own = cells(state["fields"])
            found = {**{key: value for key, value in own.items() if value is not None}, **found}
        return found

    return Feature(
        kind.type, kinds=entries.kinds_of(kind.type), fold=fold_one, cells=row, texts=texts, version=version,
        export=f"gnomon.team.writing.exporting:{kind.type}",
    )  # fmt: skip


def fold_writing(kind: Kind, live: Sequence[LiveEntry]) -> dict[str, object]:
    """Return the state as plain JSON-like values; its `number` is None where nobody (any more) says what it is."""
    of_kind = fold.by_kind(live)

    def about(act: str) -> list[LiveEntry]:
        return of_kind.get(f"{kind.type}.{act}", [])

    opened = next((entry for entry in about(entries.OPENED) if entry.has_body), None)
    body = opened.body if opened is not None else {}
    return {
        "number": checked.whole(body.get("number")),
        "title": _short(body.get("title")) or "",
        "text": _long(body.get("text")) or "",
        "fields": {key: _bounded(body[key]) for key in kind.fields if key in body},
        "author": opened.author if opened is not None else None,
        "writer": opened.writer if opened is not None else None,
        "created_us": opened.time_us if opened is not None else 0,
        "hash": opened.hash if opened is not None else None,
        **(_revised(about(entries.REVISED)) if kind.can_be_revised else _NEVER_REVISED),
        **_addressed(body, about(entries.ADDRESSED)),
        **_moved(kind, about(entries.MOVED)),
        "comments": _comments(about(entries.SAID)),
        "marks": [_mark(entry) for entry in about(entries.MARKED)[-MAX_MARKS:]],
        "changes": _changes(live),
    }


def _changes(live: Sequence[LiveEntry]) -> dict[str, int]:
    """Return when each writer said something about it last, the latest first."""
    latest: dict[str, int] = {}
    for entry in live:
        latest[entry.writer] = max(entry.time_us, latest.get(entry.writer, 0))
    ordered = sorted(latest.items(), key=lambda one: (-one[1], one[0]))
    return dict(ordered[:MAX_WRITERS])


_NEVER_REVISED: dict[str, object] = {"revisions": [], "text_heads": []}


def _revised(said: Sequence[LiveEntry]) -> dict[str, object]:
    """Return the texts that stand in the place of the first one, the shown one last; more than one is a conflict."""
    found: dict[tuple[str, str], dict[str, object]] = {}
    for entry in said:
        title, text = _short(entry.body.get("title")), _long(entry.body.get("text"))
        if title is not None and text is not None:
            found.pop((title, text), None)
            found[title, text] = {"title": title, "text": text, **_by(entry)}
    return {"revisions": list(found.values()), "text_heads": [entry.hash for entry in said]}


def _addressed(opened: Mapping[str, object], said: Sequence[LiveEntry]) -> dict[str, object]:
    """Return who must act and until when. Where people addressed it apart, all whom any of them named must act."""
    bodies: list[Mapping[str, object]] = [entry.body for entry in said if "to" in entry.body] or [opened]
    members = [one for body in bodies for one in checked.texts(body.get("to")) if is_hex(one, 20)]
    dues = [due for body in bodies if (due := checked.whole(body.get("due")))]
    return {
        "to": list(dict.fromkeys(members))[: entries.MAX_TO],
        "due_us": min(dues, default=None),
        "to_heads": [entry.hash for entry in said],
    }


def _moved(kind: Kind, said: Sequence[LiveEntry]) -> dict[str, object]:
    """Return what became of it; `states` are all that stand, the shown one last, each with who said it."""
    found: dict[str, dict[str, object]] = {}
    for entry in said:
        state = entry.body.get("state")
        if isinstance(state, str) and state in kind.states:
            found.pop(state, None)
            found[state] = {"state": state, "why": _long(entry.body.get("why")) or "", **_by(entry)}
    states = list(found.values())
    return {
        "state": states[-1]["state"] if states else kind.states[0],
        "states": states,
        "history": _history(kind, said),
        "state_heads": [entry.hash for entry in said],
    }


def _history(kind: Kind, said: Sequence[LiveEntry]) -> list[dict[str, object]]:
    """Return the states that were gone over, the oldest first: who settles something takes along what was said before."""
    found: dict[tuple[object, ...], dict[str, object]] = {}
    for entry in said:
        for one in checked.objects(entry.body.get("before"))[:MAX_HISTORY]:
            state, why, writer = one.get("state"), _long(one.get("why")) or "", one.get("writer")
            at = checked.whole(one.get("time_us"))
            if state in kind.states and is_hex(writer, 32) and at is not None:
                row = {"state": state, "why": why, "author": None, "writer": writer, "time_us": at}
                found[at, state, writer, why] = row
    return [found[key] for key in sorted(found)][-MAX_HISTORY:]


def _comments(said: Sequence[LiveEntry]) -> list[dict[str, object]]:
    """Return the comments, the oldest first; one that was changed apart has `others`, one that was taken back is not there."""
    by_id: dict[str, list[LiveEntry]] = {}
    for entry in said:
        comment = entry.body.get("id")
        if is_hex(comment, 20):
            by_id.setdefault(str(comment), []).append(entry)
    found = [_comment(comment, versions) for comment, versions in by_id.items()]
    shown = [one for one in found if one["text"] or one["others"]]
    shown.sort(key=lambda one: (one["since_us"], one["id"]))
    return shown[:MAX_COMMENTS]


def _comment(id: str, versions: Sequence[LiveEntry]) -> dict[str, Any]:
    latest = versions[-1]
    body = latest.body
    texts = [_long(entry.body.get("text")) or "" for entry in versions]
    since = checked.whole(body.get("since_us"))
    return {
        "id": id,
        "text": texts[-1],
        "part": _short(body.get("part")),
        "reply_to": body["reply_to"] if is_hex(body.get("reply_to"), 20) else None,
        "since_us": min(since, latest.time_us) if since else latest.time_us,
        "is_edited": since is not None,
        "others": list(dict.fromkeys(text for text in texts[:-1] if text != texts[-1])),
        "heads": [entry.hash for entry in versions],
        **_by(latest),
    }


def _mark(entry: LiveEntry) -> dict[str, object]:
    what, value = entry.body.get("what"), checked.fields(entry.body.get("value"))
    return {"what": _short(what) or "", "value": _bounded(dict(value)), "hash": entry.hash, **_by(entry)}


def _by(entry: LiveEntry) -> dict[str, object]:
    return {"author": entry.author, "writer": entry.writer, "time_us": entry.time_us}


def _short(value: object) -> str | None:
    """Return a text on one line, cut; None for what is no text."""
    return str(checked.cell(" ".join(value.split()), entries.MAX_TITLE)) if isinstance(value, str) else None


def _long(value: object) -> str | None:
    return str(checked.cell(value, entries.MAX_TEXT)) if isinstance(value, str) else None


def _bounded(value: object, deepest: int = 6) -> Any:
    """Return a value with long texts and lists cut: what a stranger wrote must not cost more than it says."""
    if isinstance(value, str):
        return checked.cell(value, _LONGEST_FIELD)
    if isinstance(value, list):
        return [_bounded(one, deepest - 1) for one in value[:_MOST_ITEMS]] if deepest else []
    if isinstance(value, dict):
        items = list(value.items())[:_MOST_ITEMS]
        return {key: _bounded(one, deepest - 1) for key, one in items} if deepest else {}
    return value


def _cells(kind: Kind, state: object) -> Mapping[str, object]:
    """Return the row of a writing: what lists, labels and catch-up need."""
    assert isinstance(state, dict)  # `fold_writing` made it  # noqa: S101
    found: dict[str, Any] = state
    if found["number"] is None:
        return {}
    revisions = found["revisions"]
    row: dict[str, object] = {
        "number": found["number"],
        "title": checked.cell(revisions[-1]["title"] if revisions else found["title"], _MAX_CELL),
        "state": found["state"],
        "open": True if kind.is_open(found["state"]) else None,
        "to": found["to"] or None,
        "due": found["due_us"],
        "writer": found["writer"],
        "author": checked.cell(found["author"], _MAX_CELL),
        "created": found["created_us"],
        "changes": [part for change in found["changes"].items() for part in change],
        "comments": len(found["comments"]) or None,
        "texts": len(revisions) if len(revisions) > 1 else None,
    }
    return {key: value for key, value in row.items() if value is not None}


def texts(state: object) -> Iterable[tuple[str, str]]:
    """Return what full-text search finds a writing by: its title, its text (all that stand), what was said about it."""
    assert isinstance(state, dict)  # `fold_writing` made it  # noqa: S101
    if state["number"] is None:
        return
    standing = state["revisions"] or [state]
    for title in dict.fromkeys(one["title"] for one in standing):
        if title:
            yield "name", title
    for text in dict.fromkeys(one["text"] for one in standing):
        if text:
            yield "note", text
    for one in state["states"]:
        if one["why"]:
            yield "note", one["why"]
    for comment in state["comments"]:
        for said in (comment["text"], *comment["others"]):
            if said:
                yield "comment", said
    for mark in state["marks"]:
        said = mark["value"].get("text")
        if isinstance(said, str) and said:
            yield "comment", said
