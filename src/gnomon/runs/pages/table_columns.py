"""The columns of the table of runs: which are shown, their heads with links that sort, and the menu that chooses.

Always true: which columns are shown without being asked for is what `gnomon runs` shows, told by the rows of the page alone;
a link of a head says the whole question, so it works without script.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gnomon.runs.columns import as_field, importance, keys_concerned, side_by_side
from gnomon.runs.table import FIXED, TIMES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gnomon.runs.saved.question import Question
    from gnomon.runs.views import Record

MOST_PINNED = 4
MOST_DEFAULT = 16
"""How many columns are shown that nobody asked for, besides times: what a wide window has room for, and a person can read."""
MOST_LISTED = 300
_BY_SIZE = re.compile(r"\s*([+-]?)n(?::(asc|desc))?\s*", re.IGNORECASE)
_LARGEST_FIRST = (*TIMES, "n")
_RIGHT = ("seed", "n", "duration", "rank", "exit_code", "cpu_s", "peak_memory_bytes")
OF_GROUPS = ("name", "group", "n", "apart", "seeds", "created", "duration")
_ALWAYS = ("status", "group", "seed", "created", "duration", "n", "apart")
_NEXT = {"": "desc", "desc": "asc", "asc": ""}


class Head(NamedTuple):
    """The head of one column. `family` stands above `name`; `to` sorts by it, `also` as well as by what sorts now."""

    key: str
    family: str
    name: str
    sorted: str  # "asc", "desc" or ""
    place: int  # among several columns that sort; 0 for the only one
    to: tuple[str, ...] | None
    also: tuple[str, ...] | None
    pin: int  # 1, 2, … from the left; 0 for one that moves
    is_number: bool
    kind: str


class Choice(NamedTuple):
    """A column in the menu."""

    key: str
    is_shown: bool
    is_pinned: bool


def order_of(question: Question) -> dict[str, str]:
    """Return "asc" or "desc" by column, the one that counts most first. Raises BadExpressionError."""
    from gnomon.runs.where import parse_sort

    found: dict[str, str] = {}
    for spec in question.sort:
        by_size = _BY_SIZE.fullmatch(spec) if question.by else None
        if by_size:
            is_ascending = by_size[1] == "+" or (by_size[2] or "").lower() == "asc"
            found.setdefault("n", "asc" if is_ascending else "desc")
            continue
        for column, is_descending in parse_sort(spec):
            found.setdefault(column.removesuffix(".last"), "desc" if is_descending else "asc")
    return found


def shown_columns(question: Question, defaults: Sequence[str], unknown: Iterable[str]) -> list[str]:
    """Return the columns after the name: those asked for, else the defaults and what the question is about; pins first.

    Of many defaults those are shown that a narrow terminal would keep: see `columns.importance`. Raises BadExpressionError.
    """
    if question.columns:
        found = list(question.columns)
    else:
        sort = [spec for spec in question.sort if not (question.by and _BY_SIZE.fullmatch(spec))]
        concerned = keys_concerned(question.where, sort, unknown) if not question.by else []
        found = [key for key in [*defaults, *concerned] if key not in ("id", "name")]
        found = side_by_side(found if question.by else ["status", *found])
        known = set(found)
        kept = [key for key in importance(found, ["status", *concerned]) if key in known][:MOST_DEFAULT]
        found = [key for key in found if key in kept or key in _ALWAYS]
    pins = [key for key in question.pin if key != "name"][:MOST_PINNED]
    return [key for key in dict.fromkeys([*pins, *found]) if key != "name"]


def heads(question: Question, columns: Sequence[str], numeric: Iterable[str]) -> list[Head]:
    """Return the heads of the name and of these columns; `numeric` have cells that are numbers. Raises BadExpressionError."""
    given = order_of(question)
    order = given or {"created": "desc"}
    pins = [key for key in question.pin if key != "name"][:MOST_PINNED]
    right = {*numeric, *_RIGHT}
    found = []
    for key in ("name", *columns):
        family, dot, name = key.partition(".")
        way = order.get(key, "")
        to = also = None
        if _has_order(question, key):
            to, also = (_specs(base, key, _NEXT[way], given) for base in ({}, given))
        found.append(
            Head(
                key=key, family=family if dot else "", name=name if dot else key, sorted=way,
                place=list(order).index(key) + 1 if way and len(order) > 1 else 0, to=to, also=also,
                pin=pins.index(key) + 1 if key in pins else 0,
                is_number=key.startswith("metrics.") or key in right, kind=kind_of(key),
            )
        )  # fmt: skip
    return found


def _has_order(question: Question, key: str) -> bool:
    """Return whether a table can be sorted by a column."""
    if question.by and key in ("apart", "seeds"):
        return False
    return key == "n" or as_field(key) is not None


def _specs(base: Mapping[str, str], key: str, way: str, given: Mapping[str, str]) -> tuple[str, ...]:
    """Return what `sort=` says where a column sorts this way beside those of `base`."""
    order = {one: said for one, said in base.items() if one != key or way}
    if way:
        order[key] = way
    if order == {"created": "desc"} and not given.keys() - {"created"}:
        order = {}  # as it is unless said
    found = []
    for one, said in order.items():
        is_default = (said == "desc") == (one.startswith("metrics.") or one in _LARGEST_FIRST)
        found.append(f"{as_field(one) or one}{'' if is_default else ':' + said}")
    return tuple(found)


def kind_of(key: str) -> str:
    """Return of which kind the cells of a column are, for their width: a word, a time, a length of time, or any."""
    if key in TIMES:
        return "time"
    return key if key in ("status", "duration", "seed", "n", "tags") else "any"


def menu(record: Record, question: Question, columns: Sequence[str]) -> dict[str, object]:
    """Return the columns to choose from: those that are shown, in their order, then all others by family."""
    shown = set(columns) | {"name"}
    keys = [*OF_GROUPS, *record.column_keys()] if question.by else record.column_keys()
    others = [
        key for key in dict.fromkeys(keys) if key not in shown and not (question.by and _is_of_runs(key))
    ]
    facts = [key for key in others if "." not in key]
    if not question.by:
        facts += [key for key in record.process_keys() if key not in shown]
    families = {
        "Params": [key for key in others if key.startswith(("params.", "data."))],
        "Metrics": [key for key in others if key.startswith("metrics.")],
        "Facts": facts,
    }
    left_out = sum(max(0, len(keys) - MOST_LISTED) for keys in families.values())
    return {
        "shown": [Choice(key, True, key in question.pin) for key in columns],
        "families": [(title, keys[:MOST_LISTED]) for title, keys in families.items() if keys],
        "left_out": left_out,
    }


def _is_of_runs(key: str) -> bool:
    """Return whether a column is one of runs that groups do not have."""
    return key in FIXED and key not in OF_GROUPS


def fields(record: Record) -> list[str]:
    """Return what a filter may begin a word with: the columns, as filters write them."""
    keys = [*record.column_keys(), *record.process_keys()]
    return [
        written for key in keys[: 3 * MOST_LISTED] if (written := "tags" if key == "tags" else as_field(key))
    ]
