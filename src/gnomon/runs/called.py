"""Which run a word means: `@1` (the newest), the beginning of an id, or a name.

A word of fewer than four characters is a name first: `a` is the run that is called so, though ids begin with it. Any other
word is the beginning of an id first. `@1` is the newest run that is not hidden, `@2` the one before it.

Always true: a word never means one of several runs; where it could, the error lists them with when they were made, their
seed and their status, so that the next word can be the right one.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from heapq import nlargest
from typing import TYPE_CHECKING

from gnomon import text
from gnomon.errors import AmbiguousIdError, UnknownSubjectError
from gnomon.runs.short_ids import digits_to_show

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gnomon.record.index import Index
    from gnomon.runs.views import Record

FEWEST_DIGITS = 4  # of an id, so that it goes before a name
MOST_LISTED = 6
_NUMBER = re.compile(r"@([0-9]{1,9})\Z")
_NEWEST = frozenset({"latest", "newest", "last", "-1", "@", "@0", "@latest", "@last"})


def run_called(record: Record, word: str) -> str:
    """Return the id of the one run that a word means. Raises UnknownSubjectError, AmbiguousIdError."""
    index = record.replica.index
    number = _NUMBER.match(word)
    if number and int(number[1]):
        return _newest(index, int(number[1]))
    if len(word) < FEWEST_DIGITS and len(named := runs_named(index, word)) == 1:
        return named[0]
    try:
        return index.resolve("run", word)
    except UnknownSubjectError:
        called = runs_named(index, word)
        if len(called) == 1:
            return called[0]
        if called:
            raise _several(record, f"{len(called):,} runs are called `{word}`", called) from None
        raise UnknownSubjectError(
            f"no run has this name or an id that begins with `{word}`", hint=_hint(record, word)
        ) from None
    except AmbiguousIdError:
        called = runs_named(index, word)
        if len(called) == 1:
            return called[0]
        ids = [run for run in index.ids("run") if run.startswith(word)]
        if not ids:
            raise
        raise _several(record, f"{len(ids):,} runs have an id that begins with `{word}`", ids) from None


def runs_named(index: Index, name: str) -> list[str]:
    """Return the ids of the runs with this name, the oldest first; hidden ones only where no other is called so."""
    shown: list[tuple[int, str]] = []
    hidden: list[tuple[int, str]] = []
    table = index.columns("run", ["name", "removed", "created"])
    for run, called, is_hidden, created in zip(
        index.ids("run"), table["name"], table["removed"], table["created"], strict=True
    ):
        if called == name:
            (hidden if is_hidden else shown).append((created if isinstance(created, int) else 0, run))
    return [run for _, run in sorted(shown or hidden)]


def _newest(index: Index, number: int) -> str:
    """Return the run that was made last, the one before it, and so on, in the order of `gnomon runs`."""
    table = index.columns("run", ["removed", "created"])
    ids = index.ids("run")
    ages = [created if isinstance(created, int) else 0 for created in table["created"]]
    shown = [place for place, hidden in enumerate(table["removed"]) if not hidden]
    newest = nlargest(number, shown, key=lambda place: (ages[place], -place))
    if len(newest) < number:
        there = f"there {'is' if len(newest) == 1 else 'are'} {text.count(len(newest), 'run')}"
        raise UnknownSubjectError(
            f"there is no run `@{number}`: {there}", hint="`@1` is the newest run, `@2` the one before it"
        )
    return ids[newest[-1]]


def _several(record: Record, what: str, ids: Iterable[str]) -> AmbiguousIdError:
    """Return the error that lists the newest of these runs, with what tells them apart."""
    ids = list(ids)
    table = record.table_of(ids)
    cells = [table.column(key) for key in ("created", "seed", "status", "name")]
    rows = sorted(zip(*cells, ids, strict=True), key=lambda row: -(text.seconds_of(row[0]) or 0.0))
    shown = rows[:MOST_LISTED]
    digits = digits_to_show(record.replica.index, [row[-1] for row in shown])
    names = {row[3] for row in rows}
    lines = []
    for created, seed, status, name, run in shown:
        parts = [run[:digits], text.timestamp(created, with_seconds=True)]
        parts += [f"seed {text.any_value(seed)}"] if seed is not None else []
        parts += [str(status)] + ([text.cut(text.clean(str(name)), 40)] if len(names) > 1 and name else [])
        lines.append("  ".join(parts))
    more = f"\n… and {len(rows) - len(shown):,} older ones" if len(rows) > len(shown) else ""
    return AmbiguousIdError(what, hint="write the id of one of them:\n" + "\n".join(lines) + more)


def _hint(record: Record, word: str) -> str:
    """Return what may have been meant by a word that is no run."""
    if word in _NEWEST:
        return "`@1` is the newest run, `@2` the one before it"
    index = record.replica.index
    table = index.columns("run", ["name", "group"])
    members = table["group"].count(word)
    if members:
        quoted = word.replace("'", "\\'")
        return (
            f"`{word}` is a group, of {text.count(members, 'run')}: `gnomon runs --where \"group = '{quoted}'\"` lists "
            "them, and `compare` and `plot` take it"
        )
    if (seeds := _seed_group(record, word)) is not None:
        shown = [run[: digits_to_show(index, seeds)] for run in seeds]
        more = ", …" if len(shown) > MOST_LISTED else ""
        return (
            f"`{word}` is a group, of {text.count(len(seeds), 'seed')}: `gnomon runs --groups` shows it, and `compare` and "
            f"`plot` take it; its runs are {', '.join(f'`{run}`' for run in shown[:MOST_LISTED])}{more}"
        )
    names = {str(name) for name in table["name"] if name}
    near = get_close_matches(word, sorted(names)[:20_000], n=3)
    meant = f"did you mean {' or '.join(f'`{name}`' for name in near)}? " if near else ""
    return f"{meant}`gnomon runs` lists the runs, `gnomon search` finds them by words, `@1` is the newest"


def _seed_group(record: Record, name: str) -> tuple[str, ...] | None:
    """Return the runs of the seed group that is called so, oldest first; None where there is none."""
    from gnomon.runs.groups.definition import seed_groups

    return next((group.runs for group in seed_groups(record) if group.name == name and group.runs), None)
