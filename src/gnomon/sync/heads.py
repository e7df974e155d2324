"""Heads: what a replica of a writer publishes, signed.

Always true: a `Head` was checked: its name, its form, its signature, its record. A head that is not replaced counts, however
many there are of one writer; what they list is joined.
Format: docs/internals/record-format.md, "Heads". Why: docs/internals/sync.md.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from gnomon.errors import DamagedFileError
from gnomon.record.hashing import derive, derive_id
from gnomon.sync.names import HEADS, sealed_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gnomon.record.keys import DeviceKey

LABEL = b"gnomon v1 head\0"
MAX_BYTES = 64 << 20
ANCESTORS = (
    16  # a head names at least so many of its lane in `over`; one further below is replaced all the same
)
_NAME = re.compile(r"heads/([0-9a-f]{32})/([0-9a-f]{16})-([0-9]{10})-([0-9a-f]{32})\.head").fullmatch
_HASH = re.compile(r"[0-9a-f]{32}").fullmatch
_LANE = re.compile(r"[0-9a-f]{16}").fullmatch
MOST_SIZE = 1 << 50  # bytes of a file that a head may state
_LINE = re.compile(rb'\{"head":(\{.*\}),"key":"([0-9a-f]{64})","signature":"([0-9a-f]{128})"\}\n', re.DOTALL)


class HeadName(NamedTuple):
    """The name of a head: which writer's, which replica's, the how-manieth, and the hash of its bytes."""

    writer: str
    lane: str
    serial: int
    hash: str

    @property
    def path(self) -> str:
        """The head's path in a record or remote."""
        return f"{HEADS}/{self.writer}/{self.lane}-{self.serial:010}-{self.hash}.head"


class Seen(msgspec.Struct, array_like=True, frozen=True):
    """A head of another replica, as a head names it."""

    writer: str
    lane: str
    serial: int
    hash: str


class Listed(msgspec.Struct, array_like=True, frozen=True):
    """A file that a head lists."""

    path: str
    size: int


class _Body(msgspec.Struct, forbid_unknown_fields=True):
    """The fields of a head, in their canonical order."""

    files: list[Listed]
    gone: list[str]
    lane: str
    over: list[str]
    record: str
    seen: list[Seen]
    serial: int
    time_us: int
    v: int
    writer: str


class Head(NamedTuple):
    """A head that was checked."""

    name: HeadName
    files: dict[str, int]  # path to size in bytes
    gone: frozenset[str]  # files of any writer that were replaced because of an erasure: nobody fetches them
    over: frozenset[str]
    seen: tuple[Seen, ...]
    time_us: int
    data: bytes


def head_name(path: str) -> HeadName | None:
    """Return what the path of a head says; None where it is not one."""
    match = _NAME(path)
    if match is None:
        return None
    writer, lane, serial, digest = match.groups()
    return HeadName(writer, lane, int(serial), digest)


def make_head(
    key: DeviceKey,
    record: str,
    *,
    lane: str,
    serial: int,
    files: Iterable[tuple[str, int]],
    gone: Iterable[str] = (),
    over: Iterable[str],
    seen: Iterable[HeadName],
    time_us: int,
) -> Head:
    """Return a new head of this device, signed."""
    body = _Body(
        files=[Listed(path, size) for path, size in sorted(files)],
        gone=sorted(set(gone)),
        lane=lane,
        over=sorted(set(over)),
        record=record,
        seen=[Seen(*name) for name in sorted(seen)],
        serial=serial,
        time_us=time_us,
        v=1,
        writer=key.writer,
    )
    raw = _encode(body)
    signature = key.sign(LABEL, derive("head", raw))
    data = b'{"head":%b,"key":"%b","signature":"%b"}\n' % (
        raw,
        key.public.hex().encode(),
        signature.encode(),
    )
    return _head(HeadName(key.writer, lane, serial, derive_id("head", data)), body, data)


def read_head(path: str, data: bytes, record: str, *, was_checked: bool = False) -> Head:
    """Return the head that these bytes are, if they are what the path says. Raises DamagedFileError.

    `was_checked`: its signature was, when it came here; its hash is enough then.
    """
    name = head_name(path)
    if len(data) > MAX_BYTES:
        raise _refused(path, f"it has more than {MAX_BYTES:,} bytes")
    match = _LINE.fullmatch(data)
    if name is None or derive_id("head", data) != name.hash:
        raise _refused(path, "its bytes do not match its name")
    if match is None:
        raise _refused(path, "it does not have the form of a head")
    raw, public, signature = match.group(1), bytes.fromhex(match.group(2).decode()), match.group(3).decode()
    try:
        body = msgspec.json.decode(raw, type=_Body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _refused(path, f"it does not have the form of a head: {error}") from error
    said = HeadName(body.writer, body.lane, body.serial, name.hash)
    paths = [file.path for file in body.files]
    if body.v != 1:
        raise _refused(path, f"its version is {body.v}; this Gnomon reads version 1")
    if (
        _encode(body) != raw
        or paths != sorted(set(paths))
        or body.gone != sorted(set(body.gone))
        or said != name
    ):
        raise _refused(path, "it is not in canonical form")
    wrong = [
        file.path for file in body.files if not 0 <= file.size < MOST_SIZE or sealed_file(file.path) is None
    ]
    wrong += [path for path in body.gone if sealed_file(path) is None]
    if wrong:
        raise _refused(path, f"it lists {wrong[0][:200]!r}, which no head may, or not with this size")
    if not all(map(_HASH, body.over)) or not all(map(_is_name, body.seen)):
        raise _refused(path, "it names heads that no replica can have made")
    if not was_checked and not _is_signed(name.writer, public, signature, raw):
        raise _refused(path, "it is not signed by its writer")
    if body.record != record:
        raise _refused(path, f"it is of another record, {body.record[:32]!r}")
    return _head(name, body, data)


def _is_name(seen: Seen) -> bool:
    return bool(_HASH(seen.writer) and _LANE(seen.lane) and _HASH(seen.hash)) and 0 <= seen.serial < 10**10


def _is_signed(writer: str, public: bytes, signature: str, raw: bytes) -> bool:
    from gnomon.record.keys import is_signed, writer_id

    return writer_id(public) == writer and is_signed(public, signature, LABEL, derive("head", raw))


def _head(name: HeadName, body: _Body, data: bytes) -> Head:
    return Head(
        name,
        {file.path: file.size for file in body.files},
        frozenset(body.gone),
        frozenset(body.over),
        tuple(body.seen),
        body.time_us,
        data,
    )


def _encode(body: _Body) -> bytes:
    return json.dumps(msgspec.to_builtins(body), separators=(",", ":")).encode("ascii")


def _refused(path: str, why: str) -> DamagedFileError:
    return DamagedFileError(
        f"head `{path}` is refused: {why}",
        hint="it is left out and the rest goes on; its writer's next sync sends another one",
    )


def is_replaced(name: HeadName, heads: Iterable[Head]) -> bool:
    """Return whether one of these heads stands for the head of this name."""
    for other in heads:
        if other.name.writer != name.writer or other.name == name:
            continue
        if name.hash in other.over:
            return True
        if other.name.lane == name.lane and other.name.serial > name.serial + ANCESTORS:
            return True
    return False


def that_count(heads: Sequence[Head]) -> list[Head]:
    """Return the heads that no other one of these replaces, by name."""
    by_writer: dict[str, list[Head]] = {}
    for head in heads:
        by_writer.setdefault(head.name.writer, []).append(head)
    return sorted(
        (
            head
            for of_writer in by_writer.values()
            for head in of_writer
            if not is_replaced(head.name, of_writer)
        ),
        key=lambda head: head.name,
    )


def files_of(heads: Iterable[Head]) -> dict[str, int]:
    """Return all files that heads list and none says are gone, path to size.

    Where two heads name two sizes, the one of the file's own writer counts, else the larger.
    """
    files: dict[str, int] = {}
    of_owner: dict[str, int] = {}
    gone: set[str] = set()
    for head in heads:
        gone |= head.gone
        own = f"/{head.name.writer}/"
        for path, size in head.files.items():
            sizes = of_owner if own in path else files
            sizes[path] = max(size, sizes.get(path, 0))
    files.update(of_owner)
    return {path: size for path, size in files.items() if path not in gone} if gone else files
