"""Looking at two tables: every column that both have, those that only one has, and how the columns hang together.

Always true: columns are brought here a few million values at a time, and a column is let go before the next ones come.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gnomon.checks.kinds.drift import columns, measured, told
from gnomon.checks.kinds.drift.columns import (
    OTHER,
    WORDS,
    counts_in,
    kinds_of,
    numbers_in,
    picks,
    sample,
    values_of,
)
from gnomon.checks.kinds.drift.joint import MOST_COLUMNS, MOST_ROWS, joint, limit_of
from gnomon.checks.kinds.drift.sketch import EMPTY, MIXED, TOO_MANY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.checks.kinds.drift.measured import Measured
    from gnomon.checks.kinds.drift.sides import Side
    from gnomon.checks.rows import Rows

# Columns of the rows that the joint test looks at, of both tables.
_Held = tuple[dict[str, Any], dict[str, Any]]


def looked(
    a: Side, b: Side, names: Sequence[str], max_shift: float, seed: int
) -> tuple[told.Seen, list[str]]:
    """Return what was measured, and what a reader should know of how."""
    notes: list[str] = []
    held: _Held = ({}, {})
    ours, theirs = set(a.names), set(b.names)
    both = [name for name in names if name in ours and name in theirs]
    changed = [_lacked(name, name in ours) for name in names if not (name in ours and name in theirs)]
    if a.is_exact and b.is_exact and a.rows is not None and b.rows is not None:
        found, retyped = _of_rows(a.rows, b.rows, both, seed, held)
    else:
        found, retyped = _of_sketches(a, b, both, seed)
        notes.append(_how_counted(a, b, found))
    rows = a.size, b.size
    limit = limit_of(max_shift)
    seen = told.Seen(found, [*changed, *retyped], rows, joint_limit=limit)
    paired = [one.name for one in found if not one.reason]
    if len(paired) < 2:
        return seen, notes
    if a.rows is None or b.rows is None:
        return seen, [*notes, "no joint test: it needs the rows of both tables, and a sketch holds none"]
    if why_not := told.too_few(rows):
        return seen._replace(why_not_joint=why_not), notes
    drawn, more = _drawn(a.rows, b.rows, paired, seed, held)
    if drawn is None:
        return seen, [*notes, *more]
    together = joint(*drawn, limit=limit, seed=seed)
    return seen._replace(joint=together), [*notes, *(more if together is not None else [])]


def _lacked(name: str, is_in_reference: bool) -> told.Changed:
    if is_in_reference:
        return told.Changed(name, f"`{name}` vanished: the current table does not have it")
    return told.Changed(name, f"`{name}` is new: the reference does not have it")


def _retyped(name: str, before: str, after: str) -> told.Changed:
    return told.Changed(name, f"`{name}` changed its type: {before} before, {after} now")


def _of_rows(
    a: Rows, b: Rows, names: Sequence[str], seed: int, held: _Held
) -> tuple[list[Measured], list[told.Changed]]:
    """Return all columns, each from all of its rows. Of the numbers of some, the rows for the joint test go into `held`."""
    ours, theirs = kinds_of(a), kinds_of(b)
    kinds = {name: ours[name][0] for name in names if ours[name][0] == theirs[name][0] != OTHER}
    odd = [_odd(a, b, name, ours[name], theirs[name]) for name in names if name not in kinds]
    found = {one.name: one for one in odd if isinstance(one, measured.Measured)}
    places = [picks(rows.count, MOST_ROWS, seed) for rows in (a, b)]
    numeric = [name for name, kind in kinds.items() if kind != WORDS]
    both = zip(numbers_in(a, numeric, kinds), numbers_in(b, numeric, kinds), strict=True)
    for (name, before), (_, after) in both:
        is_whole = ours[name][1].startswith(("Int", "UInt"))
        found[name] = measured.of_numbers(name, kinds[name], before, after, is_whole=is_whole)
        if len(names) <= MOST_COLUMNS:
            held[0][name], held[1][name] = before[places[0]], after[places[1]]
    texts = [name for name, kind in kinds.items() if kind == WORDS]
    for (name, counts), (_, other_counts) in zip(counts_in(a, texts), counts_in(b, texts), strict=True):
        if counts is None or other_counts is None:
            found[name] = _nothing(a, b, name, WORDS, TOO_MANY)
        else:
            found[name] = measured.of_words(name, counts, other_counts, (a.count, b.count), seed)
    return [found[name] for name in names if name in found], [
        one for one in odd if isinstance(one, told.Changed)
    ]


def _odd(
    a: Rows, b: Rows, name: str, before: tuple[str, str], after: tuple[str, str]
) -> Measured | told.Changed:
    """Return what there is to say of a column of two kinds, or of one that is not compared."""
    if before[0] == after[0]:
        return _nothing(a, b, name, OTHER, f"columns of the type {before[1]} are not compared")
    if values_of(a, name) and values_of(b, name):
        return _retyped(name, before[0], after[0])
    return _nothing(a, b, name, before[0], "")  # what holds no value has no type


def _nothing(a: Rows, b: Rows, name: str, kind: str, reason: str) -> Measured:
    values = values_of(a, name), values_of(b, name)
    missing = measured.rate_of(a.count - values[0], a.count, b.count - values[1], b.count)
    return measured.nothing(name, kind, *values, missing, reason or measured.no_value(*values))


def _of_sketches(
    a: Side, b: Side, names: Sequence[str], seed: int
) -> tuple[list[Measured], list[told.Changed]]:
    """Return all columns, each from the sketches of both tables."""
    ours, theirs = (side.sketched(names).columns for side in (a, b))
    found: list[Measured] = []
    changed: list[told.Changed] = []
    for name in names:
        kinds = ours[name].kind, theirs[name].kind
        if kinds[0] != kinds[1] and not {EMPTY, MIXED} & {*kinds}:
            changed.append(_retyped(name, *kinds))
        else:
            found.append(measured.of_sketches(name, ours[name], theirs[name], seed))
    return found, changed


def _how_counted(a: Side, b: Side, found: Sequence[Measured]) -> str:
    if a.rows is None or b.rows is None:
        why = "a sketch or a profile was given"
    elif max(a.size, b.size) > columns.EXACT_ROWS:
        why = f"a table has more than {columns.EXACT_ROWS:,} rows"
    else:
        why = "the rows are not on this machine"
    most = max((one.error for one in found), default=0.0)
    return (
        f"counted in cells, because {why}: KS distances of the rows may be larger by up to {most:.3f}, which the upper"
        " ends take in; bins of PSI end where cells do"
    )


def _drawn(
    a: Rows, b: Rows, names: Sequence[str], seed: int, held: _Held
) -> tuple[tuple[dict[str, Any], dict[str, Any]] | None, list[str]]:
    """Return the rows that the joint test looks at, of both tables, and what is left out."""
    notes = []
    if len(names) > MOST_COLUMNS:
        picked = np.sort(np.random.default_rng(seed).choice(len(names), MOST_COLUMNS, replace=False))
        notes.append(
            f"the joint test looked at {MOST_COLUMNS:,} of {len(names):,} columns, drawn by the seed"
        )
        names = [names[at] for at in picked]
    tables = [
        sample(rows, names, {name: kind for name, (kind, _) in kinds_of(rows).items()}, MOST_ROWS, seed, mine)
        for rows, mine in zip((a, b), held, strict=True)
    ]
    if tables[0] is None or tables[1] is None:
        return None, ["no joint test: the engine that holds the rows cannot draw some of them"]
    if max(a.count, b.count) > MOST_ROWS:
        notes.append(f"the joint test looked at {MOST_ROWS:,} rows of a table at most, drawn by the seed")
    return (tables[0], tables[1]), notes
