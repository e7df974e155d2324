"""How often `gnomon importance` is wrong, what it finds, and how often its intervals hold: `python -m benchmarks.importance`.

Prints the table of docs/explanation/parameter-importance.md. Simulated cases, in which the truth is known.
"""

from __future__ import annotations

import math
import random

from gnomon.runs.importance import bins
from gnomon.runs.importance.share import Share, explained_by, interval, ranked, without_chance
from gnomon.runs.importance.weigh import weigh

CASES = 500
SIZES = (12, 20, 40, 300)


def parameters(chance, n):
    """Return six parameters of every kind, independent of each other."""
    return {
        "lr": [10 ** chance.uniform(-4, 0) for _ in range(n)],
        "depth": [chance.choice([2, 4, 8]) for _ in range(n)],
        "optimizer": [chance.choice("abcd") for _ in range(n)],
        "amp": [chance.random() < 0.4 for _ in range(n)],
        "decay": [chance.choice([0, 1e-3, 1e-2]) for _ in range(n)],
        "batch": [2 ** chance.randint(3, 9) for _ in range(n)],
    }


def steep(lr):
    """Return what a learning rate does that matters evenly."""
    return math.log10(lr)


def bent(lr):
    """Return what a learning rate does that is best in the middle."""
    return -((math.log10(lr) + 2) ** 2) / 2


def weak(lr):
    """Return what a learning rate does that hardly matters."""
    return 0.2 * math.log10(lr)


def found(chance, n, effect, noise):
    """Return (whether `lr` was said to matter, whether another one was, what was said of `lr`)."""
    given = parameters(chance, n)
    scores = [effect(lr) + noise * chance.gauss(0, 1) ** (3 if noise > 1 else 1) for lr in given["lr"]]
    said = {one.name: one.verdict for one in weigh(scores, given).weights}
    others = any(verdict == "matters" for name, verdict in said.items() if name != "lr")
    return said.get("lr") == "matters", others, said.get("lr")


def share_of(chance, n, effect):
    """Return the share of one drawn case."""
    lrs = [10 ** chance.uniform(-4, 0) for _ in range(n)]
    sorted_in = bins.binned(lrs)
    own = ranked([effect(lr) + chance.gauss(0, 0.7) for lr in lrs])
    k = len(sorted_in.labels)
    counts, sums = [0] * k, [0.0] * k
    for code, value in zip(sorted_in.codes, own, strict=True):
        counts[code] += 1
        sums[code] += value
    part = explained_by(counts, sums)
    return Share(part, without_chance(part, n, k), n, k)


def held(chance, n, effect, cases):
    """Return the part of intervals that hold the true share, which is that of 40,000 configurations in as many classes."""
    bins.MOST_RANGES = 8
    drawn = [share_of(chance, n, effect) for _ in range(cases)]
    bins.MOST_RANGES = max(one.k for one in drawn)
    true = share_of(chance, 40_000, effect).share
    bins.MOST_RANGES = 8
    return sum(low - 1e-4 <= true <= high + 1e-4 for low, high in map(interval, drawn)) / cases


def percent(part):
    """Return a part as percent with one digit."""
    return f"{100 * part:.1f}"


def main():
    """Print the table."""
    names = [
        "configurations", "nothing matters: false alarm", "rises: found", "best in the middle: found",
        "another one beside it: false alarm", "weak: found", 'weak: "little, if any"', "intervals that hold",
    ]  # fmt: skip
    print(f"| {' | '.join(names)} |")
    print("|--:|--:|--:|--:|--:|--:|--:|--:|")
    for n in SIZES:
        chance = random.Random(1000 + n)
        nothing = [found(chance, n, lambda _: 0.0, 2.0) for _ in range(CASES)]
        rises = [found(chance, n, steep, 0.4) for _ in range(CASES)]
        bends = [found(chance, n, bent, 0.4) for _ in range(CASES)]
        little = [found(chance, n, weak, 1.0) for _ in range(CASES)]
        holds = sum(held(chance, n, effect, CASES) for effect in (steep, bent, weak)) / 3
        alarms = sum(one or other for one, other, _ in nothing) / CASES
        beside = sum(other for _, other, _ in rises + bends) / (2 * CASES)
        cells = [
            alarms, sum(one for one, _, _ in rises) / CASES, sum(one for one, _, _ in bends) / CASES, beside,
            sum(one for one, _, _ in little) / CASES, sum(said == "little, if any" for _, _, said in little) / CASES, holds,
        ]  # fmt: skip
        print(f"| {n} | {' | '.join(map(percent, cells))} |", flush=True)


if __name__ == "__main__":
    main()
