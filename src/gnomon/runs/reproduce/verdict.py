"""What came out the second time, held against the first: metric by metric, and one verdict.

A metric is *the same* where every point has the same step and the same value. Where it is not, it is *within* where its last
value lies in the prediction interval for one more seed, made of the seeds of the run's group; all metrics are corrected together
(Bonferroni).

Where the run failed, how it ended is part of what came out: a repeat that ends with the same error did the same.

Always true: with fewer than three seeds nothing is called within their spread. What only measures time or the machine does not
count.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.errors import UnknownSubjectError
from gnomon.runs import entries
from gnomon.runs.compare.metrics import SYSTEM
from gnomon.runs.groups.siblings import siblings
from gnomon.runs.groups.spread import per_seed
from gnomon.runs.groups.student import t_quantile
from gnomon.runs.tracebacks import exception_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.runs.run_view import RunView
    from gnomon.runs.views import Record

LEVEL = 0.05
FEWEST_SEEDS = 3
ROUNDING = 1e-9
MOST_SAID = 300  # characters of an error
UNRECORDED = "of the environment only variables that are known to change a training are recorded; `GNOMON_CAPTURE_ENV` names more"
SAME, ROUNDED, WITHIN, OUTSIDE, UNKNOWN, MISSING, ADDED = (
    "same",
    "rounding",
    "within",
    "outside",
    "unknown",
    "missing",
    "added",
)
_FOLDERS = re.compile(r"(?<![\w.])[~.]{0,2}/(?:[^\s/'\"]+/)*")
_TIMES = frozenset(
    "time time_s time_ms elapsed seconds duration wall_time runtime epoch_time step_time throughput samples_per_second "
    "it_per_s ips".split()
)


class MetricVerdict(NamedTuple):
    """One metric, before and after: last values, the interval for one more seed (of `seeds` seeds), and what it says."""

    metric: str
    before: float | None
    after: float | None
    low: float | None
    high: float | None
    seeds: int
    outcome: str

    def to_dict(self) -> dict[str, object]:
        """Return plain values."""
        return self._asdict()


class Outcome(NamedTuple):
    """The verdict (`runs.entries.VERDICTS`), the metrics it rests on, and kept files that differ."""

    verdict: str
    metrics: tuple[MetricVerdict, ...]
    differs: tuple[str, ...]
    notes: tuple[str, ...] = ()
    ended: Ended | None = None  # where the run failed


class Ended(NamedTuple):
    """How the repeat of a run that failed ended: as the run did, or otherwise."""

    is_same: bool
    said: str


def is_time(name: str) -> bool:
    """Return whether a metric measures time or the machine: it differs each time.

    >>> [is_time(name) for name in ("time/epoch", "train/samples_per_second", "system/cpu", "val/loss")]
    [True, True, True, False]
    """
    last = name.lower().rpartition("/")[2]
    return (
        name.startswith((SYSTEM, "time/", "perf/"))
        or last in _TIMES
        or last.endswith(("_seconds", "_time_s", "_time_ms", "_per_second"))
    )


def compare(record: Record, original: RunView, repeat: RunView) -> Outcome:
    """Return what came of a repeat."""
    names = [name for name in original.series_names if not is_time(name)]
    theirs = {name for name in repeat.series_names if not is_time(name)}
    group = siblings(record, original.id)
    differing = [name for name in names if name not in theirs or not _is_same(original, repeat, name)]
    rows = []
    for name in names:
        rows.append(_row(record, original, repeat, name, name in differing, len(differing), group))
    rows += [
        MetricVerdict(name, None, _number(repeat.metrics.get(name)), None, None, 0, ADDED)
        for name in sorted(theirs.difference(names))
    ]
    differs = _files(original, repeat)
    ended = _ended(original, repeat)
    notes = _notes(rows, names, group) if ended is None else []
    return Outcome(_verdict(rows, ended), tuple(rows), tuple(differs), tuple(notes), ended)


def _ended(original: RunView, repeat: RunView) -> Ended | None:
    """Return how the repeat of a failed run ended; None where the run did not fail, or nobody knows how."""
    if original.status != "failed" or repeat.status not in ("failed", "finished"):
        return None
    first, second = _how_it_ended(original), _how_it_ended(repeat)
    if repeat.status == "finished":
        return Ended(False, f"the run ended with {first}, and this time it finished")
    if _without_places(first) == _without_places(second):
        return Ended(True, f"it ended as the run did, with {first}")
    return Ended(False, f"the run ended with {first}, and this time with {second}")


def _how_it_ended(run: RunView) -> str:
    if run.traceback and (exception := exception_of(run.traceback)):
        return exception[:MOST_SAID]
    by_say = sorted(run.processes, key=lambda process: process.is_launcher)  # which only knows an exit code
    error = next((process.error for process in by_say if process.error), None)
    if error:
        return error
    known = run.captured.exit
    if known.get("signal"):
        return f"signal {known['signal']}"
    return f"exit code {known['code']}" if "code" in known else "no word of why"


def _without_places(said: str) -> str:
    """Return an error without the folders in it: a repeat runs elsewhere.

    >>> _without_places("FileNotFoundError: [Errno 2] No such file: '/home/ann/x/data.csv'")
    "FileNotFoundError: [Errno 2] No such file: 'data.csv'"
    """
    return _FOLDERS.sub("", said)


def _verdict(rows: Sequence[MetricVerdict], ended: Ended | None) -> str:
    found = {row.outcome for row in rows}
    if ended is not None and not ended.is_same:
        return entries.DIFFERS
    if not rows:
        return entries.IDENTICAL if ended is not None else entries.CANNOT_TELL
    if found & {OUTSIDE, UNKNOWN, MISSING, ADDED}:
        return entries.DIFFERS
    if WITHIN in found:
        return entries.WITHIN
    return entries.ROUNDING if ROUNDED in found else entries.IDENTICAL


def _notes(rows: Sequence[MetricVerdict], names: Sequence[str], group: Any) -> list[str]:
    if not names:
        return ["the run logged no metric that could be compared"]
    seeds = len({str(seed) for seed in group.seeds if seed is not None}) if group is not None else 1
    if any(row.outcome == UNKNOWN for row in rows):
        have = f"{seeds} {'seed' if seeds == 1 else 'seeds'}, {FEWEST_SEEDS} are needed"
        return [UNRECORDED, f"whether that is within the spread of its seeds cannot be told: {have}"]
    return []


def _row(
    record: Record, original: RunView, repeat: RunView, name: str, is_other: bool, others: int, group: Any
) -> MetricVerdict:
    before, after = _number(original.metrics.get(name)), _number(repeat.metrics.get(name))
    if name not in repeat.series_names:
        return MetricVerdict(name, before, None, None, None, 0, MISSING)
    if not is_other:
        return MetricVerdict(name, before, after, None, None, 0, SAME)
    if before is not None and after is not None and _is_rounding(original, repeat, name):
        return MetricVerdict(name, before, after, None, None, 0, ROUNDED)
    low, high, seeds = interval(record, group, name, LEVEL / max(1, others))
    if low is None or high is None or after is None:
        return MetricVerdict(name, before, after, None, None, seeds, UNKNOWN)
    return MetricVerdict(name, before, after, low, high, seeds, WITHIN if low <= after <= high else OUTSIDE)


def interval(record: Record, group: Any, metric: str, level: float) -> tuple[float | None, float | None, int]:
    """Return the prediction interval for one more seed of a group, and of how many seeds it is made; None with too few."""
    if group is None:
        return None, None, 1
    column = record.replica.index.columns("run", [f"metrics.{metric}"], list(group.places))[
        f"metrics.{metric}"
    ]
    found = per_seed(column, group.seeds)
    values = [*found.by_seed.values()]  # of runs whose seed is not known nobody can say that they are seeds
    n = len(values)
    if n < FEWEST_SEEDS:
        return None, None, n
    mean = math.fsum(values) / n
    variance = math.fsum((value - mean) ** 2 for value in values) / (n - 1)
    half = t_quantile(level, n - 1) * math.sqrt(variance * (1 + 1 / n))
    return mean - half, mean + half, n


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _is_same(a: RunView, b: RunView, name: str) -> bool:
    try:
        one, other = a.series(name), b.series(name)
    except UnknownSubjectError:  # another rank alone has it
        return a.metrics.get(name) == b.metrics.get(name)
    if len(one) != len(other) or list(one.steps()) != list(other.steps()):
        return False
    return all(x == y or (x != x and y != y) for x, y in zip(one.values(), other.values(), strict=True))


def _is_rounding(a: RunView, b: RunView, name: str) -> bool:
    """Whether all points agree to one part in 10⁹ of the largest of the series."""
    one, other = a.series(name), b.series(name)
    if len(one) != len(other) or list(one.steps()) != list(other.steps()):
        return False
    pairs = [(float(x), float(y)) for x, y in zip(one.values(), other.values(), strict=True)]
    size = max((abs(x) for x, _ in pairs if math.isfinite(x)), default=0.0)
    return all(abs(x - y) <= ROUNDING * size for x, y in pairs if math.isfinite(x) or math.isfinite(y))


def _files(original: RunView, repeat: RunView) -> list[str]:
    """Return the kept files, of one name in both, whose bytes differ."""
    theirs = {one.name: one.object for one in repeat.kept}
    return sorted({one.name for one in original.kept if theirs.get(one.name, one.object) != one.object})
