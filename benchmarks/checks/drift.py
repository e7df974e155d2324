"""How often the drift check is wrong, what it finds, and how often its bounds hold: `python -m benchmarks.checks.drift`.

Simulated tables, of which the truth is known. Writes into docs/explanation/drift-checks.md; `--cases 20` is a quick look.
"""

import argparse
import math
import sys
from pathlib import Path
from statistics import NormalDist

import numpy as np

from benchmarks.checks.fairness import percent, table, write_block
from gnomon.checks.kinds.drift import measured, told
from gnomon.checks.kinds.drift.check import MAX_SHIFT
from gnomon.checks.kinds.drift.columns import NUMBERS
from gnomon.checks.kinds.drift.joint import MOST_ROWS as JOINT_ROWS
from gnomon.checks.kinds.drift.joint import joint, limit_of

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "drift-checks.md"
LEVEL = 0.05
MANY = ("drift.200 categories, few common", "drift.1,000 categories")


def zipf(k):
    """Return the shares of k categories, of which the i-th is as common as 1/i."""
    shares = 1 / np.arange(1, k + 1)
    return shares / shares.sum()


OF_NUMBERS = {
    "normal": lambda chance, n: chance.normal(size=n),
    "skewed (lognormal)": lambda chance, n: chance.lognormal(size=n),
    "heavy tails (Cauchy)": lambda chance, n: chance.standard_cauchy(n),
    "whole numbers (Poisson, 3)": lambda chance, n: chance.poisson(3.0, n).astype(float),
    "70 % zeros": lambda chance, n: np.where(chance.random(n) < 0.7, 0.0, chance.exponential(size=n)),
    "0 or 1, 5 % ones": lambda chance, n: (chance.random(n) < 0.05).astype(float),
    "5 % missing": lambda chance, n: np.where(chance.random(n) < 0.05, np.nan, chance.normal(size=n)),
}
OF_WORDS = {
    "2 categories": np.array([0.5, 0.5]),
    "2 categories, 1 % rare": np.array([0.99, 0.01]),
    "5 categories": np.full(5, 0.2),
    "50 categories": np.full(50, 0.02),
    "200 categories, few common": zipf(200),
    "1,000 categories": np.full(1000, 0.001),
}


def counts(drawn):
    """Return counts of categories as the engines give them."""
    return {f"c{at}": int(n) for at, n in enumerate(drawn) if n}


def of_numbers(reference, current, name="x"):
    """Return a column of numbers, measured."""
    return measured.of_numbers(name, NUMBERS, reference, current, is_whole=False)


def of_words(chance, n, m, p, q, name="x"):
    """Return a column of categories, measured, of which only the counts are drawn."""
    ours, theirs = counts(chance.multinomial(n, p)), counts(chance.multinomial(m, q))
    return measured.of_words(name, ours, theirs, (n, m), 0)


def judged(columns, rows, pair=None):
    """Return the outcomes of a result, by key, and its smallest corrected chance."""
    found = None
    if pair is not None:
        found = joint(*pair, limit=limit_of(MAX_SHIFT))
    seen = told.Seen(columns, [], rows, found, joint_limit=limit_of(MAX_SHIFT))
    made = told.judged(seen, MAX_SHIFT, LEVEL)
    return {one.key: one.outcome for one in made.findings}, min(made.corrected.values())


# ---------------------------------------------------------------- nothing moved

SIZES = (
    (1_000, 1_000),
    (2_000, 2_000),
    (1_000, 100_000),
    (10_000, 10_000),
    (100_000, 100_000),
    (1_000_000, 1_000_000),
)


def false_alarms(chance, cases):
    """Return what is said of a table of 13 columns of every kind, of which none moved."""
    rows = []
    for n, m in SIZES:
        times = max(cases // 20, int(cases * min(1.0, 10_000 / max(n, m))))
        failed, any_chance, whole, usual, passed = [], [], [], [], []
        for _ in range(times):
            columns, sampled = [], ({}, {})
            for name, draw in OF_NUMBERS.items():
                both = draw(chance, n), draw(chance, m)
                columns.append(of_numbers(*both, name))
                for held, values in zip(sampled, both, strict=True):
                    held[name] = values[:JOINT_ROWS]
            columns += [of_words(chance, n, m, p, p, name) for name, p in OF_WORDS.items()]
            outcomes, p = judged(columns, (n, m), sampled)
            failed.append("fail" in outcomes.values())
            any_chance.append(p <= LEVEL)
            whole.append(set(outcomes.values()) == {"pass"})
            usual.append({said for key, said in outcomes.items() if key not in MANY} == {"pass"})
            passed += [outcome == "pass" for outcome in outcomes.values()]
        rows.append([
            f"{n:,}", f"{m:,}", f"{times:,}", percent(np.mean(failed)), percent(np.mean(any_chance)),
            percent(np.mean(passed)), percent(np.mean(whole)), percent(np.mean(usual)),
        ])  # fmt: skip
    head = [
        "rows of the reference", "of the current table", "cases", "result fails", "chance excluded somewhere",
        "findings that pass", "results that pass", "results without the two of most categories that pass",
    ]  # fmt: skip
    return table(head, rows)


def chances(chance, cases):
    """Return by distribution how often a column's own chance is at most 5 %, and at most 0.1 %, where nothing moved."""
    rows = []
    every = [
        (name, lambda n, draw=draw: of_numbers(draw(chance, n), draw(chance, n)))
        for name, draw in OF_NUMBERS.items()
    ]
    every += [(name, lambda n, p=p: of_words(chance, n, n, p, p)) for name, p in OF_WORDS.items()]
    for name, draw in every:
        row = [name]
        for n in (200, 1_000, 10_000):
            found = [draw(n) for _ in range(2 * cases)]
            row += [percent(np.mean([one.p <= 0.05 for one in found]))]
            row += [f"{100 * np.mean([one.p <= 0.001 for one in found]):.2f}"]
            row += [percent(np.mean([(one.high or 1.0) <= MAX_SHIFT for one in found]))]
        rows.append(row)
    head = [
        "column",
        *(
            f"{n:,} rows: {what}"
            for n in (200, 1_000, 10_000)
            for what in ("p ≤ 0.05", "p ≤ 0.001", "passes")
        ),
    ]
    return table(head, rows)


# ---------------------------------------------------------------- something moved


def moved_number(chance, n, name, by):
    """Return a column of which the share `by` of rows turned into one value above all others, so that its distance is `by`."""
    values = OF_NUMBERS[name](chance, n)
    return np.where(chance.random(n) < by, 1e6, values)


def power(chance, cases):
    """Return how often one column that moved fails, among so many that did not."""
    rows = []
    shifts = {
        "normal, half a standard deviation": (lambda n: chance.normal(size=n), lambda n: chance.normal(size=n) + 0.5),
        "normal, twice the spread": (lambda n: chance.normal(size=n), lambda n: 2 * chance.normal(size=n)),
        "lognormal, its log by half": (lambda n: chance.lognormal(size=n), lambda n: chance.lognormal(0.5, size=n)),
        "whole numbers, Poisson 3 to 4": (
            lambda n: chance.poisson(3.0, n).astype(float),
            lambda n: chance.poisson(4.0, n).astype(float),
        ),
        "70 % zeros to 50 %": (
            lambda n: np.where(chance.random(n) < 0.7, 0.0, chance.exponential(size=n)),
            lambda n: np.where(chance.random(n) < 0.5, 0.0, chance.exponential(size=n)),
        ),
        "none missing to 20 %": (
            lambda n: chance.normal(size=n),
            lambda n: np.where(chance.random(n) < 0.2, np.nan, chance.normal(size=n)),
        ),
    }  # fmt: skip
    every = {name: (lambda n, a=a, b=b: of_numbers(a(n), b(n))) for name, (a, b) in shifts.items()}
    p5, q5 = np.full(5, 0.2), np.array([0.4, 0.2, 0.15, 0.15, 0.1])
    every["5 categories, 20 % of rows changed"] = lambda n: of_words(chance, n, n, p5, q5)
    p50 = np.full(50, 0.02)
    q50 = np.append(0.2, np.full(49, 0.8 / 49))
    every["50 categories, 18 % of rows to one"] = lambda n: of_words(chance, n, n, p50, q50)
    for name, draw in every.items():
        row = [name]
        for n in (500, 2_000):
            for others in (1, 50, 200):
                hits = []
                for _ in range(cases):
                    still = [
                        measured.nothing(f"o{at}", NUMBERS, n, n, measured.Rate(0, 0), "")._replace(
                            p=p, effect=0.0, low=0.0, high=0.0
                        )
                        for at, p in enumerate(chance.random(others - 1))
                    ]
                    outcomes, _ = judged([draw(n), *still], (n, n))
                    hits.append("fail" in (outcomes["drift.x"], outcomes.get("missing.x")))
                row.append(percent(np.mean(hits)))
        rows.append(row)
    head = [
        "what moved",
        *(
            f"{n:,} rows: {others} column{'s' * (others > 1)}"
            for n in (500, 2_000)
            for others in (1, 50, 200)
        ),
    ]
    return table(head, rows)


def small(chance, cases):
    """Return what is said of a shift of a thousandth of a standard deviation, with a million rows of each."""
    rows = []
    for n, shift in ((1_000_000, 0.001), (1_000_000, 0.01), (1_000_000, 0.1), (1_000_000, 0.3)):
        said, p = [], []
        for _ in range(max(10, cases // 40)):
            one = of_numbers(chance.normal(size=n), chance.normal(size=n) + shift)
            said.append(judged([one], (n, n))[0]["drift.x"])
            p.append(one.p <= LEVEL)
        rows.append([
            f"{n:,}", f"{shift}", f"{2 * NormalDist().cdf(shift / 2) - 1:.4f}", len(said), percent(np.mean(p)),
            *(percent(np.mean([one == word for one in said])) for word in ("pass", "fail")),
        ])  # fmt: skip
    head = [
        "rows of each",
        "shift in standard deviations",
        "KS distance",
        "cases",
        "p ≤ 0.05",
        "passes",
        "fails",
    ]
    return table(head, rows)


def coverage(chance, cases):
    """Return how many bounds hold the true distance, upper and lower."""
    rows = []

    def normal(n, m, by):
        shift = 2 * NormalDist().inv_cdf((1 + by) / 2)
        return of_numbers(chance.normal(size=n), chance.normal(size=m) + shift), by

    def spike(name):
        return lambda n, m, by: (
            of_numbers(OF_NUMBERS[name](chance, n), moved_number(chance, m, name, by)),
            by,
        )

    def one_grew(p):
        def draw(n, m, by):
            grown = p * (1 - by / (1 - p[-1]))
            grown[-1] = p[-1] + by
            return of_words(chance, n, m, p, grown), by

        return draw

    def all_move(p):
        def draw(n, m, by):
            signs = np.where(np.arange(len(p)) % 2, 1.0, -1.0)
            q = p * (1 + 2 * by * signs)
            q /= q.sum()
            return of_words(chance, n, m, p, q), float(np.abs(p - q).sum() / 2)

        return draw

    every = {
        "normal, shifted": normal,
        **{f"{name}, some to one value": spike(name) for name in list(OF_NUMBERS)[:6]},
        **{f"{name}, one grew": one_grew(p) for name, p in OF_WORDS.items()},
        **{f"{name}, all moved": all_move(p) for name, p in list(OF_WORDS.items())[2:]},
    }
    for name, draw in every.items():
        row = [name]
        for n, m in ((500, 500), (2_000, 2_000), (500, 50_000)):
            high, low, effects = [], [], []
            for by in (0.05, 0.1, 0.2):
                for _ in range(cases):
                    one, true = draw(n, m, by)
                    high.append(one.high >= true - 1e-12)
                    low.append(one.low <= true + 1e-12)
                    effects.append((one.effect - true) / true)
            row += [percent(np.mean(high)), percent(np.mean(low)), f"{100 * np.mean(effects):+.0f}"]
        rows.append(row)
    sizes = ("500", "2,000", "500 and 50,000")
    head = [
        "column",
        *(
            f"{size} rows: {what}"
            for size in sizes
            for what in ("upper end holds", "lower end holds", "effect off by")
        ),
    ]
    return table(head, rows)


# ---------------------------------------------------------------- together


def correlated(chance, n, columns, correlation):
    """Return a table whose first two columns have this correlation, and all a quarter of it among them."""
    common = chance.normal(size=(n, 1))
    made = math.sqrt(0.75) * chance.normal(size=(n, columns)) + math.sqrt(0.25) * common
    made[:, 1] = 0.25 * made[:, 0] + math.sqrt(1 - 0.25**2) * made[:, 1]
    first = chance.normal(size=n)
    made[:, 0], made[:, 1] = (
        first,
        correlation * first + math.sqrt(1 - correlation**2) * chance.normal(size=n),
    )
    made[:, -1] = np.exp(made[:, -1])  # ranks are what counts
    return {f"c{at}": made[:, at].copy() for at in range(columns)}


def together(chance, cases):
    """Return what the joint test says, by how much the correlation of two columns rose."""
    rows = []
    limit = limit_of(MAX_SHIFT)
    for columns in (5, 50):
        for n in (500, 1_000, 2_000, 10_000):
            row = [columns, f"{n:,}"]
            times = max(20, cases * 1_000 // max(n, 1_000) // (4 if columns > 5 else 1))
            for rise in (0.0, 0.2, 0.3, 0.5):
                found = [
                    joint(
                        correlated(chance, n, columns, 0.0),
                        correlated(chance, n, columns, rise),
                        limit=limit,
                        seed=at,
                    )
                    for at in range(times)
                ]
                fails = [one.p * (columns + 1) <= LEVEL and one.auc > limit for one in found]
                row.append(f"{np.mean([one.auc for one in found]):.3f}")
                if not rise:
                    row.append(percent(np.mean([one.p <= LEVEL for one in found])))
                row += [percent(np.mean(fails)), percent(np.mean([one.high <= limit for one in found]))]
            rows.append(row)
    head = ["columns", "rows of each"]
    for rise in (0.0, 0.2, 0.3, 0.5):
        head += [f"rise {rise}: AUC", *(["p ≤ 0.05"] if not rise else []), "fails", "passes"]
    return table(head, rows)


TABLES = {
    "alarms": false_alarms, "chances": chances, "power": power, "small": small, "coverage": coverage, "joint": together,
}  # fmt: skip


def main():
    """Write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=400)
    parser.add_argument("--tables", default=",".join(TABLES))
    args = parser.parse_args()
    for place, (name, made) in enumerate(TABLES.items()):
        if name in args.tables.split(","):
            print(f"{name} …", file=sys.stderr)
            write_block(f"simulated {name}", made(np.random.default_rng(2000 + place), args.cases), PAGE)


if __name__ == "__main__":
    main()
