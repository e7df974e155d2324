"""Read the blocks of a page that can be run, in order.

In Markdown, directly above a block:

    <!-- file: train.py -->     a python or toml block that is saved, for a console block to run
    <!-- continues -->          a python block that goes on where the one before it stopped
    <!-- not run: reason -->    a block that needs something which a test lacks

A ```python block stands alone otherwise: it is run in a fresh process. In a ```console block each line
that starts with `$ ` is run, and must exit with 0. Lines that follow are its output: it is compared, and `…`
stands for anything, any white space for one space. ```sh and ```text blocks are only read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MARK = re.compile(r"<!-- (file|continues|not run)(?:: (.*?))? -->")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, the line that it starts at, and its mark, if any."""

    language: str
    text: str
    line: int
    mark: str = ""
    argument: str = ""


def blocks(page: Path) -> list[Block]:
    """Return the fenced blocks of a Markdown page."""
    found: list[Block] = []
    language, start, inside = "", 0, False
    lines: list[str] = []
    mark = argument = ""
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        if line.startswith("```"):
            if inside:
                found.append(Block(language, "\n".join(lines) + "\n", start, mark, argument))
                mark = argument = ""
            language, start, lines, inside = line[3:].strip(), number + 1, [], not inside
        elif inside:
            lines.append(line)
        elif match := MARK.fullmatch(line.strip()):
            mark, argument = match[1], match[2] or ""
        elif line.strip():
            mark = argument = ""
    if inside:
        raise AssertionError(f"{page}: a block that starts at line {start} has no end")
    return found


def commands(text: str) -> list[tuple[str, str]]:
    """Return (command, expected output) of a console block; the output is empty where none is shown."""
    found: list[tuple[str, str]] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], ""))
        elif found:
            command, output = found[-1]
            found[-1] = (command, output + line + "\n")
    return found


def matches(expected: str, found: str) -> bool:
    """Return whether the output fits what the page shows; `…` fits anything."""
    parts = [re.escape(" ".join(part.split())) for part in expected.split("…")]
    pattern = ".*".join(part.replace(r"\ ", r"\s+") for part in parts)
    return re.search(pattern, " ".join(found.split()), re.DOTALL) is not None
