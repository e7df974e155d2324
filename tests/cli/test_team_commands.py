"""What people write to each other, on the command line: each command once, its errors, and that nothing typed is lost."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import stat

import pytest

import gnomon
from gnomon.session import close_all


@pytest.fixture
def team(project, ask):
    with gnomon.run("first", seed=1) as run:
        run.log(auc=0.914)
    with contextlib.suppress(ValueError), gnomon.run("broken", seed=1) as run:
        raise ValueError("the loss is not a number")
    assert ask("me", "--name", "Ana", "--zone", "Europe/Berlin").code == 0
    assert ask("team", "add", "Bea", "--zone", "Asia/Kolkata").code == 0
    return ask


def editor(tmp_path, monkeypatch, script):
    """Have a script be the editor: it gets the file as `$1`."""
    path = tmp_path / "editor.sh"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("VISUAL", str(path))
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)


@pytest.mark.slow
def test_a_question_is_asked_listed_answered_and_read(team):
    asked = team("ask", "bea", "Which split?", "--blocks", "run:@1", "--hours", "4")
    assert asked.out == "question:1\n"
    assert "asked Bea; an answer is due by 20" in asked.err
    assert "Which split?" in team("questions").out
    assert team("questions", "--to", "me").err.startswith("no question waits")
    assert team("answer", "1", "By customer.").err == "answered question:1\n"
    read = team("read", "question:1").out
    assert "answered" in read and "  By customer." in read and "blocks: run:@1" in read
    assert json.loads(team("read", "question:1", "--json").out)["comments"][0]["text"] == "By customer."
    assert team("read", "question:1", "--raw").out == ""
    assert team("questions").err.startswith("no question waits")
    assert "answered" in team("questions", "--all").out


@pytest.mark.slow
def test_comments_are_said_changed_and_taken_back(team):
    team("ask", "bea", "Which split?")
    said = team("say", "question:1", "one", "--part", "cell:4").out.strip()
    team("say", "question:1", "two", "--reply-to", said[:6])
    team("say", "question:1", "one, mended", "--edit", said)
    read = team("read", "question:1").out
    assert "one, mended" in read and "on cell:4" in read and f"to {said[:8]}" in read
    assert team("say", "question:1", "--take-back", said).code == 0
    assert "mended" not in team("read", "question:1").out
    wrong = team("say", "question:1", "x", "--take-back", said)
    assert wrong.code == 2 and "takes no text" in wrong.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("ask", "dora", "x"), "there is no member `dora`"),
        (("ask", "bea", ""), "needs a title"),
        (("ask", "bea", "x", "--hours", "0"), "above 0"),
        (("ask", "bea", "x", "--hours", "1", "--until", "now"), "exclude each other"),
        (("ask", "bea", "x", "--until", "soon"), "`soon` is no time"),
        (("ask", "bea", "x", "--blocks", "the run"), "`the run` is no reference"),
        (("answer", "7", "x"), "there is no question `7`"),
        (("read", "run:ab12"), "names nothing that people wrote"),
        (("read", "decision:1"), "there is no decision `decision:1`"),
        (("say", "question:9", "x"), "there is no question"),
        (("handoff", "--to", "me"), "for somebody else"),
        (("handoffs", "accept", "1"), "there is no hand-off `1`"),
        (("update", "hello"), "three lines suffice"),
        (("update", "x", "--did", "y"), "exclude each other"),
        (("page", "Set Up", "x"), "cannot be the name of a page"),
        (("page", "setup", "x", "--form", "howto"), "did you mean `how-to`"),
        (("problem", "x", "--run", "nope"), "no run has this name"),
        (("problems", "solve", "3", "x"), "there is no problem `3`"),
        (("review", "run:ffffffff", "--by", "bea"), "cannot be reviewed"),
        (("reviews", "verdict", "1", "approve"), "there is no review `1`"),
        (("catchup", "--since", "long ago"), "is no time"),
        (("catchup", "--since", "now", "--again"), "exclude each other"),
    ],
)
def test_bad_input_is_said_with_what_was_found_and_nothing_is_written(team, words, said):
    before = len(os.listdir(os.path.join(gnomon.open().path, "log")))
    answer = team(*words) if words[:2] != ("handoff", "--to") else team(*words, "--as-drafted")
    assert answer.code == 2, answer
    assert said in answer.err
    assert "Traceback" not in answer.err
    assert len(os.listdir(os.path.join(gnomon.open().path, "log"))) == before


@pytest.mark.slow
def test_a_hand_off_is_drafted_written_and_listed(team):
    draft = team("handoff", "--to", "bea", "--draft").out
    assert "## Failed" in draft and "ValueError" in draft
    assert team("handoffs").err.startswith("no hand-off waits")
    assert team("handoff", "--to", "bea", "--as-drafted").out == "handoff:1\n"
    assert "Ana to Bea" in team("handoffs").out
    assert "is for Bea; Ana cannot accept" in team("handoffs", "accept", "1").err
    assert "is for Bea; Ana cannot accept" in team("handoffs", "decline", "1", "no").err
    assert team("handoffs", "withdraw", "1").code == 0
    assert "withdrawn" in team("handoffs", "--all").out
    assert json.loads(team("handoffs", "--all", "--json").out)[0]["fields"]["items"][0].startswith("run:")


def test_catch_up_shows_once_and_again_when_it_is_asked(team):
    first = team("catchup").out
    assert "Failed" in first and "broken failed: ValueError" in first and "first finished" in first
    assert "Nothing new since" in team("catchup").out
    assert "broken failed" in team("catchup", "--again").out
    assert "broken failed" in team("catchup", "--since", "2000-01-01").out
    found = json.loads(team("catchup", "--since", "2000-01-01", "--json").out)
    assert {part["part"] for part in found["parts"]} >= {"failed", "finished"}


def test_what_is_kept_unread_is_new_again(team):
    assert "broken failed" in team("catchup", "--keep-unread").out
    assert "broken failed" in team("catchup", "--json").out
    assert "broken failed" in team("catchup").out


def test_an_update_asks_and_shows_what_was_done(team):
    given = team(
        "update", "--did", "trained", "--blocked", "bea: which split?", "--blocked", "dora: who are you?"
    )
    assert given.out == "update:1\n"
    assert "asked Bea (question:1), due by" in given.err
    assert "not asked, since `dora` is no member: who are you?" in given.err
    assert "- trained" in team("updates").out
    assert (
        team("update", "--draft").out
        == "Did:\n- trained\n\nBlocked:\n- bea: which split?\n- dora: who are you?\n"
    )
    assert team("updates", "--of", "bea").err.startswith("no updates")


def test_a_page_is_written_listed_and_archived(team):
    assert team("page", "setup-gpu", "Install it.", "--form", "how-to").out == "page:setup-gpu\n"
    assert "setup-gpu" in team("pages").out
    assert "Install it." in team("read", "page:setup-gpu").out
    assert team("pages", "archive", "setup-gpu", "--why", "old").code == 0
    assert team("pages").err.startswith("no pages yet")
    assert "archived" in team("pages", "--archived").out


@pytest.mark.slow
def test_a_problem_is_reported_from_a_run(team):
    assert team("problem", "NaN", "--run", "broken", "--as-drafted").out == "problem:1\n"
    assert "ValueError" in team("read", "problem:1").out
    assert "NaN" in team("problems").out
    assert team("problems", "solve", "1", "clip").code == 0
    assert "solved" in team("problems", "--all").out


def test_the_editor_gets_the_draft_and_what_it_leaves_is_written(team, tmp_path, monkeypatch):
    editor(tmp_path, monkeypatch, 'grep -q "broken" "$1" && printf "## Failed\\n\\n- mine\\n" > "$1"')
    assert team("handoff", "--to", "bea").out == "handoff:1\n"
    assert "- mine" in team("read", "handoff:1").out


def test_a_text_that_was_left_as_it_was_is_not_written(team, tmp_path, monkeypatch):
    editor(tmp_path, monkeypatch, "exit 0")
    answer = team("handoff", "--to", "bea")
    assert answer.code == 2 and "left as it was" in answer.err
    assert team("handoffs").err.startswith("no hand-off waits")


def test_what_was_typed_is_there_the_next_time_when_the_editor_fails(team, tmp_path, monkeypatch):
    editor(tmp_path, monkeypatch, 'printf "typed for an hour\\n" > "$1"; exit 3')
    answer = team("page", "setup")
    assert answer.code == 2 and "ended with 3" in answer.err and "what was typed is in" in answer.err
    editor(tmp_path, monkeypatch, "exit 0")
    assert team("page", "setup").out == "page:setup\n"
    assert "typed for an hour" in team("read", "page:setup").out


def test_who_is_not_known_is_asked_for_a_name(project, ask):
    with gnomon.run("a"):
        pass
    for words in (("update", "Did: x"), ("questions", "--to", "me"), ("handoff", "--to", "me", "--draft")):
        answer = ask(*words)
        assert answer.code == 2 and "`gnomon me --name NAME` says it" in answer.err


def test_wrong_numbers_and_references_to_nothing_are_told_and_stored_as_typed(team):
    text = "AUC was [0.99](run:first#metrics.auc), see run:ffffffff and [0.914](run:first#metrics.auc)"
    written = team("page", "figures", text)
    assert written.code == 0
    assert "note: `0.99` is wrong" in written.err
    assert "note: `run:ffffffff` is missing in this replica" in written.err
    assert written.err.count("note: ") == 2
    assert team("read", "page:figures", "--raw").out.strip() == text
    assert "note: `run:nope` is missing" in team("ask", "bea", "Which?", "--blocks", "run:nope").err
    assert "note: " not in team("ask", "bea", "Which?", "--blocks", "run:@1").err


def apart(tmp_path, mine, theirs):
    """Have this device and a copy of its record act apart, and meet."""
    here = gnomon.open().path
    close_all()
    shutil.copytree(here, tmp_path / "theirs" / ".gnomon")
    mine()
    close_all()
    theirs(str(tmp_path / "theirs"))
    close_all()
    shutil.copytree(tmp_path / "theirs" / ".gnomon", here, dirs_exist_ok=True)


@pytest.mark.slow
def test_a_page_that_was_changed_apart_is_settled_in_the_editor(team, tmp_path, monkeypatch):
    team("page", "shared", "Install it.")
    apart(
        tmp_path, lambda: team("page", "shared", "Words of alpaca."),
        lambda there: team("-C", there, "page", "shared", "Words of kestrel."),
    )  # fmt: skip
    assert "2, written apart" in team("pages").out
    read = team("read", "page:shared")
    assert "2 texts stand" in read.out and "alpaca" in read.out and "kestrel" in read.out
    given = team("page", "shared", "mine")
    assert given.code == 2 and "has 2 texts" in given.err and "--settle" in given.err
    editor(tmp_path, monkeypatch, f'cp "$1" {tmp_path}/shown')
    assert "the text was left as it was" in team("page", "shared").err
    shown = (tmp_path / "shown").read_text()
    assert "<<<<<<< Ana" in shown and "alpaca" in shown and "kestrel" in shown and "2 texts stand" in shown
    editor(tmp_path, monkeypatch, 'sed -i "s/Words/Some words/" "$1"')
    marked = team("page", "shared")
    assert marked.code == 2 and "still has the lines" in marked.err
    editor(tmp_path, monkeypatch, 'sed -i "/^<<<<<<</d; /^=====/d; /^>>>>>>>/d" "$1"')
    settled = team("page", "shared")
    assert settled.out == "page:shared\n" and "settled: what Ana wrote apart" in settled.err
    history = team("read", "page:shared", "--history").out
    assert [
        word for word in ("Install it.", "  Words of alpaca.", "  Words of kestrel.") if word not in history
    ] == []
    earlier = json.loads(team("read", "page:shared", "--history", "--json").out)["earlier"]
    assert [one["what"] for one in earlier] == ["text"] * 3
    assert team("read", "page:shared", "--raw", "--history").code == 2
