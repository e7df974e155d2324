"""The state of a version of data: the fold of its entries, and its row in tables.

Always true: the fold is pure, gives the same for every order of arrival, and never raises, whatever a body holds: a name that
breaks the rules, a digest that is none and a number that is none are as if they had not been said.
Entries: `data.entries`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gnomon.data import entries
from gnomon.data.contract.state import checks_of
from gnomon.data.contract.verdict import FAIL
from gnomon.data.links import about, inputs_of, links
from gnomon.data.names import is_name, is_tag
from gnomon.ids import is_hex
from gnomon.record import fold
from gnomon.record.kinds import Feature
from gnomon.runs import checked

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gnomon.record.fold import LiveEntry

FOLD_VERSION = 7
_MAX_TEXT = 4096
_MAX_CELL = 200
_MAX_PARENTS = 64
_MAX_NOTES = 100
_MAX_COLUMN_NAMES = 2_000


def fold_version(live: Sequence[LiveEntry]) -> dict[str, object]:
    """Return the state of a version as plain JSON-like values; its `name` is None where nobody (any more) says what it is."""
    of_kind = fold.by_kind(live)
    added = min(
        of_kind.get(entries.ADDED, ()), key=lambda entry: (not entry.has_body, entry.hash), default=None
    )
    body = added.body if added is not None else {}
    name, number, digest = body.get("name"), checked.whole(body.get("number")), body.get("object")
    is_whole = isinstance(name, str) and is_name(name) and bool(number)
    tags = fold.observed(of_kind.get(entries.TAGGED, ()), entries.TAGGED, "tags")
    state: dict[str, object] = {
        "name": name if is_whole else None,
        "number": number if is_whole else None,
        "object": digest if is_hex(digest, 64) else None,
        "is_tree": body.get("is_tree") is True,
        "size": checked.whole(body.get("size")) or 0,
        "files": checked.whole(body.get("files")) or 0,
        "file_name": _text(body.get("file_name")),
        "message": _text(body.get("message")),
        "parents": [one for one in checked.texts(body.get("parents")) if is_hex(one, 20)][:_MAX_PARENTS],
        "notes": [str(checked.cell(one, _MAX_TEXT)) for one in checked.texts(body.get("notes"))][:_MAX_NOTES],
        "reference": _reference(body.get("reference")),
        "croissant": body.get("croissant") if is_hex(body.get("croissant"), 64) else None,
        "author": added.author if added is not None else None,
        "writer": added.writer if added is not None else None,
        "created_us": added.time_us if added is not None else 0,
        "tags": {tag: list(hashes) for tag, hashes in tags.items() if is_tag(tag)},
        **_profile(of_kind.get(entries.PROFILED, ())),
        "checks": checks_of(of_kind.get(entries.CHECKED, ())),
        **_erased(of_kind.get(entries.ERASED, ())),
    }
    described = of_kind.get(entries.DESCRIBED_AS, ())
    heads: dict[str, list[str]] = {}
    conflicts: dict[str, list[object]] = {}
    for field in entries.DESCRIBED:
        state[field] = _text(body.get(field))
        about = [entry for entry in described if entry.body.get("field") == field]
        if about:
            said = fold.register(about, entries.DESCRIBED_AS, "value")
            state[field], heads[field] = _text(said.value), list(said.hashes)
            if not said.is_settled:
                conflicts[field] = [_text(value) for value in said.values]
    state["described_heads"], state["conflicts"] = heads, conflicts
    return state


def _profile(said: Sequence[LiveEntry]) -> dict[str, object]:
    """Return the profile that counts, empty where none was made; and why there is none. The latest of both is shown."""
    latest = fold.in_order(said)[::-1]
    made = next((entry.body for entry in latest if is_hex(entry.body.get("object"), 64)), None)
    note = next((_text(entry.body.get("note")) for entry in latest), None)
    profile = {
        "object": made.get("object"),
        "size": checked.whole(made.get("size")) or 0,
        "rows": checked.whole(made.get("rows")),
        "columns": checked.whole(made.get("columns")),
        "keeps_values": made.get("keeps_values") is not False,
    } if made is not None else {}  # fmt: skip
    return {
        "profile": profile,
        "column_names": _column_names(made.get("column_names")) if made is not None else [],
        "profile_note": None if profile else note,
        "profile_heads": [entry.hash for entry in latest],
    }


def _erased(said: Sequence[LiveEntry]) -> dict[str, object]:
    """Return who erased the bytes, when and why; nothing where nobody did. The profile goes with them."""
    if not said:
        return {"erased": None}
    first = fold.in_order(said)[0]
    erased = {
        "time_us": first.time_us, "author": first.author, "writer": first.writer, "reason": _text(first.body.get("reason")),
        "bytes": checked.whole(first.body.get("bytes")) or 0,
    }  # fmt: skip
    return {
        "erased": erased,
        "profile": {},
        "column_names": [],
        "profile_note": "it was erased with the bytes",
    }


def _column_names(value: object) -> list[str]:
    return [str(checked.cell(one, _MAX_CELL)) for one in checked.texts(value)[:_MAX_COLUMN_NAMES]]


def _text(value: object) -> str | None:
    return str(checked.cell(value, _MAX_TEXT)) if isinstance(value, str) else None


def _reference(value: object) -> dict[str, object] | None:
    """Return what is known of data that stays where it is; None for a version whose bytes are kept."""
    if not isinstance(value, dict) or not isinstance(value.get("place"), str):
        return None
    return {
        "place": str(checked.cell(value["place"], _MAX_TEXT)),
        "kind": "url" if value.get("kind") == "url" else "path",
        "mtime_ns": checked.integer(value.get("mtime_ns")),
        "etag": _text(value.get("etag")),
        "modified": _text(value.get("modified")),
        "version": _text(value.get("version")),
    }


def cells(version: str, state: object, stats: object) -> Mapping[str, object]:  # noqa: ARG001  the shape of every feature's
    """Return the row of a version: what lists of versions, and the search for one, need."""
    assert isinstance(state, dict)  # `fold_version` made it  # noqa: S101
    found: dict[str, Any] = state
    if found["name"] is None:
        return {}
    row: dict[str, object] = {
        key: found[key] for key in ("name", "number", "object", "size", "files", "is_tree")
    }
    row.update(created=found["created_us"], parents=found["parents"], tags=list(found["tags"]))
    for key in ("author", "message"):
        row[key] = checked.cell(found[key], _MAX_CELL)
    row["inputs"] = inputs_of(found)
    row["writer"] = found["writer"]
    row["red"] = [
        part for one in found["checks"] if one["verdict"] == FAIL for part in (one["writer"], one["time_us"])
    ] or None
    row["by_reference"] = found["reference"] is not None
    row["erased"] = True if found["erased"] is not None else None
    return {key: value for key, value in row.items() if value is not None}


def texts(state: object) -> Iterable[tuple[str, str]]:
    """Return what full-text search finds a version by: how it is called, its tags, what was said of it, its columns."""
    assert isinstance(state, dict)  # `fold_version` made it  # noqa: S101
    name = state["name"]
    if name is None:
        return
    yield "name", f"{name}@v{state['number']}"
    if state["file_name"] not in (None, name):
        yield "file", state["file_name"]
    if state["tags"]:
        yield "tags", " ".join(state["tags"])
    for field in ("message", *entries.DESCRIBED):
        if state[field]:
            yield field, state[field]
    if state["reference"] is not None:
        yield "reference", state["reference"]["place"]
    for note in state["notes"]:
        yield "note", note
    if state["column_names"]:
        yield "columns", ", ".join(state["column_names"])


FEATURE = Feature(
    "data",
    kinds={
        entries.ADDED: "a version of data was added",
        entries.TAGGED: "tags were given to it or taken back",
        entries.DESCRIBED_AS: "its licence, origin or another fact was said",
        entries.PROFILED: "its profile was made, or could not be",
        entries.CHECKED: "a contract was met with it, or broken",
        entries.ERASED: "its bytes were erased",
    },
    fold=fold_version,
    cells=cells,
    texts=texts,
    links=links,
    about=about,
    export="gnomon.data.exporting:part_of",
    version=FOLD_VERSION,
)
