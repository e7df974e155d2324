"""How a run was run: the facts of its processes, joined to it. `RunView.processes` tells of losses; this tells of captures.

A run names the logs of its processes; each process has a state of its own (`runs.capture.state`). Where several have the same
part (a launcher and the script that it started, or many ranks), the one counts that can best say: see `state.processes_of`.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.errors import UnknownSubjectError
from gnomon.runs.capture.state import COLUMNS, PACKAGE, VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gnomon.record.index import Index
    from gnomon.replica import Replica

AFTER_END_US = 2_000_000


class Withheld(NamedTuple):
    """Something that looked like a secret and was not recorded: what kind, where it stood, what named it, how often."""

    kind: str
    where: str
    name: str
    times: int


class Printed(NamedTuple):
    """A piece of what was printed: `stream` is 'out' or 'err'; `skipped_bytes` were left out before it."""

    stream: str
    text: str
    time_s: float
    skipped_bytes: int


class Captured:
    """What is known of how a run was run. Read when it is made."""

    def __init__(self, replica: Replica, logs: Sequence[str]) -> None:
        self._replica = replica
        self._states: list[dict[str, Any]] = []
        for log in logs:
            try:
                state = replica.index.state("process", log)
            except UnknownSubjectError:  # captured nothing, or not yet
                continue
            if isinstance(state, dict):
                self._states.append(state)

    def part(self, name: str) -> dict[str, Any]:
        """Return one part of the facts: `command`, `python`, `machine`, `environment`, `code`; empty where it is not known.

        What a process says of itself goes before what its launcher says of it.
        """
        found = [part for state in self._states if (part := state["parts"].get(name))]
        own = [part for part in found if not part.get("is_of_command")]
        return dict(next(iter(own or found), {}))

    @property
    def exit(self) -> dict[str, Any]:
        """How the process ended: `code` (of a command), `signal`, `duration_s`, `cpu_s`, `peak_memory_bytes`."""
        return dict(next((state["exit"] for state in self._states if state["exit"]), {}))

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
                return {name: str(text).encode("utf-8") for name, text in state["files"]["code"].items()}
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
                if len(one) == 4 and isinstance(one[3], int):
                    key = (str(one[0]), str(one[1]), str(one[2]))
                    counts[key] = max(counts.get(key, 0), one[3])
        return [Withheld(*key, count) for key, count in sorted(counts.items())]

    def console(self, since_us: int = 0, until_us: int | None = None) -> Iterator[Printed]:
        """Yield what the processes printed between two times, process by process."""
        for state in self._states:
            for time_us, pieces, skipped in _printed(state):
                if time_us < since_us or (until_us is not None and time_us > until_us + AFTER_END_US):
                    continue
                left_out = skipped
                for stream, text in pieces:
                    yield Printed(stream, text, time_us / 1e6, left_out)
                    left_out = 0


def _printed(state: Mapping[str, Any]) -> list[tuple[int, list[list[str]], int]]:
    """Return what a process printed, by time; of a notebook also what its cells did, once they have ended."""
    found = [(chunk["time_us"], chunk["pieces"], chunk["skipped_bytes"]) for chunk in state["console"]]
    if not state["cells"]:
        return found
    for cell in state["cells"]:
        if cell["status"] == "running":
            continue
        ended_us = cell["started_us"] + int((cell["duration_s"] or 0) * 1e6)
        for output in cell["outputs"]:
            text, skipped = output.get("text"), output.get("skipped_bytes")
            if output.get("kind") == "stream" and isinstance(text, str):
                count = skipped if isinstance(skipped, int) else 0
                found.append((ended_us, [[str(output.get("name")), text]], count))
    return sorted(found, key=itemgetter(0))


def is_process_column(key: str) -> bool:
    """Return whether a column of the table of runs is a fact of the process behind each run."""
    return key in COLUMNS or key.startswith((PACKAGE, VARIABLE))


def joined(index: Index, keys: Sequence[str], logs_by_run: Sequence[object]) -> dict[str, list[object]]:
    """Return, by column, the fact of the first process of each run that has it; `logs_by_run` are lists of logs."""
    stored = set(index.keys("process"))
    wanted = [key for key in keys if key in stored]
    table = index.columns("process", ["", *wanted])
    place = {log: at for at, log in enumerate(table[""])}
    found: dict[str, list[object]] = {key: [None] * len(logs_by_run) for key in keys}
    for row, logs in enumerate(logs_by_run):
        places = [place[log] for log in logs if log in place] if isinstance(logs, list) else ()
        for key in wanted:
            column = table[key]
            found[key][row] = next((column[at] for at in places if column[at] is not None), None)
    return found


def process_columns(index: Index) -> Mapping[str, None]:
    """Return the columns that processes of this record have."""
    return dict.fromkeys(index.keys("process"))
