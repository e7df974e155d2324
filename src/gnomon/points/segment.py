"""A segment: sealed points of many WALs in one Parquet file.

Always true: `decode(encode(points))` gives the same bits, NaN of every kind and the sign of zero included; a file whose
name is not its hash is refused before anything in it is read.
Not promised: an error for a file that is not sorted as the format says; `verify.verify_segment` finds that.
Format: docs/internals/record-format.md, "Segments: sealed points".
"""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Any

from gnomon.errors import DamagedFileError
from gnomon.points.columns import Column, as_column, changes, column, counting, join, numpy_for, same_bits
from gnomon.points.covers import METADATA_KEY, Cover, decode_covers, encode_covers
from gnomon.points.series_points import SeriesKey, SeriesPoints, one_after_the_other
from gnomon.record.hashing import derive_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from gnomon.env import Env

SUFFIX = ".parquet"
ROW_GROUP = 100_000
MAX_POINTS = 32_000_000  # of one segment; a hostile file may claim more, and is refused
MAX_FILE_SIZE = 1 << 30
MAX_EXACT_DIGITS = 2_500
_STOPPED = "Query interrupted"  # what DuckDB makes of Ctrl-C
_PARQUET = b"PAR1"
_ADVICE = "delete it: the next sync brings a good copy, or its WALs are still there"

Group = tuple[SeriesKey, str]  # which series, of which WAL
_State = tuple[str, int, int]  # path, size, time of the last change
_verified: dict[_State, tuple[Cover, ...] | None] = {}  # what they cover, once somebody asked


class SegmentRead:
    """The covers of a segment and the points that were asked for, by series and WAL."""

    __slots__ = ("covers", "points")

    def __init__(self, covers: tuple[Cover, ...], points: dict[Group, SeriesPoints]) -> None:
        self.covers = covers
        self.points = points


def name_of(data: bytes) -> str:
    """Return the file name of a segment with these bytes."""
    return derive_id("segment", data) + SUFFIX


def read_file(env: Env, path: str, *, afresh: bool = False) -> bytes:
    """Return the bytes of a segment, checked against its name once for each state of the file (or now: `afresh`).

    Raises OSError, DamagedFileError.
    """
    state = _state(env, path)
    if state[1] > MAX_FILE_SIZE:
        raise DamagedFileError(
            f"segment `{path}` is larger than any segment: {state[1]:,} bytes", hint=_ADVICE
        )
    data = env.read_file(path)
    if afresh or state not in _verified or len(data) != state[1]:
        if name_of(data) != os.path.basename(path):
            raise DamagedFileError(
                f"segment `{path}` is damaged: its bytes do not match its name", hint=_ADVICE
            )
        _verified[state] = None
    return data


def covers_of(env: Env, path: str) -> tuple[Cover, ...]:
    """Return what a segment covers, after its bytes were checked against its name. Raises OSError, DamagedFileError."""
    covers = _verified.get(_state(env, path))
    if covers is None:
        data = read_file(env, path)
        covers = _verified[_state(env, path)] = read_covers(data, path)
    return covers


def check_name(env: Env, path: str) -> None:
    """Check the bytes of a segment against its name, once for each state of the file. Raises OSError, DamagedFileError."""
    if _state(env, path) not in _verified:
        read_file(env, path)


def _state(env: Env, path: str) -> _State:
    found = env.stat(path)
    return (path, found.st_size, found.st_mtime_ns)


# ---------------------------------------------------------------- writing


def encode(points: Mapping[Group, SeriesPoints], covers: list[Cover]) -> bytes:
    """Return the bytes of a segment that holds these points."""
    return encode_table(as_columns(points), covers)


def encode_table(columns: Mapping[str, Any], covers: list[Cover]) -> bytes:
    """Return the bytes of a segment with these columns."""
    from arro3.io import write_parquet

    plain = ("step", "time", "value", "row")
    file = io.BytesIO()
    write_parquet(
        _table(columns),
        file,
        compression="zstd(1)",
        max_row_group_size=ROW_GROUP,
        column_encoding={name: "delta_binary_packed" for name in plain if name != "value"},
        column_dictionary_enabled=dict.fromkeys(plain, False),
        key_value_metadata={METADATA_KEY: encode_covers(sorted(covers, key=lambda cover: cover.wal))},
    )
    return file.getvalue()


def as_table(points: Mapping[Group, SeriesPoints]) -> Any:
    """Return an arro3 Table of the points in the order of a segment: by run, series, rank, WAL, row."""
    return _table(as_columns(points))


def as_columns(points: Mapping[Group, SeriesPoints]) -> dict[str, Any]:
    """Return the columns of a segment as arro3 Arrays, in its order."""
    from arro3.core import DataType

    groups = sorted(points.items())
    lengths = [len(part) for _, part in groups]
    parts = [part for _, part in groups]
    moment = DataType.timestamp("us", tz="UTC")
    return {
        "run": _labels([key.run for (key, _), _ in groups], lengths),
        "series": _labels([key.series for (key, _), _ in groups], lengths),
        "rank": _numbers(_repeated([key.rank for (key, _), _ in groups], lengths)),
        "step": _numbers(*[part.steps for part in parts]),
        "time": _numbers(*[part.times_us for part in parts]).cast(moment),
        "value": _numbers(*[part.values for part in parts], code="d"),
        "exact": _exact_texts(parts),
        "wal": _labels([wal for (_, wal), _ in groups], lengths),
        "row": _numbers(*[counting(part.rows) for part in parts]),
    }


def _table(columns: Mapping[str, Any]) -> Any:
    from arro3.core import DataType, Field, Schema, Table

    text = DataType.dictionary(DataType.int32(), DataType.string())
    types = dict.fromkeys(("step", "row"), DataType.int64()) | dict.fromkeys(
        ("run", "series", "exact", "wal"), text
    )
    types |= {
        "rank": DataType.int32(),
        "time": DataType.timestamp("us", tz="UTC"),
        "value": DataType.float64(),
    }
    fields = [Field(name, types[name], nullable=name == "exact") for name in columns]
    return Table.from_arrays(list(columns.values()), schema=Schema(fields))


def reads_back(data: bytes, columns: Mapping[str, Any], file: str) -> bool:
    """Return whether the bytes of a segment give these columns back, every value bit for bit. Raises DamagedFileError."""
    with refusing_damage(file):
        from arro3.io import read_parquet

        offset = 0
        for batch in read_parquet(data, batch_size=ROW_GROUP):
            count = batch.num_rows
            for name, column_ in columns.items():
                if not _is_same_array(batch.column(name), column_.slice(offset, count), name):
                    return False
            offset += count
        return offset == len(columns["value"])


def _is_same_array(found: Any, wanted: Any, name: str) -> bool:
    if name in ("run", "series", "exact", "wal"):
        return _is_same_text(found, wanted)
    if name in ("time", "rank"):
        from arro3.core import DataType

        found, wanted = found.cast(DataType.int64()), wanted.cast(DataType.int64())
    code = "d" if name == "value" else "q"
    return same_bits(_as_column(found, code), _as_column(wanted, code))


def _is_same_text(found: Any, wanted: Any) -> bool:
    if found.null_count != wanted.null_count:
        return False
    if found.null_count:
        return bool(found.to_pylist() == wanted.to_pylist())
    (found_at, found_texts), (wanted_at, wanted_texts) = _text_numbers(found), _text_numbers(wanted)
    place = {text: at for at, text in enumerate(wanted_texts)}
    places = [place.get(text, -1) for text in found_texts]
    numpy = numpy_for(len(found))
    if numpy is not None:
        return bool(numpy.array_equal(numpy.asarray(places)[found_at.to_numpy()], wanted_at.to_numpy()))
    return bool([places[at] for at in found_at.to_pylist()] == wanted_at.to_pylist())


def _numbers(*parts: Column, code: str = "q") -> Any:
    from arro3.core import Array, DataType

    if not sum(map(len, parts)):
        empty = {"q": DataType.int64(), "d": DataType.float64(), "i": DataType.int32()}
        return Array([], empty[parts[0].format if parts else code])
    return Array.from_buffer(join(parts, code))


def _repeated(numbers: list[int], lengths: list[int]) -> Column:
    """Return each number as often as its length says, as int32."""
    repeated = b"".join(
        [n.to_bytes(4, "little") * length for n, length in zip(numbers, lengths, strict=True)]
    )
    return memoryview(repeated).cast("i")


def _labels(texts: list[str], lengths: list[int]) -> Any:
    known = {text: number for number, text in enumerate(dict.fromkeys(texts))}
    return _from_dictionary(list(known), _repeated([known[text] for text in texts], lengths))


def _exact_texts(parts: list[SeriesPoints]) -> Any:
    """Return the column `exact`: digits where there are any, null elsewhere."""
    numbers = bytearray(4 * sum(map(len, parts)))
    known: dict[int, int] = {}
    offset = 0
    for part in parts:
        for at, number in part.exact.items():
            place = 4 * (offset + at)
            numbers[place : place + 4] = known.setdefault(number, len(known) + 1).to_bytes(4, "little")
        offset += len(part)
    return _from_dictionary([None, *map(str, known)], as_column(numbers, "i"))


def _from_dictionary(texts: list[Any], numbers: Column) -> Any:
    from arro3.core import Array, DataType

    dictionary = DataType.dictionary(DataType.int32(), DataType.string())
    return Array(texts or [""], DataType.string()).cast(dictionary).take(_numbers(numbers))


# ---------------------------------------------------------------- reading


def decode(data: bytes, file: str, wanted: Callable[[SeriesKey, str], bool] | None = None) -> SegmentRead:
    """Return the covers of a segment and its points (those `wanted`). Raises DamagedFileError."""
    refuse_no_parquet(data, file)
    with refusing_damage(file):
        from arro3.io import read_parquet

        reader = read_parquet(data, batch_size=ROW_GROUP)
        covers = decode_covers(reader.schema.metadata.get(METADATA_KEY.encode()), file)
        limit = min(MAX_POINTS, sum(cover.points for cover in covers))
        numpy_for(limit)  # imports it where that pays for the whole, if not for a batch
        return SegmentRead(covers, collect(at_most(limit, reader, file), wanted))


def collect(
    batches: Iterable[Any], wanted: Callable[[SeriesKey, str], bool] | None = None
) -> dict[Group, SeriesPoints]:
    """Return the points in Arrow batches with the columns and the order of a segment, by series and WAL."""
    parts: dict[Group, list[SeriesPoints]] = {}
    for batch in batches:
        for group, points in _groups(batch, wanted):
            parts.setdefault(group, []).append(points)
    return {group: one_after_the_other(several) for group, several in parts.items()}


def at_most(limit: int, batches: Iterable[Any], file: str) -> Iterator[Any]:
    """Yield the batches; raise DamagedFileError where they have more than `limit` rows."""
    for batch in batches:
        limit -= batch.num_rows
        if limit < 0:
            raise DamagedFileError(f"segment `{file}` holds more points than it says", hint=_ADVICE)
        yield batch


def read_covers(data: bytes, file: str) -> tuple[Cover, ...]:
    """Return the covers of a segment without its points. Raises DamagedFileError."""
    refuse_no_parquet(data, file)
    with refusing_damage(file):
        from arro3.io import read_parquet

        return decode_covers(read_parquet(data).schema.metadata.get(METADATA_KEY.encode()), file)


def refuse_no_parquet(data: bytes, file: str) -> None:
    """Raise DamagedFileError where the ends of a file are not those of Parquet: the library panics on such bytes, aloud."""
    footer = int.from_bytes(data[-8:-4], "little")
    if len(data) < 12 or data[:4] != _PARQUET or data[-4:] != _PARQUET or footer > len(data) - 12:
        raise DamagedFileError(f"segment `{file}` is no Parquet file", hint=_ADVICE)


class refusing_damage:
    """Turn whatever a Parquet library says about bytes that it cannot read into DamagedFileError."""

    def __init__(self, file: str) -> None:
        self._file = file

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if error is None or isinstance(error, (DamagedFileError, MemoryError, OSError)):
            return
        if isinstance(error, Exception) and _STOPPED in str(error):
            raise KeyboardInterrupt from error
        # A panic of the Rust library is a BaseException of a class that cannot be imported.
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise DamagedFileError(f"segment `{self._file}` cannot be read: {error}", hint=_ADVICE) from error


def _groups(
    batch: Any, wanted: Callable[[SeriesKey, str], bool] | None
) -> Iterator[tuple[Group, SeriesPoints]]:
    """Yield the points of each series and WAL in one batch, which is sorted by them."""
    from arro3.core import Array, DataType

    count = batch.num_rows
    if count == 0:
        return
    runs, series, wals = (_text_numbers(batch.column(name)) for name in ("run", "series", "wal"))
    ranks = batch.column("rank")
    starts = [0, *_boundaries(count, ranks, [runs, series, wals])]
    exact = batch.column("exact")
    digits = exact.to_pylist() if exact.null_count < count else None
    places = Array(starts, DataType.int32())
    named = (_texts_at(label, places) for label in (runs, series, wals))
    keys = zip(*named, ranks.take(places).to_pylist(), starts, [*starts[1:], count], strict=True)
    for run, name, wal, rank, start, end in keys:
        key = SeriesKey(run, name, rank)
        if wanted is None or wanted(key, wal):
            yield (key, wal), points_of(batch, start, end, digits)


def points_of(batch: Any, start: int, end: int, digits: list[str | None] | None) -> SeriesPoints:
    """Return rows `start` to `end` of an Arrow batch as points."""
    from arro3.core import DataType

    def numbers(name: str, code: str) -> Column:
        part = batch.column(name).slice(start, end - start)
        return _as_column(part.cast(DataType.int64()) if name == "time" else part, code)

    return SeriesPoints(
        numbers("row", "q"),
        numbers("step", "q"),
        numbers("time", "q"),
        numbers("value", "d"),
        exact_numbers(digits[start:end]) if digits is not None else {},
    )


def exact_numbers(digits: list[str | None]) -> dict[int, int]:
    """Return the whole numbers by position. Raises ValueError for what is not one."""
    found = {}
    for at, text in enumerate(digits):
        if text is not None:
            if len(text) > MAX_EXACT_DIGITS or not text.removeprefix("-").isdecimal() or not text.isascii():
                raise ValueError(f"`{text[:40]}` is not a whole number")
            found[at] = int(text)
    return found


def _boundaries(count: int, ranks: Any, labels: list[tuple[Any, list[str]]]) -> list[int]:
    """Return where another series or WAL begins. The rows are sorted, so equal ends mean that all are equal."""
    if ranks[0] == ranks[count - 1] and all(_text(label, 0) == _text(label, count - 1) for label in labels):
        return []
    found = set(changes(_as_numbers(ranks)))
    for numbers, texts in labels:
        if len(texts) > 1:
            found.update(changes(_as_numbers(numbers)))
    return sorted(found)


def _text_numbers(texts: Any) -> tuple[Any, list[str]]:
    """Return a text column as (array of numbers, the texts they stand for)."""
    from arro3.core import DataType, dictionary_dictionary, dictionary_indices

    is_dictionary: Any = DataType.is_dictionary
    if not is_dictionary(texts.type):
        texts = texts.cast(DataType.dictionary(DataType.int32(), DataType.string()))
    names: Any = dictionary_dictionary(texts).to_pylist()
    return dictionary_indices(texts), names


def _text(label: tuple[Any, list[str]], at: int) -> str:
    number: int = label[0][at].as_py()
    return label[1][number]


def _texts_at(label: tuple[Any, list[str]], places: Any) -> list[str]:
    """Return the texts at these places, an Arrow array."""
    return [label[1][number] for number in label[0].take(places).to_pylist()]


def _as_numbers(array: Any) -> Any:
    return array.to_numpy() if numpy_for(len(array)) is not None else array.to_pylist()


def _as_column(array: Any, code: str) -> Column:
    """Return an Arrow array as a column. Raises ValueError where a number is missing."""
    if array.null_count:
        raise ValueError("a number is missing")
    if numpy_for(len(array)) is not None:
        return as_column(array.to_numpy(), code)
    return column(code, array.to_pylist())
