"""Rows as text for other programs: JSON and CSV.

Always true: a text that a spreadsheet would run as a formula gets a `'` in front of it, and control characters are written as
escapes; numbers keep all their digits. JSON has no NaN and no infinity: they are the texts "NaN", "Infinity" and "-Infinity", as
in the JSON of Protobuf, so that what diverged is not taken for what is missing (null).
"""

from __future__ import annotations

from functools import cache
from itertools import chain
from math import isfinite
from typing import TYPE_CHECKING

from gnomon import text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

_UNSEEN_IN_JSON = (*range(0x7F, 0xA0), 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A))


def csv_lines(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> Iterator[str]:
    """Yield the lines of a CSV with a header, without their ends."""
    for line in chain((dict(zip(columns, columns, strict=True)),), rows):
        yield ",".join([csv_cell(line.get(key)) for key in columns])


def json_lines(values: Iterable[object]) -> Iterator[str]:
    """Yield the lines of a JSON list with one value on each, without their ends."""
    last = "["
    for value in values:
        yield last if last == "[" else f"{last},"
        last = as_json(value)
    if last == "[":
        yield "[]"
    else:
        yield last
        yield "]"


@cache
def _json_encoder(indent: int | None) -> Callable[[object], str]:
    from json import JSONEncoder

    return JSONEncoder(ensure_ascii=False, allow_nan=False, indent=indent).encode


def as_json(value: object, indent: int | None = None) -> str:
    """Return a value as JSON; NaN and infinities are texts, and characters that no one sees are escapes."""
    encode = _json_encoder(indent)
    try:
        encoded = encode(value)
    except (ValueError, TypeError):  # something in it has no form in JSON
        encoded = encode(_plain(value))
    if encoded.isprintable() or (encoded.isascii() and "\x7f" not in encoded):
        return encoded
    # JSON escapes the controls below 0x20 itself. The others stand inside strings only, where an escape is the same.
    table = {code: f"\\u{code:04x}" for code in _UNSEEN_IN_JSON}
    return "".join(
        f"\\u{ord(char):04x}" if "\ud800" <= char <= "\udfff" else char for char in encoded.translate(table)
    )


def _plain(value: object) -> object:
    """Return what JSON can say of a value. NaN and infinities are their names, what has no form of its own is text."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return value if value.bit_length() <= 10_000 else hex(value)  # Python prints at most 4,300 digits
    if isinstance(value, float):
        return value if isfinite(value) else name_of(value)
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    return text.utc(value) if hasattr(value, "isoformat") else str(value)


def name_of(value: float) -> str:
    """Return what JSON says of a number that is not finite; Python's `float` and JavaScript's `Number` read it.

    >>> [name_of(float(one)) for one in ("nan", "inf", "-inf")]
    ['NaN', 'Infinity', '-Infinity']
    """
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"


def csv_cell(value: object) -> str:
    """Return one cell of CSV, in quotes where it needs them.

    >>> [csv_cell(one) for one in (None, 0.1, "a,b", "=1+1", [1, 2])]
    ['', '0.1', '"a,b"', "'=1+1", '"[1, 2]"']
    """
    if value is None:
        return ""
    if isinstance(value, (int, float)):
        return text.exact(value)
    if isinstance(value, str):
        shown = "\n".join(text.clean_lines(value)) if "\n" in value else text.clean(value)
    else:
        shown = as_json(value)
    if shown[:1] in ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"):
        shown = "'" + shown
    if any(char in shown for char in ',"\n\r'):
        return '"' + shown.replace('"', '""') + '"'
    return shown
