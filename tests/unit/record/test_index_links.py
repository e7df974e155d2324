"""Links: found from both ends, gone with the state that named them, the same in the file and laid over it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gnomon.record import kinds
from gnomon.record.fold import register
from gnomon.record.index import Index
from gnomon.record.index_links import key_of, target_of
from gnomon.record.kinds import FROM, IS, MAKES, Link
from tests.unit.record.made_record import MadeLog, MadeRecord


def linked(state):
    return [Link(target, "tied", way) for target, way in state["to"]]


kinds.register(
    kinds.Feature(
        "knot",
        kinds={"knot.tied": "it was tied to others"},
        fold=lambda live: {"to": register(live, "knot.tied", "to", []).value},
        links=linked,
    )
)


@pytest.fixture
def record(tmp_path):
    return MadeRecord(tmp_path / "record")


@pytest.fixture
def hold(record):
    """Take the lock of the index, as a process does that updates it; what it returns lets go."""
    processes = []

    def take():
        Index(record.home).update()
        (folder,) = Path(record.env.cache_folder()).iterdir()
        code = "import fcntl, sys; f = open(sys.argv[1], 'a'); fcntl.flock(f, fcntl.LOCK_EX); print('held', flush=True); input()"
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(folder / "lock")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )  # fmt: skip
        processes.append(process)
        assert process.stdout.readline() == "held\n"
        return lambda: process.communicate("\n")

    yield take
    for process in processes:
        process.communicate()


def knots(number: int, **tied: list) -> MadeLog:
    log = MadeLog(number)
    for knot, to in tied.items():
        log.add("knot.tied", f"knot:{knot}", {"to": to})
    return log


D, E = "object:" + "ab" * 32, "object:" + "cd" * 32


def test_a_link_is_found_from_both_ends(record):
    record.put_log(knots(1, a=[[D, MAKES], ["knot:b", FROM]], b=[[D, FROM], ["source:a bank", FROM]]))
    index = Index(record.home)
    assert index.links(["knot:a", "knot:b", "knot:none"]) == {
        "knot:a": [Link(D, "tied", MAKES), Link("knot:b", "tied", FROM)],
        "knot:b": [Link(D, "tied", FROM), Link("source:a bank", "tied", FROM)],
    }
    assert {(one.subject, one.way) for one in index.linked_to([D])} == {("knot:a", MAKES), ("knot:b", FROM)}
    assert [one.subject for one in index.linked_to(["knot:b", "source:a bank"])] == ["knot:b", "knot:a"]
    assert [one.subject for one in index.linked_to([D], lowest=MAKES)] == ["knot:a"]
    assert index.linked_to([E]) == []


def test_the_last_that_arrived_comes_first(record):
    record.put_log(knots(1, a=[[D, FROM]], b=[[D, FROM]], c=[[D, FROM]]))
    assert [one.subject for one in Index(record.home).linked_to([D])] == ["knot:c", "knot:b", "knot:a"]


def test_links_go_with_the_choice_that_named_them(record):
    log = knots(1, a=[[D, MAKES], ["source:x", FROM]])
    record.put_log(log)
    index = Index(record.home)
    index.update()
    (entry,) = index.live("knot", "a")
    log.add("knot.tied", "knot:a", {"to": [[E, IS]]}, over=[entry.hash])
    record.put_log(log)
    index.update()
    assert index.links(["knot:a"]) == {"knot:a": [Link(E, "tied", IS)]}
    assert index.linked_to([D, "source:x"]) == []
    assert index.link_targets("source") == []


def test_what_is_laid_over_the_file_answers_as_the_file_would(record, hold):
    log = knots(1, a=[[D, MAKES], ["source:x", FROM]], b=[[D, FROM]])
    record.put_log(log)
    index = Index(record.home)
    index.update()
    let_go = hold()
    (entry,) = index.live("knot", "a")
    log.add("knot.tied", "knot:a", {"to": [[E, IS]]}, over=[entry.hash])
    log.add("knot.tied", "knot:c", {"to": [[D, FROM]]})
    record.put_log(log)
    index.update()

    def answers():
        return (
            index.links(["knot:a", "knot:b", "knot:c"]),
            index.linked_to([D, E, "source:x"]),
            index.link_targets("source"),
            index.export(),
        )

    laid_over = answers()
    assert laid_over[0]["knot:a"] == [Link(E, "tied", IS)]
    assert [one.subject for one in laid_over[1]] == ["knot:c", "knot:b", "knot:a"]
    let_go()
    index.update()
    assert answers() == laid_over


def test_targets_of_a_kind_are_found_by_their_beginning(record):
    record.put_log(
        knots(1, a=[[D, FROM], [E, FROM], ["source:abc", FROM], ["source:abd", FROM], ["sourcery:x", FROM]])
    )
    index = Index(record.home)
    assert index.link_targets("source") == ["source:abc", "source:abd"]
    assert index.link_targets("source", beginning="abd") == ["source:abd"]
    assert index.link_targets("object", beginning="aba") == [D]
    assert index.link_targets("object", beginning="f") == []


def test_a_body_that_no_good_writer_would_write_has_no_links(record):
    record.put_log(knots(1, a=[1, 2], b=[[D, FROM]]))
    index = Index(record.home)
    assert index.links(["knot:a", "knot:b"]) == {"knot:a": [], "knot:b": [Link(D, "tied", FROM)]}
    assert any("knot:a cannot be folded" in problem.what for problem in index.problems())


@pytest.mark.parametrize(
    "target",
    [
        D,
        "run:00ff",
        "run:0",
        "run:",
        "source:00",
        "source:00zz",
        "source:\x00ab",
        "source:größe:a",
        "person:AB",
        "x",
    ],
)
def test_a_target_comes_back_as_it_was(target):
    assert target_of(key_of(target)) == target
