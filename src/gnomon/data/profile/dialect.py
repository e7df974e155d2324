"""How a CSV is written: delimiter, quotes, header, encoding; from its first 256 kB.

The rules are few and fixed, so that the same file is read in the same way by every version of DuckDB: the delimiter of `, ;
tab |` that splits the first records most evenly; a header where the first record has a name for every column, none twice,
and none a number.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from itertools import islice
from typing import NamedTuple

from gnomon.data.profile.kinds import HEAD, encoding_of

RECORDS = 200  # looked at
_DELIMITERS = ",;\t|"
_NUMBER = re.compile(r"[+-]?[0-9][0-9 .,:/eE+-]*|nan|inf", re.IGNORECASE)


class Dialect(NamedTuple):
    delimiter: str
    escape: str
    encoding: str  # as DuckDB says it
    has_header: bool
    has_bom: bool
    names: tuple[str, ...]
    is_blank: bool  # not one record

    def shown(self) -> dict[str, str]:
        shown = {"delimiter": {"\t": "tab", ",": "comma", ";": "semicolon", "|": "bar"}[self.delimiter]}
        shown["header"] = "yes" if self.has_header else "no"
        shown["encoding"] = self.encoding
        return shown


def dialect_of(head: bytes, *, suffix: str = ".csv", encoding: str = "") -> Dialect | None:
    """Return the dialect of a CSV that begins so; None where it is not text."""
    said = encoding_of(head)
    if not said:
        return None
    encoding = encoding or ("utf-16" if said == "utf-16" else "latin-1" if "latin" in said else "utf-8")
    text = head.decode("utf-8-sig" if encoding == "utf-8" else encoding, errors="replace")
    if len(head) >= HEAD:  # the last record may be cut
        text = text[: text.rfind("\n") + 1] or text
    escape = "\\" if '\\"' in text else '"'
    found = [
        (*_evenness(records), -place, delimiter, records)
        for place, delimiter in enumerate(_delimiters(suffix))
        if (records := _records(text, delimiter, escape))
    ]
    if not found:
        return Dialect(",", '"', encoding, False, "BOM" in said, (), True)
    *_, delimiter, records = max(found, key=lambda one: one[:3])
    width = Counter(map(len, records)).most_common(1)[0][0]
    first = records[0]
    has_header = len(first) == width and _is_header(first, records[1:])
    names = (
        [name.strip() for name in first] if has_header else [f"column{place + 1}" for place in range(width)]
    )
    return Dialect(delimiter, escape, encoding, has_header, "BOM" in said, tuple(_apart(names)), False)


def _delimiters(suffix: str) -> str:
    own = {".tsv": "\t", ".tab": "\t", ".psv": "|"}.get(suffix, "")
    return own + _DELIMITERS.replace(own, "") if own else _DELIMITERS


def _records(text: str, delimiter: str, escape: str) -> list[list[str]]:
    reader = csv.reader(
        text.splitlines(keepends=True),
        delimiter=delimiter,
        doublequote=escape == '"',
        escapechar=None if escape == '"' else escape,
    )
    records: list[list[str]] = []
    try:
        for record in islice(reader, RECORDS):
            if record:
                records.append(record)
    except csv.Error:  # a field that never ends: what was read before it will do
        return records
    return records


def _evenness(records: list[list[str]]) -> tuple[float, int]:
    """Return how many of the records have the usual width, where that is more than one column; then the width."""
    width, held = Counter(map(len, records)).most_common(1)[0]
    return (held / len(records) if width > 1 else 0.0, width)


def _is_header(first: list[str], others: list[list[str]]) -> bool:
    names = [name.strip() for name in first]
    if not all(names) or any(_NUMBER.fullmatch(name) for name in names):
        # Names such as 2019 stand over columns of text or numbers alike, so digits alone are never taken as names.
        return _is_repeated(names, others)
    return True


def _is_repeated(names: list[str], others: list[list[str]]) -> bool:
    """Tell whether a first record with empty or numeric cells still is a header: most cells are words over numbers."""
    over = [
        (name, [row[place] for row in others[:50] if place < len(row)]) for place, name in enumerate(names)
    ]
    words = sum(
        bool(name)
        and not _NUMBER.fullmatch(name)
        and bool(cells)
        and all(_NUMBER.fullmatch(cell.strip()) for cell in cells if cell)
        for name, cells in over
    )
    return words * 2 > len(names)


def _apart(names: list[str]) -> list[str]:
    """Return names of which no two are the same: `a`, `a (2)`."""
    taken: set[str] = set()
    apart = []
    for name in names:
        number, other = 1, name
        while other in taken:
            number += 1
            other = f"{name} ({number})"
        taken.add(other)
        apart.append(other)
    return apart
