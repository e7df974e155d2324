"""What the words of a command set: `python train.py --lr 0.1` sets `lr`. It stands in for parameters that nobody recorded.

Always true: seeds are left out; words that set nothing are one value, so that another script is another configuration.
"""

from __future__ import annotations

import os
import re
import shlex
from typing import TYPE_CHECKING

from gnomon.runs.groups.configuration import SEED_WORDS, is_seed_like
from gnomon.runs.tried.processes import facts_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.record.index import Index

COMMAND = "command"  # the name of what sets nothing
PYTHON = "python"
_NAME = re.compile(r"(?:--?|\++)?([A-Za-z_][\w.\-/]{0,99})\Z")
_OPTION = re.compile(r"--?[A-Za-z_]")
_MOST_WORDS = 200


def settings(text: str) -> dict[str, object]:
    """Return what a command sets, by name, and the rest of its words under `command`.

    >>> settings("python train.py --lr 0.1 --amp depth=8 --seed 3")
    {'lr': 0.1, 'amp': True, 'depth': 8, 'command': 'python train.py'}
    """
    words = _words(SEED_WORDS.sub("", text))
    found: dict[str, object] = {}
    rest: list[str] = []
    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        name, equals, value = word.partition("=")
        named = _NAME.match(name)
        if equals and named:
            found[named[1]] = plain(value)
        elif (
            named and _OPTION.match(word) and len(rest) > (words[0] == PYTHON)
        ):  # before the script they are Python's own
            if at < len(words) and not _OPTION.match(words[at]) and "=" not in words[at]:
                found[named[1]] = plain(words[at])
                at += 1
            else:
                found[named[1]] = True
        else:
            rest.append(word)
    kept = {name: value for name, value in found.items() if not is_seed_like(name)}
    return {**kept, COMMAND: " ".join(rest)}


def commands_of(index: Index, places: Sequence[int]) -> list[str]:
    """Return the command of the runs at these places, in their order; empty where it was not recorded."""
    found = []
    for facts in facts_of(index, places, ["command"]):
        found.append(next((text for (text,) in facts if isinstance(text, str)), ""))
    return found


def plain(text: str) -> object:
    """Return a word of a command line as the number, the boolean or the text that it is.

    >>> [plain(word) for word in ("3", "1e-3", "true", "adam")]
    [3, 0.001, True, 'adam']
    """
    if text in ("true", "false", "True", "False"):
        return text in ("true", "True")
    for convert in (int, float):
        try:
            return convert(text)
        except ValueError:
            continue
    return text


def _words(text: str) -> list[str]:
    try:
        words = shlex.split(text)
    except ValueError:  # it was cut within quotes
        words = text.split()
    if words and os.path.basename(words[0]).startswith("python"):
        words[0] = PYTHON
    return words[:_MOST_WORDS]
