"""An input whose bytes nobody knows is in the lineage, as something unknown."""

from __future__ import annotations

import gnomon
from gnomon.runs.links import NOT_PINNED
from tests.unit.lineage.made import run, run_id


def test_an_input_without_digest_is_shown_as_unknown(project):
    run("a", unpinned=True)
    record = gnomon.open()
    graph = record.lineage("run:a", up=True)
    (node,) = [node for node in graph.nodes() if node.key not in graph.roots]
    assert (node.kind, node.label, node.note, node.is_known) == (
        "unpinned",
        "stream",
        "bytes not known",
        False,
    )
    assert record.replica.index.columns("run", ["inputs"])["inputs"] == [NOT_PINNED]


def test_two_runs_with_unknown_inputs_of_one_name_are_not_joined(project):
    run("a", unpinned=True)
    run("b", unpinned=True)
    record = gnomon.open()
    (key,) = [key for key in record.lineage("run:a", up=True).keys if key != f"run:{run_id('a')}"]
    (other,) = [key for key in record.lineage("run:b", up=True).keys if key != f"run:{run_id('b')}"]
    assert key != other


def test_the_tree_names_it(project, capsys):
    from gnomon.cli import main

    run("a", unpinned=True)
    assert main.main(["lineage", "run:a", "--up"]) == 0
    assert "used unpinned stream  bytes not known" in capsys.readouterr().out
