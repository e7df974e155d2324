"""What moved between two versions, from their profiles alone.

For every column that both have: the share of missing values, and how far apart the distributions are. Numbers and times by
the Kolmogorov-Smirnov distance (the largest gap between the shares of values below any point), common values by the total
variation distance (the share of rows that would have to take another value). Beside each stands what chance alone could do
to two independent samples of that size, bounded so that *one or more* false alarms over all columns come in at most 1 % of
cases. Versions of one table share most rows, so for them the bound is too wide, never too narrow: what is said to have moved
did move.
"""

from __future__ import annotations

import math
from typing import Any

import msgspec

from gnomon.data.profile.cells import distance
from gnomon.data.profile.profile import Column, Profile, Table

FALSE_ALARMS = 0.01
_FEW = 0.3  # a bound from which nothing short of a landslide would show


class Shift(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far something moved, 0 to 1, and how far chance alone might have moved it."""

    distance: float
    chance: float
    measure: str  # ks: cells of numbers; tv: common values; share: of rows

    @property
    def is_beyond_chance(self) -> bool:
        return self.distance > self.chance

    @property
    def verdict(self) -> str:
        if self.distance == 0:
            return "same"
        if self.is_beyond_chance:
            return "moved"
        return "cannot tell" if self.chance >= _FEW else "within chance"


class ColumnDifference(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One column in both versions."""

    name: str
    old_type: str
    new_type: str
    old_missing: float = 0.0  # share of rows
    new_missing: float = 0.0
    missing: Shift | None = None
    values: Shift | None = None
    old_mean: float | None = None
    new_mean: float | None = None
    old_middle: float | None = None  # median
    new_middle: float | None = None
    effect: float | None = None  # difference of means in standard deviations
    old_distinct: int | None = None
    new_distinct: int | None = None
    old_others: int = 0  # values that keep a column of numbers from being one
    new_others: int = 0
    gone: tuple[str, ...] = ()  # common values that no longer occur
    come: tuple[str, ...] = ()

    @property
    def is_retyped(self) -> bool:
        return self.old_type != self.new_type

    @property
    def has_moved(self) -> bool:
        return (
            self.is_retyped
            or any(shift is not None and shift.is_beyond_chance for shift in (self.missing, self.values))
            or bool(self.gone or self.come)
        )

    @property
    def size(self) -> float:
        """How much moved, for sorting."""
        shifts = [shift.distance for shift in (self.missing, self.values) if shift is not None]
        return max([2.0 if self.is_retyped else 0.0, *shifts])


class TableDifference(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One table in both versions."""

    name: str = ""
    old_rows: int
    new_rows: int
    added: tuple[str, ...] = ()  # columns
    removed: tuple[str, ...] = ()
    is_reordered: bool = False
    columns: tuple[ColumnDifference, ...] = ()  # that both have, those that moved most first

    @property
    def moved(self) -> tuple[ColumnDifference, ...]:
        return tuple(column for column in self.columns if column.has_moved)


class Difference(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What moved between two versions. `lines` shows it."""

    old_files: int
    new_files: int
    old_bytes: int
    new_bytes: int
    tables: tuple[TableDifference, ...] = ()
    added_tables: tuple[str, ...] = ()
    removed_tables: tuple[str, ...] = ()
    facts: tuple[tuple[str, str, str], ...] = ()  # of images and texts: what, old, new

    @property
    def is_empty(self) -> bool:
        """True where the profiles say the same; the data may still differ in what profiles do not hold."""
        return (
            self.old_files == self.new_files
            and self.old_bytes == self.new_bytes
            and not (self.added_tables or self.removed_tables or self.facts)
            and all(
                table.old_rows == table.new_rows
                and not (table.added or table.removed or table.is_reordered)
                and all(not column.size and not column.has_moved for column in table.columns)
                for table in self.tables
            )
        )

    def to_json(self) -> dict[str, Any]:
        """Return the difference as what JSON holds."""
        made: dict[str, Any] = msgspec.to_builtins(self)
        return made


def difference(old: Profile, new: Profile) -> Difference:
    """Return what moved from one profile to another."""
    if len(old.tables) == len(new.tables) == 1:
        pairs = [(old.tables[0], new.tables[0])]
        gone: tuple[str, ...] = ()
        come: tuple[str, ...] = ()
    else:
        theirs = {table.name: table for table in new.tables}
        ours = {table.name for table in old.tables}
        pairs = [(table, theirs[table.name]) for table in old.tables if table.name in theirs]
        gone = tuple(table.name for table in old.tables if table.name not in theirs)
        come = tuple(table.name for table in new.tables if table.name not in ours)
    tests = sum(2 * len(ours.columns) for ours, _ in pairs) or 1
    return Difference(
        old_files=old.files,
        new_files=new.files,
        old_bytes=old.bytes,
        new_bytes=new.bytes,
        tables=tuple(_table(ours, theirs, FALSE_ALARMS / tests) for ours, theirs in pairs),
        removed_tables=gone,
        added_tables=come,
        facts=tuple(_facts(old, new)),
    )


def _table(old: Table, new: Table, level: float) -> TableDifference:
    before, after = ({column.name: column for column in table.columns} for table in (old, new))
    shared = [name for name in before if name in after]
    columns = [_column(before[name], after[name], level) for name in shared]
    return TableDifference(
        name=new.name,
        old_rows=old.rows,
        new_rows=new.rows,
        added=tuple(name for name in after if name not in before),
        removed=tuple(name for name in before if name not in after),
        is_reordered=shared != [name for name in after if name in before],
        columns=tuple(sorted(columns, key=lambda one: -one.size)),
    )


def _column(old: Column, new: Column, level: float) -> ColumnDifference:
    missing = [one.missing / one.rows if one.rows else 0.0 for one in (old, new)]
    same_kind = old.type == new.type or {old.type, new.type} <= {"integer", "float"}
    deviation = (
        math.sqrt(((old.deviation or 0.0) ** 2 + (new.deviation or 0.0) ** 2) / 2)
        if old.mean is not None and new.mean is not None and _is_moderate(old, new)
        else 0.0
    )
    gone, come = _changed_values(old, new) if same_kind else ((), ())
    return ColumnDifference(
        name=new.name,
        old_type=old.type,
        new_type=new.type,
        old_missing=missing[0],
        new_missing=missing[1],
        missing=_share_shift(old.missing, old.rows, new.missing, new.rows, level),
        values=_values_shift(old, new, level) if same_kind else None,
        old_mean=old.mean,
        new_mean=new.mean,
        old_middle=old.quantile(0.5),
        new_middle=new.quantile(0.5),
        effect=((new.mean or 0.0) - (old.mean or 0.0)) / deviation if deviation else None,
        old_distinct=old.distinct,
        new_distinct=new.distinct,
        old_others=old.others,
        new_others=new.others,
        gone=gone,
        come=come,
    )


def _is_moderate(old: Column, new: Column) -> bool:
    return all((one.deviation or 0.0) < 1e150 for one in (old, new))


def _values_shift(old: Column, new: Column, level: float) -> Shift | None:
    if not old.count or not new.count:
        return None
    if old.cells is not None and new.cells is not None:
        chance = _root(old.cells.total, new.cells.total) * math.sqrt(math.log(2 / level) / 2)
        return Shift(distance=distance(old.cells, new.cells), chance=min(chance, 1.0), measure="ks")
    if not old.top or not new.top or old.top_is_least or new.top_is_least:
        return None
    shares = [{str(one.value): one.count / column.count for one in column.top} for column in (old, new)]
    # A value that one version kept and the other did not may stand among the other's rest: it is counted in the rest of both.
    both_complete = old.top_is_complete and new.top_is_complete
    names = shares[0].keys() | shares[1].keys() if both_complete else shares[0].keys() & shares[1].keys()
    rest = [1 - sum(share.get(name, 0.0) for name in names) for share in shares]
    gap = (
        sum(abs(shares[0].get(name, 0.0) - shares[1].get(name, 0.0)) for name in names)
        + abs(rest[0] - rest[1])
    ) / 2
    root = _root(old.count, new.count)
    chance = root * (math.sqrt(len(names) + 1) / 2 + math.sqrt(math.log(1 / level) / 2))
    return Shift(distance=gap if gap > 1e-12 else 0.0, chance=min(chance, 1.0), measure="tv")


def _share_shift(a: int, of_a: int, b: int, of_b: int, level: float) -> Shift | None:
    """Compare two shares: the normal bound with the pooled share, widened for small counts."""
    if not of_a or not of_b:
        return None
    pooled = (a + b + 2) / (of_a + of_b + 4)
    z = math.sqrt(2 * math.log(2 / level))
    chance = z * math.sqrt(pooled * (1 - pooled)) * _root(of_a, of_b) + z * z / 3 * (1 / of_a + 1 / of_b)
    return Shift(distance=abs(a / of_a - b / of_b), chance=min(chance, 1.0), measure="share")


def _root(n: int, m: int) -> float:
    return math.sqrt(1 / n + 1 / m)


def _changed_values(old: Column, new: Column) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return common values that are gone or have come; known only where a version keeps all of its values."""
    if old.type not in ("text", "bool") or not old.top or not new.top:
        return (), ()
    before, after = {str(one.value) for one in old.top}, {str(one.value) for one in new.top}
    gone = sorted(before - after) if new.top_is_complete else []
    come = sorted(after - before) if old.top_is_complete else []
    return tuple(gone), tuple(come)


def _facts(old: Profile, new: Profile) -> list[tuple[str, str, str]]:
    """Return what differs between pictures and texts."""
    found: list[tuple[str, str, str]] = []
    for what, a, b in (("images", old.images, new.images), ("text", old.texts, new.texts)):
        if a is None and b is None:
            continue
        if a is None or b is None:
            found.append((what, "none" if a is None else "some", "none" if b is None else "some"))
            continue
        for field in a.__struct_fields__:
            before, after = getattr(a, field), getattr(b, field)
            if before != after:
                found.append((f"{what}: {field.replace('_', ' ')}", _plain(before), _plain(after)))
    return found


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {count:,}" for name, count in value.items()) or "none"
    if isinstance(value, int):
        return f"{value:,}"
    low, high, total = (getattr(value, name) for name in ("min", "max", "sum"))
    return f"{low:,} to {high:,} ({total:,} together)"
