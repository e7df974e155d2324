"""Which cell of the notebook's file it was that ran.

Front ends name cells as they like: Jupyter by the id in the file, VS Code by an address of its own, tools such as nbclient
not at all. Where the file is found, a cell without an id of it is known by its code, if only one cell has that code.

Always true: what is returned as an identity tells nothing but which cell it is; a path or a name in it is made unreadable.
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Any

from gnomon.runs.notebook.file import (
    MAX_CELLS,
    CodeCell,
    code_cells,
    is_cell_id,
    notebook_path,
    notebook_with,
)

if TYPE_CHECKING:
    from gnomon.scrub.scrubber import Scrubber


class NotebookPlace:
    """The notebook of this kernel, looked at again when its file has changed."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._key = os.urandom(16)
        self._path: str | None = None
        self._searched: set[str] = set()
        self._seen: tuple[int, int] | None = None
        self._cells: list[CodeCell] = []
        self._known: dict[str, str] = {}  # a front end's own name of a cell -> its id in the file

    def identity(self, front_id: object, source: str) -> str | None:
        """Return what names the cell from now on: its id in the file where that is known, else what the front end says."""
        self._refresh(front_id)
        ids = {one.id for one in self._cells}
        told = front_id if isinstance(front_id, str) and front_id else None
        if told in ids:
            return told
        if told is not None and told in self._known:
            return self._known[told]
        if told is None or not is_cell_id(told):
            same = [one.id for one in self._cells if one.source.strip() == source.strip()]
            if len(same) == 1 and same[0] not in self._known.values():
                if told is not None:
                    self._known[told] = same[0]
                return same[0]
        if told is None or is_cell_id(told):
            return told
        return hashlib.blake2b(told.encode("utf-8", "replace"), key=self._key, digest_size=8).hexdigest()

    def facts(self, scrubber: Scrubber) -> dict[str, Any]:
        """Return the notebook's name and the ids of its code cells from top to bottom; empty where it is not known."""
        self._refresh(None)
        if self._path is None:
            return {}
        ids = [one.id for one in self._cells[:MAX_CELLS] if not scrubber.find(one.id)]
        return {"name": scrubber.text(os.path.basename(self._path), "notebook"), "cells": ids}

    def _refresh(self, front_id: object) -> None:
        try:
            folder = os.getcwd()
        except OSError:
            return
        if self._path is None:
            namespace = getattr(self._shell, "user_ns", None)
            self._path = notebook_path(os.environ, namespace if isinstance(namespace, dict) else {}, folder)
        if (
            self._path is None
            and isinstance(front_id, str)
            and is_cell_id(front_id)
            and front_id not in self._searched
            and len(self._searched) < 20
        ):
            self._searched.add(front_id)
            found = notebook_with(front_id, folder)
            self._path = os.path.abspath(found) if found is not None else None
        if self._path is None:
            return
        try:
            state = os.stat(self._path)
        except OSError:  # renamed or gone: what was known of it stays
            return
        if (state.st_mtime_ns, state.st_size) != self._seen:
            self._seen = (state.st_mtime_ns, state.st_size)
            cells = code_cells(self._path)
            if cells is not None:
                self._cells = cells
