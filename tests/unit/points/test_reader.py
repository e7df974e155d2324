"""The reader of WALs: nothing is invented, nothing raises, and what may be missing is never understated."""

from __future__ import annotations

import struct
import tracemalloc
import zlib

import msgspec
import pytest
from thorough import one_in

from gnomon.points import decode, reader
from gnomon.points.reader import Cursor, read_bytes, read_wal
from tests.unit.points.tiny_wal import BOOT, FIRST_CRC, RUN, TinyWal, rows_of, small_wal, truth_of
from tests.unit.points.world import add_rows, put

OTHER_BOOT = bytes(range(100, 116))
FILES = {
    "closed": TinyWal.closed,
    "open-ended": TinyWal.open_ended,
    "without spare": lambda wal: wal.open_ended(0),
}


def check(data: bytes, truth: list) -> reader.WalRead:
    """Read, and check what must hold whatever happened to the bytes."""
    read = read_bytes(data, boot_id=BOOT)
    found = rows_of(read)
    assert found == truth[: len(found)]
    assert read.rows == len(found)
    assert read.missing is None or read.missing >= len(truth) - len(found)
    return read


@pytest.mark.parametrize("form", FILES)
def test_an_undamaged_wal_gives_every_row_and_misses_none(form, numpy_or_not):
    wal = small_wal()
    read = check(FILES[form](wal), truth_of(wal))
    assert (read.rows, read.missing, read.bound, read.damage) == (6, 0, 0, ())


def test_the_header_says_who_wrote_the_file():
    wal = TinyWal(ordinal=3)
    header = read_bytes(wal.closed()).header
    assert header.wal == wal.id.hex()
    assert header.log == bytes(range(16)).hex()
    assert header.writer == bytes(range(16, 32)).hex()
    assert (header.boot_id, header.process_id, header.ordinal) == (BOOT, 4711, 3)
    assert header.first_crc == FIRST_CRC


@pytest.mark.slow
@pytest.mark.parametrize("form", FILES)
def test_a_wal_cut_anywhere_gives_a_prefix_and_a_bound(form):
    wal = small_wal()
    data = FILES[form](wal)
    truth = truth_of(wal)
    for size in range(len(data)):
        read = check(data[:size], truth)
        assert bool(read.damage) == (size > 0), size  # an empty one was not begun
        if size >= 1024:
            assert read.missing is not None, size


def flips_of(data: bytes, bits: range | None = None):
    """Yield (place, bit, data with that bit flipped): all bits of every byte, or one that changes from byte to byte."""
    for place in range(len(data)):
        for bit in bits or [place % 8]:
            flipped = bytearray(data)
            flipped[place] ^= 1 << bit
            yield place, bit, bytes(flipped)


@pytest.mark.slow
@pytest.mark.parametrize("form", FILES)
def test_a_wal_with_a_bit_flipped_in_any_byte_gives_a_prefix_and_a_bound(form):
    wal = small_wal()
    truth = truth_of(wal)
    for place, bit, data in flips_of(FILES[form](wal)):
        assert check(data, truth).damage, (place, bit)


@pytest.mark.slow
@pytest.mark.parametrize("form", FILES)
def test_a_wal_with_any_bit_flipped_gives_a_prefix_and_a_bound(form):
    wal = small_wal()
    truth = truth_of(wal)
    for place, bit, data in flips_of(FILES[form](wal), range(0, 8, one_in(4))):
        assert check(data, truth).damage, (place, bit)


def test_a_flipped_bit_in_a_closed_wal_costs_exactly_what_follows_it():
    wal = small_wal()
    data = bytearray(wal.closed())
    data[wal.ends[-2][0] + 30] ^= 1  # in the last record
    read = check(bytes(data), truth_of(wal))
    assert (read.rows, read.missing, read.is_unfinished) == (5, 1, False)


def test_zeroed_pages_give_a_prefix():
    wal = small_wal()
    data = wal.open_ended()
    for start in range(1024, len(data), 16):
        read = read_bytes(data[:start] + bytes(64) + data[start + 64 :], boot_id=BOOT)
        found = rows_of(read)
        assert found == truth_of(wal)[: len(found)]


# ---------------------------------------------------------------- the bound


def test_a_call_in_flight_when_the_process_died_counts_as_one_at_most():
    wal = small_wal()
    before = wal.ends[-2][0]
    for written in range(5, wal.ends[-1][0] - before):
        data = bytearray(wal.open_ended())
        data[before + written :] = bytes(len(data) - before - written)
        if data[before:] == wal.open_ended()[before:]:
            continue  # the rest of the record is zeros anyway
        read = check(bytes(data), truth_of(wal))
        assert (read.rows, read.missing, read.is_unfinished) == (5, 1, True), written


def test_a_wrong_size_that_swallows_the_last_rows_is_no_call_in_flight():
    """Three rows of 42 bytes; the size of the first grows to reach over all of them."""
    wal = TinyWal()
    for step in range(3):
        wal.log({"loss": 1.0}, step=step)
    data = bytearray(wal.open_ended())
    struct.pack_into("<I", data, wal.ends[-3][0] - 42, 42 * 3)
    read = check(bytes(data), truth_of(wal))
    assert (read.rows, read.missing, read.is_unfinished) == (0, 3, False)


def test_the_bound_counts_the_smallest_rows_that_fit_where_bytes_are():
    wal = TinyWal()
    add_rows(wal, 100)
    data = bytearray(wal.open_ended(spare=1 << 16))
    data[len(data) - (1 << 16) - 100 * 42 + 2] ^= 1  # in the first row
    assert check(bytes(data), truth_of(wal)).missing == 100


def test_a_cut_file_may_miss_what_fits_in_its_capacity():
    wal = TinyWal()
    add_rows(wal, 100)
    data = wal.open_ended(spare=42 * 7)
    read = check(data[: -42 * 8], truth_of(wal))
    assert (read.rows, read.missing) == (99, 8)


def test_the_bound_is_rounded_up():
    wal = TinyWal()
    wal.log({"loss": 1.0}, step=0)
    assert check(wal.open_ended(spare=10)[:-11], truth_of(wal)).missing == 2


def test_after_a_machine_went_down_nobody_knows_what_is_missing():
    data = small_wal().open_ended()
    assert read_bytes(data, boot_id=OTHER_BOOT).missing is None
    assert read_bytes(data).missing is None
    assert read_bytes(TinyWal(boot=bytes(16)).open_ended(), boot_id=bytes(16)).missing is None


def test_a_close_mark_tells_what_is_missing_on_any_machine():
    wal = small_wal()
    assert read_bytes(wal.closed(), boot_id=OTHER_BOOT).missing == 0
    assert read_bytes(wal.closed()[:-1], boot_id=OTHER_BOOT).missing == 1


def test_losses_that_the_writer_counted_come_on_top():
    wal = small_wal()
    wal.lost_rows, wal.lost_values = 7, 9
    read = read_bytes(wal.closed(), boot_id=BOOT)
    assert (read.missing, read.lost_rows, read.lost_values, read.bound) == (0, 7, 9, 7)


@pytest.mark.parametrize("slot", [256, 320])
def test_with_a_damaged_slot_the_loss_is_unknown_and_at_least_what_the_other_says(slot):
    wal = small_wal()
    wal.lost_rows, wal.serial = 7, 2
    data = bytearray(wal.closed())
    data[320:384] = TinyWal().slots(4096)[64:]  # slot B: serial 1, nothing lost
    data[slot + 9] ^= 1
    read = read_bytes(bytes(data), boot_id=BOOT)
    assert read.lost_rows == (0 if slot == 256 else 7)
    assert (read.losses_are_certain, read.bound) == (False, None)


def test_the_newer_slot_of_counters_counts():
    wal = small_wal()
    data = bytearray(wal.closed())
    wal.lost_rows, wal.serial = 7, 2
    data[256:320] = wal.slots(9000)[:64]
    assert read_bytes(bytes(data)).lost_rows == 7


@pytest.mark.parametrize(("end", "rows", "crc"), [(0, 1, 0), (0, 0, 1), (-1, 0, 0)])
def test_a_close_mark_that_does_not_fit_the_records_is_damage(end, rows, crc):
    wal = small_wal()
    mark = struct.pack("<8sQQIIq20x", b"CLOSED1\n", len(wal.closed()) + end, 6 + rows, wal.crc ^ crc, 0, 0)
    data = wal.closed()
    read = read_bytes(data[:384] + mark + struct.pack("<I", zlib.crc32(mark)) + data[448:])
    assert [one.what for one in read.damage] == ["the close mark does not fit the records"]
    assert (read.rows, read.missing) == (6, rows)


# ---------------------------------------------------------------- hostile bytes


def crafted(*records: tuple[int, bytes]) -> bytes:
    wal = TinyWal()
    for what, payload in records:
        wal.record(what, payload, step=0)
    return wal.open_ended()


RUN_RECORD = (2**32 - 2, b'{"rank":0,"run":"ab"}')
NAME_RECORD = (2**32 - 1, b"loss")
COLUMNS_RECORD = (2**32 - 3, struct.pack("<II", 0, 0))
ROW = b"[\x01\0\0\0g" + bytes(8)


@pytest.mark.parametrize(
    ("records", "what"),
    [
        ([(1, ROW)], "the row has the columns number 1, which is not defined"),
        ([(0, ROW)], "unknown kind of record 0"),
        ([(2**31, ROW)], "unknown kind of record 2147483648"),
        ([COLUMNS_RECORD], "the definition of columns names a run or series that is not defined"),
        ([RUN_RECORD, COLUMNS_RECORD], "the definition of columns names a run or series that is not defined"),
        ([RUN_RECORD, (2**32 - 3, b"\0\0\0\0")], "the definition of columns is malformed"),
        ([(2**32 - 1, b"\xff")], "the name of a series is not UTF-8"),
        ([(2**32 - 2, b'{"rank":0}')], "the definition of a run is malformed"),
        ([(2**32 - 2, b'{"rank":-1,"run":"ab"}')], "the definition of a run is malformed"),
        ([(2**32 - 2, b'{"rank":0,"run":"../x"}')], "the definition of a run is malformed"),
        ([(2**32 - 2, b'{"rank":0,"run":"a","x":' + b"[" * 100_000)], "the definition of a run is malformed"),
        ([RUN_RECORD, NAME_RECORD, COLUMNS_RECORD, (1, ROW[:-1])], "the values of the row are malformed"),
        ([RUN_RECORD, NAME_RECORD, COLUMNS_RECORD, (1, ROW + b"\0")], "the values of the row are malformed"),
        (
            [RUN_RECORD, NAME_RECORD, COLUMNS_RECORD, (1, b"[\x02" + ROW[2:])],
            "the values of the row are malformed",
        ),
        (
            [RUN_RECORD, NAME_RECORD, COLUMNS_RECORD, (1, b"[\1\0\0\0Z\0\0\0\0")],
            "the values of the row are malformed",
        ),
        ([RUN_RECORD, NAME_RECORD, (2**32 - 4, b"\1\0\0\0" + bytes(4) + ROW)], "the wide row is malformed"),
        ([RUN_RECORD, NAME_RECORD, (2**32 - 4, bytes(4) + b"\1\0\0\0" + ROW)], "the wide row is malformed"),
        ([RUN_RECORD, NAME_RECORD, (2**32 - 4, b"")], "the wide row is malformed"),
    ],
)
def test_a_record_of_wrong_structure_ends_the_reading(records, what):
    read = read_bytes(crafted(*records, RUN_RECORD), boot_id=BOOT)
    assert [one.what for one in read.damage] == [what]
    assert read.rows == 0


def test_a_record_that_is_smaller_than_any_ends_the_reading():
    wal = TinyWal()
    record = struct.pack("<II", 12, 2**32 - 1)  # a name without step, time and payload; its CRC fits
    wal.body += record + struct.pack("<I", zlib.crc32(record, wal.crc))
    assert read_bytes(wal.open_ended()).damage[0].what == "a record of 12 bytes cannot be here"


@pytest.mark.parametrize("payload", [b"(" + ROW[1:], b"[\2" + ROW[2:], b"[\1\0\0\0h" + bytes(8)])
def test_a_row_of_wrong_structure_among_many_ends_the_reading(payload):
    """Its CRC fits, so only a look at its bytes tells."""
    wal = TinyWal()
    wal.columns(RUN, 0, ("a",))
    for number in range(100):
        wal.record(1, payload if number == 50 else ROW)
    assert read_bytes(wal.open_ended()).rows == 50


def test_a_definition_with_a_step_ends_the_reading():
    wal = TinyWal()
    wal.record(*NAME_RECORD, step=1)
    assert read_bytes(wal.open_ended()).damage[0].what == "a definition has a step or a time"


def test_of_a_name_that_a_row_has_twice_the_last_value_counts():
    wal = TinyWal()
    wal.log({"loss": 1.0}, step=0)
    wal.record(2**32 - 1, b"loss")  # the same name, number 1
    wal.record(2**32 - 3, struct.pack("<III", 0, 0, 1))
    two = b"[\x02\0\0\0g" + struct.pack("<d", 2.0) + b"g" + struct.pack("<d", 3.0)
    wal.record(2, two)
    wal.record(2**32 - 4, struct.pack("<III", 0, 0, 1) + two)
    wal.rows += [(RUN, 0, 0, 0, {"loss": 3.0})] * 2
    assert rows_of(read_bytes(wal.closed())) == truth_of(wal)


def test_a_file_of_a_newer_version_is_named_and_not_read():
    data = bytearray(small_wal().closed())
    data[6:7] = data[134:135] = b"2"
    read = read_bytes(bytes(data))
    assert (read.header, read.rows, read.missing) == (None, 0, None)
    assert read.damage[0].what == "the first copy of the header has an unknown version b'2\\n'"


def test_a_wal_id_that_its_log_does_not_give_is_refused():
    wal = small_wal()
    fixed = bytearray(wal.fixed)
    fixed[16] ^= 1
    fixed[124:] = struct.pack("<I", zlib.crc32(fixed[:124]))
    read = read_bytes(bytes(fixed) * 2 + wal.closed()[256:])
    assert (read.header, read.rows) == (None, 0)


@pytest.mark.parametrize("data", [b"", b"\0", bytes(1024), bytes(5000), b"GNMWAL1\n", b"\xff" * 3000])
def test_any_bytes_are_read_without_raising(data):
    read = read_bytes(data, boot_id=BOOT)
    assert (read.rows, read.missing) == (0, None)
    assert bool(read.damage) == any(data)  # one of zeros was not begun


def test_one_sound_copy_of_the_header_is_enough():
    data = bytearray(small_wal().closed())
    data[:128] = bytes(128)
    read = check(bytes(data), truth_of(small_wal()))
    assert (read.rows, read.missing) == (6, 0)


def test_two_sound_copies_of_the_header_that_differ_are_damage():
    data = small_wal().closed()
    other = TinyWal(ordinal=7)
    read = read_bytes(data[:128] + other.fixed + data[256:])
    assert [one.what for one in read.damage] == ["the two copies of the header differ"]
    assert (read.header.ordinal, read.rows) == (0, 6)


def peak_of(data: bytes) -> int:
    tracemalloc.start()
    read_bytes(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


@pytest.mark.slow
@pytest.mark.parametrize("flood", ["names", "columns", "wide columns", "rows", "exact", "wide rows"])
def test_a_flood_costs_memory_in_proportion_to_the_file(flood):
    wal = TinyWal()
    wal.columns(RUN, 0, ("a",))
    for number in range(5_000):
        if flood == "names":
            wal.record(2**32 - 1, b"n%d" % number)
        elif flood == "columns":
            wal.record(2**32 - 3, bytes(8))
        elif flood == "wide columns" and number < 20:
            wal.record(2**32 - 3, bytes(40_000))
        elif flood == "rows":
            wal.record(2**32 - 3, bytes(8))
            wal.record(number + 2, ROW)
        elif flood == "exact":
            wal.record(1, b"[\1\0\0\0Z\x07\0\0\0\x01\0\0\0\0\0\x20")
        elif flood == "wide rows":
            wal.record(2**32 - 1, b"n%d" % number)
            wal.record(2**32 - 4, struct.pack("<II", 0, number + 1) + ROW)
    data = wal.closed()
    assert peak_of(data) < 20 * len(data)


def test_a_huge_size_field_allocates_nothing():
    data = bytearray(small_wal().open_ended())
    struct.pack_into("<I", data, 1024, 2**32 - 1)
    assert peak_of(bytes(data)) < 100_000


def test_a_wide_row_made_to_be_slow_is_given_up():
    """Every 12 bytes something that looks like the end of the series numbers."""
    payload = bytearray(4)
    for number in range(1, 20_000):
        payload += b"[" + (3 * number - 3).to_bytes(4, "little") + b"Z\x07\0\0\0" + bytes(2)
    wal = TinyWal()
    wal.columns(RUN, 0, ("a",))
    wal.record(2**32 - 4, bytes(payload))
    assert read_bytes(wal.open_ended()).damage[0].what == "the wide row is malformed"
    assert len(list(decode._possible_widths(bytes(24) + payload))) == 8


def test_whole_numbers_of_too_many_bytes_end_the_reading():
    wal = TinyWal()
    wal.log({"a": 2 ** (8 * decode.MAX_EXACT_BYTES - 2)}, step=0)
    wal.log({"a": 2 ** (8 * decode.MAX_EXACT_BYTES)}, step=1)
    assert read_bytes(wal.closed()).rows == 1


# ---------------------------------------------------------------- stretches


@pytest.fixture(scope="module")
def long_wal():
    wal = TinyWal()
    wal.log({"loss": 2**60 + 1}, step=-1)
    add_rows(wal, 7_000, ("loss", "acc"))
    wal.log({"loss": 0.5}, step=0)
    add_rows(wal, 3_000)
    wal.log({"loss": 2**60 + 1}, step=7)
    for step in range(60):
        wal.log({"loss": 1.5} if step % 3 else {"acc": 1.5}, step=step)
    return wal


@pytest.mark.slow
def test_stretches_of_equal_rows_are_read_as_they_were_written(long_wal, numpy_or_not):
    check(long_wal.closed(), truth_of(long_wal))
    assert read_bytes(long_wal.closed()).rows == len(long_wal.rows)


@pytest.mark.parametrize("row", [0, 1, 15, 16, 4_000, 6_999])
@pytest.mark.parametrize("at", [0, 4, 8, 16, 24, 25, 29, 30, 38, 45])
def test_damage_inside_a_stretch_ends_the_reading_at_its_row(long_wal, row, at):
    start = 1024 + bytes(long_wal.body).index(struct.pack("<IIqq", 51, 2, 0, long_wal.rows[1][3]))
    data = bytearray(long_wal.closed())
    data[start + 51 * row + at] ^= 0x10
    read = read_bytes(bytes(data), boot_id=BOOT)
    assert read.rows == 1 + row
    assert rows_of(read) == truth_of(long_wal)[: 1 + row]


@pytest.mark.slow
def test_a_wrong_crc_field_inside_a_stretch_invents_nothing(long_wal):
    data = bytearray(long_wal.closed())
    data[1024 + 400 * 51] ^= 1
    check(bytes(data), truth_of(long_wal))


# ---------------------------------------------------------------- reading on


def test_reading_goes_on_from_a_cursor_that_was_kept_as_json(numpy_or_not):
    wal = small_wal()
    truth = truth_of(wal)
    data = wal.open_ended()
    for end, _ in wal.ends:
        first = read_bytes(data[:end], boot_id=BOOT)
        cursor = msgspec.json.decode(msgspec.json.encode(first.cursor), type=Cursor)
        rest = read_bytes(data, boot_id=BOOT, cursor=cursor)
        assert rest.first_row == first.rows
        assert rows_of(first) + rows_of(rest) == truth
        assert (rest.rows, rest.missing, rest.damage) == (6, 0, ())


def test_reading_on_leaves_the_cursor_as_it_was():
    wal = small_wal()
    cursor = read_bytes(wal.open_ended()[:1100]).cursor
    before = msgspec.json.encode(cursor)
    read_bytes(wal.open_ended(), cursor=cursor)
    assert msgspec.json.encode(cursor) == before


def test_a_cursor_of_another_file_is_not_used():
    other = TinyWal(salt=bytes(16))
    other.log({"loss": 1.0}, step=0)
    cursor = read_bytes(other.closed()).cursor
    assert 1024 < cursor.offset < len(small_wal().closed())
    assert read_bytes(small_wal().closed(), cursor=cursor).rows == 6
    assert read_bytes(small_wal().closed(), cursor=cursor).first_row == 0


def test_a_file_that_is_shorter_than_its_cursor_is_read_from_the_start():
    wal = small_wal()
    cursor = read_bytes(wal.open_ended()).cursor
    read = read_bytes(wal.open_ended()[:1300], cursor=cursor, boot_id=BOOT)
    assert read.first_row == 0


def test_a_header_that_changes_while_the_rows_are_read_is_read_again(tmp_path, world):
    """The writer closes its file between the reading of the header and that of the rows."""
    wal = small_wal()
    path = put(tmp_path, wal, wal.open_ended(spare=5000))
    calls = []

    def read(fd, size, offset=0, real=world.read):
        calls.append(offset)
        if len(calls) == 2:
            put(tmp_path, wal)
        return real(fd, size, offset)

    world.read = read
    found = read_wal(world, path)
    assert (found.rows, found.missing, found.damage) == (6, 0, ())
    assert found.close is not None


def test_a_file_that_is_gone_raises_oserror(tmp_path, world):
    with pytest.raises(FileNotFoundError):
        read_wal(world, str(tmp_path / "gone.wal"))
