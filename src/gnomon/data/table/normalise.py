"""Write Parquet files anew, so that versions with inserted rows share most of their bytes.

Always true: a file is replaced in one step, and only after every row of the new one was compared with the old one; mode and
owner's rights stay. A file that is normal already is written again with the same bytes, and not replaced.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.errors import BadArgumentError, DamagedFileError, MissingFileError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SUFFIXES = (".parquet", ".pq")
_BATCH = 1 << 16


class Normalised(NamedTuple):
    """A file that was written anew: its size before and after, and its rows."""

    path: str
    before: int
    after: int
    rows: int


def normalise(path: str, *, progress: Callable[[int, int], None] | None = None) -> list[Normalised]:
    """Write a Parquet file, or all of a folder, anew in place; return those that changed.

    Raises MissingFileError, BadArgumentError (no Parquet there), DamagedFileError (not readable).
    """
    found = list(_files(path))
    if not found:
        raise BadArgumentError(
            f"`{path}` holds no Parquet file (`.parquet`, `.pq`) that could be normalised",
            hint="leave `--normalise` out; other files are cut by their content as they are",
        )
    done = []
    sizes = [os.stat(file).st_size for file in found]
    for nth, file in enumerate(found):
        one = _normalise(file)
        if one is not None:
            done.append(one)
        if progress is not None:
            progress(sum(sizes[: nth + 1]), sum(sizes))
    return done


def _files(path: str) -> Iterator[str]:
    root = os.path.realpath(path)
    if not os.path.exists(root):
        raise MissingFileError(f"`{path}` does not exist")
    if os.path.isfile(root):
        if not root.lower().endswith(SUFFIXES) and not _is_parquet(root):
            return
        yield root
        return
    for place, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in (".git", ".gnomon"))
        for name in sorted(names):
            file = os.path.join(place, name)
            if name.lower().endswith(SUFFIXES) and stat.S_ISREG(os.lstat(file).st_mode):
                yield file


def _is_parquet(path: str) -> bool:
    with open(path, "rb") as file:
        return file.read(4) == b"PAR1"


def _normalise(path: str) -> Normalised | None:
    from gnomon.data.table.parquet import write

    _require_readable(path)
    state = os.stat(path)
    temporary = os.path.join(os.path.dirname(path), f".{os.path.basename(path)}.{os.getpid()}.tmp")
    try:
        with open(temporary, "xb") as out:
            try:
                rows = write(_reader(path), out)
            except BaseException as error:
                # What arro3 raises has no class of its own; in a damaged page it panics, which is no `Exception`.
                if type(error) is not Exception and type(error).__name__ != "PanicException":
                    raise
                raise DamagedFileError(
                    f"`{path}` cannot be read as Parquet: {str(error)[:300]}",
                    hint="add it without `--normalise`",
                ) from error
        _require_same(path, temporary)
        if os.stat(path).st_mtime_ns != state.st_mtime_ns:
            raise BadArgumentError(f"`{path}` changed while it was normalised", hint="the same command again")
        if _same_bytes(path, temporary):
            return None
        os.chmod(temporary, stat.S_IMODE(state.st_mode))
        size = os.stat(temporary).st_size
        os.replace(temporary, path)
        return Normalised(path, state.st_size, size, rows)
    finally:
        if os.path.lexists(temporary):
            os.unlink(temporary)


def _require_readable(path: str) -> None:
    """Raise DamagedFileError for what is no Parquet: DuckDB says so in words, where arro3 panics."""
    from pathlib import Path

    import duckdb

    from gnomon.data.profile.engine import engine, literal

    try:
        with engine() as opened:
            opened.rows(f"DESCRIBE SELECT * FROM read_parquet({literal(opened.path(Path(path)))})")
    except duckdb.Error as error:
        said = str(error).split("\n", 1)[0][:240]
        raise DamagedFileError(
            f"`{path}` cannot be read as Parquet: {said}", hint="add it without `--normalise`"
        ) from None


def _reader(path: str) -> Any:
    from arro3.io import read_parquet

    return read_parquet(path, batch_size=_BATCH)


def _require_same(old: str, new: str) -> None:
    """Raise where one row of the new file is not that of the old one."""
    before, after = _Rows(_reader(old)), _Rows(_reader(new))
    is_same = before.schema.equals(after.schema)
    while is_same and (amount := min(before.waiting, after.waiting)):
        is_same = before.take(amount).equals(after.take(amount))
    if not is_same or before.waiting or after.waiting:
        raise DamagedFileError(
            f"`{old}` holds something that is not read back as it was; it was left as it is",
            hint="add it without `--normalise`",
        )


class _Rows:
    """The rows of a reader, in slices of any length."""

    def __init__(self, reader: Any) -> None:
        self.schema = reader.schema
        self._batches = iter(reader)
        self._batch: Any = None
        self._at = 0

    @property
    def waiting(self) -> int:
        """How many rows can be taken at once; 0 at the end."""
        while self._batch is None or self._at >= self._batch.num_rows:
            self._batch, self._at = next(self._batches, None), 0
            if self._batch is None:
                return 0
        return int(self._batch.num_rows - self._at)

    def take(self, amount: int) -> Any:
        self._at += amount
        return self._batch.slice(self._at - amount, amount)


def _same_bytes(one: str, other: str) -> bool:
    if os.stat(one).st_size != os.stat(other).st_size:
        return False
    with open(one, "rb") as a, open(other, "rb") as b:
        while piece := a.read(1 << 20):
            if piece != b.read(1 << 20):
                return False
    return True
