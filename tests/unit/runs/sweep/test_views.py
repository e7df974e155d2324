"""What the record says of sweeps, without running any: lists, names, exports, secrets."""

from __future__ import annotations

import pytest

import gnomon
from gnomon.errors import AmbiguousIdError, BadArgumentError, UnknownSubjectError
from gnomon.runs.sweep import actions
from gnomon.runs.sweep.file import plan_of
from gnomon.runs.sweep.trials import Attempt
from gnomon.runs.sweep.views import checked_plan, resumable, sweep_called, sweeps
from gnomon.session import session_for
from tests.unit.runs.sweep.made import TABLE, write


def test_a_sweep_is_read_back_as_it_was_written(project):
    sweep, runs = write()
    record = gnomon.open()
    found = sweep_called(record, sweep[:6])
    assert found == sweep_called(record, "lr") and [one.id for one in sweeps(record)] == [sweep]
    assert found.plan == plan_of(TABLE, "x") and found.finished == 2
    assert [trial.objective([1, 2]) for trial in found.trials] == pytest.approx([0.15, 0.35])
    assert found.best.number == 1 and found.to_dict()["best"] == "1"
    assert sorted(one.run for trial in found.trials for one in trial.attempts) == sorted(runs)
    assert (
        resumable(record, plan_of(TABLE, "x")).id == sweep
        and resumable(record, plan_of({**TABLE, "name": "b"}, "x")) is None
    )


def test_a_run_whose_end_nobody_wrote_down_ended_as_its_own_entries_say(project):
    session = session_for()
    sweep = actions.make(session, plan_of(TABLE, "x"))
    with gnomon.run(seed=1) as run:
        run.log(auc=0.9)
    actions.begin(session, sweep, Attempt(run.id, 0, {"lr": 0.1}, 1))
    actions.begin(session, sweep, Attempt("f" * 20, 0, {"lr": 0.1}, 2))  # it never came to be
    (trial,) = sweep_called(gnomon.open(), sweep).trials
    assert trial.values([1, 2]) == [(1, 0.9)] and trial.open_seeds([1, 2]) == [2]


def test_names_that_mean_nothing_or_too_much(project):
    write()
    record = gnomon.open()
    with pytest.raises(UnknownSubjectError, match="did you mean `lr`"):
        sweep_called(record, "lrr")
    made = [write(values=())[0] for _ in range(40)]
    twice = next((one[:1] for one in made if sum(other[0] == one[0] for other in made) > 1), None)
    assert twice is not None
    with pytest.raises(UnknownSubjectError):  # too short to be the beginning of an id
        sweep_called(record, twice)
    assert sweep_called(record, "lr").id == made[-1]  # the newest of a name
    assert AmbiguousIdError.code == "GN104"


def test_more_seeds_and_trials_extend_and_what_differs_is_named(project):
    sweep, _ = write()
    record, session = gnomon.open(), session_for()
    known = sweep_called(record, sweep)
    actions.extend(session, known, plan_of({**TABLE, "seeds": [1, 2, 3], "parallel": 4}, "x"))
    assert sweep_called(record, sweep).plan.seeds == (1, 2, 3)
    for change, said in (
        ({"at": "best"}, "`at` differs"),
        ({"pruning": {"kind": "median"}}, "`pruning` differs"),
        (
            {"params": {"lr": [0.1, 0.2], "n": 1}},
            "`params.n` differs from the sweep `lr` .*: it was `not there`|not there",
        ),
        ({"seeds": [1, 3]}, "seeds: 2 left out"),
    ):
        with pytest.raises(BadArgumentError, match=said):
            actions.check_extends(known, plan_of({**TABLE, **change}, "x"))


def test_a_secret_in_the_command_is_not_recorded_and_its_sweep_needs_its_file(project):
    secret = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    sweep, _ = write({**TABLE, "command": f"train --token {secret} --lr {{lr}}"}, values=())
    found = sweep_called(gnomon.open(), sweep)
    assert secret not in str(found.file)
    with pytest.raises(BadArgumentError, match="holds a secret"):
        checked_plan(found)
    actions.check_extends(found, plan_of({**TABLE, "command": f"train --token {secret} --lr {{lr}}"}, "x"))


@pytest.mark.slow
def test_an_export_takes_the_sweep_of_its_runs_along(project, tmp_path, monkeypatch):
    sweep, runs = write()
    record = gnomon.open()
    record.export(tmp_path / "one", runs=[runs[0]])
    record.export(tmp_path / "all")
    for name, count in (("one", 1), ("all", 4)):
        other = tmp_path / f"other-{name}"
        other.mkdir()
        monkeypatch.chdir(other)
        monkeypatch.setenv("GNOMON_DIR", str(other))
        gnomon.run("first").finish()
        there = gnomon.open()
        there.import_(tmp_path / name)
        found = sweep_called(there, sweep)
        assert sum(len(trial.attempts) for trial in found.trials) == count
    assert found.best.number == 1
