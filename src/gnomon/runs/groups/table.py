"""A table of groups of seeds, one row each: what `gnomon.open().groups(...)` returns.

A metric is a mean and a spread over the seeds of a group; sorting by a metric sorts by its mean.

Always true: a metric's cells are read for the groups that are shown or sorted by, not before.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

from gnomon.errors import BadArgumentError
from gnomon.runs.groups.configuration import column_of, name_of
from gnomon.runs.groups.definition import seed_groups
from gnomon.runs.groups.spread import PARTLY, Spread, spread_of
from gnomon.runs.table import FIGURES, iso_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from gnomon.runs.groups.definition import SeedGroup
    from gnomon.runs.views import Record

T = TypeVar("T")
_BY_SIZE = re.compile(r"\s*([+-]?)n(?::(asc|desc))?\s*", re.IGNORECASE)
FIXED = ("name", "group", "n", "apart", "seeds", "created", "duration")
_MOST_NAMED = 3
_OF_RUNS = ("duration",)  # a mean and a spread, as metrics are


class GroupTable:
    """Groups of seeds, one row each. `columns` are keys such as `name`, `n`, `params.lr`, `metrics.loss`; `total` counts all
    that match, also those that `limit` left out; `unknown` are columns that no group has.
    """

    def __init__(
        self,
        record: Record,
        groups: Sequence[SeedGroup],
        columns: Sequence[str],
        *,
        total: int,
        unknown: Sequence[str],
    ) -> None:
        self.groups = list(groups)
        self.columns = list(columns)
        self.total = total
        self.unknown = list(unknown)
        self._record = record
        self._cells: dict[str, list[object]] = {}

    def __len__(self) -> int:
        return len(self.groups)

    def __iter__(self) -> Iterator[SeedGroup]:
        return iter(self.groups)

    def __getitem__(self, place: int) -> SeedGroup:
        return self.groups[place]

    def __repr__(self) -> str:
        return f"<GroupTable of {len(self)} groups × {len(self.columns)} columns>"

    def _repr_html_(self) -> str:
        from gnomon.runs.display.groups import group_table_html

        return group_table_html(self)

    def column(self, key: str) -> list[object]:
        """Return one column as a list: a `Spread` (n, mean, spread) for metrics and durations; times are seconds since 1970."""
        if key not in self._cells:
            self._cells[key] = cells_of(self._record, self.groups, key)
        return self._cells[key]

    def to_pylist(self) -> list[dict[str, object]]:
        """Return flat dicts, one for each group."""
        rows = zip(*[self.column(key) for key in self.columns], strict=True)
        return [dict(zip(self.columns, row, strict=True)) for row in rows]

    def to_dict(self) -> dict[str, object]:
        """Return plain values: `groups`, as `gnomon runs --groups --json` prints them, and `total`."""
        return {"groups": self.records(), "total": self.total}

    def records(self) -> list[dict[str, object]]:
        """Return nested plain dicts, one for each group, with all that is known of it and the metrics among the columns."""
        found = []
        metrics = [key for key in self.columns if key.startswith("metrics.")]
        for place, group in enumerate(self.groups):
            values = {key[len("metrics.") :]: self.column(key)[place] for key in metrics}
            found.append(
                {
                    **group.to_dict(),
                    "created": iso_time(self.column("created")[place]),
                    "metrics": {
                        name: {"n": one.n, "mean": one.mean, "spread": one.spread, "failed_seeds": one.failed}
                        for name, one in values.items()
                        if isinstance(one, Spread) and (one.n or one.failed)
                    },
                }
            )
        return found

    def notes(self) -> list[str]:
        """Return what is to be said of these groups: seeds that failed, seeds that were run twice, runs that ran other code."""
        from gnomon.runs.groups.code import code_notes

        notes = []
        cells = [cell for key in self.columns if key.startswith("metrics.") for cell in self.column(key)]
        if any(isinstance(cell, Spread) and cell.failed for cell in cells):
            notes.append(PARTLY)
        if partly := self._partly():
            notes.append(f"without a value in some runs: {_listed(partly)}")
        repeated = [f"`{one.name}` has {one.count}" for one in self.groups if one.count.repeated]
        if repeated:
            notes.append(f"runs of one seed are averaged: {_listed(repeated)}")
        return [*notes, *code_notes(self._record, self.groups)]

    def _partly(self) -> list[str]:
        """Return the metrics that some seeds of a group have and others do not."""
        found = []
        seeds = [group.count.seeds for group in self.groups]
        for key in self.columns:
            if not key.startswith("metrics."):
                continue
            for group, total, cell in zip(self.groups, seeds, self.column(key), strict=True):
                if isinstance(cell, Spread) and 0 < cell.n + cell.failed < total:
                    found.append(
                        f"`{key[len('metrics.') :]}` of `{group.name}` ({cell.n + cell.failed:,} of {total:,} seeds)"
                    )
        return found

    def default_columns(self) -> list[str]:
        """Return the columns that tell these groups apart: parameters that vary, and metrics."""
        params = [
            key for key in self.columns if key.startswith(("params.", "data.")) and _varies(self.column(key))
        ]
        metrics = [
            key
            for key in self.columns
            if key.startswith("metrics.") and any(map(_has_value, self.column(key)))
        ]
        apart = ["apart"] if any(group.apart for group in self.groups) else []
        return ["name", "n", *apart, *params, *metrics]


def group_table(
    record: Record,
    where: str | None = None,
    *,
    sort: str | Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    limit: int | None = None,
    same_code: bool = False,
) -> GroupTable:
    """Return the groups of the runs that match, that of the newest run first unless sorted otherwise.

    `same_code` leaves out runs that ran other code than most of their group. Raises BadExpressionError, BadArgumentError.
    """
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 0):
        raise BadArgumentError(f"`limit` of `groups()` must be a whole number from 0; got {limit!r}")
    groups = seed_groups(record, where, same_code=same_code)
    stored = record.replica.index.keys("run")
    order, asked = _in_order(record, groups, [sort] if isinstance(sort, str) else list(sort or ()))
    shown = [groups[place] for place in (order if limit is None else order[:limit])]
    keys = list(columns) if columns is not None else _all_columns(stored, groups)
    # What tells groups apart may be no column: the command, of runs that have nothing else.
    wanted = [*asked, *(keys if columns is not None else ())]
    unknown = [key for key in wanted if not _is_known(key, stored)]
    return GroupTable(record, shown, keys, total=len(groups), unknown=unknown)


def _in_order(
    record: Record, groups: Sequence[SeedGroup], specs: Sequence[str]
) -> tuple[list[int], list[str]]:
    """Return the places of groups in order, the first of `specs` counts most, and the columns that were asked for.

    `n` (how many seeds) is a column of groups only, the largest first unless said otherwise.
    """
    from gnomon.runs.where import parse_sort, sort_indices

    order, asked = list(range(len(groups))), []
    for spec in reversed(specs):
        if by_size := _BY_SIZE.fullmatch(spec):
            is_ascending = by_size[1] == "+" or (by_size[2] or "").lower() == "asc"
            order.sort(key=lambda place: groups[place].count.seeds, reverse=not is_ascending)
            continue
        keys = list(dict.fromkeys(column for column, _ in parse_sort(spec)))
        cells = {key: [_to_sort_by(cell) for cell in cells_of(record, groups, key)] for key in keys}
        order = sort_indices(cells, spec, order)
        asked += keys
    return order, asked


def _all_columns(stored: Sequence[str], groups: Sequence[SeedGroup]) -> list[str]:
    params = sorted({column_of(key) for group in groups for key in group.params})
    metrics = [key for key in stored if key.startswith("metrics.") and not key.startswith("metrics.system/")]
    return [*FIXED, *params, *metrics]


def _is_known(key: str, stored: Sequence[str]) -> bool:
    return key in FIXED or key in stored or _source(key, stored)[0] in stored


def cells_of(record: Record, groups: Sequence[SeedGroup], key: str) -> list[object]:
    """Return one column of some groups; None where a group has nothing in it."""
    if key in _PLAIN:
        return [_PLAIN[key](group) for group in groups]
    if key.startswith(("params.", "data.")):
        return [group.params.get(name_of(key)) for group in groups]
    index = record.replica.index
    places = [place for group in groups for place in group.places]
    if key == "created":
        created = [one if isinstance(one, int) else 0 for one in index.columns("run", [key], places)[key]]
        return [max(times) / 1e6 if times else None for times in _by_group(groups, created)]
    if key not in _OF_RUNS and not key.startswith("metrics."):
        return [None] * len(groups)
    source, figure = _source(key, index.keys("run"))
    cells = index.columns("run", [source], places)[source]
    if figure is not None:
        cells = [cell[figure] if isinstance(cell, list) and len(cell) > figure else None for cell in cells]
    return [
        spread_of(values, group.seeds) for group, values in zip(groups, _by_group(groups, cells), strict=True)
    ]


_PLAIN: dict[str, Callable[[SeedGroup], object]] = {
    "name": lambda group: group.name,
    "group": lambda group: group.label,
    "n": lambda group: group.count.seeds,
    "apart": lambda group: ", ".join(f"{count:,} {status}" for status, count in group.apart.items()) or None,
    "seeds": lambda group: list(group.seeds),
}


def _by_group(groups: Sequence[SeedGroup], cells: Sequence[T]) -> Iterator[Sequence[T]]:
    start = 0
    for group in groups:
        yield cells[start : start + len(group)]
        start += len(group)


def _source(key: str, stored: Sequence[str]) -> tuple[str, int | None]:
    """Return (stored column, place in its cells) for a column: `metrics.loss.min` is a part of `stats.loss`."""
    if key.startswith("metrics.") and key not in stored:
        series, _, figure = key[len("metrics.") :].rpartition(".")
        if series and figure in FIGURES:
            return f"stats.{series}", FIGURES[figure]
        if series and figure == "last":
            return f"metrics.{series}", None
    return key, None


def _listed(parts: Sequence[str]) -> str:
    more = f" and {len(parts) - _MOST_NAMED:,} more" if len(parts) > _MOST_NAMED else ""
    return ", ".join(parts[:_MOST_NAMED]) + more


def _to_sort_by(cell: object) -> object:
    return cell.honest_mean if isinstance(cell, Spread) else cell


def _has_value(cell: object) -> bool:
    return isinstance(cell, Spread) and (cell.mean is not None or cell.failed > 0)


def _varies(column: Sequence[object]) -> bool:
    return len(column) == 1 or len({repr(value) for value in column}) > 1
