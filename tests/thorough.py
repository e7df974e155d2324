"""How much of the exhaustive tests is run: all of it with `make thorough`, else the share for which `make test` has time.

A share is the same one each time, so a test that fails fails again. What is left out is more of the same: further calls that
fail, further examples of a law, further zones. Nothing is tested by `make thorough` alone.
"""

from __future__ import annotations

import os

THOROUGH = os.environ.get("THOROUGH") == "1"


def one_in(share: int) -> int:
    """Return the step in which something is gone through, all of it being 1."""
    return 1 if THOROUGH else share


def examples(count: int) -> int:
    """Return on how many examples a law is tried."""
    return count if THOROUGH else max(10, count // 2)
