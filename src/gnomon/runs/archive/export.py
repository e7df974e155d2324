"""Write runs of a record into a folder of plain files, or into one archive that holds the same tree.

The whole is made in a hidden folder beside the target and renamed at the end: a target that is there is complete. What a
killed export left is removed by the next one to the same place.

Always true: nothing is written over; nothing of runs that were not chosen is in it but the heads of entries that stand in
one log with theirs; the same content gives the same bytes.
Layout: docs/how-to/export-and-archive.md. Reading it back: `take_in`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import BadArgumentError, GnomonError, StorageError
from gnomon.ids import shortest_prefix_length
from gnomon.record.home import RECORD_FILE, record_file
from gnomon.runs.archive import log_lines, tables
from gnomon.runs.archive.chosen import Chosen, choose
from gnomon.runs.archive.files import Files
from gnomon.runs.archive.names import Names, safe_name
from gnomon.runs.archive.object_files import ObjectFiles
from gnomon.runs.archive.packs import Copier
from gnomon.runs.archive.points import ChosenPoints
from gnomon.runs.archive.run_folder import CSV, PARQUET, RunFolder, folder_name
from gnomon.upkeep import kept_off

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from gnomon.env import Env
    from gnomon.runs.views import Record

    Progress = Callable[[int, int], None]

RECORD = "record"
NOBODY = "0" * 32
"""The folder of `record/` that holds its files: they belong to no device, so no upkeep of anybody changes them."""
FILES = "files"
_A_RUN_BYTES = 100_000  # what a run counts in the progress, besides its objects
SUFFIX = ".zip"


class Exported(NamedTuple):
    """What was written: `problems` name what is missing or damaged, `notes` what a person should know.

    `data` are the versions of data that went along: `credit@v3`.
    """

    path: str
    runs: list[str]
    files: int
    bytes: int
    problems: list[str]
    notes: list[str]
    data: list[str]


class Wanted(NamedTuple):
    """What is to be exported, and how; see `Record.export`."""

    runs: str | Iterable[str] | None = None
    where: str | None = None
    removed: bool = False
    points: str = CSV
    only: str | None = None
    data: bool = True


def export(
    record: Record,
    to: str | os.PathLike[str],
    wanted: Wanted,
    announce: Callable[[str], None] | None = None,
) -> Exported:
    """Write runs into the folder `to`, which must be new or empty; `announce` hears first what else goes along."""
    with kept_off(record.replica.home):
        return _Export(record, os.fspath(to), wanted, announce).to_folder()


def archive(
    record: Record,
    to: str | os.PathLike[str],
    wanted: Wanted,
    announce: Callable[[str], None] | None = None,
) -> Exported:
    """Write runs into the ZIP file `to`, which must be new; `announce` hears first what else goes along."""
    with kept_off(record.replica.home):
        return _Export(record, os.fspath(to), wanted, announce).to_file()


class _Export:
    def __init__(
        self, record: Record, to: str, wanted: Wanted, announce: Callable[[str], None] | None
    ) -> None:
        points, only, runs, where = wanted.points, wanted.only, wanted.runs, wanted.where
        if points not in (CSV, PARQUET):
            raise BadArgumentError(f"`points` of `export()` must be 'csv' or 'parquet'; got {points!r}")
        if only not in (None, FILES, RECORD):
            raise BadArgumentError(f"`only` of `export()` must be 'files', 'record' or None; got {only!r}")
        if runs is not None and where is not None:
            raise BadArgumentError("`runs` and `where` of `export()` exclude each other")
        self._record = record
        self._env: Env = record.replica.home.env
        self._to = os.path.abspath(to)
        self._points_form = points
        self._only = only
        self.problems: list[str] = []
        self.notes: list[str] = []
        record.replica.update(record.progress)
        ids, hidden = choose(
            record, [runs] if isinstance(runs, str) else runs, where, with_removed=wanted.removed
        )
        self._chosen = Chosen(record, ids, is_all=runs is None and where is None, with_bytes=wanted.data)
        if not ids and not self._chosen.parts:
            raise BadArgumentError(
                "there is no run to export",
                hint="`gnomon runs --all` lists the runs; hidden ones need `removed`",
            )
        if hidden:
            self.notes.append(f"{_count(hidden, 'hidden run is', 'hidden runs are')} left out")
        self._ids = ids
        self._announce = announce or (lambda _: None)
        self._done = self._total = 0

    # --- where it goes

    def to_folder(self) -> Exported:
        if os.path.lexists(self._to) and (
            os.path.islink(self._to) or not os.path.isdir(self._to) or os.listdir(self._to)
        ):
            raise BadArgumentError(
                f"`{self._to}` is there already, and is no empty folder",
                hint="name a folder that is not there yet",
            )
        self._require_outside()
        with self._temporary() as folder:
            files = self._write(folder)
            with contextlib.suppress(FileNotFoundError):
                os.rmdir(self._to)
            self._env.rename_folder(folder, self._to)
        return self._exported(files.count, files.bytes)

    def to_file(self) -> Exported:
        from gnomon.runs.archive.zip_file import write_zip

        if not self._to.endswith(SUFFIX):
            raise BadArgumentError(
                f"an archive is a ZIP file: its name must end in `{SUFFIX}`; got `{os.path.basename(self._to)}`",
                hint="`gnomon export` writes a folder, which any other tool can pack",
            )
        if os.path.lexists(self._to):
            raise BadArgumentError(f"`{self._to}` is there already", hint="name a file that is not there yet")
        self._require_outside()
        with self._temporary() as folder:
            files = self._write(folder)
            packed = f"{folder}{SUFFIX}"
            try:
                write_zip(self._env, folder, packed, self._top_name(), self._tell)
                self._env.link(packed, self._to)
            finally:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(packed)
        return self._exported(files.count, os.path.getsize(self._to))

    def _exported(self, files: int, size: int) -> Exported:
        data = [label for part in self._chosen.parts for label in part.listed]
        return Exported(self._to, self._ids, files, size, self.problems, self.notes, data)

    def _top_name(self) -> str:
        """Return the folder that holds all in an archive; it follows from what is in it."""
        if len(self._ids) == 1:
            return self._folders[self._ids[0]]
        return f"{safe_name(self._record.name, 60)}-{'runs' if self._ids else 'data'}"

    def _require_outside(self) -> None:
        """Raise where the target lies in the record itself."""
        inside = os.path.realpath(self._record.path)
        if f"{os.path.realpath(os.path.dirname(self._to))}/".startswith(f"{inside}/"):
            raise BadArgumentError(
                f"`{self._to}` lies in the record itself", hint="name a place outside of `.gnomon`"
            )

    @contextlib.contextmanager
    def _temporary(self) -> Iterator[str]:
        """Give a new hidden folder beside the target; remove it unless it was renamed."""
        parent, name = os.path.split(self._to)
        folder = os.path.join(parent, f".{name[:60]}.{self._env.random_bytes(8).hex()}.tmp")
        fd = -1
        try:
            os.makedirs(parent, exist_ok=True)
            _remove_leftovers(self._env, parent, f".{name[:60]}.")
            os.mkdir(folder)
            fd = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
            with contextlib.suppress(OSError):  # a disk without locks: then nobody removes what a kill leaves
                self._env.try_lock(fd)
            yield folder
        except GnomonError:
            raise
        except OSError as error:
            raise StorageError(
                f"`{self._to}` could not be written: {error.strerror or error}",
                hint="nothing was left there; see to the disk and do it again",
            ) from error
        finally:
            if fd >= 0:
                os.close(fd)
            shutil.rmtree(folder, ignore_errors=True)

    # --- what is written

    def _write(self, folder: str) -> Files:
        chosen = self._chosen
        for part in chosen.parts:
            self._announce(part.announcement)
        digits = shortest_prefix_length(self._ids)
        names = Names()
        self._folders = {run: names.take(folder_name(chosen.views[run], digits)) for run in self._ids}
        self._say_what_is_open(chosen)
        wanted, missing = chosen.objects()
        self.problems += missing
        store = self._record.replica.objects()
        copier = Copier(self._env, store, self._damaged(wanted))
        parts = copier.with_chunks(wanted)
        weight = sum(map(copier.size, parts))
        a_form = weight + len(self._ids) * _A_RUN_BYTES
        self._total = a_form * (1 if self._only else 2)
        points = ChosenPoints(chosen, self.problems.append)
        files = Files(self._env, folder)
        if self._only != FILES:
            self._write_record(chosen, points, copier, parts, os.path.join(folder, RECORD))
        if self._only != RECORD:
            codes: set[str] = set()
            objects = ObjectFiles(files, store, self.problems.append, self._step)
            elsewhere = {one: place for part in chosen.parts for one, place in part.folders.items()}
            for run in points.in_order():
                place = f"runs/{self._folders[run]}"
                RunFolder(chosen.views[run], place, objects, codes, elsewhere).write(
                    points, self._points_form
                )
                self._step(_A_RUN_BYTES)
            for part in chosen.parts:
                part.write(objects)
            table = self._record.table_of(self._ids)
            for name, data in tables.tables(table, self._folders).items():
                files.write(name, data)
        self.problems = list(dict.fromkeys(self.problems))
        files.write("README.md", self._readme(chosen, with_runs=self._only != RECORD))
        for place, _, found in os.walk(os.path.join(folder, RECORD)):
            for name in found:
                files.count_one(os.path.getsize(os.path.join(place, name)))
        return files

    def _write_record(
        self, chosen: Chosen, points: ChosenPoints, copier: Copier, objects: list[str], folder: str
    ) -> None:
        """Write `record/`: a record of these runs alone."""
        env, home = self._env, self._record.replica.home
        env.make_folder(folder)
        copier.copy(objects, f"{folder}/objects/{NOBODY}", env, self._step)
        points.write_extracts(f"{folder}/points/{NOBODY}", env)
        logs = log_lines.find_logs(home, chosen, self.problems.append)
        wanted = [log for log in logs if log.in_order()]
        _, heads = log_lines.write_bundles(home, f"{folder}/log/{NOBODY}", wanted, self.problems.append, env)
        if heads:
            self.notes.append(
                f"of {_count(heads, 'entry', 'entries')} of other runs and data, which stand in one log with these, `record/` "
                "holds the heads (ids, kinds, times), not what they say"
            )
        Files(env, folder).write(RECORD_FILE, record_file(home.record_id, home.name))
        _open_to_readers(folder)
        self._step(len(self._ids) * _A_RUN_BYTES)

    def _damaged(self, objects: dict[str, str]) -> Callable[[str, str], None]:
        def told(object_id: str, why: str) -> None:
            self.problems.append(f"{objects.get(object_id, 'an object')}: {why} (object {object_id[:12]})")

        return told

    def _say_what_is_open(self, chosen: Chosen) -> None:
        for run in self._ids:
            status = chosen.views[run].status
            if status in ("running", "unknown"):
                self.notes.append(f"run {run[:8]} is {status}: it is exported as far as it had come")
        if chosen.parts_left_out:
            parts = _count(chosen.parts_left_out, "run that is part", "runs that are parts")
            self.notes.append(
                f"{parts} of these, but not chosen, {'is' if chosen.parts_left_out == 1 else 'are'} left out"
            )

    def _readme(self, chosen: Chosen, *, with_runs: bool) -> bytes:
        rows = [(self._folders[run], chosen.views[run].status, run) for run in self._ids]
        return tables.readme(
            self._record.name,
            rows,
            self.problems,
            self.notes,
            self._points_form,
            self._only,
            with_runs=with_runs,
            parts=[part.readme for part in chosen.parts],
        )

    # --- progress

    def _step(self, size: int) -> None:
        self._done += size
        self._tell(self._done, self._total)

    def _tell(self, done: int, total: int) -> None:
        progress = self._record.export_progress
        if progress is not None:
            progress(min(done, total), total)


def _remove_leftovers(env: Env, parent: str, prefix: str) -> None:
    """Remove what killed exports to the same place left; one that is at work holds its folder's lock."""
    for name in os.listdir(parent):
        if not (name.startswith(prefix) and name.endswith((".tmp", f".tmp{SUFFIX}"))):
            continue
        folder = os.path.join(parent, name.removesuffix(SUFFIX))
        with contextlib.suppress(OSError):  # gone meanwhile, or not ours to remove
            if os.path.isdir(folder):
                fd = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
                try:
                    if env.try_lock(fd):
                        shutil.rmtree(folder)
                finally:
                    os.close(fd)
            if not os.path.lexists(folder):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(f"{folder}{SUFFIX}")


def _open_to_readers(folder: str) -> None:
    """Give the files of `record/` the rights that the user's umask gives to any other file."""
    umask = os.umask(0)
    os.umask(umask)
    for place, folders, found in os.walk(folder):
        for name in folders:
            os.chmod(os.path.join(place, name), 0o777 & ~umask)
        for name in found:
            os.chmod(os.path.join(place, name), 0o666 & ~umask)
    os.chmod(folder, 0o777 & ~umask)


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
