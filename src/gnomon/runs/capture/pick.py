"""Metrics from what a program prints: `name=value`, `name: value`, JSON lines, and `val acc 0.94` where that name is asked for.

A line is a row. A whole number named `step` (or `global_step`, `iteration`, `iter`) is the row's step, if there is one.
The percentage of a progress bar is no metric; what stands in its brackets is.

Words before a number are often prose (`took 3.5 s`), so they are a name only where they are asked for as they stand, without
`*`: all the words, up to three, since the number or sign before them; and only before a number with a point or an exponent.

Always true: only names that fit a wanted pattern are taken; a line without any gives nothing; `rows` never raises.
"""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

STEPS = ("step", "global_step", "iteration", "iter")
LONGEST_LINE = 100_000
_PAIR = re.compile(
    r"(?<![\w.@/\\-])[\"']?([A-Za-z_][\w./@-]{0,100})[\"']?\s{0,3}[=:]\s{0,3}"
    r"([-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?|[-+]?(?:nan|inf|infinity))(?![\w.:/-]*\w|['\"]|,\d|\s+[=:])"
    r"(?!%(?:\|| +\S{1,20}/\S{1,20} \[))%?",  # ` 50%|###  | 5/10 [` of a bar; without a bar ` 50% 5/10 [`
    re.IGNORECASE,
)

_WORDS = re.compile(
    r"(?:^|(?<=[^\w\s./@-])|(?<=\d)(?=\s))\s*([A-Za-z_][\w./@-]{0,60}(?: {1,3}[A-Za-z_][\w./@-]{0,60}){0,2})\s{1,6}"
    r"([-+]?(?:\d+\.\d*|\.\d+|\d+(?=[eE]))(?:[eE][-+]?\d+)?|[-+]?(?:nan|inf))(?![\w./-]*\w|,\d)(?!\s*[=:])%?",
    re.IGNORECASE,
)
_STEP = re.compile(rf"(?<![\w./@-])(?:{'|'.join(STEPS)}) {{1,3}}(\d{{1,18}})(?![\w./]*\w)", re.IGNORECASE)

Row = tuple[int | None, dict[str, float]]


class Picker:
    """Finds rows of metrics in lines of text. `patterns` are names, or globs such as `val/*`; `*` takes all.

    In a pattern with dots `.` stands for `/` too, which joins the nested names of JSON.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = list(patterns)
        self._unmatched = dict.fromkeys(self._patterns)
        self._words = {" ".join(one.split()) for one in patterns if not set("*?[") & set(one)}
        self._known: dict[str, bool] = {}  # the names that were seen: whether they are wanted
        self._heard: dict[str, None] = {}  # names without a sign behind them that nobody asked for
        self._rest: dict[str, str] = {}

    @property
    def unmatched(self) -> list[str]:
        """The patterns that no name fitted so far."""
        return list(self._unmatched)

    @property
    def seen(self) -> list[str]:
        """The names that were seen with a number so far, wanted or not, steps aside; the first 10,000."""
        return list({**self._known, **self._heard})

    def feed(self, stream: str, text: str) -> Iterator[Row]:
        """Yield the rows of the lines that are whole now; a bar that is drawn again is a line each time."""
        text = self._rest.pop(stream, "") + text
        lines = text.replace("\r", "\n").split("\n")
        self._rest[stream] = lines.pop()[-LONGEST_LINE:]
        return self.rows(lines)

    def end(self) -> Iterator[Row]:
        """Yield the row of a last line without an end."""
        rest, self._rest = self._rest, {}
        return self.rows(rest.values())

    def rows(self, lines: Iterable[str]) -> Iterator[Row]:
        """Yield (step or None, metrics) of each line that has any."""
        for line in lines:
            if len(line) > LONGEST_LINE:
                continue
            found: dict[str, float] = {}
            if "=" in line or ":" in line:
                of_json = _of_json(line) if line.lstrip()[:1] == "{" else None
                found = _of_text(line) if of_json is None else of_json
            if self._may_have_words(line):
                found = {**self._of_words(line), **found}
            row = self._row(found)
            if row[1]:
                yield row

    def _may_have_words(self, line: str) -> bool:
        """Return whether to look for names without a sign behind them: some are asked for, and stand here or were not met."""
        if not self._words or "{" in line[:1]:
            return False
        return bool(self._unmatched) or any(name.split(" ")[-1] in line for name in self._words)

    def _of_words(self, line: str) -> dict[str, float]:
        """Return the numbers behind names that are asked for as they stand, and the step; other names are only remembered."""
        found: dict[str, float] = {}
        for words, number in _WORDS.findall(line):
            name = " ".join(words.split())
            if name in self._words:
                found[name] = float(number)
            elif len(self._heard) < 10_000:
                self._heard[name] = None
        step = _STEP.search(line) if found else None
        return {**found, **({"step": float(step[1])} if step else {})}

    def _row(self, found: dict[str, float]) -> Row:
        step = next(
            (found[name] for name in STEPS if name in found and float(found[name]).is_integer()), None
        )
        metrics = {
            name: value for name, value in found.items() if name not in STEPS and self._is_wanted(name)
        }
        return (int(step) if step is not None else None), metrics

    def _is_wanted(self, name: str) -> bool:
        known = self._known.get(name)
        if known is None:
            fitting = [pattern for pattern in self._patterns if _fits(name, pattern)]
            for pattern in fitting:
                self._unmatched.pop(pattern, None)
            known = bool(fitting)
            if len(self._known) < 10_000:
                self._known[name] = known
        return known


def _fits(name: str, pattern: str) -> bool:
    if fnmatchcase(name, pattern):
        return True
    return "." in pattern and fnmatchcase(name.replace("/", "."), pattern.replace("/", "."))


def _of_text(line: str) -> dict[str, float]:
    return {name: float(number) for name, number in _PAIR.findall(line)}


def _of_json(line: str) -> dict[str, float] | None:
    """Return the numbers of a JSON object, nested names joined with `/`; None where the line is none."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    found: dict[str, float] = {}
    todo: list[tuple[str, object]] = [("", value)]
    while todo:
        prefix, item = todo.pop()
        if isinstance(item, dict):
            todo += [
                (f"{prefix}/{key}" if prefix else str(key), part) for key, part in reversed(item.items())
            ]
        elif isinstance(item, (int, float)) and not isinstance(item, bool):
            try:
                found[prefix] = float(item)
            except OverflowError:  # a whole number beyond every float
                continue
    return found
