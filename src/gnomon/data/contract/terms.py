"""What a contract says, and how it is read: pandera's words in TOML, JSON or YAML.

Always true: what is not understood is an error that names it; nothing that was written is passed over in silence.
"""

from __future__ import annotations

import json
import math
import os
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.errors import BadArgumentError, MissingExtraError, MissingFileError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_BYTES = 1 << 20
MAX_COLUMNS = 2_000
MAX_CHECKS = 5_000
_TOP = {"columns", "checks", "unique", "strict", "ordered", "rows", "file", "coerce"}
_IGNORED = {
    "contract", "schema_type", "api", "version", "index", "name", "title", "description", "metadata", "dtype",
    "drop_invalid_rows", "add_missing_columns", "report_duplicates", "unique_column_names",
}  # fmt: skip
_COLUMN = {"dtype", "nullable", "unique", "required", "regex", "coerce", "checks"}
_COLUMN_IGNORED = {
    "title",
    "description",
    "metadata",
    "name",
    "default",
    "report_duplicates",
    "drop_invalid_rows",
    "parsers",
}
_OPTIONS = {
    "raise_warning",
    "error",
    "ignore_na",
    "options",
    "check_name",
    "title",
    "description",
    "name",
    "n_failure_cases",
}


class Kind(NamedTuple):
    """A type of values: our word, and the least and the greatest whole number that it holds."""

    word: str  # integer, float, bool, text, date, timestamp, time, binary, nested, any
    low: int | None = None
    high: int | None = None


class Check(NamedTuple):
    """One check of a column: pandera's name of it, its arguments, and whether it only warns."""

    name: str
    arguments: dict[str, Any]
    only_warns: bool = False
    ignores_missing: bool = True


class Column(NamedTuple):
    """What is said of one column, or of all columns whose name fits a pattern."""

    name: str
    dtype: str | None
    kind: Kind | None
    nullable: bool
    unique: bool
    required: bool
    is_pattern: bool
    coerce: bool
    checks: tuple[Check, ...]


class Contract(NamedTuple):
    """What a table must be."""

    columns: tuple[Column, ...]
    checks: tuple[Check, ...]  # of every column
    unique: tuple[tuple[str, ...], ...]  # columns that together are unique
    strict: bool  # no other columns
    ordered: bool
    rows: tuple[int | None, int | None]
    file: str | None  # which file of a folder, with wildcards
    notes: tuple[str, ...]


# ---------------------------------------------------------------- reading


def read(path: str) -> tuple[bytes, Contract]:
    """Return the bytes of a contract file, and what it says. Raises MissingFileError, BadArgumentError, MissingExtraError."""
    try:
        size = os.stat(path).st_size
        if size > MAX_BYTES:
            raise BadArgumentError(f"`{path}` has {size:,} bytes; a contract has {MAX_BYTES:,} at most")
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise MissingFileError(
            f"there is no contract `{path}`",
            hint=f"`gnomon data contract NAME -o {os.path.basename(path)}` drafts one",
        ) from None
    return data, parse(data, path)


def parse(data: bytes, path: str) -> Contract:
    """Return what the bytes of a contract say; `path` tells by its ending how they are written, and is named in errors."""
    where = os.path.basename(path)
    said = _decoded(data, where)
    if not isinstance(said, dict) or not isinstance(said.get("columns", {}), dict):
        raise _wrong(where, "it is no table with `columns`")
    _require_known(said, _TOP | _IGNORED, where, "")
    notes = ["`index` is not checked: a file has none"] if said.get("index") else []
    columns = said.get("columns") or {}
    if len(columns) > MAX_COLUMNS:
        raise _wrong(where, f"it has {len(columns):,} columns; {MAX_COLUMNS:,} are allowed")
    contract = Contract(
        tuple(_column(str(name), one, where, coerce=_flag(said, "coerce", where, False)) for name, one in columns.items()),
        tuple(_checks(said.get("checks"), where, "")), tuple(_unique(said.get("unique"), where)),
        said.get("strict") is True or said.get("strict") == "true", _flag(said, "ordered", where, False),
        _between(said.get("rows"), where), _file(said.get("file"), where), tuple(notes),
    )  # fmt: skip
    checks = len(contract.checks) + sum(len(column.checks) for column in contract.columns)
    if checks > MAX_CHECKS:
        raise _wrong(where, f"it has {checks:,} checks; {MAX_CHECKS:,} are allowed")
    if not (contract.columns or contract.checks or contract.unique or contract.rows != (None, None)):
        raise _wrong(where, "it expects nothing", "say something of a column, for instance `[columns.age]`")
    return contract


def _decoded(data: bytes, where: str) -> Any:
    suffix = os.path.splitext(where)[1].lower()
    try:
        text = data.decode("utf-8-sig")
        if suffix == ".toml":
            import tomllib

            return tomllib.loads(text)
        if suffix == ".json":
            return json.loads(text)
        if suffix in (".yaml", ".yml"):
            return _yaml(text, where)
    except (ValueError, RecursionError) as error:  # of all three, and of the encoding
        raise _wrong(where, f"it cannot be read: {str(error)[:200]}") from None
    raise BadArgumentError(
        f"`{where}` is no contract: its name must end in `.toml`, `.json`, `.yaml`, or be `FILE.py:NAME`",
        hint="pandera writes one with `schema.to_yaml(path)` or `schema.to_json(path)`",
    )


def _yaml(text: str, where: str) -> Any:
    try:
        import yaml
    except ImportError:
        raise MissingExtraError(
            f"reading `{where}` needs the library `PyYAML`",
            hint="`pip install 'gnomon[contracts]'`; or write it as JSON, `schema.to_json(path)`, or TOML",
        ) from None
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise _wrong(where, f"it cannot be read: {' '.join(str(error).split())[:200]}") from None


def _column(name: str, said: Any, where: str, *, coerce: bool) -> Column:
    if said is None:
        said = {}
    if not isinstance(said, dict):
        raise _wrong(where, f"what it says of column `{name}` is no table")
    flat = {key: value for key, value in said.items() if key not in _COLUMN | _COLUMN_IGNORED}
    dtype = said.get("dtype")
    if dtype is not None and not isinstance(dtype, str):
        raise _wrong(where, f"`dtype` of column `{name}` must be a text such as 'int64'; it is {dtype!r}")
    is_pattern = _flag(said, "regex", where, False)
    if is_pattern:
        try:
            re.compile(name)
        except re.error as error:
            raise _wrong(where, f"the pattern `{name}` for columns cannot be read: {error}") from None
    return Column(
        name, dtype, _kind(dtype, name, where) if dtype else None, _flag(said, "nullable", where, False),
        _flag(said, "unique", where, False), _flag(said, "required", where, True), is_pattern,
        _flag(said, "coerce", where, coerce), (*_checks(said.get("checks"), where, name), *_checks(flat, where, name)),
    )  # fmt: skip


def _flag(said: Mapping[str, Any], key: str, where: str, default: bool) -> bool:
    value = said.get(key)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise _wrong(where, f"`{key}` must be true or false; it is {value!r}")
    return value


_KINDS = {
    "int": Kind("integer"), "integer": Kind("integer"), "float": Kind("float"), "number": Kind("float"), "bool": Kind("bool"),
    "boolean": Kind("bool"), "str": Kind("text"), "string": Kind("text"), "text": Kind("text"), "object": Kind("any"),
    "category": Kind("any"), "any": Kind("any"), "date": Kind("date"), "datetime": Kind("timestamp"),
    "timestamp": Kind("timestamp"), "time": Kind("time"), "bytes": Kind("binary"), "binary": Kind("binary"),
    "decimal": Kind("float"), "enum": Kind("any"), "categorical": Kind("any"),
}  # fmt: skip


def _kind(dtype: str, name: str, where: str) -> Kind:
    """Return the type that one of pandera's, pandas', Polars' or our own words names."""
    word = dtype.strip().lower()
    base = re.split(r"[\[(,]", word, maxsplit=1)[0].strip()
    sized = re.fullmatch(r"(u?)int(8|16|32|64|128)", base)
    if sized:
        bits = int(sized[2])
        return (
            Kind("integer", 0, (1 << bits) - 1)
            if sized[1]
            else Kind("integer", -(1 << bits - 1), (1 << bits - 1) - 1)
        )
    if re.fullmatch(r"float(16|32|64|128)", base):
        return Kind("float")
    if base.startswith("datetime64"):
        return Kind("timestamp")
    if base == "list":
        return Kind("nested")
    found = _KINDS.get(base)
    if found is None:
        raise _wrong(
            where, f"`dtype` of column `{name}` is `{dtype}`, which is not known",
            "known are int64, float64, bool, str, date, datetime64[ns], category and their like",
        )  # fmt: skip
    return found


# ---------------------------------------------------------------- checks

_ONE = "value"
ARGUMENTS: dict[str, tuple[str, ...]] = {
    "equal_to": ("value",), "not_equal_to": ("value",), "greater_than": ("min_value",),
    "greater_than_or_equal_to": ("min_value",), "less_than": ("max_value",), "less_than_or_equal_to": ("max_value",),
    "in_range": ("min_value", "max_value", "include_min", "include_max"), "isin": ("allowed_values",),
    "notin": ("forbidden_values",), "str_matches": ("pattern",), "str_contains": ("pattern",), "str_startswith": ("string",),
    "str_endswith": ("string",), "str_length": ("min_value", "max_value", "exact_value"), "unique_values_eq": ("values",),
}  # fmt: skip
_SHORT = {
    "eq": "equal_to", "ne": "not_equal_to", "gt": "greater_than", "ge": "greater_than_or_equal_to", "lt": "less_than",
    "le": "less_than_or_equal_to", "between": "in_range",
}  # fmt: skip
_LISTS = {"isin", "notin", "unique_values_eq"}


def _checks(said: Any, where: str, column: str) -> Iterator[Check]:
    """Yield checks that stand in a table by name, or in a list with their names in `options`."""
    if said is None:
        return
    if isinstance(said, list):
        for one in said:
            options = one.get("options") if isinstance(one, dict) else None
            name = options.get("check_name") if isinstance(options, dict) else None
            if not isinstance(name, str):
                raise _wrong(where, f"a check {_of(column)} has no name in `options.check_name`")
            yield _check(name, one, where, column)
        return
    if not isinstance(said, dict):
        raise _wrong(where, f"`checks` {_of(column)} is neither a table nor a list")
    for name, one in said.items():
        yield _check(str(name), one, where, column)


def _of(column: str) -> str:
    return f"of column `{column}`" if column else "of all columns"


def _check(given: str, said: Any, where: str, column: str) -> Check:
    name = _SHORT.get(given, given)
    if name not in ARGUMENTS:
        from difflib import get_close_matches

        near = get_close_matches(name, ARGUMENTS, n=2)
        raise _wrong(
            where, f"there is no check `{given}` ({_of(column)})",
            f"did you mean {' or '.join(f'`{one}`' for one in near)}?" if near
            else "a check of your own is code: `--contract FILE.py:NAME` runs a schema of pandera's",
        )  # fmt: skip
    words = ARGUMENTS[name]
    is_table = isinstance(said, dict) and any(key in (*words, *_OPTIONS, _ONE) for key in said)
    options: dict[str, Any] = {}
    if is_table:
        options = {**(said.get("options") or {}), **said}
        arguments = {key: value for key, value in said.items() if key not in _OPTIONS}
        if set(arguments) == {_ONE} and len(words) == 1:
            arguments = {words[0]: arguments[_ONE]}
    else:
        arguments = {words[0]: said}
    unknown = next((key for key in arguments if key not in words), None)
    if unknown is not None:
        raise _wrong(where, f"`{given}` {_of(column)} takes no `{unknown}`", f"it takes {', '.join(words)}")
    _require_right(name, arguments, where, column)
    return Check(name, arguments, options.get("raise_warning") is True, options.get("ignore_na") is not False)


def _require_right(name: str, arguments: dict[str, Any], where: str, column: str) -> None:
    def wrong(what: str) -> BadArgumentError:
        return _wrong(where, f"`{name}` {_of(column)} {what}")

    if name in _LISTS:
        values = next(iter(arguments.values()), None)
        if not isinstance(values, list) or not values or not all(_is_value(one) for one in values):
            raise wrong("must have a list of texts, numbers, dates or true and false")
        return
    if name.startswith("str_") and name != "str_length":
        text = next(iter(arguments.values()), None)
        if not isinstance(text, str):
            raise wrong(f"must have a text; it has {text!r}")
        return
    if name == "str_length":
        if not any(value is not None for value in arguments.values()) or not all(
            value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0)
            for value in arguments.values()
        ):
            raise wrong("must have whole numbers from 0 for `min_value`, `max_value` or `exact_value`")
        return
    needed = [word for word in ARGUMENTS[name] if not word.startswith("include_")]
    missing = next((word for word in needed if not _is_value(arguments.get(word))), None)
    if missing is not None:
        raise wrong(f"needs a number, a date or a text for `{missing}`")
    for word in ("include_min", "include_max"):
        if not isinstance(arguments.get(word, True), bool):
            raise wrong(f"must have true or false for `{word}`")


def _is_value(value: Any) -> bool:
    import datetime

    if isinstance(value, float):
        return not math.isnan(value)
    return isinstance(value, (str, int, datetime.date))  # a bool is an int, a datetime a date


# ---------------------------------------------------------------- what concerns the whole table


def _unique(said: Any, where: str) -> Iterator[tuple[str, ...]]:
    if said is None:
        return
    if isinstance(said, str):
        yield (said,)
    elif isinstance(said, list) and said and all(isinstance(one, str) for one in said):
        yield tuple(said)  # pandera: together
    elif isinstance(said, list) and all(
        isinstance(one, list) and one and all(isinstance(name, str) for name in one) for one in said
    ):
        yield from (tuple(one) for one in said)
    else:
        raise _wrong(
            where, "`unique` must be a list of columns that are unique together, or a list of such lists"
        )


def _between(said: Any, where: str) -> tuple[int | None, int | None]:
    if said is None:
        return None, None
    if isinstance(said, dict) and set(said) <= {"min", "max"}:
        low, high = said.get("min"), said.get("max")
        if all(
            one is None or (isinstance(one, int) and not isinstance(one, bool) and one >= 0)
            for one in (low, high)
        ):
            return low, high
    raise _wrong(
        where, "`rows` must be a table with `min`, `max` or both", "for instance `rows = { min = 1 }`"
    )


def _file(said: Any, where: str) -> str | None:
    if said is None or (isinstance(said, str) and said):
        return said
    raise _wrong(where, "`file` must be the path of a file in the folder; `*` stands for anything")


def _require_known(said: Mapping[str, Any], known: set[str], where: str, of: str) -> None:
    from difflib import get_close_matches

    for key in said:
        if key not in known:
            near = get_close_matches(str(key), known, n=1)
            raise _wrong(where, f"`{key}` is not known{of}", f"did you mean `{near[0]}`?" if near else None)


def _wrong(where: str, what: str, hint: str | None = None) -> BadArgumentError:
    return BadArgumentError(
        f"contract `{where}`: {what}",
        hint=hint or "docs/how-to/data-contracts.md lists what a contract may say",
    )
