"""What something touched, what nobody can say, what it did not touch; and whom to tell."""

from __future__ import annotations

import json

import pytest

import gnomon
from gnomon.cli.main import main
from gnomon.errors import UnknownSubjectError
from gnomon.lineage import reach as reaching
from tests.unit.lineage.made import data, run


def called(reach, keys) -> list[str]:
    return sorted(node.label for node in reach.nodes(list(keys)))


def perhaps(reach) -> dict[str, list[str]]:
    return {why: called(reach, keys) for why, keys in reach.perhaps.items()}


def test_every_run_and_version_is_in_one_of_three_parts(project):
    data("credit", origin="bank")
    data("other", origin="elsewhere")
    run("prepare", uses=["credit"], keeps=["features"], watched=[])
    run("train", reads=["features"], keeps=["model"], watched=[])
    run("clean", uses=["other"], watched=[])
    run("silent")
    found = gnomon.open().reach("data:credit")
    assert called(found, found.reached) == ["features", "model", "prepare", "train"]
    assert perhaps(found) == {"nothing recorded": ["silent"]}
    assert found.not_reached == {"data": 1, "run": 1}
    runs = [
        key
        for key in [*found.reached, *(key for keys in found.perhaps.values() for key in keys)]
        if key.startswith("run:")
    ]
    assert len(runs) + found.not_reached["run"] == 4


def test_each_reason_not_to_know_has_its_name(project):
    data("credit", origin="bank")
    data("unsaid")
    data("loose", origin="x", object=None)
    run("declared", uses=["credit2"])
    run("half", watched=["`ffmpeg`, a program that it started"])
    run("stream", unpinned=True, watched=[])
    run("whole", watched=[])
    found = gnomon.open().reach("data:credit")
    assert perhaps(found) == {
        "declared": ["declared"],
        "watched in part": ["half"],
        "not pinned": ["stream"],
        "data nothing recorded": ["unsaid@v1"],
        "data not pinned": ["loose@v1"],
    }
    assert found.not_reached == {"data": 0, "run": 1}
    assert set(found.perhaps) <= set(reaching.WHY)


def test_a_body_that_was_withheld_is_unknown_and_not_nothing(project, monkeypatch):
    from gnomon.record.fold import LiveEntry
    from gnomon.runs.state import FEATURE, cells

    entries = [
        LiveEntry(b"\1" * 32, "run.created", None, b"\1" * 16, b"\2" * 16, 0, 1, b'{"name":"r"}'),
        LiveEntry(b"\2" * 32, "run.used", None, b"\1" * 16, b"\2" * 16, 1, 2, None),
    ]
    assert cells("r", FEATURE.fold(entries), {})["inputs"] == "not here"
    watched = LiveEntry(b"\3" * 32, "run.watched", None, b"\1" * 16, b"\2" * 16, 2, 3, None)
    assert cells("r", FEATURE.fold([entries[0], watched]), {})["inputs"] == "watched in part"


def test_what_came_of_something_unknown_is_unknown_too(project):
    data("credit", origin="bank")
    run("silent", keeps=["features"])
    run("train", reads=["features"], watched=[])
    run("apart", watched=[])
    found = gnomon.open().reach("data:credit")
    assert perhaps(found) == {"nothing recorded": ["silent"], "follows": ["train"]}
    assert found.not_reached["run"] == 1
    for number in range(8):  # more that is clear than not: the other way to look for it
        run(f"clear {number}", watched=[])
    again = gnomon.open().reach("data:credit")
    assert perhaps(again) == perhaps(found)


def test_a_run_within_a_watched_command_is_heard_with_it(project):
    data("credit", origin="bank")
    run("command", watched=[])
    run("inner", parent="command")
    run("half", watched=["x"])
    run("within half", parent="half")
    found = gnomon.open().reach("data:credit")
    assert perhaps(found) == {"watched in part": ["half", "within half"]}
    assert found.not_reached["run"] == 2


def test_data_that_a_run_made_is_not_of_unknown_origin(project):
    data("credit", origin="bank")
    run("prepare", keeps=["features"], watched=[])
    data("table", holds="features")
    assert perhaps(gnomon.open().reach("data:credit")) == {}


def test_the_name_of_a_data_set_is_all_its_versions(project):
    data("credit", origin="bank")
    data("credit2", called="credit", number=2, parents=["credit"], origin="bank")
    run("one", uses=["credit"], watched=[])
    run("two", uses=["credit2"], watched=[])
    found = gnomon.open().reach("credit")
    assert called(found, found.reached) == ["one", "two"]
    assert len(found.graph.roots) == 2
    assert called(gnomon.open().reach("credit@v2"), gnomon.open().reach("credit@v2").reached) == ["two"]


def test_a_source_is_found_by_a_part_of_its_name(project):
    data("credit", origin="https://Archive.example/credit")
    data("other", origin="somewhere")
    found = gnomon.open().reach("archive.EXAMPLE", origin=True)
    assert called(found, found.reached) == ["credit@v1"]
    with pytest.raises(
        UnknownSubjectError, match="no version of data has an origin that holds `nowhere`"
    ) as error:
        gnomon.open().reach("nowhere", origin=True)
    assert error.value.hint == "origins that were said: `https://Archive.example/credit`, `somewhere`"


def test_those_are_told_who_made_added_or_wrote_about_it(project):
    data("credit", origin="bank", author="ann")
    run("one", uses=["credit"], author="bob", note="looks good")
    run("two", uses=["credit"], author="bob")
    run("apart", author="eve")
    told = gnomon.open().reach("data:credit").whom_to_tell()
    assert [(one.who, dict(one.why), one.is_member) for one in told] == [
        ("ann", {"added data": 1}, True),
        ("bob", {"made run": 2, "wrote a note on run": 1}, True),
    ]


def test_before_there_are_members_devices_are_named(project, capsys):
    data("credit", origin="bank")
    run("one", uses=["credit"])
    (told,) = gnomon.open().reach("data:credit").whom_to_tell()
    assert not told.is_member and dict(told.why) == {"made run": 1, "added data": 1}
    assert main(["reach", "data:credit"]) == 0
    out, err = capsys.readouterr()
    assert f"device {told.who[:12]}  added data, made run" in out
    assert "the record has no members yet" in err


def test_the_exit_code_of_a_check(project, capsys):
    data("credit", origin="bank")
    data("other", origin="elsewhere")
    assert main(["reach", "data:credit", "--check"]) == 0
    run("silent")
    assert main(["reach", "data:credit", "--check"]) == 11
    run("one", uses=["credit"])
    assert main(["reach", "data:credit", "--check"]) == 10
    assert main(["reach", "data:other", "--check"]) == 11
    assert main(["reach", "data:credit"]) == 0
    assert main(["reach"]) == main(["reach", "a", "--origin", "b"]) == 2


def test_what_the_command_says(project, capsys):
    data("credit", origin="bank")
    run("prepare", uses=["credit"], keeps=["features"])
    run("train", reads=["features"])
    run("silent")
    capsys.readouterr()
    assert main(["reach", "data:credit"]) == 0
    out = capsys.readouterr().out
    assert "reached  2 runs, 1 file" in out
    assert next(line for line in out.splitlines() if "train" in line).endswith("by content")
    assert "perhaps reached  1: the record cannot say" in out
    assert "1 × it recorded no inputs" in out
    assert main(["reach", "data:credit", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [node["label"] for node in found["reached"]] == ["prepare", "features", "train"]
    assert (found["perhaps"][0]["why"], found["perhaps"][0]["count"], found["is_complete"]) == (
        "nothing recorded",
        1,
        False,
    )
    assert found["not_reached"] == {"data": 0, "run": 0}
