"""`gnomon run -- COMMAND`: a run around any command, which knows nothing of it.

The run is made before the command starts and ends with it: finished where it exited with 0, stopped where it was interrupted or
terminated, else failed. The first process of each rank that uses the SDK lands in the same run, others in runs of their own that
belong to it (`runs.launch`); so does a launcher inside a launcher.

Always true: whatever happens to the record, the command runs to its own end and its result is passed on.
Parts: capture.command runs it, capture.capture records it, capture.pick finds metrics in what it prints.
"""

from __future__ import annotations

import codecs
import os
import shutil
import signal
import threading
import time
from collections import deque
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
from gnomon.runs.capture.command import Command, Ended, SpawnError, hold_signals, reserve_streams, signal_name
from gnomon.runs.capture.watch.watching import watch_command
from gnomon.runs.given import given_from
from gnomon.runs.launch import CLAIMS_VARIABLE, checked_run_id, claims_from, launch_from, make_claims
from gnomon.runs.run import Run, created_body
from gnomon.runs.tried.at_start import expect
from gnomon.session import session_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gnomon.runs.capture.watch.hearsay import Hearsay
    from gnomon.runs.capture.watch.watching import Watch
    from gnomon.runs.launch import Launch
    from gnomon.scrub.scrubber import Scrubber
    from gnomon.session import Session

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
NOT_FOUND, NOT_EXECUTABLE = 127, 126
_OF_SHELLS = frozenset({"cd", "source", ".", "export", "alias", "set", "ulimit", "umask"})
MAX_WAITING = 16 << 20  # bytes that the command printed and that are not recorded yet
STALLED_S, END_PATIENCE_S = 1.0, 15.0


class Launched(NamedTuple):
    """What became of a command."""

    run: str
    ended: Ended
    path: str  # of the record
    unmatched: tuple[str, ...] = ()  # what was to be picked and was never printed
    seen: tuple[str, ...] = ()  # the names that could have been
    heard: Hearsay | None = None  # of the files that it opened, where they were watched


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
    watch_files: bool = False,
    tell: Callable[[str], None] | None = None,
) -> Launched:
    """Run a command to its end and record it; `watch_files` records the files that it reads and writes, too.

    `tell` is called, from another thread, with a line that says what was tried before, where it nearly was.
    Raises CommandNotFoundError, also where the system refuses to start it, and BadArgumentError; nothing was run or
    recorded then.
    """
    reserve_streams()  # before a file of ours becomes what the command takes for its output
    wanted_parts(REAL.getenv("GNOMON_CAPTURE"))
    says = {
        key: value for key, value in given_from(REAL).says().items() if key != "given"
    }  # it only passes it on
    launched = launch_from(REAL)
    run_id, parent = _run_and_parent()
    path = find_command(words[0])
    mask = hold_signals()  # before the session starts a thread, which would take them
    session = session_for(place)
    environ = {**os.environ, "GNOMON_RUN_ID": run_id, "GNOMON_DIR": session.path}
    session.ready()
    claims = make_claims(run_id)
    if claims is not None:
        environ[CLAIMS_VARIABLE] = str(claims)
    if session.log_id:
        environ[LAUNCHER_VARIABLE] = session.log_id
    watch = _watch(session, words) if watch_files else None
    if watch is not None:
        environ.update(watch.environment(environ))
    aside = _Aside()
    since_s = time.time()  # before the command can write anything
    try:
        command = Command(path, words, environ, aside.hear, mask=mask)
    except SpawnError as error:
        if claims is not None:
            claims.remove()
        if watch is not None:
            watch.discard()
        raise CommandNotFoundError(
            f"the system refuses to start `{words[0]}`: {error.strerror}; nothing was recorded",
            exit_code=NOT_EXECUTABLE,
        ) from error
    recording = _Recording(session, words, watch, aside.step, since_s, None if says else tell)
    given = {
        "name": name,
        "params": dict(params or {}),
        "seed": seed,
        "group": group,
        "parent": parent,
        "pick": list(pick) or None,
        "told": [
            *[key for key, value in (("seed", seed), ("group", group)) if value is not None],
            *[f"params.{key}" for key in params or ()],
        ]
        or None,
        **says,
    }

    def begin() -> list[Callable[[str, bytes], None]]:
        recording.attempt(lambda: recording.begin(run_id, launched, given, tags))
        return [recording.guarded(one) for one in recording.listeners(pick)]

    aside.start(begin, lambda ended: recording.attempt(lambda: recording.end(ended)))
    ended = command.wait()
    if claims is not None:
        claims.remove()
    aside.end(ended)
    if aside.lost_bytes:
        session.warn_once(
            "aside",
            f"recording was too slow: {aside.lost_bytes} bytes that the command printed are not recorded",
        )
    return Launched(run_id, ended, session.path, *recording.unmatched(), recording.heard)


def _watch(session: Session, words: Sequence[str]) -> Watch | None:
    """Return what listens to the command; None, and a warning, where there is no room for what would be heard."""
    try:
        return watch_command(words)
    except OSError as error:
        session.warn_once("watch", f"files cannot be watched: {error}")
        return None


def _run_and_parent() -> tuple[str, str | None]:
    """Return the id of our run, and that of the launcher's that we stand in. Raises BadArgumentError for GNOMON_RUN_ID."""
    wanted, outer = checked_run_id(REAL), claims_from(REAL)
    parent = None
    if os.environ.pop(LAUNCHER_VARIABLE, None) is not None:  # ours is a run of its own, and we capture for it
        parent = outer.run if outer is not None else wanted
    os.environ.pop(CLAIMS_VARIABLE, None)
    run_id = wanted if wanted not in (None, parent) else REAL.random_bytes(RUN_ID_BYTES).hex()
    return str(run_id), parent


class _Aside:
    """Puts aside what a command prints, for a thread of its own to record: copying never waits for a slow disk.

    Where recording goes on but is slower than the command for a while, the command waits; where it does not go on for
    `STALLED_S`, what is printed beyond `MAX_WAITING` is dropped and counted.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._heard: deque[tuple[str, bytes]] = deque()
        self._size = 0
        self._steps = 0
        self._is_stalled = False
        self._ended: Ended | None = None
        self._thread: threading.Thread | None = None
        self.lost_bytes = 0

    def hear(self, stream: str, data: bytes) -> None:
        """Take what was printed, from the one thread that copies."""
        with self._changed:
            if self._size > MAX_WAITING and not self._is_stalled:
                steps = self._steps
                while self._size > MAX_WAITING and self._changed.wait_for(
                    lambda: self._steps != steps,  # noqa: B023  asked at once
                    STALLED_S,
                ):
                    steps = self._steps
            self._is_stalled = self._size > MAX_WAITING
            if self._is_stalled:
                self.lost_bytes += len(data)
                return
            self._heard.append((stream, data))
            self._size += len(data)
            self._changed.notify_all()

    def step(self) -> None:
        """Say that recording goes on, however long it takes."""
        with self._changed:
            self._steps += 1

    def start(
        self, begin: Callable[[], list[Callable[[str, bytes], None]]], end: Callable[[Ended], None]
    ) -> None:
        """Have what `begin` returns listen, and `end` called after the last that was printed."""
        self._thread = threading.Thread(
            target=self._work, args=(begin, end), name="gnomon-record", daemon=True
        )
        self._thread.start()

    def end(self, ended: Ended) -> None:
        """Wait until all is recorded, or until recording does not go on for `END_PATIENCE_S`."""
        with self._changed:
            self._ended = ended
            self._changed.notify_all()
        steps, moved_s = self._steps, time.monotonic()
        while self._thread is not None and self._thread.is_alive():
            self._thread.join(0.5)
            if self._steps != steps:
                steps, moved_s = self._steps, time.monotonic()
            elif time.monotonic() - moved_s > END_PATIENCE_S:
                return

    def _work(
        self, begin: Callable[[], list[Callable[[str, bytes], None]]], end: Callable[[Ended], None]
    ) -> None:
        listeners = begin()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._heard or self._ended is not None)
                if not self._heard:
                    ended = self._ended
                    break
                stream, data = self._heard.popleft()
            for hear in listeners:
                hear(stream, data)
            with self._changed:
                self._size -= len(data)
                self._steps += 1
                self._changed.notify_all()
        if ended is not None:
            end(ended)


class _Recording:
    """The record's side of a command. Whatever goes wrong here is said once; the command goes on."""

    def __init__(
        self,
        session: Session,
        words: Sequence[str],
        watch: Watch | None,
        alive: Callable[[], None],
        since_s: float,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        self._session = session
        self._tell = tell
        self._words = words
        self._since_s = since_s
        self._watch = watch
        self._alive = alive
        self.heard: Hearsay | None = None
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
        label = scrubber.text(_label(self._words), "command")
        body = created_body(launched, {"launcher": True, "label": label, **given})
        if "params" in body:
            body["params"] = scrubber.value("params", body["params"], "params")
        if (options := _options(self._words, scrubber)) is not None:
            body["options"] = options
        run._append(entries.CREATED, body)
        if self._tell is not None:
            expect(session, run_id, body.get("params") or {}, seed=body.get("seed"), tell=self._tell)  # type: ignore[arg-type]
        run.tag(*tags)
        self._capture = begin_capture(
            session,
            lambda parts: Capture(
                session, scrubber, parts, argv=self._words, listens=False, since_s=self._since_s
            ),
        )

    def listeners(self, pick: Sequence[str]) -> list[Callable[[str, bytes], None]]:
        """Return what wants to hear the command's output."""
        found: list[Callable[[str, bytes], None]] = []
        if self._capture is not None and self._capture.wants("console"):
            found.append(self._capture.hear)
        if pick and self._run is not None:
            self._picking = _Picking(self._run, pick)
            found.append(self._picking.hear)
        return found

    def end(self, ended: Ended) -> None:
        """Write what was left to pick, and how the command ended."""
        if self._picking is not None:
            self.attempt(self._picking.end)
        if self._watch is not None and self._run is not None:
            self.attempt(self._write_heard)
        if self._capture is not None:
            self._capture.finish()
            self._capture.say_exit(_exit_body(ended))
        if self._run is not None:
            status, why = _status(ended)
            self._run.finish(status, error=why)

    def _write_heard(self) -> None:
        from gnomon.runs.capture.watch.hearsay import write

        assert self._run is not None and self._watch is not None  # `end` asked  # noqa: S101
        self.heard = write(self._run, self._session, self._watch, scrubber_here(), self._alive)

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
    elif word.partition("=")[0].isidentifier() and "=" in word:
        name = word.partition("=")[0]
        hint = f"a variable goes through `env`: `gnomon run -- env {name}=… …`, or stands before `gnomon`"
    elif word in _OF_SHELLS:
        hint = f"`{word}` is a word of the shell: `gnomon run -- sh -c '{word} … && …'`"
    raise CommandNotFoundError(
        f"there is no command `{word}`: it is no file here and stands in no folder of PATH; nothing was run or recorded",
        exit_code=NOT_FOUND,
        hint=hint,
    )


def _options(words: Sequence[str], scrubber: Scrubber) -> dict[str, object] | None:
    """Return what the options of a command say: the parameters, and seed, of a run whose script names none itself."""
    from gnomon.runs.rebuild.command import told_by

    params, seed = told_by(scrubber.argv(words))
    said = {**params, **({"seed": seed} if seed is not None else {})}
    clean = scrubber.value("params", said, "command")
    return clean if isinstance(clean, dict) and clean else None


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
        self._decoders: dict[str, codecs.IncrementalDecoder] = {}  # a read may end in the middle of a letter

    def hear(self, stream: str, data: bytes) -> None:
        decoder = self._decoders.get(stream)
        if decoder is None:
            decoder = self._decoders[stream] = codecs.getincrementaldecoder("utf-8")("replace")
        for step, metrics in self._picker.feed(stream, decoder.decode(data)):
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
        return "failed", f"killed by {signal_name(ended.signal)}"
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
        body["signal"] = signal_name(ended.signal)
    if ended.has_left_behind:
        body["left_behind"] = True
    return body
