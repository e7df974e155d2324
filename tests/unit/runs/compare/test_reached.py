"""How far runs came by a metric."""

from __future__ import annotations

import pytest

from gnomon.runs.compare.at import At
from gnomon.runs.compare.reached import short_of, span


@pytest.mark.parametrize(
    ("steps", "at", "said"),
    [
        ([19, 19], At("step", 100), "no run reaches step 100: the last value before it counts (step 19)"),
        ([19, 500, None], At("step", 100), "1 of 2 runs does not reach step 100: the last value before it counts (step 19)"),
        ([19, 3, 500], At("step", 100), "2 of 3 runs do not reach step 100: the last value before it counts (steps 3 to 19)"),
        ([100, 500], At("step", 100), ""),
        ([19, 500], At("last"), ""),
        ([None], At("step", 100), ""),
    ],
)  # fmt: skip
def test_a_step_that_runs_never_reached_is_said(steps, at, said):
    assert short_of(steps, at) == said


def test_steps_as_words():
    assert (span([1_000]), span([3, 1_000])) == ("step 1,000", "steps 3 to 1,000")
