"""One line for whoever starts a run that was tried before, or nearly: with the same code, and an equal or close configuration.

`expect` takes note of a run that starts; `answer` is called by the thread that captures the process, once it has looked at the
code. Data that a run uses is not known when it starts: the line says so where the earlier ones used some.

Always true: nothing here raises, or holds up a training or the command. A training has a process of its own asked
(`elsewhere`), which takes in what the index lacks and ends with it. A launcher is one: it takes in what is new, if that is
little, and looks for `BUDGET_S` of processor time at most. `GNOMON_TRIED=0` switches it off.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Collection, Mapping, Sequence

    from gnomon.env import Env
    from gnomon.runs.tried.asked import Asked
    from gnomon.runs.tried.code import Code
    from gnomon.runs.tried.found import TriedRun
    from gnomon.runs.views import Record
    from gnomon.session import Session

VARIABLE = "GNOMON_TRIED"
OFF = frozenset({"0", "off", "no", "none", "false"})
BUDGET_S = 0.5
MOST_NEW_BYTES = 4 << 20  # that a launcher takes in first
MOST_SHOWN = 30


class Expected(NamedTuple):
    """A run that starts, and how to tell a person of those before it."""

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
    packages: Mapping[str, str]  # by name; empty where they are not known


_expected: dict[Session, Expected] = {}
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
    _expected[session] = Expected(run, params, seed, tell or _say, tell is not None)


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


def _line(session: Session, expected: Expected, here: Here, stop: threading.Event) -> str | None:
    if not expected.is_launcher:
        from gnomon.runs.tried.elsewhere import ask

        run = {
            "run": expected.run,
            "params": dict(expected.params),
            "seed": expected.seed,
            "place": session.path,
        }
        return ask(
            {
                **run,
                **here._asdict(),
                "code": dict(here.code),
                "imported": sorted(here.imported),
                "packages": dict(here.packages),
            },
            stop,
        )
    until_s = time.thread_time() + BUDGET_S

    def pause() -> None:
        if stop.is_set() or time.thread_time() > until_s:
            raise _EnoughError
        time.sleep(0)  # the command's output goes first

    return line_of(session.path, session.env, expected, here, pause, most_new=MOST_NEW_BYTES)


def line_of(
    place: str, env: Env, expected: Expected, here: Here, pause: Callable[[], None], *, most_new: int
) -> str | None:
    """Return the line for a run that starts in the record at `place`; None where there is none, or over `most_new` bytes of logs
    to take in first."""
    from gnomon.record.home import open_home
    from gnomon.runs.tried import found, words
    from gnomon.runs.tried.code import code_of_facts, with_loaded
    from gnomon.runs.views import Record

    with Record(open_home(place, env)) as record:
        index = record.replica.index
        index.open_as_is()
        if index.unread_bytes() > most_new:
            return None
        index.update()
        pause()
        code = with_loaded(record.replica.index, code_of_facts(here.code), here.folder, pause, here.imported)
        asked = _asked(expected, code, here.command)
        answer = found.tried(record, asked, limit=MOST_SHOWN, within=found.CLOSE, pause=pause)
        if not answer.runs:
            return None
        moved = _moved_packages(record, answer.runs, here.packages, pause)
        return words.at_start(answer, expected.run, expected.seed, moved=moved)


def _moved_packages(
    record: Record, runs: Sequence[TriedRun], packages: Mapping[str, str], pause: Callable[[], None]
) -> dict[str, tuple[str | None, str | None]]:
    """Return the packages (then, now) that differ from the nearest run's; none where a run that is as near had the same.

    The line says that the code is the same, and nobody should take that for the packages.
    """
    from gnomon.runs.rebuild.environment import OWN, TOOLS

    nearest: dict[str, tuple[str | None, str | None]] = {}
    for one in runs if packages else ():
        if one.differs != runs[0].differs:
            break
        pause()
        theirs = record.run_of(one.id).captured.part("python").get("packages") or {}
        moved = {
            name: (theirs.get(name), packages.get(name))
            for name in sorted({*theirs, *packages} - OWN - TOOLS)
            if theirs.get(name) != packages.get(name)
        }
        if not theirs or not moved:
            return {}
        nearest = nearest or moved
    return nearest


def _asked(expected: Expected, code: Code, command: str) -> Asked:
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


def _is_at_terminal() -> bool:
    try:
        return sys.stderr is not None and sys.stderr.isatty()
    except (OSError, ValueError, AttributeError):  # a stream that is closed, or somebody's stand-in for one
        return False


def _say(line: str) -> None:
    sys.stderr.write(f"gnomon: {line}\n")
