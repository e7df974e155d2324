"""Seats for Gnomon and a few other trackers, each in its own environment, in a temporary folder."""

import pytest

from benchmarks.bench import Bench
from benchmarks.processes import adopt_orphans


@pytest.fixture(scope="session")
def bench(tmp_path_factory) -> Bench:
    adopt_orphans()
    return Bench(tmp_path_factory.mktemp("bench"), quick=True)
