"""Writing entries: one log for each process, never resumed.

Always true: `append` returned means that the line is in the file and survives the death of the process; a line that
could not be written whole leaves no trace (the file is cut back), or the log is given up and the next entry opens a new one;
nothing is written to a file that is not this log, whatever the script does with descriptors.
Not promised: that the line survives a power cut, until `sync` has returned.
Format: docs/internals/record-format.md, "Entries and logs".
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from gnomon.record.body import MAX_BODY_BYTES, encode_body
from gnomon.record.entries import CLOSED, OPENED, SALT_BYTES, make_entry
from gnomon.record.held import HeldFile
from gnomon.record.keys import CERTIFICATE_LABEL, CLOSE_LABEL, DeviceKey, log_id

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gnomon.record.home import Home


class LogWriter:
    """The entries of this process. Opens its file with the first entry; safe to use from several threads."""

    def __init__(self, home: Home, key: DeviceKey) -> None:
        self._home = home
        self._env = home.env
        self._key = key
        self._lock = threading.RLock()
        self._file: HeldFile | None = None
        self._folder = home.folder("log", key.writer)
        self._start()

    def _start(self) -> None:
        self._nonce = self._env.random_bytes(16)
        self.id = log_id(self._key.public, self._nonce)
        self.path = os.path.join(self._folder, f"{self.id}.jsonl")
        self._seq = 0
        self._prev: str | None = None
        self._size = 0
        self._is_dirty = False

    @property
    def writer(self) -> str:
        """The id of the writer."""
        return self._key.writer

    @property
    def is_open(self) -> bool:
        """Whether a file has been opened (a process that says nothing leaves no log)."""
        return self._file is not None

    def open(self) -> None:
        """Create the file, lock it and write its first entry, unless that is done. Raises OSError."""
        with self._lock:
            if self._file is not None:
                return
            self._env.make_plain_folder(self._folder)
            fd = self._env.create(self.path)
            try:
                self._env.lock_new(fd)
                self._file = HeldFile(self._env, self.path, fd)
                self._write(OPENED, f"log:{self.id}", self._opening(), ())
            except BaseException:
                self._file = None
                self._env.close(fd)
                self._start()
                raise
            self._env.sync_folder(self._folder)

    def _opening(self) -> dict[str, object]:
        certificate = self._key.sign(CERTIFICATE_LABEL, bytes.fromhex(self.id))
        return {
            "certificate": certificate,
            "key": self._key.public.hex(),
            "nonce": self._nonce.hex(),
            "boot": self._env.boot_id().hex(),
        }

    def regain(self) -> None:
        """Take the file back where somebody closed our descriptor; where that cannot be, the next entry opens a new log."""
        with self._lock:
            if self._file is None or self._file.is_ours:
                return
            try:
                self._file.regain()
            except OSError:  # bundled by whoever found no writer; what was appended until now is there
                self._file = None
                self._start()

    def append(
        self,
        kind: str,
        subject: str,
        body: dict[str, object],
        *,
        over: Iterable[str] = (),
        author: str | None = None,
    ) -> str:
        """Write one entry; return its hash. Raises OSError where the disk refuses; then nothing was written."""
        with self._lock:
            self.regain()
            self.open()
            return self._write(kind, subject, body, over, author)

    def _write(
        self, kind: str, subject: str, body: dict[str, object], over: Iterable[str], author: str | None = None
    ) -> str:
        data = encode_body(body)
        if len(data) > MAX_BODY_BYTES:
            data = encode_body(_shortened(body))
        entry, line = make_entry(
            kind=kind,
            subject=subject,
            body=data,
            salt=self._env.random_bytes(SALT_BYTES),
            author=author,
            writer=self._key.writer,
            log=self.id,
            seq=self._seq,
            prev=self._prev,
            over=over,
            time_us=self._env.time_ns() // 1000,
        )
        assert self._file is not None  # open() came first  # noqa: S101
        try:
            self._env.pwrite(self._file.fd, line, self._size)
        except OSError:
            self._cut_back()
            raise
        self._size += len(line)
        self._seq += 1
        self._prev = entry
        self._is_dirty = True
        return entry

    def _cut_back(self) -> None:
        assert self._file is not None  # noqa: S101
        try:
            self._env.truncate(self._file.fd, self._size)
        except OSError:
            # Readers ignore an incomplete last line; nothing may follow it, so this log ends here.
            self._let_go()

    def _let_go(self) -> None:
        """Close the file, whose log ends here, and make ready for another one."""
        file, self._file = self._file, None
        self._start()
        if file is not None:
            file.close()

    def sync(self) -> None:
        """Bring what was appended to the disk. Raises OSError; then the log is given up, as its pages are suspect."""
        with self._lock:
            self.regain()
            if self._file is None or not self._is_dirty:
                return
            try:
                self._env.sync_data(self._file.fd)
            except OSError:
                self._let_go()
                raise
            self._is_dirty = False

    def close(self) -> None:
        """Write the close mark, bring it to the disk and let go of the file. Raises OSError."""
        with self._lock:
            self.regain()
            if self._file is None:
                return
            assert self._prev is not None  # noqa: S101
            signature = self._key.sign(CLOSE_LABEL, bytes.fromhex(self.id) + bytes.fromhex(self._prev))
            self._write(CLOSED, f"log:{self.id}", {"signature": signature}, ())
            self.sync()
            self._let_go()

    def abandon(self) -> None:
        """Let go of the file without a close mark (a forked child must not touch its parent's log)."""
        self._lock = threading.RLock()
        self._let_go()


def _shortened(body: dict[str, object]) -> dict[str, object]:
    """Return the body with its largest values cut, so that it fits; each says how long it was."""
    sizes = {key: len(encode_body({key: value})) for key, value in body.items()}
    room = MAX_BODY_BYTES // (2 * max(1, len(body)))
    return {
        key: value
        if sizes[key] <= room
        else {
            "$cut_value": encode_body({"v": value})[: room // 2].decode("utf-8", "ignore"),
            "size": sizes[key],
        }
        for key, value in body.items()
    }
