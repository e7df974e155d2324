"""The bytes of a WAL: offsets, sizes and the packing of its fixed parts.

Format: docs/internals/record-format.md, "WAL: live points". Writer: `points.wal`; reader: `points.reader`.
"""

from __future__ import annotations

import struct
import zlib

MAGIC = b"GNMWAL1\n"
CLOSED_MAGIC = b"CLOSED1\n"
HEADER_SIZE = 1024
FIXED_SIZE = 128
FIXED_COPY_AT = 128
SLOT_SIZE = 64
SLOT_AT = (256, 320)
CLOSE_AT = 384
ZEROS_AT = 448
MAX_FILE_SIZE = 64 << 20

PREFIX = struct.Struct("<IIqq")  # size, what, step, time_ns
CRC = struct.Struct("<I")
RECORD_OVERHEAD = PREFIX.size + CRC.size  # 28 bytes
ROW_PREFIX = struct.Struct("<cI")  # b"[", number of values
SMALLEST_ROW = RECORD_OVERHEAD + ROW_PREFIX.size + 9  # one value: 42 bytes

SERIES = 0xFFFFFFFF
RUN = 0xFFFFFFFE
COLUMNS = 0xFFFFFFFD
WIDE_ROW = 0xFFFFFFFC
MAX_COLUMNS_NUMBER = 0x7FFFFFFF

ROW_TAG = b"["
FLOAT_TAG = b"g"
EXACT_TAG = b"Z"

_FIXED = struct.Struct("<8sII16s16s16s16s16sqII12s")
_SLOT = struct.Struct("<QQQQ28s")
_CLOSE = struct.Struct("<8sQQIIq20s")


def pack_fixed(
    *,
    process_id: int,
    wal: bytes,
    log: bytes,
    writer: bytes,
    salt: bytes,
    boot_id: bytes,
    created_ns: int,
    first_crc: int,
    ordinal: int,
) -> bytes:
    """Return the first 128 bytes of a WAL: what never changes, with its CRC."""
    body = _FIXED.pack(
        MAGIC,
        HEADER_SIZE,
        process_id & 0xFFFFFFFF,
        wal,
        log,
        writer,
        salt,
        boot_id,
        created_ns,
        first_crc,
        ordinal,
        bytes(12),
    )
    return _sealed(body)


def unpack_fixed(data: bytes) -> dict[str, int | bytes] | None:
    """Return the fields of the fixed part, or None where the 128 bytes are not sound."""
    if len(data) != FIXED_SIZE or not _is_sealed(data):
        return None
    magic, size, pid, wal, log, writer, salt, boot_id, created_ns, first_crc, ordinal, zeros = _FIXED.unpack(
        data[:-4]
    )
    if magic != MAGIC or size != HEADER_SIZE or any(zeros):
        return None
    return {
        "process_id": pid,
        "wal": wal,
        "log": log,
        "writer": writer,
        "salt": salt,
        "boot_id": boot_id,
        "created_ns": created_ns,
        "first_crc": first_crc,
        "ordinal": ordinal,
    }


def pack_slot(serial: int, lost_rows: int, lost_values: int, capacity: int) -> bytes:
    """Return one counters slot (64 bytes)."""
    return _sealed(_SLOT.pack(serial, lost_rows, lost_values, capacity, bytes(28)))


def unpack_slot(data: bytes) -> tuple[int, int, int, int] | None:
    """Return (serial, lost_rows, lost_values, capacity); serial 0 for a slot never written; None if damaged."""
    if len(data) != SLOT_SIZE:
        return None
    if not any(data):
        return (0, 0, 0, 0)
    if not _is_sealed(data):
        return None
    serial, lost_rows, lost_values, capacity, zeros = _SLOT.unpack(data[:-4])
    return None if any(zeros) or serial == 0 else (serial, lost_rows, lost_values, capacity)


def pack_close(end: int, rows: int, crc: int, time_ns: int) -> bytes:
    """Return the close mark (64 bytes)."""
    return _sealed(_CLOSE.pack(CLOSED_MAGIC, end, rows, crc, 0, time_ns, bytes(20)))


def unpack_close(data: bytes) -> tuple[int, int, int, int] | None:
    """Return (end, rows, crc, time_ns) of a sound close mark, else None (also where there is none: all zeros)."""
    if len(data) != SLOT_SIZE or not _is_sealed(data):
        return None
    magic, end, rows, crc, zero, time_ns, zeros = _CLOSE.unpack(data[:-4])
    return None if magic != CLOSED_MAGIC or zero or any(zeros) else (end, rows, crc, time_ns)


def _sealed(body: bytes) -> bytes:
    return body + CRC.pack(zlib.crc32(body))


def _is_sealed(data: bytes) -> bool:
    return data[-4:] == CRC.pack(zlib.crc32(data[:-4]))
