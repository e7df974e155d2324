"""The row groups of a segment: of a large file only those are read that may hold what is asked for.

The footer says of each row group the smallest and the largest of each column. A reader that knows no choice of row groups
gets the file with a footer that names the chosen ones alone.

Always true: a row group that holds a wanted point is chosen; batches come in the order of the file.
Not promised: that a chosen row group holds any. What a footer does not say may be anything.
Format: docs/internals/record-format.md, "Segments: sealed points"; the Parquet specification, `parquet.thrift`.
"""

from __future__ import annotations

import io
from bisect import bisect_left
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.errors import DamagedFileError
from gnomon.points.columns import numpy_for
from gnomon.points.compact import I64, LIST, STRUCT, List, Struct, plain, read_struct, write_struct
from gnomon.points.segment import MAX_POINTS, ROW_GROUP, at_most, refusing_damage
from gnomon.points.series_points import SeriesKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from gnomon.env import Env
    from gnomon.points.segment import Group
    from gnomon.points.series_points import Within

_MAGIC = b"PAR1"
_END = 8  # bytes: the length of the footer, the magic
_MOST_KEPT = 16  # footers of files
_LARGEST_FOOTER = 64 << 20
_AHEAD = 1 << 20  # bytes that are read at a time; a row group has about as many
_NUMBERS = frozenset({"rank", "step", "time", "row"})
# Fields of parquet.thrift
_ROWS, _ROW_GROUPS = 3, 4  # FileMetaData
_COLUMNS, _GROUP_ROWS = 1, 3  # RowGroup
_CHUNK_META = 3  # ColumnChunk
_PATH, _STATISTICS = 3, 12  # ColumnMetaData
_HIGHEST, _LOWEST = 5, 6  # Statistics

Edges = dict[str, tuple[Any, Any]]  # by column: (smallest, largest); texts are bytes


class RowGroup(NamedTuple):
    """How many rows it has, and between what they lie; `footer` is how it stands in the footer."""

    rows: int
    edges: Edges
    footer: bytes

    def may_hold(self, column: str, sorted_values: Sequence[Any]) -> bool:
        """Return whether one of these values may be in a column. Texts are bytes."""
        if column not in self.edges:
            return True
        low, high = self.edges[column]
        at = bisect_left(sorted_values, low)
        return at < len(sorted_values) and bool(sorted_values[at] <= high)

    @property
    def group(self) -> Group | None:
        """The one series and WAL of which all rows are; None where there may be several."""
        if any(name not in self.edges for name in ("run", "series", "rank", "wal")):
            return None
        (run, *runs), (series, *names), (rank, *ranks), (wal, *wals) = (
            self.edges[name] for name in ("run", "series", "rank", "wal")
        )
        if runs != [run] or names != [series] or ranks != [rank] or wals != [wal]:
            return None
        return SeriesKey(run.decode(), series.decode(), rank), wal.decode()


def may_hold(
    runs: Iterable[str],
    names: Iterable[str] | None,
    wals: Iterable[str],
    is_wanted: Callable[[SeriesKey, str], bool],
) -> Callable[[RowGroup], bool]:
    """Return whether a row group may hold points of these runs, series (None: all) and WALs that are wanted."""
    texts = {"run": runs, "wal": wals} if names is None else {"run": runs, "wal": wals, "series": names}
    columns = {name: sorted(text.encode() for text in several) for name, several in texts.items()}

    def may(row_group: RowGroup) -> bool:
        if not all(row_group.may_hold(name, values) for name, values in columns.items()):
            return False
        group = row_group.group
        return group is None or is_wanted(*group)

    return may


class _Footer(NamedTuple):
    """A footer taken apart: what it says of the file, its row groups, and where it begins."""

    file: Struct
    groups: list[RowGroup]
    start: int

    def end_with(self, groups: Sequence[RowGroup]) -> bytes:
        """Return the bytes that end a file with these row groups alone."""
        rows = sum(group.rows for group in groups)
        footers = List([group.footer for group in groups], STRUCT)
        text = _written({**self.file, _ROWS: (I64, rows << 1), _ROW_GROUPS: (LIST, footers)})
        return text + len(text).to_bytes(4, "little") + _MAGIC


class Chosen(NamedTuple):
    """The batches of the row groups that are read, how many rows those have, and how many points of each series were left out."""

    batches: Iterator[Any]
    rows: int
    left_out: dict[Group, int]


def chosen(
    env: Env,
    path: str,
    most: int,
    may_hold: Callable[[RowGroup], bool],
    within: Callable[[Group], Within | None] = lambda _: None,
) -> Chosen:
    """Return what a segment of at most `most` points holds in the row groups that may hold what is wanted.

    Of a series of which `within` wants a part, row groups that hold only other points are left out. The caller has checked the
    file against its name. Raises OSError, DamagedFileError, also while the batches are read.
    """
    with refusing_damage(path):
        footer = _footer_of(env, path)
        groups, left_out = _without_others([one for one in footer.groups if may_hold(one)], within)
    rows = sum(group.rows for group in groups)
    numpy_for(rows)  # imports it where that pays for the whole, if not for a batch
    batches = _batches(env, path, footer, groups) if groups else iter(())
    return Chosen(at_most(min(most, MAX_POINTS), batches, path), rows, left_out)


def _without_others(
    groups: Sequence[RowGroup], within: Callable[[Group], Within | None]
) -> tuple[list[RowGroup], dict[Group, int]]:
    """Return the row groups but those that hold only points outside of what is wanted of one series, and how many those are."""
    places: dict[Group, list[int]] = {}
    for at, row_group in enumerate(groups):
        group = row_group.group
        if group is not None:
            places.setdefault(group, []).append(at)
    left_out: dict[Group, int] = {}
    away: set[int] = set()
    for group, several in places.items():
        part = within(group)
        if part is None or any(part.by not in groups[at].edges for at in several):
            continue
        needed = part.needed([groups[at].edges[part.by] for at in several])
        others = {at for number, at in enumerate(several) if number not in needed}
        if others:
            away |= others
            left_out[group] = sum(groups[at].rows for at in others)
    return [one for at, one in enumerate(groups) if at not in away], left_out


def _footer_of(env: Env, path: str) -> _Footer:
    found = env.stat(path)
    return _footer_at(env, path, found.st_size, found.st_mtime_ns)


@lru_cache(maxsize=_MOST_KEPT)
def _footer_at(env: Env, path: str, size: int, changed_ns: int) -> _Footer:  # noqa: ARG001  it tells states apart
    """Return the footer of a file in one state of it."""
    fd = env.open_read(path)
    try:
        return _read_footer(env, fd, size, path)
    finally:
        env.close(fd)


def _read_footer(env: Env, fd: int, size: int, path: str) -> _Footer:
    end = env.read(fd, _END, max(0, size - _END))
    length = int.from_bytes(end[:4], "little")
    if len(end) < _END or end[4:] != _MAGIC or not 0 < length <= min(size - _END - 4, _LARGEST_FOOTER):
        raise DamagedFileError(
            f"segment `{path}` has no footer of Parquet", hint="fetch a good copy with the next sync"
        )
    start = size - _END - length
    file, _ = read_struct(env.read(fd, length, start), 0)
    groups = [
        RowGroup(plain(group[_GROUP_ROWS][1]), _edges_of(group), _written(group))
        for group in file[_ROW_GROUPS][1]
    ]
    return _Footer({**file, _ROW_GROUPS: (LIST, List([], STRUCT))}, groups, start)


def _written(struct: Struct) -> bytes:
    out = bytearray()
    write_struct(out, struct)
    return bytes(out)


def _edges_of(group: Struct) -> Edges:
    """Return between what the columns of a row group lie, as far as the footer says."""
    found: Edges = {}
    for chunk in group[_COLUMNS][1]:
        meta = chunk[_CHUNK_META][1]
        statistics = meta[_STATISTICS][1] if _STATISTICS in meta else {}
        if _LOWEST in statistics and _HIGHEST in statistics:
            name = b".".join(meta[_PATH][1]).decode()
            low, high = statistics[_LOWEST][1], statistics[_HIGHEST][1]
            if name in _NUMBERS:
                low, high = (int.from_bytes(one, "little", signed=True) for one in (low, high))
            found[name] = (low, high)
    return found


def _batches(env: Env, path: str, footer: _Footer, groups: Sequence[RowGroup]) -> Iterator[Any]:
    from arro3.io import read_parquet

    excerpt = _Excerpt(env, path, footer.start, footer.end_with(groups))
    file: Any = excerpt
    try:
        with refusing_damage(path):
            yield from read_parquet(file, batch_size=ROW_GROUP)
    except DamagedFileError as error:
        raise (excerpt.failure or error) from error
    finally:
        excerpt.close()


class _Excerpt(io.RawIOBase):
    """A file up to `start`, and another end. `failure` is the last error of the file system."""

    def __init__(self, env: Env, path: str, start: int, end: bytes) -> None:
        self._env = env
        self._fd = env.open_read(path)
        self._start = start
        self._end = end
        self._at = 0
        self._ahead = (0, b"")  # where it begins, what was read: one row group takes many small reads
        self.failure: OSError | None = None

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset + (0, self._at, self._start + len(self._end))[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1) -> bytes:
        wanted = size if size >= 0 else self._start + len(self._end) - self._at
        found = b""
        if self._at < self._start:
            found = self._of_file(min(wanted, self._start - self._at))
        if len(found) < wanted and self._at + len(found) >= self._start:
            place = self._at + len(found) - self._start
            found += self._end[place : place + wanted - len(found)]
        self._at += len(found)
        return found

    def _of_file(self, size: int) -> bytes:
        place, ahead = self._ahead
        if not place <= self._at <= self._at + size <= place + len(ahead):
            wanted = max(size, min(_AHEAD, self._start - self._at))
            try:
                ahead = self._env.read(self._fd, wanted, self._at)
            except OSError as error:
                self.failure = error
                raise
            place = self._at
            self._ahead = (place, ahead)
        return ahead[self._at - place : self._at - place + size]

    def close(self) -> None:
        if not self.closed:
            self._env.close(self._fd)
        super().close()
