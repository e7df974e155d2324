"""Merge laws: the index's answers are a function of the set of entries that the files hold, and of nothing else.

Not of the order in which files came, of how lines are grouped into logs and bundles, of repetition, nor of what the index
held before, or whether somebody deleted, damaged or swapped it. The model below reads all files and folds them at once,
in thirty lines; the index must always agree with it.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from thorough import examples

from gnomon.errors import GnomonError
from gnomon.record import kinds
from gnomon.record.fold import observed, register, uncovered
from gnomon.record.index import Index
from gnomon.record.lines import parse_line, without_body
from tests.property.laws import in_folder
from tests.unit.record.made_record import MadeLog, MadeRecord, bundle

pytestmark = pytest.mark.slow

SUBJECTS = ("plant:a1", "plant:a2", "plant:b", "stone:x")
quick = settings(
    phases=[Phase.generate, Phase.shrink],
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)


def fold_plant(live):
    names = register(live, "plant.named", "name")
    return {
        "names": list(names.values),
        "tags": observed(live, "plant.tagged", "tag"),
        "heads": list(names.hashes),
    }


def plant_cells(plant, state, stats):
    return {"id": plant, "name": state["names"][-1] if state["names"] else None, "tags": len(state["tags"])}


PLANT = kinds.register(
    kinds.Feature(
        "plant",
        kinds={
            "plant.named": "it got a name",
            "plant.tagged": "it got a tag",
            "plant.untagged": "tags were taken",
        },
        fold=fold_plant,
        cells=plant_cells,
        texts=lambda state: [("name", name) for name in state["names"]],
    )
)


@st.composite
def histories(draw) -> list[MadeLog]:
    """A few logs whose entries cover each other across logs and, without effect, across subjects; one log may be forked."""
    logs = [
        MadeLog(number, time_us=draw(st.integers(0, 20)) * 1_000)
        for number in range(1, draw(st.integers(2, 4)) + 1)
    ]
    written: list[str] = []
    for _ in range(draw(st.integers(3, 14))):
        log = draw(st.sampled_from(logs))
        if draw(st.integers(0, 9)) == 0 and len(logs) < 6:
            log = log.fork()
            logs.append(log)
        kind, field = draw(
            st.sampled_from([("plant.named", "name"), ("plant.tagged", "tag"), ("plant.untagged", "was")])
        )
        over = draw(st.lists(st.sampled_from(written), max_size=3, unique=True)) if written else []
        subject = draw(st.sampled_from(SUBJECTS))
        written.append(log.add(kind, subject, {field: draw(st.sampled_from("uvwxyz"))}, over=over))
    return logs


# ---------------------------------------------------------------- the model


def entries_of(record: MadeRecord) -> dict:
    """All sound entries of certified logs in all files by hash, with their body where any copy has it."""
    found = {}
    for path, _ in record.home.log_files():
        for line in (Path(record.home.path) / path).read_bytes().split(b"\n")[:-1]:
            try:
                entry = parse_line(line)
            except GnomonError:
                continue
            if entry.hash not in found or entry.has_body:
                found[entry.hash] = entry
    certified = {entry.log for entry in found.values() if entry.kind == "log.opened" and entry.has_body}
    return {entry.hash: entry for entry in found.values() if entry.log in certified}


def expected(record: MadeRecord) -> dict:
    entries = list(entries_of(record).values())
    live: dict[str, list] = {entry.subject: [] for entry in entries}
    for entry in uncovered(entries):
        live[entry.subject].append(entry)
    answers = {}
    for subject, heads in live.items():
        kind, _, name = subject.partition(":")
        state = fold_plant(heads) if kind == "plant" else None
        cells = {k: v for k, v in plant_cells(name, state, {}).items() if v is not None} if state else {}
        answers[subject] = {
            "live": [[head.hash, head.has_body] for head in heads],
            "state": state,
            "cells": cells,
        }
    return answers


def answers_of(index: Index) -> dict:
    lines = map(json.loads, index.export().splitlines())
    return {line.pop("subject"): line for line in lines}


def found_by_search(record: MadeRecord) -> set:
    """Which plants have a name `u` among those that stand."""
    return {
        subject
        for subject, answer in expected(record).items()
        if answer["state"] and "u" in answer["state"]["names"]
    }


def check(index: Index, record: MadeRecord) -> None:
    assert answers_of(index) == json.loads(json.dumps(expected(record)))
    assert {f"{kind}:{name}" for kind, name, _, _ in index.search("U")} == found_by_search(record)


# ---------------------------------------------------------------- order, grouping, repetition


@settings(quick, max_examples=examples(25))
@given(histories(), st.randoms(use_true_random=False))
def test_any_order_of_arrival_gives_the_same_answers(logs, random):
    """Whole files in any order, with an update after each, and all at once."""
    files = [(f"log/{'0' * 32}/{number:02d}.jsonl", log.data) for number, log in enumerate(logs)]
    exports = set()

    def one_by_one(record):
        index = Index(record.home)
        for path, data in random.sample(files, len(files)):
            record.put(path, data)
            index.update()
        check(index, record)
        exports.add(index.export())

    def at_once(record):
        for path, data in files:
            record.put(path, data)
        exports.add(Index(record.home).export())

    in_folder(one_by_one)
    in_folder(one_by_one)
    in_folder(at_once)
    assert len(exports) == 1


@settings(quick, max_examples=examples(25))
@given(histories(), st.randoms(use_true_random=False))
def test_lines_may_be_grouped_and_repeated_at_will(logs, random):
    """A bundle meets its parts, lines stand in several files, logs are cut into pieces that overlap."""
    exports = set()

    def grouped(record):
        index = Index(record.home)
        steps = [(log.path, log.data) for log in logs] if len({log.id for log in logs}) == len(logs) else []
        for number in range(random.randint(1, 4)):
            steps.append(bundle(*random.sample(logs, random.randint(1, len(logs))), writer=number))
        for number, log in enumerate(logs):
            cut = random.randint(0, len(log.lines))
            steps.append(
                (
                    f"log/{'1' * 32}/{number:02d}a.jsonl",
                    b"".join(log.lines[: random.randint(cut, len(log.lines))]),
                )
            )
            steps.append((f"log/{'1' * 32}/{number:02d}b.jsonl", b"".join(log.lines[cut:])))
        random.shuffle(steps)
        for path, data in steps:
            record.put(path, data)
            if random.random() < 0.5:
                index.update()
        index.update()
        check(index, record)
        exports.add(index.export())

    in_folder(grouped)
    in_folder(grouped)
    assert len(exports) == 1


@settings(quick, max_examples=examples(20))
@given(histories(), st.data())
def test_a_body_that_was_dropped_comes_back_with_a_stale_copy(logs, data):
    """It is the same entry with or without its body: the chain holds, and the state follows what is there."""
    dropped = [
        b"".join(line if data.draw(st.booleans()) else without_body(line) for line in log.lines)
        for log in logs
    ]

    def there_and_back(record):
        index = Index(record.home)
        for number, (log, _) in enumerate(zip(logs, dropped, strict=True)):
            record.put(f"log/{'0' * 32}/{number:02d}.jsonl", log.data)
        whole = index.export()
        for number, bare in enumerate(dropped):
            record.put(f"log/{'0' * 32}/{number:02d}.jsonl", bare)
        index.update()
        check(index, record)
        stale, stale_data = bundle(*logs, writer=7)
        record.put(stale, stale_data)
        index.update()
        assert index.export() == whole
        record.remove(stale)
        index.update()
        check(index, record)

    in_folder(there_and_back)


def test_every_order_of_four_entries_that_cover_each_other():
    """Exhaustive: covers before what they cover, chains of covers, a cover that is covered itself."""
    logs = [MadeLog(number) for number in range(1, 5)]
    a = logs[0].add("plant.named", "plant:a1", {"name": "u"})
    b = logs[1].add("plant.named", "plant:a1", {"name": "v"}, over=[a])
    logs[2].add("plant.named", "plant:a1", {"name": "w"}, over=[a])
    logs[3].add("plant.untagged", "plant:a1", {}, over=[b])
    exports = set()
    for order in itertools.permutations(logs):

        def arrive(record, order=order):
            index = Index(record.home)
            for log in order:
                record.put_log(log)
                index.update()
            exports.add(index.export())

        in_folder(arrive)
    assert len(exports) == 1
    (export,) = exports
    (plant,) = (line for line in map(json.loads, export.splitlines()) if line["subject"] == "plant:a1")
    assert plant["state"]["names"] == ["w"]


# ---------------------------------------------------------------- anything at all, in any order


class AnyHistory(RuleBasedStateMachine):
    """Files come, grow, go and change in place; the index is lost, damaged, swapped or locked; it always agrees."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.mkdtemp(prefix="gnomon-laws-")
        self.record = MadeRecord(os.path.join(self.folder, "ours"))
        self.other = MadeRecord(os.path.join(self.folder, "theirs"))
        self.index = Index(self.record.home)
        self.saved: bytes | None = None
        self.lock: int | None = None

    def teardown(self):
        self.unlock()
        self.index.close()
        shutil.rmtree(self.folder)

    @initialize(logs=histories())
    def begin(self, logs):
        self.logs = logs

    def files(self) -> list[str]:
        return [path for path, _ in self.record.home.log_files()]

    # --- files

    @rule(data=st.data())
    def a_log_grows(self, data):
        log = data.draw(st.sampled_from(self.logs))
        count = data.draw(st.integers(1, len(log.lines)))
        tail = data.draw(st.sampled_from([b"", b"", log.lines[0][:20]]))
        path = f"log/{'0' * 32}/{self.logs.index(log):02d}.jsonl"
        target = Path(self.record.home.path) / path
        known = target.read_bytes() if target.exists() else b""
        wanted = b"".join(log.lines[:count]) + tail
        if wanted.startswith(known):
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("ab") as file:
                file.write(wanted[len(known) :])
        else:
            self.record.put(path, wanted)

    @rule(data=st.data())
    def a_log_is_replaced(self, data):
        log = data.draw(st.sampled_from(self.logs))
        lines = [without_body(line) if data.draw(st.booleans()) else line for line in log.lines]
        self.record.put(f"log/{'0' * 32}/{self.logs.index(log):02d}.jsonl", b"".join(lines))

    @rule(data=st.data())
    def a_bundle_comes(self, data):
        logs = data.draw(st.lists(st.sampled_from(self.logs), min_size=1, unique=True))
        self.record.put(*bundle(*logs, writer=data.draw(st.integers(0, 1))))

    @rule(data=st.data())
    def a_bundle_of_parts_takes_their_place(self, data):
        paths = data.draw(st.lists(st.sampled_from(self.files()), unique=True)) if self.files() else []
        parts = [(Path(self.record.home.path) / path).read_bytes() for path in paths]
        if parts:
            path, joined = bundle(*(part[: part.rfind(b"\n") + 1] for part in parts))
            self.record.put(path, joined)
            for part in paths:
                if part != path:
                    self.record.remove(part)

    @precondition(lambda self: self.files())
    @rule(data=st.data())
    def a_file_goes(self, data):
        self.record.remove(data.draw(st.sampled_from(self.files())))

    @precondition(lambda self: self.files())
    @rule(data=st.data(), at=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
    def a_bit_flips(self, data, at, bit):
        path = Path(self.record.home.path) / data.draw(st.sampled_from(self.files()))
        content = bytearray(path.read_bytes())
        if content:
            content[int(at * len(content))] ^= 1 << bit
            self.record.put(str(path.relative_to(self.record.home.path)), bytes(content))

    # --- the index

    @rule()
    def a_new_process_comes(self):
        self.index.close()
        self.index = Index(self.record.home)

    @rule(
        how=st.sampled_from(
            ["delete", "delete the main file", "cut", "empty", "garbage", "zeros in the middle"]
        )
    )
    def the_index_is_damaged(self, how):
        for path in self.record.index_files():
            data = path.read_bytes()
            if how == "delete" or (how == "delete the main file" and path.suffix == ".sqlite"):
                path.unlink()
            elif path.suffix == ".sqlite" and how != "delete the main file":
                middle = len(data) // 2
                path.write_bytes(
                    {
                        "cut": data[:middle],
                        "empty": b"",
                        "garbage": b"not a database at all" * 100,
                        "zeros in the middle": data[:middle] + bytes(4096) + data[middle + 4096 :],
                    }[how]
                )
                self._later(path)

    def _later(self, path):
        """Give a file a later time of change: what leaves size, time and inode as they were is not promised to be seen."""
        state = path.stat()
        os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns + 10_000_000))

    @rule()
    def the_index_is_saved(self):
        self.index.close()
        files = [path for path in self.record.index_files() if path.suffix == ".sqlite"]
        self.saved = files[0].read_bytes() if files else None

    @precondition(lambda self: self.saved is not None)
    @rule()
    def an_old_index_is_put_back(self):
        for path in self.record.index_files():
            path.unlink()
        index = Index(self.record.home)
        index.update()
        index.close()
        for path in self.record.index_files():
            if path.suffix == ".sqlite":
                path.write_bytes(self.saved)
                self._later(path)
            else:
                path.unlink()

    @rule()
    def the_index_of_another_replica_is_put_in_its_place(self):
        self.other.put_log(self.logs[0])
        theirs = Index(self.other.home)
        theirs.update()
        theirs.close()
        (foreign,) = [path for path in self.other.index_files() if path.suffix == ".sqlite"]
        for path in self.record.index_files():
            if path.suffix == ".sqlite":
                shutil.copy(foreign, path.with_suffix(".put"))
                path.with_suffix(".put").replace(
                    path
                )  # by a rename: SQLite promises nothing of a file that is written over
                self._later(path)
            else:
                path.unlink()

    @precondition(lambda self: self.lock is None)
    @rule()
    def somebody_else_updates(self):
        """From here on this index lays over the file what the file lacks."""
        self.index.update()
        (folder,) = Path(self.record.env.cache_folder()).iterdir()
        self.lock = self.record.env.open_lock(str(folder / "lock"))
        assert self.record.env.try_lock(self.lock)

    @precondition(lambda self: self.lock is not None)
    @rule()
    def unlock(self):
        if self.lock is not None:
            self.record.env.close(self.lock)
            self.lock = None

    @invariant()
    def the_index_agrees_with_the_files(self):
        self.index.update()
        check(self.index, self.record)


TestAnyHistory = AnyHistory.TestCase
TestAnyHistory.settings = settings(quick, max_examples=examples(30), stateful_step_count=25)
