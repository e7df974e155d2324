"""What came of a run of a sweep, as the run's own entries and points say it.

Always true: a run that finished and never logged the metric, or ended with NaN, failed by this sweep, and `why` says so.
"""

from __future__ import annotations

import math
from difflib import get_close_matches
from typing import TYPE_CHECKING, NamedTuple

from gnomon.runs.run_view import RunView
from gnomon.runs.sweep import entries
from gnomon.runs.tracebacks import exception_of, last_line

if TYPE_CHECKING:
    from gnomon.runs.sweep.file import Plan
    from gnomon.runs.views import Record

_SHOWN_NAMES = 5
_MAX_WHY = 300


class Outcome(NamedTuple):
    """Status, value and why, as `trial.ended` says them; `unread` are given values that the script did not read."""

    status: str
    value: float | None = None
    step: int | None = None
    why: str | None = None
    unread: tuple[str, ...] = ()
    is_deaf: bool = False  # no process of it uses the SDK: nothing could have read what it was given


def outcome_of(record: Record, run: str, plan: Plan, given: tuple[str, ...] = ()) -> Outcome:
    """Return what came of a run that has ended by itself; `given` are the values that it got from outside its command."""
    view = RunView(record, run)
    status = view.status
    if status == "stopped":
        return Outcome(entries.STOPPED, why="it was stopped from outside")
    if status not in ("finished", "failed"):
        return Outcome(entries.STOPPED, why="it was cut off")
    if status == "failed":
        return Outcome(entries.FAILED, why=_error(view))
    value, step, why = _value(view, plan)
    unread = _unread(view, given)
    if value is None:
        return Outcome(entries.FAILED, why=why, unread=unread)
    is_deaf = all(one.is_launcher for one in view.processes)
    return Outcome(entries.FINISHED, value, step, unread=unread, is_deaf=is_deaf)


def _value(view: RunView, plan: Plan) -> tuple[float | None, int | None, str | None]:
    """Return (value, step, why there is none) of the metric."""
    stats = view.stats
    ranks = sorted(rank for series, rank in stats if series == plan.metric)
    if not ranks:
        names = sorted({series for series, _ in stats if not series.startswith("system/")})
        near = get_close_matches(plan.metric, names, n=2) or names[:_SHOWN_NAMES]
        logged = f"it logged {', '.join(f'`{one}`' for one in near)}" if near else "it logged nothing"
        pick = "" if names or plan.pick else f'; for what is printed there is `pick = ["{plan.metric}"]`'
        return None, None, f"it never logged `{plan.metric}`: {logged}{pick}"
    stat = stats[plan.metric, ranks[0]]
    found = stat.last if plan.at == "last" else stat.max if plan.goal == "maximize" else stat.min
    try:
        value = float(found) if found is not None else math.nan
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        return None, stat.last_step, f"`{plan.metric}` is {value} at step {stat.last_step}"
    return value, stat.last_step, None


def _error(view: RunView) -> str:
    """Return what ended a run: its error, how its command ended, and the last line that it printed."""
    how = next((one.error for one in view.processes if one.error and one.is_launcher), None)
    own = next((one.error for one in view.processes if one.error and not one.is_launcher), None)
    last = exception_of(view.traceback or "") or last_line(view) or own
    return ": ".join(part for part in (how, last) if part)[:_MAX_WHY] or view.status


def _unread(view: RunView, given: tuple[str, ...]) -> tuple[str, ...]:
    """Return the given values that nobody read. A process that died before it could say so says nothing."""
    processes = [one for one in view.processes if not one.is_launcher]
    if not processes:
        return given  # no process of it knows Gnomon
    unread = set(view.unread)
    return tuple(name for name in given if name in unread)
