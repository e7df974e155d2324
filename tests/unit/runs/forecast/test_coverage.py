"""How often forecasts hold, on cases that nobody looked at while the method was built.

The full figures are in docs/explanation/run-forecasts.md (`python -m benchmarks.forecast`); these are fewer cases,
always the same ones.
"""

from __future__ import annotations

import json

import pytest
from thorough import one_in

from benchmarks.forecast import figures, recording
from benchmarks.forecast.__main__ import PAGE
from benchmarks.forecast.cases import STATES
from benchmarks.forecast.page import put_in, text

pytestmark = pytest.mark.slow

CASES = 8 // one_in(2)  # of each kind and state of knowledge


@pytest.fixture(scope="module")
def simulated():
    return figures.count("test", CASES)


def test_ranges_hold_as_often_as_they_state(simulated):
    whole = simulated["all", "all", "all"]
    assert whole.told >= 0.98 * whole.asked
    assert 75 <= whole.coverage <= 92


@pytest.mark.parametrize("state", STATES)
def test_whatever_is_known_of_the_steps(simulated, state):
    assert simulated["all", state, "all"].coverage >= 70


@pytest.mark.parametrize("kind", ["constant", "warm-up", "log-normal steps", "periodic evaluation"])
def test_quiet_kinds_hold_and_are_sharp(simulated, kind):
    assert simulated[kind, "all", "all"].coverage >= 75
    assert simulated[kind, "all", "all"].width < (1.2 if kind == "log-normal steps" else 0.8)


def test_chances_before_a_moment_come_true(simulated):
    whole = simulated["all", "all", "all"]
    for chance in (0.25, 0.5, 0.75, 0.9):
        assert abs(whole.share(whole.before[chance]) - 100 * chance) < 20


@pytest.mark.parametrize("development", [False, True], ids=["held out", "looked at"])
def test_recorded_trainings_hold_as_often_as_is_stated(development):
    recorded = figures.of_recorded(development=development)
    assert 77 <= recorded["all", "all", "all"].coverage <= 85
    for state in ("no run before", "runs before"):
        assert 77 <= recorded["all", state, "all"].coverage <= 88
    assert recorded["all", "all", "all"].width <= 1.35  # they are not made true by being wide


def test_no_training_that_is_held_out_was_looked_at():
    names = [
        {one["name"] for one in json.loads(path.read_text(encoding="utf-8"))}
        for path in (recording.DEVELOPMENT, recording.HELD_OUT)
    ]
    assert not names[0] & names[1]
    assert [len(one) for one in names] == [16, 12]


def test_the_page_has_the_figures_that_are_made():
    made = text("test", CASES, figures.count("test", 1), figures.of_recorded())
    page = PAGE.read_text(encoding="utf-8")
    assert made[made.index("### Recorded trainings") :] in page
    assert put_in(page, "new").count("new\n<!-- end") == 1
