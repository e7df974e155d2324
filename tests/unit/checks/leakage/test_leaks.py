"""What leaks is found, what chance makes is not called a leak, and what says nothing says so."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gnomon.checks import leakage
from gnomon.checks.result import FAIL, PASS, UNKNOWN
from gnomon.errors import BadArgumentError


def table(seed: int, n: int = 2_000) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    x = random.normal(size=n)
    return pd.DataFrame({
        "person": random.permutation(n) + 1_000_000 * seed, "x": x, "kind": random.choice(list("abc"), n),
        "w": random.normal(size=n),
        "y": (x + random.normal(size=n) > 0).astype(int),
    })  # fmt: skip


def outcome(found, start):
    return next(one.outcome for one in found.findings if one.key.startswith(start))


@pytest.mark.slow
def test_tables_that_were_drawn_apart_leak_nothing():
    found = leakage(table(1), table(2), target="y", key="person")
    assert found.verdict == PASS, str(found)


@pytest.mark.slow
def test_rows_that_were_trained_on_are_counted_exactly():
    train = table(1)
    test = pd.concat([table(2), train.head(300)])
    found = leakage(train, test, target="y", ignore=["person"])
    assert outcome(found, "overlap.rows") == FAIL
    one = next(each for each in found.findings if each.key == "overlap.rows")
    assert one.value == pytest.approx(300 / 2_300)


@pytest.mark.slow
def test_a_shared_key_is_a_leak_though_the_rows_differ():
    train = table(1)
    test = table(2).assign(
        person=lambda frame: np.where(np.arange(len(frame)) < 100, train.person, frame.person)
    )
    assert outcome(leakage(train, test, target="y", key="person"), "overlap.keys") == FAIL


@pytest.mark.slow
def test_rows_of_coarse_columns_that_repeat_by_chance_are_no_leak():
    columns = ["kind", "y"]
    found = leakage(table(1)[columns], table(2)[columns], target="y")
    assert outcome(found, "overlap.rows") != FAIL


@pytest.mark.slow
def test_rows_that_were_doubled_before_the_split_do_not_pass():
    both = pd.concat([table(1), table(1)]).sample(frac=1, random_state=0)
    found = leakage(both.head(3_000), both.tail(1_000), target="y", ignore=["person"])
    assert outcome(found, "overlap.rows") != PASS


@pytest.mark.slow
def test_a_column_that_gives_the_target_away_is_named():
    random = np.random.default_rng(0)
    train, test = (each.assign(z=each.y + random.normal(0, 0.01, len(each))) for each in (table(1), table(2)))
    found = leakage(train, test, target="y", ignore=["person"])
    assert [one.key for one in found.findings if one.outcome == FAIL and "`z`" in one.what]


@pytest.mark.slow
def test_training_rows_from_after_the_first_test_row_are_a_leak():
    train = table(1).assign(t=pd.date_range("2020-01-01", periods=2_000, freq="h"))
    late = table(2).assign(t=pd.date_range("2020-06-01", periods=2_000, freq="h"))
    early = late.assign(t=pd.date_range("2020-02-01", periods=2_000, freq="h"))
    assert outcome(leakage(train, late, target="y", time="t"), "time") == PASS
    assert outcome(leakage(train, early, target="y", time="t"), "time") == FAIL


@pytest.mark.slow
def test_shuffled_rows_give_the_same_result():
    train, test = table(1), table(2)
    one = leakage(train, test, target="y")
    other = leakage(train.sample(frac=1, random_state=1), test.sample(frac=1, random_state=2), target="y")
    assert one.findings == other.findings


@pytest.mark.slow
@pytest.mark.parametrize(("rows", "of"), [(10, 10), (0, 100), (100, 0)])
def test_few_rows_or_none_say_nothing_and_raise_nothing(rows, of):
    assert leakage(table(1).head(rows), table(2).head(of), target="y").verdict == UNKNOWN


@pytest.mark.slow
def test_ten_thousand_columns_are_looked_at_in_bounded_time():
    random = np.random.default_rng(0)
    names = [f"c{place}" for place in range(10_000)]
    wide = pd.DataFrame(random.normal(size=(200, 10_000)), columns=names).assign(y=random.integers(0, 2, 200))
    found = leakage(wide.head(120), wide.tail(80), target="y")
    assert found.verdict in (PASS, UNKNOWN)
    assert any("2,000" in note or "10,000" in note for note in found.notes)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"target": "z"}, "'z'"),
        ({"target": "y", "key": "q"}, "'q'"),
        ({"target": "y", "max_overlap": 2}, "max_overlap"),
    ],
)
def test_what_is_asked_wrongly_is_named(options, said):
    with pytest.raises(BadArgumentError, match=said):
        leakage(table(1), table(2), **options)
