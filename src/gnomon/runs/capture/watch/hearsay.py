"""From what was heard to inputs and outputs: which files count, their digests, and the versions of data that have these bytes.

Files of the environment, of caches and of temporary folders are no inputs; a file whose name says that it holds a secret is never
read and never named. Whatever is left out is counted, by reason. Hashing happens after the command has ended, with the
digests that `data` knows already, and within a budget.

Always true: a digest is that of the bytes that were read: where a file changed since it was first opened, it has none, and a note
says why. So what is recorded of an input may be less than all, and never something else.
"""

from __future__ import annotations

import os
import stat as stat_module
import time
from typing import TYPE_CHECKING, NamedTuple

from blake3 import blake3

from gnomon.data.pointer import Pointer, pointer_of
from gnomon.data.references import place_of
from gnomon.data.scan import File, stamp_of
from gnomon.data.stat_cache import StatCache
from gnomon.data.use import body_of
from gnomon.data.views import DataVersion, Row, labels, rows
from gnomon.errors import GnomonError
from gnomon.ids import ObjectId
from gnomon.objects.tree import PLAIN, TreeFile, encode_tree
from gnomon.runs import entries
from gnomon.runs.links import BY_WATCHING
from gnomon.scrub.files import secret_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from gnomon.data.scan import Stamp
    from gnomon.env import Env
    from gnomon.runs.capture.watch.watching import Heard, Watch
    from gnomon.runs.run import Run
    from gnomon.runs.views import Record
    from gnomon.scrub.scrubber import Scrubber
    from gnomon.session import Session

MOST_BYTES = 16 << 30  # read in order to hash: 8 s of one core
MOST_USES, MOST_WROTE = 200, 500
_PIECE = 1 << 20
FEW_OF_A_FOLDER = 20  # more unknown files of one folder are recorded as one input
CHANGED = "it changed after it was first opened: the bytes that were read are not known"
TOO_MUCH = f"not hashed: the files of this run are more than {MOST_BYTES >> 30} GiB together"
NOT_A_VERSION = "no version of data has these bytes; `gnomon data add` would keep them"
_CACHES = frozenset({"__pycache__", ".git", ".hg", ".svn", ".gnomon", ".ipynb_checkpoints", ".pytest_cache", ".mypy_cache",
                     ".ruff_cache", ".tox", ".nox", ".venv", "venv", "node_modules", "site-packages", ".cache"})  # fmt: skip


class Hearsay(NamedTuple):
    """The bodies of entries: one `run.used` for each input, and one `run.watched`."""

    used: list[dict[str, object]]
    watched: dict[str, object]


def write(run: Run, session: Session, watch: Watch, scrubber: Scrubber, alive: Callable[[], None]) -> Hearsay:
    """Listen no more, and write what was heard as entries of a run. Raises OSError, GnomonError."""
    from gnomon.runs.views import open

    heard = watch.end()
    with open(session.path, env=session.env) as record:
        said = hearsay(record, heard, scrubber, is_of_command=watch.is_of_command, alive=alive)
    for body in said.used:
        run._append(entries.USED, body)
    run._append(entries.WATCHED, said.watched)
    return said


class _Input(NamedTuple):
    path: str  # the real one
    name: str
    stamp: Stamp
    is_as_read: bool


class _Digest(NamedTuple):
    object: str | None
    size: int
    note: str | None


def hearsay(
    record: Record, heard: Heard, scrubber: Scrubber, *, is_of_command: bool, alive: Callable[[], None]
) -> Hearsay:
    """Return what a run's entries say of the files that were heard. `alive` is called now and then."""
    return _Making(record, heard, scrubber, alive).make(is_of_command=is_of_command)


class _Making:
    def __init__(self, record: Record, heard: Heard, scrubber: Scrubber, alive: Callable[[], None]) -> None:
        self._record = record
        self._env: Env = record.replica.home.env
        self._heard = heard
        self._scrubber = scrubber
        self._alive = alive
        self._project = os.path.dirname(os.path.realpath(record.path))
        self._cache = StatCache(self._env, f"{self._project}/\0watched", record.path)
        self._caches: dict[str, StatCache] = {}
        self._left_out: dict[str, int] = {}
        self._hashed_bytes = 0
        self._outside = _outside_folders(self._env)

    def make(self, *, is_of_command: bool) -> Hearsay:
        began_s = time.perf_counter()
        inputs = self._inputs()
        wrote = set(map(os.path.realpath, self._heard.wrote))
        self._record.replica.update()
        versions = _Versions(self._record)
        used = self._used(inputs, versions)
        unchanged = {one.path for one in inputs if one.is_as_read}  # opened for both, and only read
        outputs = self._outputs(wrote - unchanged)
        self._cache.save()
        not_heard = list(self._heard.not_heard)
        watched: dict[str, object] = {
            "wrote": outputs,
            "not_heard": [self._scrubber.text(one, "watched") for one in not_heard],
            "left_out": self._left_out,
            "heard": len(inputs) + len(outputs),
            "hashed_bytes": self._hashed_bytes,
            "hash_s": round(time.perf_counter() - began_s, 3),
            "is_of_command": is_of_command,
        }
        return Hearsay(used, watched)

    # --- which files count

    def _inputs(self) -> list[_Input]:
        found: dict[str, _Input] = {}
        for path, stamp in self._heard.read.items():
            real = os.path.realpath(path)
            if real in found or not self._counts(real):
                continue
            now = self._state(real)
            if now is None:
                found[real] = _Input(real, self._name(real), stamp, False)  # it was there, and is gone
            elif now is not _NO_FILE:
                found[real] = _Input(real, self._name(real), stamp, now == stamp)
        return list(found.values())

    def _counts(self, real: str) -> bool:
        why = self._why_not(real)
        if why is not None:
            self._left_out[why] = self._left_out.get(why, 0) + 1
        return why is None

    def _why_not(self, real: str) -> str | None:
        if secret_file(real) is not None:
            return "files whose name says that they hold a secret"
        if real.startswith(f"{self._project}/"):
            parts = real[len(self._project) + 1 :].split("/")[:-1]
            return "files of caches and environments" if not _CACHES.isdisjoint(parts) else None
        if any(real.startswith(folder) for folder in self._outside):
            return "files of caches, of the system and temporary ones"
        home = os.path.expanduser("~")
        parts = (
            real[len(home) :].split("/") if home != "/" and real.startswith(f"{home}/") else real.split("/")
        )
        if any(part.startswith(".") for part in parts) or not _CACHES.isdisjoint(parts):
            return "hidden files outside of the project"
        return None

    def _state(self, real: str) -> Stamp | None:
        """Return a file's facts; None where it is gone, and `_NO_FILE` for a folder, a pipe, a device."""
        try:
            state = os.stat(real)
        except OSError:
            return None
        return stamp_of(state) if stat_module.S_ISREG(state.st_mode) else _NO_FILE

    def _name(self, real: str) -> str:
        inside = real.startswith(f"{self._project}/")
        text = real[len(self._project) + 1 :] if inside else place_of(real)
        return self._scrubber.text(
            text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace"), "watched"
        )

    # --- digests

    def _digest(self, real: str, stamp: Stamp, cache: StatCache | None = None, inside: str = "") -> _Digest:
        """Return the digest of a file as it is now, which is as it was when `stamp` was taken."""
        self._alive()
        file = File(real, real, PLAIN, stamp)
        known = cache.digest(file._replace(path=inside)) if cache is not None else None
        known = known or self._cache.digest(file)
        if known is not None:
            return _Digest(known, stamp[0], None)
        if self._hashed_bytes + stamp[0] > MOST_BYTES:
            return _Digest(None, stamp[0], TOO_MUCH)
        self._hashed_bytes += stamp[0]
        read_ns = self._env.time_ns()
        try:
            digest, size, after = self._read(real)
        except OSError as error:
            return _Digest(None, stamp[0], f"it cannot be read: {error.strerror}")
        if after != stamp or size != stamp[0]:
            return _Digest(None, size, CHANGED)
        if _is_utf8(real):  # else the cache cannot hold it, and it is read again next time
            self._cache.remember(file, stamp, digest, read_ns=read_ns, is_kept=False)
        return _Digest(digest, size, None)

    def _read(self, real: str) -> tuple[str, int, Stamp]:
        """Return the digest of a file's bytes, how many they are, and its facts afterwards."""
        hasher, size, env = blake3(), 0, self._env
        fd = env.open_read(real)
        try:
            while piece := env.read(fd, _PIECE, size):
                hasher.update(piece)
                size += len(piece)
                self._alive()
            return hasher.hexdigest(), size, stamp_of(os.fstat(fd))
        finally:
            env.close(fd)

    # --- inputs

    def _used(self, inputs: Sequence[_Input], versions: _Versions) -> list[dict[str, object]]:
        bodies: list[dict[str, object]] = []
        singles: list[_Input] = []
        for pointer, members in self._by_pointer(inputs, singles).items():
            bodies += self._of_version(pointer, members, versions, singles)
        by_folder: dict[str, list[tuple[_Input, _Digest]]] = {}
        for one in singles:
            digest = (
                self._digest(one.path, one.stamp) if one.is_as_read else _Digest(None, one.stamp[0], CHANGED)
            )
            known = versions.of_bytes(digest.object, is_tree=False)
            if known is not None:
                bodies.append({**body_of(known, None), "how": BY_WATCHING, **self._at(one.path)})
            else:
                by_folder.setdefault(os.path.dirname(one.path), []).append((one, digest))
        for folder, files in by_folder.items():
            bodies += self._unknown(folder, files, versions)
        bodies = list(
            {(body["name"], body.get("version"), body.get("object")): body for body in bodies}.values()
        )
        if len(bodies) > MOST_USES:
            rest = len(bodies) - MOST_USES
            bodies[MOST_USES:] = [
                {
                    "name": f"{rest:,} more inputs",
                    "files": rest,
                    "how": BY_WATCHING,
                    "note": f"only the first {MOST_USES} are named",
                }
            ]
        return bodies

    def _by_pointer(self, inputs: Iterable[_Input], singles: list[_Input]) -> dict[Pointer, list[_Input]]:
        """Return the inputs that lie in a folder which a pointer names; the others go to `singles`."""
        found: dict[Pointer, list[_Input]] = {}
        pointers: dict[str, Pointer | None] = {}
        for one in inputs:
            pointer = self._pointer_above(os.path.dirname(one.path), pointers)
            if pointer is None:
                singles.append(one)
            else:
                found.setdefault(pointer, []).append(one)
        return found

    def _pointer_above(self, folder: str, known: dict[str, Pointer | None]) -> Pointer | None:
        if folder in known:
            return known[folder]
        if len(folder) <= len(self._project) or folder == "/":
            return None
        here = pointer_of(self._env, folder)
        found = (
            here if here is not None and here.is_tree else self._pointer_above(os.path.dirname(folder), known)
        )
        known[folder] = found
        return found

    def _of_version(
        self, pointer: Pointer, members: Sequence[_Input], versions: _Versions, singles: list[_Input]
    ) -> list[dict[str, object]]:
        """Return one input for the files that are those of the version; the others go to `singles`."""
        version = versions.of_bytes(pointer.object, is_tree=True)
        files = versions.files_of(version)
        if version is None or files is None:
            singles += members
            return []
        folder = os.path.realpath(pointer.target)
        cache = StatCache(self._env, folder, self._record.path)
        same = 0
        for one in members:
            inside = one.path[len(folder) + 1 :]
            digest = self._digest(one.path, one.stamp, cache, inside) if one.is_as_read else None
            if digest is not None and digest.object is not None and files.get(inside) == digest.object:
                same += 1
            else:
                singles.append(one)
        if not same:
            return []
        note = {} if same == len(files) else {"note": f"{same:,} of its {len(files):,} files were read"}
        return [{**body_of(version, None), "how": BY_WATCHING, **self._at(folder), **note}]

    def _unknown(
        self, folder: str, files: Sequence[tuple[_Input, _Digest]], versions: _Versions
    ) -> list[dict[str, object]]:
        """Return inputs that no version has: one for each, or one for all where they are many of one folder."""
        if len(files) <= FEW_OF_A_FOLDER:
            return [self._single(one, digest) for one, digest in files]
        known = [(one, digest) for one, digest in files if digest.object is not None]
        found = [self._single(one, digest) for one, digest in files if digest.object is None]
        tree = [
            TreeFile(os.path.basename(one.path), ObjectId(str(digest.object)), digest.size, PLAIN)
            for one, digest in known
        ]
        try:
            object_id = blake3(encode_tree(tree)).hexdigest()
        except (GnomonError, UnicodeError):  # names that no tree can hold
            return [self._single(one, digest) for one, digest in files]
        version = versions.of_bytes(object_id, is_tree=True)
        if version is not None:
            return [{**body_of(version, None), "how": BY_WATCHING, **self._at(folder)}, *found]
        body: dict[str, object] = {
            "name": f"{self._name(folder)}/", "object": object_id, "is_tree": True, "files": len(known),
            "size": sum(digest.size for _, digest in known), "how": BY_WATCHING, "note": NOT_A_VERSION,
        }  # fmt: skip
        return [body, *found]

    def _single(self, one: _Input, digest: _Digest) -> dict[str, object]:
        body: dict[str, object] = {
            "name": one.name,
            "is_tree": False,
            "size": digest.size,
            "files": 1,
            "how": BY_WATCHING,
            **self._at(one.path),
        }
        if digest.object is not None:
            return {**body, "object": digest.object, "note": NOT_A_VERSION}
        return {**body, "note": digest.note or CHANGED}

    def _at(self, path: str) -> dict[str, object]:
        """Return where something lies below the project, as a body says it; nothing where that name cannot be written down."""
        at = os.path.relpath(path, self._project)
        is_plain = not at.startswith(os.pardir) and self._name(os.path.join(self._project, at)) == at
        return {"at": at} if is_plain else {}

    # --- outputs

    def _outputs(self, wrote: set[str]) -> list[list[object]]:
        found: list[list[object]] = []
        more = 0
        for real in sorted(wrote):
            stamp = self._state(real)
            if stamp is None or stamp is _NO_FILE or not self._counts(real):
                continue
            if len(found) >= MOST_WROTE:
                more += 1
                continue
            digest = self._digest(real, stamp)
            found.append([self._name(real), digest.object, digest.size, digest.note])
        if more:
            self._left_out["files that it wrote beyond the first 500"] = more
        return found


def _is_utf8(path: str) -> bool:
    return path.isascii() or path.encode("utf-8", "replace").decode("utf-8") == path


_NO_FILE = (-1, -1, -1, -1)


class _Versions:
    """The versions of data of a record, by their bytes."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._rows = rows(record.replica.index)
        self._by_bytes: dict[tuple[str | None, bool], Row] = {}
        for row in self._rows:
            self._by_bytes[row.object, row.is_tree] = row

    def of_bytes(self, object_id: str | None, *, is_tree: bool) -> DataVersion | None:
        """Return the version that holds exactly these bytes."""
        row = self._by_bytes.get((object_id, is_tree)) if object_id is not None else None
        if row is None:
            return None
        called = labels([one for one in self._rows if one.name == row.name])
        return DataVersion(self._record, row.id, called[row.id])

    def files_of(self, version: DataVersion | None) -> dict[str, str] | None:
        """Return the digests of a folder's files by path; None where its list is not here."""
        if version is None:
            return None
        try:
            return {file.path: str(file.object) for file in version.files()}
        except GnomonError:
            return None


def _outside_folders(env: Env) -> tuple[str, ...]:
    """Return where files lie that belong to nobody's data."""
    import tempfile

    found = [
        tempfile.gettempdir(), "/tmp", "/var/tmp", "/var/cache", "/var/log", "/usr", "/etc", "/proc", "/sys", "/dev",  # noqa: S108
        "/run", "/lib", "/lib64", env.cache_folder(), env.getenv("XDG_CACHE_HOME") or "", env.getenv("XDG_CONFIG_HOME") or "",
    ]  # fmt: skip
    return tuple(dict.fromkeys(os.path.join(os.path.realpath(one), "") for one in found if one))
