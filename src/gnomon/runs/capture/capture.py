"""What a process was, captured by itself: command, code, versions, machine, environment, console, resources.

It begins with the first run of a process, in a thread of its own, and ends with the process. Facts go into the record in
two steps: what is quick to find, then the code. What could not be finished before the process ended stays named as pending.

Always true: nothing here raises into a training, holds up a `log`, or delays its end by more than `PATIENCE_S`; all
that is captured has passed the scrubber; a forked child captures nothing.
Layer: writes through the session; what is looked at is in the modules beside this one. `GNOMON_CAPTURE` says how much:
`on` (the default), `off`, or the parts that are wanted, such as `code,python`.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import TYPE_CHECKING

from gnomon.errors import BadArgumentError, GnomonError
from gnomon.ids import process_subject
from gnomon.runs import checked, entries
from gnomon.runs.capture.hearing import Hearing
from gnomon.runs.notebook.words import is_notebook, without_file

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import FrameType
    from typing import NoReturn

    from gnomon.env import Env
    from gnomon.points.rows import RunPoints
    from gnomon.runs.capture.loaded import LoadedFiles
    from gnomon.runs.capture.system import SystemMetrics
    from gnomon.scrub.scrubber import Scrubber
    from gnomon.session import Session

PATIENCE_S = 1.0
SYSTEM_AFTER_S = 5.0  # a run of a few seconds costs nothing, and loads nothing
PARTS = ("command", "python", "machine", "environment", "code", "console", "system")
CELLS = "cells"  # of a notebook: kept by `%load_ext gnomon`, not here
# Under `gnomon run -- …` the launcher knows these of the whole command.
OF_LAUNCHER = frozenset({"machine", "environment", "code", "console", "system"})
ON = "on"
OFF = frozenset({"off", "no", "none", "false", "0"})
LAUNCHER_VARIABLE = "GNOMON_LAUNCHER"
MUCH = 64 << 10  # of what was printed; less is written after the run's end, and belongs to it all the same
MAX_INLINE = 4 << 10  # bytes of code that stand in the entry itself
MAX_WORDS, MAX_WORD = 500, 2_000


def wanted_parts(text: str | None, *, has_launcher: bool = False) -> frozenset[str]:
    """Return which parts GNOMON_CAPTURE asks for. Raises BadArgumentError for a word that it does not know."""
    words = _words(text)
    wanted = _known(words)
    unknown = sorted(set(words) - set(PARTS) - OFF - {ON})
    if unknown:
        raise BadArgumentError(
            f"`GNOMON_CAPTURE` knows no part `{unknown[0]}`",
            hint=f"write `on`, `off`, or some of {', '.join(PARTS)}",
        )
    return wanted - OF_LAUNCHER if has_launcher else wanted


def _words(text: str | None) -> list[str]:
    return [word.strip() for word in (text or ON).lower().split(",") if word.strip()]


def _known(words: Sequence[str]) -> frozenset[str]:
    """Return the parts that are named; none where `off` is among the words."""
    if not OFF.isdisjoint(words):
        return frozenset()
    return frozenset(PARTS if ON in words else (word for word in words if word in PARTS))


class Capture:
    """The capture of one process. `begin` starts it; the session's end finishes it."""

    def __init__(
        self,
        session: Session,
        scrubber: Scrubber,
        parts: frozenset[str],
        *,
        argv: Sequence[str] | None = None,
        environ: Mapping[str, str] | None = None,
        listens: bool = True,
        since_s: float | None = None,
    ) -> None:
        self.scrubber = scrubber
        self._session = session
        self._parts = parts
        self._argv = list(_own_words() if argv is None else argv)
        self._is_own = argv is None  # about this process, not about a command that it runs
        self._script = (
            _own_script() if self._is_own else None
        )  # asked now: at the script's end it is forgotten
        self._environ = dict(os.environ if environ is None else environ)
        self._folder = _working_folder() or os.path.dirname(session.path)
        self._listens = listens and "console" in parts
        self._stop = threading.Event()
        self._looked = threading.Event()
        self.hearing = Hearing(session, scrubber) if "console" in parts else None
        self._system: SystemMetrics | None = None
        self._system_points: dict[RunPoints, tuple[RunPoints, float]] = {}
        self._withheld_told = 0
        self._is_finished = False
        self._code: dict[str, object] | None = None
        self._loaded: LoadedFiles | None = None
        self._command_text = ""
        self._packages: Mapping[str, str] = {}
        self._leaving: Leaving | None = None
        self._began_s = time.monotonic()
        self._since_s = time.time() if since_s is None else since_s  # what is written later is an output
        self.process_id = os.getpid()
        self._thread: threading.Thread | None = None

    def wants(self, part: str) -> bool:
        """Whether a part is captured."""
        return part in self._parts

    # --- the process's own thread

    def begin(self) -> None:
        """Start to look, to listen and to measure."""
        if self._is_own:
            self._leaving = Leaving()
        thread = threading.Thread(target=self._work, name="gnomon-capture", daemon=True)
        thread.start()
        self._thread = thread
        if self._listens:
            self.listen()
        self._session.at_close(self.finish)
        self._session.each_second(self.tick)

    def _work(self) -> None:
        try:
            self._look()
        except Exception as error:  # noqa: BLE001  a training must not die of being looked at; the run says so
            self._say_failed(error)
        finally:
            self._looked.set()
        if self._code is not None:  # nobody waits for it
            from gnomon.runs.tried.at_start import Here, answer

            loaded = self._loaded
            imported = loaded.paths if loaded is not None else frozenset[str]()
            here = Here(self._code, self._folder, imported, self._command_text, self._packages)
            answer(self._session, here, self._stop)

    def _look(self) -> None:
        found: dict[str, object] = {}
        quick = {
            "command": self._command,
            "python": self._python,
            "machine": _machine,
            "environment": self._environment,
        }
        for part, look in quick.items():
            if part in self._parts and (facts := look()):
                found[part] = facts
        self._packages = checked.fields(checked.fields(found.get("python")).get("packages"))
        pending = ["code"] if "code" in self._parts else []
        self._append({"parts": found, "pending": pending})
        self._look_at_loaded()
        if pending:
            self._look_at_code()

    def _look_at_loaded(self) -> None:
        """Look at the files of the project that this process loaded: nobody else can, so under a launcher too."""
        if not self._is_own or "code" not in _known(_words(self._session.env.getenv("GNOMON_CAPTURE"))):
            return
        from gnomon.runs.capture.code import project_root
        from gnomon.runs.capture.loaded import LoadedFiles

        root = project_root(self._folder)
        if root is not None:
            loaded = LoadedFiles(root, self._script, self._since_s)
            loaded.look()
            self._loaded = loaded

    def _look_at_code(self) -> None:
        from gnomon.runs.capture.code import code_state

        # A kernel of Jupyter names the file with its connection, which is no code; cells are kept by themselves.
        script, argv = (None, ()) if is_notebook(self._argv) else (self._script, self._argv)
        state = code_state(
            self._folder,
            scrubber=self.scrubber,
            script=script,
            argv=argv,
            stop=self._stop,
            since_s=self._since_s,
        )
        facts = self.scrubber.value("", state.facts, "code")  # names of files and branches too
        if isinstance(facts, dict) and self._folder == os.path.expanduser("~"):
            facts = {**facts, "root_name": "~"}  # else it is the user's name
        blobs = {self.scrubber.text(path, "code"): data for path, data in state.blobs.items()}
        self._code = facts if isinstance(facts, dict) else None
        body: dict[str, object] = {"parts": {"code": facts}}
        inline = _as_text(blobs) if sum(map(len, blobs.values())) <= MAX_INLINE else None
        if inline is not None:  # a single small script: not worth a pack
            body["files"] = {"code": inline}
        else:
            kept = self._keep(blobs)
            if kept is not None:
                body["objects"] = {"code": kept}
        self._append(body)

    def _keep(self, blobs: Mapping[str, bytes]) -> str | None:
        from gnomon.objects.tree import path_fault

        session = self._session
        if session.home is None or session.log is None:
            return None
        try:
            return str(
                session.new_store().put_files(
                    {path: data for path, data in blobs.items() if path_fault(path) is None}
                )
            )
        except (OSError, GnomonError) as error:
            self._session.warn_once("code", f"the state of the code could not be kept: {error}")
            return None

    def _append(self, body: dict[str, object]) -> None:
        withheld = self.scrubber.withheld
        if len(withheld) != self._withheld_told:
            self._withheld_told = len(withheld)
            body = {**body, "withheld": [[*one] for one in withheld]}
        with self._session.lock:
            if not self._is_finished:  # else the process is ending, and what was not ready stays pending
                self._session.append(entries.CAPTURED, process_subject(self._session.log_id), body)

    def _say_failed(self, error: Exception) -> None:
        self._session.warn_once(
            "capture", f"what this process is could not all be captured: {type(error).__name__}: {error}"
        )

    # --- what is looked at

    def _command(self) -> dict[str, object]:
        facts = command_facts(self._argv, self._script, self.scrubber)
        self._command_text = str(facts["text"])
        return facts

    def _python(self) -> dict[str, object]:
        if self._is_own:
            from gnomon.runs.capture.python import python_facts

            return python_facts()
        from gnomon.runs.capture.other_python import facts_of, python_of

        python = python_of(self._argv)
        return facts_of(python, self._environ) if python is not None else {}

    def _environment(self) -> dict[str, str]:
        from gnomon.runs.capture.machine import environment_facts

        return environment_facts(self._environ, self.scrubber)

    # --- the console

    def listen(self) -> None:
        """Listen to the streams of this process, where the console is wanted."""
        if self.hearing is not None:
            self.hearing.listen()

    def listen_no_more(self) -> None:
        """Leave the streams to somebody who tells what `hear` should know: the notebook, whose cells hold the rest."""
        if self.hearing is not None:
            self.hearing.listen_no_more()
            self.hearing.write()

    def hear(self, stream: str, text: str | bytes) -> None:
        """Take what was printed; any thread may call it."""
        if self.hearing is not None:
            self.hearing.hear(stream, text)

    def before_run(self) -> None:
        """Another run of this process is about to begin: what was printed so far does not belong to it."""
        if self.hearing is not None and self.process_id == os.getpid():
            self.hearing.separate()

    def write_much(self) -> None:
        """Write what was printed, where it is more than belongs to a run after its end."""
        if self.hearing is not None and self.process_id == os.getpid():
            self.hearing.catch_up()
            if self.hearing.waits_with > MUCH:
                self.hearing.write()

    def tick(self) -> None:
        """Write what was printed since the last time, and begin to measure once the process is a few seconds old."""
        if self.process_id != os.getpid():
            return
        if self.hearing is not None:
            self.hearing.write()
        if "system" in self._parts and self._system is None and self._age_s() > SYSTEM_AFTER_S:
            self._start_system()

    def _age_s(self) -> float:
        return time.monotonic() - self._began_s

    # --- resources

    def _start_system(self) -> None:
        from gnomon.runs.capture.system import SystemMetrics

        self._system = SystemMetrics(self._log_system, first_after_s=0.0)
        self._system.start()

    def _log_system(self, row: dict[str, float], step: int) -> None:  # noqa: ARG002  each run counts its own seconds
        from gnomon.points.rows import RunPoints

        now_s = time.monotonic()
        for points in list(self._session.points):
            own, began_s = self._system_points.get(points, (None, 0.0))
            if own is None:
                own, began_s = RunPoints(self._session, points.run, points.rank), now_s
                self._system_points[points] = own, now_s
            own.log(row, step=int(now_s - began_s))

    def before_end(self, points: RunPoints) -> None:
        """Log a last row of resources to a run that is about to end, if it had any."""
        known = self._system_points.pop(points, None)
        if known is not None and self._system is not None and self._system.is_running:
            own, began_s = known
            own.log(dict(self._system.sample()), step=int(time.monotonic() - began_s))

    # --- the end

    def finish(self) -> None:
        """Write what is left, how the process ends, and put the streams back."""
        if self._thread is None or self.process_id != os.getpid():
            return
        _captures.pop(self._session, None)
        self._session.no_longer_at_close(self.finish)
        self._looked.wait(PATIENCE_S)
        self._stop.set()
        if self._system is not None:
            self._system.stop(with_last=self._is_own)
        self._thread.join(0.1)
        if self.hearing is not None:
            self.hearing.end()
        if self._is_own:
            told = self._leaving.end() if self._leaving is not None else {}
            self.say_exit({**told, **_own_exit(time.monotonic() - self._began_s), **self._facts_of_loaded()})

    def _facts_of_loaded(self) -> dict[str, object]:
        loaded, self._loaded = self._loaded, None
        if loaded is None:
            return {}
        try:
            loaded.look()
            facts = loaded.facts(self.scrubber)
        except Exception as error:  # noqa: BLE001  as in `_work`
            self._say_failed(error)
            return {}
        return {"loaded": facts} if facts else {}

    def see_exit(self, error: SystemExit) -> None:
        """Take note of a SystemExit that passes by: it may be the one that ends the process."""
        if self._leaving is not None:
            self._leaving.see(error)

    def say_exit(self, body: dict[str, object]) -> None:
        """Write how the process ended, and what was withheld since the last time."""
        if len(self.scrubber.withheld) != self._withheld_told:
            self._append({"parts": {}})
        self._is_finished = True
        self._session.append(entries.EXITED, process_subject(self._session.log_id), body)


def _own_words() -> Sequence[str]:
    return (
        getattr(sys, "orig_argv", None) or getattr(sys, "argv", None) or ()
    )  # embedded interpreters may have neither


def _working_folder() -> str | None:
    try:
        return os.getcwd()
    except OSError:  # it was deleted
        return None


def _own_script() -> str | None:
    path = getattr(sys.modules.get("__main__"), "__file__", None)
    return path if isinstance(path, str) else None


def _as_text(blobs: Mapping[str, bytes]) -> dict[str, str] | None:
    """Return files as text; None where one is none."""
    try:
        return {path: data.decode("utf-8") for path, data in blobs.items()}
    except UnicodeDecodeError:
        return None


def command_facts(argv: Sequence[str], script: str | None, scrubber: Scrubber) -> dict[str, object]:
    """Return a command as facts: its words, the same as one line for a shell, the script's name."""
    if is_notebook(argv):
        argv, script = without_file(argv), None
    words = scrubber.argv([word[:MAX_WORD] for word in argv[:MAX_WORDS]])
    if words:
        words[0] = os.path.basename(words[0]) or words[0]
    facts: dict[str, object] = {"argv": words, "text": " ".join(map(_quoted, words))}
    if script is not None:
        facts["script"] = scrubber.text(os.path.basename(script), "command")
    if len(argv) > MAX_WORDS:
        facts["words_left_out"] = len(argv) - MAX_WORDS
    return facts


def _quoted(word: str) -> str:
    """Return a word as a POSIX shell reads it. (`shlex` does the same and costs a millisecond to load.)"""
    if word and all(char.isascii() and (char.isalnum() or char in "@%+=:,./-_") for char in word):
        return word
    return "'" + word.replace("'", "'\"'\"'") + "'"


def _machine() -> dict[str, object]:
    from gnomon.runs.capture.machine import machine_facts

    return machine_facts()


def _own_exit(duration_s: float) -> dict[str, object]:
    import resource

    usage = resource.getrusage(resource.RUSAGE_SELF)
    unit = 1 if sys.platform == "darwin" else 1024
    return {
        "duration_s": round(duration_s, 3),
        "cpu_s": round(usage.ru_utime + usage.ru_stime, 3),
        "peak_memory_bytes": usage.ru_maxrss * unit,
    }


# --- how the process is left


class Leaving:
    """Watches for the way in which this process ends; `exit_code` tells it from what was seen.

    A SystemExit gets a mark, which dies with it: inside the program where it was caught, and with nothing running any more
    where it ended the process. So nothing is kept alive but the outermost frame, which lives as long as its module.
    """

    def __init__(self) -> None:
        self.outer = outermost_frame()
        self.left_with: int | None = None
        self._process_id = os.getpid()
        self._before = before = sys.exit

        def leave(*status: object) -> NoReturn:
            try:
                before(*status)  # type: ignore[arg-type]
            except SystemExit as error:
                self.see(error)
                raise

        leave.__doc__, leave.__module__, leave.__name__ = before.__doc__, "sys", "exit"
        leave.__qualname__ = "exit"
        self._own = sys.exit = leave

    def see(self, error: SystemExit) -> None:
        """Mark a SystemExit that was just raised, unless it has a mark."""
        trace = error.__traceback__
        if (
            _MARK in error.__dict__
            or trace is None
            or threading.get_ident() != threading.main_thread().ident
            or self._process_id != os.getpid()
        ):
            return
        while trace.tb_next is not None:
            trace = trace.tb_next
        error.__dict__[_MARK] = _Mark(self, error.code, id(trace.tb_frame))

    def end(self) -> dict[str, object]:
        """Return how the process ends, as far as it is known, and let go of it."""
        from gnomon.runs.capture.exit_code import ending

        outer, self.outer = self.outer, None
        if sys.exit is self._own:
            sys.exit = self._before
        return ending(outer, self.left_with)


_MARK = "__gnomon__"


class _Mark:
    """Dies with the exception that it is on."""

    __slots__ = ("code", "leaving", "origin")

    def __init__(self, leaving: Leaving, code: object, origin: int) -> None:
        self.leaving, self.code, self.origin = leaving, code, origin

    def __del__(self, frame: Callable[[int], object] = sys._getframe) -> None:
        leaving = self.leaving
        if leaving.outer is None or leaving.left_with is not None:
            return
        try:
            frame(1)
        except ValueError:  # nothing runs any more, here
            if threading.get_ident() == threading.main_thread().ident:
                from gnomon.runs.capture.exit_code import seen_leaving

                leaving.left_with = seen_leaving(self.code, self.origin, leaving.outer)

    def __reduce__(self) -> tuple[type[str], tuple[()]]:
        return str, ()  # an exception may be sent to another process


def outermost_frame() -> FrameType | None:
    """Return the frame of the main thread that called all others; None where it runs no Python."""
    main = threading.main_thread().ident
    here = threading.get_ident() == main
    frame = sys._getframe() if here else sys._current_frames().get(main or 0)
    while frame is not None and frame.f_back is not None:
        frame = frame.f_back
    return frame


# --- one for each process

_captures: dict[Session, Capture] = {}
_scrubbers: dict[int, Scrubber] = {}


def scrubber_here() -> Scrubber:
    """Return this process's scrubber.

    It knows the home folder, and the secrets that the environment, the command line and the `.env` files of the working
    folder name; in a forked child also what its parent's knew.
    """
    found = _scrubbers.get(os.getpid())
    if found is None:
        from gnomon.scrub.dotenv import secrets_of_folder
        from gnomon.scrub.scrubber import Scrubber

        found = Scrubber(environ=os.environ, home=os.path.expanduser("~"))
        for parent in _scrubbers.values():
            found.know_all_of(parent)
        found.know_words([word for word in _own_words() if isinstance(word, str)])
        found.know_variables(secrets_of_folder(""))
        _scrubbers.clear()
        _scrubbers[os.getpid()] = found
    return found


def capture_of(session: Session) -> Capture | None:
    """Return what captures this process for a session; None where nothing does."""
    return _captures.get(session)


def captures_anything(env: Env) -> bool:
    """Return whether GNOMON_CAPTURE leaves anything to capture."""
    return bool(_known(_words(env.getenv("GNOMON_CAPTURE"))))


def wants_cells(env: Env) -> bool:
    """Return whether GNOMON_CAPTURE has the cells of notebooks kept."""
    text = env.getenv("GNOMON_CAPTURE")
    try:
        parts = wanted_parts(text)
    except BadArgumentError:  # `begin_capture` says so, and captures everything
        return True
    return parts == frozenset(PARTS) or CELLS in [word.strip() for word in (text or "").lower().split(",")]


def begin_capture(
    session: Session, make: Callable[[frozenset[str]], Capture] | None = None
) -> Capture | None:
    """Begin to capture this process, once; return what captures it, None where nothing is wanted."""
    known = _captures.get(session)
    if known is not None:
        return known if known.process_id == os.getpid() else None
    env = session.env
    has_launcher = env.getenv(LAUNCHER_VARIABLE) is not None
    text = env.getenv("GNOMON_CAPTURE")
    try:
        parts = wanted_parts(text, has_launcher=has_launcher)
    except BadArgumentError as error:  # of the environment, not of a call: no reason to stop a training
        parts = _known(_words(text)) - (OF_LAUNCHER if has_launcher else frozenset())
        session.warn_once("capture", f"{error.message}; captured: {', '.join(sorted(parts)) or 'nothing'}")
    if not parts:
        return None
    try:
        capture = make(parts) if make is not None else Capture(session, scrubber_here(), parts)
        capture.begin()
    except Exception as error:  # noqa: BLE001  no thread to be had, say: no reason to stop a training; it is said
        session.warn_once("capture", f"nothing could be captured: {type(error).__name__}: {error}")
        return None
    _captures[session] = capture
    return capture
