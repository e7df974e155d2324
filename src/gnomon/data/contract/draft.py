"""A contract that the data of today meets, drafted from a profile: what a person then loosens or tightens.

Always true: it holds no value that the profile withholds, and it is read back as a contract.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from gnomon.errors import BadArgumentError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gnomon.data.profile.profile import Column, Profile, Table

FEWEST_UNIQUE = 30  # of a few rows, every value may be another by chance
MOST_VALUES = 20  # a column with at most so many different ones is drafted as a list
_DTYPES = {
    "integer": "int64", "float": "float64", "bool": "bool", "text": "str", "date": "date", "timestamp": "datetime64[ns]",
    "time": "time", "binary": "bytes",
}  # fmt: skip
_HEAD = """\
# What `{name}` must be: drafted from {label}, which meets it. Loosen what may change, tighten what must not.
# `gnomon data add … --contract {file}` checks it, and by itself where it lies beside the data.
contract = 1
"""


def draft(profile: Profile, *, name: str, label: str, file: str | None = None) -> str:
    """Return the TOML of a contract. Raises BadArgumentError where the profile has no table, or several and `file` names none."""
    table = _table(profile, label, file)
    lines = [_HEAD.format(name=name, label=label, file=f"{name}.contract.toml")]
    if len(profile.tables) > 1:
        lines.append(f"file = {_text(table.name)}\n")
    lines.append(f"rows = {{ min = 1 }}  # {label} has {table.rows:,}\n")
    lines.append("strict = true  # no other columns\n")
    for column in table.columns:
        lines += ["\n", *_column(column, table)]
    return "".join(lines)


def _table(profile: Profile, label: str, file: str | None) -> Table:
    tables = [one for one in profile.tables if file is None or one.name == file]
    if len(tables) == 1:
        return tables[0]
    if not profile.tables:
        raise BadArgumentError(f"`{label}` holds no table that a contract could be about")
    names = ", ".join(f"`{one.name}`" for one in profile.tables)
    raise BadArgumentError(f"`{label}` holds several tables", hint=f"name one with `--file`: {names}")


def _column(column: Column, table: Table) -> Iterator[str]:
    yield f"[columns.{_text(column.name)}]\n"
    dtype = _DTYPES.get(column.type)
    if dtype is not None:
        yield f'dtype = "{dtype}"\n'
    missing = column.missing + column.nan
    if missing:
        yield f"nullable = true  # {missing:,} of {table.rows:,} are missing\n"
    if (
        column.distinct_is_exact
        and column.count >= FEWEST_UNIQUE
        and column.distinct == column.count
        and column.type in ("integer", "text")
    ):
        yield "unique = true\n"
    if column.type in ("text", "bool") and column.top_is_complete and 0 < len(column.top) <= MOST_VALUES:
        values = sorted(str(one.value) for one in column.top)
        if column.type == "text":
            yield f"isin = [{', '.join(map(_text, values))}]\n"
    elif column.type in ("integer", "float") and _is_number(column.min) and _is_number(column.max):
        yield f"in_range = {{ min_value = {column.min!r}, max_value = {column.max!r} }}  # as seen\n"


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1 << 62


def _text(value: str) -> str:
    """Return a text of TOML: that of JSON, which writes DEL otherwise."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
