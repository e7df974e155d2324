"""Drift as a whole: what is said of tables of every kind, and what changes nothing."""

import datetime
import json

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest

from gnomon.checks.kinds.drift import columns, looked, measured, told
from gnomon.checks.kinds.drift.check import drift
from gnomon.checks.kinds.drift.columns import kinds_of, numbers_in, sample
from gnomon.checks.kinds.drift.numbers import steps_of, wasserstein
from gnomon.checks.result import read
from gnomon.checks.rows import rows_of
from gnomon.errors import BadArgumentError, MissingFileError


def _people(n, seed, *, shift=0.0, share=0.5, missing=0.05, correlation=0.5):
    chance = np.random.default_rng(seed)
    height = chance.normal(size=n)
    weight = correlation * height + np.sqrt(1 - correlation**2) * chance.normal(size=n)
    return pl.DataFrame({
        "height": np.where(chance.random(n) < missing, np.nan, height + shift),
        "weight": weight,
        "children": chance.poisson(1.5, n),
        "sex": np.where(chance.random(n) < share, "f", "m"),
        "town": chance.choice(["Bern", "Rome", "Oslo", "Lyon"], n),
        "smokes": chance.random(n) < 0.2,
        "seen": pl.Series(chance.integers(0, 10**9, n) * 10**6).cast(pl.Datetime("us")),
    })  # fmt: skip


def _outcomes(result):
    return {one.key: one.outcome for one in result.findings}


def _rows_said(finding):
    """Return how many rows a note asks for."""
    return int(finding.note.split("about ")[1].split(" ")[0].replace(",", ""))


# ---------------------------------------------------------------- verdicts


def test_what_moved_fails_and_what_did_not_passes():
    found = drift(_people(3_000, 1), _people(2_000, 2, shift=0.5, share=0.8, missing=0.3, correlation=-0.2))
    assert found.verdict == "fail"
    assert {one.key for one in found.failed} == {"drift.height", "missing.height", "drift.sex", "joint"}
    assert set(_outcomes(found).values()) == {"fail", "pass"}
    height = found.finding("drift.height")
    assert height.what == "`height` moved up (KS distance 0.189)"
    assert height.low < height.value < height.high
    assert height.limit == "at most 0.1"
    assert found.finding("drift.sex").what.startswith("`sex` moved: more f (total variation 0.")
    said = found.finding("missing.height").what
    assert said == "the share of missing values of `height` moved: 4.9% before, 29.9% now"
    assert "`height` and `weight`, whose correlation went from 0.4" in found.finding("joint").note


@pytest.mark.slow
def test_nothing_moved_passes_and_the_same_rows_twice_are_at_distance_0():
    before, after = _people(4_000, 3), _people(4_000, 4)
    assert drift(before, after).verdict == "pass"
    same = drift(before, before)
    assert same.verdict == "pass"
    assert {row["distance"] for row in same.table("columns").to_dicts()} == {0.0}


@pytest.mark.slow
def test_a_shift_of_a_thousandth_among_very_many_rows_passes_though_chance_does_not_explain_one_of_a_hundredth():
    chance = np.random.default_rng(0)
    before = chance.normal(size=400_000)
    after = chance.normal(size=400_000)
    found = drift({"x": before}, {"x": after + 0.001})
    assert _outcomes(found) == {"drift.x": "pass"}
    found = drift({"x": before}, {"x": after + 0.02})
    assert found.table("columns").to_dicts()[0]["p_corrected"] < 1e-6
    assert found.verdict == "pass"


@pytest.mark.slow
def test_half_a_deviation_among_50_columns_is_found_with_500_rows():
    """At least 95 % is asked for, and no false alarm in 95 %; 60 cases."""
    chance = np.random.default_rng(1)
    hits = alarms = 0
    for _ in range(60):
        before, after = chance.normal(size=(50, 500)), chance.normal(size=(50, 500))
        after[7] += 0.5
        columns = [
            measured.of_numbers(f"c{at}", "numbers", *both, is_whole=False)
            for at, both in enumerate(zip(before, after, strict=True))
        ]
        found = told.judged(told.Seen(columns, [], (500, 500)), 0.1, 0.05)
        outcomes = {one.key: one.outcome for one in found.findings}
        hits += outcomes.pop("drift.c7") == "fail"
        alarms += "fail" in outcomes.values()
    assert hits >= 57
    assert alarms <= 6


def test_ten_rows_cannot_tell_and_say_how_many_could():
    found = drift(_people(10, 1), _people(10, 2))
    assert found.verdict == "cannot tell"
    assert not found.failed
    assert found.finding("drift.weight").note.startswith("too few rows to say that it holds: about ")
    assert 100 < _rows_said(found.finding("drift.weight")) < 2_000
    assert found.finding("joint").note == "it needs 50 rows in each table, and there are 10"


@pytest.mark.slow
def test_the_rows_that_a_note_asks_for_are_about_enough():
    few = drift(_people(300, 1), _people(300, 2))
    asked = max(
        _rows_said(one) for one in few.findings if one.outcome == "cannot tell" and "about" in one.note
    )
    assert 400 < asked < 3_000
    assert drift(_people(2 * asked, 3), _people(2 * asked, 4)).verdict == "pass"


@pytest.mark.slow
def test_the_limit_and_the_level_are_settings():
    before, after = _people(4_000, 5), _people(4_000, 6, shift=0.15)
    assert drift(before, after).finding("drift.height").outcome == "pass"
    strict = drift(before, after, max_shift=0.03)
    assert strict.finding("drift.height").outcome == "fail"
    assert strict.finding("drift.height").limit == "at most 0.03"
    assert strict.settings["max_shift"] == 0.03
    assert strict.level == 0.05


# ---------------------------------------------------------------- columns of every kind


@pytest.mark.slow
def test_columns_that_one_table_lacks_and_columns_of_another_type_fail():
    before = _people(900, 1)
    after = _people(900, 2).rename({"town": "city"}).with_columns(children=pl.col("children").cast(pl.String))
    found = drift(before, after)
    assert {one.key: one.what for one in found.failed} == {
        "column.town": "`town` vanished: the current table does not have it",
        "column.city": "`city` is new: the reference does not have it",
        "column.children": "`children` changed its type: numbers before, categories now",
    }
    left = drift(before, after, ignore=["town", "city", "children"])
    assert not left.failed
    assert drift(before, after, columns=["sex", "city"]).failed[0].key == "column.city"


@pytest.mark.slow
def test_values_that_are_all_missing_say_nothing_and_their_share_says_all():
    n = 400
    before = pl.DataFrame({"x": np.arange(n, dtype=float), "y": pl.Series([None] * n, dtype=pl.String)})
    after = pl.DataFrame({"x": np.full(n, np.nan), "y": pl.Series([None] * n, dtype=pl.String)})
    found = drift(before, after)
    assert found.finding("missing.x").outcome == "fail"
    assert found.finding("drift.x").note == "there is no value in the current table"
    assert found.finding("drift.y").note == "there is no value in either table"
    assert found.finding("missing.y").outcome == "pass"
    # an engine gives a column without a value any type: that is no change of type
    found = drift(before, after.with_columns(x=pl.lit(None, dtype=pl.String)))
    assert found.finding("missing.x").outcome == "fail"


@pytest.mark.slow
def test_empty_tables_constants_infinities_and_huge_numbers():
    n = 400
    empty = drift(_people(0, 1), _people(50, 1))
    assert set(_outcomes(empty).values()) == {"cannot tell"}
    assert drift(_people(0, 1), _people(0, 1)).rows == 0
    one = pl.DataFrame({"x": np.ones(n), "w": ["a"] * n})
    assert drift(one, one).verdict == "pass"
    other = pl.DataFrame({"x": np.full(n, 2.0), "w": ["b"] * n})
    assert _outcomes(drift(one, other)) == {"drift.x": "fail", "drift.w": "fail"}
    assert drift(one, other).finding("drift.w").note == "new: b (100.0%); gone: a (100.0%)"
    ends = drift({"x": np.full(n, np.inf)}, {"x": np.full(n, -np.inf)})
    assert ends.finding("drift.x").what == "`x` moved down (KS distance 1.000)"
    chance = np.random.default_rng(0)
    huge = drift({"x": 1e307 * chance.normal(size=n)}, {"x": 1e307 * chance.normal(size=n)})
    assert not huge.failed


def test_names_of_rows_and_lists_cannot_be_told():
    n = 300
    before = pl.DataFrame({"id": [f"a{at}" for at in range(n)], "k": range(n), "l": [[1, 2]] * n})
    after = pl.DataFrame({"id": [f"b{at}" for at in range(n)], "k": range(n, 2 * n), "l": [[3]] * n})
    found = drift(before, after)
    assert found.finding("drift.id").note == "nearly every row has a value of its own"
    assert found.finding("drift.l").note == "columns of the type List(Int64) are not compared"
    assert "if these are numbers of rows, leave the column out" in found.finding("drift.k").note


def test_times_are_numbers_and_their_distance_is_in_days():
    chance = np.random.default_rng(0)
    days = [
        datetime.date(2026, 1, 1) + datetime.timedelta(days=int(at)) for at in chance.integers(0, 100, 500)
    ]
    later = [day + datetime.timedelta(days=30) for day in days]
    found = drift(pl.DataFrame({"day": days}), pl.DataFrame({"day": later}))
    row = found.table("columns").to_dicts()[0]
    assert row["kind"] == "times"
    assert row["wasserstein"] == pytest.approx(30.0)
    assert "leave it out with `ignore`" in found.finding("drift.day").note
    assert any("2026-0" in label for label in found.charts[1].series[0].x)


def test_labels_that_look_like_people_are_not_shown():
    mails = [f"p{at}@example.org" for at in range(8)] * 60
    found = drift({"mail": mails, "w": ["a", "b"] * 240}, {"mail": mails[:1] * 480, "w": ["a"] * 480})
    assert found.finding("drift.mail").outcome == "fail"
    assert "example.org" not in json.dumps(found.to_dict())
    assert "7 categories" in found.finding("drift.mail").note
    assert next(one for one in found.charts if one.key == "column.mail").series[0].x == ("other",)
    assert "gone: b (50.0%)" in found.finding("drift.w").note


def test_places_of_rows_that_pandas_brings_along_are_not_compared():
    frame = pd.DataFrame({"x": np.arange(3_000) % 7, "day": np.arange(3_000)})
    frame = frame[frame["day"] % 3 > 0]
    found = drift(frame[frame["day"] < 1_500], frame[frame["day"] >= 1_500], ignore=["day"])
    assert _outcomes(found) == {"drift.x": "pass"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"columns": ["z"]}, "`columns` names the column 'z', which neither table has"),
        ({"ignore": ["z"]}, "`ignore` names the column 'z', which neither table has"),
        ({"columns": ["x"], "ignore": ["x"]}, "leave no column to look at"),
        ({"max_shift": 1}, "`max_shift` of `drift` must be a number between 0 and 1; got 1"),
        ({"max_shift": "0.1"}, "`max_shift` of `drift` must be a number between 0 and 1; got '0.1'"),
        ({"level": 0}, "`level` of `drift` must be a number between 0 and 1; got 0"),
        ({"level": True}, "`level` of `drift` must be a number between 0 and 1; got True"),
    ],
)
def test_settings_that_make_no_sense_are_refused(arguments, said):
    with pytest.raises(BadArgumentError, match=said.replace("(", r"\(")):
        drift({"x": [1.0, 2.0]}, {"x": [1.0, 2.0]}, **arguments)


@pytest.mark.slow
def test_tables_that_are_none_are_refused_by_name(tmp_path):
    with pytest.raises(BadArgumentError, match="`current`: a value of the type `int` is no table"):
        drift({"x": [1.0]}, 3)
    with pytest.raises(MissingFileError, match="`reference`: there is no file"):
        drift(tmp_path / "nothing.csv", {"x": [1.0]})
    double = pd.DataFrame(np.ones((3, 2)), columns=["a", "a"])
    with pytest.raises(BadArgumentError, match="`current` has two columns called `a`"):
        drift({"a": [1.0]}, double)
    with pytest.raises(
        BadArgumentError, match="`reference`: a column of the DataFrame has values of several types"
    ):
        drift(pd.DataFrame({"a": [1, "x", 2.5]}), {"a": [1.0]})


# ---------------------------------------------------------------- figures and pictures


@pytest.mark.slow
def test_figures_hold_what_scipy_counts_and_the_result_survives_writing():
    before, after = _people(1_500, 1), _people(1_200, 2, shift=0.6)
    found = drift(before, after)
    row = next(one for one in found.table("columns").to_dicts() if one["column"] == "height")
    a, b = (frame["height"].drop_nans().to_numpy() for frame in (before, after))
    assert (row["n_reference"], row["n_current"]) == (len(a), len(b))
    assert row["distance"] == row["statistic"] == row["effect"] == steps_of(a, b).distance
    assert row["wasserstein"] == pytest.approx(wasserstein(steps_of(a, b)))
    assert row["wasserstein_sd"] == pytest.approx(row["wasserstein"] / a.std())
    assert row["missing_reference"] == pytest.approx(1 - len(a) / 1_500)
    assert row["moved"] == "up"
    assert next(one for one in found.table("columns").to_dicts() if one["column"] == "weight")["moved"] == ""
    assert read(json.loads(json.dumps(found.to_dict()))) == found
    assert "moved" in found._repr_html_()
    assert found.evidence[0]["role"] == "reference"
    assert found.evidence[1]["rows"] == 1_200
    assert found.rows == 2_700


def test_pictures_show_both_tables_and_add_up_to_one():
    found = drift(_people(1_500, 1), _people(1_200, 2, shift=0.6, share=0.9))
    effects, *bars = found.charts
    assert effects.form == "intervals"
    assert effects.limit == 0.1
    assert list(effects.series[0].x[:2]) == ["sex", "height"]
    assert [one.title for one in bars] == ["Distribution of sex", "Distribution of height"]
    for one in bars:
        assert [series.label for series in one.series] == ["reference", "current"]
        assert len(one.series[0].x) <= 24
        for series in one.series:
            assert sum(series.y) == pytest.approx(1.0)
    assert bars[0].series[0].x == ("f", "m")


@pytest.mark.slow
def test_many_columns_give_40_marks_and_8_pictures():
    chance = np.random.default_rng(0)
    before = {f"c{at}": chance.normal(size=300) for at in range(60)}
    found = drift(before, {name: values + 1 for name, values in before.items()})
    assert len(found.charts) == 1 + 8
    assert len(found.charts[0].series[0].x) == 40
    assert len(found.failed) == 60


@pytest.mark.slow
def test_thousands_of_columns_are_told_with_few_of_them_in_the_joint_test():
    chance = np.random.default_rng(0)
    before = pl.DataFrame({f"c{at}": chance.normal(size=60) for at in range(1_200)})
    found = drift(before.lazy(), before.lazy())
    assert len(found.table("columns").rows) == 1_200
    assert any("200 of 1,200 columns" in note for note in found.notes)


# ---------------------------------------------------------------- what changes nothing


def _values(result, *, but=("joint",)):
    return {
        one.key: (one.outcome, one.value, one.low, one.high) for one in result.findings if one.key not in but
    }


@pytest.mark.slow
def test_order_of_rows_and_of_columns_changes_nothing():
    before, after = _people(700, 1), _people(600, 2, shift=0.2)
    once = drift(before, after)
    shuffled = drift(
        before.sample(fraction=1.0, shuffle=True, seed=1), after.reverse().select(*reversed(after.columns))
    )
    assert _values(shuffled, but=()) == _values(once, but=())


@pytest.mark.slow
def test_other_labels_change_nothing_but_names():
    before, after = _people(700, 1), _people(600, 2, share=0.6)
    named = {"Bern": "z", "Rome": "a", "Oslo": "q", "Lyon": "Bern"}
    renamed = [frame.with_columns(town=pl.col("town").replace(named)) for frame in (before, after)]
    assert _values(drift(*renamed)) == _values(drift(before, after))


@pytest.mark.slow
def test_a_steady_change_of_all_numbers_changes_no_distance():
    before, after = _people(700, 1), _people(600, 2, shift=0.2)
    scaled = [
        frame.with_columns(height=2.0 * pl.col("height"), weight=4.0 * pl.col("weight"))
        for frame in (before, after)
    ]
    assert _values(drift(*scaled)) == _values(drift(before, after))  # the joint test draws other halves


@pytest.mark.slow
def test_turned_around_distances_are_the_same():
    before, after = _people(700, 1), _people(700, 2, shift=0.2)
    there, back = drift(before, after), drift(after, before)
    for name in ("height", "weight", "children", "seen"):
        assert there.finding(f"drift.{name}").value == pytest.approx(
            back.finding(f"drift.{name}").value, abs=1e-12
        )
        assert there.finding(f"drift.{name}").high == pytest.approx(
            back.finding(f"drift.{name}").high, abs=1e-12
        )


@pytest.mark.slow
def test_doubled_rows_change_no_distance_and_narrow_the_interval():
    before, after = _people(700, 1), _people(600, 2, shift=0.2)
    once = drift(before, after)
    twice = drift(pl.concat([before, before]), pl.concat([after, after]))
    for name in ("height", "children", "seen"):
        one, two = once.finding(f"drift.{name}"), twice.finding(f"drift.{name}")
        assert two.value == pytest.approx(one.value, abs=1e-12)
        assert two.high - two.value < one.high - one.value


# ---------------------------------------------------------------- wherever the rows are


@pytest.mark.slow
def test_every_way_to_give_a_table_gives_the_same(tmp_path):
    before, after = _people(900, 1), _people(800, 2, shift=0.3)
    once = drift(before, after)
    before.write_parquet(tmp_path / "a.parquet")
    after.write_csv(tmp_path / "b.csv")
    assert drift(before.to_pandas(), after.to_arrow()).findings == once.findings
    assert drift(before.lazy(), after.lazy()).findings == once.findings
    assert drift(tmp_path / "a.parquet", after).findings == once.findings
    with duckdb.connect() as connection:
        relation = connection.from_arrow(before.to_arrow())
        assert drift(relation, after).findings == once.findings
    csv = drift(before, tmp_path / "b.csv")
    assert {key: found[0] for key, found in _values(csv).items()} == {
        key: found[0] for key, found in _values(once).items()
    }
    same = drift(tmp_path / "a.parquet", tmp_path / "a.parquet")
    assert "both tables are the same bytes" in same.notes


def test_a_window_of_a_relation_is_a_table():
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE t AS SELECT range AS day, (range % 10) + (range >= 1000)::INT * 5 AS x FROM range(2000)"
        )
        table = connection.table("t")
        found = drift(table.filter("day < 1000"), table.filter("day >= 1000"), columns=["x"])
    assert found.finding("drift.x").outcome == "fail"


def test_times_are_the_same_seconds_in_every_engine():
    moments = [
        datetime.datetime(year, month, 28, 23, 59, 59, 250_000)
        for year in (1, 1582, 1899, 1900, 1969, 1970, 1972, 2000, 2024, 2100, 9999)
        for month in (1, 2, 3, 12)
    ]
    frame = pl.DataFrame({"t": moments, "d": [one.date() for one in moments]})
    epoch = datetime.datetime(1970, 1, 1)
    wanted = [(one - epoch).total_seconds() for one in moments]
    for table in (frame, frame.lazy()):
        with rows_of(table) as rows:
            found = dict(numbers_in(rows, ["t", "d"], {"t": "times", "d": "times"}))
            assert found["t"].tolist() == wanted
            assert found["d"].tolist() == [value - value % 86_400 for value in wanted]


@pytest.mark.slow
def test_large_tables_are_counted_in_cells_and_sampled_for_the_joint_test(monkeypatch):
    monkeypatch.setattr(columns, "EXACT_ROWS", 1_000)
    monkeypatch.setattr(looked, "MOST_ROWS", 900)
    before, after = _people(1_500, 1), _people(1_400, 2, shift=0.6, correlation=-0.5)
    found = drift(before, after)
    assert {one.key for one in found.failed} == {"drift.height", "joint"}
    assert any("counted in cells, because a table has more than 1,000 rows" in note for note in found.notes)
    assert any("looked at 900 rows" in note for note in found.notes)
    lazy = drift(before.lazy(), after.lazy())  # of which no rows are drawn that lie far apart
    assert {one.key for one in lazy.failed} == {"drift.height"}
    assert any("cannot draw some of them" in note for note in lazy.notes)


def test_the_rows_that_are_drawn_are_whole_rows_whatever_the_engine():
    n = 5_000
    frame = pl.DataFrame({
        "x": np.arange(n, dtype=float), "w": [f"v{at % 50}" for at in range(n)],
        "b": [at % 3 == 0 for at in range(n)], "x_": np.arange(n) + 1,
    })  # fmt: skip
    kinds = {"x": "numbers", "w": "categories", "b": "categories", "x_": "numbers"}
    drawn = []
    for table in (frame, frame.lazy(), duckdb.from_arrow(frame.to_arrow())):
        with rows_of(table) as rows:
            assert {name: kind for name, (kind, _) in kinds_of(rows).items()} == kinds
            found = sample(rows, list(kinds), kinds, 300, 7, {})
            drawn.append(found)
            assert len(found["x"]) == 300
            assert found["w"].tolist() == [f"v{int(at) % 50}" for at in found["x"]]
            assert found["b"].tolist() == ["true" if at % 3 == 0 else "false" for at in found["x"]]
            assert (found["x_"] == found["x"] + 1).all()
    assert drawn[0]["x"].tolist() == drawn[1]["x"].tolist() == drawn[2]["x"].tolist()
