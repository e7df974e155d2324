"""Claims: what passes, what fails, what cannot be told, and all of them corrected together."""

import numpy as np
import pytest

from gnomon.checks.kinds.performance import ends
from gnomon.checks.kinds.performance.asked import Demand, demands_of
from gnomon.checks.kinds.performance.claims import Claim, better_than_nothing, decide, required
from gnomon.checks.kinds.performance.measured import Measure
from gnomon.checks.kinds.performance.names import METRICS, canonical, metrics_of
from gnomon.checks.result import FAIL, PASS, UNKNOWN
from gnomon.errors import BadArgumentError


def claim(hits, n, limit, *, is_least=True, key="x", **more):
    return Claim(key, key, hits / n, ends.rate(hits, n), is_least, limit, **more)


@pytest.mark.parametrize(
    ("hits", "limit", "is_least", "outcome"),
    [(90, 0.8, True, PASS), (90, 0.97, True, FAIL), (90, 0.9, True, UNKNOWN), (10, 0.2, False, PASS), (10, 0.03, False, FAIL)],
)  # fmt: skip
def test_an_interval_decides(hits, limit, is_least, outcome):
    (found,) = decide([claim(hits, 100, limit, is_least=is_least)], 0.05, has_slices=False).findings
    assert found.outcome == outcome
    assert (found.low, found.high) == pytest.approx(ends.rate(hits, 100)(0.05))


def test_claims_are_corrected_together():
    # 60 of 100 is above 0.5 with p = 0.0455: enough alone, not as one of two
    alone = decide([claim(60, 100, 0.5)], 0.05, has_slices=False).findings
    both = decide(
        [claim(60, 100, 0.5, key="a"), claim(59, 100, 0.5, key="b")], 0.05, has_slices=False
    ).findings
    assert alone[0].outcome == PASS
    assert [one.outcome for one in both] == [UNKNOWN, UNKNOWN]


def test_what_is_settled_leaves_its_level_to_the_others():
    found = decide(
        [claim(99, 100, 0.5, key="a"), claim(60, 100, 0.5, key="b")], 0.05, has_slices=False
    ).findings
    assert [one.outcome for one in found] == [PASS, PASS]
    assert (found[1].low, found[1].high) == pytest.approx(ends.rate(60, 100)(0.05))  # of one that is left
    assert (found[0].low, found[0].high) == pytest.approx(ends.rate(99, 100)(0.025))  # of two


def test_slices_keep_a_part_of_the_level_and_get_what_others_leave():
    with_slices = decide([claim(60, 100, 0.5)], 0.05, has_slices=True)
    assert with_slices.findings[0].outcome == UNKNOWN
    assert with_slices.factor == 2
    assert decide([claim(99, 100, 0.5)], 0.05, has_slices=True).factor == 1


@pytest.mark.slow
def test_the_interval_of_a_finding_is_the_one_that_decided():
    chance = np.random.default_rng(0)
    for _ in range(200):
        made = [
            claim(int(chance.integers(0, 51)), 50, float(chance.random()), key=str(at)) for at in range(3)
        ]
        for one, found in zip(made, decide(made, 0.05, has_slices=True).findings, strict=True):
            assert (found.outcome == PASS) == (found.low >= one.limit)
            assert (found.outcome == FAIL) == (found.high < one.limit)


def test_a_figure_without_an_interval_cannot_be_told():
    (found,) = decide(
        [Claim("x", "x", None, None, True, 0.5, "there is one class only")], 0.05, has_slices=False
    ).findings
    assert (found.outcome, found.note, found.limit) == (UNKNOWN, "there is one class only", "at least 0.5")


def measure(name, value, task="binary", **more):
    return Measure(METRICS[task][name], value, ends.rate(value * 1000, 1000), 0.5, **more)


@pytest.mark.parametrize(("auc", "outcome"), [(0.7, PASS), (0.5, UNKNOWN), (0.45, FAIL)])
def test_a_model_is_held_against_knowing_nothing(auc, outcome):
    one = better_than_nothing({"auc": measure("auc", auc)}, has_scores=True)
    assert decide([one], 0.05, has_slices=False).findings[0].outcome == outcome


def test_surely_no_more_than_a_hair_above_nothing_fails():
    one = Measure(METRICS["binary"]["auc"], 0.501, lambda level: (0.499, 0.503), 0.5)
    assert (
        decide([better_than_nothing({"auc": one}, has_scores=True)], 0.05, has_slices=False)
        .findings[0]
        .outcome
        == FAIL
    )


def test_demands_are_read():
    assert demands_of("auc>=0.9") == (Demand("auc", True, 0.9),)
    assert demands_of(["RMSE < 3.5", "accuracy ≥ 80 %", "bias <= -1e-3"]) == (
        Demand("rmse", False, 3.5), Demand("accuracy", True, 0.8), Demand("mean_error", False, -0.001),
    )  # fmt: skip
    for wrong in ("auc", "auc = 1", "auc >= high", ">= 0.9", 3):
        with pytest.raises(BadArgumentError, match="is no demand"):
            demands_of([wrong])


def test_several_limits_of_one_metric_have_keys_of_their_own():
    made = required(demands_of(["auc >= 0.5", "auc >= 0.6", "auc <= 0.9"]), {"auc": measure("auc", 0.7)})
    assert [one.key for one in made] == ["require.auc.least", "require.auc.least.2", "require.auc.most"]


def test_metrics_have_the_names_of_the_field():
    assert canonical("ROC-AUC") == "auc" and canonical("macro F1") == "f1_macro"
    with pytest.raises(BadArgumentError, match="did you mean `recall`"):
        metrics_of("binary", ["recal"])
