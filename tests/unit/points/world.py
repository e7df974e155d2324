"""What the tests of points share: a machine whose boot is that of `tiny_wal`, files, and big WALs made quickly."""

from __future__ import annotations

import os
import struct
import zlib

from gnomon.env import Env
from tests.unit.points.tiny_wal import BOOT, CREATED_NS, RUN, TinyWal


class World(Env):
    """A machine in the boot `boot`."""

    def __init__(self, boot: bytes = BOOT) -> None:
        self._boot = boot

    def boot_id(self) -> bytes:
        return self._boot


class OneFile(World):
    """A machine with one file, whose bytes are given."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.data = data

    def open_read(self, path: str) -> int:
        return -1

    def size(self, fd: int) -> int:
        return len(self.data)

    def read(self, fd: int, size: int, offset: int = 0) -> bytes:
        return self.data[offset : offset + size]

    def close(self, fd: int) -> None:
        pass

    def read_file(self, path: str, offset: int = 0) -> bytes:
        return self.data[offset:]

    def stat(self, path: str) -> os.stat_result:
        return os.stat_result((0o100600, 1, 1, 1, 0, 0, len(self.data), 0, 0, 0))


def put(folder, wal: TinyWal, data: bytes | None = None) -> str:
    """Write a WAL's file under its name; return the path."""
    path = os.path.join(str(folder), f"{wal.id.hex()}.wal")
    with open(path, "wb") as file:
        file.write(wal.closed() if data is None else data)
    return path


def add_rows(wal: TinyWal, count: int, names=("loss",), value=float, run: str = RUN) -> None:
    """Append `count` rows of floats: row i has the values value(i), value(i + 1), …"""
    what = wal.columns(run, 0, tuple(names))
    width = len(names)
    row = struct.Struct("<IIqqcI" + "cd" * width)
    parts, crc = [bytes(wal.body)], wal.crc
    for number in range(count):
        pairs = [part for offset in range(width) for part in (b"g", float(value(number + offset)))]
        before = row.pack(33 + 9 * width, what, number, CREATED_NS + 1000 * number, b"[", width, *pairs)
        crc = zlib.crc32(before, crc)
        parts += [before, struct.pack("<I", crc)]
        wal.rows.append(
            (run, 0, number, CREATED_NS + 1000 * number, dict(zip(names, pairs[1::2], strict=True)))
        )
    wal.body, wal.crc = bytearray().join(parts), crc
