"""A folder of objects, and an environment whose calls can be made to fail."""

from __future__ import annotations

import errno

import pytest

from gnomon.env import Env
from gnomon.objects.store import ObjectStore

OWN = "a" * 32
OTHER = "b" * 32


class Crash(BaseException):
    """The process is gone: nothing after this call happens."""


class FaultyEnv(Env):
    """Counts the calls that touch a disk; call number `at` fails, with `crash` so do all after it."""

    COUNTED = (
        "create open_read read write pwrite close truncate sync_data sync_folder replace unlink make_folder stat "
        "size list_folder try_lock rename_folder open_write"
    ).split()

    def __init__(self, at: int | None = None, crash: bool = False, only: str | None = None):
        self.at, self.crash, self.only, self.calls = at, crash, only, 0

    def _step(self, name: str) -> None:
        if self.only not in (None, name):
            return
        self.calls += 1
        if self.at is not None and (self.calls == self.at or (self.crash and self.calls > self.at)):
            raise Crash(name) if self.crash else OSError(errno.ENOSPC, f"no space left ({name})")


def _counted(name):
    real = getattr(Env, name)

    def call(self, *args, **named):
        self._step(name)
        return real(self, *args, **named)

    return call


for _name in FaultyEnv.COUNTED:
    setattr(FaultyEnv, _name, _counted(_name))


@pytest.fixture
def objects(tmp_path):
    """The folder `objects/` of a record."""
    return f"{tmp_path}/.gnomon/objects"


@pytest.fixture
def store(objects):
    return ObjectStore(Env(), objects, OWN)


@pytest.fixture
def other(objects):
    """The same replica, as another device writes to it."""
    return ObjectStore(Env(), objects, OTHER)


@pytest.fixture
def faulty():
    """The class of the failing environment, and the exception of a crash."""
    return FaultyEnv, Crash
