"""Which of many lines a terminal names: ten lines in ten letters over each other tell nobody anything.

Where more keys than `MOST` share a pair of axes, those are named that end highest and those that end lowest in the first
panel; the lines of the others keep their place, behind them and without a name. Picture files name all.

Always true: every line is still drawn, and the same keys are named in every panel.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gnomon.runs.plot.look import Stroke

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.runs.plot.lines import Line
    from gnomon.runs.plot.picture import Plot

MOST = 6  # as many as a terminal has colours
OTHERS = -1  # the key of lines without a name


def few(plot: Plot, most: int = MOST) -> Plot:
    """Return the plot with at most so many keys, the highest first; the plot itself where it has no more."""
    if max(len({line.key for line in panel.lines}) for panel in plot.panels) <= most:
        return plot
    ends: dict[int, list[float]] = {}
    for line in plot.panels[0].lines:
        end = next((y for y in reversed(line.ys) if y == y), None)
        if end is not None:
            ends.setdefault(line.key, []).append(end)
    ordered = sorted(ends, key=lambda key: -sum(ends[key]) / len(ends[key]))
    named = ordered if len(ordered) <= most else [*ordered[: -(-most // 2)], *ordered[-(most // 2) :]]
    places = {key: place for place, key in enumerate(named)}
    panels = tuple(
        replace(panel, lines=tuple(_as(line, places, named) for line in panel.lines)) for panel in plot.panels
    )
    return replace(plot, panels=panels, keys=tuple(plot.keys[key] for key in named))


def _as(line: Line, places: dict[int, int], named: Sequence[int]) -> Line:
    place = places.get(line.key, OTHERS)
    return replace(line, key=place, stroke=Stroke(max(place, 0), len(named)))
