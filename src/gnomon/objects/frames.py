"""The index of a pack of format 2: frames, and which bytes of which frame are which object.

A frame holds one object or chunk, several small ones one after the other, or the list of the chunks of one
large object. The index stays as it is on the disk, 72 bytes an object, and is searched there: a
replica of a million chunks is known by heart in 80 MB.

Always true: an index that is used names every byte of every frame exactly once, and no byte outside.
Format: docs/internals/record-format.md, "Objects".
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from math import isqrt
from struct import Struct
from typing import NamedTuple

from gnomon.ids import ObjectId

_COUNTS = Struct("<II")
_FRAME = Struct("<8sQQ")
_NAME = Struct("<32sIIQ")
_BEGINNING = Struct(">Q40x")
_CODEC = re.compile(rb"[a-z0-9]{1,8}\x00{0,7}")
_BIGGEST = 10**18

LIST = "chunks"  # the codec of a frame that holds a list of chunks: a digest, then a line for each
LIST_HEAD, LIST_LINE = 32, 36
_LIST = LIST.encode("ascii").ljust(8, b"\0")
# Frames with several objects are unpacked as a whole; a hostile one must not take our memory.
SHARED_LIMIT = 1 << 24


class Stored(NamedTuple):
    """Where and how one object stands in a pack: one line of the index."""

    codec: str  # "zstd" or "raw"; "chunks": a list of them
    object: ObjectId
    offset: int  # of its frame in the file
    size: int
    stored: int  # bytes of its frame in the file
    start: int = 0  # where it begins in the frame, unpacked
    frame: int = -1  # unpacked size of the frame; -1: all of it is this object

    @property
    def is_list(self) -> bool:
        """Whether its frame holds the list of its chunks. Format 1 has none, whatever it calls a codec."""
        return self.codec == LIST and self.frame >= 0

    @property
    def is_alone(self) -> bool:
        """Whether its frame holds this object, as it is, and no other."""
        return self.frame < 0 or (self.frame == self.size and self.codec != LIST)

    @property
    def frame_size(self) -> int:
        """The unpacked size of its frame."""
        return self.size if self.frame < 0 else self.frame


class FaultError(Exception):
    """What is wrong with an index, in words; whoever knows the file's name says so to a person."""


class FrameIndex(Mapping[str, Stored]):
    """The objects of a pack of format 2, by id, in order of their ids."""

    __slots__ = ("_bytes", "_count", "_frames_end", "_near", "_offsets", "lists")

    def __init__(self, data: bytes, first: int, index_at: int) -> None:
        """Check all of an index: its frames must fill the file from `first` to `index_at`. Raises FaultError."""
        frames, count = _COUNTS.unpack_from(data) if len(data) >= _COUNTS.size else (0, 0)
        self._frames_end = _COUNTS.size + frames * _FRAME.size
        if len(data) != self._frames_end + count * _NAME.size:
            raise FaultError("its index has another length than it states")
        self._bytes = data
        self._count: int = count
        self._near = 2 * isqrt(count) + 2
        self._offsets = array("Q", self._filled(first, index_at))
        self.lists: frozenset[str] = frozenset(self._check_names())

    def _filled(self, first: int, index_at: int) -> Iterator[int]:
        for codec, size, stored in _FRAME.iter_unpack(self._bytes[_COUNTS.size : self._frames_end]):
            if _CODEC.fullmatch(codec) is None or max(size, stored) >= _BIGGEST:
                raise FaultError("its index describes a frame wrongly")
            if codec in (b"raw\0\0\0\0\0", b"chunks\0\0") and size != stored:
                raise FaultError("its index describes a frame wrongly")
            yield first
            first += stored
        if first != index_at:
            raise FaultError("its index does not fit the stored bytes")

    def _check_names(self) -> list[str]:
        """Check what is named, and return the objects that are lists of chunks."""
        names = list(_NAME.iter_unpack(self._bytes[self._frames_end :]))
        if any(left[0] >= right[0] for left, right in zip(names, names[1:], strict=False)):
            raise FaultError("its index is not in order")
        places = sorted((frame, start, size, digest) for digest, frame, start, size in names)
        frames = list(_FRAME.iter_unpack(self._bytes[_COUNTS.size : self._frames_end]))
        seen, lists = 0, []
        for frame, held in groupby(places, key=_first):
            parts = list(held)
            if frame != seen or frame >= len(frames):
                break
            codec, unpacked, _ = frames[frame]
            seen += 1
            if codec == _LIST:
                bad_length = unpacked < LIST_HEAD or (unpacked - LIST_HEAD) % LIST_LINE
                if bad_length or len(parts) > 1 or parts[0][1] or parts[0][2] >= _BIGGEST:
                    raise FaultError("its index names a list of chunks wrongly")
                lists.append(parts[0][3].hex())
                continue
            filled = 0
            for _, start, size, _ in parts:
                if start != filled:
                    raise FaultError("its index names bytes of a frame twice, or not at all")
                filled += size
            if filled != unpacked or (len(parts) > 1 and unpacked > SHARED_LIMIT):
                raise FaultError("its index names bytes of a frame twice, or not at all")
        if seen != len(self._offsets):
            raise FaultError("its index names objects outside of its frames, or leaves a frame out")
        return lists

    def _frame(self, number: int) -> tuple[str, int, int]:
        codec, size, stored = _FRAME.unpack_from(self._bytes, _COUNTS.size + number * _FRAME.size)
        return codec.rstrip(b"\0").decode("ascii"), size, stored

    def _at(self, number: int) -> Stored:
        digest, frame, start, size = _NAME.unpack_from(self._bytes, self._frames_end + number * _NAME.size)
        codec, unpacked, stored = self._frame(frame)
        return Stored(codec, ObjectId(digest.hex()), self._offsets[frame], size, stored, start, unpacked)

    def _find(self, object_id: object) -> int:
        """Return the number of an object, -1 where it is not here."""
        try:
            wanted = bytes.fromhex(object_id)  # type: ignore[arg-type]
        except (ValueError, TypeError):
            return -1
        data, base, width = self._bytes, self._frames_end, _NAME.size
        # Digests lie evenly, so an object is near its share of the way, and one look there is cheaper than halving.
        near = int.from_bytes(wanted[:4], "big") * self._count >> 32
        at = data.find(
            wanted, max(base, base + (near - self._near) * width), base + (near + self._near) * width
        )
        if at >= 0 and (at - base) % width == 0 and len(wanted) == 32 and wanted.hex() == object_id:
            number: int = (at - base) // width
            return number
        low, high = 0, self._count
        while low < high:
            middle = (low + high) // 2
            at = base + middle * width
            if data[at : at + 32] < wanted:
                low = middle + 1
            else:
                high = middle
        at = base + low * width
        is_here = low < self._count and data[at : at + 32] == wanted and wanted.hex() == object_id
        return low if is_here else -1

    def __contains__(self, object_id: object) -> bool:
        return self._find(object_id) >= 0

    def __getitem__(self, object_id: str) -> Stored:
        number = self._find(object_id)
        if number < 0:
            raise KeyError(object_id)
        return self._at(number)

    def get(self, object_id: str, default: Stored | None = None) -> Stored | None:  # type: ignore[override]
        """Return what stands of an object, `default` where it is not here."""
        number = self._find(object_id)
        return self._at(number) if number >= 0 else default

    def __iter__(self) -> Iterator[str]:
        for at in range(self._frames_end, len(self._bytes), _NAME.size):
            yield self._bytes[at : at + 32].hex()

    def __len__(self) -> int:
        return self._count

    def all(self) -> list[Stored]:
        """Return what `values` would, without a search for each."""
        return [self._at(number) for number in range(self._count)]

    def beginnings(self) -> list[int]:
        """Return the first eight bytes of each id, as a number."""
        return [number for (number,) in _BEGINNING.iter_unpack(self._bytes[self._frames_end :])]

    def sizes(self) -> list[int]:
        """Return the sizes of all objects."""
        return [size for _, _, _, size in _NAME.iter_unpack(self._bytes[self._frames_end :])]


def _first(place: tuple[int, int, int, bytes]) -> int:
    return place[0]


def loose_names(data: bytes) -> list[str]:
    """Return the objects that an index names as far as it can still be told, whatever is wrong with it."""
    frames, count = _COUNTS.unpack_from(data) if len(data) >= _COUNTS.size else (0, 0)
    if len(data) == _COUNTS.size + frames * _FRAME.size + count * _NAME.size:
        first = len(data) - count * _NAME.size
        return [data[at : at + 32].hex() for at in range(first, len(data), _NAME.size)]
    names: list[str] = []
    # They stand at the end, in order: from there back, until the order breaks.
    for at in range(len(data) - _NAME.size, -1, -_NAME.size):
        name = data[at : at + 32].hex()
        if names and name >= names[-1]:
            break
        names.append(name)
    return names


def encode_frames(objects: Iterable[Stored]) -> bytes:
    """Return the bytes of an index of format 2."""
    numbers: dict[tuple[int, int], int] = {}
    frames, names = [], []
    for one in sorted(objects, key=_place):
        frame = (one.offset, one.stored)
        if frame not in numbers:
            numbers[frame] = len(numbers)
            size = one.stored if one.codec == LIST else one.frame_size
            frames.append(_FRAME.pack(one.codec.encode("ascii"), size, one.stored))
        names.append(_NAME.pack(bytes.fromhex(one.object), numbers[frame], one.start, one.size))
    return b"".join((_COUNTS.pack(len(frames), len(names)), *frames, *sorted(names)))


def _place(one: Stored) -> tuple[int, int, int, int]:
    return one.offset, one.stored, one.start, one.size
