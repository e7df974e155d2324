"""A teammate's odd entries: no control character reaches a terminal, and no command breaks."""

from __future__ import annotations

import pytest

from gnomon.runs import entries
from tests.unit.record.made_record import MadeLog, MadeRecord

EVIL = "\x1b]0;HACK\x07\x9b\r\u202e"
ODD = [
    EVIL,
    "abc",
    -1,
    2**70,
    1e300,
    float("inf"),
    float("nan"),
    True,
    None,
    [EVIL],
    {EVIL: EVIL},
    [[EVIL] * 4],
]
FIELDS = {
    entries.CREATED: ("name", "label", "params", "seed", "group", "parent", "rank", "world_size", "launcher"),
    entries.ENDED: ("status", "error", "traceback", "lost_rows", "lost_values", "unusable_values", "last_step"),
    entries.KEPT: ("name", "size", "files", "is_tree"),
    entries.TAGGED: ("tags",),
    entries.NOTED: ("text",),
    entries.CONSOLE: ("pieces", "skipped_bytes", "is_tail"),
    entries.CELL: ("execution_count", "cell", "source", "source_size", "status", "error", "started_us", "duration_s",
                   "outputs", "outputs_left_out"),
    entries.EXITED: ("code", "signal", "duration_s", "cpu_s", "peak_memory_bytes"),
}  # fmt: skip
PARTS = {
    "command": ("text", "script"),
    "code": ("kind", "commit", "branch", "remote", "fingerprint", "changed", "changed_count", "untracked",
             "untracked_count", "kept_count", "notes"),
    "python": ("version", "packages"),
    "machine": ("cpu", "cpus", "memory_bytes", "gpus", "system"),
    "notebook": ("name", "cells", "left_out"),
}  # fmt: skip
RUN = "ab" * 10


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: ascii(odd)[:30])
def test_odd_entries_neither_break_a_command_nor_touch_the_terminal(ask, project, odd):
    record, log = MadeRecord(project), MadeLog(1)
    process = f"process:{log.id}"
    log.add(entries.CREATED, f"run:{RUN}", dict.fromkeys(FIELDS[entries.CREATED], odd))
    for kind in (entries.KEPT, entries.TAGGED, entries.NOTED):
        body = dict.fromkeys(FIELDS[kind], odd)
        log.add(kind, f"run:{RUN}", {**body, "object": "cd" * 32} if kind == entries.KEPT else body)
    parts = {part: dict.fromkeys(facts, odd) for part, facts in PARTS.items()}
    captured = {
        "parts": parts,
        "pending": [odd],
        "withheld": [[odd, odd, odd, 3]],
        "files": {"code": odd},
        "objects": odd,
    }
    log.add(entries.CAPTURED, process, captured)
    log.add(entries.CONSOLE, process, dict.fromkeys(FIELDS[entries.CONSOLE], odd))
    log.add(
        entries.CONSOLE, process, {"pieces": [[EVIL, f"word {EVIL}\n"], [odd, odd]], "skipped_bytes": odd}
    )
    output = dict.fromkeys(("name", "text", "plain", "traceback", "skipped_bytes"), odd)
    shown = {**output, "kind": "stream", "objects": [[odd, "cd" * 32, 1]], "left_out": [[odd, 5]]}
    log.add(entries.CELL, process, {"nth": 0, **dict.fromkeys(FIELDS[entries.CELL], odd), "outputs": [shown]})
    plain = {"nth": 1, "source": EVIL, "status": "error", "error": EVIL, "duration_s": odd}
    log.add(
        entries.CELL,
        process,
        {**plain, "outputs": [{**shown, "kind": odd}, {**shown, "text": EVIL, "name": EVIL}]},
    )
    part = [EVIL, EVIL, "cd" * 32, 7]
    value = {
        "series": EVIL,
        "kind": EVIL,
        "step": odd,
        "rank": odd,
        "meta": {EVIL: odd, "caption": odd},
        "notes": [odd],
    }
    log.add(
        entries.LOGGED,
        f"values:{RUN}",
        {"values": [{**value, "parts": [part]}, {**value, "parts": [[odd] * 4]}, odd]},
    )
    log.add(entries.ENDED, f"run:{RUN}", dict.fromkeys(FIELDS[entries.ENDED], odd))
    log.add(entries.EXITED, process, dict.fromkeys(FIELDS[entries.EXITED], odd))
    record.put_log(log)
    for words in (["show", RUN], ["show", RUN, "--json"], ["show", RUN, "--cells"], ["console", RUN], ["runs"],
                  ["runs", "--columns", "id,name,parent,exit_code,machine.cpus,command"], ["runs", "--json"],
                  ["search", "word"]):  # fmt: skip
        answer = ask(*words)
        assert answer.code == 0, (words, answer.err)
        unseen = {char for char in answer.out if not char.isprintable() and char != "\n"}
        assert not unseen, (words, unseen, answer.out)
