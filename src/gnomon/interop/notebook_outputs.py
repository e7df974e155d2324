"""What one cell prints and shows, in its order: bounded while it runs, scrubbed when it is asked for.

Taking something in is cheap, since the program waits for it; `rendered` does the work, and may be called while the cell
still runs. Of what is printed, the beginning and the end are held; what falls between is counted and never looked at.

Always true: nothing that `rendered` returns has not passed the scrubber; what stands no longer (`clear_output`, a display
that was updated, a progress bar drawn over) is not in it; memory is bounded whatever the cell does.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.interop.notebook_media import Bundle, taken
from gnomon.runs.capture.console import PrintedLines, as_shown
from gnomon.scrub.stream import OVERLAP

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gnomon.scrub.scrubber import Scrubber

HEAD_CHARACTERS = 192 << 10
TAIL_CHARACTERS = 192 << 10
PIECE_CHARACTERS = 16 << 10
PIECE_COST = 128  # of a piece, beside its text: so that many small ones are bounded too
MAX_SHOWN = 500
MAX_HELD_BYTES = 64 << 20
MAX_TRACEBACK = 32 << 10
MAX_NAME = 200
WHERE = "cell output"

Body = dict[str, Any]


class Printed:
    """Neighbouring pieces of one stream."""

    __slots__ = ("name", "pieces", "size")

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.pieces = [text]
        self.size = len(text) + PIECE_COST

    def takes(self, name: str, text: str) -> bool:
        """Add a piece if it fits."""
        if name != self.name or self.size + len(text) > PIECE_CHARACTERS + PIECE_COST:
            return False
        if text.startswith("\r") and self.pieces[-1].startswith("\r") and "\n" not in self.pieces[-1]:
            self.size -= len(self.pieces.pop())  # a bar that is drawn over
        self.pieces.append(text)
        self.size += len(text)
        return True


class Shown:
    """A display, the cell's result or an error. A display that has an id may be replaced where it stands."""

    __slots__ = ("content", "kind")

    def __init__(self, kind: str, content: Bundle | Failure) -> None:
        self.kind = kind
        self.content = content


class Failure(NamedTuple):
    """An error as it was shown."""

    name: str
    traceback: str

    @property
    def held_bytes(self) -> int:
        """It counts for nothing: errors are few and bounded."""
        return 0


class CellOutputs:
    """The outputs of one cell. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.cleared = 0
        self.left_out = 0
        self._clears_next = False
        self._begin()

    def _begin(self) -> None:
        self._head: list[Printed | Shown] = []
        self._head_left = HEAD_CHARACTERS
        self._middle: list[Shown] = []
        self._gap = 0
        self._tail: deque[Printed | Shown] = deque()
        self._tail_size = 0
        self._held = 0
        self._count = 0
        self._by_id: dict[str, Shown] = {}
        self.has_error = False

    # --- taking in

    def printed(self, name: str, text: str) -> None:
        """Take what was printed to `out` or `err`."""
        with self._lock:
            self._clear_if_due()
            for at in range(0, len(text), PIECE_CHARACTERS):
                self._print(name, text[at : at + PIECE_CHARACTERS])

    def _print(self, name: str, text: str) -> None:
        in_head = self._head_left > 0
        line = self._head if in_head else self._tail
        last = line[-1] if line else None
        before = last.size if isinstance(last, Printed) else 0
        if isinstance(last, Printed) and last.takes(name, text):
            grown = last.size - before
        else:
            line.append(new := Printed(name, text))
            grown = new.size
        if in_head:
            self._head_left -= grown
            return
        self._tail_size += grown
        while self._tail_size > TAIL_CHARACTERS and len(self._tail) > 1:
            oldest = self._tail.popleft()
            if isinstance(oldest, Shown):
                self._middle.append(oldest)
            else:
                self._tail_size -= oldest.size
                self._gap += sum(map(len, oldest.pieces))

    def shown(self, kind: str, data: Mapping[str, object], display_id: object = None) -> None:
        """Take a display or the result, as a bundle of media types."""
        with self._lock:
            self._clear_if_due()
            bundle = taken(data, MAX_HELD_BYTES - self._held)
            self._add(Shown(kind, bundle), display_id)

    def updated(self, data: Mapping[str, object], display_id: object) -> None:
        """Take the new look of a display; of one that another cell showed it becomes an output of this cell."""
        with self._lock:
            known = self._by_id.get(display_id) if isinstance(display_id, str) else None
            if known is None:
                self._clear_if_due()
                self._add(Shown("display", taken(data, MAX_HELD_BYTES - self._held)), display_id)
                return
            self._held -= known.content.held_bytes
            known.content = taken(data, MAX_HELD_BYTES - self._held)
            self._held += known.content.held_bytes

    def failed(self, name: str, traceback: str) -> None:
        """Take an error with its traceback."""
        with self._lock:
            self._clear_if_due()
            self.has_error = True
            self._add(Shown("error", Failure(name[:MAX_NAME], traceback[-4 * MAX_TRACEBACK :])), None)

    def _add(self, shown: Shown, display_id: object) -> None:
        # A result and an error are the last things that one wants to miss.
        if self._count >= MAX_SHOWN + (0 if shown.kind == "display" else 20):
            self.left_out += 1
            return
        self._count += 1
        self._held += shown.content.held_bytes
        if isinstance(display_id, str):
            self._by_id[display_id] = shown
        (self._head if self._head_left > 0 else self._tail).append(shown)

    def clear(self, *, wait: bool) -> None:
        """Take away all outputs; with `wait` when the next one comes."""
        with self._lock:
            self._clears_next = True
            if not wait:
                self._clear_if_due()

    def _clear_if_due(self) -> None:
        if self._clears_next:
            self._clears_next = False
            self.cleared += 1
            self._begin()

    # --- giving

    def rendered(self, scrubber: Scrubber) -> list[Body]:
        """Return the outputs as they stand. Bytes to be stored stand in `objects` as (media type, bytes)."""
        with self._lock:
            head = _copied(self._head)
            middle = list(self._middle)
            tail = _copied(self._tail)
            gap = self._gap
        lines = _Lines(scrubber)
        lines.take(head)
        lines.gap(gap)
        for one in middle:
            lines.show(one)
        lines.take(tail)
        return lines.end()


def _copied(events: list[Printed | Shown] | deque[Printed | Shown]) -> list[tuple[str, str] | Shown]:
    return [one if isinstance(one, Shown) else (one.name, "".join(one.pieces)) for one in events]


class _Lines:
    """Outputs on their way out: text in whole lines through the scrubber, displays between them."""

    def __init__(self, scrubber: Scrubber) -> None:
        self._scrubber = scrubber
        self._streams = {name: PrintedLines(scrubber, f"{WHERE} {name}") for name in ("out", "err")}
        self._found: list[Body] = []
        self._skipped = 0

    def take(self, events: list[tuple[str, str] | Shown]) -> None:
        for one in events:
            if isinstance(one, Shown):
                self.show(one)
            else:
                self._say(one[0], self._streams[one[0]].take(one[1]))

    def show(self, shown: Shown) -> None:
        for name, stream in self._streams.items():
            self._say(name, stream.finish_line())
        self._found.append(_body(shown, self._scrubber))

    def gap(self, count: int) -> None:
        if count:
            for stream in self._streams.values():
                stream.skip()
            self._skipped = count

    def end(self) -> list[Body]:
        for name, stream in self._streams.items():
            self._say(name, stream.end())
        if self._skipped:
            self._found.append(self._stream("out", ""))
        return self._found

    def _say(self, name: str, text: str) -> None:
        if not text:
            return
        last = self._found[-1] if self._found else {}
        if last.get("kind") == "stream" and last["name"] == name and not self._skipped:
            last["text"] += text
        else:
            self._found.append(self._stream(name, text))

    def _stream(self, name: str, text: str) -> Body:
        body: Body = {"kind": "stream", "name": name, "text": text}
        if self._skipped:
            body["skipped_bytes"], self._skipped = self._skipped, 0
        return body


def _body(shown: Shown, scrubber: Scrubber) -> Body:
    content = shown.content
    if isinstance(content, Failure):
        plain = "\n".join(as_shown(line) for line in content.traceback.split("\n"))
        clean = scrubber.text(plain, "cell traceback")
        if len(content.traceback) >= 4 * MAX_TRACEBACK:  # cut: it may begin inside a secret
            clean = clean[OVERLAP:]
        return {
            "kind": "error",
            "name": scrubber.text(content.name, WHERE),
            "traceback": clean[-MAX_TRACEBACK:],
        }
    return {"kind": shown.kind, **content.rendered(scrubber, WHERE)}


def within(outputs: list[Body], limit: int) -> tuple[list[Body], int, int]:
    """Return the outputs for whose text there is room, how many characters they hold, and how many outputs are left out."""
    kept, size = [], 0
    for output in outputs:
        length = sum(len(value) for value in output.values() if isinstance(value, str))
        if size + length <= limit:
            kept.append(output)
            size += length
    return kept, size, len(outputs) - len(kept)
