"""Add files and bytes to packs: what the replica has already is only named, small files share frames, large ones become chunks.

Always true: when a `with` block of a `Packing` ends well, all that was added is on the disk; when it ends with an error,
nothing is left but whole packs.
"""

from __future__ import annotations

import contextlib
import os
import stat as stat_module
from typing import TYPE_CHECKING

from blake3 import blake3

from gnomon.errors import BadArgumentError, MissingFileError
from gnomon.ids import ObjectId
from gnomon.objects import pack as pack_module
from gnomon.objects.frames import LIST_HEAD
from gnomon.objects.pack import PIECE, PackWriter, file_pieces, in_pieces, new_packer, packed
from gnomon.objects.proofs import Proofs, of_list, of_pack

if TYPE_CHECKING:
    from collections.abc import Callable

    from gnomon.env import Env
    from gnomon.objects.chunked import Chunker
    from gnomon.objects.looking import Look
    from gnomon.objects.pack import Packer

# Small files of a folder share a frame: up to so many of them, or bytes. Together they pack better, and
# reading one unpacks all.
SHARED_FILE = 1 << 16
SHARED_FILES = 32
SHARED_SIZE = 1 << 19


def form_for(size: int) -> int:
    """Return the format of the pack that a file of this size alone goes to."""
    return 2 if size > PIECE else 1


class Packing:
    """Adds what the replica lacks to as many packs as it takes; the last appears when the block ends well.

    `own_writer` names the folder to write to, and `is_here` says what need not be stored. `is_fresh` looks first for packs
    that have come since the last look. `form` is the format of the packs.
    """

    def __init__(
        self, look: Look, own_writer: str | None, is_here: Callable[[str], bool], *, is_fresh: bool = True, form: int = 1,
    ) -> None:  # fmt: skip
        if own_writer is None:
            raise BadArgumentError("this store was opened for reading only: it has no writer of its own")
        self.stored = False
        self._proofs: list[bytes] = []  # what need not be unpacked to be believed: it was made here
        self._look = look
        self._env = look.env
        self._folder = f"{look.folder}/{own_writer}"
        self._is_here = is_here
        self._form = form
        self._writer: PackWriter | None = None
        self._sharing: dict[ObjectId, bytes] = {}  # small files that wait for others to share a frame with
        self._shared_size = 0
        self._packer: Packer | None = None
        self._chunker: Chunker | None = None
        if is_fresh:
            look.refresh()
        self._sizes: set[int] | None = None

    def __enter__(self) -> Packing:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        try:
            if kind is None:
                self.share()
                if self._writer is not None:
                    self._finish(self._writer)
        finally:
            if self._writer is not None:
                self._writer.abort()  # does nothing where it was finished
            if self._chunker is not None:
                self._chunker.close()
            if self._proofs:
                Proofs(self._env, self._look.folder).add(self._proofs)

    def add_bytes(self, data: bytes) -> tuple[ObjectId, int]:
        """Add bytes as one object; return it and its size."""
        if self._form == 2 and len(data) <= SHARED_FILE:
            return self._add_small(data)
        object_id = ObjectId(blake3(data).hexdigest())
        if self.is_known(object_id):
            return object_id, len(data)
        return self.pack().add(in_pieces(data))

    def add_file(self, source: str, shown: str, notes: list[str]) -> tuple[ObjectId, int]:
        """Add a file as one object; return it and its size, and say in `notes` where it changed on the way."""
        try:
            before = self._env.stat(source)
            if not stat_module.S_ISREG(before.st_mode):
                raise BadArgumentError(f"`{shown}` is not a file any more", hint="keep the folder again")
            fd = self._env.open_read(source)
        except FileNotFoundError as error:
            raise missing_file(shown) from error
        try:
            added = self._add_open(fd, before.st_size)
        finally:
            self._env.close(fd)
        with contextlib.suppress(FileNotFoundError):
            after = self._env.stat(source)
            if (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns) and added[
                1
            ] == after.st_size:
                return added
        notes.append(
            f"`{shown}` changed while it was read; what is kept are the {added[1]:,} bytes that were read, "
            f"{added[0][:12]}"
        )
        return added

    def _add_open(self, fd: int, size: int) -> tuple[ObjectId, int]:
        if self._form == 2 and size <= SHARED_FILE:
            data = self._env.read(fd, SHARED_FILE + 1)
            if len(data) <= SHARED_FILE:
                return self._add_small(data)
        # A large file is read once. Only where an object has this very size, and may well be the same, is it
        # read to see whether it must be stored at all.
        if size > PIECE and size in self._known_sizes():
            hasher, seen = blake3(), 0
            for piece in file_pieces(self._env, fd, size):
                hasher.update(piece)
                seen += len(piece)
            object_id = ObjectId(hasher.hexdigest())
            if self.is_known(object_id):
                return object_id, seen
        if self._form == 2 and size > PIECE:
            added = self._add_large(fd, size)
        else:
            added = self.pack().add(file_pieces(self._env, fd, max(size, PIECE)))
        if self._sizes is not None:
            self._sizes.add(added[1])
        return added

    def _known_sizes(self) -> set[int]:
        if self._sizes is None:
            self._sizes = {size for pack in self._look.packs for size in pack.sizes() if size > PIECE}
        return self._sizes

    def is_known(self, object_id: str) -> bool:
        """Return whether an object need not be stored."""
        if self._writer is not None and object_id in self._writer.objects:
            return True
        return object_id in self._sharing or self._is_here(object_id)

    # --- small files: several share a frame

    def _add_small(self, data: bytes) -> tuple[ObjectId, int]:
        object_id = ObjectId(blake3(data).hexdigest())
        if not self.is_known(object_id):
            self._sharing[object_id] = data
            self._shared_size += len(data)
            if (
                len(self._sharing) >= min(SHARED_FILES, pack_module.TARGET_OBJECTS)
                or self._shared_size >= SHARED_SIZE
            ):
                self.share()
        return object_id, len(data)

    def share(self) -> None:
        """Write the small files that wait, as one frame."""
        if self._sharing:
            if self._packer is None:
                self._packer = new_packer()
            codec, kept = packed(b"".join(self._sharing.values()), self._packer)
            self.pack().add_frame(codec, kept, [(one, len(data)) for one, data in self._sharing.items()])
            self._sharing, self._shared_size = {}, 0

    # --- large files: chunks, and a list

    def _add_large(self, fd: int, size: int) -> tuple[ObjectId, int]:
        from gnomon.objects.chunked import Chunker

        if self._chunker is None:
            self._chunker = Chunker(self._env, self)
        writer = self.pack()
        self._before = writer, writer.mark()
        return self._chunker.add(fd, size)

    def end_large(self, object_id: ObjectId, size: int, listing: bytes) -> None:
        """Store the list of a large file, whose chunks are stored."""
        if not self.is_known(object_id):
            self.pack().add_list(object_id, size, listing)
            self._proofs.append(of_list(object_id, listing[:LIST_HEAD]))
        elif self._writer is self._before[0]:
            # It became one that is here while it was read: of this pack at least, nothing need be stored.
            self._writer.back_to(self._before[1])

    # --- packs

    def pack(self) -> PackWriter:
        """Return a pack with room."""
        if self._writer is not None and self._writer.is_full:
            self._finish(self._writer)
            self._writer = None
        if self._writer is None:
            _require_folder(self._env, self._folder)
            self._writer = PackWriter(
                self._env, self._folder, self.is_known, form=self._form, going=self._look.going
            )
        return self._writer

    def _finish(self, writer: PackWriter) -> None:
        name = writer.finish()
        if name is not None:
            self.stored = True
            self._look.add(writer.pack(name))
            self._proofs.append(of_pack(name))


def _require_folder(env: Env, folder: str) -> None:
    """Make a writer's folder; its name survives a power cut."""
    try:
        env.stat(folder)
    except FileNotFoundError:
        env.make_plain_folder(folder)
        env.sync_folder(os.path.dirname(folder))
    else:
        env.make_plain_folder(folder)


def missing_file(shown: str) -> MissingFileError:
    """Return the error for a path that names nothing."""
    return MissingFileError(
        f"`{shown}` does not exist",
        hint=None
        if os.path.isabs(shown)
        else f"a relative path starts at the working folder, `{os.getcwd()}`",
    )
