"""Claims about a figure, and whether rows bear them out: all claims of a result are corrected together (Holm).

Which outcome when: docs/internals/checks.md, "The verdict", first row. The interval that a finding shows is the one that
decided: at the level at which Holm's method came to it, so that it lies beyond the limit exactly where the finding fails.

Always true: the chance that one or more claims fail, or pass, wrongly is at most `level`. Slices bring one chance of their own
(corrected for all of them already), which takes a part of the level as long as it is not spent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gnomon import text
from gnomon.checks.kinds.performance.ends import smallest_level
from gnomon.checks.result import FAIL, PASS, UNKNOWN, Finding
from gnomon.runs.importance.share import holm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.checks.kinds.performance.asked import Demand
    from gnomon.checks.kinds.performance.ends import Ends
    from gnomon.checks.kinds.performance.measured import Measure

HAIR = 0.01  # above chance, and surely no more: as good as nothing
RANKS = ("auc", "balanced_accuracy", "r2")


class Claim(NamedTuple):
    """A figure with its limit: at least that, or at most. It fails beyond `fails_at`, which is the limit unless given.

    Without `ends` it cannot be told, and `note` says why.
    """

    key: str
    what: str
    value: float | None
    ends: Ends | None
    is_least: bool
    limit: float
    note: str = ""
    fails_at: float | None = None
    words: str = ""

    def holds(self, low: float, high: float) -> bool:
        """Return whether a whole interval is within the limit."""
        return low >= self.limit if self.is_least else high <= self.limit

    def fails(self, low: float, high: float) -> bool:
        """Return whether a whole interval is beyond what is allowed."""
        beyond = self.limit if self.fails_at is None else self.fails_at
        return (high < beyond if self.is_least else low > beyond) and not self.holds(low, high)


class Decided(NamedTuple):
    """Findings in the order of the claims, and by how much the chances of slices must still be multiplied."""

    findings: list[Finding]
    factor: int


def decide(claims: Sequence[Claim], level: float, *, has_slices: bool) -> Decided:
    """Return what becomes of each claim."""
    told = [one for one in claims if one.ends is not None]
    chances = [_chance(one) for one in told]
    corrected = holm([*chances, *([1.0] if has_slices else [])])[: len(told)]
    order = sorted(range(len(told)), key=chances.__getitem__)
    levels = [level] * len(told)
    left, is_open = len(told) + has_slices, True
    for at in order:
        levels[at] = level / left
        is_open = is_open and corrected[at] <= level
        left -= is_open
    by_key = dict(zip((one.key for one in told), levels, strict=True))
    findings = [_finding(one, by_key.get(one.key, level)) for one in claims]
    undecided = sum(value > level for value in corrected)
    return Decided(findings, 1 + undecided)


def _chance(claim: Claim) -> float:
    assert claim.ends is not None  # noqa: S101  the caller looked
    return min(smallest_level(claim.holds, claim.ends), smallest_level(claim.fails, claim.ends))


def _finding(claim: Claim, level: float) -> Finding:
    sign = "at least" if claim.is_least else "at most"
    words = claim.words or f"{sign} {text.number(claim.limit)}"
    if claim.ends is None or claim.value is None:
        return Finding(claim.key, claim.what, UNKNOWN, claim.value, limit=words, note=claim.note)
    low, high = claim.ends(level)
    outcome = PASS if claim.holds(low, high) else FAIL if claim.fails(low, high) else UNKNOWN
    note = claim.note or ("" if outcome != UNKNOWN else "the interval spans the limit: more rows would tell")
    return Finding(claim.key, claim.what, outcome, claim.value, low, high, words, note)


def required(demands: Sequence[Demand], measures: dict[str, Measure]) -> list[Claim]:
    """Return a claim for each demand; of several limits for one side, the second has the key with a 2, and so on."""
    found: list[Claim] = []
    for nth, demand in enumerate(demands):
        one = measures[demand.metric]
        before = sum(
            (other.metric, other.is_least) == (demand.metric, demand.is_least) for other in demands[:nth]
        )
        side = ("least" if demand.is_least else "most") + (f".{before + 1}" if before else "")
        words = f"{'at least' if demand.is_least else 'at most'} {text.number(demand.limit)}"
        found.append(
            Claim(
                f"require.{demand.metric}.{side}", f"{one.metric.title} is {words}", one.value,
                None if one.why else one.ends, demand.is_least, demand.limit, one.why,
            )
        )  # fmt: skip
    return found


def better_than_nothing(measures: dict[str, Measure], *, has_scores: bool) -> Claim | None:
    """Return the claim that the model tells something: by its scores where there are some, else by its predictions.

    It fails where it is surely no more than a hair above what a constant guess gets, because a constant guess itself is never
    surely below that.
    """
    names = (
        ("r2",)
        if "r2" in measures
        else ("auc", "balanced_accuracy")
        if has_scores
        else ("balanced_accuracy",)
    )
    one = next((measures[name] for name in names if name in measures), None)
    if one is None:
        return None
    # without a value the constant guess is that of two classes; nothing is decided by it
    limit = 0.0 if one.metric.name == "r2" else 0.5 if one.nothing is None else one.nothing
    return Claim(
        "baseline", f"better than knowing nothing: {one.metric.title} is above {text.number(limit)}", one.value,
        None if one.why else one.ends, True, limit, one.why, limit + HAIR,
        f"above {text.number(limit)} (fails where it is surely below {text.number(limit + HAIR)})",
    )  # fmt: skip
