"""Read the small text files in which a kernel tells about itself (/proc, /sys, /etc).

Always true: nothing raises; a file that is missing, refused or odd reads as an empty text, and no descriptor stays open.
`root` is `/`, save in tests.
"""

from __future__ import annotations

import os

MAX_BYTES = 65_536


def text_of(root: str, path: str, limit: int = MAX_BYTES) -> str:
    """Return the first `limit` bytes of a file as text; empty where it cannot be read."""
    try:
        fd = os.open(os.path.join(root, path), os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError):
        return ""
    try:
        return os.read(fd, limit).decode("utf-8", "replace")
    except OSError:
        return ""
    finally:
        os.close(fd)


def first_line(root: str, path: str) -> str:
    """Return the first line of a file without the space around it; empty where it cannot be read."""
    return text_of(root, path, 4096).partition("\n")[0].strip()


def number_in(root: str, path: str) -> int | None:
    """Return the whole number that a file holds; None where it holds something else."""
    text = first_line(root, path)
    return int(text) if text.isdecimal() else None


def names_in(root: str, path: str) -> list[str]:
    """Return the names in a folder, `card2` before `card10`; none where it cannot be read."""
    try:
        return sorted(os.listdir(os.path.join(root, path)), key=lambda name: (len(name), name))
    except (OSError, ValueError):
        return []


def is_there(root: str, path: str) -> bool:
    """Return whether a file or folder of this name can be seen."""
    return os.path.exists(os.path.join(root, path))


def fields_of(text: str, separator: str) -> dict[str, str]:
    """Return the lines `name <separator> value` of a text; the first of a name counts, quotes are taken off."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, mark, value = line.partition(separator)
        if mark:
            found.setdefault(name.strip(), value.strip().strip("\"'"))
    return found
