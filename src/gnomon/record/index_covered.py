"""What was said before: entries that others cover. The index keeps those that count; these are read from the files.

Always true: an entry is given only where the index holds it, so a forged line says nothing here either; one whose body was
erased is given without it.
Not promised: that it is quick. All logs are read through once, a record of 100,000 runs in less than a second.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gnomon.errors import RecordError
from gnomon.record.fold import LiveEntry, in_order
from gnomon.record.lines import parse_line

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from gnomon.record.home import Home
    from gnomon.record.lines import Entry


def covered(
    home: Home, subject: str, live: Collection[str], is_held: Callable[[Entry], bool]
) -> list[LiveEntry]:
    """Return the entries of a subject other than those of these hashes, each once, by (time, hash)."""
    found: dict[str, Entry] = {}
    for line in _lines_about(home, subject):
        try:
            entry = parse_line(line)
        except RecordError:
            continue  # `gnomon verify` names it
        known = found.get(entry.hash)
        if entry.subject != subject or entry.hash in live or (known is not None and known.has_body):
            continue
        if is_held(entry):
            found[entry.hash] = entry
    return in_order(
        LiveEntry(
            entry.digest, entry.kind, entry.author, bytes.fromhex(entry.writer), bytes.fromhex(entry.log), entry.seq,
            entry.time_us, entry.body_raw,
        )
        for entry in found.values()
    )  # fmt: skip


def _lines_about(home: Home, subject: str) -> Iterator[bytes]:
    """Yield the whole lines of all logs that name a subject."""
    name = f'"subject":"{subject}"'.encode()
    for path, _ in home.log_files():
        try:
            data = home.env.read_file(os.path.join(home.path, path))
        except OSError:
            continue  # a bundle took its place, or it cannot be read: `gnomon verify` says so
        at = data.find(name)
        while at >= 0:
            end = data.find(b"\n", at)
            if end < 0:
                break
            yield data[data.rfind(b"\n", 0, at) + 1 : end]
            at = data.find(name, end)
