"""A program of its own that reads what others write and writes it on; started as a file, with nothing of Gnomon loaded.

    python -I -S copier.py SOURCE:SINK:STREAM [SOURCE:SINK:STREAM] [SOCKET]

All are numbers of descriptors, but STREAM: 1 for output, 2 for errors. With a SOCKET what was copied is told there as well, in
frames (`HEAD`, then the bytes), and the process is nobody's child: a training that waits for its children never meets it.

Always true: what is read is written on before anything else is done with it; nobody who listens, or listens no more, holds
that up. What waits for a slow listener is bounded, and what was dropped is told. It ends when nobody can write any more.
"""

from __future__ import annotations

import errno
import fcntl
import os
import select
import signal
import struct
import sys
import termios
import time

TYPE_CHECKING = False  # `typing` takes as long to load as all else here
if TYPE_CHECKING:
    from collections.abc import Callable

HEAD = struct.Struct("<BI")  # kind, count
OUT, ERR, DROPPED, GONE, END = 1, 2, 3, 4, 5  # GONE: count is the stream whose reader went away
LOST = 6  # count is the error for which something could not be written on, a full disk say
ALL_TOLD = (
    7  # the answer to any byte that the listener sends: what was written before it has been copied and told
)
COPIED_BYTES = 64 << 10
MOST_WAITING = 16 << 20
TELL_EACH_S = 0.1
AGAIN_S = 0.001  # after a listener took only a part of what it waits for
LAST_WORDS_S = 2.0
SIZE_EACH_S = 0.5


class Listener:
    """Whoever wants to know what was copied."""

    def __init__(self, fd: int | None) -> None:
        self._fd = fd
        self._waiting = bytearray()
        self._dropped = 0
        self._has_lost = False
        self._is_urgent = False  # somebody waits for what is told
        self._told_s = time.monotonic()
        if fd is not None:
            os.set_blocking(fd, False)

    def add(self, kind: int, data: bytes) -> None:
        """Put aside what is to be told."""
        if self._fd is None:
            return
        if len(self._waiting) > MOST_WAITING:
            self._dropped += len(data)
            return
        self._say_dropped()
        self._waiting += HEAD.pack(kind, len(data)) + data

    def _say_dropped(self) -> None:
        if self._dropped:
            self._waiting += HEAD.pack(DROPPED, min(self._dropped, 0xFFFFFFFF))
            self._dropped = 0

    def say(self, kind: int, count: int) -> None:
        """Put a word without bytes aside; LOST once only."""
        if kind == LOST:
            if self._has_lost:
                return
            self._has_lost = True
        self._is_urgent = self._is_urgent or kind == ALL_TOLD
        self._waiting += HEAD.pack(kind, count)

    @property
    def fd(self) -> int | None:
        """Where it listens; None where nobody does."""
        return self._fd

    def asks(self) -> bool:
        """Return whether it asks to be told all; called where it said something, or went away."""
        try:
            asked = os.read(self._fd, 64) if self._fd is not None else b""
        except OSError:
            asked = b""
        if not asked:
            self._fd = None
        return bool(asked)

    def due_in_s(self) -> float | None:
        """Return after how many seconds `tell` should be called; None: nothing waits."""
        if self._fd is None or not self._waiting:
            return None
        each_s = AGAIN_S if self._is_urgent else TELL_EACH_S
        return max(0.0, self._told_s + each_s - time.monotonic())

    def tell(self) -> None:
        """Tell what waits, as far as the listener takes it."""
        self._told_s = time.monotonic()
        try:
            while self._fd is not None and self._waiting:
                del self._waiting[: os.write(self._fd, self._waiting[:COPIED_BYTES])]
        except BlockingIOError:
            pass
        except OSError:  # gone
            self._fd = None
        else:
            self._is_urgent = False

    def end(self) -> None:
        """Tell the rest, to a listener who goes on listening."""
        self._say_dropped()
        self.say(END, 0)
        until_s = time.monotonic() + LAST_WORDS_S
        while self._fd is not None and self._waiting and time.monotonic() < until_s:
            select.select([], [self._fd], [], TELL_EACH_S)
            self.tell()


def write_all(fd: int, data: bytes, lost: Callable[[int], None]) -> bool:
    """Write all of `data`; return whether there was somebody to write to. `lost` is told the error for which it was not all."""
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(fd, view) :]
        except BlockingIOError:  # whoever shares our output has made it so
            writable = select.poll()
            writable.register(fd, select.POLLOUT)
            writable.poll()
        except BrokenPipeError:
            return False
        except OSError as error:  # a full disk, say: what writes goes on
            lost(error.errno or 0)
            return True
    return True


def read_some(fd: int) -> bytes:
    """Return what there is to read; nothing where nobody can write any more."""
    try:
        return os.read(fd, COPIED_BYTES)
    except OSError as error:
        if error.errno != errno.EIO:  # what a terminal says when nobody holds its other end any more
            raise
        return b""


class _Sizes:
    """Terminals, which stay as large as those that stand behind them."""

    def __init__(self, sinks: dict[int, int]) -> None:
        self._pairs = [pair for pair in sinks.items() if os.isatty(pair[0]) and os.isatty(pair[1])]
        self._looked_s = 0.0

    def pass_on(self) -> None:
        now_s = time.monotonic()
        if not self._pairs or now_s - self._looked_s < SIZE_EACH_S:
            return
        self._looked_s = now_s
        for source, sink in self._pairs:
            try:
                size = fcntl.ioctl(sink, termios.TIOCGWINSZ, bytes(8))
                if size != fcntl.ioctl(source, termios.TIOCGWINSZ, bytes(8)):
                    fcntl.ioctl(source, termios.TIOCSWINSZ, size)
            except OSError:
                continue


def copy(channels: list[tuple[int, int, int]], listener: Listener) -> None:
    """Copy until nobody can write any more. `channels`: source, sink, stream."""
    sinks = {source: sink for source, sink, _ in channels}
    streams = {source: stream for source, _, stream in channels}
    sizes = _Sizes(sinks)
    waiting = select.poll()
    for source in sinks:
        waiting.register(source, select.POLLIN)
    asker = listener.fd
    if asker is not None:
        waiting.register(asker, select.POLLIN)
    is_asked = False
    while sinks:
        due_s = 0.0 if is_asked else listener.due_in_s()
        ready = waiting.poll(None if due_s is None else due_s * 1000 + (not is_asked))
        if is_asked and not any(fd in sinks for fd, _ in ready):
            listener.say(ALL_TOLD, 0)
            listener.tell()
            is_asked = False
        for source, _ in ready:
            if source == asker:
                is_asked = listener.asks() or is_asked
                if listener.fd is None:
                    waiting.unregister(asker)
                continue
            data = read_some(source)
            has_reader = not data or write_all(sinks[source], data, lambda error: listener.say(LOST, error))
            if data and has_reader:
                listener.add(streams[source], data)
                continue
            if not has_reader:  # whoever writes finds out as it would have without us
                listener.say(GONE, streams[source])
            waiting.unregister(source)
            os.close(source)
            del sinks[source]
        sizes.pass_on()
        if listener.due_in_s() == 0:
            listener.tell()
    listener.end()


def main(words: list[str]) -> None:
    """Do what the command line says."""
    channels, fd = [], None
    for word in words:
        if ":" in word:
            source, sink, stream = map(int, word.split(":"))
            channels.append((source, sink, stream))
        else:
            fd = int(word)
    if fd is not None:
        if os.fork():
            os._exit(0)
        os.setsid()  # what the keyboard sends is not for us
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # whoever writes may still have something to say
    copy(channels, Listener(fd))


if __name__ == "__main__":
    main(sys.argv[1:])
