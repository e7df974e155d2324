"""A reader of WALs from the format page alone: slow, plain, and independent of `gnomon.points.reader`.

Tests compare Gnomon's answers with what this says.
"""

from __future__ import annotations

import json
import struct
import zlib


def rows_of(path):
    """Return [(run, rank, step, {series: value})] of a WAL, as far as its running CRC vouches."""
    data = path.read_bytes()
    if data[:8] != b"GNMWAL1\n":
        return []
    crc = struct.unpack_from("<I", data, 104)[0]
    series, runs, columns, rows = [], [], [], []
    offset = 1024
    while offset + 28 <= len(data):
        size, what, step, _time_ns = struct.unpack_from("<IIqq", data, offset)
        if size < 28 or offset + size > len(data):
            break
        body = data[offset : offset + size - 4]
        crc = zlib.crc32(body, crc)
        if struct.unpack_from("<I", data, offset + size - 4)[0] != crc:
            break
        payload = body[24:]
        if what == 0xFFFFFFFF:
            series.append(payload.decode())
        elif what == 0xFFFFFFFE:
            run = json.loads(payload)
            runs.append((run["run"], run["rank"]))
        elif what == 0xFFFFFFFD:
            columns.append(struct.unpack(f"<{len(payload) // 4}I", payload))
        else:
            numbers = columns[what - 1] if what != 0xFFFFFFFC else None
            if numbers is None:
                numbers, payload = _split_wide(payload)
            values = _values(payload)
            assert len(values) == len(numbers) - 1
            run, rank = runs[numbers[0]]
            rows.append((run, rank, step, dict(zip([series[n] for n in numbers[1:]], values, strict=True))))
        offset += size
    return rows


def _split_wide(payload):
    # The values begin at the byte `[` whose count fits the number of series numbers before it.
    for count in range(1, len(payload) // 4):
        at = 4 * (count + 1)
        if payload[at : at + 1] == b"[" and struct.unpack_from("<I", payload, at + 1)[0] == count:
            return struct.unpack_from(f"<{count + 1}I", payload), payload[at:]
    raise AssertionError("a wide row without values")


def _values(payload):
    assert payload[:1] == b"["
    count = struct.unpack_from("<I", payload, 1)[0]
    values, at = [], 5
    for _ in range(count):
        if payload[at : at + 1] == b"g":
            values.append(struct.unpack_from("<d", payload, at + 1)[0])
            at += 9
        else:
            assert payload[at : at + 1] == b"Z"
            length = struct.unpack_from("<I", payload, at + 1)[0]
            values.append(int.from_bytes(payload[at + 5 : at + 5 + length], "little", signed=True))
            at += 5 + length
    assert at == len(payload)
    return values


def all_rows(project):
    """Return the rows of all WALs of a project's record."""
    return [row for path in sorted((project / ".gnomon").glob("points/*/*.wal")) for row in rows_of(path)]
