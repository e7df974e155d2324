"""Which later runs count: those that ran the same source files, whatever else lies beside them."""

from __future__ import annotations

import random

import pytest

import gnomon
from gnomon.session import close_all
from gnomon.team.decisions.actions import decide
from gnomon.team.decisions.views import decisions


@pytest.fixture
def captured(project, monkeypatch):
    """A folder with a script, in which the code of runs is captured."""
    monkeypatch.setenv("GNOMON_CAPTURE", "code")
    (project / "train.py").write_text("depth = 6\n")
    return project


def train(depth, mean, first):
    for seed in range(first, first + 5):
        chance = random.Random(100 * depth + seed)
        with gnomon.run(f"depth-{depth}", params={"depth": depth}, seed=seed, group=f"depth-{depth}") as run:
            run.log(auc=mean + chance.gauss(0, 0.004))
    close_all()  # each training is a process of its own, and looks at the code anew


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "text", "is_changed"),
    [
        (None, "", True),
        ("REPORT.md", "all is well", True),
        ("out.csv", "1,2", True),
        ("train.py", "depth = 7", False),
    ],
)
def test_a_new_file_that_is_no_source_does_not_hide_later_runs(captured, name, text, is_changed):
    train(6, 0.93, 0)
    train(4, 0.90, 0)
    decide(gnomon.open(), "Use depth 6", evidence=["group:depth-6 > group:depth-4 on auc"])
    if name is not None:
        (captured / name).write_text(text)
    train(4, 0.96, 20)
    (found,) = decisions(gnomon.open())
    assert found.is_changed is is_changed
