"""Text for people: escaping, widths, numbers, times, durations, sizes.

Always true: what `clean` returns holds no character that moves the cursor, changes colours or turns the direction of
text, so a name that a stranger wrote cannot touch the terminal.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_JOINERS = "\u200c\u200d"  # Persian and emoji need them
_NAMED = {"\t": " ", "\u00a0": " ", "\u3000": "\u3000", "\n": "\\n", "\r": "\\r"}
MISSING = "-"


def clean(text: str) -> str:
    """Return `text` on one line, with every control, format and unpaired character written as an escape."""
    if text.isprintable():
        return text
    return "".join(map(_shown, text))


def clean_lines(text: str) -> list[str]:
    """Return the lines of a longer text, each cleaned; tabs become spaces."""
    return [clean(line.expandtabs(4)) for line in text.replace("\r\n", "\n").split("\n")]


def _shown(char: str) -> str:
    if char.isprintable() or char in _JOINERS:
        return char
    if char in _NAMED:
        return _NAMED[char]
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def width(text: str) -> int:
    """Return how many columns of a terminal `text` takes."""
    if text.isascii():
        return len(text)
    from unicodedata import category, east_asian_width

    columns = 0
    for char in text:
        if char in _JOINERS or category(char) in ("Mn", "Me"):
            continue
        columns += 2 if east_asian_width(char) in ("W", "F") else 1
    return columns


def cut(text: str, columns: int, ellipsis: str = "…") -> str:
    """Return `text`, cut to so many columns; what was cut is marked by `ellipsis`."""
    if width(text) <= columns:
        return text
    room = max(0, columns - width(ellipsis))
    if text.isascii():
        return text[:room] + ellipsis
    kept = text[:room]
    while width(kept) > room:
        kept = kept[:-1]
    following = text[len(kept) :]
    while following and width(following[0]) == 0:  # a mark belongs to the letter before it
        kept += following[0]
        following = following[1:]
    return kept + ellipsis


def cut_middle(
    text: str, room: float, ellipsis: str = "…", measure: Callable[[str], float] | None = None
) -> str:
    """Return `text`, cut so that it takes at most so much room; words at its end, such as an id or a seed, stay whole.

    The words at the end that fit into six tenths of the room stay, the rest is cut at its end; one long word is cut in its
    middle. `measure` says how much room a text takes: columns of a terminal unless given.

    >>> cut_middle("mlp-32-lr0.001-sgd 0c6d9fa9", 20), cut_middle("a" * 9 + "b" * 9, 10)
    ('mlp-32-lr0… 0c6d9fa9', 'aaaaaaa…bb')
    """
    taken = measure or width
    if taken(text) <= room:
        return text
    words = text.split(" ")
    tail = ""
    while len(words) > 1 and taken(f" {words[-1]}{tail}") <= room * 0.6:
        tail = f" {words.pop()}{tail}"
    head = " ".join(words)
    if not tail:  # one long word: both ends tell
        while len(tail) < len(text) and taken(text[-len(tail) - 1 :] + ellipsis) <= room / 3:
            tail = text[-len(tail) - 1 :]
        head = text[: len(text) - len(tail)]
    while head and taken(head + ellipsis + tail) > room:
        head = head[:-1]
    return head + ellipsis + tail


def number(value: float) -> str:
    """Return a number as a table shows it, with six significant digits or all digits before the point.

    >>> [number(value) for value in (3, 0.1, 1e-05, 123456.789, 1e300, float("nan"), 10**20, True)]
    ['3', '0.1', '1e-05', '123457', '1e+300', 'nan', '1e+20', 'true']
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if abs(value) < 10**15 else _large(value)
    if not math.isfinite(value):
        return "nan" if value != value else "inf" if value > 0 else "-inf"
    return f"{value:.0f}" if 1e5 <= abs(value) < 1e9 else f"{value:.6g}"


def exact(value: float) -> str:
    """Return a number so that nothing is rounded away: `0.1` for a float, all digits of a whole number."""
    if isinstance(value, (bool, float)):
        return number(value) if isinstance(value, bool) or not math.isfinite(value) else repr(value)
    return str(value) if value.bit_length() <= 3000 else _large(value)  # `str` itself stops at 4,300 digits


def _large(value: int) -> str:
    return f"{value:.6g}" if value.bit_length() <= 1000 else f"{'-' * (value < 0)}2^{value.bit_length() - 1}…"


def any_value(value: object, of_number: Callable[[float], str] = number) -> str:
    """Return any value of a cell, a parameter or a metric as clean text on one line."""
    if value is None:
        return MISSING
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, (int, float)):
        return of_number(value)
    if isinstance(value, (list, tuple)):
        return ", ".join(any_value(item, of_number) for item in value)
    if isinstance(value, dict):
        items = (f"{clean(str(key))}: {any_value(item, of_number)}" for key, item in value.items())
        return "{" + ", ".join(items) + "}"
    return clean(str(value))


def seconds_of(moment: object) -> float | None:
    """Return seconds since 1970 of what a view gives as a time: seconds, or a datetime; None for none."""
    if moment is None:
        return None
    if isinstance(moment, (int, float)):
        return float(moment)
    stamp = getattr(moment, "timestamp", None)
    return float(stamp()) if stamp is not None else None


def timestamp(moment: object, *, with_seconds: bool = False) -> str:
    """Return a time in the local zone, which it names: `2026-11-23 17:54Z`, `2026-11-23 18:54+01:00`."""
    seconds = seconds_of(moment)
    if seconds is None:
        return MISSING
    try:
        local = time.localtime(seconds)
    except (OverflowError, ValueError, OSError):
        return f"{seconds:.0f} s after 1970"  # a clock that was far off
    zone = local.tm_gmtoff or 0
    minutes = abs(zone) // 60
    shown_zone = f"{'-' if zone < 0 else '+'}{minutes // 60:02d}:{minutes % 60:02d}" if zone else "Z"
    return time.strftime("%Y-%m-%d %H:%M:%S" if with_seconds else "%Y-%m-%d %H:%M", local) + shown_zone


def utc(moment: object) -> str | None:
    """Return a time as RFC 3339 in UTC with microseconds, for programs; None for none."""
    seconds = seconds_of(moment)
    if seconds is None:
        return None
    micros = round(seconds * 1_000_000)
    try:
        whole = time.gmtime(micros // 1_000_000)
    except (OverflowError, ValueError, OSError):
        return None
    return time.strftime("%Y-%m-%dT%H:%M:%S", whole) + f".{micros % 1_000_000:06d}Z"


def duration(seconds: object) -> str:
    """Return a length of time with two units at most.

    >>> [duration(value) for value in (0.0123, 3.21, 200, 7500, 270000, None)]
    ['12 ms', '3.2 s', '3 min 20 s', '2 h 05 min', '3 d 03 h', '-']
    """
    if not isinstance(seconds, (int, float)) or not math.isfinite(seconds):
        return MISSING
    if seconds < 0:
        return f"-{duration(-seconds)}"  # the clock went backwards: shown as it is
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    minutes = round(seconds / 60)
    if minutes < 24 * 60:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    hours = round(seconds / 3600)
    return f"{hours // 24} d {hours % 24:02d} h"


def size(count: object) -> str:
    """Return a number of bytes in decimal units.

    >>> [size(value) for value in (0, 999, 1000, 12_345_678, None)]
    ['0 B', '999 B', '1.0 kB', '12.3 MB', '-']
    """
    if not isinstance(count, (int, float)):
        return MISSING
    if count < 1000:
        return f"{count:.0f} B"
    scaled = float(count)
    for unit in ("kB", "MB", "GB", "TB"):
        scaled /= 1000
        if scaled < 999.95 or unit == "TB":
            return f"{scaled:.1f} {unit}"
    raise AssertionError  # the loop ends with TB


def count(number_of: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun: `1 run`, `1,000 runs`."""
    return f"{number_of:,} {one if number_of == 1 else many or one + 's'}"
