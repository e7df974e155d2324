"""One line for whoever starts a run that was tried before, or nearly: with the same code, and an equal or close configuration.

`expect` takes note of a run that starts; `answer` is called by the thread that captures the process, once it has looked at the
code. Data that a run uses is not known when it starts: the line says so where the earlier ones used some.

Always true: nothing here raises, holds up a training or the command, or outlasts `BUDGET_S` of processor time. In a training
the index is read as it is: where it lacks much, or is not there, nothing is said. A launcher, which is a process of its own,
takes in what is new first, if that is little. `GNOMON_TRIED=0` switches it off.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Collection, Mapping

    from gnomon.runs.tried.asked import Asked
    from gnomon.runs.tried.code import Code
    from gnomon.runs.views import Record
    from gnomon.session import Session

VARIABLE = "GNOMON_TRIED"
OFF = frozenset({"0", "off", "no", "none", "false"})
BUDGET_S = 0.5
MOST_MISSING_BYTES = 1 << 20  # of the logs, that an index may lack and still be asked as it is
MOST_NEW_BYTES = 4 << 20  # that a launcher takes in first
MOST_SHOWN = 30


class _Expected(NamedTuple):
    run: str
    params: Mapping[str, object]
    seed: object
    tell: Callable[[str], None]
    is_launcher: bool


class Here(NamedTuple):
    """What capture knows of a process that starts: the facts of its code, its folder, what of the project it imported so far."""

    code: Mapping[str, object]
    folder: str
    imported: Collection[str]
    command: str


_expected: dict[Session, _Expected] = {}
_has_asked = False


def expect(
    session: Session,
    run: str,
    params: Mapping[str, object],
    *,
    seed: object = None,
    tell: Callable[[str], None] | None = None,
) -> None:
    """Take note of a run that starts, with parameters and seed as they are recorded; only of the first one of a process.

    A launcher says how it tells a person (`tell`). A training does so at a terminal only.
    """
    global _has_asked
    if _has_asked or (session.env.getenv(VARIABLE) or "").strip().lower() in OFF:
        return
    if tell is None and (session.env.getenv("GNOMON_LAUNCHER") is not None or not _is_at_terminal()):
        return
    _has_asked = True
    _expected[session] = _Expected(run, params, seed, tell or _say, tell is not None)


def answer(session: Session, here: Here, stop: threading.Event) -> None:
    """Say that the run that was expected was tried before, if it was. Setting `stop` ends the search soon."""
    expected = _expected.pop(session, None)
    if expected is None or not isinstance(here.code.get("fingerprint"), str):
        return
    try:
        line = _line(session, expected, here, stop)
        if line is not None and not stop.is_set():
            expected.tell(line)
    except Exception as error:  # noqa: BLE001  a hint is no reason to stop or to disturb a training; this is the trace
        import logging

        logging.getLogger("gnomon").debug("gnomon: what was tried before is not known: %r", error)


class _EnoughError(Exception):
    """The search takes too long, or the process ends."""


def _line(session: Session, expected: _Expected, here: Here, stop: threading.Event) -> str | None:
    from gnomon.record.home import open_home
    from gnomon.runs.tried import found, words
    from gnomon.runs.tried.code import code_of_facts, with_loaded
    from gnomon.runs.views import Record

    until_s = time.thread_time() + BUDGET_S

    def pause() -> None:
        if stop.is_set() or time.thread_time() > until_s:
            raise _EnoughError
        time.sleep(0)  # the training goes first

    with Record(open_home(session.path, session.env)) as record:
        if not _is_fresh(record, may_update=expected.is_launcher):
            return None
        pause()
        code = with_loaded(record.replica.index, code_of_facts(here.code), here.folder, pause, here.imported)
        asked = _asked(expected, code, here.command)
        answer = found.tried(record, asked, limit=MOST_SHOWN, within=found.CLOSE, pause=pause)
        return words.at_start(answer, expected.run, expected.seed) if answer.runs else None


def _asked(expected: _Expected, code: Code, command: str) -> Asked:
    """Return the question: the parameters, and what the command sets where they may not be all, or there are none."""
    from dataclasses import replace

    from gnomon.runs.tried.asked import LONGEST_COMMAND, asked_of
    from gnomon.runs.tried.command import settings

    asked = asked_of(expected.params, whole=not expected.is_launcher)
    by_command = expected.is_launcher or not asked.params
    return replace(
        asked,
        code=code,
        run=expected.run,
        only_same_code=True,
        command=settings(command[:LONGEST_COMMAND]) if by_command else None,
    )


def _is_fresh(record: Record, *, may_update: bool) -> bool:
    """Return whether the index may be asked now: it lacks little, or may take it in."""
    index = record.replica.index
    is_open = index.open_as_is()
    if may_update:
        if index.unread_bytes() > MOST_NEW_BYTES:
            return False
        index.update()
        return True
    return is_open and index.unread_bytes() <= MOST_MISSING_BYTES


def _is_at_terminal() -> bool:
    try:
        return sys.stderr is not None and sys.stderr.isatty()
    except (OSError, ValueError, AttributeError):  # a stream that is closed, or somebody's stand-in for one
        return False


def _say(line: str) -> None:
    sys.stderr.write(f"gnomon: {line}\n")
