"""A small project in Git with a script that trains in milliseconds, for tests that make runs again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import gnomon

TRAIN = """
import argparse, random
import gnomon

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
parser.add_argument("--depth", type=int, default=3)
parser.add_argument("--seed", type=int, default=0)
args = parser.parse_args()
random.seed(args.seed)
SCALE = 1.0
with gnomon.run("train", params={"lr": args.lr, "depth": args.depth}, seed=args.seed) as run:
    total = 0.0
    for step in range(5):
        total += args.lr * args.depth * SCALE + random.gauss(0, 0.01)
        run.log({"score": total, "step_seconds": random.SystemRandom().random()}, step=step)
"""


class Lab:
    """The project. `gnomon()` runs a command line in it, `python()` a script without a launcher."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self.env = {
            **os.environ,
            "GNOMON_CAPTURE": "on",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
        }
        self.git("init", "-q")
        self.write(".gitignore", ".gnomon/\n__pycache__/\n")

    def write(self, name: str, text: str) -> None:
        path = self.project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def git(self, *words: str) -> str:
        done = subprocess.run(
            ["git", "-c", "user.name=A", "-c", "user.email=a@example.org", *words], cwd=self.project, env=self.env,
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout.strip()

    def commit(self, message: str = "a state") -> str:
        self.git("add", "-A")
        self.git("commit", "-qm", message)
        return self.git("rev-parse", "HEAD")

    def python(self, *words: str, code: int = 0, **env: str) -> str:
        return self._start([sys.executable, *words], code, env).stdout

    def gnomon(self, *words: str, code: int = 0, **env: str) -> subprocess.CompletedProcess[str]:
        return self._start([sys.executable, "-m", "gnomon", *words], code, env)

    def json(self, *words: str, code: int = 0, **env: str):
        return json.loads(self.gnomon(*words, "--json", code=code, **env).stdout)

    def _start(self, words, code, env):
        done = subprocess.run(
            words, cwd=self.project, env={**self.env, **env}, capture_output=True, text=True, check=False
        )
        assert code is None or done.returncode == code, done.stdout + done.stderr
        return done

    @property
    def record(self):
        return gnomon.open(self.project)

    def newest(self, nth: int = 0):
        """The nth newest run that is listed."""
        return self.record.run(f"@{nth + 1}")

    def again(self, run: str, *words: str, code: int = 0, **env: str):
        """What `gnomon reproduce --json` says."""
        return self.json("reproduce", run, *words, code=code, **env)
