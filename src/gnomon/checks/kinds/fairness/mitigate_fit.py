"""Three ways to a model that treats groups more alike, each fitted on the training rows.

Reweighing (Kamiran and Calders, "Data preprocessing techniques for classification without discrimination", KAIS 2012) weighs each
row so that group and outcome go apart in the training data. Threshold optimisation (Hardt, Price and Srebro, NIPS 2016) and
reductions (Agarwal et al., ICML 2018) are Fairlearn's; the scores for thresholds come from folds that the model did not see.
Always true: what a method cannot do with an estimator is said (`CannotFit`); a warning of a fit is kept, as words; the estimator
that was given is never fitted, its clones are; where `random_state` is None they get the seed.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gnomon.checks.kinds.fairness.mitigate_rows import Asked, People, group_of
from gnomon.checks.kinds.fairness.mitigate_settings import BEFORE, REDUCTIONS, REWEIGHING, THRESHOLD
from gnomon.checks.model import Model
from gnomon.checks.model_files import said
from gnomon.checks.model_inputs import inputs_of
from gnomon.errors import BadArgumentError, GnomonError

if TYPE_CHECKING:
    Array = np.ndarray[Any, Any]

FOLDS = 3
FEWEST = 2 * FOLDS  # rows of each outcome that a group needs for a threshold of its own


class CannotFit(Exception):
    """A method cannot be applied; `str()` says why."""


class Fitted:
    """A model that decides. `predict` gives labels as the target has them, from a table with the features.

    `needs_group`: the table must have the columns of the groups too. Where chance decides, `seed` draws.
    """

    def __init__(
        self,
        method: str,
        estimator: Any,
        asked: Asked,
        chance: Callable[[Any, Array], Array],
        *,
        needs_group: bool = False,
        seed: int = 0,
    ) -> None:
        self.method, self.estimator, self.needs_group = method, estimator, needs_group
        self.features, self.groups, self.classes = asked.features, asked.groups, asked.classes
        self._chance, self._seed = chance, seed
        self.container = ""  # set by the one who fitted it

    def predict(self, table: object, *, seed: int | None = None) -> Array:
        """Return a label a row, shape (rows,). Raises BadArgumentError where the table lacks a column."""
        with inputs_of(table) as (given, _):
            missing = [
                name
                for name in (*self.features, *(self.groups if self.needs_group else ()))
                if name not in given.columns
            ]
            if missing:
                raise BadArgumentError(
                    f"the table has no column `{missing[0]}`, which the model needs"
                    + (" to decide: it treats groups differently" if missing[0] in self.groups else "")
                )
            group = (
                group_of(given, self.groups) if self.needs_group else np.full(given.count, "", dtype=object)
            )
            chance = self.chances(given.only(self.features).table(self.container), group)
        labels = np.empty(2, dtype=object)
        labels[:] = self.classes
        found = labels[self.decided(chance, seed)]
        return found.astype(np.array(self.classes).dtype) if len({*map(type, self.classes)}) == 1 else found

    def chances(self, table: Any, group: Array) -> Array:
        """Return the chance with which each row is selected: 0 or 1, or between where chance decides."""
        return self._chance(table, group)

    def decided(self, chance: Array, seed: int | None = None) -> Array:
        """Return the decisions, 0 or 1, as Fairlearn draws them."""
        if not self.is_random(chance).any():
            return chance.astype(int)
        drawn = np.random.RandomState(self._seed if seed is None else seed).rand(len(chance))
        return np.asarray((chance >= drawn) & (chance > 0)).astype(int)

    @staticmethod
    def is_random(chance: Array) -> Array:
        """Return whether chance decides a row."""
        return np.asarray((chance > 1e-12) & (chance < 1 - 1e-12))

    @staticmethod
    def unsteady(chance: Array) -> float:
        """Return the share of rows that would probably be decided otherwise if they were drawn again."""
        return float((2 * chance * (1 - chance)).mean()) if len(chance) else 0.0


class Fits:
    """Fits of one estimator to training rows that all have a truth. `notes` are what was warned of, by method."""

    def __init__(self, estimator: Any, train: People, asked: Asked, constraint: str, seed: int) -> None:
        self.base, self.asked, self.constraint, self.seed = estimator, asked, constraint, seed
        self.people = train
        self.container = Model(estimator, features=None, argument="estimator", evidence={}).container(
            train.given.library
        )
        self.table = train.given.table(self.container)
        self.weight_name = _weight_name(estimator)
        self.notes: dict[str, list[str]] = {}
        self._before: Any = None

    def of(self, method: str) -> Fitted:
        """Return the fitted method. Raises CannotFit, and BadArgumentError where the estimator raises on the rows as they are."""
        fit = {
            BEFORE: self._as_it_is,
            REWEIGHING: self._reweighing,
            THRESHOLD: self._threshold,
            REDUCTIONS: self._reductions,
        }[method]
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            try:
                found = fit()
            except (GnomonError, CannotFit):
                raise
            except Exception as error:
                raise CannotFit(f"the fit raised {type(error).__name__}") from error
        self.notes[method] = said([one for one in heard if "fairlearn" not in Path(one.filename).parts])
        found.container = self.container
        return found

    def table_of(self, people: People) -> Any:
        """Return the features of people as the estimator takes them."""
        return people.given.table(self.container)

    def chances(self, model: Fitted, table: Any, group: Array) -> Array:
        """Return the chance with which each row is selected. Raises BadArgumentError where the estimator raises."""
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            try:
                found = model.chances(table, group)
            except Exception as error:
                raise _raised(error, self.asked, "on the test rows") from error
        self.notes[model.method] += said(heard)
        return found

    def _as_it_is(self) -> Fitted:
        try:
            self._before = self._fitted(self.table, self.people.truth)
        except Exception as error:
            raise _raised(error, self.asked) from error
        return Fitted(BEFORE, self._before, self.asked, _decides(self._before))

    def _reweighing(self) -> Fitted:
        weights = reweighed(self.people.group, self.people.truth)
        model = self._fitted(self.table, self.people.truth, self._require_weights(), weights)
        return Fitted(REWEIGHING, model, self.asked, _decides(model))

    def _threshold(self) -> Fitted:
        from gnomon.checks.kinds.fairness.mitigate_thresholds import Thresholds

        scores = self._scores_of_folds()
        thresholds = Thresholds(scores, self.people.truth, self.people.group, self.constraint)
        score, decides = _scores(self._before), _decides(self._before)

        def chance(table: Any, group: Array) -> Array:
            return thresholds.chances(score(table), group, decides(table, group))

        return Fitted(THRESHOLD, thresholds, self.asked, chance, needs_group=True, seed=self.seed)

    def _reductions(self) -> Fitted:
        from gnomon.checks.kinds.fairness.mitigate_reductions import Mixture

        name = self._require_weights()

        def fit(truth: Array, weights: Array) -> Any:
            return self._fitted(self.table, truth, name, weights)

        mixture = Mixture(fit, self.table, self.people.truth, self.people.group, self.constraint)
        return Fitted(
            REDUCTIONS,
            mixture,
            self.asked,
            lambda table, group: mixture.chances(table, len(group)),
            seed=self.seed,
        )

    def _require_weights(self) -> str:
        if self.weight_name is None:
            steps = getattr(self.base, "steps", None)
            raise CannotFit(f"{type(steps[-1][1] if steps else self.base).__name__} takes no weights of rows")
        return self.weight_name

    def _fitted(
        self, table: Any, truth: Array, weight_name: str | None = None, weights: Array | None = None
    ) -> Any:
        from sklearn.base import clone

        model = clone(self.base)
        states = {
            name: self.seed
            for name, value in model.get_params().items()
            if name.split("__")[-1] == "random_state" and value is None
        }
        model.set_params(**states)
        model.fit(table, truth, **({weight_name: weights} if weight_name else {}))
        return model

    def _scores_of_folds(self) -> Array:
        """Return a score for each training row, from a model that did not see it, shape (rows,)."""
        truth, group = self.people.truth, self.people.group
        fold = folds(group, truth, self.seed)
        if min(len(set(truth[fold != one].tolist())) for one in range(FOLDS)) < 2:
            return _scores(self._before)(self.table)
        scores = np.empty(len(truth))
        for one in range(FOLDS):
            seen, held = np.flatnonzero(fold != one), np.flatnonzero(fold == one)
            model = self._fitted(self.table_of(self.people.take(seen)), truth[seen])
            scores[held] = _scores(model)(self.table_of(self.people.take(held)))
        return scores


def reweighed(group: Array, truth: Array) -> Array:
    """Return the weight of each row: how often its group and outcome would meet if they had nothing to do with each other,
    over how often they do; shape (rows,), with mean 1 where each group has both outcomes.

    Source: Kamiran and Calders 2012, algorithm 3.

    >>> reweighed(np.array(["a", "a", "a", "b"]), np.array([1, 1, 0, 0])).round(3).tolist()  # a, 1: (3/4 · 2/4) / (2/4)
    [0.75, 0.75, 1.5, 0.5]
    """
    places = np.unique(group, return_inverse=True)[1]
    counts = np.zeros((places.max() + 1, 2))
    np.add.at(counts, (places, truth), 1)
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0, keepdims=True) / len(truth)
    with np.errstate(divide="ignore", invalid="ignore"):
        weights: Array = (expected / counts)[places, truth]
    return weights


def folds(group: Array, truth: Array, seed: int) -> Array:
    """Return a fold from 0 for each row, even within each group and outcome, drawn by the seed."""
    fold = np.empty(len(truth), dtype=int)
    chance = np.random.default_rng([seed, 0xF0])
    places = np.unique(group, return_inverse=True)[1]
    for cell in np.unique(places * 2 + truth):
        own = np.flatnonzero(places * 2 + truth == cell)
        fold[own] = (chance.permutation(len(own)) + chance.integers(FOLDS)) % FOLDS
    return fold


def _decides(model: Any) -> Callable[[Any, Array], Array]:
    def chance(table: Any, group: Array) -> Array:
        del group
        return np.asarray(model.predict(table), float).ravel()

    return chance


def _scores(model: Any) -> Callable[[Any], Array]:
    """Return what scores rows: the chance of the positive class, else the distance from the boundary, else the decision."""

    def score(table: Any) -> Array:
        if hasattr(model, "predict_proba"):
            found = np.asarray(model.predict_proba(table), float)
            return found[:, -1] if found.shape[1] > 1 else np.full(len(found), float(model.classes_[0]))
        ask = model.decision_function if hasattr(model, "decision_function") else model.predict
        return np.asarray(ask(table), float).ravel()

    return score


def _weight_name(estimator: Any) -> str | None:
    """Return the argument of `fit` that weighs rows; None where there is none."""
    from sklearn.utils.validation import has_fit_parameter

    steps = getattr(estimator, "steps", None)
    if steps:
        inner = _weight_name(steps[-1][1])
        return f"{steps[-1][0]}__{inner}" if inner else None
    return "sample_weight" if has_fit_parameter(estimator, "sample_weight") else None


def _raised(error: Exception, asked: Asked, where: str = "on the training rows") -> BadArgumentError:
    first = str(error).strip().partition("\n")[0][:300]
    shown = ", ".join(f"`{name}`" for name in asked.features[:12]) + (
        ", …" if len(asked.features) > 12 else ""
    )
    return BadArgumentError(
        f"`estimator` raised {type(error).__name__} {where}{': ' + first if first else ''}; it was given the columns {shown}",
        hint="where it needs the columns of the groups: `keep_group=True`",
    )
