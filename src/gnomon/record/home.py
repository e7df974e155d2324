"""Where a record lives: finding, making and listing `.gnomon/`.

Always true: a record is made complete or not at all (renamed into place), and two processes that make it at once
end with one. Listing never follows a link and skips what it does not know.
Format: docs/internals/record-format.md, "Files" and "record.toml".
"""

from __future__ import annotations

import json
import os
import re
import stat as stat_module
from typing import TYPE_CHECKING

from gnomon.errors import NoRecordError, OtherRecordError, RecordError, UnknownFormatError
from gnomon.ids import is_hex
from gnomon.record.hashing import derive

if TYPE_CHECKING:
    from gnomon.env import Env

FOLDER = ".gnomon"
RECORD_FILE = "record.toml"
FORMAT = 1
_CHECKED = re.compile(rb'((?:[^\n]*\n)*)check = "([0-9a-f]{16})"\n').fullmatch
BUNDLE_SUFFIX = ".bundle.jsonl"
OPEN_BUNDLE_SUFFIX = ".open.bundle.jsonl"  # copies of logs that had not ended when they were copied


class Home:
    """One replica on disk. `is_intact` is False where record.toml does not match its check, `is_named` where it has no name."""

    __slots__ = ("env", "is_intact", "is_named", "name", "path", "record_id")

    def __init__(
        self, path: str, env: Env, *, record_id: str, name: str, is_intact: bool, is_named: bool = True
    ) -> None:
        self.path = path
        self.env = env
        self.record_id = record_id
        self.name = name
        self.is_intact = is_intact
        self.is_named = is_named

    def __repr__(self) -> str:
        return f"Home({self.path!r})"

    def folder(self, part: str, writer: str) -> str:
        """Return the folder of one writer: part is 'log', 'points' or 'objects'."""
        return os.path.join(self.path, part, writer)

    def log_files(self) -> list[tuple[str, os.stat_result]]:
        """Return (path within the record, state) of all logs and bundles."""
        return self._files("log", ".jsonl")

    def wal_files(self) -> list[tuple[str, os.stat_result]]:
        """Return (path within the record, state) of all WALs."""
        return self._files("points", ".wal")

    def segment_files(self) -> list[tuple[str, os.stat_result]]:
        """Return (path within the record, state) of all segments."""
        return self._files("points", ".parquet")

    def salvage_files(self) -> list[tuple[str, os.stat_result]]:
        """Return (path within the record, state) of what was kept of damaged WALs."""
        return self._files("points", ".salvage")

    def pack_files(self) -> list[tuple[str, os.stat_result]]:
        """Return (path within the record, state) of all packs."""
        return self._files("objects", ".pack")

    def is_copied_open(self, log: str) -> bool:
        """Return whether a log is here as a copy that was made before it had ended. Raises OSError."""
        name = f'"log":"{log}"'.encode("ascii")
        return any(
            name in self.env.read_file(os.path.join(self.path, path))
            for path, _ in self._files("log", OPEN_BUNDLE_SUFFIX)
        )

    def writers(self, part: str) -> list[str]:
        """Return the writers that own a folder in this part."""
        listed = self.env.list_folder(os.path.join(self.path, part))
        return [name for name, _ in listed if is_hex(name, 32)]

    def _files(self, part: str, suffix: str) -> list[tuple[str, os.stat_result]]:
        return [
            (f"{part}/{writer}/{name}", state)
            for writer in self.writers(part)
            for name, state in self.env.list_folder(self.folder(part, writer))
            if name.endswith(suffix) and not name.startswith(".") and stat_module.S_ISREG(state.st_mode)
        ]


def find_record(start: str, env: Env) -> str | None:
    """Return the record that `start` is in: `GNOMON_DIR`, or the nearest `.gnomon/` from `start` upward.

    One in the home folder itself counts only there: made by an oversight, it would swallow every project below.
    """
    explicit = env.getenv("GNOMON_DIR")
    if explicit:
        path = as_record_folder(explicit)
        return path if os.path.isfile(os.path.join(path, RECORD_FILE)) else None
    folder = start = os.path.abspath(start)
    home = os.path.expanduser("~")
    while True:
        path = os.path.join(folder, FOLDER)
        if os.path.isfile(os.path.join(path, RECORD_FILE)) and (folder != home or folder == start):
            return path
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent


def as_record_folder(path: str) -> str:
    """Return the record folder that a person means by `path`: itself, or `.gnomon` in it."""
    path = os.path.abspath(path)
    is_record = os.path.basename(path) == FOLDER or os.path.isfile(os.path.join(path, RECORD_FILE))
    return path if is_record else os.path.join(path, FOLDER)


def place_for_new_record(start: str, env: Env) -> str:
    """Return where a record is made on first use: GNOMON_DIR, else the root of the Git work tree, else `start`."""
    explicit = env.getenv("GNOMON_DIR")
    if explicit:
        return as_record_folder(explicit)
    folder = os.path.abspath(start)
    while True:
        if os.path.exists(os.path.join(folder, ".git")):
            return os.path.join(folder, FOLDER)
        parent = os.path.dirname(folder)
        if parent == folder:
            return os.path.join(os.path.abspath(start), FOLDER)
        folder = parent


def record_path(place: str | None, env: Env) -> str:
    """Return the `.gnomon` folder that `place` (or the working directory) means, whether it exists or not."""
    if place is not None:
        return as_record_folder(os.fspath(place))
    here = os.getcwd()
    return find_record(here, env) or place_for_new_record(here, env)


def open_home(path: str, env: Env) -> Home:
    """Return the record at `path` (the `.gnomon` folder). Raises NoRecordError, UnknownFormatError."""
    file = os.path.join(path, RECORD_FILE)
    try:
        data = env.read_file(file)
    except (FileNotFoundError, NotADirectoryError) as error:
        if os.path.isdir(os.path.join(path, "log")):
            raise NoRecordError(
                f"`{file}` is missing: the rest of the record is there, but nothing says which record it is",
                hint="copy `record.toml` from another replica or from a remote; `gnomon clone URL` into this project does that",
            ) from error
        raise NoRecordError(
            f"there is no record at `{path}`",
            hint="a record is made by the first run, or by `gnomon init`; GNOMON_DIR names one that is elsewhere",
        ) from error
    return read_record_file(path, data, env)


def make_record(path: str, env: Env, *, name: str | None = None) -> Home:
    """Make a record at `path` (the `.gnomon` folder), or return the one that is there."""
    if os.path.isfile(os.path.join(path, RECORD_FILE)):
        return open_home(path, env)
    record_id = env.random_bytes(16).hex()
    _make_with(path, env, record_file(record_id, name or os.path.basename(os.path.dirname(path))))
    return open_home(path, env)


def _make_with(path: str, env: Env, data: bytes) -> None:
    """Make the folder of a record with this record.toml, complete or not at all."""
    parent = os.path.dirname(path)
    env.make_folder(parent)
    temporary = os.path.join(parent, f"{FOLDER}.{env.random_bytes(8).hex()}.tmp")
    env.make_folder(temporary)
    _write_file(env, os.path.join(temporary, RECORD_FILE), data)
    _write_file(env, os.path.join(temporary, ".gitignore"), b"*\n")
    env.sync_folder(temporary)
    try:
        env.rename_folder(temporary, path)
    except OSError:
        _discard(env, temporary)
        if not os.path.isfile(os.path.join(path, RECORD_FILE)):
            raise
    env.sync_folder(parent)


def record_file(record_id: str, name: str) -> bytes:
    """Return the bytes of record.toml."""
    text = json.dumps(name, ensure_ascii=False).replace("\x7f", "\\u007f")
    body = f'format = {FORMAT}\nrecord = "{record_id}"\nname = {text}\n'.encode("utf-8", "backslashreplace")
    return body + f'check = "{derive("record.toml", body)[:8].hex()}"\n'.encode("ascii")


def take_in_record_file(path: str, env: Env, data: bytes, source: str) -> Home:
    """Make a replica at `path` of the record whose record.toml came from `source`, or return the one that is there.

    Raises UnknownFormatError, RecordError where the file is damaged, OtherRecordError where another record is there.
    """
    theirs = read_record_file(source, data, env)
    if not theirs.is_intact:
        raise RecordError(
            f"`record.toml` of `{source}` is damaged", hint="a replica that has it whole can send it again"
        )
    if not os.path.isfile(os.path.join(path, RECORD_FILE)):
        if os.path.isdir(path) and env.list_folder(path):  # a replica that lost the file
            _write_file(env, os.path.join(path, RECORD_FILE), data)
            env.sync_folder(path)
        else:
            _make_with(path, env, data)
    home = open_home(path, env)
    if home.record_id != theirs.record_id:
        raise OtherRecordError(
            f"there is another record at `{path}`: `{home.name}`, not `{theirs.name}`",
            hint="clone into another folder",
        )
    return home


def read_record_file(path: str, data: bytes, env: Env) -> Home:
    """Return what the bytes of a record.toml say; `path` is where the replica is. Raises UnknownFormatError."""
    values: dict[str, object] = {}
    for line in data.decode("utf-8", "replace").splitlines():
        key, separator, value = line.partition("=")
        if separator:
            try:
                values[key.strip()] = json.loads(value.strip())
            except ValueError:
                values[key.strip()] = None
    version = values.get("format")
    checked = _CHECKED(data)
    is_intact = checked is not None and derive("record.toml", checked[1])[:8].hex().encode() == checked[2]
    if version != FORMAT and (is_intact or isinstance(version, int)):
        raise UnknownFormatError(
            f"record `{path}` has format {version!r}; this Gnomon reads format {FORMAT}",
            hint="install a newer Gnomon, or restore `record.toml` if it was edited by hand",
        )
    record_id, name = values.get("record"), values.get("name")
    return Home(
        path,
        env,
        record_id=record_id if isinstance(record_id, str) else "",
        name=name if isinstance(name, str) else os.path.basename(os.path.dirname(path)),
        is_intact=is_intact,
        is_named=isinstance(name, str),
    )


def _write_file(env: Env, path: str, data: bytes) -> None:
    fd = env.create(path)
    try:
        env.write(fd, data)
        env.sync_data(fd)
    finally:
        env.close(fd)


def _discard(env: Env, folder: str) -> None:
    for name, _ in env.list_folder(folder):
        env.unlink(os.path.join(folder, name))
    os.rmdir(folder)
