"""A file that a process keeps open for as long as it lives, and knows again.

A script may close descriptors that it never opened: daemons do, with `os.closerange`. The next file that it opens then
gets our number, and what we write, cut or close would be the script's own.

Always true: nothing is done to a descriptor that has become another file's; a file is taken back only as the one that it
was, and only where nobody else has its lock.
Not promised: that the check and what follows it are one step. A thread that closes descriptors in between is not met.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gnomon.env import Env


class HeldFile:
    """An open file of ours, locked where locks work."""

    __slots__ = ("_env", "_mark", "fd", "path")

    def __init__(self, env: Env, path: str, fd: int) -> None:
        """Remember which file `fd` is. Raises OSError."""
        self._env = env
        self.path = path
        self.fd = fd
        self._mark = env.mark(fd)

    @property
    def is_ours(self) -> bool:
        """Whether the descriptor still is this file's."""
        try:
            return self._env.mark(self.fd) == self._mark
        except OSError:  # nobody has the number now
            return False

    def regain(self, *, is_locked: bool = False) -> None:
        """Open the file again, and lock it unless we have its lock still.

        Raises OSError where it is gone, is another one, or has another holder; then it stays lost.
        """
        env = self._env
        fd = env.open_write(self.path)
        try:
            if not is_locked and not env.lock_new(fd) and self._is_locked(fd):
                raise OSError(errno.EAGAIN, "somebody else holds it", self.path)
            state = env.stat(self.path)  # after the lock: who had it may have deleted the file
            if env.mark(fd) != self._mark or (state.st_dev, state.st_ino) != self._mark:
                raise OSError(errno.ESTALE, "another file has its name now", self.path)
        except BaseException:
            env.close(fd)
            raise
        self.fd = fd

    def _is_locked(self, fd: int) -> bool:
        try:
            return not self._env.try_lock(fd)
        except OSError:  # a disk without locks, where nobody could hold it
            return False

    def close(self) -> None:
        """Close the descriptor, unless it is another file's by now. Raises OSError."""
        if self.is_ours:
            self._env.close(self.fd)
