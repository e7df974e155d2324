"""The digests of files that did not change, so that they are not read again: one file for each place and record.

Of a folder of which nothing changed, only the facts are read and compared, all at once; the digests of its files wait until
somebody asks for one.

Always true: a digest is given only for a file whose size, times and inode are as they were when it was read, and which had
rested for `RACY_NS` by then; a second change within one tick of the disk's clock would leave all four facts as they were.
Damaged, lost or deleted, the cache costs time and nothing else; it carries a hash of itself.
Not promised: that a change is seen which puts back size, both times and inode. Only the system can do that.
"""

from __future__ import annotations

import contextlib
import json
import os
from typing import TYPE_CHECKING

from blake3 import blake3

if TYPE_CHECKING:
    from gnomon.data.scan import File, Scan, Stamp
    from gnomon.env import Env

VERSION = 3
RACY_NS = 2_000_000_000  # the coarsest clock of a disk that is in use (FAT)
FOLDER = "data-stat"

_Files = dict[str, tuple[int, int, int, int, bytes, int]]  # by path: facts, digest, flags
# A file: its digest, the length of its head, the head (JSON: version, root, record, the object of all files together or
# nothing, bytes of facts), the facts of the folder, the files (MessagePack, which is loaded where they are asked for).
_DIGEST, _LENGTH = 32, 4
_SETTLED, _KEPT = 1, 2


class StatCache:
    """What is known of the files at one place. `save` writes it, where anything is new."""

    def __init__(self, env: Env, root: str, record: str) -> None:
        self._env = env
        self._root = root
        self._record = record
        name = blake3(f"{record}\0{root}".encode("utf-8", "surrogateescape")).hexdigest(16)
        self._path = os.path.join(env.cache_folder(), FOLDER, f"{name}.cache")
        self._tree, self._facts = "", b""
        self._encoded = memoryview(b"")  # the files, while nobody has asked for one
        self._decoded: _Files | None = None
        self._is_new = False
        self._load()

    @property
    def _files(self) -> _Files:
        if self._decoded is None:
            import msgspec

            self._decoded = msgspec.msgpack.decode(self._encoded, type=_Files) if self._encoded else {}
        return self._decoded

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
        self._tree, self._facts, self._is_new = "", b"", True  # the mode may be another, too

    def known_tree(self, found: Scan) -> str | None:
        """Return the object of a folder of which no file changed, came or went; None where one may have."""
        return self._tree if self._tree and found.facts and found.facts == self._facts else None

    def remember_tree(self, object_id: str, found: Scan) -> None:
        """Keep the object of the folder that was found, and forget all files that it does not have."""
        paths = {file.path for file in found.files}
        facts = found.facts if all(map(self.digest, found.files)) else b""
        if (self._tree, self._facts, len(self._files)) != (object_id, facts, len(paths)):
            self._decoded = {path: known for path, known in self._files.items() if path in paths}
            self._tree, self._facts, self._is_new = object_id, facts, True

    def save(self) -> None:
        """Write what is new. A disk that takes nothing costs the next look its time."""
        if not self._is_new:
            return
        import msgspec

        head = [VERSION, self._root, self._record, self._tree, len(self._facts)]
        encoded = json.dumps(head).encode("ascii")
        length = len(encoded).to_bytes(_LENGTH, "little")
        try:
            files = msgspec.msgpack.encode(self._files)
        except UnicodeEncodeError:  # a name that is not UTF-8: the cache is done without
            return
        data = b"".join((length, encoded, self._facts, files))
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

    def forget(self) -> None:
        """Remove the file, for a place that will not be there again."""
        with contextlib.suppress(OSError):
            os.unlink(self._path)

    def _load(self) -> None:
        try:
            data = memoryview(self._env.read_file(self._path))
        except OSError:
            return
        if blake3(data[_DIGEST:]).digest() != data[:_DIGEST]:
            return
        start = _DIGEST + _LENGTH
        end = start + int.from_bytes(data[_DIGEST:start], "little")
        try:
            version, root, record, tree, facts = json.loads(bytes(data[start:end]))
        except ValueError:  # of another version
            return
        if (version, root, record) == (VERSION, self._root, self._record):
            self._tree, self._facts = tree, bytes(data[end : end + facts])
            self._encoded = data[end + facts :]
