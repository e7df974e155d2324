"""Fixtures of the tests of points."""

from __future__ import annotations

import sys

import pytest

from gnomon.points import columns, segment
from tests.unit.points.world import World


@pytest.fixture
def world():
    return World()


@pytest.fixture(autouse=True)
def nothing_verified_yet(monkeypatch):
    """Each test starts as a fresh process: no segment was checked against its name yet."""
    monkeypatch.setattr(segment, "_verified", {})


@pytest.fixture(params=["numpy", "pure"])
def numpy_or_not(request, monkeypatch):
    """Run the test with NumPy used even for small columns, and without NumPy."""
    if request.param == "pure":
        monkeypatch.setitem(sys.modules, "numpy", None)
    else:
        pytest.importorskip("numpy")
        monkeypatch.setattr(columns, "NUMPY_WORTHWHILE", 1)
    return request.param
