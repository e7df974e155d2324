"""What `record.sql(…)` returns: the answer of a query, as an Arrow table that everybody can take.

Always true: it is of the moment at which it was asked, and held in memory; times are in UTC.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from gnomon.errors import MissingExtraError
from gnomon.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gnomon.runs.views import Record

SHOWN_ROWS = 50
COUNTED_AT_MOST = 1_000_000


def sql(
    record: Record,
    text: str,
    parameters: Sequence[object] | Mapping[str, object] | None = None,
    *,
    timeout_s: float = 60.0,
    with_removed: bool = False,
) -> Answer:
    """Return the answer of a query. See `Record.sql`."""
    from arro3.core import Table

    from gnomon.runs.sql.engine import ask

    question = ask(record, text, parameters, timeout_s=timeout_s, with_removed=with_removed)
    return Answer(question.answer(Table.from_arrow))


class Answer:
    """Rows and columns. Arrow to whoever asks (`__arrow_c_stream__`): pandas, Polars, DuckDB and pyarrow take it in one call."""

    def __init__(self, table: Any) -> None:
        self._table = table

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def __iter__(self) -> Iterator[dict[str, object]]:
        for batch in self._table.to_batches():
            yield from rows_of(batch)

    def __repr__(self) -> str:
        return f"<Answer of {len(self):,} rows × {len(self.columns)} columns: {clean(', '.join(self.columns[:8]))}>"

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return list(self._table.schema.names)

    def column(self, name: str) -> list[object]:
        """Return one column as a list."""
        return [row[name] for row in self]

    def to_pylist(self) -> list[dict[str, object]]:
        """Return one dict a row."""
        return list(self)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)

    def to_arrow(self) -> object:
        """Return an Arrow table (arro3)."""
        return self._table

    def to_pandas(self) -> object:
        """Return a pandas DataFrame. Raises MissingExtraError without pandas."""
        try:
            import pandas
        except ImportError as error:
            raise MissingExtraError("`to_pandas()` needs pandas", hint="pip install pandas") from error
        if hasattr(pandas.DataFrame, "from_arrow"):
            try:
                return pandas.DataFrame.from_arrow(self)
            except ImportError:  # it needs pyarrow
                pass
        return pandas.DataFrame(self.to_pylist(), columns=self.columns)

    def to_polars(self) -> object:
        """Return a Polars DataFrame. Raises MissingExtraError without Polars."""
        try:
            import polars
        except ImportError as error:
            raise MissingExtraError("`to_polars()` needs Polars", hint="pip install polars") from error
        return polars.DataFrame(self)

    def _repr_html_(self) -> str:
        from html import escape
        from itertools import islice

        head = "".join(f"<th>{escape(clean(name))}</th>" for name in self.columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(_shown(row[name]))}</td>" for name in self.columns) + "</tr>"
            for row in islice(self, SHOWN_ROWS)
        )
        more = f"<p>{SHOWN_ROWS} of {len(self):,} rows</p>" if len(self) > SHOWN_ROWS else ""
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def rows_of(batch: Any) -> Iterator[dict[str, object]]:
    """Yield one dict for each row of an Arrow batch."""
    names = batch.schema.names
    cells = [[_cell(value) for value in batch.column(place).to_pylist()] for place in range(len(names))]
    for row in zip(*cells, strict=True):
        yield dict(zip(names, row, strict=True))


def plain_rows(batch: Any) -> Iterator[dict[str, object]]:
    """Yield one dict for each row with what JSON and CSV can say: moments as ISO 8601, bytes as hex."""
    for row in rows_of(batch):
        yield {name: plain(value) for name, value in row.items()}


def plain(value: object) -> object:
    """Return a value as JSON and CSV can say it."""
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, (date, time)):  # a datetime is a date
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value.hex() if isinstance(value, bytes) else str(plain(value))


# --- the first rows, for people


def first_rows(answer: Any, limit: int | None) -> tuple[list[str], list[dict[str, object]], int, bool]:
    """Return (columns, the first rows, how many there are, whether that is all): it stops counting at a million."""
    from gnomon.runs.sql.engine import batches_of

    rows: list[dict[str, object]] = []
    total = 0
    for batch in batches_of(answer):
        wanted = batch.num_rows if limit is None else min(batch.num_rows, limit - len(rows))
        if wanted > 0:
            rows += rows_of(batch.slice(0, wanted))
        total += batch.num_rows
        if limit is not None and total > max(COUNTED_AT_MOST, limit):
            return list(answer.columns), rows, COUNTED_AT_MOST, False
    return list(answer.columns), rows, total, True


def flattened(columns: list[str], rows: list[dict[str, object]]) -> tuple[list[str], list[dict[str, object]]]:
    """Return a table in which the fields of a STRUCT are columns of their own: `params.lr`."""
    found: list[str] = []
    flat: list[dict[str, object]] = [{} for _ in rows]
    for name in columns:
        cells = [row[name] for row in rows]
        if not any(isinstance(cell, dict) for cell in cells):
            found.append(name)
            for row, cell in zip(flat, cells, strict=True):
                row[name] = cell
            continue
        fields = dict.fromkeys(field for cell in cells if isinstance(cell, dict) for field in cell)
        inner = [cell if isinstance(cell, dict) else {} for cell in cells]
        keys, parts = flattened(
            list(fields), [{field: cell.get(field) for field in fields} for cell in inner]
        )
        found += [f"{name}.{key}" for key in keys]
        for row, part in zip(flat, parts, strict=True):
            row.update({f"{name}.{key}": cell for key, cell in part.items()})
    return found, flat


def _cell(value: object) -> object:
    """Return a value; a whole number that came as a decimal (a sum) as a whole number."""
    return int(value) if isinstance(value, Decimal) and value.as_tuple().exponent == 0 else value


def _shown(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else clean(str(plain(value)))
