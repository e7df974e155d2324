"""Rows of two tables as hashes of 64 bits, side by side in one engine: what equal rows are counted by.

Each table is hashed where it is and streamed as three numbers a row, so nothing as wide as the tables is held, and what does
not fit into memory goes to files. Values that are equal have equal hashes in both tables, whatever their types: 1 and 1.0, a
missing number and NaN, a date and its midnight.

Always true: equal rows are counted as equal. Two different ones are taken as equal with a chance of 2⁻⁶⁴ for each pair: one in
eighteen million for two tables of a million rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.checks.rows import Rows
    from gnomon.data.profile.engine import Engine

AT_ONCE = 100  # columns in one call of `hash`
MOST_TRANSLATED = 500  # columns whose NaN are read as missing: each makes the statement slower for all others
_WHOLE = (
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
    "UHUGEINT",
)
_FLOATS = ("FLOAT", "DOUBLE")
_NUMBERS = (*_WHOLE, *_FLOATS, "BOOLEAN", "DECIMAL")
_MOMENTS = ("DATE", "TIMESTAMP")


class Sides(NamedTuple):
    """Two tables, each in an engine of its own; the type of each column there, and which columns hold NaN in either."""

    train: Rows
    test: Rows
    types: tuple[dict[str, str], dict[str, str]]
    with_nan: frozenset[str]


@contextmanager
def in_engines(train: Rows, test: Rows) -> Iterator[Sides]:
    """Give both tables as relations of DuckDB; what is a lazy table of another engine is brought here for it."""
    from gnomon.checks.rows import rows_of

    with rows_of(_here(train)) as one, rows_of(_here(test)) as two:
        types = (_types(one), _types(two))
        found = [_with_nan(rows, kinds) for rows, kinds in zip((one, two), types, strict=True)]
        yield Sides(one, two, types, frozenset(name for names in found for name in names))


def _here(rows: Rows) -> Any:
    import narwhals as nw

    return rows if rows.engine is not None else nw.to_native(rows.frame.collect())


def _types(rows: Rows) -> dict[str, str]:
    import narwhals as nw

    relation = nw.to_native(rows.frame)
    return {name: str(kind) for name, kind in zip(relation.columns, relation.types, strict=True)}


def _with_nan(rows: Rows, types: dict[str, str]) -> list[str]:
    """Return the columns that hold NaN: many are asked about together first."""
    names = [name for name, kind in types.items() if kind in _FLOATS]
    parts = [names[at : at + AT_ONCE] for at in range(0, len(names), AT_ONCE)]
    for wanted in (parts, None):
        parts = parts if wanted is not None else [[name] for part in parts for name in part]
        parts = [part for part, has in zip(parts, _have_nan(rows, parts), strict=True) if has]
    return [name for (name,) in parts]


def _have_nan(rows: Rows, parts: Sequence[Sequence[str]]) -> Sequence[Any]:
    import narwhals as nw

    from gnomon.data.profile.engine import identifier

    if not parts:
        return ()
    asked = (" OR ".join(f"isnan({identifier(name)})" for name in part) for part in parts)
    found: Sequence[Any] = (
        nw.to_native(rows.frame).aggregate(", ".join(f"bool_or({one})" for one in asked)).fetchall()[0]
    )
    return found


def common(name: str, sides: Sides) -> str:
    """Return a column as SQL, of a type that both tables can have."""
    from gnomon.data.profile.engine import identifier

    column = identifier(name)
    one, two = (_kind(types[name]) for types in sides.types)
    if one in _WHOLE and two in _WHOLE:
        return column if one == two else f"CAST({column} AS HUGEINT)"
    if one in _NUMBERS and two in _NUMBERS and {one, two} != {"BOOLEAN"}:
        number = column if one == two == "DOUBLE" else f"CAST({column} AS DOUBLE)"
        is_translated = name in sides.with_nan and len(sides.with_nan) <= MOST_TRANSLATED
        return f"CASE WHEN NOT isnan({number}) THEN {number} END" if is_translated else number
    if one == two:
        return column
    if one.startswith(_MOMENTS) and two.startswith(_MOMENTS):
        return f"CAST({column} AS TIMESTAMP)"
    return f"CAST({column} AS VARCHAR)"


def is_nested(kind: str) -> bool:
    """Return whether a column of this type holds lists or records."""
    return kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION"))


def moment(name: str, sides: Sides) -> str:
    """Return a column as SQL that has an order in both tables: as it is, or a text as a time where it is one."""
    kinds = [_kind(types[name]) for types in sides.types]
    if all(kind == "VARCHAR" or kind.startswith(_MOMENTS) for kind in kinds) and kinds[0] != kinds[1]:
        from gnomon.data.profile.engine import identifier

        return f"TRY_CAST({identifier(name)} AS TIMESTAMP)"
    return common(name, sides)


def _kind(kind: str) -> str:
    return "DECIMAL" if kind.startswith("DECIMAL") else kind


def hash_of(columns: Sequence[str]) -> str:
    """Return SQL that hashes columns given as SQL; of many, the hashes of parts."""
    if not columns:
        return "CAST(0 AS UBIGINT)"
    parts = [f"hash({', '.join(columns[at : at + AT_ONCE])}, 0)" for at in range(0, len(columns), AT_ONCE)]
    return parts[0] if len(parts) == 1 else hash_of(parts)


def gather(
    into: Engine, name: str, rows: Rows, chosen: dict[str, str], then: str = "*", *, is_distinct: bool = False
) -> None:
    """Make a table of another engine from SQL over a table: one column for each of `chosen`, and of those what `then` says."""
    import narwhals as nw
    from arro3.core import RecordBatchReader

    relation = nw.to_native(rows.frame).project(
        ", ".join(f"{sql} AS {alias}" for alias, sql in chosen.items())
    )
    relation = relation.project(then)
    if is_distinct:
        relation = relation.distinct()
    # Through arro3: DuckDB's own reader wants pyarrow.
    into.connection.from_arrow(RecordBatchReader.from_stream(relation)).create(name)
