"""How often the check of robustness is wrong, and how often its intervals hold: `python -m benchmarks.checks.robustness`.

Simulated models, of which the truth is known, and a worked example on the Adult census data. Writes into
docs/explanation/robustness-checks.md; `--cases 50` is a quick look.
"""

import argparse
import sys
import time

import numpy as np

from benchmarks.checks.fairness import percent, table, write_block
from benchmarks.checks.robustness_adult import adult, of_trees
from gnomon.checks.kinds.robustness.check import robustness
from gnomon.checks.kinds.robustness.drops import paired
from gnomon.checks.kinds.robustness.scores import of_classes, of_numbers
from gnomon.checks.model_labels import Labels
from gnomon.checks.result import FAIL, PASS, UNKNOWN

PAGE = "robustness-checks.md"
LEVEL, LIMIT, REPEATS = 0.05, 0.05, 5
SIZES = (30, 100, 300, 1_000, 10_000)


# ---------------------------------------------------------------- what is simulated


def of_rows(chance, n, spoils, mends, metric):
    """Return a case of a classifier: its score, what each row counts as it is and disturbed, and the true drop.

    76 % of the rows are of the class that the model gets right in 93 %, the others of one that it gets right in 60 %. Rows differ
    in how easily they are spoilt; a wrong one is mended more rarely.
    """
    truth = (chance.random(n) < 0.24).astype(int)
    truth[:2] = 0, 1
    right = np.where(truth == 1, 0.6, 0.93)
    clean = (chance.random(n) < right).astype(float)
    ease = chance.beta(0.3, 0.3 * (1 / spoils - 1), n)
    changes = np.where(clean == 1, ease, np.minimum(1, ease * mends / spoils))
    flips = chance.random((REPEATS, n)) < changes
    disturbed = np.where(flips, 1 - clean, clean).mean(axis=0)
    score = of_classes(metric, Labels(truth))
    drops = {one: share * spoils - (1 - share) * mends for one, share in ((1, 0.6), (0, 0.93))}
    if metric == "accuracy":
        return score, clean, disturbed, 0.24 * drops[1] + 0.76 * drops[0]
    return score, clean, disturbed, (drops[0] + drops[1]) / 2


def of_errors(chance, n, noise, tails=None):
    """Return a case of a regression: y = x + e, predicted by x, and by x with noise. `tails` is the freedom of Student's e."""
    x = chance.normal(size=n)
    e = 0.5 * (chance.standard_t(tails, n) * np.sqrt((tails - 2) / tails) if tails else chance.normal(size=n))
    score = of_numbers(x + e)
    clean = score.values(x)
    disturbed = np.mean([score.values(x + noise * chance.normal(size=n)) for _ in range(REPEATS)], axis=0)
    return score, clean, disturbed, noise**2 / 1.25


CASES = {
    "accuracy, 1 % of rows change": lambda chance, n: of_rows(chance, n, 0.01, 0.01, "accuracy"),
    "accuracy, 10 %": lambda chance, n: of_rows(chance, n, 0.1, 0.05, "accuracy"),
    "balanced accuracy, 10 %": lambda chance, n: of_rows(chance, n, 0.1, 0.05, "balanced_accuracy"),
    "R², normal errors": lambda chance, n: of_errors(chance, n, 0.3),
    "R², heavy tails (t, 5)": lambda chance, n: of_errors(chance, n, 0.3, 5),
    "R², no fourth moment (t, 3)": lambda chance, n: of_errors(chance, n, 0.3, 3),
}


def intervals(cases):
    """Return the table of how often intervals hold the true drop."""
    rows = []
    for n in SIZES:
        chance, held = np.random.default_rng(n), []
        for make in CASES.values():
            hits = 0
            for _ in range(cases):
                score, clean, disturbed, true = make(chance, n)
                found = paired(clean, disturbed[:, None], score, LEVEL)[0]
                hits += found.low <= true <= found.high
            held.append(percent(hits / cases))
        rows.append([f"{n:,}", *held])
    return table(["rows", *CASES], rows)


def outcome(found):
    """Return the outcome of a single drop, as the check has it."""
    if found.low > LIMIT and found.beyond(LIMIT) <= LEVEL:
        return FAIL
    return PASS if found.high <= LIMIT else UNKNOWN


def outcomes(cases):
    """Return the table of outcomes by the true drop: 0, at the limit, twice the limit."""
    rows = []
    for n in SIZES:
        chance, cells = np.random.default_rng(n + 1), []
        for true in (0.0, LIMIT, 2 * LIMIT):
            spoils = (true + 0.15 * 0.08) / 0.85
            said = []
            for _ in range(cases):
                clean = (chance.random(n) < 0.85).astype(float)
                flips = chance.random((REPEATS, n)) < np.where(clean == 1, spoils, 0.08)
                disturbed = np.where(flips, 1 - clean, clean).mean(axis=0)
                score = of_classes("accuracy", Labels(np.zeros(n, int)))
                said.append(outcome(paired(clean, disturbed[:, None], score, LEVEL)[0]))
            cells += [percent(said.count(one) / cases) for one in (FAIL, PASS)]
        rows.append([f"{n:,}", *cells])
    head = ["rows"]
    head += [f"true drop {true:g}: {what}" for true in (0, LIMIT, 2 * LIMIT) for what in ("fails", "passes")]
    return table(head, rows)


# ---------------------------------------------------------------- the whole check


def of_chance(given):
    """Return a prediction that hangs on every digit of every column, and has nothing to do with the truth."""
    numbers = np.column_stack([given[name].astype(float) for name in ("a", "b", "c")])
    words = np.array([sum(map(ord, word)) for word in given["town"]])
    return (np.abs(np.nan_to_num(numbers, nan=7.7).sum(axis=1) * 1e5 + words).astype(np.int64)) % 2


def alarms(cases):
    """Return the table of how often any finding fails where no drop is beyond the limit, which is 0: the hardest case."""
    rows = []
    for n in (300, 2_000):
        chance, failed = np.random.default_rng(n + 2), 0
        for case in range(cases):
            given = {name: chance.normal(size=n) for name in ("a", "b", "c")}
            given |= {
                "kind": chance.integers(0, 5, n),
                "town": chance.choice(["A", "B", "C", "D"], n).astype(object),
            }
            given["y"] = chance.integers(0, 2, n)
            found = robustness(
                of_chance,
                {name: column.tolist() for name, column in given.items()},
                target="y",
                repeats=2,
                max_drop=0.0,
                seed=case,
            )
            failed += found.verdict == FAIL
        rows.append([f"{n:,}", len(found.findings), percent(failed / cases)])
    return table(["rows", "findings", "any of them fails"], rows)


# ---------------------------------------------------------------- an example


def example():
    """Return the worked example on the Adult census data."""
    train, test, features = adult()
    model = of_trees(features).fit(train[features].to_numpy(dtype=object), train["income"] == ">50K")
    begin = time.process_time()
    found = robustness(model, test, target="income", positive=">50K", features=features)
    spent = time.process_time() - begin
    trained = (
        f"A gradient boosting of 100 trees, trained on the {len(train):,} rows of the official training split"
    )
    asked = f"asked on the {found.rows:,} of the test split, which took {spent:.0f} s of processor time"
    lines = [f"{trained} and {asked}. The verdict is *{found.verdict}*.", ""]
    rows = [
        [row["way"], f"{row['strength']:g}", f"{row['metric']:.3f}", *_drop(row)]
        for row in found.table("strengths").to_dicts()
    ]
    lines += [*table(["", "strength", "balanced accuracy", "drop", "95 % interval"], rows), ""]
    rows = [
        [row["column"], *_drop(row), percent(row["changed"])] for row in found.table("columns").to_dicts()[:6]
    ]
    lines += ["The columns whose noise (0.3) hurts most:", ""]
    lines += [*table(["column", "drop", "95 % interval", "predictions changed, %"], rows), ""]
    worst = [one for one in found.findings if one.key.startswith("shift.")]
    worst.sort(key=lambda one: -one.value)
    rows = [
        [
            one.what.partition(" where ")[2],
            f"{one.value:.3f}",
            f"[{one.low:.3f}, {one.high:.3f}]",
            one.outcome,
        ]
        for one in worst
    ]
    lines += ["The slice of each column that decides, against all rows:", ""]
    return lines + table(["slice", "drop", "interval, all slices of the column together", "outcome"], rows)


def _drop(row):
    if row["drop"] is None:
        return "", ""
    return f"{row['drop']:.3f}", f"[{row['drop_low']:.3f}, {row['drop_high']:.3f}]"


def main():
    """Write every table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.checks.robustness", description=__doc__)
    parser.add_argument("--cases", type=int, default=2_000, help="simulated cases of each figure")
    cases = parser.parse_args().cases
    page = write_block.__defaults__[0].with_name(PAGE)
    for name, made in (
        ("intervals", intervals(cases)),
        ("outcomes", outcomes(cases)),
        ("alarms", alarms(max(20, cases // 4))),
        ("adult", example()),
    ):
        write_block(name, made, page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
