"""The figure of a run that is asked about: `auc`, `loss.min`, `val/f1.max`, `duration`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gnomon.errors import BadArgumentError
from gnomon.runs.rebuild.swap import unknown
from gnomon.runs.tracebacks import MOST_SAID, exception_of, last_line

if TYPE_CHECKING:
    from gnomon.runs.run_view import RunView

ENDS = ("last", "min", "max")


def value_of(run: RunView, metric: str) -> float | None:
    """Return the figure of a run; None where it has none, NaN where it is none that counts."""
    if metric == "duration":
        return run.duration_s
    name, end = split(run, metric)
    stat = next((stat for (series, _), stat in run.stats.items() if series == name), None)
    if stat is None:
        return None
    value = getattr(stat, end)
    return float(value) if isinstance(value, (int, float)) and math.isfinite(value) else math.nan


def split(run: RunView, metric: str) -> tuple[str, str]:
    """Return (series, 'last' | 'min' | 'max')."""
    bare = metric.removeprefix("metrics.")
    head, _, tail = bare.rpartition(".")
    if tail in ENDS and head and bare not in run.series_names:
        return head, tail
    return bare, "last"


def how_it_failed(run: RunView) -> str:
    """Return the error that ended a run, else its last line."""
    own = next((one.error for one in run.processes if one.error), None)
    return exception_of(run.traceback or "")[:MOST_SAID] or last_line(run) or own or "nobody knows why"


def require(run: RunView, metric: str) -> float:
    """Return the figure of a run. Raises BadArgumentError where it failed or never logged it, or it is no number."""
    value = value_of(run, metric)
    if value is None:
        name, _ = split(run, metric)
        if run.status == "failed":
            raise BadArgumentError(
                f"run {run.id[:8]} failed before it logged `{name}`: {how_it_failed(run)}",
                hint=f"`gnomon console {run.id[:8]}` shows what it printed; `gnomon compare` says what differs",
            )
        raise unknown(f"run {run.id[:8]} never logged `{name}`", name, run.series_names)
    if math.isnan(value):
        raise BadArgumentError(
            f"`{metric}` of run {run.id[:8]} is no finite number", hint="choose another metric"
        )
    return value
