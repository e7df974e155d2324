"""A sync that fails at any call leaves both sides whole, and the next one finishes it.

The fault loop: every call of the outside world has a number. For n = 1, 2, 3, … the n-th call of a sync fails (once, or all
from then on, as after a crash), until a whole sync passes without reaching it. Then a sync without faults must give what one
that never failed gives.
"""

from __future__ import annotations

import errno
import shutil

import pytest
from faults.faulty_env import FaultyEnv
from people import Person, tree_of
from thorough import one_in

from gnomon.errors import GnomonError
from gnomon.session import close_all
from gnomon.sync.heads import head_name, read_head

RUN = "0123456789abcdef"
SHARES = 12  # of all calls, each a test of its own: several processes share them


class DeviceWithFaults(FaultyEnv):
    """A device whose n-th call fails."""

    def __init__(self, folder, **faults):
        super().__init__(folder, **faults)
        self.folder = str(folder)

    def config_folder(self):
        return f"{self.folder}/config"

    def cache_folder(self):
        return f"{self.folder}/cache"


@pytest.fixture(scope="module")
def before(tmp_path_factory):
    """Ann and Ben with news for each other, a live run among them, and a remote that both have met."""
    root = tmp_path_factory.mktemp("before")
    share = root / "share"
    ann = Person(root, "ann").found()
    ann.run(f"0001{RUN}")
    ann.sync(share)
    ben = Person(root, "ben")
    ben.clone(share)
    ben.sync(share)
    ben.run(f"0002{RUN}")
    ben.keep(b"bytes" * 100)
    ben.sync(share)
    ann.run(f"0003{RUN}")
    ann.keep(b"other" * 100)
    ann.run(f"0004{RUN}", close=False).close()
    close_all()
    return root


def assert_is_whole(share, record):
    """Every head at the remote lists only files that are there, whole."""
    files = tree_of(share)
    for path, data in files.items():
        if head_name(path) is not None:
            head = read_head(path, data, record)
            assert {name: len(files.get(name, b"")) for name in head.files} == head.files


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lasting", "first", "step"),
    [
        *((False, first, SHARES) for first in range(1, 1 + SHARES, one_in(SHARES))),
        *((True, first, SHARES) for first in range(1, 1 + SHARES, 3)[:: one_in(SHARES // 3)]),
    ],
    ids=lambda value: {False: "once", True: "from then on"}[value] if isinstance(value, bool) else str(value),
)
def test_every_call_may_fail(before, tmp_path, lasting, first, step):
    """Every call fails once, and every third fails together with all after it; without `make thorough` a twelfth of them."""
    reached = 0
    for n in range(first, 3000, step):
        root = tmp_path / str(n)
        shutil.copytree(before, root)
        env = DeviceWithFaults(root / "ann", fail_at=n, error=errno.EIO, lasting=lasting)
        ann = Person(root, "ann", env=env)
        try:
            ann.sync(root / "share")
        except (OSError, GnomonError):
            pass
        finally:
            close_all()
        if not env.fired:
            break
        reached = n
        ann = Person(root, "ann")
        assert_is_whole(root / "share", ann.home.record_id)
        ben = Person(root, "ben")
        ann.sync(root / "share"), ben.sync(root / "share")
        close_all()
        assert ann.state() == ben.state(), env.fired
        assert len(ben.series(f"0003{RUN}")) == 5, env.fired
        assert ann.damage() == ben.damage() == [], env.fired
        assert not ann.sync(root / "share").has_news
        close_all()
        shutil.rmtree(root)
    assert reached > 100
    assert not env.fired
