"""One file of a folder: a ZIP archive whose bytes follow from the content alone.

Files stand in order of their paths, with one fixed time and fixed rights. Texts are compressed; what is compressed already
(packs, Parquet, pictures) is stored. Files pass through in pieces.
Not promised: the same bytes from another build of zlib; what is unpacked is the same.
"""

from __future__ import annotations

import os
import stat as stat_module
import zipfile
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import IO

    from gnomon.env import Env

TIME = (1980, 1, 1, 0, 0, 0)  # the first that ZIP knows
PIECE = 1 << 20
LEVEL = 6
COMPRESSED = (".csv", ".json", ".jsonl", ".md", ".txt", ".patch", ".ipynb", ".py", ".toml", ".svg")
_UNIX = 3


def write_zip(env: Env, folder: str, path: str, top: str, tell: Callable[[int, int], None]) -> None:
    """Write all files of a folder into a new ZIP file, below the folder `top`. Raises OSError."""
    files = sorted(_files(folder))
    total = sum(os.path.getsize(os.path.join(folder, name)) for name in files)
    done = 0
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        out = _Output(env, fd)
        with zipfile.ZipFile(cast("IO[bytes]", out), "w", allowZip64=True) as archive:
            for name in files:
                full = os.path.join(folder, name)
                member = zipfile.ZipInfo(f"{top}/{name}", TIME)
                member.create_system = _UNIX
                is_program = os.stat(full).st_mode & 0o100
                member.external_attr = (stat_module.S_IFREG | (0o755 if is_program else 0o644)) << 16
                size = member.file_size = os.path.getsize(full)
                if name.endswith(COMPRESSED):
                    member.compress_type = zipfile.ZIP_DEFLATED
                    member._compresslevel = LEVEL  # type: ignore[attr-defined]
                with (
                    open(full, "rb") as source,
                    archive.open(member, "w", force_zip64=size >= 1 << 31) as target,
                ):
                    while piece := source.read(PIECE):
                        target.write(piece)
                        done += len(piece)
                        tell(done, total)
        env.sync_data(fd)
    finally:
        env.close(fd)


def _files(folder: str) -> list[str]:
    found = []
    for place, _, names in os.walk(folder):
        found += [os.path.relpath(os.path.join(place, name), folder).replace(os.sep, "/") for name in names]
    return found


class _Output:
    """A file that is written through the environment, as far as `zipfile` needs one."""

    def __init__(self, env: Env, fd: int) -> None:
        self._env = env
        self._fd = fd
        self._at = 0

    def write(self, data: bytes) -> int:
        self._env.pwrite(self._fd, bytes(data), self._at)
        self._at += len(data)
        return len(data)

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset if whence == 0 else self._at + offset
        return self._at

    def seekable(self) -> bool:
        return True

    def flush(self) -> None:
        pass
