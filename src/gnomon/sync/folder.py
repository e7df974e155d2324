"""A remote that is a folder: a network share, a synchronised folder, a stick. It is a replica itself.

Always true: a file gets its name when all of it is on the disk; no link is followed below the folder; who may read and write
in the folder may read and write what is made in it.
"""

from __future__ import annotations

import contextlib
import os
import stat as stat_module
from typing import TYPE_CHECKING

from gnomon.errors import RemoteError
from gnomon.sync.store import PIECE, Found

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gnomon.env import Env


class FolderStore:
    """A folder with the layout of a replica. See `sync.store.Store` for the calls."""

    at_once = 1
    takes_objects = True

    def __init__(self, env: Env, path: str) -> None:
        self.url = path
        self._env = env
        self._root = path
        self._checked: set[str] = set()
        self._mode = -1  # of the root, once it was needed: files and folders below are for the same people

    def list(self, prefix: str) -> Iterator[Found]:
        """Yield what is below a folder, without following links."""
        with self._refused(prefix):
            waiting = [prefix.rstrip("/")]
            while waiting:
                folder = waiting.pop()
                if not self._is_folder(folder):
                    continue
                for name, state in self._env.list_folder(os.path.join(self._root, folder)):
                    path = f"{folder}/{name}"
                    if name.startswith("."):
                        continue
                    if stat_module.S_ISDIR(state.st_mode):
                        waiting.append(path)
                    else:
                        yield Found(path, state.st_size)

    def read(self, path: str, first: int = 0, size: int | None = None) -> bytes:
        """Return (part of) a file."""
        with self._refused(path):
            fd = self._open(path)
            try:
                left = max(0, self._env.size(fd) - first)
                return self._env.read(fd, left if size is None else min(size, left), first)
            finally:
                self._env.close(fd)

    def pieces(self, path: str) -> Iterator[bytes]:
        """Yield a file's bytes."""
        with self._refused(path):
            fd = self._open(path)
            try:
                at = 0
                while piece := self._env.read(fd, PIECE, at):
                    at += len(piece)
                    yield piece
            finally:
                self._env.close(fd)

    def write(self, path: str, source: bytes | str, *, once: bool = False) -> bool:
        """Write a file under a temporary name, bring it to the disk, rename it."""
        with self._refused(path):
            folder = self._folder_for(path)
            target = os.path.join(self._root, path)
            temporary = os.path.join(folder, f".{self._env.random_bytes(8).hex()}.tmp")
            fd = self._env.create(temporary)
            try:
                for piece in [source] if isinstance(source, bytes) else self._local(source):
                    self._env.write(fd, piece)
                self._env.sync_data(fd)
                self._share(temporary, self._mode & 0o666)
                if once:
                    self._name_once(temporary, target)
                else:
                    self._env.replace(temporary, target)
            except FileExistsError:
                return False
            finally:
                self._env.close(fd)
                with contextlib.suppress(FileNotFoundError):
                    self._env.unlink(temporary)
            self._env.sync_folder(folder)
            return True

    def _name_once(self, temporary: str, target: str) -> None:
        """Give a file a name that must not exist. Raises FileExistsError."""
        try:
            self._env.link(temporary, target)
        except FileExistsError:
            raise
        except OSError:  # a disk without links, such as a stick's: then two who come at once both write, which `once` allows
            if os.path.lexists(target):
                raise FileExistsError(target) from None
            self._env.replace(temporary, target)

    def _share(self, path: str, mode: int) -> None:
        with contextlib.suppress(PermissionError):  # a disk without rights, such as a stick's
            self._env.set_mode(path, mode)

    def delete(self, paths: Iterable[str]) -> None:
        """Delete files."""
        for path in paths:
            with self._refused(path), contextlib.suppress(FileNotFoundError):
                if self._is_folder(os.path.dirname(path)):
                    self._env.unlink(os.path.join(self._root, path))

    def finish(self) -> None:
        """Do nothing: every write is there already."""

    def close(self) -> None:
        """Do nothing: nothing is held."""

    def _local(self, path: str) -> Iterator[bytes]:
        fd = self._env.open_read(path)
        try:
            at = 0
            while piece := self._env.read(fd, PIECE, at):
                at += len(piece)
                yield piece
        finally:
            self._env.close(fd)

    def _open(self, path: str) -> int:
        if not self._is_folder(os.path.dirname(path)):
            raise FileNotFoundError(path)
        full = os.path.join(self._root, path)
        if not stat_module.S_ISREG(self._env.stat(full).st_mode):
            raise FileNotFoundError(path)  # a link, a pipe: no replica writes such a thing
        return self._env.open_read(full)

    def _is_folder(self, path: str) -> bool:
        """Return whether a folder below the root is one, and no link on the way to it."""
        parts = [part for part in path.split("/") if part]
        for count in range(1, len(parts) + 1):
            below = "/".join(parts[:count])
            if below in self._checked:
                continue
            try:
                state = self._env.stat(os.path.join(self._root, below))
            except FileNotFoundError:
                return False
            if not stat_module.S_ISDIR(state.st_mode):
                return False
            self._checked.add(below)
        return True

    def _folder_for(self, path: str) -> str:
        folder = os.path.dirname(path)
        full = os.path.join(self._root, folder) if folder else self._root
        self._make_shared(folder)
        if not self._is_folder(folder):
            raise RemoteError(
                f"`{full}` is a link or a file, not a folder; nothing is written through it",
                hint="look who put it there, and move it away",
            )
        return full

    def _make_shared(self, folder: str) -> None:
        """Make the root and a folder below it, where missing, for the same people as the folder around."""
        if self._mode < 0:
            if not os.path.isdir(self._root):
                self._env.make_folder(self._root)
                around = stat_module.S_IMODE(self._env.stat(os.path.dirname(self._root)).st_mode)
                self._share(self._root, (around | 0o700) & 0o2775)  # never for everybody to write
            self._mode = stat_module.S_IMODE(self._env.stat(self._root).st_mode)
        path = self._root
        for part in folder.split("/") if folder else ():
            path = os.path.join(path, part)
            if os.path.islink(path):
                return  # what is behind it is not ours; `_folder_for` says so
            if not os.path.isdir(path):
                self._env.make_folder(path)
                self._share(path, self._mode)

    @contextlib.contextmanager
    def _refused(self, path: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise
        except OSError as error:
            raise RemoteError(
                f"`{os.path.join(self._root, path)}`: {error.strerror or error}",
                hint="check that the folder is there, has room and may be written; then sync again",
            ) from error
