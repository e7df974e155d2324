"""Which values are rich, and that strange ones stop nothing."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType

import numpy as np
import pytest

from gnomon.errors import BadArgumentError, MissingObjectError, UnknownFormatError
from gnomon.runs.values import kinds
from gnomon.runs.values.read import read_value
from gnomon.runs.values.recognise import encoded, is_rich
from tests.unit.runs.values.test_image import Tensor

ALL = [kinds.Image, kinds.Audio, kinds.Video, kinds.Histogram, kinds.Text, kinds.Points3D, kinds.Figure]


class Hostile:
    """Raises wherever it can."""

    def __getattr__(self, name):
        raise RuntimeError(f"no {name} for you")

    def __repr__(self):
        raise RuntimeError

    __str__ = __array__ = __len__ = __iter__ = __float__ = __repr__


STRANGE = [
    Hostile,
    object,
    lambda: None,
    dict,
    lambda: [[1], [2, 3], "x"],
    lambda: {1: {2}},
    lambda: np.array([{}]),
    lambda: 10**400,
]


def test_the_kinds_are_rich_and_numbers_arrays_and_texts_are_not():
    assert all(is_rich(kind(None)) for kind in ALL)
    assert is_rich(kinds.Table())
    plain = [
        1,
        0.5,
        True,
        None,
        "a",
        b"a",
        [kinds.Image(None)],
        {},
        np.zeros((4, 4)),
        np.float32(1),
        sys,
        object(),
    ]
    assert not any(map(is_rich, [*plain, Tensor(np.zeros((4, 4)))]))


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("PIL.Image", "Image"),
        ("matplotlib.figure", "Figure"),
        ("matplotlib.axes._base", "_AxesBase"),
        ("plotly.basedatatypes", "BaseFigure"),
    ],
)
def test_other_libraries_are_known_by_the_names_of_their_classes(module, name):
    made = type(name, (), {"__module__": module})
    assert is_rich(made())
    assert is_rich(type("Child", (made,), {"__module__": "elsewhere"})())
    assert not is_rich(made)
    assert not is_rich(type(name, (), {"__module__": module + "s"})())


def test_pyplot_is_known_by_its_name():
    assert is_rich(ModuleType("matplotlib.pyplot"))
    assert not is_rich(ModuleType("matplotlib"))


@pytest.mark.slow
def test_looking_at_a_value_imports_nothing():
    code = (
        "import sys; from gnomon.runs.values.recognise import is_rich; import gnomon.runs.values.kinds as k;"
        "is_rich(k.Image(None)), is_rich(object());"
        "heavy = {'zlib', 'json', 'wave', 'arro3', 'numpy', 'msgspec', 'dataclasses', 'gnomon.session'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "[]\n", done.stderr


def test_what_is_not_rich_is_refused():
    with pytest.raises(BadArgumentError, match=r"a int is no rich value \(GN101\)\nhint: wrap it"):
        encoded(3)


@pytest.mark.parametrize("kind", [*ALL, kinds.Table])
@pytest.mark.parametrize("make", STRANGE)
def test_no_value_raises_another_error(kind, make):
    with pytest.raises(BadArgumentError):
        encoded(kind(make()))


def test_strange_options_raise_no_other_error():
    picture = np.zeros((2, 2))
    for options in ({"mask": Hostile()}, {"boxes": Hostile()}, {"boxes": [Hostile()]}):
        with pytest.raises(BadArgumentError):
            encoded(kinds.Image(picture, **options))
    with pytest.raises(BadArgumentError):
        encoded(kinds.Image(picture, mask=np.zeros((2, 2), int), classes={"a": 1, 2: 3}))
    assert encoded(kinds.Image(picture, caption=Hostile())).meta["caption"] == "<Hostile>"


def test_what_an_array_raises_is_said():
    class Broken:
        def __array__(self, dtype=None, copy=None):
            raise RuntimeError("the device is gone")

    with pytest.raises(
        BadArgumentError, match="a `Image` could not be encoded: RuntimeError: the device is gone"
    ):
        encoded(kinds.Image(Broken()))


def test_an_interrupt_is_not_swallowed():
    class Interrupting:
        def __array__(self, dtype=None, copy=None):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        encoded(kinds.Image(Interrupting()))


def test_the_class_of_a_value_shows_its_caption():
    assert repr(kinds.Image(None)) == "<Image>"
    assert repr(kinds.Image(None, caption="epoch 3")) == "<Image 'epoch 3'>"


def test_unknown_kinds_and_missing_parts_are_named():
    with pytest.raises(UnknownFormatError, match="of the kind `hologram`"):
        read_value("hologram", {}, {})
    with pytest.raises(MissingObjectError, match=r"a logged image has no part `image\.`; it has \['x'\]"):
        read_value("image", {}, {"x": b""})


def test_without_numpy_what_needs_none_is_kept_and_the_rest_says_so():
    code = (
        "import sys; sys.modules['numpy'] = None\n"
        "from gnomon.errors import BadArgumentError\n"
        "from gnomon.runs.values import kinds as k\n"
        "from gnomon.runs.values.recognise import encoded\n"
        "for value in k.Text('a'), k.Histogram([1, 2]), k.Table({'a': [1]}), k.Image(b'GIF89a' + bytes([2, 0, 2, 0])):\n"
        "    print(encoded(value).kind)\n"
        "try: encoded(k.Image([[1]]))\n"
        "except BadArgumentError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == [
        "text",
        "histogram",
        "table",
        "image",
        "`data` of `Image` is an array, and NumPy is not installed (GN101)",
        "hint: pip install numpy",
    ], done.stderr
