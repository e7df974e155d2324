"""Parquet that is written so that versions share their bytes: what is read back, by whom, and how much a version costs."""

from __future__ import annotations

import io
import random

import duckdb
import polars
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from arro3.core import Table

from gnomon.data.table import parquet
from gnomon.env import REAL
from gnomon.objects.store import ObjectStore
from gnomon.points import compact

pytestmark = pytest.mark.slow  # all of them together, for the quick lane


def written(table: pa.Table) -> bytes:
    out = io.BytesIO()
    assert parquet.write(Table.from_arrow(table).to_reader(), out) == table.num_rows
    return out.getvalue()


def made(rows: int, seed: int = 1) -> pa.Table:
    chance = random.Random(seed)
    cities = [chance.choice(["Oslo", "Lima", "Köln"]) for _ in range(rows)]
    return pa.table(
        {
            "id": pa.array(range(rows), pa.int64()),
            "x": pa.array([chance.gauss(0, 1) if row % 9 else None for row in range(rows)], pa.float64()),
            "city": pa.array(cities, pa.dictionary(pa.int32(), pa.string())),
            "tags": pa.array([["a"] * (row % 3) for row in range(rows)], pa.list_(pa.string())),
            "at": pa.array([row * 1_000_000 for row in range(rows)], pa.timestamp("us", tz="UTC")),
            "price": pa.array(range(rows), pa.int32()).cast(pa.decimal128(12, 2)),
        }
    )


@pytest.mark.parametrize("rows", [0, 1, 5, 20_000])
def test_every_reader_reads_back_what_was_written(rows, tmp_path):
    table = made(rows)
    path = tmp_path / "x.parquet"
    path.write_bytes(written(table))
    back = pq.read_table(path)
    assert back.schema.equals(table.schema)
    assert back.to_pydict() == table.to_pydict()
    assert polars.read_parquet(path).equals(polars.from_arrow(table), null_equal=True)
    assert duckdb.sql(f"SELECT count(*), sum(id) FROM '{path}'").fetchall() == [
        (rows, sum(range(rows)) if rows else None)
    ]


def test_rows_are_cut_into_several_groups_with_right_statistics(tmp_path):
    path = tmp_path / "x.parquet"
    path.write_bytes(written(made(60_000)))
    found = pq.ParquetFile(path).metadata
    assert found.num_row_groups > 5
    lows = [found.row_group(nth).column(0).statistics.min for nth in range(found.num_row_groups)]
    assert lows == sorted(lows) and lows[0] == 0
    assert duckdb.sql(f"SELECT x IS NULL FROM '{path}' WHERE id = 59999").fetchall() == [
        (made(60_000)["x"][59_999].as_py() is None,)
    ]


def test_the_same_rows_give_the_same_bytes_however_they_are_batched():
    table = made(30_000)
    batches = pa.Table.from_batches(table.to_batches(max_chunksize=777))
    assert written(batches) == written(table)


def test_rows_in_between_leave_most_groups_as_they_were():
    table = made(60_000)
    first = written(table)
    second = written(pa.concat_tables([table.slice(0, 6_000), made(300, seed=2), table.slice(6_000)]))
    groups = [set(pages_of(data)) for data in (first, second)]
    assert len(groups[1] - groups[0]) <= 2 < len(groups[1])


def pages_of(data: bytes) -> list[bytes]:
    """Return the bytes of each row group."""
    found = pq.ParquetFile(io.BytesIO(data)).metadata
    starts = []
    for nth in range(found.num_row_groups):
        column = found.row_group(nth).column(0)
        starts.append(min(filter(None, (column.dictionary_page_offset, column.data_page_offset))))
    length = int.from_bytes(data[-8:-4], "little")
    return [data[a:b] for a, b in zip(starts, [*starts[1:], len(data) - 8 - length], strict=True)]


def test_a_version_with_rows_in_between_costs_few_new_bytes(tmp_path):
    """The figure that is promised, at a small size: at most 10 % (measured at full size by `benchmarks`)."""
    table = made(80_000)
    store = ObjectStore(REAL, str(tmp_path / "objects"), "a" * 32)

    def kept(of: pa.Table) -> tuple[int, int]:
        path = tmp_path / "x.parquet"
        path.write_bytes(written(of))
        store.keep(path)
        return sum(one.stat().st_size for one in (tmp_path / "objects").rglob("*.pack")), path.stat().st_size

    before, _ = kept(table)
    edited = pa.concat_tables([table.slice(0, 8_000), made(500, seed=3), table.slice(8_000)])
    after, size = kept(edited)
    assert (after - before) / size < 0.1


def test_values_that_never_end_a_group_are_cut_all_the_same():
    constant = pa.table({"a": pa.array([1] * 600_000, pa.int8())})
    assert pq.read_table(io.BytesIO(written(constant))).equals(constant)


def test_a_type_that_the_engine_does_not_know_is_written_too():
    table = pa.table({"a": pa.array([1.5, None, 2], pa.float16())})
    assert pq.read_table(io.BytesIO(written(table))).equals(table)


def test_a_footer_is_read_and_written_to_the_same_bytes():
    data = written(made(1_000))
    length = int.from_bytes(data[-8:-4], "little")
    struct, end = compact.read_struct(data, len(data) - 8 - length)
    out = bytearray()
    compact.write_struct(out, struct)
    assert bytes(out) == data[len(data) - 8 - length : end]
