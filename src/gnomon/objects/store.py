"""The objects of a replica: keep files and folders, read them again, from the packs of all writers.

Large files are stored as chunks (`gnomon.objects.chunked`), small ones of a folder share frames; nobody who
asks for an object sees a difference. An object is stored once: what any pack of the replica holds already is
only named. What another writer's pack claims to hold is believed only after its bytes were read and checked,
so a damaged or hostile pack cannot swallow a file.

Always true: when `keep` returns, the bytes are on the disk under a name that says what they are; when it
raises, nothing is left but whole packs. No reading ends well before all bytes of the object matched its id.
Not promised: that a file which is written to while it is kept is caught at one moment. What is kept are the
bytes that were read, the digest names those, and `Kept.notes` says so.
Format: docs/internals/record-format.md, "Objects".
"""

from __future__ import annotations

import contextlib
import os
import stat as stat_module
from typing import TYPE_CHECKING, NamedTuple

from blake3 import blake3

from gnomon.errors import (
    BadArgumentError,
    MissingFileError,
    MissingObjectError,
    RecordError,
)
from gnomon.ids import ObjectId, is_hex
from gnomon.objects import pack as pack_module
from gnomon.objects.frames import SHARED_LIMIT
from gnomon.objects.pack import (
    PIECE,
    Pack,
    PackWriter,
    damaged_object,
    file_pieces,
    in_pieces,
    is_pack_name,
    packed,
    part_of,
    read_pack,
    stored_pieces,
    unpack,
    unpack_frame,
)
from gnomon.objects.tree import (
    MAX_TREE_SIZE,
    FoundFile,
    TreeFile,
    decode_tree,
    encode_tree,
    find_files,
    looks_like_tree,
    path_fault,
)
from gnomon.objects.where import Where

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gnomon.env import Env
    from gnomon.objects.chunked import Chunker
    from gnomon.objects.frames import Stored

READ_LIMIT = 1 << 28
# Small files of a folder share a frame: up to so many of them, or bytes. Together they pack better, and
# reading one unpacks all.
SHARED_FILE = 1 << 16
SHARED_FILES = 32
SHARED_SIZE = 1 << 19

# Indexes that this process has read: path -> (size, time, inode), and the pack or why it cannot be used.
_read_indexes: dict[str, tuple[tuple[int, int, int], Pack | RecordError]] = {}


class Kept(NamedTuple):
    """What became of a kept file or folder."""

    object: ObjectId
    size: int  # bytes, of all files together
    files: int
    is_tree: bool
    already_there: bool  # nothing had to be stored
    notes: tuple[str, ...] = ()  # what a person should know: left out, changed while it was read


class ObjectStore:
    """The objects under one folder `objects/`; `own_writer` names the folder that this device writes to.

    Use one from one thread at a time; any number of processes may keep, read and merge beside it.
    """

    def __init__(self, env: Env, objects_folder: str, own_writer: str | None = None) -> None:
        self._env = env
        self._folder = objects_folder.rstrip("/")
        self._own = own_writer
        self._own_folder = f"{self._folder}/{own_writer}/"
        self._packs: list[Pack] | None = None  # own packs first
        self._unusable: list[RecordError] = []
        self._where = Where()
        self._reading: _Reading | None = None  # while `kept_open`
        self._has_grown = False  # by packs that were written since the last look
        self._frame: tuple[str, int, bytes] | None = None  # the last shared frame that was unpacked
        self._stored_here: set[str] = set()  # by `put_many`, since it was made
        self._checked: set[tuple[str, str]] = set()  # (pack, object) of other writers, read and found good

    # ------------------------------------------------------------ keeping

    def keep(self, path: str | os.PathLike[str]) -> Kept:
        """Store a file, or a folder as a tree; return its object, and what was found on the way.

        Raises MissingFileError where nothing has this name, BadArgumentError for what cannot be kept, and
        OSError where the disk refuses; then nothing was stored.
        """
        shown = os.fspath(path)
        real = os.path.realpath(shown)
        try:
            state = self._env.stat(real)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise _missing_file(shown) from error
        notes: list[str] = []
        if stat_module.S_ISDIR(state.st_mode):
            found, notes = find_files(real, without={os.path.dirname(os.path.realpath(self._folder))})
            return self._keep_folder(real, found, notes)
        if not stat_module.S_ISREG(state.st_mode):
            raise BadArgumentError(
                f"`{shown}` cannot be kept: it is neither a file nor a folder",
                hint="write what it yields to a file and keep that",
            )
        with _Packing(self, form=2 if state.st_size > PIECE else 1) as packing:
            object_id, size = packing.add_file(real, shown, notes)
        return Kept(object_id, size, 1, False, not packing.stored, tuple(notes))

    def put_bytes(self, data: bytes) -> ObjectId:
        """Store bytes as one object and return its id."""
        with _Packing(self) as packing:
            object_id, _ = packing.add_bytes(data)
        return object_id

    def put_many(self, datas: Iterable[bytes]) -> list[ObjectId]:
        """Store several objects, all in one pack, and return their ids in the same order.

        What others have stored since this store last looked is not asked for: that would cost a look at every pack. An
        object that they have too is stored twice.
        """
        with _Packing(self, is_fresh=self._packs is None) as packing:
            ids = [packing.add_bytes(data)[0] for data in datas]
        self._stored_here.update(ids)
        return ids

    def put_files(self, files: Mapping[str, bytes]) -> ObjectId:
        """Store named bytes as a tree, all in one pack, and return its object; names may have folders (`a/b.txt`).

        Raises BadArgumentError for a name that cannot stand in a tree.
        """
        with _Packing(self) as packing:
            found = []
            for path in sorted(files):
                fault = path_fault(path)
                if fault:
                    raise BadArgumentError(f"{path!r} cannot stand in a tree: {fault}")
                object_id, size = packing.add_bytes(files[path])
                found.append(TreeFile(path, object_id, size, 0o644))
            object_id, _ = packing.add_bytes(encode_tree(found))
        return object_id

    def _keep_folder(self, folder: str, found: list[FoundFile], notes: list[str]) -> Kept:
        files: list[TreeFile] = []
        with _Packing(self, form=2) as packing:
            for path, source, mode in found:
                object_id, size = packing.add_file(source, path, notes)
                files.append(TreeFile(path, object_id, size, mode))
            tree = encode_tree(files)
            if len(tree) > MAX_TREE_SIZE:
                raise BadArgumentError(
                    f"`{folder}` holds too many files: their list alone takes {len(tree):,} bytes",
                    hint="pack them into fewer, larger files",
                )
            packing.share()
            object_id, _ = packing.add_bytes(tree)
        total = sum(file.size for file in files)
        return Kept(object_id, total, len(files), True, not packing.stored, tuple(notes))

    # ------------------------------------------------------------ reading

    def contains(self, object_id: str) -> bool:
        """Return whether a readable pack names the object; its bytes are not read."""
        return self._find(object_id) is not None

    def size(self, object_id: str) -> int:
        """Return the size of an object in bytes, as its pack states it."""
        return self._require(object_id).objects[object_id].size

    def size_if_here(self, object_id: str) -> int | None:
        """Return the size of an object, None where no readable pack names it."""
        pack = self._find(object_id)
        return None if pack is None else pack.objects[object_id].size

    def stream(self, object_id: str) -> Iterator[bytes]:
        """Return an iterator of the bytes of an object, in pieces of at most 4 MiB.

        They are certain only when the iterator ends by itself: at the latest instead of ending, it raises
        DamagedObjectError. Use `read` or `restore` where a damaged copy should be passed over for a good one.
        """
        return self._pieces(self._require(object_id), object_id)

    def read(self, object_id: str, limit: int = READ_LIMIT) -> bytes:
        """Return the bytes of an object; a damaged copy is passed over for a good one in another pack."""
        size = self.size(object_id)
        if size > limit:
            raise BadArgumentError(
                f"object {object_id[:12]} has {size:,} bytes; at most {limit:,} are read into memory at once",
                hint="restore it to a file, or read it piece by piece with `stream`",
            )
        for pieces in self.copies(object_id):
            with contextlib.suppress(RecordError, FileNotFoundError):
                return b"".join(pieces)
        return b"".join(self.stream(object_id))  # raises what is wrong

    def read_tree(self, object_id: str) -> list[TreeFile]:
        """Return the files of a tree; raises DamagedObjectError for one that is no tree, or not safe."""
        return decode_tree(self.read(object_id, MAX_TREE_SIZE), object_id)

    def is_tree(self, object_id: str) -> bool:
        """Return whether an object reads as a tree; a kept file may too: ask the entry where there is one."""
        if self.size(object_id) > MAX_TREE_SIZE or not looks_like_tree(next(self.stream(object_id), b"")):
            return False
        try:
            self.read_tree(object_id)
        except RecordError:
            return False
        return True

    def missing(self, object_id: str, is_tree: bool = False) -> list[str]:
        """Return which objects are not in this replica, of an object and, for a tree, of its files."""
        if not self._is_whole(object_id):
            return [object_id]
        if not is_tree:
            return []
        wanted = dict.fromkeys(file.object for file in self.read_tree(object_id))
        return [one for one in wanted if not self._is_whole(one)]

    def chunks(self, object_id: str) -> list[ObjectId]:
        """Return the chunks that an object is stored as, in their order; none where it is stored as it is."""
        pack = self._require(object_id)
        if object_id not in pack.lists:
            return []
        with _Reading(self) as reading:
            return [chunk for chunk, _ in reading.lines(pack, pack.objects[object_id])]

    def _is_whole(self, object_id: str) -> bool:
        """Return whether an object and all its chunks are in readable packs."""
        return self.contains(object_id) and all(map(self.contains, self.chunks(object_id)))

    def restore(
        self,
        object_id: str,
        target: str | os.PathLike[str],
        *,
        overwrite: bool = False,
        is_tree: bool | None = None,
    ) -> int:
        """Write an object to the file `target`, or a tree to the folder; return how many files were written.

        See `gnomon.objects.restore`; `is_tree` is what the entry says, None to look.
        """
        from gnomon.objects.restore import restore_file, restore_tree

        if self.is_tree(object_id) if is_tree is None else is_tree:
            return restore_tree(self._env, self, object_id, os.fspath(target), overwrite)
        restore_file(self._env, self, object_id, os.fspath(target), overwrite)
        return 1

    def copies(self, object_id: str) -> Iterator[Iterator[bytes]]:
        """Yield what `stream` returns for each pack that holds the object, own packs first."""
        self._require(object_id)
        tried: set[str] = set()
        while untried := [pack for pack in self._where.holders(object_id) if pack.path not in tried]:
            for pack in untried:
                tried.add(pack.path)
                yield self._pieces(pack, object_id)
            self.refresh()  # none of them was good, or the caller wants more: another may have come since

    @contextlib.contextmanager
    def kept_open(self) -> Iterator[None]:
        """Keep the packs that are read open for the length of a block: for many small objects."""
        with _Reading(self) as reading:
            self._reading = reading
            try:
                yield
            finally:
                self._reading = None

    def _pieces(self, pack: Pack, object_id: str) -> Iterator[bytes]:
        if self._reading is not None:
            yield from self._pieces_by(self._reading, pack, object_id)
        else:
            with _Reading(self) as reading:
                yield from self._pieces_by(reading, pack, object_id)

    def _pieces_by(self, reading: _Reading, pack: Pack, object_id: str) -> Iterator[bytes]:
        try:
            reading.open(pack)
        except FileNotFoundError:  # merged into a larger pack since we looked
            self.refresh()
            pack = self._require(object_id)
        return reading.pieces(pack, pack.objects[object_id])

    # ------------------------------------------------------------ finding

    def refresh(self) -> None:
        """Look at the folder again; indexes that were read before are not read again."""
        packs: list[Pack] = []
        self._unusable = []
        for writer, state in self._env.list_folder(self._folder):
            if stat_module.S_ISDIR(state.st_mode) and is_hex(writer, 32):
                packs += self._packs_of(f"{self._folder}/{writer}")
        packs.sort(key=lambda pack: not pack.path.startswith(self._own_folder))
        if packs != self._packs or self._has_grown:
            _forget_all_but({pack.path for pack in packs}, self._folder)
            self._where, self._has_grown = Where(packs), False
        self._packs = packs

    def packs(self) -> list[Pack]:
        """Return every readable pack of the replica, own ones first."""
        self.refresh()
        return list(self._packs or ())

    def objects(self) -> list[ObjectId]:
        """Return the ids of all objects of the replica, sorted."""
        self.refresh()
        return sorted({ObjectId(one) for pack in self._packs or () for one in pack.objects})

    def _packs_of(self, folder: str) -> list[Pack]:
        packs = []
        for name, state in self._env.list_folder(folder):
            if is_pack_name(name) and stat_module.S_ISREG(state.st_mode):
                try:
                    packs.append(_read_once(self._env, f"{folder}/{name}", state))
                except FileNotFoundError:  # merged since it was listed
                    continue
                except RecordError as error:
                    self._unusable.append(error)
        return packs

    def _find(self, object_id: str) -> Pack | None:
        pack = self._where.first(object_id)
        if pack is None:
            self.refresh()
            pack = self._where.first(object_id)
        return pack

    def _require(self, object_id: str) -> Pack:
        pack = self._find(object_id)
        if pack is None:
            raise _missing_object(object_id, self._unusable)
        return pack

    def _is_surely_here(self, object_id: str) -> bool:
        """Return whether an object need not be stored: own packs were checked when they were written."""
        pack = self._where.first(object_id)
        if pack is None:
            return False
        if pack.path.startswith(self._own_folder):
            # Its chunks may stand in other packs, and have gone with them.
            return object_id not in pack.lists or self._is_whole(object_id)
        if (pack.path, object_id) in self._checked:
            return True
        for pieces in self.copies(object_id):
            with contextlib.suppress(RecordError, FileNotFoundError):
                for _ in pieces:
                    pass
                self._checked.add((pack.path, object_id))
                return True
        return False


class _Reading:
    """Reads objects and the chunks that they are made of; keeps the packs open that it meets."""

    _OPEN_AT_MOST = 16

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._env = store._env
        self._open: dict[str, int] = {}

    def __enter__(self) -> _Reading:
        return self

    def __exit__(self, *error: object) -> None:
        while self._open:
            with contextlib.suppress(OSError):  # it was only read
                self._env.close(self._open.popitem()[1])

    def open(self, pack: Pack) -> int:
        """Return the open file of a pack."""
        fd = self._open.get(pack.path)
        if fd is None:
            if len(self._open) >= self._OPEN_AT_MOST:
                self._env.close(self._open.pop(next(iter(self._open))))
            fd = self._open[pack.path] = self._env.open_read(pack.path)
        return fd

    def pieces(self, pack: Pack, stored: Stored) -> Iterator[bytes]:
        """Yield the bytes of an object; they are certain only when the iterator ends by itself."""
        if stored.is_list:
            return self._joined(pack, stored)
        if stored.is_alone:
            return unpack(stored, stored_pieces(self._env, self.open(pack), stored), pack.path)
        return iter((part_of(stored, self._shared(pack, stored), pack.path),))

    def lines(self, pack: Pack, stored: Stored) -> Iterator[tuple[ObjectId, int]]:
        """Yield (chunk, size) of a list."""
        from gnomon.objects.chunked import list_lines

        return list_lines(self._env, self.open(pack), stored)

    def _joined(self, pack: Pack, stored: Stored) -> Iterator[bytes]:
        whole, size = blake3(), 0
        for chunk, length in self.lines(pack, stored):
            data = self._chunk(chunk, length, stored, pack.path)
            size += length
            if size > stored.size:
                break
            whole.update(data)
            yield data
        if size != stored.size or whole.hexdigest() != stored.object:
            raise damaged_object(stored, pack.path, "its chunks together are not what its id names")

    def _chunk(self, chunk: ObjectId, length: int, of: Stored, path: str) -> bytes:
        """Return a chunk, from the first pack that has a good copy of it."""
        problem = "is not in this replica"
        for is_fresh in (False, True):
            if is_fresh:  # it may stand in a pack that came, or was merged, since we looked
                self._store.refresh()
            for pack in self._store._where.holders(chunk):
                stored = pack.objects[chunk]
                if length > SHARED_LIMIT:
                    problem = f"is larger than the {SHARED_LIMIT:,} bytes that a chunk may have"
                    break
                if stored.is_list or stored.size != length:
                    problem = "has another size than the list states"
                    continue
                try:
                    return b"".join(self.pieces(pack, stored))
                except FileNotFoundError:
                    continue
                except RecordError as error:
                    problem = f"is damaged in `{pack.path}`: {error.message.rpartition(' is damaged: ')[2]}"
        raise damaged_object(of, path, f"its chunk {chunk[:12]} {problem}")

    def _shared(self, pack: Pack, stored: Stored) -> bytes:
        last = self._store._frame
        if last is not None and last[:2] == (pack.path, stored.offset):
            return last[2]
        data = unpack_frame(stored, stored_pieces(self._env, self.open(pack), stored), pack.path)
        self._store._frame = (pack.path, stored.offset, data)
        return data


class _Packing:
    """Adds what the replica lacks to as many packs as it takes; the last appears when the block ends well."""

    def __init__(self, store: ObjectStore, *, is_fresh: bool = True, form: int = 1) -> None:
        """Prepare; `is_fresh` looks for packs that have come since the last look."""
        if store._own is None:
            raise BadArgumentError("this store was opened for reading only: it has no writer of its own")
        self.stored = False
        self._store = store
        self._env = store._env
        self._folder = f"{store._folder}/{store._own}"
        self._form = form
        self._writer: PackWriter | None = None
        self._sharing: dict[ObjectId, bytes] = {}  # small files that wait for others to share a frame with
        self._chunker: Chunker | None = None
        if is_fresh:
            store.refresh()
        self._sizes: set[int] | None = None

    def __enter__(self) -> _Packing:
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

    def add_bytes(self, data: bytes) -> tuple[ObjectId, int]:
        object_id = ObjectId(blake3(data).hexdigest())
        if self.is_known(object_id):
            return object_id, len(data)
        return self.pack().add(in_pieces(data))

    def add_file(self, source: str, shown: str, notes: list[str]) -> tuple[ObjectId, int]:
        try:
            before = self._env.stat(source)
            if not stat_module.S_ISREG(before.st_mode):
                raise BadArgumentError(f"`{shown}` is not a file any more", hint="keep the folder again")
            fd = self._env.open_read(source)
        except FileNotFoundError as error:
            raise _missing_file(shown) from error
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
            for piece in file_pieces(self._env, fd):
                hasher.update(piece)
                seen += len(piece)
            object_id = ObjectId(hasher.hexdigest())
            if self.is_known(object_id):
                return object_id, seen
        if self._form == 2 and size > PIECE:
            added = self._add_large(fd, size)
        else:
            added = self.pack().add(file_pieces(self._env, fd))
        if self._sizes is not None:
            self._sizes.add(added[1])
        return added

    def _known_sizes(self) -> set[int]:
        if self._sizes is None:
            packs = self._store._packs or ()
            self._sizes = {size for pack in packs for size in pack.sizes() if size > PIECE}
        return self._sizes

    def is_known(self, object_id: str) -> bool:
        if self._writer is not None and object_id in self._writer.objects:
            return True
        if object_id in self._sharing or object_id in self._store._stored_here:
            return True
        return self._store._is_surely_here(object_id)

    # --- small files: several share a frame

    def _add_small(self, data: bytes) -> tuple[ObjectId, int]:
        object_id = ObjectId(blake3(data).hexdigest())
        if not self.is_known(object_id):
            self._sharing[object_id] = data
            if len(self._sharing) >= min(SHARED_FILES, pack_module.TARGET_OBJECTS) or (
                sum(map(len, self._sharing.values())) >= SHARED_SIZE
            ):
                self.share()
        return object_id, len(data)

    def share(self) -> None:
        if self._sharing:
            codec, kept = packed(b"".join(self._sharing.values()))
            self.pack().add_frame(codec, kept, [(one, len(data)) for one, data in self._sharing.items()])
            self._sharing = {}

    # --- large files: chunks, and a list

    def _add_large(self, fd: int, size: int) -> tuple[ObjectId, int]:
        from gnomon.objects.chunked import Chunker

        if self._chunker is None:
            self._chunker = Chunker(self._env, self)
        writer = self.pack()
        self._before = writer, writer.mark()
        return self._chunker.add(fd, size)

    def end_large(self, object_id: ObjectId, size: int, listing: bytes) -> None:
        if not self.is_known(object_id):
            self.pack().add_list(object_id, size, listing)
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
            self._writer = PackWriter(self._env, self._folder, self.is_known, form=self._form)
        return self._writer

    def _finish(self, writer: PackWriter) -> None:
        name = writer.finish()
        if name is not None:
            self.stored = True
            self._store._where.add(writer.pack(name))
            self._store._has_grown = True


def _read_once(env: Env, path: str, state: os.stat_result) -> Pack:
    version = (state.st_size, state.st_mtime_ns, state.st_ino)
    cached = _read_indexes.get(path)
    if cached is None or cached[0] != version:
        found: Pack | RecordError
        try:
            found = read_pack(env, path)
        except RecordError as error:
            found = error
        cached = _read_indexes[path] = (version, found)
    if isinstance(cached[1], RecordError):
        raise cached[1]
    return cached[1]


def _forget_all_but(paths: set[str], folder: str) -> None:
    for path in list(_read_indexes):
        if path not in paths and path.startswith(f"{folder}/"):
            _read_indexes.pop(path, None)


def _require_folder(env: Env, folder: str) -> None:
    """Make a writer's folder; its name survives a power cut."""
    try:
        env.stat(folder)
    except FileNotFoundError:
        env.make_folder(folder)
        env.sync_folder(os.path.dirname(folder))


def _missing_file(shown: str) -> MissingFileError:
    return MissingFileError(
        f"`{shown}` does not exist",
        hint=None
        if os.path.isabs(shown)
        else f"a relative path starts at the working folder, `{os.getcwd()}`",
    )


def _missing_object(object_id: str, unusable: list[RecordError]) -> MissingObjectError:
    also = f"; {len(unusable)} packs cannot be read, the first: {unusable[0].message}" if unusable else ""
    return MissingObjectError(
        f"object {object_id[:12]} is not in this replica{also}",
        hint="another replica may hold it: copy its `objects/` folder into this one",
    )
