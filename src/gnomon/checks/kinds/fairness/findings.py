"""What is found, in words: one finding for each gap, for each gap that may have grown, and for each attribute with small groups.

All chances of one result are corrected together (Holm): `level` is the chance, at most, that anything fails where all groups
are alike and no gap grew. Always true: keys stay the same between versions (`gap.selection_rate.sex`, `grew.…`, `small.sex`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gnomon.checks.kinds.fairness.judge import MOST_JUDGED, corrected, outcome_of, price
from gnomon.checks.kinds.fairness.names import unit_of, words
from gnomon.checks.kinds.fairness.settle import note, too_small
from gnomon.checks.result import FAIL, PASS, UNKNOWN, Finding
from gnomon.text import count, number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gnomon.checks.kinds.fairness.growth import Growth
    from gnomon.checks.kinds.fairness.judge import Weighed

_SAME = 1e-12


class Found(NamedTuple):
    """The findings, and the corrected chance of each gap, in the order of the gaps."""

    findings: tuple[Finding, ...]
    p: list[float]


def findings_of(
    weighed: Sequence[Weighed],
    grown: Mapping[str, tuple[Growth, float]],
    *,
    level: float,
    smallest: int,
    target: str | None,
) -> Found:
    """Return all findings of a result. `grown` has growths by the key of what was weighed, each with its limit.

    `target` names the column whose standard deviation is the unit of limits; None where limits are plain numbers.
    """
    fair = corrected([one.p for one in weighed] + [one.p for one, _ in grown.values()])
    gaps = [
        _gap(one, part, level, smallest, target)
        for one, part in zip(weighed, fair[: len(weighed)], strict=True)
    ]
    growths = [
        _growth(key, one, limit, part, level)
        for (key, (one, limit)), part in zip(grown.items(), fair[len(weighed) :], strict=True)
    ]
    return Found((*gaps, *growths, *_small(weighed, smallest)), fair[: len(weighed)])


def _limit(limit: float, target: str | None, max_gap_said: str = "") -> str:
    if target is None:
        return f"at most {number(limit)}"
    return f"at most {number(float(f'{limit:.4g}'))}{max_gap_said}"


def _gap(one: Weighed, fair: float, level: float, smallest: int, target: str | None) -> Finding:
    measured = one.measured
    name = words(measured.metric)
    key, limit = f"gap.{one.key}", _limit(one.limit, target, f" (in units of `{target}`)")
    gap = one.gap
    if gap is None:
        return Finding(
            key, f"{name} by `{measured.attribute}`", UNKNOWN, limit=limit, note=_nothing(one, smallest)
        )
    value, outcome = measured.value, outcome_of(one, fair, level)
    what = (
        f"{name} by `{measured.attribute}`: `{measured.labels[gap.high_at]}` {value[gap.high_at]:.3g},"
        f" `{measured.labels[gap.low_at]}` {value[gap.low_at]:.3g}"
    )
    said = ""
    if outcome == UNKNOWN:
        said = note(one, level, price(one.p, fair), unit_of(measured.metric))
        if one.unseen:
            said = f"only the {MOST_JUDGED} largest of {one.unseen + MOST_JUDGED:,} groups are judged" + (
                f"; {said}" if said else ""
            )
    elif outcome == FAIL and one.pair is not None and set(one.pair) != {gap.low_at, gap.high_at}:
        first, second = one.pair
        said = f"surest between `{measured.labels[first]}` {value[first]:.3g} and `{measured.labels[second]}` {value[second]:.3g}"
    return Finding(key, what, outcome, gap.value, gap.low, gap.high, limit, said)


def _nothing(one: Weighed, smallest: int) -> str:
    """Return why there is no gap to speak of."""
    measured, unit = one.measured, unit_of(one.measured.metric)
    if not measured.n.sum():
        return f"there are no {unit}"
    if len(measured.labels) == 1:
        return f"there is one group only, `{measured.labels[0]}`"
    if len(one.places) < 2:
        many = "no group has" if not len(one.places) else f"only `{measured.labels[int(one.places[0])]}` has"
        return f"{many} {smallest} {unit} or more"
    return "the target has one value only, so there is no unit for a limit"


def _growth(key: str, one: Growth, limit: float, fair: float, level: float) -> Finding:
    metric, _, attribute = key.partition(".")
    if fair <= level and one.value > limit + _SAME:
        outcome = FAIL
    else:
        outcome = PASS if one.high <= limit + _SAME else UNKNOWN
    verb = "grew" if one.value > 0 else "did not grow"
    what = f"the gap in {words(metric)} by `{attribute}` {verb}: {one.before:.3g} before, {one.now:.3g} now"
    said = _untold(one, limit) if outcome == UNKNOWN else ""
    return Finding(
        f"grew.{key}",
        what,
        outcome,
        one.value,
        one.low,
        one.high,
        f"at most {number(float(f'{limit:.4g}'))} more",
        said,
    )


def _untold(one: Growth, limit: float) -> str:
    """Return why a growth cannot be told, and how many more people would probably do."""
    said = "from so few people it cannot be told whether it grew"
    room = limit - one.value
    if room <= 0.1 * limit:
        return said
    times = ((one.high - one.value) / room) ** 2
    return f"{said}; about {number(float(f'{max(times, 1.1):.2g}'))} times as many in both versions would probably do"


def _small(weighed: Sequence[Weighed], smallest: int) -> list[Finding]:
    """Return one finding for each attribute of which some groups are judged and others are too small."""
    by: dict[str, list[Weighed]] = {}
    for one in weighed:
        if one.gap is not None and len(one.small):
            by.setdefault(one.measured.attribute, []).append(one)
    found = []
    for attribute, all_of in by.items():
        parts, names = [], set()
        for one in all_of:
            labels = [
                (one.measured.labels[place], int(one.measured.n[place])) for place in one.small.tolist()
            ]
            names |= {label for label, _ in labels}
            parts.append(f"{words(one.measured.metric)}: {too_small(labels, unit_of(one.measured.metric))}")
        found.append(
            Finding(
                f"small.{attribute}",
                f"{count(len(names), 'group')} of `{attribute}` {'is' if len(names) == 1 else 'are'} too small to judge",
                UNKNOWN, float(len(names)), limit=f"{smallest} people at least", note="; ".join(parts),
            )
        )  # fmt: skip
    return found
