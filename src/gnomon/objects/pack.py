"""Packs: files that hold objects, written once and named by what is in them.

A pack is written from front to back in pieces of 1 MiB, so neither its size nor that of an object costs
memory. It appears under its name only when all of it is on the disk and was read again; until then it is a
temporary file, which every reader skips.

Always true: what `unpack` has yielded to its end is the object that was asked for. It never yields more
than the size that the index states, whatever the compressed bytes say.
Not promised: that a pack was written in full when the process died. Then nothing names it, and nothing is
lost that was acknowledged.
Format: docs/internals/record-format.md, "Objects".
"""

from __future__ import annotations

import contextlib
import re
import sys
from typing import TYPE_CHECKING, NamedTuple

from blake3 import blake3

from gnomon.errors import DamagedFileError, DamagedObjectError, UnknownFormatError
from gnomon.ids import ObjectId, is_hex
from gnomon.record.hashing import new_hasher

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType

    from gnomon.env import Env

MAGIC = b"GNMPCK1\n"
END = b"GNMPEND\n"
FOOTER_SIZE = 8 + 4 + len(END)
SUFFIX = ".pack"
PIECE = 1 << 20
LEVEL = 1
# A pack is closed at the first of these; a larger object gets a pack of its own size.
TARGET_SIZE = 1 << 30
TARGET_OBJECTS = 100_000
MAX_INDEX_SIZE = 1 << 26
# RFC 8878 asks every decoder for 8 MiB and no encoder for more; a hostile frame cannot make us allocate more.
WINDOW_LOG_MAX = 23

_NUMBER = rb"(0|[1-9][0-9]{0,17})"
ENTRY = re.compile(
    rb'\{"codec":"([a-z0-9]{1,16})","object":"([0-9a-f]{64})",'
    rb'"offset":%b,"size":%b,"stored":%b\}' % (_NUMBER, _NUMBER, _NUMBER)
)

GOOD_COPY = (
    "another replica may hold a good copy of this file, under the same name; `gnomon verify` lists all damage"
)


class Stored(NamedTuple):
    """Where and how one object stands in a pack: one line of the index."""

    codec: str  # "zstd" or "raw"
    object: ObjectId
    offset: int
    size: int
    stored: int


class Pack:
    """What the index of one pack says."""

    __slots__ = ("index_at", "name", "objects", "path")

    def __init__(self, path: str, name: str, objects: dict[str, Stored], index_at: int) -> None:
        self.path = path
        self.name = name
        self.objects = objects
        self.index_at = index_at

    def in_order(self) -> list[Stored]:
        """Return the objects in order of their place in the file."""
        return sorted(self.objects.values(), key=_place)


def _place(stored: Stored) -> tuple[int, int]:
    return stored.offset, stored.stored


# ---------------------------------------------------------------- writing


class PackWriter:
    """Write one pack; use it in a `with` block, which removes the temporary file unless `finish` was reached.

    `known` says whether the replica has an object already: such an object is named, not stored.
    """

    def __init__(self, env: Env, folder: str, known: Callable[[str], bool] | None = None) -> None:
        self.objects: dict[str, Stored] = {}
        self.end = 0
        self._env = env
        self._folder = folder
        self._known = known
        self._hasher = new_hasher("pack")
        self._temporary: str | None = f"{folder}/.{env.random_bytes(8).hex()}.tmp"
        self._fd = env.create(self._temporary)
        try:
            with contextlib.suppress(
                OSError
            ):  # a file system without locks: then nobody sweeps this file either
                env.try_lock(self._fd)
            self._put(MAGIC)
        except BaseException:
            self.abort()
            raise

    def __enter__(self) -> PackWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.abort()

    def has(self, object_id: str) -> bool:
        """Return whether this pack or the replica holds the object."""
        return object_id in self.objects or (self._known is not None and self._known(object_id))

    @property
    def is_full(self) -> bool:
        """Whether the next object should go to another pack."""
        return self.end >= TARGET_SIZE or len(self.objects) >= TARGET_OBJECTS

    def add(self, pieces: Iterable[bytes]) -> tuple[ObjectId, int]:
        """Store one object, given in pieces of 1 MiB (`in_pieces`, `file_pieces`); return its id and size."""
        rest = iter(pieces)
        first = next(rest, b"")
        second = next(rest, b"")
        return self._add_long(first, second, rest) if second else self._add_short(first)

    def add_stored(self, stored: Stored, pieces: Iterable[bytes]) -> None:
        """Store an object as another pack holds it; the bytes are checked on the way."""
        start, before = self.end, self._hasher.copy()
        try:
            for _ in unpack(stored, self._put_each(pieces), "pack"):
                pass
        except DamagedObjectError:
            self._back_to(start, before)
            raise
        self.objects[stored.object] = stored._replace(offset=start)

    def finish(self) -> str | None:
        """Bring the pack to the disk under its name; return the name, None where nothing was to be stored."""
        if not self.objects:
            self.abort()
            return None
        env, index_at = self._env, self.end
        index = encode_index(self.objects.values())
        self._put(index)
        self._put(index_at.to_bytes(8, "little") + len(index).to_bytes(4, "little") + END)
        env.sync_data(self._fd)
        name = self._hasher.digest(16)
        if _digest_of(env, self._fd) != name:
            raise DamagedFileError(
                f"the disk under `{self._folder}` gave back other bytes than were written to it",
                hint="nothing was lost: the pack was not used; check the disk before you write more",
            )
        temporary, fd = self._temporary, self._fd
        assert temporary is not None  # noqa: S101 - for the type checker
        env.replace(temporary, f"{self._folder}/{name.hex()}{SUFFIX}")
        self._temporary, self._fd = None, -1
        env.close(fd)
        env.sync_folder(self._folder)
        return name.hex()

    def abort(self) -> None:
        """Remove the temporary file; does nothing after `finish`."""
        temporary, fd = self._temporary, self._fd
        self._temporary, self._fd = None, -1
        if fd >= 0:
            with contextlib.suppress(OSError):  # the error that brought us here is the one to show
                self._env.close(fd)
        if temporary is not None:
            with contextlib.suppress(OSError):  # a leftover is skipped by readers and swept later
                self._env.unlink(temporary)

    def _add_short(self, data: bytes) -> tuple[ObjectId, int]:
        object_id = ObjectId(blake3(data).hexdigest())
        if not self.has(object_id):
            packed = zstd.compress(data, LEVEL) if data else data
            codec, kept = ("zstd", packed) if _is_worth(packed, data) else ("raw", data)
            self.objects[object_id] = Stored(codec, object_id, self.end, len(data), len(kept))
            self._put(kept)
        return object_id, len(data)

    def _add_long(self, first: bytes, second: bytes, rest: Iterator[bytes]) -> tuple[ObjectId, int]:
        """Store an object of more than one piece in one pass; the first piece decides how."""
        start, before = self.end, self._hasher.copy()
        hasher, size = blake3(), 0
        packer = zstd.ZstdCompressor(level=LEVEL)
        head = packer.compress(first, zstd.ZstdCompressor.FLUSH_BLOCK)
        is_packed = _is_worth(head, first)
        self._put(head if is_packed else first)
        for piece in _chain(first, second, rest):
            hasher.update(piece)
            if size:  # the first piece is written
                self._put(packer.compress(piece) if is_packed else piece)
            size += len(piece)
        if is_packed:
            self._put(packer.flush())
        object_id = ObjectId(hasher.hexdigest())
        if self.has(object_id):
            self._back_to(start, before)
        else:
            codec = "zstd" if is_packed else "raw"
            self.objects[object_id] = Stored(codec, object_id, start, size, self.end - start)
        return object_id, size

    def _put(self, data: bytes) -> None:
        if data:
            self._env.pwrite(self._fd, data, self.end)
            self._hasher.update(data)
            self.end += len(data)

    def _put_each(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self._put(piece)
            yield piece

    def _back_to(self, end: int, hasher: blake3) -> None:
        self._env.truncate(self._fd, end)
        self.end, self._hasher = end, hasher


def in_pieces(data: bytes) -> Iterator[bytes]:
    """Yield `data` in pieces that `PackWriter.add` takes."""
    if len(data) <= PIECE:
        yield data
    else:
        for start in range(0, len(data), PIECE):
            yield data[start : start + PIECE]


def file_pieces(env: Env, fd: int) -> Iterator[bytes]:
    """Yield the bytes of an open file, as they are when they are read."""
    offset = 0
    while piece := env.read(fd, PIECE, offset):
        yield piece
        offset += len(piece)
        if len(piece) < PIECE:
            return


def encode_index(objects: Iterable[Stored]) -> bytes:
    """Return the canonical bytes of an index."""
    entries = [
        f'{{"codec":"{codec}","object":"{object_id}","offset":{offset},"size":{size},"stored":{stored}}}'
        for codec, object_id, offset, size, stored in sorted(objects, key=lambda stored: stored.object)
    ]
    return f"[{','.join(entries)}]".encode("ascii")


def _is_worth(packed: bytes, data: bytes) -> bool:
    """Return whether packing saves enough (one part in 32) to pay for unpacking."""
    return len(packed) < len(data) - len(data) // 32


def _chain(first: bytes, second: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield second
    yield from rest


def _digest_of(env: Env, fd: int) -> bytes:
    hasher = new_hasher("pack")
    for piece in file_pieces(env, fd):
        hasher.update(piece)
    return hasher.digest(16)


# ---------------------------------------------------------------- reading


def is_pack_name(name: str) -> bool:
    """Return whether a file of this name is a finished pack."""
    return name.endswith(SUFFIX) and is_hex(name.removesuffix(SUFFIX), 32)


def read_pack(env: Env, path: str) -> Pack:
    """Return what the pack's index says; raises DamagedFileError unless it is sound and fits the file.

    The digest of the file is not checked here, nor need it be: each object's is when it is read.
    """
    fd = env.open_read(path)
    try:
        size = env.size(fd)
        head = env.read(fd, len(MAGIC), 0)
        if head != MAGIC:
            raise _refused(path, head)
        footer = env.read(fd, FOOTER_SIZE, max(0, size - FOOTER_SIZE))
        index_at = int.from_bytes(footer[:8], "little")
        index_size = int.from_bytes(footer[8:12], "little")
        if footer[12:] != END or index_at + index_size + FOOTER_SIZE != size or index_at < len(MAGIC):
            raise damaged_pack(path, "its footer is wrong or cut off")
        if index_size > MAX_INDEX_SIZE:
            raise damaged_pack(path, f"its index of {index_size} bytes is larger than {MAX_INDEX_SIZE}")
        index = env.read(fd, index_size, index_at)
    finally:
        env.close(fd)
    name = path.rpartition("/")[2].removesuffix(SUFFIX)
    return Pack(path, name, decode_index(index, index_at, path), index_at)


def decode_index(index: bytes, index_at: int, path: str) -> dict[str, Stored]:
    """Return the objects of an index; they must fill the file up to it, without gap or overlap.

    The canonical form is matched, entry by entry: no JSON that means less than it weighs can take our memory.
    """
    objects: dict[str, Stored] = {}
    place, end = 1, len(index) - 1
    while place < end and (match := ENTRY.match(index, place)):
        stored = entry_of(match)
        objects[stored.object] = stored
        place = match.end()
        if index[place : place + 1] == b"," and place + 1 < end:
            place += 1
        elif place != end:
            break
    if place != end or index[:1] != b"[" or index[end:] != b"]":
        raise damaged_pack(path, f"its index cannot be read from byte {place}")
    if list(objects) != sorted(objects) or index.count(b"{") != len(objects):
        raise damaged_pack(path, "its index is not in order")
    filled = len(MAGIC)
    for stored in sorted(objects.values(), key=_place):
        if stored.offset != filled or (stored.codec == "raw" and stored.size != stored.stored):
            raise damaged_pack(path, f"its index places object {stored.object[:12]} wrongly")
        filled += stored.stored
    if filled != index_at:
        raise damaged_pack(path, "its index does not fit the stored bytes")
    return objects


def entry_of(match: re.Match[bytes]) -> Stored:
    """Return the entry of an index that `ENTRY` matched."""
    codec, object_id, offset, size, stored = match.groups()
    return Stored(
        sys.intern(codec.decode("ascii")),
        ObjectId(object_id.decode("ascii")),
        int(offset),
        int(size),
        int(stored),
    )


def stored_pieces(env: Env, fd: int, stored: Stored) -> Iterator[bytes]:
    """Yield the bytes of an object as they stand in the file."""
    offset, left = stored.offset, stored.stored
    while left > 0 and (piece := env.read(fd, min(PIECE, left), offset)):
        yield piece
        offset += len(piece)
        left -= len(piece)


def unpack(stored: Stored, pieces: Iterable[bytes], path: str) -> Iterator[bytes]:
    """Yield an object from its stored bytes; they are certain only when the iterator ends by itself.

    Raises DamagedObjectError where the bytes are not those that the object's id names.
    """
    hasher, size = blake3(), 0
    for piece in pieces if stored.codec == "raw" else _inflate(stored, pieces, path):
        size += len(piece)
        if size > stored.size:
            raise damaged_object(
                stored, path, f"it holds more than the {stored.size} bytes that the index states"
            )
        hasher.update(piece)
        yield piece
    if size != stored.size:
        raise damaged_object(stored, path, f"{size} of its {stored.size} bytes are there")
    found = hasher.hexdigest()
    if found != stored.object:
        raise damaged_object(stored, path, f"its bytes have the BLAKE3 {found[:12]}")


def _inflate(stored: Stored, pieces: Iterable[bytes], path: str) -> Iterator[bytes]:
    if stored.codec != "zstd":
        raise UnknownFormatError(
            f"object {stored.object[:12]} in `{path}` is packed with `{stored.codec}`; "
            "this version knows `zstd` and `raw`",
            hint="a newer Gnomon wrote it: `pip install --upgrade gnomon`",
        )
    unpacker = zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: WINDOW_LOG_MAX})
    left, has_ended = stored.size, False
    try:
        for piece in pieces:
            if has_ended:
                raise damaged_object(stored, path, "bytes follow its compressed frame")
            data = piece
            while True:
                # One byte more than there should be, so that `unpack` sees an excess.
                out = unpacker.decompress(data, min(PIECE, left + 1))
                left -= len(out)
                if out:
                    yield out
                has_ended = unpacker.eof
                if has_ended or unpacker.needs_input or not (data or out):
                    break
                data = b""
            if has_ended and unpacker.unused_data:
                raise damaged_object(stored, path, "bytes follow its compressed frame")
    except zstd.ZstdError as error:
        raise damaged_object(stored, path, "its compressed bytes cannot be unpacked") from error
    if not has_ended:
        raise damaged_object(stored, path, "its compressed bytes end too early")


def damaged_object(stored: Stored, path: str, what: str) -> DamagedObjectError:
    """Return the error for an object whose bytes are not what its id names."""
    return DamagedObjectError(f"object {stored.object[:12]} in `{path}` is damaged: {what}", hint=GOOD_COPY)


def damaged_pack(path: str, what: str) -> DamagedFileError:
    """Return the error for a pack that cannot be used as a whole."""
    return DamagedFileError(f"pack `{path}` is damaged: {what}", hint=GOOD_COPY)


def _refused(path: str, head: bytes) -> DamagedFileError | UnknownFormatError:
    if head[:6] == MAGIC[:6] and head[6:7].isdigit() and head[7:] == b"\n":
        return UnknownFormatError(
            f"pack `{path}` has format {head[6:7].decode()}; this version reads format 1",
            hint="a newer Gnomon wrote it: `pip install --upgrade gnomon`",
        )
    return damaged_pack(path, "it does not begin as a pack does")
