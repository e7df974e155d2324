"""How far a pace wanders."""

import math
import random

import pytest

from gnomon.runs.forecast.drift import drift


def paces(count, wanders, seed=1):
    """Paces whose means of any length differ about as much: half of it changes once in sixteen stretches."""
    chance, found, level = random.Random(seed), [], 0.0
    for at in range(count):
        if at % 8 == 0:
            level = chance.gauss(0, wanders)
        found.append(math.exp(level + chance.gauss(0, 0.02)))
    return found


def even(count, spread, seed=2):
    chance = random.Random(seed)
    return [math.exp(chance.gauss(0, spread)) for _ in range(count)]


def test_what_is_chance_alone_evens_out():
    near, far = (drift(even(64, 0.3), length, length) for length in (1, 16))
    assert near == pytest.approx(0.3 * 2**0.5, rel=0.4)
    assert far < 0.4 * near


def test_what_changes_for_long_does_not():
    near, far = (drift(paces(64, 0.5), length, length) for length in (1, 16))
    assert far > 0.7 * near


def test_a_pace_that_stays_hardly_wanders():
    assert drift([2.0] * 32, 32, 100) < 1e-3


def test_a_run_that_is_slower_as_a_whole_wanders_as_much():
    found = paces(32, 0.5)
    assert drift(found, 16, 40) == pytest.approx(drift([1000 * one for one in found], 16, 40))


def test_the_shorter_of_what_is_behind_and_ahead_tells_more():
    found = even(64, 0.3)
    assert drift(found, 64, 1) > drift(found, 64, 64)
    assert drift(found, 1, 64) == drift(found, 64, 1)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_of_too_few_nothing_is_said(count):
    assert drift([1.0, 5.0][:count], 1, 1) == 0.0
