"""Units that people write behind numbers, and by what a number is multiplied for each.

A unit has a dimension: 'time' (in seconds), 'bytes', 'share' (of one), 'count' (a multiple of one), 'times' (no unit at all).
KB is 1,000 bytes, as `gnomon` itself shows sizes; KiB is 1,024.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import NamedTuple


class Unit(NamedTuple):
    """What a unit means: a number times `factor` is in the base unit of its dimension."""

    dimension: str
    factor: Decimal


NONE = ""
_WORDS: dict[str, tuple[str, str, str]] = {
    "s": ("time", "1", "s sec secs second seconds Sekunde Sekunden seconde secondes"),
    "ns": ("time", "1e-9", "ns nanoseconds"),
    "µs": ("time", "1e-6", "µs μs us microsecond microseconds"),
    "ms": ("time", "1e-3", "ms msec millisecond milliseconds"),
    "min": ("time", "60", "min mins minute minutes Minuten"),
    "h": ("time", "3600", "h hr hrs hour hours Stunde Stunden heures"),
    "d": ("time", "86400", "d day days Tag Tage Tagen jours"),
    "B": ("bytes", "1", "B byte bytes Bytes"),
    "kB": ("bytes", "1e3", "kB KB kb kilobyte kilobytes"),
    "MB": ("bytes", "1e6", "MB mb megabyte megabytes"),
    "GB": ("bytes", "1e9", "GB gb gigabyte gigabytes"),
    "TB": ("bytes", "1e12", "TB tb terabyte terabytes"),
    "KiB": ("bytes", "1024", "KiB kiB Kib"),
    "MiB": ("bytes", "1048576", "MiB Mib"),
    "GiB": ("bytes", "1073741824", "GiB Gib"),
    "TiB": ("bytes", "1099511627776", "TiB Tib"),
    "%": ("share", "1e-2", "percent Prozent"),
    "pp": ("share", "1e-2", "pp pts"),
    "×": ("times", "1", "x times fold"),
    "k": ("count", "1e3", "k K thousand Tausend"),
    "M": ("count", "1e6", "M million millions Mio Million Millionen"),
    "bn": ("count", "1e9", "bn billion billions Mrd"),
}
_SIGNS = {"%": "%", "٪": "%", "﹪": "%", "％": "%", "‰": "‰", "×": "×", "✕": "×"}
_PHRASES = {"percentage points": "pp", "percentage point": "pp", "per cent": "%", "-fold": "×"}
UNITS: dict[str, Unit] = {
    NONE: Unit("", Decimal(1)),
    "‰": Unit("share", Decimal("1e-3")),
    **{unit: Unit(dimension, Decimal(factor)) for unit, (dimension, factor, _) in _WORDS.items()},
}
_BY_WORD = {
    **_SIGNS, **_PHRASES,
    **{word: unit for unit, (_, _, words) in _WORDS.items() for word in words.split()},
}  # fmt: skip
_LETTERS = sorted((word for word in _BY_WORD if word[-1].isalpha()), key=len, reverse=True)
SPACE = "[ \t\u00a0\u2009\u202f]"
PATTERN = rf"(?:{SPACE}?[{''.join(_SIGNS)}]|{SPACE}?(?:{'|'.join(map(re.escape, _LETTERS))})(?![\w'’]|[-/.][^\W\d_]))"
"""A pattern of a unit with the space before it."""

_IN_NAMES = {
    "ms": ("time", "1e-3"), "us": ("time", "1e-6"), "ns": ("time", "1e-9"), "s": ("time", "1"), "sec": ("time", "1"),
    "secs": ("time", "1"), "seconds": ("time", "1"), "min": ("time", "60"), "minutes": ("time", "60"),
    "hours": ("time", "3600"), "bytes": ("bytes", "1"), "kb": ("bytes", "1e3"), "mb": ("bytes", "1e6"), "gb": ("bytes", "1e9"),
    "mib": ("bytes", "1048576"), "gib": ("bytes", "1073741824"), "pct": ("share", "1e-2"), "percent": ("share", "1e-2"),
}  # fmt: skip
_NAME_PARTS = re.compile(r"[^A-Za-z]+")


def unit_of(word: str) -> str:
    """Return the unit that a word or sign behind a number means; empty for none.

    >>> unit_of(" ms"), unit_of("%"), unit_of("hours"), unit_of("")
    ('ms', '%', 'h', '')
    """
    return _BY_WORD.get(word.strip(), NONE)


def unit_in_name(name: str) -> Unit | None:
    """Return the unit that the last word of a metric's name says; None where it says none.

    A last word `min` behind a dot is the lowest value, not minutes; the caller takes it off.

    >>> unit_in_name("val/latency_ms"), unit_in_name("loss")
    (Unit(dimension='time', factor=Decimal('0.001')), None)
    """
    parts = _NAME_PARTS.split(name.strip("0123456789").rstrip("_"))
    known = _IN_NAMES.get(parts[-1].lower()) if len(parts) > 1 else None
    return None if known is None else Unit(known[0], Decimal(known[1]))
