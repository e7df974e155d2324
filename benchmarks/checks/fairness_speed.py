"""The processor time of the fairness check beside Fairlearn's MetricFrame: `python -m benchmarks.checks.fairness_speed`.

A million people, three attributes crossed (40 groups), eight metrics; both in one process, so that what else the machine does
bears on both. Checks that the values are equal, and writes the ratios into docs/explanation/fairness-checks.md.
"""

import argparse
import statistics
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.checks.fairness import table, write_block
from gnomon.checks.kinds.fairness.check import fairness
from gnomon.checks.kinds.fairness.names import RATES

GROUPS = ["sex", "race", "age"]
RESAMPLES = 200


def people(n):
    """Return people of 2 x 5 x 4 groups, from 0.1 % of all to 23 %, with outcomes and decisions."""
    chance = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "sex": chance.choice(["Female", "Male"], n, p=[0.33, 0.67]),
            "race": chance.choice(
                ["White", "Black", "Asian", "Indian", "Other"], n, p=[0.85, 0.1, 0.03, 0.01, 0.01]
            ),
            "age": chance.choice(["to 25", "to 45", "to 65", "older"], n, p=[0.15, 0.4, 0.3, 0.15]),
        }
    )
    score = chance.beta(2, 3, n)
    frame["y"] = chance.random(n) < score
    frame["p"] = score + 0.03 * (frame["sex"] == "Male") + chance.normal(0, 0.1, n) > 0.5
    return frame


def timed(call):
    """Return an answer, and the seconds of processor time that it took in all threads."""
    begin = time.process_time()
    answer = call()
    return answer, time.process_time() - begin


def of_fairlearn(frame):
    """Return Fairlearn's frame of eight metrics over the crossed groups."""
    from fairlearn import metrics
    from sklearn.metrics import accuracy_score, precision_score

    named = {name: getattr(metrics, name) for name in ("count", *RATES) if hasattr(metrics, name)}
    return metrics.MetricFrame(
        metrics={**named, "accuracy": accuracy_score, "precision": precision_score},
        y_true=frame["y"],
        y_pred=frame["p"],
        sensitive_features=frame[GROUPS],
    )


def of_ours(given, resamples=0):
    """Return the check of all rates over the three attributes and their crossing."""
    return fairness(
        given, target="y", prediction="p", groups=GROUPS, metrics=list(RATES), resamples=resamples
    )


def farthest(theirs, ours):
    """Return the largest difference of any value of any crossed group."""
    rows = {
        row["group"]: row for row in ours.table("groups").to_dicts() if row["attribute"] == " & ".join(GROUPS)
    }
    found = 0.0
    for labels, row in theirs.by_group.iterrows():
        mine = rows[" & ".join(labels)]
        found = max(found, abs(row["count"] - mine["n"]), *(abs(row[name] - mine[name]) for name in RATES))
    assert len(rows) == len(theirs.by_group) == 40
    return found


def main():
    """Measure, compare, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    args = parser.parse_args()
    frame = people(args.rows)
    of_ours(frame.head(1000), RESAMPLES)  # imports
    of_fairlearn(frame.head(1000))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "people.parquet"
        frame.to_parquet(path)
        ways = {
            "pandas": lambda: of_ours(frame),
            "Parquet": lambda: of_ours(path),
            f"pandas, {RESAMPLES} resamples": lambda: of_ours(frame, RESAMPLES),
            f"Parquet, {RESAMPLES} resamples": lambda: of_ours(path, RESAMPLES),
        }
        ours = {name: [timed(call) for _ in range(3)] for name, call in ways.items()}
        theirs, theirs_s = timed(lambda: of_fairlearn(frame))
        for name, call in ways.items():  # before and after, as the machine may have become slower
            ours[name] += [timed(call) for _ in range(2)]
    apart = max(farthest(theirs, runs[0][0]) for runs in ours.values())
    assert apart < 1e-9, apart
    rows = [["Fairlearn's MetricFrame", f"{theirs_s:.1f}", "1"]]
    for name, runs in ours.items():
        taken = statistics.median(seconds for _, seconds in runs)
        rows.append([name, f"{taken:.2f}", f"{theirs_s / taken:.0f} times less"])
    lines = table(["what", "processor time (s)", "ratio"], rows)
    libraries = ", ".join(f"{name} {version(name)}" for name in ("fairlearn", "pandas", "duckdb", "numpy"))
    lines += ["", f"{args.rows:,} rows; largest difference of any value: {apart:.1g}. {libraries}."]
    write_block("measured speed", lines)


if __name__ == "__main__":
    main()
