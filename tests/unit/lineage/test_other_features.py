"""A feature that lineage does not know brings its own nodes and edges: by `links` and `about`, and nothing else."""

from __future__ import annotations

import pytest

import gnomon
from gnomon.cli.main import main
from gnomon.lineage.tree import tree
from gnomon.record import kinds
from gnomon.record.kinds import FROM, Link
from gnomon.session import session_for
from tests.unit.lineage.made import data, digest, run


def fold_recipe(live):
    return live[0].body if live else {}


kinds.register(
    kinds.Feature(
        "recipe",
        kinds={"recipe.written": "a recipe was written"},
        fold=fold_recipe,
        cells=lambda recipe, state, stats: {"name": state.get("name"), "inputs": state.get("inputs")},
        links=lambda state: [
            Link(f"object:{digest(state['of'])}", "cooked from", FROM),
            Link(f"run:{'0' * 20}", "tasted in"),
        ],
        about=lambda recipe, state: {
            "label": state["name"],
            "note": "hot",
            "author": "cook",
            "people": [["guest", "ate", True]],
        },
    )
)


@pytest.fixture
def served(project):
    data("credit", origin="bank")
    run("train", uses=["credit"], keeps=["model"], watched=[])
    session = session_for()
    session.append("recipe.written", "recipe:aa", {"name": "soup", "of": "model", "inputs": "watched"})
    session.append("recipe.written", "recipe:bb", {"name": "stew", "of": "other"})
    session.append("mystery.made", "mystery:cc", {})
    return gnomon.open()


def test_its_subjects_are_nodes_and_its_words_stand_as_they_are(served, capsys):
    graph = served.lineage("data:credit", down=True)
    lines = tree(graph, "down").lines
    assert [(line.how, line.node.label) for line in lines][-1] == ("cooked from", "soup")
    up = served.lineage("recipe:aa", up=True)
    assert {"train", "credit@v1", "bank"} <= {node.label for node in up.nodes()}
    capsys.readouterr()
    assert main(["lineage", "recipe:a"]) == 0
    assert "recipe soup  hot" in capsys.readouterr().out


def test_what_it_links_to_and_is_not_here_is_shown(served):
    missing = served.lineage("recipe:aa", up=True).node(f"run:{'0' * 20}")
    assert (missing.is_known, missing.note) == (False, "not in this replica")


def test_it_is_reached_or_in_doubt_by_its_own_column_and_its_people_are_told(served):
    found = served.reach("data:credit")
    assert "recipe:aa" in found.reached
    assert found.perhaps == {"nothing recorded": ["recipe:bb"]}
    told = {one.who: dict(one.why) for one in found.whom_to_tell()}
    assert told["cook"] == {"made recipe": 1} and told["guest"] == {"ate recipe": 1}


def test_a_type_that_nothing_can_read_is_carried_and_shown_by_its_id(served):
    node = served.lineage("mystery:cc").node("mystery:cc")
    assert (node.label, node.note) == ("cc", "a mystery, which nothing here can read")
