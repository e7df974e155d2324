"""Columns that give the target away: how well each alone tells it, learned in training and looked at in test.

A column is put in up to 64 bins by quantiles of training (values that repeat, and labels, are bins as they are; a missing
value is one too). What a bin says is the share of each class in it, or the mean rank of the target, in training. How well
that does on test rows is the ROC AUC for two classes, the share of errors that knowing the column saves for many, and R² of
the target's ranks in a regression, so that one large value decides nothing.

Always true: nothing of the test set is learned from; shape, direction and scale of a column do not matter.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gnomon.checks.kinds.performance import ends, labels, ranking
from gnomon.checks.kinds.performance.tables import tally

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gnomon.checks.kinds.performance.ends import Ends

    Array = NDArray[np.float64]
    Codes = NDArray[np.int64]

BINS, FEWEST_BINS, LEAST = 64, 8, 10  # bins of a column, and rows of training for each
UNIQUE = 0.95  # share of different values, from which on a column names rows
MOST_LABELS = 5000
BINARY, CLASSES, NUMBERS = "two classes", "many classes", "numbers"
FIGURES = {BINARY: "ROC AUC", CLASSES: "share of errors saved", NUMBERS: "R² of ranks"}
LIMITS = {BINARY: 0.99, CLASSES: 0.98, NUMBERS: 0.98}
ID_LIMITS = {BINARY: 0.6, CLASSES: 0.1, NUMBERS: 0.1}
_PRIOR = 1.0  # rows of the whole training set in each bin


class Target(NamedTuple):
    """The target of both tables: codes of classes, or ranks in training between 0 and 1; rows without it are left out."""

    kind: str
    train: NDArray[Any]
    test: NDArray[Any]
    classes: int
    kept_train: NDArray[np.bool_]
    kept_test: NDArray[np.bool_]


class Tell(NamedTuple):
    """How well a column alone tells the target; `is_id` where nearly every row has a value of its own."""

    name: str
    value: float | None
    ends: Ends | None
    is_id: bool
    why: str = ""


def target_of(train: NDArray[Any], test: NDArray[Any]) -> Target:
    """Return the target of both tables. Numbers are classes where they are whole and few, as in a performance check."""
    from gnomon.checks.kinds.performance.columns import MOST_CLASSES

    known = [values[~np.isnan(values)] if values.dtype.kind == "f" else values for values in (train, test)]
    are_numbers = all(values.dtype.kind in "iuf" for values in (train, test))
    if are_numbers and (
        any((one % 1).any() for one in known) or len(np.unique(np.concatenate(known))) > MOST_CLASSES
    ):
        return _numbers(train.astype(float), test.astype(float))
    (one, found), (two, others) = labels.coded(train), labels.coded(test)
    every = labels.ordered({*found, *others})
    one, two = labels.recoded(one, found, every), labels.recoded(two, others, every)
    kind = BINARY if len(every) <= 2 else CLASSES
    return Target(kind, one[one >= 0], two[two >= 0], max(2, len(every)), one >= 0, two >= 0)


def _numbers(train: Array, test: Array) -> Target:
    kept, kept_test = np.isfinite(train), np.isfinite(test)
    ordered = np.sort(train[kept])

    def rank(values: Array) -> Array:
        below, above = (np.searchsorted(ordered, values, side=side) for side in ("left", "right"))
        return np.asarray((below + above) / 2 / max(1, len(ordered)))

    return Target(NUMBERS, rank(train[kept]), rank(test[kept_test]), 0, kept, kept_test)


def tell(name: str, train: NDArray[Any], test: NDArray[Any], target: Target) -> Tell:
    """Return how well a column tells the target."""
    train, test = train[target.kept_train], test[target.kept_test]
    if not len(train) or not len(test):
        return Tell(name, None, None, is_id=False, why="there are no rows with a target")
    codes, others, size, is_id = _binned(train, test)
    if target.kind == NUMBERS:
        value, made = _of_numbers(codes, others, size, target)
    else:
        value, made = _of_classes(codes, others, size, target)
    if not math.isfinite(value):
        return Tell(
            name,
            None,
            None,
            is_id,
            "the test set has one class only" if target.kind != NUMBERS else "the target has one value",
        )
    return Tell(name, value, made, is_id)


def _of_classes(codes: Codes, others: Codes, size: int, target: Target) -> tuple[float, Ends | None]:
    k = target.classes
    seen = np.bincount(codes * k + target.train, minlength=size * k).reshape(size, k).astype(float)
    base = seen.sum(0) / seen.sum()
    says = (seen + _PRIOR * base) / (seen.sum(1, keepdims=True) + _PRIOR)
    if target.kind == BINARY:
        test = np.bincount(others * k + target.test, minlength=size * k).reshape(size, k).astype(float)
        order = np.unique(-says[:, 1], return_inverse=True)[1]
        positives, negatives = (tally(order, size, test[:, one]) for one in (1, 0))
        found = ranking.Ranked(positives, negatives, np.zeros(0))
        auc = ranking.auc_of(found)
        return auc.value, auc.ends
    guess = says.argmax(1)
    n, hits = len(others), float((guess[others] == target.test).sum())
    usual = float((target.test == base.argmax()).mean())
    if usual >= 1 or len(np.unique(target.test)) < 2:
        return math.nan, None
    of_hits = ends.rate(hits, n)

    def made(level: float) -> tuple[float, float]:
        low, high = of_hits(level)
        return (low - usual) / (1 - usual), (high - usual) / (1 - usual)

    return (hits / n - usual) / (1 - usual), made


def _of_numbers(codes: Codes, others: Codes, size: int, target: Target) -> tuple[float, Ends | None]:
    in_order = np.argsort(target.train)  # so that sums have the same last digit in whatever order rows came
    codes, ranks = codes[in_order], target.train[in_order]
    mean = float(ranks.mean())
    says = (tally(codes, size, ranks) + _PRIOR * mean) / (tally(codes, size) + _PRIOR)
    said = says[others]
    in_order = np.lexsort((said, target.test))
    truth, said = target.test[in_order], said[in_order]
    spread = float(truth.var())
    if spread <= 0:
        return math.nan, None
    return 1 - float(((truth - said) ** 2).mean()) / spread, ends.r2(truth, said)


# ---------------------------------------------------------------- bins


def _binned(train: NDArray[Any], test: NDArray[Any]) -> tuple[Codes, Codes, int, bool]:
    """Return the bins of both tables, how many there are, and whether nearly every row of training has a value of its own."""
    if train.dtype.kind in "iufb" and test.dtype.kind in "iufb":
        numbers, others = train.astype(float), test.astype(float)
        is_whole = not (numbers[np.isfinite(numbers)] % 1).any()
        return *_cut(numbers, others), is_whole and _is_unique(
            len(np.unique(numbers[np.isfinite(numbers)])), train
        )
    (codes, found), (others_, other_labels) = labels.coded(train), labels.coded(test)
    is_id = _is_unique(len(found), train)
    if is_id:  # names of rows in their order: `cat.001`, `dog.001`
        places = labels.recoded(codes, found, found).astype(float)
        ordered = np.array(found, dtype=str)
        moved = np.append(np.searchsorted(ordered, np.array(other_labels, dtype=str)), -1)[others_].astype(
            float
        )
        places[codes < 0], moved[others_ < 0] = np.nan, np.nan
        return *_cut(places, moved), True
    often = np.argsort(-np.bincount(codes[codes >= 0], minlength=len(found)), kind="stable")[:MOST_LABELS]
    place = {found[at]: nth for nth, at in enumerate(often.tolist())}
    size = len(place) + 2
    return (
        np.array([*(place.get(one, size - 2) for one in found), size - 1], np.int64)[codes],
        np.array([*(place.get(one, size - 2) for one in other_labels), size - 1], np.int64)[others_],
        size, False,
    )  # fmt: skip


def _is_unique(different: int, values: NDArray[Any]) -> bool:
    return len(values) >= LEAST and different >= UNIQUE * len(values)


def _cut(numbers: Array, others: Array) -> tuple[Codes, Codes, int]:
    known = numbers[np.isfinite(numbers)]
    values = np.unique(known)
    count = max(FEWEST_BINS, min(BINS, len(known) // LEAST))
    if len(values) <= BINS or (len(values) <= MOST_LABELS and LEAST * len(values) <= len(known)):
        edges = (values[1:] + values[:-1]) / 2
    else:
        edges = np.unique(np.quantile(known, np.arange(1, count) / count))
    size = len(edges) + 2
    one, two = (
        np.where(np.isnan(values), size - 1, np.searchsorted(edges, values, side="left"))
        for values in (numbers, others)
    )
    return one, two, size
