"""Columns in little room: numbers side by side, and words that repeat once each with their numbers.

Always true: a packed column gives the cells that it was made of, each of its own type; what fits no form stays a list.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from itertools import compress
from typing import TYPE_CHECKING, TypeAlias, overload

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

MOST_WORDS = 256
_TEXTS = frozenset({str, bool, type(None)})
_WHOLE = frozenset({int, type(None)})
_ALL = bytes(range(MOST_WORDS))
_EVERY = 16  # a look at so few of the cells tells most columns in which hardly two are equal
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


def packed_floats(cells: array[float]) -> Packed:
    """Return floats as they are, as a list where one of them is NaN: so whoever meets an array may compare without a look."""
    total = sum(cells)
    return cells if total == total else list(cells)


def size_of(column: Packed) -> int:
    """Return about how many bytes a column takes."""
    if isinstance(column, Words):
        return len(column.numbers)
    return len(column) * (column.itemsize if isinstance(column, array) else _OF_A_LIST)
