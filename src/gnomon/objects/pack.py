"""Packs: files that hold objects, written once and named by what is in them.

Format 1 holds whole objects, each by itself, and an index that anyone can read. Format 2 is for many: chunks
of large files, and small files that share a frame (`gnomon.objects.frames`). Both are read, merged and
verified alike.

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
from itertools import groupby
from struct import Struct
from typing import TYPE_CHECKING

from blake3 import blake3

from gnomon.errors import DamagedFileError, DamagedObjectError, UnknownFormatError
from gnomon.ids import ObjectId, is_hex
from gnomon.objects.frames import LIST, LIST_HEAD, FaultError, FrameIndex, Stored, encode_frames
from gnomon.record.hashing import derive, new_hasher

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from types import TracebackType

    from gnomon.env import Env

Packer = zstd.ZstdCompressor

MAGIC = b"GNMPCK1\n"
MAGICS = {1: MAGIC, 2: b"GNMPCK2\n"}
END = b"GNMPEND\n"
FOOTER_SIZE = 8 + 4 + len(END)
SUFFIX = ".pack"
PIECE = 1 << 20
LEVEL = 1
# A pack is closed at the first of these; a larger object gets a pack of its own size. Of a pack that was not
# closed nothing is left after a crash: in format 2, where much is added at once, that is a second's work.
TARGET_SIZE = {1: 1 << 30, 2: 1 << 25}
TARGET_OBJECTS = 100_000
MAX_INDEX_SIZE = 1 << 26
# RFC 8878 asks every decoder for 8 MiB and no encoder for more; a hostile frame cannot make us allocate more.
WINDOW_LOG_MAX = 23
_ZSTD_FRAME = b"\x28\xb5\x2f\xfd"  # how one begins; a skippable frame begins otherwise, and holds nothing
_UNPACKING: dict[int, int] = {zstd.DecompressionParameter.window_log_max: WINDOW_LOG_MAX}

# Skipping alone would make zstd leave letters and digits as they are; 1002 is its ZSTD_c_literalCompressionMode, 1 packs them.
_QUICK = {
    zstd.CompressionParameter.compression_level: LEVEL,
    zstd.CompressionParameter.target_length: 8,
    1002: 1,
}

LINE = Struct("<32sI")  # of a list of chunks: its BLAKE3, its size

_NUMBER = rb"(0|[1-9][0-9]{0,17})"
ENTRY = re.compile(
    rb'\{"codec":"([a-z0-9]{1,16})","object":"([0-9a-f]{64})",'
    rb'"offset":%b,"size":%b,"stored":%b\}' % (_NUMBER, _NUMBER, _NUMBER)
)

GOOD_COPY = (
    "another replica may hold a good copy of this file, under the same name; `gnomon verify` lists all damage"
)


class Pack:
    """What the index of one pack says."""

    __slots__ = ("index_at", "name", "objects", "path")

    def __init__(self, path: str, name: str, objects: Mapping[str, Stored], index_at: int) -> None:
        self.path = path
        self.name = name
        self.objects = objects
        self.index_at = index_at

    @property
    def form(self) -> int:
        """The format of the pack."""
        return 2 if isinstance(self.objects, FrameIndex) else 1

    def in_order(self) -> list[Stored]:
        """Return the objects in order of their place in the file."""
        objects = self.objects
        return sorted(objects.all() if isinstance(objects, FrameIndex) else objects.values(), key=_place)

    @property
    def lists(self) -> frozenset[str]:
        """The objects that are stored as chunks."""
        return self.objects.lists if isinstance(self.objects, FrameIndex) else frozenset()

    def sizes(self) -> list[int]:
        """Return the sizes of all objects."""
        objects = self.objects
        if isinstance(objects, FrameIndex):
            return objects.sizes()
        return [stored.size for stored in objects.values()]

    def frames(self) -> Iterator[list[Stored]]:
        """Yield, in order of the file, the objects of each frame: one, or several that share it."""
        for _, held in groupby(self.in_order(), key=_frame):
            yield list(held)


def _frame(stored: Stored) -> tuple[int, int]:
    return stored.offset, stored.stored


def _place(stored: Stored) -> tuple[int, int, int, int]:
    return stored.offset, stored.stored, stored.start, stored.size


# ---------------------------------------------------------------- writing


class PackWriter:
    """Write one pack; use it in a `with` block, which removes the temporary file unless `finish` was reached.

    `known` says whether the replica has an object already: such an object is named, not stored. `form` is the
    format; lists of chunks and frames that are shared need 2. `going` are names of packs that are about to be deleted: this
    one gets another name, by 16 random bytes more, since the same objects would give it the same.
    """

    def __init__(
        self,
        env: Env,
        folder: str,
        known: Callable[[str], bool] | None = None,
        *,
        form: int = 1,
        going: frozenset[str] = frozenset(),
    ) -> None:
        self.objects: dict[str, Stored] = {}
        self.end = self.index_at = 0
        self.form = form
        self._waiting = bytearray()  # the last bytes before `end`, not yet given to the disk
        self._env = env
        self._folder = folder
        self._known = known
        self._going = going
        self._hasher = new_hasher("pack")
        self._temporary: str | None = f"{folder}/.{env.random_bytes(8).hex()}.tmp"
        self._fd = env.create(self._temporary)
        try:
            with contextlib.suppress(
                OSError
            ):  # a file system without locks: then nobody sweeps this file either
                env.try_lock(self._fd)
            self._put(MAGICS[form])
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
        return self.end >= TARGET_SIZE[self.form] or len(self.objects) >= TARGET_OBJECTS

    def add(self, pieces: Iterable[bytes]) -> tuple[ObjectId, int]:
        """Store one object, given in pieces of 1 MiB (`in_pieces`, `file_pieces`); return its id and size."""
        rest = iter(pieces)
        first = next(rest, b"")
        second = next(rest, b"")
        return self._add_long(first, second, rest) if second else self._add_short(first)

    def add_frame(self, codec: str, kept: bytes, held: Iterable[tuple[ObjectId, int]]) -> None:
        """Store a frame as it is; `held` names the objects in it and their sizes, in order. Only in format 2 several."""
        parts, size = list(held), 0
        whole = sum(length for _, length in parts)
        for object_id, length in parts:
            self.objects[object_id] = Stored(codec, object_id, self.end, length, len(kept), size, whole)
            size += length
        self._put(kept)

    def add_list(self, object_id: ObjectId, size: int, listing: bytes) -> None:
        """Store the list of the chunks of an object of `size` bytes; format 2."""
        self.objects[object_id] = Stored(LIST, object_id, self.end, size, len(listing), 0, len(listing))
        self._put(listing)

    def mark(self) -> tuple[int, int, blake3]:
        """Return what `back_to` needs to forget all that is added from now on."""
        return len(self.objects), self.end, self._hasher.copy()

    def back_to(self, mark: tuple[int, int, blake3]) -> None:
        """Forget what was added since."""
        while len(self.objects) > mark[0]:
            self.objects.popitem()
        self._back_to(mark[1], mark[2])

    def add_stored(self, stored: Stored, pieces: Iterable[bytes]) -> None:
        """Store an object as another pack holds it; the bytes are checked on the way. A list needs format 2."""
        if stored.is_list:
            listing = b"".join(pieces)
            check_list(stored, listing, "pack")
            self.add_list(stored.object, stored.size, listing)
            return
        if not stored.is_alone:
            data = b"".join(unpack(stored, pieces, "pack"))
            codec, kept = packed(data)
            self.add_frame(codec, kept, [(stored.object, stored.size)])
            return
        start, before = self.end, self._hasher.copy()
        try:
            for _ in unpack(stored, self._put_each(pieces), "pack"):
                pass
        except DamagedObjectError:
            self._back_to(start, before)
            raise
        self.objects[stored.object] = stored._replace(offset=start)

    def finish(self) -> str | None:
        """Bring the pack to the disk under its name; return the name, None where nothing was to be stored.

        `pack` gives then what a reader would find.
        """
        if not self.objects:
            self.abort()
            return None
        if self._going:
            salt = self._env.random_bytes(16)
            self.add_frame("raw", salt, [(ObjectId(blake3(salt).hexdigest()), len(salt))])
        env, self.index_at = self._env, self.end
        index = (encode_index if self.form == 1 else encode_frames)(self.objects.values())
        self._put(index)
        self._put(self.index_at.to_bytes(8, "little") + len(index).to_bytes(4, "little") + END)
        self._write_out()
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

    def pack(self, name: str) -> Pack:
        """Return the finished pack, which need not be read for it."""
        objects: Mapping[str, Stored] = self.objects
        if self.form == 2:
            objects = FrameIndex(encode_frames(self.objects.values()), len(MAGIC), self.index_at)
        return Pack(f"{self._folder}/{name}{SUFFIX}", name, objects, self.index_at)

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
            codec, kept = packed(data)
            self.add_frame(codec, kept, [(object_id, len(data))])
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
        self._hasher.update(data)
        self.end += len(data)
        self._waiting += data
        if len(self._waiting) >= PIECE:
            self._write_out()

    def _write_out(self) -> None:
        if self._waiting:
            waiting, self._waiting = bytes(self._waiting), bytearray()
            self._env.pwrite(self._fd, waiting, self.end - len(waiting))

    def _put_each(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self._put(piece)
            yield piece

    def _back_to(self, end: int, hasher: blake3) -> None:
        self._write_out()
        self._env.truncate(self._fd, end)
        self.end, self._hasher = end, hasher


def in_pieces(data: bytes) -> Iterator[bytes]:
    """Yield `data` in pieces that `PackWriter.add` takes."""
    if len(data) <= PIECE:
        yield data
    else:
        for start in range(0, len(data), PIECE):
            yield data[start : start + PIECE]


def file_pieces(env: Env, fd: int, most: int | None = None) -> Iterator[bytes]:
    """Yield the bytes of an open file, as they are when they are read; at most so many, where it goes on growing."""
    offset = 0
    while piece := env.read(fd, PIECE if most is None else min(PIECE, most - offset), offset):
        yield piece
        offset += len(piece)
        if len(piece) < PIECE:
            return


def encode_index(objects: Iterable[Stored]) -> bytes:
    """Return the canonical bytes of an index."""
    entries = [
        f'{{"codec":"{codec}","object":"{object_id}","offset":{offset},"size":{size},"stored":{stored}}}'
        for codec, object_id, offset, size, stored, *_ in sorted(objects, key=lambda stored: stored.object)
    ]
    return f"[{','.join(entries)}]".encode("ascii")


def packed(data: bytes | memoryview, packer: Packer | None = None) -> tuple[str, bytes]:
    """Return the codec and the bytes to store; a `packer` that is used again and again saves its making."""
    if not data:
        return "raw", b""
    if packer is None:
        kept = zstd.compress(data, LEVEL)
    else:
        kept = packer.compress(data, zstd.ZstdCompressor.FLUSH_FRAME)
    return ("zstd", kept) if _is_worth(kept, data) else ("raw", bytes(data))


def new_packer(*, is_quick: bool = False) -> Packer:
    """Return what `packed` may use again and again, from one thread.

    A quick one looks for repetitions at every eighth byte only. It takes little more than half the time, and how many more
    bytes depends on the data: see `gnomon.objects.pace`.
    """
    if is_quick:
        with contextlib.suppress(zstd.ZstdError, ValueError):  # a zstd without the setting packs as usual
            return zstd.ZstdCompressor(options=_QUICK)
    return zstd.ZstdCompressor(level=LEVEL)


def _is_worth(kept: bytes, data: bytes | memoryview) -> bool:
    """Return whether packing saves enough (one part in 32) to pay for unpacking."""
    return len(kept) < len(data) - len(data) // 32


def _chain(first: bytes, second: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield second
    yield from rest


def gives_name(env: Env, pack: Pack) -> bool:
    """Return whether the bytes of a pack are those that it was named by."""
    fd = env.open_read(pack.path)
    try:
        return _digest_of(env, fd).hex() == pack.name
    finally:
        env.close(fd)


def _digest_of(env: Env, fd: int) -> bytes:
    hasher = new_hasher("pack")
    for piece in file_pieces(env, fd):
        hasher.update(piece)
    return hasher.digest(16)


# ---------------------------------------------------------------- lists of chunks


def encode_list(lines: bytes) -> bytes:
    """Return the stored bytes of a list of chunks: `LINE`s, after a digest that vouches for them."""
    return derive("chunks", lines) + lines


def check_list(stored: Stored, listing: bytes, path: str) -> None:
    """Raise DamagedObjectError unless a list of chunks is as it was written and covers its object."""
    lines = listing[LIST_HEAD:]
    if derive("chunks", lines) != listing[:LIST_HEAD]:
        raise damaged_object(stored, path, "the list of its chunks is not as it was written")
    total = sum(size for _, size in LINE.iter_unpack(lines))
    if total != stored.size:
        raise damaged_object(stored, path, f"its chunks have {total} bytes, not {stored.size}")


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
        if head not in MAGICS.values():
            raise _refused(path, head)
        footer = env.read(fd, FOOTER_SIZE, max(0, size - FOOTER_SIZE))
        index_at, index_size = _place_of_index(footer, size, path)
        index = env.read(fd, index_size, index_at)
    finally:
        env.close(fd)
    return _pack(path, head, index, index_at)


def pack_from_end(head: bytes, end: bytes, size: int, path: str) -> Pack:
    """Return what a pack of `size` bytes says, of which only the first bytes and the end are here. Raises DamagedFileError."""
    if head not in MAGICS.values():
        raise _refused(path, head)
    index_at, index_size = _place_of_index(end[-FOOTER_SIZE:], size, path)
    if len(end) < index_size + FOOTER_SIZE:
        raise damaged_pack(path, "its index is cut off")
    return _pack(path, head, end[-FOOTER_SIZE - index_size : -FOOTER_SIZE], index_at)


def _place_of_index(footer: bytes, size: int, path: str) -> tuple[int, int]:
    index_at = int.from_bytes(footer[:8], "little")
    index_size = int.from_bytes(footer[8:12], "little")
    if footer[12:] != END or index_at + index_size + FOOTER_SIZE != size or index_at < len(MAGIC):
        raise damaged_pack(path, "its footer is wrong or cut off")
    if index_size > MAX_INDEX_SIZE:
        raise damaged_pack(path, f"its index of {index_size} bytes is larger than {MAX_INDEX_SIZE}")
    return index_at, index_size


def _pack(path: str, head: bytes, index: bytes, index_at: int) -> Pack:
    name = path.rpartition("/")[2].removesuffix(SUFFIX)
    if head == MAGIC:
        return Pack(path, name, decode_index(index, index_at, path), index_at)
    try:
        return Pack(path, name, FrameIndex(index, len(MAGIC), index_at), index_at)
    except FaultError as fault:
        raise damaged_pack(path, str(fault)) from None


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
    if not stored.is_alone:
        yield part_of(stored, unpack_frame(stored, pieces, path), path)
        return
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


def unpack_at_once(stored: Stored, kept: bytes, path: str) -> bytes:
    """Return an object that has a frame of its own, out of all of its stored bytes; raises as `unpack` does.

    Of a small object this is much of the time that `unpack` takes. No more memory is taken than the index states.
    """
    data = kept
    if stored.codec == "zstd" and stored.is_alone:
        unpacker = zstd.ZstdDecompressor(options=_UNPACKING)
        with contextlib.suppress(zstd.ZstdError):  # `unpack` says what is wrong
            data = unpacker.decompress(kept, stored.size + 1)
            if not unpacker.eof or unpacker.unused_data:
                data = b""
    is_frame = stored.codec != "zstd" or kept.startswith(_ZSTD_FRAME)
    if is_frame and len(data) == stored.size and blake3(data).hexdigest() == stored.object:
        return data
    return b"".join(unpack(stored, (kept,), path))


def unpack_frame(stored: Stored, pieces: Iterable[bytes], path: str) -> bytes:
    """Return all of the frame that an object shares with others; what is in it is not checked yet."""
    data = b"".join(pieces if stored.codec == "raw" else _inflate(stored, pieces, path))
    if len(data) != stored.frame_size:
        raise damaged_object(stored, path, f"its frame has {len(data)} of {stored.frame_size} bytes")
    return data


def part_of(stored: Stored, frame: bytes, path: str) -> bytes:
    """Return an object out of its unpacked frame; raises DamagedObjectError unless it is what its id names."""
    data = frame[stored.start : stored.start + stored.size]
    found = blake3(data).hexdigest()
    if found != stored.object:
        raise damaged_object(stored, path, f"its bytes have the BLAKE3 {found[:12]}")
    return data


def _inflate(stored: Stored, pieces: Iterable[bytes], path: str) -> Iterator[bytes]:
    if stored.codec != "zstd":
        raise UnknownFormatError(
            f"object {stored.object[:12]} in `{path}` is packed with `{stored.codec}`; "
            "this version knows `zstd` and `raw`",
            hint="a newer Gnomon wrote it: `pip install --upgrade gnomon`",
        )
    unpacker = zstd.ZstdDecompressor(options=_UNPACKING)
    left, has_ended, beginning = stored.frame_size, False, b""
    try:
        for piece in pieces:
            if has_ended:
                raise damaged_object(stored, path, "bytes follow its compressed frame")
            if len(beginning) < len(_ZSTD_FRAME):
                beginning = (beginning + piece)[: len(_ZSTD_FRAME)]
                if not _ZSTD_FRAME.startswith(beginning):
                    raise damaged_object(stored, path, "its stored bytes are no zstd frame")
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
            f"pack `{path}` has format {head[6:7].decode()}; this version reads formats 1 and 2",
            hint="a newer Gnomon wrote it: `pip install --upgrade gnomon`",
        )
    return damaged_pack(path, "it does not begin as a pack does")
