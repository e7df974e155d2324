"""Large files: stored as chunks, each once in the replica, and a list that puts them together.

The object keeps its name, the BLAKE3 of all its bytes; how it is stored is nobody's business but a pack's. A
window of a few megabytes is in memory at a time. Two threads share the work: hashing and packing both let
go of Python's lock.

Always true: a chunk that `chunk_bytes` hands out has the digest that the list names, and the object is
complete only when all of them together gave its own.
Format: docs/internals/record-format.md, "Objects".
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol

from blake3 import blake3

from gnomon.ids import ObjectId
from gnomon.objects.chunk import cut_ends, rule_for
from gnomon.objects.frames import LIST_HEAD
from gnomon.objects.pace import Pace
from gnomon.objects.pack import LINE, PackWriter, encode_list, packed, stored_pieces

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gnomon.env import Env
    from gnomon.objects.frames import Stored

WINDOW = 1 << 22
# Fewer bytes than this are packed sooner than another thread is told of them.
_WORTH_A_THREAD = 1 << 18


class Shelf(Protocol):
    """Where chunks go."""

    def is_known(self, object_id: str) -> bool:
        """Return whether the replica has a chunk, or will when the packs of now are finished."""

    def pack(self) -> PackWriter:
        """Return a pack of format 2 that is not full."""

    def end_large(self, object_id: ObjectId, size: int, listing: bytes) -> None:
        """Store the list of an object whose chunks have all been given."""


class Chunker:
    """Stores large files; use it in a `with` block, which ends its thread."""

    def __init__(self, env: Env, shelf: Shelf) -> None:
        self._env = env
        self._shelf = shelf
        self._other = ThreadPoolExecutor(1, "gnomon-chunks")
        self._pace = Pace()

    def close(self) -> None:
        """End the second thread."""
        self._other.shutdown()

    def add(self, fd: int, size: int) -> tuple[ObjectId, int]:
        """Store an open file of this size, or less where it became shorter; return the object and how many bytes were read.

        What is appended meanwhile is not read: somebody may be writing faster than we read.
        """
        self._pace.begin()
        rule = rule_for(size)
        window = max(WINDOW, 6 * rule.most)
        whole, lines, offset = blake3(), bytearray(), 0
        while data := self._env.read(fd, min(window, size - offset), offset):
            is_end = len(data) < window or offset + len(data) == size
            ends = cut_ends(data, 0, is_end, rule)
            view = memoryview(data)[: ends[-1]]
            hashed = self._other.submit(whole.update, view)
            lines += self._add_window(view, ends)
            hashed.result()
            offset += ends[-1]
            if is_end:
                break
        object_id = ObjectId(whole.hexdigest())
        if len(lines) > LINE.size:
            self._shelf.end_large(object_id, offset, encode_list(bytes(lines)))
        elif not lines and not self._shelf.is_known(object_id):
            self._shelf.pack().add_frame("raw", b"", [(object_id, 0)])
        return object_id, offset

    def _add_window(self, view: memoryview, ends: list[int]) -> bytes:
        """Store the chunks of a window that are not known; return their lines of the list."""
        lines: list[bytes] = []
        new: dict[str, memoryview] = {}
        start = 0
        for end in ends:
            chunk = view[start:end]
            digest = blake3(chunk).digest()
            lines.append(LINE.pack(digest, end - start))
            name = digest.hex()
            if name not in new and not self._shelf.is_known(name):
                new[name] = chunk
            start = end
        for (name, chunk), (codec, kept) in zip(new.items(), self._packed(list(new.values())), strict=True):
            self._shelf.pack().add_frame(codec, kept, [(ObjectId(name), len(chunk))])
        return b"".join(lines)

    def _packed(self, chunks: list[memoryview]) -> list[tuple[str, bytes]]:
        """Return the chunks as they are stored; both threads take a half."""
        mine, others = self._pace.packers(chunks)
        if sum(map(len, chunks)) < _WORTH_A_THREAD:
            return [packed(chunk, mine) for chunk in chunks]
        half = len(chunks) // 2
        rest = self._other.submit(lambda: [packed(chunk, others) for chunk in chunks[half:]])
        return [packed(chunk, mine) for chunk in chunks[:half]] + rest.result()


def list_lines(env: Env, fd: int, stored: Stored, hasher: blake3) -> Iterator[tuple[ObjectId, int]]:
    """Yield (chunk, size) of a list in an open pack; whether it is the right list shows when all is read.

    `hasher` is given the bytes of the lines.
    """
    lines = stored._replace(offset=stored.offset + LIST_HEAD, stored=stored.stored - LIST_HEAD)
    rest = b""
    for piece in stored_pieces(env, fd, lines):
        hasher.update(piece)
        data = rest + piece
        end = len(data) // LINE.size * LINE.size
        for digest, size in LINE.iter_unpack(data[:end]):
            yield ObjectId(digest.hex()), size
        rest = data[end:]
