"""What was asked of `fairness()`: arguments that hold, or an error that says which does not and why."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.checks.kinds.fairness.names import CALIBRATION, DEFAULT, DEMANDS, ERRORS, RATES
from gnomon.errors import BadArgumentError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.checks.result import CheckResult

TASKS = ("classification", "regression")
FEWEST_RESAMPLES, MOST_RESAMPLES = 100, 10_000


class Asked(NamedTuple):
    """The question, checked as far as it can be without the table."""

    groups: tuple[str, ...]
    target: str | None
    prediction: str | None
    score: str | None
    threshold: float | None
    positive: Any
    task: str | None
    metrics: tuple[str, ...] | None
    intersections: bool
    max_gap: float
    smallest: int
    max_growth: float
    resamples: int
    level: float
    seed: int
    since: CheckResult | None
    name: str


def asked_of(
    *,
    groups: str | Sequence[str],
    metrics: str | Sequence[str] | None,
    name: str | None,
    **given: Any,
) -> Asked:
    """Return the question. Raises BadArgumentError."""
    names = _groups(groups)
    if given["prediction"] is None and given["score"] is None:
        raise BadArgumentError(
            "`fairness()` needs `prediction` or `score`: the column of what a model said",
            hint="run the model on the table first, and add what it says as a column",
        )
    if given["threshold"] is not None and given["prediction"] is not None:
        raise BadArgumentError(
            "`threshold` says from which score on somebody is selected, and `prediction` says so already: give one"
        )
    if given["task"] is not None and given["task"] not in TASKS:
        raise BadArgumentError(f"`task` must be 'classification' or 'regression'; got {given['task']!r}")
    if given["threshold"] is not None:
        _number("threshold", given["threshold"], -float("inf"), float("inf"))
    _number("max_gap", given["max_gap"], 0, float("inf"))
    _number("max_growth", given["max_growth"], 0, float("inf"))
    if not 0 < _number("level", given["level"], 0, 1) < 1:
        raise BadArgumentError(f"`level` must be a number between 0 and 1; got {given['level']!r}")
    for key, least in (("smallest", 2), ("resamples", 0), ("seed", 0)):
        value = given[key]
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise BadArgumentError(f"`{key}` must be a whole number from {least} on; got {value!r}")
    if 0 < given["resamples"] < FEWEST_RESAMPLES or given["resamples"] > MOST_RESAMPLES:
        raise BadArgumentError(
            f"`resamples` must be 0, or between {FEWEST_RESAMPLES} and {MOST_RESAMPLES:,}; got {given['resamples']}"
        )
    _since(given["since"])
    about = given["target"] if given["target"] is not None else given["prediction"] or given["score"]
    called = f"fairness of {about} by {', '.join(names)}" if name is None else name
    return Asked(groups=names, metrics=_metrics(metrics), name=called, **given)


def metrics_of(asked: Asked, task: str, *, has_scores: bool) -> tuple[str, ...]:
    """Return the metrics that are looked at. Raises BadArgumentError for one that such a table does not have."""
    if task == "regression":
        known: tuple[str, ...] = ERRORS
        default = known
    elif asked.target is None:
        known = default = ("selection_rate",)
    else:
        known = (*RATES, CALIBRATION) if has_scores else tuple(RATES)
        default = (*DEFAULT, CALIBRATION) if has_scores else DEFAULT
    wrong = next((one for one in asked.metrics or () if one not in known), None)
    if wrong is not None:
        why = (
            "a regression"
            if task == "regression"
            else "a table without `target`"
            if asked.target is None
            else "a classification"
        )
        if wrong == CALIBRATION:
            why = "a table without a `score` between 0 and 1"
        raise BadArgumentError(
            f"`metrics` names {wrong!r}, which {why} does not have", hint=f"it has: {', '.join(known)}"
        )
    return asked.metrics or default


def _groups(groups: Any) -> tuple[str, ...]:
    names = (
        (groups,) if isinstance(groups, str) else tuple(groups) if isinstance(groups, (list, tuple)) else ()
    )
    if not names or not all(isinstance(one, str) for one in names):
        raise BadArgumentError(f"`groups` must be the name of a column, or a list of names; got {groups!r}")
    double = next((one for one in names if names.count(one) > 1), None)
    if double is not None:
        raise BadArgumentError(f"`groups` names the column {double!r} twice")
    return names


def _metrics(metrics: Any) -> tuple[str, ...] | None:
    if metrics is None:
        return None
    names = (
        (metrics,)
        if isinstance(metrics, str)
        else tuple(metrics)
        if isinstance(metrics, (list, tuple))
        else ()
    )
    if not names:
        raise BadArgumentError(f"`metrics` must be a list of names; got {metrics!r}")
    every = (*RATES, CALIBRATION, *ERRORS)
    found: list[str] = []
    for one in names:
        if one not in every and one not in DEMANDS:
            near = get_close_matches(str(one), [*every, *DEMANDS], n=2)
            hint = (
                f"did you mean {' or '.join(f'`{name}`' for name in near)}?"
                if near
                else f"there are: {', '.join(every)}"
            )
            raise BadArgumentError(f"`metrics` names {one!r}, which is no metric of fairness", hint=hint)
        found += DEMANDS.get(one, (one,))
    return tuple(dict.fromkeys(found))


def _number(name: str, value: Any, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        said = f"from {low:g} on" if high == float("inf") and low == 0 else f"between {low:g} and {high:g}"
        raise BadArgumentError(f"`{name}` must be a number{'' if low < 0 else ' ' + said}; got {value!r}")
    return float(value)


def _since(since: Any) -> None:
    from gnomon.checks.result import CheckResult

    if since is None:
        return
    if not isinstance(since, CheckResult):
        raise BadArgumentError(
            f"`since` must be the result of an earlier fairness check; got {type(since).__name__}"
        )
    if since.check != "fairness":
        raise BadArgumentError(f"`since` must be the result of a fairness check; got one of `{since.check}`")
