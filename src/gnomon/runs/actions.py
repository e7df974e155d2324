"""What a person does to a run from outside of it: notes, tags, names, hiding and bringing back.

Always true: when one of these returns, the entry is on the disk. A choice names the entries that it replaces, so two
people who chose apart leave both, and the next choice settles it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gnomon.errors import BadArgumentError, NotStoredError
from gnomon.ids import run_subject
from gnomon.runs import entries
from gnomon.session import session_for

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gnomon.runs.views import Record


def add_note(record: Record, run: str, text: str) -> None:
    """Add a note in Markdown."""
    if not text.strip():
        raise BadArgumentError("a note needs some text; this one is empty", hint="nothing was written")
    _write(record, run, entries.NOTED, {"text": text})


def tag(record: Record, run: str, add: list[str], remove: list[str]) -> None:
    """Add tags and take tags away; what others added meanwhile, and this replica has not seen, stays."""
    for text in (*add, *remove):
        if not text.strip():
            raise BadArgumentError(f"a tag must be some text; got {text!r}")
    tags = _state(record, run)["tags"]
    missing = [text for text in remove if text not in tags]
    if missing:
        known = ", ".join(f"`{text}`" for text in tags) or "none"
        raise BadArgumentError(f"run {run[:8]} has no tag `{missing[0]}`", hint=f"it has: {known}")
    covered = {entry for text in remove for entry in tags[text]}
    # An entry that is covered goes as a whole: what it added beside the removed tags is added again.
    again = {text for text, hashes in tags.items() if text not in remove and covered & set(hashes)}
    wanted = sorted({*again, *(text for text in add if text not in tags)})
    if wanted or covered:
        _write(record, run, entries.TAGGED, {"tags": wanted}, over=covered)


def rename(record: Record, run: str, name: str) -> None:
    """Give a run another name."""
    if not name.strip():
        raise BadArgumentError("a name needs some text; this one is empty")
    _write(record, run, entries.RENAMED, {"name": name}, over=_state(record, run)["name_heads"])


def set_removed(record: Record, run: str, *, removed: bool) -> None:
    """Hide a run from lists, or bring it back. Doing it again changes nothing."""
    state = _state(record, run)
    if state["removed"] != removed or len(state["removed_heads"]) > 1:
        _write(record, run, entries.REMOVED, {"removed": removed}, over=state["removed_heads"])


def _state(record: Record, run: str) -> dict[str, Any]:
    record.replica.update()
    state = record.replica.index.state("run", run)
    assert isinstance(state, dict)  # the run was resolved in this index  # noqa: S101
    return state


def _write(record: Record, run: str, kind: str, body: dict[str, object], over: Iterable[str] = ()) -> None:
    session = session_for(record.path)
    session.append(kind, run_subject(run), body, over=over, strict=True)
    if not session.sync():
        raise NotStoredError(f"the entry `{kind}` could not be brought to the disk of `{record.path}`")
