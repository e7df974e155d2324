"""`gnomon search`: words lead to runs."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import gnomon
from gnomon.errors import BadArgumentError


@pytest.fixture
def runs(project):
    """Four runs with different words in different places."""
    with gnomon.run("resnet-50", params={"optimizer": "adamw"}, tags=["nightly"]) as first:
        first.note("Plateaus after three epochs; next: a smaller step.")
    with gnomon.run("Größe", group="sizes") as second:
        second.log({"shown": gnomon.Text("x")})
        second.log(
            {"picture": gnomon.Image(b"GIF89a\x01\x00\x01\x00\x00\x00\x00;", caption="a zebra at night")}
        )
    with gnomon.run("hidden plateau") as third:
        pass
    gnomon.open().remove(third.id)
    return {"first": first.id, "second": second.id, "third": third.id}


def found(words: str) -> list[tuple[str, str]]:
    return [(hit.run, hit.field) for hit in gnomon.open().search(words)]


@pytest.mark.parametrize(
    ("words", "run", "field"),
    [
        ("plateaus epochs", "first", "note"),
        ("PLATEAUS", "first", "note"),
        ("adamw", "first", "params"),
        ("nightly", "first", "tags"),
        ("resnet", "first", "name"),
        ("res*", "first", "name"),
        ("größe", "second", "name"),
        ("GROßE", "second", "name"),
        ("grosse", None, None),
        ("zebra", "second", "values"),
        ("zebra epochs", None, None),
        ("hidden", None, None),
        ("nothing", None, None),
    ],
)
def test_words_lead_to_runs(runs, words, run, field):
    assert found(words) == ([(runs[run], field)] if run else [])


def test_what_was_printed_leads_to_the_run(project, monkeypatch):
    monkeypatch.setenv("GNOMON_CAPTURE", "on")

    def cli(*words, code=0):
        done = subprocess.run(
            [sys.executable, "-m", "gnomon", *words], capture_output=True, text=True, check=False
        )
        assert done.returncode == code, done.stderr
        return done

    cli("run", "--name", "one", "--", sys.executable, "-c", "print('CUDA out of memory at layer 7')")
    cli("run", "--name", "two", "--", "echo", "all is well")
    hits = json.loads(cli("search", "out", "of", "memory", "--json").stdout)
    assert [hit["name"] for hit in hits] == ["one"]
    shown = cli("search", "well").stdout
    assert "two" in shown and "all is well" in shown and "one" not in shown
    cli("run", "--name", "three", "--", "printf", "first\nsecond\n")
    assert "first second" in cli("search", "second").stdout
    assert "no run holds" in cli("search", "unheard").stderr
    assert "needs at least one word" in cli("search", "--", "-", code=2).stderr


def test_a_process_with_many_runs_leads_to_all(project, monkeypatch):
    monkeypatch.setenv("GNOMON_CAPTURE", "on")
    script = (
        "import gnomon\nfor n in range(3):\n    with gnomon.run(f'r{n}'):\n        print('jabberwocky')\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
    assert {hit.name for hit in gnomon.open().search("jabberwocky")} == {"r0", "r1", "r2"}
    assert len(gnomon.open().search("jabberwocky", limit=2)) == 2


@pytest.mark.parametrize(("words", "limit"), [("", 20), ("  ", 20), ("***", 20), ("x", 0), ("x", "many")])
def test_wrong_questions(runs, words, limit):
    with pytest.raises(BadArgumentError):
        gnomon.open().search(words, limit=limit)


@pytest.mark.parametrize(
    "words", ["a OR b", "NEAR(a b)", "col:x", "a AND NOT", '"a', "(a", "x" * 5000, "\0a", "a\0b", "a*b*"]
)
def test_no_word_is_special(runs, words):
    gnomon.open().search(words)
