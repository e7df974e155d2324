"""When runs will end: `eta(record, run, now)`.

Always true: every forecast says what it rests on; where nothing tells, it says so instead of guessing. A run whose process is
dead has no end to come: it stopped reporting. A forecast speaks of a run that nothing breaks off.
How well it keeps its word: docs/explanation/run-forecasts.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gnomon.runs.forecast import words
from gnomon.runs.forecast.alike import Alike, alike, columns_of
from gnomon.runs.forecast.predict import predicted
from gnomon.runs.forecast.reading import Courses, Facts, axis_of, facts_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gnomon.runs.forecast.spread import Spread
    from gnomon.runs.run_view import RunView
    from gnomon.runs.views import Record

LEVEL = 0.8
TOLD, CANNOT_TELL, STOPPED, ENDED = "told", "cannot tell", "stopped reporting", "ended"
GOES_ON = ("running", "unknown")


@dataclass(frozen=True, slots=True)
class Eta:
    """When a run will end. `low`, `middle` and `high` are seconds since 1970 UTC, None unless `verdict` is 'told' or 'ended'.

    It ends between `low` and `high` with a chance of `level`. `done` and `total` count `unit`s ('step' or 'epoch'); `total` is
    None where it is not certain. `heard` is when its last value came. `basis` says what the forecast rests on, or why there
    is none.
    """

    run: str
    name: str | None
    status: str
    verdict: str
    basis: str
    made: float
    low: float | None = None
    middle: float | None = None
    high: float | None = None
    level: float = LEVEL
    done: float | None = None
    total: float | None = None
    unit: str = "step"
    heard: float | None = None
    spread: Spread | None = field(default=None, repr=False, compare=False)

    def ends_before(self, moment: float) -> float | None:
        """Return the chance (0 to 1) that the run ends before a moment, seconds since 1970 UTC; None where nobody can tell."""
        if self.verdict == ENDED and self.high is not None:
            return float(self.high < moment)
        if self.spread is None:
            return None
        if moment <= self.made and self.status == "running":
            return 0.0
        return self.spread.chance_below(moment)

    def to_dict(self) -> dict[str, object]:
        """Return plain values."""
        return {
            "run": self.run, "name": self.name, "status": self.status, "verdict": self.verdict, "basis": self.basis,
            "low": self.low, "middle": self.middle, "high": self.high, "level": self.level, "done": self.done,
            "total": self.total, "unit": self.unit, "heard": self.heard, "made": self.made,
        }  # fmt: skip


def eta(record: Record, run: str, now: float) -> Eta:
    """Return when a run (whole id) will end, as seen at `now`. Raises UnknownSubjectError."""
    return etas(record, [run], now)[0]


def etas(record: Record, runs: Sequence[str], now: float) -> list[Eta]:
    """Return when each of these runs (whole ids) will end. Ask for many at once: what earlier runs tell is read once."""
    record.replica.update(record.progress)
    views = [record.run_of(run) for run in runs]
    statuses = {view.id: view.status for view in views}
    open_ = [view for view in views if statuses[view.id] in GOES_ON]
    others = alike(record, [view.id for view in open_]) if open_ else {}
    cells, courses = _cells(record, open_, others), Courses(record)
    return [
        _of_open(view, now, statuses[view.id], others.get(view.id, Alike()), cells, courses)
        if statuses[view.id] in GOES_ON
        else _of_ended(view, now, statuses[view.id])
        for view in views
    ]


def _cells(
    record: Record, views: Sequence[RunView], others: Mapping[str, Alike]
) -> Mapping[int, Mapping[str, object]]:
    """Return what is needed of the earlier runs of all these: figures of the series that they are followed by, and totals."""
    likes = [one for found in others.values() for one in found.runs]
    if not likes:
        return {}
    return columns_of(record, likes, sorted({key for view in views for key in _keys(view)}))


def _keys(view: RunView) -> list[str]:
    from gnomon.runs import checked
    from gnomon.runs.flat import flat
    from gnomon.runs.forecast.stated import stated_epochs, stated_steps

    params = dict(flat(checked.shallow(view.params)))
    stated = [one for one in (stated_steps(params), stated_epochs(params)) if one is not None]
    figures = {key: stat for key, stat in view.stats.items() if not key[0].startswith("system/")}
    axis = axis_of(figures, stated_epochs(params))
    return [*(f"params.{one.key}" for one in stated), *([f"stats.{axis.series}"] if axis is not None else [])]


def _of_ended(view: RunView, now: float, status: str) -> Eta:
    if status == "interrupted":
        heard = max((stat.last_time_us / 1e6 for stat in view.stats.values()), default=None)
        return Eta(view.id, view.name, status, STOPPED, words.stopped(heard, now), now, heard=heard)
    ended = view.ended
    return Eta(view.id, view.name, status, ENDED, f"it {status}", now, ended, ended, ended)


def _of_open(
    view: RunView,
    now: float,
    status: str,
    others: Alike,
    cells: Mapping[int, Mapping[str, object]],
    courses: Courses,
) -> Eta:
    facts = facts_of(view, now, status, others, cells, courses)
    spread = predicted(facts.seen)
    done = facts.seen.done if facts.axis is not None else None
    unit = facts.axis.unit if facts.axis is not None else "step"
    total = _total(facts)
    if spread is None:
        why = words.why_not(facts, others)
        return Eta(
            view.id,
            view.name,
            status,
            CANNOT_TELL,
            why,
            now,
            done=done,
            total=total,
            unit=unit,
            heard=facts.heard,
        )
    low, middle, high = (spread.quantile(share) for share in ((1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2))
    return Eta(
        view.id, view.name, status, TOLD, words.basis(facts, others), now, low, middle, high, LEVEL, done, total, unit,
        facts.heard, spread,
    )  # fmt: skip


def _total(facts: Facts) -> float | None:
    """Return the total that is stated, or at which all earlier runs ended."""
    if facts.seen.stated is not None:
        return facts.seen.stated
    totals = {one.steps for one in facts.seen.earlier if one.steps}
    return totals.pop() if len(totals) == 1 and max(totals) > facts.seen.done else None
