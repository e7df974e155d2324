"""Listening to descriptors 1 and 2 of this very process: what C code and child processes print is heard too.

Asked for by `GNOMON_CONSOLE=descriptors`. The descriptors become pipes (terminals where they were terminals), and a process of
its own (`copier.py`) reads those, writes on to where they led before, and tells what it wrote.

Always true: what is printed waits for nobody in this process, so that code which holds the interpreter's lock may print as much
as it likes; if the copier dies another takes its place, and after a few of them the descriptors lead where they did before;
`os.wait` never meets the first one; what children go on printing after the end is copied on; a forked child can hold nothing up;
where a script closes our descriptors, as daemons do, its own files keep the numbers, and what it prints arrives, if unheard.
Not promised: what a copier had read when it was killed; that `SIGWINCH` is sent where a terminal's size changes (it does change).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import socket
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from gnomon.env import which
from gnomon.runs.capture import copier
from gnomon.runs.capture.channels import open_channels

if TYPE_CHECKING:
    from collections.abc import Callable

    from gnomon.runs.capture.channels import Channel

    Hear = Callable[[str, bytes], None]
    Skip = Callable[[int], None]

STREAMS, DESCRIPTORS = "streams", "descriptors"
MOST_COPIERS = 3
FLUSH_EACH_S = 1.0
END_PATIENCE_S = 1.0
_NAMES = {copier.OUT: "out", copier.ERR: "err"}
_NUMBERS = {name: number for number, name in _NAMES.items()}


class Descriptors:
    """Both descriptors of this process, while they are listened to."""

    def __init__(self, hear: Hear, skip: Skip, warn: Callable[[str], None]) -> None:
        """Begin. `skip` is told what was not heard, `warn` what could not be written on.

        Raises OSError where the system has no process or no descriptor to give; nothing is changed then.
        """
        self._hear, self._skip, self._warn = hear, skip, warn
        self._copiers = 0
        self._is_ending = False
        self._is_over = False  # nobody can write any more
        self._all_told = threading.Event()
        _flush()
        self._kept: dict[int, int] = {}  # where each descriptor led before
        self._channels: list[Channel] = []
        self._ours: dict[int, tuple[int, int]] = {}  # what each descriptor is now, while it is ours
        self._held: dict[int, tuple[int, int]] = {}  # what those of our own are beside them
        self._socket: socket.socket | None = None
        channels, given = open_channels()
        try:
            for number in given:
                self._kept[number] = fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, 3)
            self._channels = [channel._replace(sink=self._kept[channel.sink]) for channel in channels]
            for fd in (*self._kept.values(), *[channel.source for channel in channels]):
                self._held[fd] = which(fd)
            if self._channels:
                self._start_copier()
        except OSError:
            for fd in {*self._kept.values(), *[channel.source for channel in channels]}:
                os.close(fd)
            raise
        else:
            for number, fd in given.items():
                os.dup2(fd, number)
                self._ours[number] = which(number)
        finally:
            for fd in set(given.values()):
                os.close(fd)
        os.register_at_fork(after_in_child=self._let_go)
        self._thread = threading.Thread(target=self._listen, name="gnomon-descriptors", daemon=True)
        self._thread.start()

    @property
    def heard(self) -> frozenset[int]:
        """The descriptors that are listened to; one that was closed is not."""
        return frozenset(self._ours)

    def end(self) -> None:
        """Let the descriptors lead where they did before, and hear what is still on its way, for a bounded time."""
        self._is_ending = True
        _flush()
        if self._ours:
            _flush_what_c_holds()
        self._put_back()
        self.catch_up(END_PATIENCE_S)
        self._thread.join(0.02)
        if self._thread.is_alive():  # children hold them: the copier goes on for those
            with contextlib.suppress(OSError):
                if self._socket is not None and self._holds(self._socket.fileno()):
                    self._socket.shutdown(socket.SHUT_RDWR)
            self._thread.join(END_PATIENCE_S)
        if not self._thread.is_alive():
            self._let_go()

    def catch_up(self, patience_s: float) -> None:
        """Wait until all that was printed up to now has been heard: a millisecond as a rule, `patience_s` at most."""
        _flush()
        self._all_told.clear()
        try:
            if self._socket is None or not self._holds(self._socket.fileno()):
                return
            self._socket.send(b"?")
        except OSError:  # the copier has ended, or another takes its place
            return
        until_s = time.monotonic() + patience_s
        while self._thread.is_alive() and time.monotonic() < until_s and not self._all_told.wait(0.02):
            pass

    # --- the copier

    def _start_copier(self) -> None:
        self._copiers += 1
        ours, theirs = socket.socketpair()
        free = 1 + max([fd for channel in self._channels for fd in channel[:2]] + [theirs.fileno()])
        actions: list[tuple[Any, ...]] = [
            (os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in (0, 1, 2)
        ]
        words = []
        for at, channel in enumerate(self._channels):
            source, sink = free + 2 * at, free + 2 * at + 1
            actions.append((os.POSIX_SPAWN_DUP2, channel.source, source))
            actions.append((os.POSIX_SPAWN_DUP2, channel.sink, sink))
            words.append(f"{source}:{sink}:{_NUMBERS[channel.stream]}")
        told = free + 2 * len(self._channels)
        actions.append((os.POSIX_SPAWN_DUP2, theirs.fileno(), told))
        python = sys.executable or ""  # an embedded interpreter may have none
        command = [python, "-I", "-S", copier.__file__, *words, str(told)]
        try:
            process = os.posix_spawn(python, command, os.environ, file_actions=actions)
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        if self._socket is not None:
            self._held.pop(self._socket.fileno(), None)
            self._socket.close()
        self._socket = ours
        self._held[ours.fileno()] = which(ours.fileno())
        with contextlib.suppress(ChildProcessError):  # this program lets the system forget its children
            os.waitpid(process, 0)  # it leaves its work to another process at once: nobody's child

    # --- the thread

    def _listen(self) -> None:
        while self._channels and self._socket is not None:
            self._take(self._socket)
            if self._is_over or self._is_ending:
                return
            if not all(map(self._holds, self._held)):
                self._warn("the script closed our descriptors: what it prints from here on is not recorded")
                return
            try:
                if self._copiers >= MOST_COPIERS:
                    break
                self._start_copier()
            except OSError:
                break
        self._copy_here()

    def _take(self, told: socket.socket) -> None:
        """Hear what a copier tells, until it says no more."""
        ready = select.poll()
        ready.register(told, select.POLLIN)
        flushed_s = time.monotonic()
        waiting = bytearray()
        while True:
            is_ready = ready.poll(FLUSH_EACH_S * 1000)
            if not self._holds(told.fileno()):
                return
            try:
                more = told.recv(256 << 10) if is_ready else b""
            except OSError:
                return
            if is_ready and not more:
                return
            waiting += more
            while len(waiting) >= copier.HEAD.size:
                kind, count = copier.HEAD.unpack_from(waiting)
                size = count if kind in _NAMES else 0
                if len(waiting) < copier.HEAD.size + size:
                    break
                self._hear_frame(kind, count, bytes(waiting[copier.HEAD.size : copier.HEAD.size + size]))
                del waiting[: copier.HEAD.size + size]
            now_s = time.monotonic()
            if now_s - flushed_s >= FLUSH_EACH_S and not self._is_ending:
                flushed_s = now_s
                _flush()  # Python keeps what is printed into a pipe or a file: whoever follows would wait for it

    def _hear_frame(self, kind: int, count: int, data: bytes) -> None:
        if kind in _NAMES:
            self._hear(_NAMES[kind], data)
        elif kind == copier.DROPPED:
            self._skip(count)
        elif kind == copier.GONE:  # so that who prints finds out, as it would without us
            for channel in [one for one in self._channels if one.stream == _NAMES.get(count)]:
                self._channels.remove(channel)
                self._close(channel.source)
        elif kind == copier.LOST:
            self._warn(f"some of what is printed could not be written: {os.strerror(count)}")
        elif kind == copier.ALL_TOLD:
            self._all_told.set()
        elif kind == copier.END:
            self._is_over = True

    def _copy_here(self) -> None:
        """Where no copier can be had: lead the descriptors back, and copy for children, which still have ours."""
        self._put_back()
        channels = [(channel.source, channel.sink, _NUMBERS[channel.stream]) for channel in self._channels]
        self._channels = []  # it closes what it reads
        copier.copy(channels, copier.Listener(None))

    # --- descriptors

    def _put_back(self) -> None:
        for number, ours in self._ours.items():
            # Else somebody has led it elsewhere meanwhile, and knows why; or we have lost where it led.
            if which(number) == ours and self._holds(self._kept[number]):
                os.dup2(self._kept[number], number)
        self._ours = {}

    def _let_go(self) -> None:
        """Close what is kept beside the descriptors: at the end, and in a forked child, whose copies would hold others up."""
        told, self._socket = self._socket, None
        kept, self._kept = self._kept, {}
        channels, self._channels = self._channels, []
        for fd in {*kept.values(), *[channel.source for channel in channels]}:
            self._close(fd)
        if told is not None and self._holds(told.fileno()):
            told.close()
        elif told is not None:
            told.detach()

    def _holds(self, fd: int) -> bool:
        """Return whether one of our own descriptors still is ours: a script may close all that it finds, and reuse the number."""
        return self._held.get(fd) == which(fd)

    def _close(self, fd: int) -> None:
        if self._holds(fd):
            del self._held[fd]
            with contextlib.suppress(OSError):
                os.close(fd)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, OSError, ValueError):
            stream.flush()  # what is wrong with it, its next print says to the program


def _flush_what_c_holds() -> None:
    """Have the C library write what it holds back for a pipe, in a bounded time: a stream may be locked by who reads from it."""
    import ctypes

    with contextlib.suppress(OSError, AttributeError, RuntimeError):
        flushing = threading.Thread(target=ctypes.CDLL(None).fflush, args=(None,), daemon=True)
        flushing.start()
        flushing.join(END_PATIENCE_S)
