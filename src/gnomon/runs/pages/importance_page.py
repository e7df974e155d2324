"""`/compare/importance`: which parameters matter for a metric, as bars with intervals, verdicts in words and a table.

Works without script: the picture is SVG made here, in the units of its view box.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gnomon.page import Shown
from gnomon.runs.columns import by_use
from gnomon.runs.importance import words
from gnomon.runs.importance.found import MOST_RUNS
from gnomon.runs.importance.found import importance as importance_of
from gnomon.runs.importance.weigh import LEVEL, LITTLE
from gnomon.runs.pages.chosen import PARTS
from gnomon.runs.pages.many_rows import many

if TYPE_CHECKING:
    from gnomon.page import Ask
    from gnomon.runs.importance.found import Importance
    from gnomon.runs.importance.weigh import Weight

MOST_BARS = 40
WIDTH = 1000  # of a bar at a share of 1, in units of its picture


class Bar(NamedTuple):
    """One parameter as it is shown: places from 0 to `WIDTH`, and words."""

    weight: Weight
    end: float
    low: float
    high: float
    shown: str
    chance: str
    kind: str  # of the verdict, for the colour that repeats it


_KINDS = {"matters": "matters", "little, if any": "little", "cannot tell": "unsure"}


def importance(ask: Ask) -> Shown:
    """Show the importance of all parameters for `metric=`, the most useful metric unless given."""
    ask.record.replica.update()
    metrics = by_use([key for key in ask.record.column_keys() if key.startswith("metrics.")], {})
    metric = ask.query.text("metric") or next(iter(metrics), "")
    shown = many(ask, ["id"], MOST_RUNS)
    found = None
    if metric:
        ids = shown.table.ids if shown.is_named else None
        found = importance_of(
            ask.record, metric, where=shown.where or None, runs=ids, level=ask.query.number("level") or LEVEL
        )
        metric = metric if metric == "duration" else f"metrics.{found.metric}"
    return Shown(
        "runs/importance.html",
        "Importance",
        {
            "parts": PARTS,
            "query": shown.query,
            "where": shown.where,
            "is_named": shown.is_named,
            "count": len(shown.table),
            "total": shown.table.total,
            "is_newest": shown.is_cut and not shown.is_named,
            "metrics": list(dict.fromkeys([*metrics, "duration", *([metric] if metric else [])])),
            "metric": metric,
            "found": found,
            "bars": _bars(found) if found is not None else [],
            "most": MOST_BARS,
            "little": LITTLE,
            "width": WIDTH,
            "cause": words.CAUSE,
        },
    )


def _bars(found: Importance) -> list[Bar]:
    return [
        Bar(
            one,
            end=_place(one.share),
            low=_place(one.low),
            high=_place(one.high),
            shown=words.shown(one),
            chance=words.chance(one.corrected),
            kind=_KINDS[one.verdict],
        )
        for one in found.weights
    ]


def _place(share: float) -> float:
    return round(WIDTH * share, 1)
