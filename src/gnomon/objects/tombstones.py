"""Tombstones: what was erased, so that an old copy that brings it back is treated in the same way.

A tombstone names subjects, whose entries keep no object any more, and by a keyed hash the objects that went. It is written
before the first byte is taken out, signed by the device that did it, named by its hash, and it never changes.

Always true: what is returned is as its writer signed it. A tombstone alone erases nothing that another entry keeps.
Not promised: that nobody can guess. Whoever holds a file and a tombstone can find out whether it is one of those that went.
Format: docs/internals/record-format.md, "Erasure".
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import stat as stat_module
from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import DamagedFileError, ErasedObjectError, RecordError, UnknownFormatError
from gnomon.record.files import write_named_by_hash
from gnomon.record.hashing import derive, derive_id
from gnomon.record.keys import is_signed, writer_id
from gnomon.record.problems import DAMAGE, UNKNOWN, Problem
from gnomon.text import timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gnomon.env import Env
    from gnomon.record.keys import DeviceKey

FOLDER = "erased"
SUFFIX = ".tombstone"
LABEL = b"gnomon v1 tombstone\0"
VERSION = 1
MAX_SIZE = 1 << 28
_HEX_16 = re.compile(r"[0-9a-f]{32}")
_FORM = re.compile(
    rb'\{"key":"([0-9a-f]{32})","objects":\[((?:"[0-9a-f]{32}"(?:,"[0-9a-f]{32}")*+)?)\],'
    rb'"public":"([0-9a-f]{64})","subjects":\[((?:"[a-z0-9.:_-]+"(?:,"[a-z0-9.:_-]+")*+)?)\],'
    rb'"time_us":(0|[1-9][0-9]{0,17}),"v":1(,"signature":"([0-9a-f]{128})")\}\n'
)
_VERSION = re.compile(rb'"v":([0-9]{1,9}),"signature"')
_read: dict[str, Tombstone] = {}  # they never change


class Tombstone(NamedTuple):
    """What one erasure took out: subjects, and keyed hashes of objects; when (by its writer's clock) and by which device."""

    name: str
    key: bytes
    objects: frozenset[bytes]
    subjects: frozenset[str]
    time_us: int
    writer: str

    def names(self, object_id: str) -> bool:
        """Return whether an object is among those that went."""
        return _hash(self.key, object_id) in self.objects


class Tombstones:
    """All tombstones of a replica. `afresh` reads them again, where this process has read them before."""

    def __init__(self, env: Env, record_path: str, *, afresh: bool = False) -> None:
        self.all: list[Tombstone] = []
        self.problems: list[Problem] = []
        for name, found in _listed(env, record_path, afresh=afresh):
            if isinstance(found, Tombstone):
                self.all.append(found)
            else:
                self.problems.append(_problem(name, found))
        self._by_key: dict[bytes, set[bytes]] = {}
        for one in self.all:
            self._by_key.setdefault(one.key, set()).update(one.objects)

    @property
    def subjects(self) -> frozenset[str]:
        """The subjects that were erased."""
        return frozenset().union(*(one.subjects for one in self.all))

    def names(self, object_id: str) -> bool:
        """Return whether an object is among those that went."""
        return any(_hash(key, object_id) in objects for key, objects in self._by_key.items())

    def of(self, object_id: str) -> Tombstone | None:
        """Return the first tombstone that names an object."""
        found = [one for one in self.all if one.names(object_id)]
        return min(found, key=lambda one: (one.time_us, one.name), default=None)

    def key(self, env: Env) -> bytes:
        """Return the key for another tombstone: one that is here, so that each object is hashed once for all."""
        return min(self._by_key, default=None) or env.random_bytes(16)


def write_tombstone(
    env: Env, record_path: str, device: DeviceKey, key: bytes, subjects: Iterable[str], objects: Iterable[str]
) -> str:
    """Bring a tombstone to the disk, and return its name. Raises OSError."""
    hashes = ",".join(f'"{one.hex()}"' for one in sorted({_hash(key, one) for one in objects}))
    named = ",".join(json.dumps(one) for one in sorted(set(subjects)))
    said = (
        f'{{"key":"{key.hex()}","objects":[{hashes}],"public":"{device.public.hex()}","subjects":[{named}],'
        f'"time_us":{max(0, env.time_ns() // 1000)},"v":{VERSION}'
    )
    signature = device.sign(LABEL, derive("tombstone", f"{said}}}".encode("ascii")))
    line = f'{said},"signature":"{signature}"}}\n'.encode("ascii")
    path = write_named_by_hash(env, os.path.join(record_path, FOLDER), "tombstone", SUFFIX, [line])
    return os.path.basename(path).removesuffix(SUFFIX)


def read_tombstone(data: bytes, name: str) -> Tombstone:
    """Return a tombstone. Raises DamagedFileError unless it is whole and signed, UnknownFormatError for a newer one."""
    version = _VERSION.search(data)
    if version is not None and int(version[1]) != VERSION:
        raise UnknownFormatError(
            f"tombstone {name[:12]} has format {version[1].decode()}; this version reads format {VERSION}",
            hint="a newer Gnomon wrote it: `pip install --upgrade gnomon`; until then, pass `objects/` on to nobody",
        )
    match = _FORM.fullmatch(data)
    if match is None or derive_id("tombstone", data) != name:
        raise _damaged(name, "its bytes are not those that its name stands for")
    key, objects, public, subjects, time_us = match.group(1, 2, 3, 4, 5)
    said = data[: match.start(6)] + b"}"
    if not is_signed(bytes.fromhex(public.decode()), match[7].decode(), LABEL, derive("tombstone", said)):
        raise _damaged(name, "its signature is not that of the device it names")
    return Tombstone(
        name,
        bytes.fromhex(key.decode()),
        frozenset(bytes.fromhex(one) for one in _HEX_16.findall(objects.decode())),
        frozenset(subjects.decode().replace('"', "").split(",")) if subjects else frozenset(),
        int(time_us),
        writer_id(bytes.fromhex(public.decode())),
    )


def erased_object(object_id: str, tombstone: Tombstone) -> ErasedObjectError:
    """Return the error for bytes that were erased."""
    return ErasedObjectError(
        f"object {object_id[:12]} was erased on {timestamp(tombstone.time_us / 1e6)} by device {tombstone.writer[:12]}",
        hint="that was done on purpose; what was recorded about it is still there",
    )


def _listed(env: Env, record_path: str, *, afresh: bool) -> Iterator[tuple[str, Tombstone | RecordError]]:
    folder = os.path.join(record_path, FOLDER)
    for file, state in env.list_folder(folder):
        if file.startswith(".") or not stat_module.S_ISREG(state.st_mode):
            continue
        name = file.removesuffix(SUFFIX)
        if not file.endswith(SUFFIX) or not _HEX_16.fullmatch(name):
            yield file, _damaged(file, "this is not a name of a tombstone")
            continue
        if afresh or name not in _read:
            if state.st_size > MAX_SIZE:
                yield file, _damaged(name, f"it is larger than {MAX_SIZE:,} bytes")
                continue
            try:
                _read[name] = read_tombstone(env.read_file(os.path.join(folder, file)), name)
            except RecordError as error:
                yield file, error
                continue
            except FileNotFoundError:
                continue
        yield file, _read[name]


def _problem(file: str, error: RecordError) -> Problem:
    severity = UNKNOWN if isinstance(error, UnknownFormatError) else DAMAGE
    return Problem(f"{FOLDER}/{file}", "", error.message, error.hint or "", severity)


def _damaged(name: str, what: str) -> DamagedFileError:
    return DamagedFileError(
        f"tombstone `{name[:40]}` is damaged: {what}",
        hint="copy this file, under the same name, from another replica; until then what it names counts as not erased",
    )


def _hash(key: bytes, object_id: str) -> bytes:
    with contextlib.suppress(ValueError):
        return derive("erased", key + bytes.fromhex(object_id))[:16]
    return b""
