"""`gnomon prose check` and `prose render`."""

from __future__ import annotations

import io
import os
import sys
import time

import pytest

import gnomon

RIGHT = "AUC of [0.914](run:net#metrics.auc), before {{ metrics.auc of run:net | .2f }}.\n"


@pytest.fixture
def net(project):
    with gnomon.run("net") as run:
        run.log({"auc": 0.914})
    return run


def test_a_text_that_is_right_ends_well(ask, project, net):
    (project / "a.md").write_text(RIGHT)
    answer = ask("prose", "check", "a.md")
    assert (answer.code, answer.out, answer.err) == (0, "", "a.md: 2 right, 0 failed, 0 not bound\n")


def test_a_wrong_number_fails_and_says_what_to_write(ask, project, net):
    (project / "a.md").write_text("# A\n\nAUC of [0.941](run:net#metrics.auc) in 3 runs.\n")
    answer = ask("prose", "check", "a.md")
    assert answer.code == 1
    assert answer.lines == [
        "a.md:3:9: wrong: `0.941`", "    metrics.auc of run:net: 0.914", "    no rounding of the value gives it",
        "    with as many digits it is `0.914`", "a.md:3:40: not bound: `3`",
    ]  # fmt: skip


def test_lines_are_one_a_finding(ask, project, net):
    (project / "a.md").write_text("[0.941](run:net#metrics.auc)\n")
    answer = ask("prose", "check", "--format", "lines", "a.md")
    assert answer.lines == [
        (
            "a.md:1:2: wrong: `0.941`; metrics.auc of run:net is 0.914; no rounding of the value gives it; "
            "with as many digits it is `0.914`"
        )
    ]


def test_unbound_numbers_are_listed_fail_or_are_left_out(ask, project, net):
    (project / "a.md").write_text("3 runs\n")
    assert [(ask("prose", "check", "--unbound", how, "a.md").code) for how in ("list", "fail", "ignore")] == [
        0,
        1,
        0,
    ]
    assert "not bound" in ask("prose", "check", "a.md").out
    assert ask("prose", "check", "--unbound", "ignore", "a.md").out == ""
    (found,) = ask("prose", "check", "--unbound", "ignore", "--json", "a.md").json()
    assert found["findings"] == []


def test_json_has_all_findings_of_each_text(ask, project, net):
    for name in ("a.md", "b.md"):
        (project / name).write_text(RIGHT)
    found = ask("prose", "check", "--json", "a.md", "b.md").json()
    assert [(one["text"], one["ok"], one["failed"], one["unbound"]) for one in found] == [
        ("a.md", 2, 0, 0),
        ("b.md", 2, 0, 0),
    ]
    assert found[0]["findings"][0] == {
        "verdict": "ok", "line": 1, "column": 9, "written": "0.914", "reference": "metrics.auc of run:net",
        "value": "0.914",
        "why": None, "hint": None,
    }  # fmt: skip


def test_all_lists_what_is_right_too(ask, project, net):
    (project / "a.md").write_text(RIGHT)
    assert ask("prose", "check", "--all", "a.md").lines[0] == "a.md:1:9: ok: `0.914`"


def test_standard_input_and_the_notes_of_a_run(ask, project, net, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("[0.941](run:net#metrics.auc)"))
    assert ask("prose", "check", "-").code == 1
    gnomon.open().add_note(net.id, "right: [0.914](run:net#metrics.auc)")
    assert ask("prose", "check", "run:net").code == 0
    gnomon.open().add_note(net.id, "wrong: [0.941](run:net#metrics.auc)")
    answer = ask("prose", "check", f"run:{net.id[:6]}")
    assert answer.code == 1 and answer.out.startswith(f"run:{net.id[:8]}#note-2:1:9: wrong")


def test_a_file_counts_from_when_it_was_changed_or_as_of_a_moment(ask, project):
    run = gnomon.run("net")
    run.log({"auc": 0.8}, step=0)
    (project / "a.md").write_text("[0.8](run:net#metrics.auc)")
    time.sleep(0.02)
    run.log({"auc": 0.9}, step=1)
    run.finish()
    os.utime("a.md", (time.time() - 0.02 - 1e-3, run_time(run, 0)))
    assert ask("prose", "check", "a.md").lines[0] == "a.md:1:2: stale: `0.8`"
    os.utime("a.md")
    assert ask("prose", "check", "a.md").lines[0] == "a.md:1:2: wrong: `0.8`"
    moment = (
        time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(run_time(run, 0)))
        + f".{int(run_time(run, 0) * 1e6 % 1e6):06d}Z"
    )
    assert ask("prose", "check", "--as-of", moment, "a.md").lines[0] == "a.md:1:2: stale: `0.8`"


def run_time(run, row):
    return gnomon.open().run(run.id).series("auc").times()[row] / 1e6 + 0.001


def test_render_prints_the_text_with_its_values(ask, project, net):
    (project / "a.md").write_text(RIGHT)
    answer = ask("prose", "render", "a.md")
    assert (answer.code, answer.out) == (0, "AUC of [0.914](run:net#metrics.auc), before 0.91.\n")
    (project / "b.md").write_text("{{ nothing }} \x1b[31m\n")
    answer = ask("prose", "render", "b.md")
    assert (answer.code, answer.out) == (1, "{{ nothing }} (not found) \\x1b[31m\n")
    assert answer.err == "not found: {{ nothing }}: `nothing` cannot be read\n"


def test_what_cannot_be_read_is_an_error(ask, project, net):
    (project / "latin.md").write_bytes(b"caf\xe9")
    for words, message in (
        (["check", "none.md"], "cannot read `none.md`"), (["check", "latin.md"], "is not UTF-8"),
        (["check", "run:none"], "no run has this name"),
        (["check", "run:net"], "has no text"), (["check", "group:g"], "has no text that can be checked"),
        (["check", "--as-of", "noon", "latin.md"], "must be a date"),
        ([], "needs to know what to do"), (["render"], "TEXT"),
    ):  # fmt: skip
        answer = ask("prose", *words)
        assert answer.code == 2 and message in answer.err, words
