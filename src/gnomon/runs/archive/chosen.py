"""What belongs to the chosen runs: their entries, processes, points and objects, and nothing of other runs.

A process that made none but chosen runs goes along whole. Of one that made others too (a sweep, a notebook) go its facts
(command, code, machine, versions), what was printed while a chosen run was open, and the cells that had started when the
last chosen run ended.

Always true: whether an entry goes along with its body is decided by its head alone, and by what the index says of the runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gnomon.errors import RecordError, UnknownSubjectError
from gnomon.ids import is_hex, process_subject, run_subject, values_subject
from gnomon.points.follow import wals_of_run
from gnomon.runs import checked, entries
from gnomon.runs.archive.parts import Cited, Part, Request, parts_of
from gnomon.runs.capture.views import places_of_console
from gnomon.runs.state import OPEN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gnomon.replica import Replica
    from gnomon.runs.run_view import RunView
    from gnomon.runs.views import Record

BY_PLACE = frozenset(
    {entries.CONSOLE, entries.CELL}
)  # of a process that made other runs too, only some of these go


class Chosen:
    """The runs to export, and what goes with them. `runs` are whole ids, in the order of the export.

    `is_all` says that the whole record is meant, `with_bytes` that the bytes of data go along.
    """

    def __init__(
        self, record: Record, runs: list[str], *, is_all: bool = False, with_bytes: bool = True
    ) -> None:
        self.record = record
        self.replica: Replica = record.replica
        self.runs = runs
        self.views: dict[str, RunView] = {run: record.run(run) for run in runs}
        self.parts_left_out = 0
        self.wals: dict[str, set[str]] = {run: self._wals_of(run) for run in runs}
        self._subjects = {run_subject(run) for run in runs} | {values_subject(run) for run in runs}
        self._subjects.update(f"wal:{wal}" for wals in self.wals.values() for wal in wals)
        self._states: dict[str, dict[str, Any]] = {}  # of the processes of these runs
        self._places: dict[str, set[int] | None] = {}  # what of a process goes along; None: all
        self._choose_processes()
        self.parts: list[Part] = parts_of(Request(record, self.views, is_all, with_bytes))
        self._subjects.update(subject for part in self.parts for subject in part.subjects)

    def _wals_of(self, run: str) -> set[str]:
        return self.replica.index.ask(lambda database: wals_of_run(database, run))

    def _choose_processes(self) -> None:
        chosen, with_others = set(self.runs), self._processes_with_others()
        for run in chosen:
            for log in self.views[run]._dict("processes"):
                if log not in self._states:
                    self._states[log] = _state(self.replica, log)
                self._subjects.add(process_subject(log))
                if log in with_others:
                    places = self._places.setdefault(log, set())
                    if places is not None:
                        places |= self._places_in(log, self.views[run])
                else:
                    self._places[log] = None

    def _processes_with_others(self) -> set[str]:
        """Return the processes that made runs which were not chosen; count the parts of chosen runs among them."""
        index, chosen = self.replica.index, set(self.runs)
        found: set[str] = set()
        table = index.columns("run", ["processes", "parent", "removed"])
        for run, logs, parent, hidden in zip(
            index.ids("run"), table["processes"], table["parent"], table["removed"], strict=True
        ):
            if run not in chosen:
                found.update(logs if isinstance(logs, list) else ())
                self.parts_left_out += parent in chosen and not hidden
        return found

    def _places_in(self, log: str, run: RunView) -> set[int]:
        """Return the places in a process's log of what was printed in a run, and of the cells up to its end."""
        state, process = self._states[log], run._dict("processes")[log]
        if not state:
            return set()
        ended_us = process.get("ended_us")
        until_us = ended_us if isinstance(ended_us, int) and process.get("status") != OPEN else None
        run_ended = run.ended
        places = places_of_console(
            state,
            process,
            int(run.created * 1e6),
            int(run_ended * 1e6) if run_ended is not None else None,
        )
        cells = state.get("cells", ())
        places |= {cell["seq"] for cell in cells if until_us is None or cell["started_us"] <= until_us}
        return places

    def goes_along(self, kind: str, subject: str, log: str, seq: int) -> bool:
        """Return whether an entry with this head goes along with its body."""
        if subject not in self._subjects:
            return False
        if kind in BY_PLACE and (places := self._places.get(subject.partition(":")[2])) is not None:
            return log == subject.partition(":")[2] and seq in places
        return True

    @property
    def needles(self) -> list[bytes]:
        """Byte strings of which a file of entries that concerns these runs holds at least one."""
        return [f'"subject":"{subject}"'.encode("ascii") for subject in sorted(self._subjects)]

    # --- objects

    def cited(self, run: RunView) -> Iterator[Cited]:
        """Yield the objects that a run and its processes name."""
        for one in run.kept:
            yield Cited(one.object, one.is_tree, f"`{one.name}`")
        for value in run.values():
            for part in value._parts:
                yield Cited(
                    part["object"],
                    False,
                    f"{value.kind} `{value.series}` of step {value.step}, {part['name']}",
                )
        for log in run._dict("processes"):
            yield from self._cited_by_process(log)

    def _cited_by_process(self, log: str) -> Iterator[Cited]:
        state, places = self._states[log], self._places[log]
        for part, tree in sorted(state.get("objects", {}).items()):
            yield Cited(tree, True, f"captured {part}")
        for cell in state.get("cells", ()):
            if places is None or cell["seq"] in places:
                for output in cell["outputs"]:
                    for form, one, _ in checked.rows(output.get("objects"), 3):
                        if is_hex(one, 64):
                            yield Cited(one, False, f"{form} of cell {cell['nth']}")

    def objects(self) -> tuple[dict[str, str], list[str]]:
        """Return all objects to take along (object -> what it is), trees with their files; and what is missing, in words."""
        store = self.replica.objects()
        wanted: dict[str, str] = {}
        missing: dict[str, str] = {}
        for who, one in self._all_cited():
            if one.object in missing or (one.object in wanted and not one.is_tree):
                continue
            if not is_hex(one.object, 64) or not store.contains(one.object):
                missing[one.object] = f"{who}: {one.what} is not in this replica (object {one.object[:12]})"
                continue
            wanted[one.object] = one.what
            if one.is_tree:
                try:
                    files = store.read_tree(one.object)
                except RecordError as error:
                    missing[one.object] = f"{who}: {one.what} cannot be read: {error.message}"
                    del wanted[one.object]
                    continue
                for file in files:
                    what = f"{one.what}, file `{file.path}`"
                    if store.contains(file.object):
                        wanted.setdefault(file.object, what)
                    else:
                        missing.setdefault(
                            file.object, f"{who}: {what} is not in this replica (object {file.object[:12]})"
                        )
        return wanted, list(missing.values())

    def _all_cited(self) -> Iterator[tuple[str, Cited]]:
        for run in self.runs:
            for one in self.cited(self.views[run]):
                yield f"run {run[:8]}", one
        for part in self.parts:
            yield from part.cited()


def _state(replica: Replica, log: str) -> dict[str, Any]:
    try:
        state = replica.index.state("process", log)
    except UnknownSubjectError:  # it captured nothing
        return {}
    return state if isinstance(state, dict) else {}


def choose(
    record: Record, runs: Iterable[str] | None, where: str | None, *, with_removed: bool = False
) -> tuple[list[str], int]:
    """Return the ids of the runs that are meant, newest first, and how many hidden ones were left out.

    Runs that are named go along though they are hidden. Raises UnknownSubjectError, AmbiguousIdError, BadExpressionError.
    """
    if runs is not None:
        return list(dict.fromkeys(record.run(one).id for one in runs)), 0
    found = record.runs(where, columns=["id"]).ids
    hidden = record.runs(where, columns=["id"], removed=True).ids
    return ([*found, *hidden], 0) if with_removed else (found, len(hidden))


def process_facts(run: RunView) -> list[Mapping[str, Any]]:
    """Return what is known of the processes of a run, by rank and start."""
    return [one._asdict() for one in run.processes]
