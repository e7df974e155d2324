"""How runs that are made again end when they are not to go on: for their time, or because whoever started them is ended.

Always true: where `ended_by_signals` holds, SIGTERM and SIGHUP end a command as Ctrl-C does, so that it stops what it started.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from typing import TYPE_CHECKING

from gnomon.errors import BadArgumentError
from gnomon.runs.where_times import seconds_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

SLOW_S, SLOW_TIMES = 30.0, 10.0  # longer than that, and so many times what the two runs took: worth a word


@contextlib.contextmanager
def ended_by_signals() -> Iterator[None]:
    """Have SIGTERM and SIGHUP raise SystemExit in a block, unless they are ignored (`nohup`); in the main thread only."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def leave(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  the shape of every handler
        raise SystemExit(128 + number)

    heard = [one for one in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(one) != signal.SIG_IGN]
    before = {number: signal.signal(number, leave) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


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
            hint="none: a run may take as long as it does",
        )
    return seconds
