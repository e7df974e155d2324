"""What moved between two versions: found where it did, silent where chance may have done it, and shown without harm."""

import random

import pytest

from gnomon.data.profile import difference, lines, merged, profile_of

pytestmark = pytest.mark.slow  # all of them together, for the quick lane


def profile(folder, rows, name="data.csv", header="age,income,city"):
    path = folder / name
    path.write_text("\n".join([header, *rows]) + "\n")
    return profile_of(path)


def people(count, seed=1, *, age=40, cities=("Oslo", "Bergen"), missing=0.0):
    chance = random.Random(seed)
    rows = []
    for _ in range(count):
        years = "" if chance.random() < missing else round(chance.gauss(age, 10))
        rows.append(f"{years},{chance.lognormvariate(10, 1):.2f},{chance.choice(cities)}")
    return rows


def test_the_same_data_has_no_difference(tmp_path):
    one = profile(tmp_path, people(500))
    assert difference(one, one).is_empty
    assert lines(difference(one, one)) == ["the profiles are the same"]


def test_another_sample_of_the_same_source_has_moved_nothing(tmp_path):
    wrong = 0
    for seed in range(10):
        old, new = (profile(tmp_path, people(400, seed=2 * seed + at)) for at in (0, 1))
        wrong += len(difference(old, new).tables[0].moved)
    assert wrong == 0


def test_a_moved_column_is_named_with_its_effect(tmp_path):
    old, new = profile(tmp_path, people(2000)), profile(tmp_path, people(2000, 2, age=45))
    (moved,) = difference(old, new).tables[0].moved
    assert moved.name == "age" and moved.values.verdict == "moved"
    assert moved.effect == pytest.approx(0.5, abs=0.1)
    assert moved.values.distance == pytest.approx(0.197, abs=0.04)  # of two normals half a deviation apart
    assert any("age" in line and "median 40 → 45" in line for line in lines(difference(old, new)))


def test_few_rows_give_cannot_tell(tmp_path):
    old, new = profile(tmp_path, people(6)), profile(tmp_path, people(6, 2, age=45))
    found = difference(old, new).tables[0]
    assert not found.moved
    assert {column.values.verdict for column in found.columns if column.name == "age"} == {"cannot tell"}
    assert any("too few rows to tell" in line for line in lines(difference(old, new)))


def test_missing_values_that_came(tmp_path):
    old, new = profile(tmp_path, people(1000)), profile(tmp_path, people(1000, missing=0.2))
    (moved,) = difference(old, new).tables[0].moved
    assert moved.name == "age" and moved.missing.is_beyond_chance
    assert any("missing 0 % → " in line for line in lines(difference(old, new)))


def test_values_that_came_and_went(tmp_path):
    old, new = profile(tmp_path, people(1000)), profile(tmp_path, people(1000, cities=("Oslo", "Rome")))
    (moved,) = difference(old, new).tables[0].moved
    assert (moved.name, moved.gone, moved.come) == ("city", ("Bergen",), ("Rome",))
    assert moved.values.distance == pytest.approx(0.5, abs=0.05)


def test_columns_added_removed_and_retyped(tmp_path):
    old = profile(tmp_path, ["1,2,x", "3,4,y"], header="a,b,c")
    new = profile(tmp_path, ["x,1,3.5", "y,oops,4.5"], header="c,b,d")
    (table,) = difference(old, new).tables
    assert (table.added, table.removed, table.is_reordered) == (("d",), ("a",), True)
    (retyped,) = table.moved
    assert (retyped.name, retyped.old_type, retyped.new_type) == ("b", "integer", "text")


def test_a_hostile_name_does_not_touch_the_terminal(tmp_path):
    old = profile(tmp_path, ["1,a\x1b[2J"] * 9, header="x\x1b]0;hi\x07,y")
    new = profile(tmp_path, ["z,b\x1b[2J"] * 9, header="x\x1b]0;hi\x07,y")
    shown = [*lines(old), *lines(difference(old, new)), *lines(merged(old, new))]
    assert all(line.isprintable() for line in shown)
    assert any("x\\x1b]0" in line for line in shown)


def test_columns_of_the_lines_are_aligned(tmp_path):
    shown = lines(profile(tmp_path, people(300)))
    head = next(line for line in shown if line.startswith("column"))
    at = head.index("distribution")
    rows = shown[shown.index(head) + 1 :]
    assert len(rows) == 3 and all(row[at - 1] == " " and row[at] != " " for row in rows)


def test_many_columns_are_cut_and_counted(tmp_path):
    header = ",".join(f"c{place}" for place in range(100))
    one = profile(tmp_path, [",".join(["1"] * 100)], header=header)
    assert lines(one, limit=10)[-1] == "… 90 more columns"
