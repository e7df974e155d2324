"""`/compare/media`: images, sounds, tables, histograms and texts of several runs, a row for each series, all at one step.

Each panel shows the value at the step, or the last one before it, and says of which step it is. Without `step=` it is the last of
each run. Always true: the address says all that is seen; rows and runs are bounded, and what is left out is said.
"""

from __future__ import annotations

from bisect import bisect_right
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from gnomon.page import Shown
from gnomon.runs.pages.chosen import PARTS, chosen
from gnomon.runs.pages.shown_value import latest, shown_value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.page import Ask, ObjectLink
    from gnomon.runs.pages.shown_value import ShownValue
    from gnomon.runs.values.rich_value import RichValue

RUNS, ROWS = 12, 30
MOST_STEPS = 5_000
LOWEST, HIGHEST = -(2**63), 2**63 - 1


class Panel(NamedTuple):
    """A series of a run: its value, or the first step at which there is one, or nothing at all."""

    value: ShownValue | None
    first_step: int | None
    is_earlier: bool = False  # the value is of an earlier step than the one that is asked for


class Series(NamedTuple):
    """A row: the panels stand in the order of the runs."""

    name: str
    kind: str
    panels: list[Panel]


def media(ask: Ask) -> Shown:
    """Show the rich values of the chosen runs side by side."""
    found = chosen(ask, RUNS)
    runs = [ask.record.run(one) for one in found.ids]
    values = [run.values() for run in runs]
    kinds = {one.series: one.kind for of_run in values for one in of_run}
    patterns = ask.query.listed("series")
    names = [
        name for name in sorted(kinds) if not patterns or any(fnmatchcase(name, one) for one in patterns)
    ]
    limit = ask.query.whole("limit", ROWS, low=1, high=200)
    kept = frozenset(names[:limit])
    values = [[one for one in of_run if one.series in kept] for of_run in values]
    every = sorted({one.step for of_run in values for one in of_run})
    step = ask.query.whole("step", 0, low=LOWEST, high=HIGHEST) if ask.query.text("step") else None
    is_filter = not ask.query.listed("run") and not found.is_default
    state = {
        "run": [] if is_filter else found.ids, "where": ask.query.text("where"), "sort": ask.query.all("sort"),
        "series": patterns, "limit": "" if limit == ROWS else limit,
    }  # fmt: skip
    return Shown("runs/compare_media.html", "Compare: media", {
        "parts": PARTS, "chosen": found, "shown": len(runs), "runs": runs, "state": state, "step": step,
        "patterns": ", ".join(patterns), "series": [_series(name, kinds[name], values, step, ask.link) for name in names[:limit]],
        "left_out": names[limit:], "has_any": bool(kinds), **_places(every, step),
    })  # fmt: skip


def _series(
    name: str, kind: str, values: Sequence[Sequence[RichValue]], step: int | None, link: ObjectLink | None
) -> Series:
    return Series(
        name, kind, [_panel([one for one in of_run if one.series == name], step, link) for of_run in values]
    )


def _panel(values: Sequence[RichValue], step: int | None, link: ObjectLink | None) -> Panel:
    if not values or link is None:
        return Panel(None, None)
    given = next(iter(latest(values, step).values()), None)
    if given is None:
        return Panel(None, min(one.step for one in values))
    return Panel(shown_value(given, link), None, is_earlier=step is not None and given.step < step)


def _places(every: Sequence[int], step: int | None) -> dict[str, object]:
    """Return the steps of the slider, where it stands, and the steps before and after it."""
    if not every:
        return {"steps": [], "place": 0, "before": None, "after": None, "steps_left_out": 0}
    steps = thinned(every)
    at = every[-1] if step is None else step
    exact = bisect_right(every, at)
    before = [one for one in every[max(0, exact - 2) : exact] if one < at]
    return {
        "steps": steps, "place": max(0, bisect_right(steps, at) - 1), "before": before[-1] if before else None,
        "after": every[exact] if exact < len(every) else None, "steps_left_out": len(every) - len(steps),
    }  # fmt: skip


def thinned(steps: Sequence[int]) -> list[int]:
    """Return at most MOST_STEPS steps, evenly, with the first and the last."""
    if len(steps) <= MOST_STEPS:
        return list(steps)
    last = len(steps) - 1
    return [steps[place * last // (MOST_STEPS - 1)] for place in range(MOST_STEPS)]
