"""The performance check: how good a model is, whether its scores can be believed, and where it is weak.

Always true: the same rows in any order give the same result; what was found and not said by the caller stands in the notes; no
row is kept. Story and figures: docs/explanation/performance-checks.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gnomon import text
from gnomon.checks.result import FAIL, PASS, UNKNOWN, CheckResult, Finding

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gnomon.checks.kinds.performance.asked import Asked
    from gnomon.checks.kinds.performance.calibration import Calibration
    from gnomon.checks.kinds.performance.claims import Claim
    from gnomon.checks.kinds.performance.columns import Columns, Given
    from gnomon.checks.kinds.performance.measured import Measured
    from gnomon.checks.kinds.performance.weak import Slice, Weak
    from gnomon.checks.rows import Rows


def performance(
    table: object,
    *,
    target: str,
    prediction: str | None = None,
    score: str | Sequence[str] | Mapping[Any, str] | None = None,
    positive: object = None,
    threshold: float | None = None,
    task: str | None = None,
    metrics: str | Sequence[str] | None = None,
    require: str | Sequence[str] = (),
    slices: bool | Sequence[str] = True,
    max_slice_drop: float | None = None,
    max_calibration_error: float | None = None,
    bootstrap: bool = False,
    resamples: int = 1000,
    level: float = 0.05,
    seed: int = 0,
    name: str | None = None,
) -> CheckResult:
    """Return how good a model is: metrics with intervals, demands on them, calibration, and slices where it is weak.

    Parameters
    ----------
    table
        A path, a DataFrame of any library, or a lazy table of DuckDB, Spark, Ibis or Polars: one row for each case.
    target
        The column of what is true. Rows without it are left out, counted and noted.
    prediction, score, threshold
        The column of what a model said, or of its scores, or both. Of many classes, `score` is a dict of columns by class, or a
        list in the order of the classes. Without `prediction`, a score from `threshold` on (0.5 where all scores are in 0…1) is a
        yes; of many classes, the highest score names the class.
    positive
        The label of the positive class, against all others. Not needed for truths and for 0 and 1.
    task
        'binary', 'multiclass' or 'regression'; found from the columns unless given, and said in the notes where it is a guess.
    metrics
        The metrics of the table; all of the task unless given.
    require
        Texts such as "auc >= 0.9" or "rmse <= 3.5". Each fails where its interval lies beyond the limit.
    slices, max_slice_drop
        Whether slices are looked for, or in which columns; and by how much accuracy may be lower there than in the rest (0.1), or
        in a regression by which share the mean absolute error may be larger (0.5).
    max_calibration_error
        The largest expected calibration error, corrected for chance; no demand unless given.
    bootstrap, resamples
        Whether a table of the usual bootstrap is added (up to 50,000 rows), and how many resamples are drawn for it, and for the
        intervals of those metrics that have no closed form.
    level
        The chance, at most, that one or more findings fail where nothing is wrong.

    Raises
    ------
    BadArgumentError, MissingFileError, DamagedFileError, MissingExtraError
    """
    from gnomon.checks.kinds.performance.asked import asked_of
    from gnomon.checks.kinds.performance.columns import Columns, flat, required
    from gnomon.checks.kinds.performance.weak import other_columns
    from gnomon.checks.rows import rows_of

    asked = asked_of(
        target=target, prediction=prediction, score=score, positive=positive, threshold=threshold, task=task, metrics=metrics,
        require=require, slices=slices, max_slice_drop=max_slice_drop, max_calibration_error=max_calibration_error,
        bootstrap=bootstrap, resamples=resamples, level=level, seed=seed, name=name,
    )  # fmt: skip
    with rows_of(table) as rows:
        used = required(rows, asked)
        if not isinstance(asked.slices, bool):
            for one in asked.slices:
                rows.require(one, "slices")
        names = flat(rows, other_columns(rows.names, asked.slices, used))
        return _checked(rows, Columns(rows, [*used, *names[:_MOST_READ]]), names, asked)


FEWEST_ROWS = 20  # with fewer, no claim is decided
_MOST_READ = 200  # columns of a lazy table, which are read at once


def _checked(rows: Rows, columns: Columns, names: Sequence[str], asked: Asked) -> CheckResult:
    from gnomon.checks.kinds.performance.claims import decide
    from gnomon.checks.kinds.performance.columns import given_of
    from gnomon.checks.kinds.performance.measured import measured_of
    from gnomon.checks.kinds.performance.names import canonical, metrics_of
    from gnomon.checks.kinds.performance.weak import default_limit, weak_slices

    given = given_of(columns, asked)
    wanted = metrics_of(given.task, asked.metrics)
    demanded = metrics_of(given.task, [one.metric for one in asked.require], "require")
    every = metrics_of(given.task, None)
    measured = measured_of(given, {**wanted, **demanded, **every}, asked.resamples, asked.seed)
    _require_measured(asked, measured, given)
    calibration = _calibration(given, asked)
    claims = _claims(given, measured, calibration, asked)
    decided = decide(claims, asked.level, has_slices=bool(names))
    findings, weak = decided.findings, None
    if names:
        limit = default_limit(given.task) if asked.max_slice_drop is None else asked.max_slice_drop
        weak = weak_slices(columns, names, given, limit, asked.level / decided.factor)
        findings = [*findings, *_of_slices(weak, limit, given)]
    shown = {canonical(one) for one in asked.metrics} if asked.metrics else set(measured.measures)
    listed = measured._replace(
        measures={name: one for name, one in measured.measures.items() if name in shown}
    )
    return _result(rows, given, listed, measured, calibration, weak, findings, asked)


def _require_measured(asked: Asked, measured: Measured, given: Given) -> None:
    """Raise BadArgumentError where a metric is asked for that these columns cannot have."""
    from gnomon.checks.kinds.performance.names import METRICS, canonical
    from gnomon.errors import BadArgumentError

    named = [("require", one.metric) for one in asked.require] + [
        ("metrics", canonical(one)) for one in asked.metrics or ()
    ]
    for argument, name in named:
        one = measured.measures.get(name)
        needs = METRICS[given.task][name].needs
        lacks_scores = asked.score is None and needs in ("scores", "chances")
        if lacks_scores or (one is None and given.n):
            what = "chances between 0 and 1" if needs == "chances" else "scores"
            raise BadArgumentError(
                f"`{argument}` names {name!r}, which needs {what}",
                hint=f"name a column of {what} with `score=`",
            )


def _calibration(given: Given, asked: Asked) -> Calibration | None:
    """Return the calibration of the positive class; of many classes, of the one that is named."""
    from gnomon.checks.kinds.performance.calibration import calibration_of

    if not given.is_chance or not given.n:
        return None
    if given.scores is not None:
        return calibration_of(given.scores, given.truth, asked.level, asked.seed)
    assert given.chances is not None  # noqa: S101  chances are of one kind or the other
    hits = (given.chances.own >= given.chances.top).astype(int)
    return calibration_of(given.chances.top, hits, asked.level, asked.seed)


def _claims(given: Given, measured: Measured, calibration: Calibration | None, asked: Asked) -> list[Claim]:
    from gnomon.checks.kinds.performance.calibration import FEWEST
    from gnomon.checks.kinds.performance.claims import Claim, better_than_nothing, required

    has_scores = given.scores is not None or given.chances is not None
    nothing = better_than_nothing(measured.measures, has_scores=has_scores)
    claims = [] if nothing is None else [nothing]
    claims += required(asked.require, measured.measures)
    if asked.max_calibration_error is not None:
        few = "" if given.n >= FEWEST else f"ten bins need {FEWEST} rows or more"
        known = "" if calibration is not None else "there are no scores between 0 and 1"
        claims.append(
            Claim(
                "calibration", "scores happen as often as they say: expected calibration error, corrected for chance",
                None if calibration is None else calibration.corrected * 1.0,
                None if calibration is None or few else calibration.ends, False, asked.max_calibration_error, known or few,
            )
        )  # fmt: skip
    if given.n >= FEWEST_ROWS:
        return claims
    few = f"{text.count(given.n, 'row')}: fewer than {FEWEST_ROWS} tell nothing"
    return [one._replace(ends=None, note=one.note or few) for one in claims]


# ---------------------------------------------------------------- slices


def _of_slices(weak: Weak, limit: float, given: Given) -> list[Finding]:
    """Return a finding for each slice that is beyond the limit; where there is none, one for all that were looked at.

    None where there is nothing to make slices of.
    """
    from gnomon.checks.kinds.performance.names import REGRESSION

    is_error = given.task != REGRESSION
    words = (
        f"at most {text.number(limit)} lower accuracy"
        if is_error
        else f"mean absolute error at most {text.number(100 * limit)} % larger"
    )
    if weak.failed:
        return [_of_slice(one, words, is_error=is_error) for one in weak.failed]
    what = "no slice is surely much worse than the rest"
    if weak.seen is None:
        return [Finding("slices", what, UNKNOWN, limit=words, note=weak.why)] if weak.why else []
    said = f"{weak.looked_at:,} slices of {weak.columns:,} {'column' if weak.columns == 1 else 'columns'} were looked at"
    drop = f"{weak.seen:.2g}" if is_error else f"{100 * weak.seen:.0f} %"
    power = f"in a tenth of the rows, a drop of {drop} would probably have been found"
    outcome = PASS if weak.seen <= 2 * limit else UNKNOWN
    return [Finding("slices", what, outcome, limit=words, note=f"{said}; {power}")]


def _of_slice(one: Slice, words: str, *, is_error: bool) -> Finding:
    if is_error:
        said = f"accuracy {1 - one.loss:.3f} where {one.words}, {1 - one.rest:.3f} elsewhere"
    else:
        said = f"mean absolute error {text.number(one.loss)} where {one.words}, {text.number(one.rest)} elsewhere"
    return Finding(f"slice.{one.words}", said, FAIL, one.drop, one.low, one.high, words, f"{one.rows:,} rows")


# ---------------------------------------------------------------- the result


def _result(
    rows: Rows,
    given: Given,
    listed: Measured,
    measured: Measured,
    calibration: Calibration | None,
    weak: Weak | None,
    findings: list[Finding],
    asked: Asked,
) -> CheckResult:
    from gnomon.checks.kinds.performance import pictures
    from gnomon.checks.kinds.performance.names import REGRESSION

    figures = [pictures.metrics_table(listed, asked.level)]
    for made in (pictures.confusion_table(given), pictures.classes_table(given, asked.level)):
        figures += [] if made is None else [made]
    figures += [] if calibration is None else pictures.calibration_tables(calibration, asked.level)
    figures += (
        []
        if weak is None or weak.seen is None
        else [pictures.slices_table(weak, asked.level, is_error=given.task != REGRESSION)]
    )
    notes = [*given.notes, *(() if weak is None else weak.notes)]
    if weak is None and asked.slices is not False:
        notes.append("there is no other column to make slices of")
    if asked.bootstrap:
        figures, notes = _with_bootstrap(given, listed, figures, notes, asked)
    settings = {**asked.settings, "task": given.task, "classes": list(given.classes[:50])}
    return CheckResult(
        "performance", asked.name, given.n, tuple(findings), tuple(figures),
        pictures.charts_of(given, measured, calibration, weak, asked.level), tuple(notes), settings,
        ({**rows.evidence, "rows": given.rows},), asked.level,
    )  # fmt: skip


def _with_bootstrap(
    given: Given, listed: Measured, figures: list[Any], notes: list[str], asked: Asked
) -> tuple[list[Any], list[str]]:
    from gnomon.checks.kinds.performance.bootstrapped import bootstrapped
    from gnomon.checks.kinds.performance.pictures import bootstrap_table
    from gnomon.checks.kinds.performance.resampling import MOST_ROWS

    if given.n > MOST_ROWS:
        said = f"no bootstrap of rows is drawn with more than {MOST_ROWS:,} rows: with so many, both intervals agree"
        return figures, [*notes, said]
    drawn = bootstrapped(given, asked.resamples, asked.seed)
    return [*figures, bootstrap_table(drawn, listed.measures, asked.level)], notes
