"""How far runs came by a metric: values of different steps are no equals, and whoever compares them should see it.

Always true: the last step comes from the index, and is that of the lowest rank, as the last value is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.runs.table import FIGURES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.runs.compare.at import At
    from gnomon.runs.groups.definition import SeedGroup
    from gnomon.runs.views import Record

LAST_STEP = FIGURES["step"]
_MOST_NAMED = 3


def last_steps(record: Record, places: Sequence[int], series: str) -> list[int | None]:
    """Return the last step at which each run logged a series; None where it never did."""
    key = f"stats.{series}"
    cells = record.replica.index.columns("run", [key], places)[key]
    return [_step(cell) for cell in cells]


def _step(cell: object) -> int | None:
    step = cell[LAST_STEP] if isinstance(cell, list) and len(cell) > LAST_STEP else None
    return step if isinstance(step, int) and not isinstance(step, bool) else None


def short_of(steps: Sequence[int | None], at: At) -> str:
    """Return what is to be said where a step was asked for that some runs, or all of them, never reached; empty if none.

    >>> from gnomon.runs.compare.at import At
    >>> short_of([19, 19], At("step", 100)), short_of([19, 200], At("step", 100)), short_of([200], At("step", 100))
    ('no run reaches step 100: the last value before it counts (step 19)', '1 of 2 runs does not reach step 100: \
the last value before it counts (step 19)', '')
    """
    if at.kind != "step" or at.step is None:
        return ""
    known = [step for step in steps if step is not None]
    short = [step for step in known if step < at.step]
    if not short:
        return ""
    if len(short) == len(known):
        who = f"no run reaches step {at.step:,}"
    else:
        does = "does" if len(short) == 1 else "do"
        who = f"{len(short):,} of {len(known):,} runs {does} not reach step {at.step:,}"
    return f"{who}: the last value before it counts ({span(short)})"


def span(steps: Sequence[int]) -> str:
    """Return steps as words: `step 19`, or `steps 3 to 19`."""
    low, high = min(steps), max(steps)
    return f"step {low:,}" if low == high else f"steps {low:,} to {high:,}"


def step_notes(record: Record, groups: Sequence[SeedGroup], series: str, at: At) -> list[str]:
    """Return what is to be said where the values of groups are of different steps."""
    if at.kind == "best":
        return []
    steps = last_steps(record, [place for group in groups for place in group.places], series)
    if at.kind == "step":
        return [text] if (text := short_of(steps, at)) else []
    known = [step for step in steps if step is not None]
    if not known or min(known) == max(known):
        return []
    spans: dict[str, list[str]] = {}
    start = 0
    for group in groups:
        own = [step for step in steps[start : start + len(group)] if step is not None]
        start += len(group)
        if own:
            spans.setdefault(span(own), []).append(f"`{group.name}`")
    told = [
        f"{', '.join(names[:_MOST_NAMED])}{f' and {len(names) - _MOST_NAMED:,} more' if len(names) > _MOST_NAMED else ''} {which}"
        for which, names in [*spans.items()][:_MOST_NAMED]
    ]
    more = f"; and {len(spans) - _MOST_NAMED:,} more" if len(spans) > _MOST_NAMED else ""
    what = (
        "the last values are of different steps" if at.kind == "last" else "the curves have different lengths"
    )
    return [f"{what}: {'; '.join(told)}{more} (`--at step={min(known)}` compares at one)"]
