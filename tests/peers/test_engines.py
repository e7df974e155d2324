"""The tests that need Spark, Ibis or Ray, run where these are: an environment that adds them to the one of the tests.

They are over a gigabyte, so they are no part of `dev`; everywhere else these tests are skipped.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
import venv
from pathlib import Path

import pytest

pytestmark = [pytest.mark.peers, pytest.mark.timeout(1800)]

PROJECT = Path(__file__).parents[2]
REQUIREMENTS = ("pyspark==4.3.0", "ibis-framework[duckdb]==12.0.0", "ray==2.60.0")
TESTS = {
    "spark": ("tests/unit/checks/drift/test_spark.py", ""),
    "fairness": ("tests/unit/checks/fairness/test_engines.py", "spark or ibis"),
    "ray": ("tests/unit/runs/sweep/test_on_ray.py", "not without_ray"),
}


@pytest.fixture(scope="module")
def python(tmp_path_factory) -> Path:
    """A Python that has these libraries first, and then all that the one of the tests has."""
    folder = tmp_path_factory.mktemp("engines")
    venv.create(folder, with_pip=True, symlinks=True)
    python = folder / "bin" / "python"
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *REQUIREMENTS], check=True)
    ours = sysconfig.get_path("purelib")
    (own,) = (folder / "lib").glob("python3*/site-packages")
    (own / "zz-tests.pth").write_text(f"import site; site.addsitedir({ours!r})\n")
    return python


@pytest.mark.parametrize("name", TESTS)
def test_with_the_libraries_every_test_runs_and_passes(python, name, tmp_path):
    if name != "ray" and shutil.which("java") is None:
        pytest.skip("Spark needs Java 17 or newer (Debian: `apt install default-jre-headless`)")
    path, chosen = TESTS[name]
    words = [
        python,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-rs",
        f"--basetemp={tmp_path / 'tests'}",
        path,
    ]
    done = subprocess.run(
        [*words, "-k", chosen] if chosen else words,
        cwd=PROJECT,
        capture_output=True,
        text=True,
        env=dict(os.environ),
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-5000:]
    assert " passed" in said and "skipped" not in said, said[-5000:]
