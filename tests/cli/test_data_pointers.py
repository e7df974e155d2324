"""Pointers that somebody changed by hand, or that Git left with a conflict."""

from __future__ import annotations

import re

import pytest

import gnomon
from gnomon.data.pointer import read
from gnomon.env import REAL

pytestmark = pytest.mark.slow


@pytest.fixture
def pointer(ask, project):
    (project / "d.csv").write_text("a\n1\n")
    assert ask("data", "add", "d.csv", "--no-profile").code == 0
    return project / "d.gnomon"


def test_the_id_decides_and_a_version_that_does_not_fit_is_said(ask, pointer):
    pointer.write_text(pointer.read_text().replace('version = "v1"', 'version = "v9"'))
    for _ in range(2):  # the second time from what is known
        answer = ask("data", "status")
        assert answer.lines == ["d.csv  d@v1  unchanged"]
        assert "note: `d.gnomon` calls it v9, and its id and object are those of d@v1" in answer.err
    answer = ask("data", "checkout")
    assert "d@v1 is there already" in answer.err
    assert "calls it v9" in answer.err


def test_an_object_that_is_not_that_of_the_id_is_said(ask, pointer):
    pointer.write_text(re.sub('object = "[0-9a-f]{64}"', f'object = "{"ab" * 32}"', pointer.read_text()))
    assert "its id is that of d@v1, its object is not; the object decides" in ask("data", "status").err


def test_a_version_that_is_not_here_is_called_as_the_pointer_says(ask, pointer):
    pointer.write_text(re.sub('id = "[0-9a-f]{20}"', f'id = "{"ab" * 10}"', pointer.read_text()))
    answer = ask("data", "status")
    assert (answer.lines, "note" in answer.err) == (["d.csv  d@v1  unchanged"], False)


# ---------------------------------------------------------------- a conflict


@pytest.fixture
def conflict(ask, pointer, project):
    """The pointer as a merge in Git leaves it, after both added another version."""
    sides = []
    for text in ("ours", "theirs"):
        (project / "d.csv").write_text(text)
        assert ask("data", "add", "d.csv", "--no-profile").code == 0
        sides.append(pointer.read_text().splitlines(keepends=True))
    ours, theirs = sides
    marked = [
        *ours[:3],
        "<<<<<<< HEAD\n",
        *ours[3:6],
        "=======\n",
        *theirs[3:6],
        ">>>>>>> topic\n",
        *ours[6:],
    ]
    pointer.write_text("".join(marked))
    return pointer


@pytest.mark.parametrize("words", [["status"], ["status", "d.csv"], ["checkout"], ["checkout", "d.csv"]])
def test_it_is_called_a_conflict_and_names_both(ask, conflict, words):
    ours, theirs = (gnomon.open().data(f"d@v{number}").object[:8] for number in (2, 3))
    answer = ask("data", *words)
    assert answer.code == 3
    assert f"ours is d@v2 ({ours}), theirs is d@v3 ({theirs})" in answer.err
    assert "`git checkout --ours d.gnomon` or `git checkout --theirs d.gnomon`" in answer.err


def test_adding_writes_it_anew(ask, conflict, project):
    (project / "d.csv").write_text("both")
    answer = ask("data", "add", "d.csv", "--no-profile")
    assert (answer.code, answer.lines) == (0, ["d@v4"])
    assert read(REAL, str(conflict)).number == 4


def test_adding_knows_the_data_set_where_it_is_not_called_as_the_file(ask, conflict, project):
    conflict.rename(project / "credit.gnomon")
    text = (project / "credit.gnomon").read_text().replace('name = "d"', 'name = "credit"')
    (project / "credit.gnomon").write_text(text)
    answer = ask("data", "add", "d.csv", "--no-profile")
    assert (answer.code, answer.lines) == (0, ["credit@v1"])
    assert not (project / "d.gnomon").exists()
