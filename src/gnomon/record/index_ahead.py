"""Reading ahead: while this process folds and writes, another one reads the rest of a large file of lines and checks it.

The other process gets the open file and the offsets of its part, and sends back, in frames, what `parse_line` says of each
line. It imports nothing but what that takes. Only a command of ours starts one (`Env.is_command`): in somebody's own program
nothing is started, since it may be a training that needs the other processor itself.

Always true: what comes is what reading the lines here gives, in the same order. Whatever happens to the other process (it
cannot be started, it ends early, it is of another Gnomon), the lines that it did not give are read here.
Not promised: that two processes are quicker. On one processor none is started.
Memory: at most `_WAITING` frames of about `_FRAME_BYTES` wait to be sent.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

import msgspec

from gnomon.env import REAL
from gnomon.errors import DamagedEntryError, UnknownFormatError
from gnomon.record.index_lines import LineFile
from gnomon.record.lines import Entry, parse_line

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from queue import Queue
    from typing import BinaryIO

    from gnomon.env import Env

    Parsed = tuple[int, int, "Entry | str"]
    """Where a line starts, how many bytes it has with its line feed, and its entry or what is wrong with it."""

LARGE = 8 << 20
"""Bytes of news in one file from which on another process is worth its start."""
HEAD_START = 2 << 20  # what is read and folded here in about the time of that start
_FRAME_BYTES = 256 << 10
_WAITING = 64
_LENGTH = 4  # bytes before a frame that say how long it is
_FILE = 3  # the descriptor of the file in the other process
_PROGRAM = "from gnomon.record.index_ahead import main; main()"


class _Sent(Entry, array_like=True):
    """An entry as it is sent."""


class _Frame(msgspec.Struct, array_like=True):
    """Lines that follow each other: their lengths, and in the same order their entries, None where `faults` has a text."""

    start: int
    sizes: list[int]
    entries: list[_Sent | None]
    faults: dict[int, str]


_decode_frame = msgspec.msgpack.Decoder(_Frame).decode
_encode = msgspec.msgpack.Encoder().encode


def parsed(env: Env, lines: LineFile, offset: int) -> Generator[Parsed, None, None]:
    """Yield (offset, length, entry or what is wrong) of all whole lines from `offset` on. `lines.jump` works as ever.

    `lines.is_helped` says, while lines come, whether another process reads the file. Close the generator to end that one.
    """
    if lines.size - offset >= LARGE and _may_help(env):
        yield from _with_help(lines, offset)
        offset = lines.read_to
    yield from _read_here(lines, offset, lines.size)


def _read_here(lines: LineFile, offset: int, until: int) -> Iterator[Parsed]:
    for at, line in lines.lines(offset):
        yield at, lines.read_to - at, _checked(line)
        if lines.read_to >= until:
            break


def _checked(line: bytes | None) -> Entry | str:
    if line is None:
        return "a line is longer than any entry can be"
    try:
        return parse_line(line)
    except (DamagedEntryError, UnknownFormatError) as error:
        return error.message


def _may_help(env: Env) -> bool:
    if not env.is_command or not hasattr(os, "posix_spawn") or getattr(sys, "frozen", False):
        return False
    return bool(sys.executable) and _processors() > 1


def _processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


# ---------------------------------------------------------------- this process


def _with_help(lines: LineFile, offset: int) -> Iterator[Parsed]:
    """Yield lines as long as another process gives some; the first ones are read here meanwhile."""
    first = lines.line_after(offset + HEAD_START)
    helper = _Helper.started(lines, first)
    if helper is None:
        return
    try:
        lines.is_helped = True
        yield from _read_here(lines, offset, first)
        for frame in helper.frames(first):
            at = frame.start
            for nth, (size, entry) in enumerate(zip(frame.sizes, frame.entries, strict=True)):
                if at >= lines.read_to:  # else a jump led over it
                    lines.read_to = at + size
                    yield at, size, frame.faults[nth] if entry is None else entry
                at += size
    finally:
        lines.is_helped = False
        helper.end()


class _Helper:
    """The other process, as this one sees it."""

    def __init__(self, process: int, output: BinaryIO) -> None:
        self._process = process
        self._output = output

    @classmethod
    def started(cls, lines: LineFile, first: int) -> _Helper | None:
        """Have another process read from `first` on; return None where it cannot be started.

        `-P` keeps modules of the working folder out.
        """
        command = [sys.executable, "-P", "-c", _PROGRAM, str(first), str(lines.size)]
        try:
            reading, writing = os.pipe()
        except OSError:  # too many files are open
            return None
        streams = [
            (os.POSIX_SPAWN_DUP2, writing, 1),
            (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
            (
                os.POSIX_SPAWN_OPEN,
                0,
                os.devnull,
                os.O_RDONLY,
                0,
            ),  # never the file: Python may run what stands there
            (os.POSIX_SPAWN_DUP2, lines.descriptor, _FILE),
        ]
        try:
            process = os.posix_spawn(command[0], command, os.environ, file_actions=streams)
        except OSError:  # no such program, or no room for a process
            os.close(reading)
            return None
        finally:
            os.close(writing)
        return cls(process, os.fdopen(reading, "rb"))

    def frames(self, first: int) -> Iterator[_Frame]:
        """Yield what the other process sends, as long as it is what was asked for: lines that follow each other."""
        if self._received() != _origin():
            return
        while data := self._received():
            try:
                frame = _decode_frame(data)
            except msgspec.DecodeError:
                return
            if frame.start != first or len(frame.sizes) != len(frame.entries):
                return
            yield frame
            first += sum(frame.sizes)

    def _received(self) -> bytes:
        """Return the next frame; an empty one after the last, whole or not."""
        length = int.from_bytes(self._output.read(_LENGTH), "little")
        data = self._output.read(length)
        return data if len(data) == length else b""

    def end(self) -> None:
        """End the other process: it has no work left, or nobody wants it."""
        self._output.close()
        try:
            os.kill(self._process, signal.SIGKILL)
            os.waitpid(self._process, 0)
        except (
            ProcessLookupError,
            ChildProcessError,
        ):  # ended; this program lets the system forget its children
            pass


def _origin() -> bytes:
    """Return what tells this Gnomon from another one that the other process may have found."""
    return _encode([__file__, sys.version])


# ---------------------------------------------------------------- the other process


def main() -> None:
    """Read an open file from the first to the second offset of the arguments; write frames to standard output."""
    import gc
    from queue import Queue
    from threading import Thread

    gc.disable()
    waiting: Queue[bytes] = Queue(_WAITING)
    sender = Thread(target=_send_all, args=(waiting,), daemon=True)  # an interrupt ends it too
    sender.start()
    waiting.put(_origin())
    for frame in _frames_of(LineFile.of_descriptor(REAL, _FILE, int(sys.argv[2])), int(sys.argv[1])):
        waiting.put(frame)
    waiting.put(b"")
    sender.join()


def _frames_of(lines: LineFile, offset: int) -> Iterator[bytes]:
    """Yield the frames of all whole lines."""
    start = end = offset
    sizes: list[int] = []
    entries: list[tuple[object, ...] | None] = []
    faults: dict[int, str] = {}
    for at, size, found in _read_here(lines, offset, lines.size):
        if isinstance(found, str):
            faults[len(entries)] = found
        sizes.append(size)
        entries.append(None if isinstance(found, str) else msgspec.structs.astuple(found))
        end = at + size
        if end - start >= _FRAME_BYTES:
            yield _encode((start, sizes, entries, faults))
            start, sizes, entries, faults = end, [], [], {}
    if sizes:
        yield _encode((start, sizes, entries, faults))


def _send_all(waiting: Queue[bytes]) -> None:
    """Send frames until an empty one; end the process where nobody reads them."""
    try:
        while data := waiting.get():
            REAL.write(1, len(data).to_bytes(_LENGTH, "little"))
            REAL.write(1, data)
    except OSError:
        os._exit(1)
