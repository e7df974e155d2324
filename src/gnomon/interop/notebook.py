"""`%load_ext gnomon`: the cells of a notebook, what they printed and showed, and their order, in the record.

Each cell becomes an entry when it starts, with its code, so that a cell which kills the kernel is known; another takes
its place when it ends. In between, what a long cell has shown so far is written now and then. Cells belong to the process
(the kernel); a run in the notebook names that process.

While a cell runs, what is printed is the cell's; between cells (threads, tasks) it goes to the process's console. So the
capture of this process does not listen to the streams itself, and nothing is kept twice.

Always true: nothing here raises into a notebook, or changes what it shows; all text has passed the scrubber; at most
`MAX_CELLS` cells, `MAX_OBJECT_BYTES` of pictures and `MAX_TEXT` characters of output are kept of a session, the rest is
counted. With `GNOMON_CAPTURE=off`, or a list without `cells`, no cell is kept.
For users: docs/how-to/notebooks.md. How outputs are held: `interop.notebook_outputs`.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.errors import GnomonError
from gnomon.ids import process_subject
from gnomon.interop.notebook_media import cut_text
from gnomon.interop.notebook_outputs import CellOutputs, within
from gnomon.interop.notebook_place import NotebookPlace
from gnomon.runs import entries
from gnomon.runs.capture.capture import begin_capture, scrubber_here, wants_cells
from gnomon.runs.capture.tee import Tee

if TYPE_CHECKING:
    from collections.abc import Callable

    from gnomon.runs.capture.capture import Capture
    from gnomon.session import Session

MAX_CELLS = 5_000
MAX_SOURCE = 64 << 10
MAX_OBJECT_BYTES = 64 << 20
MAX_TEXT = 16 << 20
MAX_CELL_TEXT = 2 << 20
FIRST_LOOK_AFTER_S = 30.0
LOOK_GROWTH = 1.5  # a cell that runs on is written again when it has run half as long again
STREAMS = {"out": "stdout", "err": "stderr"}

_recording: Recording | None = None


def load_ipython_extension(ipython: Any) -> None:
    """Begin to keep the cells of this notebook: what `%load_ext gnomon` calls."""
    global _recording
    from gnomon.session import session_for

    session = session_for()
    if _recording is not None and _recording.is_of(session):
        _recording.go_on()
        return
    if not wants_cells(session.env):
        session.warn_once(
            "cells", "GNOMON_CAPTURE leaves out `cells`: the cells of this notebook are not kept"
        )
        return
    if _recording is not None:
        _recording.end()
    _recording = Recording(ipython, session)
    _recording.begin()


def unload_ipython_extension(ipython: Any) -> None:  # noqa: ARG001  the shape that IPython asks for
    """Keep no more cells after this one: what `%unload_ext gnomon` calls."""
    if _recording is not None:
        _recording.end_after_this_cell()


class _Cell:
    """A cell that runs."""

    def __init__(self, nth: int, info: Any, source: str, count: int | None, front_id: object) -> None:
        self.nth = nth
        self.info = info
        self.source = source
        self.count = count
        self.front_id = front_id
        self.outputs = CellOutputs()
        self.started_us = time.time_ns() // 1000
        self.began_s = time.monotonic()
        self.look_at_s = self.began_s + FIRST_LOOK_AFTER_S
        self.entry: str | None = None
        self.is_over = False
        self.lock = threading.Lock()


class _Ending(NamedTuple):
    status: str
    error: str | None


class Recording:
    """The cells of one kernel, on their way into the record."""

    def __init__(self, shell: Any, session: Session) -> None:
        self.process_id = os.getpid()
        self.is_over = True
        self._shell = shell
        self._session = session
        self._scrubber = scrubber_here()
        self._capture: Capture | None = None
        self._place = NotebookPlace(shell)
        self._place_told: object = None
        self._cells: dict[int, _Cell] = {}  # those that run, by thread
        self._count = 0
        self._left_out = 0
        self._text_left = MAX_TEXT
        self._bytes_left = MAX_OBJECT_BYTES
        self._objects: dict[bytes, str] = {}  # BLAKE3 of what was stored -> object
        self._quiet = threading.local()
        self._undo: list[Callable[[], None]] = []
        self._below: list[tuple[str, Any]] = []
        self._count_ahead: int | None = (
            None  # how far IPython counts ahead while a cell runs: versions differ
        )
        self._ends_soon = False
        self._is_looking = False

    def is_of(self, session: Session) -> bool:
        """Whether this is the recording of this process in that record: its numbers and limits go on."""
        return self.process_id == os.getpid() and self._session is session

    # --- beginning and end

    def begin(self) -> None:
        """Start to listen, with the cell that loads us."""
        session = self._session
        self.is_over = self._ends_soon = False
        session.at_close(self.end)  # before the capture's own end, which says how the process ended
        self._capture = begin_capture(session)
        if self._capture is not None:
            self._capture.listen_no_more()
        events = self._shell.events
        for event, listener in (("pre_run_cell", self._cell_starts), ("post_run_cell", self._cell_ends)):
            events.register(event, listener)
            self._undo.append(_unregistering(events, event, listener))
        for name, attribute in STREAMS.items():
            self._listen(name, attribute)
        self._listen_below()
        self._stand_before(self._shell.display_pub, "publish", self._published)
        self._stand_before(self._shell.display_pub, "clear_output", self._cleared)
        self._stand_before(self._shell.displayhook, "write_format_data", self._resulted)
        self._stand_before(self._shell.displayhook, "write_output_prompt", None)
        self._stand_before(self._shell.displayhook, "finish_displayhook", None)
        self._stand_before(self._shell, "_showtraceback", self._failed)
        if not self._is_looking:
            self._is_looking = True
            session.each_second(self._look)
        self._guarded(self._take_running_cell)

    def go_on(self) -> None:
        """Begin again after an end, or take back `end_after_this_cell`: `%reload_ext`."""
        if self.is_over:
            self.begin()
        self._ends_soon = False

    def end_after_this_cell(self) -> None:
        """End when the cell that runs has ended; at once where none runs."""
        self._ends_soon = True
        if not self._cells:
            self.end()
            self._capture_listens_again()

    def end(self) -> None:
        """Stop to listen, and write what is left."""
        if self.is_over or self.process_id != os.getpid():
            return
        self.is_over = True
        self._session.no_longer_at_close(self.end)
        for undo in reversed(self._undo):
            self._guarded(undo)
        self._undo, self._below = [], []
        for cell in list(self._cells.values()):  # the process ends in the middle of it
            self._guarded(self._write, cell, None)
        self._cells.clear()
        self._guarded(self._tell_place)

    def _capture_listens_again(self) -> None:
        if self._capture is not None:
            self._capture.listen()

    def _guarded(self, act: Callable[..., object], *arguments: Any) -> None:
        try:
            act(*arguments)
        except Exception as error:  # noqa: BLE001  a notebook must not fail because it is recorded; it is said once
            self._session.warn_once(
                "notebook", f"a part of this notebook could not be kept: {type(error).__name__}: {error}"
            )

    # --- listening

    def _listen(self, name: str, attribute: str) -> None:
        """Hear what is written to a stream of `sys`, and below it what a kernel writes there itself: of child processes.

        Both are needed. IPython 9 puts a `write` of its own on `sys.stdout` for each cell, and takes off what it finds
        there at the end; that happens to our `Tee`, which is written for it.
        """
        stream = getattr(sys, attribute, None)
        if stream is None or not hasattr(stream, "write"):
            return

        tee = _Above(stream, name, self._hear)
        setattr(sys, attribute, tee)
        self._undo.append(lambda: _put_back(sys, attribute, tee, stream))
        self._below.append((name, stream))

    def _listen_below(self) -> None:
        """Hear the streams themselves, again where somebody took that off."""
        for name, stream in list(self._below):
            known = vars(stream).get("write") if hasattr(stream, "__dict__") else None
            if isinstance(known, _Below):
                continue
            hearing = _Below(stream.write, name, self._hear)
            try:
                stream.write = hearing
            except (
                AttributeError,
                TypeError,
            ):  # a stream of C code, such as that of a terminal: nobody writes below
                self._below.remove((name, stream))
                continue
            self._undo.append(partial(_take_off, stream, "write", hearing))

    def _stand_before(self, owner: Any, attribute: str, take: Callable[..., None] | None) -> None:
        """Have `take` see the calls of a method; what it prints meanwhile is not the cell's own."""
        original = getattr(owner, attribute, None)
        if original is None:
            return

        def called(*arguments: Any, **named: Any) -> Any:
            outer = getattr(self._quiet, "is_on", False)
            self._quiet.is_on = True
            try:
                result = original(*arguments, **named)
            finally:
                self._quiet.is_on = outer
            if take is not None and self._listens() and not outer:
                self._guarded(take, arguments, named)
            return result

        try:
            setattr(owner, attribute, called)
        except (AttributeError, TypeError):
            return
        self._undo.append(lambda: _take_off(owner, attribute, called))

    def _listens(self) -> bool:
        return not self.is_over and self.process_id == os.getpid()

    def _hear(self, name: str, text: str) -> None:
        if not self._listens() or getattr(self._quiet, "is_on", False):
            return
        cell = self._cell_here()
        if cell is not None:
            cell.outputs.printed(name, text)
        elif self._capture is not None and self._capture.wants("console"):
            self._capture.hear(name, text)

    def _cell_here(self) -> _Cell | None:
        """Return the cell that runs in this thread; for other threads, the one that started last."""
        cell = self._cells.get(threading.get_ident())
        return cell if cell is not None else next(reversed(self._cells.values()), None)

    def _published(self, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
        data = named["data"] if "data" in named else arguments[0]
        cell = self._cell_here()
        if cell is None or not hasattr(data, "items"):
            return
        transient = named.get("transient")
        display_id = transient.get("display_id") if isinstance(transient, dict) else None
        if named.get("update"):
            cell.outputs.updated(data, display_id)
        else:
            cell.outputs.shown("display", data, display_id)

    def _resulted(self, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
        data = named["format_dict"] if "format_dict" in named else arguments[0]
        cell = self._cell_here()
        if cell is not None:
            cell.outputs.shown("result", data)

    def _cleared(self, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
        cell = self._cell_here()
        if cell is not None:
            cell.outputs.clear(wait=bool(named.get("wait", arguments[:1] == (True,))))

    def _failed(self, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
        kind, _, lines = [*arguments, *(named[key] for key in ("etype", "evalue", "stb") if key in named)]
        cell = self._cell_here()
        if cell is not None and isinstance(lines, (list, tuple)):
            cell.outputs.failed(getattr(kind, "__name__", str(kind)), "\n".join(map(str, lines)))

    # --- cells

    def _cell_starts(self, info: Any) -> None:
        self._guarded(self._start, info)

    def _cell_ends(self, result: Any) -> None:
        self._guarded(self._finish, result)
        if self._ends_soon and not self._cells:
            self.end()
            self._capture_listens_again()

    def _take_running_cell(self) -> None:
        """Take the cell that says `%load_ext gnomon`, where one does; its beginning is past."""
        running = getattr(self._shell.displayhook, "exec_result", None)
        info = getattr(running, "info", None)
        if info is None or not isinstance(info.raw_cell, str):
            return
        count = getattr(running, "execution_count", None)
        if isinstance(count, int):
            self._count_ahead = self._shell.execution_count - count
        self._open(info, info.raw_cell, count, getattr(info, "cell_id", None))

    def _start(self, info: Any) -> None:
        is_own = getattr(
            info, "store_history", True
        )  # else the front end asks, or a cell runs code of its own
        if not self._listens() or not is_own or threading.get_ident() in self._cells:
            return
        self._listen_below()
        source = info.raw_cell if isinstance(info.raw_cell, str) else ""
        count = None if self._count_ahead is None else self._shell.execution_count - self._count_ahead
        self._open(info, source, count, getattr(info, "cell_id", None))

    def _open(self, info: Any, source: str, count: object, front_id: object) -> None:
        self._count += 1
        if self._count > MAX_CELLS:
            self._left_out += 1
            return
        whole = count if isinstance(count, int) else None
        cell = self._cells[threading.get_ident()] = _Cell(self._count, info, source, whole, front_id)
        cell.entry = self._append(self._body(cell, "running"), [])

    def _finish(self, result: Any) -> None:
        cell = self._cells.get(threading.get_ident())
        info = getattr(result, "info", None)
        if not self._listens() or cell is None or (info is not None and cell.info is not info):
            return
        if isinstance(count := getattr(result, "execution_count", None), int):
            cell.count = count
        error = getattr(result, "error_before_exec", None) or getattr(result, "error_in_exec", None)
        if (
            isinstance(error, BaseException)
            and not cell.outputs.has_error
            and not isinstance(error, SystemExit)
        ):
            from traceback import format_exception

            cell.outputs.failed(type(error).__name__, "".join(format_exception(error)).rstrip("\n"))
        is_well = getattr(result, "success", error is None)
        ending = _Ending("ok" if is_well else "error", type(error).__name__ if error is not None else None)
        del self._cells[threading.get_ident()]
        self._write(cell, ending)
        self._tell_place()

    def _look(self) -> None:
        """Write what a cell that runs long has shown so far; called each second."""
        if self._listens():
            now_s = time.monotonic()
            for cell in list(self._cells.values()):
                if now_s > cell.look_at_s:
                    cell.look_at_s = now_s + (now_s - cell.began_s) * (LOOK_GROWTH - 1)
                    self._guarded(self._write, cell, None)

    # --- writing

    def _write(self, cell: _Cell, ending: _Ending | None) -> None:
        """Write a cell with its outputs, over what was written of it; without `ending` it runs on."""
        with cell.lock:
            if cell.is_over:
                return
            cell.is_over = ending is not None
            body = self._body(cell, ending.status if ending is not None else "running")
            body["duration_s"] = round(time.monotonic() - cell.began_s, 6)
            if ending is not None and ending.error:
                body["error"] = self._scrubber.text(ending.error, "cell output")
            outputs = cell.outputs.rendered(self._scrubber)
            outputs, size, left_out = within(outputs, min(self._text_left, MAX_CELL_TEXT))
            left_out += cell.outputs.left_out
            if ending is not None:
                self._text_left -= size
            self._store_objects(outputs)
            body["outputs"] = outputs
            if left_out:
                body["outputs_left_out"] = left_out
            over = [cell.entry] if cell.entry is not None else []
            cell.entry = self._append(body, over) or cell.entry

    def _body(self, cell: _Cell, status: str) -> dict[str, Any]:
        source = cut_text(cell.source, MAX_SOURCE, self._scrubber, "cell source")
        body: dict[str, Any] = {
            "nth": cell.nth,
            "execution_count": cell.count,
            "source": source,
            "status": status,
            "started_us": cell.started_us,
        }
        identity = self._place.identity(cell.front_id, cell.source)
        if identity is not None:
            body["cell"] = identity
        if len(cell.source) > MAX_SOURCE:
            body["source_size"] = len(cell.source)
        return body

    def _append(self, body: dict[str, Any], over: list[str]) -> str | None:
        session = self._session
        session.ready()
        return session.append(entries.CELL, process_subject(session.log_id), body, over=over)

    def _store_objects(self, outputs: list[dict[str, Any]]) -> None:
        """Store the pictures of outputs, each once in a session; put their ids where their bytes stood."""
        from blake3 import blake3

        wanted: dict[bytes, bytes] = {}
        for output in outputs:
            kept = []
            for form, data in output.get("objects", ()):
                digest = blake3(data).digest()
                if digest not in self._objects and digest not in wanted:
                    if len(data) > self._bytes_left:
                        output.setdefault("left_out", []).append([form, len(data)])
                        continue
                    self._bytes_left -= len(data)
                    wanted[digest] = data
                kept.append((form, digest, len(data)))
            if "objects" in output:
                output["objects"] = kept
        if wanted:
            self._objects.update(self._stored(wanted))
        for output in outputs:
            if "objects" in output:
                kept = output.pop("objects")
                found = [[form, self._objects[one], size] for form, one, size in kept if one in self._objects]
                lost = [[form, size] for form, one, size in kept if one not in self._objects]
                output.update({"objects": found} if found else {})
                if lost:
                    output["left_out"] = [*output.get("left_out", ()), *lost]

    def _stored(self, wanted: dict[bytes, bytes]) -> dict[bytes, str]:
        from gnomon.objects.store import ObjectStore

        session = self._session
        if not session.ready() or session.home is None or session.log is None:
            return {}
        store = ObjectStore(session.env, os.path.join(session.home.path, "objects"), session.log.writer)
        try:
            ids = store.put_many(list(wanted.values()))
        except (OSError, GnomonError) as error:
            session.warn_once("pictures", f"pictures of this notebook could not be stored: {error}")
            return {}
        return dict(zip(wanted, map(str, ids), strict=True))

    def _tell_place(self) -> None:
        """Write the notebook's name and the order of its cells, where that is news."""
        facts = self._place.facts(self._scrubber)
        if self._left_out:
            facts["left_out"] = self._left_out
            if not self.is_over and self._left_out % 100:
                return
        if facts and facts != self._place_told:
            self._place_told = facts
            subject = process_subject(self._session.log_id)
            self._session.append(entries.CAPTURED, subject, {"parts": {"notebook": facts}})


class _Above(Tee):
    """Stands as `sys.stdout` or `sys.stderr`, and hears what Python prints."""

    def write(self, text: str) -> Any:
        """Write to the stream, which need not hear it again, then tell."""
        outer = getattr(_Below.passing, "is_on", False)
        _Below.passing.is_on = True
        try:
            return super().write(text)
        finally:
            _Below.passing.is_on = outer


class _Below:
    """The `write` of a kernel's stream, and hears what comes by no way of Python: child processes, C code."""

    passing = threading.local()

    def __init__(self, original: Callable[[str], Any], name: str, hear: Callable[[str, str], None]) -> None:
        self._original = original
        self._name = name
        self._hear = hear

    def __call__(self, text: str) -> Any:
        written = self._original(text)
        if text.__class__ is str and not getattr(self.passing, "is_on", False):
            self._hear(self._name, text)
        return written


def _unregistering(events: Any, event: str, listener: object) -> Callable[[], None]:
    def undo() -> None:
        if listener in events.callbacks.get(event, ()):
            events.unregister(event, listener)

    return undo


def _take_off(owner: Any, attribute: str, ours: object) -> None:
    """Have a method be the class's own again, unless somebody else has put theirs over ours: then ours only passes on."""
    if vars(owner).get(attribute) is ours:
        delattr(owner, attribute)


def _put_back(owner: Any, attribute: str, ours: Tee, theirs: object) -> None:
    ours.be_deaf()
    if getattr(owner, attribute) is ours:
        setattr(owner, attribute, theirs)
