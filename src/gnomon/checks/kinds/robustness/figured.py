"""Every other metric of `checks.performance` as a figure of robustness: its value, and how each row moves it.

How much the figure changes per row of weight (its influence) is what a bootstrap of rows comes to in the limit of many resamples,
as for accuracy; so nothing is drawn here either, and the drop is paired: a row that moves the figure alike with and without the
disturbance adds nothing to its spread. Values are those of `performance` (`tables`, `ranking`), to the last digit.
Always true: moves of rows add up to 0; where a metric is not defined, all is NaN.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gnomon.checks.kinds.robustness.scores import Score
from gnomon.errors import BadArgumentError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from gnomon.checks.kinds.performance.names import Metric
    from gnomon.checks.model import Model
    from gnomon.checks.model_inputs import Inputs
    from gnomon.checks.model_labels import Labels

    Array = np.ndarray[Any, Any]

FEWEST_OF_CLASS = 10  # rows: with fewer, an interval by influences does not hold
NOT_HERE = {
    "mean_error": "it has no better side",
    "median_absolute_error": "how a row moves a median is not known from the rows",
}
OF_UNITS = ("mae", "rmse")
_OF_POSITIVE = ("precision", "recall", "f1", "specificity", "average_precision")
_STEP = 0.01  # rows, of the slope of a metric of counts
_AT_ONCE = 1_000_000  # numbers


@dataclass(frozen=True, slots=True)
class Figure(Score):
    """A metric over `target`, which are codes of the classes of `labels` (of two, `positive` is the positive one), or numbers.

    Answers of a model have shape (rows,): codes, numbers, or the chance of the positive class; of many classes (rows, classes).
    """

    metric: Metric | None = None
    classes: int = 0
    task: str = ""

    @property
    def is_bounded(self) -> bool:
        return False

    @property
    def offset(self) -> float:
        return 0.0

    @property
    def sign(self) -> int:
        return 1 if self._metric.is_higher_better else -1

    @property
    def extra(self) -> float:
        """The variance that two rows more would bring, one spoiled and one mended: see `drops`."""
        import numpy as np

        if not self.classes or self.name == "log_loss":
            return 0.0  # of numbers, and of losses without a bound
        reach = self._metric.high - self._metric.low
        if self.name == "brier":
            return float(2 * (reach / (len(self.target) + 2)) ** 2)
        sizes = np.bincount(self.target, minlength=self.classes)
        present = sizes[sizes > 0]
        if self.task == "binary":
            return float(2 * (reach / (present.min() + 2)) ** 2)
        return float((2 * (reach / len(present) / (present + 2)) ** 2).sum())

    @property
    def _metric(self) -> Metric:
        assert self.metric is not None  # noqa: S101  `figure_of` gives one
        return self.metric

    def values(self, predicted: Array) -> Array:
        """Return what each row counts, shape (rows,), more is better: their mean is the figure, apart is how rows move it."""
        value, moves = self.measured(predicted)
        return self.sign * (value + len(moves) * moves)

    def of(self, values: Array) -> float:
        return self.sign * float(values.mean())

    def adjusted(self, differences: Array) -> Array:
        return differences

    def at(self, rows: Array) -> Figure:
        """Return the same over some of the rows."""
        import numpy as np

        target = self.target[rows]
        return replace(
            self, target=target, strata=np.zeros(len(target), dtype=int), sizes=np.array([len(target)])
        )

    def differ(self, one: Array, other: Array) -> float:
        """Return the share of rows of which something else was predicted; chances are decided at 0.5, or by the highest."""
        decided = [one, other]
        if self._metric.needs in ("scores", "chances"):
            decided = [answers >= 0.5 if answers.ndim == 1 else answers.argmax(axis=1) for answers in decided]
        return float((decided[0] != decided[1]).mean())

    def answers(self, model: Model, table: Inputs) -> tuple[Array, bool]:
        """Return what the model says of a table, and whether that were chances, decided at 0.5. Raises BadArgumentError."""
        needs, labels = self._metric.needs, self.labels
        if labels is None or needs == "labels":
            return Score.answers(self, model, table)
        return self._chances(model, table, labels), False

    def _chances(self, model: Model, table: Inputs, labels: Labels) -> Array:
        import numpy as np

        found = model.chances(table)
        if found is None and self.task == "binary":
            said = model.predict_columns(table)
            if labels.of(said, model.argument)[1]:  # a function that gives chances
                return np.asarray(said.astype(float))
        if found is None:
            raise BadArgumentError(
                f"`metric` {self.name!r} needs chances, and `{model.argument}` gives none",
                hint="give a model with `predict_proba`, or name a metric of predicted classes",
            )
        named = model.classes if model.classes is not None else labels.classes
        if len(named) != found.shape[1]:
            raise BadArgumentError(
                f"`{model.argument}.predict_proba` gives {found.shape[1]} chances a row, and there are {len(named)} classes"
            )
        codes = np.arange(len(named))
        if model.classes is not None:
            known = np.empty(len(named), dtype=object)
            known[:] = named
            codes = labels.of(known, model.argument)[0]
        chances = np.zeros((len(found), self.classes))
        for place, code in enumerate(codes):
            if 0 <= code < self.classes:
                chances[:, code] += found[:, place]
        if self.task == "binary":
            return np.asarray(chances[:, 1])
        return chances

    def measured(self, answers: Array) -> tuple[float, Array]:
        """Return the metric, and how much each row moves it, shape (rows,)."""
        if self.labels is None:
            return _of_numbers(self.name, self.target, answers)
        if self._metric.needs == "labels":
            return _of_labels(self.name, self.target, answers, self.classes, is_binary=self.task == "binary")
        if self.task == "binary":
            return _of_chance(self.name, self.target, answers)
        return _of_chances(self.name, self.target, answers)


def figure_of(name: str, target: Array, labels: Labels | None) -> Figure:
    """Return a metric by its name in `performance`. Raises BadArgumentError for one that does not fit."""
    import numpy as np

    from gnomon.checks.kinds.performance.names import BINARY, MULTICLASS, REGRESSION, metrics_of

    classes = 0 if labels is None else max(2, len(labels.classes))
    task = REGRESSION if labels is None else BINARY if classes == 2 else MULTICLASS
    metric = metrics_of(task, [name], "metric")[name]
    if name in _OF_POSITIVE and labels is not None:
        _require_positive(name, labels)
    codes = target.astype(float) if labels is None else labels.codes
    if name == "mape" and not codes.all():
        raise BadArgumentError("`metric` is 'mape', and a value of the target is 0", hint="`metric='mae'`")
    return Figure(
        name, np.zeros(len(codes), dtype=int), np.array([len(codes)]), labels, codes, 1.0, metric, classes, task
    )  # fmt: skip


def _require_positive(name: str, labels: Labels) -> None:
    """Raise unless it is said, or plain from 0 and 1, which class is the positive one: the second."""
    from gnomon.checks.kinds.performance.labels import label

    said = {label(one) for one in labels.classes}
    if labels.positive is None and not (said <= {"0", "1"} or said <= {"-1", "1"}):
        raise BadArgumentError(
            f"`metric` {name!r} needs to know which class is the positive one; the target has {', '.join(sorted(said))}",
            hint=f"say it: `positive={labels.classes[-1]!r}`",
        )


def too_few(figure: Figure) -> str:
    """Return why no interval would hold, '' where one does."""
    import numpy as np

    if figure.labels is None:
        return ""
    sizes = np.bincount(figure.target, minlength=len(figure.labels.classes))
    few = np.flatnonzero(sizes < FEWEST_OF_CLASS)
    if not len(few):
        return ""
    name = figure.labels.classes[few[0]]
    return f"fewer than {FEWEST_OF_CLASS} rows of the class {str(name)[:40]!r}"


# ---------------------------------------------------------------- values, and what moves them


def _of_labels(
    name: str, truth: Array, predicted: Array, classes: int, *, is_binary: bool
) -> tuple[float, Array]:
    """Rows that are alike (same class, same prediction) move a metric alike: by its slope in their count."""
    import numpy as np

    from gnomon.checks.kinds.performance import tables

    size = classes + 1  # the last: predicted, and no class of the target
    said = np.where(predicted < 0, classes, predicted)
    cells, place = np.unique(truth * size + said, return_inverse=True)
    true, chosen = cells // size, cells % size
    whole = tables.counts_of(truth, said, size)
    of = tables.of_binary if is_binary else tables.of_classes
    slopes = np.zeros(len(cells))
    at_once = max(1, _AT_ONCE // size)
    every = np.eye(size) if size <= 64 else None
    for start in range(0, len(cells), at_once):
        part = slice(start, start + at_once)
        t, c = true[part], chosen[part]
        one, other = (
            (np.arange(size) == codes[:, None]).astype(float) if every is None else every[codes] for codes in (t, c)
        )  # fmt: skip
        hit = one * (t == c)[:, None]
        ends = [
            of(
                tables.Counts(
                    whole.hits + step * hit, whole.true + step * one, whole.predicted + step * other
                )
            )[name]
            for step in (_STEP, -_STEP)
        ]
        slopes[part] = (ends[0] - ends[1]) / (2 * _STEP)
    moves = slopes[place]
    return float(of(whole)[name]), moves - moves.mean()  # slopes are exact to about 1e-9


def _of_chance(name: str, truth: Array, chance: Array) -> tuple[float, Array]:
    import numpy as np

    from gnomon.checks.kinds.performance import ranking
    from gnomon.checks.kinds.performance.measured import log_losses

    if name == "brier":
        return _mean((chance - truth) ** 2)
    if name == "log_loss":
        return _mean(log_losses(np.where(truth == 1, chance, 1 - chance)))
    if not np.isfinite(chance).all():
        return float("nan"), np.full(len(chance), np.nan)
    if name == "auc":
        rest = ranking.Rest(truth, 2)
        rest.add(1, chance)
        return rest.value, rest.moves
    found = ranking.ranked(chance, truth)
    value, of_positive, of_negative = ranking.average_moves(found)
    place = len(found.scores) - 1 - np.searchsorted(found.scores[::-1], chance)
    return value, np.where(truth == 1, of_positive[place], of_negative[place]) / len(truth)


def _of_chances(name: str, truth: Array, chances: Array) -> tuple[float, Array]:
    import numpy as np

    from gnomon.checks.kinds.performance import ranking
    from gnomon.checks.kinds.performance.measured import log_losses

    if name == "log_loss":
        return _mean(log_losses(chances[np.arange(len(truth)), truth]))
    if not np.isfinite(chances).all():
        return float("nan"), np.full(len(truth), np.nan)
    rest = ranking.Rest(truth, chances.shape[1])
    for code in range(chances.shape[1]):
        rest.add(code, chances[:, code])
    known = int(np.isfinite(rest.values).sum())
    return rest.value, rest.moves / max(1, known)


def _of_numbers(name: str, target: Array, said: Array) -> tuple[float, Array]:
    import numpy as np

    with np.errstate(over="ignore", invalid="ignore"):
        error = said.astype(float) - target
        if name == "mae":
            return _mean(np.abs(error))
        if name == "mape":
            return _mean(np.abs(error / target))
        square, moves = _mean(error**2)
        value = float(np.sqrt(square))
        return value, (moves / (2 * value) if value else np.zeros(len(error)))


def _mean(each: Array) -> tuple[float, Array]:
    mean = float(each.mean())
    return mean, (each - mean) / len(each)


# ---------------------------------------------------------------- names


def known_metrics() -> Sequence[str]:
    """Return the names of all metrics that robustness has, of any task."""
    from gnomon.checks.kinds.performance.names import METRICS

    every = dict.fromkeys(name for each in METRICS.values() for name in each)
    return [name for name in every if name not in NOT_HERE]
