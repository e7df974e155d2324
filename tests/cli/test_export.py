"""`gnomon export`, `archive`, `import`: what they print, what they refuse, how they end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import gnomon
from gnomon.session import close_all


def test_export_and_import_there_and_back(ask, three_runs, tmp_path):
    close_all()
    said = ask("export", three_runs[0][:6], "--to", str(tmp_path / "out"))
    assert (said.code, said.lines) == (0, [str(tmp_path / "out")])
    assert "wrote 1 run: " in said.err
    got = ask("--record", str(tmp_path / "new"), "import", str(tmp_path / "out"))
    assert (got.code, got.lines) == (0, [three_runs[0]])
    assert got.err.startswith("imported 1 run, 1 of them new: ")
    again = ask("--record", str(tmp_path / "new"), "import", str(tmp_path / "out"), "--json")
    assert again.json() == {
        "runs": [three_runs[0]], "new_runs": [], "entries": 0, "points": 0, "objects": 0, "data": [], "new_data": [],
    }  # fmt: skip
    [listed] = ask("--record", str(tmp_path / "new"), "runs", "--json").json()
    [here] = ask("runs", "--where", "seed = 1", "--json").json()
    assert listed == here


@pytest.mark.slow
def test_archive_of_all_gives_the_same_table(ask, three_runs, tmp_path):
    close_all()
    ask("archive", "--all", "--to", str(tmp_path / "all.zip"))
    ask("--record", str(tmp_path / "new"), "import", str(tmp_path / "all.zip"))
    assert ask("--record", str(tmp_path / "new"), "runs", "--json").out == ask("runs", "--json").out
    assert ask("--record", str(tmp_path / "new"), "verify", "--deep").code == 0


def test_a_selection_by_expression_and_json(ask, three_runs, tmp_path):
    close_all()
    said = ask(
        "export",
        "--where",
        "params.lr < 0.05",
        "--to",
        str(tmp_path / "out"),
        "--json",
        "--points",
        "parquet",
    )
    assert sorted(said.json()["runs"]) == sorted(three_runs[1:])
    assert len(list((tmp_path / "out").glob("runs/*/points.parquet"))) == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--to", "out"], "are all missing"),
        (["--all", "--where", "seed = 1", "--to", "out"], "exclude each other"),
        (["ffff", "--to", "out"], "no run has an id"),
        (["--all"], "needs --to"),
        (["--all", "--to", "out", "--points", "xml"], "must be one of"),
        (["--where", "nonsense !", "--to", "out"], "cannot be read"),
    ],
)
def test_what_is_wrong_is_said(ask, three_runs, words, said):
    answer = ask("export", *words)
    assert answer.code == 2
    assert answer.err.startswith("error: ")
    assert not os.path.exists("out")


def test_what_is_missing_is_named_and_the_exit_code_says_so(ask, project, tmp_path):
    with gnomon.run("one") as run:
        (project / "kept.txt").write_text("x")
        run.keep("kept.txt")
    close_all()
    for pack in Path(".gnomon").rglob("*.pack"):
        pack.unlink()
    said = ask("export", run.id, "--to", str(tmp_path / "out"))
    assert said.code == 1
    assert "missing: run " in said.err and "kept.txt" in said.err
    assert (tmp_path / "out" / "README.md").is_file()


def test_a_damaged_archive_is_refused(ask, three_runs, tmp_path):
    close_all()
    path = tmp_path / "all.zip"
    ask("archive", "--all", "--to", str(path))
    data = bytearray(path.read_bytes())
    at = data.index(b"PAR1") + 10
    data[at] ^= 1
    path.write_bytes(data)
    said = ask("--record", str(tmp_path / "new"), "import", str(path))
    assert said.code != 0
    assert "GN204" in said.err
    assert ask("--record", str(tmp_path / "new"), "runs", "--json").json() == []


@pytest.mark.slow
def test_an_export_that_is_killed_or_interrupted_leaves_no_export_and_is_done_again(project, tmp_path):
    with gnomon.run("big") as run:
        (project / "big.bin").write_bytes(os.urandom(60 << 20))
        run.keep("big.bin")
    close_all()
    target = tmp_path / "place" / "out"
    command = [sys.executable, "-m", "gnomon", "export", "--all", "--to", str(target)]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(3000):
            if target.parent.is_dir() and any(target.parent.rglob("*.tmp/record/objects")):
                break
            time.sleep(0.01)
        process.send_signal(number)
        assert process.wait(60) != 0
        assert not target.exists()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(target)
    assert os.listdir(target.parent) == ["out"]
    assert json.loads((target / "runs.json").read_text())[0]["id"] == run.id


def test_an_import_in_a_terminal_marks_the_runs_that_are_new(ask, three_runs, tmp_path, monkeypatch):
    new = str(tmp_path / "new")
    assert ask("export", three_runs[0], "--to", str(tmp_path / "one")).code == 0
    assert ask("export", *three_runs[:2], "--to", str(tmp_path / "two")).code == 0
    assert ask("--record", new, "import", str(tmp_path / "one")).lines == [three_runs[0]], (
        "a program gets ids"
    )
    monkeypatch.setattr("gnomon.cli.terminal._is_tty", lambda stream: stream.__class__.__name__ != "StringIO")
    marked = dict(
        line.split(maxsplit=1) for line in ask("--record", new, "import", str(tmp_path / "two")).lines
    )
    assert marked == {three_runs[0]: "was here", three_runs[1]: "new"}
