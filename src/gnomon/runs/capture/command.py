"""Running a command with nothing changed for it or for whoever looks at it, and hearing what it prints.

What the command prints goes to our own streams byte for byte, before anything else is done with it. Where ours is a
terminal the command gets a terminal too (of the same size), else a pipe; where both of ours are one, its two are one, so
the order stays. Its input is ours. Signals that we get are passed on; those that went to our whole process group (from the
terminal, from `timeout`) reach the command anyway, and only once. When our reader goes away, the command's goes away.

Always true: the command's result never depends on whether its output can be recorded; `Command.wait` ends when the command
has ended, also if something that it left behind holds its output open: a process of its own then goes on copying that.
Not promised: that a command which asks for its controlling terminal by name (`/dev/tty`) is heard; that SIGCHLD is still
ignored in the command where it was in us, which could not wait for the command's end then.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import resource
import selectors
import signal
import sys
import termios
import threading
import time
from typing import TYPE_CHECKING, NamedTuple

from gnomon.runs.capture import copier
from gnomon.runs.capture.channels import Channel, open_channels, terminal_size
from gnomon.runs.capture.copier import read_some, write_all

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Mapping, Sequence

    Hear = Callable[[str, bytes], None]
    Mask = set[int | signal.Signals]

AFTER_END_S = 2.0  # and what still comes after so long is somebody else's
QUIET_S = 0.1  # after the command's end: silence that long means that somebody else holds its output open
_PASSED_ON = tuple(
    getattr(signal, name)
    for name in ("SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2", "SIGCONT", "SIGWINCH")
    if hasattr(signal, name)
)
_FROM_KEYBOARD = {signal.SIGINT, signal.SIGQUIT}
_ENDING = {signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM}
_SI_KERNEL = 0x80
SETTLE_S = 0.05  # `timeout` sends to us and then to our group
GRACE_S = 1.0  # a signal that comes so soon after the command's end was meant for the command
_UNKNOWN_END = 255 << 8  # as wait4 says it: exit code 255


class SpawnError(OSError):
    """The system refuses to start the command."""


def signal_name(number: int) -> str:
    """Return what a signal is called; real-time signals have no name of their own."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def reserve_streams() -> None:
    """Where one of descriptors 0 to 2 is closed, keep it from becoming a file of ours. The command still finds it closed."""
    while True:
        number = os.open(os.devnull, os.O_RDWR)  # the lowest that is free
        if number > 2:
            os.close(number)
            return


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
        """Start it. Raises SpawnError where the system refuses, and OSError where there are no pipes to be had.

        `mask` is what `hold_signals` returned, where it was called before (it must be, before the first thread).
        """
        self._hear = hear
        self._has_lost = False
        self._mask = hold_signals() if mask is None else mask
        _take_default_ways()
        reserve_streams()
        self._channels, given = open_channels()
        try:
            self._began_s = time.monotonic()
            self._floor = _own_peak()
            self._wake_read, self._wake_write = os.pipe()
            self.pid = self._spawn(path, words, environ, given)
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
        self._witness = _Witness.of_this_group()
        self._waiting = threading.Thread(target=self._wait_for_end, name="gnomon-wait", daemon=True)
        self._waiting.start()
        threading.Thread(target=self._pass_signals_on, name="gnomon-signals", daemon=True).start()

    def _spawn(
        self, path: str, words: Sequence[str], environ: Mapping[str, str], given: Mapping[int, int]
    ) -> int:
        try:
            return os.posix_spawn(
                path,
                list(words),
                dict(environ),
                file_actions=[(os.POSIX_SPAWN_DUP2, fd, number) for number, fd in given.items()],
                setsigmask=self._mask,
                setsigdef=[signal.SIGPIPE, signal.SIGXFSZ],
            )
        except OSError as error:
            raise SpawnError(error.errno, error.strerror) from error

    # --- threads

    def _wait_for_end(self) -> None:
        status, usage = _UNKNOWN_END, resource.getrusage(resource.RUSAGE_CHILDREN)
        try:
            _, status, usage = os.wait4(self.pid, 0)
        except ChildProcessError:  # somebody else has asked for it: how it ended cannot be told
            pass
        finally:
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
            if self._status is not None:
                self._die_of(number)
            elif number == signal.SIGWINCH:
                self._pass_size_on()
                self._send(number)
            elif not self._went_to_all(number) and not (number in _FROM_KEYBOARD and from_terminal):
                self._send(number)

    def _send(self, number: int) -> None:
        if self._status is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def _went_to_all(self, number: int) -> bool:
        """Return whether a signal went to our whole process group, so that the command has it as well."""
        if self._witness is None:
            return False
        time.sleep(SETTLE_S)
        sent = self._witness.take()
        if number not in sent:
            return False
        while signal.sigtimedwait(sent, 0) is not None:  # the others of the same event
            pass
        try:
            return os.getpgid(self.pid) == os.getpgrp()
        except ProcessLookupError:
            return True

    def _die_of(self, number: int) -> None:
        """Where only our own work is left, a signal is for us."""
        if number in _ENDING and time.monotonic() - self._ended_s > GRACE_S:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
            os.kill(os.getpid(), number)

    def _pass_size_on(self) -> None:
        for channel in self._channels:
            if channel.is_terminal:
                with contextlib.suppress(OSError):
                    fcntl.ioctl(channel.source, termios.TIOCSWINSZ, terminal_size(channel.sink))

    # --- copying

    def wait(self) -> Ended:
        """Copy and listen until the command has ended."""
        open_channels = {channel.source: channel for channel in self._channels}
        has_trouble = False
        try:
            self._copy_all(open_channels)
        except Exception as error:  # noqa: BLE001  the command must not lose its reader; the trouble is said
            has_trouble = True
            _log().warning(
                "gnomon: what the command prints cannot be recorded any more: %s: %s",
                type(error).__name__,
                error,
            )
        if open_channels:
            try:
                self._leave_to_another(list(open_channels.values()))
            except OSError as error:
                _log().warning("gnomon: what is printed from now on is lost: %s", error)
        self._waiting.join()
        return self._how_it_ended(has_left_behind=bool(open_channels) and not has_trouble)

    def _copy_all(self, open_channels: dict[int, Channel]) -> None:
        """Copy until the command has ended and is silent; what is still open then stays in `open_channels`."""
        with selectors.DefaultSelector() as selector:
            for source in (*open_channels, self._wake_read):
                selector.register(source, selectors.EVENT_READ)
            while True:
                is_over = self._status is not None
                if is_over and not open_channels:
                    return
                ready = [key.fd for key, _ in selector.select(QUIET_S if is_over else None)]
                if self._wake_read in ready:
                    selector.unregister(self._wake_read)
                copied = [open_channels[source] for source in ready if source in open_channels]
                for channel in copied:
                    if not self._copy(channel):
                        selector.unregister(channel.source)
                        del open_channels[channel.source]
                        os.close(channel.source)
                is_late = self._ended_s and time.monotonic() - self._ended_s > AFTER_END_S
                if is_over and (is_late or not copied):
                    return

    def _copy(self, channel: Channel) -> bool:
        """Copy what there is; return whether more may come."""
        data = read_some(channel.source)
        if not data or not write_all(channel.sink, data, self._note_lost):
            return False  # where our reader went away, the command finds out as it would have without us
        self._hear(channel.stream, data)
        return True

    def _note_lost(self, error: int) -> None:
        """Say once that some of what the command prints could not be written on: it does not hear of it itself."""
        if not self._has_lost:
            self._has_lost = True
            _log().warning("gnomon: some of what is printed could not be written: %s", os.strerror(error))

    def _leave_to_another(self, channels: list[Channel]) -> None:
        """Have a process of its own copy what others go on writing, so that they never find their output closed."""
        pairs = [f"{channel.source}:{channel.sink}:{channel.sink}" for channel in channels]
        for channel in channels:
            os.set_inheritable(channel.source, True)
        os.posix_spawn(
            sys.executable,
            [sys.executable, "-I", "-S", copier.__file__, *pairs],
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


class _Witness:
    """A process that only stands in our process group: a signal that it got as well was sent to the group.

    It holds all of these signals back, so they stay to be seen in /proc. It ends when we do, however we end.
    """

    def __init__(self) -> None:
        source, self._line = os.pipe()
        try:
            self._pid = os.posix_spawn(
                "/bin/sh",
                ["sh", "-c", "read line"],
                {},
                file_actions=[
                    (os.POSIX_SPAWN_DUP2, source, 0),
                    (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                    (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
                ],
                setsigmask=_PASSED_ON,
            )
        except BaseException:
            os.close(self._line)
            raise
        finally:
            os.close(source)

    @classmethod
    def of_this_group(cls) -> _Witness | None:
        """Return a witness; None where the system has none to give."""
        if not os.path.exists("/proc/self/status"):
            return None
        try:
            return cls()
        except OSError:
            return None

    def take(self) -> set[int]:
        """Return which signals were sent to the group since the last time."""
        sent = {number for number in self._pending() if number != signal.SIGWINCH}
        if sent:  # they stay with it, so the next ones need another
            os.close(self._line)
            with contextlib.suppress(OSError):
                os.kill(self._pid, signal.SIGKILL)
                os.waitpid(self._pid, 0)
            with contextlib.suppress(OSError):
                self.__init__()  # type: ignore[misc]
        return sent

    def _pending(self) -> list[int]:
        try:
            with open(f"/proc/{self._pid}/status", encoding="ascii", errors="replace") as file:
                bits = next(int(line.split()[1], 16) for line in file if line.startswith("ShdPnd:"))
        except (OSError, StopIteration, ValueError, IndexError):
            return []
        return [int(number) for number in _PASSED_ON if bits >> (number - 1) & 1]


def _take_default_ways() -> None:
    """Let us hear of a child's end, and die of Ctrl-C once that is what it means; the command gets these ways too."""
    if threading.current_thread() is not threading.main_thread():
        return
    if signal.getsignal(signal.SIGCHLD) == signal.SIG_IGN:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def _log() -> logging.Logger:
    import logging

    return logging.getLogger("gnomon")


def _own_peak() -> int:
    """Return the most memory that this process took, in the unit of `ru_maxrss`: the system counts it as the command's too."""
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM:"))
    except (OSError, StopIteration, ValueError, IndexError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
