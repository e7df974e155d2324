"""Write a table that a program gives into a Parquet file."""

from __future__ import annotations

import os
from typing import Any


def is_table(given: object) -> bool:
    """Return whether something that was given for a path is meant as a table."""
    return not isinstance(given, (str, bytes, os.PathLike))


def write_table(table: object, path: str) -> int:
    """Write a table to a new Parquet file; return its rows. Raises BadArgumentError for what is no table, OSError."""
    from gnomon.data.table.arrow import reader_of
    from gnomon.data.table.parquet import write
    from gnomon.errors import BadArgumentError

    reader: Any = reader_of(table)
    with open(path, "xb") as file:
        try:
            return write(reader, file)
        except BaseException as error:
            # What arro3 raises has no class of its own; where its writer knows no type it panics, which is no `Exception`.
            if type(error) is not Exception and type(error).__name__ != "PanicException":
                raise
            raise BadArgumentError(
                f"the table cannot be written as Parquet: {str(error)[:300]}",
                hint="leave out the column, or give it a type that Parquet has",
            ) from error
