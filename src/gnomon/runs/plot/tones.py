"""Which lines share a colour, and what the legend calls it.

Unless told otherwise each run (or group of seeds) has a colour of its own; several metrics of it in one pair of axes have
that colour with other dashes. `color_by` gives one colour to all runs that have the same value: of a parameter, the group,
the seed, the status or the name. Then the legend names values, not runs.

Always true: two lines of one panel that are drawn alike stand for the same key of the legend, as far as there are dashes
and colours enough (sixteen).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import BadArgumentError
from gnomon.runs.plot.look import DASHES, MANY, Stroke, plain, plain_stroke

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from gnomon.runs.run_view import RunView
    from gnomon.runs.views import Record

GROUP = "group"
FIELDS = (GROUP, "seed", "status", "name")


class Key(NamedTuple):
    """One key of the legend: what it says, and how its lines are drawn."""

    text: str
    stroke: Stroke


def keys_of(
    labels: Sequence[str], metrics: Sequence[str], drawn: Collection[tuple[str, str]]
) -> dict[tuple[str, str], Key]:
    """Return the key of each (label, metric) that is drawn in one pair of axes.

    `metrics` are those that share the axes; one of them, or none, where each has its own.
    """
    is_mixed = len(metrics) > 1
    has_dashes = is_mixed and len(labels) > 1 and len(metrics) <= len(DASHES) and len(labels) <= MANY
    found: dict[tuple[str, str], Key] = {}
    ordered = sorted(drawn, key=lambda one: (labels.index(one[0]), metrics.index(one[1]) if is_mixed else 0))
    names = [_name(label, metric, is_mixed=is_mixed, is_alone=len(labels) == 1) for label, metric in ordered]
    places = {name: place for place, name in enumerate(dict.fromkeys(names))}
    for (label, metric), name in zip(ordered, names, strict=True):
        stroke = plain_stroke(places[name], len(places))
        if has_dashes:
            stroke = Stroke(labels.index(label), len(labels), DASHES[metrics.index(metric)])
        found[label, metric] = Key(name, stroke)
    return found


def _name(label: str, metric: str, *, is_mixed: bool, is_alone: bool) -> str:
    if not is_mixed:
        return label
    return plain(metric) if is_alone else f"{label} · {plain(metric)}"


def values_of(record: Record, views: Mapping[str, RunView], by: str) -> dict[str, str]:
    """Return what the legend calls the value of each run, in the order of the values; BadArgumentError for what no run has."""
    if by == GROUP:
        found = _groups(record, views)
    elif by in FIELDS:
        found = {run: getattr(view, by) for run, view in views.items()}
    else:
        found = _params(views, by)
    name = by.removeprefix("params.")
    ordered = sorted(found.items(), key=lambda one: _order(one[1]))
    return {
        run: f"no {plain(name)}" if value is None else plain(str(value)) if by in (GROUP, "name", "status")
        else f"{plain(name)} {plain(_said(value))}"
        for run, value in ordered
    }  # fmt: skip


def _groups(record: Record, views: Mapping[str, RunView]) -> dict[str, object]:
    from gnomon.runs.groups.definition import seed_groups

    names = {run: group.name for group in seed_groups(record) for run in group.runs}
    return {run: names.get(run, view.group) for run, view in views.items()}


def _params(views: Mapping[str, RunView], by: str) -> dict[str, object]:
    name = by.removeprefix("params.")
    cells = {run: _flat(view.params) for run, view in views.items()}
    if not any(name in params for params in cells.values()):
        from difflib import get_close_matches

        known = sorted({key for params in cells.values() for key in params})
        near = get_close_matches(name, [*known, *FIELDS], n=3) or known[:6]
        there = f"there is {', '.join(f'`{plain(key)}`' for key in near)}; " if near else ""
        raise BadArgumentError(
            f"none of these runs has a parameter `{plain(name)}` to colour by",
            hint=f"{there}or take `group`, `seed`, `status` or `name`",
        )
    return {run: params.get(name) for run, params in cells.items()}


def _flat(params: Mapping[str, object], before: str = "") -> dict[str, object]:
    """Return nested parameters by their dotted names."""
    found: dict[str, object] = {}
    for key, value in params.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{before}{key}.")
        else:
            found[f"{before}{key}"] = value
    return found


def _said(value: object) -> str:
    from gnomon.text import any_value

    return any_value(value)


def _order(value: object) -> tuple[int, float, list[str]]:
    """Return what sorts numbers by size, then texts (`h=32` before `h=128`), then what is missing."""
    if value is None:
        return 2, 0.0, []
    if isinstance(value, (int, float)) and value == value:
        try:
            return 0, float(value), []
        except OverflowError:  # a whole number beyond the floats
            return 0, float("inf") if value > 0 else float("-inf"), []
    parts = re.split(r"(\d+)", str(value)[:1000])
    return 1, 0.0, [part.lstrip("0").rjust(40, "0") if part.isdecimal() else part for part in parts]
