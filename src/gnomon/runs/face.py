"""What a command of this folder needs from the command line that runs it.

`cli/` is above the features and hands these in, so that a feature imports nothing of it. A command is a function
`declare(parser)` that adds its options and returns what runs it: `run(arguments, terminal) -> exit code or None`. Its
docstring is its help. The real things are `cli.parser.Parser` and `cli.terminal.Terminal`; this is for type checking.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import TextIO

    from gnomon.runs.plot.lines import Line
    from gnomon.runs.plot.picture import Panel
    from gnomon.runs.plot.scale import Scale

    Run = Callable[[Namespace, "Terminal"], int | None]


class Parser(Protocol):
    """Takes the options, examples and notes of a command."""

    def option(self, *names: str, complete: str = "", **settings: object) -> None:
        """Add an option or an argument; `complete` is what a shell offers: run, column, series, files, …"""

    def example(self, command: str, what: str) -> None:
        """Add an example to the help."""

    def note(self, text: str) -> None:
        """Add a paragraph to the help."""

    def rest_is_command(self, help: str) -> None:
        """Have the words from `--`, or from the first that is no option, on be a command: `command`."""


class Progress(Protocol):
    """Shows how far something is."""

    def __call__(self, done: int, total: int) -> None:
        """Show it."""

    def end(self) -> None:
        """Take it away."""


class Terminal(Protocol):
    """Takes what a command writes: data and talk."""

    @property
    def width(self) -> int | None:
        """Columns to keep to; None where a program reads."""

    @property
    def height(self) -> int:
        """Lines of the terminal."""

    @property
    def is_interactive(self) -> bool:
        """Whether a person reads the data."""

    @property
    def err_is_interactive(self) -> bool:
        """Whether a person reads the talk."""

    @property
    def is_unicode(self) -> bool:
        """Whether the reader sees more than ASCII."""

    def write(self, line: str = "") -> None:
        """Write a line of data."""

    def say(self, line: str) -> None:
        """Write a line of talk."""

    def flush(self) -> None:
        """Have everything that was written reach its reader."""

    def style(self, line: str, *styles: str, talk: bool = False) -> str:
        """Return a text in bold, dim or a colour, where the reader sees such things."""

    def onto(self, stream: TextIO) -> Terminal:
        """Return a terminal that writes its data to a file, and talks where this one does."""

    def at_end(self, closer: Callable[[], None]) -> None:
        """Have `closer` called when the command is over, however it ends."""

    def progress(self, what: str) -> Progress:
        """Return something to show progress with."""

    def table(
        self, columns: Sequence[str], rows: Sequence[Mapping[str, object]],
        shown: Mapping[str, Callable[[object], str]] | None = None, *, indent: str = "",
        styles: Mapping[str, Callable[[object], str | Callable[[str], str]]] | None = None,
        importance: Sequence[str] = (),
    ) -> list[str]:  # fmt: skip
        """Write a table; return the columns for which the terminal was too narrow, the most important ones kept."""

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

    def legend(self, panels: Sequence[Panel], keys: Sequence[str], *, width: int | None = None) -> None:
        """Write what the lines of all these axes are called, and their last values."""

    def json(self, value: object) -> None:
        """Write a value as JSON."""

    def json_list(self, values: Iterable[object]) -> None:
        """Write a JSON list with one value on each line."""

    def csv(self, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
        """Write CSV with a header."""

    def clean(self, text: str) -> str:
        """Return a text on one line that cannot touch the terminal."""

    def clean_lines(self, text: str) -> list[str]:
        """Return lines that cannot touch the terminal."""

    def cut(self, line: str, columns: int | None) -> str:
        """Return a text cut to so many columns."""

    def value(self, value: object) -> str:
        """Return any value as text for a table."""

    def full_value(self, value: object) -> str:
        """Return any value as text with nothing rounded away."""

    def timestamp(self, moment: object, *, with_seconds: bool = False) -> str:
        """Return a time with its zone."""

    def duration(self, seconds: object) -> str:
        """Return a length of time."""

    def size(self, count: object) -> str:
        """Return a number of bytes."""

    def count(self, number_of: int, one: str, many: str | None = None) -> str:
        """Return a number with its noun."""
