"""What a contract says of a cell, as SQL over the columns of a `Source`: c0, c1, …

Always true: SQL holds names of our making, and what the contract says only as quoted literals.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.data.profile.columns import MISSING_WORDS, type_of
from gnomon.data.profile.engine import literal

if TYPE_CHECKING:
    from gnomon.data.contract.terms import Check, Column, Kind

_INTEGER = "[+-]?[0-9]+"
_COMPARES = {
    "equal_to": "=", "not_equal_to": "<>", "greater_than": ">", "greater_than_or_equal_to": ">=", "less_than": "<",
    "less_than_or_equal_to": "<=",
}  # fmt: skip
_NAN = "('nan', '-nan', '+nan')"
_CASTS = {
    "integer": "HUGEINT", "float": "DOUBLE", "bool": "BOOLEAN", "date": "DATE", "timestamp": "TIMESTAMPTZ", "time": "TIME",
    "text": "VARCHAR",
}  # fmt: skip


class Cell(NamedTuple):
    """A column of the data as SQL: the cell, when it is missing, and what it holds."""

    raw: str
    missing: str
    is_text: bool  # of a CSV: every cell is a text
    stored: str  # our word for the type that the file states
    stored_as: str  # and how the file calls it


def cell_of(place: int, stored: str, *, is_text: bool, holds_text: bool = False) -> Cell:
    """Return a column of a source. NaN is missing; in a CSV a word such as `NA` is, unless the column is to hold texts."""
    raw = f"c{place}"
    kind = type_of(stored)
    if is_text and holds_text:
        return Cell(raw, f"({raw} IS NULL OR {raw} = '')", True, "text", "text")
    if is_text:
        words = ", ".join(literal(word) for word in ("", *MISSING_WORDS))
        return Cell(
            raw, f"({raw} IS NULL OR {raw} IN ({words}) OR lower({raw}) IN {_NAN})", True, "text", "text"
        )
    if kind == "float" and not stored.upper().startswith("DECIMAL"):
        return Cell(raw, f"({raw} IS NULL OR isnan({raw}))", False, kind, stored)
    return Cell(raw, f"({raw} IS NULL)", False, kind, stored)


def is_wrong_type(cell: Cell, kind: Kind) -> bool:
    """Return whether the file states another type than a contract wants, whatever the cells are."""
    return not cell.is_text and kind.word != "any" and cell.stored not in (kind.word, "empty")


def misfit(cell: Cell, kind: Kind, *, coerce: bool) -> str:
    """Return when a cell that is not missing is none of this type."""
    if kind.word in ("any", "nested") or (kind.word == "text" and (cell.is_text or cell.stored == "text")):
        return "false"
    if cell.is_text or (coerce and cell.stored != kind.word):
        return f"NOT coalesce({_reads_as(cell, kind)}, false)"
    if kind.word == "integer" and kind.low is not None:
        return (
            f"NOT coalesce({cell.raw}::HUGEINT BETWEEN {kind.low}::HUGEINT AND {kind.high}::HUGEINT, false)"
        )
    return "false"


def _reads_as(cell: Cell, kind: Kind) -> str:
    text = f"trim({cell.raw}::VARCHAR)"
    if kind.word == "integer":
        said = f"regexp_full_match({text}, '{_INTEGER}') AND TRY_CAST({text} AS HUGEINT) IS NOT NULL"
        return (
            f"{said} AND TRY_CAST({text} AS HUGEINT) BETWEEN {kind.low}::HUGEINT AND {kind.high}::HUGEINT"
            if kind.low is not None
            else said
        )
    if kind.word == "bool":
        return f"lower({text}) IN ('true', 'false')"
    return f"TRY_CAST({text} AS {_CASTS.get(kind.word, 'VARCHAR')}) IS NOT NULL"


# ---------------------------------------------------------------- checks


def broken(cell: Cell, column: Column | None, check: Check) -> str:
    """Return when a cell that is not missing breaks a check. One that cannot be compared breaks it, unless its type is told."""
    name, given = check.name, check.arguments
    has_type = column is not None and column.kind is not None and column.kind.word not in ("any", "text")
    otherwise = "true" if has_type else "false"  # what `dtype` counts already is not counted twice
    kind = column.kind.word if column is not None and column.kind is not None else None
    if name.startswith("str_"):
        return f"NOT coalesce({_text_check(name, given, cell)}, false)"
    if name in ("isin", "notin"):
        (values,) = given.values()
        return f"NOT coalesce({_among(cell, kind, values, negated=name == 'notin')}, {otherwise})"
    if name == "in_range":
        low, high = given["min_value"], given["max_value"]
        lower = ">=" if given.get("include_min", True) else ">"
        upper = "<=" if given.get("include_max", True) else "<"
        said = f"{_value(cell, kind, low)} {lower} {_literal(low)} AND {_value(cell, kind, high)} {upper} {_literal(high)}"
        return f"NOT coalesce({said}, {otherwise})"
    (to,) = given.values()
    return f"NOT coalesce({_value(cell, kind, to)} {_COMPARES[name]} {_literal(to)}, {otherwise})"


def _value(cell: Cell, kind: str | None, other: Any) -> str:
    """Return a cell in the form in which it can be compared with a value of the contract."""
    if isinstance(other, bool):
        return f"TRY_CAST({cell.raw} AS BOOLEAN)"
    if isinstance(other, int):
        is_whole = kind == "integer" if kind is not None else cell.stored == "integer"
        return f"TRY_CAST({cell.raw} AS HUGEINT)" if is_whole else f"TRY_CAST({cell.raw} AS DOUBLE)"
    if isinstance(other, float):
        return f"TRY_CAST({cell.raw} AS DOUBLE)"
    if _is_time(other, kind, cell):
        return f"TRY_CAST({cell.raw} AS TIMESTAMPTZ)"
    return f"{cell.raw}::VARCHAR"


def _is_time(value: Any, kind: str | None, cell: Cell) -> bool:
    return (
        isinstance(value, datetime.date)
        or kind in ("date", "timestamp")
        or cell.stored in ("date", "timestamp")
    )


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return f"{value}::HUGEINT" if abs(value) < 1 << 126 else f"{float(value)!r}::DOUBLE"
    if isinstance(value, float):
        return f"'{value!r}'::DOUBLE"
    if isinstance(value, datetime.date):
        return f"{literal(value.isoformat())}::TIMESTAMPTZ"
    return literal(value)


def _time_literal(value: Any) -> str:
    text = value.isoformat() if isinstance(value, datetime.date) else str(value)
    return f"TRY_CAST({literal(text)} AS TIMESTAMPTZ)"


def _among(cell: Cell, kind: str | None, values: list[Any], *, negated: bool) -> str:
    """Return whether a cell is (not) one of several values, which may be of several types."""
    by_form: dict[str, list[str]] = {}
    for value in values:
        form = _value(cell, kind, value)
        if kind == "text" or (kind in (None, "any") and cell.is_text and isinstance(value, str)):
            form = f"{cell.raw}::VARCHAR"
        elif form.endswith("TIMESTAMPTZ)"):
            by_form.setdefault(form, []).append(_time_literal(value))
            continue
        by_form.setdefault(form, []).append(_literal(value if kind != "text" else str(value)))
    word, joint = ("NOT IN", " AND ") if negated else ("IN", " OR ")
    # In SQL one unknown value makes a whole `OR` unknown: each part decides for itself.
    parts = [
        f"coalesce({form} {word} ({', '.join(found)}), {str(negated).lower()})"
        for form, found in by_form.items()
    ]
    return f"({joint.join(parts)})"


def _text_check(name: str, given: dict[str, Any], cell: Cell) -> str:
    text = f"{cell.raw}::VARCHAR"
    if name == "str_length":
        exact, low, high = given.get("exact_value"), given.get("min_value"), given.get("max_value")
        parts = [f"length({text}) = {exact}"] if exact is not None else []
        parts += [f"length({text}) >= {low}"] if low is not None else []
        parts += [f"length({text}) <= {high}"] if high is not None else []
        return " AND ".join(parts)
    (said,) = given.values()
    if name == "str_startswith":
        return f"starts_with({text}, {literal(said)})"
    if name == "str_endswith":
        return f"ends_with({text}, {literal(said)})"
    pattern = f"^(?:{said})" if name == "str_matches" else said
    return f"regexp_matches({text}, {literal(pattern)})"


def words_of(check: Check) -> str:
    """Return a check in words, as reports show it."""
    name, given = check.name, check.arguments
    if name == "in_range":
        opened = "[" if given.get("include_min", True) else "("
        closed = "]" if given.get("include_max", True) else ")"
        return f"is in {opened}{_shown(given['min_value'])}, {_shown(given['max_value'])}{closed}"
    if name in _COMPARES:
        return f"is {_COMPARES[name]} {_shown(next(iter(given.values())))}"
    if name in ("isin", "notin", "unique_values_eq"):
        (values,) = given.values()
        more = f", … ({len(values):,})" if len(values) > 6 else ""
        listed = ", ".join(_shown(one) for one in values[:6]) + more
        return {"isin": "is one of", "notin": "is none of", "unique_values_eq": "has exactly the values"}[
            name
        ] + f" {listed}"
    if name == "str_length":
        said = [f"{key.removesuffix('_value')} {value}" for key, value in given.items() if value is not None]
        return f"has a length of {', '.join(said)}"
    verb = {"startswith": "starts with", "endswith": "ends with"}.get(name[4:], name[4:])
    return f"{verb} {_shown(next(iter(given.values())))}"


def _shown(value: Any) -> str:
    text = (
        value.isoformat()
        if isinstance(value, datetime.date)
        else repr(value)
        if isinstance(value, str)
        else str(value)
    )
    return text if len(text) <= 60 else f"{text[:57]}…"
