"""How often the intervals of mitigation hold, and what it gains and loses: `python -m benchmarks.checks.mitigation`.

Simulated decisions, of which the truth is known, and a worked example on the Adult census data. Writes into
docs/explanation/mitigation.md; `--cases 50` is a quick look.
"""

import argparse
import sys
import time
from functools import partial

import numpy as np

from benchmarks.checks.fairness import percent, table, write_block
from benchmarks.checks.robustness_adult import adult, of_trees
from gnomon.checks.kinds.fairness import mitigate_counts as counts_of
from gnomon.checks.kinds.fairness.mitigate import mitigate
from gnomon.checks.kinds.fairness.mitigate_gaps import change_of_gap
from gnomon.checks.kinds.fairness.mitigate_told import Compared, Question, judged
from gnomon.checks.result import FAIL, PASS

PAGE = "mitigation.md"
LEVEL, RESAMPLES = 0.05, 500
SIZES = (300, 3_000, 30_000)
ODDS = ("true_positive_rate", "false_positive_rate")


# ---------------------------------------------------------------- what is simulated


def joint(shares, base, before, after, hold=0.8):
    """Return chances by group, truth, decision before and after. `before`, `after`: false and true positive rates by group."""
    made = np.zeros((len(shares), 2, 2, 2))
    for place, share in enumerate(shares):
        for truth in (0, 1):
            b, a = before[truth][place], after[truth][place]
            both = min(a, b) * hold + a * b * (1 - hold)
            part = share * (base[place] if truth else 1 - base[place])
            made[place, truth] = part * np.array([[1 - a - b + both, a - both], [b - both, both]])
    return made


def of_groups(k, gap_after, seed=3):
    """Return chances for k groups of unequal sizes, that were apart before and are `gap_after` apart in both rates after."""
    chance = np.random.default_rng(seed)
    shares = np.sort(chance.dirichlet(np.full(k, 3.0)))[::-1]
    shares = np.maximum(shares, 0.02) / np.maximum(shares, 0.02).sum()
    spread = np.linspace(0, 1, k)
    before = 0.04 + 0.12 * spread, 0.45 + 0.3 * spread
    after = 0.08 + gap_after * spread, 0.6 + gap_after * spread
    return joint(shares, np.full(k, 0.25), before, after)


def sampled(chance, truth, n):
    """Return the counts of n people."""
    return chance.multinomial(n, truth.ravel() / truth.sum()).reshape(truth.shape).astype(float)


def compared_groups(counts, metrics):
    """Return the places of the groups that the check compares."""
    cells = counts_of.decided(counts, is_after=True)
    return [np.flatnonzero(counts_of.hits_of(cells, metric)[1] >= 10) for metric in metrics]


def by_bootstrap(counts, draws, metrics, places):
    """Return the plain bootstrap's interval of the change of a gap, which the check does not use."""

    def gap(cells):
        found = []
        for metric, own in zip(metrics, places, strict=True):
            hits, n = counts_of.hits_of(cells, metric)
            rates = (hits / np.maximum(n, 1))[..., own]
            found.append(np.ptp(rates, axis=-1))
        return np.max(found, axis=0)

    changes = gap(counts_of.decided(draws, is_after=True)) - gap(counts_of.decided(draws, is_after=False))
    return np.quantile(changes, [LEVEL / 2, 1 - LEVEL / 2])


def intervals(cases):
    """Return the table of how often intervals of changes hold the truth."""
    rows = []
    for k, metrics in (
        (2, ("selection_rate",)),
        (6, ("selection_rate",)),
        (6, ODDS),
        (12, ("selection_rate",)),
    ):
        truth = of_groups(k, 0.0)
        everyone = [np.arange(k)] * len(metrics)
        true_gap = change_of_gap(truth * 1e9, metrics, everyone, LEVEL).change
        figures = {name: partial(counts_of.overall, metric=name) for name in counts_of.OVERALL}
        true = {
            name: float(
                figure(counts_of.decided(truth, is_after=True))
                - figure(counts_of.decided(truth, is_after=False))
            )
            for name, figure in figures.items()
        }
        true_rates = counts_of.of_group(truth * 1e9, "selection_rate", LEVEL)
        for n in SIZES:
            chance = np.random.default_rng(n + k)
            held = dict.fromkeys(("gap", "bootstrap", *figures, "group"), 0.0)
            for case in range(cases):
                counts = sampled(chance, truth, n)
                places = compared_groups(counts, metrics)
                draws = counts_of.drawn(counts, RESAMPLES, case)
                found = change_of_gap(counts, metrics, places, LEVEL)
                low, high = by_bootstrap(counts, draws, metrics, places)
                held["gap"] += found.low <= true_gap <= found.high
                held["bootstrap"] += low <= true_gap <= high
                for name, figure in figures.items():
                    one = counts_of.change_of(counts, draws, figure, LEVEL)
                    held[name] += one.low <= true[name] <= one.high
                pairs = zip(counts_of.of_group(counts, "selection_rate", LEVEL), true_rates, strict=True)
                held["group"] += np.mean([one.low <= other.change <= one.high for one, other in pairs])
            words = "selection rates" if metrics != ODDS else "both error rates"
            rows.append([k, words, f"{n:,}", *(percent(one / cases) for one in held.values())])
    head = [
        "groups",
        "gap of",
        "people",
        "change of the gap",
        "(a plain bootstrap)",
        "accuracy",
        "balanced accuracy",
        "F1",
        "a group's rate",
    ]
    return table(head, rows)


def outcomes(cases):
    """Return the table of what is said of the gap after, by the true gap."""
    rows = []
    for k in (2, 6):
        for n in SIZES:
            cells = []
            for gap in (0.0, 0.2):
                truth, chance = of_groups(k, gap), np.random.default_rng(n + k)
                asked = Question("g", tuple(map(str, range(k))), "equalized_odds", 0.1, LEVEL, RESAMPLES, 0)
                said = [
                    judged([Compared("m", sampled(chance, truth, n), 0.0)], asked)["m"].outcome
                    for _ in range(cases)
                ]
                cells += [percent(said.count(one) / cases) for one in (FAIL, PASS)]
            rows.append([k, f"{n:,}", *cells])
    head = ["groups", "people", "alike: fails", "alike: passes", "0.2 apart: fails", "0.2 apart: passes"]
    return table(head, rows)


# ---------------------------------------------------------------- an example


def example():
    """Return the worked example on the Adult census data."""
    train, test, features = adult()
    features = [name for name in features if name != "sex"]
    spent, begun = {}, [time.process_time(), None]

    def step(method):
        if begun[1] is not None:
            spent[begun[1]] = time.process_time() - begun[0]
        begun[:] = time.process_time(), method

    found = mitigate(
        of_trees(features),
        train,
        test,
        target="income",
        positive=">50K",
        groups=["sex"],
        features=features,
        progress=step,
    )
    step(None)
    rows = f"on the {len(train):,} training rows, compared on the {found.result.rows:,} test rows, by sex"
    took = ", ".join(f"{method} {seconds:.1f} s" for method, seconds in spent.items())
    lines = [f"Gradient boosting of 100 trees {rows}.", f"Processor time of the fits: {took}.", ""]
    rows = [
        [
            row["method"], f"{row['gap_before']:.3f}",
            f"{row['gap_after']:.3f} [{row['gap_after_low']:.3f}, {row['gap_after_high']:.3f}]",
            found.result.finding(f"gap.{row['method']}").outcome,
            *(_change(row, name) for name in ("accuracy", "balanced_accuracy", "f1")), percent(row["decided_otherwise"]),
        ]
        for row in found.result.table("methods").to_dicts()
    ]  # fmt: skip
    head = [
        "method",
        "gap before",
        "gap after",
        "within 0.1",
        "accuracy",
        "balanced accuracy",
        "F1",
        "decided otherwise, %",
    ]
    lines += [*table(head, rows), "", "Who pays:", ""]
    rows = [
        [
            row["method"], row["group"], f"{row['rows']:,}", f"{row['selection_rate_before']:.3f}",
            *(_change(row, name) for name in ("selection_rate", "true_positive_rate", "false_positive_rate", "accuracy")),
            f"{row['to_positive']:,}", f"{row['to_negative']:,}",
        ]
        for row in found.result.table("groups").to_dicts()
    ]  # fmt: skip
    head = ["method", "group", "people", "selected before", "selected", "true positive rate", "false positive rate", "accuracy",
            "to positive", "to negative"]  # fmt: skip
    lines += [*table(head, rows), "", "Beside the figures it says:", ""]
    return lines + [f"- {note}" for note in found.result.notes]


def _change(row, name):
    change, low, high = (row[f"{name}_change{end}"] for end in ("", "_low", "_high"))
    return f"{change:+.3f} [{low:+.3f}, {high:+.3f}]"


def main():
    """Write every table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.checks.mitigation", description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000, help="simulated cases of each figure")
    cases = parser.parse_args().cases
    page = write_block.__defaults__[0].with_name(PAGE)
    for name, made in (("intervals", intervals(cases)), ("outcomes", outcomes(cases)), ("adult", example())):
        write_block(name, made, page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
