"""What a second version of a Parquet file costs, with 1,000 rows inserted at 10 %, and with 100 places edited as well.

Three ways of writing the same 6.2 million rows: row groups of 1,048,576 rows and snappy, as most writers do; that file
normalised, as `gnomon data add --normalise` does; and a table that a program gives. `new_share` is what the store grew by for the
version, against the size of its file. The rows are made by DuckDB from a hash, so they are the same everywhere.
"""

import shutil
from collections.abc import Iterator

from benchmarks.bench import Bench, Case, Row, size_of
from benchmarks.processes import Seat, time_command

ROWS, INSERTED, EDITED = 6_200_000, 1_000, 100
MAKE = """
import sys
import duckdb
from arro3.io import write_parquet
path, rows, inserted, edited = sys.argv[1], *map(int, sys.argv[2:5])
made = '''
    SELECT id, 1700000000000 + id * 450 + hash(id, 1) % 900 AS ts, hash(id, 2) % 500000 AS "user",
        hash(id, 3) >> 24 AS session, ['lisbon', 'oslo', 'kyoto', 'quito', 'nairobi'][1 + (hash(id, 4) % 5)::INT] AS city,
        round((hash(id, 5 + wave) % 10000) / 10000, 4) AS score, round(exp((hash(id, 6) % 1000) / 200), 2) AS price,
        round((hash(id, 7) % 1000000) / 1000000, 6) AS x, hash(id, 8) % 10 = 0 AS flag
    FROM ({})
'''
every = max(rows // max(edited, 1), 1)
wave = f'CASE WHEN {edited} AND range % {every} < 6 THEN 90 ELSE 0 END AS wave'
known = f'SELECT range AS id, {wave} FROM range(0, {rows})'
new = f'SELECT range AS id, 0 AS wave FROM range({rows}, {rows + inserted})'
at = rows // 10
ordered = f'SELECT * FROM ({known}) WHERE id < {at} UNION ALL {new} UNION ALL SELECT * FROM ({known}) WHERE id >= {at}'
write_parquet(duckdb.sql(made.format(ordered)), path, compression="snappy", max_row_group_size=1 << 20)
"""
ADD = {
    "as it came": "gnomon.add_data(sys.argv[1], name='p', pointer=False, profile=False)",
    "normalised": "normalise(sys.argv[1]); gnomon.add_data(sys.argv[1], name='p', pointer=False, profile=False)",
    "from a table": "gnomon.add_data(duckdb.sql(f\"FROM '{sys.argv[1]}'\"), name='p', profile=False)",
}
HEAD = "import sys, duckdb, gnomon\nfrom gnomon.data.table import normalise\n"


def measure(bench: Bench, peer: str) -> Iterator[Row]:
    seat = bench.seat(peer, "parquet")
    rows = bench.amount(ROWS, 60_000)
    for how in ADD:
        for version, edited in (("rows inserted", 0), ("rows inserted, 100 places edited", EDITED)):
            shutil.rmtree(seat.store / ".gnomon", ignore_errors=True)
            first = _row(seat, how, "version 1", (rows, 0, 0))
            if not edited:
                yield first
            yield _row(seat, how, version, (rows, INSERTED, edited))


CASE = Case(
    "parquet",
    "a second version of a Parquet file: share of its bytes that is stored anew",
    ("gnomon",),
    measure,
)


def _row(seat: Seat, how: str, version: str, made_of: tuple[int, int, int]) -> Row:
    path, objects = seat.store / "p.parquet", seat.store / ".gnomon" / "objects"
    path.unlink(missing_ok=True)
    time_command([seat.python, "-c", MAKE, path, *map(str, made_of)], seat)
    before = size_of(objects)[1] if objects.exists() else 0
    took = time_command([seat.python, "-c", HEAD + ADD[how], path], seat)
    size = path.stat().st_size
    return {
        "figure": f"{how}: {version}", "cpu_s": took.cpu_s, "size_mb": size / 1e6,
        "new_share": (size_of(objects)[1] - before) / size,
    }  # fmt: skip
