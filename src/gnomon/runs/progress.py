"""How far a run is that goes on: its last step, how quick it is, its last values and a small curve.

Always true: at most a few series are looked at, and each is thinned, so a run of a million points is as quick as one of a
hundred. A rate is that of the last quarter of what is drawn, and is not told where fewer than three moments are known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.runs.columns import by_use
from gnomon.runs.display.markup import Html
from gnomon.runs.display.sparkline import sparkline
from gnomon.runs.run_view import RunView
from gnomon.text import number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.runs.views import Record

MOST_VALUES = 3
BUCKETS = 60
WIDTH, HEIGHT = 160, 28


class Progress(NamedTuple):
    """A run that goes on. `rate` is in steps a second; `heard` is when its last value came, seconds since 1970 UTC."""

    id: str
    name: str | None
    group: str | None
    status: str
    created: float
    took: float
    step: int | None
    rate: float | None
    heard: float | None
    drawn: str  # the series of the curve
    curve: Html
    last: list[tuple[str, object]]


def progress_of(record: Record, id: str, now: float) -> Progress:
    """Return how far a run is (whole id)."""
    run = RunView(record, id)
    lowest: dict[str, tuple[int, Any]] = {}
    for (series, rank), stat in run.stats.items():
        if not series.startswith("system/"):
            lowest.setdefault(series, (rank, stat))
    ordered = [key.removeprefix("metrics.") for key in by_use([f"metrics.{one}" for one in lowest], {})]
    step = max((stat.last_step for _, stat in lowest.values()), default=None)
    heard = max((stat.last_time_us for _, stat in lowest.values()), default=None)
    drawn, curve, rate = (ordered[0] if ordered else ""), Html(""), None
    if drawn:
        line = run.series(drawn, lowest[drawn][0], buckets=BUCKETS)
        steps, values = line.step.tolist(), line.value.tolist()
        times = (line.time.astype("datetime64[us]").astype("int64") / 1e6).tolist()
        curve, rate = sparkline(steps, values, width=WIDTH, height=HEIGHT), rate_of(steps, times)
    return Progress(
        id, run.name, run.group, run.status, run.created, max(0.0, now - run.created), step, rate,
        heard / 1e6 if heard is not None else None, drawn, curve,
        [(one, lowest[one][1].last) for one in ordered[:MOST_VALUES]],
    )  # fmt: skip


def rate_words(rate: float | None) -> str:
    """Return a rate as people say it: `12.5 steps/s`, and slow ones by the minute or hour; empty for none.

    >>> rate_words(12.5), rate_words(0.05), rate_words(0.0005), rate_words(None)
    ('12.5 steps/s', '3 steps/min', '1.8 steps/h', '')
    """
    if rate is None:
        return ""
    for scale, unit in ((1, "s"), (60, "min"), (3600, "h")):
        if rate * scale >= 1 or unit == "h":
            return f"{_rounded(rate * scale)} steps/{unit}"
    return ""


def _rounded(value: float) -> str:
    return number(round(value)) if value >= 100 else f"{value:.3g}"


def rate_of(steps: Sequence[float], times: Sequence[float]) -> float | None:
    """Return the steps a second of the last quarter; None where nobody can tell.

    >>> rate_of([0, 10, 20, 30], [0.0, 1.0, 2.0, 7.0]), rate_of([0, 1], [0.0, 1.0])
    (2.0, None)
    """
    if len(steps) < 3:
        return None
    first = max(0, len(steps) - 1 - max(1, len(steps) // 4))
    took, done = times[-1] - times[first], steps[-1] - steps[first]
    return done / took if took > 0 and done > 0 else None
