"""What the columns of a question mean: which value of target and prediction is the positive one, and whether it is about classes.

A column of truths, or of 0 and 1 (also -1 and 1), says it by itself; of all others `positive` must name the value. Nothing is
guessed from how a label sounds.
Always true: what was taken as positive is said in `said`, and the same column means the same on every engine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.checks.kinds.fairness.cells import answer, label, number
from gnomon.errors import BadArgumentError

if TYPE_CHECKING:
    from gnomon.checks.rows import Rows

MOST_VALUES = 20  # different whole numbers that may be classes
_TRUTHS = ({0.0, 1.0}, {-1.0, 1.0})


class Column(NamedTuple):
    """A column: `kind` is `truth`, `number` or `label`; `values` are its different ones, as far as they were counted."""

    name: str
    kind: str
    values: tuple[Any, ...]
    is_many: bool  # there are more values
    low: float = 0.0
    high: float = 0.0
    mean: float = 0.0

    @property
    def is_empty(self) -> bool:
        """Whether all values are missing."""
        return self.kind != "truth" and not self.values

    @property
    def is_truth(self) -> bool:
        """Whether the column says by itself what is positive."""
        return self.kind == "truth" or (
            self.kind == "number" and not self.is_many and any(set(self.values) <= pair for pair in _TRUTHS)
        )

    @property
    def is_amount(self) -> bool:
        """Whether the column holds numbers that cannot be classes."""
        return self.kind == "number" and (self.is_many or any(value % 1 for value in self.values))


class Classes(NamedTuple):
    """An expression that is true where the column is positive and missing where it is; and the words for it."""

    truth: Any
    said: str
    others: int  # different values that are not positive


def column_of(rows: Rows, name: str) -> Column:
    """Return what is in a column. Asks the engine once or twice."""
    import narwhals as nw

    kind = rows.frame.collect_schema()[name]
    if kind == nw.Boolean:
        return Column(name, "truth", (), is_many=False)
    if not kind.is_numeric():
        values, is_many = _values(rows, nw.col(name).cast(nw.String))
        return Column(name, "label", values, is_many)
    value = nw.col("v")
    found = answer(
        rows.frame.select(number(name).alias("v")).select(
            value.min().alias("low"), value.max().alias("high"), value.mean().alias("mean"),
            value.count().alias("n"), value.is_in([0.0, 1.0]).cast(nw.Int64).sum().alias("truths"),
        )
    )  # fmt: skip
    low, high, mean, n, truths = (_plain(found[key][0]) for key in ("low", "high", "mean", "n", "truths"))
    if truths == n:
        return Column(
            name, "number", tuple({low, high}) if n else (), is_many=False, low=low, high=high, mean=mean
        )
    values, is_many = _values(rows, number(name))
    return Column(name, "number", values, is_many, low, high, mean)


def _plain(value: Any) -> float:
    return 0.0 if value is None or value != value else float(value)


def _values(rows: Rows, column: Any) -> tuple[tuple[Any, ...], bool]:
    """Return the different values of an expression, sorted, as far as there are not too many."""
    import narwhals as nw

    grouped = rows.frame.select(column.alias("v")).group_by("v").agg(nw.len().alias("n"))
    found = [
        value for value in answer(grouped.head(MOST_VALUES + 2))["v"] if value is not None and value == value
    ]
    is_many = len(found) > MOST_VALUES
    return tuple(sorted(found)[:MOST_VALUES]), is_many


def classes_of(column: Column, positive: Any, argument: str, *, is_known: bool = False) -> Classes:
    """Return where a column is positive. `is_known` says that `positive` was found in the other column.

    Raises BadArgumentError where the column does not say it, or has no such value.
    """
    import narwhals as nw

    if column.is_empty:
        return Classes(nw.lit(None).cast(nw.Boolean), f"`{column.name}` has no value", 0)
    named = None if positive is None else label(positive)
    if column.kind == "truth":
        is_other_way = named in ("false", "0")
        truth = ~nw.col(column.name) if is_other_way else nw.col(column.name)
        return Classes(truth, f"`{column.name}` is {'false' if is_other_way else 'true'}", 1)
    match = next((value for value in column.values if label(value) == named), None)
    if column.kind == "number" and not column.is_many:
        if match is None and is_known:
            match = _number_of(named)
        if match is None and column.is_truth:
            match = 1.0
        if match is not None:
            others = sum(value != match for value in column.values)
            return Classes(number(column.name) == match, f"`{column.name}` is {label(match)}", others)
    elif column.kind == "label" and named is not None and (match is not None or is_known or column.is_many):
        others = len(column.values) - (match is not None)
        return Classes(nw.col(column.name).cast(nw.String) == named, f"`{column.name}` is {named!r}", others)
    raise _unclear(column, positive, argument)


def holds(column: Column, positive: Any) -> bool:
    """Return whether the column has the value that is named as the positive one."""
    return positive is not None and any(label(value) == label(positive) for value in column.values)


def _number_of(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def _unclear(column: Column, positive: Any, argument: str) -> BadArgumentError:
    shown = ", ".join(repr(label(value)) for value in column.values[:6]) + (
        ", …" if len(column.values) > 6 else ""
    )
    if column.is_amount:
        return BadArgumentError(
            f"`{argument}`: the column `{column.name}` holds numbers such as {shown}, which are no classes",
            hint="give a column of decisions, or `score=` and `threshold=`; of amounts, `task='regression'`",
        )
    if positive is not None:
        return BadArgumentError(
            f"`positive` is {positive!r}, which the column `{column.name}` does not hold: it has {shown or 'no value'}"
        )
    count = f"more than {MOST_VALUES}" if column.is_many else str(len(column.values))
    return BadArgumentError(
        f"`{argument}`: the column `{column.name}` has {count} values ({shown}), and none of them is known as the positive one",
        hint=f"name it with `positive=`, for instance `positive={label(column.values[-1])!r}`"
        + ("; it is held against all others together" if len(column.values) > 2 else ""),
    )  # fmt: skip
