"""An archive as bytes, for whoever hands it on: made in a folder that only this process can read, and that goes afterwards."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gnomon.runs.views import Record


def archived(record: Record, runs: Iterable[str]) -> bytes:
    """Return the ZIP file of these runs, without the bytes of the data that they used; `Record.archive` says more."""
    with tempfile.TemporaryDirectory(prefix="gnomon-archive-") as folder:
        path = os.path.join(folder, "runs.zip")
        record.archive(path, runs=runs, data=False)
        with open(path, "rb") as file:
            return file.read()
