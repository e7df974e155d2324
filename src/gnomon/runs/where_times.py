"""Times and durations as people write them in a filter.

A time stands for all that it says: a day from its first microsecond to before the next day, a minute for 60 seconds.
Without a zone it is in the zone of this machine, and a day has the 23 or 25 hours that it has there.
"""

from __future__ import annotations

import re

UNIT_SECONDS = {
    "ms": 0.001,
    "s": 1,
    "sec": 1,
    "second": 1,
    "m": 60,
    "min": 60,
    "minute": 60,
    "h": 3600,
    "hour": 3600,
    "d": 86400,
    "day": 86400,
    "w": 604800,
    "week": 604800,
}

_SPAN = re.compile(r"\s*+(\d++(?:\.\d++)?+)\s*+([a-z]++)", re.IGNORECASE)
_TIME = re.compile(
    r"(\d{4})-(\d\d)(?:-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?\s?(Z|[+-]\d\d:?\d\d)?)?)?",
    re.IGNORECASE,
)
_AGO = re.compile(r"-\s*+(.{1,100})|(.{1,100})\sago", re.IGNORECASE)


def seconds_of(text: str) -> float | None:
    """Return how long `1h30m` is, in seconds; None where it is no duration."""
    text = text.strip()
    sign = -1 if text.startswith("-") else 1
    text = text.lstrip("+-") if text[:1] in ("+", "-") else text
    total, place = 0.0, 0
    while match := _SPAN.match(text, place):
        unit = match[2].lower()
        seconds = UNIT_SECONDS.get(unit) or UNIT_SECONDS.get(unit.removesuffix("s"))
        if seconds is None:
            return None
        total += float(match[1]) * seconds
        place = match.end()
    return sign * total if place and place == len(text) else None


def span_of_time(text: str, now_us: int | None) -> tuple[int, int] | None:
    import datetime
    import time

    text = text.strip()
    now = time.time_ns() // 1000 if now_us is None else now_us
    if text.lower() == "now":
        return now, now + 1
    try:
        if ago := _AGO.fullmatch(text):
            seconds = seconds_of(ago[1] or ago[2])
            if seconds is None or seconds < 0:
                return None
            instant = now - round(seconds * 1_000_000)
            return instant, instant + 1
        if text.lower() in ("today", "yesterday"):
            day = datetime.datetime.fromtimestamp(now / 1_000_000).date()  # noqa: DTZ006 - the day of this machine
            if text.lower() == "yesterday":
                day -= datetime.timedelta(days=1)
            text = day.isoformat()
        match = _TIME.fullmatch(text)
        return _span_of(match) if match else None
    except (ValueError, OverflowError, OSError):  # no such day, or outside of what the system's clock can say
        return None


def _span_of(match: re.Match[str]) -> tuple[int, int]:
    from datetime import UTC, datetime, timedelta, timezone

    year, month, day, hour, minute, second, fraction, zone = match.groups()
    start = datetime(  # noqa: DTZ001 - the zone comes below; without one it is this machine's
        int(year), int(month), int(day or 1), int(hour or 0), int(minute or 0), int(second or 0),
        int((fraction or "").ljust(6, "0")),
    )  # fmt: skip
    if day is None:
        end = start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
    elif hour is None:
        end = start + timedelta(days=1)
    elif fraction:
        end = start + timedelta(microseconds=10 ** (6 - len(fraction)))
    else:
        end = start + (timedelta(seconds=1) if second else timedelta(minutes=1))
    if zone and zone.upper() != "Z":
        offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
        tz = timezone(-offset if zone[0] == "-" else offset)
        start, end = start.replace(tzinfo=tz), end.replace(tzinfo=tz)
    elif zone:
        start, end = start.replace(tzinfo=UTC), end.replace(tzinfo=UTC)
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    step = timedelta(microseconds=1)
    return (start.astimezone(UTC) - epoch) // step, (end.astimezone(UTC) - epoch) // step
