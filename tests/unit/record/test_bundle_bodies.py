"""Bundles of which one lacks bodies that the other has: joined, each entry keeps its body, and open ones stay apart."""

from __future__ import annotations

import os

from gnomon.env import REAL
from gnomon.record.bundle import BUNDLES_TO_MERGE, bundle_small_files
from gnomon.record.files import write_named_by_hash
from gnomon.record.home import BUNDLE_SUFFIX, OPEN_BUNDLE_SUFFIX
from gnomon.record.lines import without_body
from gnomon.runs.liveness import INTERRUPTED, UNKNOWN, liveness
from tests.unit.record.made_record import MadeLog, MadeRecord


def log_of(number: int) -> MadeLog:
    log = MadeLog(number)
    for text in "abc":
        log.add("plant.named", f"plant:{number}", {"name": text})
    return log


def write(record, lines, suffix=BUNDLE_SUFFIX) -> str:
    return write_named_by_hash(REAL, record.home.folder("log", "0" * 32), "bundle", suffix, lines)


def test_joined_bundles_hold_every_body_that_one_of_them_has(tmp_path):
    record = MadeRecord(tmp_path)
    log = log_of(1)
    first, second, third, fourth = log.lines
    write(record, [first, without_body(second), third, without_body(fourth)])
    write(record, [first, second, without_body(third)])
    for number in range(2, BUNDLES_TO_MERGE):
        write(record, log_of(number).lines)
    opened = write(record, [first, second], OPEN_BUNDLE_SUFFIX)
    gone = bundle_small_files(record.home, "0" * 32)
    assert len(gone) == BUNDLES_TO_MERGE
    assert os.path.exists(opened)
    paths = [path for path, _ in record.home.log_files() if not path.endswith(OPEN_BUNDLE_SUFFIX)]
    [joined] = [REAL.read_file(os.path.join(record.home.path, path)) for path in paths]
    assert (first + second + third + without_body(fourth)) in joined


def test_two_histories_are_not_joined(tmp_path):
    record = MadeRecord(tmp_path)
    log = log_of(1)
    fork = MadeLog(1)
    fork.add("plant.named", "plant:1", {"name": "other"})
    write(record, log.lines)
    write(record, fork.lines)
    for number in range(2, BUNDLES_TO_MERGE):
        write(record, log_of(number).lines)
    assert bundle_small_files(record.home, "0" * 32) == []


def test_a_process_whose_log_was_copied_while_it_ran_is_not_said_to_be_dead(tmp_path):
    record = MadeRecord(tmp_path)
    live, over = log_of(1), log_of(2)
    write(record, live.lines, OPEN_BUNDLE_SUFFIX)
    write(record, over.lines)
    assert liveness(record.home, live.writer, live.id) == UNKNOWN
    assert liveness(record.home, over.writer, over.id) == INTERRUPTED
