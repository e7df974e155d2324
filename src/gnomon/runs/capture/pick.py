"""Metrics from what a program prints: `name=value`, `name: value`, JSON lines, and `val acc 0.94` where that name is asked for.

A line is a row; each JSON object on it is one of its own. A whole number named `step` (or `global_step`, `iteration`, `iter`) is
the row's step, if there is one. The percentage of a progress bar is no metric; what stands in its brackets is.

The words directly before a name belong to it, up to three: in `loss: 0.3 val loss: 0.4` there are `loss` and `val loss`. What
ends such a run: a number, a sign, punctuation, a tab or over three blanks, and words that are no part of a name (`_NO_PART`).

Words before a number are often prose (`took 3.5 s`), so they are a name only where they are asked for as they stand, without
`*`: all the words, up to three, since the number or sign before them; and only before a number with a point or an exponent.

Always true: only names that fit a wanted pattern are taken; a line without any gives nothing; of a name with two values in one
line neither is taken; `rows` never raises.
"""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TYPE_CHECKING

from gnomon.runs.capture.console_lines import without_codes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

STEPS = ("step", "global_step", "iteration", "iter")
LONGEST_LINE = 100_000
MOST_WORDS = 3  # before a name
# Parts of letters that `\w` leaves out; in front, for speed, the most frequent that it has.
_MARKS = (
    "A-Za-z0-9_\u0300-\u036f\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0900-\u0963\u0966-\u0dff\u0e31-\u0e4e"
)
_MARKS += "\u0eb1-\u0ece\u102b-\u103e\u17b6-\u17d3\u200c\u200d\u3099\u309a"
_NAN = r"[nN][aA][nN]|[iI][nN][fF]"


def _pair(marks: str, sign: str, flags: int) -> re.Pattern[str]:
    """Return what finds a name, a sign and a number, also one that prints itself as `tensor(0.5)` or `np.float64(0.5)`."""
    return re.compile(
        rf"(?<![\w{marks}.@/\\-])([^\W\d][\w{marks}./@-]{{0,100}})[\"']?\s{{0,40}}[{sign}]\s{{0,40}}"
        r"(?:(?=[A-Za-z])(?:(?:np|numpy|torch|jnp|tf)\.)?(?:[tT]ensor|[aA]rray|b?float\d{0,3}|u?int\d{0,2})\("
        r"(?=[^(),\s]{1,40}(?:\)|,\s{0,9}[a-z_]+=)))?"
        rf"([-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?|[-+]?(?:{_NAN}(?:[iI][nN][iI][tT][yY])?))"
        rf"(?![\w.:/-]*\w|['\"]|,\d|\s+[{sign}])"
        r"(?!%(?:\|| +\S{1,20}/\S{1,20} \[))%?",  # ` 50%|###  | 5/10 [` of a bar; without a bar ` 50% 5/10 [`
        flags,
    )


def _words(marks: str, sign: str, flags: int) -> re.Pattern[str]:
    """Return what finds words and a number that is no count."""
    word = rf"[^\W\d][\w{marks}./@-]{{0,60}}"
    return re.compile(
        rf"(?:^|(?<=[^\w{marks}\s./@-])|(?<=\d)(?=\s))\s*({word}(?: {{1,3}}{word}){{0,2}})\s{{1,6}}"
        rf"([-+]?(?:\d+\.\d*|\.\d+|\d+(?=[eE]))(?:[eE][-+]?\d+)?|[-+]?(?:{_NAN}))(?![\w./-]*\w|,\d)(?!\s*[{sign}])%?",
        flags,
    )


_PAIR, _PAIR_ANY = _pair("", "=:", re.ASCII), _pair(_MARKS, "=:：", 0)
_WORDS, _WORDS_ANY = _words("", "=:", re.ASCII), _words(_MARKS, "=:：", 0)
_STEP = re.compile(rf"(?<![\w./@-])(?:{'|'.join(STEPS)}) {{1,3}}(\d{{1,18}})(?![\w./]*\w)", re.IGNORECASE)
_WORD_AT_END = re.compile(
    rf"(?<![\w{_MARKS}./@\\=-])[^\W\d][\w{_MARKS}]{{0,59}}(?:-[\w{_MARKS}]{{1,60}}){{0,3}}(?:'s)?\Z"
)
# What stands before it says nothing of a name.
_END_OF_RUN = re.compile(rf"(?s).*(?:[^\w\s{_MARKS}]| \d+) ").match
_LEVELS = frozenset(("TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "WARNING", "ERROR", "CRITICAL", "FATAL"))
_NO_PART = frozenset(
    "a an and completed done finished got had has is now or so the then was with debug warn warning __main__"
    " s sec secs seconds ms mins minutes hours kb mb gb kib mib gib".split()  # units of a number before
)
_NO_WORD = frozenset(",;-|/>)]}([{•·—")  # what stands before the blank before most names
_NUMBERED = frozenset("batch e ep epoch fold gpu it iter iteration rank round run step trial worker".split())
_MOVES = re.compile(r"\x1b\[[0-9;]{0,16}[A-HJSTf]")  # of the cursor: what follows stands elsewhere
_STARTS_JSON = re.compile(r"\s*\[?\s*\{").match
_BETWEEN_JSON = re.compile(r"[\s,;]*")
_DECODE = json.JSONDecoder().raw_decode

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
            if "\x1b" in line:
                yield from self.rows(_without_codes(line))
                continue
            has_sign = "=" in line or ":" in line or "：" in line
            objects = _of_json(line) if has_sign and line[0] in "{[ \t" and _STARTS_JSON(line) else None
            if objects is not None:
                yield from (row for row in map(self._row, objects) if row[1])
                continue
            has_words = bool(self._words) and self._may_have_words(line)
            if not has_sign and not has_words:
                continue
            found = self._of_text(line, has_sign=has_sign, has_words=has_words)
            row = self._row(found)
            if row[1]:
                yield row

    def _may_have_words(self, line: str) -> bool:
        """Return whether to look for names without a sign behind them: some are asked for, and stand here or were not met."""
        return bool(self._unmatched) or any(name.split(" ")[-1] in line for name in self._words)

    def _of_text(self, line: str, *, has_sign: bool, has_words: bool) -> dict[str, float]:
        """Return the numbers that have a name, those left out that have the name of another."""
        is_ascii = line.isascii()
        found: dict[str, float] = {}
        twice: set[str] = set()
        # Text, name, number, text, name, number, …, text.
        parts = (_PAIR if is_ascii else _PAIR_ANY).split(line) if has_sign else []
        for before, name, number in zip(parts[::3], parts[1::3], parts[2::3], strict=False):
            value = float(number)
            if before != " " and before[-1:] == " " and before[-2] not in _NO_WORD:
                since = _END_OF_RUN(before)
                tail = before[since.end() - 2 :] if since and since.end() < len(before) else before
                name = _full_name(tail[-250:], name)  # noqa: PLW2901
            if name in found and str(found[name]) != str(value):  # two NaNs are one value
                twice.add(name)
            found[name] = value
        if has_words:
            self._add_words(line, _WORDS if is_ascii else _WORDS_ANY, found, twice)
        for name in twice:
            del found[name]
            if len(self._heard) < 10_000:
                self._heard[f"{name} (with two values in a line)"] = None
        return found

    def _add_words(
        self, line: str, pattern: re.Pattern[str], found: dict[str, float], twice: set[str]
    ) -> None:
        """Add the numbers behind names that are asked for as they stand, and the step; other names are only remembered."""
        has_any = False
        for words, number in pattern.findall(line):
            name = " ".join(words.split())
            if name in self._words:
                has_any = True
                if found.setdefault(name, float(number)) != float(number):
                    twice.add(name)
            elif len(self._heard) < 10_000:
                self._heard[name] = None
        step = _STEP.search(line) if has_any else None
        if step:
            found.setdefault("step", float(step[1]))

    def _row(self, found: dict[str, float]) -> Row:
        metrics: dict[str, float] = {}
        steps: dict[str, float] = {}
        for name, value in found.items():
            known = self._known.get(name)
            if known is None and self._is_step(name):
                steps[name] = value
            elif known or (known is None and self._is_wanted(name)):
                metrics[name] = value
        return (_step_of(steps) if steps else None), metrics

    def _is_step(self, name: str) -> bool:
        """Return whether a name is one of steps: alone, or with a word before it (`global step`) and not asked for whole."""
        if name in STEPS or " " not in name:
            return name in STEPS
        word, _, last = name.rpartition(" ")
        return last in STEPS and " " not in word and name not in self._words

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


def _step_of(steps: dict[str, float]) -> int | None:
    """Return the number of a row: of `step` before `global_step` and so on, then of others."""
    whole = {name: int(value) for name, value in steps.items() if value.is_integer()}
    return next((whole[name] for name in (*STEPS, *whole) if name in whole), None)


@lru_cache(1024)
def _full_name(before: str, name: str) -> str:
    """Return a name with the words before it that belong to it.

    >>> _full_name("INFO loss: 0.3 - mean val ", "loss")
    'mean val loss'
    """
    rest = before.rstrip(" ")
    for _ in range(MOST_WORDS):
        if not rest or not 1 <= len(before) - len(rest) <= 3:
            break
        token = rest[rest.rfind(" ") + 1 :]
        word = token if token.isalpha() else _word_at_end(token)
        before = rest[: len(rest) - len(token)]
        rest = before.rstrip(" ")
        if not word or _is_no_part(word) or rest[-1:] == "=":
            break
        name = f"{word} {name}"
        if len(word) < len(token):
            break
    return name


def _word_at_end(token: str) -> str:
    found = _WORD_AT_END.search(token)
    return found[0] if found else ""


def _is_no_part(word: str) -> bool:
    """Return whether a word before a name says nothing of it: a level of logging, prose, a unit, `epoch3`."""
    if word in _LEVELS or word.lower() in _NO_PART:
        return True
    return word[-1].isdigit() and word.rstrip("0123456789_-").lower() in _NUMBERED


def _without_codes(line: str) -> list[str]:
    """Return what a line says without the codes of terminals; where one moves the cursor another line begins."""
    return without_codes(_MOVES.sub("\n", line)).replace("\x1b", "").split("\n")


def _of_json(line: str) -> list[dict[str, float]] | None:
    """Return the numbers of each JSON object of a line, in an array or side by side; None where there is anything else."""
    rows: list[dict[str, float]] = []
    at, end = len(line) - len(line.lstrip()), len(line)
    while at < end:
        try:
            value, at = _DECODE(line, at)
        except (ValueError, RecursionError):
            return None
        for one in value if isinstance(value, list) else [value]:
            if not isinstance(one, dict):
                return None
            rows.append(_numbers(one))
        between = _BETWEEN_JSON.match(line, at)
        at = between.end() if between else at
    return rows


def _numbers(value: dict[str, object]) -> dict[str, float]:
    """Return the numbers of a JSON object, nested names joined with `/`."""
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
