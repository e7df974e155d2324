"""Axes and ticks."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gnomon.runs.plot.scale import MOMENT, NUMBER, SECONDS, WHOLE, Scale, scale_of, written


def texts(scale: Scale, about: int = 5, **how) -> list[str]:
    return [tick.text for tick in scale.ticks(about, **how)]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 1, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (0, 300, ["0", "50", "100", "150", "200", "250", "300"]),
        (0, 1e6, ["0", "200k", "400k", "600k", "800k", "1M"]),
        (-3, 3, ["−3", "−2", "−1", "0", "1", "2", "3"]),
        (0, 1e-5, ["0", "2·10⁻⁶", "4·10⁻⁶", "6·10⁻⁶", "8·10⁻⁶", "10·10⁻⁶"]),
        (1e9, 1e9 + 0.1, [f"1000000000.{n:02}" for n in range(0, 11, 2)]),
    ],
)
def test_ticks_are_round(low, high, expected):
    assert texts(Scale(low, high)) == expected


def test_logarithmic_ticks_are_powers_of_ten():
    assert texts(Scale(1, 1e4, True)) == ["1", "10", "100", "1,000", "10,000"]
    assert texts(Scale(1e-8, 1, True), 4) == ["10⁻⁸", "10⁻⁶", "10⁻⁴", "10⁻²", "10⁰"]
    assert texts(Scale(0.15, 2.5, True)) == ["0.2", "0.5", "1", "2"]


def test_without_unicode_ticks_are_ascii():
    for scale in (Scale(-1e-9, 1e-9), Scale(1e-9, 1, True), Scale(-1e300, 1e300)):
        assert all(text.isascii() for text in texts(scale, is_unicode=False))


def test_times_are_shown_in_a_fitting_unit():
    hours = Scale(0, 36_000, kind=SECONDS)
    assert hours.unit == (3600, "h")
    assert [(tick.value, tick.text) for tick in hours.ticks(5)][:2] == [(0, "0"), (7200, "2")]
    assert Scale(0, 500, kind=SECONDS).unit[1] == "min"
    assert Scale(0, 0.02, kind=SECONDS).unit[1] == "ms"


def test_moments_are_times_of_the_clock():
    noon = 1_700_000_000 // 86400 * 86400 + 43200
    assert texts(Scale(noon, noon + 3600, kind=MOMENT), 4) == ["12:00", "12:15", "12:30", "12:45", "13:00"]
    assert texts(Scale(noon, noon + 86400, kind=MOMENT), 4) == ["12:00", "18:00", "15 Nov", "06:00", "12:00"]
    assert texts(Scale(noon, noon + 10 * 86400, kind=MOMENT), 5)[0] == "15 Nov"
    assert texts(Scale(noon + 0.1, noon + 0.5, kind=MOMENT), 2) == ["12:00:00.2", "12:00:00.4"]


def test_a_constant_stands_in_the_middle():
    for value in (0.0, 5.0, -1e308, 1e-320):
        scale = scale_of([value])
        assert scale is not None and scale.low < value < scale.high
        assert scale.at(value) == pytest.approx(0.5, abs=0.01)


def test_nothing_to_draw_has_no_axis():
    assert scale_of([]) is None
    assert scale_of([math.nan, math.inf]) is None
    assert scale_of([0.0, -1.0], is_log=True) is None


def test_zeros_are_plain():
    assert written([-0.0, 5.0]) == ["0", "5"]


finite = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(finite, min_size=1, max_size=5), st.booleans(), st.integers(2, 12))
@example([1.797693134861975e308, 1.7976931348619752e308], True, 2)  # so close that their logarithms are one
@example([1.797693134861974e308, 1.7976931348619754e308], False, 2)  # so close that ticks are written alike
@settings(deadline=None)
def test_every_axis_has_distinct_ticks_inside(values, is_log, about):
    scale = scale_of(values, is_log=is_log)
    if scale is None:
        assert is_log and max(values) <= 0
        return
    assert scale.low < scale.high
    for value in values:
        if value > 0 or not is_log:
            assert -1e-9 <= scale.at(value) <= 1 + 1e-9
    ticks = scale.ticks(about)
    assert 1 <= len(ticks) <= 4 * about
    assert all(scale.low <= tick.value <= scale.high for tick in ticks)
    assert len({tick.text for tick in ticks}) == len(ticks)


@pytest.mark.parametrize("high", range(1, 12))
def test_ticks_of_whole_numbers_are_whole(high):
    ticks = scale_of([0, high], kind=WHOLE, padding=0).ticks(10)
    assert [tick.value for tick in ticks] == [int(tick.text) for tick in ticks] and len(ticks) >= 2
    assert len({b.value - a.value for a, b in pairwise(ticks)}) == 1


def test_steps_and_other_whole_numbers_get_whole_ticks_in_a_picture(made_up):
    plot = made_up(("a", [0, 1, 2, 3], [0, 1, 1, 2]))
    assert plot.x_scale().kind == plot.y_scale(plot.panels[0]).kind == WHOLE
    plot = made_up(("a", [0, 0.5], [0, 0.5]))
    assert plot.x_scale().kind == plot.y_scale(plot.panels[0]).kind == NUMBER
