"""`gnomon.run()` alone captures what a process was, in the background."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import textwrap

import pytest

import gnomon
from gnomon.errors import BadArgumentError
from gnomon.runs.capture.capture import PARTS, Capture, command_facts, wanted_parts
from gnomon.scrub.scrubber import Scrubber

pytestmark = pytest.mark.slow  # all of them together, for the quick lane


@pytest.fixture
def train(project, monkeypatch):
    """Run a script of its own process, with capturing on; return it."""
    monkeypatch.setenv("GNOMON_CAPTURE", "on")

    def run(script: str, *words: str, code: int = 0, **variables: str):
        (project / "train.py").write_text(textwrap.dedent(script))
        done = subprocess.run(
            [sys.executable, "-W", "error", "train.py", *words], capture_output=True, text=True, timeout=60,
            env={**os.environ, **variables},
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        return done

    return run


def the_run():
    record = gnomon.open()
    (one,) = record.runs().ids
    return record.run(one)


def test_a_run_knows_how_it_was_run(train, project):
    train(
        """
        import gnomon, sys
        print("hello"); print("oh", file=sys.stderr)
        with gnomon.run() as run:
            print("inside")
            run.log(loss=1)
        print("after")
        """,
        "--lr", "0.1", CUDA_VISIBLE_DEVICES="3", MY_SECRET_TOKEN="abc" + "def123456",
    )  # fmt: skip
    run = the_run()
    assert run.name == "train.py" and run.command.endswith("train.py --lr 0.1")
    assert run.code["kind"] == "folder" and run.code["script"] == "train.py"
    assert run.captured.code_files()["files/train.py"].startswith(b"\nimport gnomon")
    assert run.python["version"].startswith("3.") and "msgspec" in run.python["packages"]
    assert run.machine["cpus"] == os.cpu_count()
    assert run.captured.part("environment")["CUDA_VISIBLE_DEVICES"] == "3"
    assert ("environment", "MY_SECRET_TOKEN") in {(one.where, one.name) for one in run.withheld}
    assert run.captured.exit["peak_memory_bytes"] > 5_000_000 and run.captured.exit["code"] == 0
    assert run.captured.pending == [] and run.traceback is None
    # What came before the run began was not heard.
    assert "".join(piece.text for piece in run.console()) == "inside\nafter\n"


def test_the_streams_are_what_they_were(train):
    done = train(
        """
        import gnomon, sys
        out = sys.stdout
        run = gnomon.run()
        assert sys.stdout.fileno() == 1 and sys.stdout.encoding and not sys.stdout.isatty()
        print("x", end="", flush=True); sys.stdout.writelines(["y", "z"]); sys.stdout.buffer.write(b"!\\n")
        try:
            sys.stdout.write(b"bytes")
        except TypeError:
            print("no bytes")
        run.finish()
        import atexit
        atexit.register(lambda: None)
        """
    )
    assert done.stdout.startswith("xyz") and "no bytes" in done.stdout


def test_a_traceback_is_kept(train):
    train("import gnomon\nwith gnomon.run():\n    raise ValueError('odd shape (3, 4)')\n", code=1)
    run = the_run()
    assert run.status == "failed" and "ValueError: odd shape (3, 4)" in run.traceback
    assert 'File "' in run.traceback


def test_a_traceback_of_a_run_without_with(train):
    train("import gnomon\ngnomon.run().log(a=1)\n1 / 0\n", code=1)
    assert "ZeroDivisionError" in the_run().traceback


def test_many_runs_of_a_process_share_its_facts(train, project):
    train(
        "import gnomon\nfor n in range(5):\n    with gnomon.run(f'run {n}') as run:\n        run.log(a=n)\n"
    )
    record = gnomon.open()
    commands = {record.run(run).command for run in record.runs().ids}
    assert len(commands) == 1 and commands.pop().endswith("train.py")
    log = b"".join(path.read_bytes() for path in (project / ".gnomon/log").rglob("*.jsonl"))
    assert log.count(b'"packages"') == 1 and log.count(b'"process.exited"') == 1


def test_a_forked_child_is_not_captured_and_not_heard(train):
    train(
        """
        import gnomon, os
        run = gnomon.run()
        run.log(a=1)
        if os.fork() == 0:
            print("child says"); run.log(a=2); os._exit(0)
        os.wait()
        print("parent says")
        run.finish()
        """
    )
    run = the_run()
    assert "".join(piece.text for piece in run.console()) == "parent says\n"
    assert len(run.processes) == 2


def test_what_was_not_ready_in_time_is_said(train, project, tmp_path):
    subprocess.run(["git", "init", "-q"], check=True)
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text("#!/bin/sh\nsleep 30\n")
    slow.chmod(0o755)
    done = train(
        "import gnomon, time\nwith gnomon.run() as run:\n    run.log(a=1)\n",
        PATH=f"{slow.parent}{os.pathsep}{os.environ['PATH']}",
    )
    assert done.stderr == ""
    run = the_run()
    assert "fingerprint" not in run.code and run.code["branch"] in ("master", "main")
    shown = subprocess.run(
        [sys.executable, "-m", "gnomon", "show", run.id], capture_output=True, text=True, check=True
    )
    assert "not all was looked at" in shown.stdout and "looking at the code was stopped" in shown.stdout


def test_what_a_killed_process_did_not_get_to_is_pending(project, monkeypatch):
    monkeypatch.setenv("GNOMON_CAPTURE", "on")
    script = (
        "import gnomon, os, time\n"
        "from gnomon.runs.capture.capture import Capture\n"
        "Capture._look_at_code = lambda self: os.kill(os.getpid(), 9)\n"
        "gnomon.run().log(a=1); time.sleep(30)"
    )
    done = subprocess.run([sys.executable, "-c", script], timeout=60, check=False)
    assert done.returncode == -9
    run = the_run()
    assert run.captured.pending == ["code"] and run.python["version"]
    shown = subprocess.run(
        [sys.executable, "-m", "gnomon", "show", run.id], capture_output=True, text=True, check=True
    )
    assert "code: the process ended before" in shown.stdout


def test_a_full_disk_while_capturing_stops_nothing(train, project):
    (project / ".gnomon").write_text("no folder")
    done = train("import gnomon\nwith gnomon.run() as run:\n    run.log(a=1)\nprint('done')\n")
    assert done.stdout == "done\n"


def test_capture_that_breaks_stops_nothing(train):
    done = train(
        """
        import gnomon
        from gnomon.runs.capture import capture
        def broken(self):
            raise RuntimeError("a bug")
        capture.Capture._look = broken
        with gnomon.run() as run:
            run.log(a=1)
        """
    )
    assert "could not all be captured: RuntimeError: a bug" in done.stderr
    assert the_run().metrics == {"a": 1}


def test_params_are_scrubbed_and_the_rest_of_them_stays(train):
    secret = "sk" + "-proj-" + "Ab1" * 16
    train(
        f"""
        import gnomon
        with gnomon.run(params={{"lr": 0.1, "api_key": "{secret}", "deep": {{"list": [1, "{secret}"]}}}}) as run:
            run.set_params({{"num_tokens": 5, "token": "{secret}"}})
        """
    )
    run = the_run()
    assert run.params["lr"] == 0.1 and run.params["num_tokens"] == 5 and run.params["deep"]["list"][0] == 1
    assert secret not in json.dumps(run.params) and json.dumps(run.params).count("[withheld: ") == 3
    assert any(one.where == "params" for one in run.withheld)


def test_a_wrong_choice_of_parts_is_said_and_the_known_ones_are_captured(train):
    done = train("import gnomon\nwith gnomon.run():\n    pass\n", GNOMON_CAPTURE="command,cod")
    assert "knows no part `cod`; captured: command" in done.stderr
    assert the_run().command is not None and not the_run().python


def test_only_wanted_parts(train):
    train("import gnomon\nprint('x')\nwith gnomon.run():\n    print('y')\n", GNOMON_CAPTURE="command")
    run = the_run()
    assert run.command and not run.python and not run.code and not list(run.console())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, set(PARTS)),
        ("on", set(PARTS)),
        ("off", set()),
        ("OFF", set()),
        ("code, python", {"code", "python"}),
    ],
)
def test_parts(text, expected):
    assert wanted_parts(text) == expected


def test_under_a_launcher_the_rest_is_captured():
    assert wanted_parts("on", has_launcher=True) == {"command", "python"}


def test_an_unknown_part():
    with pytest.raises(BadArgumentError, match="knows no part `x`"):
        wanted_parts("code,x")


def test_a_command_is_shown_as_a_shell_reads_it():
    words = ["/usr/bin/python3", "a b.py", "it's", "$HOME", "", "ok-1.2/x=y"]
    facts = command_facts(words, "some/where/a b.py", Scrubber())
    import shlex

    assert shlex.split(facts["text"]) == ["python3", *words[1:]]
    assert facts["text"] == shlex.join(["python3", *words[1:]])
    assert facts["script"] == "a b.py"


def test_a_very_long_command_is_cut():
    facts = command_facts(["x"] * 1000 + ["y" * 9000], None, Scrubber())
    assert facts["words_left_out"] == 501 and len(facts["argv"]) == 500


def test_a_long_training_has_system_metrics(train):
    train(
        """
        import gnomon, time
        import gnomon.session
        from gnomon.runs.capture import capture
        capture.SYSTEM_AFTER_S = gnomon.session.SYNC_EVERY_S = 0.05
        with gnomon.run() as run:
            for step in range(10):
                run.log(loss=1 / (step + 1))
                time.sleep(0.1)
        """
    )
    run = the_run()
    assert run.metrics["loss"] == 0.1 and run.stats["loss", 0].count == 10
    assert run.stats["loss", 0].last_step == 9
    assert 0 < run.metrics["system/memory_percent"] <= 100
    assert run.metrics["system/process_memory_bytes"] > 5_000_000
    assert run.stats["system/cpu_percent", 0].count >= 1
    # They are not in the way: neither in the table nor as the first curve.
    table = subprocess.run(
        [sys.executable, "-m", "gnomon", "runs"], capture_output=True, text=True, check=True
    ).stdout
    assert "system/" not in table and "loss" in table
    shown = subprocess.run(
        [sys.executable, "-m", "gnomon", "show", run.id], capture_output=True, text=True, check=True
    ).stdout
    assert re.search(r"^loss \(10 points\)", shown, re.MULTILINE) and "memory_percent" in shown


def test_a_capture_is_made_once_for_a_process(project, monkeypatch):
    monkeypatch.setenv("GNOMON_CAPTURE", "command")
    made = []
    original = Capture.begin
    monkeypatch.setattr(Capture, "begin", lambda self: (made.append(self), original(self)))
    with gnomon.run(), gnomon.run():
        pass
    with gnomon.run():
        pass
    assert len(made) == 1


# --- what could hold up or break a training


def test_a_deleted_working_folder(train, tmp_path):
    done = train(
        """
        import gnomon, os, shutil, sys
        os.mkdir("gone"); here = os.getcwd(); os.chdir("gone"); os.rmdir(here + "/gone")
        with gnomon.run(dir=here) as run:
            run.log(a=1)
        print("done")
        """
    )
    assert done.stdout == "done\n" and the_run().metrics == {"a": 1}


@pytest.mark.parametrize(
    "lacking", ["del sys.orig_argv", "sys.stdout = sys.stderr = None", "sys.argv = None"]
)
def test_an_odd_interpreter(train, lacking):
    train(f"import gnomon, sys\n{lacking}\nwith gnomon.run() as run:\n    run.log(a=1)\n")
    assert the_run().metrics == {"a": 1}


def test_no_thread_to_be_had(train, project):
    done = train(
        """
        import gnomon, threading
        start = threading.Thread.start
        def refuse(self):
            if self.name == "gnomon-capture":
                raise RuntimeError("can't start new thread")
            start(self)
        threading.Thread.start = refuse
        with gnomon.run() as run:
            run.log(a=1)
        """
    )
    assert "nothing could be captured: RuntimeError" in done.stderr
    assert the_run().metrics == {"a": 1} and the_run().status == "finished"
    assert not list(gnomon.open().verify())


def test_a_closer_that_raises_does_not_keep_the_files_from_being_closed(project, caplog):
    from gnomon.session import close_all, session_for

    def broken():
        raise RuntimeError("a bug")

    run = gnomon.run()
    run.log(a=1)
    session_for().at_close(broken)
    run.finish()
    close_all()
    assert "the end went wrong: RuntimeError: a bug" in caplog.text
    logs = list((project / ".gnomon/log").rglob("*.jsonl"))
    assert all(path.read_bytes().splitlines()[-1].count(b'"kind":"log.closed"') == 1 for path in logs)


def test_prints_of_many_threads_are_all_heard(train):
    train(
        """
        import gnomon, threading
        with gnomon.run() as run:
            def say(n):
                for k in range(200):
                    print(f"t{n} k{k}\\n", end="")
            threads = [threading.Thread(target=say, args=(n,)) for n in range(8)]
            [thread.start() for thread in threads]; [thread.join() for thread in threads]
        """
    )
    printed = "".join(piece.text for piece in the_run().console()).split()
    assert len(printed) == 3200


def test_much_that_is_printed_just_before_the_end_of_a_run_belongs_to_it(train):
    train(
        """
        import gnomon
        for name in "one", "two":
            run = gnomon.run(name)
            for line in range(600):
                print(f"{name} {line:03} " + 100 * name)
            run.finish()
        """
    )
    record = gnomon.open()
    two, one = record.runs().ids
    for run, name in (one, "one"), (two, "two"):
        lines = "".join(piece.text for piece in record.run(run).console()).splitlines()
        assert [line[:7] for line in lines] == [f"{name} {line:03}" for line in range(600)]


def test_each_run_of_a_process_has_what_was_printed_while_it_was_open(train):
    train(
        """
        import gnomon
        print("before all", flush=True)
        for seed in range(3):
            with gnomon.run(f"s{seed}") as run:
                print("from", seed)
                run.log(a=seed)
            print("after", seed)
        """
    )
    record = gnomon.open()
    said = [
        "".join(piece.text for piece in record.run(run).console()).splitlines() for run in record.runs().ids
    ]
    assert said == [["from 2", "after 2"], ["from 1", "after 1"], ["from 0", "after 0"]]


def test_a_flood_of_small_prints_is_bounded_and_counted():
    from gnomon.runs.capture import hearing
    from gnomon.runs.capture.hearing import Hearing

    written = []

    class Session:
        log_id = "0" * 32

        def append(self, kind, subject, body, over=()):
            written.append(body)
            return "1" * 64

    ears = Hearing(Session(), Scrubber())
    for number in range(400_000):
        ears.hear("out", f"{number % 10}\n")
    assert ears._waiting_size <= hearing.MAX_WAITING
    ears.end()
    kept = sum(len(text) for body in written for _, text in body["pieces"])
    skipped = sum(body.get("skipped_bytes", 0) for body in written)
    assert 799_990 <= kept + skipped <= 800_000 and kept > 100_000  # the line that was cut goes uncounted


def test_facts_with_secrets_in_names(train, project):
    token = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    subprocess.run(["git", "init", "-q", "-b", f"branch-{token}"], check=True)
    (project / f"{token}.py").write_text("x = 1\n")
    train(
        "import gnomon\nwith gnomon.run() as run:\n    run.finish('failed', error='bad token "
        + token
        + "')\n"
    )
    log = b"".join(path.read_bytes() for path in (project / ".gnomon").rglob("*") if path.is_file())
    assert token.encode() not in log and the_run().code["branch"].startswith("branch-[withheld: ")
