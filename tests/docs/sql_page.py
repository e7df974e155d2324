"""The reference page of SQL: `python -m tests.docs.sql_page > docs/reference/sql.md`.

The tables are those of the code (`runs.sql.schema`), which `gnomon sql --schema` prints too.
"""

from __future__ import annotations

from gnomon.runs.sql.schema import TABLES, Table

INTRODUCTION = """\
<!-- Made from the code: `make docs`. Do not edit. -->
# SQL

What `gnomon sql` and `gnomon.open().sql(…)` can ask. [Ask with SQL](../how-to/ask-with-sql.md) shows how.

The dialect is [DuckDB's](https://duckdb.org/docs/stable/sql/introduction).
One query is one SELECT; WITH, VALUES, FROM, DESCRIBE, SUMMARIZE, SHOW TABLES and EXPLAIN may be used too.
These tables and columns stay: others may be added, none is taken away, renamed or given another type.

## Rules

- **Fields.** A STRUCT column has a field for each name that the record has: `params.lr`, `metrics.loss`.
  A nested parameter is written as it was given, `params.model.depth`, or as one name, `params."model.depth"`.
  Names with other characters are quoted: `metrics."loss/train"`.
  Of names that differ in case only, a STRUCT has one; of a name that is both a value and a group, the group.
  The tables `params` and `metrics` have all.
- **Types.** A parameter is BOOLEAN, BIGINT or DOUBLE where all runs give it so, else VARCHAR:
  `try_cast(params.x as double)` makes a number of it.
  Metrics are DOUBLE; of a whole number that a float cannot hold that is the nearest, and `points.exact` has all digits.
- **NaN and infinity** are values, and NULL is what is missing. In JSON, which has neither, they are the texts `"NaN"`,
  `"Infinity"` and `"-Infinity"`; in CSV `nan`, `inf` and `-inf`.
- **Times** are TIMESTAMP WITH TIME ZONE, and days begin at midnight UTC: `created > now() - interval 7 day`.
- **Hidden runs** (`gnomon rm`) are in no table but `entries`, unless `--with-removed` asks for them.
- **Only what a query names is read.** `select *` reads all columns but those marked with * below, which are there
  when a query names them.
- **Not available**: PIVOT without `in (…)`, functions that read files or the environment, settings, extensions.

## Limits

A query can only ask.
It cannot write, attach, load, change a setting, or read any file but the sealed points of this record.
It is stopped after 60 seconds (`--timeout`, `timeout_s=`), at Ctrl-C, and when it wants more memory than half of what
the machine has free. It writes nothing to the disk to get by with less.

The command has a hard limit of memory on Linux, and ends within half a second of the limit whatever the query is.

In Python, in your own process, the call itself returns within half a second of the limit. But a single function over a huge
text (`repeat('x', 3000000000)`) heeds no interrupt: it may pass the limit of memory for a moment, and goes on in a thread of
its own until it is through. A process that ends meanwhile waits up to 5 seconds for it. If it is at work even then, DuckDB
writes `nanobind: leaked …` to stderr as Python ends; nothing is lost by that.

## Tables

"""


def page() -> str:
    """Return docs/reference/sql.md."""
    return INTRODUCTION + "\n".join(map(_section, TABLES.values()))


def _section(table: Table) -> str:
    lines = [
        f"### {table.name}",
        "",
        f"{table.meaning[0].upper()}{table.meaning[1:]}.",
        "",
        "| column | type | meaning |",
        "|---|---|---|",
    ]
    for column in table.columns:
        mark = r" \*" if column.by_name else ""
        lines.append(f"| `{column.name}`{mark} | {column.type} | {column.meaning} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(page(), end="")
