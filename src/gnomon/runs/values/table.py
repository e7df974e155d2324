"""Tables: Parquet of rows, columns, data frames and Arrow tables.

Part: `table.parquet`, packed with zstd. `meta`: rows, columns (how many are kept), total_rows, total_columns (where some
are not), caption.

Always true: of a table that is read as a stream, no more than the first rows are taken.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sized
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.runs.values.cells import Cells
from gnomon.runs.values.encoded import Encoded, Part
from gnomon.runs.values.png_read import damaged
from gnomon.runs.values.wording import captioned, refused, shown, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gnomon.runs.values.kinds import Table

MAX_ROWS = 10_000
MAX_COLUMNS = 200
MAX_NAME = 200  # characters
MAX_BYTES = 32 << 20
MAX_READ_BYTES = 1 << 28  # of the columns of a file from other hands, unpacked
MAX_READ_ROWS = 1_000_000


class _Cut(NamedTuple):
    """The first rows and columns of a table, as Arrow arrays by name, and how many there were (None: not known)."""

    columns: dict[str, Any]
    rows: int
    total_rows: int | None
    total_columns: int
    notes: list[str]


def encode(value: Table) -> Encoded:
    """Return a table in an open format. Raises BadArgumentError."""
    cut = _cut(value)
    from arro3.core import Table as ArrowTable
    from arro3.io import write_parquet

    file = io.BytesIO()
    write_parquet(ArrowTable.from_pydict(cut.columns), file, compression="zstd(1)")
    data = file.getvalue()
    if len(data) > MAX_BYTES:
        hint = "log fewer rows, or keep a file with `run.keep(path)`"
        raise refused("data", "Table", f"at most {MAX_BYTES >> 20} MB", f"{len(data):,} bytes", hint=hint)
    meta: dict[str, object] = {"rows": cut.rows, "columns": len(cut.columns)}
    notes = []
    if cut.total_rows is None or cut.total_rows > cut.rows:
        total = f"{cut.total_rows:,}" if cut.total_rows is not None else f"more than {cut.rows:,}"
        notes.append(f"the first {cut.rows:,} of {total} rows are kept")
        if cut.total_rows is not None:
            meta["total_rows"] = cut.total_rows
    if cut.total_columns > len(cut.columns):
        notes.append(f"the first {len(cut.columns):,} of {cut.total_columns:,} columns are kept")
        meta["total_columns"] = cut.total_columns
    part = Part("table.parquet", "application/vnd.apache.parquet", data)
    return Encoded("table", captioned(meta, value.caption), (part,), (*notes, *cut.notes))


def _cut(value: Table) -> _Cut:
    data = value.data
    if (data is None) == (value.columns is None) or (value.columns is None) != (value.rows is None):
        raise refused("data", "Table", "given, or both `columns` and `rows`, not all of them", "another mix")
    if value.columns is not None and value.rows is not None:
        return _of_rows(list(value.columns), value.rows)
    if isinstance(data, Mapping):
        return _of_lists(list(data), list(data.values()))
    library = type(data).__module__.partition(".")[0]
    if library == "pandas" and hasattr(data, "iloc") and hasattr(data, "columns"):
        return _of_pandas(data)
    if hasattr(data, "__arrow_c_stream__"):
        return _of_stream(data, is_polars=library == "polars")
    rule = "a dict of columns, or a pandas, Polars or Arrow table"
    hint = "for rows: `gnomon.Table(columns=[...], rows=[...])`"
    raise refused("data", "Table", rule, shown(data), hint=hint)


def _names(names: Iterable[object], total: int) -> list[str]:
    kept = [text_of(name, MAX_NAME) for name in islice(names, MAX_COLUMNS)]
    if not total:
        raise refused("columns", "Table", "at least one name", "none")
    if len(set(kept)) < len(kept):
        twice = next(name for name in kept if kept.count(name) > 1)
        raise refused("columns", "Table", "names that differ", f"`{twice}` twice")
    return kept


# ---------------------------------------------------------------- from Python


def _of_rows(names: list[object], rows: Iterable[Any]) -> _Cut:
    if isinstance(rows, (str, bytes, Mapping)) or not isinstance(rows, Iterable):
        raise refused("rows", "Table", "a list of rows", shown(rows))
    taken = list(islice(rows, MAX_ROWS + 1))
    total: int | None = len(rows) if isinstance(rows, Sized) else len(taken)
    if total is not None and total > MAX_ROWS and not isinstance(rows, Sized):
        total = None
    kept = _names(names, len(names))
    cells: list[list[object]] = [_cells(row, names, place) for place, row in enumerate(taken[:MAX_ROWS])]
    maker = Cells()
    columns = {name: maker.column(name, [row[at] for row in cells]) for at, name in enumerate(kept)}
    return _Cut(columns, len(cells), total, len(names), maker.notes())


def _cells(row: Any, names: list[object], place: int) -> list[object]:
    if isinstance(row, Mapping):
        return [row.get(name) for name in names]
    if isinstance(row, (str, bytes)) or not isinstance(row, Iterable):
        raise refused(f"rows[{place}]", "Table", "a list of cells, or a dict", shown(row))
    cells = list(row)
    if len(cells) != len(names):
        rule = f"of {len(names):,} cells, one for each column"
        raise refused(f"rows[{place}]", "Table", rule, f"{len(cells):,}")
    return cells


def _of_lists(names: list[object], columns: list[Any]) -> _Cut:
    kept = _names(names, len(names))
    lengths = []
    for name, column in zip(kept, columns, strict=False):
        is_list = isinstance(column, Sized) and hasattr(column, "__getitem__")
        if not is_list or isinstance(column, (str, bytes, Mapping)):
            rule = "a dict of columns, each a list or an array"
            raise refused("data", "Table", rule, f"{shown(column)} in `{name}`")
        lengths.append(len(column))
    if len(set(lengths)) > 1:
        found = ", ".join(f"`{name}`: {length:,}" for name, length in zip(kept[:5], lengths, strict=False))
        raise refused("data", "Table", "a dict of columns of one length", found)
    maker = Cells()
    made = {name: maker.column(name, _list(column)) for name, column in zip(kept, columns, strict=False)}
    return _Cut(made, min(lengths[0], MAX_ROWS), lengths[0], len(names), maker.notes())


def _list(column: Any) -> list[object]:
    """Return the first cells of a list, array, series or tensor."""
    from gnomon.runs.values.arrays import as_array, is_tensor

    if is_tensor(column):
        column = as_array(column, "data", "Table")
    if hasattr(column, "iloc"):
        column = column.iloc
    first = column[:MAX_ROWS]
    return first.tolist() if hasattr(first, "tolist") else list(first)


def _of_pandas(frame: Any) -> _Cut:
    total_rows, total_columns = frame.shape
    kept = _names(frame.columns, total_columns)
    maker = Cells()
    head = frame.iloc[:MAX_ROWS]
    columns = {name: maker.column(name, head.iloc[:, at].tolist()) for at, name in enumerate(kept)}
    notes = maker.notes()
    if type(frame.index).__name__ != "RangeIndex" or frame.index.name is not None:
        notes.append("the index is not kept: `reset_index()` makes it a column")
    return _Cut(columns, min(total_rows, MAX_ROWS), total_rows, total_columns, notes)


# ---------------------------------------------------------------- from Arrow


def _of_stream(data: Any, *, is_polars: bool) -> _Cut:
    from arro3.core import ChunkedArray, RecordBatchReader

    total = _row_count(data)
    reader = RecordBatchReader.from_stream(data)
    fields = [reader.schema.field(at) for at in range(len(reader.schema))]
    names = [str(field.name) for field in fields]
    kept = _names(names, len(names))
    chunks: list[list[Any]] = [[] for _ in kept]
    rows = 0
    for batch in reader:
        take = min(batch.num_rows, MAX_ROWS - rows)
        for at, parts in enumerate(chunks):
            parts.append(batch.column(at).slice(0, take))
        rows += take
        if take < batch.num_rows:
            break
    else:
        total = rows
    maker = Cells()
    columns = {}
    for at, (name, field) in enumerate(zip(kept, fields, strict=False)):
        if is_polars and _is_address(field.type):  # Python objects: Polars hands out their addresses
            columns[name] = maker.column(name, data.get_column(names[at]).head(MAX_ROWS).to_list())
        else:
            columns[name] = _plain_type(ChunkedArray(chunks[at], type=field.type))
    return _Cut(columns, rows, total, len(names), maker.notes())


def _row_count(data: Any) -> int | None:
    for name in ("num_rows", "height"):
        found = getattr(data, name, None)
        if isinstance(found, int):
            return found
    return None


def _is_address(found: Any) -> bool:
    from arro3.core import DataType

    return bool(DataType.is_fixed_size_binary(found))


def _plain_type(column: Any) -> Any:
    """Return texts as plain texts, so that equal tables of different libraries give equal bytes."""
    from arro3.core import DataType

    found = column.type
    if DataType.is_dictionary(found):
        found = found.value_type
        if not (
            DataType.is_string(found) or DataType.is_large_string(found) or DataType.is_string_view(found)
        ):
            return column.cast(found)
        return column.cast(DataType.string())
    if DataType.is_string_view(found) or DataType.is_large_string(found):
        return column.cast(DataType.string())
    if DataType.is_binary_view(found) or DataType.is_large_binary(found):
        return column.cast(DataType.binary())
    return column


# ---------------------------------------------------------------- reading


def read_table(data: bytes) -> Any:
    """Return a Parquet file as an arro3 Table. Raises DamagedObjectError.

    The file may come from anyone: it is read in batches, up to a limit.
    """
    from arro3.core import Table as ArrowTable
    from arro3.io import read_parquet

    # What the Rust reader answers with a panic, and its lines on stderr, is mostly found here.
    footer = int.from_bytes(data[-8:-4], "little")
    if data[:4] != b"PAR1" or data[-4:] != b"PAR1" or not 0 < footer <= len(data) - 12:
        raise damaged("it is cut, or something else", name="Parquet")
    if len(data) > 2 * MAX_BYTES:
        raise damaged(f"it holds {len(data):,} bytes", name="Parquet")
    try:
        reader = read_parquet(data, batch_size=1024)
        batches, rows, size = [], 0, 0
        for batch in _batches(reader):
            batches.append(batch)
            rows, size = rows + batch.num_rows, size + batch.nbytes
            if rows > MAX_READ_ROWS or size > MAX_READ_BYTES:
                raise damaged("it unpacks to more than any table that Gnomon writes", name="Parquet")
        return ArrowTable.from_batches(batches, schema=reader.schema)
    except MemoryError:
        raise
    except BaseException as error:
        # A panic of the Rust library is a BaseException of a class that cannot be imported.
        if isinstance(error, Exception) and not hasattr(error, "code"):
            raise damaged(text_of(error, 200), name="Parquet") from error
        if type(error).__name__ == "PanicException":
            raise damaged(text_of(error, 200), name="Parquet") from error
        raise


def _batches(reader: Any) -> Iterator[Any]:
    yield from reader
