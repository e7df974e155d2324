"""Whether columns hang together as they did: what no column shows alone, such as a correlation that turned.

Each column is made the same in both tables first (ranks within the table, as normal scores; a category as 0 and 1,
standardised), so what moved in one column alone does not count again. Then a classifier is to tell the tables apart: half of
the rows of each say how much the mean of every product of two columns differs, the other half are scored by it (Lopez-Paz
and Oquab, "Revisiting classifier two-sample tests", ICLR 2017). The effect is the AUC on that other half: 0.5 where the
tables cannot be told apart.

Always true: the same rows, seed and columns give the same answer, in whatever order up to 10,000 rows stand.
Not seen: what shows in three columns at once only; what leaves the correlations of ranks, and of their squares, as they were.
"""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np

from gnomon.checks.kinds.drift.numbers import Z

Array = np.ndarray[Any, np.dtype[np.float64]]
Column = np.ndarray[Any, Any]  # numbers with NaN where missing, or labels as objects with None

MOST_ROWS = 10_000  # of each table
FEWEST_ROWS = 50
MOST_COLUMNS = 200
MOST_CATEGORIES = 6  # of a column; fewer where there are many columns
FEWEST_SHARE = 0.02  # of the rows in either table, from which a category is a feature
SLOPE = 0.26  # AUC above 0.5 of a correlation of normal columns that moves by 1, measured between 0.2 and 0.5
_ALONE = 250_000  # multiplications that BLAS does without threads
_NORMAL = NormalDist()


class Joint(NamedTuple):
    """What the classifier could do. `first` and `second` are the columns that told most; `before` and `after` their correlation.

    `high` is an upper end for what could be told with more rows to learn from, where one pair of columns changed.
    """

    auc: float
    low: float
    high: float
    p: float
    columns: int
    first: str = ""
    second: str = ""
    before: float = math.nan
    after: float = math.nan


class _Half(NamedTuple):
    features: Array  # (rows, features): mean 0, deviation 1
    blocks: tuple[tuple[int, str], ...]  # of each feature: its column, and what it is of it


def limit_of(shift: float) -> float:
    """Return the AUC between two normal distributions that are so far apart by their Kolmogorov-Smirnov distance.

    >>> round(limit_of(0.1), 3)  # a quarter of a standard deviation
    0.571
    """
    return _NORMAL.cdf(math.sqrt(2) * _NORMAL.inv_cdf((1 + shift) / 2))


def joint(
    reference: dict[str, Column], current: dict[str, Column], *, limit: float, seed: int = 0
) -> Joint | None:
    """Return what a classifier can do with the rows of two tables; None where there are under two columns that vary.

    Both hold the same columns, each of one length; at least `FEWEST_ROWS` rows. `limit` is the AUC that matters: where so few
    rows are there to learn from that a change of that size would drown among the other products, the upper end says so.
    """
    names = [name for name in reference if _varies(reference[name]) and _varies(current[name])]
    most = max(1, min(MOST_CATEGORIES, 2 * MOST_COLUMNS // max(len(names), 1)))
    levels = {
        name: _levels(reference[name], current[name], most)
        for name in names
        if reference[name].dtype == object
    }
    chance = np.random.default_rng(seed)
    halves = [_halved({name: table[name] for name in names}, chance) for table in (reference, current)]
    learned, scored = ([_features(table[at], levels) for table in halves] for at in (0, 1))
    weights = _weights(*learned) if learned[0].blocks else None
    if weights is None:
        return None
    scores = [_scores(half.features, weights[0]) for half in scored]
    auc, low, high, p = told_apart(scores[0], scores[1])
    kept = _kept(learned[0], learned[1], limit)
    high = min(1.0, 0.5 + (high - 0.5) / kept if kept > 0 and high > 0.5 else high)
    first, second = weights[1]
    blocks = learned[0].blocks
    before, after = (float((half.features[:, first] * half.features[:, second]).mean()) for half in scored)
    said = [f"{blocks[at][1]}`{names[blocks[at][0]]}`" for at in sorted((first, second))]
    return Joint(auc, low, high, p, len(names), said[0], said[1], before, after)


def told_apart(reference: Array, current: Array) -> tuple[float, float, float, float]:
    """Return AUC, its interval, and the chance of one as large, of scores that are to be higher in the current table.

    The chance is that of Mann and Whitney (1947), corrected for ties; the interval that of DeLong et al. (1988), each
    end wrong in about 5 % of cases.

    >>> told_apart(np.array([1.0, 2.0]), np.array([2.0, 3.0]))[0]  # of 4 pairs 3 in order, and one tied
    0.875
    """
    n, m = len(reference), len(current)
    ranks, tied = _midranks(np.concatenate((reference, current)))
    ours = (ranks[:n] - _midranks(reference)[0]) / m  # the part of the current table below each row
    theirs = (ranks[n:] - _midranks(current)[0]) / n
    auc = float(theirs.mean())
    error = math.sqrt(ours.var(ddof=1) / n + theirs.var(ddof=1) / m) if min(n, m) > 1 else 1.0
    total = n + m
    variance = (total + 1 - tied / (total * (total - 1))) / (12 * n * m)
    p = 1.0 if variance <= 0 else _NORMAL.cdf(-(auc - 0.5) / math.sqrt(variance))
    return auc, max(0.0, auc - Z * error), min(1.0, auc + Z * error), p


# ---------------------------------------------------------------- the classifier


def _weights(reference: _Half, current: _Half) -> tuple[Array, tuple[int, int]] | None:
    """Return the weight of every product of two features, shape (features, features), and the two that tell most.

    A weight is the cube of how many standard errors the means of a product are apart: one clear difference stands out from
    thousands that chance makes, and many small ones still add up. Products within one column have none.
    """
    products, variances = [], []
    for half in (reference, current):
        values = half.features
        mean = _gram(values) / len(values)
        products.append(mean)
        variances.append(np.maximum(_gram(values * values) / len(values) - mean * mean, 0.0))
    block = np.array([at for at, _ in reference.blocks])
    spread = variances[0] / len(reference.features) + variances[1] / len(current.features)
    is_told = (block[:, None] != block[None, :]) & (spread > 1e-12)
    if not is_told.any():
        return None
    apart = np.where(is_told, products[1] - products[0], 0.0)
    z = apart / np.sqrt(np.where(is_told, spread, 1.0))
    first, second = np.unravel_index(int(np.abs(z).argmax()), z.shape)
    scale = np.sqrt(np.where(is_told, variances[0] + variances[1], 1.0))
    return z**3 / scale, (int(first), int(second))


def _gram(values: Array) -> Array:
    """Return the sums of products of columns, shape (k, k). In blocks so small that BLAS wakes no threads to wait for."""
    rows, k = values.shape
    size = _ALONE // (k * k)
    if size < 8:
        return values.T @ values
    found = np.zeros((k, k))
    for at in range(0, rows, size):
        block = values[at : at + size]
        found += block.T @ block
    return found


def _kept(reference: _Half, current: _Half, limit: float) -> float:
    """Return how much of an AUC of `limit`, made by one pair of columns, is left after learning which pair it is.

    With z standard errors of that pair among k products, the part of the weights that is signal: z**3 / sqrt(z**6 + 15 k), where
    15 is the mean of the sixth power of a normal.
    """
    features = len(reference.blocks)
    z = (limit - 0.5) / SLOPE / math.sqrt(1 / len(reference.features) + 1 / len(current.features))
    return z**3 / math.sqrt(z**6 + 15 * features * (features - 1) / 2)


def _scores(features: Array, weights: Array) -> Array:
    size = _ALONE // weights.size
    if size < 8:
        size = len(features)
    parts = [features[at : at + size] for at in range(0, len(features), size)]
    return np.concatenate([((part @ weights) * part).sum(axis=1) for part in parts])


# ---------------------------------------------------------------- features


def _varies(values: Column) -> bool:
    if values.dtype == object:
        return len({value for value in values.tolist() if value is not None}) > 1
    known = values[~np.isnan(values)]
    return bool(len(known)) and bool((known != known[0]).any())


def _levels(reference: Column, current: Column, most: int) -> list[object]:
    """Return the categories that are features: the most common that both tables have often enough, but one."""
    shares = []
    for values in (reference, current):
        counts: dict[object, int] = {}
        for value in values.tolist():
            counts[value] = counts.get(value, 0) + 1
        shares.append({value: count / len(values) for value, count in counts.items() if value is not None})
    both = {value: min(share, shares[1].get(value, 0.0)) for value, share in shares[0].items()}
    often = sorted(
        (value for value in both if both[value] >= FEWEST_SHARE), key=lambda one: (-both[one], str(one))
    )
    is_one_enough = len(shares[0]) == len(shares[1]) == len(often) == 2
    return often[: 1 if is_one_enough else most]


def _halved(table: dict[str, Column], chance: np.random.Generator) -> list[dict[str, Column]]:
    """Return two halves of the rows, drawn from an order that follows from the values alone."""
    columns = list(table.values())
    rows = len(columns[0]) if columns else 0
    keys = np.zeros(rows, np.uint64)
    for values in columns:
        keys = keys * np.uint64(0x9E3779B97F4A7C15) + _numbered(values)
        keys ^= keys >> np.uint64(29)
    order = np.argsort(keys, kind="stable")[chance.permutation(rows)]
    parts = order[: rows // 2], order[rows // 2 :]
    return [{name: values[part] for name, values in table.items()} for part in parts]


def _numbered(values: Column) -> np.ndarray[Any, np.dtype[np.uint64]]:
    if values.dtype == object:
        codes = {value: at for at, value in enumerate(sorted({str(value) for value in values.tolist()}))}
        return np.array([codes[str(value)] for value in values.tolist()], np.uint64)
    return (values + 0.0).view(np.uint64)


def _features(table: dict[str, Column], levels: dict[str, list[object]]) -> _Half:
    found: list[Array] = []
    blocks: list[tuple[int, str]] = []
    for at, (name, values) in enumerate(table.items()):
        if name in levels:
            for level in levels[name]:
                found.append(_standard(np.array([value == level for value in values.tolist()], float)))
                blocks.append((at, ""))
            continue
        scores = _normal_scores(values)
        found += [scores, _standard(scores * scores)]
        blocks += [(at, ""), (at, "how far from its middle is ")]
    rows = len(next(iter(table.values()))) if table else 0
    return _Half(np.stack(found, axis=1) if found else np.zeros((rows, 0)), tuple(blocks))


def _normal_scores(values: Array) -> Array:
    """Return normal scores of midranks, standardised; 0 where a value is missing."""
    is_known = ~np.isnan(values)
    if is_known.all():
        return _standard(_at(values))
    scores = np.zeros(len(values))
    scores[is_known] = _standard(_at(values[is_known]))
    return _standard(scores)


def _at(values: Array) -> Array:
    if not len(values):
        return values
    found: Array = _quantiles(len(values))[np.rint(2 * _midranks(values)[0]).astype(np.int64) - 2]
    return found


@lru_cache(maxsize=16)
def _quantiles(n: int) -> Array:
    """Return the normal score of every midrank of n values: 1, 1.5, 2, … n."""
    return np.array([_NORMAL.inv_cdf(half / (2 * n + 2)) for half in range(2, 2 * n + 1)])


def _standard(values: Array) -> Array:
    apart = values - values.mean() if len(values) else values
    deviation = math.sqrt(float((apart * apart).mean())) if len(values) else 0.0
    return apart / deviation if deviation > 1e-12 else np.zeros(len(values))


def _midranks(values: Array) -> tuple[Array, float]:
    """Return the rank of each value from 1, ties the middle of theirs; and the sum of t**3 - t over ties of t values."""
    order = np.argsort(values)
    held = values[order]
    ranks = np.empty(len(values))
    is_first = np.concatenate(([True], held[1:] != held[:-1]))
    if is_first.all():
        ranks[order] = np.arange(1.0, len(values) + 1)
        return ranks, 0.0
    starts = np.flatnonzero(is_first)
    sizes = np.diff(np.append(starts, len(values))).astype(float)
    ranks[order] = np.repeat(starts + (sizes + 1) / 2, sizes.astype(np.int64))
    return ranks, float((sizes**3 - sizes).sum())
