"""P13, P14, P16, P22, P24, P28: five replicas and a lying remote under one seed end equal, with all that was acknowledged.

More: `python -m simulation --seeds 1000` from `tests/`. The stories are worth something only if they find bugs: see `planted`.
"""

from __future__ import annotations

import logging

import pytest
from simulation.planted import BUGS, planted
from simulation.team import Story

SEEDS = range(12)
MOST_SEEDS = 40  # for a planted bug


@pytest.fixture(autouse=True)
def quiet():
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_all_meet_in_the_end(seed):
    assert Story(seed).run() == []


@pytest.mark.slow
def test_the_same_seed_is_the_same_story():
    first, second, other = Story(7), Story(7), Story(8)
    for story in (first, second, other):
        story.run()
    assert first.trace == second.trace
    assert first.remote.trace == second.remote.trace
    assert first.trace != other.trace


@pytest.mark.slow
@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_is_found(bug):
    with planted(bug):
        for seed in range(MOST_SEEDS):
            try:
                faults = Story(seed).run()
            except Exception as error:  # noqa: BLE001  a bug that shows as a crash is found, too
                faults = [repr(error)]
            if faults:
                return
    pytest.fail(f"{MOST_SEEDS} stories did not find that {bug}")
