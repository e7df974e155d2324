"""What the first chart would wait for is loaded in the background, once the first page has been served."""

from __future__ import annotations

import sys
import threading
import traceback
from importlib import import_module

from gnomon.points.columns import NUMPY_IMPORT_WORTHWHILE, numpy_for

AFTER_S = 1.5


def warm_later() -> None:
    """Load what curves need, a moment after now, in a thread that ends with the process."""
    timer = threading.Timer(AFTER_S, _warm)
    timer.daemon = True
    timer.start()


def _warm() -> None:
    try:
        for name in ("gnomon.runs.pages.curves", "gnomon.points.row_groups", "arro3.io"):
            import_module(name)
        numpy_for(NUMPY_IMPORT_WORTHWHILE)
    except Exception:  # noqa: BLE001  whoever asks for a chart gets the same error, in words
        traceback.print_exc(file=sys.stderr)
