"""Results that tests of lists, pages and comparisons need: made by hand, with something of everything."""

from __future__ import annotations

import math

from gnomon.checks.result import FAIL, PASS, UNKNOWN, Chart, CheckResult, Figures, Finding, Series


def fairness(
    gap: float = 0.2, *, name: str = "fairness of income by sex", outcome: str = FAIL, rows: int = 400
) -> CheckResult:
    """Return a result with two findings, a table, three charts."""
    groups = ("Female", "Male")
    rates = (0.5 - gap / 2, 0.5 + gap / 2)
    ends = (tuple(rate - 0.05 for rate in rates), tuple(rate + 0.05 for rate in rates))
    words = ("attribute", "group", "n", "selection_rate", "selection_rate_low", "selection_rate_high")
    rows_of_groups = tuple(("sex", *row) for row in zip(groups, (rows // 2,) * 2, rates, *ends, strict=True))
    note = "about 300 more of `Female` would probably settle it"
    tpr = Finding(
        "gap.tpr.sex",
        "true positive rates are alike over `sex`",
        UNKNOWN,
        0.05,
        -0.1,
        0.2,
        "at most 0.1",
        note,
    )
    selected = Finding(
        "gap.selection_rate.sex",
        "selection rates are alike over `sex`",
        outcome,
        gap,
        gap - 0.1,
        gap + 0.1,
        "at most 0.1",
    )
    places = ("0-0.5", "0.5-1")
    charts = (
        Chart("selection", "Selection rate by `sex`", "intervals", (Series("selection rate", groups, rates, *ends),), "sex",
              "selection rate", limit=0.5),
        Chart("calibration", "Calibration", "lines",
              (Series("Female", (0.1, 0.5, 0.9), (0.2, 0.5, None), (0.1, 0.4, None), (0.3, 0.6, None)),
               Series("Male", (0.1, 0.5, 0.9), (0.1, 0.6, 0.9))), "score", "share", is_diagonal=True),
        Chart("scores", "Scores", "bars", (Series("Female", places, (0.7, 0.3)), Series("Male", places, (0.4, 0.6)))),
    )  # fmt: skip
    figures = (
        Figures("groups", "Rates of each group", words, rows_of_groups, "two groups"),
        Figures(
            "gaps", "Gaps", ("metric", "p"), (("selection rate", 0.001), ("true positive rate", math.nan))
        ),
    )
    return CheckResult(
        "fairness", name, rows, (tpr, selected), figures, charts, ("3 rows have no `income`",),
        {"target": "income", "groups": ["sex"], "max_gap": 0.1}, ({"role": "table", "path": "test.csv", "columns": 3},),
    )  # fmt: skip


def drift(outcome: str = PASS) -> CheckResult:
    """Return a result of another kind."""
    one = Finding("column.age", "`age` did not move", outcome, 0.02, 0.0, 0.05, "at most 0.1")
    return CheckResult("drift", "drift of age", 1000, (one,))
