# ruff: noqa: E501  command lines
"""`gnomon run` where its surroundings are odd: launchers in launchers, signals to groups, closed streams, slow disks."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time

import pytest

pytestmark = pytest.mark.slow

GNOMON = [sys.executable, "-m", "gnomon"]
TRAIN = "import gnomon, sys\nwith gnomon.run(sys.argv[1]) as run:\n    run.log(x=1)\n"
COUNTING = textwrap.dedent(
    """
    import pathlib, signal, time
    hits = 0
    def hit(*_):
        global hits; hits += 1
    signal.signal(signal.SIGINT, hit)
    pathlib.Path("up").touch()
    end = time.monotonic() + 2.5
    while time.monotonic() < end:
        time.sleep(0.05)
    print("hits", hits, flush=True)
    """
)


@pytest.fixture(autouse=True)
def capture_on(monkeypatch):
    monkeypatch.setenv("GNOMON_CAPTURE", "on")


@pytest.fixture
def start(project):
    """Run `gnomon run …` in a project, with `{gnomon}` and `{python}` in a script for a shell."""

    def run(script, **options):
        script = script.replace("{gnomon}", " ".join(GNOMON)).replace("{python}", sys.executable)
        options = {"capture_output": True, "text": True, "timeout": 60, **options}
        return subprocess.run(["sh", "-c", script], check=False, **options)

    return run


def runs(start) -> dict[str, dict]:
    return {run["name"]: run for run in json.loads(start("{gnomon} runs --json").stdout)}


def test_an_ignored_sigchld_does_not_hang_us(start):
    script = 'exec {python} -c "import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])"'
    assert start(script + " {gnomon} run -- sh -c 'exit 5'").returncode == 5


def test_a_real_time_signal(start):
    done = start("exec {gnomon} run -- sh -c 'kill -40 $$'")
    assert done.returncode == -40 and "signal 40, " in done.stderr
    (run,) = runs(start).values()
    assert run["status"] == "failed"


def test_a_launcher_in_a_launcher_makes_a_run_of_its_own(start):
    assert (
        start("{gnomon} run --name outer -- sh -c '{gnomon} run --name inner -- true; exit 3'").returncode
        == 3
    )
    found = runs(start)
    assert (found["outer"]["status"], found["inner"]["status"]) == ("failed", "finished")
    assert found["inner"]["parent"] == found["outer"]["id"]


def test_trainings_after_the_first_make_runs_that_belong_to_the_launchers(start, project):
    (project / "train.py").write_text(TRAIN)
    each = "{python} train.py one && {python} train.py two && RANK=1 {python} train.py one"
    assert start(f"{{gnomon}} run --name outer -- sh -c '{each}'").returncode == 0
    found = runs(start)
    assert set(found) == {"outer", "two"} and found["two"]["parent"] == found["outer"]["id"]
    assert len(json.loads(start(f"{{gnomon}} show {found['outer']['id']} --json").stdout)["processes"]) == 3


def test_what_a_script_that_has_joined_starts_does_not_join(start, project):
    (project / "train.py").write_text(TRAIN)
    (project / "driver.py").write_text(
        "import gnomon, subprocess, sys\ngnomon.run()\nsubprocess.run([sys.executable, 'train.py', 'child'], check=True)\n"
    )
    assert start("{gnomon} run --name outer -- {python} driver.py").returncode == 0
    found = runs(start)
    assert found["child"]["parent"] == found["outer"]["id"]


def test_a_process_that_outlives_its_launcher_captures_by_itself(start, project):
    (project / "train.py").write_text(f"import time\ntime.sleep(2)\n{TRAIN}    print('heard')\n")
    start("{gnomon} run --name outer -- sh -c '{python} train.py late >/dev/null 2>&1 &'")
    end = time.monotonic() + 30
    while runs(start).get("late", {}).get("status") != "finished":
        assert time.monotonic() < end
        time.sleep(0.2)
    found = runs(start)
    assert found["late"]["parent"] == found["outer"]["id"]
    assert start(f"{{gnomon}} console {found['late']['id']}").stdout == "heard\n"


def test_an_id_that_somebody_gave_is_joined_under_a_launcher_too(start, project):
    (project / "train.py").write_text(TRAIN)
    own = "ab" * 10
    script = f"GNOMON_RUN_ID={own} {{python}} train.py a && GNOMON_RUN_ID={own} {{python}} train.py b"
    start(f"{{gnomon}} run --name outer -- sh -c '{script}'")
    assert len(runs(start)) == 2


def test_a_wrong_id_in_the_environment_starts_nothing(start, project):
    done = start("GNOMON_RUN_ID=../../x {gnomon} run -- touch ran")
    assert done.returncode == 2 and "`GNOMON_RUN_ID` must be 20 hex digits" in done.stderr
    assert not (project / "ran").exists()


@pytest.mark.skipif(not shutil.which("timeout"), reason="needs coreutils")
@pytest.mark.parametrize(
    "how",
    [
        "timeout -s INT 1.5 {gnomon} run -- {python} count.py",
        "{gnomon} run -- {python} count.py & while ! test -e up; do sleep 0.1; done; kill -INT $!; wait",
        "trap '' INT; {gnomon} run -- {python} count.py & while ! test -e up; do sleep 0.1; done; kill -INT 0; wait",
        "{python} -c 'import subprocess, sys; subprocess.run(sys.argv[1:])' timeout --foreground -s INT 1.5 {gnomon} run -- {python} count.py",
    ],
    ids=["timeout", "kill-pid", "kill-group", "timeout-foreground"],
)
def test_an_interrupt_arrives_once_whoever_sends_it(start, project, how):
    (project / "count.py").write_text(COUNTING)
    assert start(how, start_new_session=True).stdout == "hits 1\n"


def test_many_open_files(start):
    many = "import os, resource, sys; resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096)); [os.set_inheritable(os.dup(0), True) for _ in range(1500)]; os.execv(sys.argv[1], sys.argv[1:])"
    import resource

    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < 4096:
        pytest.skip("too few files allowed")
    done = start(
        'exec {python} -c "' + many + '" {gnomon} run -- sh -c "echo hi; exit 5"', stdin=subprocess.DEVNULL
    )
    assert (done.returncode, done.stdout) == (5, "hi\n")


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_closed_for_the_command_too(start, project, closed):
    script = "import os, pathlib, sys\ndef is_open(n):\n    try: os.fstat(n)\n    except OSError: return 0\n    return 1\n"
    script += "pathlib.Path(sys.argv[1]).write_text(str([is_open(n) for n in (0, 1, 2)])); sys.exit(5)"
    (project / "which.py").write_text(script)
    assert start(f"exec {{python}} which.py alone {closed}").returncode == 5
    assert start(f"exec {{gnomon}} run -- {{python}} which.py ours {closed}").returncode == 5
    assert (project / "ours").read_text() == (project / "alone").read_text()


SLOW = textwrap.dedent(
    """
    import sys, time
    from gnomon.session import Session
    append = Session.append
    def slow(self, kind, *rest, **named):
        if kind in ("run.created", "process.console"):
            time.sleep(3)
        return append(self, kind, *rest, **named)
    Session.append = slow
    from gnomon.cli.main import main
    sys.exit(main(sys.argv[1:]))
    """
)


def test_a_slow_record_does_not_hold_up_what_is_printed(start, project):
    (project / "slow.py").write_text(SLOW)
    (project / "show.py").write_text(
        "import time\nfor i in range(4):\n    print(i, flush=True); time.sleep(0.5)\n"
    )
    words = [sys.executable, "slow.py", "run", "--pick", "x", "--", sys.executable, "show.py"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout.readline() == b"0\n"
        began = time.monotonic()
        assert [process.stdout.readline() for _ in range(3)] == [b"1\n", b"2\n", b"3\n"]
        assert time.monotonic() - began < 2.9
    assert process.returncode == 0


def test_a_second_signal_ends_us_where_only_our_output_is_stuck(project):
    words = [*GNOMON, "run", "--", "sh", "-c", "head -c 300000 /dev/zero"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        time.sleep(4)  # the command has ended or is stuck; nobody reads
        process.send_signal(signal.SIGTERM)
        time.sleep(2)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == -signal.SIGTERM


def test_where_there_is_no_terminal_to_be_had_a_pipe_does(project):
    code = "import os, sys\ndef none(): raise OSError('no terminal')\nos.openpty = none\nfrom gnomon.cli.main import main\nsys.exit(main(sys.argv[1:]))"
    import pty

    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, "-c", code, "run", "--", "sh", "-c", "echo hi; exit 5"])
    shown = b""
    while True:
        try:
            data = os.read(terminal, 4096)
        except OSError:
            break
        if not data:
            break
        shown += data
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 5 and b"hi" in shown
