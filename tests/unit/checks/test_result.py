"""What a result is: its verdict follows from its findings, and it is the same after it was written down and read back."""

from __future__ import annotations

import json
import math
from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from gnomon.checks.drawn import chart, html
from gnomon.checks.result import (
    FAIL,
    PASS,
    UNKNOWN,
    Chart,
    CheckResult,
    Figures,
    Finding,
    Series,
    plain,
    read,
)
from tests.unit.checks import made


def of(*outcomes: str) -> CheckResult:
    findings = [Finding(str(n), f"finding {n}", outcome) for n, outcome in enumerate(outcomes)]
    return CheckResult("drift", "drift", 10, tuple(findings))


@pytest.mark.parametrize(
    ("outcomes", "verdict"),
    [
        ((PASS, PASS), PASS), ((PASS, UNKNOWN), UNKNOWN), ((UNKNOWN, FAIL, PASS), FAIL), ((), UNKNOWN), ((FAIL,), FAIL),
    ],
)  # fmt: skip
def test_a_verdict_is_the_worst_of_the_findings_and_nothing_is_cannot_tell(outcomes, verdict):
    assert of(*outcomes).verdict == verdict


def test_a_sentence_counts_what_failed_and_what_cannot_be_told():
    assert of(FAIL, PASS, UNKNOWN).sentence == "fail: 1 of 3 findings failed, 1 cannot be told, over 10 rows"
    assert of(PASS, UNKNOWN).sentence == "cannot tell: 1 of 2 findings hold, 1 cannot be told, over 10 rows"
    assert of().sentence == "cannot tell: nothing could be checked, over 10 rows"


def test_what_failed_is_told_first():
    assert [one.outcome for one in of(PASS, UNKNOWN, FAIL).told] == [FAIL, UNKNOWN, PASS]


def test_a_result_is_the_same_after_json():
    found = made.fairness()
    text = json.dumps(found.to_dict(), allow_nan=False)
    assert read(json.loads(text)) == found


def test_numbers_of_numpy_become_plain_and_what_is_not_finite_becomes_nothing():
    found = CheckResult(
        "drift", "drift", 3, (Finding("a", "a", PASS, np.float64(0.5), np.float32("nan"), math.inf),),
        (Figures("t", "t", ("x",), ((np.int64(3),), (np.nan,), (np.bool_(True),))),),
        (Chart("c", "c", "lines", (Series("s", (np.float64(1),), (np.nan,)),)),),
        settings={"columns": np.array(["a"]), "seed": np.int32(1)},
    )  # fmt: skip
    assert found.findings[0][3:6] == (0.5, None, None)
    assert found.figures[0].rows == ((3,), (None,), (True,))
    assert found.charts[0].series[0].y == (None,)
    assert found.settings == {"columns": ["a"], "seed": 1}
    json.dumps(found.to_dict(), allow_nan=False)


@pytest.mark.parametrize(
    "damage",
    [
        None, [], {}, {"check": "drift"},
        {**made.drift().to_dict(), "findings": [{"what": "x", "outcome": "fine", "key": "k"}]},
        {**made.drift().to_dict(), "findings": [{"what": 3, "outcome": "pass", "key": "k"}]},
        {**made.drift().to_dict(), "findings": "no"},
        {**made.drift().to_dict(), "figures": [{"name": "a", "title": "a", "columns": ["x"], "rows": [[1, 2]]}]},
        {**made.drift().to_dict(), "rows": None}, {**made.drift().to_dict(), "settings": 3},
    ],
)  # fmt: skip
def test_what_is_no_result_is_none_and_raises_nothing(damage):
    assert read(damage) is None


def test_a_finding_and_a_table_are_found_by_name_and_a_wrong_one_names_those_there_are():
    found = made.fairness()
    assert found.finding("gap.tpr.sex").outcome == UNKNOWN
    assert found.table("groups").column("n") == [200, 200]
    with pytest.raises(KeyError, match=r"gap\.tpr\.sex"):
        found.finding("gap.fpr.sex")
    with pytest.raises(KeyError, match="groups, gaps"):
        found.table("rates")
    with pytest.raises(KeyError):
        found.table("groups").column("m")


def test_a_result_does_not_change():
    with pytest.raises(FrozenInstanceError):
        made.drift().name = "other"


def test_plain_makes_lists_of_sets_and_texts_of_what_is_strange():
    assert plain({"a": (1, 2)}) == {"a": [1, 2]}
    assert plain(object).startswith("<class")


# --- drawings


def test_a_notebook_shows_the_verdict_the_findings_and_the_pictures():
    shown = html(made.fairness())
    for part in (
        "fail: 1 of 2 findings failed",
        "<code>sex</code>",
        "0.2 (0.1 to 0.3)",
        "Calibration",
        "<svg",
        "limit",
    ):
        assert part in shown


def test_text_of_a_result_is_escaped_in_a_notebook():
    found = made.fairness(name="<script>alert(1)</script>")
    assert "<script>" not in html(found)


def test_a_line_leaves_out_what_is_missing_and_a_single_point_is_drawn():
    gap = Chart("c", "c", "lines", (Series("s", (0.0, 1.0, 2.0), (1.0, None, 3.0)),))
    assert "M44.0" in chart(gap).markup and "nan" not in chart(gap).markup
    alone = Chart("c", "c", "lines", (Series("s", (1.0,), (1.0,)),))
    assert "circle" in chart(alone).markup


@pytest.mark.parametrize("form", ["lines", "bars", "intervals"])
def test_a_chart_without_anything_is_empty(form):
    assert not chart(Chart("c", "c", form, ()))


def test_a_long_line_is_thinned():
    long = Chart(
        "c",
        "c",
        "lines",
        (Series("s", tuple(map(float, range(100_000))), tuple(map(float, range(100_000)))),),
    )
    assert len(chart(long).markup) < 20_000
