"""What a text asks of the record: `metrics.auc at best of run:ab12 | .3f`; in a link `run:ab12#metrics.auc@best`.

    asked   = sum [ "|" format ]
    sum     = product { ("+" | "-") product }
    product = one { ("*" | "/") one }
    one     = term | number | "(" sum ")"
    term    = [ "mean" | "spread" | "low" | "high" ] what [ "at" place ] "of" reference
    place   = "last" | "first" | "best" | "area" | "step" N

Signs stand between spaces, because names hold them too. `what` is `metrics.NAME`, `params.NAME`, `seed`, `duration`, and of data
`rows`, `columns`, `files`, `size`; a name with spaces stands in quotes: `metrics."val loss"`.

Always true: reading is linear in the text and bounded; what cannot be read raises BadExpressionError that says where.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import NamedTuple

from gnomon.errors import BadExpressionError
from gnomon.team.references import Reference, parse

LONGEST = 1_000
_DEEPEST = 20
FIGURES = ("mean", "spread", "low", "high")
PLACES = ("last", "first", "best", "area", "step")

_TERM = re.compile(
    r"\s*(?:(?P<figure>mean|spread|low|high)\s+)?(?P<what>[^\W\d][^\s\"|{}()]*(?:\"[^\"\n]*\")?[^\s\"|{}()]*)"
    r"(?:\s+at\s+(?P<place>last|first|best|area|step(?:\s+|\s*=\s*)-?\d{1,18}))?"
    r"\s+of\s+(?P<reference>[a-z]+:(?:\"(?:[^\"\\\n]|\\.)*\"|[^\s|)\"]+))(?=\s|\)|\||\Z)"
)
_NUMBER = re.compile(r"\s*(\d{1,18}(?:\.\d{1,18})?)(?=\s|\)|\||\Z)")
_SIGN = re.compile(r"\s+([-−+*/×])(?=\s)")
_PART = re.compile(
    r"(?:(?P<figure>mean|spread|low|high)\.(?=metrics\.|duration))?(?P<what>.+?)(?:@(?P<place>last|first|best|area|step=-?\d{1,18}))?"
)


class Place(NamedTuple):
    """Where a series is looked at: `kind` is one of `PLACES`."""

    kind: str = "last"
    step: int | None = None

    def __str__(self) -> str:
        return f"step {self.step}" if self.kind == "step" else self.kind


class Term(NamedTuple):
    """One thing of one subject: `what` is `metrics.auc`, `figure` one of `FIGURES` or empty."""

    what: str
    of: Reference
    place: Place = Place()
    figure: str = ""

    def __str__(self) -> str:
        figure = f"{self.figure} " if self.figure else ""
        place = f" at {self.place}" if self.place.kind != "last" else ""
        return f"{figure}{self.what}{place} of {self.of}"


class Operation(NamedTuple):
    """Two things with a sign between them: `-`, `+`, `*` or `/`."""

    sign: str
    left: Asked
    right: Asked

    def __str__(self) -> str:
        return f"{_in_brackets(self.left)} {self.sign} {_in_brackets(self.right)}"


Asked = Term | Decimal | Operation


def _in_brackets(asked: Asked) -> str:
    return f"({asked})" if isinstance(asked, Operation) else str(asked)


def terms_of(asked: Asked) -> list[Term]:
    """Return the terms of what is asked, from left to right."""
    if isinstance(asked, Operation):
        return [*terms_of(asked.left), *terms_of(asked.right)]
    return [asked] if isinstance(asked, Term) else []


def read(text: str) -> tuple[Asked, str]:
    """Return what stands in `{{ … }}`, and its format. Raises BadExpressionError.

    >>> asked, form = read("metrics.auc of run:a - metrics.auc of run:b | .3f")
    >>> str(asked), form
    ('metrics.auc of run:a - metrics.auc of run:b', '.3f')
    """
    if len(text) > LONGEST:
        raise BadExpressionError(f"a binding has at most {LONGEST:,} characters; this one has {len(text):,}")
    reading = _Reading(text)
    asked = reading.sum(0)
    rest = text[reading.at :].strip()
    if rest and rest[0] != "|":
        raise reading.error()
    return asked, rest[1:].strip()


def read_part(reference: Reference) -> Term | None:
    """Return what a reference with a part asks: `run:ab12#metrics.auc@step=300`; None where it has no part.

    >>> from gnomon.team.references import parse
    >>> str(read_part(parse("group:depth-6#spread.metrics.auc"))), str(read_part(parse("run:a#metrics.auc@step=300")))
    ('spread metrics.auc of group:depth-6', 'metrics.auc at step 300 of run:a')
    """
    found = _PART.fullmatch(reference.part) if reference.part else None
    if found is None:
        return None
    return Term(found["what"], reference.whole, _place(found["place"]), found["figure"] or "")


class _Reading:
    """A text that is read from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def sum(self, depth: int) -> Asked:
        found = self.product(depth)
        while (sign := self.sign("+-")) is not None:
            found = Operation(sign, found, self.product(depth))
        return found

    def product(self, depth: int) -> Asked:
        found = self.one(depth)
        while (sign := self.sign("*/")) is not None:
            found = Operation(sign, found, self.one(depth))
        return found

    def one(self, depth: int) -> Asked:
        if number := _NUMBER.match(self.text, self.at):
            self.at = number.end()
            return Decimal(number[1])
        if self.takes("(") and depth < _DEEPEST:
            found = self.sum(depth + 1)
            if not self.takes(")"):
                raise self.error()
            return found
        term = _TERM.match(self.text, self.at)
        reference = parse(term["reference"]) if term else None
        if term is None or reference is None:
            raise self.error()
        self.at = term.end()
        return Term(term["what"].replace('"', ""), reference, _place(term["place"]), term["figure"] or "")

    def sign(self, wanted: str) -> str | None:
        found = _SIGN.match(self.text, self.at)
        sign = found[1].replace("−", "-").replace("×", "*") if found else ""
        if found is None or sign not in wanted:
            return None
        self.at = found.end()
        return sign

    def takes(self, char: str) -> bool:
        at = self.at + len(self.text[self.at :]) - len(self.text[self.at :].lstrip())
        if not self.text.startswith(char, at):
            return False
        self.at = at + 1
        return True

    def error(self) -> BadExpressionError:
        rest = self.text[self.at :].strip()
        return BadExpressionError(
            f"`{rest[:80]}` cannot be read" if rest else f"`{self.text.strip()[:80]}` ends too early",
            hint="for instance `metrics.auc of run:ab12`, `metrics.auc at best of run:ab12`, "
            "`mean metrics.auc of group:depth-6`, `rows of data:credit@v3`",
        )


def _place(text: str | None) -> Place:
    if text is None:
        return Place()
    if text.startswith("step"):
        return Place("step", int(text.removeprefix("step").strip(" =\t\r\n")))
    return Place(text)
