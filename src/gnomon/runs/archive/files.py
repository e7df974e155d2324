"""Writing the files of an export: through the environment, so that tests can make each call fail; never over anything."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gnomon.env import Env

_TOGETHER = 1 << 20


class Files:
    """The files written so far below one folder: how many, and their bytes together."""

    def __init__(self, env: Env, root: str) -> None:
        self.env = env
        self.root = root
        self.count = 0
        self.bytes = 0

    def place(self, path: str) -> str:
        """Return where a file of this path goes; its folders are made, its name must not be taken."""
        full = os.path.join(self.root, *path.split("/"))
        os.makedirs(os.path.dirname(full), exist_ok=True)
        return full

    def write(self, path: str, parts: bytes | Iterable[bytes]) -> None:
        """Write a file. Raises OSError; then the file may be there in part, in a folder that nobody takes for an export."""
        full = self.place(path)
        # Not `env.create`: outside the record, the user's umask decides who may read.
        fd = os.open(full, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        size, waiting = 0, bytearray()
        try:
            for part in (parts,) if isinstance(parts, bytes) else parts:
                waiting += part
                if len(waiting) >= _TOGETHER:
                    self.env.write(fd, bytes(waiting))
                    size += len(waiting)
                    waiting.clear()
            if waiting:
                self.env.write(fd, bytes(waiting))
                size += len(waiting)
        finally:
            self.env.close(fd)
        self.count_one(size)

    def count_one(self, size: int) -> None:
        """Count a file that was written in another way."""
        self.count += 1
        self.bytes += size
