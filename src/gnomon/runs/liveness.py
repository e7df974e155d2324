"""Whether the process behind an open run is alive: a fact about files and now, never part of a state.

`running`: it holds the lock of its log. `interrupted`: the same machine, the same boot, and the lock is free; or its log
has a close mark. `unknown`: another machine, a disk without locks, or a copy made while it ran; then nobody can tell from here.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gnomon.errors import RecordError
from gnomon.record.certificates import is_closed
from gnomon.record.lines import parse_line

if TYPE_CHECKING:
    from gnomon.record.home import Home

RUNNING, INTERRUPTED, UNKNOWN = "running", "interrupted", "unknown"


def liveness(home: Home, writer: str, log: str) -> str:
    """Return 'running', 'interrupted' or 'unknown' for the process that writes (or wrote) this log."""
    env = home.env
    path = os.path.join(home.folder("log", writer), f"{log}.jsonl")
    try:
        fd = env.open_write(path)
    except FileNotFoundError:
        # Its log stands in a bundle: it was closed, or proven dead; or it was copied while nobody could tell.
        return UNKNOWN if _is_copied_open(home, log) else INTERRUPTED
    except OSError:
        return UNKNOWN
    try:
        if not env.is_lock_free(fd):
            return RUNNING
        return INTERRUPTED if _is_over(env.read(fd, env.size(fd)), env.boot_id()) else UNKNOWN
    except OSError:
        return UNKNOWN
    finally:
        env.close(fd)


def _is_copied_open(home: Home, log: str) -> bool:
    try:
        return home.is_copied_open(log)
    except OSError:
        return True


def _is_over(data: bytes, boot: bytes) -> bool:
    lines = data.splitlines()
    try:
        first, last = parse_line(lines[0]), parse_line(lines[-1])
    except (IndexError, RecordError):
        return False
    return is_closed(first, last) or (any(boot) and first.body.get("boot") == boot.hex())
