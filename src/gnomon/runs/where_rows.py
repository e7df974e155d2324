"""What a filter means: its parts, and which rows of some columns they choose; the order of rows.

A column is a list with one value for each row, or a packed one (`runs.packed`); None is a missing value. A part gets the
rows that are still in question and returns those that it chooses, in order, so `and` asks each part only about what the one
before has left. One list comprehension a comparison is what makes 100,000 rows a matter of milliseconds; of a column of few
different values only these are looked at.

How filters are written, and what they promise, is in `gnomon.runs.where`.
"""

from __future__ import annotations

import heapq
from array import array
from itertools import repeat
from operator import contains
from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.runs.packed import Words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    Rows = Sequence[int]
    Columns = Mapping[str, Sequence[object]]

NUMBERS = frozenset({int, float})
SORTED_FROM = 200
_EVERY = 16
_ALIKE = ({int}, {str})  # columns of one kind, in which nothing is missing
_FLOATS, _TEXTS = frozenset({float}), frozenset({str})
_SEVERAL = (list, tuple, set, frozenset)

# ---------------------------------------------------------------- the parts of a filter


class Compare(NamedTuple):
    """A column compared with a number, a text or a bool."""

    operator: str  # one of = != < <= > >=
    column: str
    value: int | float | str | bool


class CompareColumns(NamedTuple):
    """Two columns compared, row by row."""

    operator: str
    left: str
    right: str


class OneOf(NamedTuple):
    """A column that equals one of some values, or (`is_negated`) none of them."""

    column: str
    values: tuple[int | float | str | bool, ...]
    is_negated: bool


class Contains(NamedTuple):
    """A text that contains another, or several values of which this is one; or (`is_negated`) does not."""

    column: str
    value: int | float | str | bool
    is_negated: bool


class Matches(NamedTuple):
    """A text, or one of several, that fits a pattern; or (`is_negated`) does not.

    `pattern` holds the texts between the stars; in each, None stands for one character of any kind.
    """

    column: str
    pattern: tuple[tuple[str | None, ...], ...]
    is_negated: bool


class IsMissing(NamedTuple):
    """A column without a value, or with several of which there are none; or (`is_negated`) with one."""

    column: str
    is_negated: bool


class IsNan(NamedTuple):
    """A number that is NaN; or (`is_negated`) one that is not."""

    column: str
    is_negated: bool


class And(NamedTuple):
    """All of them."""

    parts: tuple[Part, ...]


class Or(NamedTuple):
    """At least one of them."""

    parts: tuple[Part, ...]


class Not(NamedTuple):
    """All rows but these."""

    part: Part


if TYPE_CHECKING:
    Part = Compare | CompareColumns | OneOf | Contains | Matches | IsMissing | IsNan | And | Or | Not


def columns_of(part: Part) -> frozenset[str]:
    """Return the names of all columns that a filter reads."""
    if isinstance(part, (And, Or)):
        return frozenset().union(*map(columns_of, part.parts))
    if isinstance(part, Not):
        return columns_of(part.part)
    if isinstance(part, CompareColumns):
        return frozenset((part.left, part.right))
    return frozenset((part.column,))


# ---------------------------------------------------------------- choosing rows


def choose(part: Part, columns: Columns, rows: Rows) -> list[int]:
    """Return which of `rows` (ascending) a filter chooses, ascending. A column that is not there is all missing."""
    if isinstance(part, And):
        for one in part.parts:
            rows = choose(one, columns, rows)
        return list(rows)
    if isinstance(part, Or):
        chosen: list[int] = []
        for one in part.parts:
            more = choose(one, columns, rows) if rows else []
            chosen += more
            rows = _without(rows, more)
        return sorted(chosen)
    if isinstance(part, Not):
        return _without(rows, choose(part.part, columns, rows))
    if isinstance(part, CompareColumns):
        return _compare_columns(part, columns, rows)
    column = columns.get(part.column)
    if column is None:
        return list(rows) if isinstance(part, IsMissing) and not part.is_negated else []
    if isinstance(column, Words):
        return column.rows_of(_CHOOSERS[type(part)](part, range(len(column.words)), column.words), rows)
    if isinstance(column, array) and isinstance(part, Compare) and type(part.value) in NUMBERS:
        return _OF_NUMBERS[part.operator](zip(rows, _values(column, rows), strict=False), part.value)
    return _CHOOSERS[type(part)](part, rows, _values(column, rows))


def _values(column: Sequence[object], rows: Rows) -> Iterable[object]:
    return column if len(rows) == len(column) else map(column.__getitem__, rows)


def _without(rows: Rows, chosen: list[int]) -> list[int]:
    if not chosen or len(chosen) == len(rows):
        return [] if chosen else list(rows)
    gone = set(chosen)
    return [row for row in rows if row not in gone]


# A value of another kind fails the test of its type; NaN fails every comparison but `!=`, which asks `v == v` first.


def _compare(part: Compare, rows: Rows, values: Iterable[object]) -> list[int]:
    x = part.value
    kinds = NUMBERS if type(x) in NUMBERS else frozenset({type(x)})
    return _COMPARISONS[part.operator](zip(rows, values, strict=False), kinds, x)


_COMPARISONS: dict[str, Callable[..., list[int]]] = {
    "=": lambda pairs, kinds, x: [row for row, v in pairs if v == x and type(v) in kinds],
    "!=": lambda pairs, kinds, x: [row for row, v in pairs if type(v) in kinds and v != x and v == v],
    "<": lambda pairs, kinds, x: [row for row, v in pairs if type(v) in kinds and v < x],
    "<=": lambda pairs, kinds, x: [row for row, v in pairs if type(v) in kinds and v <= x],
    ">": lambda pairs, kinds, x: [row for row, v in pairs if type(v) in kinds and v > x],
    ">=": lambda pairs, kinds, x: [row for row, v in pairs if type(v) in kinds and v >= x],
}


_OF_NUMBERS: dict[str, Callable[..., list[int]]] = {  # of a column with nothing else in it, and no NaN
    "=": lambda pairs, x: [row for row, v in pairs if v == x],
    "!=": lambda pairs, x: [row for row, v in pairs if v != x],
    "<": lambda pairs, x: [row for row, v in pairs if v < x],
    "<=": lambda pairs, x: [row for row, v in pairs if v <= x],
    ">": lambda pairs, x: [row for row, v in pairs if v > x],
    ">=": lambda pairs, x: [row for row, v in pairs if v >= x],
}


def _compare_columns(part: CompareColumns, columns: Columns, rows: Rows) -> list[int]:
    left, right = columns.get(part.left), columns.get(part.right)
    if left is None or right is None:
        return []
    compare = _COMPARISONS[part.operator]
    chosen = []
    for row, a, b in zip(rows, _values(left, rows), _values(right, rows), strict=False):
        kind = type(b)
        kinds = NUMBERS if kind in NUMBERS else (kind,) if kind is str or kind is bool else ()
        if b == b and compare(((row, a),), kinds, b):
            chosen.append(row)
    return chosen


def _one_of(part: OneOf, rows: Rows, values: Iterable[object]) -> list[int]:
    numbers = frozenset(value for value in part.values if type(value) in NUMBERS)
    texts = frozenset(value for value in part.values if type(value) is str)
    bools = frozenset(value for value in part.values if type(value) is bool)
    by_kind = {int: numbers, float: numbers, str: texts, bool: bools}
    by_kind = {kind: known for kind, known in by_kind.items() if known}
    nothing: frozenset[object] = frozenset()
    pairs = zip(rows, values, strict=False)
    if part.is_negated:
        return [row for row, v in pairs if type(v) in by_kind and v not in by_kind[type(v)] and v == v]
    return [row for row, v in pairs if type(v) in by_kind and v in by_kind.get(type(v), nothing)]


def _contains(part: Contains, rows: Rows, values: Iterable[object]) -> list[int]:
    x, wanted = part.value, not part.is_negated
    is_text, kinds = type(x) is str, NUMBERS if type(x) in NUMBERS else frozenset({type(x)})
    chosen = []
    for row, v in zip(rows, values, strict=False):
        if isinstance(v, _SEVERAL):
            has = x in v if is_text else any(one == x and type(one) in kinds for one in v)
        elif type(v) is str and type(x) is str:
            has = x in v
        else:
            continue
        if has is wanted:
            chosen.append(row)
    return chosen


def _matches(part: Matches, rows: Rows, values: Iterable[object]) -> list[int]:
    fits, wanted = test_of(part.pattern), not part.is_negated
    values = list(values)
    if {*map(type, values)} == _TEXTS:
        return [row for row, has in zip(rows, _fitting(part.pattern, values), strict=False) if has is wanted]
    chosen = []
    for row, v in zip(rows, values, strict=False):
        if type(v) is str:
            has = fits(v)
        elif isinstance(v, _SEVERAL):
            has = any(type(one) is str and fits(one) for one in v)
        else:
            continue
        if has is wanted:
            chosen.append(row)
    return chosen


def _fitting(pattern: tuple[tuple[str | None, ...], ...], texts: Iterable[Any]) -> Iterable[bool]:
    """Return for each text whether it fits; a part of a name, which people look for most, without a call for each."""
    if len(pattern) == 3 and not pattern[0] and not pattern[2] and None not in pattern[1]:
        return map(contains, texts, repeat("".join(filter(None, pattern[1]))))
    return map(test_of(pattern), texts)


def _is_missing(part: IsMissing, rows: Rows, values: Iterable[object]) -> list[int]:
    pairs = zip(rows, values, strict=False)
    if part.is_negated:
        return [row for row, v in pairs if v is not None and (v or not isinstance(v, _SEVERAL))]
    return [row for row, v in pairs if v is None or (not v and isinstance(v, _SEVERAL))]


def _is_nan(part: IsNan, rows: Rows, values: Iterable[object]) -> list[int]:
    pairs = zip(rows, values, strict=False)
    if part.is_negated:
        return [row for row, v in pairs if type(v) in NUMBERS and v == v]
    return [row for row, v in pairs if v != v and type(v) is float]


_CHOOSERS: dict[type, Callable[..., list[int]]] = {
    Compare: _compare,
    OneOf: _one_of,
    Contains: _contains,
    Matches: _matches,
    IsMissing: _is_missing,
    IsNan: _is_nan,
}

# ---------------------------------------------------------------- patterns


def pattern_of(text: str, many: str, one: str) -> tuple[tuple[str | None, ...], ...]:
    """Return a pattern for `Matches` from a text in which `many` and `one` are the wild characters."""
    return tuple(
        tuple(None if character == one else character for character in piece) for piece in text.split(many)
    )


def test_of(pattern: tuple[tuple[str | None, ...], ...]) -> Callable[[str], bool]:
    """Return the test whether all of a text fits; it takes at most the text's length times the pattern's."""
    if any(None in piece for piece in pattern):
        return lambda text: _fits(text, pattern)
    first, *rest = ["".join(filter(None, piece)) for piece in pattern]
    if not rest:
        return lambda text: text == first
    *middle, last = rest
    least = len(first) + len(last)
    if not any(middle):
        return lambda text: len(text) >= least and text.startswith(first) and text.endswith(last)
    if len(middle) == 1 and not least:  # the one that people write most: a part of a name
        part = middle[0]
        return lambda text: part in text
    return lambda text: _fits_in_order(text, first, middle, last)


def _fits_in_order(text: str, first: str, middle: Sequence[str], last: str) -> bool:
    if not text.startswith(first):
        return False
    place = len(first)
    for piece in middle:
        place = text.find(piece, place)
        if place < 0:
            return False
        place += len(piece)
    return len(text) - len(last) >= place and text.endswith(last)


def _fits(text: str, pattern: tuple[tuple[str | None, ...], ...]) -> bool:
    first, *rest = pattern
    if not rest:
        return len(text) == len(first) and _stands_at(text, first, 0)
    if not _stands_at(text, first, 0):
        return False
    place = len(first)
    *middle, last = rest
    for piece in middle:
        place = _find(text, piece, place)
        if place < 0:
            return False
        place += len(piece)
    end = len(text) - len(last)
    return end >= place and _stands_at(text, last, end)


def _stands_at(text: str, piece: tuple[str | None, ...], place: int) -> bool:
    if place + len(piece) > len(text):
        return False
    return all(wanted is None or text[place + i] == wanted for i, wanted in enumerate(piece))


def _find(text: str, piece: tuple[str | None, ...], start: int) -> int:
    if None not in piece:
        return text.find("".join(filter(None, piece)), start)
    for place in range(start, len(text) - len(piece) + 1):
        if _stands_at(text, piece, place):
            return place
    return -1


# ---------------------------------------------------------------- order


def in_order(
    columns: Columns, keys: Sequence[tuple[str, bool]], rows: Iterable[int], limit: int | None
) -> list[int]:
    """Return rows in order of some columns, each (name, whether descending); the first `limit` of them.

    Numbers stand before texts, then bools, then anything else; descending turns that round. What is missing or NaN
    stands last either way. Rows that are equal in all columns keep their order.
    """
    if limit == 0:
        return []
    ordered = list(rows)
    columns = {
        name: list(column) if isinstance(column, Words) else column
        for name, _ in keys
        if (column := columns.get(name)) is not None
    }
    if limit is not None and keys and 0 <= limit < len(ordered) // 4:
        ordered = _that_may_lead(columns, keys[0], ordered, limit)
    for name, is_descending in reversed(keys):
        column = columns.get(name)
        if column is not None:
            ordered = [
                row
                for group in _groups(column, is_descending, ordered)
                for row in _sorted(column, is_descending, group)
            ]
    return ordered if limit is None else ordered[: max(limit, 0)]


def _groups(column: Sequence[object], is_descending: bool, rows: list[int]) -> list[list[int]]:
    """Return rows by the kind of their value, kinds in order."""
    if isinstance(column, array):
        return [rows]
    values = [column[row] for row in rows]
    kinds_here = {*map(type, values)}
    if kinds_here in _ALIKE:
        return [rows]
    if kinds_here == _FLOATS and (total := sum(values)) == total:  # type: ignore[arg-type]
        return [rows]  # most often: floats, none of them NaN (infinities of both signs go the long way, too)
    numbers: list[int] = []
    texts: list[int] = []
    bools: list[int] = []
    others: list[int] = []
    nans: list[int] = []
    missing: list[int] = []
    for row, v in zip(rows, values, strict=False):
        kind = type(v)
        if kind is float or kind is int:
            (numbers if v == v else nans).append(row)
        elif kind is str:
            texts.append(row)
        elif v is None:
            missing.append(row)
        else:
            (bools if kind is bool else others).append(row)
    kinds = [numbers, texts, bools, others]
    return [*(reversed(kinds) if is_descending else kinds), nans, missing]


def _sorted(column: Sequence[object], is_descending: bool, group: list[int]) -> list[int]:
    if not group or type(column[group[0]]) not in (int, float, str, bool):
        return group
    first = column[group[0]]
    if first != first:  # the group of NaN
        return group
    return sorted(group, key=column.__getitem__, reverse=is_descending)  # type: ignore[arg-type]


def _bounds(values: list[Any], wanted: int, *, is_descending: bool) -> Iterator[Any]:
    """Yield values that `wanted` of them may reach, the last one surely.

    Of many, the first is told by every so many of them: it is nearly always enough, and sorting all takes several times as long.
    """
    if wanted <= SORTED_FROM:
        pick = heapq.nlargest if is_descending else heapq.nsmallest
        yield pick(wanted, values)[-1]
        return
    some = sorted(values[::_EVERY], reverse=is_descending)
    yield some[min(len(some) - 1, 2 * wanted // _EVERY)]
    yield sorted(values, reverse=is_descending)[wanted - 1]


def _that_may_lead(columns: Columns, key: tuple[str, bool], rows: list[int], limit: int) -> list[int]:
    """Return, in the order given, at least all rows that can be among the first `limit`."""
    name, is_descending = key
    column = columns.get(name)
    if column is None:
        return rows
    leading: list[list[int]] = []
    wanted = limit
    for group in filter(None, _groups(column, is_descending, rows)):
        if wanted <= 0:
            break
        leading.append(_first_of(column, group, wanted, is_descending=is_descending))
        wanted -= len(leading[-1])
    if len(leading) == 1:
        return leading[0]  # a group is in the order given
    known = {row for group in leading for row in group}
    return [row for row in rows if row in known]


def _first_of(column: Sequence[Any], group: list[int], wanted: int, *, is_descending: bool) -> list[int]:
    """Return, in order, the rows of a group that can be among its first so many."""
    one = column[group[0]]
    if len(group) <= wanted or type(one) not in (int, float, str) or one != one:
        return group
    values = [column[row] for row in group]
    found: list[int] = []
    for bound in _bounds(values, wanted, is_descending=is_descending):
        pairs = zip(group, values, strict=True)
        found = [row for row, v in pairs if (v >= bound if is_descending else v <= bound)]
        if len(found) >= wanted:
            break
    return found
