"""The parts of a profile, and their JSON.

A profile is a value: frozen, comparable, and read back equal from its JSON. Fields that hold nothing are left out of the
JSON. Always true: `to_json` is bounded (`MAX_COLUMNS` columns, `MAX_TABLES` tables, cells and values per column), and gives
the same bytes for equal profiles. `from_json` takes nothing on trust: types, sizes and sketches are checked, so a hostile
profile is an error.
"""

from __future__ import annotations

import builtins
from typing import Any

import msgspec

from gnomon.data.profile.cells import Cells
from gnomon.errors import DamagedObjectError, UnknownFormatError

FORMAT = "gnomon-profile"
VERSION = 1
MAX_COLUMNS = 2_000  # of a table; beyond, columns are counted and not described
MAX_TABLES = 20  # of a folder
MAX_NAME = 200  # characters of a name of a column
MAX_NOTES = 20
MAX_BYTES = 64 << 20  # of the JSON of a profile


class Value(msgspec.Struct, frozen=True, array_like=True):
    """A value that is common, and in how many rows."""

    value: str | bool | int | float
    count: int


class Column(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One column. `count` rows have a value; `missing` have none; NaN and infinities are apart from both."""

    name: str
    type: str  # integer, float, bool, text, date, timestamp, time, binary, nested, empty, other
    stored: str = ""  # the type that the file itself states, such as DECIMAL(9,2)
    count: int = 0
    missing: int = 0
    missing_words: int = 0  # of the missing: spelled as a word, such as NA
    nan: int = 0
    below: int = 0  # minus infinity
    above: int = 0  # infinity
    empty: int = 0  # of the count: texts without a character
    distinct: int | None = None
    distinct_is_exact: bool = True
    sketch: str = ""  # `distinct`: registers of a HyperLogLog
    hashed: str = ""  # as what the values went into it: number or text
    min: int | float | str | None = None
    max: int | float | str | None = None
    sum: int | float | None = None
    mean: float | None = None
    squares: float | None = None  # of the distances from the mean, added up
    cells: Cells | None = None  # the distribution
    shortest: int | None = None  # characters of a text, bytes, items of a list
    longest: int | None = None
    characters: int | None = None  # of all texts together
    top: tuple[Value, ...] = ()
    top_is_complete: bool = False  # no other value occurs
    top_is_least: bool = False  # merged from parts that did not keep all: counts are at least these
    withheld: str = ""  # why values are not kept
    mostly: str = ""  # the type that most values of a text column have
    others: int = 0  # and how many have not

    @property
    def rows(self) -> int:
        return self.count + self.missing + self.nan + self.below + self.above

    @property
    def deviation(self) -> float | None:
        """The standard deviation (divided by n - 1); None under two values."""
        if self.squares is None or self.count < 2:
            return None
        return float((self.squares / (self.count - 1)) ** 0.5)

    def quantile(self, share: float) -> float | None:
        """Return the value below which this share of the values lies, to within its cell; None where not known."""
        if self.cells is None:
            return None
        value = self.cells.quantile(share)
        if value is None:
            return None
        low, high = self.cells.low, self.cells.high
        return min(max(value, low), high)


class Table(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Rows and columns of a file, or of files of a folder that have one schema."""

    name: str = ""
    format: str
    files: int = 1
    rows: int = 0
    unread_rows: int = 0  # that do not fit the table
    dialect: dict[str, str] = {}  # how a CSV is written
    columns: tuple[Column, ...] = ()
    more_columns: int = 0

    def column(self, name: str) -> Column | None:
        return next((one for one in self.columns if one.name == name), None)


class Sizes(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Smallest, largest and all together of something that every file has."""

    min: int = 0
    max: int = 0
    sum: int = 0


class Images(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Pictures, by their headers alone."""

    count: int
    unreadable: int = 0
    formats: dict[str, int] = {}
    modes: dict[str, int] = {}
    width: Sizes = Sizes()
    height: Sizes = Sizes()
    shapes: dict[str, int] = {}  # `width x height`: the most common
    more_shapes: int = 0  # pictures of other shapes


class Texts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Plain text."""

    files: int
    bytes: int = 0
    lines: int = 0
    words: int = 0
    longest_line: int = 0  # bytes
    encodings: dict[str, int] = {}


class Suffix(msgspec.Struct, frozen=True, array_like=True):
    files: int
    bytes: int


class Profile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is in a file or folder. `profile_of` makes one; `lines` shows it."""

    format: str
    version: int
    kind: str  # table, tables, images, text, files, mixed, empty
    files: int = 0
    bytes: int = 0
    suffixes: dict[str, Suffix] = {}
    tables: tuple[Table, ...] = ()
    images: Images | None = None
    texts: Texts | None = None
    notes: tuple[str, ...] = ()

    @property
    def rows(self) -> int | None:
        """Rows of all tables together; None where there is no table."""
        return sum(table.rows for table in self.tables) if self.tables else None

    def to_json(self) -> dict[str, Any]:
        """Return the profile as what JSON holds."""
        made: dict[str, Any] = msgspec.to_builtins(self)
        return made

    def to_bytes(self) -> builtins.bytes:
        """Return the JSON of the profile: the same bytes for equal profiles."""
        return msgspec.json.encode(self, order="deterministic")

    @classmethod
    def from_json(cls, value: object) -> Profile:
        """Return the profile that this JSON (bytes, text, or a dict) holds. Raises UnknownFormatError, DamagedObjectError."""
        try:
            if isinstance(value, (builtins.bytes, str)):
                if len(value) > MAX_BYTES:
                    raise DamagedObjectError(
                        f"a profile of {len(value):,} bytes is longer than {MAX_BYTES:,}"
                    )
                value = msgspec.json.decode(value)
            _check_version(value)
            profile = msgspec.convert(value, cls)
        except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
            raise DamagedObjectError(f"this is no profile of data: {str(error)[:200]}") from error
        _check_bounds(profile)
        return profile


def _check_version(value: object) -> None:
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise DamagedObjectError(f"this is no profile of data: its `format` is not `{FORMAT}`")
    version = value.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise DamagedObjectError("this is no profile of data: it has no version")
    if version > VERSION:
        raise UnknownFormatError(
            f"this profile of data has version {version}; this Gnomon reads up to {VERSION}",
            hint="update Gnomon, or profile the data again with this one",
        )


def _check_bounds(profile: Profile) -> None:
    from gnomon.data.profile.distinct import is_sketch

    if len(profile.tables) > MAX_TABLES:
        raise DamagedObjectError(f"a profile has {len(profile.tables):,} tables; {MAX_TABLES} are allowed")
    for table in profile.tables:
        if len(table.columns) > MAX_COLUMNS:
            raise DamagedObjectError(
                f"a profile has {len(table.columns):,} columns; {MAX_COLUMNS:,} are allowed"
            )
        for column in table.columns:
            if not is_sketch(column.sketch):
                raise DamagedObjectError("a profile has a damaged sketch of distinct values")
            if column.cells is not None and not column.cells.is_sound:
                raise DamagedObjectError("a profile has a damaged distribution")
