"""Columns in little room: numbers side by side, and words that repeat once each with their numbers.

Always true: a packed column gives the cells that it was made of, each of its own type; what fits no form stays a list.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Mapping, Sequence
from itertools import compress
from typing import TYPE_CHECKING, TypeAlias, overload

from gnomon.record.index_query import as_numbers

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

MOST_WORDS = 256
_TEXTS = frozenset({str, bool, type(None)})
_WHOLE = frozenset({int, type(None)})
_ALL = bytes(range(MOST_WORDS))
_EVERY = 16  # a look at so few of the cells tells most columns in which hardly two are equal
# Of msgpack, in which the index keeps cells:
_MOST_TEXTS = 16  # to look for each takes as long as to make some tenth of the cells
_LOW = bytes(range(0x80))  # numbers from 0, and what ASCII texts are made of
_NONE, _FALSE, _TRUE, _NO_TEXT = 0xC0, 0xC2, 0xC3, 0xA0
_SMALL: Mapping[int, object] = {
    **{number: number for number in _LOW}, **{number: number - 256 for number in range(0xE0, 256)},
    _NONE: None, _FALSE: False, _TRUE: True, _NO_TEXT: "",
}  # fmt: skip
_TEXT_HEADS = bytes(range(0xA0, 0xC0))  # each says how long the text is that follows
_TEXT = re.compile(rb"[\xa0-\xbf][\0-\x7f]*")
_FREE = bytes(range(0x80, 0x81 + _MOST_TEXTS))  # heads of nothing that a cell may be
_OF_A_LIST = 80  # bytes of a cell: its place in the list, and a short text

Packed: TypeAlias = "Sequence[object]"
"""A column: an array, `Words`, or a list."""


class Words(Sequence[object]):
    """A column of few different cells, `words`; `numbers` holds for each row the place of its own among them."""

    __slots__ = ("numbers", "words")

    def __init__(self, words: Sequence[object], numbers: bytes) -> None:
        self.words, self.numbers = words, numbers

    def __len__(self) -> int:
        return len(self.numbers)

    def __iter__(self) -> Iterator[object]:
        return map(self.words.__getitem__, self.numbers)

    def __contains__(self, cell: object) -> bool:
        return cell in self.words

    @overload
    def __getitem__(self, row: int) -> object: ...
    @overload
    def __getitem__(self, row: slice) -> list[object]: ...
    def __getitem__(self, row: int | slice) -> object:
        if isinstance(row, slice):
            return [self.words[number] for number in self.numbers[row]]
        return self.words[self.numbers[row]]

    def rows_of(self, wanted: Collection[int], rows: Sequence[int]) -> list[int]:
        """Return those of `rows` (ascending) whose cell is one of the words at the places `wanted`."""
        if len(wanted) in (0, len(self.words)):
            return list(rows) if wanted else []
        is_wanted = self.numbers.translate(bytes(number in wanted for number in _ALL))
        if len(rows) == len(is_wanted):
            return list(compress(rows, is_wanted))
        return [row for row in rows if is_wanted[row]]


def packed(cells: list[object]) -> Packed:
    """Return a column in the form that takes the least room.

    >>> [type(packed(cells)).__name__ for cells in ([0.5, 2.0], [1, 2], ["a"] * 8, ["a", "b"], [1, 2.0])]
    ['array', 'array', 'Words', 'list', 'list']
    """
    kinds = {*map(type, cells)}
    if kinds == {float}:
        return packed_floats(array("d", cells))  # type: ignore[arg-type]  # they are floats
    is_exact = kinds <= _TEXTS or kinds <= _WHOLE  # of these no two are equal that are not the same
    if is_exact and len({*cells[::_EVERY]}) <= MOST_WORDS:
        words = list({*cells})
        if len(words) <= min(MOST_WORDS, len(cells) // 4):
            places = {word: place for place, word in enumerate(words)}
            return Words(words, bytes(map(places.__getitem__, cells)))
    if kinds == {int}:
        try:
            return array("q", cells)  # type: ignore[type-var]  # they are whole numbers
        except OverflowError:
            pass  # a whole number of more than 64 bits
    return cells


def cells_at(column: Packed, rows: Sequence[int]) -> list[object]:
    """Return the cells of some rows."""
    if isinstance(column, Words):
        words, numbers = column.words, column.numbers
        return [words[numbers[row]] for row in rows]
    return [column[row] for row in rows]


def packed_bytes(data: bytes, count: int) -> Packed | None:
    """Return a column by the msgpack of its cells, side by side, if these need not be made: floats, few small cells, few texts.

    The same cells as `packed` gives of them, in a form that takes as little room.
    """
    found = as_numbers(data, count)
    if found is not None:
        return packed_floats(found) if found.typecode == "d" else found  # type: ignore[arg-type]  # floats, so
    column = _small(data, count) or _texts(data, count)
    return column if column is not None and len(column.words) <= count // 4 else None


def _small(data: bytes, count: int) -> Words | None:
    """Return cells that take a byte each: numbers from -32 to 127, truths, what is missing."""
    if len(data) != count:
        return None
    kinds = sorted({*data})
    if any(kind not in _SMALL for kind in kinds):
        return None
    words = [_SMALL[kind] for kind in kinds]
    types = {*map(type, words)}
    if not types <= _TEXTS and not types <= _WHOLE:
        return None
    return Words(words, _numbered(data, kinds))


def _texts(data: bytes, count: int) -> Words | None:
    """Return cells that are few different short ASCII texts, or missing.

    Where the bytes above 127 are as many as the cells, and all of them heads of short texts or None, each cell begins with
    one: no other cell has one of these, and a text that is not ASCII has others besides. So a head, and as many characters
    as it says, never stand elsewhere than in a cell of their own, and one byte can take the place of each such text.
    """
    heads = data.translate(None, _LOW)
    if len(heads) != count or heads.translate(None, _TEXT_HEADS + bytes([_NONE])):
        return None
    missing = heads.count(_NONE)
    words: list[object] = [None] if missing else []
    kinds = [_NONE] if missing else []
    left, at, to_find = data, 0, count - missing
    for free in _FREE:
        if not to_find:
            return Words(words, _numbered(left.translate(None, _LOW), kinds))
        found = _TEXT.search(left, at)
        assert found is not None  # a head is left  # noqa: S101
        word, at = found[0], found.end()
        as_long = bytes([free]).ljust(len(word), b"\0")  # then a single pass is enough
        left = left.replace(word, as_long)
        to_find -= left.count(free)
        words.append(word[1:].decode("ascii"))
        kinds.append(free)
    return None


def _numbered(data: bytes, kinds: Sequence[int]) -> bytes:
    """Return for each byte its place among all that there are."""
    places = bytearray(MOST_WORDS)
    for place, kind in enumerate(kinds):
        places[kind] = place
    return data.translate(bytes(places))


def packed_floats(cells: array[float]) -> Packed:
    """Return floats as they are, as a list where one of them is NaN: so whoever meets an array may compare without a look."""
    total = sum(cells)
    return cells if total == total else list(cells)


def size_of(column: Packed) -> int:
    """Return about how many bytes a column takes."""
    if isinstance(column, Words):
        return len(column.numbers)
    return len(column) * (column.itemsize if isinstance(column, array) else _OF_A_LIST)
