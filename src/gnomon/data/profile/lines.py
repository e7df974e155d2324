"""A profile, or what moved between two, as lines of text: columns aligned, small histograms in block characters.

Always true: every name and value of the data goes through `text.clean`, so it cannot touch the terminal; no line holds a
line break.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.data.profile.difference import ColumnDifference, Difference, Shift, TableDifference
from gnomon.data.profile.distinct import error
from gnomon.data.profile.profile import Images, Profile, Table, Texts
from gnomon.data.profile.rows import RowsDifference
from gnomon.text import MISSING, any_value, clean, count, cut, number, size, width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.data.profile.profile import Column

BLOCKS = "▁▂▃▄▅▆▇█"
PLAIN = ".:-=+*#@"
BARS = 12
_MOST_NAME = 28
_MOST_VALUES = 44


def lines(
    of: Profile | Difference | RowsDifference, *, limit: int = 60, is_unicode: bool = True
) -> list[str]:
    """Return the lines that show a profile or a difference; of a table at most `limit` columns."""
    if isinstance(of, Profile):
        return _of_profile(of, limit, BLOCKS if is_unicode else PLAIN)
    if isinstance(of, Difference):
        return _of_difference(of, limit)
    return _of_rows(of)


# --- a profile


def _of_profile(profile: Profile, limit: int, blocks: str) -> list[str]:
    suffixes = ", ".join(
        f"{clean(name) or 'no suffix'} {held.files:,}" for name, held in list(profile.suffixes.items())[:6]
    )
    shown = [
        f"{count(profile.files, 'file')}, {size(profile.bytes)}"
        + (f"  ({suffixes})" if profile.files > 1 else "")
    ]
    for table in profile.tables:
        shown += ["", *_of_table(table, limit, blocks)]
    if profile.images is not None:
        shown += ["", *of_images(profile.images)]
    if profile.texts is not None:
        shown += ["", *of_texts(profile.texts)]
    shown += [f"note: {clean(note)}" for note in profile.notes]
    return shown


def _of_table(table: Table, limit: int, blocks: str) -> list[str]:
    many = len(table.columns) + table.more_columns
    dialect = "".join(f", {name} {clean(value)}" for name, value in table.dialect.items())
    name = f"{clean(table.name)}: " if table.name else ""
    shown = [f"{name}{count(table.rows, 'row')}, {count(many, 'column')} ({clean(table.format)}{dialect})"]
    if table.unread_rows:
        shown.append(f"{count(table.unread_rows, 'line')} do not fit the table and were left out")
    if not table.columns:
        return shown
    head = ["column", "type", "missing", "distinct", "min", "median", "max", "distribution"]
    rows = [_cells(column, blocks) for column in table.columns[:limit]]
    shown += _aligned([head, *rows], right={2, 3, 4, 5, 6})
    if many > limit:
        shown.append(f"… {many - min(limit, len(rows)):,} more columns")
    return shown


def _cells(column: Column, blocks: str) -> list[str]:
    middle: float | None = column.quantile(0.5) if column.type in ("integer", "float") else None
    low, high = ends(column)
    return [
        cut(clean(column.name), _MOST_NAME),
        column.type,
        share_words(column.missing, column.rows),
        distinct_words(column),
        cut(low, 20),
        about(middle) if middle is not None else MISSING,
        cut(high, 20),
        cut(_distribution(column, blocks), _MOST_VALUES + BARS),
    ]


def ends(column: Column) -> tuple[str, str]:
    """Return the smallest and the largest value of a column; of texts and the like, how short and how long they are."""
    if column.type in ("text", "binary", "nested") and column.shortest is not None:
        unit = {"text": "chars", "binary": "bytes", "nested": "items"}[column.type]
        return f"{column.shortest:,}", f"{column.longest:,} {unit}"
    return any_value(column.min), any_value(column.max)


def share_words(part: int, of: int) -> str:
    """Return a share of rows in words; what is there is never 0, and what is not all never 100 %."""
    if not part:
        return "0"
    share = 100 * part / of
    return "100 %" if part == of else "< 0.1 %" if share < 0.1 else f"{min(share, 99.9):.1f} %"


def distinct_words(column: Column) -> str:
    """Return how many different values a column has, with `~` where that is an estimate."""
    if column.distinct is None:
        return MISSING
    if column.distinct_is_exact:
        return f"{column.distinct:,}"
    digits = 2 if error(column.sketch) < 0.02 else 1
    return f"~{_rounded(column.distinct, digits + 1):,}"


def _rounded(value: int, digits: int) -> int:
    over = max(len(str(value)) - digits, 0)
    return int(round(value, -over))


def _distribution(column: Column, blocks: str) -> str:
    parts = []
    if column.cells is not None and column.cells.low < column.cells.high:
        parts.append(_bars(column.cells.bars(BARS), blocks))
    elif column.top:
        parts.append(_values(column))
    odd = odd_words(column)
    if not parts and column.withheld:
        odd.append(f"not kept: {clean(column.withheld)}")
    return " ".join([*parts, ", ".join(odd)] if odd else parts)


def odd_words(column: Column) -> list[str]:
    """Return what of a column stands beside its distribution: NaN, infinities, empty texts, values of another type."""
    found = [
        f"{many:,} {word}"
        for many, word in (
            (column.nan, "NaN"),
            (column.below, "-inf"),
            (column.above, "inf"),
            (column.empty, "empty"),
        )
        if many
    ]
    if column.mostly:
        found.append(f"{count(column.others, 'value')} of no type {column.mostly}")
    return found


def _values(column: Column) -> str:
    texts = [
        f"{cut(any_value(one.value), 16)} {share_words(one.count, column.count)}" for one in column.top[:4]
    ]
    return ", ".join(texts) + (", …" if len(column.top) > 4 or not column.top_is_complete else "")


def _bars(heights: Sequence[float], blocks: str) -> str:
    """Return bars in one line; a bin that holds anything is never shown as empty."""
    top = max(heights)
    return "".join(
        blocks[min(int(height / top * len(blocks)), len(blocks) - 1)] if height > 0 else " "
        for height in heights
    )


def of_images(images: Images) -> list[str]:
    """Return what the headers of pictures say, in sentences."""
    shown = [f"{count(images.count, 'image')}: {_counted(images.formats)}; {_counted(images.modes)}"]
    if images.count > images.unreadable:
        shapes = _counted(images.shapes) + (f", others {images.more_shapes:,}" if images.more_shapes else "")
        shown.append(
            f"width {images.width.min:,} to {images.width.max:,}, height {images.height.min:,} to {images.height.max:,}; {shapes}"
        )
    if images.unreadable:
        shown.append(f"{count(images.unreadable, 'image')} without a header that can be read")
    return shown


def of_texts(texts: Texts) -> list[str]:
    """Return what texts hold, in a sentence."""
    line = (
        f"{count(texts.files, 'text file')}: {count(texts.lines, 'line')}, {count(texts.words, 'word')},"
        f" longest line {size(texts.longest_line)}; {_counted(texts.encodings)}"
    )
    return [line]


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{clean(name)} {many:,}" for name, many in counts.items()) or "none"


def _aligned(rows: Sequence[Sequence[str]], *, right: set[int]) -> list[str]:
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            " " * (widths[at] - width(cell)) + cell
            if at in right
            else cell + " " * (widths[at] - width(cell))
            for at, cell in enumerate(row)
        ).rstrip()
        for row in rows
    ]


# --- a difference


def _of_difference(found: Difference, limit: int) -> list[str]:
    if found.is_empty:
        return ["the profiles are the same"]
    shown = []
    if (found.old_files, found.old_bytes) != (found.new_files, found.new_bytes):
        files = (
            f"{found.old_files:,} → {found.new_files:,}"
            if found.old_files != found.new_files
            else f"{found.new_files:,}"
        )
        shown.append(f"files {files}, {size(found.old_bytes)} → {size(found.new_bytes)}")
    shown += [f"+ table {clean(name)}" for name in found.added_tables]
    shown += [f"- table {clean(name)}" for name in found.removed_tables]
    for table in found.tables:
        shown += _of_table_difference(table, limit)
    shown += [f"{clean(what)}: {clean(old)} → {clean(new)}" for what, old, new in found.facts]
    return shown


def _of_table_difference(table: TableDifference, limit: int) -> list[str]:
    rows = (
        f"{table.old_rows:,} → {table.new_rows:,} rows"
        if table.old_rows != table.new_rows
        else count(table.new_rows, "row")
    )
    change = table.new_rows - table.old_rows
    more = f" ({change:+,})" if change else ""
    shown = [f"{clean(table.name) + ': ' if table.name else ''}{rows}{more}"]
    shown += [f"+ column {clean(name)}" for name in table.added[:limit]]
    shown += [f"- column {clean(name)}" for name in table.removed[:limit]]
    hidden = max(len(table.added) - limit, 0) + max(len(table.removed) - limit, 0)
    if hidden:
        shown.append(f"… {hidden:,} more columns added or removed")
    if table.is_reordered:
        shown.append("columns stand in another order")
    moved = table.moved
    said = [
        [f"~ {cut(clean(column.name), _MOST_NAME)}", "; ".join(moved_words(column))]
        for column in moved[:limit]
    ]
    if said:
        shown += _aligned(said, right=set())
    if len(moved) > limit:
        shown.append(f"… {len(moved) - limit:,} more columns moved")
    shown += _of_still(table)
    return shown


def _of_still(table: TableDifference) -> list[str]:
    return [
        f"{count(len(columns), 'column')} {word}: "
        + ", ".join(cut(clean(one.name), _MOST_NAME) for one in columns[:5])
        + (", …" if len(columns) > 5 else "")
        for columns, word in still(table)
    ]


def still(table: TableDifference) -> list[tuple[list[ColumnDifference], str]]:
    """Return what the columns that did not move are: the same, within chance, or unknown."""
    left = [column for column in table.columns if not column.has_moved]
    same = [one for one in left if one.values is not None and not one.size]
    unsure = [one for one in left if one.values is not None and one.values.verdict == "cannot tell"]
    within = [one for one in left if one.values is not None and one.size and one not in unsure]
    unknown = [one for one in left if one.values is None]
    found = (
        (same, "with the same distribution"),
        (within, "moved no more than chance might"),
        (unsure, "with too few rows to tell"),
        (unknown, "whose values the profile does not hold, with no other sign of change"),
    )
    return [(columns, word) for columns, word in found if columns]


def moved_words(column: ColumnDifference) -> list[str]:
    """Return how a column moved: its type, its missing values, its distribution, values that are gone or have come."""
    said = []
    if column.is_retyped:
        others = column.new_others or column.old_others
        why = (
            f" ({count(others, 'value')} {'is' if others == 1 else 'are'} of no other type)" if others else ""
        )
        said.append(f"type {column.old_type} → {column.new_type}{why}")
    if column.missing is not None and column.missing.is_beyond_chance:
        said.append(f"missing {_percent(column.old_missing)} → {_percent(column.new_missing)}")
    if column.values is not None and column.values.is_beyond_chance:
        said.append(_of_shift(column, column.values))
    if column.gone:
        said.append(f"gone: {_names(column.gone)}")
    if column.come:
        said.append(f"new: {_names(column.come)}")
    return said


def _of_shift(column: ColumnDifference, shift: Shift) -> str:
    how = f"{shift.distance:.3f} ({_strength(shift.distance)}; chance up to {shift.chance:.3f})"
    if shift.measure == "tv":
        return f"values moved by {how}"
    middle = ""
    if column.old_mean is not None and column.old_middle is not None and column.new_middle is not None:
        middle = f", median {about(column.old_middle)} → {about(column.new_middle)}"
        if column.effect is not None:
            middle += f", mean {column.effect:+.2f} SD"
    return f"distribution moved by {how}{middle}"


def about(value: float) -> str:
    """Return a number to four digits: more are not known."""
    return number(float(f"{value:.4g}"))


def _strength(moved: float) -> str:
    return "slight" if moved < 0.05 else "small" if moved < 0.1 else "clear" if moved < 0.25 else "large"


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def _names(values: Sequence[str]) -> str:
    return ", ".join(cut(clean(value), 20) for value in values[:4]) + (
        f" and {len(values) - 4:,} more" if len(values) > 4 else ""
    )


# --- rows


def _of_rows(found: RowsDifference) -> list[str]:
    by = f"by {', '.join(map(clean, found.key))}" if found.key else "as whole rows, since no column is a key"
    parts = [f"{found.added:,} added", f"{found.removed:,} removed"]
    if found.changed is not None:
        parts.append(f"{found.changed:,} changed")
    shown = [f"rows: {', '.join(parts)}, {found.same:,} the same ({by})"]
    if found.changed_columns:
        most = ", ".join(f"{clean(name)} {many:,}" for name, many in found.changed_columns[:8])
        shown.append(f"cells changed: {most}" + (", …" if len(found.changed_columns) > 8 else ""))
    shown += [f"+ {_row(row)}" for row in found.added_rows]
    shown += [f"- {_row(row)}" for row in found.removed_rows]
    for change in found.changed_rows:
        key = ", ".join(f"{clean(name)} {any_value(value)}" for name, value in change.key.items())
        cells = ", ".join(
            f"{clean(name)}: {_cell(old)} → {_cell(new)}" for name, (old, new) in change.cells.items()
        )
        shown.append(f"~ {cut(key, 40)}  {cut(cells, 120)}")
    shown += [f"note: {clean(note)}" for note in found.notes]
    return shown


def _row(row: dict[str, object]) -> str:
    return cut(", ".join(f"{clean(name)} {_cell(value)}" for name, value in row.items()), 120)


def _cell(value: object) -> str:
    return cut(any_value(value), 30)
