"""How a run was run: the facts of its processes, joined to it. `RunView.processes` tells of losses; this tells of captures.

A run names the logs of its processes; each process has a state of its own (`runs.capture.state`). Where several have the same
part (a launcher and the script that it started, or many ranks), the one counts that can best say: see `state.processes_of`.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.errors import UnknownSubjectError
from gnomon.runs import checked
from gnomon.runs.capture.state import COLUMNS, EXIT_CODE, PACKAGE, VARIABLE
from gnomon.runs.state import OPEN, by_ending

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gnomon.record.index import Index
    from gnomon.replica import Replica

_PYTHON = ("python", "pypy", "torchrun")  # what runs a script, and starts nothing else than that
AFTER_END_US = 2_000_000
AFTER_END_ENTRIES = 2  # what is printed is written a second later, so some of it after the end of the run


class Withheld(NamedTuple):
    """Something that looked like a secret and was not recorded: what kind, where it stood, what named it, how often."""

    kind: str
    where: str
    name: str
    times: int


class Printed(NamedTuple):
    """A piece of what was printed: `stream` is 'out' or 'err'; `skipped_bytes` were left out before it.

    `process` is the log of the process that printed it. `is_tail`: a later look may find another end in its place.
    """

    stream: str
    text: str
    time_s: float
    skipped_bytes: int
    process: str = ""
    is_tail: bool = False


class Captured:
    """What is known of how a run was run. Read when it is made."""

    def __init__(self, replica: Replica, processes: Mapping[str, Mapping[str, Any]] | Sequence[str]) -> None:
        """`processes` are logs, with what the run knows of each where it is a mapping (`state.processes_of`)."""
        self._replica = replica
        self._states: list[dict[str, Any]] = []
        self._logs: list[str] = []
        self._of_run: list[Mapping[str, Any]] = []  # of each state, what the run's state says of its process
        for log in processes:
            try:
                state = replica.index.state("process", log)
            except UnknownSubjectError:  # captured nothing, or not yet
                continue
            if isinstance(state, dict):
                self._states.append(state)
                self._logs.append(log)
                self._of_run.append(processes[log] if isinstance(processes, dict) else {})

    def part(self, name: str) -> dict[str, Any]:
        """Return one part of the facts: `command`, `python`, `machine`, `environment`, `code`; empty where it is not known.

        What a process says of itself goes before what its launcher says of it.
        """
        found = [part for state in self._states if (part := state["parts"].get(name))]
        own = [part for part in found if not part.get("is_of_command")]
        return dict(next(iter(own or found), {}))

    @property
    def exit(self) -> dict[str, Any]:
        """How the process ended: `code` (where it is known), `signal`, `duration_s`, `cpu_s`, `peak_memory_bytes`.

        Of several processes, that of the launcher, else of one that failed; see `state.by_ending`.
        """
        exits = dict(zip(self._logs, (state["exit"] for state in self._states), strict=True))
        known = dict(zip(self._logs, self._of_run, strict=True))
        logs = by_ending(known) if len(known) > 1 and all(known.values()) else self._logs
        return dict(next((exits[log] for log in logs if exits[log]), {}))

    def loaded(self) -> frozenset[str] | None:
        """Return the Python files of the project that the run's processes loaded; None where that is not all known.

        It is not where a process did not end in order, started others (data loaders), or where the command is no Python.
        """
        found: set[str] = set()
        is_known = False
        for state in self._states:
            parts = state["parts"]
            if parts.get("python", {}).get("is_of_command") or not parts.get("python"):  # a launcher
                words = checked.texts(parts.get("command", {}).get("argv"))
                if not words or not words[0].startswith(_PYTHON):
                    return None
                continue
            own = parts.get("loaded")
            if own is None or own.get("left_out") or own.get("has_children"):
                return None
            found.update(str(path) for path, _ in own.get("files", ()))
            found.update(own.get("unknown", ()))
            is_known = True
        return frozenset(found) if is_known else None

    @property
    def code_object(self) -> str | None:
        """The object (a tree) that holds the uncommitted diff and the untracked files; None where there is none."""
        for state in self._states:
            if "code" in state["objects"]:
                return str(state["objects"]["code"])
        return None

    def code_files(self) -> dict[str, bytes]:
        """Return what was kept of the code: the uncommitted diff as `diff`, other files under `files/`.

        Raises MissingObjectError where this replica lacks them, DamagedObjectError.
        """
        kept = self.code_object
        if kept is not None:
            objects = self._replica.objects()
            return {file.path: objects.read(file.object) for file in objects.read_tree(kept)}
        for state in self._states:
            if "code" in state["files"]:
                return {
                    name: text.encode("utf-8", "backslashreplace")
                    for name, text in state["files"]["code"].items()
                }
        return {}

    @property
    def pending(self) -> list[str]:
        """The parts that no process has finished looking at."""
        waited = {part for state in self._states for part in state["pending"]}
        return sorted(part for part in waited if not self.part(part))

    @property
    def withheld(self) -> list[Withheld]:
        """What looked like a secret and was not recorded, of all processes together."""
        counts: dict[tuple[str, str, str], int] = {}
        for state in self._states:
            for one in state["withheld"]:
                key = (one[0], one[1], one[2])
                counts[key] = max(counts.get(key, 0), one[3])
        return [Withheld(*key, count) for key, count in sorted(counts.items())]

    def console(self, since_us: int = 0, until_us: int | None = None) -> Iterator[Printed]:
        """Yield what the processes printed while the run was open, process by process.

        The place in the log decides, since a clock may be set; the two times do where the run does not say its place, and
        for what was written just after its end. Of a process that launched the run all counts.
        """
        for log, state, process in zip(self._logs, self._states, self._of_run, strict=True):
            for chunk in _within(_printed(state), process, since_us, until_us):
                left_out = chunk.skipped_bytes
                for stream, text in chunk.pieces:
                    yield Printed(stream, text, chunk.time_us / 1e6, left_out, log, chunk.is_tail)
                    left_out = 0


class _Chunk(NamedTuple):
    """What one entry says was printed, and where it stands in the log of its process."""

    seq: int
    time_us: int
    pieces: list[list[str]]
    skipped_bytes: int
    is_tail: bool = False
    is_last: bool = False  # what follows was printed after the next run of the process began


def _within(
    chunks: list[_Chunk], process: Mapping[str, Any], since_us: int, until_us: int | None
) -> Iterator[_Chunk]:
    """Yield what was printed between the beginning of a run and its end in this process."""
    if process.get("launcher"):
        yield from chunks
        return
    began_seq, ended_seq = process.get("first_seq", process.get("seq")), process.get("ended_seq")
    after_end = 0
    for chunk in chunks:
        is_late = until_us is not None and chunk.time_us > until_us + AFTER_END_US
        if began_seq is None or began_seq < 0:
            if chunk.time_us >= since_us and not is_late:
                yield chunk
        elif chunk.seq > began_seq:
            if ended_seq is not None and chunk.seq > ended_seq:
                after_end += 1
                if is_late or after_end > AFTER_END_ENTRIES:
                    return
                if chunk.is_last:
                    yield chunk
                    return
            yield chunk


def _printed(state: Mapping[str, Any]) -> list[_Chunk]:
    """Return what a process printed, in order; of a notebook also what its cells did, once they have ended."""
    found = [
        _Chunk(
            one["seq"], one["time_us"], one["pieces"], one["skipped_bytes"], one["is_tail"], one["is_last"]
        )
        for one in state["console"]
    ]
    for cell in state["cells"]:
        if cell["status"] == "running":
            continue
        ended_us = cell["started_us"] + int((cell["duration_s"] or 0) * 1e6)
        for output in cell["outputs"]:
            text = checked.text(output.get("text"))
            if output.get("kind") == "stream" and text is not None:
                stream = checked.text(output.get("name")) or "out"
                skipped = checked.whole(output.get("skipped_bytes")) or 0
                found.append(_Chunk(cell["seq"], ended_us, [[stream, text]], skipped))
    return sorted(found, key=itemgetter(0))


def is_process_column(key: str) -> bool:
    """Return whether a column of the table of runs is a fact of the process behind each run."""
    return key in COLUMNS or key.startswith((PACKAGE, VARIABLE))


def joined(
    index: Index, keys: Sequence[str], logs_by_run: Sequence[object], endings: Sequence[object] | None = None
) -> dict[str, list[object]]:
    """Return, by column, the fact of the first process of each run that has it.

    `logs_by_run` are lists of logs; `endings` the same in the order of `state.by_ending`, None where there is but one.
    """
    stored = set(index.keys("process"))
    wanted = [key for key in keys if key in stored]
    table = index.columns("process", ["", *wanted])
    place = {log: at for at, log in enumerate(table[""])}
    found: dict[str, list[object]] = {key: [None] * len(logs_by_run) for key in keys}
    for row, logs in enumerate(logs_by_run):
        places = [place[log] for log in logs if log in place] if isinstance(logs, list) else []
        ending = endings[row] if endings is not None else None
        ends = [place[log] for log in ending if log in place] if isinstance(ending, list) else places
        for key in wanted:
            column = table[key]
            among = ends if key == EXIT_CODE else places
            found[key][row] = next((column[at] for at in among if column[at] is not None), None)
    return found


def process_columns(index: Index) -> Mapping[str, None]:
    """Return the columns that processes of this record have."""
    return dict.fromkeys(index.keys("process"))


def places_of_console(
    state: Mapping[str, Any], process: Mapping[str, Any], since_us: int, until_us: int | None
) -> set[int]:
    """Return the places in a process's log of what `Captured.console` yields for a run of it."""
    return {chunk.seq for chunk in _within(_printed(state), process, since_us, until_us)}


class PrintedTexts:
    """The texts of the console that full-text search has of a process, in their order, and whose each is."""

    def __init__(self, index: Index, log: str) -> None:
        self._index, self._log = index, log
        state = index.state("process", log)
        assert isinstance(state, dict)  # `fold_process` makes no other  # noqa: S101
        self._state = state
        self._texts = [chunk for chunk in state["console"] if any(text for _, text in chunk["pieces"])]
        self._of_run: dict[str, set[int] | None] = {}  # places in the log; None: not known, so all of them

    def time_us(self, nth: int) -> int | None:
        """When a text was written; None where there is no such text any more."""
        return int(self._texts[nth]["time_us"]) if nth < len(self._texts) else None

    def is_of(self, nth: int, run: str) -> bool:
        """Return whether a text is one that `Captured.console` yields for a run."""
        if run not in self._of_run:
            self._of_run[run] = self._places(run)
        places = self._of_run[run]
        return places is None or self._texts[nth]["seq"] in places

    def _places(self, run: str) -> set[int] | None:
        told = self._index.state("run", run)
        assert isinstance(told, dict)  # as above  # noqa: S101
        process, since_us = told["processes"].get(self._log), told.get("created_us")
        if not isinstance(process, dict) or not isinstance(since_us, int):
            return None
        ends = [one.get("ended_us") for one in told["processes"].values()]
        known = [end for end in ends if isinstance(end, int)]
        until_us = max(known) if known and told.get("status") != OPEN else None
        return places_of_console(self._state, process, since_us, until_us)
