"""Reading a command line: argparse, with our own words for help and errors.

A command is a function `declare(parser)` that adds its options and returns what runs it:
`run(arguments, terminal) -> exit code or None`. Its docstring is the help: the first line, a blank line, the rest.

Always true: help and errors read the same with every version of Python; an option must be written in full, so a
script does not change its meaning when an option is added; of two values for an option that takes one, none is dropped silently.
"""

from __future__ import annotations

import argparse
from functools import partial
from typing import TYPE_CHECKING

from gnomon.cli.commands import FAMILIES
from gnomon.errors import BadArgumentError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import NoReturn

    from gnomon.cli.terminal import Terminal

    Run = Callable[[argparse.Namespace, Terminal], int | None]
    Declare = Callable[["Parser"], Run]

_REQUIRED = "the following arguments are required: "
_OURS = {  # argparse words, and what we say
    "expected one argument": "needs a value",
    "expected at least one argument": "needs a value",
    "ignored explicit argument": "takes no value; got",
}
HELP_COLUMN, COMMAND_COLUMN = 28, 18
RECORD = "record"  # of it the last one counts, so that an alias of the shell may name one
_NO_OPTION = "\0"  # before a word that follows `--`; no word of a command line can hold it
HELP_WIDTH, EXAMPLES_WIDTH, LEAST_HELP_WIDTH = 100, 110, 60


class HelpWanted(Exception):
    """`--help` was given."""


def _marked(words: Sequence[str]) -> list[str]:
    """Return the words without `--`, those behind it marked: argparse forgets that they are no options."""
    before = list(words)
    if "--" not in before:
        return before
    at = before.index("--")
    return [*before[:at], *(f"{_NO_OPTION}{word}" for word in before[at + 1 :])]


class Parser(argparse.ArgumentParser):
    """The parser of one command. `examples` and `notes` are for its help."""

    def __init__(self, name: str) -> None:
        # With a width of its own argparse does not look for the terminal's, which costs an import of 7 ms.
        formatter = partial(argparse.HelpFormatter, width=HELP_WIDTH)
        super().__init__(
            prog=f"gnomon {name}", usage="", formatter_class=formatter, add_help=False, allow_abbrev=False,
            exit_on_error=False,
        )  # fmt: skip
        for action in (None, "store"):
            self.register("action", action, _Once)
        self.given: dict[str, object] = {}  # values of options that take one, while a command line is read
        self.command = name
        self.takes_command = False
        self.examples: list[tuple[str, str]] = []
        self.notes: list[str] = []

    def option(self, *names: str, complete: str = "", **settings: object) -> None:
        """Add an option or an argument; `complete` says what the shell may offer for its value: see cli.complete."""
        action = self.add_argument(*names, **settings)  # type: ignore[arg-type]
        action.complete = complete  # type: ignore[attr-defined]

    def example(self, command: str, what: str) -> None:
        """Add an example to the help."""
        self.examples.append((command, what))

    def note(self, text: str) -> None:
        """Add a paragraph to the help."""
        self.notes.append(text)

    def rest_is_command(self, help: str) -> None:
        """Have the words from `--`, or from the first that is no option, on be a command, left as they are: `command`."""
        self.takes_command = True
        self.option("command", metavar="COMMAND", nargs="*", help=help)

    def add_common(self) -> None:
        """Add what every command has."""
        self.option(
            "-C", "--record", metavar="PATH", default=argparse.SUPPRESS, complete="folder",
            help="the record, or its project (otherwise found from here upward, or GNOMON_DIR)",
        )  # fmt: skip
        self.option("-h", "--help", action=_Help, nargs=0, help="show this help")

    # --- errors

    def parse(self, words: Sequence[str]) -> argparse.Namespace:
        """Return what the words mean. Raises UsageError, HelpWanted."""
        command: list[str] = []
        self.given.clear()
        if self.takes_command:
            words, command = self._split_command(words)
        try:
            found, unknown = self.parse_known_intermixed_args(_marked(self._joined(words)))
        except argparse.ArgumentError as error:
            name = f"`{error.argument_name}` " if error.argument_name else ""
            self.error(f"{name}{error.message}")
        if unknown:
            self._refuse(unknown[0].removeprefix(_NO_OPTION))
        if self.takes_command:
            found.command = command
        return found

    def _split_command(self, words: Sequence[str]) -> tuple[list[str], list[str]]:
        """Return our own words, and those of the command that follows them."""
        with_value = {
            name for action in self.declared() if action.nargs is None for name in action.option_strings
        }
        at = 0
        while at < len(words):
            if words[at] == "--":
                return list(words[:at]), list(words[at + 1 :])
            if not words[at].startswith("-"):
                break
            at += 2 if words[at] in with_value else 1
        return list(words[:at]), list(words[at:])

    def error(self, message: str) -> NoReturn:
        _, is_missing, names = message.partition(_REQUIRED)
        if is_missing:  # argparse also names those that may be given any number of times
            optional = {_written_alone(action) for action in self.declared() if action.nargs == "*"}
            said = f" needs {', '.join(name for name in names.split(', ') if name not in optional)}"
        else:
            for theirs, ours in _OURS.items():
                message = message.replace(theirs, ours)
            said = f": {message}"
        raise UsageError(f"`{self.prog}`{said}", hint=f"see `{self.prog} --help`")

    def _get_value(self, action: argparse.Action, text: str) -> object:
        text = text.removeprefix(_NO_OPTION)
        try:
            return super()._get_value(action, text)
        except argparse.ArgumentError:
            of_type: dict[object, str] = {int: "a whole number", float: "a number"}
            what = of_type.get(action.type, "something else")
            raise BadArgumentError(
                f"`{_written_alone(action)}` of `{self.prog}` must be {what}; got `{text}`"
            ) from None

    def _check_value(self, action: argparse.Action, value: object) -> None:
        if action.choices is not None and value not in action.choices:
            known = [str(choice) for choice in action.choices]
            raise BadArgumentError(
                f"`{_written_alone(action)}` of `{self.prog}` must be one of {', '.join(known)}; got `{value}`",
                hint=did_you_mean(str(value), known),
            )

    def _joined(self, words: Sequence[str]) -> list[str]:
        """Join `--sort -metrics.loss` to `--sort=-metrics.loss`, which argparse takes for two options."""
        takes_value = {
            name
            for action in self.declared()
            if action.nargs is None
            for name in action.option_strings
            if name[:2] == "--"
        }
        known = {name for action in self.declared() for name in action.option_strings}
        joined: list[str] = []
        waiting = list(words)
        while waiting:
            word = waiting.pop(0)
            if word == "--":
                return [*joined, word, *waiting]
            follows = waiting[0] if waiting else ""
            if (
                word in takes_value
                and follows[:1] == "-"
                and follows[1:2] not in ("", "-")
                and follows not in known
            ):
                word = f"{word}={waiting.pop(0)}"
            joined.append(word)
        return joined

    def _refuse(self, word: str) -> NoReturn:
        name = word.partition("=")[0]
        if name.startswith("-") and name != "-":
            names = [option for action in self.declared() for option in action.option_strings]
            hint = did_you_mean(name, names) or f"see `{self.prog} --help`"
            if any(action.metavar == "NAME=VALUE" for action in self.declared() if not action.option_strings):
                hint = f"values are named without dashes: `{name.lstrip('-')}=VALUE`; else {hint}"
            raise UsageError(f"`{self.prog}` has no option `{name}`", hint=hint)
        raise UsageError(
            f"`{self.prog}` takes no further argument; got `{word}`", hint=f"see `{self.prog} --help`"
        )

    # --- help

    def declared(self) -> list[argparse.Action]:
        """Return the arguments and options in the order of their declaration, without hidden ones."""
        return [action for action in self._actions if action.help is not argparse.SUPPRESS]

    def usage_line(self) -> str:
        """Return the line that says how the command is written."""
        parts = [_usage_of(action) for action in self.declared() if not action.option_strings]
        required = [
            _usage_of(action) for action in self.declared() if action.option_strings and action.required
        ]
        parts += ["[COMMAND]"] if self.command in FAMILIES else []
        return " ".join([self.prog, *parts, *required, "[options]"])

    def help_text(self, paint: Callable[[str], str] = str) -> str:
        """Return the whole help as text."""
        arguments = [action for action in self.declared() if not action.option_strings]
        options = [action for action in self.declared() if action.option_strings]
        lines = [f"{paint('usage:')} {self.usage_line()}", "", *paragraphs(self.description or "")]
        for title, group in (("arguments", arguments), ("options", options)):
            if group:
                lines += ["", paint(f"{title}:")]
                for action in group:
                    lines += entry(written(action), action.help or "")
        family = FAMILIES.get(self.command)
        if family:
            lines += ["", paint("commands:")]
            for name, listed in family.items():
                lines += entry(f"{self.command} {name}", listed.help, COMMAND_COLUMN)
        if self.examples:
            lines += ["", paint("examples:")]
            lines += _shown_examples(self.examples)
        for text in self.notes:
            lines += ["", *wrapped(text, help_width())]
        return "\n".join(lines)


class _Once(argparse._StoreAction):
    """Take the value of an option; another one that is given for it is an error, and no choice of ours."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,  # noqa: ARG002  the shape of every action's
    ) -> None:
        if self.option_strings and self.dest != RECORD and isinstance(parser, Parser):
            before = parser.given.setdefault(_written_alone(self), values)
            if before is not values and before != values:  # NaN is no other than itself
                raise UsageError(
                    f"`{parser.prog}`: `{_written_alone(self)}` was given twice: `{_shown(before)}` and "
                    f"`{_shown(values)}`; one is wanted",
                    hint=f"see `{parser.prog} --help`",
                )
        setattr(namespace, self.dest, values)


def _shown(value: object) -> str:
    """Return the value of an option as it may have been typed."""
    if isinstance(value, list):
        return " ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


class _Help(argparse.Action):
    def __call__(self, *rest: object) -> None:  # noqa: ARG002
        raise HelpWanted


def help_width() -> int:
    """Return how wide help may be: as the terminal that shows it, within limits; `HELP_WIDTH` where a program reads."""
    from gnomon.cli.terminal import Terminal

    width = Terminal().width
    return HELP_WIDTH if width is None else max(LEAST_HELP_WIDTH, min(width, HELP_WIDTH))


def _shown_examples(examples: Sequence[tuple[str, str]]) -> list[str]:
    """Return the lines of examples; comments stand above them where the width is too small for both."""
    longest = max(len(command) for command, _ in examples)
    beside = [f"  {command:<{longest}}  # {what}".rstrip() for command, what in examples]
    width = help_width()
    if max(map(len, beside)) <= (EXAMPLES_WIDTH if width == HELP_WIDTH else width):
        return beside
    return [line for command, what in examples for line in (f"  # {what}", f"  {command}")]


def build(name: str, declare: Declare) -> tuple[Parser, Run]:
    """Return the parser of a command, and what runs it."""
    parser = Parser(name)
    parser.description = _dedented(declare.__doc__ or "")
    run = declare(parser)
    parser.add_common()
    return parser, run


def written(action: argparse.Action) -> str:
    """Return how an argument or option is written, with its value."""
    value = _value_of(action)
    if not action.option_strings:
        return value
    return ", ".join(action.option_strings) + (f" {value}" if value else "")


def _written_alone(action: argparse.Action) -> str:
    """Return how a message names an argument or option."""
    return action.option_strings[-1] if action.option_strings else str(action.metavar or action.dest)


def _usage_of(action: argparse.Action) -> str:
    if action.option_strings:
        return f"{action.option_strings[-1]} {_value_of(action)}"
    value = _value_of(action)
    return f"[{value}]" if action.nargs in ("?", "*") else value


def _value_of(action: argparse.Action) -> str:
    if action.nargs == 0:
        return ""
    name = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
    if action.choices is not None and action.metavar is None:
        name = "|".join(map(str, action.choices))
    return f"{name}…" if action.nargs in ("+", "*") else name


def entry(left: str, text: str, column: int = HELP_COLUMN) -> list[str]:
    """Return the lines of an option and what it does."""
    lines = wrapped(text, help_width() - column)
    head = f"  {left}"
    if len(head) > column - 2:
        return [head, *(" " * column + line for line in lines)]
    return [
        f"{head:<{column}}{lines[0] if lines else ''}".rstrip(),
        *(" " * column + line for line in lines[1:]),
    ]


def paragraphs(text: str) -> list[str]:
    """Return the wrapped lines of a text with blank lines between its paragraphs."""
    lines: list[str] = []
    for paragraph in text.split("\n\n"):
        lines += ([""] if lines else []) + wrapped(paragraph, help_width())
    return lines


def wrapped(text: str, width: int) -> list[str]:
    """Return the text broken at spaces to lines of at most `width` (a longer word stands alone)."""
    lines: list[str] = []
    for word in text.split():
        if lines and len(lines[-1]) + 1 + len(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _dedented(doc: str) -> str:
    return "\n".join(line.strip() for line in doc.strip().splitlines())


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """Return a hint at the known words that are nearest, or None where none is near."""
    from difflib import get_close_matches

    near = get_close_matches(word, list(dict.fromkeys(known)), n=3, cutoff=0.6)
    return f"did you mean {' or '.join(f'`{found}`' for found in near)}?" if near else None


def record_of(arguments: argparse.Namespace) -> str | None:
    """Return the record that `--record` names, None to find it from here."""
    path: str | None = getattr(arguments, "record", None)
    return path
