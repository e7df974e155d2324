"""Where an object is: which packs hold it, out of many packs with many objects.

Eight bytes an object: the first five of its id and the number of its pack, sorted. The pack itself says
whether it really holds it, so ids that begin alike cost a look and nothing else.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from typing import TYPE_CHECKING

from gnomon.objects.frames import FrameIndex

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gnomon.objects.frames import Stored
    from gnomon.objects.pack import Pack

_DIGITS = 10
_PACK_BITS = 24
_ID_BITS = (1 << 64) - (1 << _PACK_BITS)
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
        return (pack for pack in self.likely(object_id) if object_id in pack.objects)

    def found(self, object_id: str) -> Iterator[tuple[Pack, Stored]]:
        """Yield the packs that hold an object, each with what it says of it."""
        for pack in self.likely(object_id):
            stored = pack.objects.get(object_id)
            if stored is not None:
                yield pack, stored

    def likely(self, object_id: str) -> list[Pack]:
        """Return the packs of which one or another may hold an object."""
        try:
            key = int(object_id[:_DIGITS], 16) << _PACK_BITS
        except (ValueError, TypeError):  # no id at all
            return []
        keys, packs = self._keys, self._packs
        at = bisect_left(keys, key) if key >= 0 else len(keys)
        likely = []
        while at < len(keys) and keys[at] >> _PACK_BITS == key >> _PACK_BITS:
            likely.append(packs[keys[at] & ((1 << _PACK_BITS) - 1)])
            at += 1
        return likely + self._loose if object_id in self._in_loose else likely

    def first(self, object_id: str) -> Pack | None:
        """Return the first of `holders`, None where no pack holds the object."""
        return next(self.holders(object_id), None)

    def _sort_in(self, packs: Iterable[Pack]) -> None:
        keys = self._keys.tolist()
        for pack in packs:
            number = len(self._packs)
            self._packs.append(pack)
            keys += [(one & _ID_BITS) + number for one in _beginnings(pack)]
        keys.sort()
        self._keys = array("Q", keys)


def _beginnings(pack: Pack) -> list[int]:
    """Return the first eight bytes of the id of each object, as a number."""
    objects = pack.objects
    if isinstance(objects, FrameIndex):
        return objects.beginnings()
    return [int(one[:16], 16) for one in objects]
