"""Reading entries: one line in, one verified entry out.

Always true: `parse_line` returns an entry only if its hash, its canonical form and, where a body is present, its
commitment and its form are right; otherwise it raises `DamagedEntryError`, or `UnknownFormatError` for a newer format version.
Format: docs/internals/record-format.md, "Entries and logs".
"""

from __future__ import annotations

import re
from binascii import unhexlify
from typing import Annotated

import msgspec

from gnomon.errors import DamagedEntryError, UnknownFormatError
from gnomon.record.body import MAX_LINE_BYTES, decode_body
from gnomon.record.body_form import fault_of
from gnomon.record.entries import FORMAT_VERSION
from gnomon.record.hashing import new_hasher

Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


class Entry(msgspec.Struct):
    """One verified entry, not to be changed. `body_raw` is None where the body was erased or withheld.

    Not frozen, because completing a frozen one costs a tenth of reading it. The fields of the head, in their canonical
    order, and what stands beside it in the line. `commitment` is the head's field "body".
    """

    author: str | None
    commitment: str = msgspec.field(name="body")
    kind: str
    log: str
    over: tuple[str, ...]
    prev: str | None
    seq: Int64
    size: Int64
    subject: str
    time_us: Int64
    v: Int64
    writer: str
    hash: str = ""
    digest: bytes = b""
    body_raw: bytes | None = None

    @property
    def has_body(self) -> bool:
        """Whether the body is here."""
        return self.body_raw is not None

    @property
    def body(self) -> dict[str, object]:
        """The body as Python values; empty where it was erased."""
        return decode_body(self.body_raw) if self.body_raw is not None else {}


_decode_head = msgspec.json.Decoder(Entry).decode
_new_entry_hasher = new_hasher("entry").copy
_new_body_hasher = new_hasher("body").copy
_HASH, _ID, _TEXT, _WHOLE = rb"[0-9a-f]{64}", rb"[0-9a-f]{32}", rb"[a-z0-9.:_-]+", rb"(?:0|[1-9][0-9]*+)"
# All that the format says of a line: the one canonical form, with or without salt and body. What stands at the two places
# of `computed` is compared with the digits of a hash, so that nothing else can stand there in the end.
_FORM = (
    rb'\{"entry":"(%(computed)s)","head":'
    rb'(\{"author":(?:null|"%(text)s"),"body":"%(computed)s","kind":"%(text)s","log":"%(id)s",'
    rb'"over":\[(?:"%(hash)s"(?:,"%(hash)s")*+)?\],"prev":(?:null|"%(hash)s"),"seq":%(whole)s,"size":%(whole)s,'
    rb'"subject":"%(text)s","time_us":-?%(whole)s,"v":%(whole)s,"writer":"%(id)s"\})'
    rb'(?:,"salt":"(%(id)s)","body":|\}\Z)'
)
_PARTS = {b"hash": _HASH, b"id": _ID, b"text": _TEXT, b"whole": _WHOLE}
# Stepping over the computed digits is quicker than looking at each.
_LINE = re.compile(_FORM % {**_PARTS, b"computed": b".{64}"}, re.DOTALL).match
_is_hash = re.compile(_HASH.decode()).fullmatch
_HEAD_AT = 84  # {"entry":"<64>","head":{


def parse_line(line: bytes) -> Entry:
    """Return the entry of one line (with or without its line feed)."""
    if line[-1:] == b"\n":
        line = line[:-1]
    if len(line) >= MAX_LINE_BYTES:
        raise DamagedEntryError("a line is longer than any entry can be")
    match = _LINE(line)
    if match is None:
        raise _not_an_entry(line)
    name_raw, head_raw, salt_raw = match.groups()
    digest = _new_entry_hasher().update(head_raw).digest()
    name = digest.hex()
    if name_raw != name.encode():
        raise _damaged(line, "the head of entry {} does not match its hash")
    try:
        entry = _decode_head(head_raw)  # the line's form allows no other fields
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _damaged(line, "the head of entry {} holds a number beyond 64 bits") from error
    entry.hash, entry.digest = name, digest
    if entry.v != FORMAT_VERSION or entry.over or (entry.prev is None) != (entry.seq == 0):
        _check_head(entry)
    if salt_raw is not None:
        body = line[match.end() : -1]
        committed = _new_body_hasher().update(unhexlify(salt_raw)).update(body).hexdigest()
        if committed != entry.commitment or len(body) != entry.size or line[-1:] != b"}":
            raise _damaged(line, "the body of entry {} does not match its commitment")
        fault = fault_of(body)
        if fault is not None:
            raise DamagedEntryError(f"the body of entry {name} {fault}")
        entry.body_raw = body
    elif not _is_hash(entry.commitment):
        raise _not_an_entry(line)
    return entry


def _damaged(line: bytes, what: str) -> DamagedEntryError | UnknownFormatError:
    """Return what to say of a line that has the form of an entry and is none; not even that, where no hash stands in it."""
    if re.match(_FORM % {**_PARTS, b"computed": _HASH}, line) is None:
        return _not_an_entry(line)
    return DamagedEntryError(what.format(line[10:22].decode()))


def _check_head(entry: Entry) -> None:
    """Raise where a head says what no good writer would say."""
    damage = f"the head of entry {entry.hash[:12]}"
    if entry.v != FORMAT_VERSION:
        raise _newer(entry.hash, entry.v)
    if entry.over and list(entry.over) != sorted(set(entry.over)):
        raise DamagedEntryError(f"{damage} is not in canonical form: `over` is not sorted")
    if (entry.prev is None) != (entry.seq == 0):
        raise DamagedEntryError(f"{damage} has number {entry.seq} and the wrong `prev`")


def _not_an_entry(line: bytes) -> DamagedEntryError | UnknownFormatError:
    """Return what to say of a line that is no entry of this version: a newer one, or damage."""
    head_raw = line[_HEAD_AT - 1 : line.find(b"}", _HEAD_AT) + 1]
    name = line[10:74].decode("ascii", "replace")
    version = _version_of(head_raw)
    if (
        version is not None
        and version != FORMAT_VERSION
        and _new_entry_hasher().update(head_raw).hexdigest() == name
    ):
        return _newer(name, version)
    return DamagedEntryError("a line of a log does not have the form of an entry")


def without_body(line: bytes) -> bytes:
    """Return the same entry's line without salt and body."""
    head_end = line.find(b"}", _HEAD_AT) + 1
    return line[:head_end] + b"}\n"


def _version_of(head_raw: bytes) -> int | None:
    try:
        head = msgspec.json.decode(head_raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    version = head.get("v") if isinstance(head, dict) else None
    return version if isinstance(version, int) else None


def _newer(name: str, version: int) -> UnknownFormatError:
    return UnknownFormatError(
        f"entry {name[:12]} has format version {version}; this Gnomon reads version {FORMAT_VERSION}",
        hint="install a newer Gnomon: `pip install --upgrade gnomon`",
    )
