"""What the words of `gnomon compare --groups …` mean: metrics, patterns of metrics, names of groups.

Always true: a word that is a metric and a group is the metric where none was named before it, else the group.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import UnknownSubjectError, UsageError
from gnomon.runs.compare import direction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.runs.groups.definition import SeedGroup
    from gnomon.runs.views import Record

_SYSTEM = "system/"
_METRICS = "metrics."
_PATTERN = frozenset("*?[")


class Question(NamedTuple):
    """By which metrics which groups are compared (all, where none is named)."""

    metrics: tuple[str, ...]
    groups: tuple[str, ...]
    is_several: bool  # several metrics were asked for, or a pattern of them
    notes: tuple[str, ...] = ()


def question_of(record: Record, words: Sequence[str], better: str | None) -> Question:
    """Return what is asked. Raises UsageError, UnknownSubjectError, AmbiguousIdError."""
    from gnomon.runs.groups.definition import seed_groups

    record.replica.update(record.progress)
    names = metric_names(record)
    groups = seed_groups(record) if len(words) > 1 or (words and not _metrics(words[0], names)) else []
    metrics: list[str] = []
    chosen: list[str] = []
    notes: list[str] = []
    for word in words:
        found = _metrics(word, names)
        group = _group(groups, word) if not found or metrics else None
        if group is not None:
            chosen.append(group)
        elif not found:
            raise _unknown(word, names, groups, with_groups=bool(metrics))
        elif word in found or word.removeprefix(_METRICS) in found:
            metrics += found
        else:
            kept = [one for one in found if better is not None or direction.guess(one) is not None]
            if unclear := [one for one in found if one not in kept]:
                notes.append(
                    f"whether higher or lower is better cannot be guessed from {', '.join(f'`{one}`' for one in unclear[:5])}: "
                    "left out (`--better` says)"
                )
            metrics += kept
    if not metrics:
        raise UsageError(
            "`compare --groups` needs a metric", hint=f"`gnomon compare --groups {first_metric(names)}`"
        )
    patterns = any(_PATTERN & set(word) and word not in names for word in words)
    metrics = list(dict.fromkeys(metrics))
    return Question(tuple(metrics), tuple(chosen), len(metrics) > 1 or patterns, tuple(notes))


def _metrics(word: str, names: Sequence[str]) -> list[str]:
    """Return the metrics that a word means."""
    for name in (word, word.removeprefix(_METRICS)):
        if name in names:
            return [name]
    if not _PATTERN & set(word):
        return []
    return [
        one
        for one in names
        if fnmatchcase(one, word) and (not one.startswith(_SYSTEM) or word.startswith(_SYSTEM))
    ]


def _group(groups: Sequence[SeedGroup], word: str) -> str | None:
    from gnomon.runs.groups.definition import find_group

    if not any(word in (one.name, one.label) for one in groups):
        return None
    try:
        return find_group(groups, word).name
    except UnknownSubjectError:
        return None


def _unknown(
    word: str, names: Sequence[str], groups: Sequence[SeedGroup], *, with_groups: bool
) -> UnknownSubjectError:
    from difflib import get_close_matches

    known = [*names, *([one.name for one in groups[:10_000]] if with_groups else [])]
    near = get_close_matches(word, known, n=3) or names[:5]
    also = ", and no group of seeds is called so" if with_groups else ""
    return UnknownSubjectError(
        f"no run has a series `{word}`{also}",
        hint=f"there is {', '.join(f'`{one}`' for one in near)}" if near else "nothing was logged yet",
    )


def metric_names(record: Record) -> list[str]:
    """Return the names of all series that runs of the record logged, by name; those of the system are among them."""
    return [
        key.removeprefix(_METRICS) for key in record.replica.index.keys("run") if key.startswith(_METRICS)
    ]


def first_metric(names: Sequence[str]) -> str:
    """Return the first metric whose name says which way is better; `loss` where there is none."""
    return next((one for one in names if not one.startswith(_SYSTEM) and direction.guess(one)), "loss")
