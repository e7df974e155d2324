"""The command of a run: found again here, and with the value of one option changed.

A command is options (`--lr 0.1`, `--lr=0.1`, `-lr 0.1`, `lr=0.1`, `+model.lr=0.1`) and words that stand for themselves by their
place. What comes before the script is the program's own and never changed.

Always true: a word is changed only where its name is the parameter's and its value is the one that was recorded.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

from gnomon.runs.groups.configuration import is_seed_like
from gnomon.runs.spoken import value_of

if TYPE_CHECKING:
    from collections.abc import Sequence

_NAMED = re.compile(r"(--?|\+{0,2})([A-Za-z_][\w./-]*)(?:(=)(.*))?", re.DOTALL)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(inf|nan)")
SCRIPTS = (".py", ".sh", ".R", ".jl")
MOST_TOLD = 50
_WITH_VALUE = frozenset({"-W", "-X", "-Q"})  # of Python
_TRUE, _FALSE = frozenset({"true", "yes", "on"}), frozenset({"false", "no", "off"})


class Option(NamedTuple):
    """A named part of a command: its words, from `at` on. `value` is None for a flag."""

    key: str  # `lr` of `--lr`, `--LR` and `lr=`
    at: int
    words: tuple[str, ...]
    value: str | None


def key_of(name: str) -> str:
    """Return what two spellings of one option have in common.

    >>> key_of("--Learning-Rate"), key_of("+model.lr")
    ('learning_rate', 'model.lr')
    """
    bare = name.lstrip("-+").replace("-", "_")
    return bare if len(bare) == 1 else bare.lower()  # `-L` and `-l` are two


def start_of(words: Sequence[str], script: str | None) -> int:
    """Return where the arguments of the script begin: after the script, or after `-m MODULE`; else after the program."""
    name = os.path.basename(script) if script else None
    for at, word in enumerate(words[1:], 1):
        if name is not None and os.path.basename(word) == name:
            return at + 1
        if word == "-m" and at + 1 < len(words):
            return at + 2
        if word == "-c":
            return min(at + 2, len(words))
    return 1


def script_in(words: Sequence[str]) -> str | None:
    """Return the word of a command that names its script; None where none does.

    >>> script_in(["python", "-u", "src/train.py", "--lr", "1"]), script_in(["python", "-m", "pkg"])
    ('src/train.py', None)
    """
    return next((word for word in words[1:6] if word.endswith(SCRIPTS)), None)


def is_piped(words: Sequence[str]) -> bool:
    """Return whether a command is a Python that reads its script from standard input.

    >>> [is_piped(one.split()) for one in ("python -", "python3 -u", "python -W ignore - a", "python -m x", "python a.py -")]
    [True, True, True, False, False]
    """
    if not words or not words[0].startswith(("python", "pypy")):
        return False
    at = 1
    while at < len(words) and words[at].startswith("-") and words[at] != "-":
        if words[at].startswith(("-m", "-c", "--")):
            return False
        at += 2 if words[at] in _WITH_VALUE else 1
    return at >= len(words) or words[at] == "-"


def told_by(words: Sequence[str]) -> tuple[dict[str, object], int | None]:
    """Return the parameters, and the seed, that the options of a command say: of a script that says nothing itself.

    >>> told_by(["python", "train.py", "--lr", "0.1", "--seed=3", "-v", "--fast"])
    ({'lr': 0.1, 'fast': True}, 3)
    """
    if "-c" in words[1:3]:
        return {}, None
    params: dict[str, object] = {}
    seed: int | None = None
    for key, option in options_of(words, start_of(words, script_in(words))).items():
        value = True if option.value is None else value_of(option.value)
        if is_seed_like(key) and isinstance(value, int) and value is not True:
            seed = value if seed is None else seed
        elif option.value is not None or option.words[0].startswith("--"):
            params[key] = value
    return dict([*params.items()][:MOST_TOLD]), seed


def options_of(words: Sequence[str], start: int) -> dict[str, Option]:
    """Return the options from a place on, by key; of one that stands there twice the last, as most programs take it."""
    found: dict[str, Option] = {}
    at = start
    while at < len(words):
        named = _NAMED.fullmatch(words[at])
        if named is None or (not named[1].startswith("-") and not named[3]):
            at += 1
            continue
        end = at + 1
        value = named[4] if named[3] else None
        if value is None:
            while end < len(words) and _is_value(words[end]):
                end += 1
            value = " ".join(words[at + 1 : end]) if end > at + 1 else None
        key = key_of(named[2])
        found[key] = Option(key, at, tuple(words[at:end]), value)
        at = end
    return found


def _is_value(word: str) -> bool:
    if word.startswith("-"):
        return _NUMBER.fullmatch(word) is not None
    named = _NAMED.fullmatch(word)
    return named is None or not named[3]


def option_for(options: dict[str, Option], name: str, value: object) -> Option | None:
    """Return the option that gives a parameter its value: of the same name (the last part will do), and with that value."""
    wanted = key_of(name)
    last = wanted.rpartition(".")[2]
    for key, option in options.items():
        if (key == wanted or key.rpartition(".")[2] == last) and says(option, value):
            return option
    return None


def seed_option(options: dict[str, Option]) -> Option | None:
    """Return the option that gives the seed."""
    return next(
        (option for key, option in options.items() if is_seed_like(key) and option.value is not None), None
    )


def says(option: Option, value: object) -> bool:
    """Return whether an option gives this value.

    >>> says(Option("lr", 0, ("--lr", "1e-1"), "1e-1"), 0.1), says(Option("fast", 0, ("--fast",), None), True)
    (True, True)
    """
    if option.value is None:
        return value is True
    text = option.value
    if isinstance(value, bool):
        return text.lower() in (_TRUE if value else _FALSE)
    if isinstance(value, (int, float)):
        try:
            return float(text) == float(value)
        except (ValueError, OverflowError):
            return False
    return value is not None and text == str(value)


def has_option(source: str, name: str) -> bool:
    """Return whether the source of a script names an option.

    >>> has_option('p.add_argument("--lr", type=float)', "lr"), has_option('p.add_argument("--lr-decay")', "lr")
    (True, False)
    """
    return re.search(rf"""["']--{re.escape(name)}["'=,/ ]""", source) is not None


def with_value(words: Sequence[str], option: Option, value: object) -> tuple[str, ...]:
    """Return the command with another value of an option."""
    text = ("true" if value else "false") if isinstance(value, bool) else str(value)
    first, *rest = option.words
    if option.value is None:  # a flag: there or not
        new = option.words if value else ()
    elif rest:
        new = (first, text)
    else:
        new = (f"{first.partition('=')[0]}={text}",)
    return (*words[: option.at], *new, *words[option.at + len(option.words) :])


def with_option(words: Sequence[str], start: int, key: str, other: Option | None) -> tuple[str, ...]:
    """Return the command with an option as another command has it; without it where that has none."""
    own = options_of(words, start).get(key)
    new = other.words if other is not None else ()
    if own is None:
        return (*words, *new)
    return (*words[: own.at], *new, *words[own.at + len(own.words) :])


def rest_of(words: Sequence[str], start: int) -> tuple[str, ...]:
    """Return a command without its options: what must be equal for two commands to differ in options only."""
    taken = {
        place
        for option in options_of(words, start).values()
        for place in range(option.at, option.at + len(option.words))
    }
    return tuple(word for at, word in enumerate(words) if at not in taken)
