"""Reading entries: one line in, one verified entry out.

Always true: `parse_line` returns an entry only if its hash, its canonical form and, where a body is present, its
commitment are right; otherwise it raises `DamagedEntryError`, or `UnknownFormatError` for a newer format version.
Format: docs/internals/record-format.md, "Entries and logs".
"""

from __future__ import annotations

import msgspec

from gnomon.errors import DamagedEntryError, UnknownFormatError
from gnomon.ids import is_hex
from gnomon.record.body import decode_body
from gnomon.record.entries import FORMAT_VERSION
from gnomon.record.hashing import new_hasher


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The head of an entry; its fields in canonical order."""

    author: str | None
    body: str
    kind: str
    log: str
    over: tuple[str, ...]
    prev: str | None
    seq: int
    size: int
    subject: str
    time_us: int
    v: int
    writer: str


class Entry(msgspec.Struct, frozen=True):
    """One verified entry. `body_raw` is None where the body was erased or withheld."""

    hash: str
    kind: str
    subject: str
    author: str | None
    writer: str
    log: str
    seq: int
    prev: str | None
    over: tuple[str, ...]
    time_us: int
    size: int
    salt: str | None
    body_raw: bytes | None

    @property
    def has_body(self) -> bool:
        """Whether the body is here."""
        return self.body_raw is not None

    @property
    def body(self) -> dict[str, object]:
        """The body as Python values; empty where it was erased."""
        return decode_body(self.body_raw) if self.body_raw is not None else {}


_decode_head = msgspec.json.Decoder(Head).decode
_encode_head = msgspec.json.Encoder().encode
_entry_hasher = new_hasher("entry")
_body_hasher = new_hasher("body")
_SALT = b',"salt":"'
_BODY = b'","body":'
_HEAD_AT = 84  # {"entry":"<64>","head":
_HEAD_TEXT = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789.:_-")


def parse_line(line: bytes) -> Entry:
    """Return the entry of one line (with or without its line feed)."""
    if line.endswith(b"\n"):
        line = line[:-1]
    if line[:10] != b'{"entry":"' or line[74:_HEAD_AT] != b'","head":{' or line[-1:] != b"}":
        raise DamagedEntryError("a line of a log does not have the form of an entry")
    # The head holds no '}' but its last byte: its texts have no braces and it has no nested objects.
    head_end = line.find(b"}", _HEAD_AT) + 1
    head_raw = line[_HEAD_AT - 1 : head_end]
    name = line[10:74].decode("ascii", "replace")
    if _entry_hasher.copy().update(head_raw).hexdigest() != name:
        raise DamagedEntryError(f"the head of entry {name[:12]} does not match its hash")
    head = _read_head(head_raw, name)
    salt, body_raw = _read_body(line, head_end, head, name)
    return Entry(
        name, head.kind, head.subject, head.author, head.writer, head.log, head.seq, head.prev, head.over,
        head.time_us, head.size, salt, body_raw,
    )  # fmt: skip


def _read_head(head_raw: bytes, name: str) -> Head:
    try:
        head = _decode_head(head_raw)
    except msgspec.DecodeError as error:
        version = _version_of(head_raw)
        if version is not None and version != FORMAT_VERSION:
            raise _newer(name, version) from error
        raise DamagedEntryError(f"the head of entry {name[:12]} is not a head: {error}") from error
    if head.v != FORMAT_VERSION:
        raise _newer(name, head.v)
    if _encode_head(head) != head_raw or not _is_well_formed(head):
        raise DamagedEntryError(f"the head of entry {name[:12]} is not in canonical form")
    return head


def _is_well_formed(head: Head) -> bool:
    return (
        len(head.body) == 64
        and len(head.log) == 32
        and len(head.writer) == 32
        and is_hex(head.body + head.log + head.writer + (head.prev or ""))
        and (head.prev is None or len(head.prev) == 64)
        and (head.prev is None) == (head.seq == 0)
        and head.seq >= 0
        and head.size >= 0
        and (not head.over or _is_sorted_hashes(head.over))
        and _HEAD_TEXT.issuperset((head.kind + head.subject + (head.author or "")).encode())
        and bool(head.kind)
        and bool(head.subject)
        and head.author != ""
    )


def _is_sorted_hashes(over: tuple[str, ...]) -> bool:
    return all(is_hex(entry, 64) for entry in over) and list(over) == sorted(set(over))


def _read_body(line: bytes, head_end: int, head: Head, name: str) -> tuple[str | None, bytes | None]:
    if head_end == len(line) - 1:
        return None, None
    salt_at = head_end + len(_SALT)
    body_at = salt_at + 32 + len(_BODY)
    if line[head_end:salt_at] != _SALT or line[salt_at + 32 : body_at] != _BODY:
        raise DamagedEntryError(f"the line of entry {name[:12]} does not have the form of an entry")
    salt = line[salt_at : salt_at + 32]
    body = line[body_at:-1]
    try:
        salt_raw = bytes.fromhex(salt.decode("ascii"))
    except ValueError as error:
        raise DamagedEntryError(f"the salt of entry {name[:12]} is not hex") from error
    if salt_raw.hex().encode() != salt:
        raise DamagedEntryError(f"the salt of entry {name[:12]} is not lower-case hex")
    if len(body) != head.size or _body_hasher.copy().update(salt_raw).update(body).hexdigest() != head.body:
        raise DamagedEntryError(f"the body of entry {name[:12]} does not match its commitment")
    return salt.decode("ascii"), body


def without_body(line: bytes) -> bytes:
    """Return the same entry's line without salt and body."""
    head_end = line.find(b"}", _HEAD_AT) + 1
    return line[:head_end] + b"}\n"


def _version_of(head_raw: bytes) -> int | None:
    try:
        head = msgspec.json.decode(head_raw)
    except msgspec.DecodeError:
        return None
    version = head.get("v") if isinstance(head, dict) else None
    return version if isinstance(version, int) else None


def _newer(name: str, version: int) -> UnknownFormatError:
    return UnknownFormatError(
        f"entry {name[:12]} has format version {version}; this Gnomon reads version {FORMAT_VERSION}",
        hint="install a newer Gnomon: `pip install --upgrade gnomon`",
    )
