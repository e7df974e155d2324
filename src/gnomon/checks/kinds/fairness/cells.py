"""What a table says of groups, as counts and sums: one expression, asked where the table lives, gives all that fairness needs.

Rows are counted by (groups…, outcome, prediction). Every rate of classification follows from these counts, for each attribute and
for any crossing of them, and so does a bootstrap of rows (`resample`). For scores and for regression, sums of powers are added.
Always true: a row is counted once or left out, and `left_out` says how often; a missing label is a group of its own, "(missing)";
values with one label (1, 1.0 and "1") are one group. No row leaves the engine.
"""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gnomon.checks.rows import Rows

Array = np.ndarray[Any, np.dtype[np.float64]]

MISSING = "(missing)"
AND = " & "
LARGEST = 1e150  # a number beyond is none, as an infinite one is: its square would overflow
OUTCOMES = ("tp", "fp", "fn", "tn")
SCORES = ("s_n", "s", "ss", "s_y", "s_sy")
ERRORS = ("n", "e", "ee", "a", "eeee", "y", "yy")


class Groups(NamedTuple):
    """The groups of one attribute, or of several crossed, with the sums of each: arrays with one place a group."""

    attribute: str
    labels: tuple[str, ...]
    sums: Mapping[str, Array]

    @property
    def n(self) -> Array:
        """Rows of each group."""
        return self.sums["n"] if "n" in self.sums else sum_of(self.sums, OUTCOMES)


@dataclass(frozen=True, slots=True)
class Cells:
    """Sums of each crossed group: `codes` (groups, attributes) are places in `labels`, each of `sums` has one place a group.

    Of classification: `tp`, `fp`, `fn`, `tn`, and where there are scores `s_n` (rows with one), `s`, `ss` (their sum, of
    squares), `s_y`, `s_sy` (positives among them, and the sum of their scores). Of regression, with e = prediction - target:
    `n`, `e`, `ee`, `eeee` (powers), `a` (absolute), `y`, `yy` (the target less `shift`).
    """

    attributes: tuple[str, ...]
    labels: tuple[tuple[str, ...], ...]
    codes: np.ndarray[Any, Any]
    sums: Mapping[str, Array]
    left_out: int = 0
    shift: float = 0.0

    @property
    def n(self) -> int:
        """Rows that count."""
        return int(self.all().n.sum())

    def all(self) -> Groups:
        """Return all rows as one group."""
        return Groups("", ("all",), {key: one.sum(keepdims=True) for key, one in self.sums.items()})

    def by(self, *attributes: str) -> Groups:
        """Return the groups of attributes, crossed where there are several, in the order of their labels."""
        places = [self.attributes.index(one) for one in attributes]
        rows, at = np.unique(self.codes[:, places], axis=0, return_inverse=True)
        at = at.reshape(-1)
        sums = {
            key: np.bincount(at, one, minlength=len(rows)).astype(float) for key, one in self.sums.items()
        }
        labels = tuple(
            joined([self.labels[place][code] for place, code in zip(places, row, strict=True)])
            for row in rows.tolist()
        )
        return Groups(AND.join(attributes), labels, sums)


def sum_of(sums: Mapping[str, Array], keys: Sequence[str]) -> Array:
    """Return the sum of some of the sums."""
    total: Array = np.sum([sums[key] for key in keys], axis=0)
    return total


def joined(labels: Sequence[str]) -> str:
    """Return the label of a crossed group.

    >>> joined(["Female", "Black"]), joined(["a & b", "c"])
    ('Female & Black', '"a & b" & c')
    """
    return AND.join(f'"{one}"' if AND in one and len(labels) > 1 else one for one in labels)


def label(value: Any) -> str:
    """Return the label of a value of a group column, the same whatever engine it came from.

    >>> label(None), label(float("nan")), label(2.0), label(True), label("x")
    ('(missing)', '(missing)', '2', 'true', 'x')
    """
    value = value.item() if isinstance(value, np.generic) else value
    if value is None or value != value:
        return MISSING
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime.datetime):
        return value.isoformat(" ").removesuffix(" 00:00:00")
    return str(value)


def count_classes(
    rows: Rows, attributes: Sequence[str], *, truth: Any, chosen: Any, score: Any = None
) -> Cells:
    """Return the cells of a classification.

    `truth`, `chosen` and `score` are narwhals expressions: true or false (missing: the row is left out), and a number (missing:
    the row counts, its score does not). Without a `truth` every row counts as positive: only the selection rate then speaks.
    """
    import narwhals as nw

    asked = [
        nw.lit(True).alias("y") if truth is None else truth.alias("y"),
        chosen.alias("p"),
        *([score.alias("s")] if score is not None else []),
    ]
    sums = [nw.len().alias("n")]
    if score is not None:
        s = nw.col("s")
        sums += [s.count().alias("s_n"), s.sum().alias("s"), (s * s).sum().alias("ss")]
    keys = _keys(rows, attributes)
    names = [f"g{place}" for place in range(len(keys))]
    found = answer(rows.frame.select(*keys, *asked).group_by(*names, "y", "p").agg(*sums))
    coded, labels = _coded([found[name] for name in names])
    y, p = _truths(found["y"]), _truths(found["p"])
    counts = _numbers(found["n"])
    known = (y >= 0) & (p >= 0)
    gathered = {
        "tp": counts * ((y == 1) & (p == 1)),
        "fp": counts * ((y == 0) & (p == 1)),
        "fn": counts * ((y == 1) & (p == 0)),
        "tn": counts * ((y == 0) & (p == 0)),
    }
    if score is not None:
        n, total, squares = (_numbers(found[key]) for key in ("s_n", "s", "ss"))
        gathered |= {
            "s_n": n, "s": total, "ss": squares, "s_y": n * (y == 1), "s_sy": total * (y == 1),
        }  # fmt: skip
    left_out = int(counts[~known].sum())
    return _gathered(
        attributes, labels, coded[known], {key: one[known] for key, one in gathered.items()}, left_out
    )


def count_errors(
    rows: Rows, attributes: Sequence[str], *, target: str, prediction: str, shift: float = 0.0
) -> Cells:
    """Return the cells of a regression; rows without a finite target and prediction are left out."""
    import narwhals as nw

    y, p = nw.col("y"), nw.col("p")
    known = (number(target) * 0 + number(prediction) * 0 + 1).fill_null(0.0)
    keys = _keys(rows, attributes)
    names = [f"g{place}" for place in range(len(keys))]
    narrow = rows.frame.select(
        *keys, known.alias("known"), number(target).alias("y"), number(prediction).alias("p")
    ).with_columns((p - y).alias("e"), (y - shift).alias("y"))
    e, y = nw.col("e"), nw.col("y")
    found = answer(
        narrow.group_by(*names, "known").agg(
            nw.len().alias("n"), e.sum().alias("e"), (e * e).sum().alias("ee"), e.abs().sum().alias("a"),
            (e * e * e * e).sum().alias("eeee"), y.sum().alias("y"), (y * y).sum().alias("yy"),
        )
    )  # fmt: skip
    coded, labels = _coded([found[name] for name in names])
    is_known = _numbers(found["known"]) == 1
    sums = {key: _numbers(found[key])[is_known] for key in ERRORS}
    left_out = int(_numbers(found["n"])[~is_known].sum())
    return _gathered(attributes, labels, coded[is_known], sums, left_out, shift)


def number(column: str) -> Any:
    """Return an expression: a column as a float, missing where it is not finite."""
    import narwhals as nw

    value = nw.col(column).cast(nw.Float64)
    return nw.when(value.abs() <= LARGEST).then(value)


def answer(frame: Any) -> dict[str, np.ndarray[Any, Any]]:
    """Return the columns of an answer, which is small: a narwhals LazyFrame. Of DuckDB without pyarrow."""
    import narwhals as nw

    native = nw.to_native(frame)
    if hasattr(native, "fetchnumpy"):
        return {name: _with_none(column) for name, column in native.fetchnumpy().items()}
    collected = frame.collect()
    return {name: np.array(collected[name].to_list(), dtype=object) for name in collected.columns}


# ---------------------------------------------------------------- answers as arrays


def _with_none(column: Any) -> np.ndarray[Any, Any]:
    if not np.ma.is_masked(column):
        return np.asarray(column)
    plain = np.asarray(column.data).astype(object)
    plain[np.ma.getmaskarray(column)] = None
    return plain


def _keys(rows: Rows, attributes: Sequence[str]) -> list[Any]:
    """Return the group columns as g0, g1, …: names of ours cannot clash with those of the table."""
    import narwhals as nw

    schema = rows.frame.collect_schema()
    keys = []
    for place, name in enumerate(attributes):
        key = nw.col(name)
        if schema[name] in (nw.Categorical, nw.Enum):
            key = key.cast(nw.String)
        keys.append(key.alias(f"g{place}"))
    return keys


def _coded(
    columns: Sequence[np.ndarray[Any, Any]],
) -> tuple[np.ndarray[Any, Any], tuple[tuple[str, ...], ...]]:
    """Return columns of labels as numbers, shape (rows, columns), and the sorted labels of each column."""
    coded, all_labels = [], []
    for column in columns:
        texts = [label(value) for value in column]
        labels = sorted(set(texts))
        places = {text: place for place, text in enumerate(labels)}
        coded.append([places[text] for text in texts])
        all_labels.append(tuple(labels))
    return np.array(coded, dtype=np.int64).reshape(len(columns), -1).T, tuple(all_labels)


def _gathered(
    attributes: Sequence[str], labels: tuple[tuple[str, ...], ...], coded: np.ndarray[Any, Any],
    sums: Mapping[str, Array], left_out: int, shift: float = 0.0,
) -> Cells:  # fmt: skip
    """Return cells with one place for each crossed group."""
    codes, at = np.unique(coded, axis=0, return_inverse=True)
    at = at.reshape(-1)
    whole = {key: np.bincount(at, one, minlength=len(codes)).astype(float) for key, one in sums.items()}
    return Cells(tuple(attributes), labels, codes, whole, left_out, shift)


def _truths(column: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return 1, 0, or -1 where missing."""
    return np.array([-1 if value is None else int(bool(value)) for value in column], dtype=np.int64)


def _numbers(column: np.ndarray[Any, Any]) -> Array:
    if column.dtype != object:
        return column.astype(float)
    return np.array([0.0 if value is None or math.isnan(value) else float(value) for value in column])
