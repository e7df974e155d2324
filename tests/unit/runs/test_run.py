"""`gnomon.run(...)` in the process that trains: what is taken, what raises, what survives forks, threads and signals."""

from __future__ import annotations

import asyncio
import json
import math
import os
import random
import signal
import struct
import subprocess
import sys
import threading
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from thorough import examples
from wal_truth import all_rows

import gnomon
from gnomon.env import Env
from gnomon.errors import (
    BadArgumentError,
    GnomonError,
    MissingFileError,
    NotStoredError,
    RunEndedError,
    UsageError,
)
from gnomon.points.wal import LARGEST_STEP
from gnomon.record.lines import parse_line
from gnomon.session import close_all


def entries(project):
    found = []
    for path in sorted((project / ".gnomon").glob("log/*/*.jsonl")):
        found += [parse_line(line) for line in path.read_bytes().splitlines()]
    return found


def bodies(project, kind):
    return [entry.body for entry in entries(project) if entry.kind == kind]


def python(code, cwd, **kwargs):
    return subprocess.run(
        [sys.executable, "-c", code], cwd=cwd, capture_output=True, text=True, timeout=60, **kwargs
    )


def test_the_example_of_the_readme_is_recorded(project):
    (project / "model.skops").write_bytes(b"weights")
    with gnomon.run(
        "baseline", params={"lr": 1e-3, "depth": 6}, seed=7, group="depth-6", tags=["first"]
    ) as run:
        for step in range(3):
            run.log({"loss": 1.0 / (step + 1), "auc": 0.5}, step=step)
        run.log(loss=0.1, auc=0.9)
        run.keep("model.skops")
        run.note("Plateaus after 3 epochs; next: smaller depth.")
    (created,) = bodies(project, "run.created")
    assert created == {
        "rank": 0, "world_size": 1, "name": "baseline", "params": {"lr": 1e-3, "depth": 6}, "seed": 7, "group": "depth-6",
    }  # fmt: skip
    assert [step for _, _, step, _ in all_rows(project)] == [0, 1, 2, 3]
    assert all_rows(project)[-1][3] == {"loss": 0.1, "auc": 0.9}
    assert bodies(project, "run.noted") == [{"text": "Plateaus after 3 epochs; next: smaller depth."}]
    assert bodies(project, "run.kept")[0]["name"] == "model.skops"
    assert bodies(project, "run.tagged") == [{"tags": ["first"]}]
    (ended,) = bodies(project, "run.ended")
    assert ended["status"] == "finished"
    assert ended["last_step"] == 3


# --- values


@pytest.mark.slow
@settings(max_examples=examples(60), deadline=None)
@given(
    st.lists(
        st.binary(min_size=8, max_size=8).map(lambda raw: struct.unpack("<d", raw)[0]), min_size=1, max_size=8
    )
)
def test_every_float_survives_bit_for_bit(tmp_path_factory, floats):
    place = tmp_path_factory.mktemp("floats")
    with gnomon.run(dir=place) as run:
        for value in floats:
            run.log({"x": value})
    from gnomon.session import close_all

    close_all()
    stored = [row[3]["x"] for row in all_rows(place)]
    assert [struct.pack("<d", value) for value in stored] == [struct.pack("<d", value) for value in floats]


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (3, 3.0), (True, 1.0), (2**53 + 1, 2**53 + 1), (-(2**70) - 1, -(2**70) - 1), (10**400, 10**400),
        (np.float64(0.1), 0.1), (np.float32(0.1), float(np.float32(0.1))), (np.int64(2**62 + 1), 2**62 + 1),
        (np.uint64(2**64 - 1), 2**64 - 1), (np.bool_(True), 1.0), (np.array(2.5), 2.5), (math.inf, math.inf), (5e-324, 5e-324),
    ],
)  # fmt: skip
def test_numbers_of_all_kinds_are_exact(project, value, stored):
    with gnomon.run() as run:
        run.log({"x": value, "y": 1.0})
    assert all_rows(project)[0][3] == {"x": stored, "y": 1.0}


@pytest.mark.parametrize(
    "value", ["text", None, 2**9000 + 1, [1.0], np.zeros(3), object(), 1j, {"a": 1}, b"x"]
)
def test_no_value_raises_and_what_is_no_number_is_counted(project, value, caplog):
    with gnomon.run() as run:
        for step in range(3):
            run.log({"odd": value, "loss": 0.5}, step=step)
    assert [row[3] for row in all_rows(project)] == [{"loss": 0.5}] * 3
    assert bodies(project, "run.ended")[0]["unusable_values"] == 3
    assert sum("`odd`" in record.message for record in caplog.records) == 1


def test_a_strict_run_raises_for_a_value_that_is_no_number(project):
    with gnomon.run(strict=True) as run, pytest.raises(NotStoredError, match="`odd` is a str"):
        run.log({"odd": "text"})


class Rude:
    """A stranger's number whose conversion raises something of its own."""

    def __float__(self):
        raise ZeroDivisionError("rude")


def test_a_strangers_conversion_never_stops_training(project):
    with gnomon.run() as run:
        run.log({"rude": Rude(), "loss": 1.0})
    assert all_rows(project)[0][3] == {"loss": 1.0}


@pytest.mark.parametrize("wrong", ["x", 5, [("a", 1)], {"a"}, None])
def test_a_wrong_call_raises_at_once(project, wrong):
    with gnomon.run() as run, pytest.raises(BadArgumentError, match="log"):
        run.log(wrong)


def test_a_wrong_step_raises_at_once(project):
    with gnomon.run() as run, pytest.raises(BadArgumentError, match="whole number"):
        run.log({"a": 1.0}, step="first")


@pytest.mark.parametrize(
    ("step", "stored", "extra"),
    [
        (np.int64(7), 7, {}),
        (3.0, 3, {}),
        (True, 1, {}),
        (2.5, 0, {"step": 2.5}),
        (2**63, 0, {}),
        (-5, -5, {}),
    ],
)
def test_steps_of_all_kinds(project, step, stored, extra):
    with gnomon.run() as run:
        run.log({"a": 1.0}, step=step)
    assert all_rows(project)[0][2:] == (stored, {**extra, "a": 1.0})


def test_ten_thousand_metrics_in_one_call(project):
    metrics = {f"metric {number} λ": float(number) for number in range(10_000)}
    with gnomon.run() as run:
        run.log(metrics)
        run.log(metrics)
    assert [row[3] for row in all_rows(project)] == [metrics, metrics]


def test_keys_that_change_with_every_call(project):
    truth = [
        {f"k{(7 * call + column) % 90}": float(call) for column in range(1 + call % 9)}
        for call in range(5_000)
    ]
    with gnomon.run() as run:
        for metrics in truth:
            run.log(metrics)
    assert [row[3] for row in all_rows(project)] == truth


@pytest.mark.parametrize("disk", ["ext4", "nfs"])  # with a map, and without
def test_sets_of_known_keys_that_never_come_again(project, monkeypatch, disk):
    """More of them than are remembered: each row then says itself which series it holds."""
    monkeypatch.setattr("gnomon.env.Env.filesystem", lambda self, path: disk)
    monkeypatch.setattr("gnomon.points.rows.MAX_CACHED_COLUMNS", 20)
    chance = random.Random(3)
    names = [f"k{number}" for number in range(40)]
    truth = [{name: chance.random() for name in chance.sample(names, 12)} for _ in range(1_500)]
    truth[700]["k39"] = 2**80 + 1
    truth[800] = {**truth[800], "k1": np.float32(0.5), "k2": True}
    truth[900] = {"new": 1.0, **truth[900]}
    with gnomon.run() as run:
        for step, metrics in enumerate(truth):
            run.log(metrics, step=step if step != 1_000 else 2**64)  # that one counts on from the last
    rows = all_rows(project)
    assert [row[2] for row in rows] == list(range(1_500))
    assert [row[3] for row in rows] == truth


@pytest.mark.slow
def test_a_file_that_grows_keeps_what_it_holds(project, monkeypatch):
    """Room is made, and cleared, behind the last row only; as much as is left in the end is cut off."""
    written = []

    def pwrite(self, fd, data, offset, before=Env.pwrite):
        written.append((offset, len(data), any(data)))
        before(self, fd, data, offset)

    with gnomon.run() as run:
        run.log({"a": 0.0})  # the log and the file are there
        with monkeypatch.context() as patch:
            patch.setattr(Env, "pwrite", pwrite)
            for step in range(1, 60_000):
                run.log({"a": float(step)})
    close_all()
    (path,) = (project / ".gnomon").glob("points/*/*.wal")
    assert len(written) > 5
    assert not any(is_something for _, _, is_something in written)
    ends = [64 << 10, *(offset + size for offset, size, _ in written)]
    assert [offset for offset, _, _ in written] == ends[:-1]  # each begins where the one before ended
    assert ends[-1] - LARGEST_STEP < path.stat().st_size < ends[-1]
    assert [row[3]["a"] for row in all_rows(project)] == [float(step) for step in range(60_000)]


def test_odd_names_are_kept_as_text(project):
    with gnomon.run() as run:
        run.log({"": 1.0, "a\nb": 2.0, 5: 3.0, "é" * 5000: 4.0, "\ud800": 5.0})
    (row,) = all_rows(project)
    assert list(row[3].values()) == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert "5" in row[3]


def test_two_keys_that_become_one_series_are_told(project, caplog):
    with gnomon.run() as run:
        run.log({1: 1.0, "1": 2.0})
    assert [row[3] for row in all_rows(project)] == [{"1": 2.0}]
    assert bodies(project, "run.ended")[0]["unusable_values"] == 1


@pytest.mark.slow
def test_a_parameter_of_a_megabyte(project):
    with gnomon.run(params={"prompt": "x" * 1_000_000, "huge": 10**50, "nan": math.nan}):
        pass
    params = bodies(project, "run.created")[0]["params"]
    assert params["prompt"] == "x" * 1_000_000
    assert params["huge"] == 10**50
    assert math.isnan(params["nan"])


@pytest.mark.slow
def test_a_wal_that_is_full_is_followed_by_another(project, monkeypatch):
    from gnomon.points import layout, wal

    monkeypatch.setattr(layout, "MAX_FILE_SIZE", 256 << 10)
    monkeypatch.setattr(wal, "ROOM_FOR_DEFINITIONS", 4 << 10)
    with gnomon.run() as run, gnomon.run("other") as other:
        for step in range(10_000):
            run.log({"a": float(step)}, step=step)
            other.log({"b": float(step)}, step=step)
    assert len(list((project / ".gnomon").glob("points/*/*.wal"))) > 2
    for series in ("a", "b"):
        assert sorted(row[2] for row in all_rows(project) if series in row[3]) == list(range(10_000))


def test_a_clock_that_goes_backwards(project, monkeypatch):
    times = iter(range(2 * 10**18, 0, -(10**15)))
    monkeypatch.setattr("gnomon.env.Env.time_ns", lambda self: next(times))
    with gnomon.run() as run:
        for step in range(20):
            run.log({"a": 1.0}, step=step)
    assert [row[2] for row in all_rows(project)] == list(range(20))


# --- which run


def test_gnomon_log_goes_to_the_current_run(project):
    with gnomon.run("outer") as outer:
        gnomon.log(a=1)
        with gnomon.run("inner") as inner:
            gnomon.log(a=2)
        gnomon.log(a=3)
    owners = [(row[0], row[3]["a"]) for row in all_rows(project)]
    assert owners == [(outer.id, 1.0), (inner.id, 2.0), (outer.id, 3.0)]
    assert bodies(project, "run.created")[1]["parent"] == outer.id


def test_without_a_run_gnomon_log_says_how_to_open_one():
    with pytest.raises(UsageError, match=r"with gnomon\.run"):
        gnomon.log(a=1)


def test_each_task_and_thread_has_its_own_current_run(project):
    async def train(name):
        with gnomon.run(name):
            for value in range(5):
                gnomon.log({name: value})
                await asyncio.sleep(0)

    async def both():
        await asyncio.gather(train("a"), train("b"))

    asyncio.run(both())
    threads = [threading.Thread(target=lambda name=name: asyncio.run(train(name))) for name in ("c", "d")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    by_run = {}
    for run, _, _, values in all_rows(project):
        by_run.setdefault(run, set()).update(values)
    assert sorted(map(sorted, by_run.values())) == [["a"], ["b"], ["c"], ["d"]]


def test_a_thread_without_a_run_of_its_own_uses_the_only_one_that_is_open(project):
    with gnomon.run():
        thread = threading.Thread(target=lambda: gnomon.log(a=1))
        thread.start()
        thread.join()
    assert len(all_rows(project)) == 1


def test_a_run_that_has_ended_takes_no_more(project):
    with gnomon.run() as run:
        run.log(a=1)
    for wrong in (lambda: run.log(a=2), lambda: run.note("late"), lambda: run.keep("x")):
        with pytest.raises(RunEndedError, match="resume"):
            wrong()
    run.finish()  # a second end does nothing
    assert len(bodies(project, "run.ended")) == 1


@pytest.mark.parametrize(
    ("error", "status"), [(ValueError, "failed"), (KeyboardInterrupt, "stopped"), (SystemExit, "stopped")]
)
def test_how_a_run_ends_is_recorded_and_the_error_goes_on(project, error, status):
    with pytest.raises(error), gnomon.run():
        raise error("secret text")
    (ended,) = bodies(project, "run.ended")
    assert (ended["status"], ended["error"]) == (status, error.__name__)
    assert "secret" not in json.dumps(ended)


@pytest.mark.parametrize(
    ("ending", "status", "code"),
    [("pass", "finished", 0), ("raise ValueError", "failed", 1), ("raise SystemExit(3)", "finished", 3)],
)
def test_a_run_left_open_ends_with_its_process(project, ending, status, code):
    done = python(f"import gnomon; run = gnomon.run('x'); run.log(a=1)\n{ending}", project)
    assert done.returncode == code
    assert bodies(project, "run.ended")[0]["status"] == status
    assert entries(project)[-1].kind == "log.closed"


# --- arguments


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"params": [1]}, "params"), ({"tags": "one"}, "tags"), ({"tags": [""]}, "tag"), ({"id": "xyz"}, "20 hex digits"),
        ({"rank": -1}, "rank"), ({"name": 5}, "name"),
    ],
)  # fmt: skip
def test_wrong_arguments_raise_and_write_nothing(project, wrong, match):
    with pytest.raises(BadArgumentError, match=match):
        gnomon.run(**wrong)
    assert not (project / ".gnomon").exists()


def test_keeping_what_does_not_exist_raises(project):
    with gnomon.run() as run, pytest.raises(MissingFileError, match="no-such"):
        run.keep("no-such-file")


def test_every_error_tells_code_and_hint():
    with pytest.raises(GnomonError) as caught:
        gnomon.log(a=1)
    assert "(GN" in str(caught.value)
    assert "\nhint: " in str(caught.value)


# --- processes


@pytest.mark.slow
def test_several_processes_log_to_one_run(project):
    code = "import gnomon, os\nwith gnomon.run('ddp') as run:\n    run.log(loss=float(os.environ['RANK']))"
    shared = "ab" * 10
    for rank in range(3):
        env = {**os.environ, "RANK": str(rank), "WORLD_SIZE": "3", "GNOMON_RUN_ID": shared}
        assert python(code, project, env=env).returncode == 0
    assert sorted((run, rank, values["loss"]) for run, rank, _, values in all_rows(project)) == [
        (shared, 0, 0.0), (shared, 1, 1.0), (shared, 2, 2.0),
    ]  # fmt: skip


def test_only_the_first_run_of_a_process_takes_the_launchers_id(project, monkeypatch):
    monkeypatch.setenv("GNOMON_RUN_ID", "ef" * 10)
    with gnomon.run("outer") as outer, gnomon.run("inner") as inner:
        pass
    assert outer.id == "ef" * 10
    assert inner.id != outer.id


FORKING = """
import os, threading, warnings
warnings.simplefilter("ignore")
import gnomon
run = gnomon.run("fork")
run.log({"parent": -1.0})
def work(name):
    for i in range(200):
        run.log({name: float(i)}, step=i)
children = []
for child in range(4):
    pid = os.fork()
    if pid == 0:
        threads = [threading.Thread(target=work, args=(f"c{child}t{t}",)) for t in range(3)]
        [t.start() for t in threads]; [t.join() for t in threads]
        os._exit(0)
    children.append(pid)
work("parent")
for pid in children:
    assert os.waitpid(pid, 0)[1] == 0
run.finish()
"""


@pytest.mark.slow
def test_forks_and_threads_lose_double_and_mix_nothing(project):
    done = python(FORKING, project)
    assert done.returncode == 0, done.stderr
    found = {}
    for _, _, step, values in all_rows(project):
        ((name, value),) = values.items()
        found.setdefault(name, []).append((step, value))
    found["parent"].remove((0, -1.0))
    truth = [(step, float(step)) for step in range(200)]
    names = {"parent", *(f"c{child}t{thread}" for child in range(4) for thread in range(3))}
    assert found.keys() == names
    assert all(sorted(rows) == truth for rows in found.values())
    # Each process has a log and a WAL of its own.
    assert len({entry.log for entry in entries(project)}) == 5


@pytest.mark.slow
@pytest.mark.parametrize("remembered", [1024, 4])  # sets of keys; the rows of others name their series
def test_threads_that_change_places_all_the_time_lose_and_mix_nothing(project, monkeypatch, remembered):
    """No lock is taken for a common row: what keeps threads apart is tried hard here, files that fill up included."""
    from gnomon.points import layout, wal

    monkeypatch.setattr("gnomon.points.rows.MAX_CACHED_COLUMNS", remembered)
    monkeypatch.setattr(layout, "MAX_FILE_SIZE", 256 << 10)
    monkeypatch.setattr(wal, "ROOM_FOR_DEFINITIONS", 4 << 10)
    count, each = 6, 6_000
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with gnomon.run() as run:

            def work(name):
                for step in range(each):
                    more = {} if step % 2 else {f"{name} {step % 3}": 1.0}
                    run.log({name: float(step), **more}, step=step)

            threads = [threading.Thread(target=work, args=(f"t{number}",)) for number in range(count)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    finally:
        sys.setswitchinterval(before)
    found = {}
    for _, _, step, values in all_rows(project):
        name, number = next(iter(values.items()))
        assert number == step
        found.setdefault(name, []).append(step)
    assert {name: sorted(steps) for name, steps in found.items()} == {
        f"t{number}": list(range(each)) for number in range(count)
    }
    assert len(list((project / ".gnomon").glob("points/*/*.wal"))) > 3


SIGNALS = """
import itertools, signal, gnomon
run = gnomon.run("signals")
count = itertools.count()
def handler(*_):
    number = next(count)
    run.log({"signal": float(number)}, step=number)
signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
for i in range(30_000):
    if i % 2:
        run.log({"loop": float(i)}, step=i)
    else:
        run.log({"loop": float(i), f"k{i // 7}": 1.0}, step=i)   # new series: definitions are interrupted too
signal.setitimer(signal.ITIMER_REAL, 0)
run.finish()
print(next(count))
"""


@pytest.mark.slow
def test_a_signal_handler_that_logs_in_the_middle_of_a_log(project):
    done = python(SIGNALS, project)
    assert done.returncode == 0, done.stderr
    rows = all_rows(project)
    loop = [values["loop"] for _, _, _, values in rows if "loop" in values]
    handled = [values["signal"] for _, _, _, values in rows if "signal" in values]
    assert loop == [float(i) for i in range(30_000)]
    assert len(handled) == int(done.stdout) > 20
    assert sorted(handled) == [float(i) for i in range(len(handled))]


def test_sigterm_leaves_what_was_logged(project):
    code = "import gnomon, time, os\nrun = gnomon.run('x')\nfor i in range(100): run.log(a=i)\nprint('ready', flush=True)\ntime.sleep(60)"  # noqa: E501
    child = subprocess.Popen([sys.executable, "-c", code], cwd=project, stdout=subprocess.PIPE)
    child.stdout.readline()
    child.send_signal(signal.SIGTERM)
    child.wait()
    child.stdout.close()
    assert len(all_rows(project)) == 100


# --- politeness


def test_importing_gnomon_is_quiet():
    code = """
import sys, threading
before = set(sys.modules)
import gnomon
heavy = {"numpy", "pandas", "pyarrow", "arro3", "duckdb", "polars", "starlette", "nacl", "blake3"}
heavy |= {"msgspec", "sqlite3", "json"}
assert not heavy & (set(sys.modules) - before), heavy & set(sys.modules)
assert threading.active_count() == 1
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout == done.stderr == ""


def test_a_whole_training_loads_nothing_heavy(project):
    code = """
import sys, gnomon
with gnomon.run("x", params={"a": 1}) as run:
    run.log(loss=1.0)
heavy = {"numpy", "pandas", "pyarrow", "arro3", "duckdb", "polars", "starlette", "sqlite3", "msgspec", "dataclasses", "inspect"}
print(*sorted(heavy & set(sys.modules)))
"""
    done = python(code, project)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


def test_on_windows_it_says_at_once_what_does_not_work(monkeypatch):
    from gnomon.errors import UnsupportedPlatformError

    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(UnsupportedPlatformError, match="WSL 2"):
        gnomon.run("x")


def test_warnings_as_errors_do_not_reach_the_training(project):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with gnomon.run() as run:
            run.log({"odd": "text", "a": 1.0})
    assert len(all_rows(project)) == 1


# --- what a resumed run is given


def test_a_resumed_run_takes_params_and_tags_and_says_what_it_ignores(project, caplog):
    with gnomon.run("first", params={"lr": 0.1, "depth": 3}, seed=1, group="g", tags=["a"]) as run:
        run.log(loss=1)
    with gnomon.run("second", resume=run.id, params={"lr": 0.2}, seed=2, group="g", tags=["b"]):
        pass
    found = gnomon.open().run(run.id)
    assert (found.name, found.seed, found.group) == ("first", 1, "g")
    assert found.params == {"lr": 0.2, "depth": 3} and found.tags == ["a", "b"] and not found.conflicts
    assert "keeps its name 'first'; 'second' is ignored" in caplog.text
    assert "keeps its seed 1; 2 is ignored" in caplog.text and "group" not in caplog.text


def test_wrong_resumes(project):
    with pytest.raises(BadArgumentError, match="`resume_step` of `run\\(\\)` needs `resume`"):
        gnomon.run("k", resume_step=4)
    with gnomon.run() as run:
        pass
    with pytest.raises(BadArgumentError, match="belong to a new run"):
        gnomon.run(resume=run.id, id="0" * 20)


@pytest.mark.slow
def test_what_a_launcher_was_told_goes_before_what_its_script_says(project, monkeypatch):
    monkeypatch.setenv("GNOMON_CAPTURE", "on")
    script = "import gnomon\nwith gnomon.run('inner', group='from the script'): pass"
    subprocess.run(
        [sys.executable, "-m", "gnomon", "run", "--name", "outer", "--", sys.executable, "-c", script], check=True,
        capture_output=True,
    )  # fmt: skip
    (found,) = map(gnomon.open().run, gnomon.open().runs().ids)
    assert found.name == "outer" and found.group == "from the script" and not found.conflicts


@pytest.mark.slow
def test_a_person_at_a_terminal_is_told_once_where_a_run_goes(project):
    import pty

    script = "import gnomon\nfor n in range(3):\n    with gnomon.run(): pass\n"
    ours, theirs = pty.openpty()
    done = subprocess.run([sys.executable, "-c", script], stderr=theirs, check=True)
    said = os.read(ours, 4096).decode()
    os.close(ours)
    os.close(theirs)
    assert said.count("goes to") == 1 and str(project / ".gnomon") in said
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert done.stderr == b"" and done.stdout == b""
