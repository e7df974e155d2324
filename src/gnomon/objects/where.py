"""Where an object is: which packs hold it, out of many packs with many objects.

Eight bytes an object: the first five of its id and the number of its pack, sorted. The pack itself says
whether it really holds it, so ids that begin alike cost a look and nothing else.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gnomon.objects.pack import Pack

_DIGITS = 10
_PACK_BITS = 24
# Packs that were just written are asked one by one; a few more, and they are sorted in with the others.
_LOOSE = 8


class Where:
    """Finds the packs that hold an object, in the order in which the packs were given."""

    def __init__(self, packs: Iterable[Pack] = ()) -> None:
        self._packs: list[Pack] = []
        self._keys = array("Q")
        self._loose: list[Pack] = []
        self._in_loose: set[str] = set()  # what they hold
        self._sort_in(packs)

    def add(self, pack: Pack) -> None:
        """Take in one more pack."""
        self._loose.append(pack)
        self._in_loose.update(pack.objects)
        if len(self._loose) > _LOOSE:
            self._sort_in(self._loose)
            self._loose, self._in_loose = [], set()

    def holders(self, object_id: str) -> Iterator[Pack]:
        """Yield the packs that hold an object."""
        try:
            key = int(object_id[:_DIGITS], 16) << _PACK_BITS
        except (ValueError, TypeError):  # no id at all
            return
        keys, packs = self._keys, self._packs
        at = bisect_left(keys, key) if key >= 0 else len(keys)
        while at < len(keys) and keys[at] >> _PACK_BITS == key >> _PACK_BITS:
            pack = packs[keys[at] & ((1 << _PACK_BITS) - 1)]
            if object_id in pack.objects:
                yield pack
            at += 1
        if object_id in self._in_loose:
            yield from [pack for pack in self._loose if object_id in pack.objects]

    def first(self, object_id: str) -> Pack | None:
        """Return the first of `holders`, None where no pack holds the object."""
        return next(self.holders(object_id), None)

    def _sort_in(self, packs: Iterable[Pack]) -> None:
        keys = self._keys.tolist()
        for pack in packs:
            number = len(self._packs)
            self._packs.append(pack)
            keys.extend((int(one[:_DIGITS], 16) << _PACK_BITS) + number for one in pack.objects)
        keys.sort()
        self._keys = array("Q", keys)
