"""What something came from and what came of it: declared, and by content."""

from __future__ import annotations

import pytest

import gnomon
from gnomon.errors import AmbiguousIdError, BadArgumentError, UnknownSubjectError
from gnomon.lineage.tree import tree
from tests.unit.lineage.made import data, digest, run, run_id


def labels(graph, direction) -> list[str]:
    return [
        f"{line.branches.count('│') + line.branches.count('   ')} {line.how} {line.node.label}{' …' if line.is_above else ''}"
        if line.node
        else f"… {line.more}"
        for line in tree(graph, direction).lines
    ]


def hows(graph) -> set[tuple[str, str, str, bool]]:
    called = {node.key: node.label for node in graph.nodes()}
    return {(called[one.source], one.how, called[one.target], one.is_declared) for one in graph.edges}


def test_the_way_from_a_source_to_a_file(project):
    data("credit", origin="the bank", author="ann", licence="CC0-1.0")
    run("train", uses=["credit"], keeps=["model"])
    graph = gnomon.open().lineage("data:credit")
    assert hows(graph) == {
        ("the bank", "origin of", "credit@v1", True),
        ("ann", "added", "credit@v1", True),
        ("credit@v1", "used", "train", True),
        ("train", "kept", "model", True),
    }
    assert [node.kind for node in graph.nodes()] == ["data", "source", "person", "run", "file"]
    up = gnomon.open().lineage(f"object:{digest('model')}", up=True)
    assert labels(up, "up") == ["0 kept by train", "1 used credit@v1", "2 from the bank", "2 added by ann"]


def test_a_file_that_one_run_kept_and_another_read_is_a_link_that_nobody_declared(project):
    run("prepare", keeps=["features"])
    run("train", reads=["features"])
    down = gnomon.open().lineage("prepare", down=True)
    assert hows(down) == {("prepare", "kept", "features", True), ("features", "used", "train", False)}
    up = gnomon.open().lineage("train", up=True)
    assert hows(up) == {("prepare", "kept", "features", True), ("features", "used", "train", False)}


def test_an_input_that_nothing_leads_to_is_declared(project):
    run("train", reads=["features"])
    assert hows(gnomon.open().lineage("train")) == {("features", "used", "train", True)}


def test_data_that_holds_what_a_run_kept_came_from_that_run(project):
    run("prepare", keeps=["features"])
    data("table", holds="features")
    run("train", uses=["table"])
    up = gnomon.open().lineage("train", up=True)
    assert labels(up, "up") == ["0 used table@v1", "1 same bytes as features", "2 kept by prepare"]
    assert labels(gnomon.open().lineage("prepare", down=True), "down") == [
        "0 kept features", "1 same bytes table@v1", "2 used by train"
    ]  # fmt: skip


def test_a_use_of_a_version_is_one_link_and_not_a_second_one_by_its_bytes(project):
    data("credit")
    run("train", uses=["credit"])
    assert hows(gnomon.open().lineage("train")) == {("credit@v1", "used", "train", True)}
    assert hows(gnomon.open().lineage("data:credit")) == {("credit@v1", "used", "train", True)}


def test_two_versions_with_the_same_bytes_reach_each_other(project):
    data("credit")
    data("copy", holds="credit")
    run("train", uses=["copy"])
    graph = gnomon.open().lineage("data:credit", down=True)
    assert "train" in [node.label for node in graph.nodes()]
    assert all(not declared for _, how, _, declared in hows(graph) if how == "same bytes")


def test_a_version_that_is_not_in_this_replica_is_shown_and_its_bytes_still_join(project):
    run("prepare", keeps=["credit"])
    run("train", uses=["credit"])  # the version itself never arrived
    graph = gnomon.open().lineage("train", up=True)
    by_label = {node.label: node for node in graph.nodes()}
    assert by_label[run_id("credit")[:8]].is_known is False
    assert "prepare" in by_label
    assert "train" in [node.label for node in gnomon.open().lineage("prepare", down=True).nodes()]


def test_runs_within_a_run_and_the_versions_after_a_version_are_links(project):
    run("sweep")
    run("one", parent="sweep")
    assert hows(gnomon.open().lineage("sweep")) == {("sweep", "part of", "one", True)}
    data("credit")
    data("credit2", called="credit", number=2, parents=["credit"])
    assert hows(gnomon.open().lineage("credit@v1")) == {("credit@v1", "before", "credit@v2", True)}


def test_a_diamond_is_met_once_and_named_twice(project):
    data("credit")
    run("left", uses=["credit"], keeps=["l"])
    run("right", uses=["credit"], keeps=["r"])
    run("join", reads=["l", "r"], keeps=["model"])
    graph = gnomon.open().lineage("data:credit", down=True)
    assert len([key for key in graph.keys if key == f"run:{run_id('join')}"]) == 1
    found = labels(graph, "down")
    assert len([line for line in found if "join" in line]) == 2
    assert len([line for line in found if "model" in line]) == 1
    assert [line for line in found if line.endswith("…")] == ["2 used by join …"]


def test_a_cycle_ends(project):
    data("credit")
    run("copy", uses=["credit"], keeps=["credit"])  # it keeps what it read
    graph = gnomon.open().lineage("data:credit")
    assert {node.label for node in graph.nodes()} == {"credit@v1", "copy", "credit"}
    assert labels(graph, "down")[:2] == ["0 used by copy", "1 kept credit"]
    run("a", reads=["x"], keeps=["y"])
    run("b", reads=["y"], keeps=["x"])
    assert len(gnomon.open().lineage("a")) == 4


def test_depth_is_how_many_steps_to_go(project):
    data("credit", origin="bank")
    run("train", uses=["credit"], keeps=["model"])
    assert len(gnomon.open().lineage("data:credit", depth=0)) == 1
    assert {node.label for node in gnomon.open().lineage("data:credit", depth=1).nodes()} == {
        "credit@v1",
        "bank",
        "train",
    }
    with pytest.raises(
        BadArgumentError, match=r"`depth` of `lineage\(\)` must be a whole number from 0; got -1"
    ):
        gnomon.open().lineage("data:credit", depth=-1)


@pytest.mark.slow
def test_ten_thousand_nodes_in_a_row_and_beside_each_other(project):
    """Neither the walk nor the tree goes so deep that Python gives up, and what is not shown is counted."""
    for number in range(2_500):
        run(f"row {number}", reads=[f"file {number}"], keeps=[f"file {number + 1}"])
    record = gnomon.open()
    graph = record.lineage("row 0", down=True)
    assert len(graph) == 5_000
    found = tree(graph, "down")
    assert (len(found.lines), found.left_out) == (100, 5_000 - 101)
    assert len(tree(graph, "down", most=None).lines) == 4_999
    data("wide")
    for number in range(5_000):
        run(f"beside {number}", uses=["wide"])
    graph = record.lineage("data:wide", down=True)
    found = tree(graph, "down")
    assert (len(graph), len(found.lines), found.lines[-1].more, found.left_out) == (5_001, 12, 4_989, 4_989)


# ---------------------------------------------------------------- what is meant


def test_a_word_is_found_whatever_it_names(project):
    data("credit", tags_=1)
    first = run("train", keeps=["model"])
    record = gnomon.open()
    for word in (first, first[4:12], "train", "@1"):
        assert record.lineage(word).roots == (first,)
    for word in ("credit@v1", "credit", f"data:{run_id('credit')}"[5:13] and "data:credit"):
        assert record.lineage(word).roots == (f"data:{run_id('credit')}",)
    for word in (
        digest("model"),
        digest("model")[:10],
        f"object:{digest('model')}",
        f"object:{digest('model')[:9]}",
    ):
        assert record.lineage(word).roots == (f"object:{digest('model')}",)


@pytest.mark.slow
def test_a_file_is_found_by_its_bytes_and_a_pointer_by_what_it_says(project):
    (project / "a.csv").write_text("a\n1\n")
    version = gnomon.add_data("a.csv", name="a")
    record = gnomon.open()
    (project / "elsewhere.txt").write_text("a\n1\n")
    assert (
        record.lineage("./elsewhere.txt").roots == record.lineage("a.gnomon").roots == (f"data:{version.id}",)
    )
    (project / "a.csv").write_text("other")
    assert record.lineage("a.csv").roots[0].startswith("object:")


def test_a_tag_stands_for_all_that_have_it(project):
    version = gnomon.add_data(_file(project), name="a")
    with gnomon.run("train", tags=["gold"]) as made:
        pass
    record = gnomon.open()
    from gnomon.data.actions import tag

    tag(record, version, ["gold"])
    assert set(record.lineage("gold").roots) == {f"data:{version.id}", f"run:{made.id}"}


def _file(project) -> str:
    (project / "f").write_text("x")
    return str(project / "f")


def test_a_word_that_means_two_things_or_none_is_an_error(project):
    data("credit")
    run("credit")
    record = gnomon.open()
    with pytest.raises(AmbiguousIdError, match="`credit` means more than one thing") as error:
        record.lineage("credit")
    assert error.value.hint == "say which: `data:credit` or `run:credit`"
    (project / "train.py").write_text("x")
    for _ in range(2):
        gnomon.run("train.py").finish()
    with pytest.raises(AmbiguousIdError, match=r"2 runs are called `train\.py`") as error:
        record.lineage("train.py")
    assert error.value.hint.endswith("or `./train.py` for the file")
    with pytest.raises(UnknownSubjectError, match="nothing here is called `no-such`"):
        record.lineage("no-such")
    with pytest.raises(UnknownSubjectError, match="nothing in this record names the person `eve`"):
        record.lineage("person:eve")
