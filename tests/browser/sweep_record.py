"""A sweep as the record has one that is going on: what finished, was pruned, failed, ran out of time, and what is open."""

from __future__ import annotations

import os
import random
from pathlib import Path

import gnomon
from gnomon.runs import given as given_module
from gnomon.runs.given import VARIABLE, Given
from gnomon.runs.sweep import actions
from gnomon.runs.sweep.file import plan_of
from gnomon.runs.sweep.trials import Attempt
from gnomon.session import Session, session_for

TABLE = {
    "name": "lr and depth", "command": "python train.py", "metric": "auc", "goal": "maximize", "sampler": "random", "trials": 12,
    "seeds": [1, 2, 3], "parallel": 2, "pruning": {"kind": "median"},
    "params": {"lr": {"from": 1e-4, "to": 1e-1, "scale": "log"}, "depth": [2, 4, 8], "optimizer": ["adam", "sgd"]},
}  # fmt: skip
START_US, PAUSE_US = 1_790_000_000_000_000, 50_000_000_000


def given_run(given: Given, *, dir: Path | None = None, **options) -> gnomon.Run:
    """Start a run that is given something from outside, as the processes that `gnomon` starts are."""
    os.environ[VARIABLE] = given.to_text()
    try:
        return gnomon.run(dir=dir, **options)
    finally:
        os.environ.pop(VARIABLE, None)
        given_module._outside = None


def add_sweep(place: Path, table: dict | None = None) -> tuple[str, list[str]]:
    """Make a sweep in the record `place` and one that was only begun; return the id of the first, and its runs."""
    session = session_for(str(place))
    plan = plan_of(table or TABLE, "a test")
    sweep = actions.make(session, plan)
    chance, runs = random.Random(7), []
    at_us = START_US
    for number in range(11):
        params = {
            "lr": round(10 ** chance.uniform(-4, -1), 6),
            "depth": (2, 4, 8)[number % 3],
            "optimizer": ("adam", "sgd")[number % 2],
        }
        for seed in plan.seeds:
            value = (
                0.9 - abs(params["lr"] - 0.02) * 3 - abs(params["depth"] - 4) / 40 + chance.gauss(0, 0.004)
            )
            status, why = "finished", None
            if number == 3:
                status, why, value = ("pruned", "behind the others", 0.41) if seed == 1 else (None, None, 0.0)
            elif number == 5:
                status, why, value = "failed", "exit code 1: RuntimeError: CUDA out of memory", None
            elif number == 6:
                value -= 9.0  # diverged
            elif number == 10:
                status = None if seed == 3 else "open" if seed == 2 else status
            if status is None:
                continue
            runs.append(_run(session, sweep, place, number, params, seed, status, value, why, at_us))
            at_us += 90_000_000 + (PAUSE_US if number == 4 and seed == 3 else 0)
    actions.make(session, plan_of({**(table or TABLE), "name": "not begun", "goal": "minimize"}, "a test"))
    return sweep, runs


def _run(
    session: Session,
    sweep: str,
    place: Path,
    number: int,
    params: dict,
    seed: int,
    status: str,
    value,
    why,
    at_us: int,
) -> str:
    trial = {"sweep": sweep, "number": number}
    with given_run(Given(trial=trial), name=f"lr and depth {number}", params=params, seed=seed, group=f"lr and depth {number}",
                   dir=place) as run:  # fmt: skip
        if value is not None:
            for step in range(5):
                run.log(auc=value * (step + 1) / 5, step=step)
        if status != "finished":
            run.finish("failed" if status == "failed" else "stopped")
    one = Attempt(run.id, number, params, seed, began_us=at_us)
    one = one._replace(heads=(actions.begin(session, sweep, one),))
    if status != "open":
        step = 4 if value is not None else None
        actions.end(
            session,
            sweep,
            one._replace(status=status, value=value, step=step, why=why, duration_s=80.0 + seed),
        )
    return run.id
