"""Who vouches for a log: the certificate in its first entry, and the signature in its close mark.

A log's id follows from its writer's public key and a nonce, and the certificate is that key's signature of the id. So
nobody writes a log in the name of a writer whose key he does not hold, and one log id has one writer.

Always true: nothing here raises, whatever an entry's body holds; an entry without its body vouches for nothing.
Format: docs/internals/record-format.md, "Chain".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.record.entries import CLOSED, OPENED

if TYPE_CHECKING:
    from gnomon.record.lines import Entry


def certified_key(opened: Entry) -> bytes | None:
    """Return the public key that an entry certifies its log with; None where it does not."""
    if opened.kind != OPENED or opened.seq or opened.subject != f"log:{opened.log}" or not opened.has_body:
        return None
    body = _body_of(opened)
    key, nonce, certificate = body.get("key"), body.get("nonce"), body.get("certificate")
    if not isinstance(key, str) or not isinstance(nonce, str) or not isinstance(certificate, str):
        return None
    try:
        public, raw_nonce = bytes.fromhex(key), bytes.fromhex(nonce)
    except ValueError:
        return None
    from gnomon.record.keys import CERTIFICATE_LABEL, is_signed, log_id, writer_id  # loads libsodium

    is_true = (
        len(raw_nonce) == 16
        and writer_id(public) == opened.writer
        and log_id(public, raw_nonce) == opened.log
        and is_signed(public, certificate, CERTIFICATE_LABEL, bytes.fromhex(opened.log))
    )
    return public if is_true else None


def is_close_mark(closed: Entry, key: bytes) -> bool:
    """Return whether an entry is the close mark of its log, signed with the key that the log was certified with."""
    if closed.kind != CLOSED or closed.prev is None or not closed.has_body:
        return False
    signature = _body_of(closed).get("signature")
    from gnomon.record.keys import CLOSE_LABEL, is_signed

    return isinstance(signature, str) and is_signed(
        key, signature, CLOSE_LABEL, bytes.fromhex(closed.log) + bytes.fromhex(closed.prev)
    )


def is_closed(first: Entry, last: Entry) -> bool:
    """Return whether a log that begins and ends with these entries has ended for good."""
    if last.kind != CLOSED or first.log != last.log:
        return False
    key = certified_key(first)
    return key is not None and is_close_mark(last, key)


def _body_of(entry: Entry) -> dict[str, object]:
    try:
        return entry.body
    except (ValueError, RecursionError):  # tagged values that are none, numbers of very many digits
        return {}
