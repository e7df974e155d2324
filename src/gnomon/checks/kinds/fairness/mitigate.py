"""Fairness mitigation as a comparison: what each method gains, what it loses, and which group pays.

    found = checks.mitigate(HistGradientBoostingClassifier(), train, test, target="income", positive=">50K", groups=["sex"])
    found.result.table("groups").to_dicts()        # each group before and after
    found.models["threshold"].predict(people)      # the model, if it is the one you choose

Always true: before and after are decided on the same test rows, which no model was fitted on; the same rows, settings and seed
give the same result. Whether a gain is worth its price is not said. How and what it claims: docs/explanation/mitigation.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gnomon import text
from gnomon.checks.kinds.fairness.mitigate_settings import (
    BEFORE,
    ODDS,
    REWEIGHING,
    require_estimator,
    require_settings,
)
from gnomon.checks.result import CheckResult, named

if TYPE_CHECKING:
    import numpy as np

    from gnomon.checks.kinds.fairness.mitigate_fit import Fitted
    from gnomon.checks.kinds.fairness.mitigate_rows import Asked, People
    from gnomon.checks.kinds.fairness.mitigate_told import Compared, Question, Refused

    Array = np.ndarray[Any, Any]

_NEEDS_GROUP = (
    "`threshold` needs the group of each person to decide: in some countries the law does not allow that."
)
_BY_CHANCE = "`{}` decides in part by chance, drawn by the seed: drawn anew, about {} of the test rows would come out otherwise."
_OTHER_AIM = "`reweighing` makes groups alike in who has the outcome in the training rows; it does not aim at equalized odds."


@dataclass(frozen=True, slots=True)
class Mitigation:
    """What came of it. `models` and `predictions` have `before` and each method that could be fitted.

    `predictions` are labels as the target has them, one for each row of the test table; `models` predict such from a table.
    """

    result: CheckResult
    models: Mapping[str, Fitted]
    predictions: Mapping[str, Array]

    def __str__(self) -> str:
        return str(self.result)

    def _repr_html_(self) -> str:
        return self.result._repr_html_()


def mitigate(
    estimator: object,
    train: object,
    test: object,
    *,
    target: str,
    groups: Sequence[str] | str,
    features: Sequence[str] | None = None,
    positive: object = None,
    methods: Sequence[str] = ("reweighing", "threshold", "reductions"),
    constraint: str = "demographic_parity",
    keep_group: bool = False,
    max_gap: float = 0.1,
    level: float = 0.05,
    resamples: int = 1000,
    seed: int = 0,
    name: str | None = None,
    progress: Callable[[str], object] | None = None,
) -> Mitigation:
    """Fit an estimator as it is and by each method, and compare what they decide on the test rows.

    Parameters
    ----------
    estimator : a classifier or pipeline of scikit-learn's kind; it is cloned, so a fitted one is not changed
    train, test : tables; see `rows.WHAT`
    target : the column with the outcome, of two values; rows without one are in no count
    groups : columns whose values, crossed, make the groups
    features : the columns that the estimator gets, in order; None: all but the target
    positive : the value of the target that counts as selected; not needed for 0 and 1, or false and true
    methods : `reweighing` (ours), `threshold` and `reductions` (Fairlearn's)
    constraint : `demographic_parity` (equal selection rates) or `equalized_odds` (equal true and false positive rates)
    keep_group : whether the columns of the groups are features too
    max_gap : the largest gap between groups that passes
    level : the chance, at most, that a result has a failed finding where the groups are alike
    resamples : bootstrap samples for the changes of balanced accuracy and F1
    progress : called with the name of each method before it is fitted

    Returns
    -------
    Mitigation, whose `result` has the findings `gap.<method>` and the figures `methods` and `groups`

    Raises
    ------
    BadArgumentError (also where the estimator raises), MissingExtraError, MissingFileError, DamagedFileError
    """
    require_settings(methods, constraint, max_gap, level, resamples)
    require_estimator(estimator)
    from gnomon.checks.kinds.fairness import mitigate_rows as rows
    from gnomon.checks.kinds.fairness.mitigate_told import Refused

    given_train, given_test = rows.read(train, "train"), rows.read(test, "test")
    asked, notes = rows.asked(
        given_train, given_test, estimator, target, groups, features, positive, keep_group=keep_group
    )
    fit_on, decide_on = rows.people(given_train, asked), rows.people(given_test, asked)
    fit_on = fit_on.take(fit_on.known)
    question = _question(fit_on, decide_on, asked, constraint, max_gap, level, resamples, seed)
    notes += _unseen(fit_on, decide_on, asked)
    why_not = _why_not(fit_on, decide_on)
    models: dict[str, Fitted] = {}
    predictions: dict[str, Array] = {}
    if why_not:
        compared: list[Compared | Refused] = [Refused(method, why_not) for method in methods]
    else:
        models, predictions, compared, more = _all(
            estimator, fit_on, decide_on, asked, question, methods, seed, progress
        )
        notes += more
    settings = {"methods": list(methods), "keep_group": keep_group}
    result = _result(compared, question, asked, decide_on, notes, settings, name)
    kind = type(estimator)
    model = {"role": "model", "type": f"{kind.__module__}.{kind.__qualname__}"}
    return Mitigation(result.with_evidence(fit_on.evidence, decide_on.evidence, model), models, predictions)


def _all(
    estimator: Any, fit_on: People, decide_on: People, asked: Asked, question: Question, methods: Sequence[str], seed: int,
    progress: Callable[[str], object] | None,
) -> tuple[dict[str, Fitted], dict[str, Array], list[Compared | Refused], list[str]]:  # fmt: skip
    from gnomon.checks.kinds.fairness.mitigate_fit import CannotFit, Fits
    from gnomon.checks.kinds.fairness.mitigate_told import Refused

    fits = Fits(estimator, fit_on, asked, question.constraint, seed)
    table = fits.table_of(decide_on)
    models: dict[str, Fitted] = {}
    decisions: dict[str, Array] = {}
    compared: list[Compared | Refused] = []
    notes: list[str] = []
    for method in (BEFORE, *methods):
        if progress is not None:
            progress(method)
        try:
            model = fits.of(method)
        except CannotFit as why:
            compared.append(Refused(method, str(why)))
            continue
        chance = fits.chances(model, table, decide_on.group)
        models[method], decisions[method] = model, model.decided(chance)
        if method == BEFORE:
            continue
        random = model.unsteady(chance[decide_on.known])
        compared.append(_compared(method, decide_on, question, decisions[BEFORE], decisions[method], random))
        notes += _notes_of(model, random, question)
    notes += [f"`{method}`: the fit warned: {one}" for method, heard in fits.notes.items() for one in heard]
    predictions = {method: _labels(asked)[found] for method, found in decisions.items()}
    return models, predictions, compared, notes


def _compared(
    method: str, people: People, question: Question, before: Array, after: Array, random: float
) -> Compared:
    import numpy as np

    from gnomon.checks.kinds.fairness.mitigate_counts import counted
    from gnomon.checks.kinds.fairness.mitigate_told import Compared

    known = people.known
    places = {label: place for place, label in enumerate(question.labels)}
    group = np.array([places[label] for label in people.group[known].tolist()], dtype=int)
    return Compared(
        method, counted(group, people.truth[known], before[known], after[known], len(places)), random
    )


def _result(
    compared: Sequence[Compared | Refused],
    question: Question,
    asked: Asked,
    people: People,
    notes: Sequence[str],
    settings: Mapping[str, object],
    name: str | None,
) -> CheckResult:
    from gnomon.checks.kinds.fairness.mitigate_shown import charts, figures
    from gnomon.checks.kinds.fairness.mitigate_told import Compared, findings, judged

    fitted = [one for one in compared if isinstance(one, Compared)]
    found = judged(fitted, question)
    tables = figures(fitted, found, question) if fitted else ()
    return CheckResult(
        "mitigation",
        name or named("mitigation", [asked.target, "by", " and ".join(asked.groups)]),
        len(people.known),
        findings(compared, found, question),
        tables,
        charts(fitted, found, tables[0], question) if fitted else (),
        tuple(notes),
        {
            "target": asked.target, "positive": asked.classes[1], "groups": list(asked.groups),
            "features": list(asked.features)[:50], "constraint": question.constraint, "max_gap": question.max_gap,
            "resamples": question.resamples, "seed": question.seed, **settings,
        },
        (),
        question.level,
    )  # fmt: skip


# ---------------------------------------------------------------- what is said beside the figures


def _notes_of(model: Fitted, random: float, question: Question) -> list[str]:
    notes = []
    if model.needs_group:
        notes.append(_NEEDS_GROUP)
        unable = getattr(model.estimator, "unable", ())
        if unable:
            notes.append(
                f"`{model.method}` leaves the decisions as they were for groups with few training rows: {_some(unable)}"
            )
    if random > 0:
        notes.append(_BY_CHANCE.format(model.method, f"{100 * random:.2g} %"))
    if model.method == REWEIGHING and question.constraint == ODDS:
        notes.append(_OTHER_AIM)
    return notes


def _unseen(train: People, test: People, asked: Asked) -> list[str]:
    known, met = set(train.group.tolist()), set(test.group.tolist())
    notes = []
    if met - known:
        notes.append(
            f"groups of the test rows that the training rows do not have: {_some(sorted(met - known))}"
        )
    if known - met:
        notes.append(
            f"groups of the training rows that the test rows do not have: {_some(sorted(known - met))}"
        )
    left = len(test.truth) - len(test.known)
    if left:
        notes.append(f"{text.count(left, 'test row')} without a `{asked.target}` left out of the figures")
    return notes


def _why_not(train: People, test: People) -> str:
    """Return why nothing can be told at all; '' where something can."""
    if len(set(train.truth.tolist())) < 2:
        return (
            "the training rows have one outcome only"
            if len(train.truth)
            else "no training row has an outcome"
        )
    if not len(test.known):
        return "no test row has an outcome"
    if len(set(train.group.tolist())) < 2:
        return "the training rows have one group only"
    return ""


def _question(
    train: People,
    test: People,
    asked: Asked,
    constraint: str,
    max_gap: float,
    level: float,
    resamples: int,
    seed: int,
) -> Question:
    from gnomon.checks.kinds.fairness.mitigate_told import Question

    labels = tuple(sorted({*train.group.tolist(), *test.group[test.known].tolist()}))
    return Question(" and ".join(asked.groups), labels, constraint, float(max_gap), level, resamples, seed)


def _labels(asked: Asked) -> Array:
    import numpy as np

    if len({*map(type, asked.classes)}) == 1:
        return np.array(asked.classes)
    labels = np.empty(2, dtype=object)
    labels[:] = asked.classes
    return labels


def _some(names: Sequence[str]) -> str:
    return ", ".join(f"`{one}`" for one in names[:8]) + (
        f", … ({len(names):,} in all)" if len(names) > 8 else ""
    )
