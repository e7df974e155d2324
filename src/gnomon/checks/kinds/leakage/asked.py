"""What a leakage check is asked for, and which columns of two tables it looks at.

Always true: whatever is wrong with an argument raises here, with its name, the value and the rule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.checks.kinds.performance.asked import common, number
from gnomon.checks.result import named
from gnomon.errors import BadArgumentError

if TYPE_CHECKING:
    from gnomon.checks.rows import Rows

MAX_OVERLAP = 0.01


class Asked(NamedTuple):
    """The arguments of `leakage`."""

    target: str
    columns: tuple[str, ...] | None
    ignore: tuple[str, ...]
    key: tuple[str, ...]
    time: str | None
    max_overlap: float
    level: float
    seed: int
    name: str


class Columns(NamedTuple):
    """Features that both tables have, and those that only one has."""

    features: tuple[str, ...]
    only_train: tuple[str, ...]
    only_test: tuple[str, ...]


def asked_of(
    *,
    target: Any,
    columns: Any,
    ignore: Any,
    key: Any,
    time: Any,
    max_overlap: Any,
    level: Any,
    seed: Any,
    name: str | None,
) -> Asked:
    """Return the arguments, each of a kind that is allowed. Raises BadArgumentError."""
    for argument, value in (("target", target), *((("time", time),) if time is not None else ())):
        if not isinstance(value, str):
            raise BadArgumentError(f"`{argument}` must be the name of a column; got {value!r}")
    common({"level": level, "seed": seed})
    return Asked(
        target, None if columns is None else _names(columns, "columns"), _names(ignore, "ignore"),
        () if key is None else _names(key, "key"), time, number("max_overlap", max_overlap, 0, 1), float(level), seed,
        named("leakage", [target]) if name is None else name,
    )  # fmt: skip


def columns_of(train: Rows, test: Rows, asked: Asked) -> Columns:
    """Return the columns that are looked at. Raises BadArgumentError where one that is named is missing."""
    for rows, argument in ((train, "train"), (test, "test")):
        for name in (
            asked.target,
            *asked.key,
            *(() if asked.time is None else (asked.time,)),
            *(asked.columns or ()),
        ):
            if name not in rows.names:
                rows.require(name, _argument(name, asked, argument))
    apart = {asked.target, *asked.ignore, *asked.key, *(() if asked.time is None else (asked.time,))}
    if asked.columns is not None:
        return Columns(tuple(one for one in asked.columns if one not in apart), (), ())
    one, two = (
        [name for name in rows.names if name not in apart and not is_index(name)] for rows in (train, test)
    )
    in_train, in_test = set(one), set(two)
    return Columns(
        tuple(name for name in one if name in in_test),
        tuple(name for name in one if name not in in_test),
        tuple(name for name in two if name not in in_train),
    )


def is_index(name: str) -> bool:
    """Return whether a column is the index of a pandas DataFrame without a name, as Arrow calls it: no feature."""
    return name.startswith("__index_level_") and name.endswith("__")


def _argument(name: str, asked: Asked, table: str) -> str:
    argument = (
        "target"
        if name == asked.target
        else "time"
        if name == asked.time
        else "key"
        if name in asked.key
        else "columns"
    )
    return f"{argument}` of `{table}"


def _names(given: Any, argument: str) -> tuple[str, ...]:
    names = (given,) if isinstance(given, str) else tuple(given) if isinstance(given, (list, tuple)) else None
    if (
        names is None
        or not all(isinstance(one, str) for one in names)
        or (not names and argument == "columns")
    ):
        raise BadArgumentError(
            f"`{argument}` must be the name of a column, or a list of names; got {given!r}"
        )
    return tuple(dict.fromkeys(names))
