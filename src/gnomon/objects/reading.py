"""Read objects, whatever they are stored as: by themselves, in a shared frame, as chunks.

Always true: no reading ends well before all bytes of the object matched its id: those of a chunk their own, and all
together, or the list of the chunks and a proof (`objects.proofs`) that it gives the object. A damaged chunk is passed over
for a good one in another pack, and so is a damaged object by whoever asks for its `copies`.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from blake3 import blake3

from gnomon.errors import RecordError
from gnomon.objects.frames import LIST_HEAD, SHARED_LIMIT
from gnomon.objects.pack import (
    LINE,
    PIECE,
    check_list,
    damaged_object,
    part_of,
    stored_pieces,
    unpack,
    unpack_at_once,
    unpack_frame,
)
from gnomon.objects.proofs import Proofs, of_list
from gnomon.record.hashing import new_hasher

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gnomon.ids import ObjectId
    from gnomon.objects.frames import Stored
    from gnomon.objects.looking import Look
    from gnomon.objects.pack import Pack

_OPEN_AT_MOST = 16


class Reader:
    """Reads the objects of the packs that a look found."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._open: OpenPacks | None = None  # while `kept_open`
        self._last = LastFrame()
        self._proofs = Proofs(look.env, look.folder)
        self._checked: set[tuple[str, str]] = set()  # (pack, object) of other writers, read and found good

    @contextlib.contextmanager
    def kept_open(self) -> Iterator[None]:
        """Keep the packs that are read open for the length of a block: for many small objects."""
        with OpenPacks(self._look, self._last, self._proofs) as opened:
            self._open = opened
            try:
                yield
            finally:
                self._open = None

    def pieces(self, pack: Pack, object_id: str) -> Iterator[bytes]:
        """Yield the bytes of an object of a pack; they are certain only when the iterator ends by itself."""
        if self._open is not None:
            yield from self._pieces_by(self._open, pack, object_id)
        else:
            with OpenPacks(self._look, self._last, self._proofs) as opened:
                yield from self._pieces_by(opened, pack, object_id)

    def small(self, object_id: str) -> bytes | None:
        """Return an object of up to 1 MiB, out of the first pack that holds it; None for a larger or a damaged one."""
        pack = self._look.known(object_id)
        stored = pack.objects[object_id] if pack is not None else None
        if pack is None or stored is None or stored.is_list or stored.size > PIECE or self._open is None:
            return None
        try:
            return self._open.at_once(pack, stored)
        except (RecordError, FileNotFoundError):  # `copies` may know a good one, or where it went
            return None

    def copies(self, object_id: str) -> Iterator[Iterator[bytes]]:
        """Yield `pieces` for each pack that holds the object, own packs first."""
        self._look.require(object_id)
        tried: set[str] = set()
        while untried := [pack for pack in self._look.holders(object_id) if pack.path not in tried]:
            for pack in untried:
                tried.add(pack.path)
                yield self.pieces(pack, object_id)
            self._look.refresh()  # none of them was good, or the caller wants more: another may have come since

    def chunks(self, object_id: str) -> list[ObjectId]:
        """Return the chunks that an object is stored as, in their order; none where it is stored as it is."""
        pack = self._look.require(object_id)
        if object_id not in pack.lists:
            return []
        with OpenPacks(self._look, self._last, self._proofs) as opened:
            return [chunk for chunk, _ in opened.lines(pack, pack.objects[object_id])]

    def all_chunks(self, object_id: str) -> set[str]:
        """Return the chunks of an object by every pack that holds a list of them. Raises DamagedObjectError for a bad list."""
        found: set[str] = set()
        tried: set[str] = set()
        while untried := [one for one in self._look.holders(object_id) if one.path not in tried]:
            for pack in untried:
                tried.add(pack.path)
                if object_id in pack.lists:
                    try:
                        found.update(self._listed(pack, pack.objects[object_id]))
                    except FileNotFoundError:  # merged since the last look
                        self._look.refresh()
        return found

    def listing(self, pack: Pack, stored: Stored) -> bytes:
        """Return the stored bytes of a list of chunks, all of which is checked first. Raises DamagedObjectError."""
        with contextlib.ExitStack() as stack:
            opened = self._open or stack.enter_context(OpenPacks(self._look, self._last, self._proofs))
            listing = b"".join(stored_pieces(self._look.env, opened.open(pack), stored))
        check_list(stored, listing, pack.path)
        return listing

    def _listed(self, pack: Pack, stored: Stored) -> list[str]:
        listing = self.listing(pack, stored)
        return [digest.hex() for digest, _ in LINE.iter_unpack(listing[LIST_HEAD:])]

    def is_whole(self, object_id: str) -> bool:
        """Return whether an object and all its chunks are in readable packs; their bytes are not read."""
        find = self._look.find
        return find(object_id) is not None and all(
            find(chunk) is not None for chunk in self.chunks(object_id)
        )

    def stays(self, object_id: str) -> bool:
        """Return whether an object is in a pack that is not about to go, and so are its chunks; asked of the last look."""
        pack = self._look.staying(object_id)
        if pack is None or object_id not in pack.lists:
            return pack is not None
        # Its chunks may stand in other packs, and have gone with them.
        return all(self._look.staying(chunk) is not None for chunk in self.all_chunks(object_id))

    def is_surely_here(self, object_id: str) -> bool:
        """Return whether an object need not be stored: own packs were checked when they were written."""
        pack = self._look.staying(object_id)
        if pack is None:
            return False
        if self._look.is_own(pack) or (pack.path, object_id) in self._checked:
            return object_id not in pack.lists or self.stays(object_id)
        for pack in list(self._look.holders(object_id)):
            if self._look.stays(pack):
                with contextlib.suppress(RecordError, FileNotFoundError):
                    for _ in self.pieces(pack, object_id):
                        pass
                    self._checked.add((pack.path, object_id))
                    return self.stays(object_id)
        return False

    def _pieces_by(self, opened: OpenPacks, pack: Pack, object_id: str) -> Iterator[bytes]:
        try:
            opened.open(pack)
        except FileNotFoundError:  # merged into a larger pack since we looked
            self._look.refresh()
            pack = self._look.require(object_id)
        return opened.pieces(pack, pack.objects[object_id])


class LastFrame:
    """The last shared frame that was unpacked: whoever reads a folder in order asks for it again and again."""

    def __init__(self) -> None:
        self._place: tuple[str, int] | None = None
        self._data = b""

    def get(self, pack: Pack, stored: Stored) -> bytes | None:
        """Return the unpacked frame of an object, if it is the last one."""
        return self._data if self._place == (pack.path, stored.offset) else None

    def put(self, pack: Pack, stored: Stored, data: bytes) -> None:
        """Keep an unpacked frame."""
        self._place, self._data = (pack.path, stored.offset), data


class OpenPacks:
    """Reads objects and the chunks that they are made of; keeps the packs open that it meets. Use it in a `with` block.

    Without `proofs` nothing is believed.
    """

    def __init__(self, look: Look, last: LastFrame, proofs: Proofs | None = None) -> None:
        self._look = look
        self._env = look.env
        self._last = last
        self._proofs = proofs
        self._fds: dict[str, int] = {}

    def __enter__(self) -> OpenPacks:
        return self

    def __exit__(self, *error: object) -> None:
        while self._fds:
            with contextlib.suppress(OSError):  # it was only read
                self._env.close(self._fds.popitem()[1])

    def open(self, pack: Pack) -> int:
        """Return the open file of a pack."""
        fd = self._fds.get(pack.path)
        if fd is None:
            if len(self._fds) >= _OPEN_AT_MOST:
                self._env.close(self._fds.pop(next(iter(self._fds))))
            fd = self._fds[pack.path] = self._env.open_read(pack.path)
        return fd

    def pieces(self, pack: Pack, stored: Stored) -> Iterator[bytes]:
        """Yield the bytes of an object; they are certain only when the iterator ends by itself."""
        if stored.is_list:
            return self._joined(pack, stored)
        if stored.is_alone:
            return unpack(stored, stored_pieces(self._env, self.open(pack), stored), pack.path)
        return iter((self.at_once(pack, stored),))

    def at_once(self, pack: Pack, stored: Stored) -> bytes:
        """Return an object that is no list, all of it in memory. Raises DamagedObjectError."""
        if not stored.is_alone:
            return part_of(stored, self._shared(pack, stored), pack.path)
        if stored.stored > stored.size:  # no pack of ours: packing never makes it more
            return b"".join(self.pieces(pack, stored))
        kept = self._env.read(self.open(pack), stored.stored, stored.offset)
        return unpack_at_once(stored, kept, pack.path)

    def lines(
        self, pack: Pack, stored: Stored, hasher: blake3 | None = None
    ) -> Iterator[tuple[ObjectId, int]]:
        """Yield (chunk, size) of a list; `hasher` is given the bytes of its lines."""
        from gnomon.objects.chunked import list_lines

        return list_lines(self._env, self.open(pack), stored, hasher or new_hasher("chunks"))

    def _joined(self, pack: Pack, stored: Stored) -> Iterator[bytes]:
        head = self._env.read(self.open(pack), LIST_HEAD, stored.offset)
        # Where it is proved which object the chunks of this very list give, they need not be hashed again all together.
        is_proved = self._proofs is not None and self._proofs.has(of_list(stored.object, head))
        whole = None if is_proved else blake3()
        lines, size = new_hasher("chunks"), 0
        for chunk, length in self.lines(pack, stored, lines):
            data = self._chunk(chunk, length, stored, pack.path)
            size += length
            if size > stored.size:
                break
            if whole is not None:
                whole.update(data)
            yield data
        is_right = lines.digest() == head if whole is None else whole.hexdigest() == stored.object
        if size != stored.size or not is_right:
            raise damaged_object(stored, pack.path, "its chunks together are not what its id names")

    def _chunk(self, chunk: ObjectId, length: int, of: Stored, path: str) -> bytes:
        """Return a chunk, from the first pack that has a good copy of it."""
        problem = "is not in this replica"
        for is_fresh in (False, True):
            if is_fresh:  # it may stand in a pack that came, or was merged, since we looked
                self._look.refresh()
            for pack, stored in self._look.found(chunk):
                if length > SHARED_LIMIT:
                    problem = f"is larger than the {SHARED_LIMIT:,} bytes that a chunk may have"
                    break
                if stored.is_list or stored.size != length:
                    problem = "has another size than the list states"
                    continue
                try:
                    return self.at_once(pack, stored)
                except FileNotFoundError:
                    continue
                except RecordError as error:
                    problem = f"is damaged in `{pack.path}`: {error.message.rpartition(' is damaged: ')[2]}"
        raise damaged_object(of, path, f"its chunk {chunk[:12]} {problem}")

    def _shared(self, pack: Pack, stored: Stored) -> bytes:
        data = self._last.get(pack, stored)
        if data is None:
            data = unpack_frame(stored, stored_pieces(self._env, self.open(pack), stored), pack.path)
            self._last.put(pack, stored, data)
        return data
