"""A real file system of a few megabytes, for tests in which the disk is full. Mounting one needs root: skipped without."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess

import pytest


@contextlib.contextmanager
def mounted(place, megabytes):
    """Give `place`, which is made, as a disk of so many megabytes."""
    place.mkdir()
    if os.getuid() != 0 or shutil.which("mount") is None:
        pytest.skip("mounting a small file system needs root")
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(place)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if made.returncode != 0:
        pytest.skip(f"no tmpfs here: {made.stderr.strip()}")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def enlarge(place, megabytes):
    """Make a mounted disk larger."""
    subprocess.run(["mount", "-o", f"remount,size={megabytes}m", str(place)], check=True)
