"""What a person asks about runs: tables, one run, its series.

Always true: a question first takes in what is new in the record (`update`), and reads; nothing here writes points or
entries but the methods that say so (`add_note`, `tag`, `rename`, `remove`, `restore`), which go through `runs.actions`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gnomon.env import REAL, Env
from gnomon.errors import BadArgumentError, NoRecordError, UnknownSubjectError
from gnomon.record.home import record_path
from gnomon.runs import where as where_language
from gnomon.runs.capture.state import CELLS
from gnomon.runs.capture.views import is_process_column, joined, process_columns
from gnomon.runs.liveness import liveness
from gnomon.runs.notebook.views import notebook_of
from gnomon.runs.run_view import RunView
from gnomon.runs.state import OPEN
from gnomon.runs.table import FIGURES, FIXED, RunTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import TracebackType

    from gnomon.replica import Replica
    from gnomon.runs.notebook.views import Notebook
    from gnomon.runs.search import Hit
    from gnomon.verification import Verification


def open(path: str | os.PathLike[str] | None = None, *, env: Env = REAL) -> Record:
    """Open a record for reading: the one at `path` (a project or its `.gnomon` folder), or the one found upward from here.

    Raises NoRecordError where there is none.
    """
    place = record_path(os.fspath(path) if path is not None else None, env)
    if not os.path.isdir(place):
        raise NoRecordError(
            f"there is no record at `{place}`",
            hint="a record is made by the first run, or by `gnomon init`; `GNOMON_DIR` or `--record` names one elsewhere",
        )
    from gnomon.replica import Replica

    return Record(Replica.open(place, env))


class Record:
    """A record, open for questions. Make it with `gnomon.open()`."""

    def __init__(self, replica: Replica) -> None:
        self.replica = replica
        self.progress: Callable[[int, int], None] | None = None

    def __enter__(self) -> Record:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the index. Optional: a record that is forgotten closes itself; the next question opens it again."""
        self.replica.close()

    def __repr__(self) -> str:
        return f"<Record {self.name!r} at {self.path}>"

    @property
    def path(self) -> str:
        """The `.gnomon` folder."""
        return self.replica.home.path

    @property
    def name(self) -> str:
        """What people call this record."""
        return self.replica.home.name

    def runs(
        self,
        where: str | None = None,
        *,
        sort: str | Sequence[str] | None = None,
        columns: Sequence[str] | None = None,
        limit: int | None = None,
        removed: bool = False,
    ) -> RunTable:
        """Return the runs that match, newest first unless sorted otherwise.

        `where` and `sort` are explained in docs/reference/where.md. `columns` are keys such as `name`, `params.lr`,
        `metrics.loss` (last value), `metrics.loss.min`, and facts of the process such as `code.commit`, `command` or
        `package.numpy`; all parameters and metrics that there are, unless given.
        `removed` lists the hidden runs instead.

        Raises BadExpressionError, BadArgumentError.
        """
        if limit is not None and (not isinstance(limit, int) or limit < 0):
            raise BadArgumentError(f"`limit` of `runs()` must be a whole number from 0; got {limit!r}")
        self.replica.update(self.progress)
        ids = self.replica.index.ids("run")
        filter_ = where_language.parse(where) if where and where.strip() else None
        specs = [sort] if isinstance(sort, str) else list(sort or ("created",))
        asked = {column for column, _ in where_language.parse_sort(specs)} | (
            filter_.fields if filter_ else set()
        )
        cells = self._cells(sorted(asked | {"removed"}), ids, None)
        places = filter_.compile(cells, len(ids)) if filter_ else range(len(ids))
        hidden = cells["removed"]
        matching = [place for place in places if bool(hidden[place]) == removed]
        ordered = where_language.sort_indices(cells, specs, matching, limit)
        chosen = [ids[place] for place in ordered]
        keys = list(columns) if columns is not None else self.column_keys()
        if "id" not in keys:
            keys.insert(0, "id")
        return RunTable(
            chosen,
            keys,
            lambda wanted: self._cells(wanted, chosen, ordered),
            total=len(matching),
            unknown=self._unknown([*asked, *keys]),
        )

    def _unknown(self, columns: Sequence[str]) -> list[str]:
        """Return those of these columns that no run has."""
        stored = set(self.replica.index.keys("run"))
        if any(map(is_process_column, columns)):
            stored.update(process_columns(self.replica.index))
        return [
            column
            for column in columns
            if column not in FIXED and column != "rank" and _source(column, stored)[0] not in stored
        ]

    def column_keys(self) -> list[str]:
        """Return all columns that the runs of this record have."""
        found = [
            key
            for key in self.replica.index.keys("run")
            if key.startswith(("params.", "metrics.")) and not key.startswith("metrics.system/")
        ]
        return [*FIXED, *sorted(found, key=lambda key: (key.startswith("metrics."), key))]

    def search(self, words: str, *, limit: int = 20) -> list[Hit]:
        """Return the runs with a text that holds all `words`, the best first: (run, name, field, excerpt).

        Texts are names, tags, notes, parameters, commands, consoles and captions; `word*` means words that begin so.
        """
        from gnomon.runs.search import search

        self.replica.update(self.progress)
        return search(self.replica.index, words, limit)

    def process_keys(self) -> list[str]:
        """Return the columns that tell how runs were run: `command`, `code.commit`, `package.numpy`, …"""
        return list(process_columns(self.replica.index))

    def notebook(self, short_id: str) -> Notebook:
        """Return the notebook of a run, as it was when the run ended, or of a process; by the id or the beginning of it.

        Raises UnknownSubjectError for a run that was made elsewhere, and as `run` does.
        """
        self.replica.update(self.progress)
        try:
            found = self.run(short_id).notebook
        except UnknownSubjectError:
            try:
                found = notebook_of(self.replica, self.replica.index.resolve("process", short_id))
            except UnknownSubjectError:
                found = None
            if found is None:
                raise
        if found is None:
            raise UnknownSubjectError(
                f"run {short_id} has no cells", hint="cells are kept after `%load_ext gnomon` in a notebook"
            )
        return found

    def notebooks(self) -> list[Notebook]:
        """Return the notebooks that `%load_ext gnomon` recorded, newest first, whether runs were made in them or not."""
        self.replica.update(self.progress)
        table = self.replica.index.columns("process", ["", CELLS])
        logs = [log for log, count in zip(table[""], table[CELLS], strict=True) if count]
        found = [one for log in logs if (one := notebook_of(self.replica, str(log))) is not None]
        return sorted(found, key=lambda one: -one.cells[0].started)

    def run(self, short_id: str) -> RunView:
        """Return one run by its id or the beginning of it. Raises UnknownSubjectError, AmbiguousIdError."""
        self.replica.update(self.progress)
        try:
            return RunView(self, self.replica.index.resolve("run", short_id))
        except UnknownSubjectError as error:
            raise UnknownSubjectError(error.message, hint=self._hint_at_id(short_id)) from None

    def _hint_at_id(self, text: str) -> str:
        """Return what to do where `text` is the beginning of no id; it may be a name."""
        index = self.replica.index
        names = index.columns("run", ["name"])["name"]
        called = [run for run, name in zip(index.ids("run"), names, strict=True) if name == text]
        if not called:
            return "`gnomon runs` lists the runs, `gnomon search` finds them by words"
        shown = ", ".join(f"`{run[:8]}`" for run in called[-5:])
        return f"{'a run is' if len(called) == 1 else f'{len(called)} runs are'} called so: {shown}"

    def _cells(
        self, keys: Sequence[str], ids: Sequence[str], places: Sequence[int] | None
    ) -> dict[str, list[object]]:
        """Return cells by column, for all runs or for those at `places`."""
        index = self.replica.index
        of_process = [key for key in keys if is_process_column(key)]
        if of_process:
            keys = [*(key for key in keys if not is_process_column(key)), "processes"]
        stored = set(index.keys("run"))
        sources = {key: _source(key, stored) for key in keys if key != "id"}
        found = index.columns("run", sorted({source for source, _ in sources.values()}), places)
        table: dict[str, list[object]] = {"id": list(ids)}
        for key, (source, at) in sources.items():
            column = found[source]
            table[key] = (
                list(column)
                if at is None
                else [stat[at] if isinstance(stat, list) else None for stat in column]
            )
        if of_process:
            table.update(joined(index, of_process, table["processes"]))
        if "status" in table:
            self._tell_liveness(table, ids)
        return table

    def _tell_liveness(self, table: dict[str, list[object]], ids: Sequence[str]) -> None:
        seen: dict[tuple[str, str], str] = {}
        statuses = table["status"]
        for place, status in enumerate(statuses):
            if status == OPEN:
                statuses[place] = live_status(self.replica, self.replica.index.state("run", ids[place]), seen)

    # --- what people change

    def add_note(self, run: str, text: str) -> None:
        """Add a note in Markdown to a run."""
        from gnomon.runs import actions

        actions.add_note(self, run, text)

    def tag(self, run: str, add: Iterable[str] = (), remove: Iterable[str] = ()) -> None:
        """Add tags to a run and take tags away."""
        from gnomon.runs import actions

        actions.tag(self, run, list(add), list(remove))

    def rename(self, run: str, name: str) -> None:
        """Give a run another name; this settles two names that people gave apart."""
        from gnomon.runs import actions

        actions.rename(self, run, name)

    def remove(self, run: str) -> None:
        """Hide a run from lists. Nothing is deleted; `restore` brings it back."""
        from gnomon.runs import actions

        actions.set_removed(self, run, removed=True)

    def restore(self, run: str) -> None:
        """Bring a hidden run back."""
        from gnomon.runs import actions

        actions.set_removed(self, run, removed=False)

    # --- what the record is like

    def verify(
        self, *, deep: bool = False, progress: Callable[[int, int], None] | None = None
    ) -> Verification:
        """Check every file of this replica; iterate over the result for what is wrong."""
        return self.replica.verify(deep=deep, progress=progress)


def live_status(replica: Replica, state: object, seen: dict[tuple[str, str], str] | None = None) -> str:
    """Return the status of an open run: 'running', 'interrupted' or 'unknown', by its processes."""
    seen = {} if seen is None else seen
    found = set()
    processes = state["processes"].values() if isinstance(state, dict) else ()
    for process in processes:
        if process["status"] == OPEN:
            key = (process["writer"], process["log"])
            if key not in seen:
                seen[key] = liveness(replica.home, *key)
            found.add(seen[key])
    return next((status for status in ("running", "unknown", "interrupted") if status in found), "unknown")


def _source(key: str, stored: set[str]) -> tuple[str, int | None]:
    """Return (stored column, place in its cells) for a column: `metrics.loss.min` is a part of `stats.loss`."""
    if key.startswith("metrics.") and key not in stored:
        series, figure = where_language.split_metric(key)
        if series and figure in FIGURES:
            return f"stats.{series}", FIGURES[figure]
        if series and figure == "last":
            return f"metrics.{series}", None
    return key, None
