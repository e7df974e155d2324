"""The zone of this machine: what the system tells of it."""

from __future__ import annotations

import os

import pytest

from gnomon.env import REAL
from gnomon.team.people import zones


@pytest.fixture
def system(monkeypatch, tmp_path):
    """A system: where `/etc/localtime` leads, and what `/etc/timezone` holds."""

    def as_(link=None, name=None):
        monkeypatch.delenv("TZ", raising=False)
        monkeypatch.setattr(zones, "_LOCAL", str(tmp_path / "localtime"))
        monkeypatch.setattr(zones, "_NAME_FILE", str(tmp_path / "timezone"))
        if link:
            os.symlink(link, tmp_path / "localtime")
        if name:
            (tmp_path / "timezone").write_text(name + "\n")

    return as_


def test_the_variable_comes_first_then_the_link_then_the_file(system, monkeypatch):
    system("/usr/share/zoneinfo/Asia/Kolkata", "Europe/London")
    assert zones.system_zone(REAL) == "Asia/Kolkata"
    monkeypatch.setenv("TZ", ":Europe/Paris")
    assert zones.system_zone(REAL) == "Europe/Paris"
    monkeypatch.setenv("TZ", "/usr/share/zoneinfo/America/Lima")
    assert zones.system_zone(REAL) == "America/Lima"


def test_a_file_with_the_name_does_where_there_is_no_link(system):
    system(name="Europe/London")
    assert zones.system_zone(REAL) == "Europe/London"


@pytest.mark.parametrize("value", ["CET-1CEST", "UTC+3", "/no/such", "Mars/Olympus"])
def test_a_zone_without_a_name_of_the_database_is_none(system, monkeypatch, value):
    system(name="Europe/London")
    monkeypatch.setenv("TZ", value)
    assert zones.system_zone(REAL) is None


def test_a_system_that_tells_nothing_gives_none(system):
    system()
    assert zones.system_zone(REAL) is None
