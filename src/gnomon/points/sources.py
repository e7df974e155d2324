"""Which file answers for which WAL, so that every point is counted once.

For each WAL there may be its own file, copies of it, and segments that cover it. The one with the most rows counts; at
equal rows a segment, because it is sealed and quick.

Always true: a segment is checked against its name before anything in it is used; a file that is damaged or gone is left
out, named in `problems`, and the next best answers instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import DamagedFileError
from gnomon.points import layout
from gnomon.points.covers import Cover
from gnomon.points.header import Close, read_head
from gnomon.points.reader import WalRead, read_wal
from gnomon.points.segment import covers_of
from gnomon.record.problems import DAMAGE, NOTICE, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from gnomon.env import Env

_GOOD_COPY = "run `gnomon sync`: another replica may have a good copy"


class Source(NamedTuple):
    """The file that answers for one WAL. `read` is there for a WAL file, `cover` for a segment."""

    order: tuple[int, int, str]
    rows: int
    log: str
    path: str
    cover: Cover | None
    read: WalRead | None

    @property
    def wal(self) -> str:
        """The id of the WAL."""
        return self.order[2]

    @property
    def ordinal(self) -> int:
        """Which WAL of its process this is."""
        return self.order[1]


class Sources:
    """The files of one moment. WALs are read when the first question needs them, each once."""

    def __init__(
        self,
        env: Env,
        segments: Iterable[str],
        wals: Iterable[str],
        covers: Mapping[str, Iterable[Cover]] | None = None,
    ) -> None:
        self._env = env
        self._segments = list(segments)
        self._wals = list(wals)
        self._covers = dict(covers or {})
        self._refused: set[str] = set()
        self._reads: dict[str, WalRead] = {}
        self._chosen: dict[str, Source] | None = None
        self.problems: list[Problem] = []
        self.has_gone = False

    @property
    def has_refused(self) -> bool:
        """Whether a file had to be left out so far."""
        return bool(self._refused)

    def chosen(self) -> list[Source]:
        """Return the source of every WAL, in order of the WALs' clocks."""
        if self._chosen is None:
            chosen = self._chosen = {}
            for path in self._segments:
                self._offer(chosen, path, self._in_segment)
            for path in self._wals:
                self._offer(chosen, path, self._in_wal)
        return sorted(self._chosen.values())

    def refuse(self, path: str, error: Exception) -> None:
        """Leave a file out from now on, and say so."""
        self._refused.add(path)
        self._chosen = None
        if isinstance(error, DamagedFileError):
            self.problems.append(Problem(path, "", error.message, error.hint or _GOOD_COPY, DAMAGE))
        elif isinstance(error, FileNotFoundError):
            self.has_gone = True
            self.problems.append(
                Problem(path, "", "the file is gone", "ask again: it was replaced meanwhile", NOTICE)
            )
        else:
            self.problems.append(
                Problem(path, "", f"it cannot be read: {error}", "check its permissions", DAMAGE)
            )

    def _offer(self, chosen: dict[str, Source], path: str, sources_in: Callable[[str], list[Source]]) -> None:
        if path in self._refused:
            return
        try:
            sources = sources_in(path)
        except (OSError, DamagedFileError) as error:
            self.refuse(path, error)
            self._chosen = chosen
            return
        for source in sources:
            known = chosen.get(source.wal)
            if known is None or _rank(source) > _rank(known):
                chosen[source.wal] = source

    def _in_segment(self, path: str) -> list[Source]:
        covers = self._covers[path] if path in self._covers else covers_of(self._env, path)
        return [Source(cover.order, cover.rows, cover.log, path, cover, None) for cover in covers]

    def _in_wal(self, path: str) -> list[Source]:
        read = self._needed_read(path)
        if read is None or read.header is None:
            return []
        header = read.header
        order = (header.created_ns, header.ordinal, header.wal)
        return [Source(order, read.rows, header.log, path, None, read)]

    def _needed_read(self, path: str) -> WalRead | None:
        """Return what a WAL holds; None where a segment is known to hold all of it."""
        if path in self._reads:
            return self._reads[path]
        fd = self._env.open_read(path)
        try:
            head = read_head(self._env.read(fd, layout.HEADER_SIZE, 0))
        finally:
            self._env.close(fd)
        if head.header is None:
            self._note_damage(path, head.damage[0].offset, head.damage[0].what)
            return None
        known = (self._chosen or {}).get(head.header.wal)
        if known is not None and known.cover is not None and _holds_all(known.cover, head.close):
            return None
        read = self._reads[path] = read_wal(self._env, path)
        for damage in read.damage:
            if not read.is_unfinished:
                self._note_damage(path, damage.offset, damage.what)
        return read

    def _note_damage(self, path: str, offset: int, what: str) -> None:
        advice = "rows before this place are used, rows after it are not; `gnomon verify` says more"
        self.problems.append(Problem(path, f"byte {offset:,}", what, advice, DAMAGE))


def _holds_all(cover: Cover, close: Close | None) -> bool:
    return cover.is_whole or (close is not None and close.rows <= cover.rows)


def _rank(source: Source) -> tuple[int, bool]:
    return (source.rows, source.cover is not None)
