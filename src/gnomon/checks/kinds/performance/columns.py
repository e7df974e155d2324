"""What the columns of a performance check hold: which task it is, which classes there are, which rows can be looked at.

Nothing is guessed from how a label sounds: a column of 0 and 1 (or -1 and 1, or truths) says by itself what is positive, of
others `positive` must.
Always true: a row counts, or is left out and counted as that; whatever was found and not said by the caller stands in
`notes`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gnomon.checks.kinds.performance import labels
from gnomon.checks.kinds.performance.names import BINARY, MULTICLASS, REGRESSION
from gnomon.errors import BadArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from gnomon.checks.kinds.performance.asked import Asked
    from gnomon.checks.rows import Rows

    Array = NDArray[np.float64]

AT_ONCE = 4_000_000  # cells that are read together
MOST_CLASSES = 20  # different whole numbers that are taken as classes
REST = "(all others)"


class Chances(NamedTuple):
    """Scores of many classes: of each row that of its own class and the highest one; `column(code)` reads those of a class."""

    own: Array
    top: Array
    column: Callable[[int], Array]
    is_chance: bool
    sums_to_one: bool


@dataclass(frozen=True)
class Given:
    """The rows that count: `truth` and `predicted` are codes of `classes`, or numbers in a regression; `kept` their places.

    Rows are in an order that follows from what they hold, so that sums have the same last digit in whatever order they came. Of
    two classes the second is the positive one. `scores` are those of the positive class; `chances` those of many.
    """

    task: str
    rows: int
    kept: NDArray[np.int64]
    truth: NDArray[Any]
    predicted: NDArray[Any] | None = None
    scores: Array | None = None
    chances: Chances | None = None
    classes: tuple[str, ...] = ()
    is_chance: bool = False
    notes: list[str] = field(default_factory=list)

    @property
    def n(self) -> int:
        """Rows that count."""
        return len(self.truth)


class Columns:
    """Columns of a table, some at a time where the engine can, else all that is needed at once: lazy tables keep no order."""

    def __init__(self, rows: Rows, names: Sequence[str]) -> None:
        self.rows = rows
        self._held = rows.arrays(names) if rows.engine is None else {}

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._held[name] if name in self._held else self.rows.arrays([name])[name]

    def each(self, names: Sequence[str]) -> Iterator[tuple[str, NDArray[Any]]]:
        """Yield columns with their names; a table of many columns is asked a few times, not for each."""
        step = max(1, AT_ONCE // max(1, self.rows.count))
        for at in range(0, len(names), step):
            part = names[at : at + step]
            held = {name: self._held[name] for name in part} if self._held else self.rows.arrays(part)
            yield from held.items()


def flat(rows: Rows, names: Sequence[str]) -> list[str]:
    """Return those columns that hold one value a row, and no list or record."""
    import narwhals as nw

    schema = rows.frame.collect_schema()
    return [name for name in names if schema[name] not in (nw.List, nw.Array, nw.Struct)]


def required(rows: Rows, asked: Asked) -> list[str]:
    """Return the columns of the model that are named, each of which must be there. Raises BadArgumentError."""
    scores = score_columns(asked.score)
    names = [
        rows.require(asked.target, "target"),
        *([rows.require(asked.prediction, "prediction")] if asked.prediction is not None else []),
        *(rows.require(one, "score") for one in scores),
    ]
    if asked.target in names[1:]:
        argument = "prediction" if asked.prediction == asked.target else "score"
        raise BadArgumentError(f"`{argument}` names `{asked.target}`, which is the target itself")
    return names


def score_columns(score: Any) -> list[str]:
    """Return the columns of scores, as they were named."""
    if score is None or isinstance(score, str):
        return [] if score is None else [score]
    return list(score.values()) if isinstance(score, dict) else list(score)


def given_of(columns: Columns, asked: Asked) -> Given:
    """Return what the columns hold. Raises BadArgumentError where they do not fit each other or the task."""
    notes: list[str] = []
    target = columns[asked.target]
    prediction = None if asked.prediction is None else columns[asked.prediction]
    if prediction is not None and _is_empty(prediction):
        notes.append(f"every value of `{asked.prediction}` is missing: it is as if there were no predictions")
        prediction = None
    task = _task(asked, target, prediction, notes)
    if task == REGRESSION:
        return _regression(asked, target, prediction, notes)
    return _classification(columns, asked, task, target, prediction, notes)


def _is_empty(values: NDArray[Any]) -> bool:
    if values.dtype.kind == "f":
        return bool(np.isnan(values).all())
    return values.dtype == object and all(one is None for one in values)


def _task(asked: Asked, target: NDArray[Any], prediction: NDArray[Any] | None, notes: list[str]) -> str:
    """Return the task, or `binary` where it is one of classes: how many there are is seen later."""
    if asked.task is not None:
        return asked.task
    if asked.score is not None and (prediction is None or _are_classes(target)):
        return BINARY
    if target.dtype.kind not in "iuf" or _is_empty(target):
        return BINARY
    are_classes = _are_classes(target) and (
        prediction is None or prediction.dtype.kind == "O" or _are_classes(prediction)
    )
    if not are_classes:
        notes.append(
            f"taken as a regression: `{asked.target}` holds numbers; `task` says otherwise where it must"
        )
    return BINARY if are_classes else REGRESSION


def _are_classes(values: NDArray[Any]) -> bool:
    """Return whether a column may hold classes: labels, or few whole numbers."""
    if values.dtype.kind in "bO":
        return True
    known = values[~np.isnan(values)] if values.dtype.kind == "f" else values
    return not (known % 1).any() and len(np.unique(known)) <= MOST_CLASSES


# ---------------------------------------------------------------- numbers


def _regression(
    asked: Asked, target: NDArray[Any], prediction: NDArray[Any] | None, notes: list[str]
) -> Given:
    if asked.score is not None and asked.prediction is None:
        raise BadArgumentError(
            "a regression has no `score`", hint="name the column of predicted numbers with `prediction=`"
        )
    truth = numbers_of(target, "target", asked.target)
    said = (
        np.full(len(truth), np.nan)
        if prediction is None
        else numbers_of(prediction, "prediction", str(asked.prediction))
    )
    kept = kept_rows([(asked.target, np.isnan(truth)), (str(asked.prediction), np.isnan(said))], notes)
    kept = kept[np.lexsort((said[kept], truth[kept]))]
    return Given(REGRESSION, len(truth), kept, truth[kept], said[kept], notes=notes)


def numbers_of(values: NDArray[Any], argument: str, name: str) -> Array:
    found = labels.numbers(values)
    if found is None:
        sample = next(one for one in values if one is not None)
        raise BadArgumentError(
            f"`{argument}`: the column `{name}` must hold numbers; it holds {str(sample)[:40]!r}",
            hint="is it a classification? then `task='binary'` or `task='multiclass'`"
            if argument != "score"
            else None,
        )
    return found


def kept_rows(missing: list[tuple[str, NDArray[np.bool_]]], notes: list[str]) -> NDArray[np.int64]:
    """Return the places of rows in which nothing is missing; say what was left out, each row by the first that it lacks."""
    out = np.zeros(len(missing[0][1]), bool)
    for name, is_missing in missing:
        count = int((is_missing & ~out).sum())
        if count:
            rows = "1 row is" if count == 1 else f"{count:,} rows are"
            notes.append(f"{rows} left out: `{name}` is missing there")
        out |= is_missing
    return np.flatnonzero(~out)


# ---------------------------------------------------------------- classes


def _classification(
    columns: Columns,
    asked: Asked,
    task: str,
    target: NDArray[Any],
    prediction: NDArray[Any] | None,
    notes: list[str],
) -> Given:
    codes, found = labels.coded(target)
    said, said_labels = (None, ()) if prediction is None else labels.coded(prediction)
    _require_shared(asked, found, said_labels)
    every = labels.ordered({*found, *said_labels})
    of_scores = score_columns(asked.score)
    is_many = len(every) > 2 and asked.positive is None
    if task == BINARY and asked.task == BINARY and is_many:
        raise BadArgumentError(
            f"`task` is 'binary', and `{asked.target}` has {len(every)} classes: {shown(every)}",
            hint="name one with `positive=`, which is then held against all others; or `task='multiclass'`",
        )
    if asked.task == MULTICLASS or (asked.task is None and is_many):
        if len(of_scores) == 1 and len(every) > 2:
            raise BadArgumentError(
                f"`score` is one column, and `{asked.target}` has {len(every)} classes: {shown(every)}",
                hint="name the scored class with `positive=`, or give a dict of columns by class",
            )
        from gnomon.checks.kinds.performance.many import many_classes

        return many_classes(columns, asked, (codes, found), (said, said_labels), notes)
    positive, classes = _positive(asked, every, notes)
    truth = _is(codes, found, positive)
    predicted = None if said is None else _is(said, said_labels, positive)
    return _binary(columns, asked, truth, predicted, (positive, classes), every, notes)


def _require_shared(asked: Asked, found: Sequence[str], said: Sequence[str]) -> None:
    if found and said and not set(found) & set(said):
        raise BadArgumentError(
            f"`prediction`: `{asked.prediction}` holds {shown(said)}, none of which `{asked.target}` has: {shown(found)}",
            hint="both must use the same labels; scores go into `score=`",
        )


def shown(every: Sequence[str]) -> str:
    return ", ".join(repr(one) for one in every[:6]) + (", …" if len(every) > 6 else "")


def _positive(asked: Asked, every: Sequence[str], notes: list[str]) -> tuple[str, tuple[str, str]]:
    """Return the positive label, and the names of both classes."""
    if asked.positive is not None:
        wanted = labels.label(asked.positive)
        if set(every) <= {"0", "1"}:
            wanted = {"true": "1", "false": "0"}.get(wanted.casefold(), wanted)
        if wanted not in every and len(every) > 1:
            raise BadArgumentError(
                f"`positive` is {asked.positive!r}, which `{asked.target}` does not hold: it has {shown(every)}"
            )
    elif set(every) <= {"0", "1"} or set(every) <= {"-1", "1"}:
        wanted = "1"
    elif len(every) == 1:
        wanted = every[0]
    else:
        raise BadArgumentError(
            f"`target`: the column `{asked.target}` has the values {shown(every)}, and none of them is known as the positive one",
            hint=f"name it with `positive=`, for instance `positive={every[-1]!r}`",
        )
    others = [one for one in every if one != wanted]
    if len(others) > 1:
        notes.append(f"`{wanted}` is held against all {len(others)} other classes")
    return wanted, (others[0] if len(others) == 1 else REST, wanted)


def _is(codes: NDArray[np.int64], found: Sequence[str], positive: str) -> NDArray[np.int64]:
    """Return 1 where a code is that of the label, 0 where of another, -1 where missing."""
    return np.array([*(int(one == positive) for one in found), -1], np.int64)[codes]


def _binary(
    columns: Columns,
    asked: Asked,
    truth: NDArray[np.int64],
    predicted: NDArray[np.int64] | None,
    names: tuple[str, tuple[str, str]],
    every: Sequence[str],
    notes: list[str],
) -> Given:
    positive, classes = names
    column = asked.score if isinstance(asked.score, str) else column_of(asked, positive, every)
    scores = None if column is None else numbers_of(columns[column], "score", column)
    if scores is not None and np.isnan(scores).all():
        notes.append(f"every value of `{column}` is missing: it is as if there were no scores")
        scores = None
    missing = [(asked.target, truth < 0)]
    missing += [] if predicted is None else [(str(asked.prediction), predicted < 0)]
    missing += [] if scores is None else [(str(column), np.isnan(scores))]
    kept = kept_rows(missing, notes)
    kept = kept[np.lexsort([one[kept] for one in (predicted, truth, scores) if one is not None])]
    truth, scores = truth[kept], None if scores is None else scores[kept]
    is_chance = (
        scores is not None and len(scores) > 0 and float(scores.min()) >= 0 and float(scores.max()) <= 1
    )
    if scores is not None and len(scores) and not is_chance:
        notes.append(f"`{column}` has values outside 0…1: they rank rows, and are not taken as chances")
    if predicted is not None:
        predicted = predicted[kept]
    elif scores is not None and (is_chance or asked.threshold is not None):
        predicted = (scores >= (0.5 if asked.threshold is None else asked.threshold)).astype(np.int64)
    elif scores is not None:
        notes.append(
            "without `threshold` nothing says which scores are a yes: metrics of predicted classes are left out"
        )
    return Given(BINARY, len(missing[0][1]), kept, truth, predicted, scores, None, classes, is_chance, notes)


def column_of(asked: Asked, label: str, every: Sequence[str]) -> str | None:
    """Return the score column of a class, of a dict or of a list in the order of the classes."""
    if isinstance(asked.score, dict):
        found = {labels.label(key): name for key, name in asked.score.items()}
        if label not in found:
            raise BadArgumentError(
                f"`score` names no column for the class {label!r}; it has {shown(list(found))}"
            )
        return found[label]
    if isinstance(asked.score, tuple):
        if len(asked.score) != len(every):
            raise BadArgumentError(
                f"`score` lists {len(asked.score)} columns, and there are {len(every)} classes: {shown(every)}",
                hint="give a dict of columns by class",
            )
        return asked.score[list(every).index(label)]
    return None
