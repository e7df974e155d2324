"""The share of a metric's ranks that classes explain, its chance and its interval: against SciPy and hand-worked cases."""

import random

import pytest

from gnomon.runs.importance import share as shares
from gnomon.runs.importance.share import (
    Share,
    beyond,
    chances,
    explained_by,
    holm,
    interval,
    midranks,
    ranked,
)


def explained(codes, scores):
    own = ranked(scores)
    k = max(codes) + 1
    sums = [sum(value for code, value in zip(codes, own, strict=True) if code == one) for one in range(k)]
    return (
        own,
        [codes.count(one) for one in range(k)],
        explained_by([codes.count(one) for one in range(k)], sums),
    )


@pytest.mark.slow
def test_equal_values_share_the_middle_of_their_ranks():
    from scipy import stats

    assert midranks([5.0, 1.0, 5.0, 7.0]) == [2.5, 1.0, 2.5, 4.0] == list(stats.rankdata([5, 1, 5, 7]))


@pytest.mark.slow
def test_the_explained_part_is_that_of_kruskal_and_wallis():
    from scipy import stats

    chance = random.Random(1)
    codes = [chance.randrange(3) for _ in range(30)]
    scores = [chance.gauss(code, 1) for code in codes]
    groups = [[s for s, c in zip(scores, codes, strict=True) if c == one] for one in range(3)]
    assert explained(codes, scores)[2] == pytest.approx(stats.kruskal(*groups).statistic / 29)


def test_the_share_takes_off_what_chance_explains():
    # 5 classes of 40 explain 4/39 by chance alone
    assert shares.without_chance(4 / 39, 40, 5) == pytest.approx(0, abs=1e-12)
    assert shares.without_chance(1.0, 40, 5) == 1.0
    assert shares.without_chance(0.9, 3, 3) == 0.0


@pytest.mark.slow
def test_the_limit_of_exchanging_is_the_f_test_of_ranks():
    from scipy import stats

    part, n, k = 0.3, 40, 5
    f = (part / (k - 1)) / ((1 - part) / (n - k))
    assert beyond(part, n, k) == pytest.approx(stats.f.sf(f, k - 1, n - k), rel=1e-9)


def test_exchanging_and_its_limit_agree(monkeypatch):
    chance = random.Random(3)
    codes = [at % 4 for at in range(100)]
    scores = [chance.gauss(0.35 * code, 1) for code in codes]
    own, sizes, part = explained(codes, scores)
    (exact,) = chances(own, [sizes], [part])
    monkeypatch.setattr(shares, "EXACT", 50)
    (limit,) = chances(own, [sizes], [part])
    assert 0.0005 < limit < 0.2
    assert exact == pytest.approx(limit, rel=0.3)


def test_a_chance_is_never_zero_where_it_was_counted_and_the_same_each_time():
    codes = [0] * 10 + [1] * 10
    own, sizes, part = explained(codes, [float(at) for at in range(20)])
    first = chances(own, [sizes], [part])
    assert first == chances(own, [sizes], [part]) == [1 / (shares.FEWEST_EXCHANGES + 1)]


def test_holm_corrects_step_by_step():
    # 3 x 0.01, then 2 x 0.03, then what went before if it is more
    assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    assert holm([]) == [] and holm([0.7, 0.9]) == [1.0, 1.0]


@pytest.mark.parametrize(("part", "n", "k"), [(0.2, 30, 2), (0.2, 30, 4), (0.02, 200, 8), (0.6, 60, 5)])
def test_the_interval_leaves_out_zero_exactly_where_chance_is_below_one_in_twenty(part, n, k):
    low, high = interval(Share(part, shares.without_chance(part, n, k), n, k))
    assert (low > 0) == (beyond(part, n, k) < 0.05)
    assert 0 <= low <= shares.without_chance(part, n, k) <= high <= 1


def test_both_ways_to_an_interval_agree_where_they_meet(monkeypatch):
    found = Share(0.55, shares.without_chance(0.55, 260, 6), 260, 6)
    quick = interval(found)
    monkeypatch.setattr(shares, "_LONG", 1e9)
    assert quick == pytest.approx(interval(found), abs=0.015)


def test_what_explains_nothing_and_what_explains_all():
    assert interval(Share(0.0, 0.0, 200, 3)) == (0.0, 0.0)
    low, high = interval(Share(1.0, 1.0, 40, 3))
    assert low > 0.99 and high == 1.0
    assert interval(Share(1.0, 0.0, 3, 3)) == (0.0, 1.0)


@pytest.mark.slow
def test_an_interval_holds_the_true_share_in_nine_of_ten_cases():
    """Two classes of equal size whose values lie apart by `shift` standard deviations; the true share is that of 40,000."""
    chance = random.Random(11)

    def drawn(n):
        codes = [chance.randrange(2) for _ in range(n)]
        _, _, part = explained(codes, [chance.gauss(1.5 * code, 1) for code in codes])
        return Share(part, shares.without_chance(part, n, 2), n, 2)

    true = drawn(40_000).share
    held = [low <= true <= high for low, high in (interval(drawn(40)) for _ in range(600))]
    assert sum(held) / len(held) == pytest.approx(0.9, abs=0.04)
