"""The tables of the record, filled with only the columns and fields that a statement names.

A table is a view over Arrow arrays that stand under names of their own (`_runs`, …), which a statement cannot name. Each
table has its maker: runs_table, long_tables (params, metrics), groups_table, detail_tables (notes, files, processes, packages),
data_tables (data, used), checks_tables (checks, findings), sweep_tables (sweeps, trials), again_tables (replications,
explanations), points_table, entries_table. Hidden runs are left out of every table but `entries`, unless they are asked for.

Always true: one table is read from one moment of the index.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.errors import UnknownSubjectError
from gnomon.record import index_query
from gnomon.runs.capture.state import PACKAGE, VARIABLE
from gnomon.runs.sql import columns
from gnomon.runs.sql.fields import identifier
from gnomon.runs.sql.schema import FIELDS, TABLES
from gnomon.runs.state import WITHHELD

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from gnomon.runs.groups.definition import SeedGroup
    from gnomon.runs.sql.statement import Statement
    from gnomon.runs.views import Record

PARAMS, METRICS, STATS = "params.", "metrics.", "stats."
PREFIXES = {"params": PARAMS, "package": PACKAGE, "env": VARIABLE}  # of all others: METRICS
_SYSTEM = "system/"
_MAKERS = {
    "runs": "runs_table:make_runs",
    "params": "long_tables:make_params",
    "metrics": "long_tables:make_metrics",
    "groups": "groups_table:make_groups",
    "notes": "detail_tables:make_notes",
    "files": "detail_tables:make_files",
    "data": "data_tables:make_data",
    "used": "data_tables:make_used",
    "checks": "checks_tables:make_checks",
    "findings": "checks_tables:make_findings",
    "sweeps": "sweep_tables:make_sweeps",
    "trials": "sweep_tables:make_trials",
    "replications": "again_tables:make_replications",
    "explanations": "again_tables:make_explanations",
    "processes": "detail_tables:make_processes",
    "packages": "detail_tables:make_packages",
    "points": "points_table:make_points",
    "entries": "entries_table:make_entries",
}


class Runs(NamedTuple):
    """Cells of all runs that count; every list has one cell a run."""

    ids: list[str]
    cells: dict[str, list[Any]]


class Tables:
    """Makes the tables of one statement in one connection. `files` are those that DuckDB may read for them."""

    def __init__(self, record: Record, connection: Any, *, with_removed: bool) -> None:
        self.record = record
        self.index = record.replica.index
        self.connection = connection
        self.files: list[str] = []
        self._with_removed = with_removed
        self._keys = self.index.keys("run")
        self._groups: list[SeedGroup] | None = None

    def make(self, statement: Statement) -> None:
        """Make the tables that a statement names."""
        for name in TABLES:
            if name in statement.tables:
                module, _, function = _MAKERS[name].partition(":")
                make = getattr(import_module(f"gnomon.runs.sql.{module}"), function)
                make(self, statement)
            elif statement.is_about_tables:
                self._make_empty(name)

    def _make_empty(self, table: str) -> None:
        """Make a table without rows, for those who ask which there are."""
        kinds = {
            one.name: "STRUCT(name VARCHAR)" if one.type == FIELDS else one.type
            for one in TABLES[table].columns
        }
        self.view(table, {name: f"NULL::{kind}" for name, kind in kinds.items()}, "(SELECT 1 WHERE false)")

    # --- what makers ask

    def names(self, family: str, *, is_whole: bool = False) -> list[str]:
        """Return the names that a family of fields can have; of metrics as a whole without those of the system."""
        prefix = PREFIXES.get(family, METRICS)
        keys = self.index.keys("process") if family in ("package", "env") else self._keys
        found = [key[len(prefix) :] for key in keys if key.startswith(prefix)]
        return (
            [name for name in found if not name.startswith(_SYSTEM)]
            if is_whole and prefix == METRICS
            else found
        )

    def read(self, keys: Iterable[str], figures: Iterable[tuple[str, int]] = ()) -> Runs:
        """Return these columns of the runs that count, from one moment; and figures (series, place), as `figure_key` says."""
        wanted = ["", "removed", *dict.fromkeys(keys)]
        by_series: dict[str, list[int]] = {}
        for series, at in dict.fromkeys(figures):
            by_series.setdefault(series, []).append(at)

        def cells(database: sqlite3.Connection) -> dict[str, list[Any]]:
            found = index_query.columns(database, "run", wanted, None)
            for (
                series,
                places,
            ) in by_series.items():  # one by one: a million small lists would keep Python busy
                column: list[Any] = index_query.columns(database, "run", [STATS + series], None)[
                    STATS + series
                ]
                for at in places:
                    found[figure_key(series, at)] = [
                        one[at] if one.__class__ is list else None for one in column
                    ]
            return found

        found = self.index.ask(cells)
        ids = [str(one) for one in found.pop("")]
        hidden = found["removed"]
        if not any(hidden):
            return Runs(ids, found)
        places = [place for place, one in enumerate(hidden) if not self._is_left_out(one)]
        counted = {key: [column[place] for place in places] for key, column in found.items()}
        return Runs([ids[place] for place in places], counted)

    def hidden(self) -> list[str]:
        """Return the ids of the runs that are left out."""
        found = self.index.columns("run", ["", "removed"])
        return [
            str(run) for run, cell in zip(found[""], found["removed"], strict=True) if self._is_left_out(cell)
        ]

    def _is_left_out(self, removed: object) -> bool:
        """Return whether a run is left out, by its cell `removed`; of a withheld one nothing is here but heads."""
        return removed == WITHHELD or (bool(removed) and not self._with_removed)

    def states_with(self, *texts: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield (id, state) of the runs in whose entries all these texts stand: only these are folded."""

        def ask(text: str) -> set[str]:
            return set(self.index.ask(lambda database: index_query.subjects_with(database, "run", text)))

        runs = set.intersection(*map(ask, texts))
        for run in sorted(runs.difference(self.hidden())):
            try:
                state = self.index.state("run", run)
            except UnknownSubjectError:
                continue  # its entries were erased meanwhile
            if isinstance(state, dict):
                yield run, state

    def seed_groups(self) -> list[SeedGroup]:
        """Return the groups of seeds that have a finished run."""
        if self._groups is None:
            from gnomon.runs.groups.definition import seed_groups

            self._groups = [group for group in seed_groups(self.record) if group.runs]
        return self._groups

    # --- what makers make

    def register(self, name: str, arrays: Mapping[str, Any], *, length: int) -> None:
        """Put arrays under a name of our own; there is always one column, so that rows can be counted."""
        from arro3.core import Table

        self.connection.register(
            name, Table.from_pydict(dict(arrays) or {"_nothing": columns.truths([True] * length)})
        )

    def view(self, table: str, expressions: Mapping[str, str], source: str) -> None:
        """Make the view that a statement sees, its columns in the order that is declared."""
        order = [one.name for one in TABLES[table].columns if one.name in expressions]
        chosen = (
            ", ".join(f"{expressions[name]} AS {identifier(name)}" for name in order) or "NULL AS _nothing"
        )
        self.connection.execute(f"CREATE TEMP VIEW {identifier(table)} AS SELECT {chosen} FROM {source}")

    def table(self, name: str, arrays: Mapping[str, Any], *, length: int) -> None:
        """Make a table of arrays, as they are."""
        self.register(f"_{name}", arrays, length=length)
        types = {one.name: one.type for one in TABLES[name].columns}
        shown = {key: _typed(identifier(key), types[key]) for key in arrays}
        self.view(name, shown, f"_{name}")

    def plain(
        self, name: str, cells: Mapping[str, Sequence[Any]], statement: Statement, *, length: int
    ) -> None:
        """Make a table from cells by column, those that are wanted; the types are those of `schema`."""
        wanted = [one for one in TABLES[name].columns if one.name in cells and statement.wants(one.name)]
        self.table(
            name, {one.name: columns.column(one.type, cells[one.name]) for one in wanted}, length=length
        )


def figure_key(series: str, at: int) -> str:
    """Return under which key `Tables.read` gives a figure of a series."""
    return f"{STATS}{series}[{at}]"


def _typed(column: str, type_: str) -> str:
    return f"try_cast({column} AS JSON)" if type_ == "JSON" else column
