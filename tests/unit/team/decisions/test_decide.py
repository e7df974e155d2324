"""Writing decisions down: what is kept, refused and superseded, and what two who move one apart leave."""

from __future__ import annotations

import json
import shutil

import pytest

import gnomon
from gnomon.errors import AmbiguousIdError, BadArgumentError, BadExpressionError, UnknownSubjectError
from gnomon.session import close_all
from gnomon.team.decisions.actions import accept, decide, reject
from gnomon.team.decisions.views import changed, decision_called, decisions
from gnomon.team.writing.actions import revise, say

BETTER = "group:deep > group:flat on auc"


def test_a_decision_keeps_its_evidence_as_it_is_that_day(groups):
    deep, flat = groups
    record = gnomon.open()
    made = decide(
        record, "Use depth 6", "because", evidence=[BETTER, f"run:{deep[0]}#auc", "group:flat#metrics.auc"]
    )
    assert (made.label, made.state, made.text) == ("decision:1", "accepted", "because")
    comparison, value, mean = made.evidence
    assert (comparison.order, comparison.verdict, comparison.what) == (">", "better", "metrics.auc")
    assert comparison.low < comparison.difference < comparison.high
    judged = record.compare_groups("auc", groups=["deep", "flat"])
    assert comparison.difference == pytest.approx(-judged.rows[1].comparison.difference)  # left minus right
    assert [side.runs for side in comparison.sides] == [tuple(deep), tuple(flat)]
    assert (
        value.value
        == record.runs(columns=["metrics.auc"], where=f"id = '{deep[0]}'").to_pylist()[0]["metrics.auc"]
    )
    assert value.sides[0].n == 5 and value.reference == f"run:{deep[0][:12]}#metrics.auc"
    assert mean.value == pytest.approx(sum(map(float, mean.sides[0].values.split())) / 5)
    assert decision_called(gnomon.open(), "1").evidence == made.evidence
    assert made.standing.verdict == "intact"


def test_evidence_and_conditions_may_stand_in_the_text_and_count_once(groups):
    text = (
        "# Use depth 6\n\n## Decision Outcome\n\nAUC [0.93](run:deep-1#metrics.auc).\n\n"
        f"## Evidence\n\n- {BETTER} = by 0.03\n\n## Reopen If\n\n- after 2090-01-01\n"
    )
    made = decide(
        gnomon.open(), None, text, evidence=[BETTER, "run:deep-1#auc"], reopen_if=["after  2090-01-01"]
    )
    assert made.title == "Use depth 6"
    assert [one.kind for one in made.evidence] == ["comparison", "value"]
    assert [one.text for one in made.conditions] == ["after 2090-01-01"]
    assert made.parts.choice.startswith("AUC")


@pytest.mark.parametrize(
    ("evidence", "error", "says"),
    [
        ("run:zzzz#auc", UnknownSubjectError, "zzzz"),
        ("run:deep-1#auk", UnknownSubjectError, "no run has `auk`"),
        ("group:flat > group:deep on auc", BadArgumentError, "says the opposite"),
        ("group:deep > group:deep on auc", BadArgumentError, "with itself"),
        ("data:credit@v1", UnknownSubjectError, "credit"),
        ("decision:9", UnknownSubjectError, "there is no decision"),
        ("it is better", BadArgumentError, "is no evidence"),
    ],
)
def test_evidence_that_is_not_so_is_refused_and_nothing_is_written(groups, evidence, error, says):
    record = gnomon.open()
    with pytest.raises(error, match=says):
        decide(record, "x", "y", evidence=[evidence])
    assert decisions(record, all=True) == []


def test_a_hidden_run_is_no_evidence_and_one_seed_is_no_comparison(groups, train):
    record = gnomon.open()
    record.remove(groups[0][0])
    with pytest.raises(BadArgumentError, match="is hidden"):
        decide(record, "x", evidence=[f"run:{groups[0][0]}"])
    train("single", 1, 0.9, depth=2)
    with pytest.raises(BadArgumentError, match="one seed says nothing about its own noise"):
        decide(record, "x", evidence=["group:deep > group:single on auc"])


def test_a_comparison_that_cannot_be_told_may_be_evidence_and_says_so(train):
    train("deep", 3, 0.93)
    train("flat", 3, 0.93, depth=4)
    record = gnomon.open()
    ahead = max(
        ("deep", "flat"), key=lambda name: record.groups(f"group = '{name}'").column("metrics.auc")[0].mean
    )
    behind = "flat" if ahead == "deep" else "deep"
    made = decide(record, "x", evidence=[f"group:{ahead} > group:{behind} on auc"])
    assert made.evidence[0].verdict == "cannot tell" and "cannot tell" in made.evidence[0].was


def test_a_decision_is_never_edited_and_needs_a_title(groups):
    made = decide(gnomon.open(), "x", "y")
    with pytest.raises(BadArgumentError, match="supersedes"):
        revise(made, text="z")
    with pytest.raises(BadArgumentError, match="needs a title"):
        decide(gnomon.open(), None, "no heading")


def test_a_proposal_is_accepted_or_rejected_and_supersedes_only_then(groups):
    record = gnomon.open()
    old = decide(record, "old")
    new = decide(record, "new", supersedes=[old.label], propose=True)
    assert (new.state, decision_called(record, "1").state) == ("proposed", "accepted")
    assert accept(new).state == "accepted"
    old = decision_called(record, "1")
    assert (old.state, old.moves[-1].why) == ("superseded", "by decision:2")
    assert [one.decision.label for one in decisions(record)] == ["decision:2"]
    assert [one.decision.label for one in decisions(record, all=True)] == ["decision:2", "decision:1"]
    assert reject(decision_called(record, "2"), "no").moves[-1].why == "no"
    assert decisions(record) == []


def test_conditions_that_hold_already_or_cannot_be_read_are_refused(groups):
    record = gnomon.open()
    for text, error, says in (
        ("after 2020-01-01", BadArgumentError, "holds already"),
        ("any run where metrics.auc > 0.5", BadArgumentError, "holds already: run .* and 9 more"),
        ("any run where metrics.auc >", BadExpressionError, "."),
        ("when pigs fly", BadArgumentError, "is no condition"),
        ("after the weekend", BadArgumentError, "is no condition"),
        ("data credit has a newer version", UnknownSubjectError, "credit"),
    ):
        with pytest.raises(error, match=says):
            decide(record, "x", reopen_if=[text])
    assert decisions(record, all=True) == []


def test_the_owner_is_told_by_the_device_that_wrote_the_decision(groups):
    record = gnomon.open()
    made = decide(record, "x", evidence=[f"run:{groups[0][0]}"])
    assert changed(record) == []
    record.remove(groups[0][0])
    assert [one.decision.id for one in changed(record, [made.writer])] == [made.id]
    assert changed(record, ["0" * 32]) == []


def test_those_who_move_a_decision_apart_leave_both_states_until_one_moves_it_again(
    groups, project, monkeypatch
):
    made = decide(gnomon.open(), "x", propose=True)
    close_all()
    shutil.copytree(project / ".gnomon", project / "other" / ".gnomon")
    accept(made)
    close_all()
    other = gnomon.open(project / "other")
    reject(decision_called(other, "1"), "not so")
    close_all()
    for path in (project / "other" / ".gnomon" / "log").rglob("*.jsonl"):
        shutil.copy(path, project / ".gnomon" / "log" / path.parent.name / path.name)
    merged = decision_called(gnomon.open(), "1")
    assert {one.state for one in merged.moves} == {"accepted", "rejected"}
    assert merged.is_in_force and [one.decision.id for one in decisions(gnomon.open())] == [made.id]
    assert [one.state for one in accept(merged, "after all").moves] == ["accepted"]


def test_one_number_that_two_gave_apart_is_an_error_that_offers_both(groups, project):
    decide(gnomon.open(), "first")
    close_all()
    shutil.copytree(project / ".gnomon", project / "other" / ".gnomon")
    decide(gnomon.open(), "here")
    close_all()
    decide(gnomon.open(project / "other"), "there")
    close_all()
    for path in (project / "other" / ".gnomon" / "log").rglob("*.jsonl"):
        shutil.copy(path, project / ".gnomon" / "log" / path.parent.name / path.name)
    with pytest.raises(AmbiguousIdError, match="here"):
        decision_called(gnomon.open(), "2")


def test_what_a_stranger_wrote_into_the_fields_never_raises(groups):
    from gnomon.team.writing.actions import open_writing

    record = gnomon.open()
    odd = [
        1, "x", {}, {"is": "value"}, {"is": "comparison", "sides": [{}, {}], "what": "metrics.auc"},
        {"is": "value", "subjects": ["run:zz"], "what": "metrics.auc"}, {"is": ["value"]},
        {"is": "mean", "sides": [{"runs": "xx", "values": 3}], "what": "metrics.auc"},
        {"is": "data", "subjects": ["data:" + "a" * 20], "reference": "data:../x", "data": [{"id": 3}, 4]},
        {"is": "decision", "subjects": ["decision:" + "a" * 20]},
        {"is": "value", "subjects": ["run:" + groups[0][0]], "what": "no such", "sides": [{"runs": groups[0][0]}]},
    ]  # fmt: skip
    conditions = [
        3,
        {"is": "runs", "text": "x", "filter": "((("},
        {"is": "after", "text": "x"},
        {"is": "data", "text": "x"},
    ]
    made = open_writing(
        record, "decision", "odd", "x", fields={"evidence": odd, "reopen": conditions, "supersedes": [3]}
    )
    found = decision_called(record, made.id)
    json.dumps(found.to_dict())
    assert found.standing.verdict in ("cannot tell", "changed")
    assert say(found, "odd").text == "odd"
