"""Queries that people keep must go on working: tables and columns of SQL are added, never taken away or given another type.

`tests/golden/sql_schema.txt` holds the columns of every release. Where a column was added, add its line there.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import gnomon
from gnomon.runs.sql.schema import TABLES
from tests.docs.sql_page import page

GOLDEN = Path(__file__).parent / "sql_schema.txt"
ROOT = Path(__file__).parents[2]


def declared() -> list[str]:
    return [
        f"{table.name}.{column.name} {column.type}" for table in TABLES.values() for column in table.columns
    ]


def test_no_column_is_taken_away_renamed_or_given_another_type():
    missing = set(GOLDEN.read_text(encoding="utf-8").splitlines()) - set(declared())
    assert not missing, f"queries that people keep would break: {sorted(missing)}"


def test_every_column_is_pinned():
    assert GOLDEN.read_text(encoding="utf-8").splitlines() == declared(), (
        "add the new columns to sql_schema.txt"
    )


def test_the_page_of_the_tables_is_made_from_this_code():
    assert (ROOT / "docs/reference/sql.md").read_text(encoding="utf-8") == page(), (
        "the page is stale: run `make docs`"
    )


@pytest.mark.slow
def test_every_table_gives_the_columns_and_types_that_it_declares(project):
    """By names, since a table has only the columns that a query names."""
    with gnomon.run("a", params={"lr": 0.1}, seed=1, tags=["x"]) as run:
        run.log({"loss": 1.0}, step=0)
        run.note("n")
    record = gnomon.open()
    for table in TABLES.values():
        columns = [column for column in table.columns if column.type != "STRUCT"]
        names = ", ".join(f'{table.name}."{column.name}"' for column in columns)
        told = record.sql(f"describe select {names} from {table.name}").to_pylist()
        types = ", ".join(
            f'typeof({table.name}."{column.name}") as t{at}' for at, column in enumerate(columns)
        )
        rows = list(record.sql(f"select {types} from {table.name} limit 1"))
        for at, column in enumerate(columns):
            assert told[at]["column_type"].replace('"', "") == column.type, (table.name, column.name)
            assert all(row[f"t{at}"].replace('"', "") == column.type for row in rows), (
                table.name,
                column.name,
            )
