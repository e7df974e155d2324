"""How long further steps take, from the moments of those before."""

import math
import random

import pytest

from gnomon.runs.forecast.pace import Pace, without_gaps


def knots(paces, start=0.0):
    moment, found = start, []
    for step, pace in enumerate(paces, start=1):
        moment += pace
        found.append((float(step), moment))
    return found


def test_an_even_pace_goes_on():
    told = Pace(knots([2.0] * 100)).ahead(50)
    assert math.exp(told.middle) == pytest.approx(100, rel=0.02)
    assert told.spread < 0.1


def test_a_run_that_is_slower_as_a_whole_gets_the_same_spread():
    chance = random.Random(1)
    paces = [chance.lognormvariate(0, 0.5) for _ in range(80)]
    slow = Pace(knots([1000 * pace for pace in paces])).ahead(40)
    quick = Pace(knots(paces)).ahead(40)
    assert slow.spread == pytest.approx(quick.spread)
    assert slow.middle - quick.middle == pytest.approx(math.log(1000))


def test_a_slow_beginning_is_left_out():
    told = Pace(knots([30.0] * 3 + [1.0] * 9)).ahead(40)
    assert math.exp(told.middle) == pytest.approx(40, rel=0.05)
    assert told.spread < 0.3


def test_steps_that_get_slower_and_slower_are_followed():
    told = Pace(knots([1 + step / 100 for step in range(100)])).ahead(100)
    truth = sum(1 + step / 100 for step in range(100, 200))
    assert math.exp(told.middle) == pytest.approx(truth, rel=0.05)


def test_a_pace_that_changed_is_that_since_then():
    told = Pace(knots([1.0] * 60 + [3.0] * 60)).ahead(10)
    assert math.exp(told.middle) == pytest.approx(30, rel=0.1)


def test_uneven_steps_widen_the_spread():
    chance = random.Random(2)
    even = Pace(knots([chance.lognormvariate(0, 0.02) for _ in range(60)])).ahead(60).spread
    uneven = Pace(knots([chance.lognormvariate(0, 1.2) for _ in range(60)])).ahead(60).spread
    assert uneven > 2 * even


def test_one_moment_has_no_pace():
    assert Pace([(1.0, 5.0)]).ahead(10) is None
    assert Pace([]).ahead(10) is None
    assert Pace(knots([1.0] * 5)).ahead(0) is None


def test_the_time_between_two_processes_is_taken_out():
    first, second = knots([1.0] * 20), [(float(step), 1e6 + step) for step in range(16, 30)]
    joined = without_gaps([first, second])
    assert [step for step, _ in joined] == [float(step) for step in range(1, 30)]
    assert joined[-1] == second[-1]
    assert joined[-1][1] - joined[0][1] == pytest.approx(28)
