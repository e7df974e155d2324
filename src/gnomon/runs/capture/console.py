"""What a process prints, on its way into the record: decoded, scrubbed, bounded.

Pieces of bytes or text go in as they come; `due` gives what should be written now, as the bodies of `process.console`
entries. The first half mebibyte is written as it comes. Beyond that the latest half mebibyte is held in memory and
its end written now and then, more rarely the longer the process runs; each such tail takes the place of the one before. At the
end the whole of it is written. What is between is counted.

A line that is drawn again and again (a progress bar: `\\r`) is kept as it stood last. Colours and other escape sequences
are left out. Lines that are no text are counted; the lines of text around them are kept.

Always true: nothing is returned that the scrubber has not seen in whole lines; `feed` never raises and does little.
Not promised: the last second before a `kill -9` of the process that holds this.
"""

from __future__ import annotations

import codecs
import re
from collections import deque
from io import BytesIO
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gnomon.scrub.scrubber import Scrubber

HEAD_BYTES = 512 << 10
TAIL_BYTES = 512 << 10
LIVE_TAIL_BYTES = 64 << 10
PIECE_BYTES = 64 << 10
LONGEST_LINE = 64 << 10
FASTEST_BYTES = (
    4 << 20
)  # between two calls of `due`; what comes beyond the head, and quicker, is only counted
FIRST_TAIL_AFTER_S = 30.0
TAIL_GROWTH = 1.1  # a tail is written when the process is a tenth older than at the last one
OUT, ERR = "out", "err"
_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]{1,4}[0-~]|[0-Z\\^_])")
_KEY_LINE = re.compile(r"\s*[A-Za-z0-9+/=_-]{24,}\s*\Z").match
_UNREADABLE = bytes({*range(32), 127} - set(b"\a\b\t\n\v\f\r\x1b"))
_NOT_ASCII = _UNREADABLE + bytes(range(128, 256))
LEAST_TEXT = 4  # bytes besides blanks, between lines that are no text
MOST_PARTS = 32  # by turns text and none, of a piece more than a quarter of which is none: the rest of it is looked at no more
_MAY_BE_TEXT = re.compile(rb"[^\n" + re.escape(_UNREADABLE) + rb"]{4}").search
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

Body = dict[str, object]


class Console:
    """Takes what two streams print; gives entries to write. One thread feeds and asks, or a lock is held."""

    def __init__(self, scrubber: Scrubber, *, now_s: float) -> None:
        self._streams = {name: PrintedLines(scrubber, f"console {name}") for name in (OUT, ERR)}
        self._waiting: list[tuple[str, str]] = []  # head: text to be written with the next entry
        self._waiting_bytes = 0
        self._head_left = HEAD_BYTES
        self._tail: deque[tuple[str, str]] = deque()
        self._tail_bytes = 0
        self._skipped = 0
        self._skipped_in_head = 0
        self._since_due = 0
        self._began_s = now_s
        self._next_tail_s = now_s + FIRST_TAIL_AFTER_S
        self._has_new_tail = False

    def feed(self, stream: str, data: bytes | str) -> None:
        """Take in what was printed to a stream, `out` or `err`."""
        if self._head_left <= 0:
            self._since_due += len(data)
            if self._since_due > FASTEST_BYTES:  # a flood: the program must not wait for the scrubber
                self._skipped += len(data)
                self._streams[stream].skip()
                return
        for at in range(0, len(data), PIECE_BYTES):
            text = self._streams[stream].take(data[at : at + PIECE_BYTES])
            if text:
                self._keep(stream, text)

    def skip(self, size: int) -> None:
        """Count what was printed and never fed; what follows may be the inside of something."""
        if self._head_left > 0:
            self._skipped_in_head += size
        else:
            self._skipped += size
        for stream in self._streams.values():
            stream.skip()

    def _keep(self, stream: str, text: str) -> None:
        if self._head_left > 0:
            self._waiting.append((stream, text))
            self._waiting_bytes += len(text)
            self._head_left -= len(text)
            return
        self._has_new_tail = True
        self._tail.append((stream, text))
        self._tail_bytes += len(text)
        while self._tail_bytes > TAIL_BYTES and len(self._tail) > 1:
            _, oldest = self._tail.popleft()
            self._tail_bytes -= len(oldest)
            self._skipped += len(oldest)

    def due(self, now_s: float) -> list[Body]:
        """Return the bodies of the entries that should be written now. A tail among them replaces the one before it."""
        self._since_due = 0
        for name, stream in self._streams.items():
            if stream.is_stale(now_s):  # a prompt, a bar that stands still: half a line is shown too
                text = stream.finish_line()
                if text:
                    self._keep(name, text)
        bodies = self._head_bodies()
        if self._has_new_tail and now_s >= self._next_tail_s:
            bodies.append(self._tail_body(LIVE_TAIL_BYTES))
            self._next_tail_s = max(
                now_s + FIRST_TAIL_AFTER_S, self._began_s + (now_s - self._began_s) * TAIL_GROWTH
            )
        return bodies

    def end(self) -> list[Body]:
        """Return the bodies of the last entries: all that is left."""
        for name, stream in self._streams.items():
            text = stream.end()
            if text:
                self._keep(name, text)
        bodies = self._head_bodies()
        if self._tail:
            bodies.append(self._tail_body(TAIL_BYTES))
        return bodies

    def _head_bodies(self) -> list[Body]:
        if not self._waiting and not self._skipped_in_head:
            return []
        pieces, self._waiting, self._waiting_bytes = self._waiting, [], 0
        bodies: list[Body] = [{"pieces": _joined(part)} for part in _in_parts(pieces)]
        if self._skipped_in_head:
            bodies[0]["skipped_bytes"] = self._skipped_in_head
            self._skipped_in_head = 0
        return bodies

    def _tail_body(self, limit: int) -> Body:
        self._has_new_tail = False
        kept: deque[tuple[str, str]] = deque()
        size = 0
        for stream, text in reversed(self._tail):
            if size + len(text) > limit:
                if not kept:  # a single piece of text that is longer than all there is room for
                    kept.appendleft((stream, text[-limit:]))
                    size = limit
                break
            kept.appendleft((stream, text))
            size += len(text)
        return {
            "pieces": _joined(kept),
            "skipped_bytes": self._skipped + self._tail_bytes - size,
            "is_tail": True,
        }


class PrintedLines:
    """One stream: bytes to lines as a terminal would leave them standing, through the scrubber."""

    def __init__(self, scrubber: Scrubber, where: str) -> None:
        self._scrubber = scrubber
        self._where = where
        self._begin()
        self._is_after_gap = False

    def _begin(self) -> None:
        from gnomon.scrub.stream import TextStream

        self._decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        self._scrub = TextStream(self._scrubber, self._where)
        self._line = ""  # unfinished, as it was printed
        self._line_since_s: float | None = None
        self._binary = 0

    def skip(self) -> None:
        """Forget what is unfinished: a gap follows. What comes after it may be the inside of a key block."""
        self._begin()
        self._is_after_gap = True

    def take(self, data: bytes | str) -> str:
        """Return the lines that are finished now."""
        if isinstance(data, bytes):
            data = self._text_of(data) if _is_binary(data) else self._after_binary(self._decoder.decode(data))
        else:
            data = self._after_binary(data)
        if not data:
            return ""
        text = self._line + data
        if self._is_after_gap:
            text = self._after_gap(text)
        whole, newline, rest = text.rpartition("\n")
        if len(rest) > LONGEST_LINE:
            rest = _last_drawn(rest) + ("\r" if rest.endswith("\r") else "")
            if len(rest) > LONGEST_LINE:  # a line without an end: its parts become lines
                whole, newline, rest = whole + newline + rest, "\n", ""
        self._line = rest
        self._line_since_s = None
        return (
            self._scrub.feed("".join(as_shown(line) + "\n" for line in whole.split("\n"))) if newline else ""
        )

    def _text_of(self, data: bytes) -> str:
        """Return what is text of bytes that hold some that are none: by lines, what is between counted where it stood."""
        data = self._decoder.getstate()[0] + data  # the beginning of a letter, perhaps
        self._decoder.reset()
        found: list[str] = []
        goes_on = not self._binary  # what was text may go on
        at = none = 0
        for number, (is_text, lines) in enumerate(groupby(_lines(data), _is_text)):
            if number >= MOST_PARTS and 4 * none > at:
                self._binary += len(data) - at
                break
            part = b"".join(lines)
            is_whole = part.endswith(b"\n")
            if is_text and (
                (goes_on and at == 0) or not is_whole or len(b"".join(part.split())) >= LEAST_TEXT
            ):
                found.append(self._after_binary(self._decoder.decode(part, is_whole)))
            else:
                self._binary += len(part)
                none += len(part)
            at += len(part)
        return "".join(found)

    def _after_binary(self, text: str) -> str:
        """Return a text, before it how many bytes that were none stood there."""
        return self._binary_note() + text if text and self._binary else text

    def _after_gap(self, text: str) -> str:
        """Return what follows the half line after a gap and the lines that may belong to a key block."""
        lines = text.split("\n")
        for place in range(1, len(lines) - 1):
            if lines[place].strip() and not _KEY_LINE(lines[place]):
                self._is_after_gap = False
                return "\n".join(lines[place:])
        return ""  # not out of it yet; the half line at the end is the next one's beginning, which goes too

    def is_stale(self, now_s: float) -> bool:
        """Whether half a line has stood still for some seconds."""
        if not self._line and not self._binary:
            return False
        if self._line_since_s is None:
            self._line_since_s = now_s
        return now_s - self._line_since_s > 5.0

    def finish_line(self) -> str:
        """Return half a line as it stands, as a line; None of it is given again."""
        line, self._line, self._line_since_s = as_shown(self._line), "", None
        line += self._binary_note().rstrip("\n")
        return self._scrub.feed(line + "\n") if line else ""

    def end(self) -> str:
        """Return what is left."""
        rest = as_shown(self._line + self._decoder.decode(b"", True)) + self._binary_note().rstrip("\n")
        self._line = ""
        return (self._scrub.feed(rest + "\n") if rest else "") + self._scrub.end()

    def _binary_note(self) -> str:
        count, self._binary = self._binary, 0
        return f"[{count:,} bytes that are no text]\n" if count else ""


def _is_binary(data: bytes) -> bool:
    """Return whether some of it is no text: many zeros, zeros beside what is no UTF-8, or hardly anything that can be read."""
    if zeros := data.count(0):
        if 20 * zeros > len(data):
            return True
        try:
            codecs.getincrementaldecoder("utf-8")().decode(data)  # its end may be cut
        except UnicodeDecodeError:
            return True
    sample = data[:2048]
    return len(sample) >= 64 and 3 * (len(sample) - len(sample.translate(None, _UNREADABLE))) > len(sample)


def _lines(data: bytes) -> Iterable[bytes]:
    """Return the lines of bytes; where nothing between the first and the last can be one of text, that is one."""
    first, last = data.find(b"\n") + 1, data.rfind(b"\n") + 1
    if first == last or _MAY_BE_TEXT(data, first, last):
        return BytesIO(data)
    return filter(None, (data[:first], data[first:last], data[last:]))


def _is_text(line: bytes) -> bool:
    """Return whether one byte in eight at most cannot be read; the end of a line may be cut."""
    if 8 * (len(line) - len(line.translate(None, _NOT_ASCII))) <= len(line):
        return True
    if 8 * (len(line) - len(line.translate(None, _UNREADABLE))) > len(line):
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(line)
    except UnicodeDecodeError:
        return False
    return True


def as_shown(line: str) -> str:
    """Return a line as a terminal would leave it: what was drawn last, without colours."""
    if line.isascii() and line.isprintable():
        return line
    return _CONTROL.sub("", _ESCAPE.sub("", _last_drawn(line)))


def _last_drawn(line: str) -> str:
    """Return what stands on a line after its carriage returns."""
    return line.rstrip("\r").rpartition("\r")[2] if "\r" in line else line


def _joined(pieces: deque[tuple[str, str]] | list[tuple[str, str]]) -> list[list[str]]:
    """Return pieces with neighbours of the same stream joined."""
    found: list[list[str]] = []
    for stream, text in pieces:
        if found and found[-1][0] == stream:
            found[-1][1] += text
        else:
            found.append([stream, text])
    return found


def _in_parts(pieces: list[tuple[str, str]]) -> list[list[tuple[str, str]]]:
    """Return pieces in groups of at most so many characters, so that no entry grows large."""
    groups: list[list[tuple[str, str]]] = [[]]
    size = 0
    for stream, text in pieces:
        for at in range(0, len(text), PIECE_BYTES):
            part = text[at : at + PIECE_BYTES]
            if size and size + len(part) > PIECE_BYTES:
                groups.append([])
                size = 0
            groups[-1].append((stream, part))
            size += len(part)
    return groups
