"""What a performance check is asked for: arguments looked at before any row is read.

Always true: whatever is wrong with an argument raises here, with its name, the value and the rule.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from gnomon.checks.kinds.performance.names import TASKS, canonical
from gnomon.checks.result import named
from gnomon.errors import BadArgumentError

MOST_RESAMPLES, FEWEST_RESAMPLES = 100_000, 100
_DEMAND = re.compile(
    r"\s*(?P<metric>[^<>=≤≥]+?)\s*(?P<sign>>=|<=|>|<|≥|≤)\s*(?P<number>[-+.\deE]+)\s*(?P<percent>%?)\s*"
)


class Demand(NamedTuple):
    """A text such as `auc >= 0.9`, read."""

    metric: str
    is_least: bool  # the limit is the least that is allowed, else the most
    limit: float


class Asked(NamedTuple):
    """The arguments of `performance`."""

    target: str
    prediction: str | None
    score: str | tuple[str, ...] | dict[Any, str] | None
    positive: Any
    threshold: float | None
    task: str | None
    metrics: tuple[Any, ...] | None
    require: tuple[Demand, ...]
    slices: bool | tuple[str, ...]
    max_slice_drop: float | None
    max_calibration_error: float | None
    bootstrap: bool
    resamples: int
    level: float
    seed: int
    name: str

    @property
    def settings(self) -> dict[str, Any]:
        """What the result keeps of them."""
        demands = [f"{one.metric} {'>=' if one.is_least else '<='} {one.limit:g}" for one in self.require]
        positive = None if self.positive is None else str(self.positive)
        return {
            **{key: value for key, value in self._asdict().items() if key != "name"},
            "require": demands, "positive": positive,
        }  # fmt: skip


def asked_of(
    *,
    target: Any,
    prediction: Any,
    score: Any,
    require: Any,
    slices: Any,
    metrics: Any,
    name: str | None,
    **given: Any,
) -> Asked:
    """Return the arguments, each of a kind that is allowed. Raises BadArgumentError."""
    if not isinstance(target, str):
        raise BadArgumentError(f"`target` must be the name of a column; got {target!r}")
    if prediction is not None and not isinstance(prediction, str):
        raise BadArgumentError(f"`prediction` must be the name of a column; got {prediction!r}")
    scores = _scores(score)
    if prediction is None and scores is None:
        raise BadArgumentError(
            "neither `prediction` nor `score` is given: there is nothing to hold against the target",
            hint="name the column of what the model said, or that of its scores",
        )
    if given["task"] is not None and given["task"] not in TASKS:
        raise BadArgumentError(f"`task` must be one of {', '.join(TASKS)}; got {given['task']!r}")
    for key, low, high in (
        ("threshold", float("-inf"), float("inf")),
        ("max_slice_drop", 0.0, float("inf")),
        ("max_calibration_error", 0.0, 1.0),
    ):
        if given[key] is not None:
            given[key] = number(key, given[key], low, high)
    common(given)
    if not isinstance(given["bootstrap"], bool):
        raise BadArgumentError(f"`bootstrap` must be True or False; got {given['bootstrap']!r}")
    called = named("performance", [target]) if name is None else name
    return Asked(
        target=target, prediction=prediction, score=scores, metrics=_names(metrics, "metrics"), require=demands_of(require),
        slices=slices if isinstance(slices, bool) else _names(slices, "slices") or (), name=called, **given,
    )  # fmt: skip


def common(given: Mapping[str, Any]) -> None:
    """Look at `level`, `seed` and, where it is there, `resamples`. Raises BadArgumentError."""
    if not 0 < number("level", given["level"], 0, 1) < 1:
        raise BadArgumentError(f"`level` must be a number between 0 and 1; got {given['level']!r}")
    seed, resamples = given["seed"], given.get("resamples", FEWEST_RESAMPLES)
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise BadArgumentError(f"`seed` must be a whole number from 0 on; got {seed!r}")
    if (
        isinstance(resamples, bool)
        or not isinstance(resamples, int)
        or not FEWEST_RESAMPLES <= resamples <= MOST_RESAMPLES
    ):
        raise BadArgumentError(
            f"`resamples` must be a whole number between {FEWEST_RESAMPLES} and {MOST_RESAMPLES:,}; got {resamples!r}"
        )


def number(name: str, value: Any, low: float, high: float) -> float:
    """Return a number in a range. Raises BadArgumentError."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        said = (
            ""
            if low == float("-inf")
            else f" from {low:g} on"
            if high == float("inf")
            else f" between {low:g} and {high:g}"
        )
        raise BadArgumentError(f"`{name}` must be a number{said}; got {value!r}")
    return float(value)


def demands_of(require: Any) -> tuple[Demand, ...]:
    """Return demands from their texts. Raises BadArgumentError for one that cannot be read.

    >>> demands_of(["auc >= 0.9", "accuracy > 80 %"])[1]
    Demand(metric='accuracy', is_least=True, limit=0.8)
    """
    texts = (require,) if isinstance(require, str) else require
    if not isinstance(texts, Sequence):
        raise BadArgumentError(f'`require` must be a list of texts such as "auc >= 0.9"; got {require!r}')
    return tuple(dict.fromkeys(_demand(one) for one in texts))


def _demand(given: Any) -> Demand:
    match = _DEMAND.fullmatch(given) if isinstance(given, str) else None
    try:
        limit = float(match["number"]) if match else float("nan")
    except ValueError:
        match = None
    if match is None:
        raise BadArgumentError(
            f"`require` holds {given!r}, which is no demand",
            hint='write a metric, a sign and a number: "auc >= 0.9", "rmse <= 3.5"',
        )
    return Demand(
        canonical(match["metric"]),
        match["sign"] in (">=", ">", "≥"),
        limit / 100 if match["percent"] else limit,
    )


def _scores(score: Any) -> str | tuple[str, ...] | dict[Any, str] | None:
    if score is None or isinstance(score, str):
        return score
    columns = (
        list(score.values())
        if isinstance(score, Mapping)
        else list(score)
        if isinstance(score, (list, tuple))
        else []
    )
    if not columns or not all(isinstance(one, str) for one in columns):
        raise BadArgumentError(
            f"`score` must be the name of a column, a list of names, or a dict of them by class; got {score!r}"
        )
    if len(set(columns)) < len(columns):
        raise BadArgumentError(f"`score` names a column twice: {', '.join(columns)}")
    return {one: score[one] for one in score} if isinstance(score, Mapping) else tuple(columns)


def _names(given: Any, argument: str) -> tuple[Any, ...] | None:
    if given is None:
        return None
    names = (given,) if isinstance(given, str) else tuple(given) if isinstance(given, (list, tuple)) else ()
    if not all(isinstance(one, str) for one in names) or (not names and argument == "metrics"):
        raise BadArgumentError(f"`{argument}` must be a list of names; got {given!r}")
    return tuple(dict.fromkeys(names))
