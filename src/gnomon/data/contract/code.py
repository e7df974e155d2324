"""Contracts that are code: a schema of pandera's in a Python file, `contract.py:schema`, which a person names.

Such a file is run with the rights of whoever names it, like any program of theirs. It is never taken from a record.
pandera gets the rows in parts of `PART_ROWS`, so that memory stays bounded; a check that looks at all rows at once sees one
part at a time, and the verdict says in how many it was. What a schema says of uniqueness is counted over all rows.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

from gnomon.data.contract.verdict import FAIL, MOST_ROWS, PASS, UNKNOWN, Outcome, Verdict
from gnomon.errors import BadArgumentError, MissingExtraError, MissingFileError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gnomon.data.profile.engine import Engine
    from gnomon.data.profile.source import Source

PART_ROWS, BATCH_ROWS = 250_000, 50_000


def is_code(text: str) -> bool:
    """Return whether a contract is named as code.

    >>> is_code("contract.py:schema"), is_code("contract.py"), is_code("credit.contract.toml")
    (True, True, False)
    """
    return text.endswith(".py") or ".py:" in text


def load(text: str) -> tuple[bytes, Any]:
    """Run the file and return its bytes and the schema. Raises MissingFileError, BadArgumentError, MissingExtraError."""
    path, _, name = text.partition(".py:") if ".py:" in text else (text.removesuffix(".py"), "", "schema")
    path = f"{path}.py"
    try:
        with open(path, "rb") as file:
            data = file.read()
    except FileNotFoundError:
        raise MissingFileError(f"there is no contract `{path}`") from None
    try:
        import pandera  # noqa: F401
    except ImportError:
        raise MissingExtraError(
            f"running `{text}` needs the library `pandera`", hint="`pip install 'gnomon[contracts]'`"
        ) from None
    spec = importlib.util.spec_from_file_location("gnomon_contract", path)
    assert spec is not None and spec.loader is not None  # it ends in .py  # noqa: S101
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # a person's own file may raise anything; the message names it
        raise BadArgumentError(f"`{path}` fails when it is run: {type(error).__name__}: {error}") from error
    finally:
        sys.path.pop(0)
    found = getattr(module, name, None)
    if isinstance(found, type) and hasattr(found, "to_schema"):
        found = found.to_schema()
    if not hasattr(found, "validate") or not hasattr(found, "columns"):
        near = [
            key
            for key, value in vars(module).items()
            if hasattr(value, "validate") and hasattr(value, "columns")
        ]
        raise BadArgumentError(
            f"`{path}` has no schema of pandera's called `{name}`",
            hint=f"it has {', '.join(f'`{key}`' for key in near)}"
            if near
            else "for instance `schema = pa.DataFrameSchema({…})`",
        )
    return data, found


def check(path: str, schema: Any) -> Verdict:
    """Return the verdict of a schema on the one table at `path`. Raises BadArgumentError, DamagedFileError."""
    import duckdb

    from gnomon.data.contract.count import said_of, table_of
    from gnomon.data.profile.engine import engine
    from gnomon.data.profile.source import source_of

    kind, paths = table_of(path, None)
    try:
        with engine() as opened:
            source = source_of(opened, paths, kind)
            return _checked(opened, source, paths, schema)
    except duckdb.Error as error:
        raise said_of(error, paths[0]) from None


def _checked(opened: Engine, source: Source, paths: list[Path], schema: Any) -> Verdict:
    is_polars = type(schema).__module__.startswith("pandera.api.polars")
    per_part, alone = _without_uniqueness(schema)
    counts: Counter[tuple[str | None, str]] = Counter()
    rows: dict[tuple[str | None, str], list[int]] = {}
    whole: dict[tuple[str | None, str], str] = {}
    total = parts = 0
    for part in _parts(opened, source):
        frame = _frame(part, is_polars=is_polars)
        for key, failing, places, note in _failures(per_part, frame, is_polars=is_polars):
            counts[key] += failing
            held = rows.setdefault(key, [])
            held += [total + place + 1 for place in places][: MOST_ROWS - len(held)]
            if note:
                whole[key] = note
        total += part.num_rows
        parts += 1
    outcomes = [
        Outcome(what, column, FAIL if not whole.get((column, what), "").startswith("?") else UNKNOWN, failing,
                tuple(map(str, rows[column, what])), whole.get((column, what), "").lstrip("?"))
        for (column, what), failing in counts.items()
    ]  # fmt: skip
    told = {(one.column, one.what) for one in outcomes}
    # A schema that failed as a whole was met with no row: nothing else of it can be told.
    rest = UNKNOWN if any(one.outcome == UNKNOWN for one in outcomes) else PASS
    outcomes += [
        Outcome(what, column, rest) for column, what in _expected(per_part) if (column, what) not in told
    ]
    outcomes += _unique_of(opened, source, paths, alone)
    notes = (
        [f"checked in {parts:,} parts: a check that looks at all rows at once saw one part"]
        if parts > 1
        else []
    )
    return Verdict(total, tuple(outcomes), tuple(notes))


def _without_uniqueness(schema: Any) -> tuple[Any, list[tuple[str, ...]]]:
    """Return a schema for one part of the rows, and the columns that must be unique over all of them."""
    from copy import deepcopy

    copy = deepcopy(schema)
    alone: list[tuple[str, ...]] = []
    for name, column in copy.columns.items():
        if column.unique:
            alone.append((name,))
            column.unique = False
    if copy.unique:
        alone.append(tuple([copy.unique] if isinstance(copy.unique, str) else copy.unique))
        copy.unique = None
    return copy, alone


def _parts(opened: Engine, source: Source) -> Iterator[Any]:
    """Yield the rows as Arrow tables, in order, columns of a CSV in the type that all of their values have."""
    from arro3.core import RecordBatchReader, Table

    from gnomon.data.contract.typed import typed_columns
    from gnomon.data.profile.engine import identifier

    opened.rows("SET preserve_insertion_order = true")
    wanted = ", ".join(
        f"{column} AS {identifier(name)}"
        for column, name in zip(typed_columns(opened, source), source.names, strict=True)
    )
    relation = opened.connection.sql(f"SELECT {wanted} FROM {source.relation}")
    reader = RecordBatchReader.from_stream(relation.to_arrow_reader(BATCH_ROWS))
    held: list[Any] = []
    for batch in reader:
        held.append(batch)
        if sum(one.num_rows for one in held) >= PART_ROWS:
            yield Table.from_batches(held, schema=reader.schema)
            held = []
    if held:
        yield Table.from_batches(held, schema=reader.schema)


def _frame(part: Any, *, is_polars: bool) -> Any:
    if is_polars:
        import polars

        return polars.DataFrame(part)
    try:
        import pyarrow
    except ImportError:
        raise MissingExtraError(
            "giving rows to pandera needs the library `pyarrow`", hint="`pip install 'gnomon[contracts]'`"
        ) from None
    return pyarrow.table(part).to_pandas()


def _failures(
    schema: Any, frame: Any, *, is_polars: bool
) -> Iterator[tuple[tuple[str | None, str], int, list[int], str]]:
    """Yield what a part breaks: (column, check), how many rows, the places of some, and a note."""
    from pandera.errors import SchemaError, SchemaErrors

    try:
        schema.validate(frame, lazy=True)
    except SchemaErrors as found:
        cases = found.failure_cases
        table = cases.to_dicts() if is_polars else cases.to_dict("records")
        by_key: dict[tuple[str | None, str], list[Any]] = {}
        for case in table:
            is_of_column = case["schema_context"] == "Column" and isinstance(case["column"], str)
            column = case["column"] if is_of_column else None
            by_key.setdefault((column, _what(column, case)), []).append(case["index"])
        for key, places in by_key.items():
            told = {int(place) for place in places if place is not None and place == place}  # not NaN
            yield (
                key,
                len(told),
                sorted(told)[:MOST_ROWS],
                "" if told else "of the whole column, or of all rows",
            )
    except SchemaError as error:
        yield (None, "the schema"), 0, [], f"?{type(error).__name__}"
    except Exception as error:  # noqa: BLE001 - a person's own code may raise anything; its text may hold values
        yield (None, "the schema"), 0, [], f"?it fails with {type(error).__name__}"


def _what(column: str | None, case: dict[str, Any]) -> str:
    """Return a check as reports show it. pandera gives values of the data as a check's name where a column is missing."""
    check = str(case["check"])
    if check == "column_in_dataframe":
        return f"there is a column `{case['failure_case']}`"
    if check == "column_in_schema":
        return "there are no other columns"
    return f"`{column}` {check}" if column is not None else check


def _expected(schema: Any) -> Iterator[tuple[str | None, str]]:
    for name, column in schema.columns.items():
        if column.dtype is not None:
            yield name, f"`{name}` dtype('{column.dtype}')"
        if not column.nullable:
            yield name, f"`{name}` not_nullable"
        for check in column.checks:
            yield name, f"`{name}` {check.error or check.name}"
    for check in schema.checks or ():
        yield None, str(check.error or check.name)


def _unique_of(
    opened: Engine, source: Source, paths: list[Path], alone: list[tuple[str, ...]]
) -> Iterator[Outcome]:
    from gnomon.data.contract.conditions import cell_of
    from gnomon.data.contract.count import unique

    cells = {
        name: cell_of(place, stored, is_text=source.is_text)
        for place, (name, stored) in enumerate(zip(source.names, source.types, strict=True))
    }
    for names in alone:
        yield unique(opened, source, paths, cells, names)
