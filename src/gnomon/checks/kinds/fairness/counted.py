"""From a question to the counts that answer it: what the columns mean, which task it is, what is left out.

Always true: what was taken for positive and left out is said in `notes`; only counts and sums are kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.checks.kinds.fairness.asked import Asked, metrics_of
from gnomon.checks.kinds.fairness.cells import Cells, count_classes, count_errors, number
from gnomon.checks.kinds.fairness.columns import Column, classes_of, column_of, holds
from gnomon.checks.kinds.fairness.names import CALIBRATION
from gnomon.errors import BadArgumentError
from gnomon.text import count

if TYPE_CHECKING:
    from gnomon.checks.rows import Rows


class Counted(NamedTuple):
    """What the engine said, and what it means."""

    cells: Cells
    task: str
    metrics: tuple[str, ...]
    notes: tuple[str, ...]


def counted_of(rows: Rows, asked: Asked) -> Counted:
    """Return the counts of a table for a question. Raises BadArgumentError where its columns do not answer it."""
    for argument in ("target", "prediction", "score"):
        if getattr(asked, argument) is not None:
            rows.require(getattr(asked, argument), argument)
    for one in asked.groups:
        rows.require(one, "groups")
    target, prediction, score = (
        None if one is None else column_of(rows, one) for one in (asked.target, asked.prediction, asked.score)
    )
    task = _task(asked, target)
    if task == "regression":
        return _of_errors(rows, asked, target, prediction)
    return _of_classes(rows, asked, target, prediction, score)


def _task(asked: Asked, target: Column | None) -> str:
    """Return what the table is about. Raises BadArgumentError where the target may be either."""
    if asked.task is not None:
        return asked.task
    if (
        target is None
        or asked.score is not None
        or asked.positive is not None
        or target.kind != "number"
        or target.is_truth
    ):
        return "classification"
    if target.is_amount:
        return "regression"
    raise BadArgumentError(
        f"`target`: the column `{target.name}` has {len(target.values)} different whole numbers, which may be classes or amounts",
        hint="give `positive=` for one class against the others, or `task='regression'`",
    )


def _of_classes(
    rows: Rows, asked: Asked, target: Column | None, prediction: Column | None, score: Column | None
) -> Counted:
    is_known = any(one is not None and holds(one, asked.positive) for one in (target, prediction))
    truth = None if target is None else classes_of(target, asked.positive, "target", is_known=is_known)
    if prediction is not None:
        picked, said, _ = classes_of(prediction, asked.positive, "prediction", is_known=is_known)
    else:
        assert score is not None  # noqa: S101 - `asked_of` saw to it
        picked, said = _picked(asked, score)
    notes = [f"selected: {said}" if truth is None else f"positive: {truth.said}; selected: {said}"]
    if truth is not None and truth.others > 1:
        notes.append(f"{truth.said} is held against {truth.others} others together")
    if score is not None and not _is_share(score):
        _require_number(score, "score")
        notes.append(
            f"`{score.name}` goes from {score.low:g} to {score.high:g}: no chances, so calibration was not looked at"
        )
    has_scores = score is not None and target is not None and _is_share(score)
    metrics = metrics_of(asked, "classification", has_scores=has_scores)
    wanted = number(score.name) if score is not None and CALIBRATION in metrics else None
    cells = count_classes(
        rows, asked.groups, truth=None if truth is None else truth.truth, chosen=picked, score=wanted
    )
    if wanted is not None and (unscored := cells.n - int(cells.sums["s_n"].sum())):
        notes.append(f"{count(unscored, 'row')} without a score: not in calibration")
    notes += _left_out(cells, "target or prediction" if truth else "prediction")
    return Counted(cells, "classification", metrics, tuple(notes))


def _picked(asked: Asked, score: Column) -> tuple[Any, str]:
    """Return an expression that is true where a score counts as selected, and the words for it."""
    _require_number(score, "score")
    if asked.threshold is None and not _is_share(score):
        raise BadArgumentError(
            f"`score`: the column `{score.name}` goes from {score.low:g} to {score.high:g}, so 0.5 is no natural threshold",
            hint="give `threshold=`, or a column of decisions as `prediction=`",
        )
    threshold = 0.5 if asked.threshold is None else asked.threshold
    return number(score.name) >= threshold, f"`{score.name}` is {threshold:g} or more"


def _require_number(column: Column, argument: str) -> None:
    if column.kind != "number" and not column.is_empty:
        raise BadArgumentError(f"`{argument}`: the column `{column.name}` does not hold numbers")


def _is_share(score: Column) -> bool:
    return score.is_empty or (score.kind == "number" and score.low >= 0 and score.high <= 1)


def _of_errors(rows: Rows, asked: Asked, target: Column | None, prediction: Column | None) -> Counted:
    if target is None or prediction is None:
        raise BadArgumentError("a regression needs `target` and `prediction`, two columns of numbers")
    for column, argument in ((target, "target"), (prediction, "prediction")):
        _require_number(column, argument)
    metrics = metrics_of(asked, "regression", has_scores=False)
    cells = count_errors(
        rows, asked.groups, target=target.name, prediction=prediction.name, shift=target.mean
    )
    notes = [f"limits are in standard deviations of `{target.name}`"]
    return Counted(cells, "regression", metrics, (*notes, *_left_out(cells, "finite target and prediction")))


def _left_out(cells: Cells, what: str) -> list[str]:
    return [f"left out: {count(cells.left_out, 'row')} without a {what}"] if cells.left_out else []
