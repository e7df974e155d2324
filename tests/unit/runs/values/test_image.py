"""Images, boxes and masks."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from gnomon.errors import BadArgumentError, DamagedObjectError, GnomonError
from gnomon.runs.values.files import format_of
from gnomon.runs.values.kinds import Image
from gnomon.runs.values.read import read_value
from gnomon.runs.values.recognise import encoded, is_rich
from tests.unit.runs.values.back import parts_of, there_and_back
from tests.unit.runs.values.plain_png import chunks_of, decode

RNG = np.random.default_rng(7)
shapes = st.tuples(st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 3, 4]))


class Tensor:
    """What `encoded` knows of a torch tensor."""

    def __init__(self, array, has_type=True):
        self.array, self.has_type = array, has_type

    def detach(self):
        return self

    cpu = detach

    def float(self):
        return Tensor(self.array.astype(np.float32))

    def numpy(self):
        if not self.has_type:
            raise TypeError("Got unsupported ScalarType BFloat16")
        return self.array


@pytest.mark.slow
@given(arrays.arrays(np.uint8, shapes))
def test_pixels_come_back(array):
    result, image = there_and_back(Image(array))
    assert image.to_numpy().tobytes() == array.tobytes()
    assert (result.meta["width"], result.meta["height"]) == (array.shape[1], array.shape[0])
    assert decode(result.parts[0].data)[3] == array.tobytes()
    assert result.notes == ()


@pytest.mark.parametrize("order", ["C", "F"])
def test_the_layout_in_memory_does_not_matter(order):
    array = RNG.integers(0, 256, (5, 7, 3), dtype=np.uint8)
    assert encoded(Image(np.asarray(array, order=order))) == encoded(Image(array))
    assert (there_and_back(Image(array[::-1, ::2]))[1].to_numpy() == array[::-1, ::2]).all()


def test_grey_has_two_axes():
    assert there_and_back(Image(np.arange(6).reshape(2, 3)))[1].to_numpy().tolist() == [[0, 1, 2], [3, 4, 5]]
    assert there_and_back(Image(np.array([[True, False]])))[1].to_numpy().tolist() == [[255, 0]]
    assert there_and_back(Image([[0, 255]]))[1].to_numpy().tolist() == [[0, 255]]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floats_are_0_to_1(dtype):
    result, image = there_and_back(Image(np.array([[0.0, 0.5, 1.0]], dtype)))
    assert image.to_numpy().tolist() == [[0, 128, 255]]
    assert result.notes == ()


def test_what_lies_outside_is_clipped_and_noted():
    result, image = there_and_back(Image(np.array([[-1.0, 0.5, 3.0, np.nan]])))
    assert image.to_numpy().tolist() == [[0, 128, 255, 0]]
    assert result.notes == ("NaN, shown as 0: 1 value", "values from -1 to 3 were clipped to 0 to 1")
    infinite = there_and_back(Image(np.array([[np.inf, -np.inf]])))[1]
    assert infinite.to_numpy().tolist() == [[255, 0]]


def test_an_array_is_never_changed():
    array = np.array([[-1.0, np.nan]])
    before = array.copy()
    encoded(Image(array))
    np.testing.assert_array_equal(array, before)


def test_tensors_have_their_channels_first():
    array = RNG.integers(0, 256, (3, 4, 5), dtype=np.uint8)
    assert (there_and_back(Image(Tensor(array)))[1].to_numpy() == np.moveaxis(array, 0, -1)).all()
    last = RNG.integers(0, 256, (6, 5, 3), dtype=np.uint8)
    assert (there_and_back(Image(Tensor(last)))[1].to_numpy() == last).all()
    half = Tensor(np.zeros((2, 2), np.float32), has_type=False)
    assert there_and_back(Image(half))[1].to_numpy().tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (np.zeros((2, 2, 2)), r"`data` of `Image` must be of shape .*; got ndarray of shape \(2, 2, 2\)"),
        (np.zeros(5), r"got ndarray of shape \(5,\)"),
        (np.zeros((8, 3, 4, 4)), r"one picture at a time"),
        (np.zeros((0, 4)), r"at least one pixel"),
        (np.full((2, 2), 256), r"whole numbers from 0 to 255, .*got whole numbers from 256 to 256"),
        (np.full((2, 2), -1), r"from -1 to -1"),
        (np.array([["a"]]), "an array of numbers"),
        (np.zeros((2, 2), complex), "with type complex128"),
        (None, "an array of numbers"),
        (object(), "an array of numbers"),
        (b"not a picture", "must be a PNG, JPEG, WEBP or GIF; got bytes, which begins with b'not a pi'"),
        ("no/such/file.png", "the file `no/such/file.png` cannot be read: No such file"),
        (".", "no regular file"),
        ("a\0b", "cannot be read"),
    ],
)
def test_what_is_no_picture_is_refused(data, said):
    with pytest.raises(BadArgumentError, match=said):
        encoded(Image(data))


def test_a_large_picture_is_scaled_down():
    array = np.zeros((2, 8193, 3), np.uint8)
    array[0, 0], array[1, 1] = 30, 60
    result, image = there_and_back(Image(array))
    assert image.to_numpy().shape == (1, 2731, 3)
    assert result.notes == ("scaled down by 3 to 2731 x 1",)
    # a square of 3 x 3 reaches over the lower edge: the last row counts twice, (30 + 60 + 60) / 9 = 16.7
    assert image.to_numpy()[0, 0].tolist() == [17, 17, 17]


@given(st.integers(1, 40), st.integers(1, 40), st.integers(2, 7))
def test_scaling_down_keeps_a_plain_picture_plain(height, width, factor):
    from gnomon.runs.values.pictures import scaled_down

    small = scaled_down(np.full((height, width, 1), 201, np.uint8), factor)
    assert small.shape == (-(-height // factor), -(-width // factor), 1)
    assert (small == 201).all()


# ---------------------------------------------------------------- files


def gif(width, height):
    return b"GIF89a" + struct.pack("<HH", width, height) + bytes(20)


def jpeg(width, height):
    app = b"\xff\xe0" + struct.pack(">H", 16) + b"JFIF\0" + bytes(9)
    tables = (
        b"\xff\xc4" + struct.pack(">H", 12) + bytes(10)
    )  # a marker among those of frames that starts none
    frame = b"\xff\xff\xc2" + struct.pack(">HBHH", 11, 8, height, width) + bytes(6)
    return b"\xff\xd8" + app + tables + frame


def webp(kind, width, height):
    if kind == b"VP8X":
        body = bytes(4) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    elif kind == b"VP8L":
        body = b"\x2f" + (width - 1 | (height - 1) << 14).to_bytes(4, "little") + bytes(9)
    else:
        body = b"\0\0\0\x9d\x01\x2a" + struct.pack("<HH", width, height)
    return b"RIFF" + bytes(4) + b"WEBP" + kind + bytes(4) + body


FILES = {
    "gif": gif(300, 200),
    "jpeg": jpeg(300, 200),
    "webp": webp(b"VP8 ", 300, 200),
    "webp, lossless": webp(b"VP8L", 300, 200),
    "webp, extended": webp(b"VP8X", 300, 200),
    "png": encoded(Image(np.zeros((200, 300)))).parts[0].data,
}


@pytest.mark.parametrize(("name", "data"), FILES.items(), ids=FILES)
def test_files_are_kept_as_they_are(name, data, tmp_path):
    path = tmp_path / "named.otherwise"
    path.write_bytes(data)
    result = encoded(Image(path))
    assert result.parts[0].name == f"image.{name.partition(',')[0]}"
    assert result.parts[0].data == data
    assert (result.meta["width"], result.meta["height"]) == (300, 200)
    assert encoded(Image(str(path))) == encoded(Image(data)) == encoded(Image(bytearray(data))) == result


@pytest.mark.parametrize("data", [gif(0, 5), jpeg(9, 9)[:24], webp(b"VP8 ", 9, 9)[:28], FILES["png"][:20]])
def test_a_file_whose_header_is_broken_is_refused(data):
    with pytest.raises(BadArgumentError, match="one whose header is broken"):
        encoded(Image(data))


def test_a_file_that_declares_too_many_pixels_is_refused():
    with pytest.raises(BadArgumentError, match=r"got one that declares 65,535 x 65,535"):
        encoded(Image(gif(65535, 65535)))


def test_a_file_that_is_too_large_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "big.png"
    with open(path, "wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(
        BadArgumentError, match=r"must be at most 32 MB; got the file .*1,099,511,627,776 bytes"
    ):
        encoded(Image(path))


@given(st.binary(max_size=64))
def test_any_bytes_are_named_or_refused(data):
    format_of(data)
    with pytest.raises(BadArgumentError):
        encoded(Image(b"no" + data))


# ---------------------------------------------------------------- masks and boxes


def test_a_mask_is_a_picture_of_class_ids():
    array, mask = RNG.random((4, 5, 3)), RNG.integers(0, 256, (4, 5))
    result, image = there_and_back(Image(array, mask=mask, classes={1: "sky", np.int64(2): "road"}))
    assert [part.name for part in result.parts] == ["image.png", "mask.png"]
    assert (image.mask() == mask).all()
    assert result.meta["classes"] == {"1": "sky", "2": "road"}
    assert len(dict(chunks_of(result.parts[1].data))[b"PLTE"]) == 3 * 256
    assert there_and_back(Image(array))[1].mask() is None
    assert encoded(Image(array, mask=mask[None])).parts == encoded(Image(array, mask=mask[..., None])).parts


def test_the_colours_of_classes_differ():
    from gnomon.runs.values.image import PALETTE

    assert len(set(PALETTE)) == 256


@pytest.mark.parametrize(
    ("mask", "said"),
    [
        (
            np.zeros((2, 3), int),
            r"`mask` of `Image` must be of the height and width of the picture, \(2, 2\)",
        ),
        (np.full((2, 2), 256), "whole numbers from 0 to 255; got int64 from 256 to 256"),
        (np.zeros((2, 2)), "got float64"),
        ("mask.png", "array of numbers"),
    ],
)
def test_a_mask_that_does_not_fit_is_refused(mask, said):
    with pytest.raises(BadArgumentError, match=said):
        encoded(Image(np.zeros((2, 2)), mask=mask))


def test_boxes_are_kept_in_pixels():
    boxes = [
        {"x": 1, "y": 2, "width": 3, "height": 4.5, "label": "cat", "score": np.float32(0.5), "more": 1},
        {"x": -1, "y": 0, "width": 0, "height": 0},
    ]
    result, image = there_and_back(Image(np.zeros((9, 9)), boxes=boxes))
    assert result.meta["boxes"] == 2
    assert image.boxes() == [
        {"x": 1.0, "y": 2.0, "width": 3.0, "height": 4.5, "label": "cat", "score": 0.5},
        {"x": -1.0, "y": 0.0, "width": 0.0, "height": 0.0},
    ]
    assert there_and_back(Image(np.zeros((9, 9))))[1].boxes() == []


def test_boxes_and_masks_are_scaled_with_the_picture():
    array, mask = np.zeros((4, 4100), np.uint8), np.arange(4 * 4100).reshape(4, 4100) % 250
    result, image = there_and_back(
        Image(array, mask=mask, boxes=[{"x": 4000, "y": 2, "width": 10, "height": 1}])
    )
    assert image.to_numpy().shape == image.mask().shape == (2, 2050)
    assert (image.mask() == mask[::2, ::2]).all()
    assert image.boxes() == [{"x": 2000.0, "y": 1.0, "width": 5.0, "height": 0.5}]
    assert len(result.notes) == 1


@pytest.mark.parametrize(
    ("boxes", "said"),
    [
        ([{"x": 1, "y": 1, "width": 1}], r"`boxes\[0\]` of `Image` must be a dict with the numbers"),
        ([{"x": 1, "y": 1, "width": -1, "height": 1}], "at least 0"),
        ([{"x": np.nan, "y": 1, "width": 1, "height": 1}], "finite numbers; got x = nan"),
        ([3], "must be a dict"),
        ({"predictions": {}}, "must be a list of dicts"),
    ],
)
def test_boxes_that_do_not_fit_are_refused(boxes, said):
    with pytest.raises(BadArgumentError, match=said):
        encoded(Image(np.zeros((2, 2)), boxes=boxes))


def test_boxes_are_bounded():
    box = {"x": 1, "y": 1, "width": 1, "height": 1, "label": "l" * 999}
    result, image = there_and_back(Image(np.zeros((2, 2)), boxes=[box] * 1_001))
    assert len(image.boxes()) == 1_000
    assert image.boxes()[0]["label"] == "l" * 100
    assert result.notes == ("the first 1,000 of 1,001 boxes are kept",)


# ---------------------------------------------------------------- reading what others wrote


@pytest.mark.parametrize("data", [b"", b"RIFF", gif(65535, 65535), jpeg(1, 1)[:20], FILES["png"][:-5]])
def test_broken_pictures_are_refused_on_reading(data):
    with pytest.raises(DamagedObjectError):
        read_value("image", {}, {"image.png": data}).to_numpy()


def test_a_picture_that_declares_too_many_pixels_is_refused_on_reading():
    with pytest.raises(DamagedObjectError, match="it declares 65,535 x 65,535 pixels"):
        read_value("image", {}, {"image.gif": gif(65535, 65535)}).to_numpy()


def test_other_formats_need_pillow_and_say_so():
    with pytest.raises(GnomonError, match=r"needs Pillow|cannot be read as"):
        read_value("image", {}, {"image.gif": gif(2, 2)}).to_numpy()


def test_broken_boxes_are_refused_on_reading():
    for data in (b"{", b"{}", b"[1]", b"[" * 100_000):
        image = read_value("image", {}, {"image.png": FILES["png"], "boxes.json": data})
        with pytest.raises(DamagedObjectError):
            image.boxes()


# ---------------------------------------------------------------- Pillow


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK"])
def test_pillow_images_are_recognised_and_pillow_reads_what_is_kept(mode):
    pillow = pytest.importorskip("PIL.Image")
    picture = pillow.fromarray(RNG.integers(0, 256, (6, 7, 3), dtype=np.uint8)).convert(mode)
    assert is_rich(picture)
    result, image = there_and_back(picture)
    with pillow.open(io.BytesIO(result.parts[0].data)) as again:
        assert np.asarray(again).tobytes() == image.to_numpy().tobytes()
    if mode in ("L", "RGB", "RGBA"):
        assert (image.to_numpy() == np.asarray(picture)).all()


@pytest.mark.parametrize("name", ["JPEG", "WEBP", "GIF", "PNG"])
def test_files_that_pillow_writes_come_back(name):
    pillow = pytest.importorskip("PIL.Image")
    file = io.BytesIO()
    pillow.fromarray(RNG.integers(0, 256, (6, 7, 3), dtype=np.uint8)).save(file, name)
    result, image = there_and_back(Image(file.getvalue()))
    assert (result.meta["width"], result.meta["height"]) == (7, 6)
    assert image.to_numpy().shape[:2] == (6, 7)


def test_pillow_images_of_many_bits_are_refused_and_large_ones_scaled_down():
    pillow = pytest.importorskip("PIL.Image")
    with pytest.raises(BadArgumentError, match="8 bits a channel; got one of mode F"):
        encoded(pillow.new("F", (2, 2)))
    result = encoded(pillow.new("RGB", (5000, 10)))
    assert result.meta["width"] == 2500


def test_pillow_and_ours_agree_on_a_mask_and_an_animation():
    pillow = pytest.importorskip("PIL.Image")
    from gnomon.runs.values.kinds import Video

    mask = RNG.integers(0, 256, (6, 7))
    found = parts_of(encoded(Image(np.zeros((6, 7)), mask=mask)))["mask.png"]
    with pillow.open(io.BytesIO(found)) as again:
        assert (np.asarray(again) == mask).all()
    frames = RNG.integers(0, 256, (5, 6, 7, 3), dtype=np.uint8)
    with pillow.open(io.BytesIO(encoded(Video(frames, fps=4)).parts[0].data)) as again:
        assert (again.n_frames, again.info["duration"]) == (5, 250.0)
        for at, frame in enumerate(frames):
            again.seek(at)
            assert (np.asarray(again.convert("RGB")) == frame).all()
