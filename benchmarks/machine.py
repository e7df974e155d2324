"""What the figures were taken on: enough to compare two runs, nothing that names a place or a person."""

import os
import platform
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.bench import Row
from benchmarks.peers.gnomon import PROJECT


def describe() -> Row:
    """Return the first line of a file of results."""
    return {
        "figure": "machine",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30),
        "system": f"{platform.system()} {'.'.join(platform.release().split('.')[:2])}",
        "python": platform.python_version(),
        "commit": _commit(),
        **now(),
    }


def now() -> Row:
    """The minute and the load of it: other programs on the machine make every figure worse."""
    return {"at": time.strftime("%Y-%m-%d %H:%M"), "load": round(os.getloadavg()[0], 2)}


def _processor() -> str:
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _commit() -> str | None:
    """The commit of the working tree, with `+` where the source differs from it; None outside git."""

    def git(*command: str) -> str:
        done = subprocess.run(["git", *command], cwd=PROJECT, capture_output=True, text=True, check=False)
        return done.stdout.strip() if done.returncode == 0 else ""

    commit = git("rev-parse", "--short", "HEAD")
    return commit + ("+" if git("status", "--porcelain", "src") else "") if commit else None
