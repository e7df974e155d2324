"""Where a command writes: data to stdout, talk to stderr, both as wide, coloured and accented as their reader allows.

Commands get a `Terminal` and write through it only; so they can be run by a test, and a feature needs to import
nothing of this folder. NO_COLOR, then FORCE_COLOR, then TERM=dumb decide before the stream does.
"""

from __future__ import annotations

import os
import sys
from io import StringIO
from math import inf
from time import monotonic
from typing import TYPE_CHECKING

from gnomon import text
from gnomon.rows_text import as_json, csv_lines, json_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import TextIO

    from gnomon.cli.draw_lines import Frame
    from gnomon.runs.plot.lines import Line
    from gnomon.runs.plot.picture import Panel
    from gnomon.runs.plot.scale import Scale

_STYLES = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "magenta": "35",
    "cyan": "36",
}
FIRST_SHOWN_AFTER_S = 0.5
REDRAWN_EVERY_S = 0.1


class Terminal:
    """The two streams of a command, and what their reader can show."""

    def __init__(self, out: TextIO | None = None, err: TextIO | None = None) -> None:
        self.out = out or sys.stdout or _Nowhere()
        self.err = err or sys.stderr or _Nowhere()
        self.is_interactive = _is_tty(self.out)
        self.err_is_interactive = _is_tty(self.err)
        self.is_unicode = "utf" in (getattr(self.out, "encoding", None) or "utf-8").lower()
        self._is_coloured = {id(self.out): _wants_colour(self.out), id(self.err): _wants_colour(self.err)}
        self._progress: Progress | None = None
        self._closers: list[Callable[[], None]] = []
        for stream in (self.out, self.err):
            reconfigure = getattr(stream, "reconfigure", None)
            if reconfigure is not None:  # what the encoding lacks becomes an escape, never an error
                reconfigure(errors="backslashreplace")

    # --- streams

    def write(self, line: str = "") -> None:
        """Write a line of data."""
        if self._progress is not None:
            self._progress.end()
        self.out.write(line + "\n")

    def say(self, line: str) -> None:
        """Write a line of talk."""
        if self._progress is not None:
            self._progress.end()
        self.err.write(line + "\n")

    def flush(self) -> None:
        """Have everything that was written reach its reader."""
        self.out.flush()
        self.err.flush()

    def style(self, line: str, *styles: str, talk: bool = False) -> str:
        """Return a text in bold, dim or a colour, where the reader sees such things."""
        stream = self.err if talk else self.out
        if not self._is_coloured[id(stream)]:
            return line
        return f"\x1b[{';'.join(_STYLES[style] for style in styles)}m{line}\x1b[0m"

    @property
    def _ellipsis(self) -> str:
        return "…" if self.is_unicode else ".."

    @property
    def width(self) -> int | None:
        """The width to keep to, in columns; None where a program reads."""
        return self._size()[0] if self.is_interactive else None

    @property
    def height(self) -> int:
        """The height of the terminal in lines; 24 where there is none."""
        return self._size()[1]

    def _size(self) -> tuple[int, int]:
        columns, lines = os.environ.get("COLUMNS", ""), os.environ.get("LINES", "")
        try:
            found = os.get_terminal_size(self.out.fileno())
            width, height = found.columns or 80, found.lines or 24
        except (OSError, ValueError, AttributeError):
            width, height = 80, 24
        return (
            int(columns) if columns.isdecimal() and int(columns) > 0 else width,
            int(lines) if lines.isdecimal() and int(lines) > 0 else height,
        )

    def onto(self, stream: TextIO) -> Terminal:
        """Return a terminal that writes its data to a file, and talks where this one does."""
        return Terminal(stream, self.err)

    def at_end(self, closer: Callable[[], None]) -> None:
        """Have `closer` called when the command is over, however it ends."""
        self._closers.append(closer)

    def end(self) -> None:
        """Call what was given to `at_end`."""
        while self._closers:
            self._closers.pop()()

    # --- text: see gnomon.text

    clean = staticmethod(text.clean)
    clean_lines = staticmethod(text.clean_lines)
    value = staticmethod(text.any_value)
    number = staticmethod(text.number)
    timestamp = staticmethod(text.timestamp)
    duration = staticmethod(text.duration)
    size = staticmethod(text.size)
    count = staticmethod(text.count)

    def full_value(self, value: object) -> str:
        """Return a value on one line with nothing rounded away."""
        return text.any_value(value, text.exact)

    def cut(self, line: str, columns: int | None) -> str:
        """Return a text cut to so many columns; None cuts nothing."""
        return line if columns is None else text.cut(line, columns, self._ellipsis)

    # --- tables and curves

    def table(
        self,
        columns: Sequence[str],
        rows: Sequence[Mapping[str, object]],
        shown: Mapping[str, Callable[[object], str]] | None = None,
        *,
        indent: str = "",
        styles: Mapping[str, Callable[[object], str | Callable[[str], str]]] | None = None,
        importance: Sequence[str] = (),
    ) -> list[str]:
        """Write a table; return the columns for which the terminal was too narrow, the most important ones kept.

        `shown` says how values of a column become text, `styles` in which style a value is shown ('' for none),
        or what styles parts of its text, which may have been cut.
        """
        from gnomon.cli.table import Column, lay_out, lines_of

        shown = shown or {}
        laid = [Column(key, [row.get(key) for row in rows], shown.get(key)) for key in columns]
        width = self.width
        kept, left_out = lay_out(
            laid, None if width is None else width - len(indent), self._ellipsis, importance
        )
        if styles and self._is_coloured[id(self.out)]:
            for column in kept:
                if column.key in styles:
                    column.painters = [self._painter(styles[column.key](row.get(column.key))) for row in rows]
        head, lines = lines_of(kept)
        for line in head:
            self.write(indent + self.style(line, "dim"))
        for line in lines:
            self.write(indent + line)
        return [column.key for column in left_out]

    def _painter(self, style: str | Callable[[str], str]) -> Callable[[str], str]:
        if not isinstance(style, str):
            return style
        return (lambda cell: self.style(cell, style)) if style else str

    def curve(
        self,
        xs: Sequence[float],
        ys: Sequence[float],
        *,
        x_name: str = "step",
        height: int = 10,
        is_log: bool = False,
    ) -> None:
        """Write a drawn curve."""
        from gnomon.cli.draw import Frame, curve

        frame = Frame(min(self.width or 80, 100), height, is_unicode=self.is_unicode, is_log=is_log)
        for line in curve(xs, ys, frame, x_name=text.clean(x_name)):
            self.write(line)

    def curves(
        self,
        lines: Sequence[Line],
        x_scale: Scale,
        y_scale: Scale,
        *,
        x_name: str,
        width: int | None = None,
        height: int = 16,
        among: Sequence[Line] = (),
    ) -> None:
        """Write drawn curves in one pair of axes."""
        from gnomon.cli import draw_lines

        frame = self._frame(width, height)
        for line in draw_lines.curves(lines, x_scale, y_scale, frame, x_name=text.clean(x_name), among=among):
            self.write(line)

    def legend(self, panels: Sequence[Panel], keys: Sequence[str], *, width: int | None = None) -> None:
        """Write the legend of drawn curves."""
        from gnomon.cli import draw_lines

        for line in draw_lines.legend(panels, keys, self._frame(width, 0)):
            self.write(line)

    def _frame(self, width: int | None, height: int) -> Frame:
        from gnomon.cli.draw_lines import Frame

        return Frame(
            width or min(self.width or 80, 120),
            height,
            self.is_unicode,
            self._is_coloured[id(self.out)],
            self.style,
        )

    def progress(self, what: str) -> Progress:
        """Return something to show progress with, on the stream of talk; it is silent where nobody watches."""
        self._progress = Progress(self, what)
        return self._progress

    # --- for programs

    def json(self, value: object) -> None:
        """Write a value as JSON, indented; NaN and infinities become texts (see `rows_text`)."""
        self.write(as_json(value, indent=2))

    def json_list(self, values: Iterable[object]) -> None:
        """Write a JSON list with one value on each line."""
        for line in json_lines(values):
            self.write(line)

    def csv(self, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
        """Write CSV with a header; a text that a spreadsheet would run as a formula gets a `'` in front."""
        for line in csv_lines(columns, rows):
            self.write(line)


class _Nowhere(StringIO):
    """Where a command writes whose stream was closed when it started."""

    def write(self, text: str, /) -> int:
        return len(text)


class Progress:
    """A line of talk that says how far something is. It appears after half a second, and `end` takes it away."""

    def __init__(self, terminal: Terminal, what: str) -> None:
        self._terminal = terminal
        self._what = what
        self._next_s = monotonic() + FIRST_SHOWN_AFTER_S if terminal.err_is_interactive else inf
        self._is_shown = False

    def __call__(self, done: int, total: int) -> None:
        """Show how much is done; does nothing most of the time."""
        now = monotonic()
        if now < self._next_s:
            return
        self._next_s = now + REDRAWN_EVERY_S
        self._is_shown = True
        share = f" {min(100, 100 * done // total)} %" if total else ""
        self._terminal.err.write(f"\r\x1b[K{self._what} …{share}")
        self._terminal.err.flush()
        if total and done >= total:
            self.end()

    def end(self) -> None:
        """Take the line away."""
        if self._is_shown:
            self._is_shown = False
            self._terminal.err.write("\r\x1b[K")
            self._terminal.err.flush()


def _is_tty(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except (AttributeError, ValueError):
        return False


def _wants_colour(stream: TextIO) -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return os.environ.get("TERM") != "dumb" and _is_tty(stream)
