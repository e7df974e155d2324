"""Which of this device's own sealed files went on purpose: joined into larger ones, or deleted as garbage.

A sync would fetch a file back that its own head lists and that is not here, since a disk may have lost it. This list tells it
which are not lost. It stands beside the other state of syncs, one path a line, appended to.

Always true: a path is noted after its file went; a crash between the two costs a fetch, never data.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from gnomon.record.index_place import place_for
from gnomon.sync.names import sealed_files
from gnomon.sync.state import StateFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gnomon.record.home import Home


@contextlib.contextmanager
def noting(home: Home, writer: str) -> Iterator[None]:
    """Note which sealed files of `writer` are gone at the end of the block."""
    before = _own(home, writer)
    try:
        yield
    finally:
        gone = sorted(before - _own(home, writer))
        if gone:
            _append(home, gone)


def dissolved(home: Home) -> set[str]:
    """Return the paths that were noted."""
    try:
        return set(home.env.read_file(_path(home)).decode("ascii", "replace").splitlines())
    except FileNotFoundError:
        return set()


def forget(home: Home, kept: Iterable[str]) -> None:
    """Keep only these paths of the list: no head lists the others any more. Raises OSError."""
    noted = dissolved(home)
    left = sorted(noted.intersection(kept))
    if len(left) == len(noted):
        return
    fd = home.env.open_lock(_path(home))
    try:
        home.env.truncate(fd, 0)
        home.env.pwrite(fd, "".join(f"{path}\n" for path in left).encode("ascii"), 0)
    finally:
        home.env.close(fd)


def _own(home: Home, writer: str) -> set[str]:
    return {file.path for file, _ in sealed_files(home) if file.writer == writer}


def _append(home: Home, paths: list[str]) -> None:
    path = _path(home)
    fd = home.env.open_lock(path)
    try:
        home.env.pwrite(fd, "".join(f"{path}\n" for path in paths).encode("ascii"), home.env.size(fd))
        home.env.sync_data(fd)
    finally:
        home.env.close(fd)


def _path(home: Home) -> str:
    file = StateFile(home, place_for(home, home.env))
    home.env.make_folder(file.folder)
    return file.path.removesuffix(".json") + ".dissolved"
