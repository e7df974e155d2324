"""Names that are shortened for a narrow table."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gnomon.runs.groups.contest_table import shortened
from gnomon.text import width


def test_names_that_fit_stay():
    assert shortened(["trees", "mlp"], 5) == ["trees", "mlp"]
    assert shortened([], 5) == []


def test_words_that_all_names_have_go_first():
    names = ["resnet lr=0.1 depth=6 adam", "resnet lr=0.2 depth=6 adam"]
    assert shortened(names, 12) == ["… lr=0.1 …", "… lr=0.2 …"]


def test_names_that_would_look_the_same_are_numbered():
    names = [f"{'a' * 30}{middle}{'b' * 30}" for middle in "xy"]
    first, second = shortened(names, 12)
    assert first != second and width(first) <= 12 >= width(second)
    assert (first[-2:], second[-2:]) == ("~1", "~2")


@given(
    st.lists(st.text(alphabet="ab =.日", min_size=1, max_size=40), min_size=1, max_size=12, unique=True),
    st.integers(6, 30),
)
def test_shortened_names_fit_and_stay_different(names, room):
    found = shortened(names, room)
    assert len(set(found)) == len(names)
    assert max(map(width, found)) <= room
