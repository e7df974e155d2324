"""Metrics of several runs side by side, and how each differs from that of the first.

A group of seeds has its mean, with the spread between seeds. A difference of single runs says nothing about which is better:
that needs seeds (`runs.groups.contest`). Values of different steps stand beside each other with their steps.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import UnknownSubjectError
from gnomon.runs.compare.at import values_at
from gnomon.runs.compare.direction import guess
from gnomon.runs.compare.facts import is_same
from gnomon.runs.compare.reached import last_steps, short_of
from gnomon.runs.groups.spread import Spread, spread_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.runs.compare.at import At
    from gnomon.runs.compare.direction import Better
    from gnomon.runs.compare.sides import Side
    from gnomon.runs.views import Record

SYSTEM = "system/"
_MOST_NOTES = 3


class MetricRow(NamedTuple):
    """A metric of all that is compared. `values` are numbers, or a `Spread` for a group of seeds; None where there is none."""

    name: str
    values: tuple[float | int | Spread | None, ...]
    differences: tuple[float | None, ...]  # to the first, of each but the first
    better: Better | None  # which way is better; None where the name does not say
    is_guessed: bool
    steps: tuple[int | None, ...] = ()  # the last step of each; of a group that of the run that came furthest
    is_uneven: bool = False  # the values are of different steps, as some runs ended earlier

    @property
    def is_same(self) -> bool:
        """Whether all have one and the same value."""
        return self.values[0] is not None and all(
            is_same(_plain(self.values[0]), _plain(value)) for value in self.values[1:]
        )

    def to_dict(self) -> dict[str, object]:
        """Return plain values."""
        values = [
            {"n": one.n, "failed_seeds": one.failed, "mean": one.mean, "spread": one.spread}
            if isinstance(one, Spread)
            else one
            for one in self.values
        ]
        return {
            "name": self.name, "values": values, "differences": list(self.differences), "better": self.better,
            "better_is_guessed": self.is_guessed, "last_steps": list(self.steps),
        }  # fmt: skip


def metric_rows(
    record: Record, sides: Sequence[Side], at: At, better: Better | None, patterns: Sequence[str]
) -> list[MetricRow]:
    """Return the metrics that any side has and that fit a pattern, by name.

    Raises UnknownSubjectError for a pattern that none fits, and for a step before which nothing was logged.
    """
    names = _names(record, sides, patterns)
    ids = [run for side in sides for run in side.ids]
    places = [place for side in sides for place in side.places]
    rows = []
    for name in names:
        way = better or guess(name)
        found = values_at(record, ids, places, name, at, way, record.progress)
        reached = last_steps(record, places, name)
        values: list[float | int | Spread | None] = []
        steps: list[int | None] = []
        start = 0
        for side in sides:
            own = found[start : start + len(side.ids)]
            known = [step for step in reached[start : start + len(side.ids)] if step is not None]
            steps.append(max(known, default=None))
            start += len(side.ids)
            values.append(spread_of(own, side.seeds) if side.group is not None else own[0])
        differences = tuple([_difference(values[0], value) for value in values[1:]])
        is_guessed = better is None and way is not None
        rows.append(
            MetricRow(name, tuple(values), differences, way, is_guessed, tuple(steps), _are_uneven(steps, at))
        )
    if rows and at.kind == "step" and all(_is_none(value) for row in rows for value in row.values):
        raise UnknownSubjectError(
            f"none of these runs logged anything at {at} or before",
            hint="`step=N` is the value at step N, or at the last step before it: ask for a later step, or for `last`",
        )
    return rows


def _is_none(value: float | Spread | None) -> bool:
    return not (value.n or value.failed) if isinstance(value, Spread) else value is None


def _are_uneven(steps: Sequence[int | None], at: At) -> bool:
    """Return whether values are of different steps because runs ended at different ones."""
    if at.kind == "best":
        return False
    reached = {step if at.step is None else min(step, at.step) for step in steps if step is not None}
    return len(reached) > 1


def step_notes_of(rows: Sequence[MetricRow], titles: Sequence[str], at: At) -> list[str]:
    """Return what is to be said where values are of different steps, or of an earlier one than was asked for."""
    if at.kind == "best":
        return []
    if at.kind == "step":
        texts: dict[str, list[str]] = {}
        for row in rows:
            if text := short_of(row.steps, at):
                texts.setdefault(text, []).append(row.name)
        return [
            text if len(names) == len(rows) else f"{_some(names)}: {text}" for text, names in texts.items()
        ]
    by_steps: dict[tuple[int | None, ...], list[str]] = {}
    for row in rows:
        if row.is_uneven:
            by_steps.setdefault(row.steps, []).append(row.name)
    notes = []
    for steps, names in [*by_steps.items()][:_MOST_NOTES]:
        told = ", ".join(
            f"{title} {step:,}" for title, step in zip(titles, steps, strict=True) if step is not None
        )
        first = min(step for step in steps if step is not None)
        what = (
            "the last values are of different steps"
            if at.kind == "last"
            else "the curves end at different steps"
        )
        which = "" if len(names) == len(rows) else f" of {_some(names)}"
        notes.append(f"{what}{which}: {told} (`--at step={first}` compares at one)")
    return notes


def _some(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names[:_MOST_NOTES]) + (
        ", …" if len(names) > _MOST_NOTES else ""
    )


def _plain(value: object) -> object:
    return list(value) if isinstance(value, Spread) else value


def _names(record: Record, sides: Sequence[Side], patterns: Sequence[str]) -> list[str]:
    index = record.replica.index
    places = [place for side in sides for place in side.places]
    keys = [key for key in index.keys("run") if key.startswith("metrics.")]
    cells = index.columns("run", keys, places)
    names = [key[len("metrics.") :] for key in keys if any(value is not None for value in cells[key])]
    if not patterns:
        return [name for name in names if not name.startswith(SYSTEM)]
    chosen = []
    for pattern in patterns:
        fitting = [name for name in names if name == pattern or fnmatchcase(name, pattern)]
        if not fitting:
            from difflib import get_close_matches

            near = get_close_matches(pattern, names, n=3) or names[:5]
            raise UnknownSubjectError(
                f"none of these runs has a metric `{pattern}`",
                hint=f"they have {', '.join(f'`{one}`' for one in near)}"
                if near
                else "nothing was logged to them",
            )
        chosen += fitting
    return list(dict.fromkeys(chosen))


def _difference(first: object, other: object) -> float | None:
    a, b = (one.mean if isinstance(one, Spread) else one for one in (first, other))
    if not isinstance(a, (int, float)) or not isinstance(b, (int, float)):
        return None
    try:
        return b - a
    except OverflowError:
        return None
