"""What a traceback says: the exception that ended a program, without the way to it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gnomon.runs.run_view import RunView

MOST_SAID = 300
_FRAME = re.compile(r'\s+File "[^"\n]*", line \d+')
BEGINS = "Traceback (most recent call last):"


def exception_of(text: str) -> str:
    """Return the last exception of a traceback with its whole message, in one line; the last line where there is no frame.

    >>> exception_of('Traceback …\\n  File "a.py", line 1\\n    main()\\nValueError: no such file\\nsee the manual\\n')
    'ValueError: no such file see the manual'
    >>> exception_of("it ended\\nbadly")
    'badly'
    """
    lines = text.rstrip().splitlines()
    frame = next((at for at in range(len(lines) - 1, -1, -1) if _FRAME.match(lines[at])), None)
    if frame is None:
        return lines[-1].strip() if lines else ""
    first = next((at for at in range(frame + 1, len(lines)) if lines[at][:1].strip()), len(lines) - 1)
    return " ".join(" ".join(lines[first:]).split())


def printed_exception(text: str) -> str | None:
    """Return the exception of the last traceback in what a program printed; None where it printed none.

    What it printed after that is not told apart from the message, and left out after a blank line.
    """
    _, begins, rest = text.rpartition(BEGINS)
    if not begins or _FRAME.search(rest) is None:
        return None
    return exception_of(rest.split("\n\n", 1)[0])


def last_line(run: RunView) -> str | None:
    """Return the exception that a run printed, else its last line. (Where nobody looks on, its two streams are one.)"""
    text = "".join(piece.text for piece in run.console())
    if (exception := printed_exception(text)) is not None:
        return exception[:MOST_SAID]
    said = [line for line in map(str.strip, text.splitlines()) if line and not line.startswith("gnomon:")]
    return said[-1][:MOST_SAID] if said else None
