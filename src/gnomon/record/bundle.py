"""Bundling: many small closed logs become one file.

Always true: a bundle holds the same lines; parts are deleted only after the bundle is durable, and only with proof that
nothing more can come: a close mark, or the same boot and the lock obtained. A log that does not verify is left alone.
Format: docs/internals/record-format.md, "Bundles".
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import RecordError
from gnomon.record.certificates import certified_key, is_closed
from gnomon.record.files import write_named_by_hash
from gnomon.record.home import BUNDLE_SUFFIX, OPEN_BUNDLE_SUFFIX
from gnomon.record.lines import Entry, parse_line, without_body

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gnomon.env import Env
    from gnomon.record.home import Home

PARTS_TO_BUNDLE = 32
BUNDLES_TO_MERGE = 16
SMALL_BYTES = 4 << 20


class Part(NamedTuple):
    """A file whose logs can move into a bundle."""

    path: str
    size: int
    logs: dict[str, list[bytes]]


def bundle_small_files(home: Home, writer: str, *, enough: int = PARTS_TO_BUNDLE) -> list[str]:
    """Join this writer's small logs and bundles where there are many; return the paths that went away. Raises OSError."""
    folder = home.folder("log", writer)
    env = home.env
    loose: list[tuple[str, int]] = []
    bundles: list[tuple[str, int]] = []
    for name, state in env.list_folder(folder):
        if name.startswith(".") or name.endswith(OPEN_BUNDLE_SUFFIX):
            continue
        if name.endswith(".jsonl") and state.st_size < SMALL_BYTES:
            kind = bundles if name.endswith(BUNDLE_SUFFIX) else loose
            kind.append((os.path.join(folder, name), state.st_size))
    gone: list[str] = []
    if len(loose) >= enough:
        gone += _join(
            env,
            folder,
            [part for path, _ in loose if (part := _finished_log(env, path)) is not None],
            fewest=1,
        )
    if len(bundles) >= BUNDLES_TO_MERGE:
        gone += _join(
            env, folder, [part for path, _ in bundles if (part := _sound_bundle(env, path)) is not None]
        )
    return gone


def _join(env: Env, folder: str, parts: list[Part], fewest: int = 2) -> list[str]:
    if len(parts) < fewest:
        return []
    logs: dict[str, list[bytes]] = {}
    for part in parts:
        for log, lines in part.logs.items():
            joined = _united(logs.get(log, []), lines)
            if joined is None:
                return []  # two histories of one log: left as they are, for `verify` to name
            logs[log] = joined
    target = write_named_by_hash(
        env, folder, "bundle", BUNDLE_SUFFIX, (b"".join(logs[log]) for log in sorted(logs))
    )
    gone = [part.path for part in parts if part.path != target]
    for path in gone:
        env.unlink(path)
    return gone


def _united(one: list[bytes], other: list[bytes]) -> list[bytes] | None:
    """Return the lines of one log that both copies hold, with the body that either has; None for two histories."""
    longer, shorter = (one, other) if len(one) > len(other) else (other, one)
    if longer[: len(shorter)] == shorter:
        return longer
    lines = list(longer)
    for seq, (mine, theirs) in enumerate(zip(longer, shorter, strict=False)):
        if mine != theirs:
            if without_body(mine) != without_body(theirs):
                return None
            lines[seq] = max(mine, theirs, key=len)
    return lines


def _sound_bundle(env: Env, path: str) -> Part | None:
    data = env.read_file(path)
    logs = _verified_logs(data.splitlines(keepends=True))
    return Part(path, len(data), logs) if logs else None


def _finished_log(env: Env, path: str) -> Part | None:
    """Return a log as a part, if it verifies and it is certain that nothing will be added."""
    fd = env.open_write(path)
    try:
        # While we hold the lock its writer is dead, if this is the machine (and boot) it ran on.
        is_locked = _locked(env, fd)
        data = env.read(fd, env.size(fd))
        lines = data.splitlines(keepends=True)
        has_torn_end = bool(lines) and not lines[-1].endswith(b"\n")
        logs = _verified_logs(lines[:-1] if has_torn_end else lines)
        if logs is None or len(logs) != 1:
            return None
        (entries,) = logs.values()
        first, last = parse_line(entries[0]), parse_line(entries[-1])
        has_ended = is_closed(first, last) and not has_torn_end
        return Part(path, len(data), logs) if has_ended or (is_locked and _is_same_boot(env, first)) else None
    finally:
        env.close(fd)


def _locked(env: Env, fd: int) -> bool:
    try:
        return env.try_lock(fd)
    except OSError:
        return False


def _is_same_boot(env: Env, opened: Entry) -> bool:
    boot = env.boot_id()
    return any(boot) and opened.body.get("boot") == boot.hex()


def _verified_logs(lines: Iterable[bytes]) -> dict[str, list[bytes]] | None:
    """Return the lines by log, if each log is whole: certified, of one writer, numbered from 0 and chained; else None."""
    logs: dict[str, list[bytes]] = {}
    last: dict[str, Entry] = {}
    for line in lines:
        try:
            entry = parse_line(line)
        except RecordError:
            return None
        before = last.get(entry.log)
        if before is None:
            if certified_key(entry) is None:
                return None
        elif (entry.seq, entry.prev, entry.writer) != (before.seq + 1, before.hash, before.writer):
            return None
        last[entry.log] = entry
        logs.setdefault(entry.log, []).append(line)
    return logs or None
