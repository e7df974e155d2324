"""A process that calls `gnomon.run()` says with which code it ends, or nothing where that is not known."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap

import pytest

import gnomon

pytestmark = pytest.mark.slow  # each is a process of its own


@pytest.fixture
def ended(project, monkeypatch):
    """Run a script to its end; return (what the system says of it, what the record says)."""
    monkeypatch.setenv("GNOMON_CAPTURE", "command")

    def run(script: str, *words: str, **settings) -> tuple[int, dict[str, object]]:
        (project / "train.py").write_text(textwrap.dedent(script))
        done = subprocess.run(
            [sys.executable, *(words or ("train.py",))], capture_output=True, text=True, timeout=60, **settings
        )  # fmt: skip
        record = gnomon.open()
        (newest, *_) = record.runs().ids
        told = record.run(newest).captured.exit
        return done.returncode, {key: told[key] for key in ("code", "signal") if key in told}

    return run


RUN = "import gnomon, sys, os\nrun = gnomon.run()\nrun.log(loss=1)\n"


def script(lines: str) -> str:
    return RUN + textwrap.dedent(lines)


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ("", 0),
        ("run.finish()", 0),
        ("sys.exit()", 0),
        ("sys.exit(0)", 0),
        ("sys.exit(3)", 3),
        ("sys.exit(-1)", 255),
        ("sys.exit(256)", 0),
        ("sys.exit(2**40 + 5)", 5),
        ("sys.exit(2**70)", 255),
        ("sys.exit(True)", 1),
        ("sys.exit('no data')", 1),
        ("sys.exit(1.5)", 1),
        ("1 / 0", 1),
        ("raise ValueError('x')", 1),
        ("def main():\n    with run:\n        1 / 0\nmain()", 1),
        ("def main():\n    with run:\n        sys.exit(5)\nmain()", 5),
        ("def main():\n    with run:\n        raise SystemExit(6)\nmain()", 6),
        ("def main():\n    with run:\n        exit(7)\nmain()", 7),
        ("try:\n    sys.exit(3)\nfinally:\n    sys.exit(4)", 4),
        ("try:\n    sys.exit(3)\nfinally:\n    1 / 0", 1),
        ("try:\n    sys.exit(3)\nexcept SystemExit:\n    pass", 0),
        ("try:\n    sys.exit(3)\nexcept SystemExit:\n    raise", 3),
        ("try:\n    sys.exit(3)\nexcept SystemExit as e:\n    kept = e", 0),
        ("try:\n    1 / 0\nexcept ZeroDivisionError:\n    pass", 0),
        ("try:\n    1 / 0\nexcept ZeroDivisionError:\n    sys.exit(9)", 9),
        ("import argparse\nargparse.ArgumentParser().parse_args(['--wrong'])", 2),
        ("import threading, time\nthreading.Thread(target=lambda: time.sleep(0.3) or sys.exit(8)).start()", 0),
        ("import threading\nt = threading.Thread(target=lambda: 1 / 0)\nt.start(); t.join()", 0),
        ("import signal\nsignal.signal(signal.SIGTERM, lambda *a: sys.exit(15))\nsignal.raise_signal(15)", 15),
        ("import threading\nt = threading.Thread(target=gnomon.run)\nt.start(); t.join()\nsys.exit(3)", 3),
        ("import runpy\nopen('part.py', 'w').write('import sys; sys.exit(4)')\nrunpy.run_path('part.py')", 4),
        ("import traceback\ntry:\n    1 / 0\nexcept Exception:\n    sys.excepthook(*sys.exc_info())", 0),
        ("import atexit\nsys.exit(3)", 3),
        ("before = sys.exit\nsys.exit = lambda code=None: before(code + 1)\nsys.exit(3)", 4),
    ],
)  # fmt: skip
def test_a_known_end_is_told_as_the_system_sees_it(ended, lines, code):
    assert ended(script(lines)) == (code, {"code": code})


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ("raise SystemExit(3)", 3),
        ("exit(3)", 3),
        ("def main():\n    try:\n        sys.exit(3)\n    except SystemExit:\n        raise SystemExit(9)\nmain()", 9),
        ("try:\n    sys.exit(3)\nexcept SystemExit:\n    raise SystemExit(9)", 9),
        ("def main():\n    with run:\n        sys.exit(3)\ntry:\n    main()\nexcept SystemExit:\n    raise SystemExit(9)", 9),
        ("def stop(code=None):\n    raise SystemExit(code)\nsys.exit = stop\nsys.exit(3)", 3),
        ("def hook(*a):\n    raise SystemExit(5)\nsys.excepthook = hook\n1 / 0", 5),
        ("os._exit(3)", 3),
        ("os.kill(os.getpid(), 9)", -9),
        ("os.execv(sys.executable, [sys.executable, '-c', 'raise SystemExit(3)'])", 3),
        ("sys.stdout.write('x'); sys.stdout.flush = lambda: 1 / 0", 120),
    ],
)  # fmt: skip
def test_an_end_that_is_not_known_is_not_claimed(ended, lines, code):
    assert ended(script(lines)) == (code, {})


def test_control_c_ends_by_a_signal(ended):
    code, told = ended(script("raise KeyboardInterrupt"))
    assert (code, told) == (-signal.SIGINT, {"code": 130, "signal": "SIGINT"})


@pytest.mark.parametrize(("lines", "code"), [("", 0), ("sys.exit(3)", 3), ("1 / 0", 1)])
def test_a_module_and_a_line_of_code_are_scripts_too(ended, lines, code):
    assert ended(script(lines), "-m", "train") == (code, {"code": code})
    assert ended("", "-c", script(lines)) == (code, {"code": code})


@pytest.mark.parametrize("words", [("-i", "train.py"), ("-i",)])
def test_a_shell_is_not_judged_by_its_script(ended, words):
    code, told = ended(script("sys.exit(3)"), *words, input=script("exit(3)"))
    assert (code, told) == (3, {})


@pytest.mark.parametrize("way", ["fork", "spawn", "forkserver"])
def test_a_child_process_says_only_what_is_so(ended, way):
    code, told = ended(
        f"""
        import gnomon, multiprocessing, sys
        def work():
            gnomon.run("child").log(loss=1)
            sys.exit(7)
        if __name__ == "__main__":
            child = multiprocessing.get_context("{way}").Process(target=work)
            child.start(); child.join()
            sys.exit(child.exitcode)
        """
    )
    assert code == 7 and told in ({}, {"code": 7})
    assert told == {"code": 7} or way != "spawn"


def test_a_fork_says_nothing_of_its_parent(ended):
    lines = """
    if os.fork() == 0:
        try:
            sys.exit(5)
        except SystemExit as error:
            assert not error.__dict__  # nothing of ours is on what a worker may send back
            raise
    _, status = os.wait()
    assert os.waitstatus_to_exitcode(status) == 5
    """
    assert ended(script(lines)) == (0, {"code": 0})


def test_output_that_nobody_takes_is_not_called_a_success(ended, project):
    (project / "train.py").write_text(script("print('x' * 100)"))
    command = f"exec {sys.executable} train.py >/dev/full; :"
    env = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    done = subprocess.run(["sh", "-c", command], capture_output=True, timeout=60, check=False, env=env)
    record = gnomon.open()
    (only,) = record.runs().ids
    assert done.returncode == 120 and "code" not in record.run(only).captured.exit


def test_watching_keeps_nothing_alive_and_is_undone(ended):
    lines = """
    import weakref, gc, atexit
    gc.disable()
    class Model: pass
    def main():
        model = Model()
        global seen
        seen = weakref.ref(model)
        sys.exit(2)
    try:
        main()
    except SystemExit as error:
        assert type(error) is SystemExit and error.code == 2
        import copy, pickle
        assert pickle.loads(pickle.dumps(error)).code == 2 == copy.copy(error).code
    assert seen() is None
    assert pickle.loads(pickle.dumps(sys.exit)) is sys.exit and sys.exit.__name__ == "exit"
    sys.exit(0 if seen() is None else 1)
    """
    assert ended(script(lines)) == (0, {"code": 0})


def test_the_launcher_has_the_last_word(ended, project, monkeypatch):
    monkeypatch.setenv("GNOMON_CAPTURE", "on")
    command = [sys.executable, "train.py"]
    shell = " ".join(command) + "; exit 4"
    code, told = ended(script("sys.exit(3)"), "-m", "gnomon", "run", "--", "sh", "-c", shell)
    assert (code, told) == (4, {"code": 4})
    table = gnomon.open().runs("exit_code = 4", columns=["exit_code"])
    assert table.column("exit_code") == [4]


def test_a_run_is_found_by_how_its_process_ended(ended):
    ended(script("sys.exit(3)"))
    ended(script(""))
    assert gnomon.open().runs("exit_code != 0", columns=["exit_code"]).column("exit_code") == [3]


def test_of_several_processes_the_one_that_failed_tells(ended, project):
    (project / "rank.py").write_text(
        "import gnomon, os, sys\nwith gnomon.run() as run:\n    run.log(loss=1)\n"
        "    if run.rank == 1:\n        sys.exit(3)\n"
    )
    _, told = ended(
        """
        import os, subprocess, sys
        for rank in ("0", "1", "2"):
            env = {**os.environ, "GNOMON_RUN_ID": "ab" * 10, "RANK": rank, "WORLD_SIZE": "3"}
            subprocess.run([sys.executable, "rank.py"], env=env)
        """
    )
    assert told == {"code": 3}
    assert gnomon.open().runs(columns=["exit_code"]).column("exit_code") == [3]


def test_of_a_resumed_run_the_last_end_counts(ended):
    ended(script("sys.exit(3)"))
    (first,) = gnomon.open().runs().ids
    code, told = ended(f"import gnomon\nwith gnomon.run(resume='{first}') as run:\n    run.log(loss=1)\n")
    assert (code, told) == (0, {"code": 0})
    assert gnomon.open().runs(columns=["exit_code"]).column("exit_code") == [0]


def test_what_show_prints(ended, project):
    ended(script("sys.exit(3)"))
    (only,) = gnomon.open().runs().ids
    command = [sys.executable, "-m", "gnomon", "show", only]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, env=dict(os.environ), check=True
    )
    assert "exit code 3" in done.stdout
