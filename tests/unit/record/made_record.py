"""Records made by hand for tests: logs of any shape, without a running process.

`MadeLog` writes the lines of one log, the first of which certifies it; `MadeRecord` is a `.gnomon/` folder to put files in.
"""

from __future__ import annotations

import functools
import json
import os
from pathlib import Path

from gnomon.env import Env
from gnomon.record.body import encode_body
from gnomon.record.entries import CLOSED, OPENED, make_entry
from gnomon.record.hashing import derive_id
from gnomon.record.home import Home, make_record
from gnomon.record.keys import CERTIFICATE_LABEL, CLOSE_LABEL, DeviceKey, log_id


@functools.cache
def made_key(writer: int = 0) -> DeviceKey:
    """Return the device key of a made writer."""
    return DeviceKey(writer.to_bytes(32, "big"))


class MadeLog:
    """The lines of one log; ids, salts and clock follow from `number`, so that the same calls give the same bytes.

    `lines[0]` is the log's certificate; what a test adds comes after it.
    """

    def __init__(
        self, number: int, *, writer: int = 0, time_us: int = 1_000_000, is_certified: bool = True
    ) -> None:
        self._made_from = (number, writer)
        self._key = made_key(writer)
        nonce = number.to_bytes(16, "big")
        self.id = log_id(self._key.public, nonce)
        self.writer = self._key.writer
        self.lines: list[bytes] = []
        self.time_us = time_us - 1_000
        self._prev: str | None = None
        if is_certified:
            body = {
                "certificate": self._key.sign(CERTIFICATE_LABEL, bytes.fromhex(self.id)),
                "key": self._key.public.hex(),
                "nonce": nonce.hex(),
            }
            self.add(OPENED, f"log:{self.id}", body)

    def add(
        self,
        kind: str,
        subject: str,
        body: dict | bytes | None = None,
        *,
        over: tuple[str, ...] | list[str] = (),
        time_us: int | None = None,
        salt: bytes | None = None,
        writer: str | None = None,
    ) -> str:
        """Append an entry; return its hash."""
        self.time_us += 1_000
        entry, line = make_entry(
            kind=kind,
            subject=subject,
            body=body if isinstance(body, bytes) else encode_body(body or {}),
            salt=salt or bytes.fromhex(derive_id("log", f"{self.id}{len(self.lines)}".encode())),
            author=None,
            writer=writer or self.writer,
            log=self.id,
            seq=len(self.lines),
            prev=self._prev,
            over=over,
            time_us=self.time_us if time_us is None else time_us,
        )
        self.lines.append(line)
        self._prev = entry
        return entry

    def close(self) -> str:
        """Append the close mark; return its hash."""
        assert self._prev is not None
        signed = bytes.fromhex(self.id) + bytes.fromhex(self._prev)
        return self.add(CLOSED, f"log:{self.id}", {"signature": self._key.sign(CLOSE_LABEL, signed)})

    def fork(self) -> MadeLog:
        """Return another history that has the same beginning and the same log id."""
        number, writer = self._made_from
        other = MadeLog(number, writer=writer)
        other.time_us = self.time_us
        other.lines = list(self.lines)
        other._prev = self._prev
        return other

    @property
    def data(self) -> bytes:
        return b"".join(self.lines)

    @property
    def path(self) -> str:
        return f"log/{self.writer}/{self.id}.jsonl"


def bundle(*logs: MadeLog | bytes, writer: int = 0) -> tuple[str, bytes]:
    """Return (path, bytes) of a bundle of these logs."""
    data = b"".join(
        log if isinstance(log, bytes) else log.data
        for log in sorted(logs, key=lambda log: "" if isinstance(log, bytes) else log.id)
    )
    return f"log/{made_key(writer).writer}/{derive_id('bundle', data)}.bundle.jsonl", data


class MadeRecord:
    """A record's folder, and a cache folder for its index."""

    def __init__(self, folder: Path | str, *, env: Env | None = None) -> None:
        self.folder = Path(folder)
        self.env = env or CacheEnv(str(self.folder / "cache"))
        self.home: Home = make_record(str(self.folder / ".gnomon"), self.env)

    def put(self, path: str, data: bytes) -> Path:
        """Write a file of the record as a sync does: under a temporary name, then renamed."""
        target = Path(self.home.path) / path
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name("." + target.name + ".tmp")
        temporary.write_bytes(data)
        temporary.rename(target)
        return target

    def put_log(self, log: MadeLog) -> Path:
        """Write a log as its process does: appending."""
        target = Path(self.home.path) / log.path
        target.parent.mkdir(parents=True, exist_ok=True)
        done = target.stat().st_size if target.exists() else 0
        with target.open("ab") as file:
            file.write(log.data[done:])
        return target

    def remove(self, path: str) -> None:
        """Delete a file of the record."""
        (Path(self.home.path) / path).unlink()

    def index_files(self) -> list[Path]:
        """Return the files of the index."""
        return sorted(Path(self.env.cache_folder()).glob("*/index.sqlite*"))


class CacheEnv(Env):
    """The real world with a cache folder of its own."""

    def __init__(self, cache: str) -> None:
        self._cache = cache

    def cache_folder(self) -> str:
        return self._cache


def body_of(line: bytes) -> dict:
    """Return the body of a line, as JSON says it."""
    return json.loads(line)["body"]


def listed(folder: str) -> list[str]:
    """Return all files under a folder, by path."""
    return sorted(
        os.path.relpath(os.path.join(root, name), folder)
        for root, _, names in os.walk(folder)
        for name in names
    )
