"""What `judge` says of groups of seeds."""

import math
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.errors import BadArgumentError
from gnomon.runs.groups import differences
from gnomon.runs.groups import judge as judge_module
from gnomon.runs.groups.judge import Sample, judge


def apart(name, *values):
    """A group whose runs name no seed."""
    return Sample(name, values, (None,) * len(values))


def seeded(name, *values, first=0):
    return Sample(name, values, tuple(range(first, first + len(values))))


def only(judgement):
    (comparison,) = judgement.comparisons
    return comparison


A = (0.71, 0.74, 0.69, 0.73, 0.72, 0.75)
B = (0.60, 0.66, 0.63, 0.70, 0.58, 0.64)


# ---------------------------------------------------------------- two groups: the textbook


@pytest.mark.slow
def test_two_groups_of_other_seeds_are_compared_by_welch():
    from scipy import stats

    found = only(judge([apart("a", *A), apart("b", *B)], better="higher"))
    welch = stats.ttest_ind(B, A, equal_var=False)
    low, high = welch.confidence_interval(0.95)
    assert found.difference == pytest.approx(sum(B) / 6 - sum(A) / 6)
    # Degrees of freedom are rounded down by up to 5 %: p and interval are a little on the careful side.
    assert welch.pvalue <= found.p < welch.pvalue * 1.5
    assert found.low == pytest.approx(low, rel=0.02) and found.low <= low
    assert found.high == pytest.approx(high, rel=0.02) and found.high >= high
    assert (found.verdict, found.is_paired, found.n_pairs) == ("worse", False, 0)


@pytest.mark.slow
def test_two_groups_of_the_same_seeds_are_compared_seed_by_seed():
    from scipy import stats

    found = only(judge([seeded("a", *A), seeded("b", *B)], better="higher"))
    paired = stats.ttest_rel(B, A)
    low, high = paired.confidence_interval(0.95)
    assert paired.pvalue <= found.p < paired.pvalue * 1.3
    assert (found.low, found.high) == (pytest.approx(low, rel=0.02), pytest.approx(high, rel=0.02))
    assert (found.is_paired, found.n_pairs) == (True, 6)


def test_a_paired_difference_of_a_hand_worked_case():
    # differences 1, 2, 3, 2, 2: mean 2, variance 0.5, standard error sqrt(0.5 / 5) = 0.3162; t(4) = 2.776 at 5 %
    a, b = seeded("a", 11, 22, 33, 42, 52), seeded("b", 10, 20, 30, 40, 50)
    found = only(judge([a, b], better="higher"))
    assert found.difference == pytest.approx(-2)
    assert found.high == pytest.approx(-2 + 2.776 * 0.3162, rel=0.02)
    assert found.verdict == "worse"
    # The same numbers of other seeds say nothing: their spread is 16.
    assert only(judge([a, seeded("b", *b.values, first=100)], better="higher")).verdict == "cannot tell"


def test_the_order_of_the_runs_does_not_matter_to_pairing():
    a, b = seeded("a", *A), seeded("b", *B)
    turned = Sample("b", b.values[::-1], b.seeds[::-1])
    assert only(judge([a, b], better="higher")) == only(judge([a, turned], better="higher"))


@pytest.mark.parametrize(
    ("others", "is_paired"),
    [(range(5), True), (range(1, 6), True), (range(3, 8), False), (range(5, 10), False)],
    ids=["all five shared", "four of five", "two of five", "none"],
)
def test_pairing_is_decided_by_the_seeds(others, is_paired, monkeypatch):
    monkeypatch.setattr(differences, "FEWEST_PAIRED_DF", 1)
    rng = random.Random(1)
    for _ in range(20):
        values = [tuple(rng.gauss(0, 1) for _ in range(5)) for _ in range(2)]
        samples = [Sample("a", values[0], tuple(range(5))), Sample("b", values[1], tuple(others))]
        found = judge(samples, better="higher")
        means = [sum(one) / 5 for one in values]
        shared = [(values[0][s], values[1][others.index(s)]) for s in range(5) if s in others]
        # Where the seeds that both have point the other way than all do, pairs decide nothing.
        agree = (means[0] - means[1]) * sum(a - b for a, b in shared) >= 0
        assert only(found).is_paired is (is_paired and agree)


def test_two_groups_of_four_shared_seeds_are_not_paired_but_four_groups_are():
    # 3 degrees of freedom instead of 6 cost more than pairing usually gains; with more groups they are borrowed.
    rng = random.Random(2)
    groups = [seeded(name, *(rng.gauss(0, 1) for _ in range(4))) for name in "abcd"]
    assert not only(judge(groups[:2], better="higher")).is_paired
    assert all(c.is_paired for c in judge(groups, better="higher").comparisons)


@pytest.mark.parametrize("baseline", [None, "a", "b"])
def test_where_the_shared_seeds_point_the_other_way_than_all_nothing_is_told(baseline):
    """The sixth seed of `a` went well: it leads by its mean, and is behind on each seed that `b` has too (0.05 ± 0.001)."""
    a = seeded("a", 0.50, 0.521, 0.54, 0.562, 0.58, 0.10)
    b = seeded("b", 0.45, 0.47, 0.493, 0.51, 0.53)
    judgement = judge([a, b], better="lower", baseline=baseline)
    found = only(judgement)
    assert (found.verdict, found.is_paired, judgement.winner) == ("cannot tell", False, None)
    assert found.low < 0 < found.high and judgement.standings[0].name == "a"
    better = only(judge([Sample("a", a.values[:5], a.seeds[:5]), b], better="lower", baseline="a"))
    assert (better.verdict, better.is_paired, better.left_out) == ("better", True, 0)


def test_seeds_that_pairs_leave_out_are_counted():
    a = seeded("a", *(0.1 * seed for seed in range(6)))
    b = Sample("b", (*(0.19 + 0.1001 * seed for seed in range(5)), 100.0), (0, 1, 2, 3, 4, 99))
    found = only(judge([a, b], better="lower"))
    assert (found.verdict, found.n_pairs, found.left_out) == ("worse", 5, 2)
    assert found.difference == pytest.approx(0.1902, abs=1e-4)


def test_too_few_shared_seeds_to_be_paired_still_say_how_many_more_would_do():
    """The effect of a seed is a hundred times what is left in pairs: one more seed makes them five."""
    rng = random.Random(7)
    effect = [rng.gauss(0, 1) for _ in range(5)]
    groups = [
        seeded(name, *(e + add + rng.gauss(0, 0.01) for e in effect)) for name, add in (("a", 0.5), ("b", 0))
    ]
    four = [Sample(one.name, one.values[:4], one.seeds[:4]) for one in groups]
    found = only(judge(four, better="higher"))
    assert (found.verdict, found.is_paired, found.more_seeds) == ("cannot tell", False, 1)
    assert found.why == judge_module.PAIRS_LATER
    assert only(judge(groups, better="higher")).verdict == "worse"
    # Other seeds would never be paired, and pairs of noise alone promise nothing.
    other = only(judge([four[0], seeded("b", *four[1].values, first=100)], better="higher"))
    assert other.why != judge_module.PAIRS_LATER and other.more_seeds != 1
    noise = [seeded(name, *(rng.gauss(0, 1) for _ in range(4))) for name in "ab"]
    assert only(judge(noise, better="higher")).why != judge_module.PAIRS_LATER


def test_where_nothing_varies_there_is_a_verdict_and_no_interval():
    judgement = judge([apart("a", 2.0, 2.0, 2.0, 2.0), apart("b", 1.0, 1.0, 1.0, 1.0)], better="higher")
    found = only(judgement)
    assert (found.verdict, found.difference, found.low, found.high) == ("worse", -1.0, None, None)
    assert [(one.mean, one.spread, one.low) for one in judgement.standings] == [
        (2.0, 0.0, None),
        (1.0, 0.0, None),
    ]


# ---------------------------------------------------------------- many groups


@pytest.mark.slow
def test_groups_of_equal_noise_are_compared_nearly_as_by_tukey():
    from scipy import stats

    rng = random.Random(3)
    values = [[rng.gauss(mean, 1) for _ in range(12)] for mean in (0, 0.5, 1, 1.5, 2, 2.5)]
    judgement = judge([apart(f"g{i}", *v) for i, v in enumerate(values)], better="higher")
    tukey = stats.tukey_hsd(*values)
    best = int(judgement.reference[1:])
    bounds = tukey.confidence_interval(0.95)
    for comparison in judgement.comparisons:
        other = int(comparison.name[1:])
        half = (bounds.high[best, other] - bounds.low[best, other]) / 2
        # Not wider than Tukey's by more than what unequal variances ask for; narrower after a step down.
        assert 0.75 * half < (comparison.high - comparison.low) / 2 < 1.25 * half


def test_the_same_difference_needs_more_to_be_told_among_more_groups():
    rng = random.Random(5)
    noise = [apart(f"n{i}", *(rng.gauss(0, 1) for _ in range(5))) for i in range(28)]
    pair = [apart("a", 1.2, 2.9, 2.0, 2.4, 1.1), apart("b", -0.9, 0.7, -0.1, 0.4, 0.2)]
    alone = only(judge(pair, better="higher"))
    among = next(
        c for c in judge([*pair, *noise], better="higher", baseline="a").comparisons if c.name == "b"
    )
    assert alone.verdict == "worse"
    assert among.p > alone.p


def test_a_clear_winner_among_many():
    rng = random.Random(6)
    groups = [seeded(f"g{i:02}", *(rng.gauss(5 if i == 7 else 0, 1) for _ in range(5))) for i in range(30)]
    judgement = judge(groups, better="higher")
    assert (judgement.reference, judgement.winner, judgement.undecided) == ("g07", "g07", ())


def test_noise_alone_has_no_winner():
    rng = random.Random(7)
    groups = [seeded(f"g{i:02}", *(rng.gauss(0, 1) for _ in range(5))) for i in range(30)]
    judgement = judge(groups, better="higher")
    assert judgement.winner is None
    assert len(judgement.undecided) == 29


def test_one_group_gone_astray_leaves_the_others_comparable():
    rng = random.Random(8)
    groups = [apart(f"g{i}", *(rng.gauss(i, 0.3) for _ in range(5))) for i in range(6)]
    clean = judge(groups, better="lower")
    for wild in ((1e6, 3e9, 2.0, 5e4, 1.0), (1e99, 1.0, 2.0, 1e80, 3.0)):
        with_wild = judge([*groups, apart("wild", *wild)], better="lower")
        told = {c.name for c in with_wild.comparisons if c.verdict == "worse"}
        assert told == {c.name for c in clean.comparisons if c.verdict == "worse"}
        assert "wild" in with_wild.undecided


def test_a_baseline_is_compared_with_every_group_both_ways():
    groups = [
        apart("base", 1.0, 1.1, 0.9, 1.0),
        apart("up", 2.0, 2.1, 1.9, 2.0),
        apart("down", 0.0, 0.1, -0.1, 0.0),
    ]
    judgement = judge(groups, better="higher", baseline="base")
    assert judgement.is_baseline and judgement.reference == "base" and judgement.winner is None
    assert {c.name: c.verdict for c in judgement.comparisons} == {"up": "better", "down": "worse"}
    signs = {c.name: math.copysign(1, c.difference) for c in judgement.comparisons}
    assert signs == {"up": 1, "down": -1}  # as the table shows it: the group minus the reference


# ---------------------------------------------------------------- little or odd data


def test_one_seed_is_not_judged_and_takes_no_verdict_from_the_others():
    groups = [apart("b", 1.0, 1.1, 0.9), apart("c", 0.0, 0.1, -0.1)]
    without = judge(groups, better="higher")
    judgement = judge([apart("a", 100.0), apart("d", 0.5), *groups], better="higher")
    assert (judgement.reference, judgement.winner) == ("b", "b")  # the best one whose noise is known
    assert [s.name for s in judgement.standings] == ["b", "c", "a", "d"]
    assert judgement.comparisons == without.comparisons and judgement.corrected == 1
    assert judgement.unjudged == ("a", "d") and judgement.undecided == ()


def test_the_group_of_one_seed_beyond_the_best_mean_is_named_as_promising():
    known = [apart("b", 1.0, 1.1, 0.9), apart("c", 0.0, 0.1, -0.1)]
    judgement = judge([*known, apart("a", 1.5), apart("d", 1.7), apart("e", 0.9)], better="higher")
    assert (judgement.promising.name, judgement.promising.of) == ("d", 2)
    assert judgement.promising.more_seeds == judge_module.ENOUGH - 1
    assert judge([*known, apart("a", 1.5)], better="lower").promising is None
    assert judge([*known, apart("a", 1.5, math.nan)], better="higher").promising is None
    assert judge([apart("a", 1.5), apart("b", 1.0)], better="higher").promising is None


# ---------------------------------------------------------------- seeds that failed


def test_a_group_is_not_better_on_the_seeds_that_survived():
    whole = seeded("whole", 0.20, 0.21, 0.20, 0.22, 0.21)
    broken = seeded("broken", 0.10, 0.11, 0.10, math.nan, math.inf)
    judgement = judge([broken, whole], better="lower")
    assert (judgement.reference, judgement.winner) == ("whole", None)
    one = only(judgement)
    assert (one.verdict, one.low, one.high, one.p, one.more_seeds) == ("cannot tell", None, None, None, None)
    assert one.why == "2 of 5 seeds of `broken` have no finite value"
    # as a baseline it is not better either, and against it nothing is called worse
    assert only(judge([broken, whole], better="lower", baseline="broken")).verdict == "cannot tell"
    assert only(judge([broken, whole], better="lower", baseline="whole")).verdict == "cannot tell"
    healed = seeded("broken", 0.10, 0.11, 0.10, 0.09, 0.12)
    assert judge([healed, whole], better="lower").winner == "broken"


def test_a_group_that_is_worse_on_the_seeds_that_survived_is_worse():
    whole = seeded("whole", 0.20, 0.21, 0.20, 0.22, 0.21)
    broken = seeded("broken", 0.50, 0.51, 0.50, math.nan, math.nan)
    judgement = judge([broken, whole], better="lower")
    assert (judgement.winner, only(judgement).verdict) == ("whole", "worse")
    assert only(judge([broken, whole], better="lower", baseline="broken")).verdict == "better"


def test_a_group_whose_seeds_all_failed_takes_no_verdict_from_the_others():
    groups = [seeded("a", 1.0, 1.1, 0.9), seeded("b", 3.0, 3.1, 2.9), seeded("c", math.nan, math.nan)]
    judgement = judge(groups, better="lower")
    assert (judgement.winner, judgement.unjudged, judgement.corrected) == ("a", ("c",), 1)


def test_groups_with_failed_seeds_only_have_no_winner():
    groups = [seeded("a", 1.0, 1.1, 0.9, math.nan), seeded("b", 3.0, 3.1, 2.9, math.nan)]
    judgement = judge(groups, better="lower")
    assert judgement.winner is None and judgement.undecided == ("b",)
    assert "of `a`" in only(judgement).why


def test_a_baseline_of_one_seed_tells_nothing():
    judgement = judge([apart("a", 1.0), apart("b", 5.0, 5.1, 5.2)], better="higher", baseline="a")
    assert only(judgement).verdict == "cannot tell"
    assert "reference" in only(judgement).why


def test_values_that_are_no_numbers_are_seeds_that_failed():
    groups = [apart("a", 1.0, math.nan, 1.2, math.inf, 1e300), apart("b", -math.inf)]
    first, second = judge(groups, better="higher").standings
    assert (first.name, first.n, first.failed, first.mean) == ("a", 2, 3, pytest.approx(1.1))
    assert (second.n, second.failed, second.mean) == (0, 1, None)


def test_a_seed_that_failed_once_failed():
    standing = judge([Sample("a", (1.0, math.nan, 5.0), (1, 1, 2))], better="higher").standings[0]
    assert (standing.n, standing.failed, standing.mean) == (1, 1, 5.0)


def test_repeated_seeds_count_once():
    a = Sample("a", (1.0, 3.0, 5.0), (1, 1, 2))
    standing = judge([a], better="higher").standings[0]
    assert (standing.n, standing.repeated, standing.mean) == (2, 1, pytest.approx(3.5))


def test_the_same_run_a_hundred_times_is_no_evidence():
    groups = [Sample("a", (1.0,) * 100, (1,) * 100), Sample("b", (0.0,) * 100, (1,) * 100)]
    assert judge(groups, better="higher").winner is None


@pytest.mark.parametrize(("seeds", "is_told"), [(2, False), (3, False), (4, True), (5, True)])
def test_two_groups_without_any_spread_are_told_by_counting(seeds, is_told):
    # Shuffling the labels: 2 of C(2n, n) ways are as extreme. n = 3: 2/20 = 10 %. n = 4: 2/70 = 2.9 %.
    found = only(judge([apart("a", *[0.9] * seeds), apart("b", *[0.8] * seeds)], better="higher"))
    assert found.p == pytest.approx(2 / math.comb(2 * seeds, seeds))
    assert (found.verdict == "worse") is is_told
    assert found.low is None  # nothing varies: there is nothing to make an interval of
    assert found.more_seeds == (None if is_told else 4 - seeds)


@pytest.mark.parametrize("make", [apart, seeded])
@pytest.mark.parametrize(
    "noise", [(0,) * 9, (0, 1e-6, -1e-6, 0, 1e-6, 0, -1e-6, 0, 0)], ids=["no spread", "the same little noise"]
)
@pytest.mark.parametrize("groups", [2, 3])
def test_a_further_seed_takes_no_verdict_away_where_nothing_varies(make, noise, groups):
    told, p = [], []
    for seeds in range(2, 10):
        values = [[0.9 - 0.1 * place + one for one in noise[:seeds]] for place in range(groups)]
        judgement = judge([make(f"g{place}", *some) for place, some in enumerate(values)], better="higher")
        told.append(judgement.winner == "g0")
        p.append(judgement.comparisons[-1].p)
    assert told == sorted(told) and told[-1]
    if not any(noise):
        assert p == sorted(p, reverse=True)


def test_counting_is_corrected_for_the_number_of_comparisons():
    groups = [apart(name, *[value] * 4) for name, value in (("a", 3.0), ("b", 2.0), ("c", 1.0))]
    assert [c.p for c in judge(groups, better="higher").comparisons] == [pytest.approx(3 * 2 / 70)] * 2
    against = judge(groups, better="higher", baseline="a")
    assert [c.p for c in against.comparisons] == [pytest.approx(2 * 2 / 70)] * 2


def test_the_same_value_everywhere_is_a_tie():
    found = only(judge([seeded("a", 0.5, 0.5, 0.5), seeded("b", 0.5, 0.5, 0.5)], better="higher"))
    assert (found.verdict, found.difference, found.p, found.more_seeds) == ("cannot tell", 0, 1, None)


def test_a_difference_that_is_the_same_for_every_seed_needs_five_seeds():
    # By chance: 1 / 4^4 = 0.4 %; fewer seeds are not paired. The noise of rounding does not count as noise.
    values = (0.1, 0.5, 0.3, 0.9, 0.7, 0.2)
    for seeds, verdict in ((4, "cannot tell"), (5, "worse")):
        a, b = (seeded(name, *(v + add for v in values[:seeds])) for name, add in (("a", 0.1), ("b", 0.0)))
        assert only(judge([a, b], better="higher")).verdict == verdict


def test_nothing_at_all():
    judgement = judge([], better="higher")
    assert (judgement.reference, judgement.comparisons, judgement.winner) == (None, (), None)
    alone = judge([apart("a", 1.0, 2.0)], better="higher")
    assert (alone.reference, alone.winner) == ("a", None)


def test_the_interval_of_a_mean_of_a_hand_worked_case():
    # mean 3, variance 2.5, n 5: 3 ± 2.776 × sqrt(0.5) = 3 ± 1.963
    standing = judge([apart("a", 1, 2, 3, 4, 5)], better="higher").standings[0]
    assert standing.spread == pytest.approx(math.sqrt(2.5))
    assert (standing.low, standing.high) == (pytest.approx(1.037, abs=0.05), pytest.approx(4.963, abs=0.05))


def test_the_interval_of_a_mean_is_wider_where_values_are_skewed():
    # third moments: 9 of (0, 0, 0, 0, 5): 1.5 standardized; so 15 % wider than by t alone
    skewed = judge([apart("a", 0, 0, 0, 0, 5)], better="higher").standings[0]
    plain = 2.776 * math.sqrt(5 / 5)
    assert skewed.high - skewed.mean == pytest.approx(1.15 * plain, rel=0.02)
    mirrored = judge([apart("a", 0, 0, 0, 0, -5)], better="higher").standings[0]
    assert mirrored.high - mirrored.low == pytest.approx(skewed.high - skewed.low)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"better": "more"}, "`better`"),
        ({"level": 0}, r"`level` of judge\(\) must be in \[0.001, 0.5\]; got 0"),
        ({"level": math.nan}, "`level`"),
        ({"baseline": "z"}, "`baseline` of judge.* got 'z'"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(BadArgumentError, match=message):
        judge([apart("a", 1.0, 2.0)], **{"better": "higher", **arguments})


def test_a_name_that_comes_twice_and_lengths_that_differ_are_named():
    with pytest.raises(BadArgumentError, match="two groups have the name 'a'"):
        judge([apart("a", 1.0), apart("a", 2.0)], better="higher")
    with pytest.raises(BadArgumentError, match="2 values but 1 seeds"):
        judge([Sample("a", (1.0, 2.0), (1,))], better="higher")


# ---------------------------------------------------------------- more seeds


def test_advice_on_more_seeds_grows_with_the_noise_and_ends():
    base = (0.1, -0.3, 0.2, 0.0, -0.1, 0.3)

    def advised(scale):
        a, b = apart("a", *(1 + scale * x for x in base)), apart("b", *(scale * x for x in base))
        return only(judge([a, b], better="higher"))

    assert advised(1).verdict == "worse" and advised(1).more_seeds is None and advised(1).why is None
    few, many = advised(3.6).more_seeds, advised(4.5).more_seeds
    assert 1 <= few < many <= 100
    hopeless = advised(40)
    assert hopeless.more_seeds is None and "noise" in hopeless.why


# ---------------------------------------------------------------- always true

numbers = st.floats(-100, 100, allow_nan=False).map(lambda x: round(x, 3))


@st.composite
def some_groups(draw):
    count = draw(st.integers(2, 6))
    shares = draw(st.booleans())
    groups = []
    for i in range(count):
        values = tuple(draw(st.lists(numbers, min_size=1, max_size=7)))
        seeds = tuple(range(len(values))) if shares else (None,) * len(values)
        groups.append(Sample(f"g{i}", values, seeds))
    return groups


def verdicts(judgement):
    return {c.name: c.verdict for c in judgement.comparisons}


@pytest.mark.slow
@settings(deadline=None)
@given(some_groups(), st.sampled_from(["higher", "lower"]), st.booleans())
def test_verdict_interval_and_p_never_contradict_each_other(groups, better, with_baseline):
    judgement = judge(groups, better=better, baseline="g0" if with_baseline else None)
    judged = [group for group in groups if len(group.values) > 1 or group.name == judgement.reference]
    assert len(judgement.comparisons) == (len(judged) - 1 if judgement.reference else 0)
    assert {one.name for one in judgement.comparisons}.isdisjoint(judgement.unjudged)
    for c in judgement.comparisons:
        is_told = c.verdict != "cannot tell"
        if c.p is not None:
            assert 0 <= c.p <= 1
            assert (c.p <= judgement.level) is is_told
        if c.low is not None:
            assert c.low <= c.difference <= c.high
            assert (c.low > 0 or c.high < 0) is is_told
        elif is_told:  # nothing varies: there is a verdict, and nothing that an interval could be made of
            assert c.p is not None and c.difference
        if c.difference is not None and judgement.reference is not None:
            means = {one.name: one.mean for one in judgement.standings}
            if c.difference and means[c.name] is not None and means[judgement.reference] is not None:
                assert c.difference * (means[c.name] - means[judgement.reference]) >= 0
        assert (c.left_out > 0) <= c.is_paired
        assert (c.more_seeds is None) or (not is_told and 1 <= c.more_seeds <= 100)
        assert (c.why is None) is is_told
        if is_told:
            assert (c.difference > 0) is ((c.verdict == "better") is (better == "higher"))


@pytest.mark.slow
@settings(deadline=None)
@given(some_groups(), st.randoms())
def test_the_order_of_the_groups_does_not_matter(groups, rng):
    shuffled = list(groups)
    rng.shuffle(shuffled)
    assert judge(groups, better="higher") == judge(shuffled, better="higher")


@pytest.mark.slow
@settings(deadline=None)
@given(some_groups())
def test_lower_is_better_is_the_mirror_of_higher(groups):
    mirrored = [Sample(g.name, tuple(-v for v in g.values), g.seeds) for g in groups]
    one, other = judge(groups, better="higher"), judge(mirrored, better="lower")
    assert (one.reference, one.winner, verdicts(one)) == (other.reference, other.winner, verdicts(other))
    flipped = [replace(c, difference=-c.difference) for c in other.comparisons]
    assert [c.difference for c in one.comparisons] == [c.difference for c in flipped]


@settings(deadline=None)
@given(some_groups(), st.sampled_from([2.0**-40, 0.25, 1024.0, 2.0**90]))
def test_scaling_all_values_scales_the_answer(groups, factor):
    scaled = [Sample(g.name, tuple(v * factor for v in g.values), g.seeds) for g in groups]
    one, other = judge(groups, better="higher"), judge(scaled, better="higher")
    assert (one.winner, verdicts(one)) == (other.winner, verdicts(other))
    for a, b in zip(one.comparisons, other.comparisons, strict=True):
        assert b.difference == pytest.approx(a.difference * factor)
        assert b.low is None if a.low is None else b.low == pytest.approx(a.low * factor)


@settings(deadline=None)
@given(some_groups())
def test_shifting_all_values_changes_no_comparison(groups):
    # By a multiple of 1/1024 that the values are rounded to here: exact in binary.
    exact = [Sample(g.name, tuple(round(v * 1024) / 1024 for v in g.values), g.seeds) for g in groups]
    moved = [Sample(g.name, tuple(v + 4096 for v in g.values), g.seeds) for g in exact]
    one, other = judge(exact, better="higher"), judge(moved, better="higher")
    assert verdicts(one) == verdicts(other)


@settings(deadline=None)
@given(
    st.lists(
        st.lists(st.floats() | st.sampled_from([1e99, -1e99, 5e-324, 0.0]), max_size=6),
        min_size=1,
        max_size=5,
    ),
    st.booleans(),
)
def test_any_floats_get_an_answer(values, shares):
    groups = [
        Sample(f"g{i}", tuple(v), tuple(range(len(v))) if shares else (None,) * len(v))
        for i, v in enumerate(values)
    ]
    for standing in judge(groups, better="higher").standings:
        for number in (standing.mean, standing.spread, standing.low, standing.high):
            assert number is None or math.isfinite(number)


def test_odd_seeds_are_told_apart():
    groups = [
        Sample("a", (1.0, 2.0, 3.0), ("x", [1], {"k": 2})),
        Sample("b", (1.0, 2.0, 3.0), (math.nan, b"x", ())),
    ]
    assert [s.n for s in judge(groups, better="higher").standings] == [3, 3]
