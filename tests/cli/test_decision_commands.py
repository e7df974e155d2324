"""`gnomon decide` and `gnomon decisions …`."""

from __future__ import annotations

import random

import pytest

import gnomon
from gnomon.team.decisions.views import decision_called
from gnomon.team.writing.actions import move

BETTER = "group:deep > group:flat on auc"


@pytest.fixture
def groups(project):
    """Two groups of five seeds, the first clearly ahead."""
    train("deep", 5, 0.93)
    train("flat", 5, 0.90, depth=4)


def train(group, count, mean, *, first=0, **params):
    chance = random.Random(f"{group}{first}")
    for seed in range(first, first + count):
        with gnomon.run(f"{group}-{seed}", params={"depth": 6, **params}, seed=seed, group=group) as run:
            run.log({"auc": chance.gauss(mean, 0.004)})


def test_a_decision_is_written_listed_checked_and_noticed(groups, ask):
    assert ask("decisions").err == 'no decision is in force; `gnomon decide "…"` writes one\n'
    made = ask(
        "decide", "Use depth 6", "--text", "because", "--evidence", BETTER, "--reopen-if", "after 2090-01-01"
    )
    assert (made.code, made.out) == (0, "decision:1\n")
    assert "it rests on group:deep > group:flat on metrics.auc: by 0.0" in made.err
    answer = ask("decisions")
    assert "decision:1" in answer.out and "stands" in answer.out and "of yours" not in answer.err
    answer = ask("decisions", "check")
    assert (answer.code, answer.out) == (0, "")
    assert "the evidence of 1 decision in force stands" in answer.err
    train("flat", 4, 0.96, first=20, depth=4)
    answer = ask("decisions")
    assert "evidence changed" in answer.out and "of yours: decision:1" in answer.err
    answer = ask("decisions", "check")
    assert answer.code == 1
    assert "changed  group:deep > group:flat on metrics.auc" in answer.out and "since 20" in answer.out
    assert "does not hold  after 2090-01-01" in answer.out
    (found,) = ask("decisions", "check", "1", "--json").json()
    assert found["standing"]["verdict"] == "changed"
    assert found["standing"]["grounds"][0]["by"][0]["subject"].startswith("run:")


def test_changed_evidence_stands_first_in_the_list(groups, ask):
    ask("decide", "first", "--text", "x", "--evidence", "run:deep-1#auc")
    ask("decide", "second", "--text", "x", "--evidence", "run:deep-2#auc")
    ask("rm", "deep-1")
    assert [line.split()[0] for line in ask("decisions").lines[1:]] == ["decision:1", "decision:2"]
    assert [one["label"] for one in ask("decisions", "--json").json()] == ["decision:1", "decision:2"]


def test_a_proposal_is_accepted_and_an_old_decision_superseded(groups, ask):
    ask("decide", "old", "--text", "x")
    answer = ask("decisions", "supersede", "1", "new", "--text", "-y", "--propose")
    assert answer.out == "decision:2\n" and "decision:1 is superseded once it is accepted" in answer.err
    assert ask("decisions", "accept", "2", "--why", "agreed").err.startswith("decision:2 is accepted\n")
    assert "decision:1" not in ask("decisions").out
    assert "superseded" in ask("decisions", "ls", "--all").out
    rejected = ask("decisions", "reject", "2").err
    assert rejected.startswith("decision:2 is rejected\n")
    assert "`gnomon decisions accept decision:1` brings it back" in rejected
    answer = ask("decisions", "check", "2")
    assert answer.code == 0 and "not in force" in answer.out


def test_what_was_superseded_says_so_before_anything_is_typed_or_written(groups, ask, monkeypatch):
    ask("decide", "old", "--text", "x")
    ask("decisions", "supersede", "1", "new", "--text", "x")
    monkeypatch.setenv("EDITOR", "false")  # it would fail
    answer = ask("decisions", "supersede", "1", "newer")
    assert answer.code == 2 and "`decision:1` is superseded: `decision:2` of device" in answer.err
    assert "gnomon decisions supersede 2 TITLE" in answer.err
    answer = ask("decisions", "accept", "1")
    assert answer.code == 2 and "`gnomon decisions reject 2` first" in answer.err
    assert "in its place decision:2 of device" in ask("read", "decision:1").out
    answer = ask("decisions", "reject", "2")
    assert "nothing stands in the place of decision:1 now" in answer.err
    assert ask("decisions", "accept", "decision:1").code == 0


def test_decisions_that_stand_in_one_place_are_listed_with_what_settles_it(groups, ask):
    ask("decide", "old", "--text", "x")
    ask("decide", "one", "--text", "x", "--propose", "--supersedes", "1")
    ask("decide", "two", "--text", "x", "--propose", "--supersedes", "1")
    record = gnomon.open()
    for word in ("2", "3"):  # as two who are apart
        move(decision_called(record, word), "accepted")
    move(decision_called(record, "1"), "superseded", "by decision:3")
    said = "beside decision:2 of device"
    settles = "`gnomon decide TITLE --supersedes 2 --supersedes 3` settles it"
    listed, read = ask("decisions"), ask("read", "decision:2").out
    assert said in read and "decision:3 of device" in read and settles in read
    assert listed.err.count("in force, too, in the place of decision:1") == 1 and settles in listed.err
    assert f"all are in force: {settles}" in ask("read", "decision:1").out
    (two, _) = ask("decisions", "--json").json()
    assert two["beside"] == ["decision:2"]


def test_a_decision_is_read_with_what_it_rests_on_and_what_it_supersedes(groups, ask):
    ask("decide", "old", "--text", "x")
    ask("decide", "new", "--text", "We go deep.", "--evidence", BETTER, "--supersedes", "1")
    found = ask("read", "decision:2")
    assert found.code == 0, found.err
    assert "We go deep." in found.out and "supersedes decision:1: old" in found.out
    assert "stands  group:deep > group:flat on metrics.auc" in found.out


@pytest.mark.slow
def test_a_text_may_come_from_standard_input_with_title_evidence_and_conditions(groups, start):
    text = (
        f"# Use depth 6\n\n## Evidence\n\n- {BETTER}\n\n## Reopen If\n\n- any run where metrics.auc > 0.99\n"
    )
    answer = start("decide", "--text", "-", input=text)
    assert (answer.code, answer.out) == (0, "decision:1\n")
    (found,) = start("decisions", "--json").json()
    assert found["title"] == "Use depth 6"
    assert [one["reference"] for one in found["standing"]["grounds"]] == [
        "group:deep > group:flat on metrics.auc",
        "any run where metrics.auc > 0.99",
    ]


def test_the_editor_opens_with_what_the_record_knows(groups, ask, monkeypatch, tmp_path):
    editor = tmp_path / "editor.sh"
    editor.write_text(
        f'#!/bin/sh\ncp "$1" {tmp_path}/seen.md\nsed -i \'s/option: ""/option: "deep"/\' "$1"\n'
    )
    editor.chmod(0o755)
    monkeypatch.setenv("EDITOR", str(editor))
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    answer = ask(
        "decide", "Use depth 6", "--about", "group:flat", "--about", "group:deep", "--about", "run:deep-1"
    )
    assert answer.out == "decision:1\n", answer.err
    seen = (tmp_path / "seen.md").read_text()
    assert seen.startswith("# Use depth 6\n\n## Context and Problem Statement\n\n- group:flat: ")
    assert "- group:deep > group:flat on metrics.auc = by 0.0" in seen
    assert "#metrics.auc = 0.9" in seen and "(5 seeds: 0.9" in seen
    (found,) = ask("decisions", "--json").json()
    assert 'Chosen option: "deep", because' in found["text"]
    assert [one["reference"].partition(":")[0] for one in found["standing"]["grounds"]] == ["run", "group"]


def test_what_was_typed_is_kept_where_the_evidence_is_not_found(groups, ask, monkeypatch, tmp_path):
    editor = tmp_path / "editor.sh"
    editor.write_text(
        '#!/bin/sh\ncp "$1" "$1.before"\nprintf "# T\\n\\nmuch thought\\n\\n## Evidence\\n\\n- run:nope\\n" > "$1"\n'
    )
    editor.chmod(0o755)
    monkeypatch.setenv("EDITOR", str(editor))
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    assert ask("decide", "T").code == 2
    (draft,) = (tmp_path / "config").rglob("decision-*.md")
    assert "much thought" in draft.read_text()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("decide", "x", "--text", "y", "--evidence", "nonsense"), "is no evidence"),
        (("decide", "x", "--text", "y", "--reopen-if", "never"), "is no condition"),
        (("decide", "--text", "no title"), "a decision needs a title"),
        (("decide", "x", "--text", "y", "--supersedes", "9"), "there is no decision `9`"),
        (("decide", "x", "--about", "bea"), "is no reference"),
        (("decide", "x"), "needs a text"),
        (("decisions", "check", "9"), "there is no decision `9`"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_written(groups, ask, words, says):
    answer = ask(*words)
    assert answer.code == 2 and says in answer.err
    assert ask("decisions", "--all", "--json").json() == []


def test_a_decision_without_evidence_says_that_it_has_none(groups, ask):
    ask("decide", "resting", "--text", "x", "--evidence", BETTER)
    ask("decide", "watching", "--text", "x", "--reopen-if", "any run where metrics.auc > 0.99")
    listed = {line.split()[0]: line for line in ask("decisions").lines[1:]}
    assert "stands" in listed["decision:1"]
    assert " none " in listed["decision:2"] and "stands" not in listed["decision:2"]
    assert "the evidence of 1 decision in force stands; 1 without any" in ask("decisions", "check").err
    for words in (("decisions", "check", "2"), ("read", "decision:2")):
        said = ask(*words).out
        assert "it names no evidence" in said and "does not hold  any run where metrics.auc > 0.99" in said
    assert "no evidence" not in ask("read", "decision:1").out
    with gnomon.run("better", seed=1) as run:
        run.log(auc=0.999)
    assert "evidence changed" in next(line for line in ask("decisions").lines if "decision:2" in line)


def test_a_device_without_a_member_is_told_how_to_say_who_it_is(groups, ask):
    hint = "this record does not know who you are, so others see a device: `gnomon me --name NAME` says it"
    assert hint in ask("decide", "one", "--text", "x", "--propose").err
    assert hint in ask("decisions", "accept", "1").err
    ask("team", "add", "Bea", "--zone", "UTC")
    assert hint in ask("ask", "Bea", "Which split?").err
    assert hint in ask("answer", "1", "The first.").err
    ask("me", "--name", "Ana", "--zone", "UTC")
    for words in (("decisions", "reject", "1"), ("answer", "1", "No, the second.")):
        assert "does not know who you are" not in ask(*words).err
