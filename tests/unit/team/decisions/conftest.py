"""Groups of seeds in a record, and what is decided on them."""

from __future__ import annotations

import random

import pytest

import gnomon


@pytest.fixture
def train(project):
    """Write runs of a group, their values drawn around a mean; return their ids."""
    chance = random.Random(7)

    def train(group, count, mean, *, first=0, spread=0.004, metric="auc", **params):
        ids = []
        for seed in range(first, first + count):
            with gnomon.run(f"{group}-{seed}", params={"depth": 6, **params}, seed=seed, group=group) as run:
                run.log({metric: chance.gauss(mean, spread)})
            ids.append(run.id)
        return ids

    return train


@pytest.fixture
def groups(train):
    """Two groups of five seeds, the first clearly ahead; their ids."""
    return train("deep", 5, 0.93), train("flat", 5, 0.90, depth=4)
