"""`gnomon gc` and `gnomon data erase`, as a person types them."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import gnomon
from gnomon.session import close_all, session_for

pytestmark = pytest.mark.slow


def noise(size: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size)


@pytest.fixture
def left_behind(project, ask):
    """A version of data, and two objects that an add left when it was killed; returns what is named."""
    (project / "credit.csv").write_bytes(noise(5000))
    assert ask("data", "add", "credit.csv", "--no-profile").code == 0
    with session_for().objects() as store:
        named = set(store.objects())
        store.put_many([noise(300_000, 2), noise(200_000, 3)])
    close_all()
    return named


def packs(project: Path) -> set[str]:
    return {path.name for path in (project / ".gnomon").rglob("*.pack")}


def test_what_no_entry_names_goes_and_it_is_said_how_much(ask, project, left_behind):
    before = packs(project)
    answer = ask("gc", "--dry-run", "--older-than", "0d")
    assert (answer.code, packs(project)) == (0, before)
    assert answer.lines[-1] == "would free 500.3 kB in 1 pack"
    assert "no entry names what it holds" in answer.lines[1]
    answer = ask("gc", "--older-than", "0d")
    assert (answer.code, answer.lines[-1]) == (0, "freed 500.3 kB in 1 pack")
    with session_for().objects() as store:
        assert set(store.objects()) == left_behind
    close_all()
    assert ask("gc", "--older-than", "0d").lines == ["nothing to delete"]
    assert ask("verify").code == 0


def test_by_default_what_is_younger_than_ninety_days_stays(ask, project, left_behind):
    before = packs(project)
    answer = ask("gc")
    assert answer.lines == ["nothing to delete"]
    assert "500.3 kB that no entry names stay, in 1 pack written less than 90d ago" in answer.err
    assert packs(project) == before
    for pack in (project / ".gnomon").rglob("*.pack"):
        os.utime(pack, (time.time() - 91 * 86_400,) * 2)
    assert ask("gc").lines[-1] == "freed 500.3 kB in 1 pack"


def test_the_answer_for_programs(ask, left_behind):
    found = ask("gc", "--dry-run", "--older-than", "0d", "--json").json()
    assert (found["is_dry_run"], found["freed_bytes"], len(found["packs"])) == (True, 0, 1)
    assert len(found["packs"][0]["objects"]) == 2
    done = ask("gc", "--older-than", "0d", "--json").json()
    assert done["freed_bytes"] == found["would_free_bytes"] > 500_000
    assert done["packs"][0]["is_gone"] is True


@pytest.mark.parametrize("age", ["soon", "-3d", "90", ""])
def test_an_age_that_is_none_is_refused(ask, left_behind, age):
    answer = ask("gc", f"--older-than={age}")
    assert answer.code == 2
    assert f"got `{age}`" in answer.err


def test_while_a_process_adds_its_packs_wait(ask, project, left_behind):
    code = (
        "import sys; from gnomon.session import session_for\n"
        "with session_for().objects() as store: store.objects()\n"
        "print('adding', flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=project
    )
    try:
        assert process.stdout.readline() == b"adding\n"
        answer = ask("gc", "--older-than", "0d")
        assert answer.code == 1
        assert answer.lines == ["nothing was deleted"]
        assert f"500.3 kB wait: process {process.pid} is writing and may need them" in answer.err
    finally:
        process.communicate()
    assert ask("gc", "--older-than", "0d").code == 0


def test_what_cannot_be_read_is_named_and_nothing_goes(ask, project, left_behind):
    before = packs(project)
    log = next((project / ".gnomon" / "log").rglob("*.jsonl"))
    data = bytearray(log.read_bytes())
    data[data.index(b'"data.added"') + 3] ^= 1
    log.write_bytes(data)
    answer = ask("gc", "--older-than", "0d")
    assert answer.code == 3
    assert "what may be deleted cannot be told, so nothing was: log/" in answer.err
    assert "(GN208)" in answer.err
    assert packs(project) == before


def test_an_add_relies_on_no_pack_that_is_about_to_go(ask, project, monkeypatch):
    from gnomon.data import stat_cache
    from gnomon.env import REAL
    from gnomon.objects import lease

    monkeypatch.setattr(stat_cache, "RACY_NS", 0)  # the files need not be read again
    (project / "data").mkdir()
    for number in range(3):
        (project / "data" / f"{number}.bin").write_bytes(noise(5000, number))
    assert ask("data", "add", "data", "--no-profile", "--name", "first").code == 0
    close_all()
    before = packs(project)
    for pack in before:
        lease.mark(REAL, str(project / ".gnomon" / "objects"), pack.removesuffix(".pack"))
    assert ask("data", "add", "data", "--no-profile", "--name", "second", "--no-pointer").code == 0
    close_all()
    for pack in (project / ".gnomon" / "objects").rglob("*.pack"):
        if pack.name in before:
            pack.unlink()
    assert ask("data", "get", "second", "--to", "back").code == 0
    assert (project / "back" / "2.bin").read_bytes() == noise(5000, 2)


def test_hidden_runs_keep_their_files(ask, project):
    (project / "model.bin").write_bytes(noise(2000))
    with gnomon.run("hidden") as run:
        run.keep("model.bin")
    close_all()
    assert ask("rm", run.id).code == 0
    close_all()
    ask("gc", "--older-than", "0d")
    assert ask("restore", run.id).code == 0
    assert ask("get", run.id, "model.bin", "--to", "back.bin").code == 0
    assert (project / "back.bin").read_bytes() == noise(2000)


def test_an_interrupted_gc_is_done_again(ask, project, left_behind):
    """Killed at many moments."""
    with session_for().objects() as store:
        for seed in range(10, 40):
            store.put_bytes(noise(3000, seed))
    close_all()
    for number in range(6):
        process = subprocess.Popen(
            [sys.executable, "-m", "gnomon", "gc", "--older-than", "0d"], cwd=project,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        time.sleep(0.1 + 0.05 * number)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert ask("gc", "--older-than", "0d").code == 0
    with session_for().objects() as store:
        assert set(store.objects()) == left_behind
    close_all()
    assert ask("data", "verify").code == 0


# ---------------------------------------------------------------- erase


@pytest.fixture
def two_versions(project, ask):
    """credit@v1 with a secret, credit@v2 without it; both share a large file."""
    folder = project / "credit"
    folder.mkdir()
    (folder / "large.bin").write_bytes(noise(1 << 21))
    (folder / "people.csv").write_text("name,street\n" + "Ada Lovelace,36 Dorset Street\n" * 30)
    assert ask("data", "add", "credit").code == 0
    (folder / "people.csv").write_text("name,street\n-,-\n")
    assert ask("data", "add", "credit").code == 0
    close_all()
    return folder


def every_file(*folders: Path) -> bytes:
    return b"".join(file.read_bytes() for one in folders for file in sorted(one.rglob("*")) if file.is_file())


def test_a_process_that_added_data_may_erase_it(ask, project):
    """Its own lease, which keeps others from deleting what it may still name, must not stop itself."""
    (project / "gone.csv").write_bytes(noise(5000))
    assert ask("data", "add", "gone.csv", "--no-profile").code == 0
    answer = ask("data", "erase", "gone", "--yes")
    assert (answer.code, packs(project)) == (0, set())


def test_an_open_run_keeps_its_lease_while_its_process_erases(ask, project):
    (project / "gone.csv").write_bytes(noise(5000))
    with gnomon.run("open") as run:
        run.keep("gone.csv")
        session = session_for()
        assert session._lease is not None
        session.rest()
        assert session._lease is not None


def test_a_version_is_erased_and_what_the_other_has_too_stays(ask, project, two_versions, tmp_path):
    with gnomon.run("used it") as run:
        run.use("credit@v1")
    close_all()
    assert b"Dorset" in every_file(tmp_path / "cache")  # the copy for the run
    answer = ask("data", "erase", "credit@v1", "--yes", "--reason", "she asked for it")
    assert answer.code == 0, answer.err
    assert answer.lines == ["credit@v1"]
    assert "which credit@v2 has too" in answer.err
    close_all()
    assert b"Dorset" not in every_file(project / ".gnomon", tmp_path / "cache")
    assert ask("data", "get", "credit@v2", "--to", "back").code == 0
    assert (project / "back" / "large.bin").read_bytes() == noise(1 << 21)
    answer = ask("data", "get", "credit@v1", "--to", "gone")
    assert answer.code == 3
    assert (
        "the bytes of `credit@v1` were erased on 20" in answer.err
        and ": she asked for it (GN207)" in answer.err
    )
    assert not (project / "gone").exists()
    assert ask("data", "log", "credit").lines[2].endswith("erased")
    assert "she asked for it" in ask("data", "show", "credit@v1").out
    found = ask("data", "show", "credit@v1", "--json").json()
    assert found["erased"]["reason"] == "she asked for it" and found["used_by"] == [run.id]
    assert ask("verify").code == 0
    checked = ask("data", "verify")
    assert checked.code == 0 and "erased: credit@v1 has no bytes any more" in checked.err


@pytest.mark.parametrize(
    "words",
    [
        ["data", "show", "credit@v1", "--files"], ["data", "diff", "credit@v1", "credit@v2"],
        ["data", "profile", "credit@v1"], ["data", "profile", "credit@v1", "--again"],
    ],
)  # fmt: skip
def test_whoever_asks_for_erased_bytes_is_told(ask, two_versions, words):
    ask("data", "erase", "credit@v1", "--yes")
    close_all()
    answer = ask(*words)
    assert answer.code == 3
    assert "were erased on 20" in answer.err and "(GN207)" in answer.err


def test_a_pointer_to_erased_bytes_says_so(ask, project, two_versions):
    ask("data", "erase", "credit@v2", "--yes")
    close_all()
    import shutil

    shutil.rmtree(two_versions)
    answer = ask("data", "checkout")
    assert answer.code == 3
    assert "`credit@v2`, which" in answer.err and "names, were erased: object" in answer.err


def test_erasing_asks_first(ask, project, two_versions, monkeypatch):
    before = packs(project)
    answer = ask("data", "erase", "credit@v1")
    assert (answer.code, packs(project)) == (2, before)
    assert "hint: give `--yes`" in answer.err
    answer = ask("data", "erase", "credit@v1", "--dry-run")
    assert (answer.code, packs(project)) == (0, before)
    assert answer.lines[0].startswith("goes: 3 objects")
    for said, code in (("n\n", 1), ("\n", 1), ("y\n", 0)):
        import io

        stream = io.StringIO(said)
        stream.isatty = lambda: True
        monkeypatch.setattr("sys.stdin", stream)
        assert ask("data", "erase", "credit@v1").code == code
        close_all()
        assert (packs(project) == before) is (code == 1)


def test_the_same_bytes_may_be_added_again(ask, project, two_versions):
    ask("data", "erase", "credit@v2", "--yes")
    close_all()
    answer = ask("data", "add", "credit")
    assert answer.lines == ["credit@v3"]
    close_all()
    ask("gc", "--older-than", "0d")
    assert ask("data", "get", "credit@v3", "--to", "back").code == 0
    assert ask("data", "verify").code == 0


def test_erasing_twice_is_erasing_once(ask, project, two_versions):
    for _ in range(2):
        assert ask("data", "erase", "credit@v1", "--yes").code == 0
        close_all()
    said = [
        json.loads(line)
        for log in (project / ".gnomon" / "log").rglob("*.jsonl")
        for line in log.read_text().splitlines()
    ]
    assert [one["head"]["kind"] for one in said].count("data.erased") == 1


def test_a_reference_cannot_be_erased(ask, project):
    assert ask("data", "add", "s3://bank/2026", "--name", "ledger", "--by-reference").code == 0
    close_all()
    answer = ask("data", "erase", "ledger", "--yes")
    assert answer.code == 2
    assert "`ledger@v1` is a reference: the record does not hold its bytes" in answer.err


def test_bytes_that_a_run_kept_stay_and_it_is_said(ask, project, two_versions):
    (project / "people.csv").write_text("name,street\n" + "Ada Lovelace,36 Dorset Street\n" * 30)
    with gnomon.run("kept") as run:
        run.keep("people.csv")
    close_all()
    answer = ask("data", "erase", "credit@v1", "--yes")
    assert answer.code == 1
    assert f"run `kept` ({run.id[:8]}), kept as `people.csv`" in answer.err
    assert ask("get", run.id, "people.csv", "--to", "back.csv").code == 0
