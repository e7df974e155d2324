"""Rows that two versions do not share: with a key, without one, over formats; each count worked by hand."""

import pytest

from gnomon.data.profile import lines, rows_difference
from gnomon.errors import BadArgumentError, DamagedFileError, GnomonError


def csv(folder, name, text):
    path = folder / name
    path.write_text(text)
    return path


@pytest.fixture
def pair(tmp_path):
    old = csv(tmp_path, "old.csv", "id,x,y\n1,a,b\n2,c,d\n3,e,f\n4,g,h\n")
    new = csv(tmp_path, "new.csv", "y,id,x\nf,3,e\nD,2,c\nh,4,g\nj,5,i\n")
    return old, new


def test_rows_by_a_key_that_was_found(pair):
    found = rows_difference(*pair)
    assert found.key == ("id",)
    assert (found.added, found.removed, found.changed, found.same) == (1, 1, 1, 2)
    assert found.changed_columns == (("y", 1),)
    assert found.added_rows == ({"id": "5", "x": "i", "y": "j"},)
    assert found.removed_rows == ({"id": "1", "x": "a", "y": "b"},)
    assert [(one.key, one.cells) for one in found.changed_rows] == [({"id": "2"}, {"y": ("d", "D")})]
    assert lines(found)[0] == "rows: 1 added, 1 removed, 1 changed, 2 the same (by id)"


def test_rows_by_a_key_that_was_given(pair):
    assert rows_difference(*pair, key=["id", "x"]).changed == 1
    assert rows_difference(*pair, key="y").added == 2


def test_rows_without_a_key_are_a_bag(tmp_path):
    old = csv(tmp_path, "old.csv", "a,b\n1,x\n1,x\n2,y\n3,\n")
    new = csv(tmp_path, "new.csv", 'a,b\n1,x\n2,y\n2,y\n3,""\n')
    found = rows_difference(old, new)
    assert (found.key, found.added, found.removed, found.changed, found.same) == ((), 2, 2, None, 2)
    assert {"a": "2", "b": "y"} in found.added_rows and {"a": "3", "b": None} in found.removed_rows


def test_cells_that_only_join_to_the_same_text_are_not_the_same_row(tmp_path):
    old = csv(tmp_path, "old.csv", "a,b\nxy,z\nxy,z\n")
    new = csv(tmp_path, "new.csv", "a,b\nx,yz\nx,yz\n")
    assert rows_difference(old, new).same == 0


def test_a_csv_and_its_parquet_have_the_same_rows(tmp_path):
    import pyarrow.csv
    import pyarrow.parquet

    old = csv(tmp_path, "old.csv", "id,x,when\n1,1.50,2020-01-01\n2,2,2020-01-02\n")
    pyarrow.parquet.write_table(pyarrow.csv.read_csv(old), tmp_path / "new.parquet")
    found = rows_difference(old, tmp_path / "new.parquet")
    assert (found.added, found.removed, found.changed, found.same) == (0, 0, 0, 2)


def test_columns_that_one_side_lacks_are_named(tmp_path):
    old, new = csv(tmp_path, "old.csv", "id,x\n1,a\n2,b\n"), csv(tmp_path, "new.csv", "id,z\n1,a\n2,b\n")
    found = rows_difference(old, new)
    assert found.same == 2
    assert found.notes == ("columns added, and not compared: z", "columns removed, and not compared: x")


def test_empty_tables(tmp_path):
    old, new = csv(tmp_path, "old.csv", "id,x\n"), csv(tmp_path, "new.csv", "id,x\n1,a\n1,a\n")
    found = rows_difference(old, new)
    assert (found.added, found.removed, found.same) == (2, 0, 0)


@pytest.mark.parametrize(("key", "says"), [("nope", "`nope`"), ("x", "not unique")])
def test_a_key_that_is_none_is_an_error(tmp_path, key, says):
    old, new = csv(tmp_path, "old.csv", "id,x\n1,a\n2,a\n"), csv(tmp_path, "new.csv", "id,x\n1,a\n2,a\n")
    with pytest.raises(BadArgumentError, match=says):
        rows_difference(old, new, key=key)


def test_what_is_no_table_is_an_error(tmp_path):
    text, table = csv(tmp_path, "a.txt", "hello"), csv(tmp_path, "a.csv", "id\n1\n")
    with pytest.raises(BadArgumentError, match="no table"):
        rows_difference(text, table)
    broken = tmp_path / "b.parquet"
    broken.write_bytes(b"PAR1 no")
    with pytest.raises(DamagedFileError):
        rows_difference(broken, table)
    assert issubclass(DamagedFileError, GnomonError)
