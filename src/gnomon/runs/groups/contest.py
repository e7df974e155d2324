"""Which group of seeds is better by a metric: the groups, their values, and what `judge` may say of them.

Always true: only finished runs that are not hidden count; what is left out, and what makes a comparison doubtful (seeds that
failed, values of different steps, runs of one group that ran other code, runs of several names), is said in `notes`, with the
group that it is about.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.errors import BadArgumentError, UnknownSubjectError
from gnomon.runs.compare import direction
from gnomon.runs.compare.at import parse_at, values_at
from gnomon.runs.compare.reached import step_notes
from gnomon.runs.groups.definition import find_group, seed_groups
from gnomon.runs.groups.spread import LARGEST, per_seed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.runs.compare.direction import Better
    from gnomon.runs.groups.definition import SeedGroup
    from gnomon.runs.groups.judge import Comparison, Judgement, Standing
    from gnomon.runs.views import Record

LEVEL = 0.05
_MOST_NAMED = 3
_MOST_SEEDS = 5


@dataclass(frozen=True, slots=True)
class Row:
    """A group in the comparison: where it stands, and how it compares with the reference (None: it is the reference)."""

    group: SeedGroup
    standing: Standing
    comparison: Comparison | None
    seeds: tuple[
        tuple[object, float], ...
    ] = ()  # (seed, its value) of each that is finite; None: no seed is recorded

    @property
    def name(self) -> str:
        """The name of the group."""
        return self.group.name


@dataclass(frozen=True, slots=True, repr=False)
class GroupComparison:
    """What may be said of some groups of seeds by one metric; `rows` stand with the best mean first.

    `unjudged` are groups of fewer than two seeds with a finite value: they are compared with nothing.
    """

    metric: str
    at: str
    better: Better
    is_guessed: bool  # which way is better was guessed from the metric's name
    rows: tuple[Row, ...]
    judgement: Judgement
    notes: tuple[str, ...] = field(default=())
    unjudged: tuple[Row, ...] = field(default=())

    @property
    def sentence(self) -> str:
        """The verdict in a sentence or two that stand on their own."""
        from gnomon.runs.groups.sentence import sentence_of

        return sentence_of(self.metric, self.at, self.judgement)

    @property
    def winner(self) -> str | None:
        """The one group that is better than every other; None where there is none, or nobody can tell."""
        return self.judgement.winner

    def __len__(self) -> int:
        return len(self.rows) + len(self.unjudged)

    def __repr__(self) -> str:
        from gnomon.runs.display.shorten import words

        return f"<GroupComparison of {len(self)} groups by {self.metric!r}: {words(self.sentence, 500)}>"

    def _repr_html_(self) -> str:
        from gnomon.runs.display.groups import contest_html

        return contest_html(self)

    def to_dict(self) -> dict[str, object]:
        """Return plain values, as `gnomon compare --groups … --json` prints them."""
        judgement = self.judgement
        return {
            "metric": self.metric, "at": self.at, "better": self.better, "better_is_guessed": self.is_guessed,
            "level": judgement.level, "sentence": self.sentence, "winner": judgement.winner,
            "reference": judgement.reference, "reference_is_baseline": judgement.is_baseline,
            "undecided": list(judgement.undecided), "comparisons_corrected": judgement.corrected,
            "groups": [_row_as_dict(row) for row in self.rows],
            "unjudged": [_row_as_dict(row) for row in self.unjudged],
            "promising": judgement.promising and {
                "name": judgement.promising.name, "more_seeds": judgement.promising.more_seeds
            },
            "notes": list(self.notes),
        }  # fmt: skip


def _row_as_dict(row: Row) -> dict[str, object]:
    one, versus = row.standing, row.comparison
    found: dict[str, Any] = {
        **row.group.to_dict(), "n": one.n, "mean": one.mean, "spread": one.spread, "low": one.low, "high": one.high,
        "failed_seeds": one.failed, "repeated_seeds": one.repeated, "comparison": None,
    }  # fmt: skip
    if versus is not None:
        found["comparison"] = {
            "difference": versus.difference, "low": versus.low, "high": versus.high, "p": versus.p,
            "verdict": versus.verdict, "is_paired": versus.is_paired, "pairs": versus.n_pairs,
            "seeds_left_out": versus.left_out,
            "more_seeds": versus.more_seeds, "why": versus.why,
        }  # fmt: skip
    return found


def compare_groups(
    record: Record,
    metric: str,
    *,
    where: str | None = None,
    at: str = "last",
    better: str | None = None,
    baseline: str | None = None,
    level: float = LEVEL,
    groups: Sequence[str] = (),
    same_code: bool = False,
) -> GroupComparison:
    """Return which group of seeds is better by a metric, or that nobody can tell.

    `groups` are the names of those to compare; all, unless given. `same_code` leaves out runs that ran other code than most
    of their group. Raises BadExpressionError, BadArgumentError,
    UnknownSubjectError, AmbiguousIdError.
    """
    from gnomon.runs.groups.judge import LEVELS, Sample, judge

    point = parse_at(at)
    low, high = LEVELS
    if isinstance(level, bool) or not isinstance(level, (int, float)) or not low <= level <= high:
        raise BadArgumentError(
            f"`level` must be a number from {low} to {high}; got {level!r}", hint="0.05 is usual"
        )
    found = seed_groups(record, where, same_code=same_code)
    if groups:
        found = list({one.name: one for one in (find_group(found, name) for name in groups)}.values())
    metric = _known(record, metric)
    way, is_guessed = direction.checked(better, metric)
    reference = find_group(found, baseline).name if baseline is not None else None

    counted = [one for one in found if one.runs]
    values = values_at(
        record,
        [run for one in counted for run in one.runs],
        [place for one in counted for place in one.places],
        metric,
        point,
        way,
        record.progress,
    )
    samples, at_run = [], 0
    measured: list[_Measured] = []
    for one in counted:
        own = values[at_run : at_run + len(one)]
        at_run += len(one)
        pairs = [
            (_as_float(value), seed) for value, seed in zip(own, one.seeds, strict=True) if value is not None
        ]
        measured.append(_Measured(one, pairs))
        if pairs:
            samples.append(
                Sample(one.name, tuple([value for value, _ in pairs]), tuple([seed for _, seed in pairs]))
            )
    if not samples:
        uncounted = _apart(found)
        raise UnknownSubjectError(
            f"no finished run {'of these ' if where or groups else ''}has a value of `{metric}` at {point}"
            + (f"; runs that do not count: {uncounted}" if uncounted else ""),
            hint="`gnomon runs --groups` shows what there is",
        )
    if reference is not None and all(one.name != reference for one in samples):
        raise UnknownSubjectError(
            f"no run of the baseline `{reference}` has a value of `{metric}` at {point}",
            hint="`gnomon runs --groups` shows what there is",
        )
    judgement = judge(samples, better=way, level=level, baseline=reference)
    against = {one.name: one for one in judgement.comparisons}
    by_name = {one.name: one for one in counted}
    apart = frozenset(judgement.unjudged)
    of_seeds = {one.group.name: _of_seeds(one.pairs) for one in measured}
    rows = [
        Row(by_name[one.name], one, against.get(one.name), of_seeds[one.name]) for one in judgement.standings
    ]
    return GroupComparison(
        metric,
        str(point),
        way,
        is_guessed,
        tuple([row for row in rows if row.name not in apart]),
        judgement,
        (
            *_notes(found, measured, rows, metric),
            *step_notes(record, [row.group for row in rows if row.standing.n], metric, point),
            *_doubts(record, [row.group for row in rows]),
        ),
        tuple([row for row in rows if row.name in apart]),
    )


class _Measured(NamedTuple):
    """A group with the values of those of its runs that have one, each with its seed."""

    group: SeedGroup
    pairs: list[tuple[float, object]]


def _of_seeds(pairs: Sequence[tuple[float, object]]) -> tuple[tuple[object, float], ...]:
    """Return the value of each seed, runs of one seed averaged, lowest first."""
    found = per_seed([value for value, _ in pairs], [seed for _, seed in pairs])
    return tuple(
        sorted([*found.by_seed.items(), *[(None, value) for value in found.alone]], key=lambda one: one[1])
    )


def _as_float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:  # a whole number that no float reaches
        return math.inf if value > 0 else -math.inf


def _known(record: Record, metric: str) -> str:
    """Return the series that a person means. Raises UnknownSubjectError."""
    keys = record.replica.index.keys("run")
    for name in (metric, metric.removeprefix("metrics.")):
        if f"metrics.{name}" in keys:
            return name
    from difflib import get_close_matches

    names = [key.removeprefix("metrics.") for key in keys if key.startswith("metrics.")]
    near = get_close_matches(metric, names, n=3) or names[:5]
    raise UnknownSubjectError(
        f"no run has a series `{metric}`",
        hint=f"there is {', '.join(f'`{one}`' for one in near)}" if near else "nothing was logged yet",
    )


# ---------------------------------------------------------------- what a reader should know


def _notes(
    found: Sequence[SeedGroup], measured: Sequence[_Measured], rows: Sequence[Row], metric: str
) -> list[str]:
    """Return what did not count, each with the group that it is of."""
    notes = []
    elsewhere = frozenset([one.group.name for one in measured if not one.pairs])
    if apart := _apart([group for group in found if group.name not in elsewhere]):
        notes.append(f"runs that do not count: {apart}")
    standing = {row.name: row.standing for row in rows}
    failed = [one for one in measured if one.pairs and standing[one.group.name].failed]
    if failed:
        told = [_failed(one, standing[one.group.name]) for one in failed]
        notes.append(
            f"no finite value: {_listed(told)}. Such a seed failed by this metric"
            + (
                ": the mean is that of the others, and speaks only for them"
                if any(standing[one.group.name].n for one in failed)
                else ""
            )
        )
    partly = [one for one in measured if 0 < len(one.pairs) < len(one.group)]
    if partly:
        told = [
            f"{len(one.group) - len(one.pairs):,} of {len(one.group):,} runs of `{one.group.name}`"
            for one in partly
        ]
        notes.append(f"without a value of `{metric}`, and not counted: {_listed(told)}")
    without = [one.group.name for one in measured if not one.pairs]
    if without:
        notes.append(f"left out, as no run has a value of `{metric}`: {_some(without)}")
    left_out = [row for row in rows if row.comparison is not None and row.comparison.left_out]
    if left_out:
        told = [
            f"{row.comparison.n_pairs:,} pairs with `{row.name}`, {row.comparison.left_out:,} left out"
            for row in left_out
            if row.comparison is not None
        ]
        notes.append(
            f"seeds that only one of two groups has are left out where they are compared seed by seed: {_listed(told)}. So a "
            "difference may not be that of the means shown"
        )
    repeated = [one.group for one in measured if one.pairs and one.group.count.repeated]
    if repeated:
        told = [f"`{one.name}` has {one.count}" for one in repeated]
        notes.append(f"runs of one seed are averaged: {_listed(told)}")
    unnamed = [row for row in rows if None in row.group.seeds]
    if unnamed:
        notes.append(
            f"no seed is recorded for some runs of {_some([row.name for row in unnamed])}: "
            "each counts as a seed of its own, and is paired with none"
        )
    return notes


def _apart(found: Sequence[SeedGroup]) -> str:
    """Return the runs that do not count, by what they are and of which group: `2 failed (`a` 1, `b` 1)`."""
    by_status: dict[str, list[tuple[str, int]]] = {}
    for group in found:
        for status, count in group.apart.items():
            by_status.setdefault(status, []).append((group.name, count))
    parts = []
    for status, of in by_status.items():
        total = sum(count for _, count in of)
        if len(of) == 1:
            whose = f"`{of[0][0]}`"
        else:
            whose = _listed([f"`{name}` {count:,}" for name, count in of])
        parts.append(f"{total:,} {status} ({whose})")
    return ", ".join(parts)


def _failed(one: _Measured, standing: Standing) -> str:
    seeds = dict.fromkeys(
        [
            str(seed)
            for value, seed in one.pairs
            if seed is not None and not (math.isfinite(value) and abs(value) <= LARGEST)
        ]
    )
    named = ", ".join([*seeds][:_MOST_SEEDS]) + (", …" if len(seeds) > _MOST_SEEDS else "")
    which = f" (seed{'' if len(seeds) == 1 else 's'} {named})" if named else ""
    return f"{standing.failed:,} of {standing.n + standing.failed:,} seeds of `{one.group.name}`{which}"


def _doubts(record: Record, groups: Sequence[SeedGroup]) -> list[str]:
    """Return what makes it doubtful that a group is one thing."""
    from gnomon.runs.groups.code import code_notes

    return [*code_notes(record, groups), *name_notes(groups)]


def name_notes(groups: Sequence[SeedGroup]) -> list[str]:
    """Return what is to be said where runs of one group have different names: they may not be one configuration."""
    mixed = [group for group in groups if group.label is None and len(group.names) > 1]
    if not mixed:
        return []
    first = mixed[0]
    names = ", ".join(f"`{name or '(no name)'}`" for name in first.names[:_MOST_NAMED])
    more = ", …" if len(first.names) > _MOST_NAMED else ""
    text = (
        f"equal parameters but different names in {_some([group.name for group in mixed])} ({names}{more}): if they are "
        "different things, say so with a parameter or with `group=`"
    )
    return [text]


def _listed(parts: Sequence[str]) -> str:
    more = f" and {len(parts) - _MOST_NAMED:,} more" if len(parts) > _MOST_NAMED else ""
    return ", ".join(parts[:_MOST_NAMED]) + more


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:_MOST_NAMED])
    return shown + (f" and {len(names) - _MOST_NAMED:,} more groups" if len(names) > _MOST_NAMED else "")
