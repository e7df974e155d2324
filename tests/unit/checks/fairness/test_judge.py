"""What fails, what passes, what cannot be told: by hand-made groups, and by small simulations whose truth is known."""

import numpy as np
import pytest

from gnomon.checks.kinds.fairness.cells import Cells, Groups
from gnomon.checks.kinds.fairness.judge import MOST_JUDGED, corrected, outcome_of, weigh
from gnomon.checks.kinds.fairness.measured import rate
from gnomon.checks.kinds.fairness.names import DEFAULT
from gnomon.checks.kinds.fairness.rates import rate_of
from gnomon.checks.kinds.fairness.settle import needs, note


def weighed(hits, n, limit=0.1, **given):
    hits, n = np.array(hits, float), np.array(n, float)
    measured = rate("selection_rate", "g", tuple(f"g{place}" for place in range(len(n))), hits, n)
    return weigh(measured, limit, level=0.05, **given)


def outcome(hits, n, **given):
    one = weighed(hits, n, **given)
    return outcome_of(one, one.p, 0.05)


def test_a_large_gap_of_many_people_fails():
    assert outcome([80, 120], [200, 200]) == "fail"


def test_a_large_gap_of_few_people_cannot_be_told():
    assert outcome([4, 7], [10, 10]) == "cannot tell"


def test_groups_that_are_surely_alike_pass():
    assert outcome([500, 510, 505], [1000, 1000, 1000]) == "pass"


def test_a_certain_gap_within_the_limit_passes():
    one = weighed([500_000, 510_000], [1_000_000, 1_000_000])
    assert one.p < 1e-9
    assert outcome_of(one, one.p, 0.05) == "pass"


def test_three_people_neither_make_nor_hide_a_gap():
    assert outcome([500, 510, 3], [1000, 1000, 3]) == "pass"
    assert outcome([400, 600, 3], [1000, 1000, 3]) == "fail"
    assert weighed([400, 600, 3], [1000, 1000, 3]).small.tolist() == [2]


def test_a_certain_small_gap_does_not_lend_its_certainty_to_a_large_one_of_few():
    # the two large groups surely differ, by 0.03; the small one lies 0.17 off, which chance explains
    one = weighed([50_000, 53_000, 20], [100_000, 100_000, 30])
    assert one.gap.value > 0.1
    assert one.p < 1e-9
    assert outcome_of(one, one.p, 0.05) == "cannot tell"


def test_the_pair_that_fails_is_named_though_few_people_lie_farther_off():
    one = weighed([400, 600, 9], [1000, 1000, 12])
    assert one.pair == (1, 0)
    assert (one.gap.low_at, one.gap.high_at) == (0, 2)


def test_which_groups_are_judged_follows_from_their_size():
    sizes = np.arange(10, 10 + 3 * MOST_JUDGED)
    one = weighed(sizes // 2, sizes)
    assert one.places.tolist() == list(range(2 * MOST_JUDGED, 3 * MOST_JUDGED))
    assert one.unseen == 2 * MOST_JUDGED
    assert outcome_of(weighed(sizes * 50_000, sizes * 100_000, limit=0.9), 1.0, 0.05) == "cannot tell"


def test_where_no_pair_is_beyond_the_limit_none_is_sure_to_be():
    one = weighed([2, 6, 9], [12, 13, 14], limit=0.6)
    assert one.p < 0.2
    assert (one.pair, one.p_beyond) == (None, 1.0)


def test_smallest_says_who_is_too_small():
    assert outcome([80, 120], [200, 200], smallest=201) == "cannot tell"
    assert weighed([80, 120], [200, 200], smallest=201).gap is None


def test_more_people_that_a_note_asks_for_settle_it():
    one = weighed([90, 108], [200, 200])
    assert outcome_of(one, one.p, 0.05) == "cannot tell"
    (first, second) = needs(one, one.gap.widest, 1.0)
    assert (first.wanted, second.wanted) == (200, 200)
    few = weighed([10_000, 15], [20_000, 40])
    assert "people of `g1`" in note(few, 0.05, 1.0, "people")
    assert "`g0`" not in note(few, 0.05, 1.0, "people").partition("about")[2]
    assert "hardly decide" in note(weighed([500, 595], [1000, 1000]), 0.05, 1.0, "people")


@pytest.mark.slow
def test_of_so_many_people_as_a_note_asks_for_most_tables_are_told():
    one = weighed([9, 4], [20, 20])
    said = note(one, 0.05, 3.0, "people")
    wanted = int(said.split("about ")[1].split(" ")[0].replace(",", ""))
    chance = np.random.default_rng(1)
    told = sum(
        outcome_of(more, min(1.0, 3 * more.p), 0.05) == "fail"
        for more in (weighed(chance.binomial(wanted, [0.45, 0.2]), [wanted] * 2) for _ in range(100))
    )
    assert 60 <= told <= 97  # four of five are meant


# ---------------------------------------------------------------- simulations; in full: python -m benchmarks.checks.fairness


def drawn(chance, n, selected, positive=0.4):
    """Return cells of two attributes: `selected` by group of the first, with `n` people each; the second has two groups."""
    k = len(selected)
    codes = np.array([(first, second) for first in range(k) for second in range(2)])
    rates, sizes = np.repeat(selected, 2), np.full(2 * k, n // 2)
    positives = chance.binomial(sizes, positive)
    tp, fp = chance.binomial(positives, rates), chance.binomial(sizes - positives, rates)
    sums = {"tp": tp, "fp": fp, "fn": positives - tp, "tn": sizes - positives - fp}
    labels = (tuple(map(str, range(k))), ("x", "y"))
    return Cells(("a", "b"), labels, codes, {key: one.astype(float) for key, one in sums.items()})


def outcomes(cells):
    attributes: list[Groups] = [cells.by("a"), cells.by("b"), cells.by("a", "b")]
    found = [weigh(rate_of(one, metric), 0.1, level=0.05) for one in attributes for metric in DEFAULT]
    fair = corrected([one.p for one in found])
    return [outcome_of(one, part, 0.05) for one, part in zip(found, fair, strict=True)]


@pytest.mark.slow
def test_groups_that_are_alike_seldom_fail():
    chance = np.random.default_rng(2)
    cases = [
        outcomes(drawn(chance, n, np.full(k, 0.4)))
        for n in (20, 100, 1000)
        for k in (2, 6)
        for _ in range(40)
    ]
    assert (
        sum("fail" in case for case in cases) <= 20
    )  # 12 of 240 are allowed; more than 20 are by chance in 1 of 100


@pytest.mark.slow
def test_a_gap_of_a_fifth_among_two_hundred_people_a_group_is_found():
    chance = np.random.default_rng(3)
    cases = [outcomes(drawn(chance, 200, [0.6, *[0.4] * (k - 1)])) for k in (2, 5) for _ in range(60)]
    assert sum("fail" in case for case in cases) >= 102  # 85 %; 90 % and more are meant
