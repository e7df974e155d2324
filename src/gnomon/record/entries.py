"""Making entries: the head, its hash, and the line that holds them.

Always true: the same arguments give the same bytes (tests/golden), and `record.lines.parse_line` reads them back.
Format: docs/internals/record-format.md, "Entries and logs". This module is on the path of a training start: it
imports nothing but the hash.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.record.hashing import derive_hex

if TYPE_CHECKING:
    from collections.abc import Iterable

FORMAT_VERSION = 1
SALT_BYTES = 16
OPENED = "log.opened"
CLOSED = "log.closed"
_HEAD_TEXT = frozenset("abcdefghijklmnopqrstuvwxyz0123456789.:_-")


def make_entry(
    *,
    kind: str,
    subject: str,
    body: bytes,
    salt: bytes,
    author: str | None,
    writer: str,
    log: str,
    seq: int,
    prev: str | None,
    over: Iterable[str],
    time_us: int,
) -> tuple[str, bytes]:
    """Return (entry hash, line with its line feed) of a new entry."""
    for text in (kind, subject, author or "-"):
        if not text or not _HEAD_TEXT.issuperset(text):
            raise ValueError(f"`{text}` cannot stand in a head: only a-z, 0-9, '.', ':', '_' and '-' may")
    covers = ",".join(f'"{entry}"' for entry in sorted(set(over)))
    head = (
        f'{{"author":{_text(author)},"body":"{derive_hex("body", salt + body)}","kind":"{kind}","log":"{log}",'
        f'"over":[{covers}],"prev":{_text(prev)},"seq":{seq},"size":{len(body)},"subject":"{subject}",'
        f'"time_us":{time_us},"v":{FORMAT_VERSION},"writer":"{writer}"}}'
    ).encode("ascii")
    entry = derive_hex("entry", head)
    line = b'{"entry":"%s","head":%s,"salt":"%s","body":%s}\n' % (
        entry.encode("ascii"),
        head,
        salt.hex().encode("ascii"),
        body,
    )
    return entry, line


def _text(text: str | None) -> str:
    return "null" if text is None else f'"{text}"'
