"""P19: the page of the record format is enough to verify a record; two verifiers, one written from it alone, agree."""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest
import second_verifier
from blake3 import blake3

from gnomon.cli.main import main

try:
    from compression import zstd
except ImportError:
    from backports import zstd

TESTS = Path(__file__).resolve().parent.parent
FLIPS = 12  # for each kind of file

FIRST = """
g("init", "-C", ".")
with gnomon.run("one", params={"lr": 0.1, "big": 2**80, "none": float("nan"), "text": "é ☃ \\"quoted\\""}) as run:
    for step in range(9):
        run.log({"loss": 1 / (step + 1), "auc": 0.5}, step=step)
    run.log(huge=2**70, small=-2**65)
    for step in range(4):
        run.log({f"series-{step}": step})
    run.note("a note")
    run.keep("model"), run.keep("large.bin"), run.keep("small.bin")
g("data", "add", "model", "--name", "model"), g("data", "add", "gone.txt", "--name", "gone")
"""
KILLED = """
run = gnomon.run("killed")
for step in range(9):
    run.log(loss=step, step=step)
os.kill(os.getpid(), signal.SIGKILL)
"""
SHARED = """
g("data", "erase", "gone", "--yes", "--reason", "asked for")
g("remote", "add", "team", "../remote"), g("sync")
"""
OTHER = """
g("clone", "../remote", ".")
with gnomon.run("other") as run:
    run.log(loss=1)
g("sync")
"""
LIVE = """
g("sync")
run = gnomon.run("live")
run.log(loss=1)
g("export", "--all", "--to", "../export")
"""


def device(name: str, folder: Path, code: str, ends_with: int = 0) -> None:
    """Run Python as the user of one device, in a process of its own."""
    start = "import gnomon, os, signal\nfrom gnomon.cli.main import main\ndef g(*words): assert main(list(words)) == 0, words\n"
    env = os.environ | {"GNOMON_CONFIG_DIR": str(folder.parent / name)}
    done = subprocess.run(
        [sys.executable, "-c", start + code], cwd=folder, env=env, capture_output=True, text=True
    )
    if done.returncode != ends_with:
        raise RuntimeError(done.stderr)


def whole_objects() -> bytes:
    """A pack of format 1, as older versions wrote them: one raw object."""
    index = json.dumps(
        [{"codec": "raw", "object": blake3(b"old").hexdigest(), "offset": 8, "size": 3, "stored": 3}],
        separators=(",", ":"),
    ).encode()
    return b"GNMPCK1\nold" + index + struct.pack("<QI", 11, len(index)) + b"GNMPEND\n"


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    """A record with files of every kind that the page names, as copying replicas and exports together makes it."""
    top = tmp_path_factory.mktemp("all")
    project, clone, merged = top / "project", top / "clone", top / "merged"
    for folder in (project / "model" / "sub", clone, top / "remote"):
        folder.mkdir(parents=True)
    noise = random.Random(1)
    (project / "model" / "a.txt").write_text("hello " * 50)
    (project / "model" / "sub" / "b.txt").write_text("")
    (project / "large.bin").write_bytes(noise.randbytes(1_100_000))
    (project / "small.bin").write_bytes(noise.randbytes(300))
    (project / "gone.txt").write_text("a secret " * 20)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(top / "cache"))
        patch.setenv("GNOMON_CAPTURE", "off")
        device("first", project, FIRST)
        device("first", project, KILLED, ends_with=-signal.SIGKILL)
        sources = [shutil.copytree(project / ".gnomon", top / "before")]
        killed = max(project.glob(".gnomon/points/*/*.wal"), key=lambda path: path.stat().st_size)
        flip(killed, 1300, 3)  # so that sealing leaves a salvage file
        device("first", project, SHARED)
        device("second", clone, OTHER)
        device("first", project, LIVE)
    sources += [project / ".gnomon", clone / ".gnomon", top / "export" / "record"]
    for source in sources:
        for file in source.rglob("*"):
            target = merged / file.relative_to(source)
            is_large_copy = file.stat().st_size > 1_000_000 and any(merged.glob("objects/*/" + file.name))
            if file.is_file() and not is_large_copy:
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file, target)
    pack = whole_objects()
    name = blake3(pack, derive_key_context="gnomon v1 pack").digest()[:16].hex()
    (next(merged.glob("objects/*")) / f"{name}.pack").write_bytes(pack)
    return merged


def flip(path: Path, at: int, bit: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        (byte,) = file.read(1)
        file.seek(at)
        file.write(bytes([byte ^ 1 << bit]))


def named_by_gnomon(path: Path) -> set[str]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(["verify", "--json", "-C", str(path)])
    if not out.getvalue():  # a format that it does not know ends it at once
        assert code == 3 and "record.toml" in err.getvalue()
        return {"record.toml"}
    damaged = {
        found["file"] for found in json.loads(out.getvalue())["problems"] if found["severity"] != "notice"
    }
    assert (code == 3) == bool(damaged)
    return damaged


KINDS = {
    "record.toml": "record.toml",
    "log": "log/*/????????????????????????????????.jsonl",
    "bundle": "log/*/????????????????????????????????.bundle.jsonl",
    "open bundle": "log/*/*.open.bundle.jsonl",
    "WAL": "points/*/*.wal",
    "segment": "points/*/*.parquet",
    "pack": "objects/*/*.pack",
    "salvage": "points/*/*.salvage",
    "head": "heads/*/*.head",
    "tombstone": "erased/*.tombstone",
}


@pytest.mark.slow
def test_both_say_that_a_record_with_every_kind_of_file_is_whole(record):
    for kind, pattern in KINDS.items():
        assert any(record.glob(pattern)), f"no {kind} was made"
    assert {path.read_bytes()[:8] for path in record.glob("objects/*/*")} == {b"GNMPCK1\n", b"GNMPCK2\n"}
    assert second_verifier.problems(record) == []
    assert named_by_gnomon(record) == set()


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_both_name_the_same_file_for_a_flipped_bit(record, kind):
    chosen = random.Random(kind)
    files = sorted(record.glob(KINDS[kind]))
    for _ in range(FLIPS):
        path = chosen.choice(files)
        file = path.relative_to(record).as_posix()
        used = len(path.read_bytes().rstrip(b"\0"))
        at, bit = (
            chosen.choice([chosen.randrange(used), max(0, used - 1 - chosen.randrange(300))]),
            chosen.randrange(8),
        )
        flip(path, at, bit)
        try:
            ours, theirs = second_verifier.Verifier(record).run(), named_by_gnomon(record)
            damaged = {name for name, _ in ours.problems}
            assert damaged == theirs, f"byte {at} bit {bit} of {file}: {ours.problems}"
            # The last row of a process that died looks like one that it was writing: that is said, and no damage.
            assert damaged == {file} or (kind == "WAL" and file in dict(ours.notices))
        finally:
            flip(path, at, bit)


@pytest.mark.slow
def test_the_program_names_the_file_and_exits_with_3(record):
    program = [sys.executable, str(TESTS / "second_verifier.py"), str(record)]
    whole = subprocess.run(program, capture_output=True, text=True)
    assert (whole.returncode, whole.stderr) == (0, ""), whole.stdout
    path = next(record.glob(KINDS["bundle"]))
    flip(path, 200, 1)
    try:
        damaged = subprocess.run(program, capture_output=True, text=True)
    finally:
        flip(path, 200, 1)
    assert damaged.returncode == 3
    assert f"{path.relative_to(record).as_posix()}: line 1: " in damaged.stdout


@pytest.mark.slow
def test_whatever_a_file_holds_is_named_and_nothing_raises(record, tmp_path):
    noise = random.Random(2)
    for kind, pattern in KINDS.items():
        path = next(record.glob(pattern))
        good = path.read_bytes()
        copy = tmp_path / "copy" / path.relative_to(record)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(record / "record.toml", tmp_path / "copy")
        for bad in (
            good[: len(good) // 2],
            good * 2,
            b"\n" * 50,
            noise.randbytes(3000),
            good[:8] + b"\xff" * 64 + good[72:],
            good[:-40] + b"\xff" * 40,
            b'{"' + b"[" * 100_000,
        ):
            copy.write_bytes(bad)
            found = second_verifier.Verifier(tmp_path / "copy").run()
            named = {name for name, _ in found.problems + found.notices}
            assert path.relative_to(record).as_posix() in named, f"{kind}: {bad[:40]!r}"
        copy.unlink()


@pytest.mark.slow
@pytest.mark.parametrize("stated", [100, 1 << 28])
def test_a_small_frame_that_unpacks_to_much_costs_little_memory(tmp_path, stated):
    zeros = bytes(1 << 28)
    frame, digest = zstd.compress(zeros), blake3(zeros).digest()
    pack = b"GNMPCK2\n" + frame + struct.pack("<II8sQQ", 1, 1, b"zstd", stated, len(frame))
    pack += (
        struct.pack("<32sIIQ", digest, 0, 0, stated) + struct.pack("<QI", 8 + len(frame), 80) + b"GNMPEND\n"
    )
    name = blake3(pack, derive_key_context="gnomon v1 pack").digest()[:16].hex()
    path = tmp_path / "objects" / ("0" * 32) / f"{name}.pack"
    path.parent.mkdir(parents=True)
    path.write_bytes(pack)
    del zeros
    tracemalloc.start()
    try:
        found = dict(second_verifier.problems(tmp_path))
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()
    assert (path.relative_to(tmp_path).as_posix() in found) == (stated == 100)
