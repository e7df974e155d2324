"""Runs as a team's record holds them: groups of one configuration, each trained with many seeds.

Of each run: 30 params (equal in its group), 20 metrics drawn around the group's means, a few printed lines; every tenth
one has a note of some 20 words and a tag. The same for every peer and every machine.
"""

import random
from collections.abc import Iterator
from typing import Any, NamedTuple

SEEDS = 100
STEPS = 3
METRICS = tuple(f"m{number:02}" for number in range(20))
MODELS = ("resnet50", "resnet18", "densenet121", "vit-small", "mlp-mixer", "convnext-tiny")
DATASETS = ("adult", "cifar10", "imagenette", "covertype", "higgs")
OPTIMIZERS = ("adamw", "sgd", "lion", "adafactor")
WORDS = (
    "loss plateaus after warm up seed depth lower rate batch data drift clip decay sweep better worse overfits "
    "gradient norm spikes early stopping next larger step smaller model longer schedule cosine label smoothing "
    "validation gap closes calibration improves recall precision baseline again compare with previous attempt"
).split()
RARE = (
    "hysteresis",
    "saddle",
    "mislabelled",
    "quokka",
    "checkpointing",
    "underflow",
    "permutation",
    "leakage",
)


class SeedRun(NamedTuple):
    """What one run is made of."""

    name: str
    seed: int
    params: dict[str, Any]
    rows: list[dict[str, float]]
    printed: str
    note: str | None
    tag: str | None


def runs_of(group: int, seeds: int = SEEDS) -> Iterator[SeedRun]:
    """Return the runs of a group: all its configuration is drawn from its number."""
    chance = random.Random(group)
    model, dataset, optimizer = chance.choice(MODELS), chance.choice(DATASETS), chance.choice(OPTIMIZERS)
    params: dict[str, Any] = {
        "model": model,
        "dataset": dataset,
        "optimizer": optimizer,
        "lr": chance.choice((0.1, 0.03, 0.01, 0.003, 0.001)),
        "depth": chance.randrange(2, 50),
        "augment": chance.random() < 0.5,
    }
    params |= {f"p{place:02}": round(chance.random(), 6) for place in range(30 - len(params))}
    centre = {key: chance.random() for key in METRICS}
    for seed in range(seeds):
        rows = [
            {key: mean + chance.gauss(0, 0.05) / (step + 1) for key, mean in centre.items()}
            for step in range(STEPS)
        ]
        printed = "".join(
            f"epoch {step} {dataset} m00 {row['m00']:.4f} m01 {row['m01']:.4f} {chance.choice(WORDS)}\n"
            for step, row in enumerate(rows)
        )
        if chance.random() < 0.005:
            printed += f"RuntimeError: {chance.choice(RARE)} out of memory\n"
        note = tag = None
        if seed % 10 == 0:
            words = [chance.choice(WORDS) for _ in range(20)]
            if seed == 50:
                words[10] = RARE[group % len(RARE)]
            note, tag = " ".join(words) + ".", chance.choice(("sweep", "paper", "todo", "keep"))
        yield SeedRun(f"{model}-{dataset}-{group:04}-{seed:02}", seed, params, rows, printed, note, tag)
