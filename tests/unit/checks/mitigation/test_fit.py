"""The three methods: reweighing by its formula, thresholds and reductions as Fairlearn's own."""

import numpy as np
import pandas as pd
import pytest
from fairlearn.postprocessing import ThresholdOptimizer
from fairlearn.reductions import DemographicParity, EqualizedOdds, ExponentiatedGradient
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from gnomon.checks.kinds.fairness import mitigate_fit
from gnomon.checks.kinds.fairness.mitigate_fit import CannotFit, Fits, folds, reweighed
from gnomon.checks.kinds.fairness.mitigate_rows import asked, people, read
from gnomon.checks.kinds.fairness.mitigate_thresholds import Thresholds

BASE = np.random.default_rng(11)
N = 1_200


def table(n=N):
    sex = BASE.choice(["f", "m"], n, p=[0.4, 0.6])
    skill = BASE.normal(size=n) + 0.6 * (sex == "m")
    paid = skill + 0.5 * BASE.normal(size=n) > 0.6
    return pd.DataFrame({"skill": skill, "noise": BASE.normal(size=n), "sex": sex, "paid": paid.astype(int)})


ROWS = table()
SOME = ROWS.iloc[:400]


def fits(estimator, rows=ROWS, constraint="demographic_parity"):
    given = read(rows, "train")
    asked_for, _ = asked(given, given, estimator, "paid", ["sex"], None, None, keep_group=False)
    return Fits(estimator, people(given, asked_for), asked_for, constraint, 0), people(given, asked_for)


def test_reweighing_makes_group_and_outcome_independent():
    group, truth = ROWS.sex.to_numpy(dtype=object), ROWS.paid.to_numpy()
    weights = reweighed(group, truth)
    rates = [np.average(truth[group == one], weights=weights[group == one]) for one in "fm"]
    assert rates[0] == pytest.approx(rates[1], abs=1e-12) and rates[0] == pytest.approx(truth.mean())
    assert weights.sum() == pytest.approx(N)


def test_reweighing_by_hand():
    # a: 3 of 4 rows, b: 1; positives 2 of 4. (a, 1): 3/4 · 2/4 over 2/4; (a, 0): 3/8 over 1/4; (b, 0): 1/4 · 2/4 over 1/4
    found = reweighed(np.array(["a", "a", "a", "b"]), np.array([1, 1, 0, 0]))
    assert found.tolist() == pytest.approx([0.75, 0.75, 1.5, 0.5])


def test_the_reweighed_model_is_the_estimator_fitted_with_these_weights():
    made, rows = fits(LogisticRegression())
    made.of("before")
    own = LogisticRegression().fit(
        ROWS[["skill", "noise"]], ROWS.paid, sample_weight=reweighed(rows.group, rows.truth)
    )
    assert np.array_equal(made.of("reweighing").estimator.coef_, own.coef_)


def test_weights_reach_the_last_step_of_a_pipeline():
    made, _ = fits(make_pipeline(StandardScaler(), LogisticRegression()))
    assert made.weight_name == "logisticregression__sample_weight"
    assert (
        made.of("reweighing").estimator[-1].coef_.tolist() != made.of("before").estimator[-1].coef_.tolist()
    )


@pytest.mark.slow
@pytest.mark.parametrize("constraint", ["demographic_parity", "equalized_odds"])
def test_thresholds_are_those_of_fairlearn(constraint, monkeypatch):
    """On the same scores, with the same seed: the same decisions."""
    monkeypatch.setattr(
        mitigate_fit.Fits, "_scores_of_folds", lambda self: self._before.predict_proba(self.table)[:, 1]
    )
    made, rows = fits(LogisticRegression(), constraint=constraint)
    before = made.of("before")
    ours = made.of("threshold")
    theirs = ThresholdOptimizer(
        estimator=before.estimator, constraints=constraint, prefit=True, predict_method="predict_proba"
    )
    theirs.fit(ROWS[["skill", "noise"]], ROWS.paid, sensitive_features=ROWS.sex)
    chance = ours.chances(made.table, rows.group)
    assert chance == pytest.approx(
        theirs._pmf_predict(ROWS[["skill", "noise"]], sensitive_features=ROWS.sex)[:, 1], abs=1e-12
    )
    expected = theirs.predict(ROWS[["skill", "noise"]], sensitive_features=ROWS.sex, random_state=0)
    assert np.array_equal(ours.decided(chance, 0), expected)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("constraint", "theirs"), [("demographic_parity", DemographicParity), ("equalized_odds", EqualizedOdds)]
)
def test_reductions_are_those_of_fairlearn(constraint, theirs):
    made, rows = fits(LogisticRegression(), SOME, constraint=constraint)
    gradient = ExponentiatedGradient(LogisticRegression(), theirs()).fit(
        SOME[["skill", "noise"]], SOME.paid, sensitive_features=SOME.sex
    )
    expected = gradient._pmf_predict(SOME[["skill", "noise"]])[:, 1]
    found = made.of("reductions")
    assert found.chances(made.table, rows.group) == pytest.approx(expected, abs=1e-9)
    assert np.array_equal(
        found.decided(expected, 5), gradient.predict(SOME[["skill", "noise"]], random_state=5)
    )


def test_scores_for_thresholds_come_from_models_that_did_not_see_the_row():
    """A tree that learns every row by heart scores its own rows perfectly, and others at chance."""
    rows = ROWS.assign(paid=BASE.integers(0, 2, N))
    made, _ = fits(DecisionTreeClassifier(), rows)
    made.of("before")
    assert np.mean(made._before.predict(made.table) == rows.paid) == 1.0
    assert np.mean((made._scores_of_folds() > 0.5) == rows.paid) < 0.6


def test_folds_are_even_within_each_group_and_outcome():
    group, truth = ROWS.sex.to_numpy(dtype=object), ROWS.paid.to_numpy()
    fold = folds(group, truth, 0)
    for one in "fm":
        for outcome in (0, 1):
            counts = np.bincount(fold[(group == one) & (truth == outcome)], minlength=3)
            assert counts.max() - counts.min() <= 1


def test_a_group_with_few_outcomes_keeps_its_decisions():
    group = np.array(["a"] * 50 + ["b"] * 50 + ["c"] * 3, dtype=object)
    truth, scores = np.r_[BASE.integers(0, 2, 100), [0, 0, 1]], BASE.random(103)
    made = Thresholds(scores, truth, group, "demographic_parity")
    assert made.unable == ("c",)
    assert made.chances(scores, group, np.full(103, 0.25))[100:].tolist() == [0.25] * 3
    assert made.chances(np.array([0.5]), np.array(["new"], dtype=object), np.array([1.0])).tolist() == [1.0]


def test_thresholds_for_one_group_cannot_be_fitted():
    with pytest.raises(CannotFit, match="fewer than two groups have 6 rows of each outcome"):
        Thresholds(
            BASE.random(40), BASE.integers(0, 2, 40), np.array(["a"] * 40, dtype=object), "equalized_odds"
        )


@pytest.mark.parametrize("method", ["reweighing", "reductions"])
def test_an_estimator_that_takes_no_weights_says_so(method):
    made, _ = fits(make_pipeline(StandardScaler(), KNeighborsClassifier()))
    with pytest.raises(CannotFit, match="KNeighborsClassifier takes no weights of rows"):
        made.of(method)


def test_a_random_state_that_was_not_set_gets_the_seed():
    made, _ = fits(DecisionTreeClassifier())
    assert made.of("before").estimator.random_state == 0
    assert fits(DecisionTreeClassifier(random_state=7))[0].of("before").estimator.random_state == 7


@pytest.mark.slow
def test_a_mixture_keeps_models_and_no_row():
    made, rows = fits(LogisticRegression(), SOME)
    mixture = made.of("reductions").estimator
    assert vars(mixture).keys() == {"parts"}
    assert {type(model).__name__ for _, model in mixture.parts} <= {"LogisticRegression", "DummyClassifier"}
    assert sum(weight for weight, _ in mixture.parts) == pytest.approx(1)
    assert mixture.chances(made.table, len(rows.truth)).shape == (400,)
