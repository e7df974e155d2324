"""Variances borrow from each other as far as they agree."""

import random

import pytest

from gnomon.runs.groups.noise import Common, Noise, common, drawn, measured


def test_variance_of_a_hand_worked_case():
    # mean 4; squares 9 + 1 + 4 + 0 + 4 = 18; 18 / 4
    assert measured([1, 3, 6, 4, 6]).variance == pytest.approx(4.5)
    assert measured([1, 3, 6, 4, 6]).df == 4


@pytest.mark.slow
def test_fourth_cumulant_is_the_k_statistic():
    from scipy import stats

    values = [0.3, 1.7, 0.2, 5.1, 0.9, 2.2, 0.4]
    assert measured(values).fourth == pytest.approx(stats.kstat(values, 4))


def test_rounding_is_no_spread():
    assert measured([0.1 + 0.2, 0.3, 0.3]).variance == 0
    assert measured([1e-17, 0.0, -1e-17], size=0.9).variance == 0


def test_two_groups_borrow_nothing():
    noises = [Noise(1.0, 4), Noise(9.0, 4)]
    together = common(noises)
    assert together.agreement == 0
    assert drawn(noises[0], together) == noises[0]


def _noises(spreads, seeds=5):
    rng = random.Random(4)
    return [measured([rng.gauss(0, spread) for _ in range(seeds)]) for spread in spreads]


def test_alike_variances_borrow_much_and_unlike_ones_little():
    alike, unlike = common(_noises([1.0] * 30)), common(_noises([1.0, 5.0] * 15))
    assert alike.agreement > 20
    assert unlike.agreement < 5


def test_more_groups_borrow_more():
    assert common([Noise(1.0, 4)] * 30).agreement > 3 * common([Noise(1.0, 4)] * 5).agreement


def test_a_drawn_variance_lies_between_and_is_worth_no_more_than_all():
    noise = drawn(Noise(1.0, 4), Common(variance=3.0, agreement=100.0, limit=20))
    assert 1.0 < noise.variance < 3.0
    assert noise.df == 20


def test_a_variance_that_stands_out_keeps_to_itself():
    together = Common(variance=1.0, agreement=50.0, limit=60)
    assert drawn(Noise(10.0, 4), together) == Noise(10.0, 4)


def test_a_group_gone_astray_does_not_change_what_the_others_borrow():
    noises = _noises([1.0] * 10)
    assert common([*noises, Noise(1e12, 4)]) == common(noises)
