"""Nobody is ranked: no view, command, page or export orders people by what they did, or counts it.

Members are always in order of their names, whatever they did; what is in the order of something is never keyed by a person.
"""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

import gnomon
from tests.teams import all_meet, disband, team

SOURCE = Path(gnomon.__file__).parent
ZONES = {"ana": "Europe/Berlin", "bea": "Asia/Kolkata", "chi": "America/Los_Angeles"}
PEOPLE = re.compile(r"author|writer|member|person|people|who\b|\bby\b|reviewer|giver|teammate", re.IGNORECASE)
COUNTS = re.compile(r"most_common|Counter|\bcount\b|\bsum\b|\blen\b|total|score|rank|leader", re.IGNORECASE)
MAY = {
    # Which devices a sync brought entries from, and how many: told of devices, so that it can be checked.
    "telling.py",
}


@pytest.fixture
def world(tmp_path):
    members = team(tmp_path, ZONES)
    yield members
    disband(members)


@pytest.mark.slow
def test_members_are_in_the_order_of_their_names_whatever_they_did(world):
    from gnomon.team.people.views import people

    for nth in range(5):
        world["chi"].train(f"run {nth}", auc=0.9)
    world["bea"].train("one", auc=0.99)
    all_meet(world)
    for one in world.values():
        assert [person.name for person in people(one.record)] == ["ana", "bea", "chi"]


@pytest.mark.slow
def test_no_member_carries_a_number_of_what_they_did(world):
    from gnomon.team.people.views import people

    world["bea"].train("one", auc=0.99)
    all_meet(world)
    for person in people(world["ana"].record):
        keys = set(json.loads(json.dumps(person.to_dict())))
        assert keys == {"id", "name", "also_called", "schedule", "away", "writers", "can_be_asked"}


@pytest.mark.slow
def test_catch_up_names_who_did_something_and_never_how_much(world):
    from gnomon.team.catchup.views import catch_up

    ana, bea, chi = world.values()
    for nth in range(7):
        chi.train(f"of chi {nth}", group="g", seed=nth, auc=0.9)
    bea.train("of bea", auc=0.99)
    all_meet(world)
    found, _ = catch_up(ana.record, now=ana.clock.now)
    names = [item.who for part in found.parts for item in part.items if item.who]
    assert names
    assert not any(re.search(r"\d", name) for name in names)


def sorts_of(path):
    """Yield (line, source) of each call in a module that orders or counts."""
    source = path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in ("sorted", "sort", "most_common", "nlargest", "nsmallest"):
                yield node.lineno, ast.get_source_segment(source, node) or ""


@pytest.mark.slow
def test_no_module_orders_people_by_a_count():
    """A lint: what is sorted by a count may not be about people. A new one must be looked at by a person, and named here."""
    wrong = []
    for path in SOURCE.rglob("*.py"):
        if path.name in MAY:
            continue
        for line, source in sorts_of(path):
            key = re.search(r"key\s*=(.*)", source, re.DOTALL)
            ordered = key[1] if key else source
            if PEOPLE.search(source) and COUNTS.search(ordered):
                wrong.append(f"{path.relative_to(SOURCE)}:{line}: {source[:120]}")
    assert not wrong, "\n".join(wrong)


def test_the_lint_finds_a_ranking(tmp_path):
    bad = tmp_path / "bad.py"
    bad.write_text("def top(runs):\n    return sorted(authors, key=lambda who: -len(runs[who]))\n")
    ((_, source),) = sorts_of(bad)
    assert PEOPLE.search(source)
    assert COUNTS.search(source.partition("key")[2])
