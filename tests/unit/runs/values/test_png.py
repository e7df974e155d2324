"""PNG: what is written, other readers read; what is read may come from anyone."""

from __future__ import annotations

import time
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.errors import DamagedObjectError
from gnomon.runs.values.png import Pixels, chunk, differences, sums, write_apng, write_png
from gnomon.runs.values.png_read import read_png
from tests.unit.runs.values.plain_png import chunks_of, decode

SIGNATURE = b"\x89PNG\r\n\x1a\n"


@st.composite
def pictures(draw):
    width, height = draw(st.integers(1, 12)), draw(st.integers(1, 12))
    channels = draw(st.sampled_from([1, 3, 4]))
    size = width * height * channels
    return Pixels(draw(st.binary(min_size=size, max_size=size)), width, height, channels)


def header(width, height, depth=8, colours=0, rest=b"\0\0\0"):
    return chunk(
        b"IHDR", width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes((depth, colours)) + rest
    )


def png(*chunks):
    return SIGNATURE + b"".join(chunks) + chunk(b"IEND", b"")


@given(pictures())
def test_another_reader_and_ours_find_the_same_pixels(pixels):
    data = write_png(pixels)
    assert decode(data) == (pixels.width, pixels.height, pixels.channels, pixels.data)
    found = read_png(data)
    assert (found.frames, found.like) == ([pixels.data], pixels._replace(data=b""))
    assert write_png(pixels) == data


@pytest.mark.slow
def test_a_picture_of_several_bands():
    # 3,000 rows of 900 bytes are filtered in three bands: each begins with the difference to the row above it
    pixels = Pixels(100 * bytes(at * at // 7 % 256 for at in range(30 * 900)), 300, 3000, 3)
    data = write_png(pixels)
    assert read_png(data).frames == [pixels.data]
    assert decode(data)[3] == pixels.data


@given(st.binary(max_size=40), st.data())
def test_differences_and_sums_of_bytes(left, data):
    right = data.draw(st.binary(min_size=len(left), max_size=len(left)))
    assert differences(left, right) == bytes((a - b) % 256 for a, b in zip(left, right, strict=True))
    assert sums(left, right) == bytes((a + b) % 256 for a, b in zip(left, right, strict=True))


def test_nothing_but_pixels_is_written():
    names = [name for name, _ in chunks_of(write_png(Pixels(b"\1\2", 2, 1, 1), [(0, 0, 0)] * 3))]
    assert names == [b"IHDR", b"PLTE", b"IDAT", b"IEND"]


def test_bytes_of_a_small_picture():
    """What is logged today must be found again as the same object tomorrow (with the same zlib)."""
    data = write_png(Pixels(b"\x00\x10\x20\x30", 2, 2, 1))
    assert [name for name, _ in chunks_of(data)] == [b"IHDR", b"IDAT", b"IEND"]
    assert zlib.decompress(chunks_of(data)[1][1]) == b"\x02\x00\x10" + b"\x02\x20\x20"


@pytest.mark.parametrize(
    ("rows", "pixels"),
    [
        (b"\0\1\2\3" + b"\0\4\5\6", b"\1\2\3\4\5\6"),
        (b"\1\1\2\3" + b"\1\xff\2\0", b"\1\3\6\xff\1\1"),
        (b"\2\1\2\3" + b"\2\xff\2\0", b"\1\2\3\0\4\3"),
    ],
    ids=["none", "left", "above"],
)
def test_filters_that_are_read(rows, pixels):
    data = png(header(3, 2), chunk(b"IDAT", zlib.compress(rows)))
    assert read_png(data).frames == [pixels] == [decode(data)[3]]


def test_the_filter_left_goes_by_pixels_not_by_bytes():
    data = png(header(2, 1, colours=2), chunk(b"IDAT", zlib.compress(b"\1" + b"\1\2\3\4\5\6")))
    assert read_png(data).frames == [b"\1\2\3\5\7\x09"] == [decode(data)[3]]


def test_sound_files_of_other_programs_are_left_to_other_readers():
    row = zlib.compress(b"\4\1\2\3")
    assert read_png(png(header(3, 1), chunk(b"IDAT", row))) is None
    assert read_png(png(header(3, 1, depth=16), chunk(b"IDAT", row))) is None
    assert read_png(png(header(3, 1, rest=b"\0\0\1"), chunk(b"IDAT", row))) is None


@given(st.integers(1, 4), st.data())
def test_an_animation_gives_its_frames_back(count, data):
    frames = data.draw(st.lists(st.binary(min_size=12, max_size=12), min_size=count, max_size=count))
    written = write_apng(frames, count, Pixels(b"", 2, 2, 3), 0.05)
    assert read_png(written).frames == frames
    assert decode(written)[3] == frames[0]  # a reader that knows no animation shows the first


def test_the_chunks_of_an_animation_are_numbered_and_timed():
    found = chunks_of(write_apng([b"\0", b"\1", b"\2"], 3, Pixels(b"", 1, 1, 1), 0.04))
    names = [name for name, _ in found]
    assert names == [b"IHDR", b"acTL", b"fcTL", b"IDAT", b"fcTL", b"fdAT", b"fcTL", b"fdAT", b"IEND"]
    numbered = [int.from_bytes(body[:4], "big") for name, body in found if name in (b"fcTL", b"fdAT")]
    assert numbered == [0, 1, 2, 3, 4]
    control = next(body for name, body in found if name == b"fcTL")
    assert control[20:] == (1).to_bytes(2, "big") + (25).to_bytes(2, "big") + b"\0\0"  # 1/25 s
    assert found[1][1] == (3).to_bytes(4, "big") + bytes(4)


# ---------------------------------------------------------------- from other hands


BROKEN = {
    "nothing": b"",
    "no PNG": b"GIF89a" + bytes(40),
    "no header": SIGNATURE + chunk(b"IEND", b""),
    "a short header": SIGNATURE + chunk(b"IHDR", b"\0") + chunk(b"IEND", b""),
    "no pixels": png(header(1, 1)),
    "no width": png(header(0, 5), chunk(b"IDAT", zlib.compress(b""))),
    "a huge size": png(header(2**31 - 1, 2**31 - 1), chunk(b"IDAT", zlib.compress(b"\0" * 99))),
    "a large size": png(header(60_000, 60_000), chunk(b"IDAT", zlib.compress(b"\0" * 99))),
    "a wrong sum": png(header(1, 1), chunk(b"IDAT", zlib.compress(b"\0\0"))[:-1] + b"\1"),
    "no zlib": png(header(1, 1), chunk(b"IDAT", b"zlib it is not")),
    "a cut stream": png(header(4, 4), chunk(b"IDAT", zlib.compress(bytes(20))[:6])),
    "few pixels": png(header(4, 4), chunk(b"IDAT", zlib.compress(bytes(19)))),
    "many pixels": png(header(4, 4), chunk(b"IDAT", zlib.compress(bytes(21)))),
    "no such filter": png(header(1, 1), chunk(b"IDAT", zlib.compress(b"\5\0"))),
    "a huge chunk": SIGNATURE + b"\xff\xff\xff\xffIHDR" + bytes(20),
    "no end": SIGNATURE + header(1, 1) + chunk(b"IDAT", zlib.compress(b"\0\0")),
    "a frame without pixels": png(
        header(1, 1), chunk(b"fcTL", bytes(4) + b"\0\0\0\1\0\0\0\1" + bytes(14)), chunk(b"fdAT", bytes(4))
    ),
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
def test_broken_bytes_are_refused(data):
    with pytest.raises(DamagedObjectError, match="cannot be read as PNG"):
        read_png(data)


def test_a_size_beyond_the_limit_is_refused_by_its_header():
    data = png(header(60_000, 60_000), chunk(b"IDAT", zlib.compress(b"\0" * 99)))
    with pytest.raises(DamagedObjectError, match="it declares 60,000 x 60,000 pixels"):
        read_png(data)


@pytest.mark.slow
def test_a_bomb_is_left_as_soon_as_it_goes_beyond_its_size():
    bomb = zlib.compress(bytes(1 << 28), 9)  # a quarter of a gigabyte in 260 kB
    data = png(header(10, 10), chunk(b"IDAT", bomb))
    started = time.process_time()
    with pytest.raises(DamagedObjectError, match="more than its size"):
        read_png(data)
    assert time.process_time() - started < 0.2


def test_frames_beyond_the_limit_are_refused_before_any_is_unpacked():
    control = chunk(b"fcTL", bytes(4) + (8000).to_bytes(4, "big") * 2 + bytes(14))
    data = png(header(8000, 8000), *[control, chunk(b"IDAT", b"")] * 3)
    with pytest.raises(DamagedObjectError, match="over all frames"):
        read_png(data)


@given(pictures(), st.data())
def test_a_cut_or_changed_file_never_gives_other_pixels(pixels, data):
    whole = write_png(pixels)
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(DamagedObjectError):
        read_png(whole[:cut])
    place, bit = data.draw(st.integers(0, len(whole) - 1)), data.draw(st.integers(0, 7))
    changed = bytearray(whole)
    changed[place] ^= 1 << bit
    with pytest.raises(DamagedObjectError):
        read_png(bytes(changed))
