"""Running the command line: in this process, and as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import NamedTuple

import pytest

import gnomon
from gnomon.cli.main import main


class Answer(NamedTuple):
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    def json(self) -> object:
        return json.loads(self.out)


@pytest.fixture
def ask(capsys):
    """Run a command line in this process."""

    def run(*words: str) -> Answer:
        capsys.readouterr()
        code = main(list(words))
        return Answer(code, *capsys.readouterr())

    return run


@pytest.fixture
def start(project):
    """Run `python -m gnomon` in a process of its own."""

    def run(*words: str, **settings) -> Answer:
        environment = {**os.environ, **settings.pop("env", {})}
        done = subprocess.run(
            [sys.executable, "-m", "gnomon", *words],
            capture_output=True, encoding="utf-8", cwd=project, env=environment, timeout=60, check=False, **settings,
        )  # fmt: skip
        return Answer(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def three_runs(project):
    """Three finished runs: their ids, oldest first."""
    ids = []
    for seed, rate in ((1, 0.1), (2, 0.01), (3, 0.001)):
        with gnomon.run(
            f"line-{seed}", params={"lr": rate, "net": {"depth": 6}}, seed=seed, group="line"
        ) as run:
            for step in range(20):
                run.log({"loss": rate + 1 / (1 + step), "auc": 1 - rate}, step=step)
            ids.append(run.id)
    return ids
