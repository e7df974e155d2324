"""The page of figures: docs/reference/comparison-figures.md."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.judge.cases import HARD, KINDS
from benchmarks.judge.figures import FRACTIONS, Advice, Tally

HISTORY = (
    "`held-out-1` was looked at once, after the method was fixed; its intervals of a mean held in 92.5 % of lognormal cases. "
    "They were made wider where values are skewed (by how much, the development range said), and `held-out-2` was looked at "
    "once. Since then no pairs are made where the seeds that both groups have point the other way than all seeds do; "
    "`held-out-3` was looked at once."
)

HEAD = """\
# Figures of `gnomon compare --groups`

How often its claims are wrong, how often its intervals hold, what it finds, and whether its advice on more seeds comes true.
What is claimed, and how, is in [honest comparison](../explanation/honest-comparison.md).

Made by `python -m benchmarks.judge`; do not edit.
{cases:,} simulated cases of each of {kinds} kinds of distribution, where the true means are known:
2 to 30 groups of 2 to 20 seeds; sizes alike in half of the cases; spreads alike in half, else up to 4 times apart;
seeds shared in half, with an effect on all groups of 0 to 2 times the noise; true means all equal, some equal, or all different.

The cases are drawn from the range `{case_range}` of random numbers. The method was chosen on another range. {history}

The level is 5 %. One standard error of a share near 5 % is {error:.1f} points for a row of {cases:,} cases.
"""

CLAIMS = """
## Wrong claims, and intervals

- **wrong**: cases, in percent, with one wrong verdict or more: "X is better than Y" where the true means are equal,
  or the other way round. At most 5 is stated.
- **together**: cases, in percent, where *all* printed intervals of differences hold the true differences at once.
  At least 95 is stated.
- **each**: printed intervals of differences, one by one, that hold. More than 95, because they are made to hold together.
- **mean**: intervals of the mean of a group that hold. 95 is stated, for each on its own.
- **of the best**: the same, only of the group with the best mean. It was picked because its mean is high,
  so its interval holds less often.
"""

POWER = """
## What is found

One group is better than all others, which are alike, by **three standard deviations; five seeds each**.
How often, in percent, it is said to be better than another group (one that is picked at random).
*Shared*: the runs share their seeds, though the seed has no effect: the hardest case for pairing.
"""

HARD_CASES = """
## Cases made to break it

All means are equal, so that any claim is wrong. Shares of cases with one, in percent; at most 5 is stated.
Two groups can borrow nothing from others: with skewed values, few seeds and unequal spreads they are the weakest place.
"""

ADVICE = """
## "k more seeds would probably settle it"

2 to 10 groups of 3 to 8 seeds; in one case of four nothing differs.
Where a number of further seeds is given, they are drawn, and the comparison is made again.
*Settled*: one of the two groups is now told from the best. Shares in percent, after a part of the seeds that were advised.
*Wrong way*: cases settled by all of them, though the true means are the other way round or equal.
"""


@dataclass(frozen=True)
class Results:
    case_range: str
    cases: int
    tallies: dict[str, Tally]
    power: dict[tuple[str, bool, int], float]
    advice: dict[str, Advice]
    hard: dict[tuple[str, str], float]


def text(results: Results) -> str:
    error = 100 * (0.05 * 0.95 / results.cases) ** 0.5
    return "".join(
        (
            HEAD.format(
                cases=results.cases,
                kinds=len(KINDS),
                case_range=results.case_range,
                error=error,
                history=HISTORY,
            ),
            CLAIMS,
            table(
                ("cases", "number", "wrong", "together", "each", "mean", "of the best"),
                (_claims(label, results.tallies[label]) for label in _order(results.tallies)),
            ),
            POWER,
            table(("distribution", "seeds", *(f"{g} groups" for g in _groups(results))), _power(results)),
            HARD_CASES,
            table(
                ("cases", *KINDS),
                ((which, *(f"{results.hard[which, kind]:.1f}" for kind in KINDS)) for which in HARD),
            ),
            ADVICE,
            table(
                (
                    "distribution",
                    "advice given",
                    "seeds advised (median)",
                    *(_part(f) for f in FRACTIONS),
                    "wrong way",
                ),
                (_advice(kind, results.advice[kind]) for kind in KINDS),
            ),
        )
    )


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = list(head)
    lines = ["", f"| {' | '.join(head)} |", f"|---|{'--:|' * (len(head) - 1)}"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def _order(tallies: dict[str, Tally]) -> list[str]:
    rest = sorted(label for label in tallies if label not in ("all", *KINDS))
    return [
        "all",
        *KINDS,
        *[label for label in rest if ":" in label],
        *[label for label in rest if ":" not in label],
    ]


def _claims(label: str, tally: Tally) -> tuple[str, ...]:
    shares = [f"{tally.share(what):.1f}" for what in ("false", "together", "alone", "means", "of_best")]
    strong = "**" if label in ("all", *KINDS) else ""
    return (f"{strong}{label}{strong}", f"{tally.cases:,}", *shares)


def _groups(results: Results) -> list[int]:
    return sorted({groups for _, _, groups in results.power})


def _power(results: Results) -> Iterable[tuple[str, ...]]:
    for kind in KINDS:
        for shares in (False, True):
            found = [f"{results.power[kind, shares, groups]:.0f}" for groups in _groups(results)]
            yield (kind, "shared" if shares else "not shared", *found)


def _part(fraction: float) -> str:
    return {0.25: "a quarter", 0.5: "half", 1.0: "**all**", 2.0: "twice as many"}[fraction]


def _advice(kind: str, advice: Advice) -> tuple[str, ...]:
    settled = [f"{100 * advice.settled[f] / advice.given:.0f}" for f in FRACTIONS]
    return (
        kind,
        f"{advice.given:,} of {advice.undecided:,}",
        f"{statistics.median(advice.advised):.0f}",
        *settled,
        f"{advice.wrong}",
    )
