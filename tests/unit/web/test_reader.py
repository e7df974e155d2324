"""Reading positions: one file for each replica in the reader's own configuration folder."""

from __future__ import annotations

import os

import pytest

import gnomon
from gnomon.env import REAL
from gnomon.record.home import open_home
from gnomon.web.reader import FolderReader


@pytest.fixture
def home(project):
    with gnomon.run("r"):
        pass
    return open_home(str(project / ".gnomon"), REAL)


def test_a_position_is_kept_for_the_next_start(home):
    assert FolderReader(home).looked("home") is None
    FolderReader(home).look("home", 1000.5)
    FolderReader(home).look("other", 2.0)
    assert (FolderReader(home).looked("home"), FolderReader(home).looked("other")) == (1000.5, 2.0)


def test_nothing_of_it_is_inside_the_record(home):
    before = sorted(os.listdir(home.path))
    FolderReader(home).look("home", 1.0)
    assert sorted(os.listdir(home.path)) == before


def test_another_replica_has_a_position_of_its_own(home, tmp_path):
    FolderReader(home).look("home", 1.0)
    with gnomon.run("r", dir=tmp_path / "other" / ".gnomon"):
        pass
    assert FolderReader(open_home(str(tmp_path / "other" / ".gnomon"), REAL)).looked("home") is None


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"home": "yesterday"}', '{"home": true, "x": 1e999}', "\x00\xff"]
)
def test_a_file_that_somebody_broke_is_no_position(home, text):
    reader = FolderReader(home)
    reader.look("home", 1.0)
    with open(reader._path, "w", encoding="latin-1") as file:
        file.write(text)
    assert reader.looked("home") in (None, 1.0)
    reader.look("home", 5.0)
    assert reader.looked("home") == 5.0
