"""What only the reader knows: until when they have looked. One small file for each record in their configuration folder."""

from __future__ import annotations

import json
import os
import threading
from typing import TYPE_CHECKING

from gnomon.record.files import replace_file
from gnomon.record.own_files import own_path

if TYPE_CHECKING:
    from gnomon.record.home import Home


class FolderReader:
    """Reading positions of one replica, by what was looked at. Lost, they cost nothing but "everything is new"."""

    def __init__(self, home: Home) -> None:
        self._env = home.env
        self._path = own_path(home, "reader", ".json")
        self._lock = threading.Lock()

    def looked(self, what: str) -> float | None:
        """Return when the reader last looked at something, seconds since 1970 UTC."""
        at = self._read().get(what)
        return float(at) if isinstance(at, (int, float)) else None

    def look(self, what: str, at: float) -> None:
        """Keep that the reader looked. A folder that cannot be written keeps nothing: the page works all the same."""
        with self._lock:
            known = self._read()
            known[what] = at
            try:
                self._env.make_folder(os.path.dirname(self._path))
                replace_file(self._env, self._path, json.dumps(known).encode())
            except OSError:
                pass  # a read-only home: next time more seems new than is

    def _read(self) -> dict[str, object]:
        try:
            found = json.loads(self._env.read_file(self._path))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}
