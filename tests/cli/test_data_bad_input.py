"""Bad input of `gnomon data`: each a clear error or an honest record, and nothing lost."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from small_disk import enlarge, mounted

import gnomon
from gnomon.env import Env
from gnomon.objects.tree import TreeFile
from gnomon.session import close_all, session_for
from tests.unit.data.test_versions import written_apart

pytestmark = pytest.mark.slow
MB = 1 << 20


def noise(size: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size)


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 6 MB; returns its folder, and what makes it larger."""
    with mounted(tmp_path / "disk", 6) as place:
        yield place, lambda: enlarge(place, 64)
        close_all()


# ---------------------------------------------------------------- disks


def test_a_full_disk_stores_no_half_a_version_and_the_same_command_goes_on(
    ask, project, small_disk, monkeypatch
):
    disk, enlarge = small_disk
    record = str(disk / ".gnomon")
    (project / "first.bin").write_bytes(noise(MB))
    assert ask("--record", record, "data", "add", "first.bin").code == 0
    close_all()
    (project / "data").mkdir()
    for number in range(40):
        (project / "data" / f"{number}.bin").write_bytes(noise(300_000, number))
    for size in (20 * MB, 300_000):  # chunks of one file, and many small ones
        (project / "data" / "large.bin").write_bytes(noise(size, 99))
        answer = ask("--record", record, "data", "add", "data")
        assert answer.code == 1
        assert "could not be stored" in answer.err and "No space left on device" in answer.err
        assert "(GN301)" in answer.err and "the same command goes on from there" in answer.err
        close_all()
        assert ask("--record", record, "data").lines[-1].split()[:2] == ["first", "first@v1"]
        assert ask("--record", record, "data", "verify").code == 0
        assert not (project / "data.gnomon").exists()
        close_all()
    enlarge()
    assert ask("--record", record, "data", "add", "data").lines == ["data@v1"]
    close_all()
    assert ask("--record", record, "data", "get", "data", "--to", "back").code == 0
    assert (project / "back" / "39.bin").read_bytes() == noise(300_000, 39)
    assert ask("--record", record, "verify").code == 0
    assert list(disk.rglob(".*.tmp")) == []


def test_a_limit_on_the_size_of_files_is_a_full_disk(start, project):
    """The same without root, by the limit that a system may set."""
    (project / "data.bin").write_bytes(noise(8 * MB))
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (2 << 20, 2 << 20))\n"
        "from gnomon.cli.main import main; sys.exit(main(['data', 'add', 'data.bin']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=project, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "`data.bin` could not be stored" in done.stderr and "File too large" in done.stderr
    assert start("data", "add", "data.bin").out == "data@v1\n"
    assert start("data", "verify").code == 0


def test_a_full_disk_where_it_is_restored_leaves_nothing_under_the_name(ask, project, small_disk):
    disk, enlarge = small_disk
    (project / "data").mkdir()
    for number in range(30):
        (project / "data" / f"{number}.bin").write_bytes(noise(300_000, number))
    (project / "one.bin").write_bytes(noise(8 * MB))
    for name in ("data", "one.bin"):
        assert ask("data", "add", name).code == 0
        answer = ask("data", "get", name.partition(".")[0], "--to", str(disk / name))
        assert answer.code == 1
        assert "No space left on device" in answer.err
        assert not (disk / name).exists()
        close_all()
        for left in disk.iterdir():
            shutil.rmtree(left) if left.is_dir() else left.unlink()
    enlarge()
    assert ask("data", "get", "data", "--to", str(disk / "data")).code == 0
    assert ask("data", "get", "one", "--to", str(disk / "one.bin")).code == 0
    assert (disk / "one.bin").read_bytes() == noise(8 * MB)


# ---------------------------------------------------------------- files that move


class Meanwhile(Env):
    """Does something to a file each time that a part of it is read."""

    def __init__(self, act):
        self.act = act

    def read(self, fd, size, offset=0):
        data = super().read(fd, size, offset)
        if os.fstat(fd).st_size:
            self.act(fd, os.readlink(f"/proc/self/fd/{fd}"))
        return data


@pytest.fixture
def meanwhile(project, monkeypatch):
    """Have something happen to `big.bin` whenever a part of it is read."""

    def set_up(act):
        close_all()
        session = session_for()
        session._env = Meanwhile(lambda fd, path: act(path) if path.endswith("big.bin") else None)
        return session

    return set_up


@pytest.mark.parametrize("size", [6 * MB, 500_000])
def test_a_file_that_somebody_writes_to_faster_than_it_is_read_comes_to_an_end(ask, project, meanwhile, size):
    path = project / "big.bin"
    path.write_bytes(noise(size))
    (project / "seed").write_bytes(b"x")
    ask("data", "add", "seed")

    def grow(place):
        assert os.path.getsize(place) < 300 * MB, "it is read without end"
        with open(place, "ab") as file:
            file.write(bytes(5 * MB))

    meanwhile(grow)
    answer = ask("data", "add", "big.bin", "--no-profile")
    assert answer.code == 0
    assert "`big.bin` changed while it was read; what counts are the" in answer.err
    version = gnomon.open().data("big")
    assert len(version.notes) == 1 and version.size >= size
    close_all()
    assert ask("data", "get", "big", "--to", "back").code == 0
    assert (project / "back").read_bytes() == path.read_bytes()[: version.size]
    assert ask("data", "verify").code == 0


def test_status_of_a_file_that_grows_comes_to_an_end(ask, project, monkeypatch):
    path = project / "big.bin"
    path.write_bytes(noise(6 * MB))
    assert ask("data", "add", "big.bin", "--no-profile").code == 0
    close_all()
    os.utime(path)
    read = Env.read

    def and_grow(self, fd, size, offset=0):
        if os.readlink(f"/proc/self/fd/{fd}").endswith("big.bin"):
            assert os.path.getsize(path) < 300 * MB, "it is read without end"
            with open(path, "ab") as file:
                file.write(bytes(MB + 200_000))
        return read(self, fd, size, offset)

    monkeypatch.setattr(Env, "read", and_grow)
    answer = ask("data", "status")
    assert answer.code == 0
    assert "1 changed" in answer.out
    assert "changed while it was read" in answer.err


def test_a_file_that_becomes_shorter_while_it_is_read_is_kept_as_it_was_read(ask, project, meanwhile):
    path = project / "big.bin"
    path.write_bytes(noise(12 * MB))
    (project / "seed").write_bytes(b"x")
    ask("data", "add", "seed")
    meanwhile(lambda place: os.truncate(place, 5 * MB) if os.path.getsize(place) == 12 * MB else None)
    answer = ask("data", "add", "big.bin", "--no-profile")
    assert answer.code == 0
    assert "changed while it was read" in answer.err
    version = gnomon.open().data("big")
    close_all()
    assert ask("data", "get", "big", "--to", "back").code == 0
    assert (project / "back").read_bytes() == noise(12 * MB)[: version.size]


@pytest.mark.parametrize("size", [6 * MB, 500_000])
def test_a_file_that_vanishes_while_a_folder_is_added_is_named(ask, project, monkeypatch, size):
    from gnomon.data import scan as scan_module

    folder = project / "data"
    folder.mkdir()
    (folder / "a.bin").write_bytes(b"a")
    (folder / "b.bin").write_bytes(noise(size))
    real = scan_module.scan

    def scan_and_lose(*args, **named):
        found = real(*args, **named)
        (folder / "b.bin").unlink(missing_ok=True)
        return found

    monkeypatch.setattr(scan_module, "scan", scan_and_lose)
    answer = ask("data", "add", "data")
    assert answer.code == 2
    assert "b.bin` vanished while it was read (GN105)" in answer.err
    assert "goes on from here" in answer.err
    monkeypatch.undo()


# ---------------------------------------------------------------- names, links, things that are no files


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["pipe"], "`pipe` cannot be kept: it is neither a file nor a folder"),
        (["/dev/zero", "--name", "zero"], "`/dev/zero` cannot be kept: it is neither a file nor a folder"),
        (["loop"], "`loop` is a link that leads nowhere, to `loop`"),
        (["broken"], "`broken` is a link that leads nowhere, to `nowhere`"),
        ([""], "the path is empty"),
        (["a" * 300], f"`{'a' * 300}` does not exist"),
        (["good.csv", "--name", ".."], "'..' cannot name a data set"),
        (["good.csv", "--name", "../up"], "'../up' cannot name a data set"),
        (["good.csv/x"], "`good.csv/x` does not exist"),
        (["caf\udce9.csv"], "'caf\\udce9.csv' cannot stand in a pointer file"),
        (["latin"], "`caf\\udce9.csv` in"),
        (["linked"], "is a symbolic link that leaves the folder, to `/etc/hostname`"),
        (["dev"], "is a symbolic link that leaves the folder, to `/dev/zero`"),
    ],
)
def test_what_cannot_be_a_version_is_named(ask, project, words, said):
    os.mkfifo(project / "pipe")
    (project / "loop").symlink_to("loop")
    (project / "broken").symlink_to("nowhere")
    (project / "good.csv").write_text("a\n1\n")
    for folder in ("latin", "linked", "dev"):
        (project / folder).mkdir()
    (project / "linked" / "out").symlink_to("/etc/hostname")
    (project / "dev" / "zero").symlink_to("/dev/zero")
    for place in (b"caf\xe9.csv", b"latin/caf\xe9.csv"):
        with open(place, "wb") as file:
            file.write(b"a\n1\n")
    answer = ask("data", "add", *words)
    assert answer.code == 2
    assert said in answer.err
    assert ask("data").out == ""


def test_a_file_whose_name_is_not_utf8_can_be_kept_without_a_pointer(ask, project):
    with open(b"caf\xe9.csv", "wb") as file:
        file.write(b"a\n1\n")
    assert ask("data", "add", "caf\udce9.csv", "--no-pointer", "--name", "cafe").lines == ["cafe@v1"]
    close_all()
    assert ask("data", "get", "cafe", "--to", "back.csv").code == 0
    assert (project / "back.csv").read_bytes() == b"a\n1\n"


@pytest.mark.parametrize("path", ["../outside", "/etc/outside", "a/../../outside", ".git/hooks/x", "a//b"])
def test_a_version_that_somebody_made_to_write_elsewhere_writes_nothing(ask, project, path):
    """A tree made by hand, since no add makes one."""
    with session_for().objects() as store:
        file = store.put_bytes(b"harm")
        from gnomon.objects import tree as tree_module

        tree = store.put_bytes(tree_module.encode_tree([TreeFile(path, file, 4, 0o644)]))
    written_apart("evil", 1, object_id=tree)
    close_all()
    answer = ask("data", "get", "evil", "--to", "target")
    assert answer.code != 0
    assert not (project / "target").exists()
    assert not any(Path(project.parent).rglob("outside"))
    assert not (project / ".git").exists()


def test_files_of_no_bytes_are_versions_like_others(ask, project):
    (project / "nothing").write_bytes(b"")
    (project / "folder").mkdir()
    for name in ("a", "b"):
        (project / "folder" / name).write_bytes(b"")
    for name in ("nothing", "folder"):
        assert ask("data", "add", name).lines == [f"{name}@v1"]
        assert ask("data", "add", name).lines == [f"{name}@v1"]
        close_all()
        assert ask("data", "get", name, "--to", f"{name}-back").code == 0
    assert (project / "nothing-back").read_bytes() == b""
    assert sorted(os.listdir(project / "folder-back")) == ["a", "b"]
    assert ask("data", "verify").code == 0


# ---------------------------------------------------------------- packs and crashes


def test_a_pack_cut_off_anywhere_is_named_and_nothing_of_it_is_handed_out(ask, project):
    (project / "data.bin").write_bytes(noise(3 * MB))
    ask("data", "add", "data.bin", "--no-profile")
    close_all()
    (pack,) = (project / ".gnomon" / "objects").rglob("*.pack")
    whole = pack.read_bytes()
    for end in (0, 5, 1000, len(whole) // 2, len(whole) - 1):
        pack.write_bytes(whole[:end])
        answer = ask("data", "get", "data", "--to", f"back{end}")
        assert answer.code == 3
        assert pack.name in answer.err and "is damaged" in answer.err
        assert not (project / f"back{end}").exists()
        assert ask("data", "verify").code == 3
        assert ask("verify").code == 3
    pack.write_bytes(whole)
    assert ask("data", "verify").code == 0


def test_an_add_that_is_killed_again_and_again_comes_to_its_end(start, project):
    """Each time it goes on from there, so that it ends though no process lives long enough for all of it."""
    (project / "data").mkdir()
    for number in range(4):
        (project / "data" / f"{number}.bin").write_bytes(noise(40 * MB, number))
    stored, lives = [], 0
    for lives in range(1, 40):
        process = subprocess.Popen(
            [sys.executable, "-m", "gnomon", "data", "add", "data", "--no-profile"],
            cwd=project, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        timer = threading.Timer(0.25 * 1.12**lives, process.send_signal, [signal.SIGKILL])
        timer.start()
        out, _ = process.communicate()
        timer.cancel()
        stored.append(sum(pack.stat().st_size for pack in (project / ".gnomon").rglob("*.pack")))
        if process.returncode == 0:
            break
    assert out == "data@v1\n"
    assert stored == sorted(stored)
    assert stored[-1] < 1.02 * 160 * MB  # nothing was stored twice
    assert start("data", "verify").code == 0
    assert start("data", "get", "data", "--to", "back").code == 0
    assert (project / "back" / "3.bin").read_bytes() == noise(40 * MB, 3)


def test_an_interrupted_add_leaves_a_lease_that_nobody_heeds(start, project):
    (project / "data.bin").write_bytes(noise(30 * MB))
    process = subprocess.Popen(
        [sys.executable, "-m", "gnomon", "data", "add", "data.bin"], cwd=project,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    adding = project / ".gnomon" / "objects" / ".adding"
    until = time.monotonic() + 20
    while not (adding.is_dir() and list(adding.glob("[!.]*"))) and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert list(adding.glob("[!.]*"))
    assert start("gc", "--older-than", "0d").code == 0
    assert not list(adding.glob("[!.]*"))
