"""`gnomon review` and `gnomon reviews …`."""

from __future__ import annotations

import sys

import pytest

import gnomon
from gnomon.team.writing import actions
from gnomon.team.writing.views import find
from tests.unit.team.reviews.notebooks import keep_notebook, printed


@pytest.fixture
def asked(three_runs, ask):
    """A review of the newest of three runs against the one before it, which Ana asks Ana for."""
    ask("me", "--name", "Ana")
    assert ask("review", "run:@1", "--against", "run:@2", "--by", "Ana", "--text", "ok?").out == "review:1\n"
    return three_runs


def test_show_writes_each_part_with_the_comments_under_it(asked, ask):
    said = ask("say", "review:1", "--part", "params.lr", "too small?").out.strip()
    refused = ask("say", "review:1", "--part", "cell:4", "which notebook?")
    assert (
        refused.code == 2 and "`review:1` has no part `cell:4`" in refused.err and "params.lr" in refused.err
    )
    record = gnomon.open()
    actions.say(find(record, "review:1"), "which notebook?", part="cell:4")  # by an older Gnomon, say
    answer = ask("reviews", "show", "1")
    assert answer.code == 0, answer.err
    lines = answer.lines
    assert lines[0].endswith("review:1, round 1") and lines[1] == "of run:@1 against run:@2"
    at = lines.index("params  Parameters  changed")
    assert [line.strip() for line in lines[at + 1 : at + 3]] == ["- lr: 0.01", "+ lr: 0.001"]
    assert lines[at + 3].strip().startswith(f"{said[:8]}  Ana on params.lr, ")
    assert lines[at + 4].strip() == "too small?"
    assert any("on cell:4 (part is gone)" in line for line in lines[-2:])


@pytest.mark.slow
def test_show_pages_through_many_parts_and_only_names_what_is_the_same(project, ask, monkeypatch):
    ask("init")
    ask("me", "--name", "Ana")
    cells = [(f"c{n}", f"x{n} = {n}", [printed(f"{n}\n")] if n == 119 else []) for n in range(120)]
    keep_notebook(project / ".gnomon", cells)
    keep_notebook(project / ".gnomon", [*cells[:119], ("c119", "x119 = 0", [])])
    ask("review", "run:@2", "--by", "Ana")
    first = ask("reviews", "show", "1")
    assert "x99 = 99" in first.out and "x100 = 100" not in first.out
    assert first.err.strip() == "parts 1 to 100 of 121; `--start 101` shows the next ones"
    assert "output:120  cell 120 printed" in ask("reviews", "show", "1", "--start", "101").out
    ask("review", "run:@1", "--against", "run:@2", "--by", "Ana")
    both = ask("reviews", "show", "2", "--start", "2")
    assert "cell:2 to cell:101  same" in both.out
    whole = ask("reviews", "show", "2", "--all").out
    assert "cell:120  cell 120  changed" in whole and "-x119 = 119" in whole and "was:output:120" in whole
    assert " x5 = 5" in whole
    monkeypatch.setitem(sys.modules, "nbdime", None)
    from gnomon.team.reviews.aligned import aligned

    aligned.cache_clear()
    missing = ask("reviews", "show", "2")
    assert missing.code == 2 and "pip install 'gnomon[review]'" in missing.err


def test_show_as_json_has_all_parts_with_the_ids_of_comments(asked, ask):
    said = ask("say", "review:1", "--part", "params.lr", "too small?").out.strip()
    found = ask("reviews", "show", "1", "--json").json()
    assert (found["of"], found["against"], found["left_out"]) == ("run:@1", "run:@2", 0)
    (params,) = [one for one in found["parts"] if one["anchor"] == "params"]
    assert params["what"] == "changed" and params["comments"] == [said]
    assert params["lines"][1] == {"text": "+ lr: 0.001", "kind": "add", "anchor": "params.lr"}


@pytest.mark.slow
def test_the_next_round_may_be_of_another_run_and_the_first_can_still_be_seen(asked, ask):
    ask("review", "run:@3", "--by", "Ana")
    assert "round 2" in ask("reviews", "again", "2", "lower", "--of", "run:@1").err
    now = ask("reviews", "show", "2").out
    assert "of run:@1 against run:@3" in now and "+ lr: 0.001" in now
    assert "of run:@3\n" in ask("reviews", "show", "2", "--round", "1").out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("show", "9"), "there is no review `9`"),
        (("show", "1", "--round", "2"), "has rounds 1 to 1; got 2"),
        (("show", "1", "--start", "0"), "counts parts from 1; got 0"),
        (("again", "1", "--of", "run:ffffffff"), "cannot be reviewed"),
    ],
)
def test_what_is_wrong_is_said(asked, ask, words, says):
    answer = ask("reviews", *words)
    assert answer.code == 2 and says in answer.err


def test_all_whom_a_review_names_are_asked_however_they_are_named(three_runs, ask):
    ask("me", "--name", "Ana", "--zone", "UTC")
    for name in ("Bea Wanjiku", "Kenji", "Nozone"):
        ask("team", "add", name)
    asked = ask("review", "run:@1", "--by", "Bea Wanjiku", "--by", "Kenji, Nozone", "--by", "kenji")
    assert "asked Bea Wanjiku, Kenji, Nozone;" in asked.err
    assert ask("reviews", "--json").json()[0]["to"] == ["Bea Wanjiku", "Kenji", "Nozone"]


def test_a_hand_off_that_names_two_receivers_is_refused(three_runs, ask):
    ask("me", "--name", "Ana", "--zone", "UTC")
    for name in ("A", "B"):
        ask("team", "add", name)
    refused = ask("handoff", "z", "--to", "A", "--to", "B")
    assert refused.code == 2 and "`--to` was given twice: `A` and `B`; one is wanted" in refused.err
    assert ask("handoffs", "--all", "--json").json() == []
