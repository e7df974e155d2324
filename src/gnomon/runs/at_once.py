"""What a person does to many runs at once: tags, hiding, bringing back.

Always true: each run gets an entry of its own, where it needs one, and nothing is written before all the runs are found;
all entries are on the disk when one of these returns. What each entry says and covers: `runs.actions`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gnomon.errors import BadArgumentError, NotStoredError
from gnomon.ids import run_subject
from gnomon.runs import entries
from gnomon.runs.actions import changes_listing, tagging
from gnomon.session import session_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from gnomon.runs.views import Record

    Choice = tuple[dict[str, object], Iterable[str]]  # body, entries that it covers

MOST = 10_000


def tag(record: Record, runs: Sequence[str], add: Iterable[str] = (), remove: Iterable[str] = ()) -> int:
    """Add tags to runs (whole ids) and take tags away from those that have them; return how many runs were changed.

    Raises UnknownSubjectError, BadArgumentError, NotStoredError.
    """
    add, remove = [text.strip() for text in add], [text.strip() for text in remove]
    if not all((*add, *remove)) or not (add or remove):
        raise BadArgumentError("a tag must be some text; none was given")
    if both := sorted(set(add) & set(remove)):
        raise BadArgumentError(f"tag `{both[0]}` cannot be added and taken away at once")

    def choice(state: dict[str, Any]) -> Choice | None:
        wanted, covered = tagging(state["tags"], add, remove)
        return ({"tags": wanted}, covered) if wanted or covered else None

    return _write(record, runs, entries.TAGGED, choice)


def set_removed(record: Record, runs: Sequence[str], *, removed: bool) -> int:
    """Hide runs (whole ids) from lists, or bring them back; return how many were changed. Raises as `tag` does."""

    def choice(state: dict[str, Any]) -> Choice | None:
        if not changes_listing(state, removed=removed):
            return None
        return {"removed": removed}, state["removed_heads"]

    return _write(record, runs, entries.REMOVED, choice)


def _write(
    record: Record, runs: Sequence[str], kind: str, choice: Callable[[dict[str, Any]], Choice | None]
) -> int:
    if not runs:
        raise BadArgumentError("no run is chosen", hint="select some first")
    if len(runs) > MOST:
        raise BadArgumentError(f"at most {MOST:,} runs are changed at once; got {len(runs):,}")
    record.replica.update()
    index = record.replica.index
    states = {run: index.state("run", run) for run in dict.fromkeys(runs)}
    session = session_for(record.path)
    changed = 0
    for run, state in states.items():
        assert isinstance(state, dict)  # `fold_run` made it  # noqa: S101
        made = choice(state)
        if made is not None:
            session.append(kind, run_subject(run), made[0], over=made[1], strict=True)
            changed += 1
    if changed and not session.sync():
        raise NotStoredError(f"the entries `{kind}` could not be brought to the disk of `{record.path}`")
    return changed
