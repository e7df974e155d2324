"""The profile of two parts together, from their profiles.

Exact: rows, counts, missing, NaN, ranges, lengths, whole sums, cells and sketches; so quantiles are those of the whole.
Means and deviations to rounding. The number of different values is exact where both parts keep all values, else estimated
from the sketch. Common values that one part did not keep are undercounted, and marked (`top_is_least`).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import msgspec

from gnomon.data.profile import distinct, privacy
from gnomon.data.profile.build import MAX_SUFFIXES, kind_of_profile
from gnomon.data.profile.cells import merged_cells
from gnomon.data.profile.images import MOST_SHAPES
from gnomon.data.profile.profile import (
    FORMAT,
    MAX_COLUMNS,
    MAX_NOTES,
    MAX_TABLES,
    VERSION,
    Column,
    Images,
    Profile,
    Sizes,
    Suffix,
    Table,
    Texts,
    Value,
)

_WIDER = {
    frozenset(("integer", "float")): "float",
    frozenset(("date", "timestamp")): "timestamp",
}


def merged(a: Profile, b: Profile) -> Profile:
    """Return the profile of the data of both."""
    made = Profile(
        format=FORMAT,
        version=VERSION,
        kind="",
        files=a.files + b.files,
        bytes=a.bytes + b.bytes,
        suffixes=_suffixes(a.suffixes, b.suffixes),
        tables=_tables(a.tables, b.tables),
        images=_images(a.images, b.images),
        texts=_texts(a.texts, b.texts),
        notes=tuple(dict.fromkeys((*a.notes, *b.notes)))[:MAX_NOTES],
    )
    return msgspec.structs.replace(made, kind=kind_of_profile(made))


def _tables(a: tuple[Table, ...], b: tuple[Table, ...]) -> tuple[Table, ...]:
    if len(a) == len(b) == 1:
        return (merged_table(a[0], b[0]),)
    theirs = {table.name: table for table in b}
    made = [merged_table(table, theirs.pop(table.name)) if table.name in theirs else table for table in a]
    return (*made, *theirs.values())[:MAX_TABLES]


def merged_table(a: Table, b: Table) -> Table:
    """Return the table of the rows of both; a column that one lacks is missing in its rows."""
    theirs = {column.name: column for column in b.columns}
    ours = {column.name for column in a.columns}
    columns = [
        merged_column(column, theirs.get(column.name) or _absent(column.name, b.rows)) for column in a.columns
    ]
    columns += [
        merged_column(_absent(column.name, a.rows), column) for column in b.columns if column.name not in ours
    ]
    return Table(
        name=a.name or b.name,
        format=a.format if a.format == b.format else "mixed",
        files=a.files + b.files,
        rows=a.rows + b.rows,
        unread_rows=a.unread_rows + b.unread_rows,
        dialect=a.dialect if a.dialect == b.dialect else {},
        columns=tuple(columns[:MAX_COLUMNS]),
        more_columns=max(a.more_columns, b.more_columns) + max(len(columns) - MAX_COLUMNS, 0),
    )


def _absent(name: str, rows: int) -> Column:
    return Column(name=name, type="empty", missing=rows, distinct=0)


def merged_column(a: Column, b: Column) -> Column:
    """Return the column of the values of both."""
    if a.type == "empty" or b.type == "empty":
        held, other = (b, a) if a.type == "empty" else (a, b)
        return msgspec.structs.replace(
            held, missing=held.missing + other.missing, missing_words=held.missing_words + other.missing_words
        )
    fields: dict[str, Any] = {
        name: getattr(a, name) + getattr(b, name)
        for name in ("count", "missing", "missing_words", "nan", "below", "above", "empty", "others")
    }
    fields["name"] = a.name
    fields["stored"] = a.stored if a.stored == b.stored else ""
    fields["type"] = a.type if a.type == b.type else _WIDER.get(frozenset((a.type, b.type)), "text")
    fields["withheld"] = a.withheld or b.withheld
    if a.type != b.type and frozenset((a.type, b.type)) not in _WIDER:
        return Column(**fields | {"withheld": f"{a.type} in one part, {b.type} in another"})
    if a.mostly and a.mostly == b.mostly:
        fields["mostly"] = a.mostly
    else:
        fields["others"] = 0
    fields["shortest"] = _of_both(min, a.shortest, b.shortest)
    fields["longest"] = _of_both(max, a.longest, b.longest)
    fields["characters"] = _of_both(lambda x, y: x + y, a.characters, b.characters)
    _merge_numbers(fields, a, b)
    _merge_distinct(fields, a, b)
    return Column(**fields)


def _of_both(how: Any, a: Any, b: Any) -> Any:
    return (
        how(a, b)
        if a is not None and b is not None
        else None
        if a is None and b is None
        else a
        if b is None
        else b
    )


def _merge_numbers(fields: dict[str, Any], a: Column, b: Column) -> None:
    for name, how in (("min", min), ("max", max)):
        ends = [getattr(part, name) for part in (a, b) if part.count]
        if ends and None not in ends:
            fields[name] = how(ends, key=_comparable)
    if fields["type"] == "float":
        fields.update({name: float(fields[name]) for name in ("min", "max") if fields.get(name) is not None})
    fields["cells"] = (
        merged_cells(a.cells, b.cells) if (a.cells or not a.count) and (b.cells or not b.count) else None
    )
    if not a.count or not b.count:
        held = a if a.count else b
        fields.update(sum=held.sum, mean=held.mean, squares=held.squares)
    elif None not in (a.mean, b.mean, a.squares, b.squares):
        count = a.count + b.count
        first, second = Fraction(a.mean or 0), Fraction(b.mean or 0)
        apart = (second - first) ** 2 * a.count * b.count / count
        try:
            fields["mean"] = float((first * a.count + second * b.count) / count)
            fields["squares"] = float(Fraction(a.squares or 0) + Fraction(b.squares or 0) + apart)
        except OverflowError:
            fields["squares"] = None
        if a.sum is not None and b.sum is not None:
            total = a.sum + b.sum
            fields["sum"] = total if abs(total) < 1 << 63 else float(total)


def _comparable(value: int | float | str) -> Any:
    """Return an end of a range as what orders it; whole numbers beyond 64 bits are texts."""
    if isinstance(value, str) and value.lstrip("-").isdigit():
        return int(value)
    return value


def _merge_distinct(fields: dict[str, Any], a: Column, b: Column) -> None:
    counts: dict[Any, int] = {}
    for part in (a, b):
        for one in part.top:
            counts[one.value] = counts.get(one.value, 0) + one.count
    is_complete = all(part.top_is_complete or not part.count for part in (a, b))
    most = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    if len(most) > privacy.MOST_KEPT and fields["type"] in ("integer", "float"):
        most = [item for item in most if item[1] > 1]
    if fields["type"] == "float":
        most = [(float(value), count) for value, count in most]
    fields["top"] = tuple(Value(*item) for item in most[: privacy.MOST_KEPT])
    fields["top_is_complete"] = is_complete and len(fields["top"]) == len(counts)
    fields["top_is_least"] = bool(fields["top"]) and not is_complete
    if is_complete and (a.distinct is not None or b.distinct is not None):
        fields["distinct"], fields["distinct_is_exact"] = len(counts), True
        fields["sketch"], fields["hashed"] = distinct.merged_sketch(a.sketch, b.sketch), a.hashed or b.hashed
        return
    if not a.distinct or not b.distinct:
        held = a if a.distinct else b
        known = a.distinct is not None and b.distinct is not None
        fields["distinct"] = held.distinct if known else None
        fields["distinct_is_exact"] = held.distinct_is_exact
        fields["sketch"], fields["hashed"] = held.sketch, held.hashed
        return
    if a.hashed == b.hashed and a.sketch and b.sketch:
        fields["sketch"], fields["hashed"] = distinct.merged_sketch(a.sketch, b.sketch), a.hashed
        about = distinct.estimate(fields["sketch"])
        fields["distinct"] = min(max(about, a.distinct, b.distinct), a.distinct + b.distinct)
    else:
        fields["distinct"] = None
    fields["distinct_is_exact"] = False


# --- other kinds


def _suffixes(a: dict[str, Suffix], b: dict[str, Suffix]) -> dict[str, Suffix]:
    found = dict(a)
    for name, held in b.items():
        ours = found.get(name, Suffix(0, 0))
        found[name] = Suffix(ours.files + held.files, ours.bytes + held.bytes)
    most = sorted(found.items(), key=lambda item: (item[0] == "other", -item[1].files, item[0]))
    kept, rest = dict(most[:MAX_SUFFIXES]), [held for _, held in most[MAX_SUFFIXES:]]
    if rest:
        kept["other"] = Suffix(sum(one.files for one in rest), sum(one.bytes for one in rest))
    return kept


def _added(a: dict[str, int], b: dict[str, int], many: int) -> dict[str, int]:
    names = dict.fromkeys((*a, *b))
    counts = [(name, a.get(name, 0) + b.get(name, 0)) for name in names]
    return dict(sorted(counts, key=lambda item: (-item[1], item[0]))[:many])


def _images(a: Images | None, b: Images | None) -> Images | None:
    if a is None or b is None:
        return a or b
    shapes = _added(a.shapes, b.shapes, MOST_SHAPES)
    readable = a.count + b.count - a.unreadable - b.unreadable
    return Images(
        count=a.count + b.count,
        unreadable=a.unreadable + b.unreadable,
        formats=_added(a.formats, b.formats, 8),
        modes=_added(a.modes, b.modes, 16),
        width=_sizes(a, b, "width"),
        height=_sizes(a, b, "height"),
        shapes=shapes,
        more_shapes=readable - sum(shapes.values()),
    )


def _sizes(a: Images, b: Images, name: str) -> Sizes:
    held: list[Sizes] = [getattr(part, name) for part in (a, b) if part.count > part.unreadable]
    if not held:
        return Sizes()
    return Sizes(
        min=min(one.min for one in held), max=max(one.max for one in held), sum=sum(one.sum for one in held)
    )


def _texts(a: Texts | None, b: Texts | None) -> Texts | None:
    if a is None or b is None:
        return a or b
    return Texts(
        files=a.files + b.files,
        bytes=a.bytes + b.bytes,
        lines=a.lines + b.lines,
        words=a.words + b.words,
        longest_line=max(a.longest_line, b.longest_line),
        encodings=_added(a.encodings, b.encodings, 8),
    )
