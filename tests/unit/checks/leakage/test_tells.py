"""Columns that give the target away, and those that do not."""

import numpy as np
import pytest

from gnomon.checks import leakage
from gnomon.checks.kinds.leakage.tells import BINARY, CLASSES, LIMITS, NUMBERS, target_of, tell
from gnomon.checks.kinds.performance import ranking
from gnomon.checks.result import FAIL, PASS, UNKNOWN


def told(values, target, half=1000):
    values, target = np.asarray(values), np.asarray(target)
    found = target_of(target[:half], target[half:])
    return found.kind, tell("x", values[:half], values[half:], found)


CHANCE = np.random.default_rng(0)
TRUTH = (CHANCE.random(2000) < 0.3).astype(int)
AMOUNT = np.exp(1.5 * CHANCE.standard_normal(2000))
KIND = CHANCE.integers(0, 10, 2000)


@pytest.mark.parametrize(
    "values",
    [
        TRUTH * 2.0 + 5, -TRUTH, np.where(TRUTH == 1, "yes", "no").astype(object), TRUTH + CHANCE.normal(0, 0.15, 2000),
        np.where(TRUTH == 1, np.nan, CHANCE.random(2000)), (CHANCE.integers(0, 50, 2000) * 2 + TRUTH),
    ],
)  # fmt: skip
def test_what_says_the_class_in_whatever_way_is_found(values):
    kind, one = told(values, TRUTH)
    assert kind == BINARY and one.value > LIMITS[BINARY]
    assert one.ends(0.05)[0] > 0.98


def test_what_says_the_amount_or_one_of_many_classes_is_found():
    for values in (
        AMOUNT * 1.17,
        np.log(AMOUNT),
        -AMOUNT,
        AMOUNT * (1 + 0.01 * CHANCE.standard_normal(2000)),
    ):
        kind, one = told(values, AMOUNT)
        assert kind == NUMBERS and one.value > LIMITS[NUMBERS]
    kind, one = told(np.array([f"c{at}" for at in KIND], object), KIND)
    assert kind == CLASSES and one.value == 1


@pytest.mark.parametrize("target", [TRUTH, AMOUNT, KIND])
def test_noise_tells_nothing(target):
    for values in (CHANCE.random(2000), CHANCE.choice(list("abc"), 2000).astype(object)):
        _, one = told(values, target)
        assert one.value < 0.58
        assert not one.is_id


def test_a_good_column_is_no_leak():
    _, one = told(TRUTH + CHANCE.standard_normal(2000) * 0.6, TRUTH)
    assert 0.8 < one.value < LIMITS[BINARY]


def test_names_of_rows_are_known_and_tell_something_only_where_their_order_does():
    in_order = np.empty(2000)
    in_order[np.argsort(TRUTH, kind="stable")] = np.arange(2000)
    _, one = told(in_order, TRUTH)
    assert one.is_id and one.value > 0.99
    _, one = told(np.array([f"{'dog' if y else 'cat'}.{at:05}" for at, y in enumerate(TRUTH)], object), TRUTH)
    assert one.is_id and one.value > 0.99
    _, one = told(CHANCE.permutation(2000), TRUTH)
    assert one.is_id and one.value < 0.58


def test_the_auc_is_that_of_what_bins_say():
    values = CHANCE.integers(0, 3, 2000)
    target = (CHANCE.random(2000) < np.array([0.2, 0.6, 0.4])[values]).astype(int)
    _, one = told(values, target)
    expected = ranking.auc_of(ranking.ranked(np.array([0.0, 2, 1])[values[1000:]], target[1000:])).value
    assert one.value == pytest.approx(expected, abs=1e-12)


def test_a_test_set_of_one_class_says_nothing():
    found = target_of(TRUTH[:1000], np.ones(50, int))
    one = tell("x", CHANCE.random(1000), CHANCE.random(50), found)
    assert one.value is None and one.why == "the test set has one class only"


# ---------------------------------------------------------------- in the check


def tables(n=1000, **columns):
    chance = np.random.default_rng(1)
    table = {f"x{at}": chance.standard_normal(2 * n) for at in range(4)} | {"y": TRUTH[: 2 * n]} | columns
    return {name: values[:n] for name, values in table.items()}, {
        name: values[n:] for name, values in table.items()
    }


@pytest.mark.slow
def test_the_check_names_the_column_with_its_interval():
    found = leakage(*tables(z=TRUTH * 3 + 1), target="y")
    one = found.finding("target.z")
    assert (one.outcome, one.what) == (FAIL, "`z` gives the target away")
    assert one.low > LIMITS[BINARY] and one.high == one.value == 1
    assert found.table("columns").rows[0][0] == "z"
    assert found.charts[0].series[0].x[0] == "z"
    assert leakage(*tables(z=TRUTH * 3 + 1), target="y", ignore="z").finding("target").outcome == PASS


@pytest.mark.slow
def test_rows_named_with_the_target_known_are_named():
    in_order = np.empty(2000, int)
    in_order[np.argsort(TRUTH + 0.8 * CHANCE.standard_normal(2000))] = np.arange(2000)
    found = leakage(*tables(id=in_order), target="y").finding("target.id")
    assert found.outcome == FAIL and found.what == "`id` names rows and tells the target"
    assert leakage(*tables(id=in_order), target="y", key="id").finding("target").outcome == PASS


@pytest.mark.slow
def test_a_small_test_set_tells_nothing():
    few = {name: values[:30] for name, values in tables()[1].items()}
    assert leakage(tables()[0], few, target="y").finding("target").outcome == UNKNOWN
    perfect = leakage(
        tables(z=TRUTH)[0], {name: values[:30] for name, values in tables(z=TRUTH)[1].items()}, target="y"
    )
    assert perfect.finding("target.z").outcome == UNKNOWN
    assert perfect.finding("target.z").what == "`z` may give the target away"


@pytest.mark.slow
def test_hardly_ever_a_column_of_noise_is_named():
    chance = np.random.default_rng(2)
    named = 0
    for _ in range(10):
        table = {f"x{at}": chance.permutation(400) for at in range(40)} | {"y": chance.integers(0, 2, 400)}
        train, test = (
            {name: values[part] for name, values in table.items()} for part in (slice(200), slice(200, 400))
        )
        named += bool(leakage(train, test, target="y").failed)
    assert named <= 2
