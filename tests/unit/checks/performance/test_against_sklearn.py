"""Metrics are those of scikit-learn to 1e-9, and verdicts follow from their intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk

from gnomon.checks import performance
from gnomon.checks.result import FAIL, PASS, UNKNOWN
from gnomon.errors import BadArgumentError

BINARY = {
    "accuracy": lambda y, p, s: sk.accuracy_score(y, p),
    "balanced_accuracy": lambda y, p, s: sk.balanced_accuracy_score(y, p),
    "precision": lambda y, p, s: sk.precision_score(y, p),
    "recall": lambda y, p, s: sk.recall_score(y, p),
    "f1": lambda y, p, s: sk.f1_score(y, p),
    "specificity": lambda y, p, s: sk.recall_score(y, p, pos_label=0),
    "mcc": lambda y, p, s: sk.matthews_corrcoef(y, p),
    "auc": lambda y, p, s: sk.roc_auc_score(y, s),
    "average_precision": lambda y, p, s: sk.average_precision_score(y, s),
    "log_loss": lambda y, p, s: sk.log_loss(y, s),
    "brier": lambda y, p, s: sk.brier_score_loss(y, s),
}
REGRESSION = {
    "mae": sk.mean_absolute_error, "rmse": sk.root_mean_squared_error, "r2": sk.r2_score,
    "median_absolute_error": sk.median_absolute_error,
}  # fmt: skip


def people(seed: int, n: int = 400, *, ties: bool = False) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    truth = (random.random(n) < 0.4).astype(int)
    score = np.clip(random.normal(0.35 + 0.3 * truth, 0.2), 0.01, 0.99)
    score = np.round(score, 1).clip(0.1, 0.9) if ties else score
    return pd.DataFrame({"y": truth, "s": score, "city": random.choice(list("abc"), n)})


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_metrics_of_two_classes_are_those_of_scikit_learn(seed):
    table = people(seed, ties=seed % 2 == 1)
    found = performance(table, target="y", score="s", slices=False).table("metrics")
    values = dict(zip(found.column("metric"), found.column("value"), strict=True))
    chosen = (table.s >= 0.5).astype(int)
    for name, oracle in BINARY.items():
        assert values[name] == pytest.approx(oracle(table.y, chosen, table.s), abs=1e-9), name


@pytest.mark.parametrize("seed", range(4))
def test_metrics_of_numbers_are_those_of_scikit_learn(seed):
    random = np.random.default_rng(seed)
    truth = random.normal(10, 3, 300)
    table = pd.DataFrame({"y": truth, "p": truth + random.normal(0.2, 1, 300)})
    found = performance(table, target="y", prediction="p", slices=False).table("metrics")
    values = dict(zip(found.column("metric"), found.column("value"), strict=True))
    for name, oracle in REGRESSION.items():
        assert values[name] == pytest.approx(oracle(table.y, table.p), abs=1e-9), name


def test_metrics_of_many_classes_are_those_of_scikit_learn():
    random = np.random.default_rng(1)
    truth = random.choice(list("abcd"), 500)
    guess = np.where(random.random(500) < 0.6, truth, random.choice(list("abcd"), 500))
    found = performance(
        pd.DataFrame({"y": truth, "p": guess}), target="y", prediction="p", slices=False
    ).table("metrics")
    values = dict(zip(found.column("metric"), found.column("value"), strict=True))
    assert values["accuracy"] == pytest.approx(sk.accuracy_score(truth, guess), abs=1e-9)
    assert values["balanced_accuracy"] == pytest.approx(sk.balanced_accuracy_score(truth, guess), abs=1e-9)
    assert values["f1_macro"] == pytest.approx(sk.f1_score(truth, guess, average="macro"), abs=1e-9)
    assert values["kappa"] == pytest.approx(sk.cohen_kappa_score(truth, guess), abs=1e-9)


@pytest.mark.slow
def test_a_demand_holds_fails_or_cannot_be_told_by_its_interval():
    table = people(3, 2_000)
    auc = sk.roc_auc_score(table.y, table.s)
    for limit, outcome in ((auc - 0.1, PASS), (auc + 0.1, FAIL), (auc, UNKNOWN)):
        found = performance(table, target="y", score="s", require=f"auc >= {limit:.4f}", slices=False)
        assert found.finding("require.auc.least").outcome == outcome


@pytest.mark.slow
def test_a_model_that_knows_nothing_does_not_pass():
    random = np.random.default_rng(0)
    table = pd.DataFrame({"y": random.integers(0, 2, 3_000), "s": random.random(3_000)})
    assert performance(table, target="y", score="s", slices=False).verdict != PASS
    table["s"] = np.where(table.y == 1, 0.2, 0.8)
    assert performance(table, target="y", score="s", slices=False).verdict == FAIL


@pytest.mark.slow
def test_a_planted_weak_slice_is_found_and_none_where_there_is_none():
    clean, random = people(5, 6_000), np.random.default_rng(9)
    weak = clean.assign(s=np.where(clean.city == "b", random.random(6_000), clean.s))
    found = performance(weak, target="y", score="s")
    assert any(
        one.key.startswith("slice") and one.outcome == FAIL and "b" in one.what for one in found.findings
    )
    assert not [one for one in performance(clean, target="y", score="s").findings if one.outcome == FAIL]


@pytest.mark.slow
def test_the_order_of_rows_makes_no_difference():
    table = people(2, 1_000)
    shuffled = table.sample(frac=1, random_state=1)
    one, other = (performance(each, target="y", score="s") for each in (table, shuffled))
    assert one.findings == other.findings
    assert one.table("metrics") == other.table("metrics") and one.table("slices") == other.table("slices")


@pytest.mark.slow
def test_doubled_rows_have_the_same_values():
    table = people(2)
    one, other = (
        performance(each, target="y", score="s", slices=False) for each in (table, pd.concat([table, table]))
    )
    assert one.table("metrics").column("value") == pytest.approx(
        other.table("metrics").column("value"), abs=1e-12
    )


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame({"y": [1] * 50, "s": [0.5] * 50}), pd.DataFrame({"y": [0, 1] * 5, "s": [0.1, 0.9] * 5}),
        pd.DataFrame({"y": [0, 1] * 50, "s": [np.nan] * 100}), pd.DataFrame({"y": [0, 1] * 50, "s": [0.5] * 100}),
    ],
)  # fmt: skip
def test_what_says_nothing_does_not_pass_and_does_not_raise(table):
    found = performance(table, target="y", score="s")
    assert found.verdict in (UNKNOWN, FAIL)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"target": "z", "score": "s"}, "'z'"), ({"target": "y"}, "prediction"), ({"target": "y", "score": "x"}, "'x'"),
        ({"target": "y", "score": "s", "require": "auc is good"}, "auc is good"),
        ({"target": "y", "score": "s", "require": "aux >= 0.9"}, "aux"), ({"target": "y", "score": "s", "level": 2}, "level"),
    ],
)  # fmt: skip
def test_what_is_asked_wrongly_is_named(options, said):
    with pytest.raises(BadArgumentError, match=said):
        performance(people(1), **options)
