"""Verification of what entries are kept in: record.toml, logs and bundles.

Always true: every flipped bit in these files is found and the file and place are named; an entry that nobody with the
device key of its writer wrote is found where its log is not certified, or after a signed close mark; nothing is repaired or
changed. Of two files, the one that is looked at later is named.
Format: docs/internals/record-format.md, "Entries and logs", "Bundles", "Findings", "What an attacker can still do".
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gnomon.errors import RecordError, UnknownFormatError
from gnomon.ids import is_hex
from gnomon.record.certificates import certified_key, is_close_mark
from gnomon.record.entries import CLOSED, OPENED
from gnomon.record.files import has_true_name
from gnomon.record.home import BUNDLE_SUFFIX, RECORD_FILE
from gnomon.record.keys import writer_id
from gnomon.record.lines import Entry, parse_line
from gnomon.record.problems import DAMAGE, NOTICE, UNKNOWN, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gnomon.record.home import Home

_FETCH = "copy this file from another replica; entries in other files are not affected"
_DISTRUST = "do not trust the entries of this log; ask its writer"
_BUNDLE_AGAIN = "nothing in it is lost; a good bundle of the same logs comes with `gnomon sync`"


def verify_record_file(home: Home) -> Iterator[Problem]:
    """Check record.toml: its own check, and that it says what it must."""
    again = (
        f"if the name and the id in it are right, run `gnomon init --name {home.name!r}` to write it again"
    )
    if not home.is_intact:
        what = "it does not match its own check: damaged, or edited by hand"
        yield Problem(RECORD_FILE, "", what, again, DAMAGE)
    elif not is_hex(home.record_id, 32):
        what = f"`record` in it is {home.record_id!r}, and must be 32 hex digits"
        yield Problem(RECORD_FILE, "", what, "copy it from another replica", DAMAGE)
    elif not home.is_named:
        yield Problem(RECORD_FILE, "", "it has no `name` that is a text", again, DAMAGE)


class LogVerifier:
    """Checks logs one by one and remembers what it saw, so that what one file holds is held against the others.

    `keys` are those of the logs that are certified. Ask for `unproven` after the last file.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._seen: dict[tuple[str, int], str] = {}
        self._of: dict[
            tuple[str, str, str], str
        ] = {}  # log, writer and file, to the place of the first entry
        self._marks: dict[
            str, tuple[str, str, Entry]
        ] = {}  # close marks, by hash; with their body if any has it
        self.keys: dict[str, bytes] = {}
        self.entries = 0
        self.bodies_absent = 0
        self.bytes = 0

    def verify(self, path: str) -> Iterator[Problem]:
        """Check one log or bundle, named by its path within the record."""
        env, full = self._home.env, os.path.join(self._home.path, path)
        data = env.read_file(full)
        self.bytes += len(data)
        is_bundle = path.endswith(BUNDLE_SUFFIX)
        if is_bundle and not has_true_name(env, full, "bundle"):
            yield Problem(path, "", "its bytes do not match its name", _FETCH, DAMAGE)
        lines = data.split(b"\n")
        rest = lines.pop()
        last: dict[str, Entry] = {}
        writers: dict[str, str] = {}
        broken: set[str] = set()
        previous: Entry | None = None
        is_after_unknown = False
        for number, line in enumerate(lines, 1):
            where = f"line {number}"
            try:
                entry = parse_line(line)
            except UnknownFormatError as error:
                yield Problem(path, where, error.message, error.hint or "", UNKNOWN)
                is_after_unknown = True
                continue
            except RecordError as error:
                yield Problem(path, where, error.message, _FETCH, DAMAGE)
                continue
            log = entry.log
            self.entries += 1
            if entry.body_raw is None:
                self.bodies_absent += 1
            if is_bundle and previous is not None and log < previous.log:
                what = "the logs of a bundle are not in order of their ids, each in one piece"
                yield Problem(path, where, what, _BUNDLE_AGAIN, DAMAGE)
            before = last.get(log)
            last[log] = previous = entry
            writer = writers.setdefault(log, entry.writer)
            if before is None:
                self._of[log, writer, path] = where
            elif entry.writer != writer:
                what = f"it names writer {entry.writer[:8]}, and its log is of writer {writer[:8]}"
                yield Problem(path, f"{where}, entry {entry.hash[:12]}", what, _DISTRUST, DAMAGE)
            known = self._seen.setdefault((log, entry.seq), entry.hash)
            if known != entry.hash:
                broken.add(log)
                yield _two_histories(path, where, entry, known)
            if not _follows(entry, before) and log not in broken and not is_after_unknown:
                broken.add(log)
                yield Problem(path, f"{where}, entry {entry.hash[:12]}", _gap(entry, before), _FETCH, DAMAGE)
            is_after_unknown = False
            if entry.kind in (OPENED, CLOSED):
                yield from self._take_proof(path, where, entry)
        if rest:
            yield _torn_end(path, f"line {len(lines) + 1}", rest, is_bundle=is_bundle)
        if not is_bundle:
            yield from _check_place(path, last)

    def _take_proof(self, path: str, where: str, entry: Entry) -> Iterator[Problem]:
        """Keep what vouches for a log: its certificate, or its close mark."""
        if entry.kind == CLOSED:
            known = self._marks.get(entry.hash)
            if known is None or (entry.has_body and not known[2].has_body):
                self._marks[entry.hash] = (path, where, entry)
        elif entry.has_body:
            key = certified_key(entry)
            if key is not None:
                self.keys[entry.log] = key
            else:
                what = f"the certificate of log {entry.log[:8]} is not its writer's"
                yield Problem(path, where, what, _DISTRUST, DAMAGE)

    def unproven(self) -> Iterator[Problem]:
        """Yield what nobody vouches for, when all files were looked at: logs without a certificate, unsigned close marks."""
        for (log, writer, path), where in sorted(self._of.items()):
            if log not in self.keys:
                what = f"no file here has the certificate of log {log[:8]}: nobody can tell who wrote it, and it is not used"
                yield Problem(path, where, what, _DISTRUST, DAMAGE)
            elif writer != writer_id(self.keys[log]):
                what = f"entries of log {log[:8]} name writer {writer[:8]}, who did not open it"
                yield Problem(path, where, what, _DISTRUST, DAMAGE)
        for path, where, entry in self._marks.values():
            key = self.keys.get(entry.log)
            if key is not None and not is_close_mark(entry, key):
                what = f"the close mark of log {entry.log[:8]} is not signed by its writer"
                yield Problem(path, where, what, _DISTRUST, DAMAGE)


def _two_histories(path: str, where: str, entry: Entry, known: str) -> Problem:
    what = f"log {entry.log[:8]} has two histories: entries {known[:12]} and {entry.hash[:12]} have number {entry.seq}"
    return Problem(path, where, what, "both are kept; find out which device was copied while it ran", DAMAGE)


def _torn_end(path: str, where: str, line: bytes, *, is_bundle: bool) -> Problem:
    """Return what to say of a last line without line feed: a crash leaves the beginning of a line, never more than it."""
    if is_bundle:
        return Problem(path, where, "a bundle ends with a line feed, and this one does not", _FETCH, DAMAGE)
    try:
        parse_line(line[:-1])
    except RecordError:
        what = "the last line is incomplete: its process was interrupted"
        return Problem(path, where, what, "nothing to do: it was never acknowledged", NOTICE)
    return Problem(path, where, "the line feed after the last entry is damaged", _FETCH, DAMAGE)


def _follows(entry: Entry, before: Entry | None) -> bool:
    if before is None:
        return entry.seq == 0 and entry.kind == OPENED and entry.subject == f"log:{entry.log}"
    return entry.seq == before.seq + 1 and entry.prev == before.hash and before.kind != CLOSED


def _gap(entry: Entry, before: Entry | None) -> str:
    if before is None and entry.seq == 0:
        return f"the first entry of log {entry.log[:8]} is no `{OPENED}` of this log"
    if before is None:
        return f"log {entry.log[:8]} begins with entry number {entry.seq}; the entries before it are missing"
    if before.kind == CLOSED:
        return f"an entry follows the close mark of log {entry.log[:8]}"
    return f"entry number {entry.seq} of log {entry.log[:8]} does not follow number {before.seq}: entries are missing or damaged"


def _check_place(path: str, last: dict[str, Entry]) -> Iterator[Problem]:
    _, writer, name = path.split("/")
    for log, entry in last.items():
        if name != f"{log}.jsonl" or entry.writer != writer:
            what = f"it holds entries of log {log[:8]} of writer {entry.writer[:8]}, which belong elsewhere"
            yield Problem(path, "", what, f"move them to log/{entry.writer}/{log}.jsonl", DAMAGE)
