"""What is published, as this replica knows it: the heads in its own folder.

Always true: a head is here only when its files are (but what a partial replica leaves out), so the heads here tell what
need not be fetched and what may be sent on.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from gnomon.errors import DamagedFileError
from gnomon.record.files import replace_file
from gnomon.sync.heads import Head, head_name, read_head, that_count
from gnomon.sync.names import HEADS, folder_within

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gnomon.record.home import Home


def heads_here(home: Home) -> list[Head]:
    """Return the heads of this replica; one that is damaged is left out (`gnomon verify` names it)."""
    found = []
    for writer in home.writers(HEADS):
        for name, _ in home.env.list_folder(os.path.join(home.path, HEADS, writer)):
            path = f"{HEADS}/{writer}/{name}"
            if head_name(path) is None:
                continue
            with contextlib.suppress(DamagedFileError, FileNotFoundError):
                data = home.env.read_file(os.path.join(home.path, path))
                found.append(read_head(path, data, home.record_id, was_checked=True))
    return found


def write_head(home: Home, head: Head) -> None:
    """Write a head into the replica, whole. Raises OSError."""
    folder_within(home, HEADS, head.name.writer)
    replace_file(home.env, os.path.join(home.path, head.name.path), head.data)


def delete_replaced(home: Home, heads: Iterable[Head]) -> list[Head]:
    """Delete the heads here that others here replace; return those that count."""
    heads = list(heads)
    counting = that_count(heads)
    kept = {head.name for head in counting}
    for head in heads:
        if head.name not in kept:
            with contextlib.suppress(FileNotFoundError):
                home.env.unlink(os.path.join(home.path, head.name.path))
    return counting
