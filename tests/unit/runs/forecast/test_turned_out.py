"""What would have been said of earlier runs at this step, and how it turned out."""

import math

import pytest

from gnomon.runs.forecast.pace import Ahead
from gnomon.runs.forecast.predict import Earlier, Seen, predicted
from gnomon.runs.forecast.turned_out import MOST, as_they_did, corrected, turned_out


def earlier(paces, closing=0.0, **more):
    """A run whose steps took so long, each; it goes on for `closing` seconds after the last."""
    moments, moment = [], 0.0
    for pace in paces:
        moment += pace
        moments.append(moment)
    ended = moment + closing
    knots = [(float(step), moment - ended) for step, moment in enumerate(moments, start=1)]
    return Earlier(float(len(paces)), ended, float(len(paces)), is_twin=True, knots=knots, **more)


BY_PLAN = [1.0] * 50 + [4.0] * 50  # from the middle on each step takes four times as long


def seen(paces, steps=100.0, before=()):
    knots, moment = [], 0.0
    for step, pace in enumerate(paces, start=1):
        moment += pace
        knots.append((float(step), moment))
    return Seen(0.0, moment + 0.1, knots, max(paces), steps, False, True, before)


def test_how_long_it_went_on_and_by_how_much_its_pace_misled():
    [one] = turned_out([earlier(BY_PLAN)], 50.0)
    assert one.steps == 50
    assert math.exp(one.rest) == pytest.approx(200)
    assert math.exp(one.misled) == pytest.approx(4, rel=0.02)


def test_between_two_knots_a_step_lies_in_proportion():
    few = earlier([10.0] * 10)
    sparse = Earlier(few.steps, few.duration_s, few.stated, True, few.knots[:3] + few.knots[7:])
    [one] = turned_out([sparse], 5.0)  # between the third and the eighth
    assert (one.steps, math.exp(one.rest)) == (5.0, pytest.approx(50))


def test_only_runs_of_the_configuration_that_went_further_tell_anything():
    other = Earlier(100.0, 250.0, 100.0, False, earlier(BY_PLAN).knots)
    assert turned_out([earlier([1.0] * 40), other, Earlier(100.0, 250.0, 100.0, True)], 50.0) == []
    assert turned_out([earlier([1.0] * 60)], 1.0) == []  # one knot has no pace


def test_the_newest_that_tell_are_taken():
    runs = [earlier([float(pace)] * 100) for pace in range(1, 10)]
    assert [math.exp(one.rest) for one in turned_out(runs, 50.0)] == pytest.approx(
        [50.0 * pace for pace in range(1, MOST + 1)]
    )


def test_a_change_of_pace_that_all_had_is_foreseen():
    told = predicted(seen(BY_PLAN[:50], before=[earlier(BY_PLAN)] * 4))
    assert told.quantile(0.1) < 250 < told.quantile(0.9)
    alone = predicted(seen(BY_PLAN[:50]))
    assert alone.quantile(0.9) < 150


def test_work_after_the_last_step_that_all_had_is_foreseen():
    told = predicted(seen([1.0] * 90, before=[earlier([1.0] * 100, closing=40.0)] * 4))
    assert told.quantile(0.1) < 140 < told.quantile(0.9)


def test_a_run_on_a_machine_that_is_five_times_as_slow_goes_by_its_own_pace_and_their_course():
    slow = [5 * pace for pace in BY_PLAN]
    told = predicted(seen(slow[:50], before=[earlier(BY_PLAN)] * 5))
    assert told.quantile(0.1) < 1250 < told.quantile(0.9)


def test_where_they_went_apart_the_range_is_wider():
    alike = [earlier([1.0] * 100)] * 4
    apart = [earlier([1.0] * 50 + [pace] * 50) for pace in (0.5, 1.0, 2.0, 3.0)]
    widths = [
        one.quantile(0.9) - one.quantile(0.1)
        for one in (predicted(seen([1.0] * 50, before=before)) for before in (alike, apart))
    ]
    assert widths[1] > 2 * widths[0]


def test_one_run_moves_what_is_said_half_of_the_way():
    own = Ahead(math.log(100), 0.1)
    [one] = turned_out([earlier(BY_PLAN)], 50.0)
    moved = corrected(own, [one])
    assert moved.middle - own.middle == pytest.approx(one.misled / 2)
    assert moved.spread > 4 * own.spread
    assert as_they_did([one], 25.0, own).middle == pytest.approx(math.log(100))
