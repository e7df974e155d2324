"""Columns of many runs for pictures of all of them: which runs, which columns there are, and their numbers for our script.

`/compare/columns` answers with a JSON header and arrays, so that 10,000 runs × 10 columns are read without parsing. Its layout,
little-endian: the header's length (4 bytes), the header, zeros up to a multiple of 8, then the arrays that it names. A column is
numbers (float32 where that loses nothing, else float64; NaN for none) or codes of its labels (uint16; 65535 for none).

Always true: at most `MOST` runs and `MOST_COLUMNS` columns, the newest runs unless sorted otherwise; the rest is counted.
"""

from __future__ import annotations

import json
import math
import sys
from array import array
from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import BadArgumentError
from gnomon.page import Binary
from gnomon.runs.columns import by_use
from gnomon.runs.groups.configuration import is_seed_like
from gnomon.runs.groups.spread import Spread
from gnomon.runs.importance.bins import OWN_VALUES, binned, is_own_text
from gnomon.runs.pages.chosen import chosen
from gnomon.runs.table import TIMES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gnomon.page import Ask
    from gnomon.runs.table import RunTable
    from gnomon.runs.views import Record

MOST = 10_000
MOST_COLUMNS = 24
MOST_SHOWN = 100  # rows of the table below a picture
MOST_AXES = 7  # that are shown unless asked for, beside the metric
_LOOKED_AT = 500  # runs that say which columns are useful
_OF_RUNS = ("seed", "status", "group", "author", "duration", "created")
_NONE = 65_535


class Many(NamedTuple):
    """Runs and some of their columns. `query` is what says which runs in an address; `where` what may be filtered further."""

    table: RunTable
    query: Mapping[str, object]
    where: str
    is_named: bool

    @property
    def is_cut(self) -> bool:
        """Whether there are more runs than these."""
        return len(self.table) < self.table.total


def many(ask: Ask, columns: Sequence[str], limit: int = MOST) -> Many:
    """Return the runs that the address chooses, all of the record unless it does, with these columns.

    Raises BadExpressionError, UnknownSubjectError, AmbiguousIdError, BadArgumentError.
    """
    _check_count([key for key in columns if key not in ("id", "name")])
    where, sort = ask.query.text("where"), ask.query.all("sort")
    if ask.query.listed("run"):
        found = chosen(ask, limit)
        return Many(ask.record.table_of(found.ids, columns), found.query, "", is_named=True)
    table = ask.record.runs(where or None, columns=list(columns), sort=sort or None, limit=limit)
    return Many(table, {"where": where, "sort": sort}, where, is_named=False)


def _check_count(columns: Sequence[str]) -> None:
    if len(columns) > MOST_COLUMNS:
        raise BadArgumentError(f"a picture may have at most {MOST_COLUMNS} columns; got {len(columns):,}")


def column_names(record: Record) -> list[str]:
    """Return the columns that an axis may have: parameters, data, metrics, and what else tells runs apart."""
    keys = record.column_keys()
    return [key for key in keys if key.startswith(("params.", "data.", "metrics."))] + list(_OF_RUNS)


class Useful(NamedTuple):
    """The columns that tell some runs apart: parameters, the best first, and metrics, the most useful first."""

    params: list[str]
    metrics: list[str]


def useful(ask: Ask) -> Useful:
    """Return the columns worth an axis, by the newest of the chosen runs."""
    names = [key for key in column_names(ask.record) if key not in _OF_RUNS]
    ask.record.replica.update()
    ids = many(ask, ["id"], _LOOKED_AT).table.ids
    table = ask.record.table_of(ids, names)
    scores = {}
    for key in names:
        if not key.startswith("metrics.") and not is_seed_like(key.partition(".")[2]):
            score = _use(table.column(key))
            if score > 0:
                scores[key] = score
    counts = {
        key: sum(value is not None for value in table.column(key))
        for key in names
        if key.startswith("metrics.")
    }
    metrics = by_use([key for key, count in counts.items() if count], counts)
    return Useful(sorted(scores, key=lambda key: (-scores[key], key)), metrics)


def _use(values: Sequence[object]) -> float:
    """Return how much a parameter tells apart: the entropy of its classes, times how many runs have it; 0 for nothing."""
    given = [value for value in values if value is not None]
    if len({repr(value) for value in given}) < 2 or is_own_text(values):
        return 0.0
    found = binned(values)
    if found.why == OWN_VALUES:
        return 0.0
    if found.why:
        return 0.01 * len(given) / len(values)
    counts = [found.codes.count(code) / found.n for code in range(len(found.labels))]
    entropy = -sum(part * math.log(part) for part in counts if part)
    return entropy * len(given) / len(values)


def split_unknown(asked: Sequence[str], table: RunTable) -> tuple[list[str], list[str]]:
    """Return the columns that some run of the record has, and the others."""
    return [key for key in asked if key not in table.unknown], [key for key in asked if key in table.unknown]


# ---------------------------------------------------------------- for our script


def columns(ask: Ask) -> Binary:
    """Answer with columns of the chosen runs; with `groups=1`, of their groups of seeds (means, and `KEY.spread`)."""
    asked = ask.query.listed("columns")
    if ask.query.flag("groups"):
        return _of_groups(ask, asked)
    found = many(ask, list(dict.fromkeys(["name", *asked])))
    cells = {key: found.table.column(key) for key in asked}
    header = {"total": found.table.total, "names": list(map(_name, found.table.column("name")))}
    return packed(header, found.table.ids, cells)


def _of_groups(ask: Ask, asked: Sequence[str]) -> Binary:
    _check_count(asked)
    where = ask.query.text("where")
    if ask.query.listed("run"):
        ids = ", ".join(f"'{run}'" for run in chosen(ask, MOST).ids)
        where = f"id in ({ids})"
    table = ask.record.groups(where or None, columns=["name", "n", *asked], limit=MOST)
    cells: dict[str, Sequence[object]] = {}
    for key in asked:
        column = table.column(key)
        if any(isinstance(cell, Spread) for cell in column):
            cells[key] = [cell.honest_mean if isinstance(cell, Spread) else None for cell in column]
            cells[f"{key}.spread"] = [cell.spread if isinstance(cell, Spread) else None for cell in column]
        else:
            cells[key] = column
    header = {
        "total": table.total, "names": [group.name for group in table], "seeds": table.column("n"),
        "members": [len(group) for group in table],
    }  # fmt: skip
    return packed(header, [run for group in table for run in group.runs], cells)


def _name(value: object) -> str:
    return value if isinstance(value, str) else ""


def packed(header: Mapping[str, object], ids: Sequence[str], cells: Mapping[str, Sequence[object]]) -> Binary:
    """Return columns as the module says; `ids` are whole ids of runs, ten bytes each."""
    arrays = [bytes.fromhex("".join(ids))]
    described: list[dict[str, object]] = []
    for key, values in cells.items():
        one, data = _column(key, values)
        described.append(one)
        arrays.append(data)
    parts, at = [], 0
    places = []
    for data in arrays:
        padding = -len(data) % 8
        parts += [data, bytes(padding)]
        places.append(at)
        at += len(data) + padding
    for one, place in zip(described, places[1:], strict=True):
        one["at"] = place
    text = json.dumps(
        {**header, "ids": len(ids), "columns": described}, separators=(",", ":"), ensure_ascii=False
    )
    head = text.encode("utf-8", "replace")
    return Binary([len(head).to_bytes(4, "little"), head, bytes(-(4 + len(head)) % 8), *parts])


def _column(key: str, values: Sequence[object]) -> tuple[dict[str, object], bytes]:
    """Return what the header says of a column, and its array."""
    if set(map(type, values)) <= {int, float, type(None)}:
        numbers = _numbers(values)
        nan = [at for at, value in enumerate(numbers) if value != value and values[at] is not None]
        filled = [0.0 if value != value else value for value in numbers]
        is_short = array("f", filled).tolist() == filled
        kind = "time" if key in TIMES else "number"
        described: dict[str, object] = {
            "key": key,
            "kind": kind,
            "type": "f4" if is_short else "f8",
            "nan": nan,
        }
        return described, _bytes(array("f" if is_short else "d", numbers))
    cells = [
        None if value is None else value if type(value) in (str, bool) else _label(value) for value in values
    ]
    found = {cell for cell in cells if cell is not None}
    labels = sorted(found, key=lambda one: (str(type(one)), one))[:_NONE]
    codes = {label: code for code, label in enumerate(labels)}
    described = {"key": key, "kind": "category", "type": "u2", "labels": labels}
    return described, _bytes(
        array("H", [_NONE if cell is None else codes.get(cell, _NONE) for cell in cells])
    )


def _bytes(values: array[int] | array[float]) -> bytes:
    """Return an array, little-endian."""
    if sys.byteorder == "big":
        values.byteswap()
    return values.tobytes()


def _numbers(values: Sequence[object]) -> list[float]:
    try:
        return [math.nan if value is None else float(value) for value in values]  # type: ignore[arg-type]
    except OverflowError:  # a whole number beyond all floats
        return [_number(value) for value in values]


def _number(value: object) -> float:
    if not isinstance(value, (int, float)):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _label(value: object) -> str | bool | float:
    if isinstance(value, (bool, str, int)):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
