"""Whether Git would track data that the record keeps, and the line that has it ignored. Asked by `data add`, never forced."""

from __future__ import annotations

import os
import subprocess


def is_shown_to_git(path: str) -> bool:
    """Return whether a file or folder lies in a Git work tree that does not ignore it; False where Git is not there."""
    folder, name = os.path.split(os.path.abspath(path))
    try:
        done = subprocess.run(
            ["git", "-C", folder, "check-ignore", "-q", "--", name],
            capture_output=True,
            check=False,
            timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 1  # 0: ignored, 128: no work tree


def ignore_line(path: str) -> tuple[str, str]:
    """Return the line that has Git ignore this very file or folder, and the `.gitignore` beside it."""
    folder, name = os.path.split(os.path.abspath(path))
    line = "/" + "".join(f"\\{char}" if char in "*?[]\\ !#" else char for char in name)
    return line, os.path.join(folder, ".gitignore")


def ignore(path: str) -> str:
    """Add the line to the `.gitignore` beside the data; return the path of that file."""
    line, file = ignore_line(path)
    try:
        with open(file, encoding="utf-8", errors="surrogateescape") as known:
            text = known.read()
    except FileNotFoundError:
        text = ""
    if line not in text.splitlines():
        with open(file, "a", encoding="utf-8", errors="surrogateescape") as out:
            out.write(("" if not text or text.endswith("\n") else "\n") + line + "\n")
    return file
