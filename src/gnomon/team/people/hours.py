"""Working hours and days of the week, as text and as numbers.

Hours are spans of local time: `09:00-17:00`, `09:00-12:00,14:00-18:00`, or over midnight, `22:00-06:00`, which belongs to the day
on which it begins. Days are `mon-fri`, `sun-thu`, `mon,wed,fri`.

Always true: of the same hours there is one text, whatever a person typed; what cannot be read is refused with the reason.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from gnomon.errors import BadArgumentError

DAY_MINUTES = 24 * 60
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DEFAULT_HOURS, DEFAULT_DAYS = "09:00-17:00", "mon-fri"
_MOST_SPANS = 12
_LONGEST = 200
_SPAN = re.compile(r"(\d{1,2})(?::(\d\d))?\s*[-–]\s*(\d{1,2})(?::(\d\d))?", re.ASCII)


class Span(NamedTuple):
    """Working time of a day, in minutes from local midnight; the end of a night shift is above 1,440."""

    start: int
    end: int


def read_hours(text: str) -> tuple[Span, ...]:
    """Return the spans of working hours, the earliest first. Raises BadArgumentError.

    >>> read_hours("9-12, 14:00-18:00"), read_hours("22:00-06:00")
    ((Span(start=540, end=720), Span(start=840, end=1080)), (Span(start=1320, end=1800),))
    """
    parts = [part.strip() for part in text[: _LONGEST + 1].split(",")]
    if len(text) > _LONGEST or len(parts) > _MOST_SPANS:
        raise BadArgumentError(f"hours have at most {_MOST_SPANS} spans; these have {len(text)} characters")
    spans = sorted(_span(part, text) for part in parts)
    for before, after in zip(spans, spans[1:], strict=False):
        if after.start < before.end:
            raise BadArgumentError(
                f"hours `{text}` overlap: `{_span_text(before)}` and `{_span_text(after)}`"
            )
    if spans[-1].end > spans[0].start + DAY_MINUTES:
        raise BadArgumentError(
            f"hours `{text}` overlap: the last span reaches into the first of the next day"
        )
    return tuple(spans)


def _span(part: str, text: str) -> Span:
    found = _SPAN.fullmatch(part)
    if found is None:
        raise BadArgumentError(
            f"hours must be spans such as `09:00-17:00`, or `09:00-12:00,14:00-18:00`; got `{text}`"
        )
    start, end = (int(found[at]) * 60 + int(found[at + 1] or 0) for at in (1, 3))
    if any(int(found[at] or 0) > 59 for at in (2, 4)) or start >= DAY_MINUTES or end > DAY_MINUTES:
        raise BadArgumentError(f"hours run from 00:00 to 24:00; got `{part}`")
    if start == end:
        raise BadArgumentError(f"hours `{part}` have no length", hint="`00:00-24:00` is the whole day")
    return Span(start, end if end > start else end + DAY_MINUTES)


def hours_text(spans: tuple[Span, ...]) -> str:
    """Return the one text for these spans.

    >>> hours_text(read_hours("22-0, 9-12"))
    '09:00-12:00,22:00-24:00'
    """
    return ",".join(map(_span_text, spans))


def _span_text(span: Span) -> str:
    end = span.end - DAY_MINUTES if span.end > DAY_MINUTES else span.end
    return f"{clock_text(span.start)}-{clock_text(end)}"


def clock_text(minute: int) -> str:
    """Return minutes from midnight as `09:05`."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def read_days(text: str) -> frozenset[int]:
    """Return days of the week, Monday 0. Raises BadArgumentError.

    >>> sorted(read_days("sun-thu"))
    [0, 1, 2, 3, 6]
    """
    found: set[int] = set()
    for part in text[: _LONGEST + 1].lower().split(","):
        first, dash, last = (piece.strip() for piece in part.replace("–", "-").partition("-"))
        ends = [_day(first, text), _day(last, text)] if dash else [_day(first, text)] * 2
        found.update(day % 7 for day in range(ends[0], ends[1] + 1 + (7 if ends[1] < ends[0] else 0)))
    return frozenset(found)


def _day(word: str, text: str) -> int:
    for number, name in enumerate(
        ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    ):
        if len(word) >= 3 and name.startswith(word):
            return number
    raise BadArgumentError(
        f"days must be written as `mon-fri`, `sun-thu` or `mon,wed,fri`; got `{text[:_LONGEST]}`"
    )


def days_text(days: frozenset[int]) -> str:
    """Return the one text for these days.

    >>> [days_text(read_days(text)) for text in ("fri,mon-thu", "thursday,sun-wed", "mon,wed", "sat,mon-sun")]
    ['mon-fri', 'sun-thu', 'mon,wed', 'mon-sun']
    """
    if len(days) == len(WEEK):
        return "mon-sun"
    parts = []
    for first in sorted(day for day in days if (day - 1) % 7 not in days):
        length = next(count for count in range(1, 8) if (first + count) % 7 not in days)
        last = (first + length - 1) % 7
        parts += (
            [f"{WEEK[first]}-{WEEK[last]}"]
            if length > 2
            else [WEEK[(first + at) % 7] for at in range(length)]
        )
    return ",".join(parts)
