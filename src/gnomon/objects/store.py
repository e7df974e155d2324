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

from gnomon.errors import BadArgumentError, RecordError
from gnomon.ids import ObjectId
from gnomon.objects.looking import Look
from gnomon.objects.packing import Packing, form_for, missing_file
from gnomon.objects.reading import Reader
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

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from gnomon.env import Env
    from gnomon.objects.checking import Checker
    from gnomon.objects.pack import Pack
    from gnomon.objects.tombstones import Tombstone

READ_LIMIT = 1 << 28


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
        self._own = own_writer
        self._look = Look(env, objects_folder.rstrip("/"), own_writer)
        self._reader = Reader(self._look)
        self._stored_here: set[str] = set()  # by `put_many`, since it was made

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
            raise missing_file(shown) from error
        notes: list[str] = []
        if stat_module.S_ISDIR(state.st_mode):
            found, notes = find_files(real, without={os.path.dirname(os.path.realpath(self._look.folder))})
            return self._keep_folder(real, found, notes)
        if not stat_module.S_ISREG(state.st_mode):
            raise BadArgumentError(
                f"`{shown}` cannot be kept: it is neither a file nor a folder",
                hint="write what it yields to a file and keep that",
            )
        with self._packing(form=form_for(state.st_size)) as packing:
            object_id, size = packing.add_file(real, shown, notes)
        return Kept(object_id, size, 1, False, not packing.stored, tuple(notes))

    def put_bytes(self, data: bytes) -> ObjectId:
        """Store bytes as one object and return its id."""
        with self._packing() as packing:
            object_id, _ = packing.add_bytes(data)
        return object_id

    def put_many(self, datas: Iterable[bytes], *, are_alike: bool = False) -> list[ObjectId]:
        """Store several objects, all in one pack, and return their ids in the same order.

        Small ones that `are_alike` and follow each other share a frame: less to store, and quicker to read in this order.
        What others have stored since this store last looked is not asked for: that would cost a look at every pack. An
        object that they have too is stored twice.
        """
        with self._packing(is_fresh=not self._look.was_taken, form=2 if are_alike else 1) as packing:
            ids = [packing.add_bytes(data)[0] for data in datas]
        self._stored_here.update(ids)
        return ids

    def put_files(self, files: Mapping[str, bytes]) -> ObjectId:
        """Store named bytes as a tree, all in one pack, and return its object; names may have folders (`a/b.txt`).

        Raises BadArgumentError for a name that cannot stand in a tree.
        """
        with self._packing() as packing:
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
        with self._packing(form=2) as packing:
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

    def fetch_with(self, bring: Callable[[list[str]], bool]) -> None:
        """Have `bring` fetch objects that are asked for and not here; it says whether any came."""
        self._look.bring = bring

    def bring(self, objects: Iterable[str]) -> None:
        """Fetch those of these objects that are not here, and their chunks, at once, where somebody can."""
        if self._look.bring is None:
            return
        wanted = list(dict.fromkeys(objects))
        for _ in range(2):  # the objects, then the chunks that these are lists of
            lacking = [one for one in wanted if self._look.find(one) is None]
            if lacking:
                self._look.bring(lacking)
            here = [one for one in wanted if self._look.find(one) is not None]
            wanted = [chunk for one in here for chunk in self.chunks(one)]

    def contains(self, object_id: str) -> bool:
        """Return whether a readable pack names the object; its bytes are not read."""
        return self._look.find(object_id) is not None

    def size(self, object_id: str) -> int:
        """Return the size of an object in bytes, as its pack states it."""
        return self._look.require(object_id).objects[object_id].size

    def size_if_here(self, object_id: str) -> int | None:
        """Return the size of an object, None where no readable pack names it."""
        pack = self._look.find(object_id)
        return None if pack is None else pack.objects[object_id].size

    def stream(self, object_id: str) -> Iterator[bytes]:
        """Return an iterator of the bytes of an object, in pieces of at most 4 MiB.

        They are certain only when the iterator ends by itself: at the latest instead of ending, it raises
        DamagedObjectError. Use `read` or `restore` where a damaged copy should be passed over for a good one.
        """
        self.bring([object_id])
        return self._reader.pieces(self._look.require(object_id), object_id)

    def read(self, object_id: str, limit: int = READ_LIMIT) -> bytes:
        """Return the bytes of an object; a damaged copy is passed over for a good one in another pack."""
        self.bring([object_id])
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

    def read_small(self, object_id: str) -> bytes | None:
        """Return an object of up to 1 MiB while packs are `kept_open`; None for another, or where a first look finds damage."""
        return self._reader.small(object_id)

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
        if not self._reader.is_whole(object_id):
            return [object_id]
        if not is_tree:
            return []
        wanted = dict.fromkeys(file.object for file in self.read_tree(object_id))
        return [one for one in wanted if not self._reader.is_whole(one)]

    def chunks(self, object_id: str) -> list[ObjectId]:
        """Return the chunks that an object is stored as, in their order; none where it is stored as it is."""
        return self._reader.chunks(object_id)

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

        self.bring([object_id])
        if self.is_tree(object_id) if is_tree is None else is_tree:
            return restore_tree(self._env, self, object_id, os.fspath(target), overwrite)
        restore_file(self._env, self, object_id, os.fspath(target), overwrite)
        return 1

    def copies(self, object_id: str) -> Iterator[Iterator[bytes]]:
        """Yield what `stream` returns for each pack that holds the object, own packs first."""
        return self._reader.copies(object_id)

    def checker(self) -> Checker:
        """Return what checks objects where they lie; each pack is read once by it."""
        from gnomon.objects.checking import Checker

        return Checker(self._look, self._reader)

    def kept_open(self) -> contextlib.AbstractContextManager[None]:
        """Keep the packs that are read open for the length of a `with` block: for many small objects."""
        return self._reader.kept_open()

    # ------------------------------------------------------------ finding

    def was_seen(self, object_id: str) -> bool:
        """Return whether a readable pack named the object at the last look; there is no new one."""
        return self._look.known(object_id) is not None

    def erased(self, object_id: str) -> Tombstone | None:
        """Return what says that an object was erased, whether or not it is here; None where nothing does."""
        return self._look.tombstone(object_id)

    def stays(self, object_id: str) -> bool:
        """Return whether an object and its chunks were in packs, at the last look, that nobody is about to delete."""
        return self._reader.stays(object_id)

    def all_chunks(self, object_id: str) -> set[str]:
        """Return the chunks of an object by every pack that holds a list of them. Raises DamagedObjectError for a bad list."""
        return self._reader.all_chunks(object_id)

    @property
    def unusable(self) -> list[RecordError]:
        """Why packs could not be used at the last look."""
        return list(self._look.unusable)

    def refresh(self) -> None:
        """Look at the folder again; indexes that were read before are not read again."""
        self._look.refresh()

    def packs(self) -> list[Pack]:
        """Return every readable pack of the replica, own ones first."""
        self.refresh()
        return list(self._look.packs)

    def objects(self) -> list[ObjectId]:
        """Return the ids of all objects of the replica, sorted."""
        return sorted({ObjectId(one) for pack in self.packs() for one in pack.objects})

    def _packing(self, *, is_fresh: bool = True, form: int = 1) -> Packing:
        return Packing(self._look, self._own, self._is_here, is_fresh=is_fresh, form=form)

    def _is_here(self, object_id: str) -> bool:
        return object_id in self._stored_here or self._reader.is_surely_here(object_id)
