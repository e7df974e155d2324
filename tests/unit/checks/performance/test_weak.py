"""Weak slices: what is found, what is not said, and how often it is wrong."""

import datetime

import numpy as np
import pytest

from gnomon.checks.kinds.performance import search as searching
from gnomon.checks.kinds.performance import weak as weaks
from gnomon.checks.kinds.performance.atoms import binned
from gnomon.checks.kinds.performance.columns import Given
from gnomon.checks.kinds.performance.search import Losses, Place, Search, fisher
from gnomon.checks.kinds.performance.weak import midranks, weak_slices


class Held(dict):
    """Columns of a table that is here."""

    def each(self, names):
        return ((name, self[name]) for name in names)


def classes(wrong, truth=None):
    """Return rows of which some are wrong."""
    truth = np.zeros(len(wrong), int) if truth is None else truth
    return Given(
        "binary",
        len(wrong),
        np.arange(len(wrong)),
        truth,
        np.where(wrong, 1 - truth, truth),
        classes=("0", "1"),
    )


def table(chance, n, numbers=3, labels=3):
    columns = Held({f"x{at}": chance.standard_normal(n) for at in range(numbers)})
    columns.update({f"c{at}": chance.choice(list("abcde"), n).astype(object) for at in range(labels)})
    return columns


def found(columns, given, limit=0.1, level=0.05):
    return weak_slices(columns, list(columns), given, limit, level)


# ---------------------------------------------------------------- atoms


def words(values, smallest=1):
    made = binned("x", np.asarray(values), smallest)
    return None if made is None else [atom.words for atom in made.atoms]


def test_numbers_are_cut_at_round_quantiles():
    assert words(np.arange(1000.0)) == [
        "x ≤ 100", "x ≤ 240", "x ≤ 500", "x ≤ 740", "x ≤ 900", "x > 100", "x > 240", "x > 500", "x > 740", "x > 900",
        "100 < x ≤ 240", "240 < x ≤ 500", "500 < x ≤ 740", "740 < x ≤ 900",
    ]  # fmt: skip


def test_labels_few_values_and_truths_are_atoms_as_they_are():
    assert words(np.array(["a", "b", "b", None, None], object)) == ["x = b", "x = a", "x is missing"]
    assert words(np.array([3, 1, 1])) == ["x = 1", "x = 3"]
    assert words(np.array([True, False, False])) == ["x = false", "x = true"]


def test_moments_are_cut_at_days():
    days = [datetime.datetime(2024, 1, 1) + datetime.timedelta(hours=at) for at in range(1000)]
    assert words(np.array([*days, None], object))[:2] == ["x ≤ 2024-01-05", "x ≤ 2024-01-11"]


def test_an_atom_has_enough_rows_and_never_all():
    assert words(np.array(["a"] * 20 + ["b"] * 5, object), smallest=10) == ["x = a"]
    assert words(np.array(["a"] * 20, object)) is None
    assert words(np.full(10, np.nan)) is None
    assert words(np.array([str(at) for at in range(100)], object), smallest=2) is None  # names of rows


@pytest.mark.parametrize(
    "values", [np.arange(500.0), np.repeat([1.0, 2, 3], 200), np.array(list("ab") * 300, object)]
)
def test_bins_hold_what_the_words_say(values):
    made = binned("x", values, 1)
    for atom in made.atoms:
        inside = atom.bins[made.codes]
        if "=" in atom.words:
            assert (inside == (values.astype(str) == atom.words.split("= ")[1]) | inside).all()
        elif atom.words.startswith("x ≤"):
            assert (inside == (values <= float(atom.words.split()[2]))).all()
        elif atom.words.startswith("x >"):
            assert (inside == (values > float(atom.words.split()[2]))).all()


# ---------------------------------------------------------------- the search


@pytest.mark.slow
def test_chances_of_errors_are_those_of_fisher():
    from scipy import stats

    chance = np.random.default_rng(0)
    for _ in range(100):
        total = int(chance.integers(2, 400))
        n, hits = int(chance.integers(1, total)), int(chance.integers(0, total + 1))
        inside = int(chance.integers(max(0, n + hits - total), min(n, hits) + 1))
        assert fisher(inside, n, hits, total) == pytest.approx(
            stats.hypergeom.sf(inside - 1, total, hits, n), rel=1e-9
        )


def test_ranks_are_in_the_middle():
    assert (midranks(np.array([5.0, 1, 5, 7])) * 4).tolist() == [2, 0.5, 2, 3.5]


def test_sums_of_slices_are_those_of_their_rows():
    chance = np.random.default_rng(1)
    columns = [binned(name, values, 10) for name, values in table(chance, 500, 2, 2).items()]
    loss = (chance.random(500) < 0.3).astype(float)
    search = Search(columns, Losses(loss, loss, is_error=True), 10)
    for key, sums in search.slices.items():
        for at in np.ndindex(sums.rows.shape):
            mask = search.mask(Place(key, at))
            assert (sums.rows[at], sums.loss[at]) == (mask.sum(), loss[mask].sum())
    search.remove(search.mask(Place((0,), (0,))))
    search.remove(search.mask(Place((2,), (0,))))  # some of whose rows are out already
    mask = search.mask(Place((1,), (0,))) & ~search.mask(Place((0,), (0,))) & ~search.mask(Place((2,), (0,)))
    assert search._slices((1,)).rows[0] == mask.sum()
    assert (
        search.left.rows
        == search.is_left.sum()
        == 500 - (search.mask(Place((0,), (0,))) | search.mask(Place((2,), (0,)))).sum()
    )


def test_every_slice_with_enough_rows_counts_in_the_correction():
    chance = np.random.default_rng(2)
    columns = [binned(name, values, 10) for name, values in table(chance, 400, 2, 1).items()]
    loss = np.zeros(400)
    search = Search(columns, Losses(loss, loss, is_error=True), 10)
    singles = sum(
        int(((sums.rows >= 10) & (sums.rows <= 320)).sum())
        for key, sums in search.slices.items()
        if len(key) == 1
    )
    assert search.counts[0] == 2 * singles
    assert search.counts[1] == 2 * (search.looked_at - singles)


def test_pairs_that_are_left_out_for_time_count_in_the_correction_too(monkeypatch):
    chance = np.random.default_rng(3)
    columns = [binned(name, values, 10) for name, values in table(chance, 400, 3, 3).items()]
    loss = (chance.random(400) < 0.2).astype(float)
    whole = Search(columns, Losses(loss, loss, is_error=True), 10)
    monkeypatch.setattr(searching, "MOST_PAIRED", 2)
    part = Search(columns, Losses(loss, loss, is_error=True), 10)
    assert len(part.paired) == 2 and part.looked_at < whole.looked_at
    assert part.counts[1] >= whole.counts[1]


# ---------------------------------------------------------------- what is found


def test_a_planted_slice_is_found_and_named():
    chance = np.random.default_rng(4)
    columns = table(chance, 4000)
    is_weak = (columns["c0"] == "b") & (columns["x0"] > 0)
    got = found(columns, classes(chance.random(4000) < np.where(is_weak, 0.5, 0.15)))
    assert len(got.failed) == 1
    one = got.failed[0]
    assert "c0 = b" in one.words and "x0 >" in one.words
    assert one.low <= one.drop <= one.high and one.low > 0
    assert 1 - one.loss < 1 - one.rest


def test_a_slice_is_named_and_not_the_parts_of_it():
    chance = np.random.default_rng(5)
    columns = table(chance, 6000)
    got = found(columns, classes(chance.random(6000) < np.where(columns["c1"] == "a", 0.6, 0.1)))
    assert [one.words for one in got.failed] == ["c1 = a"]


def test_two_slices_are_told_apart():
    chance = np.random.default_rng(6)
    columns = table(chance, 8000)
    is_weak = (columns["c0"] == "a") | (columns["c1"] == "b")
    got = found(columns, classes(chance.random(8000) < np.where(is_weak, 0.5, 0.1)))
    assert {one.words for one in got.failed} == {"c0 = a", "c1 = b"}


def test_a_sure_drop_within_the_limit_is_a_figure():
    chance = np.random.default_rng(7)
    columns = table(chance, 20_000)
    got = found(columns, classes(chance.random(20_000) < np.where(columns["c0"] == "a", 0.26, 0.2)))
    assert not got.failed
    assert [one.words for one in got.within] == ["c0 = a"]


def test_a_small_slice_beyond_the_limit_is_found_inside_a_large_one_within_it():
    chance = np.random.default_rng(8)
    columns = table(chance, 20_000)
    is_part = (columns["c0"] == "a") & (columns["c1"] == "b")
    rates = np.where(is_part, 0.6, np.where(columns["c0"] == "a", 0.2, 0.15))
    got = found(columns, classes(chance.random(20_000) < rates))
    assert [one.words for one in got.failed] == ["c0 = a and c1 = b"]


def test_large_errors_of_a_regression_are_found():
    chance = np.random.default_rng(9)
    columns = table(chance, 4000)
    truth = chance.standard_normal(4000)
    error = chance.standard_t(3, 4000) * np.where(columns["c2"] == "d", 3.0, 1.0)
    got = found(columns, Given("regression", 4000, np.arange(4000), truth, truth + error), limit=0.5)
    assert [one.words for one in got.failed] == ["c2 = d"]
    assert got.failed[0].drop == pytest.approx(2, abs=0.5)


def test_columns_that_repeat_the_model_make_no_slices():
    chance = np.random.default_rng(10)
    columns = table(chance, 3000, 1, 1)
    truth = chance.integers(0, 2, 3000)
    given = classes(chance.random(3000) < np.where(truth == 1, 0.6, 0.05), truth)
    columns.update({"said": given.predicted, "words": np.where(truth == 1, "yes", "no").astype(object)})
    got = found(columns, given)
    assert not got.failed
    assert "`said`, `words`" in got.notes[0]


def test_too_few_rows_say_nothing():
    assert found(table(np.random.default_rng(0), 60), classes(np.zeros(60, bool))).seen is None
    names_of_rows = Held(x=np.array([str(at) for at in range(600)], object))
    assert (
        "no other column has parts of 50 rows or more"
        in found(names_of_rows, classes(np.zeros(600, bool))).notes[0]
    )
    assert (
        "no predictions"
        in found(table(np.random.default_rng(0), 60), Given("binary", 0, np.arange(0), np.zeros(0, int))).why
    )


@pytest.mark.slow
def test_where_no_slice_is_weak_hardly_ever_one_is_said_to_be():
    chance = np.random.default_rng(12)
    alarms = 0
    for _ in range(80):
        columns = table(chance, 500, 3, 3)
        alarms += bool(
            (got := found(columns, classes(chance.random(500) < 0.1), limit=0.0)).failed or got.within
        )
    assert alarms <= 9  # 4 are stated, at most


@pytest.mark.slow
def test_that_test_could_fail(monkeypatch):
    """Without the correction, chance finds a slice in nearly every table."""
    monkeypatch.setattr(Search, "_counts", lambda self: (1.0, 1.0))
    chance = np.random.default_rng(12)
    alarms = sum(
        bool(found(table(chance, 500, 3, 3), classes(chance.random(500) < 0.1), limit=0.0).failed)
        for _ in range(10)
    )
    assert alarms >= 9


def test_the_order_of_columns_and_rows_changes_nothing():
    chance = np.random.default_rng(13)
    columns = table(chance, 3000)
    wrong = chance.random(3000) < np.where(columns["c0"] == "a", 0.4, 0.1)
    one = found(columns, classes(wrong))
    moved = chance.permutation(3000)
    other = found(Held({name: columns[name][moved] for name in reversed(columns)}), classes(wrong[moved]))
    assert [(each.words, each.rows, each.chance) for each in one.failed] == [
        (each.words, each.rows, each.chance) for each in other.failed
    ]


def test_the_drop_that_would_be_found_shrinks_with_rows():
    chance = np.random.default_rng(14)
    few, many = (found(table(chance, n), classes(chance.random(n) < 0.2)).seen for n in (400, 6400))
    assert few == pytest.approx(4 * many, rel=0.3)
    assert weaks.default_limit("regression") == 0.5
