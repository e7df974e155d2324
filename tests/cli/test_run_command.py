"""`gnomon run -- COMMAND`: any command, unchanged, with all that it was."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

pytestmark = pytest.mark.slow  # all of them together, for the quick lane


@pytest.fixture(autouse=True)
def capture_on(monkeypatch):
    monkeypatch.setenv("GNOMON_CAPTURE", "on")


@pytest.fixture
def cli(project):
    def run(*words, check=None, **options):
        done = subprocess.run(
            [sys.executable, "-m", "gnomon", *words], capture_output=True, text=True, timeout=60, **options
        )
        if check is not None:
            assert done.returncode == check, done.stdout + done.stderr
        return done

    return run


def newest(cli) -> dict:
    (run,) = json.loads(cli("runs", "--json", "--limit", "1", check=0).stdout)
    return json.loads(cli("show", run["id"], "--json", check=0).stdout)


def test_a_command_is_recorded_and_nothing_is_changed_for_it(cli, project):
    (project / "train.py").write_text(
        "import sys; x = b'x' * 150_000_000; print('loss=0.5'); print('oh', file=sys.stderr); sys.exit(3)"
    )
    done = cli(
        "run",
        "--name",
        "try",
        "--tag",
        "t",
        "--param",
        "lr=0.1",
        "--",
        sys.executable,
        "train.py",
        "--lr",
        "0.1",
    )
    assert (done.returncode, done.stdout) == (3, "loss=0.5\n")
    assert done.stderr.startswith("oh\n") and "exit code 3" in done.stderr
    run = newest(cli)
    assert (run["name"], run["status"], run["tags"], run["params"]) == ("try", "failed", ["t"], {"lr": 0.1})
    captured = run["captured"]
    assert captured["exit"]["code"] == 3 and captured["exit"]["peak_memory_bytes"] > 150_000_000
    assert captured["command"]["argv"][1:] == ["train.py", "--lr", "0.1"]
    assert captured["machine"]["cpus"] == os.cpu_count()
    assert captured["code"]["kind"] == "folder" and captured["code"]["kept_count"] == 1
    assert not captured["pending"]
    assert cli("console", run["id"], check=0).stdout.splitlines() in (["loss=0.5", "oh"], ["oh", "loss=0.5"])
    assert cli("console", run["id"], "--err", check=0).stdout == "oh\n"
    assert cli("console", run["id"], "--grep", "LOSS", check=0).stdout == "loss=0.5\n"


def test_quiet_says_nothing_of_its_own(cli):
    assert cli("run", "--quiet", "true", check=0).stderr == ""


def test_a_metric_that_was_never_printed_is_said_at_the_end(cli, project):
    (project / "train.py").write_text("print('acc=0.5'); print('step=1 loss=1', end='')")
    words = ("--pick", "accuracy,loss", "--", sys.executable, "train.py")
    assert cli("run", *words, check=0).stderr.splitlines()[-1] == (
        "gnomon: `--pick accuracy` never matched; names seen: acc, loss"
    )
    assert newest(cli)["metrics"] == {"loss": 1.0}  # a last line without an end counts too
    assert cli("run", "--quiet", *words, check=0).stderr == ""
    done = cli("run", "--pick", "loss", "--", sys.executable, "-c", "print('hello')", check=0)
    assert (
        done.stderr.splitlines()[-1]
        == "gnomon: `--pick loss` never matched; no name with a number was printed "
        "(read are `name=0.5`, `name: 0.5`, JSON lines, and `name 0.5` for a whole name)"
    )


def test_at_most_eight_of_the_names_seen_are_listed_the_nearest_ones(cli, project):
    (project / "train.py").write_text("print(' '.join(f'name{n}={n}' for n in range(30)), 'accurate=1')")
    done = cli("run", "--pick", "accuracy,*9", "--", sys.executable, "train.py", check=0)
    (said,) = [line for line in done.stderr.splitlines() if "never matched" in line]
    names = said.partition("names seen: ")[2].split(", ")
    assert said.startswith("gnomon: `--pick accuracy` never matched; ")
    assert len(names) == 9 and names[0] == "accurate" and names[-1] == "…"


def test_the_sdk_in_the_command_logs_to_the_same_run(cli, project):
    (project / "train.py").write_text(
        "import gnomon\nwith gnomon.run(params={'lr': 0.1}, seed=3) as run:\n    run.log(loss=0.5)\n"
    )
    cli("run", "--", sys.executable, "train.py", check=0)
    runs = json.loads(cli("runs", "--json", check=0).stdout)
    assert [(run["name"], run["params"], run["seed"], run["metrics"]) for run in runs] == [
        ("train.py", {"lr": 0.1}, 3, {"loss": 0.5})
    ]
    run = newest(cli)
    assert run["status"] == "finished" and run["captured"]["exit"]["code"] == 0
    assert "msgspec" in run["captured"]["python"]["packages"]
    assert len(run["processes"]) == 2


def test_a_crash_after_the_end_of_the_run_makes_it_failed(cli, project):
    (project / "train.py").write_text(
        "import gnomon\nwith gnomon.run() as run:\n    run.log(loss=1)\nraise SystemExit(9)\n"
    )
    cli("run", "--", sys.executable, "train.py", check=9)
    assert newest(cli)["status"] == "failed"


def test_a_name_whose_letter_is_cut_between_two_reads_is_picked(cli):
    script = (
        "import os, time\nline = '精度: 0.9\\n'.encode()\n"
        "os.write(1, line[:4])\ntime.sleep(0.3)\nos.write(1, line[4:])"
    )
    cli("run", "--pick", "精度", "--", sys.executable, "-c", script, check=0)
    assert newest(cli)["metrics"] == {"精度": 0.9}


def test_metrics_are_picked_from_what_is_printed(cli):
    script = (
        "print('step=3 loss=0.5'); print('step=4 loss=0.25 other=1'); print('{\"auc\": 0.9, \"step\": 5}')"
    )
    cli("run", "--pick", "loss,auc", "--", sys.executable, "-c", script, check=0)
    run = newest(cli)
    assert run["metrics"] == {"auc": 0.9, "loss": 0.25}
    assert {one["name"]: (one["first_step"], one["last_step"]) for one in run["series"]} == {
        "auc": (5, 5),
        "loss": (3, 4),
    }


@pytest.mark.parametrize(
    ("word", "code", "says"),
    [
        ("no-such-command", 127, "there is no command"),
        ("LR=0.1", 127, "`gnomon run -- env LR=… …`"),
        ("source", 127, "`source` is a word of the shell"),
        ("./plain.txt", 126, "may not be executed"),
        (".", 126, "is a folder"),
    ],
)
def test_a_command_that_cannot_run_leaves_no_run(cli, project, word, code, says):
    (project / "plain.txt").write_text("x")
    done = cli("run", "--", word, check=code)
    assert says in done.stderr and "GN110" in done.stderr
    assert not (project / ".gnomon").exists() or json.loads(cli("runs", "--json").stdout) == []


def test_no_command_is_a_wrong_command(cli):
    assert "needs a command" in cli("run", "--name", "x", check=2).stderr


def test_a_script_that_cannot_start_is_told(cli, project):
    script = project / "odd"
    script.write_bytes(b"\x7fELF not really")
    script.chmod(0o755)
    assert "refuses to start" in cli("run", "./odd", check=126).stderr


def test_we_die_of_the_signal_that_the_command_died_of(cli):
    done = cli("run", "--", "sh", "-c", "kill -SEGV $$")
    assert done.returncode == -signal.SIGSEGV
    assert newest(cli)["status"] == "failed" and newest(cli)["captured"]["exit"]["signal"] == "SIGSEGV"


def test_a_terminated_run_is_stopped(project, cli):
    process = subprocess.Popen(
        [sys.executable, "-m", "gnomon", "run", "--", "sleep", "60"], stderr=subprocess.PIPE
    )
    wait_for(lambda: b"sleep" in children_of(process.pid))
    process.terminate()
    process.communicate(timeout=30)
    assert process.returncode == -signal.SIGTERM
    assert newest(cli)["status"] == "stopped"


def test_a_run_can_be_watched_while_it_runs(project, cli):
    script = (
        "import os, time\nprint('early', flush=True)\nend = time.monotonic() + 60\n"
        "while not os.path.exists('seen') and time.monotonic() < end: time.sleep(0.05)\nprint('late')"
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "gnomon", "run", "--", sys.executable, "-c", script], stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    wait_for(lambda: json.loads(cli("runs", "--json").stdout or "[]"))
    run = json.loads(cli("runs", "--json", check=0).stdout)[0]
    assert run["status"] == "running"
    threading.Timer(2, (project / "seen").touch).start()  # while it is followed
    followed = cli("console", run["id"], "--follow", check=0).stdout
    assert process.wait(timeout=30) == 0
    assert followed == "early\nlate\n"


@pytest.mark.parametrize("folder", ["a file", "read-only"])
def test_a_record_that_cannot_be_written_does_not_touch_the_command(cli, project, folder):
    (project / ".gnomon").write_text("not a folder")
    done = cli("run", "--", "sh", "-c", "echo hi; exit 4")
    assert (done.returncode, done.stdout) == (4, "hi\n")


def test_what_runs_can_be_asked_by_facts_of_the_process(cli):
    cli("run", "--", sys.executable, "-c", "pass", check=0)
    cli("run", "--", "false", check=1)
    table = cli("runs", "--where", "exit_code = 1", "--columns", "name,exit_code,command", check=0).stdout
    assert "false" in table and "python" not in table


def test_capture_can_be_turned_off(cli, monkeypatch):
    monkeypatch.setenv("GNOMON_CAPTURE", "off")
    cli("run", "--", "echo", "hi", check=0)
    run = newest(cli)
    assert run["status"] == "finished" and run["captured"]["command"] == {} and run["captured"]["exit"] == {}


def test_an_unknown_part_is_a_wrong_value(cli, monkeypatch):
    monkeypatch.setenv("GNOMON_CAPTURE", "cod")
    assert "knows no part `cod`" in cli("run", "--", "echo", "hi", check=2).stderr


def wait_for(condition) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def children_of(pid: int) -> bytes:
    return subprocess.run(["pgrep", "-l", "-P", str(pid)], capture_output=True, check=False).stdout


def test_the_packages_of_a_command_that_knows_nothing_of_us(cli, project):
    (project / "plain.py").write_text("print('hi')\n")
    cli("run", "--", sys.executable, "plain.py", check=0)
    run = newest(cli)
    assert run["captured"]["python"]["version"] == ".".join(map(str, sys.version_info[:3]))
    assert "msgspec" in run["captured"]["python"]["packages"]
    found = json.loads(cli("runs", "--where", "package.msgspec is not missing", "--json", check=0).stdout)
    assert len(found) == 1


def test_a_script_that_names_its_python_and_one_that_does_not(cli, project):
    for name, first in (
        ("ours", f"#!{sys.executable}"),
        ("env", "#!/usr/bin/env python3"),
        ("shell", "#!/bin/sh"),
    ):
        (project / name).write_text(f"{first}\nexit()\n" if name != "shell" else f"{first}\nexit 0\n")
        (project / name).chmod(0o755)
        cli("run", "--name", name, "--", f"./{name}", check=0)
    rows = json.loads(cli("runs", "--json", check=0).stdout)
    pythons = {
        row["name"]: bool(json.loads(cli("show", row["id"], "--json").stdout)["captured"]["python"])
        for row in rows
    }
    assert pythons == {"ours": True, "env": True, "shell": False}


def test_small_memory_is_not_claimed(cli):
    cli("run", "--", "true", check=0)
    assert "peak_memory_bytes" not in newest(cli)["captured"]["exit"]


def test_a_name_stands_for_an_id_where_one_run_is_called_so(cli):
    cli("run", "--name", "digits", "--", "true", check=0)
    first = newest(cli)["id"]
    assert first[:8] in cli("show", "digits", check=0).stdout
    cli("run", "--name", "digits", "--", "true", check=0)
    said = cli("show", "digits", check=2).stderr
    assert "2 runs are called `digits`" in said and f"  {first[:8]}  " in said
    cli("rm", newest(cli)["id"], check=0)
    assert first[:8] in cli("show", "digits", check=0).stdout  # the hidden one does not count
    cli("rm", first, check=0)
    assert "2 runs are called" in cli("restore", "digits", check=2).stderr
    assert "`gnomon runs` lists the runs" in cli("show", "zzz", check=2).stderr
    assert "did you mean `machine.cpus`" in cli("runs", "--columns", "machine.cpuss", check=0).stderr
