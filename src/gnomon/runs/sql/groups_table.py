"""The table `groups`: groups of seeds, as `runs.groups` defines them, with the mean and the spread of their metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gnomon.runs.sql import columns
from gnomon.runs.sql.fields import identifier, tree_of
from gnomon.runs.sql.schema import TABLES
from gnomon.runs.sql.tables import METRICS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.runs.groups.definition import SeedGroup
    from gnomon.runs.sql.statement import Statement
    from gnomon.runs.sql.tables import Tables

_FIGURES = ("mean", "spread")


def make_groups(tables: Tables, statement: Statement) -> None:
    """Make the table with the columns and fields that a statement names."""
    groups = tables.seed_groups()
    plain = {one.name: one.type for one in TABLES["groups"].columns if statement.wants(one.name)}
    arrays = {
        name: columns.column(plain[name], cells) for name, cells in _cells(groups).items() if name in plain
    }
    shown = {name: f"g.{identifier(name)}" for name in arrays}
    params = tree_of(statement.fields("params"), sorted({name for group in groups for name in group.params}))
    for name in params.leaves():
        arrays[f"params.{name}"] = columns.any_kind([group.params.get(name) for group in groups])
    if params:
        shown["params"] = params.sql("params.", of="g.")
    arrays["_no"] = columns.wholes(range(len(groups)))
    tables.register("_groups", arrays, length=len(groups))
    source = "_groups AS g"
    trees = {name: _tree(tables, statement, name) for name in _FIGURES}
    shown |= {name: tree.sql(f"{name}.", of="f.") for name, tree in trees.items() if tree}
    leaves = sorted({leaf for tree in trees.values() for leaf in tree.leaves()})
    if leaves:
        source += f" LEFT JOIN ({_figures(tables, groups, leaves)}) AS f ON f._no = g._no"
    tables.view("groups", shown, source)


def _cells(groups: Sequence[SeedGroup]) -> dict[str, list[Any]]:
    return {
        "name": [group.name for group in groups],
        "group": [group.label for group in groups],
        "n": [len(group.runs) for group in groups],
        "seeds": [group.seeds for group in groups],
        "runs": [group.runs for group in groups],
        "apart": [sum(group.apart.values()) for group in groups],
    }


def _tree(tables: Tables, statement: Statement, family: str) -> Any:
    paths = statement.fields(family)
    return tree_of(paths, tables.names("metrics", is_whole=() in paths) if paths else ())


def _figures(tables: Tables, groups: Sequence[SeedGroup], names: Sequence[str]) -> str:
    """Register the last values of all members; return the query that gives their means and spreads by group."""
    members = [(place, no) for no, group in enumerate(groups) for place in group.places]
    keys = [METRICS + name for name in names]
    found = tables.index.columns("run", keys, [place for place, _ in members])
    arrays = {name: columns.numbers(found[METRICS + name]) for name in names}
    arrays["_no"] = columns.wholes([no for _, no in members])
    tables.register("_members", arrays, length=len(members))
    figures = [f"avg({identifier(name)}) AS {identifier(f'mean.{name}')}" for name in names]
    figures += [f"{_spread(identifier(name))} AS {identifier(f'spread.{name}')}" for name in names]
    return f"SELECT _no, {', '.join(figures)} FROM _members GROUP BY _no"


def _spread(column: str) -> str:
    """Return the standard deviation of a column; NaN or infinity among the values makes it NaN, as it makes the mean."""
    spread = f"CASE WHEN bool_and(isfinite({column})) THEN stddev_samp({column}) ELSE 'nan'::DOUBLE END"
    return f"CASE WHEN count({column}) > 1 THEN {spread} END"
