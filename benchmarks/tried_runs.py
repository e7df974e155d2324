"""Runs as sweeps make them, for the case `tried`: 20 parameters, five seeds of each configuration, 100 runs a process.

Two kinds: `grid`, where most parameters have a few values each, and `random`, where 15 of them are drawn from an interval, so
that hardly two configurations share one. Written as entries, since making them is not what is measured.
"""

import os
import random
from typing import Any

SEEDS, RUNS_PER_PROCESS = 5, 100
KINDS = ("grid", "random")


def configuration(chance: random.Random, kind: str) -> dict[str, Any]:
    """Return the 20 parameters of one configuration."""
    params: dict[str, Any] = {
        "model": chance.choice(["resnet50", "resnet18", "vit", "mlp", "convnext"]),
        "optimizer": chance.choice(["adamw", "sgd", "lion"]),
        "amp": chance.random() < 0.5,
        "depth": chance.randrange(2, 50 if kind == "random" else 12),
        "lr": 10 ** chance.uniform(-5, -1)
        if kind == "random"
        else chance.choice([0.1, 0.03, 0.01, 0.003, 0.001, 3e-4]),
    }
    for place in range(20 - len(params)):
        params[f"p{place:02}"] = (
            round(chance.random(), 6) if kind == "random" else chance.choice([0.1, 0.2, 0.5, 1.0])
        )
    return params


def make(path: str, runs: int, kind: str) -> None:
    """Write so many runs into the record at `path` (a `.gnomon` folder), which is made."""
    from gnomon.env import REAL
    from gnomon.points.rows import RunPoints
    from gnomon.record.home import make_record
    from gnomon.session import Session

    path, chance = os.path.abspath(path), random.Random(1)
    make_record(path, REAL)
    params: dict[str, Any] = {}
    for first in range(0, runs, RUNS_PER_PROCESS):
        session = Session(path)
        session.ready()
        code = {"commit": "ab" * 20, "fingerprint": f"{first // 2_000:064x}"}
        parts = {"command": {"text": "python train.py"}, "code": code}
        session.append("process.captured", f"process:{session.log_id}", {"parts": parts, "pending": []})
        for number in range(first, min(runs, first + RUNS_PER_PROCESS)):
            if number % SEEDS == 0:
                params = configuration(chance, kind)
            run = chance.randbytes(10).hex()
            body = {
                "name": f"run-{number:06}",
                "params": params,
                "seed": number % SEEDS,
                "rank": 0,
                "world_size": 1,
            }
            session.append("run.created", f"run:{run}", body)
            RunPoints(session, run, 0).log({"auc": chance.random(), "loss": chance.random()}, step=1)
            session.append("run.ended", f"run:{run}", {"status": "finished", "last_step": 1})
        session.close()
