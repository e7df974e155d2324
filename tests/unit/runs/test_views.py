"""Asking: tables of runs, one run, its series; and what people change about runs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import numpy as np
import pandas
import polars
import pyarrow
import pytest

import gnomon
from gnomon.errors import (
    AmbiguousIdError,
    BadArgumentError,
    BadExpressionError,
    NoRecordError,
    UnknownSubjectError,
)
from gnomon.session import close_all


def train(name, *, auc, lr, seed=0, steps=3, **more):
    with gnomon.run(name, params={"lr": lr, "model": {"depth": 3}}, seed=seed, **more) as run:
        for step in range(steps):
            run.log({"auc": auc * (step + 1) / steps, "loss": 1.0 / (step + 1)}, step=step)
    return run.id


@pytest.fixture
def three(project):
    ids = [
        train("a", auc=0.9, lr=0.1),
        train("b", auc=0.95, lr=0.01, group="g"),
        train("c", auc=0.7, lr=0.001, tags=["x"]),
    ]
    close_all()
    return ids


def names(table):
    return [row["name"] for row in table]


def test_a_table_filters_sorts_and_limits(three):
    record = gnomon.open()
    assert names(record.runs()) == ["c", "b", "a"]  # newest first
    assert names(record.runs("params.lr < 0.05 and metrics.auc > 0.9")) == ["b"]
    assert names(record.runs(sort="metrics.auc")) == ["b", "a", "c"]
    assert names(record.runs(sort="metrics.auc:asc", limit=1)) == ["c"]
    assert names(record.runs("'x' in tags")) == ["c"]
    assert names(
        record.runs("params.model.depth = 3 and metrics.loss.min < 0.5 and metrics.auc.count = 3")
    ) == ["c", "b", "a"]
    assert record.runs(limit=1).total == 3
    assert len(record.runs(limit=0)) == 0


def test_json_records_are_nested(three):
    (record,) = gnomon.open().runs("name = 'b'").records()
    assert record["id"] == three[1]
    assert record["params"] == {"lr": 0.01, "model.depth": 3}
    assert record["metrics"]["auc"] == pytest.approx(0.95)
    assert record["group"] == "g"
    assert record["status"] == "finished"
    assert record["created"].endswith("Z")


def test_pandas_polars_and_pyarrow_take_it_in_one_call(three):
    table = gnomon.open().runs(sort="metrics.auc")
    assert polars.DataFrame(table)["name"].to_list() == ["b", "a", "c"]
    assert pyarrow.table(table)["metrics.auc"].to_pylist() == pytest.approx([0.95, 0.9, 0.7])
    frame = table.to_pandas()
    assert list(frame["params.lr"]) == [0.01, 0.1, 0.001]
    assert isinstance(frame, pandas.DataFrame)
    assert list(polars.DataFrame(table)["tags"].to_list()[2]) == ["x"]


def test_an_empty_table_is_a_table(project):
    gnomon.run("x").finish()
    close_all()
    table = gnomon.open().runs("name = 'none'")
    assert polars.DataFrame(table).height == 0
    assert table.to_pylist() == []


def test_a_run_tells_everything_about_itself(three):
    run = gnomon.open().run(three[0][:8])
    assert (run.name, run.status, run.seed, run.group) == ("a", "finished", 0, None)
    assert run.params == {"lr": 0.1, "model": {"depth": 3}}
    assert run.metrics == {"auc": 0.9, "loss": pytest.approx(1 / 3)}
    assert run.series_names == ["auc", "loss"]
    (process,) = run.processes
    assert (process.rank, process.lost_rows, process.missing) == (0, 0, 0)
    assert run.duration_s > 0


def test_a_series_is_numpy_and_has_a_length(three):
    series = gnomon.open().run(three[0]).series("loss")
    assert len(series) == 3
    assert series.step.tolist() == [0, 1, 2]
    assert series.value.tolist() == [1.0, 0.5, 1 / 3]
    assert series.time.dtype == np.dtype("datetime64[us]")


def test_any_series_can_be_the_x_axis(project):
    with gnomon.run() as run:
        for step in range(6):
            run.log({"loss": 1.0 / (step + 1), **({"epoch": step / 2} if step % 2 == 0 else {})}, step=step)
    close_all()
    series = gnomon.open().run(run.id).series("loss", x="epoch")
    assert series.x.tolist() == [0.0, 1.0, 2.0]
    assert series.value.tolist() == [1.0, 1 / 3, 1 / 5]


@pytest.mark.parametrize(
    ("wrong", "error", "match"),
    [
        (lambda record, ids: record.run("zzzz"), UnknownSubjectError, "zzzz"),
        (lambda record, ids: record.run(""), UnknownSubjectError, "begins with"),
        (lambda record, ids: record.run(ids[0]).series("los"), UnknownSubjectError, "`loss`"),
        (lambda record, ids: record.runs("params.lr <"), BadExpressionError, "GN102"),
        (lambda record, ids: record.runs(limit=-1), BadArgumentError, "limit"),
    ],
)
def test_wrong_questions_are_answered_with_what_is_right(three, wrong, error, match):
    with pytest.raises(error, match=match):
        wrong(gnomon.open(), three)


def test_a_short_id_that_fits_several_runs_lists_them(project):
    ids = [train(f"run-{number}", auc=0.5, lr=0.1) for number in range(20)]
    close_all()
    shared = next(one[0] for one in ids if sum(other[0] == one[0] for other in ids) > 1)
    with pytest.raises(AmbiguousIdError) as caught:
        gnomon.open().run(shared)
    fitting = [(one, f"run-{number}") for number, one in enumerate(ids) if one[0] == shared]
    lines = str(caught.value).splitlines()[2:]
    for run, name in fitting[::-1][:6]:
        (line,) = [line for line in lines if run[:8] in line]
        assert line.split()[-3:] == ["7", "finished", name] or line.split()[-2:] == ["finished", name]


def test_a_name_of_several_runs_lists_when_they_were_made_their_seeds_and_statuses(project):
    for seed in range(8):
        with gnomon.run("digits", seed=seed):
            pass
    with pytest.raises(AmbiguousIdError) as caught:
        gnomon.open().run("digits")
    lines = str(caught.value).splitlines()
    assert lines[0].startswith("8 runs are called `digits`")
    assert [line.split()[-3:] for line in lines[2:8]] == [
        ["seed", str(seed), "finished"] for seed in range(7, 1, -1)
    ]
    assert lines[8].strip() == "… and 2 older ones"


def test_a_number_after_an_at_sign_counts_from_the_newest_run(three):
    record = gnomon.open()
    assert [record.run(f"@{number}").id for number in (1, 2, 3)] == record.runs().ids
    record.remove(record.run("@1").id)
    assert record.run("@1").id == record.runs().ids[0]
    with pytest.raises(UnknownSubjectError, match=r"no run `@3`: there are 2 runs"):
        record.run("@3")
    for word in ("latest", "@0", "-1"):
        with pytest.raises(UnknownSubjectError, match=r"`@1` is the newest run"):
            record.run(word)


def test_a_short_name_goes_before_ids_that_begin_so(project):
    ids = [train("run", auc=0.5, lr=0.1) for _ in range(3)]
    for digit in sorted({one[0] for one in ids}):
        assert train(digit, auc=0.5, lr=0.1) == gnomon.open().run(digit).id


def test_a_group_is_known_for_one_where_a_run_is_asked_for(three):
    with pytest.raises(UnknownSubjectError, match=r"`g` is a group, of 1 run: `gnomon runs --where"):
        gnomon.open().run("g")


def test_so_is_a_group_of_seeds_that_nobody_named(project):
    ids = []
    for seed in (1, 2):
        with gnomon.run(f"deep-{seed}", params={"lr": 0.1}, seed=seed) as run:
            run.log(auc=seed / 10)
        ids.append(run.id[:8])
    expected = rf"`deep` is a group, of 2 seeds: .*`compare` and `plot` take it; its runs are `{ids[0]}`, `{ids[1]}`\Z"
    with pytest.raises(UnknownSubjectError, match=expected):
        gnomon.open().run("deep")


def test_a_name_that_is_nearly_right_is_offered(project):
    train("baseline", auc=0.5, lr=0.1)
    with pytest.raises(UnknownSubjectError, match=r"did you mean `baseline`\?"):
        gnomon.open().run("basline")


def test_no_record_says_how_to_make_one(project):
    with pytest.raises(NoRecordError, match="gnomon init"):
        gnomon.open()


def test_fields_that_no_run_has_are_told(three):
    assert gnomon.open().runs("metrics.acu > 0.5").unknown == ["metrics.acu.last"]


# --- what people change


def test_notes_tags_names_hiding_and_bringing_back(three):
    record = gnomon.open()
    record.add_note(three[0], "why: *because*")
    record.tag(three[0], add=["one", "two"])
    record.tag(three[0], add=["three"], remove=["one"])
    record.rename(three[0], "better name")
    record.remove(three[1])
    run = record.run(three[0])
    assert [note.text for note in run.notes] == ["why: *because*"]
    assert run.tags == ["three", "two"]
    assert run.name == "better name"
    assert names(record.runs()) == ["c", "better name"]
    assert names(record.runs(removed=True)) == ["b"]
    record.restore(three[1])
    assert names(record.runs()) == ["c", "b", "better name"]
    with pytest.raises(BadArgumentError, match="no tag `none`"):
        record.tag(three[0], remove=["none"])


def test_two_names_given_apart_are_both_shown_until_somebody_settles_it(three, project, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(project / ".gnomon", other / ".gnomon")
    gnomon.open().rename(three[0], "mine")
    gnomon.open(other).rename(three[0], "theirs")
    close_all()
    shutil.copytree(other / ".gnomon", project / ".gnomon", dirs_exist_ok=True)
    record = gnomon.open()
    assert sorted(record.run(three[0]).conflicts["name"]) == ["mine", "theirs"]
    record.rename(three[0], "ours")
    assert record.run(three[0]).name == "ours"
    assert record.run(three[0]).conflicts == {}


def test_a_tag_added_elsewhere_meanwhile_survives_a_removal(three, project, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(project / ".gnomon", other / ".gnomon")
    gnomon.open().tag(three[2], remove=["x"])
    gnomon.open(other).tag(three[2], add=["y"])
    close_all()
    shutil.copytree(other / ".gnomon", project / ".gnomon", dirs_exist_ok=True)
    assert gnomon.open().run(three[2]).tags == ["y"]


# --- several processes


def python(code, cwd, **env):
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **env},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_ranks_are_kept_apart_and_rank_0_is_shown(project):
    shared = "cd" * 10
    for rank in (1, 0, 2):
        code = "import gnomon, os\nwith gnomon.run('ddp', params={'n': 3}) as run:\n    for i in range(4): run.log(loss=float(os.environ['RANK']) + i)"  # noqa: E501
        python(code, project, RANK=str(rank), WORLD_SIZE="3", GNOMON_RUN_ID=shared)
    run = gnomon.open().run(shared)
    assert run.status == "finished"
    assert run.series("loss").value.tolist() == [0.0, 1.0, 2.0, 3.0]
    assert run.series("loss", rank=2).value.tolist() == [2.0, 3.0, 4.0, 5.0]
    every = run.series("loss", rank=None)
    assert len(every) == 12
    assert sorted(set(every.rank.tolist())) == [0, 1, 2]
    assert [process.rank for process in run.processes] == [0, 1, 2]
    assert len(gnomon.open().runs()) == 1


@pytest.mark.slow
def test_a_resumed_run_goes_on_and_cites_the_row_that_it_continues(project):
    first = python(
        "import gnomon\nrun = gnomon.run('long')\nfor i in range(10): run.log({'loss': float(i)}, step=i)\nprint(run.id)",
        project,
    )
    run_id = first.strip()
    python(f"import gnomon\nwith gnomon.run(resume='{run_id[:8]}') as run:\n    run.log(loss=10.0)", project)
    run = gnomon.open().run(run_id)
    assert run.series("loss").step.tolist() == list(range(11))
    resumed = [one for one in run._state["processes"].values() if one.get("continues")]
    assert resumed[0]["continues"]["row"] == 9
    assert run.name == "long"


@pytest.mark.slow
def test_resuming_from_an_earlier_checkpoint_leaves_out_what_came_after_it(project):
    first = python(
        "import gnomon\nrun = gnomon.run('long')\nfor i in range(10): run.log({'loss': float(i)}, step=i)\nprint(run.id)",
        project,
    )
    run_id = first.strip()
    code = f"import gnomon\nwith gnomon.run(resume='{run_id}', resume_step=6) as run:\n    for i in range(6, 8): run.log({{'loss': 100.0 + i}}, step=i)"  # noqa: E501
    python(code, project)
    series = gnomon.open().run(run_id).series("loss")
    assert series.value.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 106.0, 107.0]


def resumed(project, run_id, step, *steps):
    """Go on with a run in a process of its own, at a step; its values tell the processes apart."""
    log = "".join(f"    run.log({{'loss': {100.0 * step + at}}}, step={at})\n" for at in steps)
    python(f"import gnomon\nwith gnomon.run(resume='{run_id}', resume_step={step}) as run:\n{log}", project)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("resumes", "values"),
    [
        ([(3, 3, 4, 5), (1, 1, 2)], [0.0, 101.0, 102.0]),  # back to before the first resume
        ([(3, 3, 4, 5), (4, 4)], [0.0, 1.0, 2.0, 303.0, 404.0]),  # back into it
        ([(3, 3, 4, 5), (6, 6)], [0.0, 1.0, 2.0, 303.0, 304.0, 305.0, 606.0]),  # after it
        ([(3, 3, 4), (0, 0), (1, 1)], [0.0, 101.0]),
        ([(2, 2, 3), (1, 1, 2), (3, 3)], [0.0, 101.0, 102.0, 303.0]),
        ([(2, 2, 3), (0, 0, 1, 2), (1, 1)], [0.0, 101.0]),
    ],
)
def test_a_run_resumed_several_times_counts_what_the_last_one_left(project, resumes, values):
    code = "import gnomon\nrun = gnomon.run('long')\nfor i in range(4): run.log({'loss': float(i)}, step=i)\nprint(run.id)"
    run_id = python(code, project).strip()
    for step, *steps in resumes:
        resumed(project, run_id, step, *steps)
    run = gnomon.open().run(run_id)
    assert run.series("loss").value.tolist() == values
    assert run.stats["loss", 0].count == len(values) and run.stats["loss", 0].max == max(values)


@pytest.mark.slow
def test_two_who_resumed_apart_both_count(project, tmp_path):
    code = "import gnomon\nrun = gnomon.run('long')\nfor i in range(4): run.log({'loss': float(i)}, step=i)\nprint(run.id)"
    run_id = python(code, project).strip()
    copy = tmp_path / "copy"
    shutil.copytree(project, copy)
    resumed(project, run_id, 2, 2, 3)
    resumed(copy, run_id, 1, 1)
    shutil.copytree(copy / ".gnomon", project / ".gnomon", dirs_exist_ok=True)
    assert sorted(gnomon.open(project).run(run_id).series("loss").value.tolist()) == [
        0.0,
        1.0,
        101.0,
        202.0,
        203.0,
    ]


@pytest.mark.slow
def test_a_run_resumed_on_another_device_merges(project, tmp_path):
    run_id = train("here", auc=0.5, lr=0.1)
    close_all()
    other = tmp_path / "other"
    shutil.copytree(project / ".gnomon", other / ".gnomon")
    python(
        f"import gnomon\nwith gnomon.run(resume='{run_id}') as run:\n    run.log(auc=0.6)",
        other,
        XDG_CONFIG_HOME=str(tmp_path / "config2"),
    )
    shutil.copytree(other / ".gnomon", project / ".gnomon", dirs_exist_ok=True)
    run = gnomon.open().run(run_id)
    assert run.series("auc").value.tolist()[-1] == 0.6
    assert len({process.writer for process in run.processes}) == 2


@pytest.mark.slow
def test_a_killed_run_is_interrupted_and_a_live_one_runs(project):
    with gnomon.run("live") as live:
        live.log(a=1)
        code = "import gnomon, os\nrun = gnomon.run('killed')\nrun.log(a=1)\nprint(run.id, flush=True)\nos.kill(os.getpid(), 9)"
        killed = subprocess.run(
            [sys.executable, "-c", code], cwd=project, capture_output=True, text=True
        ).stdout.strip()
        record = gnomon.open()
        assert record.run(live.id).status == "running"
        run = record.run(killed)
        assert run.status == "interrupted"
        assert run.processes[0].missing == 0
        assert {row["name"]: row["status"] for row in record.runs()} == {
            "live": "running",
            "killed": "interrupted",
        }
        assert names(record.runs("status = 'running'")) == ["live"]


def test_a_live_run_is_followed_row_by_row(project):
    with gnomon.run("live") as run:
        record = gnomon.open()
        for step in range(5):
            run.log(loss=float(step))
            assert record.run(run.id).metrics == {"loss": float(step)}
            assert len(record.run(run.id).series("loss")) == step + 1


def test_a_run_resumed_in_the_same_process_keeps_all_its_rows(project):
    with gnomon.run("res") as run:
        for i in range(5):
            run.log(loss=float(i))
    with gnomon.run(resume=run.id) as again:
        for i in range(5, 10):
            again.log(loss=float(i))
    with gnomon.run(resume=run.id) as third:
        third.log(loss=10.0)
    series = gnomon.open().run(run.id).series("loss")
    assert series.value.tolist() == [float(i) for i in range(11)] and series.step.tolist() == list(range(11))


@pytest.mark.slow
def test_a_run_resumed_in_the_same_process_from_an_earlier_step(project):
    with gnomon.run("res") as run:
        for i in range(10):
            run.log(loss=float(i))
    with gnomon.run(resume=run.id, resume_step=4) as again:
        for i in range(4, 7):
            again.log(loss=100.0 + i)
    assert gnomon.open().run(run.id).series("loss").value.tolist() == [
        0.0,
        1.0,
        2.0,
        3.0,
        104.0,
        105.0,
        106.0,
    ]
    with gnomon.run(resume=run.id, resume_step=5) as again:
        again.log(loss=205.0)
    assert gnomon.open().run(run.id).series("loss").value.tolist() == [0.0, 1.0, 2.0, 3.0, 104.0, 205.0]
    close_all()
    code = (
        f"import gnomon\nwith gnomon.run(resume='{run.id}', resume_step=2) as run:\n    run.log(loss=302.0)"
    )
    python(code, project)
    assert gnomon.open().run(run.id).series("loss").value.tolist() == [0.0, 1.0, 302.0]
