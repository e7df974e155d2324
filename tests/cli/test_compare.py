"""`gnomon compare`, `gnomon runs --groups`, and the seeds in `gnomon show`."""

from __future__ import annotations

import json
import random
import subprocess
import sys

import pytest

import gnomon
from gnomon.runs.groups.definition import seed_groups
from tests.lab import Lab


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
    assert "no run said what it used; `run.use` records it" in answer.out
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
    a, b = train("a"), train("b", seed=2, loss=0.25)
    answer = ask("compare", a, b, "--at", "best")
    assert "lowest (a guess)" in answer.out and "nobody can guess" in answer.out
    answer = ask("compare", a, b, "--at", "best", "--better", "higher", "--metric", "weird")
    assert "highest" in answer.out and "guess" not in answer.out


@pytest.mark.slow
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


@pytest.mark.slow
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


def test_one_seed_each_tells_nothing_and_how_many_to_run_is_said(ask, project):
    train("a", group="a", loss=0.1), train("b", group="b", loss=9.0)
    answer = ask("compare", "--groups", "loss")
    assert "cannot tell, no group has two seeds or more" in answer.out
    assert "Run each with 4 more seeds, the same ones for all" in answer.out
    assert "not judged: one seed says nothing" in answer.out and "best mean" not in answer.out


def test_one_group_alone_is_no_best(ask, project):
    for seed in (1, 2):
        train("a", seed=seed, group="a", loss=0.1 * seed)
    answer = ask("compare", "--groups", "loss")
    assert "`a` is the only group" in answer.out and "best" not in answer.out
    train("b", group="b", loss=0.9)
    answer = ask("compare", "--groups", "loss")
    assert "cannot tell: only `a` has two seeds or more" in answer.out
    assert "Run `b` with 4 more seeds" in answer.out


def test_a_single_run_takes_no_verdict_away_and_is_named_where_it_looks_better(ask, two_groups):
    train("third", group="third", loss=0.05)
    answer = ask("compare", "--groups", "loss")
    assert "`good` is better than `bad` by 0.4" in answer.out
    assert (
        "`third` looks better on its single seed (0.25), which proves nothing: run it with 4 more"
        in answer.out
    )
    assert "not judged: one seed" in answer.out
    assert "corrected for" not in answer.out  # there is one comparison
    table, apart = answer.out.split("\n\n")[1:3]
    assert "third" not in table and "third" in apart
    found = ask("compare", "--groups", "loss", "--json").json()
    assert [row["name"] for row in found["unjudged"]] == ["third"] and found["comparisons_corrected"] == 1
    assert found["promising"] == {"name": "third", "more_seeds": 4}


def test_a_baseline_of_one_seed_needs_more_of_them(ask, two_groups):
    train("third", group="third", loss=0.05)
    out = ask("compare", "--groups", "loss", "--baseline", "third").out
    assert "cannot tell: the baseline `third` has one seed with a finite value" in out
    assert "Run it with 4 more seeds" in out and "is better than" not in out


@pytest.mark.slow
def test_seeds_that_diverged_are_said_and_win_nothing(ask, two_groups):
    for seed in range(5):
        train(
            f"nan-{seed}",
            seed=seed,
            group="nan",
            lr=0.5,
            loss=float("nan") if seed > 2 else 0.05 + seed / 1000,
        )
        train(f"all-{seed}", seed=seed, group="all-nan", lr=0.9, loss=float("nan"))
    answer = ask("compare", "--groups", "loss")
    row = next(line for line in answer.lines if line.startswith("nan "))
    assert "3 of 5 finite" in row and "cannot tell" in row and " to " not in row
    assert "`nan` is better" not in answer.out and "2 of 5 seeds of `nan` have no finite value" in answer.out
    assert "`good` is better than 1 of 2 others, but cannot be told from `nan`" in answer.out
    assert (
        "no finite value: 5 of 5 seeds of `all-nan` (seeds 0, 1, 2, 3, 4), 2 of 5 seeds of `nan` (seeds 3, 4)"
        in answer.out
    )
    assert not any(line.startswith("all-nan") for line in answer.lines)
    shown = ask("runs", "--groups", "--sort", "metrics.loss:asc", "--columns", "name,metrics.loss")
    assert [line.split()[0] for line in shown.lines[2:4]] == ["good", "bad"]  # the survivors rank nowhere
    assert "(3 of 5)" in shown.out and "failed by this metric" in shown.err
    assert "0 of 5 finite" in shown.out
    found = ask(
        "sql", "select name from groups where isnan(mean.loss) and isnan(spread.loss) order by name", "--json"
    )
    assert [row["name"] for row in found.json()] == ["all-nan", "nan"]


def test_a_baseline_whose_seeds_failed_is_said_once(ask, two_groups):
    for seed in range(5):
        train(
            f"nan-{seed}",
            seed=seed,
            group="nan",
            lr=0.5,
            loss=float("nan") if seed > 2 else 0.05 + seed / 1000,
        )
        train(f"other-{seed}", seed=seed, group="other", lr=0.6, loss=0.7 + seed / 100)
    said = " ".join(ask("compare", "--groups", "loss", "--baseline", "nan").out.split())
    assert said.count("2 of 5 seeds of `nan` have no finite value") == 1
    assert "on the seeds that are left alone, it is not called better." in said


def test_groups_of_which_every_seed_failed_are_not_said_to_be_of_one_seed(ask, project):
    for seed in range(3):
        train(f"a-{seed}", seed=seed, group="a", lr=0.1, loss=float("nan"))
        train(f"b-{seed}", seed=seed, group="b", lr=0.2, loss=float("inf"))
    out = " ".join(ask("compare", "--groups", "loss").out.split())
    assert "cannot tell, all seeds of `a` and `b` failed: none has a finite value." in out
    assert "one seed" not in out and "the others" not in out
    for seed in range(3):
        train(f"c-{seed}", seed=seed, group="c", lr=0.3, loss=seed / 10)
    out = " ".join(ask("compare", "--groups", "loss", "a", "c").out.split())
    assert "only `c` has two seeds or more with a finite value" in out and "the others" not in out


def test_runs_that_go_on_are_named_where_none_has_finished(ask, project):
    run = gnomon.run("live", seed=1, group="live")
    run.log(loss=1.0, step=0)
    answer = ask("compare", "--groups", "loss", "live")
    run.finish()
    assert answer.code == 2 and "runs that do not count: 1 running (`live`)" in answer.err


@pytest.mark.slow
def test_the_table_and_json_say_a_difference_alike_and_what_pairs_leave_out(ask, project):
    for seed in range(6):
        train(f"a-{seed}", seed=seed, group="a", lr=0.1, loss=0.1 * seed)
    for seed in (0, 1, 2, 3, 4, 99):
        train(f"b-{seed}", seed=seed, group="b", lr=0.2, loss=0.2 + 0.1001 * seed if seed < 9 else 100.0)
    out = " ".join(ask("compare", "--groups", "loss").out.split())
    found = ask("compare", "--groups", "loss", "--json").json()
    one = found["groups"][1]["comparison"]
    assert one["difference"] == pytest.approx(0.2002) and "+0.2002 +0.2" in out
    assert (one["pairs"], one["seeds_left_out"]) == (5, 2)
    assert "`a` is better than `b` by 0.2002" in out and "5 pairs, which leaves out 2" in out
    assert "are left out where they are compared seed by seed: 5 pairs with `b`, 2 left out" in out


def test_a_narrow_terminal_does_not_hide_that_seeds_failed(monkeypatch, two_groups):
    for seed in range(3):
        train(f"nan-{seed}", seed=seed, group="nan", lr=0.5, loss=float("nan") if seed else 0.1)
        train(f"all-{seed}", seed=seed, group="all-nan", lr=0.9, loss=float("nan"))
    for columns in (40, 60, 80):
        shown = on_a_terminal(
            monkeypatch, columns, "runs", "--groups", "--columns", "name,params.lr,metrics.loss"
        )
        row = next(line for line in shown.splitlines() if line.startswith("nan"))
        assert "(1 of 3)" in row or "loss" not in shown


def test_what_is_missing_is_said_with_its_group(ask, two_groups):
    for status, seed in (("failed", 8), ("failed", 9), ("stopped", 10)):
        train("bad", seed=seed, group="bad", lr=0.2, status=status)
    train("good", seed=9, group="good", lr=0.1, status="failed")
    for seed in range(3):
        with gnomon.run("half", seed=seed, group="half") as run:
            run.log({"loss": 1.0 + seed / 10} if seed else {"auc": 1.0}, step=4)
    answer = ask("compare", "--groups", "loss")
    assert "runs that do not count: 3 failed (`good` 1, `bad` 2), 1 stopped (`bad`)" in answer.out
    assert "without a value of `loss`, and not counted: 1 of 3 runs of `half`" in answer.out
    assert "`loss` of `half` (2 of 3 seeds)" in ask("runs", "--groups").err
    assert "left out, as no run has a value of `auc`: `good`, `bad`" in ask("compare", "--groups", "auc").out


def test_a_repeated_seed_counts_once_and_the_same_everywhere(ask, two_groups):
    train("good-again", seed=0, group="good", lr=0.1, loss=0.29)
    record = gnomon.open()
    row = next(row for row in record.compare_groups("loss").rows if row.name == "good")
    (listed,) = record.groups("group = 'good'", columns=["name", "n", "metrics.loss"]).records()
    sql = ask(
        "sql", "select n, len(runs) as runs, mean.loss, spread.loss from groups where name = 'good'", "--json"
    ).json()
    assert row.standing.n == listed["n"] == listed["metrics"]["loss"]["n"] == sql[0]["n"] == 5
    assert sql[0]["runs"] == 6
    means = [row.standing.mean, listed["metrics"]["loss"]["mean"], sql[0]["loss"]]
    assert means == pytest.approx([means[0]] * 3, rel=1e-12)
    shown = ask("show", "good-again")
    assert "5 seeds, 6 runs (seed 0 twice)" in shown.out and "5 of 5" in shown.out
    assert "`good` has 5 seeds, 6 runs (seed 0 twice)" in ask("compare", "--groups", "loss").out
    assert "`good` has 5 seeds, 6 runs (seed 0 twice)" in ask("runs", "--groups").err


def test_values_of_different_steps_are_said(ask, two_groups):
    for seed in range(5):
        with gnomon.run("short", seed=seed, group="short") as run:
            run.log({"loss": 0.9 + seed / 100}, step=1)
    out = ask("compare", "--groups", "loss").out
    assert "the last values are of different steps: `good`, `bad` step 4; `short` step 1" in out
    out = ask("compare", "--groups", "loss", "--at", "step=3").out
    assert "5 of 15 runs do not reach step 3: the last value before it counts (step 1)" in out
    assert "no run reaches step 100" in ask("compare", "--groups", "loss", "--at", "step=100").out
    assert "step" not in ask("compare", "--groups", "loss", "--at", "step=1").out.replace("at step=1", "")


def test_a_metric_may_stand_anywhere_and_there_may_be_several(ask, two_groups):
    for seed in range(3):
        for label in "ab":
            with gnomon.run(label, seed=seed, group=label) as run:
                run.log(
                    {
                        "val/acc": seed / 100 + (label == "b"),
                        "val/loss": seed / 100 + (label == "a"),
                        "val/odd": 1,
                    }
                )
    one = ask("compare", "--groups", "loss").out
    assert ask("compare", "loss", "--groups").out == ask("compare", "--groups=loss").out == one
    both = ask("compare", "--groups", "val/acc", "val/loss").out
    assert "val/acc at last" in both and "val/loss at last" in both
    assert "2 metrics, each judged on its own" in both
    answer = ask("compare", "val/*", "--groups", "a", "b")
    assert answer.out == ask("compare", "--groups", "val/acc", "a", "val/loss", "b").out
    assert answer.out.count("by 1.0") == 2 and "good" not in answer.out
    assert "cannot be guessed from `val/odd`" in answer.err
    found = ask("compare", "--groups", "val/*", "--json").json()
    assert [row["metric"] for row in found] == ["val/acc", "val/loss"]
    assert ask("compare", "--groups", "a", "b", "val/acc", "--json").json()["winner"] == "b"


@pytest.mark.slow
def test_runs_of_other_code_are_named_and_can_be_left_out(ask, project, monkeypatch):
    monkeypatch.setenv("GNOMON_CAPTURE", "on")
    script = project / "train.py"
    text = (
        "import sys, gnomon\nwith gnomon.run('t', params={'lr': 1}, seed=int(sys.argv[1]), group='t') as run:\n"
        "    run.log(loss=int(sys.argv[1]) / 100)\n"
    )
    for seed in range(4):
        script.write_text(text + ("# edited\n" if seed == 3 else ""))
        subprocess.run([sys.executable, "train.py", str(seed)], check=True, capture_output=True)
    *old, new = gnomon.open().runs(sort="created:asc").ids
    said = f"1 of 4 runs of `t` ran other code than the rest ({new[:8]}): train.py"
    for words in (("compare", "--groups", "loss"), ("runs", "--groups"), ("show", old[0])):
        answer = ask(*words)
        assert said in answer.out + answer.err, words
    answer = ask("compare", "--groups", "loss", "--same-code")
    assert said not in answer.out and "runs that do not count: 1 other code (`t`)" in answer.out
    found = ask("runs", "--groups", "--same-code", "--json").json()
    assert found[0]["runs"] == old and found[0]["apart"] == {"other code": 1}
    assert gnomon.open().compare_groups("loss", same_code=True).rows[0].standing.n == 3


@pytest.mark.slow
def test_code_that_no_seed_loaded_is_no_other_code(ask, project, monkeypatch):
    monkeypatch.setenv("GNOMON_CAPTURE", "on")
    (project / "train.py").write_text(
        "import sys, gnomon\nwith gnomon.run('t', params={'lr': 1}, seed=int(sys.argv[1]), group='t') as run:\n"
        "    run.log(loss=int(sys.argv[1]) / 100)\n"
    )
    for seed in range(3):
        (project / "serve.py").write_text(f"print({seed})\n")
        subprocess.run([sys.executable, "train.py", str(seed)], check=True, capture_output=True)
    answer = ask("compare", "--groups", "loss")
    assert "other code" not in answer.out + answer.err
    assert seeds_of(ask, "--same-code") == 3
    (project / "config.yaml").write_text("depth: 4\n")  # a file that a script may read
    subprocess.run([sys.executable, "train.py", "3"], check=True, capture_output=True)
    answer = ask("compare", "--groups", "loss")
    assert (
        "ran other code than the rest" in answer.out + answer.err and "config.yaml" in answer.out + answer.err
    )
    assert (seeds_of(ask), seeds_of(ask, "--same-code")) == (4, 3)


def seeds_of(ask, *words):
    (group,) = json.loads(ask("runs", "--groups", "--json", *words).out)
    return len(group["runs"])


# ---------------------------------------------------------------- how far runs came


def unequal(project):
    ids = []
    for name, steps, status in (("full", 60, "finished"), ("cut", 40, "stopped")):
        run = gnomon.run(name, params={"lr": 1}, seed=1)
        for step in range(steps):
            run.log({"loss": 1 / (1 + step), "rate": 0.1}, step=step)
        run.finish(status)
        ids.append(run.id[:8])
    return ids


def test_steps_that_differ_are_shown_and_so_is_who_did_not_finish(ask, project):
    full, cut = unequal(project)
    answer = ask("compare", full, cut)
    assert (
        f"Nothing that is recorded differs (not recorded: Python, packages, machine, code of all); {cut} was stopped."
        in answer.out
    )
    row = next(line.split() for line in answer.lines if line.split()[:1] == ["loss"])
    assert row[-3:] == ["59", "/", "39"]
    assert (
        f"the last values are of different steps: {full} 59, {cut} 39 (`--at step=39` compares at one)"
        in answer.out
    )
    assert "no run reaches step 100" in ask("compare", full, cut, "--at", "step=100").out
    answer = ask("compare", full, cut, "--at", "step=39")
    assert "step" not in answer.out.replace("at step=39", "")


def test_metrics_that_agree_are_counted_and_shown_on_demand(ask, project):
    ids = [train("a", lr=0.1, loss=0.1), train("b", lr=0.2, loss=0.2)]
    for run in ids:
        with gnomon.run(resume=run) as again:
            again.log(epoch=3)
    answer = ask("compare", *ids)
    assert "metrics  at last; 1 agrees (`--all` shows all)" in answer.out
    assert not any(line.split()[:1] == ["epoch"] for line in answer.lines)
    assert any(line.split()[:1] == ["epoch"] for line in ask("compare", *ids, "--all").lines)


def test_what_one_run_of_a_group_kept_is_no_difference_between_groups(ask, two_groups, tmp_path):
    for label in ("good", "bad"):
        (tmp_path / "model.bin").write_text(label)
        with gnomon.run(
            f"{label}-9", seed=9, group=label, params={"lr": {"good": 0.1, "bad": 0.2}[label]}
        ) as run:
            run.keep(tmp_path / "model.bin")
            run.log({"loss": 0.5}, step=4)
    assert "kept files" not in ask("compare", "good", "bad").out
    assert "kept files  1 differs" in ask("compare", "good-9", "bad-9").out


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
        (("compare", "--groups", "loss", "--level", "1.5"), "`level` must be a number from 0.001 to 0.5"),
        (("compare", "--groups", "loss", "--at", "x"), "`at` must be"),
        (
            ("compare", "--groups", "loss", "--baseline", "empty"),
            "no run of the baseline `empty` has a value of `loss`",
        ),
        (("compare", "--groups", "loss", "--baseline", "x"), "there is no group of seeds `x`"),
        (("compare", "--groups", "loss", "--where", "seed > 99"), "no finished run of these has a value"),
        (("compare", "--groups", "loss", "--metric", "loss"), "exclude each other"),
        (("compare", "--groups", "loss", "--limit", "0"), "`--limit` must be a whole number from 1"),
        (("compare", "--groups"), "`compare --groups` needs a metric"),
        (("compare", "--groups", "good", "bad"), "`compare --groups` needs a metric"),
        (
            ("compare", "--groups", "loss", "goood"),
            "no run has a series `goood`, and no group of seeds is called so",
        ),
        (("compare", "--groups", "nope/*"), "no run has a series `nope/*`"),
        (("compare", "x", "y", "--same-code"), "`--same-code` needs `--groups METRIC`"),
        (("runs", "--same-code"), "`--same-code` needs `--groups`"),
        (("runs", "--groups", "--removed"), "exclude each other"),
    ],
)
def test_wrong_questions_say_what_is_wrong(ask, two_groups, words, text):
    with gnomon.run("empty", group="empty", seed=1) as run:
        run.log(other=1)
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
    assert "seeds (finished runs of this configuration: 5 seeds" in answer.out
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


def on_a_terminal(monkeypatch, columns, *words):
    """What a command writes to a terminal of so many columns."""
    from io import StringIO

    from gnomon.cli.main import _run
    from gnomon.cli.terminal import Terminal

    class Tty(StringIO):
        def isatty(self):
            return True

    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("NO_COLOR", "1")
    terminal = Terminal(Tty(), StringIO())
    assert _run([*words], terminal) == 0
    return terminal.out.getvalue()


@pytest.fixture
def long_names(project):
    """Four groups whose names are long, and differ at their end only."""
    noise = random.Random(3)
    for rate in (0.001, 0.003):
        for width in (32, 64):
            for seed in range(5):
                train(
                    "x", seed=seed, loss=rate * 100 + width / 1000 + noise.gauss(0, 0.01),
                    group="cifar-resnet18-cosine-augmented", lr=rate, width=width, optimizer="adamw",
                )  # fmt: skip


@pytest.mark.parametrize("columns", [46, 60, 80, 100, 160])
def test_a_terminal_of_any_width_shows_verdicts_and_intervals_whole(monkeypatch, long_names, columns):
    shown = on_a_terminal(monkeypatch, columns, "compare", "--groups", "loss")
    assert all(len(line) <= columns for line in shown.splitlines())
    head, *lines = shown.split("\n\n")[1].splitlines()
    found = {
        row["name"]: row["comparison"] for row in gnomon.open().compare_groups("loss").to_dict()["groups"]
    }
    assert head.split()[0] == "group" and "verdict" in head and "interval" in head and len(lines) == 4
    for line, (name, one) in zip(lines, found.items(), strict=True):
        if one is None:
            assert line.rstrip().endswith(("best mean", "-"))
            continue
        assert f"{one['low']:+.3g} to {one['high']:+.3g}  " in line
        assert one["verdict"] in line and "…" not in line.partition(" to ")[2]
        if columns >= 60:  # what tells it from the others
            assert " ".join(name.split()[-2:]) in line
    names = [line[: head.index("interval")].split("  ")[0] for line in lines]
    assert len(set(names)) == 4
    assert ("●" in shown) is (columns >= 160)


@pytest.mark.slow
def test_a_narrow_terminal_gives_up_the_picture_before_numbers(monkeypatch, two_groups):
    shown = [on_a_terminal(monkeypatch, columns, "compare", "--groups", "loss") for columns in range(30, 140)]
    heads = [text.split("\n\n")[1].splitlines()[0] for text in shown]
    first = [next(at for at, head in enumerate(heads) if word in head) for word in
             ("verdict", "interval  ", "±", " n ", "difference", " p ", "95 %")]  # fmt: skip
    assert first == sorted(first) and first[0] == 0 and first[-1] > first[-2]


def test_the_newest_runs_are_named_by_their_number(ask, three_runs):
    found = ask("compare", "@1", "@3", "--json").json()
    assert [run["id"] for run in found["runs"]] == [three_runs[2], three_runs[0]]
    assert "there is no run `@9`: there are 3 runs" in ask("compare", "@1", "@9").err


@pytest.mark.slow
def test_two_scripts_with_equal_parameters_are_no_seeds_of_one_configuration(project):
    """A label that somebody gave joins them all the same; a run of which no script is known stands apart."""
    lab = Lab(project)
    for name in ("train.py", "linear.py"):
        lab.write(
            name,
            "import gnomon, sys\n_, seed, group = [*sys.argv, None][:3]\n"
            "with gnomon.run(params={'lr': 0.1}, seed=int(seed), group=group) as run:\n"
            "    run.log(auc=0.5)\n",
        )
    for seed in ("0", "1"):
        lab.python("train.py", seed)
    lab.python("train.py", "2", GNOMON_CAPTURE="off")
    assert [len(one) for one in seed_groups(lab.record)] == [3]  # one script is known
    for seed in ("0", "1"):
        lab.python("linear.py", seed)
        lab.python("linear.py", seed, "both")
        lab.python("train.py", seed, "both")
    found = {one.name: (len(one), one.params.get("script")) for one in seed_groups(lab.record)}
    assert found == {
        "train.py": (2, "train.py"), "linear.py": (2, "linear.py"), "lr=0.1": (1, None), "both": (4, None)
    }  # fmt: skip


def test_a_difference_that_is_no_number_has_no_sign(ask, project):
    for value in (1.0, float("nan")):
        with gnomon.run("a", params={"x": value}) as run:
            run.log(loss=value)
    ids = [one["id"] for one in ask("runs", "--json").json()]
    (line,) = [one for one in ask("compare", *ids).lines if one.split()[:1] == ["loss"]]
    assert line.split() == ["loss", "nan", "1", "nan"]
