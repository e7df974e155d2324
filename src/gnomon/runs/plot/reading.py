"""The lines of a picture, read for many runs at once: their files are shared, so one question is cheaper than many.

Always true: a line is the one that `lines.line_of_run` or `line_of_group` makes of the runs alone; no more points than `MOST`, or
those of one line, are in memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gnomon.runs.plot.lines import (
    Drawing,
    is_long,
    line_of_group,
    line_of_run,
    may_thin,
    part_of_x,
    series_on_x,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gnomon.points.many import Rank
    from gnomon.points.series import Series
    from gnomon.runs.many import ManyRuns
    from gnomon.runs.plot.lines import Line, Stats
    from gnomon.runs.run_view import RunView
    from gnomon.runs.views import Record

MOST = 4_000_000  # points
MOST_FOR_SCREEN = 1_000_000  # points, in a process that stays: several pages may ask at once


class Job(NamedTuple):
    """A line to make: of which runs (several: their mean), of which metric, its place in the legend, its name."""

    runs: Sequence[RunView]
    metric: str
    place: int
    name: str
    seeds: Sequence[object] = ()  # of the runs, where they are a group


def lines_of(
    record: Record, jobs: Sequence[Job], how: Drawing, stats: Mapping[str, Stats], *, groups: bool
) -> Iterator[Line]:
    """Yield the line of each job, in their order. `stats` are the figures of the runs, by id."""
    runs = {run.id: run for job in jobs for run in job.runs}
    many = None
    if len(runs) > 1:
        from gnomon.runs.many import ManyRuns

        many = ManyRuns(record, runs, {run.id: run.cuts for run in runs.values()})
    done = 0
    for some in _portions(jobs, stats, MOST if how.detail is None else MOST_FOR_SCREEN):
        found = _read(many, some, how, stats, groups=groups) if many is not None else {}
        for job in some:
            yield _line(job, how, found, groups=groups)
            done += 1
            if record.progress is not None:
                record.progress(done, len(jobs))


def _line(job: Job, how: Drawing, found: Mapping[tuple[str, str], Series], *, groups: bool) -> Line:
    runs, metric, place, name, seeds = job
    if not groups:
        return line_of_run(runs[0], metric, place, name, how, found.get((runs[0].id, metric)))
    series = {run.id: found[run.id, metric] for run in runs} if found else None
    return line_of_group(runs, metric, place, name, how, series, seeds)


def _portions(jobs: Sequence[Job], stats: Mapping[str, Stats], most: int) -> Iterator[list[Job]]:
    some: list[Job] = []
    weight = 0
    for job in jobs:
        more = sum(
            stat.count for run in job.runs for (name, _), stat in stats[run.id].items() if name == job.metric
        )
        if some and weight + more > most:
            yield some
            some, weight = [], 0
        some.append(job)
        weight += more
    if some:
        yield some


def _read(
    many: ManyRuns, jobs: Sequence[Job], how: Drawing, stats: Mapping[str, Stats], *, groups: bool
) -> dict[tuple[str, str], Series]:
    """Return the series that the jobs need by run and metric, but those that are thinned out as they are read."""
    thins = may_thin(how) and not groups
    metrics_of: dict[tuple[str, ...], list[str]] = {}
    for metric in dict.fromkeys(job.metric for job in jobs):
        runs = dict.fromkeys(
            run.id
            for job in jobs
            if job.metric == metric
            for run in job.runs
            if not (thins and is_long(stats[run.id], metric, how))
        )
        metrics_of.setdefault(tuple(runs), []).append(metric)
    found = {}
    rank: Rank = how.rank if how.rank is not None else "lowest"
    part = part_of_x(how) if not groups else None
    for of_runs, metrics in metrics_of.items():  # a file is read once for all metrics that the same runs have
        for run, by_name in many.series(of_runs, metrics, rank=rank, x=series_on_x(how), within=part):
            found.update({(run, metric): by_name[metric] for metric in metrics})
    return found
