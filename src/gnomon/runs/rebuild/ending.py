"""How runs that are made again end when they are not to go on: for their time, or because whoever started them is ended.

Always true: where `ended_by_signals` holds, SIGTERM and SIGHUP end a command as Ctrl-C does, so that it stops what it started.
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from gnomon.errors import BadArgumentError
from gnomon.runs.signals import handled
from gnomon.runs.where_times import seconds_of

if TYPE_CHECKING:
    import contextlib
    from types import FrameType

SLOW_S, SLOW_TIMES = 30.0, 10.0  # longer than that, and so many times what the two runs took: worth a word


def ended_by_signals() -> contextlib.AbstractContextManager[None]:
    """Have SIGTERM and SIGHUP raise SystemExit in a block."""

    def leave(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  the shape of every handler
        raise SystemExit(128 + number)

    return handled(leave, signal.SIGTERM, signal.SIGHUP)


def timeout_of(text: str | None) -> float | None:
    """Return the seconds that `--timeout` says: `30s`, `10m`, `1h30m`, or a number of seconds. Raises BadArgumentError."""
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = seconds_of(text) or 0.0
    if not 0 < seconds < float("inf"):
        raise BadArgumentError(
            f"`--timeout` must be a time such as `30s`, `10m` or `2h`; got `{text}`",
            hint="without it a run may take as long as it does",
        )
    return seconds
