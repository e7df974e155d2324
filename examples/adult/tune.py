"""A small logistic model of the Adult census income data, trained in a second: two runs of it to ask why they differ.

    gnomon run -- python examples/adult/tune.py --numbers raw --rate 0.02 --seed 1
    gnomon run -- python examples/adult/tune.py --numbers scaled --rate 0.05 --seed 1
    gnomon why @2 @1 -m auc

The seed chooses which 4,000 people the model learns from, and in which order.
"""

from __future__ import annotations

import argparse
import csv
import lzma
from pathlib import Path

import numpy as np

import gnomon

DATA = Path(__file__).with_name("adult.csv.xz")
NUMBERS = ["age", "education_num", "capital_gain", "capital_loss", "hours_per_week"]
PEOPLE, BATCH, TESTED = 4_000, 100, 6_000


def load(split: str, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers of the first people of a split, shape (n, 5), and whether each earns more than 50,000 dollars, (n,)."""
    numbers, rich = [], []
    with lzma.open(DATA, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["split"] == split:
                numbers.append([float(row[name]) for name in NUMBERS])
                rich.append(row["income"] == ">50K")
                if len(rich) == most:
                    break
    return np.array(numbers), np.array(rich, dtype=float)


def auc(scores: np.ndarray, rich: np.ndarray) -> float:
    """Return the area under the ROC curve: the chance that one who earns more has the higher score."""
    order = np.argsort(scores, kind="stable")
    ranks = np.empty(len(scores))
    ranks[order] = np.arange(1, len(scores) + 1)
    above = rich.sum()
    return float((ranks[rich == 1].sum() - above * (above + 1) / 2) / (above * (len(rich) - above)))


def main() -> None:
    """Train one model and log its AUC after each pass."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--numbers", choices=("raw", "scaled"), default="raw")
    parser.add_argument("--rate", type=float, default=0.02)
    parser.add_argument("--passes", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    x, y = load("train", 3 * PEOPLE)
    tested, truth = load("test", TESTED)
    if given.numbers == "scaled":
        middle, spread = x.mean(axis=0), x.std(axis=0)
        x, tested = (x - middle) / spread, (tested - middle) / spread
    draw = np.random.default_rng(given.seed)
    chosen = draw.choice(len(y), PEOPLE, replace=False)
    weights = np.zeros(len(NUMBERS) + 1)
    params = {"numbers": given.numbers, "rate": given.rate, "passes": given.passes}
    with gnomon.run(f"tune-{given.numbers}", params=params, seed=given.seed, tags=["adult"]) as run:
        for step in range(given.passes):
            for start in range(0, PEOPLE, BATCH):
                rows = chosen[draw.permutation(PEOPLE)[start : start + BATCH]]
                inputs = np.column_stack([x[rows], np.ones(len(rows))])
                chances = 1 / (1 + np.exp(-np.clip(inputs @ weights, -30, 30)))
                weights -= given.rate * inputs.T @ (chances - y[rows]) / len(rows)
            run.log(auc=auc(tested @ weights[:-1] + weights[-1], truth), step=step)


if __name__ == "__main__":
    main()
