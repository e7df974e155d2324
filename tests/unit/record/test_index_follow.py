"""Following the news: what is read again, what is not, and what happens when files are not what they were."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from gnomon.record import index_ahead, index_follow, kinds
from gnomon.record.index import Index
from gnomon.record.lines import parse_line, without_body
from tests.unit.record.made_record import MadeLog, MadeRecord, bundle

kinds.register(
    kinds.Feature(
        "leaf",
        kinds={"leaf.seen": "somebody saw it"},
        fold=lambda live: {"seen": sorted(str(entry.body.get("by")) for entry in live)},
        cells=lambda leaf, state, stats: {"seen": len(state["seen"])},
    )
)


@pytest.fixture
def record(tmp_path):
    return MadeRecord(tmp_path / "record")


@pytest.fixture
def parsed(monkeypatch):
    """Counts the lines that are parsed."""
    counted = []

    def counting(line):
        counted.append(line)
        return parse_line(line)

    for module in (index_ahead, index_follow):
        monkeypatch.setattr(module, "parse_line", counting)
    return counted


def leaves(number: int, *names: str) -> MadeLog:
    log = MadeLog(number)
    for name in names:
        log.add("leaf.seen", "leaf:a", {"by": name})
    return log


def seen(index: Index) -> list[str]:
    index.update()
    return index.state("leaf", "a")["seen"]


def fresh(record: MadeRecord) -> bytes:
    """What an index says that is built from nothing."""
    other = Index(record.home)
    other._keeper._fill_memory(None)
    return other.export()


# ---------------------------------------------------------------- cost by news


def test_an_update_without_news_parses_nothing(record, parsed):
    record.put_log(leaves(1, *"abc"))
    index = Index(record.home)
    index.update()
    assert len(parsed) == 4
    index.update()
    assert len(parsed) == 4


def test_only_the_tail_of_a_log_that_grew_is_parsed(record, parsed):
    log = leaves(1, *"abc")
    record.put_log(log)
    Index(record.home).update()
    parsed.clear()
    log.add("leaf.seen", "leaf:a", {"by": "d"})
    record.put_log(log)
    assert seen(Index(record.home)) == list("abcd")
    assert parsed == [log.lines[4].rstrip(b"\n")]


def test_a_bundle_of_known_logs_costs_two_lines_a_log(record, parsed):
    logs = [leaves(number, *"abcdefgh") for number in range(1, 6)]
    for log in logs:
        record.put_log(log)
    index = Index(record.home)
    index.update()
    generation = index.generation
    before = index.export()
    parsed.clear()
    record.put(*bundle(*logs))
    for log in logs:
        record.remove(log.path)
    index.update()
    assert len(parsed) == 2 * len(logs)
    assert index.export() == before
    assert index.generation != generation
    index.update()
    assert len(parsed) == 2 * len(logs)


def test_a_bundle_that_holds_more_of_a_log_than_was_known_gives_the_rest(record, parsed):
    log = leaves(1, *"abcd")
    record.put(log.path, b"".join(log.lines[:3]))
    index = Index(record.home)
    assert seen(index) == ["a", "b"]
    record.put(*bundle(log))
    record.remove(log.path)
    assert seen(index) == list("abcd")
    assert index.export() == fresh(record)


def test_a_bundle_that_does_not_match_its_name_is_read_line_by_line(record, parsed):
    """Its last line of the log is right, a line in between is damaged: the shortcut would hide that."""
    log = leaves(1, *"abcd")
    record.put_log(log)
    index = Index(record.home)
    index.update()
    path, data = bundle(log)
    record.put(path, data.replace(b'"by":"b"', b'"by":"x"'))
    record.remove(log.path)
    assert seen(index) == list("acd")
    assert any("does not match its commitment" in problem.what for problem in index.problems())


def test_a_bundle_with_another_history_of_a_known_log_is_read(record):
    """The same log id, the same first line, the same length; only the last line differs."""
    log = leaves(1, "a", "b")
    other = log.fork()
    log.add("leaf.seen", "leaf:a", {"by": "c"})
    other.add("leaf.seen", "leaf:a", {"by": "d"})
    assert len(log.data) == len(other.data)
    record.put_log(log)
    index = Index(record.home)
    assert seen(index) == list("abc")
    record.put(*bundle(other))
    assert seen(index) == list("abcd")


# ---------------------------------------------------------------- files that are not what they were


def test_one_of_two_histories_goes(record):
    """Both have three entries; that the other is there does not make up for the one that is gone."""
    log = leaves(1, "a", "b")
    other = log.fork()
    log.add("leaf.seen", "leaf:a", {"by": "c"})
    other.add("leaf.seen", "leaf:a", {"by": "d"})
    record.put_log(log)
    record.put("log/" + "e" * 32 + "/copy.jsonl", other.data)
    index = Index(record.home)
    assert seen(index) == list("abcd")
    record.remove(log.path)
    assert seen(index) == list("abd")


def test_a_file_that_goes_takes_along_what_nobody_else_has(record):
    record.put_log(leaves(1, "a"))
    record.put_log(leaves(2, "b"))
    index = Index(record.home)
    assert seen(index) == ["a", "b"]
    record.remove(leaves(2).path)
    assert seen(index) == ["a"]
    assert index.export() == fresh(record)


def test_a_file_changed_in_place_is_read_again(record):
    log = leaves(1, "a", "b", "c")
    path = record.put_log(log)
    index = Index(record.home)
    assert seen(index) == list("abc")
    inode, size = path.stat().st_ino, path.stat().st_size
    other = leaves(1, "a", "x", "c")
    path.write_bytes(other.data)
    os.utime(path, ns=(1, 1))
    assert (path.stat().st_ino, path.stat().st_size) == (inode, size)
    assert seen(index) == list("acx")


def test_a_file_that_was_only_touched_changes_nothing(record, parsed):
    path = record.put_log(leaves(1, *"abc"))
    index = Index(record.home)
    index.update()
    before = index.export()
    os.utime(path, ns=(1, 1))
    index.update()
    assert index.export() == before
    count = len(parsed)
    index.update()
    assert len(parsed) == count, "it is known as it is now"


def test_a_file_that_was_replaced_by_a_longer_one_is_read_from_its_start(record):
    """Bodies moved from one line to another of the same length: the last line that was read stands where it stood."""
    log = leaves(1, "a", "b", "c", "d")
    first = [log.lines[0], log.lines[1], without_body(log.lines[2]), log.lines[3]]
    record.put(log.path, b"".join(first))
    index = Index(record.home)
    assert seen(index) == ["None", "a", "c"]
    then = [log.lines[0], without_body(log.lines[1]), *log.lines[2:]]
    assert b"".join(then).startswith(b"".join(then)[: len(b"".join(first))])
    assert b"".join(then)[: len(b"".join(first))].endswith(log.lines[3])
    record.put(log.path, b"".join(then))
    assert seen(index) == ["None", "b", "c", "d"]


def test_a_log_that_was_cut_back_and_went_on_is_followed(record):
    """A writer that could not write a whole line cuts it off again and goes on."""
    log = leaves(1, "a", "b")
    path = record.put(log.path, b"".join(log.lines[:2]) + b'{"entry":"0123')
    index = Index(record.home)
    assert seen(index) == ["a"]
    path.write_bytes(b"".join(log.lines[:2]))
    assert seen(index) == ["a"]
    with path.open("ab") as file:
        file.write(log.lines[2])
    assert seen(index) == ["a", "b"]


def test_a_file_that_vanishes_while_it_is_read_is_found_in_its_bundle(record, monkeypatch):
    logs = [leaves(1, "a"), leaves(2, "b")]
    for log in logs:
        record.put_log(log)
    index = Index(record.home)
    real = index_follow.LineFile

    def bundling_just_now(env, path):
        if path.endswith(logs[1].path[-20:]) and os.path.exists(path):
            record.put(*bundle(*logs))
            for log in logs:
                record.remove(log.path)
        return real(env, path)

    monkeypatch.setattr(index_follow, "LineFile", bundling_just_now)
    assert seen(index) == ["a", "b"]
    assert index.export() == fresh(record)


def test_temporary_and_foreign_files_are_not_read(record):
    log = leaves(1, "a")
    record.put_log(log)
    folder = Path(record.home.path) / "log" / log.writer
    (folder / ".x.jsonl").write_bytes(leaves(2, "b").data)
    (folder / "x.jsonl.tmp").write_bytes(leaves(3, "c").data)
    os.symlink(folder / ".x.jsonl", folder / "link.jsonl")
    index = Index(record.home)
    assert seen(index) == ["a"]
    assert index.problems() == []


def test_an_entry_after_a_damaged_line_is_not_counted_again_when_the_good_copy_comes(record):
    """It is known by its hash first and by its place then; between the two somebody covered it."""
    log = leaves(1, "a", "b", "c")
    record.put(log.path, b"".join(log.lines[:2]) + b"damaged\n" + log.lines[3])
    index = Index(record.home)
    assert seen(index) == ["a", "c"]
    other = MadeLog(2)
    other.add("leaf.unseen", "leaf:a", {"by": "nobody"}, over=[json.loads(log.lines[3])["entry"]])
    record.put_log(other)
    assert seen(index) == ["a", "nobody"]
    record.put("log/" + "e" * 32 + "/copy.jsonl", log.data)
    assert seen(index) == ["a", "b", "nobody"]


def test_a_gap_is_a_gap_also_after_an_earlier_one_was_closed(record):
    log = leaves(1, *"abcde")
    record.put(log.path, b"".join(log.lines[:2]) + b"damaged\n" + log.lines[3])
    Index(record.home).update()
    record.put(log.path, b"".join(log.lines[:4]))
    Index(record.home).update()
    record.put(log.path, b"".join(log.lines[:4]) + b"damaged\n" + log.lines[5])
    index = Index(record.home)
    assert seen(index) == list("abce")
    assert [problem.what for problem in index.problems() if problem.where.startswith("log ")] == [
        "entry 4 is missing or damaged; 1 entries after it are used"
    ]


def test_a_file_overwritten_in_place_by_another_history_is_read_from_its_start(record):
    """The same inode, and longer: it looks as if it had grown."""
    log = leaves(1, "a", "b")
    path = record.put_log(log)
    index = Index(record.home)
    assert seen(index) == ["a", "b"]
    inode = path.stat().st_ino
    path.write_bytes(leaves(1, "x", "y", "z").data)
    assert path.stat().st_ino == inode
    assert seen(index) == list("xyz")


def test_a_longer_copy_of_another_history_does_not_make_up_for_one_that_is_gone(record):
    log = leaves(1, "a", "b")
    other = log.fork()
    log.add("leaf.seen", "leaf:a", {"by": "c"})
    for name in "de":
        other.add("leaf.seen", "leaf:a", {"by": name})
    record.put_log(log)
    index = Index(record.home)
    index.update()
    record.put("log/" + "e" * 32 + "/copy.jsonl", other.data)
    assert seen(index) == list("abcde")
    record.remove(log.path)
    assert seen(index) == list("abde")


def test_a_history_that_leaves_early_does_not_join_the_chain_of_the_other(record):
    log = leaves(1, "o")
    other = log.fork()
    log.add("leaf.seen", "leaf:a", {"by": "a"})
    for name in "xy":
        other.add("leaf.seen", "leaf:a", {"by": name})
    record.put_log(log)
    index = Index(record.home)
    index.update()
    record.put("log/" + "e" * 32 + "/copy.jsonl", other.data)
    assert seen(index) == list("aoxy")
    record.remove(log.path)
    assert seen(index) == list("oxy")


def test_a_file_that_mixes_two_histories_proves_nothing(record):
    log = leaves(1, "o")
    other = log.fork()
    log.add("leaf.seen", "leaf:a", {"by": "a"})
    for name in "xy":
        other.add("leaf.seen", "leaf:a", {"by": name})
    record.put_log(other)
    index = Index(record.home)
    assert seen(index) == list("oxy")
    record.put("log/" + "e" * 32 + "/mixed.jsonl", log.data + other.lines[3])
    assert seen(index) == list("aoxy")
    record.remove(other.path)
    assert seen(index) == list("aoy")
    record.put_log(log)
    assert seen(index) == list("aoy")
    record.remove("log/" + "e" * 32 + "/mixed.jsonl")
    assert seen(index) == list("ao")


# ---------------------------------------------------------------- much news


def test_an_update_that_is_interrupted_goes_on_where_it_was(record, monkeypatch, parsed):
    monkeypatch.setattr(index_follow, "BATCH_BYTES", 4_000)
    logs = [leaves(number, *"abcdefgh") for number in range(1, 9)]
    for log in logs:
        record.put_log(log)
    told: list[tuple[int, int]] = []

    def interrupt(done: int, total: int) -> None:
        told.append((done, total))
        if done > total / 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("gnomon.record.index_keeper._PROGRESS_EVERY_S", -1)
    with pytest.raises(KeyboardInterrupt):
        Index(record.home).update(interrupt)
    assert told[-1][1] == sum(len(log.data) for log in logs)
    first_time = len(parsed)
    index = Index(record.home)
    index.update()
    assert first_time < 64
    assert len(parsed) - first_time < 64, "what was committed is not read again"
    assert index.export() == fresh(record)


def test_batches_make_no_difference(record, monkeypatch, tmp_path):
    """Entries of one subject that come in different batches, covers and bodies among them."""
    monkeypatch.setattr(index_follow, "BATCH_BYTES", 1)
    logs = [leaves(number, "a", "b", "c") for number in range(1, 6)]
    covered = json.loads(logs[4].lines[1])["entry"]
    logs[0].add("leaf.seen", "leaf:a", {"by": "z"}, over=[covered])
    for log in logs:
        record.put_log(log)
    record.put("log/" + "9" * 32 + "/bare.jsonl", b"".join(map(without_body, logs[3].lines)))
    index = Index(record.home)
    index.update()
    monkeypatch.setattr(index_follow, "BATCH_BYTES", 1 << 30)
    assert index.export() == fresh(record)


def test_an_update_that_is_interrupted_while_a_file_is_replaced_forgets_nothing(record, monkeypatch):
    """What the old file held must be compared before the index forgets that there was such a file."""
    record.put_log(leaves(1, "old"))
    index = Index(record.home)
    assert seen(index) == ["old"]
    index.close()
    record.put(leaves(1).path, leaves(1, "new").data)
    for number in range(2, 9):
        record.put_log(leaves(number, str(number)))
    monkeypatch.setattr(index_follow, "BATCH_BYTES", 1)
    monkeypatch.setattr("gnomon.record.index_keeper._PROGRESS_EVERY_S", -1)

    def interrupt(done: int, total: int) -> None:
        if done > total / 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Index(record.home).update(interrupt)
    assert seen(Index(record.home)) == ["2", "3", "4", "5", "6", "7", "8", "new"]
