"""Running a command with nothing changed for it or for whoever looks at it, and hearing what it prints.

What the command prints goes to our own streams byte for byte, before anything else is done with it. Where ours is a
terminal the command gets a terminal too (of the same size), else a pipe; where both of ours are one, its two are one, so
the order stays. Its input is ours. Signals that we get are passed on; those that the terminal sends reach the command
anyway. When our reader goes away, the command's goes away.

Always true: the command's result never depends on whether its output can be recorded; `Command.wait` ends when the command
has ended, also if something that it left behind holds its output open: a process of its own then goes on copying that.
Not promised: that a command which asks for its controlling terminal by name (`/dev/tty`) is heard.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import resource
import select
import signal
import sys
import termios
import threading
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Hear = Callable[[str, bytes], None]
    Tick = Callable[[], None]
    Mask = set[int | signal.Signals]

READ_BYTES = 64 << 10
TICK_S = 1.0
AFTER_END_S = 2.0  # and what still comes after so long is somebody else's
QUIET_S = 0.1  # after the command's end: silence that long means that somebody else holds its output open
_PASSED_ON = tuple(
    getattr(signal, name)
    for name in ("SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2", "SIGCONT", "SIGWINCH")
    if hasattr(signal, name)
)
_FROM_KEYBOARD = {signal.SIGINT, signal.SIGQUIT}
_SI_KERNEL = 0x80


def hold_signals() -> Mask:
    """Hold back the signals that are passed on, in this thread and those that it starts; return what was held back before."""
    return signal.pthread_sigmask(signal.SIG_BLOCK, _PASSED_ON)


class Ended(NamedTuple):
    """How a command ended. `signal` is 0 where it exited by itself."""

    code: int
    signal: int
    duration_s: float
    cpu_s: float
    peak_memory_bytes: int | None  # None: no more than ours was when we started it, so it cannot be told
    has_left_behind: bool  # processes of it go on, with its output open

    @property
    def exit_code(self) -> int:
        """What a shell would say."""
        return 128 + self.signal if self.signal else self.code


class _Channel(NamedTuple):
    source: int  # we read what the command prints
    sink: int  # and write it here
    stream: str
    is_terminal: bool


class Command:
    """A command that runs. `wait` copies, listens and returns how it ended."""

    def __init__(
        self,
        path: str,
        words: Sequence[str],
        environ: Mapping[str, str],
        hear: Hear,
        *,
        mask: Mask | None = None,
    ) -> None:
        """Start it. Raises OSError where the system refuses.

        `mask` is what `hold_signals` returned, where it was called before (it must be, before the first thread).
        """
        self._hear = hear
        self._mask = hold_signals() if mask is None else mask
        self._channels, given = _channels()
        try:
            actions = [(os.POSIX_SPAWN_DUP2, fd, number) for number, fd in given.items()]
            self._began_s = time.monotonic()
            self._floor = resource.getrusage(
                resource.RUSAGE_SELF
            ).ru_maxrss  # the system counts it as the command's
            self.pid = os.posix_spawn(
                path,
                list(words),
                dict(environ),
                file_actions=actions,
                setsigmask=self._mask,
                setsigdef=[signal.SIGPIPE, signal.SIGXFSZ],
            )
        except BaseException:
            signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)
            for channel in self._channels:
                os.close(channel.source)
            raise
        finally:
            for fd in set(given.values()):
                os.close(fd)
        self._status: tuple[int, object] | None = None
        self._ended_s = 0.0
        self._wake_read, self._wake_write = os.pipe()
        threading.Thread(target=self._wait_for_end, name="gnomon-wait", daemon=True).start()
        threading.Thread(target=self._pass_signals_on, name="gnomon-signals", daemon=True).start()

    # --- threads

    def _wait_for_end(self) -> None:
        _, status, usage = os.wait4(self.pid, 0)
        self._ended_s = time.monotonic()
        self._status = status, usage
        os.write(self._wake_write, b"x")

    def _pass_signals_on(self) -> None:
        wait = getattr(signal, "sigwaitinfo", None)
        while True:
            if wait is not None:
                info = wait(_PASSED_ON)
                number, from_terminal = info.si_signo, info.si_code == _SI_KERNEL
            else:  # macOS does not tell who sent it
                number, from_terminal = signal.sigwait(_PASSED_ON), os.isatty(0)
            if number == signal.SIGWINCH:
                self._pass_size_on()
            if number in _FROM_KEYBOARD and from_terminal:
                continue  # the terminal has sent it to the command as well
            if self._status is None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.pid, number)

    def _pass_size_on(self) -> None:
        for channel in self._channels:
            if channel.is_terminal:
                with contextlib.suppress(OSError):
                    fcntl.ioctl(channel.source, termios.TIOCSWINSZ, _terminal_size(channel.sink))

    # --- copying

    def wait(self, tick: Tick) -> Ended:
        """Copy and listen until the command has ended; `tick` is called about once a second."""
        open_channels = {channel.source: channel for channel in self._channels}
        next_tick_s = time.monotonic() + TICK_S
        while True:
            is_over = self._status is not None
            timeout_s = QUIET_S if is_over else max(0.0, next_tick_s - time.monotonic())
            waiting = [*open_channels, *([] if is_over else [self._wake_read])]
            ready = select.select(waiting, [], [], timeout_s)[0] if waiting else []
            for source in ready:
                channel = open_channels.get(source)
                if channel is not None and not self._copy(channel):
                    del open_channels[source]
            if is_over and not any(source in open_channels for source in ready):
                break
            if self._ended_s and time.monotonic() - self._ended_s > AFTER_END_S:
                break
            if not is_over and time.monotonic() >= next_tick_s:
                tick()
                next_tick_s = time.monotonic() + TICK_S
        if open_channels:
            self._leave_to_another(list(open_channels.values()))
        return self._how_it_ended(has_left_behind=bool(open_channels))

    def _copy(self, channel: _Channel) -> bool:
        """Copy what there is; return whether more may come."""
        try:
            data = os.read(channel.source, READ_BYTES)
        except OSError as error:
            if error.errno != errno.EIO:  # what a terminal says when nobody holds its other end any more
                raise
            data = b""
        if not data:
            os.close(channel.source)
            return False
        if not _write_all(channel.sink, data):
            os.close(
                channel.source
            )  # our reader went away: the command finds out as it would have without us
            return False
        self._hear(channel.stream, data)
        return True

    def _leave_to_another(self, channels: list[_Channel]) -> None:
        """Have a process of its own copy what others go on writing, so that they never find their output closed."""
        pairs = [str(fd) for channel in channels for fd in (channel.source, channel.sink)]
        for channel in channels:
            os.set_inheritable(channel.source, True)
        os.posix_spawn(
            sys.executable,
            [sys.executable, "-S", "-E", "-c", _COPIER, *pairs],
            os.environ,
            setsigmask=self._mask,
            setsid=True,
        )

    def _how_it_ended(self, *, has_left_behind: bool) -> Ended:
        assert self._status is not None  # `wait` saw it  # noqa: S101
        status, usage = self._status
        unit = 1 if sys.platform == "darwin" else 1024
        return Ended(
            os.WEXITSTATUS(status) if os.WIFEXITED(status) else 0,
            os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0,
            self._ended_s - self._began_s,
            usage.ru_utime + usage.ru_stime,  # type: ignore[attr-defined]
            usage.ru_maxrss * unit if usage.ru_maxrss > self._floor * 1.05 else None,  # type: ignore[attr-defined]
            has_left_behind,
        )


_COPIER = """
import os, select, sys
numbers = [int(word) for word in sys.argv[1:]]
sinks = dict(zip(numbers[::2], numbers[1::2]))
while sinks:
    for source in select.select(list(sinks), [], [])[0]:
        try:
            data = os.read(source, 65536)
            while data:
                data = data[os.write(sinks[source], data):]
                if not data:
                    break
            else:
                del sinks[source]
        except OSError:
            del sinks[source]
            os.close(source)
"""


def _channels() -> tuple[list[_Channel], dict[int, int]]:
    """Return our ends, and what the command gets as descriptors 1 and 2."""
    found: list[_Channel] = []
    given: dict[int, int] = {}
    for number, stream in ((1, "out"), (2, "err")):
        if number == 2 and _are_one(1, 2):
            given[2] = given[1]
            break
        if not _is_open(number):
            continue  # the command finds it closed, as it would without us
        is_terminal = os.isatty(number)
        if is_terminal:
            source, theirs = os.openpty()
            _make_like(theirs, number)
        else:
            source, theirs = os.pipe()
        found.append(_Channel(source, number, stream, is_terminal))
        given[number] = theirs
    return found, given


def _are_one(left: int, right: int) -> bool:
    try:
        one, other = os.fstat(left), os.fstat(right)
    except OSError:
        return False
    return (one.st_dev, one.st_ino, one.st_rdev) == (other.st_dev, other.st_ino, other.st_rdev)


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def _make_like(terminal: int, ours: int) -> None:
    """Give a new terminal the size and the ways of ours; what is written to it is left as it is, for ours to process."""
    with contextlib.suppress(termios.error, OSError):
        attributes = termios.tcgetattr(ours)
        attributes[1] &= ~termios.OPOST
        termios.tcsetattr(terminal, termios.TCSANOW, attributes)
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, _terminal_size(ours))


def _terminal_size(fd: int) -> bytes:
    return fcntl.ioctl(fd, termios.TIOCGWINSZ, bytes(8))


def _write_all(fd: int, data: bytes) -> bool:
    """Write all of `data`; return whether there was somebody to write to."""
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(fd, view) :]
        except BlockingIOError:  # whoever shares our output has made it so
            select.select([], [fd], [])
        except BrokenPipeError:
            return False
        except OSError:  # a full disk, say: the command goes on, and what it prints is still recorded
            return True
    return True
