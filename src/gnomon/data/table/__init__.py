"""Tables that a program gives, and Parquet files: written so that versions share their bytes.

    write_table(df, path)      pandas, Polars, Arrow, DuckDB, NumPy, lists of dicts, dicts of columns
    normalise(path)            write a Parquet file, or those of a folder, anew in this way; the rows stay as they are

Always true: what is written was read back and compared before it takes a place that was taken.
"""

from __future__ import annotations

from gnomon.data.table.normalise import normalise
from gnomon.data.table.write import is_table, write_table

__all__ = ["is_table", "normalise", "write_table"]
