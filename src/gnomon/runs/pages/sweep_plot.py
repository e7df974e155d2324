"""The picture of a sweep: the mean of each trial when it was known, and the best so far. All places are parts of 100.

Across is the time that runs were going: a night in which the sweep was stopped takes no room. Always true: at most `MOST` marks,
and those that moved the best are among them; what lies beyond the edge is drawn at it and said.
"""

from __future__ import annotations

import statistics
from bisect import bisect_right
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from gnomon.runs.display.shorten import words
from gnomon.runs.pages.group_contest import scale_of
from gnomon.runs.plot.scale import SECONDS
from gnomon.runs.plot.scale import scale_of as axis_of
from gnomon.runs.sweep import entries
from gnomon.runs.sweep.words import number_words, params_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gnomon.runs.plot.scale import Scale
    from gnomon.runs.sweep.sweep_view import SweepView, TrialView

MOST, WITH_INTERVAL = 1_000, 100
FAR = 4.0  # times as far from the best as the middle trial is: what is worse is drawn at the edge
ABOVE, BELOW, WITHIN = "above", "below", ""


class Mark(NamedTuple):
    """A trial. `kind` is its status, or 'best'; `edge` says beyond which end it lies."""

    name: str
    kind: str
    x: float
    y: float
    low: float | None
    high: float | None
    edge: str
    said: str


class Picture(NamedTuple):
    """What is drawn. A line goes from (x, y) to (x, y); a tick is (place, text)."""

    marks: list[Mark]
    lines: list[tuple[float, float, float, float]]
    x_ticks: list[tuple[float, str]]
    y_ticks: list[tuple[float, str]]
    x_name: str
    beyond: int
    left_out: int
    has_interval: bool


def picture(view: SweepView) -> Picture | None:
    """Return the picture of a sweep; None while there is nothing to draw."""
    clock = _Clock(view.trials)
    known = sorted(
        ((clock.at(_known_us(one)), one) for one in view.trials if one.status != entries.OPEN),
        key=lambda pair: (pair[0], pair[1].number),
    )
    has_mean = [(at, one) for at, one in known if one.mean is not None]
    is_high = view.goal == "maximize"
    shown = [value for _, one in has_mean or known if (value := _value(one)) is not None]
    up = _up(shown, [one for _, one in has_mean], is_high=is_high)
    if up is None:
        return None
    across = axis_of([0.0, clock.total_s or 1.0], kind=SECONDS, padding=0)
    assert across is not None  # it has two values  # noqa: S101
    steps = _steps(has_mean, is_high=is_high)
    moved = {id(one) for _, one, _ in steps}
    chosen = _thinned(known, moved)
    has_interval = len(has_mean) <= WITH_INTERVAL
    marks = [_mark(at, one, across, up, view.metric, has_interval=has_interval) for at, one in chosen]
    unit = across.unit[1]
    return Picture(
        marks, _lines(steps, across, up, clock.total_s),
        [(_place(across, tick.value), tick.text) for tick in across.ticks(5)],
        [(100 - _place(up, tick.value), tick.text) for tick in up.ticks(5)],
        f"time in which runs were going ({unit})", sum(bool(mark.edge) for mark in marks), len(known) - len(chosen),
        has_interval,
    )  # fmt: skip


class _Clock:
    """Counts the seconds in which at least one run of the sweep was going."""

    def __init__(self, trials: Iterable[TrialView]) -> None:
        spans = sorted(
            (one.began_us / 1e6, one.began_us / 1e6 + max(one.duration_s or 0.0, 0.0))
            for trial in trials
            for one in trial.runs
        )
        self._starts: list[float] = []
        self._ends: list[float] = []
        self._before: list[float] = []  # seconds counted before each stretch
        self.total_s = 0.0
        for start, end in spans:
            if self._ends and start <= self._ends[-1]:
                more = max(end - self._ends[-1], 0.0)
                self._ends[-1] += more
                self.total_s += more
            else:
                self._starts.append(start)
                self._ends.append(end)
                self._before.append(self.total_s)
                self.total_s += end - start

    def at(self, time_us: float) -> float:
        """Return the seconds that were counted by then."""
        place = bisect_right(self._starts, time_us / 1e6) - 1
        if place < 0:
            return 0.0
        return self._before[place] + min(time_us / 1e6, self._ends[place]) - self._starts[place]


def _known_us(one: TrialView) -> float:
    """Return when the last run of a trial ended."""
    return max((run.began_us + (run.duration_s or 0.0) * 1e6 for run in one.runs), default=0.0)


def _value(one: TrialView) -> float | None:
    """Return what is drawn of a trial: its mean, or where it was pruned its last value."""
    if one.mean is not None or one.status != entries.PRUNED:
        return one.mean
    return next((run.value for run in one.runs if run.status == entries.PRUNED), None)


def near(values: Sequence[float], *, is_high: bool) -> list[float]:
    """Return the values without those that are so bad that the others could not be told apart beside them.

    >>> near([0.9, 0.8, 0.85, -20.0], is_high=True)
    [0.9, 0.8, 0.85]
    """
    if not values:
        return []
    best = max(values) if is_high else min(values)
    reach = FAR * abs(best - statistics.median(values))
    return [value for value in values if not reach or abs(value - best) <= reach]


def _up(values: Sequence[float], trials: Sequence[TrialView], *, is_high: bool) -> Scale | None:
    kept = set(near(values, is_high=is_high))
    ends = [end for one in trials if one.mean in kept for end in (one.low, one.high) if end is not None]
    return scale_of(kept, ends) if kept else None


def _steps(
    has_mean: Sequence[tuple[float, TrialView]], *, is_high: bool
) -> list[tuple[float, TrialView, float]]:
    """Return (when, trial, mean) of those that were better than all before them."""
    found: list[tuple[float, TrialView, float]] = []
    for at, one in has_mean:
        mean = one.mean
        if mean is not None and (not found or (mean > found[-1][2] if is_high else mean < found[-1][2])):
            found.append((at, one, mean))
    return found


def _thinned(known: Sequence[tuple[float, TrialView]], moved: set[int]) -> list[tuple[float, TrialView]]:
    if len(known) <= MOST:
        return list(known)
    step = -(-len(known) // (MOST // 2))
    return [pair for place, pair in enumerate(known) if place % step == 0 or id(pair[1]) in moved][:MOST]


def _lines(
    steps: Sequence[tuple[float, TrialView, float]], across: Scale, up: Scale, end: float
) -> list[tuple[float, float, float, float]]:
    """Return the best so far as lines: along, then up or down to the next."""
    corners = [(_place(across, at), 100 - _place(up, value)) for at, _, value in steps]
    if not corners:
        return []
    lines = []
    for (x, y), (next_x, next_y) in pairwise(corners):
        lines += [(x, y, next_x, y), (next_x, y, next_x, next_y)]
    x, y = corners[-1]
    return [*lines, (x, y, _place(across, end), y)]


def _mark(at: float, one: TrialView, across: Scale, up: Scale, metric: str, *, has_interval: bool) -> Mark:
    x, value = _place(across, at), _value(one)
    kind = "best" if one.standing == "best" else one.status
    said = words(f"trial {one.name}: {params_words(one.params)}", 300)
    if value is None:
        return Mark(
            one.name, kind, x, 100.0, None, None, WITHIN, f"{said}\n{words(f'{one.status} {one.why}', 200)}"
        )
    edge = ABOVE if value > up.high else BELOW if value < up.low else WITHIN
    low = high = None
    if has_interval and not edge and one.low is not None and one.high is not None:
        low, high = 100 - _place(up, one.low), 100 - _place(up, one.high)
    said = f"{said}\n{words(metric, 60)} {number_words(value, one.low, one.high)}"
    return Mark(
        one.name, kind, x, 100 - _place(up, value), low, high, edge, said if kind != entries.PRUNED else f"{said}, pruned"
    )  # fmt: skip


def _place(scale: Scale, value: float) -> float:
    return round(100 * min(1.0, max(0.0, scale.at(value))), 2)
