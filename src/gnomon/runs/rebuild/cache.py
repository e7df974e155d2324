"""The cache of rebuilt code and environments: what nobody used for a while is deleted by the next plan.

Always true: nothing is deleted that was used within `KEPT_DAYS`, or that a repeat on this machine runs in; what is deleted is
made again when it is needed. Nothing outside of `rebuilt` is touched.
"""

from __future__ import annotations

import os
import shutil
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gnomon.env import Env

FOLDER = "rebuilt"
CODE, ENVIRONMENTS = "code", "environments"
KEPT_DAYS = 30
_UNFINISHED_DAYS = 1  # of a copy that was interrupted


def place(env: Env, kind: str, key: str) -> str:
    """Return where something rebuilt lies, `kind` being CODE or ENVIRONMENTS."""
    return os.path.join(env.cache_folder(), FOLDER, kind, key)


def used(folder: str) -> None:
    """Note that something rebuilt is used now: the time of its folder says when it was last."""
    try:
        os.utime(folder)
    except OSError:  # another one deletes the cache, or it is somebody else's: its age is all that is lost
        return


def tidy(env: Env, now_s: float | None = None) -> list[str]:
    """Delete what nobody used for `KEPT_DAYS`; return the folders that went."""
    now_s = time.time() if now_s is None else now_s
    gone = []
    for folder, days in _all(os.path.join(env.cache_folder(), FOLDER)):
        try:
            is_old = os.stat(folder).st_mtime < now_s - days * 86_400
        except OSError:
            continue
        if is_old and not _is_run_in(folder):
            shutil.rmtree(folder, ignore_errors=True)
            for beside in (f"{folder}.txt", f"{folder}.lock"):
                if os.path.exists(beside):
                    os.unlink(beside)
            gone.append(folder)
    return gone


def _all(root: str) -> Iterator[tuple[str, int]]:
    """Yield what was rebuilt, and how many days without use it is kept."""
    for kind in (CODE, ENVIRONMENTS):
        for folder in _folders(os.path.join(root, kind)):
            yield folder, KEPT_DAYS
            if kind == CODE:
                for part in _folders(folder):
                    if os.path.basename(part).startswith("part-"):
                        yield part, _UNFINISHED_DAYS


def _folders(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as listing:
            return sorted(entry.path for entry in listing if entry.is_dir(follow_symlinks=False))
    except FileNotFoundError:
        return []


def _is_run_in(folder: str) -> bool:
    """Return whether a process of this machine was started from an environment: a training may take longer than it is kept."""
    inside = folder.encode() + b"/"
    try:
        processes = [name for name in os.listdir("/proc") if name.isdigit()]
    except FileNotFoundError:  # no Linux
        return False
    for process in processes:
        try:
            with open(f"/proc/{process}/cmdline", "rb") as file:
                if file.read(4096).startswith(inside):
                    return True
        except OSError:  # it ended
            continue
    return False
