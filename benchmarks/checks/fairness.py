"""How often the fairness check is wrong, what it finds, and how often its intervals hold: `python -m benchmarks.checks.fairness`.

Simulated people, of whom the truth is known. Writes into docs/explanation/fairness-checks.md; `--cases 50` is a quick look.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from gnomon.checks.intervals import z_of
from gnomon.checks.kinds.fairness.cells import Cells, Groups
from gnomon.checks.kinds.fairness.growth import growth_of
from gnomon.checks.kinds.fairness.judge import corrected, outcome_of, weigh
from gnomon.checks.kinds.fairness.means import mean_of
from gnomon.checks.kinds.fairness.measured import rate
from gnomon.checks.kinds.fairness.names import DEFAULT
from gnomon.checks.kinds.fairness.rates import rate_of

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "fairness-checks.md"
LEVEL, LIMIT = 0.05, 0.1
SIZES = (20, 50, 200, 1_000, 100_000)
COUNTS = (2, 4, 12)
POSITIVE = 0.5


def write_block(name, lines, page=PAGE):
    """Write lines between the marks of a page that are called so, and print them."""
    text = "\n".join(lines)
    print(text, flush=True)
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, mark, rest = page.read_text().partition(begin)
    if not mark:
        raise SystemExit(f"{page.name} has no mark {begin}")
    page.write_text(f"{before}{begin}\n{text}\n{end}{rest.partition(end)[2]}")


def percent(part):
    """Return a part as percent with one digit."""
    return f"{100 * part:.1f}"


def table(head, rows):
    """Return a table of Markdown."""
    return [
        f"| {' | '.join(head)} |",
        f"|{'--:|' * len(head)}",
        *(f"| {' | '.join(map(str, row))} |" for row in rows),
    ]


# ---------------------------------------------------------------- people


def people(chance, sizes, selected, *, attributes):
    """Return the groups of an attribute, or of two and their crossing.

    A group of the first is selected as `selected` says, whatever is true of its people; the second attribute does nothing.
    """
    k = len(selected)
    if attributes == 2:
        sizes, selected = np.repeat(np.asarray(sizes) // 2, 2), np.repeat(selected, 2)
    positives = chance.binomial(sizes, POSITIVE)
    tp, fp = chance.binomial(positives, selected), chance.binomial(sizes - positives, selected)
    sums = {"tp": tp, "fp": fp, "fn": positives - tp, "tn": sizes - positives - fp}
    sums = {key: one.astype(float) for key, one in sums.items()}
    labels = tuple(map(str, range(k)))
    if attributes == 1:
        return [Groups("a", labels, sums)]
    codes = np.array([(first, second) for first in range(k) for second in range(2)])
    cells = Cells(("a", "b"), (labels, ("x", "y")), codes, sums)
    return [cells.by("a"), cells.by("b"), cells.by("a", "b")]


def judged(groups):
    """Return what the check does with its default metrics: the weighed gaps, and their outcomes."""
    found = [weigh(rate_of(one, metric), LIMIT, level=LEVEL) for metric in DEFAULT for one in groups]
    fair = corrected([one.p for one in found])
    return found, [outcome_of(one, part, LEVEL) for one, part in zip(found, fair, strict=True)]


def unequal(n, k):
    """Return sizes of groups of which the first has `n` people and each further one half as many more."""
    return np.round(n * 1.5 ** np.arange(k)).astype(int) // 2 * 2


# ---------------------------------------------------------------- the tables


def false_alarms(chance, cases):
    """Return how many results fail where all groups are alike."""
    rows = []
    for n in SIZES:
        row = [f"{n:,}"]
        for attributes in (1, 2):
            for k in COUNTS:
                wrong = [
                    "fail" in judged(people(chance, sizes, np.full(k, share), attributes=attributes))[1]
                    for share in (0.5, 0.2, 0.05)
                    for sizes in (np.full(k, n), unequal(n, k))
                    for _ in range(max(1, cases // 3))  # six kinds make twice as many cases as are asked for
                ]
                row.append(percent(np.mean(wrong)))
        rows.append(row)
    head = ["people a group", *(f"{count}: {k} groups" for count in ("one attribute", "two") for k in COUNTS)]
    return table(head, rows)


SHAPES = {
    "one group apart": lambda k, low: np.array([low + 0.2, *[low] * (k - 1)]),
    "half apart": lambda k, low: np.where(np.arange(k) < k // 2, low + 0.2, low),
    "two apart, the others between": lambda k, low: np.array([low, low + 0.2, *[low + 0.1] * (k - 2)]),
}


def power(chance, cases):
    """Return how many results fail, by the gap that was planted, of 0.2 among 200 people a group."""
    rows = []
    for k in (2, 3, 6, 12):
        for name, shape in SHAPES.items():
            if k == 2 and name != "one group apart":
                continue
            row = [k, name]
            for low in (0.4, 0.1):
                for attributes in (1, 2):
                    outcomes = [
                        judged(people(chance, np.full(k, 200), shape(k, low), attributes=attributes))[1]
                        for _ in range(cases)
                    ]
                    row += [percent(np.mean([one[0] == "fail" for one in outcomes]))]
                    row += [percent(np.mean(["fail" in one for one in outcomes]))]
            rows.append(row)
    head = ["groups", "which differ"]
    for rates in ("0.4 and 0.6", "0.1 and 0.3"):
        for count in ("one attribute", "two attributes"):
            head += [f"{rates}, {count}: its gap fails", "anything fails"]
    return table(head, rows)


def coverage(chance, cases):
    """Return how many intervals hold the truth: of single rates, and of gaps."""
    rows = []
    for n in (20, 50, 200, 1_000):
        row = [f"{n:,}"]
        holds = []
        for share in (0.5, 0.2, 0.05):
            hits = chance.binomial(n, share, 20 * cases).astype(float)
            low, high = rate("r", "g", (), hits, np.full(20 * cases, float(n))).ends(z_of(LEVEL))
            holds.append(np.mean((low <= share) & (share <= high)))
        row.append(percent(np.mean(holds)))
        for k in COUNTS:
            for gap in (0.0, 0.05, 0.2):
                holds = []
                for low in (0.4, 0.1):
                    truth = np.array([low + gap, *[low] * (k - 1)])
                    for _ in range(cases):
                        found = weigh(
                            rate_of(people(chance, np.full(k, n), truth, attributes=1)[0], DEFAULT[0]),
                            LIMIT,
                            level=LEVEL,
                        )
                        holds.append(found.gap.low <= gap + 1e-12 and gap <= found.gap.high + 1e-12)
                row.append(percent(np.mean(holds)))
        rows.append(row)
    head = ["people a group", "a rate", *(f"{k} groups, gap {gap}" for k in COUNTS for gap in (0, 0.05, 0.2))]
    return table(head, rows)


def scored(chance, sizes, low):
    """Return groups with scores that are right, but for the first, whose scores are too low by `low`."""
    label = np.repeat(np.arange(len(sizes)), sizes)
    s = chance.beta(2, 3, len(label))
    y = (chance.random(len(s)) < s).astype(float)
    s = np.where(label == 0, np.maximum(s - low, 0), s)
    sums = {"s_n": np.ones(len(s)), "s": s, "ss": s * s, "s_y": y, "s_sy": s * y}
    return Groups(
        "a", tuple(map(str, range(len(sizes)))), {key: np.bincount(label, one) for key, one in sums.items()}
    )


ERRORS = {
    "normal": lambda chance, n: chance.normal(0, 0.5, n),
    "skewed": lambda chance, n: 0.25 * (chance.lognormal(0, 1, n) - np.exp(0.5)),
}


def regressed(chance, sizes, kind, high):
    """Return groups with errors in units of the target's standard deviation; those of the first are too high by `high`."""
    label = np.repeat(np.arange(len(sizes)), sizes)
    e = ERRORS[kind](chance, len(label)) + high * (label == 0)
    sums = {"n": np.ones(len(e)), "e": e, "ee": e * e, "a": np.abs(e), "eeee": e**4}
    return Groups(
        "a", tuple(map(str, range(len(sizes)))), {key: np.bincount(label, one) for key, one in sums.items()}
    )


def means(chance, cases):
    """Return false alarms, power and coverage of metrics that are means, five groups each."""
    rows = []
    every = [("calibration", "chances", lambda n, by: scored(chance, [n] * 5, by))]
    for metric in ("mean_error", "mean_absolute_error", "root_mean_squared_error"):
        for kind in ERRORS:
            every.append(
                (metric, f"{kind} errors", lambda n, by, kind=kind: regressed(chance, [n] * 5, kind, by))
            )
    for metric, kind, draw in every:
        true = mean_of(draw(200_000, 0.0), metric).value.mean()
        row = [metric.replace("_", " "), kind]
        for n in (20, 200, 1_000):
            alarms, holds = [], []
            for _ in range(5 * cases):  # quick ones
                measured = mean_of(draw(n, 0.0), metric)
                found = weigh(measured, LIMIT, level=LEVEL)
                alarms.append(outcome_of(found, found.p, LEVEL) == "fail")
                low, high = measured.ends(z_of(LEVEL))
                holds.append(np.mean((low <= true) & (true <= high)))
            row += [percent(np.mean(alarms)), percent(np.mean(holds))]
        rows.append(row)
    head = [
        "metric",
        "of",
        *(
            f"{n:,} people: {what}"
            for n in (20, 200, 1_000)
            for what in ("false alarm", "intervals that hold")
        ),
    ]
    return table(head, rows)


def growths(chance, cases):
    """Return how often a gap is said to have grown: where it did not, and where it did by 0.2."""
    rows = []
    for n in (50, 200, 1_000, 10_000):
        row = [f"{n:,}"]
        for k in (2, 5):
            for before, now in ((0.0, 0.0), (0.2, 0.2), (0.05, 0.25)):
                said = []
                for _ in range(cases):
                    draws = [
                        rate_of(
                            people(
                                chance, np.full(k, n), np.array([0.4 + gap, *[0.4] * (k - 1)]), attributes=1
                            )[0],
                            DEFAULT[0],
                        )
                        for gap in (now, before)
                    ]
                    found = growth_of(*draws, LEVEL)
                    said.append(found.p <= LEVEL and found.value > 0.05)
                row.append(percent(np.mean(said)))
        rows.append(row)
    head = [
        "people a group",
        *(f"{k} groups, {what}" for k in (2, 5) for what in ("0 and 0", "0.2 and 0.2", "0.05, then 0.25")),
    ]
    return table(head, rows)


COUNTED = {
    "alarms": lambda cases: f"{6 * max(1, cases // 3):,} simulated tables for each figure",
    "power": lambda cases: f"{cases:,} simulated tables for each row and pair of columns",
    "coverage": lambda cases: (
        f"{60 * cases:,} simulated rates for each size, {2 * cases:,} gaps for each other figure"
    ),
    "means": lambda cases: f"{5 * cases:,} simulated tables for each figure, of five groups each",
    "growth": lambda cases: f"{cases:,} pairs of simulated tables for each figure",
}
TABLES = {"alarms": false_alarms, "power": power, "coverage": coverage, "means": means, "growth": growths}


def main():
    """Write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=400)
    parser.add_argument("--tables", default=",".join(TABLES))
    args = parser.parse_args()
    for place, (name, made) in enumerate(TABLES.items()):
        if name in args.tables.split(","):
            print(f"{name} …", file=sys.stderr)
            lines = made(np.random.default_rng(1000 + place), args.cases)
            write_block(f"simulated {name}", [*lines, "", f"{COUNTED[name](args.cases)}."])


if __name__ == "__main__":
    main()
