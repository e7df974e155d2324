"""`gnomon sweep`, `gnomon sweeps`: real processes, real signals."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import psutil
import pytest

import gnomon
from gnomon.runs.sweep.views import sweeps

pytestmark = pytest.mark.slow

TRAIN = """
import sys, time, random
import gnomon
run = gnomon.run(params={"lr": 0.1, "depth": 2}, seed=1)
lr, depth, seed = run.params["lr"], run.params["depth"], run.seed
for step in range(5):
    run.log(auc=lr + depth + seed / 1000 + step / 100, step=step)
"""
SWEEP = """
name = "lr and depth"
command = "{python} train.py"
metric = "auc"
goal = "maximize"
seeds = [1, 2]
parallel = 2
grace = "1s"
[params]
lr = [0.1, 0.2]
depth = [2, 4]
"""


@pytest.fixture
def sweep(project):
    """Write the files and run `gnomon sweep`; `edit` replaces text of the file."""

    def run(*words, script=TRAIN, toml=SWEEP, check=0, **settings):
        (project / "train.py").write_text(script)
        (project / "sweep.toml").write_text(toml.replace("{python}", sys.executable))
        done = subprocess.run(
            [sys.executable, "-m", "gnomon", "sweep", *words], capture_output=True, text=True, timeout=120,
            cwd=project, **settings,
        )  # fmt: skip
        if check is not None:
            assert done.returncode == check, done.stdout + done.stderr
        return done

    return run


@pytest.fixture
def begin(project):
    """Begin `gnomon sweep` and return its process, in a group of its own."""
    begun = []

    def start(script, toml=SWEEP, *words):
        (project / "train.py").write_text(script)
        (project / "sweep.toml").write_text(toml.replace("{python}", sys.executable))
        process = subprocess.Popen(
            [sys.executable, "-m", "gnomon", "sweep", *words],
            cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        begun.append(process)
        return process

    yield start
    for process in begun:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def shown(ask, *words) -> dict:
    return ask("sweeps", "show", *(words or ("lr and depth",)), "--json").json()


def runs_of(found: dict) -> list[dict]:
    return [run for trial in found["trials"] for run in trial["runs"]]


def until(condition, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not come")


def test_a_grid_is_run_once_with_each_seed_and_every_run_is_an_ordinary_one(sweep, ask):
    done = sweep()
    assert "8 runs finished" in done.stdout
    assert "best mean: trial 3 (lr=0.2 depth=4), auc 4.2415" in done.stdout
    found = shown(ask)
    assert [(one["params"], one["status"]) for one in found["trials"]] == [
        ({"lr": lr, "depth": depth}, "finished") for lr in (0.1, 0.2) for depth in (2, 4)
    ]
    assert [sorted(run["seed"] for run in trial["runs"]) for trial in found["trials"]] == [[1, 2]] * 4
    table = ask("runs", "--json", "--where", f"sweep = '{found['id']}'").json()
    assert len(table) == 8 and {run["status"] for run in table} == {"finished"}
    assert {(run["params"]["lr"], run["params"]["depth"], run["seed"], run["group"]) for run in table} == {
        (lr, depth, seed, f"lr and depth {number}")
        for number, (lr, depth) in enumerate([(0.1, 2), (0.1, 4), (0.2, 2), (0.2, 4)])
        for seed in (1, 2)
    }
    groups = ask("runs", "--groups", "--json").json()
    assert sorted(one["n"] for one in groups) == [2, 2, 2, 2]
    assert ask("compare", "--groups", "auc").code == 0


def test_values_in_the_command_reach_a_script_that_knows_nothing_of_gnomon(sweep, ask):
    script = "import sys\nlr, seed, amp = sys.argv[1:]\nprint(f'auc={float(lr) + int(seed)}', amp)"
    toml = (
        SWEEP.replace("train.py", "train.py {lr} {seed} --amp={amp}")
        .replace('goal = "max', 'pick = "auc"\ngoal = "max')
        .replace("depth = [2, 4]", "amp = [true, false]")
    )
    sweep(script=script, toml=toml)
    found = shown(ask)
    assert [trial["mean"] for trial in found["trials"]] == pytest.approx([1.6, 1.6, 1.7, 1.7])
    run = ask("show", found["trials"][1]["runs"][0]["run"], "--json").json()
    assert run["params"] == {"lr": 0.1, "amp": False} and run["seed"] == 1


def test_the_same_command_again_does_nothing_and_more_seeds_extend(sweep, ask):
    sweep()
    again = sweep()
    assert "nothing was left to do" in again.stdout and "4 ended before" in again.stderr
    before = {run["run"] for run in runs_of(shown(ask))}
    sweep("--seeds", "1-3")
    after = shown(ask)
    assert len(runs_of(after)) == 12 and before < {run["run"] for run in runs_of(after)}
    assert len(ask("sweeps", "--json").json()) == 1
    fewer = sweep("--seeds", "1", check=2)
    assert "seeds: 2, 3 left out" in fewer.stderr and "--new" in fewer.stderr
    sweep("--new", "--seeds", "1")
    assert len(ask("sweeps", "--json").json()) == 2


def test_another_change_is_refused_with_its_key(sweep, ask):
    sweep("--seeds", "1")
    for old, new, said in (
        ("lr = [0.1, 0.2]", "lr = [0.1, 0.3]", "`params.lr` differs"),
        ('metric = "auc"', 'metric = "loss"', "`metric` differs"),
        ('goal = "maximize"', 'goal = "minimize"', "`goal` differs"),
        ("train.py", "train.py -v", "`command` differs"),
    ):
        done = sweep("--seeds", "1", toml=SWEEP.replace(old, new), check=2)
        assert said in done.stderr and "--new" in done.stderr
    sweep("--seeds", "1", toml=SWEEP.replace("parallel = 2", 'parallel = 1\ntimeout = "1h"'))


SLOW = TRAIN + "time.sleep(60 if depth == 4 else 0)\n"


def test_ctrl_c_keeps_what_finished_and_the_same_command_goes_on(begin, sweep, ask):
    process = begin(SLOW)
    until(lambda: len([run for run in runs_of_started(ask) if run["status"] == "finished"]) >= 2)
    time.sleep(1)
    os.kill(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, out + err
    assert "stopping 2 running runs" in err and "6 runs to go; the same command goes on" in err
    table = ask("runs", "--json").json()
    assert sorted(run["status"] for run in table) == ["finished", "finished", "stopped", "stopped"]
    assert all("auc" in run["metrics"] for run in table)
    finished = {run["id"] for run in table if run["status"] == "finished"}
    stopped = {run["id"] for run in table if run["status"] == "stopped"}
    assert "2 stopped, to be run again" in ask("sweeps", "show", "lr and depth").out
    sweep()
    assert "to be run again" not in ask("sweeps", "show", "lr and depth").out  # they were
    found = shown(ask)
    done = {run["run"] for run in runs_of(found) if run["status"] == "finished"}
    assert len(done) == 8 and finished < done and not stopped & done
    assert {run["run"] for run in runs_of(found) if run["status"] == "stopped"} == stopped


def runs_of_started(ask):
    answer = ask("sweeps", "show", "lr and depth", "--json")
    return runs_of(answer.json()) if answer.code == 0 else []


@pytest.mark.parametrize("whole_group", [False, True])
def test_kill_9_in_the_middle_loses_nothing_and_repeats_nothing(begin, sweep, ask, whole_group):
    process = begin(SLOW)
    until(lambda: len([run for run in runs_of_started(ask) if run["status"] == "finished"]) >= 2)
    time.sleep(1)
    if whole_group:
        os.killpg(process.pid, signal.SIGKILL)
    else:
        os.kill(process.pid, signal.SIGKILL)
    process.wait()
    finished = {run["run"] for run in runs_of(shown(ask)) if run["status"] == "finished"}
    cut_off = {run["run"] for run in runs_of(shown(ask))} - finished
    assert len(finished) == 2 and len(cut_off) == 2
    sweep()
    found = shown(ask)
    done = [run["run"] for run in runs_of(found) if run["status"] == "finished"]
    assert len(done) == 8 and finished < set(done) and not cut_off & set(done)
    old = {run["id"]: run["status"] for run in ask("runs", "--json").json() if run["id"] in cut_off}
    assert set(old.values()) <= {"stopped", "interrupted"} and len(old) == 2
    until(lambda: not alive(ask, cut_off))


def test_going_on_with_other_code_is_said(sweep, monkeypatch, project):
    monkeypatch.setenv("GNOMON_CAPTURE", "on")
    (project / "helper.py").write_text("GAIN = 1\n")
    script = TRAIN.replace("import gnomon", "import gnomon, helper", 1)
    assert "changed since" not in sweep(script=script).stderr
    assert "changed since" not in sweep("--seeds", "1-3", script=script).stderr
    (project / "helper.py").write_text("GAIN = 22\n")
    (project / "other.py").write_text("")
    said = sweep("--seeds", "1-4", script=script).stderr
    assert "helper.py changed since run " in said and "`--new` begins again" in said


def test_two_at_once_do_not_do_the_same_runs(begin, sweep, ask):
    script = TRAIN + "time.sleep(2)\n"
    process = begin(script)
    until(lambda: [run for run in runs_of_started(ask) if run["status"] == "finished"])
    second = begin(script, SWEEP.replace("seeds = [", "seeds = [7, "))
    _, err = second.communicate(timeout=60)
    assert second.returncode == 2 and "another `gnomon sweep` of this machine goes on with sweep" in err
    (one,) = sweeps(gnomon.open())
    assert one.plan.seeds == (1, 2), "what it asked beyond is not written"
    assert process.communicate(timeout=100) and process.returncode == 0
    done = runs_of(shown(ask))
    assert len(done) == 8 and all(run["status"] == "finished" for run in done)


def alive(ask, runs) -> list[str]:
    return [
        run["id"] for run in ask("runs", "--json").json() if run["id"] in runs and run["status"] == "running"
    ]


def test_two_machines_that_did_a_part_each_make_one_sweep(project, tmp_path, begin, sweep, ask):
    process = begin(SLOW)
    until(lambda: len([run for run in runs_of_started(ask) if run["status"] == "finished"]) >= 2)
    os.kill(process.pid, signal.SIGINT)
    process.communicate(timeout=30)
    remote = tmp_path / "remote"
    remote.mkdir()
    assert ask("remote", "add", "team", str(remote)).code == 0
    assert ask("sync").code == 0
    # the other machine: another key, another cache, another folder
    other = tmp_path / "other"
    world = {
        **os.environ,
        "XDG_CONFIG_HOME": str(tmp_path / "config2"),
        "XDG_CACHE_HOME": str(tmp_path / "cache2"),
    }

    def there(*words, cwd=other):
        done = subprocess.run(
            [sys.executable, "-m", "gnomon", *words],
            cwd=cwd,
            env=world,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    there("clone", str(remote), str(other), cwd=tmp_path)
    (other / "train.py").write_text(TRAIN)
    shutil.copy(project / "sweep.toml", other / "sweep.toml")
    there("sweep")
    theirs = json.loads(there("sweeps", "show", "lr and depth", "--json"))
    assert [trial["status"] for trial in theirs["trials"]] == ["finished"] * 4
    sweep("--seeds", "1-3")  # meanwhile here, and with a seed more
    there("sync")
    assert ask("sync").code == 0
    there("sync")
    ours, theirs = shown(ask), json.loads(there("sweeps", "show", "lr and depth", "--json"))
    assert ours == theirs
    assert len(ours["trials"]) == 4 and [trial["status"] for trial in ours["trials"]] == ["finished"] * 4
    assert ours["file"]["seeds"] == [1, 2, 3]
    per_seed = {
        (trial["trial"], run["seed"]): run["status"] for trial in ours["trials"] for run in trial["runs"]
    }
    assert len(per_seed) == 12
    assert ours["trials"][3]["mean"] == pytest.approx(0.2 + 4 + 0.002 + 0.04)


def test_a_trial_that_hangs_is_killed_with_all_that_it_started(sweep, ask, project):
    script = TRAIN + (
        "import subprocess, signal, os\n"
        "if lr == 0.2:\n"
        "    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "    child = subprocess.Popen([sys.executable, '-c', 'import time, signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        " time.sleep(100)'])\n"
        "    open(f'child-{depth}-{seed}', 'w').write(str(child.pid))\n"
        "    time.sleep(100)\n"
    )
    toml = SWEEP.replace('grace = "1s"', 'grace = "0.5s"\ntimeout = "4s"').replace(
        "depth = [2, 4]", "depth = 4"
    )
    done = sweep(script=script, toml=toml)
    assert "timed out: longer than 4.0 s" in done.stderr
    found = shown(ask)
    assert [trial["status"] for trial in found["trials"]] == ["finished", "failed"]
    assert [run["status"] for run in found["trials"][1]["runs"]] == ["timed out"] * 2
    table = {run["id"]: run["status"] for run in ask("runs", "--json").json()}
    assert all(
        table[run["run"]] == "failed" for run in found["trials"][1]["runs"]
    )  # and not cut off: its end is recorded
    children = [int(path.read_text()) for path in project.glob("child-*")]
    assert len(children) == 2
    for pid in children:
        until(
            lambda pid=pid: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
        )


def test_the_same_error_three_times_stops_the_sweep_and_shows_it(sweep, ask, monkeypatch):
    monkeypatch.setenv("GNOMON_CAPTURE", "on")
    toml = SWEEP.replace("depth = [2, 4]", "depth = [1, 2, 3, 4, 5]").replace("parallel = 2", "parallel = 1")
    done = sweep(script="import gnomon\nimport numpyy\n", toml=toml, check=1)
    assert (
        "the first 3 runs all failed with: exit code 1: ModuleNotFoundError: No module named 'numpyy'"
        in done.stderr
    )
    assert "gnomon console" in done.stderr
    assert len(runs_of(shown(ask))) == 3
    sweep(toml=toml)  # mended: those are run again
    found = shown(ask)
    assert [trial["status"] for trial in found["trials"]] == ["finished"] * 10


def test_a_command_that_is_not_there_is_said_before_anything_is_written(sweep, project):
    done = sweep(toml=SWEEP.replace("{python} train.py", "pythonn train.py"), check=127)
    assert "there is no command `pythonn`" in done.stderr and not (project / ".gnomon").exists()


def test_a_metric_that_was_never_logged_names_what_was(sweep):
    done = sweep(toml=SWEEP.replace('metric = "auc"', 'metric = "val_auc"'), check=1)
    assert "it never logged `val_auc`: it logged `auc`" in done.stderr
    assert "the first 3 runs all failed" in done.stderr


def test_nan_fails_its_seed_and_half_of_the_seeds_are_enough(sweep, ask):
    script = TRAIN + "if seed == 2 or (seed == 3 and depth == 4): run.log(auc=float('nan'), step=9)\n"
    done = sweep("--seeds", "1-3", script=script)
    assert "trial 0 seed 2 failed: `auc` is nan at step 9" in done.stderr
    found = shown(ask)
    by_depth = {(trial["params"]["lr"], trial["params"]["depth"]): trial for trial in found["trials"]}
    assert by_depth[0.1, 2]["mean"] == pytest.approx(0.1 + 2 + 0.002 + 0.04)  # seeds 1 and 3
    assert by_depth[0.1, 4]["status"] == "failed" and by_depth[0.1, 4]["mean"] is None
    assert "failed: only 1 of 3 seeds finished" in done.stderr
    again = sweep("--seeds", "1-3", script=script)
    assert "nothing was left to do" in again.stdout  # what failed is not repeated, unless asked for
    sweep("--seeds", "1-3", "--retry")
    assert [trial["status"] for trial in shown(ask)["trials"]] == ["finished"] * 4


def test_parameters_without_effect_stop_the_sweep_after_its_first_run(sweep, ask):
    script = "import gnomon\nrun = gnomon.run(params={'lr': 0.1})\nrun.log(auc=1.0)\n"
    done = sweep(script=script, check=1)
    assert "the sweep was stopped: run " in done.stderr
    assert "`lr`, `depth`, `seed` had no effect: neither in the command nor read by the script" in done.stderr
    assert '`run.params["lr"]`' in done.stderr and "{lr} {depth} {seed}" in done.stderr
    assert len(runs_of(shown(ask))) <= 2
    sweep()  # mended: what the first run gave does not stay
    assert [trial["mean"] for trial in shown(ask)["trials"]] == pytest.approx(
        [2.1415, 4.1415, 2.2415, 4.2415]
    )
    partly = sweep("--new", script=script.replace("auc=1.0", "auc=run.params['lr']"))
    assert "`depth`, `seed` had no effect on the first run" in partly.stderr
    sometimes = script.replace(
        "auc=1.0", "auc=run.params['lr'] + (run.params['depth'] if run.params['lr'] > 0.15 else 0)"
    )
    not_always = sweep("--new", script=sometimes)
    assert "`seed` had no effect on the first run" in not_always.stderr  # `depth` has one on later ones


def test_a_dry_run_starts_nothing_and_knows_how_long_it_takes(sweep, project, ask):
    done = sweep("--dry-run")
    assert (
        "4 trials × 2 seeds = 8 runs, 2 at a time" in done.stdout and "trial 3  lr=0.2 depth=4" in done.stdout
    )
    assert not (project / ".gnomon").exists()
    sweep()
    more = sweep("--dry-run", "--seeds", "1-4")
    assert "= 16 runs, 2 at a time; 8 to go" in more.stdout and "the median of 8 runs" in more.stdout


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            'goal = "maximize"',
            'goal = "max"',
            '`goal` in `sweep.toml` must be one of "maximize", "minimize"; got \'max\'',
        ),
        ("parallel = 2", "paralel = 2", "unknown key `paralel`"),
        ("lr = [0.1, 0.2]", "lr = []", "`params.lr` in `sweep.toml` must have one value or more; got []"),
        (
            "lr = [0.1, 0.2]",
            "lr = {from = 0, to = 1, scale = 'log'}",
            "must be above 0 where the scale is `log`; got 0",
        ),
        ("train.py", "train.py {lrr}", "there is no `lrr` in `[params]`"),
        ("seeds = [1, 2]", "seeds = 3", "`seeds` in `sweep.toml` must be a list of whole numbers; got 3"),
        (
            "parallel = 2",
            "timeout = 'soon'",
            "`timeout` in `sweep.toml` must be a length of time above 0; got 'soon'",
        ),
        ("goal", "goal goal", "`sweep.toml` is no TOML"),
        ('metric = "auc"', "", "`metric` in `sweep.toml` must be some text; it is not there"),
    ],
)
def test_a_wrong_file_names_the_key_the_value_and_the_rule(sweep, project, old, new, said):
    done = sweep(toml=SWEEP.replace(old, new, 1), check=2)
    assert said in done.stderr and "hint:" in done.stderr
    assert not (project / ".gnomon").exists()


def test_what_is_behind_is_pruned_by_the_curve_of_its_own_seed(sweep, ask):
    script = TRAIN.replace(
        "for step in range(5):\n", "for step in range(60):\n    time.sleep(0.002 if lr < 0.5 else 0.1)\n"
    ).replace("lr + depth", "-lr + depth")
    toml = (
        SWEEP.replace("lr = [0.1, 0.2]", "lr = [0.01, 0.02, 0.03, 0.9]").replace(
            "depth = [2, 4]", "depth = 2"
        )
        + '[pruning]\nkind = "median"\nafter = 3\ntrials = 2\n'
    )
    done = sweep(script=script, toml=toml)
    found = shown(ask)
    assert [trial["status"] for trial in found["trials"]] == ["finished", "finished", "finished", "pruned"]
    last = found["trials"][3]["runs"]
    assert {run["status"] for run in last} == {"pruned"} and all(
        run["value"] < 2 and run["step"] < 59 for run in last
    )
    assert "trial 3  lr=0.9 depth=2  pruned at step" in done.stderr
    statuses = {run["id"]: run["status"] for run in ask("runs", "--json").json()}
    assert all(statuses[run["run"]] == "stopped" for run in last)
    assert "nothing was left to do" in sweep(script=script, toml=toml).stdout


def test_optuna_finds_what_is_good_and_goes_on_from_the_record(sweep, ask):
    pytest.importorskip("optuna", reason="the extra `sweep` is not installed")
    script = TRAIN.replace("lr + depth", "1 - abs(lr - 0.3) + 0 * depth")
    toml = (
        SWEEP.replace("goal", 'sampler = "optuna"\ntrials = 6\ngoal')
        .replace("lr = [0.1, 0.2]", "lr = {from = 0.0, to = 1.0}")
        .replace("parallel = 2", "parallel = 1")
        .replace("seeds = [1, 2]", "seeds = [1]")
    )
    sweep(script=script, toml=toml)
    before = shown(ask)
    assert len(before["trials"]) == 6
    sweep(script=script, toml=toml.replace("trials = 6", "trials = 14"))
    after = shown(ask)
    assert after["trials"][:6] == before["trials"] and len(after["trials"]) == 14
    sweep("--new", script=script, toml=toml.replace("trials = 6", "trials = 14"))
    fresh = shown(ask)
    assert fresh["id"] != after["id"]
    assert [one["params"] for one in fresh["trials"]] == [one["params"] for one in after["trials"]]


def test_a_sweep_can_go_on_without_its_file(sweep, ask, project, start):
    sweep("--seeds", "1")
    (project / "sweep.toml").unlink()
    id_ = shown(ask)["id"]
    done = start("sweep", "--resume", id_[:8])
    assert done.code == 0 and "nothing was left to do" in done.out
    assert start("sweep", "--resume", "0000").code == 2
    missing = start("sweep")
    assert missing.code == 2 and "there is no file `sweep.toml`" in missing.err


def test_a_sweep_of_another_version_does_not_stop_the_list(project, ask):
    from gnomon.runs.sweep import entries
    from gnomon.session import close_all, session_for

    body = {"name": "later", "file": {"quantum": 1}}
    session_for(str(project / ".gnomon")).append(
        entries.MADE, entries.sweep_subject("ab" * 10), body, strict=True
    )
    close_all()
    assert "cannot be read here" in ask("sweeps").out
    (found,) = ask("sweeps", "--json").json()
    assert found["name"] == "later" and "unknown key `quantum`" in found["error"]
    assert "unknown key `quantum`" in ask("sweeps", "show", "later").err


def test_lists_and_shows(sweep, ask):
    assert "no sweeps yet" in ask("sweeps").err or ask("sweeps").code != 0
    sweep()
    listed = ask("sweeps")
    assert "lr and depth" in listed.out and "4 of 4" in listed.out
    one = ask("sweeps", "show", "lr and depth")
    assert "best mean: trial 3 (lr=0.2 depth=4)" in one.out and "(2 seeds)" in one.out
    assert ask("sweeps", "show", "lr and dept").code == 2
    assert "importance auc" in one.err


def test_a_sweep_within_the_noise_names_no_winner(sweep):
    script = TRAIN.replace(
        "lr + depth + seed / 1000 + step / 100", "(seed * 7919 * (1 + int(lr * 10) + depth) % 101) / 100"
    )
    done = sweep("--seeds", "1-4", script=script)
    assert "cannot be told from" in done.stdout and "better than" not in done.stdout


def test_a_seed_that_nothing_reads_leaves_no_noise_to_blame(sweep, ask):
    script = TRAIN.replace(", run.seed", ", 1").replace("lr + depth + seed / 1000", "lr + depth")
    done = sweep("--seeds", "1-2", script=script)
    said = "no spread at all between seeds, and nothing read the seed: further seeds tell nothing"
    assert said in done.stdout, done.stdout
    assert said in ask("sweeps", "show", "lr and depth").out
    assert ask("sweeps", "show", "lr and depth", "--json").json()["sentence"].endswith(said)


def test_json_at_the_end_is_all_of_it(sweep):
    found = json.loads(sweep("--json", "--seeds", "1").stdout)
    assert found["best"] == "3" and len(found["trials"]) == 4
