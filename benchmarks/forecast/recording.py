"""Trains small models side by side, as on a machine that others use too, and keeps the moments at which their steps were done.

    python -m benchmarks.forecast --record                 the held-out trainings: `recorded_held_out.json`
    python -m benchmarks.forecast --record --development    those that the method was made on: `recorded.json`

Each training is a process of its own. They begin at random moments, whatever runs already, so that a run meets others that begin
and end beside it; the order and the moments are always the same ones, what the machine makes of them is not.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import time
from pathlib import Path
from typing import Any

from benchmarks.forecast import more_trainings, trainings

DEVELOPMENT, HELD_OUT = (
    Path(__file__).with_name(name) for name in ("recorded.json", "recorded_held_out.json")
)
SEEDS = 5
BETWEEN_S = 3.0  # from the beginning of one training to that of the next, in the mean
MOST_AT_ONCE = 3
FIRST = "sklearn.ensemble sklearn.svm sklearn.neural_network sklearn.cluster sklearn.decomposition sklearn.neighbors".split()


def record(*, development: bool = False) -> None:
    """Train everything once for each seed, and keep the times."""
    path = DEVELOPMENT if development else HELD_OUT
    known = _of_development() if development else more_trainings.HELD_OUT
    jobs = [(name, seed) for name in known for seed in range(SEEDS)]
    rng = random.Random(f"record/{path.name}")
    rng.shuffle(jobs)
    started = multiprocessing.get_context("spawn")
    queue: multiprocessing.Queue[dict[str, Any]] = started.Queue()
    found: list[dict[str, Any]] = []
    for begun, (name, seed) in enumerate(jobs):
        if begun - len(found) == MOST_AT_ONCE:
            found.append(queue.get())
        started.Process(target=_train, args=(queue, name, seed, known[name][0], development)).start()
        time.sleep(rng.expovariate(1 / BETWEEN_S))
    found += [queue.get() for _ in jobs[len(found) :]]
    found.sort(key=lambda one: (list(known).index(one["name"]), one["seed"]))
    path.write_text("[\n" + ",\n".join(map(json.dumps, found)) + "\n]\n", encoding="utf-8")


def _of_development() -> dict[str, tuple[int | None, trainings.Training]]:
    return {**trainings.trainings(), **more_trainings.DEVELOPMENT}


def _train(queue: Any, name: str, seed: int, stated: int | None, development: bool) -> None:
    for module in FIRST:  # loading it is not part of a run
        __import__(module)
    training = (_of_development() if development else more_trainings.HELD_OUT)[name][1]
    began = time.monotonic()
    times = [round(time.monotonic() - began, 5) for _ in training(seed)]
    ended = round(time.monotonic() - began, 5)
    queue.put({"name": name, "seed": seed, "stated": stated, "ended": ended, "times": times})
    print(f"{name} {seed}: {len(times)} steps, {ended:.1f} s, load {os.getloadavg()[0]:.1f}", flush=True)
