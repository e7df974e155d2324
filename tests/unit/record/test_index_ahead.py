"""Reading ahead: another process parses the rest of a large file, and no answer is another one for it."""

from __future__ import annotations

import errno
import gc
import os
import sys

import psutil
import pytest

from gnomon.cli.main import main
from gnomon.env import REAL
from gnomon.record import index_ahead, index_follow, kinds
from gnomon.record import index_tables as tables
from gnomon.record.index import Index
from gnomon.record.index_ahead import _Helper
from gnomon.record.index_batch import Batch
from gnomon.record.index_lines import LineFile
from gnomon.record.index_logs import Log
from gnomon.record.lines import parse_line, without_body
from tests.unit.record.made_record import MadeLog, MadeRecord, bundle

kinds.register(
    kinds.Feature(
        "readleaf",
        kinds={"readleaf.read": "somebody read it"},
        fold=lambda live: [entry.body for entry in live],
        cells=lambda page, state, stats: {f"by.{body.get('by')}": body.get("at") for body in state},
        texts=lambda state: [("note", body["word"]) for body in state if "word" in body],
        links=lambda state: [
            kinds.Link(f"object:{body['at']:064x}", "read") for body in state if "at" in body
        ],
    )
)


@pytest.fixture
def record(tmp_path):
    made = MadeRecord(tmp_path / "record")
    made.env.is_command = True
    return made


@pytest.fixture
def frames(monkeypatch):
    """Has small files read ahead too, on any machine; holds how many lines each frame had that came."""
    counted: list[int] = []
    real = _Helper.frames

    def counting(self, first):
        for frame in real(self, first):
            counted.append(len(frame.sizes))
            yield frame

    monkeypatch.setattr(_Helper, "frames", counting)
    monkeypatch.setattr(index_ahead, "LARGE", 0)
    monkeypatch.setattr(index_ahead, "HEAD_START", 5_000)
    monkeypatch.setattr(index_ahead, "_processors", lambda: 2)
    return counted


def read_pages(number: int, count: int) -> MadeLog:
    """Return a log of 13 pages that are read again and again; every tenth reading covers the one of that page before."""
    log = MadeLog(number)
    before: dict[str, str] = {}
    for at in range(count):
        page = f"readleaf:{at * at % 61 // 5 * 5:03}"
        over = [before[page]] if at % 10 == 9 and page in before else []
        before[page] = log.add(
            "readleaf.read", page, {"by": at % 7, "at": at, "word": f"word{at}"}, over=over
        )
    return log


def large_file(log: MadeLog) -> bytes:
    """Return the lines of a log with all that can be wrong with them: the same file for the same log."""
    lines = list(log.lines)
    lines[70] = without_body(lines[70])
    lines[90] = lines[90].replace(b'"by"', b'"BY"')
    lines[900] = b"\xff\xfe not an entry\n"
    lines[901] = b"\n"
    lines[-1] = lines[-1][:-20]
    return b"".join(lines)


def found(index: Index) -> tuple[object, ...]:
    index.update()
    words = index.search("word*", limit=1_000)
    return index.export(), index.problems(), sorted(words), index.keys("readleaf")


def alone(record: MadeRecord) -> tuple[object, ...]:
    """Return what an index says that one process builds from nothing."""
    other = MadeRecord(record.folder / "alone")
    for path, _ in record.home.log_files():
        other.put(path, (record.folder / ".gnomon" / path).read_bytes())
    return found(Index(other.home))


def children() -> set[int]:
    """Return the processes that this one started and that are not gone: also servers of other tests."""
    return {one.pid for one in psutil.Process().children()}


@pytest.fixture(autouse=True)
def no_child_is_left():
    """What a test starts is over when it ends."""
    before = children()
    yield
    assert children() <= before


@pytest.mark.slow
def test_what_another_process_reads_is_what_one_process_reads(record, frames):
    log = read_pages(1, 1_600)
    record.put(log.path, large_file(log))
    assert found(Index(record.home)) == alone(record)
    assert len(frames) > 2 and sum(frames) > 1_500


@pytest.mark.slow
def test_subjects_that_were_written_while_it_reads_and_are_touched_again_are_right(
    record, frames, monkeypatch
):
    """Their texts and links must not stand there twice, nor stay where an entry was covered."""
    monkeypatch.setattr(index_follow, "QUIET_BYTES", 2_000)
    log = read_pages(1, 800)
    record.put_log(log)
    index = Index(record.home)
    assert found(index) == alone(record)
    assert sum(frames) > 700
    uncovered = 800 - sum(b'"over":["' in line for line in log.lines)
    (counts,) = index.ask(
        lambda database: database.execute(
            "SELECT (SELECT count(*) FROM main.words), (SELECT count(*) FROM main.link)"
        ).fetchall()
    )
    assert counts == (uncovered, uncovered)


@pytest.mark.slow
def test_where_another_process_holds_the_index_what_lies_over_it_is_right_too(record, frames, monkeypatch):
    monkeypatch.setattr(index_follow, "QUIET_BYTES", 2_000)
    record.put_log(read_pages(1, 20))
    Index(record.home).update()
    (folder,) = (record.folder / "cache").iterdir()
    record.put_log(read_pages(2, 800))
    with record.env.held_lock(str(folder / "lock")) as is_ours:
        index = Index(record.home)
        over_it = found(index)
        assert is_ours and index._keeper.overlay is not None
    assert over_it == alone(record)
    assert sum(frames) > 700


def test_what_is_touched_between_two_parts_of_a_batch_keeps_its_entries(record):
    log = read_pages(1, 1)
    batch = Batch(tables.open_memory(tables.LAYERED), "main", lambda: lambda _: {})
    entry = parse_line(log.lines[1])
    batch.add(entry, entry.digest)
    batch.flush_quiet()
    batch.touch(entry.subject)
    assert len(batch) == 1
    batch.flush_quiet()
    assert len(batch) == 0


@pytest.mark.slow
def test_a_bundle_whose_logs_are_known_is_stepped_over(record, frames, monkeypatch):
    admitted: list[str] = []
    real = Log.admit

    def admit(self, entry, digest, line_bytes):
        admitted.append(entry.log)
        return real(self, entry, digest, line_bytes)

    logs = [read_pages(number, 60) for number in range(1, 20)]
    for log in logs:
        record.put_log(log)
    index = Index(record.home)
    index.update()
    frames.clear()
    monkeypatch.setattr(Log, "admit", admit)
    new = MadeLog(99)
    record.put(*bundle(*logs, new))
    index.update()
    assert frames and admitted == [new.id]
    assert found(index) == alone(record)


@pytest.mark.slow
def test_the_tail_of_a_file_that_was_read_ahead_is_read_from_where_it_ended(record, frames):
    log = read_pages(1, 500)
    record.put_log(log)
    index = Index(record.home)
    index.update()
    frames.clear()
    log.add("readleaf.read", "readleaf:000", {"by": 1, "at": 5_000})
    record.put_log(log)
    assert found(index) == alone(record)
    assert frames == []


@pytest.mark.slow
@pytest.mark.parametrize("after", [0, 1, 2])
def test_where_the_other_process_ends_early_the_rest_is_read_here(record, frames, monkeypatch, after):
    """Killed by the system for its memory, say: after its first word, or in the middle of the file."""
    real, received = _Helper._received, []

    def dying(self):
        received.append(real(self))
        if len(received) > after:
            return b""
        return received[-1]

    monkeypatch.setattr(_Helper, "_received", dying)
    log = read_pages(1, 1_600)
    record.put(log.path, large_file(log))
    assert found(Index(record.home)) == alone(record)
    assert len(frames) == max(0, after - 1)


@pytest.mark.parametrize("sent", [b"\xc1", b"\x94\x00\x90\x90\x80", b"\x94\x01\x91\x05\x90\x80"])
def test_frames_that_nobody_asked_for_are_not_used(record, frames, monkeypatch, sent):
    answers = iter([index_ahead._origin(), sent])
    monkeypatch.setattr(_Helper, "_received", lambda self: next(answers, b""))
    log = read_pages(1, 60)
    record.put_log(log)
    assert found(Index(record.home)) == alone(record)
    assert frames == []


def test_another_gnomon_that_the_other_process_found_is_not_believed(record, frames, monkeypatch):
    monkeypatch.setattr(index_ahead, "_origin", lambda: b"of another version")
    record.put_log(read_pages(1, 60))
    assert found(Index(record.home)) == alone(record)
    assert frames == []


def test_where_no_process_can_be_started_one_reads_all(record, frames, monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python"))
    record.put_log(read_pages(1, 60))
    assert found(Index(record.home)) == alone(record)
    assert frames == []


def test_where_too_many_files_are_open_one_process_reads_all(record, frames, monkeypatch):
    def refused():
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(os, "pipe", refused)
    record.put_log(read_pages(1, 60))
    assert found(Index(record.home)) == alone(record)
    assert frames == []


@pytest.mark.slow
def test_the_other_process_ends_where_nobody_reads_what_it_sends(record):
    """So it does not outlive a command that is killed."""
    path = record.put_log(read_pages(1, 1_600))
    with LineFile(record.env, str(path)) as lines:
        helper = _Helper.started(lines, 0)
    helper._output.close()
    _, status = os.waitpid(helper._process, 0)
    assert os.waitstatus_to_exitcode(status) == 1


@pytest.mark.slow
def test_an_update_that_is_interrupted_ends_the_other_process(record, frames, monkeypatch):
    monkeypatch.setattr(index_follow, "BATCH_BYTES", 30_000)
    monkeypatch.setattr("gnomon.record.index_keeper._PROGRESS_EVERY_S", -1)
    log = read_pages(1, 1_600)
    record.put_log(log)

    def interrupt(done: int, total: int) -> None:
        if frames:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Index(record.home).update(interrupt)
    assert found(Index(record.home)) == alone(record)


def test_only_a_command_starts_another_process(record, frames, monkeypatch):
    """A program that uses the library may be a training: what it runs is its own choice."""
    record.env.is_command = False
    monkeypatch.setattr(_Helper, "started", None)
    record.put_log(read_pages(1, 60))
    Index(record.home).update()
    record.env.is_command = True
    monkeypatch.setattr(index_ahead, "_processors", lambda: 1)
    record.put_log(read_pages(2, 60))
    Index(record.home).update()


def test_the_command_line_of_a_process_is_a_command_and_a_call_of_it_is_none(monkeypatch, capsys):
    was = gc.get_threshold()
    monkeypatch.setattr(REAL, "is_command", False, raising=False)
    try:
        main(["--version"])
        assert not REAL.is_command
        monkeypatch.setattr(sys, "argv", ["gnomon", "--version"])
        main()
        assert REAL.is_command
    finally:
        gc.set_threshold(*was)
    assert capsys.readouterr().out
