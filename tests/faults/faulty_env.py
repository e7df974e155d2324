"""A world in which the n-th call fails."""

from __future__ import annotations

import os

from gnomon.env import Env

# Calls that reach the disk. Clock, randomness and the process's own facts do not fail in this way.
FAULT_POINTS = (
    "create", "open_read", "open_write", "open_lock", "write", "pwrite", "read", "allocate", "truncate", "map",
    "sync_data", "sync_folder", "replace", "link", "rename_folder", "unlink", "make_folder", "stat", "list_folder", "try_lock",
)  # fmt: skip


class FaultyEnv(Env):
    """Counts the calls of the fault points; the one numbered `fail_at` (and, if `lasting`, all after it) raises.

    `fired` names the call that failed; '' while none has.
    """

    def __init__(self, home, *, fail_at, error, lasting=False):
        self.home = home
        self.fail_at = fail_at
        self.error = error
        self.lasting = lasting
        self.calls = 0
        self.fired = ""

    def _base(self, variable, under_home):
        return os.path.join(str(self.home), under_home)

    def getenv(self, name):
        # Where the cache folder fails, an index goes to the folder for temporary files: not to that of the machine.
        return os.path.join(str(self.home), "tmp") if name == "TMPDIR" else super().getenv(name)


def _faulty(name):
    real = getattr(Env, name)

    def call(self, *args, **kwargs):
        self.calls += 1
        if self.calls == self.fail_at or (self.lasting and self.calls > self.fail_at):
            self.fired = self.fired or f"{name}{args[:1]!r}"
            if name in ("write", "pwrite"):  # a real disk takes a part before it refuses
                real(self, args[0], args[1][: 2 * len(args[1]) // 3], *args[2:])
            raise OSError(self.error, os.strerror(self.error))
        return real(self, *args, **kwargs)

    return call


for _name in FAULT_POINTS:
    setattr(FaultyEnv, _name, _faulty(_name))
