"""The profile of files: figures as pandas has them, types decided by all values, odd files, parts and order."""

import bz2
import gzip
import json
import lzma
import math
import random

import pytest

from gnomon.data.profile import Profile, build, columns, distinct, merged, profile_of
from gnomon.errors import DamagedObjectError, GnomonError, MissingFileError, UnknownFormatError

pytestmark = pytest.mark.slow  # all of them together, for the quick lane


def written(folder, text, name="data.csv"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def table_of(folder, text, name="data.csv"):
    profile = profile_of(written(folder, text, name))
    assert Profile.from_json(profile.to_bytes()) == profile == Profile.from_json(profile.to_json())
    return profile.tables[0]


def column_of(folder, *cells, header="x"):
    (column,) = table_of(folder, "\n".join([header, *cells]) + "\n").columns
    return column


# --- figures


def some_rows(count=3000, seed=1):
    chance = random.Random(seed)
    return [
        {
            "id": place,
            "age": chance.choice([None, *range(18, 90)]),
            "income": round(chance.lognormvariate(10, 1), 2),
            "when": f"19{chance.randint(50, 99)}-0{chance.randint(1, 9)}-1{chance.randint(0, 9)}T01:02:0{chance.randint(0, 9)}",
            "city": chance.choice(["Oslo", "Bergen", "São Paulo"]),
            "member": chance.choice([True, False]),
        }
        for place in range(count)
    ]


def as_csv(rows):
    lines = [",".join(rows[0])]
    lines += [",".join("" if cell is None else str(cell) for cell in row.values()) for row in rows]
    return "\n".join(lines) + "\n"


def test_figures_are_those_of_pandas(tmp_path):
    import pandas as pd

    path = written(tmp_path, as_csv(some_rows()))
    frame = pd.read_csv(path, parse_dates=["when"])
    table = profile_of(path).tables[0]
    assert [column.type for column in table.columns] == [
        "integer",
        "integer",
        "float",
        "timestamp",
        "text",
        "bool",
    ]
    assert table.rows == len(frame)
    for column in table.columns:
        series = frame[column.name]
        assert (column.count, column.missing) == (series.count(), series.isna().sum())
        if column.distinct_is_exact:
            assert column.distinct == series.nunique()
        else:
            assert column.distinct == pytest.approx(series.nunique(), rel=0.05)
        if column.type in ("integer", "float"):
            assert (column.min, column.max) == (series.min(), series.max())
            assert column.mean == pytest.approx(series.mean(), rel=1e-12)
            assert column.sum == pytest.approx(series.sum(), rel=1e-12)
            assert column.deviation == pytest.approx(series.std(), rel=1e-9)
            for share in (0.01, 0.25, 0.5, 0.75, 0.99):
                rank = (series <= column.quantile(share)).sum() / series.count()
                assert rank == pytest.approx(share, abs=0.02)
        if column.type == "text":
            counts = series.value_counts()
            assert {one.value: one.count for one in column.top} == counts.to_dict()
    when = table.column("when")
    assert when.min == frame["when"].min().isoformat() + "Z"
    below = frame["when"] <= pd.Timestamp(when.quantile(0.5), unit="s")
    assert below.mean() == pytest.approx(0.5, abs=0.02)


def test_csv_parquet_arrow_and_json_lines_give_the_same_figures(tmp_path):
    import pyarrow as pa
    import pyarrow.feather
    import pyarrow.parquet

    rows = [{**row, "when": None} for row in some_rows()]
    for row in rows:
        del row["when"]
    held = pa.Table.from_pylist(rows)
    pa.parquet.write_table(held, tmp_path / "data.parquet")
    pa.feather.write_feather(held, str(tmp_path / "data.arrow"), compression="uncompressed")
    written(tmp_path, "".join(json.dumps(row) + "\n" for row in rows), "data.jsonl")
    written(tmp_path, as_csv(rows))
    plain = [
        tuple(
            (
                one.name,
                one.type,
                one.count,
                one.missing,
                one.distinct,
                one.mean,
                one.squares,
                one.cells,
                one.top,
                one.sketch,
            )
            for one in profile_of(tmp_path / f"data.{suffix}").tables[0].columns
        )
        for suffix in ("csv", "parquet", "arrow", "jsonl")
    ]
    assert plain[0] == plain[1] == plain[2] == plain[3]


def test_the_order_of_rows_changes_no_byte(tmp_path):
    rows = some_rows()
    first = profile_of(written(tmp_path, as_csv(rows))).to_bytes()
    random.Random(2).shuffle(rows)
    assert profile_of(written(tmp_path, as_csv(rows))).to_bytes() == first


def test_profiles_of_parts_make_the_profile_of_the_whole(tmp_path):
    rows = some_rows()
    whole = profile_of(written(tmp_path, as_csv(rows))).tables[0]
    parts = [
        profile_of(written(tmp_path, as_csv(part))) for part in (rows[:100], rows[100:1700], rows[1700:])
    ]
    one_way = merged(merged(parts[0], parts[1]), parts[2]).tables[0]
    other_way = merged(parts[2], merged(parts[1], parts[0])).tables[0]
    assert one_way.rows == whole.rows
    for ours, theirs, column in zip(one_way.columns, other_way.columns, whole.columns, strict=True):
        for exact in ("type", "count", "missing", "min", "max", "cells", "sketch"):
            assert getattr(ours, exact) == getattr(column, exact) == getattr(theirs, exact), (
                column.name,
                exact,
            )
        assert ours.distinct == pytest.approx(column.distinct, rel=0.05)
        if column.mean is not None:
            assert ours.sum == pytest.approx(column.sum, rel=1e-12)
            assert ours.mean == pytest.approx(column.mean, rel=1e-12) == theirs.mean
            assert ours.squares == pytest.approx(column.squares, rel=1e-9)
    assert one_way.column("city").top == whole.column("city").top


# --- types


@pytest.mark.parametrize(
    ("cells", "type_"),
    [
        (["1", "-2", "30"], "integer"),
        (["1", "2.5", "1e3"], "float"),
        (["1", "nan", "-inf"], "float"),
        (["true", "False", "TRUE"], "bool"),
        (["2020-01-31", "1900-02-28"], "date"),
        (["2020-01-31T10:00:00Z", "1900-02-28 01:02:03"], "timestamp"),
        (["007", "123"], "text"),
        (["+49123", "123"], "text"),
        (["1_000", "2"], "text"),
        (["2020-13-45", "2020-01-01"], "text"),
        (["1", "2", "x"], "text"),
        (["NA", "null"], "empty"),
    ],
)
def test_the_type_is_the_narrowest_that_all_values_have(tmp_path, cells, type_):
    assert column_of(tmp_path, *cells).type == type_


def test_missing_empty_words_nan_and_infinities_are_kept_apart(tmp_path):
    table = table_of(tmp_path, 'x,t\n1.5,a\n,\nNA,""\nnan,NA\ninf,b\n-inf,b\n')
    x, t = table.columns
    assert (x.count, x.missing, x.missing_words, x.nan, x.above, x.below) == (1, 2, 1, 1, 1, 1)
    assert (x.min, x.max, x.rows) == (1.5, 1.5, 6)
    assert (t.count, t.missing, t.empty) == (5, 1, 1)


def test_a_type_is_decided_by_the_last_of_many_rows_too(tmp_path):
    column = column_of(tmp_path, *map(str, range(50_000)), "oops")
    assert (column.type, column.mostly, column.others) == ("text", "integer", 1)


def test_huge_whole_numbers_keep_their_digits(tmp_path):
    column = column_of(tmp_path, str(2**63 + 1), str(2**63), "5")
    assert (column.min, column.max, column.distinct) == (5, 2**63 + 1, 3)
    assert column_of(tmp_path, str(10**30 + 1), "5").max == str(10**30 + 1)


def test_sums_of_whole_numbers_are_exact(tmp_path):
    column = column_of(tmp_path, str(2**53 - 1), str(2**53 - 3), "-7")
    assert column.sum == 2**54 - 11


def test_dates_long_before_1970_have_their_place(tmp_path):
    column = column_of(tmp_path, "1066-10-14", "1969-12-31", "2020-01-01")
    assert (column.type, column.min, column.max) == ("date", "1066-10-14", "2020-01-01")
    assert column.quantile(0.5) < 0


def test_numbers_at_the_ends_of_float64_do_not_overflow(tmp_path):
    column = column_of(tmp_path, "1.7e308", "-1.7e308", "5e-324", "0")
    assert (column.min, column.max, column.count, column.distinct) == (-1.7e308, 1.7e308, 4, 4)
    assert column.mean is None or math.isfinite(column.mean)


# --- odd files


def test_line_breaks_and_quotes_in_cells(tmp_path):
    table = table_of(tmp_path, 'a,b\n1,"x\ny"\n2,"he said ""hi"""\n3,"1,2"\n')
    assert (table.rows, [column.longest for column in table.columns][1]) == (3, 12)


@pytest.mark.parametrize(
    ("text", "dialect"),
    [
        (b"\xef\xbb\xbfid;x\n1;2\n", {"delimiter": "semicolon", "header": "yes", "encoding": "utf-8"}),
        (b"name\tn\nM\xfcller\t1\n", {"delimiter": "tab", "header": "yes", "encoding": "latin-1"}),
        ("a,b\n1,é\n".encode("utf-16"), {"delimiter": "comma", "header": "yes", "encoding": "utf-16"}),
        (b"1,2\n3,4\n", {"delimiter": "comma", "header": "no", "encoding": "utf-8"}),
        (b"a|b\n1|2\n", {"delimiter": "bar", "header": "yes", "encoding": "utf-8"}),
    ],
)
def test_dialects(tmp_path, text, dialect):
    table = table_of(tmp_path, text)
    assert table.dialect == dialect
    assert len(table.columns) == 2 and table.rows == (2 if dialect["header"] == "no" else 1)
    assert not table.columns[0].name.startswith("\ufeff")


def test_names_that_come_twice_or_hold_control_characters(tmp_path):
    table = table_of(tmp_path, "a,a,\x1b[31mred\n1,2,3\n")
    assert [column.name for column in table.columns] == ["a", "a (2)", "\x1b[31mred"]
    assert [column.mean for column in table.columns] == [1.0, 2.0, 3.0]


def test_lines_that_do_not_fit_are_left_out_and_counted(tmp_path):
    table = table_of(tmp_path, "a,b\n1,2\n3\n4,5,6\n7,8\n")
    assert (table.rows, table.unread_rows) == (2, 2)
    assert table.column("a").sum == 8


@pytest.mark.parametrize(("text", "rows", "columns"), [("", 0, 0), ("a,b\n", 0, 2), ("a\n1\n", 1, 1)])
def test_small_files(tmp_path, text, rows, columns):
    table = table_of(tmp_path, text)
    assert (table.rows, len(table.columns)) == (rows, columns)


def test_many_columns_give_a_bounded_profile(tmp_path):
    """More columns than are read at once, and so many that each has a coarser sketch: 2.5 kB for each at most."""
    chance = random.Random(4)
    many = columns.WIDE + 1
    lines = [",".join(f"c{place}" for place in range(many))]
    lines += [",".join(f"{chance.random():.6f}" for _ in range(many)) for _ in range(50)]
    profile = profile_of(written(tmp_path, "\n".join(lines)))
    (table,) = profile.tables
    assert [column.name for column in table.columns] == lines[0].split(",")
    assert {column.distinct for column in table.columns} == {50}
    assert table.column(f"c{many - 1}").sketch.startswith(f"{distinct.PRECISION_WIDE:02d}")
    assert len(profile.to_bytes()) < 2_500 * many


def test_how_many_columns_are_read_at_once_changes_no_byte(tmp_path, monkeypatch):
    rows = [{f"{name}{at}": cell for at in range(5) for name, cell in row.items()} for row in some_rows(40)]
    path = written(tmp_path, as_csv(rows))
    assert len(rows[0]) > columns.GROUP
    in_few = profile_of(path)
    monkeypatch.setattr(columns, "FEWER", len(rows[0]))
    assert profile_of(path).to_bytes() == in_few.to_bytes()


def test_columns_beyond_the_most_are_counted(tmp_path, monkeypatch):
    for module in (columns, build):
        monkeypatch.setattr(module, "MAX_COLUMNS", 30)
    names = [f"c{place}" for place in range(33)]
    table = table_of(tmp_path, f"{','.join(names)}\n{','.join(['1'] * 33)}\n")
    assert [column.name for column in table.columns] == names[:30]
    assert table.more_columns == 3


PACKERS = {
    ".gz": gzip.compress, ".xz": lzma.compress, ".bz2": bz2.compress,
    ".several.xz": lambda data: lzma.compress(data[:99]) + bytes(8) + lzma.compress(data[99:]),
}  # fmt: skip


@pytest.mark.parametrize("packer", PACKERS)
def test_compressed_files(tmp_path, packer):
    text = as_csv(some_rows(500))
    plain = profile_of(written(tmp_path, text)).tables[0]
    path = written(tmp_path, PACKERS[packer](text.encode()), f"data.csv{packer.removeprefix('.several')}")
    assert profile_of(path).tables[0] == plain


def test_lines_of_json_in_xz(tmp_path):
    path = written(tmp_path, lzma.compress(b'{"a": 1}\n{"a": 3}\n'), "data.jsonl.xz")
    (table,) = profile_of(path).tables
    assert (table.rows, table.columns[0].max) == (2, 3)


@pytest.mark.parametrize("suffix", [".gz", ".xz", ".bz2"])
def test_a_packed_file_that_was_cut_off_is_no_table_and_says_so(tmp_path, suffix):
    whole = PACKERS[suffix](as_csv(some_rows(20_000)).encode())
    profile = profile_of(written(tmp_path, whole[: len(whole) // 2], f"data.csv{suffix}"))
    assert profile.kind == "text" and not profile.tables
    assert any("not read as csv" in note for note in profile.notes)


def test_an_xz_that_asks_for_more_memory_than_there_should_be_is_not_unpacked(tmp_path):
    greedy = lzma.compress(b"a,b\n1,2\n", filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 30}])
    profile = profile_of(written(tmp_path, greedy, "data.csv.xz"))
    assert any("Memory usage limit" in note for note in profile.notes) and not profile.tables


def test_a_text_that_begins_like_a_bzip2_is_one(tmp_path):
    assert table_of(tmp_path, "BZh91AY,b\n1,2\n").rows == 1


def test_parquet_that_was_packed_as_a_whole_says_what_to_do(tmp_path):
    profile = profile_of(written(tmp_path, gzip.compress(b"PAR1"), "data.parquet.gz"))
    assert any("compressed with gzip as a whole" in note for note in profile.notes)


@pytest.mark.slow
def test_one_endless_line_is_profiled_as_text(tmp_path):
    path = tmp_path / "bomb.csv"
    with path.open("wb") as file:
        file.write(b"a,b\n1,")
        for _ in range(200):
            file.write(b"x" * 1_000_000)
    profile = profile_of(path)
    assert profile.kind == "text" and profile.texts.longest_line == 200_000_002
    with path.open("rb+") as file:
        file.write(b"a,b\n1,2\n")
    (table,) = profile_of(path).tables
    assert (table.rows, table.unread_rows) == (1, 1)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.parquet", b"PAR1 nothing"),
        ("a.arrow", b"ARROW1\0\0 nothing"),
        ("a.jsonl", b'{"a": 1}\n{"a": \n'),
        ("a.csv", b"\0\1\2\3" * 100),
        ("a.png", b"\x89PNG"),
        ("a.csv.zst", b"\x28\xb5\x2f\xfd broken"),
    ],
)
def test_what_cannot_be_read_as_its_name_says_is_bytes_with_a_note(tmp_path, name, data):
    profile = profile_of(written(tmp_path, data, name))
    assert profile.files == 1 and not profile.tables
    assert profile.notes or profile.images.unreadable == 1


def test_no_data_is_an_error_that_names_the_path(tmp_path):
    with pytest.raises(MissingFileError, match=r"nowhere\.csv"):
        profile_of(tmp_path / "nowhere.csv")


def test_names_with_wildcards_are_taken_literally(tmp_path):
    written(tmp_path, "a\n1\n", "ab.csv")
    assert table_of(tmp_path, "a\n2\n", "a[b]*.csv").column("a").mean == 2.0


# --- folders


def test_a_folder_of_files_with_one_schema_is_one_table(tmp_path):
    rows = some_rows()
    whole = profile_of(written(tmp_path, as_csv(rows), "all.csv")).tables[0]
    folder = tmp_path / "parts"
    folder.mkdir()
    for number in range(3):
        written(folder, as_csv(rows[number * 1000 : (number + 1) * 1000]), f"{number}.csv")
    (table,) = profile_of(folder).tables
    assert (table.files, table.columns) == (3, whole.columns)


def test_a_folder_of_many_kinds(tmp_path):
    from PIL import Image

    written(tmp_path, "a,b\n1,2\n", "one.csv")
    written(tmp_path, "p,q,r\n1,2,3\n", "two.csv")
    written(tmp_path, "Two words\nand no end", "read.txt")
    written(tmp_path, b"\0\1", "blob")
    for suffix in ("png", "jpg", "gif", "webp"):
        Image.new("RGB", (40, 30)).save(tmp_path / f"x.{suffix}")
    Image.new("L", (40, 31)).save(tmp_path / "grey.png")
    profile = profile_of(tmp_path)
    assert profile.kind == "mixed" and profile.files == 9
    assert [table.name for table in profile.tables] == ["one.csv", "two.csv"]
    assert profile.images.formats == {"PNG": 2, "GIF": 1, "JPEG": 1, "WebP": 1}
    assert profile.images.shapes == {"40 x 30": 4, "40 x 31": 1}
    assert profile.images.modes == {"RGB": 3, "grey": 1, "palette": 1}
    assert (profile.texts.lines, profile.texts.words, profile.texts.longest_line) == (2, 5, 10)
    assert merged(profile, profile).images.count == 10


# --- privacy


def test_texts_that_look_like_people_are_not_kept(tmp_path):
    rows = ["city,email,contact,customer_name,key,rare"]
    rows += [f"Oslo,a@b.org,c{n % 3}@d.org,Ann Smith,{n}-{n * 7919},v{n // 4}" for n in range(40)]
    profile = profile_of(written(tmp_path, "\n".join(rows)))
    text = profile.to_bytes().decode()
    assert "Oslo" in text
    for word in ("a@b.org", "d.org", "Ann", "7919", "v1"):
        assert word not in text


def test_secrets_are_left_out(tmp_path):
    secret = "ghp_" + "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5"
    profile = profile_of(written(tmp_path, "mode\n" + f"{secret}\nopen\n" * 10))
    assert secret not in profile.to_bytes().decode()
    assert [one.value for one in profile.tables[0].columns[0].top] == ["open"]


def test_no_value_is_kept_when_asked(tmp_path):
    path = written(tmp_path, as_csv(some_rows()))
    profile = profile_of(path, keep_values=False)
    text = profile.to_bytes().decode()
    assert "Oslo" not in text and "cells" not in text and '"min"' not in text and "sketch" not in text
    assert profile.tables[0].column("city").distinct == 3


# --- what others wrote


@pytest.mark.parametrize(
    "value",
    [
        b"", b"nonsense", {}, {"format": "gnomon-profile"}, {"format": "gnomon-profile", "version": 1},
        {"format": "gnomon-profile", "version": 1, "kind": 5},
        {"format": "gnomon-profile", "version": 1, "kind": "table", "tables": [{"format": "csv"}] * 21},
        {"format": "gnomon-profile", "version": 1, "kind": "table",
         "tables": [{"format": "csv", "columns": [{"name": "x", "type": "float", "sketch": "12=x"}]}]},
    ],
)  # fmt: skip
def test_what_is_no_profile_is_an_error(value):
    with pytest.raises(DamagedObjectError):
        Profile.from_json(value)


def test_a_newer_version_is_refused_by_name():
    with pytest.raises(UnknownFormatError, match="version 2"):
        Profile.from_json({"format": "gnomon-profile", "version": 2})
    assert issubclass(UnknownFormatError, GnomonError)


@pytest.mark.parametrize("rows_of_a_group", [2, 100])
def test_nan_in_parquet_is_found_though_its_statistics_leave_it_out(tmp_path, rows_of_a_group):
    """By the statistics DuckDB took `isnan` to be false, and `x <= 9` to be true, of every row."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from gnomon.data.profile.engine import engine
    from gnomon.data.profile.source import source_of

    values = [1.0, math.nan, 2.0, None, math.nan, 3.0]
    table = pa.table(
        {"x": values, "f": pa.array(values, pa.float32()), "s": [{"y": value} for value in values]}
    )
    path = tmp_path / "n.parquet"
    pq.write_table(table, path, row_group_size=rows_of_a_group)
    found = profile_of(path).tables[0].columns
    assert [(one.nan, one.count, one.missing) for one in found[:2]] == [(2, 3, 1)] * 2
    with engine() as opened:
        source = source_of(opened, [path], "parquet")
        for x in ("c0", "c1", "c2.y"):
            for test, count in (
                (f"isnan({x})", 2),
                (f"{x} <= 9", 3),
                (f"{x} > 9", 2),
                (f"NOT isnan({x})", 3),
            ):
                asked = f"SELECT count(*) FROM {source.relation} WHERE {test}"
                assert opened.rows(asked) == [(count,)], test
