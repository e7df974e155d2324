"""A profile as a page shows it: its columns in words and bars, pictures and texts in sentences.

Always true: nothing of the data comes from anywhere but the profile, which holds what `data.profile.privacy` lets through.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gnomon.data.pages.drawn import NUMBERS, Histogram, Share, histograms, top_values
from gnomon.data.profile.lines import about, distinct_words, ends, odd_words, of_images, of_texts, share_words
from gnomon.text import MISSING, count

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gnomon.data.profile.profile import Column, Profile, Table

MOST = 60
_QUANTILES = ((0.05, "5 %"), (0.25, "25 %"), (0.5, "50 %"), (0.75, "75 %"), (0.95, "95 %"))


class ColumnShown(NamedTuple):
    """A column: what a row of the table says, and what opens below it."""

    name: str
    type: str
    missing: float  # share of rows
    missing_words: str
    distinct: str
    low: str
    middle: str
    high: str
    histogram: Histogram | None
    large: Histogram | None
    values: list[Share]
    more_values: bool
    odd: list[str]
    withheld: str
    facts: Mapping[str, str]


class TableShown(NamedTuple):
    """A table of the profile. `fitting` of its `total` columns have the name that was asked for."""

    name: str
    rows: int
    format: str
    unread: int
    columns: list[ColumnShown]
    total: int
    fitting: int


def tables(profile: Profile, asked: str, limit: int) -> list[TableShown]:
    """Return the tables with the columns whose names hold `asked`, at most `limit` of each."""
    return [_table(one, asked.casefold(), limit) for one in profile.tables]


def sentences(profile: Profile) -> list[str]:
    """Return what the profile says of pictures and texts."""
    found = of_images(profile.images) if profile.images is not None else []
    return found + (of_texts(profile.texts) if profile.texts is not None else [])


def counts(profile: Profile) -> list[tuple[str, list[Share]]]:
    """Return what pictures and texts are counted by, with the share of each: formats, shapes, modes, encodings."""
    images, texts = profile.images, profile.texts
    found: list[tuple[str, Mapping[str, int], int]] = []
    if images is not None and images.count:
        held = (("Formats", images.formats), ("Colours", images.modes), ("Sizes", images.shapes))
        found += [(title, many, images.count) for title, many in held]
    if texts is not None and texts.files:
        found.append(("Encodings", texts.encodings, texts.files))
    return [
        (title, [Share(name, many / of, f"{many:,}") for name, many in list(by.items())[:8]])
        for title, by, of in found
        if by
    ]


def suffixes(profile: Profile) -> list[tuple[str, int, int]]:
    """Return (suffix, files, bytes), those with most files first."""
    held = [(name or "no suffix", one.files, one.bytes) for name, one in profile.suffixes.items()]
    return sorted(held, key=lambda one: (-one[1], one[0]))[:12]


def _table(table: Table, asked: str, limit: int) -> TableShown:
    fitting = [one for one in table.columns if asked in one.name.casefold()]
    dialect = "".join(f", {name} {value}" for name, value in table.dialect.items())
    return TableShown(
        table.name, table.rows, f"{table.format}{dialect}", table.unread_rows, [_column(one) for one in fitting[:limit]],
        len(table.columns) + table.more_columns, len(fitting) + (0 if asked else table.more_columns),
    )  # fmt: skip


def _column(column: Column) -> ColumnShown:
    middle = column.quantile(0.5) if column.type in NUMBERS else None
    low, high = ends(column)
    drawn = histograms(column)
    small, large = drawn or (None, None)
    return ColumnShown(
        column.name, column.type, column.missing / column.rows if column.rows else 0.0,
        share_words(column.missing, column.rows), distinct_words(column), low,
        about(middle) if middle is not None else MISSING, high, small, large,
        [] if drawn else top_values(column), len(column.top) > len(top_values(column)) or not column.top_is_complete,
        odd_words(column), column.withheld, _facts(column),
    )  # fmt: skip


def _facts(column: Column) -> dict[str, str]:
    """Return what is known beyond the row of the table."""
    found = {"stored as": column.stored, "values": f"{column.count:,}"}
    if column.missing:
        spelled = f", {column.missing_words:,} of them spelled as a word" if column.missing_words else ""
        found["missing"] = f"{count(column.missing, 'row')}{spelled}"
    if column.type in NUMBERS:
        found |= {
            word: about(value) for share, word in _QUANTILES if (value := column.quantile(share)) is not None
        }
        found |= {"mean": about(column.mean)} if column.mean is not None else {}
        found |= {"deviation": about(column.deviation)} if column.deviation is not None else {}
    return {name: words for name, words in found.items() if words}
