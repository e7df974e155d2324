"""Checks need narwhals and NumPy, and nothing of pyarrow, pandas or Polars."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import sys
for absent in ("pyarrow", "pandas", "polars"):
    sys.modules[absent] = None
import numpy as np
import gnomon

draw = np.random.default_rng(1)
n = 300
table = {
    "age": draw.normal(40, 9, n), "sex": draw.choice(["f", "m"], n), "y": draw.integers(0, 2, n), "said": draw.integers(0, 2, n),
    "chance": draw.random(n),
}
with open("t.csv", "w") as file:
    file.write(",".join(table) + "\\n")
    for row in zip(*table.values()):
        file.write(",".join(map(str, row)) + "\\n")
for given in (table, "t.csv"):
    print(gnomon.checks.performance(given, target="y", prediction="said", score="chance", positive=1).verdict)
    print(gnomon.checks.fairness(given, target="y", prediction="said", groups=["sex"], positive=1).verdict)
    print(gnomon.checks.drift(given, given).verdict)
    print(gnomon.checks.leakage(given, given, target="y").verdict)
"""


@pytest.mark.slow
def test_checks_run_without_pyarrow(project):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.replace("\\\\", "\\")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    verdicts = done.stdout.split("\n")[:-1]
    assert len(verdicts) == 8
    assert verdicts[:4] == verdicts[4:]
    assert verdicts[3] == "fail"
