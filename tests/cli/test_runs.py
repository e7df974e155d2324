"""`gnomon runs` and the commands that change a run."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import re
import stat

import pytest

import gnomon

CARET = """\
error: this cannot be read:
  params.lr << 1
             ^ expected a value, such as 0.01, 'text' or true (GN102)
"""


def ids_of(answer) -> list[str]:
    return [row["id"] for row in json.loads(answer.out)]


def test_the_table_shows_what_tells_the_runs_apart(ask, three_runs):
    answer = ask("runs")
    assert (answer.code, answer.err) == (0, "")
    families, titles, *rows = answer.lines
    assert families.split() == ["params", "metrics"]
    assert titles.split() == [
        "id",
        "name",
        "group",
        "seed",
        "lr",
        "auc",
        "loss",
        "created",
        "duration",
    ]
    assert [row.split()[0] for row in rows] == [run[:8] for run in reversed(three_runs)]
    assert rows[0].split()[1:6] == ["line-3", "line", "3", "0.001", "0.999"]


def test_json_is_a_list_of_objects(ask, three_runs):
    found = ask("runs", "--json").json()
    assert [one["id"] for one in found] == three_runs[::-1]
    first = found[-1]
    assert first["name"] == "line-1"
    assert (first["group"], first["seed"], first["status"], first["parent"]) == ("line", 1, "finished", None)
    assert first["params"]["lr"] == 0.1
    assert first["metrics"] == {"auc": 0.9, "loss": pytest.approx(0.15)}
    assert first["created"].endswith("Z")
    assert first["duration_s"] >= 0


def test_csv_has_a_line_for_each_run(ask, three_runs):
    rows = list(csv.DictReader(io.StringIO(ask("runs", "--csv").out)))
    assert [row["id"] for row in rows] == three_runs[::-1]
    assert [float(row["params.lr"]) for row in rows] == [0.001, 0.01, 0.1]
    assert float(rows[0]["metrics.loss"]) == 0.001 + 1 / 20


def test_filter_sort_columns_and_limit(ask, three_runs):
    assert ids_of(ask("runs", "--json", "--where", "params.lr < 0.05 and metrics.auc > 0.995")) == [
        three_runs[2]
    ]
    assert ids_of(ask("runs", "--json", "--sort", "metrics.loss:asc")) == three_runs[::-1]
    assert ids_of(ask("runs", "--json", "--sort", "+metrics.auc")) == three_runs
    assert ids_of(ask("runs", "--json", "--sort", "-seed")) == three_runs[::-1]
    assert ids_of(ask("runs", "--json", "--limit", "1")) == three_runs[2:]
    assert ask("runs", "--columns", "seed,metrics.loss.min", "--limit", "1").lines[1].split() == [
        "id",
        "seed",
        "loss.min",
    ]


def test_what_the_question_is_about_is_shown(ask, three_runs):
    def titles(*words: str) -> list[str]:
        return ask("runs", *words).lines[1].split()

    plain = titles()
    assert "net.depth" not in plain, "all runs have the same"
    assert titles("--sort", "params.net.depth") == [*plain[:5], "net.depth", *plain[5:]]
    assert titles("--where", "metrics.loss.min < 9 and 'x' not in tags") == [
        *plain[:4], "tags", *plain[4:7], "loss.min", *plain[7:],
    ]  # fmt: skip
    assert titles("--where", "rank = 0 or seed > 0") == plain


def test_a_narrow_terminal_keeps_what_matters(ask, project, monkeypatch):
    for seed in range(2):
        params = {f"p{number}": seed for number in range(9)}
        with gnomon.run("many", params=params, seed=seed) as run:
            run.log({f"m{number}": 0.123456 + seed for number in range(9)})
    monkeypatch.setattr("gnomon.cli.terminal._is_tty", lambda stream: stream.__class__.__name__ != "StringIO")
    monkeypatch.setenv("COLUMNS", "70")
    answer = ask("runs", "--sort", "metrics.m8")
    shown = answer.lines[1].split()
    assert shown[:3] == ["id", "name", "seed"]
    assert {"p0", "m0", "m8"} <= set(shown)
    assert max(map(len, answer.lines)) <= 70
    assert "too narrow for " in answer.err
    assert "`--columns` chooses" in answer.err


def test_what_limit_leaves_out_is_said(ask, three_runs):
    answer = ask("runs", "--limit", "2")
    assert len(answer.lines) == 4
    assert answer.err == "2 of 3 runs; `--all` or `--limit N` shows more\n"
    assert ask("runs", "--all").err == ""


def test_a_table_into_a_pipe_has_20_rows_and_json_has_all(ask, project):
    for number in range(23):
        gnomon.run(f"r{number}").finish()
    answer = ask("runs")
    assert len([line for line in answer.lines if " r" in line]) == 20
    assert answer.err == "20 of 23 runs; `--all` or `--limit N` shows more\n"
    assert len(ask("runs", "--json").json()) == 23
    assert len(ask("runs", "--csv").lines) == 24


def test_nothing_to_show_is_said(ask, three_runs):
    assert ask("runs", "--where", "seed = 99") == (0, "", "no run matches\n")
    assert ask("runs", "--removed") == (0, "", "no hidden runs\n")
    assert ask("runs", "--json", "--where", "seed = 99").out == "[]\n"
    assert ask("runs", "--csv", "--where", "seed = 99", "--columns", "id,seed").out == "id,seed\n"


def test_an_empty_record_has_no_runs_yet(ask, project):
    ask("init")
    assert ask("runs").err.startswith("no runs yet: `gnomon run -- python train.py` records one")
    assert ask("runs", "--json").json() == []


def test_a_record_whose_runs_are_all_hidden_says_so(ask, project):
    with gnomon.run("one") as run:
        run.log(loss=1.0)
    ask("rm", run.id)
    assert ask("runs").err.startswith("no runs to list; 1 run is hidden: `gnomon runs --removed` lists them")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--json", "--csv"], "error: `--json` and `--csv` exclude each other (GN100)\n"),
        (["--all", "--limit", "3"], "error: `--all` and `--limit` exclude each other (GN100)\n"),
        (["--limit", "-3"], "error: `limit` of `runs()` must be a whole number from 0; got -3 (GN101)\n"),
        (["--limit", "x"], "error: `--limit` of `gnomon runs` must be a whole number; got `x` (GN101)\n"),
        (
            ["--columns", ","],
            "error: `--columns` needs at least one column (GN100)\nhint: for instance `--columns name,metrics.loss`\n",
        ),
        (
            ["--where", "params.lr << 1"],
            CARET,
        ),
    ],
)
def test_wrong_questions_end_with_2(ask, three_runs, words, said):
    assert ask("runs", *words) == (2, "", said)


@pytest.mark.parametrize(
    "words", [["--sort", "metrics.los"], ["--columns", "metrics.los"], ["--where", "metrics.los > 1"]]
)
def test_a_column_that_no_run_has_offers_those_that_are_near(ask, three_runs, words):
    answer = ask("runs", *words)
    assert answer.code == 0
    assert "no run has `metrics.los" in answer.err
    assert "did you mean `metrics.loss`" in answer.err


@pytest.mark.slow
def test_a_hostile_record_cannot_touch_the_terminal(ask, project):
    hostile = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202egnp\n\rx"
    with gnomon.run(hostile, params={hostile: hostile}, group=hostile, tags=[hostile]) as run:
        run.log({hostile: 1.0}, step=0)
        run.log({hostile: 2.0}, step=1)
        run.note(f"note {hostile}")
        (project / "file").write_text("x")
        run.keep("file", name=hostile)
    outputs = [
        ask("runs"),
        ask("runs", "--columns", f"params.{hostile},tags"),
        ask("runs", "--json"),
        ask("runs", "--csv"),
        ask("show", run.id),
        ask("show", run.id, "--json"),
        ask("show", run.id, "--metric", hostile),
        ask("get", run.id, "nothing", "--to", "there"),
        ask("tag", run.id, "x", "--remove", "none such"),
        ask("rename", run.id, "plain \x1b[1m"),
        ask("rm", run.id),
        ask("restore", run.id),
        ask("runs", "--where", hostile),
        ask("show", hostile),
        ask("__complete", "words", "show", ""),
        ask("__complete", "words", "runs", "--sort", ""),
    ]
    for answer in outputs:
        for char in answer.out + answer.err:
            assert char.isprintable() or char in "\n\t", ascii(answer)
    assert json.loads(outputs[2].out)[0]["name"] == hostile, "JSON keeps what was written"


def test_odd_numbers(ask, project):
    with gnomon.run("odd", params={"big": 10**30, "nan": math.nan, "inf": -math.inf}) as run:
        run.log({"nan": math.nan, "inf": math.inf, "big": 2**70 + 1, "tiny": 5e-324})
    (found,) = ask("runs", "--json").json()
    assert int(found["metrics"]["big"]) == 2**70 + 1
    assert found["metrics"]["tiny"] == 5e-324
    assert found["params"] == {"big": str(10**30), "nan": "NaN", "inf": "-Infinity"}
    assert (found["metrics"]["nan"], found["metrics"]["inf"]) == (
        "NaN",
        "Infinity",
    )  # null is what is missing
    of_show = {one["name"]: one["last"] for one in ask("show", run.id, "--json").json()["series"]}
    assert (of_show["nan"], of_show["inf"]) == ("NaN", "Infinity")
    assert ask("export", run.id, "--to", "out").code == 0
    (exported,) = json.loads((project / "out" / "runs.json").read_text())
    assert (exported["metrics"]["nan"], exported["params"]["inf"]) == ("NaN", "-Infinity")
    row = next(csv.DictReader(io.StringIO(ask("runs", "--csv").out)))
    assert (row["metrics.nan"], row["metrics.inf"], row["metrics.big"]) == ("nan", "inf", str(2**70 + 1))
    assert ask("runs").code == 0
    assert ask("show", run.id).code == 0


# --- changes


def test_rm_hides_and_restore_brings_back(ask, three_runs):
    first, second, third = three_runs
    answer = ask("rm", first[:10], third, third[:9])
    assert (answer.code, answer.out) == (0, "")
    assert answer.err == (
        f"hidden: run {first[:8]} (line-1)\nhidden: run {third[:8]} (line-3)\n"
        f"nothing was deleted; `gnomon restore {first[:8]} {third[:8]}` brings them back\n"
    )
    assert ids_of(ask("runs", "--json")) == [second]
    assert ids_of(ask("runs", "--json", "--removed")) == [third, first]
    assert "hidden" in ask("show", first).out
    assert ask("restore", first).err == f"back: run {first[:8]} (line-1)\n"
    assert ids_of(ask("runs", "--json")) == [second, first]


def test_a_wrong_id_among_several_leaves_all_as_they_were(ask, three_runs):
    answer = ask("rm", three_runs[0], "zz")
    assert (answer.code, answer.out) == (2, "")
    assert "`zz`" in answer.err
    assert len(ids_of(ask("runs", "--json"))) == 3


@pytest.mark.slow
def test_note_from_the_command_line_and_from_standard_input(ask, three_runs, monkeypatch):
    run = three_runs[0]
    assert ask("note", run, "# Flat\n\nafter 3").err == f"noted on run {run[:8]} (line-1)\n"
    monkeypatch.setattr("sys.stdin", io.StringIO("from\nstdin\n"))
    assert ask("note", run, "-").code == 0
    notes = ask("show", run, "--json").json()["notes"]
    assert [note["text"] for note in notes] == ["# Flat\n\nafter 3", "from\nstdin"]
    assert "    # Flat\n\n    after 3\n" in ask("show", run).out


def test_note_without_a_text_says_how_to_give_one(ask, three_runs, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    refused = ask("note", three_runs[0][:3], "x")
    assert refused.code == 2 and "too short to change a run by" in refused.err and "4 digits" in refused.err
    answer = ask("note", three_runs[0])
    assert answer.code == 2
    assert answer.err.startswith("error: `gnomon note` needs a text (GN100)\n")
    assert ask("note", three_runs[0], "-").code == 2, "an empty note is refused"


class Typing(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_note_in_an_editor(ask, three_runs, monkeypatch, tmp_path):
    editor = tmp_path / "an editor"
    editor.write_text(
        '#!/bin/sh\ngrep -q "about run" "$2" || exit 9\n{ echo written; cat "$2"; } > "$2.new"; mv "$2.new" "$2"\n'
    )
    editor.chmod(editor.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr("sys.stdin", Typing())
    monkeypatch.setenv("EDITOR", "false")
    monkeypatch.setenv("VISUAL", f"'{editor}' --wait")
    assert ask("note", three_runs[0]).code == 0
    assert [note["text"] for note in ask("show", three_runs[0], "--json").json()["notes"]] == ["written"]
    monkeypatch.delenv("VISUAL")
    answer = ask("note", three_runs[0])
    assert (answer.code, answer.err.splitlines()[0]) == (2, "error: the editor `false` ended with 1 (GN100)")
    monkeypatch.delenv("EDITOR")
    assert "or an editor" in ask("note", three_runs[0]).err


def test_a_note_is_edited_by_its_hash(ask, three_runs, monkeypatch, tmp_path):
    run = three_runs[0]
    ask("note", run, "first")
    ask("note", run, "second")
    first = ask("show", run, "--json").json()["notes"][0]["entry"]
    assert (
        ask("note", run, "better", "--edit", first[:12]).err == f"edited a note of run {run[:8]} (line-1)\n"
    )
    notes = ask("show", run, "--json").json()["notes"]
    assert [note["text"] for note in notes] == ["better", "second"]
    gone = ask("note", run, "again", "--edit", first[:12])
    assert gone.code == 2 and "it was edited meanwhile" in gone.err
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\necho ran >> "$0.log"; sed -i "s/better/best/" "$1"\n')
    editor.chmod(editor.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr("sys.stdin", Typing())
    monkeypatch.setenv("VISUAL", str(editor))
    assert ask("note", run, "--edit", notes[0]["entry"]).code == 0
    assert ask("show", run, "--json").json()["notes"][0]["text"] == "best"
    assert ask("note", run, "--edit", "0" * 12).code == 2
    assert (tmp_path / "editor.log").read_text() == "ran\n", "nobody writes a text that cannot be kept"


def test_tags_are_added_taken_away_and_printed(ask, three_runs):
    run = three_runs[0]
    assert ask("tag", run) == (0, "", f"run {run[:8]} (line-1) has no tags\n")
    assert ask("tag", run, "b", "a b", "c").out == "a b\nb\nc\n"
    assert ask("tag", run, "d", "--remove", "b", "c").out == "a b\nd\n"
    assert ask("tag", run, "--record", os.getcwd(), "e").out == "a b\nd\ne\n"
    assert ask("runs", "--where", "'e' in tags", "--json").json()[0]["tags"] == ["a b", "d", "e"]
    wrong = ask("tag", run, "--remove", "zz")
    assert (wrong.code, wrong.out) == (2, "")
    assert "`a b`, `d`, `e`" in wrong.err
    assert ask("tag", run, "x", "--remove", "x").code == 2


def test_rename(ask, three_runs):
    run = three_runs[0]
    assert ask("rename", run, "best").err == f"run {run[:8]} is now called `best`, before `line-1`\n"
    assert ask("runs", "--where", "name = 'best'", "--json").json()[0]["id"] == run
    assert ask("rename", run, " ").code == 2


def test_a_kept_file_and_a_kept_folder_are_written_out(ask, project):
    (project / "model.bin").write_bytes(b"weights" * 1000)
    (project / "plots").mkdir()
    (project / "plots/a.txt").write_text("a")
    with gnomon.run("keeper") as run:
        run.keep("model.bin")
        run.keep("plots")
    assert ask("get", run.id, "model.bin", "--to", "out/best.bin") == (
        0,
        "out/best.bin\n",
        "wrote 1 file, 7.0 kB\n",
    )
    assert (project / "out/best.bin").read_bytes() == b"weights" * 1000
    again = ask("get", run.id, "model.bin", "--to", "out/best.bin")
    assert (again.code, again.out) == (2, "")
    assert "exists already" in again.err
    assert "`--overwrite`" in again.err
    assert ask("get", run.id, "model.bin", "--to", "out/best.bin", "--overwrite").code == 0
    assert ask("get", run.id, "plots", "--to", "copy").code == 0
    assert (project / "copy/a.txt").read_text() == "a"
    missing = ask("get", run.id, "modle", "--to", "x")
    assert missing == (
        2, "", f"error: run {run.id[:8]} kept nothing called `modle` (GN103)\nhint: it kept `model.bin`, `plots`\n",
    )  # fmt: skip


def test_the_last_of_several_with_one_name_is_taken(ask, project):
    with gnomon.run("keeper") as run:
        for text in ("first", "second"):
            (project / "f").write_text(text)
            run.keep("f")
    assert ask("get", run.id, "f", "--to", "out").code == 0
    assert (project / "out").read_text() == "second"


def test_short_ids_grow_where_eight_digits_are_not_enough(ask, project):
    for tail in ("00", "11"):
        gnomon.run("twin", id="abcdef0123456789ab" + tail).finish()
    gnomon.run("other", id="1" * 20).finish()

    def shown(*words: str) -> set[str]:
        return {line.split()[0] for line in ask("runs", *words).lines if "Z " in line}

    assert shown() == {"abcdef0123456789ab0", "abcdef0123456789ab1", "1" * 19}
    assert shown("--where", "name = 'other'") == {"11111111"}
    assert shown("--where", "name = 'twin'", "--limit", "1") <= {"abcdef0123456789ab0", "abcdef0123456789ab1"}
    answer = ask("show", "abcdef")
    assert answer.code == 2
    assert "GN104" in answer.err
    assert ask("show", "abcdef0123456789ab1").code == 0


def test_colour_is_for_terminals_and_for_those_who_ask(ask, three_runs, monkeypatch):
    monkeypatch.delenv("NO_COLOR")
    plain = ask("runs")
    assert "\x1b" not in plain.out
    monkeypatch.setenv("FORCE_COLOR", "1")
    coloured = ask("runs")
    assert "\x1b[1m" in coloured.out
    import re

    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured.out) == plain.out


def test_a_column_that_no_run_has_is_left_out_and_what_is_near_is_named(ask, three_runs):
    answer = ask("runs", "--columns", "name,lr,auk")
    assert answer.lines[0].split() == ["id", "name"]
    assert "no run has `lr`; did you mean `params.lr`?" in answer.err
    assert "no run has `auk`; did you mean `metrics.auc`?" in answer.err
    assert ask("runs", "--columns", "name,lr", "--csv").lines[0] == "id,name,lr", (
        "a program gets what it asked for"
    )


def test_what_cannot_be_sorted_by_is_said_as_it_was_written(ask, three_runs):
    answer = ask("runs", "--sort", "metrics.los")
    assert "no run has `metrics.los`, so nothing is sorted by it; did you mean `metrics.loss`" in answer.err


def test_a_duration_is_called_as_in_json(ask, three_runs):
    assert ask("runs", "--columns", "name,duration_s", "--csv").lines[0] == "id,name,duration_s"
    assert ask("runs", "--columns", "name,duration", "--csv").lines[0] == "id,name,duration_s"
    assert len(ask("runs", "--where", "duration_s >= 0", "--json").json()) == 3


def test_runs_of_one_minute_show_their_seconds(ask, three_runs):
    times = [line for line in ask("runs").lines if "Z" in line]
    assert len(times) == 3 and all(re.search(r"\d\d:\d\d:\d\dZ", line) for line in times)
    assert re.search(r"\d\d:\d\dZ", ask("runs", "--limit", "1").out)


@pytest.mark.parametrize("width", [60, 80])
def test_a_narrow_table_has_parameters_seed_and_the_metric_of_validation(ask, project, monkeypatch, width):
    for seed in range(3):
        name = f"mlp-64-with-a-long-name-of-its-own-{seed}"
        with gnomon.run(name, params={"lr": 0.1 * seed, "epochs": 9}, seed=seed) as run:
            run.log(
                {"epoch": 9, "train/acc": 0.91234 + seed, "train/loss": 0.12345, "val/acc": 0.81234 + seed}
            )
    monkeypatch.setattr("gnomon.cli.terminal._is_tty", lambda stream: stream.__class__.__name__ != "StringIO")
    monkeypatch.setenv("COLUMNS", str(width))
    answer = ask("runs")
    assert {"seed", "lr", "val/acc"} <= set(answer.lines[1].split())
    assert not {"epochs", "status"} & set(answer.lines[1].split())
    names = [line.split()[1] for line in answer.lines[2:]]
    assert len(set(names)) == 3 and max(map(len, answer.lines)) <= width
