"""Texts, and points in space."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from gnomon.errors import BadArgumentError, DamagedObjectError
from gnomon.runs.values.kinds import Points3D, Text
from gnomon.runs.values.read import read_value
from gnomon.runs.values.recognise import encoded
from tests.unit.runs.values.back import there_and_back


@given(st.text())
def test_texts_come_back(text):
    result, found = there_and_back(Text(text, format="plain"))
    assert found == text
    assert (result.parts[0].name, result.parts[0].media_type) == ("text.txt", "text/plain")


def test_a_text_that_utf8_cannot_hold():
    assert there_and_back(Text("a\ud800b"))[1] == "a?b"


def test_a_long_text_is_cut_between_characters():
    result, found = there_and_back(Text("ä" * 600_000 + "b", caption="c" * 5_000))
    assert found == "ä" * 500_000
    assert result.notes == ("cut to the first 500,000 of 600,001 characters",)
    assert result.meta == {"format": "markdown", "size_bytes": 1_000_000, "caption": "c" * 1_000}
    assert there_and_back(Text("a" * 999_999 + "ä"))[1] == "a" * 999_999
    assert encoded(Text("a" * 1_000_000)).notes == ()


@pytest.mark.parametrize(
    ("text", "format", "said"),
    [
        (3, "plain", r"`text` of `Text` must be a str; got 3 \(GN101\)\nhint: `gnomon.Text\(str\(value\)\)`"),
        ("a", "html", '`format` of `Text` must be "markdown" or "plain"; got \'html\''),
    ],
)
def test_what_is_no_text_is_refused(text, format, said):
    with pytest.raises(BadArgumentError, match=said):
        encoded(Text(text, format=format))


# ---------------------------------------------------------------- points


@given(
    arrays.arrays(np.float32, st.tuples(st.integers(0, 9), st.just(3)), elements=st.floats(-9, 9, width=32))
)
def test_coordinates_come_back(points):
    result, found = there_and_back(Points3D(points))
    assert (found.xyz == points).all() and found.xyz.shape == points.shape
    assert result.meta == {"points": len(points), "columns": "xyz"}


def test_the_file_is_plain_ply():
    data = encoded(Points3D([[1, 2, 3, 4, 5, 255]])).parts[0].data
    header, _, rest = data.partition(b"end_header\n")
    assert header.decode("ascii").splitlines() == [
        "ply",
        "format binary_little_endian 1.0",
        "element vertex 1",
        "property float x",
        "property float y",
        "property float z",
        "property uchar red",
        "property uchar green",
        "property uchar blue",
    ]
    assert rest == np.array([1, 2, 3], "<f4").tobytes() + b"\4\5\xff"


def test_categories_and_colours_come_back():
    points = there_and_back(Points3D([[0, 0, 0, -3], [1, 1, 1, 70_000]]))[1].to_numpy()
    assert points["category"].tolist() == [-3, 70_000]
    result, found = there_and_back(Points3D(np.array([[0, 0, 0, -1, 300, 7.4]])))
    assert [found.to_numpy()[name][0] for name in ("red", "green", "blue")] == [0, 255, 7]
    assert result.notes == ("colours from -1 to 300 were clipped to 0 to 255",)
    assert "nearly black" in encoded(Points3D(np.full((2, 6), 0.5))).notes[0]


def test_points_that_are_not_finite_are_left_out():
    result, found = there_and_back(Points3D([[1, 2, 3], [np.nan, 0, 0], [np.inf, 0, 0], [1e300, 0, 0]]))
    assert found.xyz.tolist() == [[1, 2, 3]]
    assert result.notes == ("not finite, left out: 3 points",)


def test_many_points_are_thinned_evenly():
    result, found = there_and_back(Points3D(np.arange(1_200_000).reshape(-1, 3)))
    assert len(found.xyz) == 300_000
    assert found.xyz[:4, 0].tolist() == [0, 3, 6, 12]
    assert result.notes == ("300,000 of 400,000 points are kept, evenly spread",)


@pytest.mark.parametrize(
    ("points", "said"),
    [
        (
            np.zeros((3, 5)),
            r"must be of shape \(n, 3\), \(n, 4\) or \(n, 6\).*; got ndarray of shape \(3, 5\)",
        ),
        (np.zeros(3), "must be of shape"),
        ([[0, 0, 0, 0.5]], "categories that are whole numbers"),
        ([[0, 0, 0, 2**31]], "categories that are whole numbers"),
        ("abc", "array of numbers"),
    ],
)
def test_what_is_no_cloud_of_points_is_refused(points, said):
    with pytest.raises(BadArgumentError, match=said):
        encoded(Points3D(points))


GOOD = encoded(Points3D([[1, 2, 3], [4, 5, 6]])).parts[0].data


@pytest.mark.parametrize(
    "data",
    [
        b"",
        GOOD[:-1],
        GOOD + b"\0",
        GOOD[:50],
        GOOD.replace(b"vertex 2", b"vertex 999999999"),
        GOOD.replace(b"vertex 2", b"vertex 99999999999999999999"),
        GOOD.replace(b"vertex 2", b"vertex -2"),
        GOOD.replace(b"vertex 2", b"vertex 02"),
        GOOD.replace(b"little", b"big"),
        GOOD.replace(b"float z", b"double z"),
        GOOD.replace(b"property float x\n", b""),
        GOOD.replace(b"property", b"property list"),
    ],
)
def test_broken_points_are_refused_on_reading(data):
    with pytest.raises(DamagedObjectError, match="cannot be read as PLY"):
        read_value("points3d", {}, {"points.ply": data}).to_numpy()
