"""Questions to the index: subjects, short ids, tables, search, what is wrong."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from gnomon.errors import AmbiguousIdError, UnknownSubjectError
from gnomon.record import kinds
from gnomon.record.fold import register
from gnomon.record.home import open_home
from gnomon.record.index import Index
from tests.unit.record.made_record import CacheEnv, MadeLog, MadeRecord


def fold_shelf(live):
    found = {}
    for entry in live:
        found.update(entry.body.get("cells", {}))
    names = register(live, "shelf.named", "name")
    return {"cells": found, "name": names.value}


kinds.register(
    kinds.Feature(
        "shelf",
        kinds={"shelf.filled": "something was put on it", "shelf.named": "it got a name"},
        fold=fold_shelf,
        cells=lambda shelf, state, stats: state["cells"],
        texts=lambda state: [("name", state["name"])] if state["name"] else [],
    )
)


@pytest.fixture
def record(tmp_path):
    return MadeRecord(tmp_path / "record")


def filled(record: MadeRecord, rows: dict[str, dict], number: int = 1) -> MadeLog:
    log = MadeLog(number)
    for shelf, cells in rows.items():
        log.add("shelf.filled", f"shelf:{shelf}", {"cells": cells})
    record.put_log(log)
    return log


# ---------------------------------------------------------------- subjects


def test_an_empty_record_has_no_answers_and_no_problems(record):
    index = Index(record.home)
    assert index.types() == index.subjects("shelf") == index.keys("shelf") == index.problems() == []
    assert index.columns("shelf", ["a"]) == {"a": []}
    assert index.search("anything") == []
    assert index.export() == b""


def test_a_short_id_is_resolved_as_in_git(record):
    filled(record, {"aa01": {}, "aa0133": {}, "ab": {}, "b": {}})
    index = Index(record.home)
    assert index.resolve("shelf", "b") == "b"
    assert index.resolve("shelf", "ab") == "ab"
    assert index.resolve("shelf", "aa01") == "aa01", (
        "an id that is whole counts, though another one begins with it"
    )
    with pytest.raises(AmbiguousIdError, match=r"several ids begin with `a`: aa01, aa0133, ab \(GN104\)"):
        index.resolve("shelf", "a")
    with pytest.raises(UnknownSubjectError, match="no shelf has an id that begins with `zz`"):
        index.resolve("shelf", "zz")
    with pytest.raises(UnknownSubjectError):
        index.resolve("shelf", "")
    with pytest.raises(UnknownSubjectError):
        index.resolve("shelf", "\ud800%_'\"")


def test_a_subject_that_nobody_named_is_an_error(record):
    filled(record, {"a": {}})
    with pytest.raises(UnknownSubjectError, match="there is no shelf `b` in this replica"):
        Index(record.home).state("shelf", "b")


def test_states_and_live_entries(record):
    log = filled(record, {"a": {"x": 1}})
    log.add("shelf.named", "shelf:a", {"name": "top"})
    record.put_log(log)
    index = Index(record.home)
    assert index.state("shelf", "a") == {"cells": {"x": 1}, "name": "top"}
    assert dict(index.states("shelf")) == {"a": index.state("shelf", "a")}
    assert [(entry.kind, entry.seq, entry.log) for entry in index.live("shelf", "a")] == [
        ("shelf.filled", 1, log.id),
        ("shelf.named", 2, log.id),
    ]


def test_the_generation_changes_with_the_answers_and_only_then(record):
    log = filled(record, {"a": {}})
    index = Index(record.home)
    before = index.generation
    index.update()
    assert index.generation == before
    log.add("shelf.filled", "shelf:b", {})
    record.put_log(log)
    index.update()
    assert index.generation != before


# ---------------------------------------------------------------- tables


def test_cells_come_back_as_they_were(record):
    odd = {
        "true": True, "one": 1, "float": 1.0, "big": 2**200, "small": -(2**70), "text": "a\x00é😀", "empty": "",
        "nan": math.nan, "inf": -math.inf, "zero": -0.0, "tiny": 5e-324, "list": [1, 2.5, "x", None], "none": None,
    }  # fmt: skip
    filled(record, {"a": odd, "b": {"nested": {"k": [1]}, "half": "\udcff"}})
    index = Index(record.home)
    for name, value in odd.items():
        assert repr(index.columns("shelf", [name])[name][0]) == repr(value), name
    assert index.columns("shelf", ["nested", "half"], [1]) == {"nested": ['{"k":[1]}'], "half": ["\\udcff"]}
    assert "none" not in index.keys("shelf")


def test_a_very_long_text_is_cut_in_tables_only(record):
    filled(record, {"a": {"x": "y" * 1_000_000}})
    index = Index(record.home)
    (cell,) = index.columns("shelf", ["x"])["x"]
    assert (len(cell), cell[-2:]) == (4096, "y…")
    assert len(index.state("shelf", "a")["cells"]["x"]) == 1_000_000


@pytest.mark.slow
def test_a_table_over_several_chunks_keeps_every_cell_in_its_place(record):
    rows = {f"{n:06x}": {"n": n} | ({"rare": n} if n % 997 == 0 else {}) for n in range(2_500)}
    filled(record, rows)
    index = Index(record.home)
    places = {shelf: place for place, shelf in enumerate(index.subjects("shelf"))}
    table = index.columns("shelf", ["", "n", "rare", "no such column"])
    assert len(places) == 2_500
    assert [int(shelf, 16) for shelf in table[""]] == table["n"]
    assert table["rare"] == [n if n % 997 == 0 else None for n in table["n"]]
    assert table["no such column"] == [None] * 2_500
    some = [places["0003e5"], 0, 2_499, places["0003e5"]]
    assert index.columns("shelf", ["n", "rare"], some) == {
        "n": [997, table["n"][0], table["n"][2_499], 997],
        "rare": [997, table["rare"][0], None, 997],
    }


def test_a_cell_that_is_gone_is_empty_and_its_column_too(record):
    log = MadeLog(1)
    first = log.add("shelf.filled", "shelf:a", {"cells": {"old": 1, "kept": 1}})
    record.put_log(log)
    index = Index(record.home)
    assert index.keys("shelf") == ["kept", "old"]
    log.add("shelf.filled", "shelf:a", {"cells": {"kept": 1}}, over=[first])
    record.put_log(log)
    index.update()
    assert index.keys("shelf") == ["kept"]
    assert index.columns("shelf", ["old", "kept"]) == {"old": [None], "kept": [1]}


def test_one_becomes_true_and_one_point_zero(record):
    """Equal values of other types are other cells."""
    log = MadeLog(1)
    index = Index(record.home)
    before: list[str] = []
    for value in (1, True, 1.0, 0.0, -0.0):
        before = [log.add("shelf.filled", "shelf:a", {"cells": {"x": value}}, over=before)]
        record.put_log(log)
        index.update()
        assert repr(index.columns("shelf", ["x"])["x"]) == repr([value])


@pytest.mark.slow
def test_ten_thousand_columns_of_one_subject(record):
    filled(record, {"wide": {f"metric {n}": float(n) for n in range(10_000)}, "narrow": {"metric 3": 1.0}})
    index = Index(record.home)
    assert len(index.keys("shelf")) == 10_000
    assert sorted(index.columns("shelf", ["metric 3"])["metric 3"]) == [1.0, 3.0]


def test_a_fold_that_raises_costs_its_subject_only_and_is_told(record):
    filled(record, {"good": {"x": 1}})
    log = MadeLog(2)
    log.add("shelf.filled", "shelf:bad", b'{"cells":[1]}')
    record.put_log(log)
    index = Index(record.home)
    assert sorted(index.columns("shelf", ["x"])["x"], key=str) == [1, None]
    (problem,) = index.problems()
    assert problem.what.startswith("shelf:bad cannot be folded: ")
    log.add("shelf.named", "shelf:bad", {"name": "better"}, over=[json.loads(log.lines[1])["entry"]])
    record.put_log(log)
    index.update()
    assert index.problems() == []
    assert index.search("better") == [("shelf", "bad", "name", "better")]


# ---------------------------------------------------------------- search


@pytest.fixture
def library(record):
    log = MadeLog(1)
    for shelf, name in (
        ("a", "Größe of the Café"),
        ("b", "cafe latte"),
        ("c", "the size of coffee"),
        ("d", "latte 3.5e-4"),
    ):
        log.add("shelf.named", f"shelf:{shelf}", {"name": name})
    record.put_log(log)
    return Index(record.home)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("cafe", "ab"), ("CAFÉ", "ab"), ("caf*", "ab"), ("caf", ""), ("the of", "ac"), ("latte 3.5e-4", "d"), ("grosse", ""),
        ("große", "a"), ("größe", "a"), ("", ""), ("  ", ""), ("--", ""), ("latte OR size", ""), ('la"tte', ""), ("NEAR(the", ""),
        ("*", ""), ("(latte) *", "bd"), ("field:latte", ""), ("\ud800", ""), ("latte -size", ""),
    ],
)  # fmt: skip
def test_search_knows_words_and_beginnings_and_no_other_syntax(library, words, found):
    assert sorted(shelf for _, shelf, _, _ in library.search(words)) == list(found)


def test_search_is_limited_and_by_type(library):
    assert len(library.search("latte", limit=1)) == 1
    assert len(library.search("latte", type_name="shelf")) == 2
    assert library.search("latte", type_name="no such type") == []


# ---------------------------------------------------------------- what is wrong


def test_a_damaged_line_costs_itself_only_and_is_named(record):
    log = filled(record, {"a": {"x": 1}, "b": {"x": 2}, "c": {"x": 3}})
    data = bytearray(log.data)
    data[len(log.lines[0]) + len(log.lines[1]) + 200] ^= 1
    path = record.put(log.path, bytes(data))
    index = Index(record.home)
    assert sorted(index.columns("shelf", ["x"])["x"]) == [1, 3]
    damaged, gap = index.problems()
    assert (damaged.file, damaged.where) == (log.path, f"byte {len(log.lines[0]) + len(log.lines[1])}")
    assert gap.where == f"log {log.id}"
    assert gap.what == "entry 2 is missing or damaged; 1 entries after it are used"
    path.write_bytes(log.data)
    index.update()
    assert index.problems() == []
    assert sorted(index.columns("shelf", ["x"])["x"]) == [1, 2, 3]


def test_very_much_damage_is_counted_not_listed(record):
    record.put("log/" + "0" * 32 + "/x.jsonl", b"{}\n" * 5_000)
    problems = Index(record.home).problems()
    assert len(problems) == 21
    assert problems[0].what == "4980 more lines are damaged"


def test_two_histories_under_one_log_id_both_count_and_are_told(record):
    log = filled(record, {"a": {"x": 1}})
    other = log.fork()
    log.add("shelf.filled", "shelf:b", {"cells": {"x": 2}})
    other.add("shelf.filled", "shelf:c", {"cells": {"x": 3}})
    record.put_log(log)
    record.put("log/" + "f" * 32 + "/copy.jsonl", other.data)
    index = Index(record.home)
    assert sorted(index.columns("shelf", ["x"])["x"]) == [1, 2, 3]
    (problem,) = index.problems()
    assert problem.where == f"log {log.id}"
    assert problem.what.startswith("two histories under one log id")


def test_a_newer_entry_format_is_named_and_left_out(record):
    log = filled(record, {"a": {"x": 1}})
    line = log.lines[0].replace(b'"v":1', b'"v":7')
    record.put("log/" + "0" * 32 + "/new.jsonl", _renamed(line))
    (problem,) = Index(record.home).problems()
    assert "has format version 7; this Gnomon reads version 1" in problem.what


def _renamed(line: bytes) -> bytes:
    from gnomon.record.hashing import derive_hex

    head = line[83 : line.index(b"}") + 1]
    return b'{"entry":"' + derive_hex("entry", head).encode() + line[74:]


def test_a_file_that_cannot_be_read_costs_itself_only_and_is_tried_again(record):
    class NoRights(CacheEnv):
        may_read = False

        def open_read(self, path):
            if path.endswith(first.path) and not self.may_read:
                raise PermissionError(13, "Permission denied")
            return super().open_read(path)

    first = filled(record, {"a": {"x": 1}}, number=1)
    filled(record, {"b": {"x": 2}}, number=2)
    env = NoRights(record.env.cache_folder())
    index = Index(open_home(record.home.path, env))
    assert index.columns("shelf", ["x"]) == {"x": [2]}
    (problem,) = index.problems()
    assert (problem.file, problem.what) == (first.path, "it cannot be read: Permission denied")
    env.may_read = True
    index.update()
    assert sorted(index.columns("shelf", ["x"])["x"]) == [1, 2]
    assert index.problems() == []


def test_numbers_beyond_64_bits_in_a_head_are_damage(record):
    log = MadeLog(1)
    log.add("shelf.filled", "shelf:a", {}, time_us=2**70)
    record.put_log(log)
    index = Index(record.home)
    assert index.subjects("shelf") == []
    assert "beyond 64 bits" in index.problems()[0].what


def test_a_last_line_that_is_not_whole_is_not_there_yet(record):
    log = filled(record, {"a": {"x": 1}, "b": {"x": 2}})
    path = record.put(log.path, log.data[:-30])
    index = Index(record.home)
    assert index.columns("shelf", ["x"]) == {"x": [1]}
    assert index.problems() == []
    with path.open("ab") as file:
        file.write(log.data[-30:])
    index.update()
    assert sorted(index.columns("shelf", ["x"])["x"]) == [1, 2]


def test_a_line_that_never_ends_is_not_taken_into_memory(record, monkeypatch):
    from gnomon.record import index_lines

    monkeypatch.setattr(index_lines, "WINDOW", 1 << 10)
    monkeypatch.setattr(index_lines, "MAX_LINE_BYTES", 1 << 14)
    log = filled(record, {"a": {"x": 1}, "b": {"x": 2}})
    record.put(log.path, b"".join(log.lines[:2]) + b"x" * 100_000 + b"\n" + log.lines[2])
    index = Index(record.home)
    assert sorted(index.columns("shelf", ["x"])["x"]) == [1, 2]
    assert "longer than any entry can be" in " ".join(problem.what for problem in index.problems())
    record.put("log/" + "0" * 32 + "/endless.jsonl", b"y" * 100_000)
    index.update()
    assert sorted(index.columns("shelf", ["x"])["x"]) == [1, 2]


def test_very_many_subject_types_are_kept_and_found(record, monkeypatch):
    from gnomon.record import index_batch

    monkeypatch.setattr(index_batch, "MAX_TYPES", 5)
    log = MadeLog(1)
    for number in range(12):
        log.add("odd.thing", f"type{number:02d}:x", {"n": number})
    log.add("odd.thing", "no-colon-at-all", {})
    record.put_log(log)
    index = Index(record.home)
    assert [index.live(f"type{number:02d}", "x")[0].body["n"] for number in range(12)] == list(range(12))
    assert index.export() == Index(record.home).export()


def test_nothing_is_written_into_the_record(record):
    filled(record, {"a": {}})
    before = {path: path.stat().st_mtime_ns for path in Path(record.home.path).rglob("*")}
    index = Index(record.home)
    index.update()
    index.close()
    assert {path: path.stat().st_mtime_ns for path in Path(record.home.path).rglob("*")} == before


def test_a_column_that_has_had_no_cell_yet_keeps_its_number(record):
    log = filled(record, {"a": {"empty": None, "x": 1}})
    Index(record.home).update()
    log.add("shelf.filled", "shelf:b", {"cells": {"y": 2, "empty": 3}})
    record.put_log(log)
    index = Index(record.home)
    assert index.keys("shelf") == ["empty", "x", "y"]
    table = index.columns("shelf", ["", "empty", "x", "y"])
    assert sorted(zip(*table.values(), strict=True)) == [("a", None, 1, None), ("b", 3, None, 2)]
