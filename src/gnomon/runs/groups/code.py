"""Whether the runs of a group of seeds ran the same code, and which of them did not.

The code of a group is the one that most of its runs ran; of two that equally many ran, the newer one. So the fewest seeds are
lost where the others are left out (`same_code`), and a run that somebody made while editing the script does not count as one.

Always true: a run whose code was not recorded is never said to have run other code. Two states of the code are told apart by
what the runs imported and all that is no Python, where both are known (`code.loaded`, `code.rest`: a README or a script that
neither ran makes no other code); else by the fingerprint of all (commit, what was not committed, files that Git did not
know); else by the commit.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.runs.groups.definition import SeedGroup
    from gnomon.runs.views import Record

STATE = ("code.commit", "code.fingerprint", "code.rest", "code.loaded")  # as in `State`
_MOST_GROUPS = 3
_MOST_RUNS = 3
_MOST_FILES = 4
_MOST_LOOKED_AT = 5  # states of other code


class State(NamedTuple):
    """The code of one run, as columns of the table of runs tell it; None where it was not recorded."""

    commit: object
    fingerprint: object
    rest: object
    loaded: object

    @property
    def parts(self) -> tuple[object, object] | None:
        """What may have played a part: all that is no Python and no text for people, and what was imported."""
        return None if self.rest is None or self.loaded is None else (self.rest, self.loaded)

    @property
    def key(self) -> tuple[object, ...]:
        """What runs of the same code have in common."""
        return self.parts or (self.commit, self.fingerprint, None)

    @property
    def is_known(self) -> bool:
        """Whether anything was recorded."""
        return self.key != (None, None, None)


class OtherCode(NamedTuple):
    """Runs of one group that ran other code than most of it."""

    group: SeedGroup
    runs: tuple[str, ...]  # oldest first
    usual: str  # the newest run that ran what most of them ran
    states: tuple[str, ...]  # of each other state of the code its newest run, the newest first


def other_code(record: Record, groups: Sequence[SeedGroup]) -> list[OtherCode]:
    """Return the groups whose runs did not all run the same code, with the runs that ran another one."""
    places = [place for group in groups for place in group.places]
    ids = [run for group in groups for run in group.runs]
    cells = record._cells([*STATE], ids, places)
    states = [State(*state) for state in zip(*[cells[key] for key in STATE], strict=True)]
    found, start = [], 0
    for group in groups:
        own = states[start : start + len(group)]
        start += len(group)
        if len({state.key for state in own}) > 1 and (one := _of_group(group, own)) is not None:
            found.append(one)
    return found


def _of_group(group: SeedGroup, states: Sequence[State]) -> OtherCode | None:
    counts = Counter(state.key for state in states if state.is_known)
    if not counts:
        return None
    newest = {state.key: place for place, state in enumerate(states)}
    usual = newest[max(counts, key=lambda key: (counts[key], newest[key]))]
    others = [place for place, state in enumerate(states) if are_different(state, states[usual])]
    one_each = sorted({newest[states[place].key] for place in others}, reverse=True)
    if not others:
        return None
    return OtherCode(
        group,
        tuple([group.runs[place] for place in others]),
        group.runs[usual],
        tuple([group.runs[place] for place in one_each]),
    )


def are_different(state: State, usual: State) -> bool:
    """Return whether two states of the code are known to differ."""
    if state.fingerprint is not None and state.fingerprint == usual.fingerprint:
        return False
    if state.parts is not None and usual.parts is not None:
        return state.parts != usual.parts
    if state.fingerprint is not None and usual.fingerprint is not None:
        return True
    return state.commit is not None and usual.commit is not None and state.commit != usual.commit


def same_where_kept(record: Record, run: str, other: str) -> bool:
    """Return whether no file that was kept of two runs differs and may have played a part (`FileDiff.may_matter`).

    A fingerprint also counts files that no run reads.
    """
    from gnomon.runs.compare.code import code_of
    from gnomon.runs.compare.comparison import code_diffs

    code = [code_of(one, record.run_of(one).captured) for one in (run, other)]
    (diff,) = code_diffs(record, code)
    return diff.is_known and not any(file.may_matter for file in diff.files)


def with_same_code(record: Record, groups: Sequence[SeedGroup]) -> list[SeedGroup]:
    """Return the groups without the runs that ran other code than most of theirs; those are counted in `apart`."""
    from gnomon.runs.groups.definition import OTHER_CODE

    left_out = {one.group.name: frozenset(one.runs) for one in other_code(record, groups)}
    found = []
    for group in groups:
        others = left_out.get(group.name)
        if not others:
            found.append(group)
            continue
        kept = [place for place, run in enumerate(group.runs) if run not in others]
        found.append(
            replace(
                group,
                runs=tuple([group.runs[place] for place in kept]),
                seeds=tuple([group.seeds[place] for place in kept]),
                places=tuple([group.places[place] for place in kept]),
                apart={**group.apart, OTHER_CODE: len(others)},
            )
        )
    return found


# ---------------------------------------------------------------- words


def code_notes(record: Record, groups: Sequence[SeedGroup], cure: str = "`--same-code`") -> list[str]:
    """Return what is to be said where runs of one group ran other code than the rest of it: a sentence a group.

    `cure` is what leaves such runs out.
    """
    found = other_code(record, groups)
    notes = [note for one in found[:_MOST_GROUPS] if (note := _note(record, one, cure))]
    if len(found) > _MOST_GROUPS:
        more = len(found) - _MOST_GROUPS
        notes.append(
            f"other code also ran within {more:,} more group{'s' if more > 1 else ''}: {cure} leaves such runs out"
        )
    return notes


def _note(record: Record, one: OtherCode, cure: str) -> str:
    """Return the sentence of one group; nothing where its runs with other code imported none of what differs."""
    from gnomon.runs.short_ids import digits_to_show

    digits = digits_to_show(record.replica.index, [*one.runs, one.usual])
    ids = ", ".join(run[:digits] for run in one.runs[:_MOST_RUNS])
    ids += f" and {len(one.runs) - _MOST_RUNS:,} more" if len(one.runs) > _MOST_RUNS else ""
    whose = f" of `{one.group.name}`" if one.group.name else ""
    them = "it" if len(one.runs) == 1 else "them"
    files = _files(record, one)
    if files is None:
        return ""
    return (
        f"{len(one.runs):,} of {len(one.group):,} runs{whose} ran other code than the rest ({ids}){files}; "
        f"{cure} leaves {them} out, `gnomon compare {one.usual[:digits]} {one.runs[-1][:digits]} --code` shows the diff"
    )


def _files(record: Record, one: OtherCode) -> str | None:
    """Return in which files the runs with other code differ, as words: those of the newest for which that is likely to matter.

    None where all of them were looked at and in none of them it is.
    """
    from gnomon.runs.compare.code import code_of
    from gnomon.runs.compare.comparison import code_diffs

    looked_at = one.states[:_MOST_LOOKED_AT]
    diffs = code_diffs(record, [code_of(run, record.run(run).captured) for run in (one.usual, *looked_at)])
    for diff in diffs:
        if paths := [file.path for file in diff.files if file.may_matter]:
            return f": {', '.join(paths[:_MOST_FILES])}{', …' if len(paths) > _MOST_FILES else ''}"
    are_whole = all(diff.is_known and diff.is_whole for diff in diffs)
    if are_whole and any(diff.files for diff in diffs):
        return None if len(looked_at) == len(one.states) else ""
    return ", though no file that was kept differs" if are_whole else ""
