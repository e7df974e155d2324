"""Whole syncs over every transport: two people meet, a sync is interrupted at every request, eight meet at once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import remotes
from faulty_store import WAYS, FaultyStore
from people import Person
from remotes import git
from thorough import THOROUGH, one_in

from gnomon.errors import GnomonError
from gnomon.session import close_all
from gnomon.sync.store import open_store

RUN = "0123456789abcdef"
TESTS = Path(__file__).resolve().parents[2]
TRANSPORTS = ["folder", "bucket", "git", pytest.param("ssh", marks=pytest.mark.slow)]


def run_id(number):
    return f"{number:04d}{RUN}"


@pytest.fixture(params=TRANSPORTS)
def url(request, tmp_path):
    """An address of each kind where nothing is yet."""
    if request.param == "folder":
        return str(tmp_path / "share")
    if request.param == "bucket":
        request.getfixturevalue("s3")
        return f"s3://team/{tmp_path.name}"
    if request.param == "git":
        return f"git+file://{request.getfixturevalue('bare')}"
    return f"{request.getfixturevalue('ssh')}{tmp_path}/share"


def meet(person, url, store=None, **options):
    return person.sync(url, store=store or open_store(url, person.env, person.path), **options)


@pytest.mark.slow
def test_two_people_meet(url, tmp_path):
    ann = Person(tmp_path, "ann").found()
    ann.run(run_id(1), points=30)
    going_on = ann.run(run_id(2), close=False)
    meet(ann, url)
    ben = Person(tmp_path, "ben")
    ben.clone(url)
    assert ben.state() == ann.state()
    assert len(ben.series(run_id(1))) == 30
    ben.run(run_id(3))
    meet(ben, url)
    going_on.close()
    done = meet(ann, url)
    assert len(done.arrived) == 1
    meet(ben, url)
    close_all()
    assert ben.state() == ann.state()
    assert ann.damage() == ben.damage() == []
    assert not meet(ann, url).has_news
    assert not meet(ben, url).has_news


# ---------------------------------------------------------------- interrupted at every request


class Scene:
    """Ann and Ben with news for each other, and a remote that both have met; may be copied as often as wanted."""

    def __init__(self, kind, root, address_of):
        self.kind, self.root, self.address_of = kind, root, address_of
        remote = root / "remote"
        if kind == "git":
            git("init", "--quiet", "--bare", remote)
        url = address_of(remote)
        ann = Person(root, "ann").found()
        ann.run(run_id(1))
        meet(ann, url)
        ben = Person(root, "ben")
        ben.clone(url)
        meet(ben, url)
        ben.run(run_id(2))
        ben.keep(b"bytes" * 100)
        meet(ben, url)
        ann.run(run_id(3))
        ann.keep(b"other" * 100)
        close_all()

    def copy(self, name):
        """Return (folder, address) of a copy."""
        root = self.root.parent / name
        shutil.copytree(self.root, root)
        return root, self.address_of(root / "remote")


@pytest.fixture(params=TRANSPORTS)
def scene(request, tmp_path, monkeypatch):
    kind = request.param
    if (
        kind == "bucket"
    ):  # the server's folder is the test's, so that a copy of a bucket is a copy of a folder
        request.getfixturevalue("s3")
        bucket = tmp_path / "team"
        bucket.mkdir()
        with remotes.local_bucket(tmp_path) as address:
            monkeypatch.setenv("AWS_ENDPOINT_URL", address)
            (bucket / "scene").mkdir()
            yield Scene(kind, bucket / "scene", lambda path: f"s3://team/{path.relative_to(bucket)}")
        return
    (tmp_path / "scene").mkdir()
    if kind == "git":
        request.getfixturevalue("plain_git")
        yield Scene(kind, tmp_path / "scene", lambda path: f"git+file://{path}")
    elif kind == "ssh":
        address = request.getfixturevalue("ssh")
        yield Scene(kind, tmp_path / "scene", lambda path: f"{address}{path}")
    else:
        yield Scene(kind, tmp_path / "scene", str)


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_interrupted_at_every_request_the_next_sync_finishes(scene, way):
    reached = []
    step = one_in(2 if scene.kind == "folder" else 8)  # what a sync does is the same for each kind of remote
    for k in range(1 + WAYS.index(way) % step, 200, step):
        root, url = scene.copy(f"{way}-{k}")
        ann, ben = Person(root, "ann"), Person(root, "ben")
        faulty = FaultyStore(open_store(url, ann.env, ann.path), k, way)
        try:
            meet(ann, url, store=faulty)
        except (GnomonError, OSError):
            pass
        finally:
            faulty.close()
            close_all()
        if faulty.fired is None:
            break
        reached.append(faulty.fired)
        meet(ann, url), meet(ben, url)
        close_all()
        assert ann.state() == ben.state(), reached
        assert len(ben.series(run_id(3))) == 5, reached
        shutil.rmtree(root)
    assert faulty.fired is None
    kinds = {what.partition(" ")[0] for what in reached}
    assert kinds >= ({"list", "read", "pieces", "write", "finish"} if step == 1 else set()) and kinds


# ---------------------------------------------------------------- eight at once

_MEMBER = """
import sys, time
from pathlib import Path
from people import Person
from gnomon.sync.store import open_store

root, url, number, begin = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
me = Person(root, f"member{number}")
time.sleep(max(0, begin - time.time()))
for turn in range(int(sys.argv[5])):
    me.run(f"{number:02d}{turn:02d}0123456789abcdef", points=3)
    me.sync(url, store=open_store(url, me.env, me.path))
"""


@pytest.mark.slow
def test_eight_at_once_lose_nothing_and_double_nothing(url, tmp_path):
    founder = Person(tmp_path, "founder").found()
    founder.run(run_id(9))
    meet(founder, url)
    members = [Person(tmp_path, f"member{number}") for number in range(8)]
    for member in members:
        member.clone(url)
    close_all()
    env = dict(os.environ, PYTHONPATH=os.pathsep.join([os.environ["PYTHONPATH"], str(TESTS)]))
    turns = 3 if THOROUGH or url.startswith("/") else 1
    begin = time.time() + 3
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _MEMBER, str(tmp_path), url, str(number), str(begin), str(turns)],
            env=env,
            stderr=subprocess.PIPE,
        )
        for number in range(8)
    ]
    said = [process.communicate()[1].decode()[-2000:] for process in processes]
    assert [process.returncode for process in processes] == [0] * 8, "\n".join(said)
    for _ in range(2):  # what came between a listing and the end of a sync comes now
        for member in members:
            meet(member, url)
    close_all()
    states = [member.state() for member in members]
    assert all(state == states[0] for state in states)
    for number in range(8):
        for turn in range(turns):
            assert len(members[(number + 1) % 8].series(f"{number:02d}{turn:02d}{RUN}")) == 3
    text = states[0].decode()
    assert text.count('"run.created"') in (0, 1 + 8 * turns), "each run was created once"
    assert not any(member.damage() for member in members)
    assert not meet(members[0], url).has_news
