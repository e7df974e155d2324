"""What the control groups of Linux (version 1 or 2) leave of a machine to this process: memory and processor time.

A container, a Slurm job or a service often gets less than the machine has, and `os.cpu_count` does not say so.

Always true: the limit of the group and of all groups above it counts, the tightest of them; nothing raises; None where
there is no limit or no such file. A limit at or above what a machine could have (version 1 writes 2^63) is none.
"""

from __future__ import annotations

from gnomon.runs.capture.small_files import fields_of, first_line, number_in, text_of

_MOUNT = "sys/fs/cgroup"
_NO_LIMIT = 1 << 60


class MemoryLimit:
    """A group's limit, and how to ask what it uses."""

    __slots__ = ("folder", "limit_bytes", "version")

    def __init__(self, limit_bytes: int, folder: str, version: int) -> None:
        self.limit_bytes = limit_bytes
        self.folder = folder
        self.version = version


def memory_limit(root: str = "/") -> MemoryLimit | None:
    """Return the tightest limit on memory; None where there is none."""
    found: list[MemoryLimit] = []
    for version, folder in _folders(root, "memory"):
        name = "memory.max" if version == 2 else "memory.limit_in_bytes"
        limit = number_in(root, f"{folder}/{name}")
        if limit is not None and 0 < limit < _NO_LIMIT:
            found.append(MemoryLimit(limit, folder, version))
    return min(found, key=lambda one: (one.limit_bytes, one.folder), default=None)


def memory_used(limit: MemoryLimit, root: str = "/") -> int | None:
    """Return the bytes that count against a limit, without file pages that the kernel would drop first."""
    version2 = limit.version == 2
    used = number_in(root, f"{limit.folder}/{'memory.current' if version2 else 'memory.usage_in_bytes'}")
    if used is None:
        return None
    figures = fields_of(text_of(root, f"{limit.folder}/memory.stat"), " ")
    idle = figures.get("inactive_file" if version2 else "total_inactive_file", "")
    return max(used - (int(idle) if idle.isdecimal() else 0), 0)


def cpu_quota(root: str = "/") -> float | None:
    """Return how many processors' worth of time this process may use; None where there is no quota."""
    found: list[float] = []
    for version, folder in _folders(root, "cpu"):
        if version == 2:
            quota, _, period = first_line(root, f"{folder}/cpu.max").partition(" ")
        else:
            quota = first_line(root, f"{folder}/cpu.cfs_quota_us")
            period = first_line(root, f"{folder}/cpu.cfs_period_us")
        if quota.isdecimal() and period.isdecimal() and int(quota) > 0 and int(period) > 0:
            found.append(int(quota) / int(period))
    return min(found, default=None)


def _folders(root: str, controller: str) -> list[tuple[int, str]]:
    """Return (version, folder) of this process's group for a controller and of all groups above it."""
    found: list[tuple[int, str]] = []
    for line in text_of(root, "proc/self/cgroup").splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0" and not controllers:
            version, mounts = 2, (_MOUNT, f"{_MOUNT}/unified")
        elif controller in controllers.split(","):
            version, mounts = 1, (f"{_MOUNT}/{controller}", f"{_MOUNT}/{controllers}")
        else:
            continue
        for mount in dict.fromkeys(mounts):
            found += [(version, folder) for folder in _upward(mount, path)]
    return found


def _upward(mount: str, path: str) -> list[str]:
    # Inside a container the path may be the host's, or lead above the mount: then the mount itself is the group.
    parts = [part for part in path.split("/") if part]
    if ".." in parts:
        parts = []
    return ["/".join([mount, *parts[:count]]) for count in range(len(parts), -1, -1)]
