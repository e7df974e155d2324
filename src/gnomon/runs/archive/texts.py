"""Values and texts of a record, written so that a plain file can hold them and a terminal or spreadsheet can show them.

Always true: JSON is standard JSON (NaN and infinities are texts, as `gnomon runs --json` has them); no text that is written
can move a terminal's cursor or run as a formula. What the exact bytes were stands in the export's `record/`.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

from gnomon.rows_text import name_of
from gnomon.runs import checked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
_MOST_BITS = 10_000


def json_bytes(value: object) -> bytes:
    """Return a value as indented JSON."""
    text = json.dumps(_plain(checked.shallow(value)), ensure_ascii=False, allow_nan=False, indent=1)
    return visible(text).encode("utf-8", "backslashreplace") + b"\n"


def json_line(value: object) -> bytes:
    """Return a value as JSON on one line, without a line feed."""
    text = json.dumps(_plain(checked.shallow(value)), ensure_ascii=False, allow_nan=False)
    return visible(text).encode("utf-8", "backslashreplace")


def _plain(value: object) -> object:
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return value if value.bit_length() <= _MOST_BITS else hex(value)  # Python prints at most 4,300 digits
    if isinstance(value, float):
        return value if math.isfinite(value) else name_of(value)
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return str(value)


def visible(text: str) -> str:
    """Return a text in which control, format and unpaired characters are written as escapes; lines and tabs stay."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() or char in "\n\t\u200c\u200d" else _escaped(char) for char in text
    )


def _escaped(char: str) -> str:
    return f"\\u{ord(char):04x}" if char < "\U00010000" else f"\\U{ord(char):08x}"


def csv_lines(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """Yield the lines of a CSV file with a header; a text that would run as a formula gets a `'` in front."""
    yield _csv_line(columns)
    for values in rows:
        yield _csv_line(values)


def _csv_line(values: Sequence[object]) -> bytes:
    return (",".join(map(csv_cell, values)) + "\n").encode("utf-8", "backslashreplace")


def csv_cell(value: object) -> str:
    """Return one cell of CSV: numbers with nothing rounded away, `nan` and `inf` by name."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if value.bit_length() <= _MOST_BITS else hex(value)
    if isinstance(value, float):
        return repr(value)
    text = visible(value) if isinstance(value, str) else json_line(value).decode("utf-8")
    if text.startswith(_FORMULA):
        text = f"'{text}"
    return '"' + text.replace('"', '""') + '"' if any(char in text for char in ',"\n\r') else text
