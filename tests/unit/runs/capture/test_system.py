"""System metrics: what is really used is seen, what cannot be read is missing, and nothing raises or lingers."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import types
from collections import namedtuple

import pytest

from gnomon.runs.capture import system_row
from gnomon.runs.capture.nvml import NOTE_MISSING, open_gpus
from gnomon.runs.capture.process_tree import Spent, Tree, Used, between, look
from gnomon.runs.capture.system import MAX_SHARE, SystemMetrics
from gnomon.runs.capture.system_row import SystemRow

pytestmark = pytest.mark.slow  # all of them together, for the quick lane

psutil = pytest.importorskip("psutil")
linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
MIB = 1 << 20
PERCENT = {"system/cpu_percent", "system/memory_percent", "system/process_cpu_percent"}


class Clock:
    """A clock that a test sets."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


def quiet(*_):
    """Take a row and do nothing."""


def wait_for(condition, at_most_s=20.0):
    end = time.monotonic() + at_most_s
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def child(code, **kwargs):
    return subprocess.Popen(
        [sys.executable, "-u", "-c", code], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True, **kwargs
    )


def two_rows(between_them=lambda: None, *, span_s=10.0):
    clock = Clock()
    metrics = SystemMetrics(quiet, clock=clock)
    first = metrics.sample()
    between_them()
    time.sleep(0.05)  # the kernel counts in hundredths of a second
    clock.now += span_s
    return first, metrics.sample()


# --- what is really used is seen


def test_the_first_row_has_levels_and_the_second_has_rates_too():
    first, second = two_rows()
    assert set(first) == {"system/memory_percent", "system/process_memory_bytes", "system/disk_free_bytes"}
    assert PERCENT | {"system/network_received_bytes_per_s", "system/network_sent_bytes_per_s"} <= set(second)
    assert {"system/disk_read_bytes_per_s", "system/disk_write_bytes_per_s"} <= set(second)
    assert all(isinstance(value, float) and value >= 0 for value in second.values())
    assert all(second[name] <= 100 for name in ("system/cpu_percent", "system/memory_percent"))


def test_levels_agree_with_other_sources():
    _, row = two_rows()
    assert row["system/disk_free_bytes"] == pytest.approx(shutil.disk_usage(".").free, rel=0.05)
    assert row["system/process_memory_bytes"] >= psutil.Process().memory_info().rss * 0.9


def burn():
    end = time.process_time() + 0.4
    while time.process_time() < end:
        pass


def test_time_of_this_process_is_seen():
    begun = time.process_time()
    _, row = two_rows(burn)
    spent = time.process_time() - begun
    assert row["system/process_cpu_percent"] == pytest.approx(100 * spent / 10, abs=1.0)


BURN = """
import sys, time
end = time.process_time() + 0.5
while time.process_time() < end: pass
print('done')
sys.stdin.read()"""


def test_time_of_a_child_is_seen_while_it_lives():
    process = child("input()\n" + BURN)

    def work():
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.stdout.readline() == "done\n"

    try:
        _, row = two_rows(work)
    finally:
        process.communicate()
    assert row["system/process_cpu_percent"] >= 4.5


def test_time_of_a_child_that_came_and_went_between_two_rows_is_seen():
    _, row = two_rows(lambda: child(BURN).communicate(""))
    assert row["system/process_cpu_percent"] >= 4.5


def test_time_of_a_child_is_counted_once_when_it_ends():
    process = child(BURN)
    assert process.stdout.readline() == "done\n"  # its half second lies before the first row
    _, row = two_rows(process.communicate)
    assert row["system/process_cpu_percent"] < 4.0


def test_memory_of_a_child_is_seen():
    process = child("block = b'x' * (200 << 20)\nprint('done')\nimport sys; sys.stdin.read()")
    try:
        assert process.stdout.readline() == "done\n"
        row = SystemMetrics(quiet).sample()
    finally:
        process.communicate()
    assert row["system/process_memory_bytes"] >= psutil.Process().memory_info().rss + 190 * MIB
    assert (
        SystemMetrics(quiet).sample()["system/process_memory_bytes"]
        < row["system/process_memory_bytes"] - 150 * MIB
    )


@linux
@pytest.mark.parametrize("by_child", [False, True])
def test_writes_to_the_disk_are_seen(by_child, request):
    # The test's own folder may lie in memory, which is no disk: write beside this file.
    name = request.path.parent / f".written-{os.getpid()}"
    code = f"import os\nwith open({str(name)!r}, 'wb') as file:\n    file.write(os.urandom(8 << 20)); os.fsync(file.fileno())"

    def work():
        if by_child:
            child(code).communicate()
        else:
            exec(code)

    try:
        _, row = two_rows(work)
    finally:
        name.unlink(missing_ok=True)
    assert row["system/disk_write_bytes_per_s"] >= 8 * MIB / 10


# --- odd processes


@linux
def test_a_zombie_child_raises_nothing():
    process = child("pass")
    wait_for(lambda: psutil.Process(process.pid).status() == psutil.STATUS_ZOMBIE)
    _, row = two_rows()
    process.communicate()
    assert row["system/process_cpu_percent"] >= 0


def test_many_children_that_come_and_go_raise_nothing():
    stop = threading.Event()

    def churn():
        while not stop.is_set():
            for one in [subprocess.Popen(["true"]) for _ in range(5)]:
                one.wait()

    thread = threading.Thread(target=churn)
    thread.start()
    clock = Clock()
    metrics = SystemMetrics(quiet, clock=clock)
    try:
        for _ in range(60):
            clock.now += 1
            assert metrics.sample()["system/process_memory_bytes"] > 0
    finally:
        stop.set()
        thread.join()
    assert metrics.notes == []


def tree(hidden=(), **used):
    return Tree(
        {name: Used(own, reaped, io, io) for name, (own, reaped, io) in used.items()}, frozenset(hidden), 0
    )


@pytest.mark.parametrize(
    ("before", "after", "cpu_s", "read"),
    [
        (tree(me=(5, 0, 10)), tree(me=(7, 0, 30)), 2, 20),
        # a child of 4 s ran 1 s more, ended, and was waited for
        (tree(me=(5, 0, 10), a=(4, 0, 100)), tree(me=(5, 5, 130)), 1, 20),
        # one that nobody waited for takes its past along: what is alive counts
        (tree(me=(5, 0, 10), a=(4, 0, 100)), tree(me=(6, 0, 10)), 1, 0),
        # the same process id, another process: psutil tells them apart by the start
        (tree(me=(5, 0, 10), a1=(4, 0, 100)), tree(me=(5, 4, 110), a2=(1, 0, 7)), 1, 7),
        # a zombie is hidden for one look (macOS): its figure stays
        (tree(me=(5, 0, 10), a=(4, 0, 100)), tree(me=(5, 0, 10), hidden=["a"]), 0, 0),
        # the same, while another one was waited for
        (tree(me=(5, 0, 10), a=(4, 0, 100), b=(2, 0, 5)), tree(me=(5, 3, 20), hidden=["a"]), 1, 5),
        # a child whose reads may not be known, or no longer
        (tree(me=(5, 0, 10), a=(4, 0, 100)), tree(me=(5, 0, 15), a=(5, 0, None)), 1, 5),
        (tree(me=(5, 0, 10), a=(4, 0, None)), tree(me=(5, 0, 15), a=(5, 0, None)), 1, 5),
        (tree(me=(5, 0, None)), tree(me=(6, 0, None)), 1, None),
        # a counter that went backwards
        (tree(me=(5, 0, 10)), tree(me=(4, 0, 5)), 0, 0),
    ],
)  # fmt: skip
def test_what_a_tree_spent(before, after, cpu_s, read):
    assert between(before, after) == (cpu_s, read, read)


def test_a_child_that_may_not_be_read_is_hidden(monkeypatch):
    others = {one.pid for one in psutil.Process().children(recursive=True)}  # servers of other tests
    process = child("import sys; sys.stdin.read()")
    try:
        real = psutil.Process.oneshot

        def refuse(self):
            if self.pid == process.pid:
                raise psutil.AccessDenied(self.pid)
            return real(self)

        monkeypatch.setattr(psutil.Process, "oneshot", refuse)
        found = look(psutil)
    finally:
        process.communicate()
    assert [one.pid for one in found.hidden] == [process.pid]
    assert [one for one in found.used if one.pid not in others] == [psutil.Process()]


@linux
def test_no_descriptor_stays_open():
    metrics = SystemMetrics(quiet)
    metrics.sample()
    before = os.listdir("/proc/self/fd")
    for _ in range(50):
        metrics.sample()
    assert os.listdir("/proc/self/fd") == before


# --- what cannot be read is missing


NAMES = ("Process", "cpu_times", "virtual_memory", "disk_io_counters", "net_io_counters")


@pytest.mark.parametrize("broken", [*NAMES, NAMES])
@pytest.mark.parametrize("error", [PermissionError("no"), RuntimeError("odd"), psutil.AccessDenied(1)])
def test_a_reading_that_fails_leaves_out_its_series(monkeypatch, broken, error):
    def refuse(*_, **__):
        raise error

    for name in [broken] if isinstance(broken, str) else broken:
        monkeypatch.setattr(psutil, name, refuse)
    clock = Clock()
    row = SystemRow(clock)
    row.sample()
    time.sleep(0.05)
    clock.now += 10
    found = set(row.sample())
    missing = {
        "Process": {"system/process_cpu_percent", "system/process_memory_bytes"},
        "cpu_times": {"system/cpu_percent"},
        "virtual_memory": {"system/memory_percent"},
        "disk_io_counters": set(),  # the process's own are there
        "net_io_counters": {"system/network_sent_bytes_per_s", "system/network_received_bytes_per_s"},
    }
    if broken == NAMES:
        assert found == {"system/disk_free_bytes"}
    else:
        monkeypatch.undo()
        _, whole = two_rows()
        assert found == set(whole) - missing[broken]


def test_a_working_directory_that_is_gone_leaves_out_the_free_bytes(monkeypatch, tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    row = SystemMetrics(quiet).sample()
    assert "system/disk_free_bytes" not in row or row["system/disk_free_bytes"] >= 0
    monkeypatch.setattr(os, "statvfs", lambda _: (_ for _ in ()).throw(OSError("gone")))
    assert "system/disk_free_bytes" not in SystemMetrics(quiet).sample()


def test_the_machines_disk_counts_where_the_process_does_not_tell(monkeypatch):
    Disk = namedtuple("Disk", "read_bytes write_bytes")
    counts = iter([Disk(100, 100), Disk(1100, 2100)])
    monkeypatch.setattr(
        psutil.Process, "io_counters", lambda _: (_ for _ in ()).throw(psutil.AccessDenied(1))
    )
    monkeypatch.setattr(psutil, "disk_io_counters", lambda **_: next(counts))
    _, row = two_rows()
    assert (row["system/disk_read_bytes_per_s"], row["system/disk_write_bytes_per_s"]) == (100.0, 200.0)


def test_loopback_is_no_network(monkeypatch):
    Card = namedtuple("Card", "bytes_recv bytes_sent")
    rows = iter([{"lo": Card(0, 0), "eth0": Card(0, 0)}, {"lo": Card(10**9, 10**9), "eth0": Card(50, 100)}])
    monkeypatch.setattr(psutil, "net_io_counters", lambda **_: next(rows))
    _, row = two_rows()
    assert (row["system/network_received_bytes_per_s"], row["system/network_sent_bytes_per_s"]) == (5.0, 10.0)


def test_a_network_card_that_was_reset_gives_no_rate_once(monkeypatch):
    Card = namedtuple("Card", "bytes_recv bytes_sent")
    rows = iter([{"e": Card(500, 500)}, {"e": Card(10, 600)}, {"e": Card(20, 700)}])
    monkeypatch.setattr(psutil, "net_io_counters", lambda **_: next(rows))
    clock = Clock()
    row, found = SystemRow(clock), []
    for _ in range(3):
        clock.now += 10
        found.append(row.sample().get("system/network_received_bytes_per_s"))
    assert found == [None, None, 1.0]


def test_memory_is_of_the_control_groups_limit(tmp_path):
    for path, text in {
        "proc/self/cgroup": "0::/\n",
        "sys/fs/cgroup/memory.max": f"{100 * MIB}\n",
        "sys/fs/cgroup/memory.current": f"{75 * MIB}\n",
        "sys/fs/cgroup/memory.stat": f"inactive_file {25 * MIB}\n",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    assert SystemRow(root=str(tmp_path)).sample()["system/memory_percent"] == 50.0


def test_without_psutil_there_is_a_note_and_no_error(monkeypatch):
    monkeypatch.setitem(sys.modules, "psutil", None)
    metrics = SystemMetrics(quiet)
    assert set(metrics.sample()) == {"system/disk_free_bytes"}
    metrics.sample()
    (note,) = metrics.notes
    assert "psutil" in note


# --- clocks


@pytest.mark.parametrize("jump_s", [-1000.0, 0.0, 0.001])
def test_a_clock_that_jumps_back_or_stands_gives_no_rate(jump_s):
    _, row = two_rows(span_s=jump_s)
    assert not any(name.endswith("_per_s") or name in PERCENT - {"system/memory_percent"} for name in row)


def test_rates_go_on_after_the_clock_went_back():
    clock = Clock()
    row = SystemRow(clock)
    row.sample()
    clock.now -= 500
    row.sample()
    clock.now += 10
    assert "system/process_cpu_percent" in row.sample()


def test_a_machine_that_slept_gives_no_absurd_share():
    _, row = two_rows(burn, span_s=1_000_000.0)
    assert 0 <= row["system/process_cpu_percent"] < 1


def test_a_process_uses_no_more_than_there_are_processors(monkeypatch):
    monkeypatch.setattr(system_row, "between", lambda *_: Spent(1e9, 0, 0))
    assert two_rows()[1]["system/process_cpu_percent"] == 100 * os.cpu_count()


# --- the thread


def test_a_short_run_loads_and_logs_nothing():
    code = (
        "import sys, time\nfrom gnomon.runs.capture.system import SystemMetrics\nrows = []\n"
        "metrics = SystemMetrics(lambda row, step: rows.append(row)); metrics.start(); time.sleep(0.3); metrics.stop()\n"
        "print(len(rows), 'psutil' in sys.modules, 'pynvml' in sys.modules, metrics.is_running)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (found.stdout.split(), found.stderr) == (["0", "False", "False", "False"], "")


def test_rows_are_logged_with_whole_seconds_and_a_last_one_at_stop():
    rows, clock = [], Clock()
    metrics = SystemMetrics(
        lambda row, step: rows.append((step, row)), every_s=1000.0, clock=clock, first_after_s=0.01
    )
    metrics.start()
    assert metrics.is_running
    wait_for(lambda: rows and metrics._rows == 1)
    clock.now += 7.9
    metrics.stop()
    assert [step for step, _ in rows] == [0, 7]
    assert "system/process_cpu_percent" in rows[1][1]
    assert not metrics.is_running
    metrics.stop()
    assert len(rows) == 2


def test_it_can_start_again():
    rows = []
    metrics = SystemMetrics(lambda row, step: rows.append(step), every_s=0.02, first_after_s=0.01)
    for _ in range(2):
        count = len(rows)
        metrics.start()
        metrics.start()
        wait_for(lambda count=count: len(rows) > count + 2)
        metrics.stop()
    assert [one for one in threading.enumerate() if one.name == "gnomon-system-metrics"] == []


def test_stop_does_not_wait_for_a_log_that_waits_for_us(monkeypatch):
    """A run that ends may hold the lock that `log` needs."""
    held, entered = threading.Lock(), threading.Event()

    def log(row, step):
        entered.set()
        with held:
            pass

    metrics = SystemMetrics(log, every_s=0.01, first_after_s=0.01)
    with held:
        metrics.start()
        assert entered.wait(20)
        thread = metrics._thread
        with monkeypatch.context() as patch:
            patch.setattr(thread, "join", lambda *_: pytest.fail("it waited"))
            metrics.stop()
        assert thread.is_alive()
    thread.join(20)
    assert not thread.is_alive()


@pytest.mark.parametrize("with_last", [True, False])
def test_no_last_row_is_logged_of_what_is_over(monkeypatch, with_last):
    """A command has ended before `gnomon run` stops to measure: the row would be about Gnomon."""
    monkeypatch.setattr("gnomon.runs.capture.system._LAST_ROW_AFTER_S", 0.0)
    rows = []
    metrics = SystemMetrics(lambda row, step: rows.append(row), every_s=30.0, first_after_s=0.01)
    metrics.start()
    wait_for(lambda: rows and metrics._rows == 1)
    metrics.stop(with_last=with_last)
    assert len(rows) == 1 + with_last


def test_a_log_that_raises_ends_the_rows_and_leaves_a_note():
    def log(row, step):
        raise ValueError("the run has ended")

    metrics = SystemMetrics(log, every_s=0.01, first_after_s=0.01)
    metrics.start()
    wait_for(lambda: not metrics.is_running)
    metrics.stop()
    assert metrics.notes == ["system metrics stopped: ValueError: the run has ended"]


def test_no_thread_to_be_had_is_a_note(monkeypatch):
    def refuse(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    metrics = SystemMetrics(quiet)
    metrics.start()
    assert not metrics.is_running
    assert metrics.notes == ["no system metrics: can't start new thread"]
    metrics.stop()


@pytest.mark.parametrize("with_hook", [True, False])
@pytest.mark.parametrize("starts_at_once", [True, False])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_has_no_sampler_until_it_starts_one(with_hook, starts_at_once):
    rows = []
    metrics = SystemMetrics(lambda row, step: rows.append(step), every_s=0.02, first_after_s=0.01)
    metrics.start()
    wait_for(lambda: len(rows) > 1)
    metrics._lock.acquire()  # as where the thread was at work when the process was copied
    child_id = os.fork()
    if child_id:
        metrics._lock.release()
    if child_id == 0:
        signal.alarm(30)
        try:
            if with_hook:
                metrics.after_fork()
            was_running = metrics.is_running
            if not starts_at_once:
                metrics.stop()
            rows.clear()
            metrics.start()
            end = time.monotonic() + 20
            while not rows and time.monotonic() < end:
                time.sleep(0.01)
            is_working = bool(rows) and metrics.is_running
            metrics.stop()
            os._exit(0 if is_working and not was_running else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child_id, 0)[1]) == 0
    count = len(rows)
    wait_for(lambda: len(rows) > count)  # the parent's goes on
    metrics.stop()


def test_the_interval_grows_with_the_cost_of_a_row():
    metrics = SystemMetrics(quiet, every_s=10.0)
    assert metrics.interval_after(0.001) == 10.0
    for cost_s in (0.06, 0.2, 1.0):
        assert cost_s / metrics.interval_after(cost_s) == pytest.approx(MAX_SHARE)
    assert metrics.interval_after(1e6) == 600.0


def test_cost_of_a_hundred_rows(capsys):
    """Printed, not judged: tests do not time."""
    metrics = SystemMetrics(quiet)
    metrics.sample()
    begun = time.thread_time()
    for _ in range(100):
        metrics.sample()
    cost_ms = (time.thread_time() - begun) * 10
    with capsys.disabled():
        print(f"\na row of system metrics: {cost_ms:.2f} ms, {cost_ms / 100:.3f} % of a core at one in 10 s")


# --- GPUs


class FakeError(Exception):
    pass


def fake_pynvml(count=2, names=None, *, power=250_000):
    module = types.ModuleType("pynvml")
    module.NVML_TEMPERATURE_GPU = 0
    module.open = 0

    def init():
        module.open += 1

    def shutdown():
        module.open -= 1

    def watts(handle):
        module.asked = getattr(module, "asked", 0) + 1
        if power is None:
            raise FakeError("not supported")
        return power

    module.nvmlInit, module.nvmlShutdown = init, shutdown
    module.nvmlDeviceGetCount = lambda: count
    module.nvmlDeviceGetHandleByIndex = lambda number: number
    module.nvmlDeviceGetName = lambda handle: (names or ["NVIDIA A100"] * count)[handle]
    module.nvmlDeviceGetUUID = lambda handle: f"GPU-{handle}aaa".encode()
    module.nvmlDeviceGetUtilizationRates = lambda handle: types.SimpleNamespace(gpu=50 + handle, memory=1)
    module.nvmlDeviceGetMemoryInfo = lambda handle: types.SimpleNamespace(
        used=(handle + 1) * MIB, total=80 * MIB
    )
    module.nvmlDeviceGetTemperature = lambda handle, sensor: 60 + handle
    module.nvmlDeviceGetPowerUsage = watts
    return module


@pytest.fixture
def driver(tmp_path):
    place = tmp_path / "root/proc/driver/nvidia"
    place.mkdir(parents=True)
    (place / "version").write_text("NVRM version: 550.54.15\n")
    return str(tmp_path / "root")


def test_gpus_are_in_the_row(monkeypatch, driver):
    module = fake_pynvml()
    monkeypatch.setitem(sys.modules, "pynvml", module)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    row = SystemRow(root=driver)
    found = {name: value for name, value in row.sample().items() if "/gpu/" in name}
    assert found == {
        "system/gpu/0/utilization_percent": 50.0, "system/gpu/0/memory_bytes": 1.0 * MIB,
        "system/gpu/0/temperature_celsius": 60.0, "system/gpu/0/power_watts": 250.0,
        "system/gpu/1/utilization_percent": 51.0, "system/gpu/1/memory_bytes": 2.0 * MIB,
        "system/gpu/1/temperature_celsius": 61.0, "system/gpu/1/power_watts": 250.0,
    }  # fmt: skip
    assert row.notes == []
    row.close()
    assert module.open == 0


def test_a_figure_that_a_gpu_does_not_give_is_asked_for_three_times_and_no_more(monkeypatch, driver):
    module = fake_pynvml(1, power=None)
    monkeypatch.setitem(sys.modules, "pynvml", module)
    gpus, _ = open_gpus({}, driver)
    for _ in range(6):
        assert set(gpus.sample()) == {
            f"system/gpu/0/{name}" for name in ("utilization_percent", "memory_bytes", "temperature_celsius")
        }
    assert module.asked == 3


@pytest.mark.parametrize(
    ("environ", "names", "numbers"),
    [
        ({}, None, [0, 1, 2]),
        ({"CUDA_VISIBLE_DEVICES": "1"}, None, [1]),
        ({"CUDA_VISIBLE_DEVICES": "2,0"}, None, [2, 0]),
        ({"CUDA_VISIBLE_DEVICES": ""}, None, []),
        ({"CUDA_VISIBLE_DEVICES": "1,-1,2"}, None, [1]),
        ({"CUDA_VISIBLE_DEVICES": "GPU-2aa"}, None, [2]),
        ({"CUDA_VISIBLE_DEVICES": "MIG-77"}, None, [0, 1, 2]),
        ({"CUDA_VISIBLE_DEVICES": "1"}, ["A", "B", "A"], [0, 1, 2]),
        ({"CUDA_VISIBLE_DEVICES": "1", "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}, ["A", "B", "A"], [1]),
    ],
)
def test_only_gpus_that_this_process_may_use_are_in_the_row(monkeypatch, driver, environ, names, numbers):
    monkeypatch.setitem(sys.modules, "pynvml", fake_pynvml(3, names))
    gpus, _ = open_gpus(environ, driver)
    assert list(dict.fromkeys(int(name.split("/")[2]) for name in gpus.sample())) == numbers


def test_a_gpu_without_its_package_is_a_note_and_tried_once(monkeypatch, driver):
    monkeypatch.setitem(sys.modules, "pynvml", None)
    row = SystemRow(root=driver)
    row.sample()
    row.sample()
    assert row.notes == [NOTE_MISSING]
    monkeypatch.setitem(sys.modules, "pynvml", fake_pynvml())
    assert not any("/gpu/" in name for name in row.sample())


def test_a_driver_that_does_not_answer_is_a_note(monkeypatch, driver):
    module = fake_pynvml()
    module.nvmlInit = lambda: (_ for _ in ()).throw(FakeError("Driver/library version mismatch"))
    monkeypatch.setitem(sys.modules, "pynvml", module)
    assert open_gpus({}, driver) == (
        None,
        "the driver of the NVIDIA GPU does not answer: FakeError: Driver/library version mismatch",
    )


def test_without_a_driver_nothing_is_imported(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert open_gpus({}, str(tmp_path)) == (None, "")
