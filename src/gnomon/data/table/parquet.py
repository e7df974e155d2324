"""Write a table as Parquet in such a way that a version with other rows in between shares most of its bytes.

A row group ends where the rows say so: after a row whose hash has its lowest bits unset. So rows that are put in or taken out
change the group that they fall into, and the groups after it are the same bytes as before. The groups are small, each is
written alone, and what says where they lie stands at the end of the file.

Always true: the rows, their order, types and names are those of the table; the same rows give the same bytes with the same
versions of the writer and of DuckDB, which hashes.
Not promised: few new bytes where most rows changed, or after an update of one of the two.
Design: docs/internals/data.md, "Tables".
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

from gnomon.data.table.footer import MAGIC, Joined, part_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

GROUP_BYTES = 1 << 17  # of a row group before compression, about
FEWEST_ROWS, MOST_ROWS = 256, 1 << 16
LEAST, MOST = 4, 4  # a group has a fourth of the usual rows at least, and four times as many at most
BATCH_ROWS = 1 << 16  # read at once
COMPRESSION = "zstd(1)"


def write(reader: Any, file: BinaryIO, *, progress: Callable[[int], None] | None = None) -> int:
    """Write all rows of an Arrow reader; return how many they are. `progress(rows)` is called now and then."""
    from arro3.core import Table

    joined, place = Joined(), len(MAGIC)
    file.write(MAGIC)
    for batches in groups(reader):
        part = part_of(_written(Table.from_batches(batches, schema=reader.schema)))
        file.write(part.pages)
        joined.add(part, place)
        place += len(part.pages)
        if progress is not None:
            progress(joined.rows)
    if place == len(MAGIC):
        joined.add(part_of(_written(Table.from_batches([], schema=reader.schema))), place)
    file.write(joined.encode())
    return joined.rows


def _written(table: Any) -> bytes:
    from arro3.io import write_parquet

    out = BytesIO()
    # The row group is what is small here: pages of its own would only cut the columns once more.
    write_parquet(table, out, compression=COMPRESSION, max_row_group_size=MOST * MOST_ROWS)
    return out.getvalue()


def groups(reader: Any) -> Iterator[list[Any]]:
    """Yield the rows of a reader in groups whose ends the rows decide, each as a list of record batches."""
    usual = rows_of_group(reader.schema)
    fewest, most = max(usual // LEAST, 1), usual * MOST
    held: list[Any] = []
    held_rows = 0
    with _Ends(usual - fewest) as ends:
        for whole in reader:
            for batch in _cut(whole):
                start = 0
                for end in ends.of(batch, reader.schema):
                    while held_rows + end - start > most:
                        taken = most - held_rows
                        yield [*held, batch.slice(start, taken)]
                        held, held_rows, start = [], 0, start + taken
                    if held_rows + end - start >= fewest:
                        yield [*held, batch.slice(start, end - start)]
                        held, held_rows, start = [], 0, end
                while held_rows + batch.num_rows - start > most:
                    taken = most - held_rows
                    yield [*held, batch.slice(start, taken)]
                    held, held_rows, start = [], 0, start + taken
                if batch.num_rows > start:
                    held.append(batch.slice(start, batch.num_rows - start))
                    held_rows += batch.num_rows - start
    if held_rows:
        yield held


def _cut(batch: Any) -> Iterator[Any]:
    for start in range(0, batch.num_rows, BATCH_ROWS):
        yield batch.slice(start, min(BATCH_ROWS, batch.num_rows - start))


def rows_of_group(schema: Any) -> int:
    """Return the usual number of rows of a group: a power of two, and the same for the same types whatever the rows are."""
    width = sum(_width(field.type) for field in schema) or 1
    rows = 1 << (GROUP_BYTES // width).bit_length()
    return max(FEWEST_ROWS, min(rows, MOST_ROWS))


def _width(kind: Any) -> int:
    bits = kind.bit_width
    return max(bits // 8, 1) if bits else 16


class _Ends:
    """Tells after which rows a group may end. Every `spread`-th row, about, is one."""

    def __init__(self, spread: int) -> None:
        self._mask = (1 << max(spread.bit_length() - 1, 1)) - 1

    def __enter__(self) -> _Ends:
        import duckdb

        self._engine = duckdb.connect(":memory:", config={"threads": 1, "python_enable_replacements": False})
        return self

    def __exit__(self, *error: object) -> None:
        self._engine.close()

    def of(self, batch: Any, schema: Any) -> list[int]:
        """Return the numbers of rows, counted from 1, that end a group; none where DuckDB does not know a type."""
        import duckdb
        from arro3.core import RecordBatch, RecordBatchReader

        names = [f"c{place}" for place in range(len(schema))]
        if not names:
            return []
        renamed = RecordBatch.from_arrays([batch.column(place) for place in range(len(names))], names=names)
        try:
            rows = self._engine.from_arrow(RecordBatchReader.from_batches(renamed.schema, [renamed]))
            found: Any = rows.query(
                "rows",
                f"SELECT row FROM (SELECT row_number() OVER () AS row, hash({', '.join(names)}) AS h FROM rows)"
                f" WHERE h & {self._mask} = 0 ORDER BY row",
            )
            return [row for (row,) in found.fetchall()]
        except duckdb.Error:
            return []
