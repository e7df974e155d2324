"""`gnomon show`: everything about one run."""

from __future__ import annotations

import pytest

import gnomon
from gnomon.runs.cli_show import losses
from gnomon.runs.run_view import Process


def test_everything_is_there(ask, project, three_runs):
    (project / "model.bin").write_bytes(b"x" * 1_500_000)
    with gnomon.run(
        "outer", params={"lr": 0.1, "net": {"depth": 6, "act": "relu"}}, seed=7, group="g", tags=["b", "a"]
    ) as run:
        for step in range(50):
            run.log({"loss": 1 / (1 + step), "auc": step / 50}, step=step)
        run.keep("model.bin")
        run.note("Plateaus.\n\nNext: smaller.")
        with gnomon.run("inner") as inner:
            inner.log(x=1.0)
    answer = ask("show", run.id[:10])
    assert (answer.code, answer.err) == (0, "")
    text = answer.out
    assert answer.lines[0] == f"run {run.id}  outer  finished"
    for expected in (
        "  group    g\n",
        "  seed     7\n",
        "  tags     a, b\n",
        f"  parts    {inner.id[:8]} (inner)\n",
        "\nparams\n  lr         0.1\n  net.depth  6\n  net.act    relu\n",
        "\nmetrics\n",
        "Plateaus.\n\n    Next: smaller.\n",
        "model.bin",
        "1.5 MB",
        "\nprocesses\n  rank 0  finished: nothing lost\n",
    ):
        assert expected in text
    loss = next(line for line in answer.lines if line.strip().startswith("loss"))
    assert loss.split() == ["loss", "0.02", "0.02", "1", "50", "0", "to", "49"]
    assert "loss (50 points)" in text, "a loss is drawn before other series"
    assert "└" in text
    assert f"  part of  {run.id[:8]} (outer)\n" in ask("show", inner.id).out


def test_chosen_curves(ask, three_runs):
    answer = ask("show", three_runs[0], "--metric", "loss", "--metric", "auc")
    assert answer.out.index("loss (20 points)") < answer.out.index("auc (20 points)")
    over = ask("show", three_runs[0], "--metric", "loss", "--x", "auc")
    assert "loss over auc (20 points)" in over.out
    assert ask("show", three_runs[0], "--metric", "loss", "--log").code == 0
    assert "no points" in ask("show", three_runs[0], "--metric", "loss", "--rank", "3").out


@pytest.mark.slow
def test_curves_are_drawn_in_ascii_where_there_is_no_utf_8(start, three_runs):
    answer = start("show", three_runs[0], env={"PYTHONIOENCODING": "ascii"})
    assert answer.code == 0
    assert answer.out.isascii()
    assert "+----" in answer.out


def test_json_holds_everything_too(ask, three_runs):
    found = ask("show", three_runs[0], "--json").json()
    assert found["id"] == three_runs[0]
    assert found["params"] == {"lr": 0.1, "net": {"depth": 6}}
    assert found["metrics"]["loss"] == 0.1 + 1 / 20
    (auc, loss) = found["series"]
    assert (auc["name"], loss["name"]) == ("auc", "loss")
    assert (loss["points"], loss["first_step"], loss["last_step"], loss["nan"]) == (20, 0, 19, 0)
    assert (loss["min"], loss["max"]) == (0.1 + 1 / 20, 1.1)
    (process,) = found["processes"]
    assert (process["rank"], process["status"], process["lost_rows"], process["missing"]) == (
        0,
        "finished",
        0,
        0,
    )
    assert "points" not in found


def test_json_with_the_points_of_a_series(ask, three_runs):
    found = ask("show", three_runs[0], "--json", "--metric", "loss", "--x", "auc").json()["points"]["loss"]
    assert found["step"] == list(range(20))
    assert found["value"][0] == 1.1
    assert found["x"] == [0.9] * 20


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["zz"], "no run has this name or an id that begins with `zz` (GN103)"),
        (["RUN", "--metric", "los"], "has no series `los` (GN103)\nhint: it has `loss`"),
        (["RUN", "--x", "auc"], "`--x` needs `--metric` (GN100)\nhint: for instance `--metric loss --x auc`"),
        (["RUN", "--rank", "zero"], "`--rank` of `gnomon show` must be a whole number; got `zero` (GN101)"),
    ],
)
def test_wrong_questions_write_nothing(ask, three_runs, words, said):
    answer = ask("show", *(three_runs[0] if word == "RUN" else word for word in words))
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err


def test_a_run_without_anything(ask, project):
    gnomon.run().finish()
    run = ask("runs", "--json").json()[0]["id"]
    answer = ask("show", run)
    assert answer.code == 0
    assert answer.lines[0] == f"run {run}  (no name)  finished"
    assert "metrics" not in answer.out


def process(**said):
    plain = {
        "rank": 0, "log": "0" * 32, "writer": "0" * 32, "status": "finished", "error": None, "lost_rows": 0,
        "lost_values": 0, "unusable_values": 0, "missing": 0,
    }  # fmt: skip
    return Process(**{**plain, **said})


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({}, []),
        (
            {"lost_rows": 1200, "lost_values": 24000},
            ["1,200 calls (24,000 values) lost, since the disk took no more"],
        ),
        ({"missing": 1}, ["at most 1 call may be missing at its end"]),
        ({"missing": 17}, ["at most 17 calls may be missing at its end"]),
        (
            {"missing": None},
            [
                "how many calls are missing at its end cannot be told: the machine went down, or a file is damaged"
            ],
        ),
        ({"unusable_values": 3}, ["3 values were no numbers and were not stored"]),
    ],
)
def test_losses_are_said_as_they_are(said, words):
    assert losses(process(**said)) == words


def test_a_run_that_failed_says_how(ask, project):
    with pytest.raises(ZeroDivisionError), gnomon.run("fails") as run:
        run.log(x=1.0)
        1 / 0
    answer = ask("show", run.id)
    assert answer.lines[0].endswith("  fails  failed")
    assert "rank 0  failed (ZeroDivisionError): nothing lost" in answer.out


def test_names_that_two_people_gave_apart_are_both_shown(ask, three_runs):
    """Two renames that did not see each other, as two replicas would bring them."""
    from gnomon.runs import entries
    from gnomon.session import session_for

    session = session_for()
    for name in ("mine", "theirs"):
        session.append(entries.RENAMED, f"run:{three_runs[0]}", {"name": name})
    answer = ask("show", three_runs[0])
    assert "two said different things: name is `mine` and `theirs`; `gnomon rename` settles it" in answer.out
    ask("rename", three_runs[0], "ours")
    assert "different" not in ask("show", three_runs[0]).out


def test_a_narrow_terminal_and_a_wide_parameter(ask, project, monkeypatch):
    with gnomon.run("wide", params={"text": "x" * 500}) as run:
        run.log(loss=1.0)
    assert "x" * 500 in ask("show", run.id).out
    monkeypatch.setattr("gnomon.cli.terminal._is_tty", lambda stream: True)
    monkeypatch.setenv("COLUMNS", "50")
    shown = ask("show", run.id).lines
    assert max(map(len, shown[1:])) <= 50
    assert any(line.endswith("…") for line in shown)


def test_steps_that_were_not_logged_in_order_go_from_the_lowest_to_the_highest(ask, project):
    with gnomon.run("odd") as run:
        for step in (3, 4, 2, 3):
            run.log({"loss": 1.0}, step=step)
    (row,) = [line for line in ask("show", "odd").lines if line.split()[:1] == ["loss"] and " to " in line]
    assert row.split()[-3:] == ["2", "to", "4"]
