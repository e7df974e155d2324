"""From a place on the disk to its object: which digest its bytes have now, and how they come into the record.

Always true: a digest is that of bytes that were read, in this call or in an earlier one since which the file did not change;
where a file changed while it was read, it is read again, and where it goes on changing, a note says so. What is stored
stays when a call is interrupted, and the next one goes on from there.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from blake3 import blake3

from gnomon.data.scan import File, Scan, stamp_of
from gnomon.data.stat_cache import StatCache
from gnomon.errors import BadArgumentError, MissingFileError
from gnomon.ids import ObjectId
from gnomon.objects.tree import MAX_TREE_SIZE, TreeFile, encode_tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gnomon.data.scan import Stamp
    from gnomon.env import Env
    from gnomon.objects.store import ObjectStore

    Progress = Callable[[int, int], None]

LARGE = 4 << 20  # larger files are read piece by piece, by the store itself
BATCH_BYTES, BATCH_FILES = 64 << 20, 4096  # after so much, what was stored stays whatever happens
PIECE = 1 << 20
MAX_TRIES = 3


class Bytes(NamedTuple):
    """What lies at a place, by digest."""

    object: ObjectId
    is_tree: bool
    size: int
    files: int
    notes: tuple[str, ...]


class _Read(NamedTuple):
    digest: str
    size: int
    stamp: Stamp
    read_ns: int
    is_steady: bool


def _no_progress(done: int, total: int) -> None:  # noqa: ARG001  the shape of a progress
    return


def identify(env: Env, found: Scan, record: str, progress: Progress = _no_progress) -> Bytes:
    """Return which object a place would be, storing nothing; files that did not change are not read."""
    return bytes_of(found, digests(env, found, record, progress))


def bytes_of(found: Scan, known: Digests) -> Bytes:
    """Return the object of what was found, with these digests."""
    return Bytes(known.object, found.is_tree, known.size, found.count, (*found.notes, *known.notes))


class Digests(NamedTuple):
    """The digests at a place: `files` is empty where the object is known without them, see `tree_files`."""

    object: ObjectId
    size: int
    files: dict[str, TreeFile]
    notes: tuple[str, ...]


def digests(
    env: Env, found: Scan, record: str, progress: Progress = _no_progress, *, with_files: bool = False
) -> Digests:
    """Return the digest of every file and of all together; `with_files` wants them each, even where nothing changed."""
    cache = StatCache(env, found.root, record)
    whole = cache.known_tree(found) if found.is_tree and not with_files else None
    if whole is not None:
        return Digests(ObjectId(whole), found.size, {}, ())
    files: dict[str, TreeFile] = {}
    notes: list[str] = []
    done, total = 0, found.size
    try:
        for file in found.files:
            digest, size = cache.digest(file), file.stamp[0]
            if digest is None:
                read = _read_steadily(env, file, notes)
                digest, size = read.digest, read.size
                cache.remember(file, read.stamp, digest, read_ns=read.read_ns, is_kept=False)
            files[file.path] = TreeFile(file.path, ObjectId(digest), size, file.mode)
            done += size
            progress(done, total)
        object_id = _object_of(found, files)
        if found.is_tree:
            cache.remember_tree(object_id, found)
    finally:
        cache.save()
    return Digests(object_id, sum([file.size for file in files.values()]), files, tuple(notes))


def keep(env: Env, store: ObjectStore, found: Scan, record: str, progress: Progress = _no_progress) -> Bytes:
    """Bring what was found into the record, and return its object. Raises BadArgumentError where nothing is to be kept."""
    if not found.count:
        raise BadArgumentError(
            f"`{found.root}` holds no file", hint="there is nothing that a version could keep"
        )
    cache = StatCache(env, found.root, record)
    keeping = _Keeping(env, store, cache, progress, found.size)
    try:
        keeping.run(found.files)
        object_id = _object_of(found, keeping.files)
        if found.is_tree:
            tree = encode_tree(keeping.files.values())
            if len(tree) > MAX_TREE_SIZE:
                raise BadArgumentError(
                    f"`{found.root}` holds too many files: their list alone takes {len(tree):,} bytes",
                    hint="pack them into fewer, larger files",
                )
            store.put_bytes(tree)
            cache.remember_tree(object_id, found)
    finally:
        cache.save()
    size = sum([file.size for file in keeping.files.values()])
    return Bytes(object_id, found.is_tree, size, found.count, (*found.notes, *keeping.notes))


def _object_of(found: Scan, files: dict[str, TreeFile]) -> ObjectId:
    if found.is_tree:
        return ObjectId(blake3(encode_tree(files.values())).hexdigest())
    (file,) = files.values()
    return file.object


class _Keeping:
    """Stores files: those that are here already are only named, small ones in batches, large ones each for itself."""

    def __init__(
        self, env: Env, store: ObjectStore, cache: StatCache, progress: Progress, total: int
    ) -> None:
        self.files: dict[str, TreeFile] = {}
        self.notes: list[str] = []
        self._env = env
        self._store = store
        self._cache = cache
        self._progress = progress
        self._total = total
        self._done = 0

    def run(self, files: list[File]) -> None:
        self._store.refresh()
        batch: list[File] = []
        batched = 0
        for file in files:
            digest = self._cache.digest(file)
            # Only what this device stored itself is sure to be sound: see `objects.store`.
            if digest is not None and self._cache.is_kept(file) and self._store.stays(digest):
                self._add(file, digest, file.stamp[0])
            elif file.stamp[0] > LARGE:
                self._keep_large(file)
            else:
                batch.append(file)
                batched += file.stamp[0]
                if batched >= BATCH_BYTES or len(batch) >= BATCH_FILES:
                    self._keep_small(batch)
                    batch, batched = [], 0
        if batch:
            self._keep_small(batch)

    def _add(self, file: File, digest: str, size: int) -> None:
        self.files[file.path] = TreeFile(file.path, ObjectId(digest), size, file.mode)
        self._show(size)

    def _show(self, size: int) -> None:
        self._done += size
        self._progress(self._done, self._total)

    def _keep_small(self, batch: list[File]) -> None:
        """Store files together."""
        read: list[tuple[int, Stamp, int]] = []

        def datas() -> Iterator[bytes]:
            for file in batch:
                data, stamp, read_ns = self._data_of(file)
                read.append((len(data), stamp, read_ns))
                yield data
                self._show(len(data))

        ids = self._store.put_many(datas(), are_alike=True)
        for file, object_id, (size, stamp, read_ns) in zip(batch, ids, read, strict=True):
            self._cache.remember(file, stamp, object_id, read_ns=read_ns, is_kept=True)
            self.files[file.path] = TreeFile(file.path, object_id, size, file.mode)

    def _data_of(self, file: File) -> tuple[bytes, Stamp, int]:
        stamp = file.stamp
        for _ in range(MAX_TRIES):
            read_ns = self._env.time_ns()
            try:
                data = self._env.read_file(file.source)
                after = stamp_of(self._env.stat(file.source))
            except FileNotFoundError:
                raise _gone(file) from None
            if after == stamp and len(data) == stamp[0]:
                return data, stamp, read_ns
            stamp = after
        self.notes.append(_changed(file.path, len(data)))
        return data, stamp, 0  # never taken for settled

    def _keep_large(self, file: File) -> None:
        read_ns = self._env.time_ns()
        try:
            kept = self._store.keep(file.source)
            after = stamp_of(self._env.stat(file.source))
        except FileNotFoundError:
            raise _gone(file) from None
        if kept.notes:
            self.notes.append(_changed(file.path, kept.size))
            read_ns = 0
        self._cache.remember(file, after, kept.object, read_ns=read_ns, is_kept=True)
        self._add(file, kept.object, kept.size)


def _read_steadily(env: Env, file: File, notes: list[str]) -> _Read:
    stamp = file.stamp
    for _ in range(MAX_TRIES):
        read = _read(env, file, stamp)
        if read.is_steady:
            return read
        stamp = read.stamp
    notes.append(_changed(file.path, read.size))
    return read._replace(read_ns=0)


def _read(env: Env, file: File, before: Stamp) -> _Read:
    hasher, size, read_ns = blake3(), 0, env.time_ns()
    try:
        fd = env.open_read(file.source)
        try:
            # No further than one piece beyond the end: somebody may be writing faster than we read.
            while size <= before[0] and (piece := env.read(fd, PIECE, size)):
                hasher.update(piece)
                size += len(piece)
            after = stamp_of(os.fstat(fd))
        finally:
            env.close(fd)
    except FileNotFoundError:
        raise _gone(file) from None
    return _Read(hasher.hexdigest(), size, after, read_ns, after == before and size == after[0])


def _changed(path: str, size: int) -> str:
    return f"`{path}` changed while it was read; what counts are the {size:,} bytes that were read last"


def _gone(file: File) -> MissingFileError:
    return MissingFileError(
        f"`{file.source}` vanished while it was read", hint="the same command again goes on from here"
    )
