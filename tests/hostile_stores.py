"""Remotes whose listings attack: for `hostile_victim.py`, by name. Each claims to hold the record that the victim has."""

from __future__ import annotations

import os
from itertools import count

from hostile import Memory

from gnomon.sync.store import Found

NAMES = (
    "heads/../../../canary/planted", "/canary/planted", "heads//etc/passwd", "heads/" + "a1" * 16 + "/../../x.head",
    "heads/nul\0name", "heads/two\nlines", "heads/\x1b]0;owned\x07\x1b[2J", "heads/\u202etxt.head", "heads/ＡＢ.head",
    "heads/" + "x" * 5000,
    "heads/.hidden/x", "heads/~/.bashrc", "heads/$(touch canary)", "heads/`id`", "heads/%2e%2e/x", "heads/..\\..\\x", "",
)  # fmt: skip


class Names(Memory):
    """Lists what no file of a record is called, and gives bytes for any name."""

    def __init__(self):
        with open(os.path.join(os.environ["VICTIM"], "record.toml"), "rb") as file:
            super().__init__({"record.toml": file.read()})

    def list(self, prefix):
        for name in NAMES:
            yield Found(name, 10)
            yield Found(name.replace("heads", prefix.rstrip("/")), -1)
        yield from super().list(prefix)

    def read(self, path, first=0, size=None):
        if path in self.files:
            return super().read(path, first, size)
        return b"planted"[first : None if size is None else first + size]


class EndlessListing(Names):
    """Lists names of heads without end."""

    def list(self, prefix):
        for number in count():
            yield Found(f"heads/{'a1' * 16}/{'b2' * 8}-{number % 10**10:010}-{number:032x}.head", 100)


class EndlessTombstones(Names):
    """Lists names in `erased/` without end."""

    def list(self, prefix):
        for number in count():
            yield Found(f"erased/strange-{number}", 100)


class HugeRecordFile(Names):
    """Serves a `record.toml` of 1 GB, whatever is asked for, as far as it is taken."""

    def read(self, path, first=0, size=None):
        if path == "record.toml":
            return b"x" * min(1 << 30, size if size is not None else 1 << 30)
        return super().read(path, first, size)
