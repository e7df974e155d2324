"""The reference page of the command line: `python -m gnomon.cli.reference > docs/reference/cli.md`.

Made from the same declarations as `--help`, so it cannot say anything else. tests/docs/test_reference.py fails when the
page in docs/ is older than the code.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from gnomon.cli import commands, help
from gnomon.cli.main import EXIT_CODES, declaration
from gnomon.cli.parser import Parser, build, written

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMON = {"record", "help"}
HEAD = """\
<!-- Made from the code: `make docs`. Do not edit. -->
# Command line

```text
gnomon [--record PATH] COMMAND …
```

Data goes to standard output, talk to standard error; so `gnomon runs --json > runs.json` is safe.
A run is named by its id, of which the first digits are enough where they name one run; by its name, where one run only is
called so; or by `@1`, the newest, `@2`, the one before it, and so on.
`python -m gnomon` is the same command.
"""
TAIL = """\
## Colour and width

Colour is used where a terminal reads; `NO_COLOR` turns it off, `FORCE_COLOR` on.
A table is cut to the width of the terminal (`COLUMNS` sets another); into a file or a pipe it is written whole.
Where the terminal knows no UTF-8, curves are drawn in ASCII.
Control characters in names, notes and values are written as escapes such as `\\x1b`:
nothing that someone wrote into the record can touch your terminal.

## Plug-ins

A package that adds a feature (entry point group `gnomon.features`) may add commands; `gnomon --help` lists them.
"""


def pages() -> Iterator[str]:
    """Yield the parts of the page, one after the other."""
    yield HEAD
    yield _options_of_gnomon()
    for title, group in commands.GROUPS.items():
        every = [name for name in commands.built_in() if name.partition(" ")[0] in group]
        names = ", ".join(f"[`{name}`](#gnomon-{name.replace(' ', '-')})" for name in every)
        yield f"**{title}**: {names}\n"
    yield _exit_codes()
    for name in commands.built_in():
        yield _command(name)
    yield TAIL


def page() -> str:
    """Return the whole page."""
    return "\n".join(pages())


def _options_of_gnomon() -> str:
    rows = [f"| {_code(left)} | {_cell(what)} |" for left, what in help.GLOBAL_OPTIONS]
    return "\n".join(
        ["| option | |", "|---|---|", *rows, "", "The first two may also follow the command.", ""]
    )


def _exit_codes() -> str:
    rows = [f"| {code} | {_cell(what)} |" for code, what in EXIT_CODES.items()]
    return "\n".join(["## Exit codes", "", "| code | |", "|---|---|", *rows, ""])


def _command(name: str) -> str:
    parser, _ = build(name, declaration(name))
    lines = [
        f"## gnomon {name}",
        "",
        "```text",
        parser.usage_line(),
        "```",
        "",
        *_prose(parser.description or ""),
        "",
    ]
    rows = [
        f"| {_code(written(action))} | {_cell(action.help or '')} |"
        for action in parser.declared()
        if action.dest not in COMMON
    ]
    if rows:
        lines += ["| | |", "|---|---|", *rows, ""]
    lines += _examples(parser)
    for note in parser.notes:
        lines += [note, ""]
    return "\n".join(lines)


def _prose(text: str) -> list[str]:
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n")).split("\n")


def _examples(parser: Parser) -> list[str]:
    if not parser.examples:
        return []
    longest = max(len(command) for command, _ in parser.examples)
    return ["```sh", *(f"{command:<{longest}}  # {what}" for command, what in parser.examples), "```", ""]


def _code(text: str) -> str:
    return f"`{text}`".replace("|", "\\|")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    sys.stdout.write(page())
