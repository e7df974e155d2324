"""What drift has to know of a table, in a few kilobytes a column, without its rows: counts in cells, counts of categories.

    yesterday = sketch_of("monday.parquet")          # on any machine, of any part
    week = merged(yesterday, sketch_of("tuesday.parquet"))
    drift(reference_sketch, week)

Always true: the sketch of parts, merged in any order, equals that of all their rows in one pass, where a column has one type in
all of them. Nothing in it is rounded: counts, smallest and largest, no sums. The cells are those of data profiles
(`gnomon.data.profile.cells`), so the profile of a version of data serves as a sketch too (`sketch_of_profile`).
Not held: which values stood in one row, so the joint test of drift needs rows.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import msgspec

from gnomon.data.profile.cells import Cells, merged_cells
from gnomon.errors import BadArgumentError, DamagedObjectError, UnknownFormatError

if TYPE_CHECKING:
    from gnomon.data.profile.profile import Column, Profile

FORMAT = "gnomon-drift-sketch"
VERSION = 1
CELLS = 4096  # of a column: an octave in 64 cells, which hold at most 0.6 % of normal values each
MOST_CATEGORIES = 10_000
MOST_COLUMNS = 100_000
EMPTY, MIXED = "empty", "mixed"
TOO_MANY = f"more than {MOST_CATEGORIES:,} different values"
_KINDS = ("numbers", "times", "categories", "other", EMPTY, MIXED)


class ColumnSketch(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One column: `count` rows have a value, of which `below` and `above` are infinite; NaN counts as `missing`."""

    kind: str
    count: int = 0
    missing: int = 0
    below: int = 0
    above: int = 0
    cells: Cells | None = None
    counts: dict[str, int] = {}
    reason: str = ""  # why the values are not known

    @property
    def is_known(self) -> bool:
        """True where the values are there to be compared."""
        return self.kind not in ("other", EMPTY, MIXED) and not self.reason


class Sketch(msgspec.Struct, frozen=True, kw_only=True):
    """A table as drift sees it. `sketch_of` makes one, `merged` adds two up."""

    format: str = FORMAT
    version: int = VERSION
    rows: int
    columns: dict[str, ColumnSketch]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, as JSON has them."""
        made: dict[str, Any] = msgspec.to_builtins(self)
        return made

    @classmethod
    def from_dict(cls, value: object) -> Sketch:
        """Return the sketch that `to_dict` gave, wherever it lay since. Raises DamagedObjectError, UnknownFormatError."""
        if not isinstance(value, dict) or value.get("format") != FORMAT:
            raise DamagedObjectError(f"this is no sketch of a table: its `format` is not `{FORMAT}`")
        version = value.get("version")
        if version != VERSION:
            raise UnknownFormatError(f"this sketch has version {version!r}; this Gnomon reads {VERSION}")
        try:
            found = msgspec.convert(value, cls)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise DamagedObjectError(f"this is no sketch of a table: {str(error)[:200]}") from error
        if len(found.columns) > MOST_COLUMNS or found.rows < 0:
            raise DamagedObjectError(f"this is no sketch of a table: {len(found.columns):,} columns")
        for name, column in found.columns.items():
            if not _is_sound(column, found.rows):
                raise DamagedObjectError(f"the sketch of the column `{name[:80]}` does not add up")
        return found


def _is_sound(column: ColumnSketch, rows: int) -> bool:
    counts = (column.count, column.missing, column.below, column.above, *column.counts.values())
    if column.kind not in _KINDS or min(counts) < 0 or column.count + column.missing != rows:
        return False
    if not column.is_known:
        return column.cells is None and not column.counts
    if column.kind == "categories":
        return len(column.counts) <= MOST_CATEGORIES and sum(column.counts.values()) == column.count
    finite = column.count - column.below - column.above
    return finite == (column.cells.total if column.cells else 0) and (
        column.cells is None or _are_sound(column.cells)
    )


def _are_sound(cells: Cells) -> bool:
    """Tell whether nothing in cells could mislead or exhaust a reader; a profile's have a lower limit (`Cells.is_sound`)."""
    return (
        0 < len(cells.steps) == len(cells.counts) <= CELLS
        and 0 < cells.limit <= CELLS
        and 0 <= cells.grid.bits <= 52
        and -1100 <= cells.grid.unit <= 1024
        and math.isfinite(cells.low)
        and math.isfinite(cells.high)
        and all(count > 0 for count in cells.counts)
        and all(step > 0 for step in cells.steps[1:])
        and all(abs(place) < (1 << 64) for place in (cells.places[0], cells.places[-1]))
        and cells.is_within()
    )


# ---------------------------------------------------------------- merging


def merged(a: Sketch, b: Sketch) -> Sketch:
    """Return the sketch of the rows of both; a column that one lacks is missing in its rows.

    >>> one = Sketch(rows=2, columns={"sex": ColumnSketch(kind="categories", count=2, counts={"f": 2})})
    >>> merged(one, one).columns["sex"].counts
    {'f': 4}
    """
    for one in (a, b):
        if not isinstance(one, Sketch):
            raise BadArgumentError(f"only sketches can be merged; got a {type(one).__name__}")
    names = dict.fromkeys([*a.columns, *b.columns])
    lacks = [ColumnSketch(kind=EMPTY, missing=one.rows) for one in (a, b)]
    columns = {
        name: merged_column(a.columns.get(name, lacks[0]), b.columns.get(name, lacks[1])) for name in names
    }
    return Sketch(rows=a.rows + b.rows, columns=columns)


def merged_column(a: ColumnSketch, b: ColumnSketch) -> ColumnSketch:
    """Return the column of the rows of both."""
    count, missing = a.count + b.count, a.missing + b.missing
    if EMPTY in (a.kind, b.kind):
        held = b if a.kind == EMPTY else a
        return msgspec.structs.replace(held, missing=missing)
    if a.kind != b.kind:
        return ColumnSketch(
            kind=MIXED, count=count, missing=missing, reason="its parts are of different types"
        )
    reason = min((one.reason for one in (a, b) if one.reason), default="")
    counts: dict[str, int] = {}
    if not reason and a.kind == "categories":
        counts = dict(a.counts)
        for label, n in b.counts.items():
            counts[label] = counts.get(label, 0) + n
        if len(counts) > MOST_CATEGORIES:
            counts, reason = {}, TOO_MANY
    return ColumnSketch(
        kind=a.kind,
        count=count,
        missing=missing,
        below=a.below + b.below,
        above=a.above + b.above,
        cells=None if reason else merged_cells(a.cells, b.cells),
        counts=dict(sorted(counts.items())),
        reason=reason,
    )


# ---------------------------------------------------------------- a profile is a sketch


def sketch_of_profile(profile: Profile, *, argument: str = "profile") -> Sketch:
    """Return the sketch that a profile of one table holds, so that versions of data are compared without their rows.

    Its cells are coarser (1,024, in tables of more than 100 columns 128), and of texts it has only those columns of which it
    keeps every value. Raises BadArgumentError where it is not of one table.
    """
    if len(profile.tables) != 1:
        raise BadArgumentError(
            f"`{argument}` is the profile of {len(profile.tables)} tables; drift compares one with one",
            hint="profile the file that is meant",
        )
    table = profile.tables[0]
    return Sketch(rows=table.rows, columns={one.name: _of_profiled(one) for one in table.columns})


_PROFILED = {
    "integer": "numbers", "float": "numbers", "date": "times", "timestamp": "times", "bool": "categories", "text": "categories",
}  # fmt: skip


def _of_profiled(column: Column) -> ColumnSketch:
    count = column.count + column.below + column.above
    missing = column.missing + column.nan
    if not count:
        return ColumnSketch(kind=EMPTY, missing=missing)
    kind = _PROFILED.get(column.type, "other")
    found = ColumnSketch(kind=kind, count=count, missing=missing, below=column.below, above=column.above)
    reason = "the profile does not hold its values" + (f": {column.withheld}" if column.withheld else "")
    if kind in ("numbers", "times"):
        is_there = column.cells is not None or not column.count
        return msgspec.structs.replace(found, cells=column.cells, reason="" if is_there else reason)
    if kind == "categories":
        if not column.top_is_complete or column.top_is_least:
            return msgspec.structs.replace(found, reason=reason)
        counts = {_label(one.value): one.count for one in column.top}
        return msgspec.structs.replace(found, counts=dict(sorted(counts.items())))
    return found


def _label(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
