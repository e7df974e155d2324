"""One row of system metrics: what the machine and this process are doing now.

The figures come from psutil (one megabyte, well kept, all systems) save those of GPUs and control groups. It is loaded by the
first sample, not before.

Always true: nothing raises; a figure that cannot be read is missing from the row. Rates need two samples at least
`MIN_SPAN_S` apart; a counter or a clock that went backwards gives no rate, once. Percentages stay within what is possible.
`system/memory_percent` is of the control group's limit where that is below the machine's memory.
`system/disk_*_bytes_per_s` are of this process and its children where the system tells them (Linux; what came from the
page cache is not counted), else of the machine. The network is the machine's, without loopback.
"""

from __future__ import annotations

import importlib
import os
import time
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from gnomon.runs.capture.cgroups import memory_limit, memory_used
from gnomon.runs.capture.nvml import Gpus, open_gpus
from gnomon.runs.capture.process_tree import Tree, between, look

if TYPE_CHECKING:
    from collections.abc import Callable

Answer = TypeVar("Answer")

MIN_SPAN_S = 0.5
_LOOPBACK = ("lo", "lo0")


class _Before(NamedTuple):
    """What the next rates are taken against; None and empty where it could not be read."""

    at_s: float
    cpu: tuple[float, float] | None  # busy, all
    tree: Tree | None
    machine_disk: tuple[int, int] | None
    network: tuple[int, int] | None


class SystemRow:
    """Makes rows, each with rates since the one before. Not for several threads at once."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, root: str = "/") -> None:
        self.notes: list[str] = []
        self._clock = clock
        self._root = root
        self._psutil: Any = None
        self._gpus: Gpus | None = None
        self._is_loaded = False
        self._before: _Before | None = None

    def load(self) -> None:
        """Load psutil and find the GPUs, once; a failure is remembered and noted."""
        if self._is_loaded:
            return
        self._is_loaded = True
        try:
            self._psutil = importlib.import_module("psutil")
        except Exception as error:  # noqa: BLE001 - a broken package must not stop a training; the note says so
            self.note(f"psutil cannot be loaded, so only some system metrics are there: {error}")
        self._gpus, note = open_gpus(os.environ, self._root)
        if note:
            self.note(note)

    def note(self, text: str) -> None:
        """Keep a text for people, once."""
        if text not in self.notes:
            self.notes.append(text)

    def close(self) -> None:
        """Let go of the GPUs; a later sample finds them again."""
        if self._gpus is not None:
            self._gpus.close()
        self.forget()

    def forget(self) -> None:
        """Begin anew, as a forked child must: its counters are its own and its parent's GPUs are not open here."""
        self._psutil = self._gpus = self._before = None
        self._is_loaded = False

    def sample(self) -> dict[str, float]:
        """Return the figures of now, by series."""
        self.load()
        row: dict[str, float] = {}
        if self._psutil is not None:
            self._add_psutil(row)
        free = _try(self._free_bytes)
        if free is not None:
            row["system/disk_free_bytes"] = float(free)
        if self._gpus is not None:
            row.update(self._gpus.sample())
        return row

    def _add_psutil(self, row: dict[str, float]) -> None:
        memory = _try(self._memory_percent)
        if memory is not None:
            row["system/memory_percent"] = memory
        tree = _try(lambda: look(self._psutil))
        if tree is not None:
            row["system/process_memory_bytes"] = float(tree.memory_bytes)
        now = _Before(self._clock(), _try(self._cpu), tree, _try(self._machine_disk), _try(self._network))
        before = self._before
        if before is None or now.at_s < before.at_s:
            self._before = now
        elif now.at_s - before.at_s >= MIN_SPAN_S:
            self._before = now
            row.update(self._rates(before, now))

    def _rates(self, before: _Before, now: _Before) -> dict[str, float]:
        span_s = now.at_s - before.at_s
        found: dict[str, float] = {}
        if before.cpu and now.cpu and now.cpu[1] > before.cpu[1]:
            share = (now.cpu[0] - before.cpu[0]) / (now.cpu[1] - before.cpu[1])
            found["system/cpu_percent"] = 100.0 * min(max(share, 0.0), 1.0)
        disk = _grown(before.machine_disk, now.machine_disk)
        if before.tree is not None and now.tree is not None:
            spent = between(before.tree, now.tree)
            most = 100.0 * (os.cpu_count() or 1)
            found["system/process_cpu_percent"] = min(100.0 * spent.cpu_s / span_s, most)
            if spent.read_bytes is not None and spent.written_bytes is not None:
                disk = (spent.read_bytes, spent.written_bytes)
        network = _grown(before.network, now.network)
        for names, grown in (
            (("disk_read", "disk_write"), disk),
            (("network_received", "network_sent"), network),
        ):
            if grown is not None:
                found.update(
                    {
                        f"system/{name}_bytes_per_s": size / span_s
                        for name, size in zip(names, grown, strict=True)
                    }
                )
        return found

    def _cpu(self) -> tuple[float, float]:
        times = self._psutil.cpu_times()
        # Linux counts the time of guests in `user` and `nice` already.
        total = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
        return total - times.idle - getattr(times, "iowait", 0.0), total

    def _memory_percent(self) -> float:
        memory = self._psutil.virtual_memory()
        limit = memory_limit(self._root)
        if limit is not None and limit.limit_bytes < memory.total:
            used = memory_used(limit, self._root)
            if used is not None:
                return min(100.0 * used / limit.limit_bytes, 100.0)
        return float(memory.percent)

    def _machine_disk(self) -> tuple[int, int] | None:
        counters = self._psutil.disk_io_counters(nowrap=False)
        return (counters.read_bytes, counters.write_bytes) if counters is not None else None

    def _network(self) -> tuple[int, int]:
        cards = self._psutil.net_io_counters(pernic=True, nowrap=False)
        counted = [card for name, card in cards.items() if name not in _LOOPBACK]
        return sum(card.bytes_recv for card in counted), sum(card.bytes_sent for card in counted)

    def _free_bytes(self) -> int:
        state = os.statvfs(".")
        return state.f_bavail * state.f_frsize


def _grown(before: tuple[int, int] | None, now: tuple[int, int] | None) -> tuple[int, int] | None:
    if before is None or now is None or now[0] < before[0] or now[1] < before[1]:
        return None
    return now[0] - before[0], now[1] - before[1]


def _try(ask: Callable[[], Answer]) -> Answer | None:
    try:
        return ask()
    except Exception:  # noqa: BLE001 - a figure that cannot be read is missing; a training never stops for it
        return None
