"""Every call of the index to the outside fails once, and for good: the answers are right, or OSError names the trouble."""

from __future__ import annotations

import errno
import shutil

import pytest
from thorough import one_in

from gnomon.record import kinds
from gnomon.record.home import open_home
from gnomon.record.index import Index
from tests.faults.faulty_env import FaultyEnv
from tests.unit.record.made_record import CacheEnv, MadeLog, MadeRecord, bundle

pytestmark = pytest.mark.slow  # all of them together, for the quick lane

kinds.register(
    kinds.Feature(
        "nut",
        kinds={"nut.made": "it was made"},
        fold=lambda live: {"n": len(live)},
        cells=lambda nut, state, stats: state,
    )
)


class FaultyCache(FaultyEnv):
    def __init__(self, cache, **faults):
        super().__init__("/nonexistent", **faults)
        self._cache = cache

    def cache_folder(self):
        return self._cache

    def getenv(self, name):
        return self._cache if name == "TMPDIR" else None


def nuts(number: int, count: int) -> MadeLog:
    log = MadeLog(number)
    for place in range(count):
        log.add("nut.made", f"nut:{number}-{place}", {"place": place})
    return log


@pytest.mark.parametrize("lasting", [False, True], ids=["once", "for good"])
@pytest.mark.parametrize("code", [errno.EIO, errno.EACCES, errno.ENOSPC])
def test_no_failing_call_gives_a_wrong_answer(tmp_path, code, lasting):
    """First with no index, then with one that a log was bundled under."""
    record = MadeRecord(tmp_path / "record")
    logs = [nuts(1, 3), nuts(2, 2)]
    for log in logs:
        record.put_log(log)
    expected = Index(record.home).export()
    assert expected
    for has_index in (False, True):
        if has_index:
            record.put(*bundle(logs[0]))
            record.remove(logs[0].path)
        at, fired = 1, True
        while fired:
            shutil.rmtree(tmp_path / "cache", ignore_errors=True)
            if has_index:
                shutil.copytree(record.env.cache_folder(), tmp_path / "cache")
            env = FaultyCache(str(tmp_path / "cache"), fail_at=at, error=code, lasting=lasting)
            try:
                index = Index(open_home(record.home.path, env))
                found = index.export()
                problems = index.problems()
                index.close()
            except OSError:
                pass
            else:
                is_told = any("cannot be read" in problem.what for problem in problems)
                assert found == expected or is_told, env.fired
            fired = bool(env.fired)
            at += one_in(3)
            sound = Index(open_home(record.home.path, CacheEnv(str(tmp_path / "cache"))))
            assert sound.export() == expected, env.fired
            sound.close()
        assert at > 10
