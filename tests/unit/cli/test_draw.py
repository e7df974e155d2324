"""Drawn curves, dot by dot."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.cli.draw import Frame, curve

NAN, INF = math.nan, math.inf


def drawn(xs, ys, width=40, height=8, **settings):
    x_name = settings.pop("x_name", "step")
    return curve(xs, ys, Frame(width, height, **settings), x_name=x_name)


def test_a_line_through_four_points():
    assert drawn([0, 1, 2, 3], [1, 4, 2, 3]) == [
        "4 │           ⢀⠔⠑⠢⣀",
        "  │         ⢀⠔⠁    ⠑⠢⣀",
        "  │       ⣀⠔⠁         ⠉⠢⢄        ⢀⣀⡠⠤⠒⠒⠉",
        "  │     ⡠⠊               ⠉⠢⢄⡠⠤⠔⠒⠉⠁",
        "  │   ⡠⠊",
        "1 │ ⡠⠊",
        "  └─────────────────────────────────────",
        "    0               step               3",
    ]


def test_the_same_in_ascii():
    shown = drawn([0, 1, 2, 3], [1, 4, 2, 3], is_unicode=False)
    assert all(line.isascii() for line in shown)
    assert shown[0].startswith("4 |")
    assert shown[-2] == "  +" + "-" * 37


def test_one_point_is_a_dot_and_a_constant_a_line_with_its_value_beside():
    assert drawn([5], [0.3], height=6) == [
        "    │",
        "0.3 │ ⡀",
        "    │",
        "    │",
        "    └" + "─" * 35,
        "      step 5",
    ]
    constant = drawn([5, 6, 7], [0.3] * 3, height=6)
    labelled = [line for line in constant if line.startswith("0.3")]
    assert len(labelled) == 1
    assert set(labelled[0][6:]) <= set("⣀⡀⢀⠒⠤⠉")


@pytest.mark.parametrize(
    ("ys", "said"),
    [
        ([], "no points"),
        ([NAN, NAN], "nothing to draw: 2 NaN"),
        ([INF, -INF, NAN], "nothing to draw: 1 NaN, 2 infinite"),
    ],
)
def test_where_nothing_can_be_drawn_one_line_says_so(ys, said):
    assert drawn(range(len(ys)), ys) == [said]


def test_a_log_scale_has_no_place_for_zero():
    assert drawn([0, 1], [0.0, -1.0], is_log=True) == ["nothing to draw: 2 not above 0"]
    shown = drawn([0, 1, 2], [1e-6, 1.0, 0.0], is_log=True)
    assert shown[-1].strip() == "not drawn: 1 not above 0"
    assert shown[0].startswith("    1 │")


def test_on_a_log_scale_an_exponential_is_straight():
    shown = drawn(list(range(100)), [math.exp(x) for x in range(100)], width=60, is_log=True)
    lengths = [len(line.split("│")[-1].strip()) for line in shown[:6]]
    assert max(lengths) - min(lengths) <= 2, "each row is crossed in as many columns as the others"


def test_nan_leaves_a_gap_and_is_counted():
    ys = [1.0] * 40 + [NAN] * 20 + [1.0] * 40
    shown = drawn(list(range(100)), ys)
    line = next(line for line in shown if line.startswith("1 │"))
    assert "   " in line[4:].strip()
    assert shown[-1].strip() == "not drawn: 20 NaN"


def test_a_spike_is_never_lost_however_many_points_there_are():
    ys = [0.0] * 100_000
    ys[77_777] = 5.0
    shown = drawn(list(range(100_000)), ys)
    assert shown[0].startswith("5 │")
    assert any("⠀" < char <= "⣿" for char in shown[0])


def test_points_out_of_order_are_drawn_in_order():
    xs, ys = [3.0, 1.0, 2.0, NAN], [9.0, 1.0, 4.0, 100.0]
    assert drawn(xs, ys, x_name="tokens") == drawn([1, 2, 3], [1, 4, 9], x_name="tokens")
    assert "tokens" in drawn(xs, ys, x_name="tokens")[-1]


def test_numbers_at_the_end_of_the_floats():
    shown = drawn([1, 2, 3, 4], [1e308, -1e308, INF, 10**400])
    assert shown[0].startswith(" 1e+308 │")
    assert shown[-1].strip() == "not drawn: 2 infinite"


@given(
    st.lists(st.tuples(st.floats(), st.floats()), max_size=60),
    st.integers(-5, 120),
    st.integers(-5, 30),
    st.booleans(),
    st.booleans(),
)
def test_anything_can_be_drawn_and_keeps_to_its_frame(points, width, height, is_unicode, is_log):
    frame = Frame(width, height, is_unicode=is_unicode, is_log=is_log)
    lines = curve([x for x, _ in points], [y for _, y in points], frame)
    assert lines
    if len(lines) > 1:
        assert len(lines) <= frame.height + 1
        assert max(map(len, lines)) <= max(frame.width, 70)
