"""How much a model loses on rows that are noisy, incomplete, or of one kind only.

    result = checks.robustness("model.skops", "test.csv", target="income", features=["age", "sex"])
    result.verdict, result.table("columns").to_dicts()[0]   # which column's noise hurts most

Always true: each loss is measured on the same rows with and without the disturbance; the same rows, settings and seed give the
same result; the number of predictions is bounded by the settings. What it claims: docs/explanation/robustness-checks.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon import text
from gnomon.checks.kinds.robustness.asked import (
    DROPS,
    MISSING,
    NOISE,
    cut_by,
    limits_of,
    require_settings,
    require_unit_limit,
    score_of,
    strengths_of,
    with_truth,
)  # fmt: skip
from gnomon.checks.kinds.robustness.told import Disturbed, Hurt
from gnomon.checks.model import Model, model_of
from gnomon.checks.result import CheckResult, named

if TYPE_CHECKING:
    import numpy as np

    from gnomon.checks.kinds.robustness.drops import Drop
    from gnomon.checks.kinds.robustness.scores import Score
    from gnomon.checks.kinds.robustness.slices import Slice
    from gnomon.checks.kinds.robustness.told import Measured
    from gnomon.checks.kinds.robustness.trial import Trial
    from gnomon.checks.model_inputs import Inputs

    Array = np.ndarray[Any, Any]

MOST_ROWS = 20_000
MOST_COLUMNS = 50  # looked at one by one
MOST_DISTURBED = 5_000  # columns times repeats


def robustness(
    model: object,
    table: object,
    *,
    target: str,
    features: Sequence[str] | None = None,
    positive: object = None,
    metric: str | None = None,
    noise: Sequence[float] = (0.1, 0.3),
    missing: Sequence[float] = (0.05, 0.2),
    shifts: bool | Sequence[str] = True,
    max_drop: float | Mapping[str, float] = DROPS,
    repeats: int = 5,
    level: float = 0.05,
    seed: int = 0,
    most_rows: int = MOST_ROWS,
    trusted: Sequence[str | type] = (),
    name: str | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> CheckResult:
    """Return what disturbed rows cost a model.

    Parameters
    ----------
    model : an object with `predict`, a function of a table, or a path to a `.skops` or `.onnx` file
    table : rows with the truth; see `rows.WHAT`
        Of more than `most_rows`, so many are drawn by the seed, and a note says so.
    target : the column with the truth; rows without it are left out
    features : the columns that the model gets, in order; None: those it was fitted with, else all but the target
    positive : the value of the target that a model with the classes 0 and 1 calls 1
    metric : None: accuracy, balanced where a class has less than half of an even share, R² where the target is a number of
        many values; else a metric of `checks.performance` for the task, such as `auc`, `f1` or `rmse`, but for `mean_error` and
        `median_absolute_error`. Where less is better, a drop is how much more it is.
    noise : strengths, in standard deviations of each column, and as the probability that a category or a flag changes
    missing : shares of cells that are left blank
    shifts : whether slices are looked at, or the columns to slice by (any of the table)
    max_drop : the most that the figure may lose, or one for each of `noise`, `missing` and `shift`; must be given for `mae` and
        `rmse`, which are in the units of the target
    repeats : how often each strength is drawn anew
    level : the chance, at most, that a result has a failed finding where no drop is beyond its limit
    trusted : types that a `.skops` file may hold beside the reviewed ones
    progress : called with (predictions done, predictions in all)

    Returns
    -------
    CheckResult with findings `noise.<strength>`, `missing.<share>`, `shift.<column>`; figures `strengths`, `columns`, `slices`

    Raises
    ------
    BadArgumentError (also where the model raises on the rows as they are), MissingFileError, DamagedFileError, MissingExtraError
    """
    from gnomon.checks.kinds.robustness import shown, told
    from gnomon.checks.model_inputs import inputs_of

    limits = limits_of(max_drop)
    strengths = [(NOISE, one) for one in strengths_of(noise, "noise", 10.0)]
    strengths += [(MISSING, one) for one in strengths_of(missing, "missing", 1.0)]
    metric = require_settings(metric, repeats, level, most_rows)
    require_unit_limit(metric, max_drop)
    asked = model_of(model, features=features, trusted=trusted)
    with inputs_of(table, most_rows=most_rows, seed=seed) as (given, count):
        rows, truth, notes = with_truth(given, target, count)
        columns = asked.columns(rows, target)
        slice_by = cut_by(shifts, rows, columns, target)
        score, why_not = score_of(asked, truth, metric, positive)
        if score is None:
            found = _nothing(strengths, rows.count, why_not)
        else:
            how = How(strengths, slice_by, repeats, level, seed, progress)
            found = _measured(asked, rows, rows.only(columns), score, how, why_not, notes)
    return CheckResult(
        "robustness",
        name or named("robustness", [target]),
        found.rows,
        told.findings(found, limits, level),
        shown.figures(found) if score is not None else (),
        shown.charts(found, limits) if score is not None else (),
        (*notes, *(f"the model warned: {one}" for one in asked.notes)),
        {
            "target": target, "features": list(columns)[:MOST_COLUMNS], "metric": found.metric, "noise": list(noise),
            "missing": list(missing), "max_drop": dict(limits), "repeats": repeats, "seed": seed, "most_rows": most_rows,
            **({"positive": positive} if positive is not None else {}),
        },
        (rows.evidence, asked.evidence),
        level,
    )  # fmt: skip


class How(NamedTuple):
    """What is done to the rows."""

    strengths: Sequence[tuple[str, float]]
    slice_by: Sequence[str]
    repeats: int
    level: float
    seed: int
    progress: Callable[[int, int], object] | None


def _measured(
    asked: Model, rows: Inputs, chosen: Inputs, score: Score, how: How, why_not: str, notes: list[str]
) -> Measured:
    """Return all that was measured; what is to be said beside it goes to `notes`."""
    import numpy as np

    from gnomon.checks.kinds.robustness.figured import Figure
    from gnomon.checks.kinds.robustness.told import Measured
    from gnomon.checks.kinds.robustness.trial import ASKED_OF_COLUMNS, Trial

    width = len(chosen.names)
    fewer = max(1, min(how.repeats, MOST_DISTURBED // width))
    looked = _some(chosen.names, how.seed) if any(kind == NOISE for kind, _ in how.strengths) else []
    each = max(1, min(how.repeats, ASKED_OF_COLUMNS // max(1, len(looked))))
    total = 1 + len(how.strengths) * fewer + len(looked) * each
    trial = Trial(asked, chosen, score, repeats=fewer, seed=how.seed, total=total, progress=how.progress)
    notes += _notes(width, looked, how.repeats, fewer, trial)
    if isinstance(score, Figure) and not np.isfinite(trial.clean).all():
        why = f"{score.name} is not defined for what the model says of the rows as they are"
        return _nothing(how.strengths, rows.count, why, score.name)
    if not np.isfinite(trial.clean).all():
        count = text.count(int((~np.isfinite(trial.clean)).sum()), "row")
        return _nothing(
            how.strengths, rows.count, f"the model gave no finite number for {count} as they are", score.name
        )
    disturbed = [
        Disturbed(kind, strength, *_dropped(trial, partial(trial.of_all, kind, strength, place), how.level))
        for place, (kind, strength) in enumerate(how.strengths)
    ]  # fmt: skip
    strongest = max((strength for kind, strength in how.strengths if kind == NOISE), default=0.0)
    hurt = [_hurt(trial, column, strongest, each, how.level) for column in looked]
    hurt.sort(key=lambda one: -one.drop.value if one.drop is not None else math.inf)
    parts = [] if why_not else _slices(rows, trial, how, notes)
    base = score.of(trial.clean)
    return Measured(score.name, base, rows.count, disturbed, hurt, parts, why_not, score.sign)


def _dropped(trial: Trial, ask: Callable[[], Array], level: float) -> tuple[Drop | None, str]:
    """Return the drop; None where the model gave no answer, and why."""
    from gnomon.checks.kinds.robustness.drops import paired
    from gnomon.checks.kinds.robustness.trial import Untaken

    try:
        values = ask()
    except Untaken as why:
        return None, str(why)
    return paired(trial.clean, values[:, None], trial.score, level)[0], ""


def _hurt(trial: Trial, column: str, strength: float, repeats: int, level: float) -> Hurt:
    changed = math.nan

    def ask() -> Array:
        nonlocal changed
        values, changed = trial.of_column(column, strength, repeats)
        return values

    drop, note = _dropped(trial, ask, level)
    return Hurt(column, drop, changed, note)


def _slices(rows: Inputs, trial: Trial, how: How, notes: list[str]) -> list[tuple[str, list[Slice]]]:
    from gnomon.checks.kinds.robustness import slices

    parts, whole = [], []
    for column in _some(how.slice_by, how.seed):
        own = slices.cut(rows, column)
        if len(own) > 1:
            found = slices.measured(trial.score, trial.clean, column, own, how.level, trial.first)
            parts.append((column, found))
        else:
            whole.append(column)
    if whole:
        shown = ", ".join(f"`{one}`" for one in whole[:6]) + (", …" if len(whole) > 6 else "")
        notes.append(f"no two slices of {slices.FEWEST} rows and of 1 % of all: {shown}")
    return parts


def _nothing(
    strengths: Sequence[tuple[str, float]], rows: int, why_not: str, metric: str = "accuracy"
) -> Measured:
    from gnomon.checks.kinds.robustness.told import Measured

    disturbed = [Disturbed(kind, strength, None, why_not) for kind, strength in strengths]
    return Measured(metric, math.nan, rows, disturbed, [], [], why_not)


def _notes(width: int, looked: Sequence[str], repeats: int, fewer: int, trial: Trial) -> list[str]:
    notes = []
    if looked and len(looked) < width:
        notes.append(f"{len(looked)} of {width:,} columns were looked at one by one, drawn by the seed")
    if fewer < repeats:
        drawn = text.count(fewer, "time")
        notes.append(f"each strength was drawn {drawn}, not {repeats}: the table has {width:,} columns")
    if trial.are_chances:
        notes.append("the model gives chances; they were decided at 0.5")
    return notes


def _some(names: Sequence[str], seed: int) -> list[str]:
    """Return so many names as are looked at one by one, drawn by the seed, in their order."""
    if len(names) <= MOST_COLUMNS:
        return list(names)
    import numpy as np

    chosen = np.random.default_rng([seed, 0xC0]).choice(len(names), MOST_COLUMNS, replace=False)
    return [names[place] for place in sorted(chosen.tolist())]
