"""What the tests of lying and attacking remotes share: rows of the published table, remotes in memory, and forged heads."""

from __future__ import annotations

import json
import os
from typing import NamedTuple

from gnomon.record.hashing import derive, derive_id
from gnomon.record.keys import load_device_key
from gnomon.sync.heads import LABEL
from gnomon.sync.store import Found

DETECTED, HARMLESS, NOT_DETECTED = "detected", "harmless", "**not detected**"


class Row(NamedTuple):
    """A line of `docs/reference/what-a-remote-can-do.md`, beside the test that shows it."""

    what: str
    verdict: str
    happens: str


def row(what, verdict, happens):
    """Say what a test shows, for the table."""

    def mark(test):
        test.row = Row(what, verdict, happens)
        return test

    return mark


def rows_of(module):
    """Return the rows of a test module, in its order."""
    return [test.row for test in vars(module).values() if hasattr(test, "row")]


class Memory:
    """A remote in memory; subclasses lie. See `gnomon.sync.store.Store` for the calls."""

    at_once = 1
    takes_objects = True
    url = "memory://remote"

    def __init__(self, files=None):
        self.files = {} if files is None else files

    def list(self, prefix):
        for path in sorted(self.files):
            if path.startswith(prefix):
                yield Found(path, len(self.files[path]))

    def served(self, path):
        """Return the bytes that this remote gives for a path."""
        return self.files[path]

    def read(self, path, first=0, size=None):
        if path not in self.files:
            raise FileNotFoundError(path)
        return self.served(path)[first : None if size is None else first + size]

    def pieces(self, path):
        data = self.read(path)
        for at in range(0, len(data), 1 << 20):
            yield data[at : at + (1 << 20)]

    def write(self, path, source, *, once=False):
        if once and path in self.files:
            return False
        if isinstance(source, str):
            with open(source, "rb") as file:
                source = file.read()
        self.files[path] = bytes(source)
        return True

    def delete(self, paths):
        for path in paths:
            self.files.pop(path, None)

    def finish(self):
        pass

    def close(self):
        pass


# ---------------------------------------------------------------- forging

LANE = "ab" * 8


def head_body(writer, record, files, **changed):
    """Return the fields of a head, in the order of the format; `changed` overrides some."""
    body = {
        "files": [list(one) for one in files], "gone": [], "lane": LANE, "over": [], "record": record,
        "seen": [], "serial": 1, "time_us": 1, "v": 1, "writer": writer,
    }  # fmt: skip
    return {**body, **changed}


def forged(key, body, lane=LANE, serial=1):
    """Return (path, bytes) of a head with any content, truly signed and named. `body`: a dict, or the raw bytes."""
    raw = body if isinstance(body, bytes) else json.dumps(body, separators=(",", ":")).encode("ascii")
    signature = key.sign(LABEL, derive("head", raw))
    data = b'{"head":%b,"key":"%b","signature":"%b"}\n' % (raw, key.public.hex().encode(), signature.encode())
    return f"heads/{key.writer}/{lane}-{serial:010}-{derive_id('head', data)}.head", data


class Attacker:
    """A device of somebody who may write to the remote: what it publishes is well signed and means ill."""

    def __init__(self, env, record):
        self.key = load_device_key(env)
        self.writer = self.key.writer
        self._record = record

    def named(self, part, suffix, use, data):
        """Return (path, bytes) of a file that is rightly named."""
        return f"{part}/{self.writer}/{derive_id(use, data)}{suffix}", data

    def head(self, files=(), **changed):
        """Return (path, bytes) of a head that lists these (path, size)."""
        return forged(self.key, head_body(self.writer, self._record, sorted(files), **changed))


def put(root, path, data):
    """Write a file of a folder remote."""
    full = os.path.join(root, path)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "wb") as file:
        file.write(data)
