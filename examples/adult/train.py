"""Train five kinds of model on the Adult census income data, several seeds each, and log every epoch.

    python examples/adult/train.py              # 15 runs, about a minute on two cores
    python examples/adult/train.py --quick      # 2 runs, a few seconds

Each kind of model is a group, so that its seeds can be compared with the seeds of another.
The last row of each run holds figures by sex, measured on the official test set: the models look good
on average and select women far less often than men. A fairness check of each run says how sure that is.
README.md beside this file says what the data are; fairer.py makes the best model fairer.
"""

from __future__ import annotations

import argparse
import csv
import lzma
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import skops.io
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import accuracy_score, log_loss, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from threadpoolctl import threadpool_limits

import gnomon

DATA = Path(__file__).with_name("adult.csv.xz")
NUMBERS = ["age", "education_num", "capital_gain", "capital_loss", "hours_per_week"]
# Not used: `fnlwgt` (a weight of the census, no property of a person), `education` (`education_num` says it).
WORDS = ["workclass", "marital_status", "occupation", "relationship", "race", "sex", "native_country"]


@dataclass(frozen=True)
class People:
    """Rows of the data: what a model sees, the income to predict, and the sex for the figures by group."""

    features: np.ndarray  # (n, 12), objects: 5 numbers, 7 words
    rich: np.ndarray  # (n,), 1 where the income is above 50,000 dollars a year
    sex: np.ndarray  # (n,), "Female" or "Male" as the census of 1994 had it

    @property
    def race(self) -> np.ndarray:
        """The race that people named, shape (n,)."""
        return self.features[:, len(NUMBERS) + WORDS.index("race")]

    def __len__(self) -> int:
        return len(self.rich)

    def take(self, rows: np.ndarray) -> People:
        return People(self.features[rows], self.rich[rows], self.sex[rows])


def load(split: str) -> People:
    """Return the people of the official split `train` (32,561) or `test` (16,281)."""
    with lzma.open(DATA, "rt", encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == split]
    features = np.empty((len(rows), len(NUMBERS) + len(WORDS)), dtype=object)
    for column, name in enumerate(NUMBERS):
        features[:, column] = [float(row[name]) for row in rows]
    for column, name in enumerate(WORDS, start=len(NUMBERS)):
        features[:, column] = [row[name] for row in rows]
    rich = np.array([row["income"] == ">50K" for row in rows], dtype=int)
    return People(features, rich, np.array([row["sex"] for row in rows]))


# ---------------------------------------------------------------- the models
# Each gives the pair (columns, model) and is trained an epoch at a time, so that there is a curve to look at.


def columns(numbers: Any, words: Any) -> ColumnTransformer:
    """Return what turns the numbers and the words of a person into what a model can take."""
    split = len(NUMBERS)
    return ColumnTransformer([("numbers", numbers, slice(0, split)), ("words", words, slice(split, None))])


def scaled() -> ColumnTransformer:
    """Return columns for models that add up: numbers of one size, a column of 0 and 1 for each word."""
    words = OneHotEncoder(handle_unknown="ignore", sparse_output=False, min_frequency=20)
    return columns(StandardScaler(), words)


def ranked() -> ColumnTransformer:
    """Return columns for trees: words as numbers from 0."""
    words = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    return columns("passthrough", words)


def by_partial_fit(model: Any, x: np.ndarray, y: np.ndarray, epochs: int) -> Iterator[int]:
    """Train one pass over the data at a time; yield the number of passes done."""
    order = np.random.default_rng(model.random_state)
    for epoch in range(1, epochs + 1):
        shuffled = order.permutation(len(y))
        model.partial_fit(x[shuffled], y[shuffled], classes=[0, 1])
        yield epoch


def by_more_trees(model: Any, x: np.ndarray, y: np.ndarray, epochs: int) -> Iterator[int]:
    """Add ten trees at a time; yield the number of times."""
    for epoch in range(1, epochs + 1):
        model.set_params(max_iter=10 * epoch)
        model.fit(x, y)
        yield epoch


@dataclass(frozen=True)
class Configuration:
    """One group of runs: the same parameters, several seeds."""

    make: Callable[..., Any]
    columns: Callable[[], ColumnTransformer]
    train: Callable[[Any, np.ndarray, np.ndarray, int], Iterator[int]]
    epochs: int
    params: dict[str, Any]


CONFIGURATIONS = {
    "logistic": Configuration(
        SGDClassifier, scaled, by_partial_fit, 15,
        {"loss": "log_loss", "alpha": 1e-4, "learning_rate": "constant", "eta0": 0.002},
    ),
    "mlp-16": Configuration(
        MLPClassifier, scaled, by_partial_fit, 12,
        {"hidden_layer_sizes": [16], "learning_rate_init": 1e-3, "batch_size": 128},
    ),
    "mlp-64-32": Configuration(
        MLPClassifier, scaled, by_partial_fit, 12,
        {"hidden_layer_sizes": [64, 32], "learning_rate_init": 3e-3, "batch_size": 128},
    ),
    "trees-8": Configuration(
        HistGradientBoostingClassifier, ranked, by_more_trees, 15,
        {"max_leaf_nodes": 8, "learning_rate": 0.1, "warm_start": True, "early_stopping": False},
    ),
    "trees-64": Configuration(
        HistGradientBoostingClassifier, ranked, by_more_trees, 15,
        {"max_leaf_nodes": 64, "learning_rate": 0.3, "warm_start": True, "early_stopping": False},
    ),
}  # fmt: skip


# ---------------------------------------------------------------- the figures


def by_sex(people: People, selected: np.ndarray) -> dict[str, float]:
    """Return, for each sex, how many are selected: of all people, and of those whose income is truly high."""
    figures = {}
    for sex in ("Female", "Male"):
        group = people.sex == sex
        figures[f"selection_rate/{sex}"] = float(selected[group].mean())
        figures[f"true_positive_rate/{sex}"] = float(selected[group & (people.rich == 1)].mean())
    return figures


def check_fairness(run: gnomon.Run, people: People, selected: np.ndarray, **options: Any) -> None:
    """Check whether the model treats people alike, by sex, by race, and by both; the verdict stays with the run."""
    table = {"sex": people.sex, "race": people.race, "income": people.rich, "selected": selected}
    run.check("fairness", table, target="income", prediction="selected", groups=["sex", "race"], **options)


def train_one(group: str, seed: int, people: People, test: People, *, epochs: int | None) -> str:
    """Train and log one run; return one line that sums it up."""
    setup = CONFIGURATIONS[group]
    epochs = epochs or setup.epochs
    train_rows, held_rows = train_test_split(np.arange(len(people)), test_size=0.2, random_state=seed)
    train, held = people.take(train_rows), people.take(held_rows)

    prepare = setup.columns()
    x, x_held = prepare.fit_transform(train.features), prepare.transform(held.features)
    model = setup.make(random_state=seed, **setup.params)

    params = {"model": setup.make.__name__, "epochs": epochs, **setup.params}
    with gnomon.run(f"{group}-{seed}", params=params, seed=seed, group=group, tags=["adult"]) as run:
        for epoch in setup.train(model, x, train.rich, epochs):
            chance = model.predict_proba(x_held)[:, 1]  # (rows held out,)
            run.log(
                {
                    "loss": log_loss(held.rich, chance),
                    "auc": roc_auc_score(held.rich, chance),
                    "accuracy": accuracy_score(held.rich, chance > 0.5),
                    "train_loss": log_loss(train.rich[:5000], model.predict_proba(x[:5000])[:, 1]),
                },
                step=epoch,
            )

        chance = model.predict_proba(prepare.transform(test.features))[:, 1]
        figures = by_sex(test, chance > 0.5)
        test_auc = float(roc_auc_score(test.rich, chance))
        run.log({"test_auc": test_auc, **figures}, step=epochs)
        check_fairness(run, test, chance > 0.5)

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "model.skops")
            skops.io.dump(Pipeline([("prepare", prepare), ("model", model)]), path)
            run.keep(path)

        men, women = figures["selection_rate/Male"], figures["selection_rate/Female"]
        run.note(f"Selects {men:.0%} of the men and {women:.0%} of the women of the test set.")
    return (
        f"{group:<10} seed {seed}   test AUC {test_auc:.4f}   selects {men:.1%} of men, {women:.1%} of women"
    )


def main() -> None:
    """Train every configuration with every seed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=3, help="how many seeds for each configuration")
    parser.add_argument("--epochs", type=int, help="instead of the configuration's own")
    parser.add_argument(
        "--only", action="append", choices=list(CONFIGURATIONS), help="only this configuration"
    )
    parser.add_argument("--quick", action="store_true", help="two short runs: to see that all is in place")
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.seeds, chosen.epochs, chosen.only = 1, 3, ["logistic", "trees-8"]

    people, test = load("train"), load("test")
    # One thread: where other programs keep the cores busy, OpenMP threads that wait for each other cost
    # far more than they bring with data this small.
    with threadpool_limits(limits=1):
        for group in chosen.only or CONFIGURATIONS:
            for seed in range(1, chosen.seeds + 1):
                print(train_one(group, seed, people, test, epochs=chosen.epochs), flush=True)


if __name__ == "__main__":
    main()
