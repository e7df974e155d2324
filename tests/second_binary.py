"""The binary files of a record, read by `docs/internals/record-format.md` alone: WALs and packs.

Part of `second_verifier.py`. Always true: what a file claims is checked before memory is spent on it, and all
that is wrong is a `Damage`.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from struct import iter_unpack, unpack_from
from typing import BinaryIO, NamedTuple
from zlib import crc32

from second_forms import MIB, Damage, ascending, form, h, items, must

try:
    from compression import zstd
except ImportError:
    from backports import zstd

STORED = form(
    '{"codec":"<codec:word>","object":"<id:64>","offset":<offset:count>,"size":<size:count>,"stored":<stored:count>}'
)


class Frame(NamedTuple):
    """Stored bytes of a pack; `objects` are (start, size, id) in order."""

    codec: str
    offset: int
    stored: int
    size: int
    objects: list[tuple[int, int, bytes]]


def read_index(pack: BinaryIO) -> list[Frame]:
    size = pack.seek(0, 2)
    must(size >= 28, "too short for a pack")
    pack.seek(size - 20)
    index_at, length, end = unpack_from("<QI8s", pack.read(20))
    must(end == b"GNMPEND\n" and length <= 64 * MIB, "the footer is damaged")
    must(8 <= index_at == size - 20 - length, "the footer does not fit the file")
    pack.seek(0)
    magic = pack.read(8)
    must(magic in (b"GNMPCK1\n", b"GNMPCK2\n"), f"format {magic!r} is unknown")
    pack.seek(index_at)
    frames = whole_objects(pack.read(length)) if magic == b"GNMPCK1\n" else framed_objects(pack.read(length))
    at = 8
    for frame in sorted(frames, key=lambda frame: (frame.offset, frame.stored)):
        must(frame.offset == at, f"the stored bytes have a gap or overlap at {at}")
        at += frame.stored
    must(at == index_at, "the stored bytes do not end where the index begins")
    return frames


def whole_objects(index: bytes) -> list[Frame]:
    """Format 1: each object is a frame."""
    must(index[:1] == b"[" and index[-1:] == b"]", "the index is no array")
    frames = []
    for item in items(STORED, index[1:-1]):
        codec, offset, size, stored = (
            item["codec"].decode(),
            int(item["offset"]),
            int(item["size"]),
            int(item["stored"]),
        )
        must(
            codec in ("raw", "zstd") and min(offset, size, stored) >= 0,
            "codec or number in the index is unknown",
        )
        frames.append(Frame(codec, offset, stored, size, [(0, size, bytes.fromhex(item["id"].decode()))]))
    ascending([frame.objects[0][2] for frame in frames], "the index")
    return frames


def framed_objects(index: bytes) -> list[Frame]:
    """Format 2: tables of frames and of objects."""
    must(len(index) >= 8, "the index is too short")
    frame_count, object_count = unpack_from("<II", index)
    objects_at = 8 + 24 * frame_count
    must(len(index) == objects_at + 48 * object_count, "the length of the index does not fit its counts")
    frames, ids, at = [], [], 8
    for codec, size, stored in iter_unpack("<8sQQ", index[8:objects_at]):
        name = codec.rstrip(b"\0")
        must(name in (b"raw", b"zstd", b"chunks"), f"codec {name!r} is unknown")
        frames.append(Frame(name.decode(), at, stored, size, []))
        at += stored
    for id_, frame, start, size in iter_unpack("<32sIIQ", index[objects_at:]):
        must(frame < frame_count, "an object is in a frame that is not there")
        frames[frame].objects.append((start, size, id_))
        ids.append(id_)
    ascending(ids, "the index")
    for frame in frames:
        frame.objects.sort()
    return frames


def check_frame(frame: Frame) -> None:
    """What the index says of a frame must fit together."""
    if frame.codec == "chunks":
        must(len(frame.objects) == 1 and frame.objects[0][0] == 0, "a list of chunks is not of one object")
        must(frame.size == frame.stored and frame.size % 36 == 32, "the sizes of a list of chunks are wrong")
        return
    at = 0
    for start, size, _ in frame.objects:
        must(start == at, f"objects have a gap or overlap at {at} of their frame")
        at += size
    must(frame.objects and at == frame.size, "objects do not fill their frame")
    must(len(frame.objects) == 1 or frame.size <= 16 * MIB, "more than one object in a frame of over 16 MiB")


def unpack(pack: BinaryIO, frame: Frame) -> Iterator[bytes]:
    """The bytes of a frame in pieces of at most 1 MiB; never more than the index states."""
    pack.seek(frame.offset)
    size, is_zstd = 0, frame.codec == "zstd"
    reader = zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: 23})
    for at in range(0, frame.stored, MIB):
        piece = pack.read(min(MIB, frame.stored - at))
        must(at or not is_zstd or piece.startswith(b"\x28\xb5\x2f\xfd"), "is no zstd frame")
        while piece or not (not is_zstd or reader.needs_input or reader.eof):
            must(not reader.eof, "goes on after its zstd frame")
            out, piece = (reader.decompress(piece, MIB) if is_zstd else piece), b""
            size += len(out)
            must(size <= frame.size, "unpacks to more than the index states")
            yield out
    must(size == frame.size, "unpacks to less than the index states")
    must(
        not is_zstd or (reader.eof and not reader.unused_data), "is not one whole zstd frame and nothing else"
    )


class Rows:
    """The records of a WAL until the end of data or the first fault; `stop` is where that is."""

    def __init__(self, data: bytes, first_crc: int) -> None:
        self.data, self.stop, self.rows, self.crc, self.fault = data, 1024, 0, first_crc, ""
        self.series, self.runs, self.widths, self.may_be_torn = 0, 0, [], False
        try:
            while len(data) - self.stop >= 4 and (size := unpack_from("<I", data, self.stop)[0]):
                self.record(size)
        except (Damage, ValueError, RecursionError) as error:
            self.fault = str(error)

    def record(self, size: int) -> None:
        must(28 <= size <= len(self.data) - self.stop, f"a record of {size} bytes cannot be here")
        record = self.data[self.stop : self.stop + size]
        what, step, time_ns = unpack_from("<Iqq", record, 4)
        payload = record[24:-4]
        crc = crc32(record[:-4], self.crc)
        if crc != unpack_from("<I", record, size - 4)[0]:
            self.may_be_torn = self.may_be_cut(what, payload, step or time_ns)
            raise Damage("the running CRC does not fit")
        if what > 2**32 - 4:
            must(step == time_ns == 0, "a definition has a step or a time")
            self.define(what, payload)
        elif what == 2**32 - 4:
            widths = range(1, len(payload) // 4)
            width = next((n for n in widths if is_row(payload, 4 + 4 * n, n)), None)
            must(width, "a wide row has no width that fits")
            self.columns(payload[: 4 + 4 * width])
        else:
            must(1 <= what <= len(self.widths), f"columns {what} are not defined")
            must(is_row(payload, 0, self.widths[what - 1]), "the values do not fill the row")
        self.rows += what <= 2**32 - 4
        self.stop, self.crc = self.stop + size, crc

    def may_be_cut(self, what: int, payload: bytes, has_time: bool) -> bool:
        """Whether a record of this size can be one that a process was writing when it died."""
        if what > 2**32 - 4:
            written = payload.rstrip(b"\0")
            if has_time or what > 2**32 - 3:
                return not has_time and b"\0" not in written
            numbers = [number for (number,) in iter_unpack("<I", written + bytes(-len(written) % 4))]
            fits = len(payload) >= 8 and len(payload) % 4 == 0
            return (
                fits
                and max(numbers[:1], default=-1) < self.runs
                and max(numbers[1:], default=-1) < self.series
            )
        if what == 2**32 - 4:
            return (len(payload) > 9 and (len(payload) - 9) % 13 == 0) or any(
                is_row(payload, 4 + 4 * n, n) for n in range(1, len(payload) // 4)
            )
        width = self.widths[what - 1] if 1 <= what <= len(self.widths) else 0
        return width > 0 and (len(payload) == 5 + 9 * width or is_row(payload, 0, width))

    def define(self, what: int, payload: bytes) -> None:
        if what == 2**32 - 1:
            payload.decode()
            self.series += 1
        elif what == 2**32 - 2:
            run = json.loads(payload.decode())
            must(isinstance(run, dict) and type(run.get("rank")) is int, "a run is defined without a rank")
            must(re.fullmatch(r"[0-9a-z._:-]{1,128}", str(run.get("run"))), "a run is defined without an id")
            must(0 <= run["rank"] < 2**31, "the rank of a run is not in 0 to 2^31-1")
            self.runs += 1
        else:
            self.widths.append(self.columns(payload))

    def columns(self, payload: bytes) -> int:
        must(len(payload) >= 8 and len(payload) % 4 == 0, "columns are no whole number of series")
        run, *series = unpack_from(f"<{len(payload) // 4}I", payload)
        must(
            run < self.runs and max(series) < self.series, "columns name a run or series that is not defined"
        )
        must(len(set(series)) == len(series), "a series stands twice in a row")
        return len(series)


def is_row(payload: bytes, at: int, width: int) -> bool:
    """Whether `[`, the width and that many values fill the bytes from `at` to the end."""
    if payload[at : at + 5] != b"[" + width.to_bytes(4, "little"):
        return False
    at += 5
    for _ in range(width):
        if payload[at : at + 1] == b"g":
            at += 9
        elif payload[at : at + 1] == b"Z" and len(payload) >= at + 5:
            length = unpack_from("<I", payload, at + 1)[0]
            if not 1 <= length <= 1024:
                return False
            at += 5 + length
        else:
            return False
    return at == len(payload)


def read_header(data: bytes, at: int, name: str, writer: str) -> bytes:
    head = data[at : at + 128]
    must(
        crc32(head[:124]) == unpack_from("<I", head, 124)[0],
        f"copy of the header at {at}: its CRC does not fit",
    )
    must(head[:12] == b"GNMWAL1\n\0\4\0\0", "the header has an unknown magic or length")
    wal, log, owner, salt = (head[start : start + 16] for start in (16, 32, 48, 64))
    must((wal.hex(), owner.hex()) == (name, writer), "the header has another WAL id or writer than the path")
    must(h("wal", log + salt)[:16] == wal, "log id and salt do not give the WAL id")
    must(not any(head[112:124] + data[448:1024]), "the header has bytes that must be zero")
    return head


def read_slot(data: bytes, at: int, zeros: slice) -> bytes:
    slot = data[at : at + 64]
    must(not any(slot) or crc32(slot[:60]) == unpack_from("<I", slot, 60)[0], f"the slot at {at} is damaged")
    must(not any(slot[zeros]), f"the slot at {at} has bytes that must be zero")
    return slot


def attempt(problems: list[str], check, *args) -> bytes | None:
    try:
        return check(*args)
    except Damage as damage:
        problems.append(str(damage))
        return None


def check_wal(data: bytes, name: str, writer: str) -> tuple[list[str], list[str]]:
    """What is damaged in a WAL, and what is only to be said."""
    problems: list[str] = []
    notices: list[str] = []
    if not data.strip(b"\0"):
        return [], ["nothing was written yet"]
    must(len(data) >= 1024, "shorter than its header")
    head, other = (attempt(problems, read_header, data, at, name, writer) for at in (0, 128))
    must(head or other, "; ".join([*problems, "no copy of the header is sound; calls missing: unknown"]))
    must(not (head and other) or head == other, "the copies of the header differ")
    head = head or other
    slots = [attempt(problems, read_slot, data, at, slice(32, 60)) for at in (256, 320)]
    counters = [unpack_from("<4Q", slot) for slot in slots if slot and any(slot)]
    if any(serial < 1 for serial, *_ in counters):
        problems.append("a slot of counters has the serial 0")
    mark = attempt(problems, read_slot, data, 384, slice(40, 60)) or bytes(64)
    close = unpack_from("<QQI", mark, 8) if any(mark) else None
    if close and (mark[:8] != b"CLOSED1\n" or any(mark[28:32])):
        problems.append("the close mark is not in its form")
    _, lost_rows, _, capacity = max(counters, default=(0, 0, 0, 0))
    if lost_rows:
        notices.append(f"{lost_rows} calls were lost, says the process")
    boot = Path("/proc/sys/kernel/random/boot_id")
    this_boot = bytes.fromhex(boot.read_text().strip().replace("-", "")) if boot.exists() else b""
    if not close and (head[80:96] != this_boot or not counters):
        notices.append("not closed, and of another boot or without counters; calls missing: unknown")
    rows = Rows(data, unpack_from("<I", head, 104)[0])
    last, full = len(data.rstrip(b"\0")), close[0] if close else capacity
    if (
        rows.fault
        or last > rows.stop
        or len(data) < full
        or (close and close != (rows.stop, rows.rows, rows.crc))
    ):
        size = unpack_from("<I", data.ljust(rows.stop + 4, b"\0"), rows.stop)[0]
        in_flight = not close and rows.may_be_torn and last <= rows.stop + size and len(data) >= full
        end = capacity if len(data) < capacity else last
        bound = 1 if in_flight else max(0, end - rows.stop + 41) // 42
        known = len(counters) > 0 and None not in slots and any(head[80:96])
        missing = close[1] - rows.rows if close else f"at most {bound}" if known else "unknown"
        found = f"record at {rows.stop}: {rows.fault or 'the rows end here'}; calls missing: {missing}"
        (notices if in_flight else problems).append(found)
    return problems, notices
