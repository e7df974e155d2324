"""Objects as plain files of an export: each under a name that every disk takes, its bytes checked before it appears.

Always true: what is missing or damaged is named and costs itself only.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gnomon.errors import RecordError
from gnomon.objects.restore import restore_file
from gnomon.runs.archive.names import Folders

if TYPE_CHECKING:
    from collections.abc import Callable

    from gnomon.objects.store import ObjectStore
    from gnomon.runs.archive.files import Files


class ObjectFiles:
    """Writes objects of a store. `told` hears what is missing or damaged, `step` the bytes written."""

    def __init__(
        self,
        files: Files,
        store: ObjectStore,
        told: Callable[[str], None],
        step: Callable[[int], None],
    ) -> None:
        self.files = files
        self.store = store
        self.told = told
        self._step = step

    def of(self, who: str) -> ObjectFiles:
        """Return the same for one run or version: what is told begins with its name."""
        return ObjectFiles(self.files, self.store, lambda text: self.told(f"{who}: {text}"), self._step)

    def tree(self, object_id: str, path: str, what: str) -> dict[str, str]:
        """Write a tree into the folder `path`; return, of files that could not keep their name, where they are in it."""
        try:
            files = self.store.read_tree(object_id)
        except RecordError as error:
            self.told(f"{what}: {error.message}")
            return {}
        folders = Folders()
        renamed: dict[str, str] = {}
        with self.store.kept_open():
            for file in files:
                safe = folders.take(file.path)
                if safe != file.path:
                    renamed[file.path] = safe
                self.file(
                    file.object,
                    f"{path}/{safe}",
                    f"{what}, file `{file.path}`",
                    file.size,
                    is_program=bool(file.mode & 0o100),
                )
        return renamed

    def file(self, object_id: str, path: str, what: str, size: int, *, is_program: bool = False) -> None:
        """Write an object as a file."""
        full = self.files.place(path)
        try:
            restore_file(self.files.env, self.store, object_id, full, overwrite=False)
        except RecordError as error:
            self.told(f"{what}: {error.message}")
            return
        if is_program:
            os.chmod(full, os.stat(full).st_mode | (os.stat(full).st_mode & 0o444) >> 2)
        self.files.count_one(os.path.getsize(full))
        self._step(size)
