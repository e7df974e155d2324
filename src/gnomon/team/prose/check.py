"""Check the numbers of a text against the record, and say of each that does not agree why, and what to do.

Verdicts: `ok`; `wrong`, `stale`, `rounded away`, `unit changed`, `not found`, which fail; `not bound` for a number that
carries no binding. What each means: docs/explanation/prose-check.md.

Always true: a number is called wrong only where no rounding of the value gives it; what an unbound number means is never
guessed. `stale` is asked for only where the text says when it was written.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from gnomon.team.markdown_code import lines_of
from gnomon.team.prose import agree
from gnomon.team.prose.asked import Term, terms_of
from gnomon.team.prose.forms import shown
from gnomon.team.prose.markup import marked
from gnomon.team.prose.unbound import unbound_in
from gnomon.team.prose.values import NotThere, Values
from gnomon.team.prose.written import numbers_in, plain, with_tail
from gnomon.team.references import references_in
from gnomon.text import any_value, exact, timestamp

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gnomon.runs.views import Record
    from gnomon.team.prose.asked import Asked
    from gnomon.team.prose.markup import Bound, Marked
    from gnomon.team.prose.values import Value
    from gnomon.team.prose.written import Written

OK, WRONG, STALE, ROUNDED, UNIT, LOST, UNBOUND = (
    "ok", "wrong", "stale", "rounded away", "unit changed", "not found", "not bound",
)  # fmt: skip
FAILING = (WRONG, STALE, ROUNDED, UNIT, LOST)
_TAIL = 60  # characters behind a link in which its unit and its ± may stand
_NO_SPREAD = "what stands behind ± is checked only where the reference is a group of seeds"
_URL = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]{0,20}://[^\s<>\"]+|\bwww\.[^\s<>\"]+|\b[\w.+-]{1,64}@[\w-]{1,64}\.[\w.-]{1,64}"
)
_DIFFERS = Decimal(
    "0.25"
)  # of a unit of the last digit: numbers that differ by less are the same to a reader
_SAME_DIFFERS = "two numbers that differ are written as the same"


class Finding(NamedTuple):
    """What is said of one number. It stands in `line` and `column` (both from 1), at `text[start:end]`.

    `reference` is what it is bound to, `value` what the record has, in full; both are None of a number that is not bound.
    `why` and `hint` are empty where it is right.
    """

    verdict: str
    line: int
    column: int
    written: str
    reference: str | None
    value: str | None
    why: str
    hint: str
    start: int
    end: int

    def to_dict(self) -> dict[str, object]:
        """Return plain values, as `gnomon prose check --json` prints them."""
        keys = ("verdict", "line", "column", "written", "reference", "value", "why", "hint")
        return {
            key: getattr(self, key) or None if key in ("why", "hint") else getattr(self, key) for key in keys
        }


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of the check of a text: `findings` in the order in which the numbers stand."""

    findings: tuple[Finding, ...]

    @property
    def failed(self) -> list[Finding]:
        """The bound numbers that are not right."""
        return [one for one in self.findings if one.verdict in FAILING]

    @property
    def unbound(self) -> list[Finding]:
        """The numbers that carry no binding."""
        return [one for one in self.findings if one.verdict == UNBOUND]

    @property
    def right(self) -> list[Finding]:
        """The bound numbers that are right."""
        return [one for one in self.findings if one.verdict == OK]

    def to_dict(self) -> dict[str, object]:
        """Return plain values."""
        return {
            "ok": len(self.right), "failed": len(self.failed), "unbound": len(self.unbound),
            "findings": [one.to_dict() for one in self.findings],
        }  # fmt: skip


class _Judged(NamedTuple):
    """What was said of one number before its line is known."""

    verdict: str
    start: int
    end: int
    written: str
    asked: Asked | None
    value: Value | None
    why: str = ""
    hint: str = ""
    match: agree.Match | None = None


def check(record: Record, text: str, *, written_at: float | None = None) -> Checked:
    """Return what the record says of each number in a Markdown text.

    `written_at` is when the text was written, in seconds since 1970 UTC: what was right then and is not now is stale, not wrong.
    """
    checking = _Checking(record, text, written_at)
    return Checked(tuple(checking.findings()))


class _Checking:
    """The check of one text."""

    def __init__(self, record: Record, text: str, written_at: float | None) -> None:
        self.text = text
        self.moment_us = None if written_at is None else round(written_at * 1e6)
        self.values = Values(record)
        self.marked: Marked = marked(text)
        self.terms = list(
            dict.fromkeys(term for one in self.marked.bound if one.asked for term in terms_of(one.asked))
        )

    def findings(self) -> Iterator[Finding]:
        judged: list[_Judged] = []
        taken = [*self.marked.silent, *self.marked.links]
        for bound in self.marked.bound:
            found, end = self._judged(bound)
            judged += found
            taken.append((bound.start, end))
        judged = _told_apart(judged, self.text)
        taken += [(one.start, one.end) for one in references_in(self.text, most=len(self.text))]
        taken += _urls(self.text)
        judged += [
            _Judged(UNBOUND, start, end, self.text[start:end].strip(), None, None)
            for start, end in unbound_in(self.text, taken)
        ]
        starts = [start for start, _ in lines_of(self.text)] or [0]
        for one in sorted(judged, key=lambda one: one.start):
            yield _finding(one, starts)

    # --- one binding

    def _judged(self, bound: Bound) -> tuple[list[_Judged], int]:
        """Return what is said of a binding, and where it ends with the unit behind it."""
        source = self.text[bound.start : bound.end]
        if bound.asked is None:
            hint = "for instance `metrics.auc of run:ab12`"
            return [_Judged(LOST, bound.start, bound.end, source, None, None, bound.problem, hint)], bound.end
        if bound.written is None:
            return [self._shown(bound, source, bound.asked)], bound.end
        numbers = numbers_in(plain(bound.written))
        end = bound.end
        if numbers and not bound.written[numbers[-1].end :].strip("*_`$ )"):
            numbers[-1], used = self._with_tail(numbers[-1], bound.end)
            end += used
        try:
            value = self.values.of(bound.asked)
        except NotThere as error:
            return [self._lost(bound, bound.asked, numbers, error)], end
        if not numbers:
            return [], end
        return self._compared(bound, bound.asked, numbers, value), end

    def _with_tail(self, number: Written, end: int) -> tuple[Written, int]:
        tail = self.text[end : end + _TAIL]
        closing = len(tail) - len(tail.lstrip("*_"))
        number, used = with_tail(number, tail[closing:])
        return number, closing + used if used else 0

    def _shown(self, bound: Bound, source: str, asked: Asked) -> _Judged:
        try:
            value = self.values.of(asked)
            shown(value, bound.form)
        except NotThere as error:
            return _Judged(LOST, bound.start, bound.end, source, asked, None, error.why, error.hint)
        return _Judged(OK, bound.start, bound.end, source, asked, value)

    def _lost(self, bound: Bound, asked: Asked, numbers: Sequence[Written], error: NotThere) -> _Judged:
        """Return what is said of a number whose reference means nothing now: it may have meant something then."""
        at, written = _place(bound, numbers[0] if numbers else None)
        before = self._before(asked)
        if before is not None and any(agree.agreement(one, before) for one in numbers):
            why = f"{error.why}; on {timestamp(self._moment_s())} it meant {before.subject}, which had this value"
            return _Judged(STALE, *at, written, asked, before, why, f"write `{before.subject}`")
        return _Judged(LOST, *at, written, asked, None, error.why, error.hint)

    def _compared(self, bound: Bound, asked: Asked, numbers: list[Written], value: Value) -> list[_Judged]:
        """Return what is said of the numbers of a link: of the one that agrees, or else of the nearest."""
        if value.number is None:
            at, written = _place(bound, numbers[0])
            return [
                _Judged(WRONG, *at, written, asked, value, f"the record has a text there: `{value.text}`")
            ]
        chosen, match = next(
            ((one, match) for one in numbers if (match := agree.agreement(one, value)) is not None),
            (agree.nearest(numbers, value), None),
        )
        judged = [self._verdict(bound, asked, chosen, value, match)]
        if chosen.spread is not None and not value.has_seeds:
            judged.append(_unbound(bound, chosen, _NO_SPREAD))
        if match is not None:
            judged += [_unbound(bound, one) for one in numbers if one is not chosen]
        return judged

    def _verdict(
        self, bound: Bound, asked: Asked, written: Written, value: Value, match: agree.Match | None
    ) -> _Judged:
        at, text = _place(bound, written)
        if match is not None:
            hidden = agree.hides(match, value) if not written.compared and written.upper is None else ""
            if hidden:
                return _Judged(
                    ROUNDED, *at, text, asked, value, hidden, "write more digits, or `{{ … }}`", match
                )
            return _Judged(OK, *at, text, asked, value, match=match)
        before = self._before(asked)
        if before is not None and agree.agreement(written, before) is not None:
            return _Judged(STALE, *at, text, asked, value, *self._moved(asked, before, value))
        factor = agree.other_unit(written, value)
        if factor is not None:
            why = (
                "it has another kind of unit than the record"
                if factor == 1
                else f"it is off by a factor of {_factor(factor)}"
            )
            return _Judged(
                UNIT, *at, text, asked, value, why, "write the unit of the number, or the number in its unit"
            )
        return _Judged(WRONG, *at, text, asked, value, *self._why_wrong(asked, written, value))

    # --- why

    def _before(self, asked: Asked) -> Value | None:
        """Return the value when the text was written; None where that is not known, or there was none."""
        if self.moment_us is None:
            return None
        try:
            return self.values.of(asked, self.moment_us)
        except NotThere:
            return None

    def _moment_s(self) -> float:
        return (self.moment_us or 0) / 1e6

    def _moved(self, asked: Asked, before: Value, value: Value) -> tuple[str, str]:
        when = timestamp(self._moment_s())
        if before.subject and value.subject and before.subject != value.subject:
            return (
                f"on {when} it meant {before.subject}, and now {value.subject}",
                f"write `{_full(value)}`, or name {before.subject}",
            )
        place = (
            " Write `at step N` to keep it."
            if isinstance(asked, Term) and asked.what.startswith("metrics.")
            else ""
        )
        return f"it was right on {when}, and the record has moved on", f"write `{_full(value)}`.{place}"

    def _why_wrong(self, asked: Asked, written: Written, value: Value) -> tuple[str, str]:
        rounded = agree.rounded_as(written, value)
        for term in self.terms:
            if isinstance(asked, Term) and (term == asked or term.what != asked.what):
                continue
            try:
                other = self.values.of(term)
            except NotThere:
                continue
            is_like = other.has_seeds == value.has_seeds
            if is_like and other.number is not None and agree.agreement(written, other) is not None:
                return (
                    f"it is that of `{term}`, which this text names too",
                    f"write `{rounded}`, or bind it to `{term.of}`",
                )
        if written.spread is not None and value.has_seeds:
            why = "the mean or the spread (the standard deviation between seeds) is another"
        elif written.upper is not None and value.low is not None:
            why = "the ends of the 95 % interval of the mean are others"
        else:
            why = "no rounding of the value gives it"
        return why, f"with as many digits it is `{rounded}`"


def _place(bound: Bound, number: Written | None) -> tuple[tuple[int, int], str]:
    """Return where a number of a link stands in the text, and what is written."""
    if number is None:
        return (bound.start, bound.end), bound.written or ""
    start = bound.written_at + number.start
    inside = min(number.end, len(bound.written or ""))
    return (start, bound.written_at + inside), number.text


def _unbound(bound: Bound, number: Written, why: str = "") -> _Judged:
    (start, end), _ = _place(bound, number)
    return _Judged(UNBOUND, start, end, number.text, None, None, why)


def _told_apart(judged: list[_Judged], text: str) -> list[_Judged]:
    """Return what was judged, numbers of one paragraph that differ and are written as the same marked as rounded away."""
    alike: dict[object, list[int]] = {}
    paragraph, at = 0, 0
    for place, one in enumerate(judged):
        if one.verdict != OK or one.match is None or not isinstance(one.asked, Term):
            continue
        paragraph += text.count("\n\n", at, one.start) + text.count("\r\n\r\n", at, one.start)
        at = max(at, one.start)
        what = (paragraph, one.asked.what, one.asked.place, one.asked.figure, one.match.reading[:2])
        alike.setdefault(what, []).append(place)
    for places in alike.values():
        values = [judged[place].value for place in places]
        numbers = [value.exact for value in values if value is not None]
        match = judged[places[0]].match
        noise = max((value.spread or 0.0 for value in values if value is not None), default=0.0)
        if match is None or max(numbers) - min(numbers) < match.reading.last_digit * _DIFFERS:
            continue
        if float(max(numbers) - min(numbers)) <= noise:
            continue
        for place in places:
            judged[place] = judged[place]._replace(
                verdict=ROUNDED, why=_SAME_DIFFERS, hint="write one digit more of each"
            )
    return judged


def _urls(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in _URL.finditer(text)]


def _factor(factor: Decimal) -> str:
    """Return a factor as text, the larger way round: off by 100, whether it is too large or too small."""
    number = float(max(factor, 1 / factor))
    return f"{number:,.0f}" if number >= 10 else f"{number:.4g}"


def _full(value: Value) -> str:
    """Return a value with all its digits."""
    if value.number is None:
        return value.text
    text = any_value(value.number, exact)
    return text if not value.is_with_spread or value.spread is None else f"{text} ± {exact(value.spread)}"


def _finding(one: _Judged, starts: Sequence[int]) -> Finding:
    line = bisect_right(starts, one.start)
    return Finding(
        one.verdict, line, one.start - starts[line - 1] + 1, one.written,
        str(one.asked) if one.asked is not None else None, _full(one.value) if one.value is not None else None,
        one.why, one.hint, one.start, one.end,
    )  # fmt: skip
