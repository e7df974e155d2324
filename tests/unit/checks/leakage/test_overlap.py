"""Rows that both tables have: counted exactly, and read as chance or copies."""

import numpy as np
import pytest

from gnomon.checks import leakage
from gnomon.checks.kinds.leakage import overlap as overlaps
from gnomon.checks.kinds.leakage.asked import asked_of
from gnomon.checks.kinds.leakage.hashed import hash_of, in_engines
from gnomon.checks.kinds.leakage.overlap import CHANCE, COPIES, UNCLEAR, Overlap, Within, overlap_of
from gnomon.checks.kinds.leakage.told import excess_of
from gnomon.checks.result import FAIL, PASS, UNKNOWN
from gnomon.checks.rows import rows_of


def counted(train, test, features, **options):
    asked = asked_of(
        **{"target": "y", "columns": None, "ignore": (), "key": None, "time": None, "max_overlap": 0.01, "level": 0.05, "seed": 0,
           "name": None, **options}
    )  # fmt: skip
    with rows_of(train) as one, rows_of(test) as two, in_engines(one, two) as sides:
        return overlap_of(sides, features, asked)


def coarse(chance, n, columns):
    """Return independent columns of three values."""
    table = {
        f"c{at}": chance.choice(list("uvw"), n, p=[0.5, 0.3, 0.2]).astype(object) for at in range(columns)
    }
    return {**table, "y": chance.integers(0, 2, n)}


def mixed(chance, n, columns, kinds=4):
    """Return columns that hang together: each row is of one of a few kinds."""
    kind = chance.integers(0, kinds, n)
    shares = np.random.default_rng(5).dirichlet(np.full(3, 0.3), (kinds, columns))
    draws = chance.random((n, columns))
    codes = (draws[:, :, None] > shares[kind].cumsum(2)).sum(2)
    return {**{f"c{at}": codes[:, at] for at in range(columns)}, "y": chance.integers(0, 2, n)}


def parts(table, at):
    return {name: values[:at] for name, values in table.items()}, {
        name: values[at:] for name, values in table.items()
    }


def with_copies(table, count, chance):
    """Return a table in which some rows are there twice, in random order."""
    n = len(table["y"])
    order = chance.permutation(np.concatenate([np.arange(n), np.arange(count)]))
    return {name: values[order] for name, values in table.items()}


# ---------------------------------------------------------------- counts


@pytest.mark.slow
def test_a_hand_worked_case():
    train = {
        "a": [1, 1, 2, 3, 3],
        "b": ["x", "x", "x", "y", "y"],
        "y": [0, 0, 1, 1, 0],
        "id": [1, 2, 3, 4, 5],
    }
    test = {"a": [1, 2, 3, 4, 4], "b": ["x", "x", "y", "y", "y"], "y": [0, 0, 1, 1, 1], "id": [1, 7, 8, 9, 4]}
    found = counted(train, test, ["a", "b"], key="id")
    assert found.train == Within(rows=5, distinct=3, single=1, distinct_rows=5)
    assert found.test == Within(rows=5, distinct=4, single=3, distinct_rows=5)
    # (1, x) and (3, y) with their target, (2, x) with another one only; the first also in every column
    assert (found.features, found.same_target, found.other_target, found.every_column, found.different) == (
        3,
        2,
        1,
        1,
        3,
    )
    assert (found.keys, found.keyed) == (2, 5)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_counts_are_those_of_sets(seed):
    chance = np.random.default_rng(seed)
    train, test = coarse(chance, 300, 4), coarse(chance, 200, 4)
    names = [name for name in train if name != "y"]
    one, two = (list(zip(*(table[name] for name in names), strict=True)) for table in (train, test))
    found = counted(train, test, names)
    assert found.features == sum(row in set(one) for row in two)
    assert found.different == len(set(one) & set(two))
    assert (found.train.distinct, found.test.distinct) == (len(set(one)), len(set(two)))
    with_target = {(*row, y) for row, y in zip(one, train["y"], strict=True)}
    assert found.same_target == sum((*row, y) in with_target for row, y in zip(two, test["y"], strict=True))


@pytest.mark.slow
def test_equal_values_of_other_types_are_equal():
    pandas = pytest.importorskip("pandas")
    train = {"a": [1, 2, 3], "b": [0.5, float("nan"), 2.0], "c": [True, False, True], "y": [0, 1, 0]}
    train["d"] = pandas.to_datetime(["2024-01-01", "2024-01-02", "2024-01-03"])
    test = {"a": [1.0, 2.0, 3.0], "b": [0.5, None, 2.0], "c": [1, 0, 1], "y": [0, 1, 0]}
    test["d"] = [one.date() for one in train["d"]]
    found = counted(pandas.DataFrame(train), pandas.DataFrame(test), ["a", "b", "c", "d"])
    assert found.every_column == 3


def test_large_whole_numbers_are_told_apart():
    big = 2**60
    found = counted({"a": [big, big + 1], "y": [0, 1]}, {"a": [big + 1, big + 2], "y": [1, 1]}, ["a"])
    assert found.features == 1


@pytest.mark.slow
def test_hashes_tell_small_numbers_apart_in_any_number_of_columns():
    import duckdb

    grid = duckdb.sql("SELECT a, b, c FROM range(100) r(a), range(100) s(b), range(30) t(c)")
    assert grid.aggregate(f"count(DISTINCT {hash_of(['a', 'b', 'c'])})").fetchall() == [(300_000,)]
    many = [f"(a + {at} * b + c % {at + 2})" for at in range(250)]
    assert grid.limit(3000).aggregate(f"count(DISTINCT {hash_of(many)})").fetchall() == [(3000,)]
    assert grid.limit(2000).aggregate(f"count(DISTINCT {hash_of(['a', 'b'])})").fetchall() != [(1,)]


# ---------------------------------------------------------------- chance or copies


@pytest.mark.slow
@pytest.mark.parametrize("columns", [1, 3, 5, 8, 10, 14])
def test_rows_that_are_equal_by_chance_are_read_as_chance(columns):
    chance = np.random.default_rng(columns)
    train, test = parts(coarse(chance, 4000, columns), 3000)
    found = counted(train, test, [name for name in train if name != "y"])
    assert found.reading == CHANCE or found.features <= 2


@pytest.mark.slow
@pytest.mark.parametrize("columns", [6, 12, 20, 30])
def test_rows_of_columns_that_hang_together_are_read_as_chance(columns):
    chance = np.random.default_rng(columns)
    train, test = parts(mixed(chance, 4000, columns), 3000)
    found = counted(train, test, [name for name in train if name != "y"])
    assert found.reading == CHANCE and found.features > 5


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["numbers", "coarse"])
def test_rows_that_were_copied_before_the_split_are_read_as_copies(kind):
    chance = np.random.default_rng(3)
    if kind == "numbers":
        table = {
            **{f"x{at}": chance.standard_normal(3800) for at in range(4)},
            "y": chance.integers(0, 2, 3800),
        }
    else:
        table = coarse(chance, 3800, 25)
    train, test = parts(with_copies(table, 200, chance), 3000)
    found = counted(train, test, [name for name in table if name != "y"])
    assert found.reading == COPIES
    assert found.train.repeated == pytest.approx(found.share, abs=0.05)  # training says no more of it


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["copies", "columns that one settles"])
def test_rows_that_come_often_and_never_nearly_cannot_be_told(kind):
    """Twenty copies of each row look as towns do, whose region and size are those of the town."""
    chance = np.random.default_rng(4)
    base = {f"x{at}": chance.standard_normal(200) for at in range(3)}
    if kind != "copies":
        base["x0"] = np.arange(200)
    rows = chance.integers(0, 200, 4000)
    table = {name: values[rows] for name, values in base.items()} | {"y": chance.integers(0, 2, 4000)}
    train, test = parts(table, 3000)
    assert counted(train, test, list(base)).reading == UNCLEAR
    assert outcome(train, test).outcome == UNKNOWN
    assert outcome(train, test, columns="x0").outcome == PASS  # one column: its values may be few


@pytest.mark.slow
def test_that_reading_rests_on_near_misses(monkeypatch):
    monkeypatch.setattr(overlaps, "COPIED", 0.0)
    chance = np.random.default_rng(3)
    train, test = parts(coarse(chance, 4000, 10), 3000)
    assert counted(train, test, [name for name in train if name != "y"]).reading == COPIES


@pytest.mark.slow
def test_more_than_training_repeats_is_hardly_ever_said_of_rows_that_come_alike():
    chances = []
    for seed in range(100):
        values = np.random.default_rng(seed).integers(0, 3000, 4000)
        train, test = values[:3000], values[3000:]
        known, counts = np.unique(train, return_counts=True)
        inside = np.isin(test, known)
        overlap = Overlap(
            within(3000, int((counts == 1).sum()), len(known)), within(1000, 0, len(np.unique(test))),
            int(inside.sum()), 0, 0, 0, len(np.unique(test[inside])),
        )  # fmt: skip
        chances.append(excess_of(overlap).chance)
    assert min(chances) > 0.001
    assert np.mean(np.array(chances) < 0.05) < 0.13


def within(rows, single, distinct):
    return Within(rows, distinct, single, rows)


def test_more_than_training_repeats_is_surely_so_or_not():
    # training: 3,000 rows of which 1,500 stand alone, 750 pairs
    train, test = within(3000, 1500, 2250), within(1000, 900, 950)
    assert excess_of(Overlap(train, test, 500, 500, 0, 500, 400)).chance > 0.4
    assert excess_of(Overlap(train, test, 700, 700, 0, 700, 600)).chance < 1e-6
    assert excess_of(Overlap(train, test, 300, 300, 0, 300, 250)).chance == 1.0


# ---------------------------------------------------------------- what is said


def outcome(train, test, **options):
    return leakage(train, test, target="y", **options).finding("overlap.rows")


@pytest.mark.slow
def test_copies_fail_and_chance_does_not():
    chance = np.random.default_rng(6)
    table = {**{f"x{at}": chance.standard_normal(4000) for at in range(4)}, "y": chance.integers(0, 2, 4000)}
    train, test = parts(table, 3000)
    assert outcome(train, test).outcome == PASS
    leaked = {name: np.concatenate([values[:950], train[name][:50]]) for name, values in test.items()}
    found = outcome(train, leaked)
    assert (found.outcome, found.value) == (FAIL, 0.05)
    assert outcome(train, leaked, max_overlap=0.05).outcome == PASS
    natural = outcome(*parts(coarse(chance, 4000, 5), 3000))
    assert natural.outcome == PASS and natural.value < 0.01
    assert "as chance makes" in natural.note


@pytest.mark.slow
def test_coarse_rows_that_overlap_more_than_training_repeats_cannot_be_told_or_fail():
    chance = np.random.default_rng(7)
    train, test = parts(coarse(chance, 4000, 10), 3000)
    for copies, expected in ((100, UNKNOWN), (250, FAIL)):
        leaked = {
            name: np.concatenate([values[copies:], train[name][:copies]]) for name, values in test.items()
        }
        assert outcome(train, leaked).outcome == expected


@pytest.mark.slow
@pytest.mark.parametrize("values", [3, 300, 3000])
def test_one_column_of_values_that_repeat_is_no_leak(values):
    chance = np.random.default_rng(10)
    train, test = parts({"x": chance.integers(0, values, 4000), "y": chance.integers(0, 2, 4000)}, 3000)
    assert outcome(train, test).outcome in (PASS, UNKNOWN)
    assert values > 300 or outcome(train, test).outcome == PASS


@pytest.mark.slow
def test_few_copies_are_within_the_limit():
    chance = np.random.default_rng(8)
    table = {"x": chance.standard_normal(4000), "y": chance.integers(0, 2, 4000)}
    train, test = parts(table, 3000)
    test["x"][:5] = train["x"][:5]
    found = outcome(train, test)
    assert (found.outcome, found.value) == (PASS, 0.005)
    assert outcome(train, test, max_overlap=0.0).outcome == FAIL
