"""What this process and its children have used: processor time, memory, bytes read and written.

When a child ends, the kernel adds its figures to those of the parent that waited for it, so the sum over a tree only
grows, whoever comes and goes; `between` takes the difference of two such sums.

Always true: a process that ends, is a zombie, or may not be read while it is asked never raises; a process id that was
given to another process is another process (psutil compares the start times); no figure is negative.
Not promised: the last moments of a child that nobody waits for, and of one that left the tree (a daemon).
Memory counts pages that several processes share once for each of them.
"""

from __future__ import annotations

import os
from typing import Any, NamedTuple


class Used(NamedTuple):
    """What one process has used since it began; `reaped_s` is the time of children that it waited for."""

    own_s: float
    reaped_s: float
    read_bytes: int | None
    written_bytes: int | None


class Tree(NamedTuple):
    """This process and its children at one moment. The keys are psutil's processes: id and start time."""

    used: dict[Any, Used]
    hidden: frozenset[Any]  # there, but not to be read
    memory_bytes: int


class Spent(NamedTuple):
    """What a tree used between two moments; None where the system does not say."""

    cpu_s: float
    read_bytes: int | None
    written_bytes: int | None


def look(psutil: Any) -> Tree:
    """Return the tree as it is now; `psutil` is the module."""
    own = psutil.Process()
    times = os.times()  # waited-for children too, which psutil does not tell on macOS
    read, written = _bytes_of(psutil, own)
    used = {own: Used(times.user + times.system, times.children_user + times.children_system, read, written)}
    memory = int(own.memory_info().rss)
    hidden = set()
    for child in own.children(recursive=True):
        try:
            with child.oneshot():
                cpu = child.cpu_times()
                memory += int(child.memory_info().rss)
                used[child] = Used(
                    cpu.user + cpu.system, cpu.children_user + cpu.children_system, *_bytes_of(psutil, child)
                )
        except (psutil.NoSuchProcess, ProcessLookupError) as error:
            if isinstance(error, psutil.ZombieProcess):
                hidden.add(child)  # ended, not waited for yet: its time is still nobody's
        except (psutil.Error, OSError):
            hidden.add(child)
    return Tree(used, frozenset(hidden), memory)


def between(before: Tree, after: Tree) -> Spent:
    """Return what the tree used from `before` to `after`."""
    now = dict(after.used)
    now.update({process: before.used[process] for process in after.hidden if process in before.used})
    sum_now = sum(used.own_s + used.reaped_s for used in now.values())
    sum_before = sum(used.own_s + used.reaped_s for used in before.used.values())
    # A child that nobody waited for takes its past along: then those that are alive are what is known.
    alive = sum(
        used.own_s - (before.used[process].own_s if process in before.used else 0.0)
        for process, used in now.items()
    )
    return Spent(
        max(sum_now - sum_before, alive, 0.0),
        _grown(before, now, "read_bytes"),
        _grown(before, now, "written_bytes"),
    )


def _grown(before: Tree, now: dict[Any, Used], name: str) -> int | None:
    figures: list[tuple[Any, int | None]] = [(process, getattr(used, name)) for process, used in now.items()]
    if not figures or figures[0][1] is None:  # this process itself comes first
        return None
    total = sum(figure for _, figure in figures if figure is not None)
    unknown = {process for process, figure in figures if figure is None}
    for process, used in before.used.items():
        if process not in unknown:
            total -= getattr(used, name) or 0
    return max(total, 0)


def _bytes_of(psutil: Any, process: Any) -> tuple[int | None, int | None]:
    try:
        counters = process.io_counters()
        return int(counters.read_bytes), int(counters.write_bytes)
    except (psutil.AccessDenied, OSError, AttributeError, NotImplementedError, RuntimeError):
        return None, None  # macOS has no such figures; a container may refuse them
