"""`gnomon data erase`: what stays and why; and adding again what was erased."""

from __future__ import annotations

import random
import subprocess
import sys

import pytest

import gnomon

pytestmark = pytest.mark.slow


def noise(size: int, seed: int) -> bytes:
    return random.Random(seed).randbytes(size)


def add(ask, name: str, data: bytes):
    with open(name, "wb") as file:
        file.write(data)
    answer = ask("data", "add", name, "--no-profile")
    assert answer.code == 0, answer.err
    return answer


def test_what_was_erased_earlier_is_not_said_to_stay(ask, project):
    add(ask, "v", noise(5_000, 1))
    assert ask("data", "erase", "v", "--yes").code == 0
    add(ask, "v", noise(5_000, 1))
    add(ask, "z", noise(5_000, 2))
    answer = ask("data", "erase", "z", "--yes")
    assert (answer.code, "stays:" in answer.err) == (0, False)


def test_what_another_version_has_too_stays_and_that_is_no_failure(ask, project):
    add(ask, "v", noise(5_000, 1))
    add(ask, "w", noise(5_000, 1))
    answer = ask("data", "erase", "w", "--yes")
    assert answer.code == 0
    assert "stays: 1 object, 5.0 kB, which v@v1 has too" in answer.err


def test_adding_erased_bytes_again_says_who_erased_them_and_why(ask, project):
    add(ask, "v", noise(5_000, 1))
    assert ask("data", "erase", "v", "--yes", "--reason", "a customer asked").code == 0
    answer = add(ask, "again", noise(5_000, 1))
    writer = gnomon.open().data("v").erased["writer"][:12]
    assert "note: the bytes of `v@v1` were erased on " in answer.err
    assert f"by device {writer}: a customer asked; they are back" in answer.err
    assert gnomon.open().data("again").notes[-1].endswith("they are back")
    assert "erased" not in add(ask, "other", noise(5_000, 2)).err


@pytest.mark.parametrize("rows", [3, 3_000])  # in the entry itself, and as an object
def test_bytes_that_a_run_captured_are_loudly_still_there(ask, project, monkeypatch, rows):
    monkeypatch.setenv("GNOMON_CAPTURE", "on")
    subprocess.run(["git", "init", "-q", "."], cwd=project, check=True)
    text = "[" + ",\n".join(map(str, range(rows))) + "]\n"
    (project / "people.json").write_text(text)
    (project / "train.py").write_text(
        "import gnomon, time\nwith gnomon.run('net') as run:\n    run.log(loss=1)\n    time.sleep(1.5)\n"
    )
    subprocess.run([sys.executable, "train.py"], cwd=project, check=True, timeout=120)
    run = gnomon.open().run("net")
    assert "files/people.json" in run.captured.code_files()
    add(ask, "people.json", text.encode())
    for _ in range(2):
        answer = ask("data", "erase", "people", "--yes")
        assert answer.code == 1
        assert f"run `net` ({run.id[:8]}), captured as its source `people.json`" in answer.err
        assert "NOT ERASED" in answer.err
        assert "`.gitignore`" in answer.err
    assert ask("data", "erase", "people", "--dry-run").code == 0


def test_bytes_that_a_run_kept_are_named_with_their_path(ask, project):
    (project / "out").mkdir()
    (project / "out" / "k.bin").write_bytes(noise(5_000, 1))
    run = gnomon.run("net")
    run.keep("out")
    run.finish()
    add(ask, "k.bin", noise(5_000, 1))
    answer = ask("data", "erase", "k", "--yes")
    assert answer.code == 1
    assert (
        f"NOT ERASED: 5.0 kB of these bytes are still in the record: run `net` ({run.id[:8]}), kept as `out/k.bin`"
        in answer.err
    )
    assert "`.gitignore`" not in answer.err
