"""What is asked of a check of robustness: settings that make sense, rows that have a truth, and the figure that fits them.

Always true: a setting that makes no sense is an error that names it; rows that say nothing (one class, no truth) are none.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from gnomon import text
from gnomon.checks.model import CLASSIFICATION, REGRESSION
from gnomon.errors import BadArgumentError

if TYPE_CHECKING:
    import numpy as np

    from gnomon.checks.kinds.robustness.scores import Score
    from gnomon.checks.model import Model
    from gnomon.checks.model_inputs import Inputs

    Array = np.ndarray[Any, Any]

NOISE, MISSING, SHIFT = "noise", "missing", "shift"
DROPS: Mapping[str, float] = {NOISE: 0.05, MISSING: 0.05, SHIFT: 0.1}
"""What a figure may lose. Slices differ in how hard they are, which is no fault of a model: they may differ by twice as much."""


def with_truth(given: Inputs, target: str, count: int) -> tuple[Inputs, Array, list[str]]:
    """Return the rows that have a truth, the truth, and what is to be said of those left out."""
    import numpy as np

    from gnomon.checks.model_labels import is_missing

    require_column(given, target, "target")
    notes = []
    if given.count < count:
        notes.append(f"{given.count:,} of {count:,} rows were looked at, drawn by the seed")
    truth = given.array(target)
    gone = is_missing(truth)
    if gone.any():
        notes.append(f"{text.count(int(gone.sum()), 'row')} without a `{target}` left out")
        given = given.take(np.flatnonzero(~gone))
        truth = truth[~gone]
    return given, truth, notes


def score_of(asked: Model, truth: Array, metric: str | None, positive: object) -> tuple[Score | None, str]:
    """Return the figure, and why nothing can be told, '' where something can; None where there is nothing to measure."""
    import numpy as np

    from gnomon.checks.kinds.performance.names import METRICS
    from gnomon.checks.kinds.robustness import scores
    from gnomon.checks.kinds.robustness.drops import FEWEST_OF_NUMBERS
    from gnomon.checks.kinds.robustness.figured import figure_of, known_metrics, too_few
    from gnomon.checks.model_labels import Labels, distinct, is_classes

    task = asked.task or (CLASSIFICATION if positive is not None or is_classes(truth) else REGRESSION)
    if metric is not None and any(metric in METRICS[one] for one in METRICS) and not fits(metric, task):
        taken = [one for one in known_metrics() if fits(one, task)]
        raise BadArgumentError(
            f"`metric` is {metric!r}, and this is a {task}, which takes {', '.join(f'`{one}`' for one in taken)}"
        )
    if not len(truth):
        return None, "no row has a truth"
    if task == REGRESSION:
        if truth.dtype.kind not in "iuf":
            raise BadArgumentError("the model is a regression, and `target` is no column of numbers")
        if not np.isfinite(truth.astype(float)).all():
            raise BadArgumentError("`target` has infinite values")
        if len(distinct(truth)) < 2:
            return None, "the target has one value only"
        chosen = metric or scores.R2
        return (
            scores.of_numbers(truth) if chosen == scores.R2 else figure_of(chosen, truth, None),
            "" if len(truth) >= FEWEST_OF_NUMBERS else f"fewer than {FEWEST_OF_NUMBERS} rows",
        )
    labels = Labels(truth, known=asked.classes, positive=positive)
    chosen = scores.chosen_metric(metric, labels.codes, len(labels.classes))
    why_not = "" if len(distinct(labels.codes)) > 1 else "the target has one class only"
    if chosen in scores.PLAIN:
        return scores.of_classes(chosen, labels), why_not
    figure = figure_of(chosen, truth, labels)
    return figure, why_not or too_few(figure)


def fits(metric: str, task: str) -> bool:
    from gnomon.checks.kinds.performance.names import METRICS

    return any(metric in METRICS[one] for one in METRICS if (one == REGRESSION) == (task == REGRESSION))


def cut_by(shifts: bool | Sequence[str], rows: Inputs, columns: Sequence[str], target: str) -> list[str]:
    if isinstance(shifts, bool):
        return list(columns) if shifts else []
    if isinstance(shifts, str):
        raise BadArgumentError(
            f"`shifts` must be true, false, or a list of columns; got {shifts!r}",
            hint=f"`shifts=[{shifts!r}]`",
        )
    for column in shifts:
        require_column(rows, column, "shifts")
        if column == target:
            raise BadArgumentError("`shifts` names the target", hint="name columns that describe the rows")
    return list(dict.fromkeys(shifts))


def require_column(given: Inputs, column: str, argument: str) -> None:
    if column not in given.columns:
        near = get_close_matches(str(column), given.names, n=3) or list(given.names[:8])
        raise BadArgumentError(
            f"`{argument}` names the column {column!r}, which the table does not have",
            hint=f"it has: {', '.join(f'`{name}`' for name in near)}{'' if len(near) == len(given.names) else ', …'}",
        )


def limits_of(max_drop: float | Mapping[str, float]) -> dict[str, float]:
    given = dict(max_drop) if isinstance(max_drop, Mapping) else dict.fromkeys(DROPS, max_drop)
    wrong = sorted(set(given) - set(DROPS))
    if wrong or not all(
        isinstance(one, (int, float)) and not isinstance(one, bool) and 0 <= one < math.inf
        for one in given.values()
    ):
        raise BadArgumentError(
            f"`max_drop` must be a number from 0, or one for each of `noise`, `missing` and `shift`; got {max_drop!r}"
        )
    return {**DROPS, **{key: float(value) for key, value in given.items()}}


def strengths_of(given: Sequence[float], argument: str, most: float) -> list[float]:
    try:
        found = [float(one) for one in given]
    except (TypeError, ValueError):
        found = [math.nan]
    if not all(0 < one <= most for one in found):
        raise BadArgumentError(
            f"`{argument}` must be a list of numbers above 0, up to {most:g}; got {given!r}",
            hint="`()` leaves it out",
        )
    return sorted(dict.fromkeys(found))


def require_settings(metric: str | None, repeats: int, level: float, most_rows: int) -> str | None:
    """Return the metric by its own name. Raises BadArgumentError."""
    from gnomon.checks.kinds.performance.names import canonical
    from gnomon.checks.kinds.robustness.figured import NOT_HERE, known_metrics

    name = None if metric is None else canonical(metric)
    if name in NOT_HERE:
        raise BadArgumentError(f"`metric` of `robustness` cannot be {metric!r}: {NOT_HERE[name]}")
    if name is not None and name not in known_metrics():
        near = get_close_matches(name, known_metrics(), n=3) or known_metrics()
        raise BadArgumentError(
            f"`metric` of `robustness` must be a metric of `performance`; got {metric!r}",
            hint=f"did you mean {', '.join(f'`{one}`' for one in near)}?",
        )
    if not isinstance(repeats, int) or isinstance(repeats, bool) or not 1 <= repeats <= 1000:
        raise BadArgumentError(f"`repeats` must be a whole number from 1 to 1000; got {repeats!r}")
    if not isinstance(level, float) or not 0 < level < 1:
        raise BadArgumentError(f"`level` must be a number between 0 and 1; got {level!r}")
    if not isinstance(most_rows, int) or most_rows < 1:
        raise BadArgumentError(f"`most_rows` must be a whole number from 1; got {most_rows!r}")
    return name


def require_unit_limit(metric: str | None, max_drop: object) -> None:
    """Raise where no limit was given for a figure that is in the units of the target."""
    from gnomon.checks.kinds.robustness.figured import OF_UNITS

    if metric in OF_UNITS and max_drop is DROPS:
        raise BadArgumentError(
            f"`metric` {metric!r} is in the units of the target, so `max_drop` must say how much it may rise",
            hint="for instance `max_drop=2.5`; `metric='r2'` has no unit",
        )
