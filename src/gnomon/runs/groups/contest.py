"""Which group of seeds is better by a metric: the groups, their values, and what `judge` may say of them.

Always true: only finished runs that are not hidden count; what is left out, and what makes a comparison doubtful (runs of
one group on several commits, runs of several names), is said in `notes`.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gnomon.errors import BadArgumentError, UnknownSubjectError
from gnomon.runs.compare import direction
from gnomon.runs.compare.at import parse_at, values_at
from gnomon.runs.groups.definition import find_group, seed_groups

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.runs.compare.direction import Better
    from gnomon.runs.groups.definition import SeedGroup
    from gnomon.runs.groups.judge import Comparison, Judgement, Standing
    from gnomon.runs.views import Record

LEVEL = 0.05
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Row:
    """A group in the comparison: where it stands, and how it compares with the reference (None: it is the reference)."""

    group: SeedGroup
    standing: Standing
    comparison: Comparison | None

    @property
    def name(self) -> str:
        """The name of the group."""
        return self.group.name


@dataclass(frozen=True, slots=True, repr=False)
class GroupComparison:
    """What may be said of some groups of seeds by one metric; `rows` stand with the best mean first."""

    metric: str
    at: str
    better: Better
    is_guessed: bool  # which way is better was guessed from the metric's name
    rows: tuple[Row, ...]
    judgement: Judgement
    notes: tuple[str, ...] = field(default=())

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
        return len(self.rows)

    def __repr__(self) -> str:
        from gnomon.runs.display.shorten import words

        return f"<GroupComparison of {len(self.rows)} groups by {self.metric!r}: {words(self.sentence, 500)}>"

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
            "undecided": list(judgement.undecided), "groups": [_row_as_dict(row) for row in self.rows],
            "notes": list(self.notes),
        }  # fmt: skip


def _row_as_dict(row: Row) -> dict[str, object]:
    one, versus = row.standing, row.comparison
    found: dict[str, Any] = {
        **row.group.to_dict(), "n": one.n, "mean": one.mean, "spread": one.spread, "low": one.low, "high": one.high,
        "left_out": one.left_out, "repeated_seeds": one.repeated, "comparison": None,
    }  # fmt: skip
    if versus is not None:
        found["comparison"] = {
            "difference": versus.difference, "low": versus.low, "high": versus.high, "p": versus.p,
            "verdict": versus.verdict, "is_paired": versus.is_paired, "pairs": versus.n_pairs,
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
) -> GroupComparison:
    """Return which group of seeds is better by a metric, or that nobody can tell.

    `groups` are the names of those to compare; all, unless given. Raises BadExpressionError, BadArgumentError,
    UnknownSubjectError, AmbiguousIdError.
    """
    from gnomon.runs.groups.judge import Sample, judge

    point = parse_at(at)
    if isinstance(level, bool) or not isinstance(level, (int, float)) or not 0 < level < 1:
        raise BadArgumentError(
            f"`level` must be a number between 0 and 1; got {level!r}", hint="0.05 is usual"
        )
    found = seed_groups(record, where)
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
    by_name = {one.name: one for one in counted}
    for one in counted:
        pairs = [
            (_as_float(value), seed)
            for value, seed in zip(values[at_run : at_run + len(one)], one.seeds, strict=True)
            if value is not None
        ]
        at_run += len(one)
        if pairs:
            samples.append(
                Sample(one.name, tuple([value for value, _ in pairs]), tuple([seed for _, seed in pairs]))
            )
    if not samples:
        raise UnknownSubjectError(
            f"no finished run {'of these ' if where or groups else ''}has a value of `{metric}` at {point}",
            hint="`gnomon runs --groups` shows what there is",
        )
    judgement = judge(samples, better=way, level=level, baseline=reference)
    against = {one.name: one for one in judgement.comparisons}
    rows = tuple(Row(by_name[one.name], one, against.get(one.name)) for one in judgement.standings)
    missing = len(found) - len(samples)
    return GroupComparison(
        metric,
        str(point),
        way,
        is_guessed,
        rows,
        judgement,
        tuple(_notes(record, found, rows, metric, missing)),
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
    record: Record, found: Sequence[SeedGroup], rows: Sequence[Row], metric: str, missing: int
) -> list[str]:
    apart: Counter[str] = Counter()
    for group in found:
        apart.update(group.apart)
    notes = []
    if apart:
        counts = ", ".join(f"{count:,} {status}" for status, count in apart.most_common())
        notes.append(f"runs that do not count: {counts}")
    if missing:
        notes.append(
            f"{_groups(missing)} without a value of `{metric}` {'is' if missing == 1 else 'are'} left out"
        )
    left_out = sum(row.standing.left_out for row in rows)
    if left_out:
        notes.append(f"values that are NaN or infinite and do not count: {left_out:,}")
    unnamed = [row for row in rows if None in row.group.seeds]
    if unnamed:
        notes.append(
            f"no seed is recorded for some runs of {_some([row.name for row in unnamed])}: "
            "each counts as a seed of its own, and is paired with none"
        )
    groups = [row.group for row in rows]
    notes += code_notes(record, groups)
    notes += name_notes(groups)
    return notes


def code_notes(record: Record, groups: Sequence[SeedGroup]) -> list[str]:
    """Return what is to be said where runs of one group ran other code than the rest of it."""
    commits, states = [], []
    for group, (of_commits, of_states) in zip(groups, code_states(record, groups), strict=True):
        if of_commits > 1:
            commits.append(group.name)
        elif of_states > 1:
            states.append(group.name)
    notes = []
    if commits:
        notes.append(f"the code differs within {_some(commits)}: its runs ran on more than one commit")
    if states:
        notes.append(
            f"the code may differ within {_some(states)}: one commit, but the uncommitted files of its runs are not all the "
            "same (`gnomon compare RUN RUN` shows the diff)"
        )
    return notes


def code_states(record: Record, groups: Sequence[SeedGroup]) -> list[tuple[int, int]]:
    """Return, for each group, on how many commits and in how many states of its files its runs ran, as far as that is known."""
    places = [place for group in groups for place in group.places]
    ids = [run for group in groups for run in group.runs]
    cells = record._cells(["code.commit", "code.fingerprint"], ids, places)
    commits, states = cells["code.commit"], cells["code.fingerprint"]
    found, start = [], 0
    for group in groups:
        end = start + len(group)
        found.append(tuple(len({*column[start:end]} - {None}) for column in (commits, states)))
        start = end
    return found  # type: ignore[return-value]


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


def _groups(count: int) -> str:
    return f"{count:,} group{'s' if count != 1 else ''}"


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:_MOST_NAMED])
    return shown + (f" and {len(names) - _MOST_NAMED:,} more groups" if len(names) > _MOST_NAMED else "")
