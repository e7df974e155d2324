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


@pytest.mark.slow
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
    assert "command  second" in cli("search", "second").stdout
    assert "no run holds" in cli("search", "unheard").stderr
    assert "needs at least one word" in cli("search", "--", "-", code=2).stderr


@pytest.mark.slow
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


# ---------------------------------------------------------------- what comes first


def names(words: str, **asked) -> list[str | None]:
    return [hit.name for hit in gnomon.open().search(words, **asked)]


def make(name, *, note=None, **settings):
    with gnomon.run(name, **settings) as run:
        if note:
            run.note(note)
    return run.id


def test_a_name_comes_before_a_tag_a_note_a_parameter_and_what_was_printed(project, monkeypatch):
    monkeypatch.setenv("GNOMON_CAPTURE", "console")
    script = "import gnomon\nwith gnomon.run('printed'):\n    print('zebra zebra zebra')\n"
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
    monkeypatch.setenv("GNOMON_CAPTURE", "off")
    make("zebra")
    make("tagged", tags=["zebra"])
    make("noted", note="a zebra zebra zebra")
    make("has it as parameter", params={"animal": "zebra"})
    assert names("zebra") == ["zebra", "tagged", "noted", "has it as parameter", "printed"]


def test_of_equal_matches_the_newer_run_comes_first(project):
    for number in range(5):
        make(f"run {number}", note="the gradient explodes")
    assert names("gradient") == [f"run {number}" for number in reversed(range(5))]
    assert names("gradient", limit=2) == ["run 4", "run 3"]


def test_words_that_follow_each_other_come_before_words_that_are_scattered(project):
    make("phrase", note="at layer 7 it ran out of memory again")
    make("scattered", note="memory of what came out")
    assert names("out of memory") == ["phrase", "scattered"]
    assert names("out of mem*") == ["phrase", "scattered"]


def test_a_note_that_says_it_more_often_comes_first_among_notes(project):
    make("often", note="plateau, plateau, plateau")
    make("once", note="a plateau somewhere between very many other words that say nothing of the kind at all")
    assert names("plateau") == ["often", "once"]


def test_words_may_stand_in_several_texts_of_one_run(project):
    make("resnet a", note="it diverges")
    make("resnet b", note="it converges", params={"optimizer": "adamw"})
    make("vit", note="resnet was better, and diverges")
    assert names("resnet diverges") == ["vit", "resnet a"]
    (hit,) = gnomon.open().search("resnet converges adamw")
    assert hit.name == "resnet b" and hit.field in ("note", "params")
    assert names("resnet nothing") == []


def test_very_many_matches_are_ordered_by_time_alone(project, monkeypatch):
    from gnomon.record import index_texts

    for number in range(6):
        make(f"run {number}", note="word " * (1 + number % 3) + "and more" * number)
    by_score = names("word")
    monkeypatch.setattr(index_texts, "MOST_SCORED", 5)
    assert names("word") == [f"run {number}" for number in reversed(range(6))] != by_score


# ---------------------------------------------------------------- parameters and filters


@pytest.fixture
def tuned(project):
    make("slow", params={"lr": 0.01, "optimizer": "AdamW", "nested": {"depth": 3}, "flag": True}, note="good")
    make("fast", params={"lr": 0.1, "optimizer": "sgd", "nested": {"depth": 4}, "flag": False}, note="good")


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("lr=0.01", ["slow"]),
        ("lr=1e-2", ["slow"]),
        ("good lr=0.1", ["fast"]),
        ("lr=0.1 good", ["fast"]),
        ("optimizer=adamw", ["slow"]),
        ("nested.depth=4", ["fast"]),
        ("flag=true", ["slow"]),
        ("params.lr=0.1", ["fast"]),
        ("lr=0.1 lr=0.01", []),
        ("lr=7", []),
        ("good", ["fast", "slow"]),
        ("lr=good", []),
        ("seed=1", []),
    ],
)
def test_a_word_with_a_value_asks_for_a_parameter(tuned, words, found):
    assert names(words) == found


def test_a_word_with_an_equals_sign_that_is_no_parameter_is_a_word(project):
    make("noted", note="set alpha=0.5 by hand")
    assert names("alpha=0.5") == ["noted"]


def test_a_run_found_by_its_parameter_says_so(tuned):
    (hit,) = gnomon.open().search("lr=1e-2")
    assert (hit.field, hit.excerpt) == ("params", "lr=0.01")


def test_where_narrows_the_search(tuned):
    assert names("good", where="params.lr > 0.05") == ["fast"]
    assert names("good", where="params.lr > 5") == []
    assert names("good", where="") == ["fast", "slow"]
    assert names("lr=0.1", where='name = "slow"') == []


def test_a_parameter_is_shown_as_it_was_recorded(ask, project):
    with gnomon.run("one", params={"lr": 0.2, "net": {"Kind": "Adam"}, "big": True}):
        pass
    (hit,) = gnomon.open().search("lr=0.20 net.Kind=ADAM big=TRUE")
    assert hit.excerpt == "lr=0.2 net.Kind=Adam big=true" and hit.marks == ((0, len(hit.excerpt)),)
    assert ask("search", "lr=2e-1").lines[1].split()[-2:] == ["params", "lr=0.2"]


# ---------------------------------------------------------------- what is shown


def test_marks_stand_at_the_words_that_were_asked_for(project):
    make("one", note="The loss, then THE\n\nLOSS again; and a glossary.")
    (hit,) = gnomon.open().search("loss")
    assert [hit.excerpt[start:end] for start, end in hit.marks] == ["loss", "LOSS"]
    assert hit.excerpt == "The loss, then THE / LOSS again; and a glossary."


def test_of_many_lines_those_with_the_words_are_shown(project):
    lines = [f"epoch {number} done" for number in range(6)]
    make("one", note="\n".join([*lines, "warning: the loss diverged", *lines, "diverged again"]))
    (hit,) = gnomon.open().search("diverged")
    assert "the loss diverged … diverged again" in hit.excerpt and "epoch" not in hit.excerpt


@pytest.mark.parametrize("width", [60, 70, 80])
def test_the_words_that_were_found_are_in_view_on_a_narrow_terminal(ask, project, monkeypatch, width):
    start = "the learning rate was far too large for this model on this data, said the log, and the loss "
    make("a-run-with-quite-a-long-name-of-its-own", note=f"{start}diverged at step 400")
    monkeypatch.setattr("gnomon.cli.terminal._is_tty", lambda stream: stream.__class__.__name__ != "StringIO")
    monkeypatch.setenv("COLUMNS", str(width))
    answer = ask("search", "diverged")
    assert "diverged" in answer.lines[1] and max(map(len, answer.lines)) <= width
    assert "a-run-" in answer.lines[1]


def test_a_text_without_spaces_is_shown_around_the_match(project):
    make("long", note="x" * 5_000 + " needle " + "y" * 5_000)
    (hit,) = gnomon.open().search("needle")
    ((start, end),) = hit.marks
    assert hit.excerpt[start:end] == "needle" and len(hit.excerpt) < 500


def test_marks_in_the_text_itself_do_no_harm(project):
    make("odd", note="before \x02 within \x03 needle \x1b[31m \x03\x02 after")
    (hit,) = gnomon.open().search("needle")
    assert "needle" in [hit.excerpt[start:end] for start, end in hit.marks]
    assert "\x02" not in hit.excerpt and "\x03" not in hit.excerpt


@pytest.fixture
def cli(project, monkeypatch):
    def run(*words, code=0):
        done = subprocess.run(
            [sys.executable, "-m", "gnomon", "search", *words], capture_output=True, text=True, check=False
        )
        assert done.returncode == code, done.stderr
        return done

    return run


@pytest.mark.slow
def test_the_words_are_bold_and_nothing_else_reaches_the_terminal(cli, monkeypatch):
    make("one", note="a needle\x1b[31m in the needlework")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    shown = cli("needle").stdout
    assert "a \x1b[1mneedle\x1b[0m" in shown and "needlework" in shown
    assert "\x1b[31m" not in shown
    monkeypatch.delenv("FORCE_COLOR")
    assert "\x1b" not in cli("needle").stdout


@pytest.mark.slow
def test_runs_that_were_open_together_share_a_line(cli, monkeypatch):
    monkeypatch.setenv("GNOMON_CAPTURE", "console")
    script = (
        "import gnomon\nfor n in range(3):\n    with gnomon.run(f'r{n}'), gnomon.run(f'r{n}b'):\n"
        "        print('jabberwocky')\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
    lines = cli("jabberwocky").stdout.splitlines()
    assert [line.split("  ")[1] for line in lines[1:]] == ["r2b (+1)", "r1b (+1)", "r0b (+1)"]
    assert len(json.loads(cli("jabberwocky", "--json").stdout)) == 6


@pytest.mark.slow
def test_that_there_are_more_is_said_and_only_then(cli):
    for number in range(4):
        make(f"plateau {number}")
    assert "the first 3; `--limit N` shows more" in cli("plateau", "--limit", "3").stderr
    assert cli("plateau", "--limit", "4").stderr == ""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("platau", "nothing holds `platau`; did you mean `plateau`?"),
        ("plat", "nothing holds `plat`; did you mean `plat*`?"),
        ("qqq", "nothing holds `qqq`"),
        ("plateau qqq", "nothing holds `qqq`"),
    ],
)
def test_a_near_miss_is_said(cli, typed, said):
    make("one", note="It stays on a plateau.")
    assert cli(*typed.split()).stderr.splitlines() == ["no run holds all of these words", said]


@pytest.mark.slow
def test_words_that_never_meet_have_no_near_miss(cli):
    make("one", note="plateau")
    make("two", note="valley")
    assert cli("plateau", "valley").stderr.splitlines() == ["no run holds all of these words"]


def test_a_search_sees_what_another_process_has_just_written(project, monkeypatch):
    """Answers come from the file and an overlay while somebody else holds the index."""
    from gnomon.record.index_keeper import Keeper

    first = make("earlier", note="plateau")
    make("new", note="plateau, and so on")
    record = gnomon.open()
    assert names("earlier") == ["earlier"]
    record.rename(first, "later")
    record.add_note(first, "a valley")
    monkeypatch.setattr(Keeper, "_try_lock", lambda *_: None)
    other = gnomon.open()
    assert sorted(hit.name for hit in other.search("plat*")) == ["later", "new"]
    assert [hit.field for hit in other.search("valley")] == ["note"]
    assert [hit.name for hit in other.search("later")] == ["later"]
    assert other.search("earlier") == [] == other.search("valey")
    assert other.find_texts("valey").near == {"valey": ["valley"]}


# ---------------------------------------------------------------- data


@pytest.fixture
def credit(project):
    """A data set whose words stand in all that a version says, and a run that shares some of them."""
    (project / "people.csv").write_text("age,income_eur\n30,1\n40,2\n")
    version = gnomon.add_data(
        project / "people.csv", name="credit", message="with the missing quarter", origin="the credit bureau",
        licence="CC-BY-4.0",
    )  # fmt: skip
    make("income study", note="the quarter is missing")
    return version.id


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "field"),
    [
        ("credit", "name"),
        ("credit@v1", "name"),
        ("people.csv", "file"),
        ("bureau", "origin"),
        ("missing quarter", "message"),
        ("income_eur", "columns"),
        ("age income_eur", "columns"),
        ("CC-BY-4.0", "licence"),
        ("credit@v1 income_eur", "name"),
    ],
)
def test_words_lead_to_data(credit, words, field):
    hits = gnomon.open().search(words, kind="data")
    assert [(hit.kind, hit.data, hit.run, hit.name, hit.field) for hit in hits] == [
        ("data", credit, None, "credit@v1", field)
    ]
    assert hits[0].id == credit


@pytest.mark.slow
def test_runs_and_data_are_told_apart_and_ranked_together(credit, cli):
    # A message counts as a note does. Of the note the words do not follow each other.
    found = [(hit.kind, hit.field) for hit in gnomon.open().search("missing quarter")]
    assert found == [("data", "message"), ("run", "note")]
    head, *lines = cli("quarter").stdout.splitlines()
    assert head.split() == ["id", "what", "name", "where", "text"]
    assert [line.split()[1] for line in lines] == ["run", "data"]  # the newer first
    assert lines[1].startswith(credit[:8])


@pytest.mark.slow
def test_a_message_of_data_counts_as_a_note_does(project):
    make("noted", note="a zebra")
    (project / "a.csv").write_text("x\n1\n")
    gnomon.add_data("a.csv", message="a zebra")
    (project / "b.csv").write_text("zebra\n1\n")
    gnomon.add_data("b.csv")
    found = [(hit.kind, hit.field) for hit in gnomon.open().search("zebra")]
    assert found == [("data", "message"), ("run", "note"), ("data", "columns")]


@pytest.mark.slow
def test_runs_alone_look_as_they_did(credit, cli):
    assert cli("study").stdout.splitlines()[0].split() == ["id", "name", "where", "text"]
    (hit,) = json.loads(cli("study", "--json").stdout)
    assert (hit["kind"], hit["data"]) == ("run", None)
    assert [hit.kind for hit in gnomon.open().search("quarter", kind="run")] == ["run"]


@pytest.mark.slow
def test_what_is_asked_of_runs_leaves_data_out(credit, cli):
    record = gnomon.open()
    assert [hit.kind for hit in record.search("quarter", where="status = finished")] == ["run"]
    make("with", note="quarter", params={"lr": 0.5})
    assert [hit.name for hit in record.search("quarter lr=0.5")] == ["with"]
    with pytest.raises(BadArgumentError, match="leave one of them out"):
        record.search("quarter", where="status = finished", kind="data")
    assert "--kind data" in cli("quarter", "--kind", "data", "--where", "seed = 1", code=2).stderr


@pytest.mark.slow
def test_what_no_data_holds_is_said(credit, cli):
    assert cli("zebra").stderr.startswith("no run and no data holds all of these words")
    assert cli("zebra", "--kind", "data").stderr.startswith("no data holds")
    assert cli("zebra", "--kind", "run").stderr.startswith("no run holds")
    with pytest.raises(
        BadArgumentError, match=r"one of 'run', 'data', 'check', 'decision'.* or None; got 'model'"
    ):
        gnomon.open().search("zebra", kind="model")


@pytest.mark.slow
def test_a_hidden_run_stays_hidden_beside_data(credit):
    record = gnomon.open()
    (hit,) = record.search("study")
    record.remove(hit.run)
    assert record.search("study") == []
    assert [hit.kind for hit in record.search("quarter")] == ["data"]


def test_an_excerpt_of_a_very_long_text_shows_where_most_words_stand(cli):
    text = "a plateau, " + "and so on, " * 3000 + "then a valley by the plateau, " + "nothing more " * 3000
    make("long", note=text)
    (hit,) = gnomon.open().search("valley plateau")
    assert "a valley by the plateau" in hit.excerpt
    assert {hit.excerpt[start:end] for start, end in hit.marks} == {"valley", "plateau"}
    assert len(hit.excerpt) <= 401
    (hit,) = gnomon.open().search("val* plateau")
    assert "a valley by the plateau" in hit.excerpt


@pytest.mark.slow
def test_a_line_of_the_console_leads_to_the_run_that_was_open_when_it_was_printed(project, monkeypatch):
    """Three runs of one process one after the other, one around two, and all of them in one script."""
    monkeypatch.setenv("GNOMON_CAPTURE", "console")
    script = """
import gnomon
print("preparing pelicans")
for name in ("one", "two", "three"):
    with gnomon.run(name) as run:
        print(f"walrus of {name}")
        run.log(loss=1)
with gnomon.run("outer"):
    with gnomon.run("inner"):
        print("an otter in both")
"""
    subprocess.run([sys.executable, "-c", script], check=True)
    record = gnomon.open()
    ids = {row["id"]: row["name"] for row in record.runs(columns=["name"], limit=None).to_pylist()}

    def named(words):
        return [(ids[hit.run], hit.field) for hit in record.search(words)]

    for name in ("one", "two", "three"):
        printed = {row for row in ids if f"walrus of {name}" in subprocess.run(
            [sys.executable, "-m", "gnomon", "console", row], check=True, capture_output=True, text=True).stdout}  # fmt: skip
        assert {ids[run] for run in printed} == {name}
        assert named(f"walrus {name}") == [(name, "console")]
    assert sorted(named("otter")) == [("inner", "console"), ("outer", "console")]


def test_a_reference_finds_what_it_names_before_texts_that_speak_of_it(runs):
    record = gnomon.open()
    first = record.team.decide("Depth six", "zebra")
    second = record.team.decide("Depth four", "It is about decision:1")
    record.add_note(runs["second"], f"as run:{runs['first'][:8]} did; see decision:2")
    hits = record.search("decision:2")
    assert [(hit.kind, hit.id) for hit in hits] == [("decision", second.id), ("run", runs["second"])]
    assert hits[0].name == "decision:2 Depth four"
    assert [hit.id for hit in record.search("decision:1")] == [first.id, second.id]
    assert next(hit.id for hit in record.search(f"run:{runs['first'][:6]}")) == runs["first"]
    assert [hit.id for hit in record.search("decision:1 decision:2")] == [first.id, second.id]
    assert record.search("decision:2", kind="run")[0].id == runs["second"]
    assert record.search("decision:9 nothing") == []


def test_a_word_without_blanks_around_it_is_shown_in_bold(runs, ask, monkeypatch):
    gnomon.open().add_note(runs["first"], "日本語の質問: 分割は？")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "日本語の\x1b[1m質問\x1b[0m: 分割は？" in ask("search", "質問").out
