"""Which versions are newer than one, kept while no log of the record changed: then `data status` needs no index.

Always true: an answer is given only where the logs are those that it was made of, by name, size, times and inode, and the
fold is the one that made it. Damaged, lost or deleted, the file costs time and nothing else; it carries a hash of itself.
"""

from __future__ import annotations

import contextlib
import json
import os
from typing import TYPE_CHECKING

from blake3 import blake3

from gnomon.features import BUILT_IN

if TYPE_CHECKING:
    from gnomon.data.pointer import Pointer
    from gnomon.record.home import Home
    from gnomon.runs.views import Record

    _Known = tuple[
        list[str], str | None, int | None, str | None
    ]  # newer ones; of its own: label, number, object

FOLDER = "data-newer"
_FORMAT = 2
_DIGEST = 64  # hex digits


class Newer:
    """What is known of one record."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._env = record.home.env
        place = blake3(os.path.realpath(record.path).encode("utf-8", "surrogateescape")).hexdigest(16)
        self._path = os.path.join(self._env.cache_folder(), FOLDER, place)
        self._logs = _state_of_logs(
            record.home
        )  # before the look: what comes during it is news the next time
        self._known = self._read()

    def than(self, name: str, id: str) -> tuple[str, ...]:
        """Return how the newest versions of a data set are called, where the version `id` is not one of them."""
        return tuple(self._of(name, id)[0])

    def called(self, pointer: Pointer) -> tuple[str, str | None]:
        """Return how the version of a pointer is called, and what to say where the pointer calls it otherwise.

        Its id decides, and of which bytes are meant its object; a version that is not in this replica has the pointer's word.
        """
        _, label, number, digest = self._of(pointer.name, pointer.id)
        if label is None:
            return pointer.label, None
        file = os.path.relpath(pointer.file)
        if digest != pointer.object:
            note = f"`{file}`: its id is that of {label}, its object is not; the object decides which bytes belong here"
            return label, note
        if number != pointer.number:
            return (
                label,
                f"`{file}` calls it v{pointer.number}, and its id and object are those of {label}, which count",
            )
        return label, None

    def _of(self, name: str, id: str) -> _Known:
        known = self._known.get(id)
        if known is None:
            known = self._known[id] = self._asked(name, id)
            self._save()
        return known

    def _asked(self, name: str, id: str) -> _Known:
        from gnomon.data.views import labels, newest, rows

        replica = self._record.replica
        replica.update(self._record.progress)
        of_name = rows(replica.index, name)
        heads = newest(of_name)
        own = next((row for row in of_name if row.id == id), None)
        if own is None:
            return [], None, None, None
        called = labels(of_name)
        newer = [] if own in heads else [called[row.id] for row in heads]
        return newer, called[id], own.number, own.object

    def _read(self) -> dict[str, _Known]:
        try:
            data = self._env.read_file(self._path)
        except OSError:
            return {}
        body = data[_DIGEST:]
        if blake3(body).hexdigest().encode("ascii") != data[:_DIGEST]:
            return {}
        logs, newer = json.loads(body)
        return {one: tuple(known) for one, known in newer.items()} if logs == self._logs else {}

    def _save(self) -> None:
        """Write what is known. A disk that takes nothing costs the next look its time."""
        body = json.dumps([self._logs, self._known]).encode("ascii")
        temporary = f"{self._path}.{self._env.random_bytes(8).hex()}.tmp"
        with contextlib.suppress(OSError):
            self._env.make_folder(os.path.dirname(self._path))
            fd = self._env.create(temporary)
            try:
                self._env.write(fd, blake3(body).hexdigest().encode("ascii") + body)
            finally:
                self._env.close(fd)
            self._env.replace(temporary, self._path)


def _state_of_logs(home: Home) -> str:
    """Return a digest of which logs there are and of all by which a change of one is seen."""
    states = [
        (path, state.st_size, state.st_mtime_ns, state.st_ino, state.st_ctime_ns)
        for path, state in home.log_files()
    ]
    return blake3(
        repr((_FORMAT, BUILT_IN["data"], sorted(states))).encode("utf-8", "surrogateescape")
    ).hexdigest()
