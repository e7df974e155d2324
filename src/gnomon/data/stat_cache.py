"""The digests of files that did not change, so that they are not read again: one file for each place and record.

Always true: a digest is given only for a file whose size, times and inode are as they were when it was read, and which had
rested for `RACY_NS` by then; a second change within one tick of the disk's clock would leave all four facts as they were.
Damaged, lost or deleted, the cache costs time and nothing else; it carries a hash of itself.
Not promised: that a change is seen which puts back size, both times and inode. Only the system can do that.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

import msgspec
from blake3 import blake3

if TYPE_CHECKING:
    from gnomon.data.scan import File, Stamp
    from gnomon.env import Env

VERSION = 1
RACY_NS = 2_000_000_000  # the coarsest clock of a disk that is in use (FAT)
FOLDER = "data-stat"


class _Stored(msgspec.Struct, array_like=True):
    version: int
    root: str
    record: str
    tree: str  # the object of all files together; empty where it is not known
    files: dict[str, tuple[int, int, int, int, bytes, int]]  # facts, digest, flags


_SETTLED, _KEPT = 1, 2


class StatCache:
    """What is known of the files at one place. `save` writes it, where anything is new."""

    def __init__(self, env: Env, root: str, record: str) -> None:
        self._env = env
        self._root = root
        self._record = record
        name = blake3(f"{record}\0{root}".encode("utf-8", "surrogateescape")).hexdigest(16)
        self._path = os.path.join(env.cache_folder(), FOLDER, f"{name}.cache")
        stored = self._load()
        self._files = stored.files if stored is not None else {}
        self._tree = stored.tree if stored is not None else ""
        self._is_new = False

    def digest(self, file: File) -> str | None:
        """Return the digest of a file; None where it must be read."""
        known = self._files.get(file.path)
        if known is None or known[:4] != file.stamp or not known[5] & _SETTLED:
            return None
        return known[4].hex()

    def is_kept(self, file: File) -> bool:
        """Return whether this device itself stored the file, as `digest` names it, in this record."""
        known = self._files.get(file.path)
        return known is not None and bool(known[5] & _KEPT)

    def remember(self, file: File, stamp: Stamp, digest: str, *, read_ns: int, is_kept: bool) -> None:
        """Keep the digest of a file that was read at `read_ns`, with the facts that it had before and after."""
        is_settled = max(stamp[1], stamp[3]) + RACY_NS < read_ns
        known = self._files.get(file.path)
        same = known is not None and known[4].hex() == digest
        kept = is_kept or (same and bool(known and known[5] & _KEPT))
        flags = (_SETTLED if is_settled else 0) | (_KEPT if kept else 0)
        self._files[file.path] = (*stamp, bytes.fromhex(digest), flags)
        self._tree, self._is_new = "", True  # the mode may be another, too

    def known_tree(self, files: list[File]) -> str | None:
        """Return the object of a folder of which no file changed, came or went; None where one may have."""
        if not self._tree or len(files) != len(self._files):
            return None
        get = self._files.get
        for file in files:
            known = get(file.path)
            if known is None or known[:4] != file.stamp or not known[5] & _SETTLED:
                return None
        return self._tree

    def remember_tree(self, object_id: str, paths: set[str]) -> None:
        """Keep the object of a folder that has these files, and forget all others."""
        if self._tree != object_id or len(self._files) != len(paths):
            self._files = {path: known for path, known in self._files.items() if path in paths}
            self._tree, self._is_new = object_id, True

    def save(self) -> None:
        """Write what is new. A disk that takes nothing costs the next look its time."""
        if not self._is_new:
            return
        stored = _Stored(VERSION, self._root, self._record, self._tree, self._files)
        try:
            data = msgspec.msgpack.encode(stored)
        except UnicodeEncodeError:  # a root that is not UTF-8: the cache is done without
            return
        temporary = f"{self._path}.{self._env.random_bytes(8).hex()}.tmp"
        with contextlib.suppress(OSError):
            self._env.make_folder(os.path.dirname(self._path))
            fd = self._env.create(temporary)
            try:
                self._env.write(fd, blake3(data).digest() + data)
            finally:
                self._env.close(fd)
            self._env.replace(temporary, self._path)
            self._is_new = False

    def _load(self) -> _Stored | None:
        try:
            data = self._env.read_file(self._path)
        except OSError:
            return None
        if blake3(memoryview(data)[32:]).digest() != data[:32]:
            return None
        try:
            stored = msgspec.msgpack.decode(memoryview(data)[32:], type=_Stored)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
        is_ours = (stored.version, stored.root, stored.record) == (VERSION, self._root, self._record)
        return stored if is_ours else None
