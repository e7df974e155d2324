"""The live file of one process: where a row goes before `log` returns.

Always true: a row below `state`'s offset survives the death of the process; blocks are allocated before they are written
through the map, so a full disk is an error here and never a signal; what could not be stored is counted in the header;
nothing is written to a file that is not this WAL, whatever the script does with descriptors.
Not promised: that a row survives a power cut before `sync` (about a second).
Format: docs/internals/record-format.md, "WAL: live points". The hot path that fills it: `points.rows`.
"""

from __future__ import annotations

import os
import struct
import zlib
from typing import TYPE_CHECKING

from gnomon.env import MAPPABLE
from gnomon.points import layout
from gnomon.record.hashing import derive
from gnomon.record.held import HeldFile

if TYPE_CHECKING:
    import mmap

    from gnomon.record.home import Home

FIRST_CAPACITY = 64 << 10
LARGEST_STEP = 1 << 20
ROOM_FOR_DEFINITIONS = 1 << 20
RETRY_AFTER_NS = 250_000_000
_ZEROS = bytes(256 << 10)
# Each holds the lock of its file, and has a descriptor that closing the map would close, whoever's it is by now.
_kept_maps: list[mmap.mmap] = []


class WalWriter:
    """One WAL. All methods are called under the session's lock.

    `state` is (offset, running CRC, rows) in one tuple, so that it changes in one step. `limit` is how far rows may be
    stored through `map` without asking; 0 sends every row the slow way (no map, or the file is closed). `run_numbers` and
    `series_numbers` are the numbers of what is defined so far, by (run, rank) and by name.
    """

    __slots__ = (
        "_env",
        "_file",
        "_is_failing",
        "_retry_at_ns",
        "_slot_serial",
        "capacity",
        "columns_count",
        "header",
        "id",
        "is_closed",
        "limit",
        "lost_rows",
        "lost_values",
        "map",
        "path",
        "run_numbers",
        "series_numbers",
        "state",
        "synced_offset",
    )

    def __init__(self, home: Home, *, writer: str, log: str, ordinal: int, boot_id: bytes) -> None:
        """Create the file. Raises OSError; then there is no file."""
        env = self._env = home.env
        salt = env.random_bytes(16)
        wal = derive("wal", bytes.fromhex(log) + salt)[:16]
        first_crc = int.from_bytes(env.random_bytes(4), "little")
        self.id = wal.hex()
        self.header = layout.pack_fixed(
            process_id=env.process_id(),
            wal=wal,
            log=bytes.fromhex(log),
            writer=bytes.fromhex(writer),
            salt=salt,
            boot_id=boot_id,
            created_ns=env.time_ns(),
            first_crc=first_crc,
            ordinal=ordinal,
        )
        self.state = (layout.HEADER_SIZE, first_crc, 0)
        self.capacity = 0
        self.limit = 0
        self.map: mmap.mmap | None = None
        self.lost_rows = 0
        self.lost_values = 0
        self.columns_count = 0
        self.is_closed = False
        self.synced_offset = 0
        self._slot_serial = 0
        self._retry_at_ns = 0
        self._is_failing = False
        self.run_numbers: dict[tuple[str, int], int] = {}
        self.series_numbers: dict[str, int] = {}
        folder = home.folder("points", writer)
        env.make_plain_folder(folder)
        self.path = os.path.join(folder, f"{self.id}.wal")
        self._create(folder)

    def _create(self, folder: str) -> None:
        env = self._env
        fd = env.create(self.path)
        try:
            env.lock_new(fd)
            self._file = HeldFile(env, self.path, fd)
            env.allocate(fd, 0, FIRST_CAPACITY)
            self.capacity = FIRST_CAPACITY
            if env.filesystem(folder) in MAPPABLE:
                self.map = env.map(fd, FIRST_CAPACITY)
                self.limit = FIRST_CAPACITY
            self._store(0, self.header * 2)
            self._write_slot()
        except BaseException:
            self.limit = 0
            env.close(fd)
            env.unlink(self.path)
            raise
        env.sync_folder(folder)

    # --- definitions and rows

    def define_columns(self, run: str, rank: int, series: list[str]) -> int | None:
        """Write what is needed so that rows of these series can follow; return their columns number.

        None where the disk takes no more. A definition that was written stays, so repeating is cheap.
        """
        run_number = self._define_run(run, rank)
        if run_number is None or not self._define_series(series):
            return None
        payload = _numbers(run_number, self.series_numbers, series)
        if not self.append(layout.COLUMNS, 0, 0, payload):
            return None
        self.columns_count += 1
        return self.columns_count

    def append_wide(
        self, run: str, rank: int, series: list[str], step: int, time_ns: int, payload: bytes
    ) -> bool:
        """Write a row that names its own series; return whether the disk took it."""
        run_number = self._define_run(run, rank)
        if run_number is None or not self._define_series(series):
            return False
        numbers = _numbers(run_number, self.series_numbers, series)
        return self.append(layout.WIDE_ROW, step, time_ns, numbers + payload)

    def _define_run(self, run: str, rank: int) -> int | None:
        number = self.run_numbers.get((run, rank))
        if number is None:
            payload = b'{"rank":%d,"run":"%s"}' % (rank, run.encode("ascii"))
            if not self.append(layout.RUN, 0, 0, payload):
                return None
            number = self.run_numbers[run, rank] = len(self.run_numbers)
        return number

    def _define_series(self, series: list[str]) -> bool:
        numbers = self.series_numbers
        for name in series:
            if name not in numbers:
                if not self.append(layout.SERIES, 0, 0, name.encode("utf-8", "backslashreplace")):
                    return False
                numbers[name] = len(numbers)
        return True

    def append(self, what: int, step: int, time_ns: int, payload: bytes) -> bool:
        """Write one record; return whether the disk took it."""
        size = layout.RECORD_OVERHEAD + len(payload)
        start = _prefix(size, what, step, time_ns) + payload
        while self.state[0] + size <= self.limit or self._reserve(size):
            before = self.state
            offset, crc, rows = before
            crc = zlib.crc32(start, crc)
            record = start + _crc_bytes(crc)
            after = (offset + size, crc, rows + (what <= layout.WIDE_ROW))
            if self.map is not None:
                if self.state is before:  # else another thread, or a signal handler, logged meanwhile
                    self.state = after; self.map[offset : offset + size] = record  # noqa: E702  # fmt: skip
                    return True
            elif self.state is before:
                self.state = after
                try:
                    self.regain()
                    self._env.pwrite(self._file.fd, record, offset)
                except OSError:
                    self._is_failing = True
                    if self.state is after:
                        self.state = before
                    return False
                return True
        return False

    def needs_successor(self, size: int) -> bool:
        """Return whether a record of `size` bytes (and its definitions) fits no more here, but would in a new file."""
        return self.is_closed or (
            self.state[0] + size + ROOM_FOR_DEFINITIONS > layout.MAX_FILE_SIZE
            and size + 2 * ROOM_FOR_DEFINITIONS < layout.MAX_FILE_SIZE
        )

    def _reserve(self, size: int) -> bool:
        """Make room for `size` bytes; return whether there is."""
        needed = self.state[0] + size
        if self.is_closed:
            return False
        if needed <= self.capacity:
            return True
        if needed > layout.MAX_FILE_SIZE or (self._is_failing and self._env.time_ns() < self._retry_at_ns):
            return False
        wanted = min(self.capacity * 4, self.capacity + LARGEST_STEP, layout.MAX_FILE_SIZE)
        for capacity in (max(wanted, _rounded(needed)), _rounded(needed)):
            try:
                self._grow_to(capacity)
            except OSError:
                continue
            self._is_failing = False
            return True
        self._is_failing = True
        self._retry_at_ns = self._env.time_ns() + RETRY_AFTER_NS
        return False

    def _grow_to(self, capacity: int) -> None:
        env = self._env
        self.regain()
        fd = self._file.fd
        env.allocate(fd, self.capacity, capacity - self.capacity)
        if self.map is not None:
            # Pages that are there already, and many together, cost rows a third of what they cost when met one by one.
            for offset in range(self.capacity, capacity, len(_ZEROS)):
                env.pwrite(fd, _ZEROS[: capacity - offset], offset)
            larger = env.map(fd, capacity)
            self.map, old = larger, self.map
            old.close()
            self.limit = capacity
        self.capacity = capacity
        self._write_slot()

    def _store(self, offset: int, data: bytes) -> None:
        if self.map is not None:
            self.map[offset : offset + len(data)] = data
        else:
            self.regain()
            self._env.pwrite(self._file.fd, data, offset)

    # --- what was lost

    def count_lost(self, values: int) -> None:
        """Count one call of `values` numbers that could not be stored."""
        self.lost_rows += 1
        self.lost_values += values
        try:
            self._write_slot()
        except OSError:
            self._is_failing = True  # the count stays in memory and is written with the run's end

    def _write_slot(self) -> None:
        self._slot_serial += 1
        slot = layout.pack_slot(self._slot_serial, self.lost_rows, self.lost_values, self.capacity)
        self._store(layout.SLOT_AT[self._slot_serial % 2], slot)

    # --- disk

    def begin_sync(self) -> tuple[int, int] | None:
        """Return (offset, descriptor of its own) of what has to reach the disk; None where nothing has.

        Under the lock. The caller syncs the descriptor without the lock, closes it, and calls `end_sync`.
        """
        offset = self.state[0]
        if self.is_closed or offset == self.synced_offset:
            return None
        return offset, os.dup(self._file.fd)

    def end_sync(self, offset: int, *, failed: bool) -> None:
        """Note a sync's outcome. A failed sync is never repeated: the bytes go to a new file. Raises OSError if that fails."""
        if self.is_closed:
            return
        if failed:
            self._rewrite()
        self.synced_offset = offset

    def _rewrite(self) -> None:
        """Write all bytes into a new file under the same name: after a failed sync the old pages are suspect."""
        env = self._env
        folder = os.path.dirname(self.path)
        temporary = os.path.join(folder, f".{env.random_bytes(8).hex()}.tmp")
        self.limit = 0  # rows wait for the lock: none may go into the old file behind its copy
        data = self.map[: self.capacity] if self.map is not None else env.read(self._file.fd, self.capacity)
        fd = env.create(temporary)
        try:
            env.lock_new(fd)
            env.allocate(fd, 0, self.capacity)
            env.pwrite(fd, data, 0)
            env.sync_data(fd)
            file = HeldFile(env, self.path, fd)
            fresh = env.map(fd, self.capacity) if self.map is not None else None
            env.replace(temporary, self.path)
        except OSError:
            env.close(fd)
            env.unlink(temporary)
            self._allow_rows()
            raise
        old_file, old_map = self._file, self.map
        self._file, self.map = file, fresh
        self._allow_rows()
        if old_map is not None:
            old_map.close()
        old_file.close()
        env.sync_folder(folder)

    def regain(self) -> None:
        """Take the file back where somebody closed our descriptor; does nothing where it is ours.

        The map keeps the lock that the descriptor had. Without a map the lock was free meanwhile: whoever found it so may have
        sealed and deleted the file. Raises OSError where it cannot be had: no more rows may follow here.
        """
        if self._file.is_ours:
            return
        self._file.regain(is_locked=self.map is not None)
        if self.map is not None:
            fresh = self._env.map(self._file.fd, self.capacity)
            _kept_maps.append(self.map)
            self.map = fresh

    def _allow_rows(self) -> None:
        """Let rows go through the map again, as far as there is one and the file is open."""
        self.limit = self.capacity if self.map is not None and not self.is_closed else 0

    def close(self) -> None:
        """Write the close mark, cut the file to its end and let go of it. Raises OSError; then it stays open-ended."""
        if self.is_closed:
            return
        self._refuse_rows()
        offset, crc, rows = self.state
        try:
            self.regain()
            self._store(layout.CLOSE_AT, layout.pack_close(offset, rows, crc, self._env.time_ns()))
            self._env.sync_data(self._file.fd)
            self._release_map()
            self._env.truncate(self._file.fd, offset)
        finally:
            self.abandon()

    def discard(self) -> None:
        """Close and delete a WAL in which nothing was stored or lost."""
        self._refuse_rows()
        self._release_map()
        self._env.unlink(self.path)
        self._file.close()

    def abandon(self) -> None:
        """Let go of the file without a trace in it: a forked child must not write its parent's WAL."""
        self._refuse_rows()
        self._release_map()
        self._file.close()

    def _refuse_rows(self) -> None:
        """From here on no row is stored: one that is being made by another thread sees a new state and is made again."""
        self.is_closed = True
        self.limit = 0
        self.state = (*self.state,)  # an equal tuple, not the same one

    def _release_map(self) -> None:
        if self.map is not None:
            if self._file.is_ours:
                self.map.close()
            else:
                _kept_maps.append(self.map)
            self.map = None


_prefix = layout.PREFIX.pack
_crc_bytes = layout.CRC.pack


def _numbers(run_number: int, series_numbers: dict[str, int], series: list[str]) -> bytes:
    return struct.pack(f"<{len(series) + 1}I", run_number, *map(series_numbers.__getitem__, series))


def _rounded(size: int) -> int:
    return -(-size // 4096) * 4096
