"""Take the record of an export into this one: what is new in it, in files of this device's own.

All of it is verified first: one wrong hash, and nothing is imported. Then objects, points and entries are written in that
order, each file whole or not at all, so an import that was interrupted leaves a whole record and is simply done again.

Always true: importing twice is importing once; what is here already stays as it is, whoever has more of it; no path or name
from the export is used for a file of this record.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from gnomon.env import REAL
from gnomon.errors import DamagedFileError, GnomonError, StorageError
from gnomon.objects import lease
from gnomon.points.follow import points_of_wal
from gnomon.record.files import write_named_by_hash
from gnomon.record.home import BUNDLE_SUFFIX, OPEN_BUNDLE_SUFFIX, Home, make_record, open_home, record_path
from gnomon.record.index_lines import LineFile
from gnomon.record.keys import load_device_key
from gnomon.replica import Replica
from gnomon.runs.archive import unpack
from gnomon.runs.archive.log_lines import BUNDLE_BYTES, HEAD
from gnomon.runs.archive.packs import Copier
from gnomon.runs.state import WITHHELD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gnomon.env import Env
    from gnomon.points.covers import Cover
    from gnomon.runs.views import Record

    Tell = Callable[[int, int], None]

_SHOWN = 5


class Imported(NamedTuple):
    """What an import brought: the runs in it, those of them that are new here; new entries, points and objects; the same of
    versions of data, by id.
    """

    runs: list[str]
    new_runs: list[str]
    entries: int
    points: int
    objects: int
    data: list[str]
    new_data: list[str]


def import_(record: Record, path: str | os.PathLike[str]) -> Imported:
    """Take an export or an archive into this record. See `Record.import_`."""
    home, shown = record.replica.home, os.path.abspath(os.fspath(path))
    tell = record.export_progress or (lambda _done, _total: None)
    try:
        with unpack.record_of(home.env, shown, home.path, tell) as folder:
            return _Import(record, folder, shown, tell).take()
    except GnomonError:
        raise
    except OSError as error:
        raise StorageError(
            f"`{shown}` could not be imported: {error.strerror or error}",
            hint="the record is whole; see to the disk and import again: what is here already is not written twice",
        ) from error


def make_if_missing(place: str | None, env: Env = REAL) -> None:
    """Make a record at `place` (or where the first run would), unless there is one."""
    make_record(record_path(place, env), env)


class _Import:
    def __init__(self, record: Record, folder: str, shown: str, tell: Tell) -> None:
        self._record = record
        self._home: Home = record.replica.home
        self._env: Env = self._home.env
        self._source = open_home(folder, self._env)
        self._shown = shown
        self._tell = tell

    def take(self) -> Imported:
        self._verify()
        record, replica = self._record, self._record.replica
        replica.update()
        before, data_before = _known_runs(replica), _known_data(replica)
        self._writer = load_device_key(self._env).writer
        with lease.held(
            self._env, os.path.join(self._home.path, "objects")
        ):  # until entries name what is here
            objects = self._take_objects()
            points = self._take_points()
            entries = self._take_entries()
        replica.update()
        told = self._told_of()
        runs = self._by_age("run", told)
        new = [run for run in runs if run not in before and not record.run(run).is_withheld]
        known = _known_data(replica)
        data = [version for version in self._by_age("data", told) if version in known]
        return Imported(
            runs, new, entries, points, objects, data, [one for one in data if one not in data_before]
        )

    def _verify(self) -> None:
        """Raise unless every byte of the export is what its hashes say."""
        from gnomon.verification import Verification

        for path, state in self._source.log_files():
            if state.st_size > unpack.MOST_BUNDLE_BYTES:
                raise DamagedFileError(
                    f"`{self._shown}` is refused: `{path}` of {state.st_size:,} bytes is larger than any bundle",
                    hint="nothing was imported",
                )
        looked = Verification(self._source, deep=True, progress=self._tell, is_at_work=False)
        found = [problem for problem in looked if problem.severity == "damage"]
        if found:
            more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
            raise DamagedFileError(
                f"`{self._shown}` is damaged, so nothing was imported: {'; '.join(map(str, found[:_SHOWN]))}{more}",
                hint="fetch it again, or export it again where it came from",
            )

    # --- objects

    def _take_objects(self) -> int:
        source, target = Replica(self._source).objects(), self._record.replica.objects()
        target.refresh()
        lacking = [one for one in source.objects() if not target.stays(one)]
        failed: list[str] = []
        copier = Copier(self._env, source, lambda one, why: failed.append(f"object {one[:12]}: {why}"))
        sizes = sum(map(copier.size, lacking)) or 1
        done = 0

        def step(size: int) -> None:
            nonlocal done
            done += size
            self._tell(done, sizes)

        going = lease.marked(self._env, os.path.join(self._home.path, "objects"))
        count, _ = copier.copy(
            lacking, self._home.folder("objects", self._writer), self._env, step, going=going
        )
        if failed:
            raise DamagedFileError(f"`{self._shown}` changed while it was imported: {failed[0]}")
        return count

    # --- points

    def _take_points(self) -> int:
        """Copy the segments that hold points which are not here; return how many those are."""
        from gnomon.points.seal import write_whole
        from gnomon.points.segment import covers_of, read_file

        folder = self._home.folder("points", self._writer)
        known = _Known(self._record.replica)
        news = 0
        for path, _ in self._source.segment_files():
            full = os.path.join(self._source.path, path)
            new_here = sum(known.lacks(cover) for cover in covers_of(self._env, full))
            if new_here:
                data = read_file(self._env, full, afresh=True)
                write_whole(self._env, os.path.join(folder, os.path.basename(path)), data, data.__eq__)
                news += new_here
        return news

    # --- entries

    def _take_entries(self) -> int:
        """Write the logs that hold entries (or bodies) which are not here; return how many those are."""
        here = self._entries_here()
        folder = self._home.folder("log", self._writer)
        total = 0
        for path, _ in self._source.log_files():
            suffix = OPEN_BUNDLE_SUFFIX if path.endswith(OPEN_BUNDLE_SUFFIX) else BUNDLE_SUFFIX
            batch: list[bytes] = []
            size = 0
            for lines, news in self._logs_with_news(os.path.join(self._source.path, path), here):
                total += news
                batch += lines
                size += sum(map(len, lines))
                if size >= BUNDLE_BYTES:
                    write_named_by_hash(self._env, folder, "bundle", suffix, batch)
                    batch, size = [], 0
            if batch:
                write_named_by_hash(self._env, folder, "bundle", suffix, batch)
        return total

    def _logs_with_news(self, path: str, here: dict[bytes, bool]) -> Iterator[tuple[list[bytes], int]]:
        """Yield the lines of each log of a bundle that has something new, and how much."""
        log, news = b"", 0
        lines: list[bytes] = []
        for name, entry, has_body, line in _lines(self._env, path):
            if name != log:
                if news:
                    yield lines, news
                log, lines, news = name, [], 0
            lines.append(line)
            known = here.get(entry)
            if known is None or (has_body and not known):
                here[entry] = has_body
                news += 1
        if news:
            yield lines, news

    def _entries_here(self) -> dict[bytes, bool]:
        """Return the entries of this record that stand in logs of the export: hash -> whether its body is here."""
        logs = {
            name
            for path, _ in self._source.log_files()
            for name, _, _, _ in _lines(self._env, os.path.join(self._source.path, path))
        }
        found: dict[bytes, bool] = {}
        for path, _ in self._home.log_files():
            try:
                for name, entry, has_body, line in _lines(self._env, os.path.join(self._home.path, path)):
                    # A line that was damaged here is no reason to leave out a good one.
                    if name in logs and not found.get(entry) and _is_sound(line):
                        found[entry] = has_body
            except FileNotFoundError:
                continue  # bundled since it was listed; what that hides is written once more, and counts once
        return found

    def _told_of(self) -> list[str]:
        """Return the subjects of which more than heads stand in the export."""
        found: dict[str, None] = {}
        for path, _ in self._source.log_files():
            for _, _, has_body, line in _lines(self._env, os.path.join(self._source.path, path)):
                match = HEAD(line)
                if has_body and match is not None:
                    found[match[5].decode("ascii", "replace")] = None
        return list(found)

    def _by_age(self, kind: str, subjects: list[str]) -> list[str]:
        """Return the ids of the subjects of a kind, the oldest first."""
        index, head = self._record.replica.index, f"{kind}:"
        ids = [subject.removeprefix(head) for subject in subjects if subject.startswith(head)]
        created = dict(zip(index.ids(kind), index.columns(kind, ["created"])["created"], strict=True))
        return sorted(ids, key=lambda one: (created.get(one) or 0, one))


def _lines(env: Env, path: str) -> Iterator[tuple[bytes, bytes, bool, bytes]]:
    """Yield (log, entry hash, whether the body is there, line) of all lines that have the form of an entry."""
    with LineFile(env, path) as file:
        for _, line in file.lines(0):
            match = HEAD(line) if line is not None else None
            if match is not None and line is not None:
                yield match[3], match[1], match[7] is not None, line + b"\n"


def _is_sound(line: bytes) -> bool:
    from gnomon.errors import RecordError
    from gnomon.record.lines import parse_line

    try:
        parse_line(line)
    except RecordError:
        return False
    return True


def _known_runs(replica: Replica) -> set[str]:
    """Return the runs of which more than heads are here."""
    table = replica.index.columns("run", ["removed"])
    return {
        run
        for run, hidden in zip(replica.index.ids("run"), table["removed"], strict=True)
        if hidden != WITHHELD
    }


def _known_data(replica: Replica) -> set[str]:
    """Return the versions of data of which more than heads are here."""
    from gnomon.data.views import rows

    return {row.id for row in rows(replica.index)}


class _Known:
    """How many points of each run of a WAL are here."""

    def __init__(self, replica: Replica) -> None:
        self._replica = replica

    def lacks(self, cover: Cover) -> int:
        """Return how many points of a cover are in no file here."""
        counted = self._replica.index.ask(lambda database: points_of_wal(database, cover.wal))
        lacking = 0
        for one in cover.runs:
            lacking += max(0, one.points - counted.get((one.run, one.rank), 0))
        return lacking
