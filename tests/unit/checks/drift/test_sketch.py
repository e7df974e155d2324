"""Sketches: merged in any order they are those of one pass, whatever engine counts; what they may not hold is refused."""

import json
from functools import reduce

import narwhals as nw
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from thorough import examples

from gnomon.checks.kinds.drift.check import drift
from gnomon.checks.kinds.drift.counted import sketch_of, sketched
from gnomon.checks.kinds.drift.sketch import EMPTY, MIXED, ColumnSketch, Sketch, merged, sketch_of_profile
from gnomon.checks.rows import Rows
from gnomon.data.profile.build import profile_of
from gnomon.data.profile.cells import cells_from
from gnomon.errors import BadArgumentError, DamagedObjectError, UnknownFormatError

SCHEMA = {
    "x": pl.Float64,
    "k": pl.Int64,
    "w": pl.String,
    "b": pl.Boolean,
    "t": pl.Datetime("us"),
    "d": pl.Date,
}

rows = st.lists(
    st.fixed_dictionaries({
        "x": st.none() | st.floats(),
        "k": st.none() | st.integers(-(10**6), 10**6),
        "w": st.none() | st.sampled_from(["", "a", "b", "true", "ü"]),
        "b": st.none() | st.booleans(),
        "t": st.none() | st.datetimes(),
        "d": st.none() | st.dates(),
    }),
    min_size=1, max_size=12,
)  # fmt: skip


def _frame(found):
    return pl.DataFrame({name: [row[name] for row in found] for name in SCHEMA}, schema=SCHEMA)


def _sketch(frame):
    """Return a sketch as Polars counts it, without opening an engine."""
    held = Rows(nw.from_native(frame.lazy()), frame.columns, {}, None)
    return sketched(held, frame.columns)


@pytest.mark.slow
@settings(max_examples=examples(20), deadline=None)
@given(rows, st.data())
def test_parts_in_any_order_give_the_sketch_of_one_pass(found, data):
    frame = _frame(found)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(found)), max_size=2)))
    ends = [0, *cuts, len(found)]
    parts = [frame[start:end] for start, end in zip(ends[:-1], ends[1:], strict=True)]
    sketches = data.draw(st.permutations([_sketch(part) for part in parts]))
    whole = _sketch(frame)
    assert reduce(merged, sketches) == whole
    assert reduce(lambda a, b: merged(b, a), sketches) == whole
    assert Sketch.from_dict(json.loads(json.dumps(whole.to_dict()))) == whole


@pytest.mark.slow
@settings(max_examples=examples(15), deadline=None)
@given(rows)
def test_engines_count_the_same_as_python(found):
    frame = _frame(found)
    sketch = _sketch(frame).columns
    for name, is_whole in (("x", False), ("k", True)):
        finite = [float(v) for v in frame[name].drop_nulls().to_list() if np.isfinite(v)]
        assert sketch[name].cells == cells_from(finite, is_whole=is_whole, limit=4096)
    known = frame["x"].drop_nulls().drop_nans().to_list()
    assert sketch["x"].count == len(known)
    assert (sketch["x"].below, sketch["x"].above) == (known.count(-np.inf), known.count(np.inf))
    assert sketch["w"].counts == dict(sorted(frame["w"].drop_nulls().value_counts().iter_rows()))


def _example(n=800, seed=0):
    chance = np.random.default_rng(seed)
    return pl.DataFrame({
        "x": np.where(chance.random(n) < 0.1, np.nan, chance.standard_t(2, n)),
        "k": chance.poisson(4, n),
        "w": chance.choice(["a", "b", "c"], n),
        "b": chance.random(n) < 0.3,
        "t": pl.Series(chance.integers(10**15, 2 * 10**15, n)).cast(pl.Datetime("us")),
    })  # fmt: skip


@pytest.mark.slow
def test_duckdb_and_polars_count_the_same_and_so_do_files(tmp_path):
    frame = _example()
    frame.write_parquet(tmp_path / "a.parquet")
    whole = sketch_of(frame)  # DuckDB
    assert whole == sketch_of(frame.lazy()) == sketch_of(tmp_path / "a.parquet") == _sketch(frame)
    assert sketch_of(frame, columns=["w"]).columns == {"w": whole.columns["w"]}


@pytest.mark.slow
def test_drift_of_sketches_is_that_of_the_rows_within_what_it_says():
    before, after = (
        _example(3_000, 1),
        _example(2_000, 2).with_columns(x=pl.col("x") + 0.4, k=pl.col("k") + 1),
    )
    exact = drift(before, after)
    found = drift(sketch_of(before), sketch_of(after))
    assert {one.key: one.outcome for one in exact.findings if one.key != "joint"} == {
        one.key: one.outcome for one in found.findings
    }
    rows = {row["column"]: row for row in exact.table("columns").to_dicts()}
    for row in found.table("columns").to_dicts():
        mine = rows[row["column"]]
        assert row["effect"] == pytest.approx(mine["effect"], abs=0.01)
        assert row["effect"] <= mine["effect"] + 1e-12
        assert row["effect_high"] >= mine["effect_high"] - 1e-3
        assert row["psi"] == pytest.approx(mine["psi"], abs=0.01)
        if row["wasserstein"] is not None:
            assert row["wasserstein"] == pytest.approx(mine["wasserstein"], rel=0.02)
    assert any("counted in cells" in note for note in found.notes)
    assert any("no joint test" in note for note in found.notes)
    mixed = drift(sketch_of(before), after)
    assert mixed.findings == found.findings


@pytest.mark.slow
def test_a_profile_of_a_data_version_serves_as_a_sketch(tmp_path):
    before, after = _example(3_000, 1), _example(3_000, 2).with_columns(x=pl.col("x") + 1.0)
    before.write_parquet(tmp_path / "a.parquet")
    after.write_parquet(tmp_path / "b.parquet")
    profiles = [profile_of(tmp_path / name) for name in ("a.parquet", "b.parquet")]
    found = drift(*profiles)
    assert [one.key for one in found.failed] == ["drift.x"]
    exact = drift(before, after).finding("drift.x").value
    assert found.finding("drift.x").value == pytest.approx(exact, abs=0.02)
    assert {one.key for one in found.findings} == {
        "drift.x",
        "drift.k",
        "drift.w",
        "drift.b",
        "drift.t",
        "missing.x",
    }
    assert sketch_of_profile(profiles[0]).columns["w"].counts == sketch_of(before).columns["w"].counts


@pytest.mark.slow
def test_what_a_profile_withholds_cannot_be_told(tmp_path):
    frame = pl.DataFrame({"email": [f"p{at}@example.org" for at in range(50)] * 2, "x": range(100)})
    frame.write_parquet(tmp_path / "a.parquet")
    profile = profile_of(tmp_path / "a.parquet")
    found = drift(profile, profile).finding("drift.email")
    assert found.outcome == "cannot tell"
    assert "the profile does not hold its values" in found.note
    folder = tmp_path / "two"
    folder.mkdir()
    frame.write_parquet(folder / "a.parquet")
    frame.rename({"x": "y"}).write_parquet(folder / "b.parquet")
    with pytest.raises(BadArgumentError, match="`current` is the profile of 2 tables"):
        drift(profile, profile_of(folder))


def test_parts_of_other_types_and_columns_that_a_part_lacks():
    numbers = ColumnSketch(kind="numbers", count=2, cells=cells_from([1.0, 2.0]))
    texts = ColumnSketch(kind="categories", count=1, counts={"a": 1})
    a = Sketch(rows=2, columns={"x": numbers})
    b = Sketch(rows=1, columns={"x": texts, "y": texts})
    both = merged(a, b)
    assert both.columns["x"].kind == MIXED
    assert both.columns["y"] == ColumnSketch(kind="categories", count=1, missing=2, counts={"a": 1})
    assert both == merged(b, a)
    assert merged(both, a).columns["x"].kind == MIXED
    nothing = Sketch(rows=3, columns={"x": ColumnSketch(kind=EMPTY, missing=3)})
    assert merged(nothing, a).columns["x"].missing == 3
    with pytest.raises(BadArgumentError, match="only sketches can be merged; got a dict"):
        merged(a, {})


@pytest.mark.slow
def test_too_many_categories_are_not_kept_in_a_part_nor_in_the_whole():
    parts = [
        sketch_of(pl.DataFrame({"w": [f"{at}" for at in range(start, start + 6_000)]}))
        for start in (0, 6_000)
    ]
    assert len(parts[0].columns["w"].counts) == 6_000
    both = merged(*parts).columns["w"]
    assert (both.counts, both.count, both.reason) == ({}, 12_000, "more than 10,000 different values")
    whole = sketch_of(pl.DataFrame({"w": [f"{at}" for at in range(12_000)]}))
    assert whole.columns["w"] == both
    assert drift(whole, whole).finding("drift.w").note == both.reason


@pytest.mark.parametrize(
    "change",
    [
        lambda it: it.pop("rows"),
        lambda it: it.update(rows=-1),
        lambda it: it["columns"]["x"].update(count=5),
        lambda it: it["columns"]["x"].update(kind="poem"),
        lambda it: it["columns"]["x"].update(below=-1),
        lambda it: it["columns"]["x"]["cells"].update(counts=[1]),
        lambda it: it["columns"]["x"]["cells"].update(low=5.0),
        lambda it: it["columns"]["x"]["cells"]["grid"].update(unit=99_999),
        lambda it: it["columns"]["w"]["counts"].update(a=7),
        lambda it: it["columns"]["w"].update(reason="because"),
        lambda it: it.update(columns=3),
    ],
)
def test_a_damaged_sketch_is_refused(change):
    held = sketch_of(pl.DataFrame({"x": [1.0, 2.5, 9.0], "w": ["a", "a", "b"]})).to_dict()
    assert Sketch.from_dict(json.loads(json.dumps(held))).rows == 3
    held = json.loads(json.dumps(held))
    change(held)
    with pytest.raises(DamagedObjectError):
        Sketch.from_dict(held)


def test_other_formats_and_versions_are_refused():
    for odd in (None, [], {}, {"format": "gnomon-profile"}):
        with pytest.raises(DamagedObjectError, match="no sketch"):
            Sketch.from_dict(odd)
    with pytest.raises(UnknownFormatError, match="version 2; this Gnomon reads 1"):
        Sketch.from_dict({"format": "gnomon-drift-sketch", "version": 2})
