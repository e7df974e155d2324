"""A table that DuckDB can read, whatever file it stands in: SQL, names and types.

A CSV is read as text throughout; `columns` then decides each type from all of its values, so no sample can mislead it.
Records that do not fit (too few or too many fields) are left out and counted, never repaired. What DuckDB cannot unpack (xz,
bzip2) is unpacked beside its temporary files; a file that is broken or was cut off is a DamagedFileError.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from gnomon.data.profile.dialect import Dialect, dialect_of
from gnomon.data.profile.engine import identifier, literal
from gnomon.data.profile.kinds import (
    ARROW,
    CSV,
    JSONL,
    PARQUET,
    head_of,
    packing_of,
    suffix_of,
    unpacked,
    unpacking_errors,
)
from gnomon.errors import DamagedFileError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from gnomon.data.profile.engine import Engine

REJECTS = 100_000  # counted at most
MAX_LINE = 4 << 20  # bytes of one record of a CSV
MAX_OBJECT = 16 << 20  # bytes of one object of JSON
_READ_BY_DUCKDB = ("none", "gzip", "zstd")


class Source(NamedTuple):
    """`relation` is SQL that can stand behind FROM; its columns are called c0, c1, … in the order of `names`."""

    relation: str
    names: tuple[str, ...]
    types: tuple[str, ...]  # of DuckDB
    format: str
    is_text: bool = False  # every column is VARCHAR, and a missing value is NULL
    dialect: Dialect | None = None
    unread_rows: int = 0


def source_of(engine: Engine, paths: Sequence[Path], kind: str, *, is_tolerant: bool = False) -> Source:
    """Return how to read these files, which have one schema. Raises DamagedFileError, duckdb.Error."""
    if kind == CSV:
        return _csv(engine, paths, is_tolerant=is_tolerant)
    if kind in (ARROW, PARQUET):
        _require_no_packing(paths, kind)
    if kind == ARROW:
        return _arrow(engine, paths)
    files = _files(engine, paths)
    if kind == PARQUET:
        has_keys = any("=" in part for path in paths for part in path.parts[-4:-1])
        # Statistics leave NaN out; unless told, DuckDB takes `isnan(x)` to be false and `x <= 9` to be true by them.
        read = (
            f"read_parquet({files}, union_by_name = true, hive_partitioning = {str(has_keys).lower()},"
            " can_have_nan = true)"
        )
    else:
        layout = "newline_delimited" if kind == JSONL else "auto"
        packing = _packing(paths)
        # All of the file decides the types; dates stay what the text says.
        read = (
            f"read_json({files}, format = '{layout}', sample_size = -1, union_by_name = true, records = 'true',"
            f" maximum_object_size = {MAX_OBJECT}, compression = '{packing}')"
        )
    return _described(engine, read, kind)


def _described(engine: Engine, read: str, kind: str) -> Source:
    described = engine.rows(f"DESCRIBE SELECT * FROM {read}")
    names = tuple(str(row[0]) for row in described)
    places = ", ".join(f"c{place}" for place in range(len(names)))
    return Source(
        f"(SELECT * FROM {read}) AS t({places})", names, tuple(str(row[1]) for row in described), kind
    )


def _files(engine: Engine, paths: Sequence[Path]) -> str:
    plain = []
    for path in paths:
        with _telling_damage(path):
            is_read = packing_of(path) in _READ_BY_DUCKDB
            plain.append(path if is_read else engine.plain(path))
    return "[" + ", ".join(literal(engine.path(path)) for path in plain) + "]"


@contextmanager
def _telling_damage(path: Path) -> Iterator[None]:
    try:
        yield
    except unpacking_errors() as error:
        raise DamagedFileError(f"`{path.name}` cannot be read: {str(error)[:240]}") from error


def _require_no_packing(paths: Sequence[Path], kind: str) -> None:
    for path in paths:
        if (packing := packing_of(path)) != "none":
            raise DamagedFileError(
                f"`{path.name}` is called {kind}, and is compressed with {packing} as a whole",
                hint="unpack it: Parquet and Arrow files compress their columns themselves",
            )


def _packing(paths: Sequence[Path]) -> str:
    packings = {packing_of(path) for path in paths}
    packings = {packing if packing in _READ_BY_DUCKDB else "none" for packing in packings}
    if len(packings) > 1:
        raise DamagedFileError("files of one table are compressed in different ways")
    return packings.pop()


def _csv(engine: Engine, paths: Sequence[Path], *, is_tolerant: bool) -> Source:
    suffix = suffix_of(paths[0])
    dialect = dialect_of(head_of(paths[0]), suffix=suffix)
    if dialect is None:
        raise DamagedFileError(f"`{paths[0]}` is not text, so it is no CSV")
    if dialect.is_blank and packing_of(paths[0]) != "none":
        with _whole(paths[0]) as file:
            if file.read(1):
                raise DamagedFileError(f"`{paths[0].name}` has no record that can be read")
    if dialect.is_blank:
        return Source("(SELECT 1 WHERE false) AS t", (), (), CSV, is_text=True, dialect=dialect)
    names = dialect.names
    columns = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(len(names)))
    tolerance = ""
    if is_tolerant:
        tolerance = f", store_rejects = true, rejects_limit = {REJECTS}"
    encoding = "" if dialect.encoding == "utf-8" else f", encoding = '{dialect.encoding}'"
    read = (
        f"read_csv({_files(engine, paths)}, auto_detect = false, columns = {{{columns}}}, delim = {literal(dialect.delimiter)},"
        f" quote = '\"', escape = {literal(dialect.escape)}, header = {str(dialect.has_header).lower()}, nullstr = '',"
        f" allow_quoted_nulls = false, max_line_size = {MAX_LINE}, buffer_size = {4 * MAX_LINE},"
        f" compression = '{_packing(paths)}'{encoding}{tolerance})"
    )
    unread = sum(map(_endless_lines, paths))
    if is_tolerant:
        engine.rows(f"SELECT count(*) FROM {read}")
        rejected = engine.rows("SELECT count(DISTINCT (file_id, line)) FROM reject_errors")[0][0]
        unread = max(unread, rejected)
        engine.rows("DROP TABLE reject_errors")
        engine.rows("DROP TABLE reject_scans")
        read = read.replace(tolerance, ", ignore_errors = true")
    return Source(f"{read} AS t", names, ("VARCHAR",) * len(names), CSV, True, dialect, unread)


@contextmanager
def _whole(path: Path) -> Iterator[BinaryIO]:
    with _telling_damage(path), unpacked(path) as file:
        yield file


def _endless_lines(path: Path) -> int:
    """Return how many lines are longer than may be: DuckDB leaves very long ones out without a word. Raises DamagedFileError."""
    found = length = 0
    with _whole(path) as file:
        while piece := file.read(MAX_LINE >> 2):
            if b"\n" not in piece:
                length += len(piece)
                continue
            found += length + piece.index(b"\n") > MAX_LINE
            length = len(piece) - piece.rindex(b"\n") - 1
    return found + (length > MAX_LINE)


def _arrow(engine: Engine, paths: Sequence[Path]) -> Source:
    """Copy Arrow files into a table of the engine: its memory is bounded, and Arrow's readers can be read but once."""
    from arro3.io import read_ipc, read_ipc_stream

    for number, path in enumerate(paths):
        head = head_of(path, 8)
        with path.open("rb") as file:
            reader = read_ipc(file) if head.startswith(b"ARROW1") else read_ipc_stream(file)
            relation = engine.connection.from_arrow(reader)
            if number:
                relation.insert_into("arrow_files")
            else:
                relation.create("arrow_files")
    described = engine.rows("DESCRIBE arrow_files")
    places = ", ".join(f"c{place}" for place in range(len(described)))
    names = tuple(str(row[0]) for row in described)
    return Source(f"arrow_files AS t({places})", names, tuple(str(row[1]) for row in described), ARROW)


def named(source: Source, place: int) -> str:
    """Return a column under its own name, for an answer."""
    return f"c{place} AS {identifier(source.names[place])}"
