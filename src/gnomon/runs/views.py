"""What a person asks about runs: tables, one run, its series.

Always true: a question first takes in what is new in the record (`update`), and reads; nothing here writes points or
entries but the methods that say so (`add_note`, `tag`, `rename`, `remove`, `restore`), which go through `runs.actions`.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from gnomon.env import REAL, Env
from gnomon.errors import BadArgumentError, NoRecordError, UnknownSubjectError
from gnomon.record.home import Home, open_home, record_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from types import TracebackType

    from gnomon.checks.record_checks import Checks
    from gnomon.data.views import DataSet, DataVersion
    from gnomon.lineage.graph import Graph
    from gnomon.lineage.reach import Reach
    from gnomon.replica import Replica
    from gnomon.runs.archive.export import Exported
    from gnomon.runs.archive.take_in import Imported
    from gnomon.runs.compare.comparison import Comparison
    from gnomon.runs.groups.contest import GroupComparison
    from gnomon.runs.groups.table import GroupTable
    from gnomon.runs.importance.found import Importance
    from gnomon.runs.kept_columns import KeptColumns
    from gnomon.runs.notebook.views import Notebook
    from gnomon.runs.packed import Packed
    from gnomon.runs.plot.picture import Plot, Runs
    from gnomon.runs.reproduce.actions import Replication
    from gnomon.runs.run_view import RunView
    from gnomon.runs.saved.views import SavedView
    from gnomon.runs.search import Found, Hit
    from gnomon.runs.sql.answer import Answer
    from gnomon.runs.sweep.sweep_view import SweepView
    from gnomon.runs.table import RunTable
    from gnomon.runs.tried.found import Tried
    from gnomon.runs.why.answer import Answer as Why
    from gnomon.team.team import Team
    from gnomon.verification import Verification

_COLUMN_ORDER = {"params": 0, "data": 1, "metrics": 2}


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
    return Record(open_home(place, env))


class Record:
    """A record, open for questions. Make it with `gnomon.open()`."""

    def __init__(self, of: Replica | Home) -> None:
        if isinstance(of, Home):
            self.home = of
        else:
            self.home, self.replica = of.home, of
        self.progress: Callable[[int, int], None] | None = None
        self.export_progress: Callable[[int, int], None] | None = None
        self._is_followed = False

    @cached_property
    def _kept(self) -> KeptColumns:
        from gnomon.runs.kept_columns import KeptColumns

        return KeptColumns()

    def share_columns(self, kept: KeptColumns) -> None:
        """Keep columns together with other records of the same replica, such as those of other threads."""
        self._kept = kept

    @cached_property
    def replica(self) -> Replica:
        """The replica with its index, loaded with the first question that needs it."""
        from gnomon.replica import Replica

        return Replica(self.home)

    @contextmanager
    def followed(self) -> Iterator[None]:
        """Take in what is new once, for all tables that are asked for in the block: a page asks for several."""
        self.follow()
        self._is_followed = True
        try:
            yield
        finally:
            self._is_followed = False

    def follow(self) -> None:
        """Take in what is new, unless this is in a block that did."""
        if not self._is_followed:
            self.replica.update(self.progress)

    def __enter__(self) -> Record:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the index. Optional: a record that is forgotten closes itself; the next question opens it again."""
        if "replica" in self.__dict__:
            self.replica.close()

    def __repr__(self) -> str:
        return f"<Record {self.name!r} at {self.path}>"

    def _repr_html_(self) -> str:
        from gnomon.runs.display.runs import record_html

        return record_html(self)

    @property
    def path(self) -> str:
        """The `.gnomon` folder."""
        return self.home.path

    @property
    def name(self) -> str:
        """What people call this record."""
        return self.home.name

    def runs(
        self,
        where: str | None = None,
        *,
        sort: str | Sequence[str] | None = None,
        columns: Sequence[str] | None = None,
        limit: int | None = None,
        offset: int = 0,
        removed: bool = False,
    ) -> RunTable:
        """Return the runs that match, newest first unless sorted otherwise.

        `where` and `sort` are explained in docs/reference/where.md. `columns` are keys such as `name`, `params.lr`,
        `metrics.loss` (last value), `metrics.loss.min`, and facts of the process such as `code.commit`, `command` or
        `package.numpy`; all parameters and metrics that there are, unless given.
        `removed` lists the hidden runs instead. `offset` leaves out the first so many, `limit` those after so many more.

        Raises BadExpressionError, BadArgumentError.
        """
        if limit is not None and (not isinstance(limit, int) or limit < 0):
            raise BadArgumentError(f"`limit` of `runs()` must be a whole number from 0; got {limit!r}")
        if not isinstance(offset, int) or offset < 0:
            raise BadArgumentError(f"`offset` of `runs()` must be a whole number from 0; got {offset!r}")
        from gnomon.runs import where as where_language
        from gnomon.runs.table import RunTable

        self.follow()
        ids = self._kept.ids(self.replica.index)
        filter_ = where_language.parse(where) if where and where.strip() else None
        specs = [sort] if isinstance(sort, str) else list(sort or ("created",))
        asked = {column for column, _ in where_language.parse_sort(specs)} | (
            filter_.fields if filter_ else set()
        )
        cells = self._packed(sorted(asked | {"removed"}), ids)
        places = filter_.compile(cells, len(ids)) if filter_ else range(len(ids))
        matching = _listed(cells["removed"], places, removed=removed)
        up_to = None if limit is None else offset + limit
        ordered = where_language.sort_indices(cells, specs, matching, up_to)[offset:]
        chosen = [ids[place] for place in ordered]
        keys = list(columns) if columns is not None else self.column_keys()
        if "id" not in keys:
            keys.insert(0, "id")
        return RunTable(
            chosen,
            keys,
            lambda wanted: self._shown(wanted, chosen, ordered),
            total=len(matching),
            unknown=self._unknown([*asked, *keys]),
            read_first=lambda wanted, count: self._shown(wanted, chosen[:count], ordered[:count]),
        )

    def table_of(self, ids: Sequence[str], columns: Sequence[str] | None = None) -> RunTable:
        """Return the table of these runs (whole ids), in this order; with all columns that any of them has, unless given."""
        from gnomon.runs.table import FIXED, RunTable

        places = {run: place for place, run in enumerate(self.replica.index.ids("run"))}
        at = [places[run] for run in ids]
        if columns is not None:
            given = list(dict.fromkeys(("id", *columns)))
            return RunTable(
                ids,
                given,
                lambda wanted: self._shown(wanted, ids, at),
                total=len(ids),
                unknown=self._unknown(given),
            )
        keys = self.column_keys()
        cells = self._shown(keys, ids, at)
        kept = [key for key in keys if key in FIXED or any(value is not None for value in cells[key])]
        return RunTable(ids, kept, lambda wanted: {key: cells[key] for key in wanted}, total=len(ids))

    def _unknown(self, columns: Sequence[str]) -> list[str]:
        """Return those of these columns that no run has."""
        from gnomon.runs.capture.views import is_process_column, process_columns
        from gnomon.runs.table import FIXED

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
        from gnomon.runs.table import FIXED

        found = [
            key
            for key in self.replica.index.keys("run")
            if key.startswith(("params.", "data.", "metrics.")) and not key.startswith("metrics.system/")
        ]
        return [*FIXED, *sorted(found, key=lambda key: (_COLUMN_ORDER[key.partition(".")[0]], key))]

    def search(
        self, words: str, *, where: str | None = None, limit: int = 20, kind: str | None = None
    ) -> list[Hit]:
        """Return the runs, data and writings that hold all `words`, the best first: (run, name, field, excerpt, marks, …).

        Texts are names, tags, notes, parameters, commands, consoles and captions; of data also messages, origins, licences and
        names of columns. `word*` means words that begin so, and `lr=0.01` a parameter's value. `kind` is 'run', 'data' or that
        of a writing, such as 'decision'; all unless given. Only runs for which `where` holds, if given. `hit.kind` says what was
        found, `hit.id` its id. A reference such as `decision:2` or `run:ab12` finds that thing first.
        """
        from gnomon.runs.search import hits

        return hits(self.find_texts(words, where=where, limit=limit, kind=kind), limit)

    def find_texts(
        self, words: str, *, where: str | None = None, limit: int = 20, kind: str | None = None
    ) -> Found:
        """Return what `search` finds by text: runs of one process that share it stand together."""
        from gnomon.runs.search import find
        from gnomon.runs.search_named import with_named

        self.replica.update(self.progress)
        places = self._places(where)
        found = find(self.replica.index, words, limit, places, kind)
        return found if places is not None else with_named(self, words, found, limit, kind)

    def find_by_meaning(self, question: str, *, limit: int = 20, kind: str | None = None) -> Found:
        """Return what is near in meaning to a question, whatever its words: names, notes, what people wrote and said.

        It needs the extra `gnomon[meaning]`: raises MissingExtraError without it, BadArgumentError where nothing is asked.
        """
        from gnomon.runs.meaning.find import find_by_meaning

        return find_by_meaning(self, question, limit, kind, self.progress)

    def _places(self, where: str | None) -> list[int] | None:
        """Return the places of the runs for which this holds, hidden ones included; None where nothing is asked."""
        if not where or not where.strip():
            return None
        from gnomon.runs.where import parse

        filter_ = parse(where)
        ids = self.replica.index.ids("run")
        return list(filter_.compile(self._packed(sorted(filter_.fields), ids), len(ids)))

    def sql(
        self,
        query: str,
        parameters: Sequence[object] | Mapping[str, object] | None = None,
        *,
        timeout_s: float = 60.0,
        with_removed: bool = False,
    ) -> Answer:
        """Return the answer of a query in SQL (DuckDB's): an Arrow table that pandas, Polars and others take in one call.

        `parameters` stand for `?` or `$name` in the query. It can only ask; docs/reference/sql.md lists the tables.
        Raises BadQueryError, QueryStoppedError after `timeout_s` seconds or with too little memory.
        """
        from gnomon.runs.sql.answer import sql

        return sql(self, query, parameters, timeout_s=timeout_s, with_removed=with_removed)

    def compare(
        self, *runs: str, at: str = "last", better: str | None = None, metrics: str | Sequence[str] = ()
    ) -> Comparison:
        """Compare two or more runs, given by id (or groups of seeds, by name): what differs, and their metrics.

        `at` is 'last', 'best', 'step=N' (or the last step before it), or 'area' (the mean over the steps). `better` is
        'higher' or 'lower'; guessed from the names of metrics unless given. `metrics` are names or patterns such as `val/*`.
        Raises UsageError, BadArgumentError, UnknownSubjectError, AmbiguousIdError.
        """
        from gnomon.runs.compare.comparison import compare

        return compare(self, runs, at=at, better=better, metrics=metrics)

    def compare_groups(
        self, metric: str, *, where: str | None = None, at: str = "last", better: str | None = None,
        baseline: str | None = None, level: float = 0.05, groups: Sequence[str] = (), same_code: bool = False,
    ) -> GroupComparison:  # fmt: skip
        """Say which group of seeds is better by a metric, by how much, and with which interval; or that nobody can tell.

        `groups` are names of those to compare, all unless given; `baseline` is the one that all others are compared with, the
        best unless given. `level` is the chance, at most, that one or more verdicts are wrong. `at` and `better` as in `compare`.
        `same_code` leaves out runs that ran other code than most of their group.
        Raises BadExpressionError, BadArgumentError, UnknownSubjectError, AmbiguousIdError.
        """
        from gnomon.runs.groups.contest import compare_groups

        return compare_groups(
            self, metric, where=where, at=at, better=better, baseline=baseline, level=level, groups=groups,
            same_code=same_code,
        )  # fmt: skip

    def importance(self, metric: str, *, where: str | None = None, level: float = 0.05) -> Importance:
        """Say which parameters matter for a metric, within the runs that match: an association, never a cause.

        `metric` is a name such as `auc`, a column such as `metrics.loss.min`, or `duration`. Runs that differ in their seed only
        count as one configuration. `level` is the chance, at most, that one or more parameters are wrongly said to matter.
        Raises UnknownSubjectError, BadExpressionError, BadArgumentError.
        """
        from gnomon.runs.importance.found import importance

        return importance(self, metric, where=where, level=level)

    def tried(
        self, params: Mapping[str, object] | None = None, *, run: str | None = None, whole: bool = False,
        code: str | None = None, data: str | Sequence[str] = (), metric: str | None = None, limit: int = 10,
    ) -> Tried:  # fmt: skip
        """Return the earlier runs whose configuration is equal or close to `params`, the nearest first; seeds do not count.

        `whole`: `params` are the whole configuration, so what a run has beyond them differs; otherwise only what they name
        counts. `run` asks instead whether what that run tried was tried before it. `code` is the beginning of a fingerprint or
        commit, or 'here'; `data` versions such as `credit@v3`. `metric` is the one to tell the outcome by; a usual one unless
        given. Raises BadArgumentError, UnknownSubjectError, AmbiguousIdError.
        """
        from gnomon.runs.tried.question import tried

        return tried(self, params, run=run, whole=whole, code=code, data=data, metric=metric, limit=limit)

    def groups(
        self, where: str | None = None, *, sort: str | Sequence[str] | None = None,
        columns: Sequence[str] | None = None, limit: int | None = None, same_code: bool = False,
    ) -> GroupTable:  # fmt: skip
        """Return the groups of seeds: runs of one configuration that differ in their seed, as mean and spread.

        `where` chooses runs, as in `runs`; `sort` by a metric sorts by its mean. That of the newest run comes first unless sorted
        otherwise. `same_code` leaves out runs that ran other code than most of their group.
        Raises BadExpressionError, BadArgumentError.
        """
        from gnomon.runs.groups.table import group_table

        return group_table(self, where, sort=sort, columns=columns, limit=limit, same_code=same_code)

    def sweeps(self) -> list[SweepView]:
        """Return the sweeps of this record, the newest first; `gnomon sweep` makes them."""
        from gnomon.runs.sweep.sweep_view import SweepView
        from gnomon.runs.sweep.views import sweeps

        return [SweepView(one) for one in sweeps(self)]

    def sweep(self, word: str) -> SweepView:
        """Return a sweep by its id, the beginning of it, or its name (the newest of that name): how far, what came of it.

        Raises UnknownSubjectError, AmbiguousIdError.
        """
        from gnomon.runs.sweep.sweep_view import SweepView
        from gnomon.runs.sweep.views import sweep_called

        return SweepView(sweep_called(self, word))

    def reproduce(self, run: str, **options: Any) -> Replication:
        """Make a run again from the record and return what came of it; the verdict is written on the run.

        Options: `on_changed` (`["data=v4"]`), `env` ('auto', 'here', 'recorded', 'lock'), `take` (paths that are taken from
        here), `quiet`, `anyway`, `timeout_s`; see `gnomon reproduce --help`. It starts the run's own command: know whose code
        it is.
        Raises UnknownSubjectError, BadArgumentError.
        """
        from gnomon.runs.reproduce.actions import plan, reproduce

        how = {key: options.pop(key) for key in ("on_changed", "env", "take") if key in options}
        return reproduce(self, plan(self, run, **how), **{"quiet": True, **options})

    def why(
        self,
        a: str,
        b: str,
        metric: str,
        *,
        parallel: int = 1,
        timeout_s: float | None = None,
        **options: Any,
    ) -> Why:
        """Return why a metric of two runs differs, by making mixtures of them; the answer is written on both.

        Options: `seeds` (how many, or which), `up_to` (with how many it goes on until a cause is told), `level`, `everything`,
        `budget`, `join` (factors to treat as one: `["code,params.lr"]`), `apart` (to take apart: `["code"]`), `leave` (to leave
        out), `retry` (what failed before), `env`, `take`; see `gnomon why --help`. It starts the commands of both runs; what
        takes longer than `timeout_s` is ended.
        Raises UnknownSubjectError, BadArgumentError where nothing can be swapped or a part cannot be rebuilt.
        """
        from gnomon.runs.why.actions import ask, make, require_question, write_down

        asked = ask(self, a, b, metric, **options)
        require_question(asked)
        asked.mixtures.timeout_s = timeout_s
        answer = make(asked, parallel=parallel)
        write_down(asked, answer)
        return answer

    def data(self, version: str) -> DataVersion:
        """Return a version of data by `credit@v3`, `credit@gold`, `credit@4f1d77ab` or `credit` (the newest).

        Raises BadArgumentError, UnknownSubjectError, AmbiguousIdError.
        """
        from gnomon.data.views import version as find_version

        return find_version(self, version)

    def add_data(self, data: object, **options: Any) -> DataVersion:
        """Add a file, a folder or a table to this record, as `gnomon.add_data` does, and return the version."""
        from gnomon.data.actions import add_data

        return add_data(data, dir=self.path, **options)

    def data_sets(self) -> list[DataSet]:
        """Return the data sets, by name: (name, newest, versions, tags)."""
        from gnomon.data.views import data_sets

        return data_sets(self)

    def lineage(self, what: str, *, up: bool = False, down: bool = False, depth: int | None = None) -> Graph:
        """Return what `what` came from (`up`), what came of it (`down`), or both: nodes and edges.

        `what` is a run, a version (`credit@v3`), a digest, a path, or a tag. `depth` is how many steps to go, to the end unless
        given. Raises UnknownSubjectError, AmbiguousIdError, BadArgumentError.
        """
        from gnomon.lineage.views import lineage

        return lineage(self, what, up=up, down=down, depth=depth)

    def reach(self, what: str, *, origin: bool = False) -> Reach:
        """Return all that `what` touched, what the record cannot say, and whom to tell.

        A data set's name stands for all its versions; with `origin`, `what` is the text of a source, or a part of it.
        Raises UnknownSubjectError, AmbiguousIdError.
        """
        from gnomon.lineage.reach import reach

        return reach(self, what, origin=origin)

    def process_keys(self) -> list[str]:
        """Return the columns that tell how runs were run: `command`, `code.commit`, `package.numpy`, …"""
        from gnomon.runs.capture.views import process_columns

        return list(process_columns(self.replica.index))

    def notebook(self, short_id: str) -> Notebook:
        """Return the notebook of a run, as it was when the run ended, or of a process; by the id or the beginning of it.

        Raises UnknownSubjectError for a run that was made elsewhere, and as `run` does.
        """
        from gnomon.runs.notebook.views import notebook_of

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
        from gnomon.runs.capture.state import CELLS
        from gnomon.runs.notebook.views import notebook_of

        self.replica.update(self.progress)
        table = self.replica.index.columns("process", ["", CELLS])
        logs = [log for log, count in zip(table[""], table[CELLS], strict=True) if count]
        found = [one for log in logs if (one := notebook_of(self.replica, str(log))) is not None]
        return sorted(found, key=lambda one: -one.cells[0].started)

    def run(self, short_id: str) -> RunView:
        """Return one run by its id, the beginning of it, or its name, where one run only is called so.

        `@1` is the newest run, `@2` the one before it. Raises UnknownSubjectError, AmbiguousIdError.
        """
        from gnomon.runs.called import run_called

        self.replica.update(self.progress)
        return self.run_of(run_called(self, short_id))

    def run_of(self, id: str) -> RunView:
        """Return a run by its whole id, from what was taken in so far. Raises UnknownSubjectError."""
        from gnomon.runs.run_view import RunView

        found = RunView(self, id)
        if found.is_withheld:
            raise UnknownSubjectError(
                f"of run `{found.id[:8]}` only the heads of its entries are here: what it was is withheld, or was erased",
                hint="another replica may hold it: export it there, and import that here",
            )
        return found

    def count_of(self, key: str) -> int:
        """Return how many different values the runs have in a column of texts, hidden runs included."""
        return len({*self._packed([key], ())[key]} - {None})

    def _cells(
        self, keys: Sequence[str], ids: Sequence[str], places: Sequence[int] | None
    ) -> dict[str, list[object]]:
        """Return cells by column, for all runs or for those at `places`."""
        return {key: list(column) for key, column in self._packed(keys, ids, places).items()}

    def _packed(
        self, keys: Sequence[str], ids: Sequence[str], places: Sequence[int] | None = None
    ) -> dict[str, Packed]:
        """Return the same as they are kept, which is enough to filter and sort: they must not be changed."""
        from gnomon.runs.capture.views import is_process_column, joined
        from gnomon.runs.state import OPEN

        index = self.replica.index
        of_process = [key for key in keys if is_process_column(key)]
        if of_process:
            keys = [*(key for key in keys if not is_process_column(key)), "processes", "ending"]
        stored = set(index.keys("run"))
        sources = {key: _source(key, stored) for key in keys if key != "id"}
        wanted = sorted({source for source, _ in sources.values()})
        kept = self._kept
        found = kept.columns(index, wanted) if places is None else kept.cells(index, wanted, places)
        table: dict[str, Packed] = {"id": ids}
        for key, (source, at) in sources.items():
            column = found[source]
            table[key] = (
                column if at is None else [stat[at] if isinstance(stat, list) else None for stat in column]
            )
        if of_process:
            table.update(joined(index, of_process, list(table["processes"]), list(table["ending"])))
        if "status" in table and OPEN in table["status"]:
            told = {"status": list(table["status"])}
            self.tell_liveness(told, ids)
            table.update(told)
        return table

    def _shown(
        self, keys: Sequence[str], ids: Sequence[str], places: Sequence[int]
    ) -> dict[str, list[object]]:
        """Return cells as they are shown: a label of data that stands for several versions has a short digest behind it."""
        from gnomon.runs.groups.configuration import DATA, digest_of, with_digests

        table = self._cells(keys, ids, places)
        of_data = [key for key in table if key.startswith(DATA) and any(table[key])]
        digests = (
            self.replica.index.columns("run", [digest_of(key) for key in of_data], places) if of_data else {}
        )
        for key in of_data:
            table[key] = with_digests(table[key], digests[digest_of(key)])
        return table

    def tell_liveness(self, table: dict[str, list[object]], ids: Sequence[str]) -> None:
        """Put into the column `status` of a table of these runs whether those that are open live."""
        from gnomon.runs.state import OPEN

        seen: dict[tuple[str, str], str] = {}
        statuses = table["status"]
        for place, status in enumerate(statuses):
            if status == OPEN:
                statuses[place] = live_status(self.replica, self.replica.index.state("run", ids[place]), seen)

    def plot(
        self,
        runs: Runs = None,
        metrics: str | Sequence[str] | None = None,
        *,
        x: str = "step",
        smooth: float | str | None = None,
        log: bool = False,
        log_x: bool = False,
        groups: bool = False,
        same_code: bool = False,
        where: str | None = None,
        last: int | None = None,
        together: bool = False,
        color_by: str | None = None,
        rank: int | None = None,
        title: str | None = None,
        width: int | None = None,
        height: int | None = None,
        out: str | os.PathLike[str] | None = None,
    ) -> Plot:
        """Return a picture of curves, shown in a notebook, or saved with `.save("loss.svg")` (.svg, .html, .png).

        `runs` are ids, names or groups of runs; the newest, or those that match `where=`, unless given. `metrics` are names
        (`*` stands for anything), each in its own axes; the first few unless given.

        - `x`: 'step', 'time', 'relative' (seconds since the start), or any series of the runs;
        - `smooth`: a weight below 1 (0.9), a half-life on the x-axis (200), or one of time ('5min');
        - `log`, `log_x`: logarithmic axes; `together`: all metrics in one pair of axes;
        - `groups`: groups of seeds as their mean with a 95 % interval; `same_code` leaves out, in each, runs of other code;
        - `last`: only the newest so many runs;
        - `color_by`: one colour for all runs of one 'group', 'seed', 'status', 'name', or value of this parameter;
        - `rank`, `title`, `width`, `height` (pixels), `out`: a file to write at once.

        Raises UnknownSubjectError, AmbiguousIdError, BadArgumentError; MissingExtraError for PNG without `gnomon[plot]`.
        """
        from gnomon.runs.plot.picture import plot

        return plot(
            self, runs, metrics, x=x, smooth=smooth, log=log, log_x=log_x, groups=groups, same_code=same_code, where=where,
            last=last, together=together, color_by=color_by, rank=rank, title=title, width=width, height=height, out=out,
        )  # fmt: skip

    # --- saved views

    def views(self) -> list[SavedView]:
        """Return the saved views, by name: (id, name, question, author, saved, others). Everybody who syncs sees them."""
        from gnomon.runs.saved.views import views

        return views(self)

    def view(self, word: str) -> SavedView:
        """Return the saved view that is called so, or whose id begins so. Raises UnknownSubjectError, AmbiguousIdError."""
        from gnomon.runs.saved.views import view_called

        return view_called(self, word)

    def save_view(
        self, name: str, where: str = "", *, sort: str | Sequence[str] = (), columns: Sequence[str] = (),
        pin: Sequence[str] = (), groups: bool = False, removed: bool = False, view: str | None = None,
    ) -> SavedView:  # fmt: skip
        """Save what a table of runs asks, under a name: over the view that is called so, or as a new one.

        `where`, `sort`, `columns` and `removed` are those of `runs`; `pin` are columns that stay at the left; `groups` asks for
        groups of seeds. `view` is the id of one to change, its name too.
        Raises BadExpressionError, BadArgumentError, AmbiguousIdError.
        """
        from gnomon.runs.saved import actions
        from gnomon.runs.saved.question import GROUPS, Question

        sorts = (sort,) if isinstance(sort, str) else tuple(sort)
        by = GROUPS if groups else ""
        question = Question(where.strip(), sorts, tuple(columns), tuple(pin), by, removed)
        return actions.save(self, name, question, view=view)

    def remove_view(self, view: str) -> None:
        """Remove a saved view, given by its name or id. Raises UnknownSubjectError, AmbiguousIdError."""
        from gnomon.runs.saved import actions

        actions.remove(self, view)

    # --- what people change

    def add_note(self, run: str, text: str) -> None:
        """Add a note in Markdown to a run."""
        from gnomon.runs import actions

        actions.add_note(self, run, text)

    def edit_note(self, run: str, notes: str | Sequence[str], text: str) -> None:
        """Put another text in the place of a note, named by its hash (`Note.hash`); by several where it was edited apart."""
        from gnomon.runs import actions

        actions.edit_note(self, run, [notes] if isinstance(notes, str) else notes, text)

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

    # --- out of the record, and into it

    def export(
        self,
        to: str | os.PathLike[str],
        *,
        runs: str | Iterable[str] | None = None,
        where: str | None = None,
        removed: bool = False,
        points: str = "csv",
        only: str | None = None,
        data: bool = True,
    ) -> Exported:
        """Write runs into the new folder `to`, as plain files; all runs, unless `runs` (ids) or `where` chooses.

        `removed` adds hidden runs; `points` is 'csv' or 'parquet'; `only` is 'files' (no `record/`, so it cannot be
        imported), 'record' or None for both. The versions of data that the runs used go along, of the whole record all;
        `data=False` leaves their bytes out. Returns (path, runs, files, bytes, problems, notes, data): `problems` name what is
        missing or damaged. Raises BadArgumentError, UnknownSubjectError, StorageError; then nothing is left there.
        """
        from gnomon.runs.archive.export import Wanted, export

        return export(self, to, Wanted(runs, where, removed, points, only, data))

    def archive(
        self,
        to: str | os.PathLike[str],
        *,
        runs: str | Iterable[str] | None = None,
        where: str | None = None,
        removed: bool = False,
        points: str = "csv",
        only: str | None = None,
        data: bool = True,
    ) -> Exported:
        """Write runs into the new ZIP file `to`: the folder that `export` writes; the same runs give the same bytes."""
        from gnomon.runs.archive.export import Wanted, archive

        return archive(self, to, Wanted(runs, where, removed, points, only, data))

    def import_(self, path: str | os.PathLike[str]) -> Imported:
        """Take the runs and data of an export or an archive into this record; doing it twice is doing it once.

        Returns (runs, new_runs, entries, points, objects, data, new_data): what was in it, and what of it was new. Raises
        DamagedFileError where a hash is wrong (then nothing is imported), BadArgumentError for what is no export, StorageError.
        """
        from gnomon.runs.archive.take_in import import_

        return import_(self, path)

    # --- what people write to each other

    @cached_property
    def team(self) -> Team:
        """What the members of the team write to each other: ask, decide, hand off, review, catch up."""
        from gnomon.team.team import Team

        return Team(self)

    @cached_property
    def checks(self) -> Checks:
        """The checks of runs, data and models: make one, list them, compare two."""
        from gnomon.checks.record_checks import Checks

        return Checks(self)

    # --- what the record is like

    def verify(
        self, *, deep: bool = False, progress: Callable[[int, int], None] | None = None
    ) -> Verification:
        """Check every file of this replica; iterate over the result for what is wrong."""
        return self.replica.verify(deep=deep, progress=progress)


def live_status(replica: Replica, state: object, seen: dict[tuple[str, str], str] | None = None) -> str:
    """Return the status of an open run: 'running', 'interrupted' or 'unknown', by its processes."""
    from gnomon.runs.liveness import liveness
    from gnomon.runs.state import OPEN

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


def _listed(hidden: Sequence[object], places: Sequence[int], *, removed: bool) -> list[int]:
    """Return those of these places (ascending) whose runs are hidden, or not, as asked; none that are withheld."""
    from gnomon.runs.packed import Words
    from gnomon.runs.state import WITHHELD

    cells = hidden.words if isinstance(hidden, Words) else hidden
    rows = range(len(cells)) if isinstance(hidden, Words) else places
    found = [row for row in rows if bool(cells[row]) == removed and cells[row] != WITHHELD]
    return hidden.rows_of(found, places) if isinstance(hidden, Words) else found


def _source(key: str, stored: set[str]) -> tuple[str, int | None]:
    """Return (stored column, place in its cells) for a column: `metrics.loss.min` is a part of `stats.loss`."""
    if key.startswith("metrics.") and key not in stored:
        from gnomon.runs import where as where_language
        from gnomon.runs.table import FIGURES

        series, figure = where_language.split_metric(key)
        if series and figure in FIGURES:
            return f"stats.{series}", FIGURES[figure]
        if series and figure == "last":
            return f"metrics.{series}", None
    return key, None
