"""`gnomon run -- COMMAND`: a run around any command, which knows nothing of it.

The run is made before the command starts and ends with it: finished where it exited with 0, stopped where it was interrupted or
terminated, else failed. Processes of the command that use the SDK land in the same run (GNOMON_RUN_ID).

Always true: whatever happens to the record, the command runs to its own end and its result is passed on.
Parts: capture.command runs it, capture.capture records it, capture.pick finds metrics in what it prints.
"""

from __future__ import annotations

import os
import shutil
import signal
from typing import TYPE_CHECKING, NamedTuple

from gnomon.env import REAL
from gnomon.errors import CommandNotFoundError
from gnomon.ids import RUN_ID_BYTES
from gnomon.runs import entries
from gnomon.runs.capture.capture import (
    LAUNCHER_VARIABLE,
    Capture,
    begin_capture,
    scrubber_here,
    wanted_parts,
)
from gnomon.runs.capture.command import Command, Ended, hold_signals
from gnomon.runs.launch import launch_from
from gnomon.runs.run import Run
from gnomon.session import session_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gnomon.runs.launch import Launch
    from gnomon.session import Session

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
NOT_FOUND, NOT_EXECUTABLE = 127, 126


class Launched(NamedTuple):
    """What became of a command."""

    run: str
    ended: Ended
    path: str  # of the record
    unmatched: tuple[str, ...] = ()  # what was to be picked and was never printed
    seen: tuple[str, ...] = ()  # the names that could have been


def launch(
    words: Sequence[str],
    *,
    place: str | None = None,
    name: str | None = None,
    group: str | None = None,
    seed: int | None = None,
    tags: Sequence[str] = (),
    params: Mapping[str, object] | None = None,
    pick: Sequence[str] = (),
) -> Launched:
    """Run a command to its end and record it.

    Raises CommandNotFoundError, also where the system refuses to start it, and BadArgumentError; nothing was run or
    recorded then.
    """
    wanted_parts(REAL.getenv("GNOMON_CAPTURE"))
    launched = launch_from(REAL)
    path = find_command(words[0])
    mask = hold_signals()  # before the session starts a thread, which would take them
    session = session_for(place)
    run_id = launched.run_id or REAL.random_bytes(RUN_ID_BYTES).hex()
    environ = {**os.environ, "GNOMON_RUN_ID": run_id, "GNOMON_DIR": session.path}
    session.ready()
    if session.log_id:
        environ[LAUNCHER_VARIABLE] = session.log_id
    heard: list[Callable[[str, bytes], None]] = []

    def hear(stream: str, data: bytes) -> None:
        for one in heard:
            one(stream, data)

    try:
        command = Command(path, words, environ, hear, mask=mask)
    except OSError as error:
        raise CommandNotFoundError(
            f"the system refuses to start `{words[0]}`: {error.strerror}; nothing was recorded",
            exit_code=NOT_EXECUTABLE,
        ) from error
    recording = _Recording(session, words)
    given = {"name": name, "params": dict(params or {}), "seed": seed, "group": group}
    recording.attempt(lambda: recording.begin(run_id, launched, given, tags))
    heard += [recording.guarded(one) for one in recording.listeners(pick)]
    ended = command.wait(lambda: recording.attempt(recording.tick))
    recording.attempt(lambda: recording.end(ended))
    return Launched(run_id, ended, session.path, *recording.unmatched())


class _Recording:
    """The record's side of a command. Whatever goes wrong here is said once; the command goes on."""

    def __init__(self, session: Session, words: Sequence[str]) -> None:
        self._session = session
        self._words = words
        self._run: Run | None = None
        self._capture: Capture | None = None
        self._picking: _Picking | None = None

    def attempt(self, step: Callable[[], None]) -> None:
        """Do something; the command must not die of it."""
        try:
            step()
        except Exception as error:  # noqa: BLE001  the command runs and is somebody's work; the trouble is said
            self._session.warn_once(
                "launcher", f"the run cannot be recorded as it should: {type(error).__name__}: {error}"
            )

    def guarded(self, hear: Callable[[str, bytes], None]) -> Callable[[str, bytes], None]:
        """Return a listener that never raises."""
        return lambda stream, data: self.attempt(lambda: hear(stream, data))

    def begin(self, run_id: str, launched: Launch, given: Mapping[str, object], tags: Sequence[str]) -> None:
        """Make the run, and begin to capture."""
        scrubber = scrubber_here()
        session = self._session
        self._run = run = Run(
            session, id=run_id, name=_text(given["name"]), group=_text(given["group"]), seed=None, rank=launched.rank,
            world_size=launched.world_size, strict=False, next_step=0,
        )  # fmt: skip
        body: dict[str, object] = {
            "rank": launched.rank,
            "world_size": launched.world_size,
            "launcher": True,
            "label": scrubber.text(_label(self._words), "command"),
        }
        body.update({key: value for key, value in given.items() if value not in (None, {})})
        if "params" in body:
            body["params"] = scrubber.value("params", body["params"], "params")
        run._append(entries.CREATED, body)
        run.tag(*tags)
        self._capture = begin_capture(
            session,
            lambda parts: Capture(session, scrubber, parts, argv=self._words, listens=False),
        )

    def listeners(self, pick: Sequence[str]) -> list[Callable[[str, bytes], None]]:
        """Return what wants to hear the command's output."""
        found: list[Callable[[str, bytes], None]] = []
        if self._capture is not None and self._capture.wants("console"):
            found.append(self._capture.hear_bytes)
        if pick and self._run is not None:
            self._picking = _Picking(self._run, pick)
            found.append(self._picking.hear)
        return found

    def tick(self) -> None:
        """Write what was printed since the last time."""
        if self._capture is not None and self._capture.wants("console"):
            self._capture.write_console()

    def end(self, ended: Ended) -> None:
        """Write what was left to pick, and how the command ended."""
        if self._picking is not None:
            self.attempt(self._picking.end)
        if self._capture is not None:
            self._capture.finish()
            self._capture.say_exit(_exit_body(ended))
        if self._run is not None:
            status, why = _status(ended)
            self._run.finish(status, error=why)

    def unmatched(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return what was to be picked and was never printed, and then the names that were."""
        if self._picking is None:
            return (), ()
        return self._picking.unmatched()


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def find_command(word: str) -> str:
    """Return the path of a command. Raises CommandNotFoundError."""
    found = shutil.which(word)
    if found is not None:
        return found
    if os.path.exists(word):
        what = "is a folder" if os.path.isdir(word) else "may not be executed"
        hint = f"for a Python script write `gnomon run -- python {word}`" if word.endswith(".py") else None
        raise CommandNotFoundError(
            f"`{word}` {what}; nothing was run or recorded", exit_code=NOT_EXECUTABLE, hint=hint
        )
    hint = None
    if " " in word:
        hint = (
            "write its words one by one, without quotes around all of them; for a shell's syntax `sh -c '…'`"
        )
    raise CommandNotFoundError(
        f"there is no command `{word}`: it is no file here and stands in no folder of PATH; nothing was run or recorded",
        exit_code=NOT_FOUND,
        hint=hint,
    )


def _label(words: Sequence[str]) -> str:
    """Return what people would call the command: its script, else the program."""
    scripts = [word for word in words[1:6] if word.endswith((".py", ".sh", ".R", ".jl"))]
    if "-m" in words[1:4] and os.path.basename(words[0]).startswith("python"):
        at = list(words).index("-m") + 1
        return words[at] if at < len(words) else os.path.basename(words[0])
    return os.path.basename(scripts[0] if scripts else words[0])


class _Picking:
    """Logs the metrics that a command prints."""

    def __init__(self, run: Run, patterns: Sequence[str]) -> None:
        from gnomon.runs.capture.pick import Picker

        self._picker = Picker(patterns)
        self._log = run.log

    def hear(self, stream: str, data: bytes) -> None:
        for step, metrics in self._picker.feed(stream, data.decode("utf-8", "replace")):
            self._log(metrics, step=step)

    def end(self) -> None:
        """Log the metrics of a last line without an end."""
        for step, metrics in self._picker.end():
            self._log(metrics, step=step)

    def unmatched(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the patterns that no name fitted, and the names that were seen."""
        return tuple(self._picker.unmatched), tuple(self._picker.seen)


def _status(ended: Ended) -> tuple[str, str | None]:
    if ended.signal in STOPPING or ended.code in {128 + number for number in STOPPING}:
        return "stopped", None
    if ended.signal:
        return "failed", f"killed by {signal.Signals(ended.signal).name}"
    return ("failed", f"exit code {ended.code}") if ended.code else ("finished", None)


def _exit_body(ended: Ended) -> dict[str, object]:
    body: dict[str, object] = {
        "code": ended.exit_code,
        "duration_s": round(ended.duration_s, 3),
        "cpu_s": round(ended.cpu_s, 3),
    }
    if ended.peak_memory_bytes is not None:
        body["peak_memory_bytes"] = ended.peak_memory_bytes
    if ended.signal:
        body["signal"] = signal.Signals(ended.signal).name
    if ended.has_left_behind:
        body["left_behind"] = True
    return body
