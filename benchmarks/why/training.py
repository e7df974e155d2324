"""Small trainings that a recipe describes, for many seeds at once.

`train(recipe, seeds)` returns the metric for each seed, as training one after the other would. Everything random comes
from streams that are named by seed, purpose and `salt`, so two recipes that differ in nothing that touches randomness
share their noise, seed by seed, and a changed salt is a program that draws its random numbers in another order.
"""

from __future__ import annotations

import functools
import warnings
from dataclasses import dataclass, replace

import numpy as np
from sklearn import config_context, datasets
from sklearn.tree import DecisionTreeClassifier

LOADERS = {
    "breast cancer": datasets.load_breast_cancer,
    "wine": datasets.load_wine,
    "digits": datasets.load_digits,
    "iris": datasets.load_iris,
    "diabetes": datasets.load_diabetes,
}
HARD_CODED = 42
CLIP = 1e3  # of weights that diverge: a bad value, and not an overflow


@dataclass(frozen=True)
class Recipe:
    """All that a run is made from, but its seed."""

    table: str
    model: str  # "linear", "hidden", "ridge", "tree"
    metric: str  # "accuracy", "log_loss", "r2", "rmse"
    train_rows: int
    test_rows: int
    is_split_by_seed: bool
    stream: int  # which case: its random numbers are its own
    scaling: str = "standard"  # "none", "clipped", "wrong"
    loss: str = "usual"  # "squared"
    imputation: str = "mean"  # "minus five": what stands for a missing cell
    lr: float = 0.1
    epochs: int = 6
    l2: float = 0.0
    hidden: int = 12
    depth: int = 5
    label_noise: float = 0.0
    kept_rows: float = 1.0
    dropped_columns: float = 0.0
    missing_cells: float = 0.0
    precision: str = "float64"
    init_scale: float = 0.1
    is_seed_hard_coded: bool = False
    salt: int = 0  # of initial weights and batches
    split_salt: int = 0  # of the split, too


SPLIT = ("table", "train_rows", "test_rows", "is_split_by_seed", "stream", "split_salt")
SHUFFLED = Recipe(
    "", "", "", 0, 0, is_split_by_seed=False, stream=0
)  # of which only what splits the rows is set


@functools.cache
def table_of(name):
    """Return rows, targets (classes as numbers from 0) and the number of classes (0: an amount)."""
    found = LOADERS[name]()
    x, y = np.asarray(found.data, float), np.asarray(found.target)
    if name == "diabetes":
        return x * 100, (y - y.mean()) / y.std(), 0
    return x, y.astype(int), int(y.max()) + 1


def stream(recipe, seed, purpose, salt):
    """Return the random numbers of one purpose."""
    return np.random.default_rng([recipe.stream, seed, purpose, salt])


def rows_of(recipe, seeds):
    """Return the rows of training and test of each seed; shapes (seeds, rows)."""
    kept = int(recipe.train_rows * recipe.kept_rows)
    train, test = _all_rows(
        replace(SHUFFLED, **{name: getattr(recipe, name) for name in SPLIT}), tuple(seeds)
    )
    return train[:, :kept], test


@functools.lru_cache(maxsize=8)
def _all_rows(recipe, seeds):
    x, _, _ = table_of(recipe.table)
    train, test = [], []
    for seed in seeds:
        if recipe.is_split_by_seed:
            order = stream(recipe, seed, 1, recipe.split_salt).permutation(len(x))
            pool = order[recipe.test_rows :]
        else:  # the test set is fixed; which rows are trained on is not
            order = stream(recipe, 0, 1, 0).permutation(len(x))
            pool = stream(recipe, seed, 2, recipe.split_salt).permutation(order[recipe.test_rows :])
        test.append(order[: recipe.test_rows])
        train.append(pool[: recipe.train_rows])
    return np.array(train), np.array(test)


def prepared(recipe, x):
    """Return all rows as the code of the recipe prepares them."""
    x = x.copy()
    if recipe.missing_cells:
        gone = stream(recipe, 0, 3, 0).random(x.shape) < recipe.missing_cells
        middle = x.mean(0) - (5 * x.std(0) if recipe.imputation == "minus five" else 0)
        x = np.where(gone, middle, x)
    deviation = x.std(0) + 1e-9
    if recipe.scaling == "none":
        x = x / deviation.mean()  # in one unit, but not in one size
    else:
        x = (x - x.mean(0)) / (deviation * (4 if recipe.scaling == "wrong" else 1))
    if recipe.scaling == "clipped":
        x = np.clip(x, -0.5, 0.5)
    if recipe.dropped_columns:
        spread = stream(recipe, 0, 4, 0).permutation(x.shape[1])
        x = np.delete(x, spread[: max(1, int(recipe.dropped_columns * x.shape[1]))], axis=1)
    return x


def train(recipe, seeds):
    """Return the metric of a run for each seed; shape (seeds,)."""
    x, y, classes = table_of(recipe.table)
    x = prepared(recipe, x)
    train_rows, test_rows = rows_of(recipe, seeds)
    inner = [HARD_CODED if recipe.is_seed_hard_coded else seed for seed in seeds]
    own = y[train_rows].copy()
    if recipe.label_noise:
        for place, seed in enumerate(seeds):
            chance = stream(recipe, seed, 5, 0)
            hit = chance.random(own.shape[1]) < recipe.label_noise
            if classes:
                own[place, hit] = chance.integers(classes, size=hit.sum())
            else:
                own[place, hit] = chance.permutation(own[place, hit])
    if recipe.model == "tree":
        x = np.ascontiguousarray(x, np.float32)
        with config_context(skip_parameter_validation=True, assume_finite=True):
            guesses = [
                _guesses(recipe, x[rows], labels, x[test], seed)
                for rows, labels, test, seed in zip(train_rows, own, test_rows, inner, strict=True)
            ]
        return (np.array(guesses) == y[test_rows]).mean(1)
    kind = np.dtype(recipe.precision)
    data = x[train_rows].astype(kind), own, x[test_rows].astype(kind)
    scores = _ridge(recipe, *data) if recipe.model == "ridge" else _descent(recipe, *data, classes, inner)
    return measured(recipe.metric, scores.astype(float), y[test_rows])


def _guesses(recipe, x, y, test, seed):
    """Return what a decision tree says of the rows of the test, without the checks of input that take most of the time."""
    state = int(stream(recipe, seed, 6, recipe.salt).integers(2**31))
    tree = DecisionTreeClassifier(max_depth=recipe.depth, max_features="sqrt", random_state=state)
    tree.fit(x, y, check_input=False)
    return tree.classes_[tree.tree_.predict(test).argmax(1)]


def _ridge(recipe, x, y, test):
    """Return predictions of a ridge regression with an intercept."""
    center, level = x.mean(1, keepdims=True), y.mean(1, keepdims=True)
    inside = np.swapaxes(x - center, 1, 2) @ (x - center)
    inside = inside + (recipe.l2 * 100 + 1e-3) * np.eye(x.shape[2], dtype=x.dtype)
    weights = np.linalg.solve(inside, np.swapaxes(x - center, 1, 2) @ (y - level)[..., None].astype(x.dtype))
    return ((test - center) @ weights)[..., 0] + level


def _descent(recipe, x, y, test, classes, seeds):
    """Return the scores of a linear model or of one hidden layer, trained by gradient descent on batches."""
    count, rows, columns = x.shape
    outputs = classes or 1
    width = recipe.hidden if recipe.model == "hidden" else columns
    last, first, order = [], [], []
    for seed in seeds:
        chance = stream(recipe, seed, 7, recipe.salt)
        last.append(chance.standard_normal((width, outputs)))
        if recipe.model == "hidden":
            first.append(chance.standard_normal((columns, width)) * 3 / np.sqrt(columns))
        order.append(chance.permuted(np.tile(np.arange(rows), (recipe.epochs, 1)), axis=1).ravel())
    last, order = (np.array(last) * recipe.init_scale).astype(x.dtype), np.array(order)
    first = (np.array(first) * recipe.init_scale).astype(x.dtype) if first else None
    bias = np.zeros((count, 1, outputs), x.dtype)
    targets = np.eye(outputs, dtype=x.dtype)[y] if classes else y[..., None].astype(x.dtype)
    size, every = min(32, rows), np.arange(count)[:, None]
    lr = np.asarray(recipe.lr, x.dtype)
    for start in range(0, order.shape[1] - size + 1, size):
        batch = order[:, start : start + size]
        inputs, wanted = x[every, batch], targets[every, batch]
        inner = np.tanh(inputs @ first) if first is not None else inputs
        slope = _slope(recipe, inner @ last + bias, wanted, classes) / size
        if first is not None:
            back = (slope @ np.swapaxes(last, 1, 2)) * (1 - inner * inner)
            first = _step(first, lr, np.swapaxes(inputs, 1, 2) @ back, recipe.l2)
        last = _step(last, lr, np.swapaxes(inner, 1, 2) @ slope, recipe.l2)
        bias = _step(bias, lr, slope.sum(1, keepdims=True), 0.0)
    inner = np.tanh(test @ first) if first is not None else test
    scores = inner @ last + bias
    return scores if classes else scores[..., 0]


def _slope(recipe, scores, wanted, classes):
    if not classes or recipe.loss == "squared":
        return scores - wanted
    chances = np.exp(scores - scores.max(2, keepdims=True))
    return chances / chances.sum(2, keepdims=True) - wanted


def _step(weights, lr, slope, l2):
    return np.clip(weights - lr * (slope + np.asarray(l2, weights.dtype) * weights), -CLIP, CLIP)


def measured(metric, scores, truth):
    """Return a metric for each seed."""
    if metric == "rmse":
        return np.sqrt(((scores - truth) ** 2).mean(1))
    if metric == "r2":
        rest = ((truth - scores) ** 2).sum(1)
        return 1 - rest / ((truth - truth.mean(1, keepdims=True)) ** 2).sum(1)
    if metric == "accuracy":
        return (scores.argmax(2) == truth).mean(1)
    top = scores.max(2)
    whole = top + np.log(np.exp(scores - top[..., None]).sum(2))
    return (whole - np.take_along_axis(scores, truth[..., None], 2)[..., 0]).mean(1)


warnings.filterwarnings("error", module=__name__)  # an overflow would be a value that no training gives
