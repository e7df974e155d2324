"""Reading the lines of a log or a bundle from some offset on, a window at a time.

Always true: a last line without a line feed is not given; a line longer than any entry can be is given as None (it is
damaged) and never held in memory as a whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.record.body import MAX_LINE_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gnomon.env import Env

WINDOW = 4 << 20


class LineFile:
    """One open file of lines. `read_to` is the offset after the last whole line that was given.

    `is_helped` is for whoever reads ahead: whether another process reads this file meanwhile.
    """

    def __init__(self, env: Env, path: str) -> None:
        fd = env.open_read(path)
        try:
            size = env.size(fd)
        except OSError:
            env.close(fd)
            raise
        self._begin(env, fd, size)

    @classmethod
    def of_descriptor(cls, env: Env, fd: int, size: int) -> LineFile:
        """Return the first `size` bytes of a file that is open already."""
        lines = cls.__new__(cls)
        lines._begin(env, fd, size)
        return lines

    def _begin(self, env: Env, fd: int, size: int) -> None:
        self._env = env
        self.descriptor = fd
        self.size = size
        self.read_to = 0
        self.is_helped = False

    def __enter__(self) -> LineFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._env.close(self.descriptor)

    def bytes_at(self, offset: int, size: int) -> bytes:
        """Return the bytes of a range, fewer where the file ends."""
        return self._env.read(self.descriptor, size, offset)

    def windows(self) -> Iterator[bytes]:
        """Yield the whole file in parts, for hashing."""
        for offset in range(0, self.size, WINDOW):
            yield self._env.read(self.descriptor, min(WINDOW, self.size - offset), offset)

    def jump(self, offset: int) -> None:
        """Go on at another offset after the line that was just given."""
        self.read_to = offset

    def line_after(self, offset: int) -> int:
        """Return where the first line begins that does so after `offset`; the size of the file where none does."""
        following = self._next_line(offset)
        return self.size if following is None else following

    def lines(self, offset: int) -> Iterator[tuple[int, bytes | None]]:
        """Yield (offset, line without its line feed) of all whole lines from `offset` on."""
        size = WINDOW
        at = self.read_to = offset
        while at < self.size:
            window = self._env.read(self.descriptor, min(size, self.size - at), at)
            end = window.rfind(b"\n")
            if end < 0:
                if at + len(window) >= self.size or not window:
                    break
                if size < MAX_LINE_BYTES:
                    size *= 4
                    continue
                beyond = self._next_line(at + len(window))
                if beyond is None:
                    break
                self.read_to = beyond
                yield at, None
                at = beyond
                continue
            size = WINDOW
            for line in window[:end].split(b"\n"):
                start, at = at, at + len(line) + 1
                self.read_to = at
                yield start, line
                if self.read_to != at:  # a jump
                    at = self.read_to
                    break

    def _next_line(self, offset: int) -> int | None:
        """Return the offset after the next line feed."""
        while offset < self.size:
            window = self._env.read(self.descriptor, WINDOW, offset)
            if not window:
                return None
            found = window.find(b"\n")
            if found >= 0:
                return offset + found + 1
            offset += len(window)
        return None
