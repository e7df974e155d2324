"""The processor time of the drift check beside Evidently's report: `python -m benchmarks.checks.drift_speed`.

100,000 rows of 50 columns against as many, in one go: ours, Evidently's, ours again, each in a process of its own, as Evidently
needs pandas before 3; its environment is made on first use. Imports are not counted, nor the first call on few rows.
Writes the ratio, and the times of other shapes, into docs/explanation/drift-checks.md.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from benchmarks.checks.drift import PAGE
from benchmarks.checks.fairness import table, write_block
from benchmarks.environments import _python_with

EVIDENTLY = ("evidently==0.7.23", "pandas<3")
SHAPES = ((100_000, 50), (1_000_000, 10), (1_000, 10_000))

_MADE = """
import json, resource, sys, time
import numpy as np, pandas as pd
rows, columns = int(sys.argv[1]), int(sys.argv[2])
def made(seed, rows):
    chance = np.random.default_rng(seed)
    return pd.DataFrame(chance.normal(size=(rows, columns)), columns=[f"c{at}" for at in range(columns)])
before, after = made(1, rows), made(2, rows)
"""
_OURS = """
from gnomon.checks import drift as ours
def call(a, b):
    return ours(a, b).verdict
"""
_THEIRS = """
from evidently import Report
from evidently.presets import DataDriftPreset
def call(a, b):
    return len(Report([DataDriftPreset()]).run(b, a).dict()["metrics"])
"""
_TIMED = """
call(before.head(200)[before.columns[:5]], after.head(200)[after.columns[:5]])
taken = []
for _ in range(int(sys.argv[3])):
    begin = time.process_time()
    said = call(before, after)
    taken.append(time.process_time() - begin)
print(json.dumps([taken, said, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024]))
"""


def timed(python, what, shape, times):
    """Return the seconds of processor time of so many calls, in all threads, what was said, and the largest memory in MB."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "timed.py"
        path.write_text(_MADE + what + _TIMED)
        done = subprocess.run(
            [str(python), str(path), *map(str, shape), str(times)], check=True, capture_output=True, text=True
        )
    return json.loads(done.stdout.splitlines()[-1])


def main():
    """Measure, and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=SHAPES[0][0])
    args = parser.parse_args()
    theirs_python = _python_with("evidently", EVIDENTLY)
    shape = args.rows, SHAPES[0][1]
    before = timed(sys.executable, _OURS, shape, 3)
    theirs = timed(theirs_python, _THEIRS, shape, 1)
    after = timed(sys.executable, _OURS, shape, 3)
    taken = statistics.median(before[0] + after[0])
    rows = [
        ["Evidently 0.7.23, `DataDriftPreset()`", f"{shape[0]:,} x {shape[1]}", f"{theirs[0][0]:.1f}", "1", f"{theirs[2]:,}"],
        ["`drift`", f"{shape[0]:,} x {shape[1]}", f"{taken:.2f}", f"{theirs[0][0] / taken:.0f} times less", f"{before[2]:,}"],
    ]  # fmt: skip
    for other in SHAPES[1:]:
        found = timed(sys.executable, _OURS, other, 1)
        rows.append(["`drift`", f"{other[0]:,} x {other[1]:,}", f"{found[0][0]:.1f}", "", f"{found[2]:,}"])
    lines = table(
        [
            "what",
            "rows x columns, against as many",
            "processor time (s)",
            "ratio",
            "memory of the process (MB)",
        ],
        rows,
    )
    lines += [
        "",
        "Median of six calls before and after. "
        + ", ".join(f"{one} {version(one)}" for one in ("numpy", "duckdb", "pandas"))
        + ".",
    ]
    write_block("measured speed", lines, PAGE)


if __name__ == "__main__":
    main()
