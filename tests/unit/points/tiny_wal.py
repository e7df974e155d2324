"""A second writer of WALs, made from docs/internals/record-format.md alone: it shares no line with the real one.

`TinyWal` builds the bytes of a file in memory. Every test of the reader starts from it, so the page, the writer and the
reader are held against each other.
"""

from __future__ import annotations

import json
import struct
import zlib

from blake3 import blake3

LOG = bytes(range(16))
WRITER = bytes(range(16, 32))
SALT = bytes(range(32, 48))
BOOT = bytes(range(48, 64))
RUN = "0123456789abcdef0123"
CREATED_NS = 1_763_900_000_123_456_789
FIRST_CRC = 0x5EED1234


def wal_id(log: bytes = LOG, salt: bytes = SALT) -> bytes:
    return blake3(log + salt, derive_key_context="gnomon v1 wal").digest()[:16]


class TinyWal:
    """`rows` is the truth: (run, rank, step, time_ns, {series: float or int}) for each row that was written."""

    def __init__(
        self,
        *,
        salt: bytes = SALT,
        ordinal: int = 0,
        boot: bytes = BOOT,
        created_ns: int = CREATED_NS,
        log: bytes = LOG,
    ):
        self.id = wal_id(log, salt)
        self.log_id = log
        fixed = struct.pack(
            "<8sII16s16s16s16s16sqII12x",
            b"GNMWAL1\n",
            1024,
            4711,
            self.id,
            log,
            WRITER,
            salt,
            boot,
            created_ns,
            FIRST_CRC,
            ordinal,
        )
        self.fixed = fixed + struct.pack("<I", zlib.crc32(fixed))
        self.crc = FIRST_CRC
        self.body = bytearray()
        self.ends = []  # the offset after each record, and the number of rows there
        self.rows = []
        self.lost_rows = 0
        self.lost_values = 0
        self.serial = 1
        self._series = {}
        self._runs = {}
        self._columns = {}

    # --- records

    def record(self, what: int, payload: bytes, step: int = 0, time_ns: int = 0) -> None:
        size = 28 + len(payload)
        before = struct.pack("<IIqq", size, what, step, time_ns) + payload
        self.crc = zlib.crc32(before, self.crc)
        self.body += before + struct.pack("<I", self.crc)
        self.ends.append((1024 + len(self.body), len(self.rows)))

    def columns(self, run: str, rank: int, names: tuple[str, ...]) -> int:
        key = (run, rank, names)
        if key in self._columns:
            return self._columns[key]
        if (run, rank) not in self._runs:
            self._runs[run, rank] = len(self._runs)
            self.record(2**32 - 2, json.dumps({"rank": rank, "run": run}, separators=(",", ":")).encode())
        for name in names:
            if name not in self._series:
                self._series[name] = len(self._series)
                self.record(2**32 - 1, name.encode())
        numbers = [self._runs[run, rank], *(self._series[name] for name in names)]
        self._columns[key] = len(self._columns) + 1
        self.record(2**32 - 3, struct.pack(f"<{len(numbers)}I", *numbers))
        return self._columns[key]

    def log(
        self, values: dict, *, step: int, time_ns: int = CREATED_NS, run: str = RUN, rank: int = 0
    ) -> None:
        what = self.columns(run, rank, tuple(values))
        self.rows.append((run, rank, step, time_ns, dict(values)))
        self.record(what, row_payload(values), step, time_ns)

    def log_wide(
        self, values: dict, *, step: int, time_ns: int = CREATED_NS, run: str = RUN, rank: int = 0
    ) -> None:
        self.columns(run, rank, tuple(values))  # for the definitions only
        numbers = [self._runs[run, rank], *(self._series[name] for name in values)]
        self.rows.append((run, rank, step, time_ns, dict(values)))
        self.record(
            2**32 - 4, struct.pack(f"<{len(numbers)}I", *numbers) + row_payload(values), step, time_ns
        )

    # --- files

    def slots(self, capacity: int) -> bytes:
        body = struct.pack("<QQQQ28x", self.serial, self.lost_rows, self.lost_values, capacity)
        slot = body + struct.pack("<I", zlib.crc32(body))
        return slot + bytes(64) if self.serial % 2 == 0 else bytes(64) + slot

    def head(self, capacity: int, close: bytes = bytes(64)) -> bytes:
        return self.fixed * 2 + self.slots(capacity) + close + bytes(576)

    def open_ended(self, spare: int = 100) -> bytes:
        """Return the file of a process that died, or lives: no close mark, zeros to the capacity."""
        return self.head(1024 + len(self.body) + spare) + bytes(self.body) + bytes(spare)

    def closed(self) -> bytes:
        """Return the file of a process that ended in order."""
        end = 1024 + len(self.body)
        mark = struct.pack("<8sQQIIq20x", b"CLOSED1\n", end, len(self.rows), self.crc, 0, CREATED_NS + 10**9)
        return self.head(end + 4096, mark + struct.pack("<I", zlib.crc32(mark))) + bytes(self.body)


def row_payload(values: dict) -> bytes:
    payload = b"[" + struct.pack("<I", len(values))
    for value in values.values():
        if isinstance(value, int):
            length = value.bit_length() // 8 + 1
            payload += b"Z" + struct.pack("<I", length) + value.to_bytes(length, "little", signed=True)
        else:
            payload += b"g" + struct.pack("<d", value)
    return payload


def small_wal() -> TinyWal:
    """Return a WAL with every kind of record: two runs, two ranks, two sets of series, a huge int, a wide row."""
    wal = TinyWal()
    wal.log({"loss": 0.5, "acc": 0.25}, step=0)
    wal.log({"loss": -0.0, "acc": float("nan")}, step=1, time_ns=CREATED_NS + 1_999)
    wal.log({"épisode": 2**70 + 1}, step=-5, time_ns=-1)
    wal.log_wide({"acc": 1.0, "épisode": -(2**53) - 1}, step=2)
    wal.log({"loss": float("inf")}, step=2**63 - 1, run="ff00", rank=3)
    wal.log({"loss": 0.125, "acc": 0.75}, step=3)
    return wal


def rows_of(read) -> list:
    """Return the rows of a WalRead in the shape of `truth_of`: times in microseconds, floats as their bits."""
    found = {}
    for block in read.blocks:
        columns = block.all_values()
        for position, row in enumerate(block.rows):
            place = (row, block.run, block.rank, block.steps[position], block.times_us[position])
            values = found.setdefault(place, {})
            for number, name in enumerate(block.series):
                exact = block.exact.get(number, {})
                values[name] = exact.get(position, bits(columns[number][position]))
    return sorted([(*place, values) for place, values in found.items()], key=lambda row: row[0])


def truth_of(wal: TinyWal) -> list:
    """Return what `rows_of` must give for the whole file."""
    return [
        (number, run, rank, step, time_ns // 1000, {name: bits(value) for name, value in values.items()})
        for number, (run, rank, step, time_ns, values) in enumerate(wal.rows)
    ]


def bits(value: float | int) -> bytes | int:
    return struct.pack("<d", value) if isinstance(value, float) else value
