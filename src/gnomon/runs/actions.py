"""What a person does to a run from outside of it: notes, tags, names, hiding and bringing back.

Always true: when one of these returns, the entry is on the disk. A choice names the entries that it replaces, so two
people who chose apart leave both, and the next choice settles it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gnomon.errors import AmbiguousIdError, BadArgumentError, NotStoredError, UnknownSubjectError
from gnomon.ids import run_subject
from gnomon.runs import entries
from gnomon.runs.repeats import kept_apart
from gnomon.session import session_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gnomon.runs.views import Record


def add_note(record: Record, run: str, text: str) -> None:
    """Add a note in Markdown."""
    if not text.strip():
        raise BadArgumentError("a note needs some text; this one is empty", hint="nothing was written")
    write(record, run, entries.NOTED, {"text": text})


def edit_note(record: Record, run: str, notes: Sequence[str], text: str) -> None:
    """Put another text in the place of a note. `notes` are hashes (or their beginnings) of what it replaces.

    Where two people edited one note apart, both hashes settle it. What another writes meanwhile, elsewhere, stays beside it.
    Raises UnknownSubjectError where a hash is that of no note that stands now, BadArgumentError.
    """
    if not text.strip():
        raise BadArgumentError("a note needs some text; this one is empty", hint="nothing was written")
    found = notes_to_edit(record, run, notes)
    since_us = min(one["since_us"] for one in found)
    body = {"text": text, "of": found[0]["of"], "since_us": since_us}
    write(record, run, entries.NOTED, body, over={one["hash"] for one in found})


def notes_to_edit(record: Record, run: str, words: Sequence[str]) -> list[dict[str, Any]]:
    """Return, of the state, what an edit of these hashes replaces. Raises as `edit_note` does."""
    standing = _state(record, run)["notes"]
    found = [_note_called(run, standing, word) for word in words]
    if len({one["of"] for one in found}) != 1:
        raise BadArgumentError(f"an edit replaces one note; {len(found)} hashes name several, or none")
    return found


def _note_called(run: str, standing: Sequence[dict[str, Any]], word: str) -> dict[str, Any]:
    found = [one for one in standing if word and one["hash"].startswith(word)]
    if len(found) == 1:
        return found[0]
    if found:
        raise AmbiguousIdError(f"{len(found)} notes of run {run[:8]} have a hash that begins with `{word}`")
    raise UnknownSubjectError(
        f"run {run[:8]} has no note `{word[:12]}` now",
        hint="it was edited meanwhile: look at it again" if standing else "it has no notes",
    )


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
    wanted, covered = tagging(tags, add, remove)
    if wanted or covered:
        write(record, run, entries.TAGGED, {"tags": wanted}, over=covered)


def tagging(
    tags: Mapping[str, Sequence[str]], add: Iterable[str], remove: Iterable[str]
) -> tuple[list[str], set[str]]:
    """Return the tags that an entry must give to a run with these tags, and the entries that it covers."""
    gone = frozenset(remove)
    covered = {entry for text in gone for entry in tags.get(text, ())}
    # An entry that is covered goes as a whole: what it added beside the removed tags is added again.
    again = {text for text, hashes in tags.items() if text not in gone and covered & set(hashes)}
    return sorted({*again, *(text for text in add if text not in tags)}), covered


def rename(record: Record, run: str, name: str) -> None:
    """Give a run another name."""
    if not name.strip():
        raise BadArgumentError("a name needs some text; this one is empty")
    write(record, run, entries.RENAMED, {"name": name}, over=_state(record, run)["name_heads"])


def set_removed(record: Record, run: str, *, removed: bool) -> None:
    """Hide a run from lists, or bring it back. Doing it again changes nothing."""
    state = _state(record, run)
    if changes_listing(state, removed=removed):
        write(record, run, entries.REMOVED, {"removed": removed}, over=state["removed_heads"])


def changes_listing(state: Mapping[str, Any], *, removed: bool) -> bool:
    """Return whether hiding a run, or bringing it back, changes anything. A repeat is out of the lists at first."""
    return bool(
        state["removed"] != removed or len(state["removed_heads"]) > 1 or kept_apart(state) is not None
    )


def _state(record: Record, run: str) -> dict[str, Any]:
    record.replica.update()
    state = record.replica.index.state("run", run)
    assert isinstance(state, dict)  # the run was resolved in this index  # noqa: S101
    return state


def write(record: Record, run: str, kind: str, body: dict[str, object], over: Iterable[str] = ()) -> None:
    """Write an entry about a run and bring it to the disk. Raises NotStoredError."""
    session = session_for(record.path)
    session.append(kind, run_subject(run), body, over=over, strict=True)
    if not session.sync():
        raise NotStoredError(f"the entry `{kind}` could not be brought to the disk of `{record.path}`")
