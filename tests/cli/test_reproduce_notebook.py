"""`gnomon reproduce` and `gnomon why` of runs that were made in a notebook, in real kernels."""

from __future__ import annotations

import time

import pytest

from tests.lab import Lab
from tests.unit.interop.kernels import LOAD, kernel

pytestmark = pytest.mark.slow


@pytest.fixture
def lab(project):
    lab = Lab(project)
    lab.write("helper.py", "SCALE = 2.0\n")
    lab.commit()
    return lab


def ran(lab, *cells, **variables):
    """Run cells in a kernel of their own; return the newest run, and how each cell ended."""
    with kernel(lab.project, GNOMON_CAPTURE="on", **variables) as front:
        ended = [front.run(cell, f"c{number}") for number, cell in enumerate(cells)]
        until_looked_at(lab)
    return lab.newest(), ended


def until_looked_at(lab, seconds=60):
    """Wait until the kernel has looked at its code: one that ends before keeps what it had by then, as a training does."""
    end = time.monotonic() + seconds
    while not lab.newest().captured.part("code"):
        assert time.monotonic() < end, lab.newest().captured.pending
        time.sleep(0.02)


TRAIN = "import gnomon, helper\nrun = gnomon.run('study', params={'lr': lr}, seed=1)"
LOG = "for step in range(3):\n    run.log(score=lr * helper.SCALE * step, step=step)"


def test_the_cells_run_again_in_the_order_in_which_they_ran(lab):
    """A cell was changed and run again, one failed, and a later one came first: the state of the kernel is what counts."""
    run, ended = ran(
        lab, LOAD, "lr = 0.1", "history = [lr]", "lr = 0.3\nhistory.append(lr)", "1 / 0", TRAIN, LOG,
        "run.log(cells=len(history), step=3)", "run.finish()", "lr = 99  # after its end",
    )  # fmt: skip
    assert ended == ["ok", "ok", "ok", "ok", "error", "ok", "ok", "ok", "ok", "ok"]
    again = lab.again(run.id)
    assert again["verdict"] == "identical", again
    assert {row["metric"]: row["after"] for row in again["metrics"]} == {
        "score": pytest.approx(1.2),
        "cells": 2.0,
    }
    repeat = lab.record.run(again["by"])
    assert (repeat.name, repeat.params, repeat.seed) == ("study", {"lr": 0.3}, 1)
    assert len(repeat.cells) == 9
    assert run.replications or lab.record.run(run.id).replications


def test_magics_and_shell_run_and_what_installs_is_left_out(lab):
    run, _ = ran(
        lab, LOAD, "%%bash\necho 0.5 > lr.txt", "text = !cat lr.txt\nlr = float(text[0])",
        "%pip install a-package-that-is-nowhere\nextra = 1", TRAIN, LOG + "\nrun.log(extra=extra, step=9)\nrun.finish()",
    )  # fmt: skip
    again = lab.again(run.id)
    assert again["verdict"] == "identical", again
    assert any("installs is left out" in gap["why"] for gap in again["gaps"])
    ran_again = [cell.source for cell in lab.record.run(again["by"]).cells]
    assert "extra = 1" in ran_again and not any("pip install" in source for source in ran_again)


def test_a_cell_that_fails_only_now_is_said(lab):
    lab.write("local.txt", "1")
    run, _ = ran(
        lab, LOAD, f"value = open({str(lab.project / 'gone.txt')!r}, 'a').tell() or 1", "lr = 0.1",
        f"import os\nassert not os.path.exists({str(lab.project.parent / 'mark')!r})", TRAIN, LOG + "\nrun.finish()",
    )  # fmt: skip
    (lab.project.parent / "mark").write_text("")
    again = lab.again(run.id, code=3)
    assert again["verdict"] == "cannot run"
    assert "AssertionError" in again["why"] or "cell 4 failed" in again["why"], again["why"]


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        (["lr = 0.1", TRAIN, LOG + "\nrun.finish()"], "whose cells were not recorded"),
        ([LOAD, "lr = 0.1 # " + "x" * 70_000, TRAIN, LOG + "\nrun.finish()"], "only the beginning of cell 2"),
        (
            [LOAD, "lr = 0.1\nkey = 'AKIAIOSFODNN7EXAMPLQ'", TRAIN, LOG + "\nrun.finish()"],
            "cell 2 holds a secret that was not recorded",
        ),
    ],
)
def test_what_stands_in_the_way_is_named_before_anything_starts(lab, cells, why):
    run, _ = ran(lab, *cells)
    found = lab.json("reproduce", run.id, "--plan", code=3)
    assert any(why in gap["why"] and gap["blocks"] for gap in found["gaps"]), found["gaps"]


def test_cells_that_ran_before_they_were_recorded_are_counted(lab):
    run, _ = ran(lab, "lr = 0.1", "pass", LOAD, "lr = 0.2", TRAIN, LOG + "\nrun.finish()")
    found = lab.json("reproduce", run.id, "--plan")
    assert any("2 cells ran before" in gap["why"] for gap in found["gaps"])
    assert lab.again(run.id)["verdict"] == "identical"


def test_why_two_notebooks_differ(lab):
    """The cells, and a module beside the notebook, both changed: each is a piece."""
    noise = "import random\nrun.log(total=lr * helper.SCALE + random.gauss(0, 0.001), step=9)\nrun.finish()"
    first, _ = ran(lab, LOAD, "lr = 0.1", TRAIN, noise)
    lab.write(
        "helper.py", "SCALE = 4.00\n"
    )  # of another length: Python looks at the seconds and the size only
    second, _ = ran(lab, LOAD, "lr = 0.2", TRAIN, noise)
    found = lab.json("why", first.id, second.id, "-m", "total", "--seeds", "3", "--parallel", "2")
    assert {one["name"] for one in found["factors"]} == {"cells", "code"}
    assert {one["name"]: round(one["share"], 1) for one in found["answer"]["shares"]} == {
        "cells": 0.3,
        "code": 0.3,
    }
    assert all(one["is_cause"] for one in found["answer"]["shares"])


def test_a_repeat_with_something_changed_is_a_notebook_too(lab):
    cells = [LOAD, "import gnomon\nrun = gnomon.run('study', params={'lr': 0.1}, seed=1)",
             "run.log(score=run.params['lr'] * 10, step=0)\nrun.finish()"]  # fmt: skip
    run, _ = ran(lab, *cells)
    changed = lab.again(run.id, "--on-changed", "lr=0.3")["by"]
    again = lab.again(changed)
    assert (again["verdict"], again["metrics"][0]["after"]) == ("identical", 3.0), again
    assert not again["gaps"]
    compared = lab.record.compare(run.id, changed)
    assert compared.differs_in == ("params",), compared
    why = lab.json("why", run.id, changed, "-m", "score", "--plan")
    assert [one["name"] for one in why["factors"]] == ["params.lr"]


def test_two_runs_of_a_notebook_differ_in_no_command_but_in_their_cells(lab):
    """Each kernel has a file of its own for its connection: that says nothing."""
    first, _ = ran(lab, LOAD, "lr = 0.1", TRAIN, LOG + "\nrun.finish()")
    same, _ = ran(lab, LOAD, "lr = 0.1", TRAIN, LOG + "\nrun.finish()")
    other, _ = ran(lab, LOAD, "lr = 0.100", TRAIN, LOG + "\nrun.finish()")
    fewer, _ = ran(lab, LOAD, "lr = 0.1\n" + TRAIN, LOG + "\nrun.finish()")
    record = lab.record
    assert first.command == same.command == "python -m ipykernel_launcher"
    assert record.compare(first.id, same.id).is_same
    found = record.compare(first.id, other.id)
    assert found.differs_in == ("command",)
    assert found.command.differ == {"cells": ["4 cells", "4 cells, 1 of them not in the first"]}
    assert found.sentence == "they differ in the cells of the notebook"
    assert (
        record.compare(first.id, fewer.id).command.differ["cells"][1] == "3 cells, 1 of them not in the first"
    )
