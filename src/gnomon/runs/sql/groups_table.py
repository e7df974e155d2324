"""The table `groups`: groups of seeds, as `runs.groups` defines them, with the mean and the spread of their metrics."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from gnomon.runs.sql import columns
from gnomon.runs.sql.fields import identifier, tree_of
from gnomon.runs.sql.schema import TABLES
from gnomon.runs.sql.tables import METRICS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gnomon.runs.groups.definition import SeedGroup
    from gnomon.runs.groups.spread import Spread
    from gnomon.runs.sql.statement import Statement
    from gnomon.runs.sql.tables import Tables

_FIGURES = ("mean", "spread")
_BATCH = 64  # columns of the index that are read at a time


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
    trees = {name: _tree(tables, statement, name) for name in _FIGURES}
    shown |= {name: tree.sql(f"{name}.", of="g.") for name, tree in trees.items() if tree}
    arrays |= _figures(tables, groups, {name: list(tree.leaves()) for name, tree in trees.items()})
    tables.register("_groups", arrays, length=len(groups))
    tables.view("groups", shown, "_groups AS g")


def _cells(groups: Sequence[SeedGroup]) -> dict[str, list[Any]]:
    return {
        "name": [group.name for group in groups],
        "group": [group.label for group in groups],
        "n": [group.count.seeds for group in groups],
        "seeds": [group.seeds for group in groups],
        "runs": [group.runs for group in groups],
        "apart": [sum(group.apart.values()) for group in groups],
    }


def _tree(tables: Tables, statement: Statement, family: str) -> Any:
    paths = statement.fields(family)
    return tree_of(paths, tables.names("metrics", is_whole=() in paths) if paths else ())


def _figures(
    tables: Tables, groups: Sequence[SeedGroup], leaves: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    """Return the means and the spreads of the last values, a cell a group: as `groups.spread` says, like everywhere.

    A group with a seed that has no finite value has NaN for both: in a query nothing else would show that seeds are missing.
    """
    from gnomon.runs.groups.spread import spread_of

    names = sorted({name for of in leaves.values() for name in of})
    places = [place for group in groups for place in group.places]
    arrays = {}
    for start in range(0, len(names), _BATCH):
        batch = names[start : start + _BATCH]
        found = tables.index.columns("run", [METRICS + name for name in batch], places)
        for name in batch:
            cells, at = found[METRICS + name], 0
            figures = []
            for group in groups:
                figures.append(spread_of(cells[at : at + len(group)], group.seeds))
                at += len(group)
            for family in _FIGURES:
                if name in leaves[family]:
                    arrays[f"{family}.{name}"] = columns.numbers([_cell(one, family) for one in figures])
    return arrays


def _cell(one: Spread, family: str) -> float | None:
    if one.failed:
        return math.nan if family == "mean" or one.n + one.failed > 1 else None
    return one.mean if family == "mean" else one.spread
