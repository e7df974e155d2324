"""With which code this process ends: told by what Python itself leaves behind, once the program is over.

`capture.Leaving` watches from the start; this module is loaded at the end. A program is over when its outermost frame is. That
frame stopped at a `return` (code 0), or at the place where an exception left it: one that Python printed (code 1, or the
signal of Ctrl-C), or a SystemExit whose code was seen.

Always true: what is not proved is not known, and gives nothing. A SystemExit counts only if it went from where it was raised
through the outermost frame, so one that the program caught, or answered with another, is none.
Not seen: a `code` that somebody changes on an exception that passes by; what happens after this moment, such as `os._exit` in a
later `atexit` function or a crash while C libraries are unloaded.
"""

from __future__ import annotations

import builtins
import os
import signal
import sys
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

UNCAUGHT = 1
_LONG = range(-(1 << 63), 1 << 63)
# These print and raise nothing; any other may end the process with a code of its own.
_PRINTING_HOOKS = frozenset({"rich.traceback", "apport_python_hook"})


def ending(outer: FrameType | None, left_with: object) -> dict[str, object]:
    """Return `code`, and `signal` where one ends this process; nothing where it is not known.

    `outer` is the outermost frame of the main thread, `left_with` what `seen_leaving` returned, if it was asked.
    """
    if outer is None or not _is_plain_python() or _is_running(outer) or not _can_flush():
        return {}
    error = getattr(sys, "last_value", None)
    trace = error.__traceback__ if isinstance(error, BaseException) else None
    if trace is not None and trace.tb_frame is outer:
        return _of_uncaught(error)
    if isinstance(left_with, int):
        return {"code": left_with}
    return {"code": 0} if _can_tell_returns() and _stopped_at_return(outer) else {}


def seen_leaving(code: object, origin: int, outer: FrameType | None) -> int | None:
    """Return with which code a SystemExit ends the process; None where another one may.

    Asked while the exception is let go of, with nothing running any more. `code` is its code, `origin` the id of the frame
    that raised it. It is this one if a traceback leads from where the outermost frame stopped to that frame.
    """
    if outer is None:
        return None
    traces = _traces_from(outer)  # also those of exceptions that were being handled when it was raised
    ours = [trace for trace in traces if _origin(trace) == origin]
    if any(trace.tb_lasti == outer.f_lasti for trace in ours):
        return as_exit_code(code)
    return as_exit_code(code) if ours and ours == traces and _stopped_at_bare_raise(outer) else None


def as_exit_code(code: object) -> int:
    """Return what the system sees of the code of a SystemExit."""
    if code is None:
        return 0
    if not isinstance(code, int):
        return UNCAUGHT  # Python prints it
    return int(code) & 0xFF if code in _LONG else 0xFF


def _of_uncaught(error: BaseException | None) -> dict[str, object]:
    hook = sys.excepthook
    if hook is not sys.__excepthook__ and getattr(hook, "__module__", None) not in _PRINTING_HOOKS:
        return {}
    if type(error) is KeyboardInterrupt:  # Python ends itself by the signal; a shell says 130
        return {"code": 128 + signal.SIGINT, "signal": "SIGINT"}
    return {"code": UNCAUGHT}


def _is_plain_python() -> bool:
    """Whether the end of the main program is the end of the process: no shell, no notebook, no program that embeds Python."""
    words = getattr(sys, "orig_argv", None) or [""]
    return (
        sys.implementation.name == "cpython"
        and os.path.basename(words[0]).lower().startswith("python")
        and not hasattr(sys, "ps1")
        and not hasattr(builtins, "__IPYTHON__")
        and not sys.flags.inspect
        and not os.environ.get("PYTHONINSPECT")
    )


def _is_running(outer: FrameType) -> bool:
    from gnomon.runs.capture.capture import outermost_frame

    return outermost_frame() is outer


def _can_flush() -> bool:
    """Whether what was printed can be written; else Python says so in its exit code."""
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None and not stream.closed:
                stream.flush()
    except Exception:  # noqa: BLE001  a stand-in of any kind; then the code is not known, as said above
        return False
    return True


def _traces_from(outer: FrameType) -> list[TracebackType]:
    """Return the tracebacks that begin at a frame. They are young, or they are searched for among all objects."""
    import gc

    for objects in (gc.get_objects(generation=0), gc.get_objects(generation=1), gc.get_referrers(outer)):
        found = [one for one in objects if type(one) is TracebackType and one.tb_frame is outer]
        if found:
            return found
    return []


def _origin(trace: TracebackType) -> int:
    while trace.tb_next is not None:
        trace = trace.tb_next
    return id(trace.tb_frame)


def _stopped_at_bare_raise(frame: FrameType) -> bool:
    import opcode

    code, at = frame.f_code.co_code, frame.f_lasti
    return bool(code[at] == opcode.opmap.get("RAISE_VARARGS") and code[at + 1] == 0)


def _stopped_at_return(frame: FrameType) -> bool:
    import opcode

    returns = {opcode.opmap.get("RETURN_VALUE"), opcode.opmap.get("RETURN_CONST")}
    return frame.f_lasti >= 0 and frame.f_code.co_code[frame.f_lasti] in returns


def _can_tell_returns() -> bool:
    """Whether this Python keeps in a frame where it stopped, as those that this was written for do."""
    frames: list[FrameType] = []

    def returns() -> list[FrameType]:
        frames.append(sys._getframe())
        return frames

    def raises() -> object:
        frames.append(sys._getframe())
        return frames[-1].f_locals["nothing of this name"]  # what comes next is a return

    returns()
    try:
        raises()
    except KeyError:
        returned, raised = map(_stopped_at_return, frames)
        return returned and not raised
    return False
