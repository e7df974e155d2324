"""How often the performance and leakage checks are wrong, and what they find: `python -m benchmarks.checks.performance`.

Simulated tables, of which the truth is known, and a table of 1,000,000 rows that scikit-learn's metrics are timed on, too. Writes
into docs/explanation/performance-checks.md; `--cases 20` is a quick look, `--only intervals` one part.
"""

from __future__ import annotations

import argparse
import functools
import sys
import time

import numpy as np
import polars

from benchmarks.checks.fairness import PAGE as FAIRNESS_PAGE
from benchmarks.checks.fairness import percent, table, write_block
from gnomon.checks.kinds.performance.bootstrapped import bootstrapped
from gnomon.checks.kinds.performance.calibration import bins_of, calibration_of
from gnomon.checks.kinds.performance.columns import Chances, Given
from gnomon.checks.kinds.performance.measured import measured_of
from gnomon.checks.kinds.performance.names import METRICS
from gnomon.checks.kinds.performance.weak import weak_slices

PAGE = FAIRNESS_PAGE.with_name("performance-checks.md")
LEVEL = 0.05
SIZES = (50, 200, 1_000, 10_000)
DRAWN = (50, 200, 1_000)  # sizes at which the usual bootstrap is drawn beside
RESAMPLES = 400
LARGE = 1_000_000


def counted(cases):
    """Return what says below a table how many cases its figures have."""
    return ["", f"{cases:,} simulated tables for each figure."]


# ---------------------------------------------------------------- rows of which the truth is known


def two_classes(share, apart):
    """Return a maker of rows: scores of two normals, as the chances that they are, so that they are calibrated."""

    def make(chance, n):
        truth = (chance.random(n) < share).astype(int)
        logit = (
            np.log(share / (1 - share)) + apart * (chance.standard_normal(n) + apart * truth) - apart**2 / 2
        )
        scores = 1 / (1 + np.exp(-logit))
        return Given(
            "binary", n, np.arange(n), truth, (scores >= 0.5).astype(int), scores, None, ("0", "1"), is_chance=True
        )  # fmt: skip

    return make


def four_classes(apart, shares=(0.4, 0.3, 0.2, 0.1)):
    """Return a maker of rows of four classes, with the chances of each."""
    count = len(shares)

    def make(chance, n):
        truth = chance.choice(count, n, p=shares)
        logit = apart * (chance.standard_normal((n, count)) + apart * np.eye(count)[truth]) + np.log(shares)
        scores = np.exp(logit - logit.max(1, keepdims=True))
        scores /= scores.sum(1, keepdims=True)
        own, top = scores[np.arange(n), truth], scores.max(1)
        chances = Chances(own, top, lambda code: scores[:, code], is_chance=True, sums_to_one=True)
        names = tuple(map(str, range(count)))
        return Given(
            "multiclass", n, np.arange(n), truth, scores.argmax(1), None, chances, names, is_chance=True
        )

    return make


def numbers(error):
    """Return a maker of rows of a regression, whose errors `error` draws."""

    def make(chance, n):
        truth = 10 + 2 * chance.standard_normal(n)
        return Given("regression", n, np.arange(n), truth, truth + error(chance, n))

    return make


CASES = {
    "binary": {
        "AUC 0.76": two_classes(0.5, 1.0), "AUC 0.92": two_classes(0.5, 2.0), "AUC 0.92, one in ten": two_classes(0.1, 2.0),
        "AUC 0.998": two_classes(0.5, 4.0), "AUC 0.998, one in ten": two_classes(0.1, 4.0), "AUC 0.56": two_classes(0.5, 0.2),
    },
    "multiclass": {"accuracy 0.5": four_classes(0.8), "accuracy 0.8": four_classes(2.0), "accuracy 0.99": four_classes(4.0)},
    "regression": {
        "normal errors": numbers(lambda chance, n: 0.5 + chance.standard_normal(n)),
        "heavy tails (t, 6)": numbers(lambda chance, n: chance.standard_t(6, n)),
        "skewed errors": numbers(lambda chance, n: chance.exponential(1, n)),
    },
}  # fmt: skip


# ---------------------------------------------------------------- intervals


@functools.cache
def true_values(make, task):
    """Return the metrics of very many rows."""
    chance = np.random.default_rng(12_345)
    parts = [measured_of(make(chance, 500_000), METRICS[task], 100, 0).measures for _ in range(4)]
    return {name: float(np.mean([part[name].value for part in parts])) for name in parts[0]}


def held(make, task, n, cases, *, is_usual):
    """Return by metric in which part of cases the interval held the true value, where most cases have one."""
    true = true_values(make, task)
    chance = np.random.default_rng(n)
    counts, held_ = dict.fromkeys(true, 0), dict.fromkeys(true, 0)
    for case in range(cases):
        given = make(chance, n)
        for name, (low, high) in intervals_of(given, task, case, is_usual=is_usual).items():
            counts[name] += 1
            held_[name] += low - 1e-12 <= true[name] <= high + 1e-12
    return {name: held_[name] / count for name, count in counts.items() if count > cases / 2}


def intervals_of(given, task, seed, *, is_usual):
    if is_usual:
        drawn = {
            name: values[np.isfinite(values)] for name, values in bootstrapped(given, RESAMPLES, seed).items()
        }
        return {
            name: np.quantile(values, [LEVEL / 2, 1 - LEVEL / 2])
            for name, values in drawn.items()
            if len(values)
        }
    found = measured_of(given, METRICS[task], 1000, seed).measures
    return {name: one.ends(LEVEL) for name, one in found.items() if one.ends is not None and not one.why}


def cell(parts):
    """Return the mean over cases, and the lowest and highest."""
    if not parts:
        return ""
    return f"{percent(np.mean(parts))} ({percent(min(parts))}–{percent(max(parts))})"


def intervals(cases):
    """Write how often intervals hold: mean over cases, lowest and highest."""
    head = ["metric", *(f"{n:,} rows" for n in SIZES), *(f"bootstrap, {n:,} rows" for n in DRAWN)]
    usual = max(20, cases // 2)  # the bootstrap costs most
    lines = []
    for task, makers in CASES.items():
        every = list(makers.values())
        ours = [[held(make, task, n, cases, is_usual=False) for make in every] for n in SIZES]
        theirs = [[held(make, task, n, usual, is_usual=True) for make in every] for n in DRAWN]
        rows = [
            [name, *(cell([one[name] for one in size if name in one]) for size in [*ours, *theirs])]
            for name in METRICS[task]
        ]
        lines += [f"*{task}*: {', '.join(makers)}.", "", *table(head, rows), ""]
        print(task, flush=True)
    drawn = f"{usual:,} of {RESAMPLES:,} resamples each for the bootstrap"
    write_block(
        "simulated intervals", [*lines, f"{cases:,} simulated tables for each kind and size; {drawn}."], PAGE
    )


def calibrations(cases):
    """Write how often the interval of the calibration error holds."""
    rows = []
    for words, steeper, shift in (
        ("none", 1.0, 0.0),
        ("small", 1.0, 0.1),
        ("too extreme", 1.5, 0.0),
        ("shifted", 1.0, 0.5),
    ):
        for n in (200, 1_000, 10_000):
            chance = np.random.default_rng(n)
            bins = bins_of(*scored(chance, LARGE, steeper, shift))
            true = float(bins.rows @ np.abs(bins.rates - bins.scores) / bins.rows.sum())
            found = [calibration_of(*scored(chance, n, steeper, shift), LEVEL, seed) for seed in range(cases)]
            ends = [one.ends(LEVEL) for one in found]
            # the bins of very many rows are off by a little themselves
            holds = np.mean([low <= true + 2e-3 and true - 2e-3 <= high for low, high in ends])
            raw, corrected = (
                np.mean([getattr(one, part) for one in found]) for part in ("error", "corrected")
            )
            figures = [f"{one:.3f}" for one in (true, raw, corrected)]
            rows.append(
                [words, f"{n:,}", *figures, percent(holds), percent(np.mean([low > 0 for low, _ in ends]))]
            )
    head = ["what is off", "rows", "true error", "as found", "corrected", "interval holds", "surely above 0"]
    write_block("simulated calibration", [*table(head, rows), *counted(cases)], PAGE)


def scored(chance, n, steeper, shift):
    logit = 1.5 * chance.standard_normal(n)
    return 1 / (1 + np.exp(-steeper * logit - shift)), (chance.random(n) < 1 / (1 + np.exp(-logit))).astype(
        int
    )


# ---------------------------------------------------------------- slices


class Held(dict):
    """Columns of a table that is here."""

    def each(self, names):
        return ((name, self[name]) for name in names)


def columns(chance, n):
    """Return four columns of numbers and four of labels."""
    made = Held({f"x{at}": chance.standard_normal(n) for at in range(4)})
    made.update({f"c{at}": chance.choice(list("abcde"), n).astype(object) for at in range(4)})
    return made


def wrong(chance, rates):
    """Return rows that are wrong so often."""
    truth = np.zeros(len(rates), int)
    return Given(
        "binary", len(rates), np.arange(len(rates)), truth, (chance.random(len(rates)) < rates).astype(int), classes=("0", "1")
    )  # fmt: skip


def off(chance, sizes):
    """Return rows of a regression with heavy tails, whose errors are so large."""
    truth = chance.standard_normal(len(sizes))
    error = chance.standard_t(4, len(sizes)) * sizes
    return Given("regression", len(sizes), np.arange(len(sizes)), truth, truth + error)


def alarms(cases):
    """Write in how many tables without a weak slice one is found."""
    rows = []
    for n in (500, 2_000, 20_000):
        chance = np.random.default_rng(n)
        counts = []
        for make, usual in ((wrong, 0.03), (wrong, 0.2), (off, 1.0)):
            found = 0
            for _ in range(cases):
                made = columns(chance, n)
                got = weak_slices(made, list(made), make(chance, np.full(n, usual)), 0.0, LEVEL)
                found += bool(got.failed or got.within)
            counts.append(percent(found / cases))
        rows.append([f"{n:,}", f"{got.looked_at:,}", *counts])
    head = ["rows", "slices looked at", "3 % wrong", "20 % wrong", "regression"]
    write_block("simulated slice alarms", [*table(head, rows), *counted(cases)], PAGE)


def weak_rows(made, kind):
    if kind == "a label, a fifth of the rows":
        return made["c0"] == "b"
    return (made["c0"] == "b") & (made["x0"] > 0)


def power(cases):
    """Write how often a planted slice fails."""
    rows = []
    for kind in ("a label, a fifth of the rows", "a pair, a tenth of the rows"):
        for words, make, usual, weak, limit in (
            ("0.15 lower", wrong, 0.15, 0.30, 0.1), ("0.25 lower", wrong, 0.15, 0.40, 0.1), ("error × 2", off, 1.0, 2.0, 0.5),
            ("0.05 lower, within the limit", wrong, 0.15, 0.20, 0.1),
        ):  # fmt: skip
            line = [kind, words]
            for n in (500, 2_000, 20_000):
                chance = np.random.default_rng(n)
                hits = others = 0
                for _ in range(cases):
                    made = columns(chance, n)
                    is_weak = weak_rows(made, kind)
                    got = weak_slices(
                        made, list(made), make(chance, np.where(is_weak, weak, usual)), limit, LEVEL
                    )
                    alike = [overlap(made, one.words, is_weak) for one in got.failed]
                    hits += any(one >= 0.5 for one in alike)
                    others += any(one < 0.5 for one in alike)
                line.append(f"{percent(hits / cases)} / {percent(others / cases)}")
            rows.append(line)
    head = ["weak", "drop", *(f"{n:,} rows" for n in (500, 2_000, 20_000))]
    write_block("simulated slice power", [*table(head, rows), *counted(cases)], PAGE)


def overlap(made, words, is_weak):
    """Return how much of two slices together both have."""
    inside = np.ones(len(is_weak), bool)
    for part in words.split(" and "):
        inside &= holds(made, part.split())
    return (inside & is_weak).sum() / (inside | is_weak).sum()


def holds(made, parts):
    if parts[1] == "=":
        return made[parts[0]] == parts[2]
    if len(parts) == 3:
        return made[parts[0]] <= float(parts[2]) if parts[1] == "≤" else made[parts[0]] > float(parts[2])
    return (made[parts[2]] > float(parts[0])) & (made[parts[2]] <= float(parts[4]))


# ---------------------------------------------------------------- leakage


def coarse(chance, n, count):
    made = {f"c{at}": chance.choice(list("uvw"), n, p=[0.5, 0.3, 0.2]).astype(object) for at in range(count)}
    return {**made, "y": chance.integers(0, 2, n)}


def mixed(chance, n, count):
    kind = chance.integers(0, 4, n)
    shares = chance.dirichlet(np.full(3, 0.3), (4, count))
    codes = (chance.random((n, count))[:, :, None] > shares[kind].cumsum(2)).sum(2)
    return {**{f"c{at}": codes[:, at] for at in range(count)}, "y": chance.integers(0, 2, n)}


def fine(chance, n, count):
    return {**{f"x{at}": chance.standard_normal(n) for at in range(count)}, "y": chance.integers(0, 2, n)}


def leaks(cases):
    """Write how the overlap of two tables is read."""
    from gnomon.checks import leakage

    rows = []
    for words, make, count in (
        ("4 columns of numbers", fine, 4), ("1 column of 3 values", coarse, 1), ("5 independent ones", coarse, 5),
        ("10 independent ones", coarse, 10), ("25 independent ones", coarse, 25), ("12 that hang together", mixed, 12),
    ):  # fmt: skip
        for how in ("nothing", "before the split", "into the test set"):
            chance = np.random.default_rng(count)
            found = {"pass": 0, "cannot tell": 0, "fail": 0}
            for _ in range(cases):
                train, test = split(chance, make(chance, 4000, count), how)
                found[leakage(train, test, target="y").finding("overlap.rows").outcome] += 1
            rows.append([words, how, *(percent(one / cases) for one in found.values())])
    head = ["columns", "200 of 4,000 rows are copied", "pass", "cannot tell", "fail"]
    write_block("simulated leaks", [*table(head, rows), *counted(cases)], PAGE)


def split(chance, made, how):
    order = chance.permutation(4000)
    if how == "before the split":
        order = chance.permutation(np.concatenate([np.arange(3800), np.arange(200)]))
    train, test = order[:3000], order[3000:]
    if how == "into the test set":
        test = np.concatenate([test[200:], train[:200]])
    table = polars.DataFrame(made)  # which costs less to hand over than a dict
    return tuple(table[places] for places in (train, test))


# ---------------------------------------------------------------- time


def speed():
    """Write the processor time of a million rows."""
    from sklearn import metrics as theirs

    from gnomon.checks import performance

    chance = np.random.default_rng(1)
    given = two_classes(0.3, 1.5)(chance, LARGE)
    small = {"y": given.truth, "s": given.scores}
    large = {**small, **columns(chance, LARGE)}
    truth, scores, said = given.truth, given.scores, given.predicted

    def sklearn():
        for metric in (theirs.accuracy_score, theirs.balanced_accuracy_score, theirs.precision_score, theirs.recall_score,
                       theirs.f1_score, theirs.matthews_corrcoef):  # fmt: skip
            metric(truth, said)
        theirs.recall_score(truth, said, pos_label=0)
        for metric in (
            theirs.roc_auc_score,
            theirs.average_precision_score,
            theirs.log_loss,
            theirs.brier_score_loss,
        ):
            metric(truth, scores)

    jobs = {
        "scikit-learn: the 11 metrics, no interval": sklearn,
        "performance, without slices: intervals, calibration, charts too": lambda: performance(small, target="y", score="s"),
        "performance, with slices of 8 columns": lambda: performance(large, target="y", score="s"),
    }  # fmt: skip
    times = {name: [] for name in jobs}
    performance({name: values[:1000] for name, values in large.items()}, target="y", score="s")
    for _ in range(3):
        for name, job in jobs.items():
            started = time.process_time()
            job()
            times[name].append(time.process_time() - started)
    base = min(times["scikit-learn: the 11 metrics, no interval"])
    rows = [[name, f"{min(each):.1f}", f"{min(each) / base:.1f}"] for name, each in times.items()]
    write_block(
        "measured time", table(["1,000,000 rows, two classes", "processor seconds", "ratio"], rows), PAGE
    )


PARTS = {
    "intervals": intervals, "calibrations": calibrations, "alarms": alarms, "power": power, "leaks": leaks,
    "speed": lambda _: speed(),
}  # fmt: skip


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.checks.performance", description=__doc__)
    parser.add_argument(
        "--cases", type=int, default=1000, help="of each interval; all else takes half of them"
    )
    parser.add_argument("--only", choices=list(PARTS), help="one part")
    arguments = parser.parse_args()
    for name, part in PARTS.items():
        if arguments.only in (None, name):
            part(arguments.cases if name == "intervals" else max(10, arguments.cases // 2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
