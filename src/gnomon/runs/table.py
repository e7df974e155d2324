"""A table of runs: what `gnomon.open().runs(...)` returns.

Always true: a cell is read only when it is asked for; the table is of the moment at which it was made. It is Arrow to
whoever asks (`__arrow_c_stream__`), so pandas and Polars take it in one call.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import repeat
from typing import TYPE_CHECKING

from gnomon.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

FIXED = ("id", "name", "status", "group", "seed", "tags", "author", "created", "ended", "duration", "parent")
TIMES = frozenset({"created", "ended"})
FIGURES = {"count": 0, "step": 2, "min": 3, "max": 4}  # places in a `stats.<series>` cell


class RunTable:
    """Runs, one row each. `columns` are keys such as `name`, `params.lr`, `metrics.loss`; `total` counts all that match,
    also those that `limit` left out; `unknown` are fields of the question that no run of the record has.
    """

    def __init__(
        self,
        ids: Sequence[str],
        columns: Sequence[str],
        read: Callable[[Sequence[str]], dict[str, list[object]]],
        *,
        total: int,
        unknown: Sequence[str] = (),
        read_first: Callable[[Sequence[str], int], dict[str, list[object]]] | None = None,
    ) -> None:
        self.ids = list(ids)
        self.columns = list(columns)
        self.total = total
        self.unknown = list(unknown)
        self._read = read
        self._read_first = read_first  # of the first runs only
        self._cells: dict[str, list[object]] | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[dict[str, object]]:
        return iter(self.to_pylist())

    def __repr__(self) -> str:
        of = f" of {self.total:,}" if self.total > len(self) else ""
        return f"<RunTable of {len(self):,}{of} runs × {len(self.columns):,} columns>"

    def head(self, count: int) -> RunTable:
        """Return the first so many runs, reading no others; `total` stays."""

        def read(keys: Sequence[str]) -> dict[str, list[object]]:
            if self._cells is None and self._read_first is not None:
                return self._read_first(keys, count)
            cells = self._table()
            return {key: cells[key][:count] for key in keys}

        return RunTable(self.ids[:count], self.columns, read, total=self.total, unknown=self.unknown)

    def select(self, columns: Sequence[str]) -> RunTable:
        """Return the same runs with other columns, reading no more than these."""
        return RunTable(
            self.ids, columns, self._read, total=self.total, unknown=self.unknown, read_first=self._read_first
        )

    @property
    def num_rows(self) -> int:
        """How many runs there are (as in pyarrow)."""
        return len(self)

    @property
    def column_names(self) -> list[str]:
        """The columns (as in pyarrow)."""
        return self.columns

    def column(self, key: str) -> list[object]:
        """Return one column as a list; times are seconds since 1970 UTC."""
        cells = self._table()[key]
        return [value / 1e6 if isinstance(value, int) else None for value in cells] if key in TIMES else cells

    def _table(self) -> dict[str, list[object]]:
        if self._cells is None:
            self._cells = self._read(self.columns)
        return self._cells

    def to_pylist(self) -> list[dict[str, object]]:
        """Return flat dicts, one for each run; what a run does not have is None, times are seconds since 1970 UTC."""
        return [dict(zip(self.columns, row, strict=True)) for row in self._rows(self.columns)]

    def records(self) -> list[dict[str, object]]:
        """Return nested dicts, one for each run, as `gnomon runs --json` prints them.

        `params`, `metrics` and the groups of further dotted columns (`code.commit`) hold what the run has; a column
        without a dot stands beside `id`, None where the run has none. Times are ISO 8601 in UTC.
        """
        plain = [key for key in FIXED if key in self.columns]
        plain += [key for key in dict.fromkeys(self.columns) if key not in FIXED and not self._group_of(key)]
        names = ["duration_s" if key == "duration" else key for key in plain]
        rows = self._rows(plain, dict.fromkeys(TIMES, iso_time))
        records: list[dict[str, object]] = [dict(zip(names, row, strict=True)) for row in rows]
        for group in dict.fromkeys(["params", "metrics", *filter(None, map(self._group_of, self.columns))]):
            keys = [key for key in dict.fromkeys(self.columns) if self._group_of(key) == group]
            names = [key[len(group) + 1 :] for key in keys]
            for record, row in zip(records, self._rows(keys), strict=True):
                found = zip(names, row, strict=True)
                record[group] = {name: value for name, value in found if value is not None}
        return records

    def _group_of(self, key: str) -> str:
        """Return the first part of a dotted column; empty for a plain one, and where a plain column has that name."""
        group, dot, _ = key.partition(".")
        return group if dot and group not in self.columns and group not in FIXED else ""

    def _rows(
        self, keys: Sequence[str], shown: Mapping[str, Callable[[object], object]] | None = None
    ) -> Iterator[tuple[object, ...]]:
        """Yield the cells of each run; `shown` says how those of a column are given."""
        shown = shown or {}
        columns = [map(shown[key], self.column(key)) if key in shown else self.column(key) for key in keys]
        return zip(*columns, strict=True) if columns else repeat((), len(self))

    def default_columns(self) -> list[str]:
        """Return the columns that tell these runs apart: parameters that vary, and metrics, the most useful first.

        No column is among them in which these runs have nothing, nor the status where all are finished, nor a parameter
        `seed` that repeats the column.
        """
        from gnomon.runs.columns import by_use

        table = self._table()

        def tells(key: str) -> bool:
            return key == "id" or _says_something(table.get(key))

        params = [key for key in self.columns if key.startswith(("params.", "data.")) and _varies(table[key])]
        if "params.seed" in params and table["params.seed"] == table.get("seed"):
            params.remove("params.seed")
        metrics = [key for key in self.columns if key.startswith("metrics.")]
        counts = {key: sum(value is not None for value in table[key]) for key in metrics}
        metrics = by_use(metrics, counts)
        status = ["status"] if set(table.get("status", ())) != {"finished"} else []
        shown = ["id", "name", *status, "group", "seed", *params, *metrics, "created", "duration"]
        return list(filter(tells, shown))

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.to_arrow().__arrow_c_stream__(requested_schema)  # type: ignore[attr-defined]

    def to_arrow(self) -> object:
        """Return an Arrow table (arro3): numbers as float64 or int64, times as timestamps in UTC, the rest as text."""
        from gnomon.runs.arrow import arrow_table

        return arrow_table(self._table(), self.columns)

    def to_pandas(self) -> object:
        """Return a pandas DataFrame, times in UTC. Raises MissingExtraError without pandas."""
        try:
            import pandas
        except ImportError as error:
            raise MissingExtraError("`to_pandas()` needs pandas", hint="pip install pandas") from error
        if hasattr(pandas.DataFrame, "from_arrow"):
            with suppress(ImportError):  # it needs pyarrow
                return pandas.DataFrame.from_arrow(self)
        frame = pandas.DataFrame(self.to_pylist(), columns=self.columns)
        for key in TIMES.intersection(self.columns):
            micros = pandas.Series(self._table()[key], dtype="Int64")
            frame[key] = pandas.to_datetime(micros, unit="us", utc=True)
        return frame

    def to_polars(self) -> object:
        """Return a Polars DataFrame. Raises MissingExtraError without Polars."""
        try:
            import polars
        except ImportError as error:
            raise MissingExtraError("`to_polars()` needs Polars", hint="pip install polars") from error
        return polars.DataFrame(self)

    def _repr_html_(self) -> str:
        from gnomon.runs.display.runs import runs_html

        return runs_html(self)


def iso_time(seconds: object) -> str | None:
    """Return a time in seconds since 1970 as ISO 8601 in UTC, None for none."""
    if not isinstance(seconds, (int, float)):
        return None
    from datetime import UTC, datetime

    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except (OverflowError, ValueError, OSError):  # a clock that was far off
        return None


def _says_something(column: list[object] | None) -> bool:
    return column is not None and any(value not in (None, "", []) for value in column)


def _varies(column: list[object]) -> bool:
    return len(column) == 1 or len({repr(value) for value in column}) > 1
