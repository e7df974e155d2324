"""Repair from a remote: after any damage to any one file, the replica is as it was."""

from __future__ import annotations

import contextlib
import os

import pytest
from people import Person, tree_of

from gnomon.record.home import open_home
from gnomon.repairing import repair
from gnomon.session import close_all
from gnomon.sync.folder import FolderStore

RUN = "0123456789abcdef"


@pytest.fixture
def share(tmp_path):
    return tmp_path / "share"


@pytest.fixture
def ben(tmp_path, share):
    """Ben, whose replica holds files of himself and of Ann, all of them sent."""
    ann, ben = Person(tmp_path, "ann").found(), Person(tmp_path, "ben")
    ann.run(f"0001{RUN}")
    ann.keep(b"a file" * 30)
    ann.sync(share), ben.clone(share)
    ben.run(f"0002{RUN}")
    ben.keep(b"another" * 30)
    ben.sync(share), ann.sync(share), ben.sync(share)
    close_all()
    return ben


def put_back(person, share):
    store = FolderStore(person.env, str(share))
    done = repair(open_home(person.path, person.env), store)
    person.sync(share)
    close_all()
    return done, repair(open_home(person.path, person.env), store)


def flip(path):
    with open(path, "rb") as file:
        data = bytearray(file.read())
    data[len(data) // 2] ^= 4
    with open(path, "wb") as file:
        file.write(data)


@pytest.mark.slow
def test_every_file_that_was_damaged_is_as_it_was(ben, share):
    before, state = ben.files(), ben.state()
    for path in before:
        flip(os.path.join(ben.path, path))
        done, again = put_back(ben, share)
        assert done.left == [] or again.left == [], path
        assert ben.files() == before, path
        assert ben.damage() == []
    assert ben.state() == state


@pytest.mark.slow
def test_every_file_that_is_gone_comes_back(ben, share):
    before = ben.files()
    for path in [path for path in before if path != "record.toml"]:
        os.unlink(os.path.join(ben.path, path))
        put_back(ben, share)
        assert ben.files() == before, path


def test_the_damaged_bytes_are_kept(ben, share):
    path = next(path for path in ben.files() if path.endswith(".pack"))
    flip(os.path.join(ben.path, path))
    damaged = ben.files()[path]
    done, _ = put_back(ben, share)
    assert tree_of(done.aside) == {path: damaged}


@pytest.mark.slow
def test_a_damaged_log_that_was_sent_goes_once_its_bundle_is_here(ben, share):
    ben.run(f"0003{RUN}", points=2)
    close_all()
    ben.sync(share)  # its log is a bundle now; an old copy of the log comes back damaged
    (bundle,) = [
        path
        for path in ben.files()
        if path.endswith(".bundle.jsonl") and f"0003{RUN}".encode() in ben.files()[path]
    ]
    lines = ben.files()[bundle].splitlines(keepends=True)
    log = (
        next(line for line in lines if f"run:0003{RUN}".encode() in line)
        .partition(b'"log":"')[2][:32]
        .decode()
    )
    raw = os.path.join(os.path.dirname(os.path.join(ben.path, bundle)), f"{log}.jsonl")
    with open(raw, "wb") as file:
        file.write(b"".join(line for line in lines if log.encode() in line).replace(b"note 0", b"nota 0"))
    assert ben.damage()
    _, again = put_back(ben, share)
    assert again.left == []
    assert not os.path.exists(raw)


@pytest.mark.slow
def test_what_no_remote_has_is_named_and_left(ben, share):
    path = next(path for path in ben.files() if path.endswith(".parquet"))
    flip(os.path.join(ben.path, path))
    os.unlink(share / path)
    with contextlib.suppress(FileNotFoundError):
        _, again = put_back(ben, share)
    assert [problem.file for problem in again.left][:1] == [path]
    assert os.path.exists(os.path.join(ben.path, path))


@pytest.mark.slow
def test_damaged_files_are_not_sent(ben, share, tmp_path):
    path = next(path for path in ben.files() if path.endswith(".pack"))
    flip(os.path.join(ben.path, path))
    done = ben.sync(tmp_path / "stick")
    assert done.planned.damaged
    assert not (tmp_path / "stick" / path).exists()
