"""The table `runs`: columns of the index, facts of the process behind each run, and STRUCTs of the names that are mentioned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.runs.capture.state import COLUMNS
from gnomon.runs.capture.views import joined
from gnomon.runs.sql import columns
from gnomon.runs.sql.fields import identifier, quoted, tree_of
from gnomon.runs.sql.schema import FIELDS, TABLES
from gnomon.runs.sql.tables import METRICS, PREFIXES, figure_key
from gnomon.runs.table import FIGURES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gnomon.runs.sql.fields import Tree
    from gnomon.runs.sql.schema import Column
    from gnomon.runs.sql.statement import Statement
    from gnomon.runs.sql.tables import Runs, Tables

# STRUCTs with the same fields in every record: field -> (column of the table of runs, type).
_FIXED = {
    "code": {
        "commit": ("code.commit", "VARCHAR"), "branch": ("code.branch", "VARCHAR"), "dirty": ("code.dirty", "BOOLEAN"),
        "fingerprint": ("code.fingerprint", "VARCHAR"),
    },
    "machine": {
        "system": ("machine.system", "VARCHAR"), "cpu": ("machine.cpu", "VARCHAR"), "cpus": ("machine.cpus", "BIGINT"),
        "memory_bytes": ("machine.memory_bytes", "BIGINT"),
    },
}  # fmt: skip
_STORED = {"duration_s": "duration"}  # what a column is called in the index, where it is another name
_OF_STATS = {"metrics_min": "min", "metrics_max": "max", "metrics_count": "count", "metrics_step": "step"}
_OF_PROCESS = ("package", "env")
_MADE = ("id", "seed_group")


class _Leaf(NamedTuple):
    """One field of a STRUCT column: `params.lr`."""

    family: str
    name: str

    @property
    def at(self) -> int:
        """Which figure of its series it is; for the families in `_OF_STATS`."""
        return FIGURES[_OF_STATS[self.family]]

    @property
    def key(self) -> str:
        """Under which key its cells are read."""
        if self.family in _OF_STATS:
            return figure_key(self.name, self.at)
        return PREFIXES.get(self.family, METRICS) + self.name

    def array(self, cells: list[Any]) -> Any:
        """Return its cells as Arrow."""
        if self.family in ("metrics_count", "metrics_step"):
            return columns.wholes(cells)
        return columns.numbers(cells) if self.family.startswith("metrics") else columns.any_kind(cells)


def make_runs(tables: Tables, statement: Statement) -> None:
    """Make the table with the columns and fields that a statement names."""
    wanted = [one for one in TABLES["runs"].columns if statement.wants(one.name, by_name=one.by_name)]
    plain = [one for one in wanted if not one.type.startswith(FIELDS) and one.name not in _MADE]
    fixed = {one.name: _FIXED[one.name] for one in wanted if one.name in _FIXED}
    trees = _trees(tables, statement, wanted)
    leaves = [_Leaf(family, name) for family, tree in trees.items() for name in tree.leaves()]
    runs, facts = _read(
        tables, plain, [key for fields in fixed.values() for key, _ in fields.values()], leaves
    )
    arrays = {one.name: _array(one, runs, facts) for one in plain}
    arrays |= {
        key: columns.column(kind, facts[key]) for fields in fixed.values() for key, kind in fields.values()
    }
    for leaf in leaves:
        found = facts if leaf.family in _OF_PROCESS else runs.cells
        arrays[f"{leaf.family}.{leaf.name}"] = leaf.array(found[leaf.key])
    names = {one.name for one in wanted}
    if "id" in names:
        arrays["id"] = columns.texts(runs.ids)
    if "seed_group" in names:
        by_run = {run: group.name for group in tables.seed_groups() for run in group.runs}
        arrays["seed_group"] = columns.texts([by_run.get(run) for run in runs.ids])
    tables.register("_runs", arrays, length=len(runs.ids))
    shown = {name: identifier(name) for name in names if name in arrays}
    shown |= {family: tree.sql(f"{family}.") for family, tree in trees.items()}
    tables.view("runs", shown | {name: _struct(fields) for name, fields in fixed.items()}, "_runs")


def _trees(tables: Tables, statement: Statement, wanted: list[Column]) -> dict[str, Tree]:
    """Return the fields of each STRUCT column that is wanted and has any."""
    found = {}
    for one in wanted:
        if one.type == FIELDS:
            paths = statement.fields(one.name, by_name=one.by_name)
            tree = tree_of(paths, tables.names(one.name, is_whole=() in paths))
            if tree:
                found[one.name] = tree
    return found


def _read(
    tables: Tables, plain: list[Column], fixed: list[str], leaves: list[_Leaf]
) -> tuple[Runs, Mapping[str, list[Any]]]:
    """Return the cells of the runs, and the facts of the processes behind them."""
    wanted = [one.name for one in plain if one.name in COLUMNS]
    wanted += [*fixed, *(leaf.key for leaf in leaves if leaf.family in _OF_PROCESS)]
    stored = [_STORED.get(one.name, one.name) for one in plain if one.name not in COLUMNS]
    stored += [leaf.key for leaf in leaves if leaf.family not in _OF_PROCESS and leaf.family not in _OF_STATS]
    figures = [(leaf.name, leaf.at) for leaf in leaves if leaf.family in _OF_STATS]
    runs = tables.read([*stored, *(("processes", "ending") if wanted else ())], figures)
    if "status" in runs.cells:
        tables.record.tell_liveness(runs.cells, runs.ids)
    if not wanted:
        return runs, {}
    processes, endings = runs.cells["processes"], runs.cells["ending"]
    return runs, joined(tables.index, list(dict.fromkeys(wanted)), processes, endings)


def _array(column: Column, runs: Runs, facts: Mapping[str, list[Any]]) -> Any:
    if column.name == "removed":
        return columns.truths(list(map(bool, runs.cells["removed"])))
    cells = facts[column.name] if column.name in facts else runs.cells[_STORED.get(column.name, column.name)]
    return columns.column(column.type, cells)


def _struct(fields: Mapping[str, tuple[str, str]]) -> str:
    return "{" + ", ".join(f"{quoted(name)}: {identifier(key)}" for name, (key, _) in fields.items()) + "}"
