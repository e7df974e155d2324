"""The nursery, stopping, and jobs that come back from another machine: real processes."""

from __future__ import annotations

import os
import sys
import time

import psutil
import pytest

import gnomon
from gnomon.errors import StorageError
from gnomon.runs.given import Given
from gnomon.runs.sweep.on_ray import do_elsewhere, place_mark
from gnomon.runs.sweep.stopping import Stopping
from gnomon.runs.sweep.warm import Warm
from gnomon.runs.sweep.workers import INTERRUPT, KILL, TERMINATE, Job

pytestmark = pytest.mark.slow


def job(project, code, number=0, **changes) -> Job:
    made = Job(
        run=f"{number:020x}", words=[sys.executable, "-c", code], place=str(project / ".gnomon"), cwd=str(project), name="s 0",
        group="s 0", params={"lr": 0.5}, seed=3, given=Given(trial={"sweep": "a" * 20, "number": 0}).to_text(), pick=["auc"],
        timeout_s=None, grace_s=0.5,
    )  # fmt: skip
    made.update(changes)
    return made


@pytest.fixture
def warm(project):
    gnomon.run().finish()
    found = Warm()
    yield found
    found.close()


def wait(workers, count=1, seconds=30):
    found, end = [], time.monotonic() + seconds
    while len(found) < count and time.monotonic() < end:
        found += workers.wait(0.2)
    assert len(found) == count
    return found


def test_a_job_is_an_ordinary_run_and_its_end_is_told(warm, project):
    warm.start(job(project, "print('auc=0.25'); raise SystemExit(3)"))
    (done,) = wait(warm)
    assert (done["exit_code"], done["stopped"], done["error"]) == (3, None, None)
    run = gnomon.open().run(f"{0:020x}")
    assert (run.name, run.group, run.seed, run.params, run.status) == ("s 0", "s 0", 3, {"lr": 0.5}, "failed")
    assert run.metrics == {"auc": 0.25} and run.trial == {"sweep": "a" * 20, "number": 0}


def test_what_cannot_be_started_is_told_with_what_to_do(warm, project):
    warm.start(job(project, "", words=["no-such-command"]))
    (done,) = wait(warm)
    assert "there is no command `no-such-command`" in done["error"] and done["exit_code"] is None
    warm.start(job(project, "", cwd=str(project / "gone")))
    (done,) = wait(warm)
    assert "gone" in done["error"] and "on each machine" in done["hint"]


DEAF = """import time, signal
for one in (2, 15):
    signal.signal(one, signal.SIG_IGN)
print('auc=1', flush=True)
while True:
    time.sleep(1)
"""


@pytest.mark.parametrize(
    ("code", "how", "status"),
    [
        ("import time\nprint('auc=1', flush=True)\ntime.sleep(60)", INTERRUPT, "stopped"),
        ("import time\nprint('auc=1', flush=True)\ntime.sleep(60)", TERMINATE, "stopped"),
        (DEAF, INTERRUPT, "failed"),
        (DEAF, KILL, "failed"),
    ],
)
def test_a_run_is_asked_told_and_killed_and_its_end_is_recorded(warm, project, code, how, status):
    warm.start(job(project, code))
    until_logged(f"{0:020x}")
    began = time.monotonic()
    warm.stop(f"{0:020x}", how)
    (done,) = wait(warm)
    assert done["stopped"] == how and done["exit_code"] not in (0, None)
    run = gnomon.open().run(f"{0:020x}")
    assert run.status == status and run.metrics == {"auc": 1}
    if code is DEAF:
        assert (time.monotonic() - began > 0.9) == (how == INTERRUPT)  # two times the grace


def until_logged(run, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        record = gnomon.open()
        if len(record.runs(where=f"id = '{run}'")) and record.run(run).metrics:
            return
        time.sleep(0.1)
    raise AssertionError("it logged nothing")


def test_a_time_limit_kills(warm, project):
    warm.start(job(project, DEAF, timeout_s=2.0))
    (done,) = wait(warm)
    assert done["stopped"] == "timeout" and done["duration_s"] < 15


def test_when_the_other_end_goes_away_all_runs_are_stopped(project):
    gnomon.run().finish()
    warm = Warm()
    warm.start(job(project, DEAF, 1))
    until_logged(f"{1:020x}")
    below = psutil.Process(warm._pid).children(recursive=True)
    assert below
    warm.close()  # as the kernel does for a process that was killed
    _, alive = psutil.wait_procs(below, timeout=20)
    assert not alive
    assert gnomon.open().run(f"{1:020x}").status == "failed"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_when_the_warm_process_is_killed_that_is_said_and_no_run_is_left(project):
    gnomon.run().finish()
    warm = Warm()
    warm.start(job(project, "import time\nprint('auc=1', flush=True)\ntime.sleep(100)", 2))
    until_logged(f"{2:020x}")
    below = psutil.Process(warm._pid).children(recursive=True)
    os.kill(warm._pid, 9)
    with pytest.raises(StorageError, match="was killed"):
        wait(warm)
    warm.close()
    _, alive = psutil.wait_procs(below, timeout=20)
    assert below and not alive
    assert gnomon.open().run(f"{2:020x}").status == "stopped"


def test_stopping_a_process_that_is_gone_is_nothing():
    stopping = Stopping(2**22 - 1, INTERRUPT, 0.0)
    for _ in range(5):
        stopping.step()
    stopping.hurry(KILL)


def test_a_run_of_another_machine_comes_back_whole(project):
    run = gnomon.run("here")
    run.finish()
    record = gnomon.open()
    done, archive = do_elsewhere(job(project, "print('auc=0.75')", 7), lambda: None)
    assert done["exit_code"] == 0
    with open("back.zip", "wb") as file:
        file.write(archive)
    record.import_("back.zip")
    run = record.run(f"{7:020x}")
    assert (run.status, run.metrics["auc"], run.trial["number"]) == ("finished", 0.75, 0)
    assert place_mark(record.path) == place_mark(record.path) != place_mark(str(project))


def test_a_run_elsewhere_is_stopped_when_it_is_asked_to(project):
    gnomon.run().finish()
    began = time.monotonic()
    asked = lambda: TERMINATE if time.monotonic() - began > 3 else None  # noqa: E731
    done, archive = do_elsewhere(job(project, DEAF, 8), asked)
    assert done["stopped"] == TERMINATE and archive is not None and time.monotonic() - began < 20
    assert os.path.isdir(project / ".gnomon")
