"""`gnomon compare`, `gnomon runs --groups`, and the seeds in `gnomon show`."""

from __future__ import annotations

import json
import random
import subprocess
import sys

import pytest

import gnomon


def train(name, *, seed=1, group=None, loss=0.5, status="finished", **params):
    run = gnomon.run(name, params=params, seed=seed, group=group)
    for step in range(5):
        run.log({"loss": loss + 1 / (1 + step), "weird": loss}, step=step)
    run.finish(status)
    return run.id


@pytest.fixture
def two_groups(project):
    """A group that is clearly better, five seeds each: ids by group."""
    noise = random.Random(7)
    return {
        label: [
            train(f"{label}-{seed}", seed=seed, group=label, lr=rate, loss=height + noise.gauss(0, 0.01))
            for seed in range(5)
        ]
        for label, rate, height in (("good", 0.1, 0.2), ("bad", 0.2, 0.6))
    }


def test_what_differs_and_metrics_stand_side_by_side(ask, project):
    a, b = train("a", lr=0.1, depth=3), train("b", lr=0.2, depth=3, loss=0.75)
    answer = ask("compare", a[:8], b[:8])
    assert answer.code == 0
    assert "They differ in 1 parameter (lr)" in answer.out
    assert "params  1 differs, 1 agrees" in answer.out
    assert f"  lr  {a[:8]}" not in answer.out
    row = next(line.split() for line in answer.lines if line.split()[:1] == ["lr"])
    assert row == ["lr", "0.1", "0.2"]
    row = next(line.split() for line in answer.lines if line.split()[:1] == ["loss"])
    assert row == ["loss", "0.7", "0.95", "+0.25"]
    assert "versions of data are not recorded yet" in answer.out
    assert "single runs: a difference may be the noise between seeds" in answer.out


def test_the_sections_stand_in_one_order(ask, project):
    a, b = train("a", lr=0.1), train("b", seed=2, lr=0.2)
    titles = ("params", "code", "environment", "command", "seed", "data", "metrics")
    found = [line.split("  ")[0] for line in ask("compare", a, b).lines if line.split("  ")[0] in titles]
    assert found == [
        title for title in titles if title not in ("environment", "command")
    ]  # capture is off in tests


def test_a_pair_of_seeds_and_no_difference_are_said(ask, project):
    a, b, c = train("a", seed=1, lr=0.1), train("a", seed=2, lr=0.1), train("a", seed=1, lr=0.1)
    assert "A pair of seeds: nothing that is recorded differs but the seed (1, 2)" in ask("compare", a, b).out
    assert "Nothing that is recorded differs" in ask("compare", a, c).out


def test_json_says_the_same(ask, project):
    a, b = train("a", lr=0.1), train("b", lr=0.2)
    found = ask("compare", a, b, "--at", "area", "--json").json()
    assert found["differs_in"] == ["params"] and found["params"]["differ"] == {"lr": [0.1, 0.2]}
    assert [one["id"] for one in found["runs"]] == [a, b]
    assert {row["name"]: row["better"] for row in found["metrics"]} == {"loss": "lower", "weird": None}


def test_best_says_its_guess_and_where_nobody_can_guess(ask, project):
    a, b = train("a"), train("b", seed=2)
    answer = ask("compare", a, b, "--at", "best")
    assert "lowest (a guess)" in answer.out and "nobody can guess" in answer.out
    answer = ask("compare", a, b, "--at", "best", "--better", "higher", "--metric", "weird")
    assert "highest" in answer.out and "guess" not in answer.out


def test_code_is_a_diff_and_nothing_else(project, monkeypatch):
    monkeypatch.setenv("GNOMON_CAPTURE", "on")
    git = [
        "git",
        "-C",
        str(project),
        "-c",
        "user.name=n",
        "-c",
        "user.email=a@b",
        "-c",
        "commit.gpgsign=false",
    ]
    script = project / "train.py"
    script.write_text("import gnomon\nwith gnomon.run('r') as run:\n\trun.log(loss=1)\n")
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "train.py"], check=True)
    subprocess.run([*git, "commit", "-qm", "one"], check=True)
    subprocess.run([sys.executable, "train.py"], check=True, capture_output=True)
    script.write_text(script.read_text().replace("loss=1", "loss=2"))
    subprocess.run([sys.executable, "train.py"], check=True, capture_output=True)
    ids = [run.id for run in map(gnomon.open().run, gnomon.open().runs(sort="created:asc").ids)]

    def cli(*words):
        return subprocess.run(
            [sys.executable, "-m", "gnomon", *words], check=True, capture_output=True, text=True
        )

    shown = cli("compare", *ids).stdout
    assert "They differ in code (train.py)" in shown and "1 file differs, +1 -1" in shown
    diff = cli("compare", *ids, "--code").stdout
    assert diff.splitlines()[2:] == [
        "@@ -1,3 +1,3 @@", " import gnomon", " with gnomon.run('r') as run:", "-\trun.log(loss=1)", "+\trun.log(loss=2)",
    ]  # fmt: skip
    found = json.loads(cli("compare", *ids, "--json").stdout)
    assert found["code_diffs"][0]["diff"].splitlines() == diff.splitlines()
    assert "commit" in found["code"][0] and found["environment"]["agree"] > 10


def test_code_with_control_characters_cannot_touch_the_terminal(project, monkeypatch):
    monkeypatch.setenv("GNOMON_CAPTURE", "on")
    script = project / "train.py"
    for text in ("one", "two \x1b[2J\x07\u202e"):
        script.write_text(f"import gnomon\nwith gnomon.run('r'):\n    pass  # {text}\n", encoding="utf-8")
        subprocess.run([sys.executable, "train.py"], check=True, capture_output=True)
    words = [sys.executable, "-m", "gnomon", "compare", *gnomon.open().runs(sort="created:asc").ids, "--code"]
    diff = subprocess.run(words, check=True, capture_output=True, encoding="utf-8").stdout
    assert "+    pass  # two \\x1b[2J\\x07" in diff
    assert not set("\x1b\x07\u202e") & set(diff)


# ---------------------------------------------------------------- groups


def test_the_better_group_is_named_with_its_lead(ask, two_groups):
    answer = ask("compare", "--groups", "loss")
    assert answer.code == 0
    assert "lower is better (a guess from its name; `--better` says)" in answer.out
    assert "loss (lower is better): `good` is better than `bad` by 0.4" in answer.out
    assert "95 % interval" in answer.out and "●" in answer.out


def test_what_nobody_can_tell_is_called_so(ask, project):
    for label in ("a", "b"):
        for seed in range(3):
            train(
                label, seed=seed, group=label, loss=0.5 + ((seed * 7 + len(label) * (label == "b")) % 3) / 10
            )
    answer = ask("compare", "--groups", "loss")
    assert "cannot tell" in answer.out and "is better than" not in answer.out


def test_one_seed_each_tells_nothing(ask, project):
    train("a", group="a", loss=0.1), train("b", group="b", loss=9.0)
    assert "cannot tell, no group has two seeds or more" in ask("compare", "--groups", "loss").out


def test_only_some_groups_against_a_baseline(ask, two_groups):
    train("third", group="third", loss=3.0)
    answer = ask("compare", "--groups", "loss", "good", "bad", "--baseline", "bad", "--json")
    found = answer.json()
    assert [one["name"] for one in found["groups"]] == ["good", "bad"] and found["reference"] == "bad"
    assert found["groups"][0]["comparison"]["verdict"] == "better"
    assert "against the baseline `bad`" in ask("compare", "--groups", "loss", "--baseline", "bad").out


def test_runs_that_do_not_count_are_said(ask, two_groups):
    train("good-9", seed=9, group="good", lr=0.1, status="failed")
    answer = ask("compare", "--groups", "loss", "--where", "seed != 4")
    assert "runs that do not count: 1 failed" in answer.out
    rows = {line.split()[0]: line.split()[1] for line in answer.lines if line.startswith(("good ", "bad "))}
    assert rows == {"good": "4", "bad": "4"}


def test_equal_parameters_under_different_names_are_doubted(ask, project):
    for name in ("cnn", "mlp"):
        for seed in (1, 2):
            train(f"{name}-{seed}", seed=seed, lr=0.1)
    assert "equal parameters but different names" in ask("compare", "--groups", "loss").out


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("compare",), "needs two runs or more; got 0"),
        (("compare", "x", "y", "--where", "seed = 1"), "`--where` needs `--groups METRIC`"),
        (("compare", "x", "y", "--code", "--json"), "exclude each other"),
        (("compare", "--groups", "weird"), "cannot be guessed from the name `weird`"),
        (("compare", "--groups", "los"), "no run has a series `los`"),
        (("compare", "--groups", "loss", "--level", "1.5"), "`level` must be a number between 0 and 1"),
        (("compare", "--groups", "loss", "--at", "x"), "`at` must be"),
        (("compare", "--groups", "loss", "--baseline", "x"), "there is no group of seeds `x`"),
        (("compare", "--groups", "loss", "--where", "seed > 99"), "no finished run of these has a value"),
        (("compare", "--groups", "loss", "--metric", "loss"), "exclude each other"),
        (("compare", "--groups", "loss", "--limit", "0"), "`--limit` must be a whole number from 1"),
        (("runs", "--groups", "--removed"), "exclude each other"),
    ],
)
def test_wrong_questions_say_what_is_wrong(ask, two_groups, words, text):
    answer = ask(*words)
    assert answer.code == 2 and text in answer.err


def test_runs_by_group_show_means_and_spreads(ask, two_groups):
    answer = ask(
        "runs", "--groups", "--sort", "metrics.loss:asc", "--columns", "name,n,params.lr,metrics.loss"
    )
    rows = [line.split() for line in answer.lines[2:]]
    assert [row[:3] for row in rows] == [["good", "5", "0.1"], ["bad", "5", "0.2"]]
    assert all("±" in row for row in rows)
    found = ask("runs", "--groups", "--json", "--limit", "1").json()
    assert found[0]["name"] == "bad" and found[0]["metrics"]["loss"]["n"] == 5
    head, *lines = ask("runs", "--groups", "--csv").lines
    assert "metrics.loss,metrics.loss.spread" in head and len(lines) == 2
    assert "no run has `nope`" in ask("runs", "--groups", "--columns", "name,nope").err
    assert ask("runs", "--groups", "--where", "seed > 99").out == ""


def test_a_run_is_shown_among_its_seeds(ask, two_groups):
    answer = ask("show", two_groups["good"][0])
    assert "seeds (5 finished runs of this configuration" in answer.out
    line = next(line for line in answer.lines if "of 5" in line)
    assert "±" in line
    found = ask("show", two_groups["good"][0], "--json").json()["seeds"]
    assert found["runs"] == two_groups["good"] and found["metrics"]["loss"]["n"] == 5
    assert "seeds (" not in ask("show", train("alone", lr=3)).out


# ---------------------------------------------------------------- what others wrote


def test_hostile_texts_cannot_touch_the_terminal(ask, project):
    evil = "\x1b[2J\x1b]0;x\x07\n\u202e"
    ids = [
        train(f"{evil}{label}", seed=seed, group=f"{evil}{label}", **{f"{evil}key": f"{evil}{label}"})
        for label in "ab" for seed in (1, 2)
    ]  # fmt: skip
    for words in (
        ("compare", f"{evil}a", f"{evil}b"), ("compare", f"{evil}a", ids[2], "--code"),
        ("compare", ids[0], ids[2]), ("compare", "--groups", "loss"), ("runs", "--groups"), ("show", ids[0]),
        ("compare", ids[0], ids[2], "--json"), ("compare", "--groups", "loss", "--json"), ("runs", "--groups", "--csv"),
    ):  # fmt: skip
        answer = ask(*words)
        assert answer.code == 0
        assert not set("\x1b\x07\u202e") & set(answer.out + answer.err), words


def test_odd_values_are_compared_without_harm(ask, project):
    ids = []
    for value in (float("nan"), float("inf"), -float("inf"), 1e308):
        with gnomon.run("odd", params={"x": value, "deep": {"a": [1, {"b": None}]}}, seed={"a": 1}) as run:
            run.log({"loss": value, "big": 10**30}, step=0)
        ids.append(run.id)
    for at in ("last", "best", "area", "step=0"):
        assert ask("compare", *ids, "--at", at).code == 0
        assert ask("compare", "--groups", "loss", "--at", at).code in (0, 2)
    assert ask("runs", "--groups").code == 0


def test_a_narrow_terminal_cuts_no_number(monkeypatch, two_groups):
    from io import StringIO

    from gnomon.cli.main import _run
    from gnomon.cli.terminal import Terminal

    class Tty(StringIO):
        def isatty(self):
            return True

    monkeypatch.setenv("COLUMNS", "46")
    terminal = Terminal(Tty(), StringIO())
    assert _run(["compare", "--groups", "loss"], terminal) == 0
    table = terminal.out.getvalue().split("\n\n")[1]
    assert "±" in table and all(len(line) <= 46 for line in table.splitlines())
    for line in table.splitlines()[1:]:
        mean, _, spread = line.partition(" ± ")
        assert "…" not in spread.split()[0] and "…" not in mean.split()[-1]
