"""Verification of what entries are kept in: record.toml, logs and bundles.

Always true: every flipped bit in these files is found and the file and place are named; nothing is repaired or changed.
Format: docs/internals/record-format.md, "Entries and logs", "Bundles", "What an attacker can still do".
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gnomon.errors import RecordError, UnknownFormatError
from gnomon.record.entries import CLOSED, OPENED
from gnomon.record.files import has_true_name
from gnomon.record.home import BUNDLE_SUFFIX, RECORD_FILE, record_file
from gnomon.record.keys import CERTIFICATE_LABEL, CLOSE_LABEL, is_signed, log_id, writer_id
from gnomon.record.lines import Entry, parse_line
from gnomon.record.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gnomon.record.home import Home

_FETCH = "copy this file from another replica; entries in other files are not affected"
_DISTRUST = "do not trust the entries of this log; ask its writer"


def verify_record_file(home: Home) -> Iterator[Problem]:
    """Check record.toml against its own check."""
    data = home.env.read_file(os.path.join(home.path, RECORD_FILE))
    if not home.is_intact or data != record_file(home.record_id, home.name):
        yield Problem(
            RECORD_FILE,
            "",
            "it does not match its own check: damaged, or edited by hand",
            f"if the name and the id in it are right, run `gnomon init --name {home.name!r}` to write it again",
            "damage",
        )


class LogVerifier:
    """Checks logs one by one and remembers what it saw, so that two histories under one log id are found."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._seen: dict[tuple[str, int], str] = {}
        self.entries = 0
        self.bodies_absent = 0
        self.bytes = 0

    def verify(self, path: str) -> Iterator[Problem]:
        """Check one log or bundle, named by its path within the record."""
        env, full = self._home.env, os.path.join(self._home.path, path)
        data = env.read_file(full)
        self.bytes += len(data)
        if path.endswith(BUNDLE_SUFFIX) and not has_true_name(env, full, "bundle"):
            yield Problem(path, "", "its bytes do not match its name", _FETCH, "damage")
        lines = data.split(b"\n")
        rest = lines.pop()
        last: dict[str, Entry] = {}
        keys: dict[str, bytes] = {}
        broken: set[str] = set()
        for number, line in enumerate(lines, 1):
            try:
                entry = parse_line(line)
            except UnknownFormatError as error:
                yield Problem(path, f"line {number}", error.message, error.hint or "", "notice")
                continue
            except RecordError as error:
                yield Problem(path, f"line {number}", error.message, _FETCH, "damage")
                continue
            log = entry.log
            self.entries += 1
            if entry.body_raw is None:
                self.bodies_absent += 1
            before = last.get(log)
            last[log] = entry
            if not _follows(entry, before) and log not in broken:
                broken.add(log)
                where = f"line {number}, entry {entry.hash[:12]}"
                yield Problem(path, where, _gap(entry, before), _FETCH, "damage")
            known = self._seen.setdefault((log, entry.seq), entry.hash)
            if known != entry.hash:
                yield _two_histories(path, f"line {number}", entry, known)
            if entry.kind in (OPENED, CLOSED):
                yield from _check_signature(path, f"line {number}", entry, keys, before)
        if rest:
            yield _torn_end(path, f"line {len(lines) + 1}", rest)
        if not path.endswith(BUNDLE_SUFFIX):
            yield from _check_place(path, last)


def _two_histories(path: str, where: str, entry: Entry, known: str) -> Problem:
    what = f"log {entry.log[:8]} has two histories: entries {known[:12]} and {entry.hash[:12]} have number {entry.seq}"
    return Problem(
        path, where, what, "both are kept; find out which device was copied while it ran", "damage"
    )


def _check_signature(
    path: str, where: str, entry: Entry, keys: dict[str, bytes], before: Entry | None
) -> Iterator[Problem]:
    """Check the first or the last entry of a log; `keys` are those that logs of this file were opened with."""
    if entry.kind == OPENED and entry.has_body:
        key = _certified_key(entry)
        if key is None:
            what = f"the certificate of log {entry.log[:8]} is not its writer's"
            yield Problem(path, where, what, _DISTRUST, "damage")
        else:
            keys[entry.log] = key
    if entry.kind == CLOSED and entry.has_body and entry.log in keys and before is not None:
        signature = entry.body.get("signature")
        signed = bytes.fromhex(entry.log) + bytes.fromhex(before.hash)
        if not isinstance(signature, str) or not is_signed(keys[entry.log], signature, CLOSE_LABEL, signed):
            what = f"the close mark of log {entry.log[:8]} is not signed by its writer"
            yield Problem(path, where, what, _DISTRUST, "damage")


def _torn_end(path: str, where: str, line: bytes) -> Problem:
    """Return what to say of a last line without line feed: a crash leaves the beginning of a line, never more than it."""
    try:
        parse_line(line[:-1])
    except RecordError:
        what = "the last line is incomplete: its process was interrupted"
        return Problem(path, where, what, "nothing to do: it was never acknowledged", "notice")
    return Problem(path, where, "the line feed after the last entry is damaged", _FETCH, "damage")


def _follows(entry: Entry, before: Entry | None) -> bool:
    if before is None:
        return entry.seq == 0 and entry.prev is None and entry.kind == OPENED
    return entry.seq == before.seq + 1 and entry.prev == before.hash and before.kind != CLOSED


def _gap(entry: Entry, before: Entry | None) -> str:
    if before is None:
        return f"log {entry.log[:8]} begins with entry number {entry.seq}; the entries before it are missing"
    if before.kind == CLOSED:
        return f"an entry follows the close mark of log {entry.log[:8]}"
    return f"entry number {entry.seq} of log {entry.log[:8]} does not follow number {before.seq}: entries are missing or damaged"


def _certified_key(entry: Entry) -> bytes | None:
    body = entry.body
    key, nonce, certificate = body.get("key"), body.get("nonce"), body.get("certificate")
    if not isinstance(key, str) or not isinstance(nonce, str) or not isinstance(certificate, str):
        return None
    try:
        public, raw_nonce = bytes.fromhex(key), bytes.fromhex(nonce)
    except ValueError:
        return None
    is_true = (
        writer_id(public) == entry.writer
        and log_id(public, raw_nonce) == entry.log
        and is_signed(public, certificate, CERTIFICATE_LABEL, bytes.fromhex(entry.log))
    )
    return public if is_true else None


def _check_place(path: str, last: dict[str, Entry]) -> Iterator[Problem]:
    _, writer, name = path.split("/")
    for log, entry in last.items():
        if name != f"{log}.jsonl" or entry.writer != writer:
            what = f"it holds entries of log {log[:8]} of writer {entry.writer[:8]}, which belong elsewhere"
            yield Problem(path, "", what, f"move them to log/{entry.writer}/{log}.jsonl", "damage")
