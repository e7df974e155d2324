"""Cases of which the causes are known: two recipes that differ in some factors, by number.

The number of a case decides everything of it, so a range of numbers never used while building is a held-out one.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from benchmarks.why.training import Recipe

KINDS = ("one", "two", "three", "together", "noisy")
SLOPES = ("linear", "hidden", "linear", "hidden")
MODELS = {
    "breast cancer": (*SLOPES, "tree"),
    "wine": (*SLOPES, "tree"),
    "digits": SLOPES,
    "iris": (*SLOPES, "tree"),
    "diabetes": ("ridge", "linear"),
}
# What does nothing: the same bytes come out, or only other random numbers are drawn.
DETERMINISTIC = ("code.refactored", "params.unused", "environment.python", "data.sorted", "env.THREADS")
RESHUFFLING = {
    "code.loader": {"salt": 1},
    "environment.numpy": {"salt": 10},
    "seed.handling": {"split_salt": 1},
    "environment.float32": {"precision": "float32"},
}
CAUSES = {
    "code.preprocessing": ({"scaling": "none"}, {"scaling": "clipped"}, {"scaling": "wrong"}),
    "code.loss": ({"loss": "squared"},),
    "params.lr": ({"lr": 0.01}, {"lr": 0.03}, {"lr": 1.0}),
    "params.epochs": ({"epochs": 1}, {"epochs": 2}, {"epochs": 12}),
    "params.l2": ({"l2": 0.1}, {"l2": 1.0}, {"l2": 3.0}),
    "params.hidden": ({"hidden": 2}, {"hidden": 3}),
    "params.depth": ({"depth": 1}, {"depth": 2}, {"depth": 3}),
    "data.labels": ({"label_noise": 0.15}, {"label_noise": 0.3}, {"label_noise": 0.5}),
    "data.rows": ({"kept_rows": 0.25}, {"kept_rows": 0.5}),
    "data.columns": ({"dropped_columns": 0.3}, {"dropped_columns": 0.6}),
    "environment.init": ({"init_scale": 1.0}, {"init_scale": 2.0}),
    "seed.hard_coded": ({"is_seed_hard_coded": True},),
}
TOGETHER = (  # the first does nothing by itself, or next to nothing
    {"code.imputation": {"imputation": "minus five"}, "data.missing": {"missing_cells": 0.3}},
    {"params.l2": {"l2": 3.0}, "params.epochs": {"epochs": 24}},
    {"params.lr": {"lr": 3.0}, "code.preprocessing": {"scaling": "none"}},
)
USED_BY = {
    "linear": {"code.loss", "params.lr", "params.epochs", "params.l2", "environment.init", "seed.hard_coded"},
    "hidden": {"code.loss", "params.lr", "params.epochs", "params.l2", "params.hidden", "environment.init", "seed.hard_coded"},
    "ridge": {"params.l2"},
    "tree": {"params.depth", "seed.hard_coded"},
}  # fmt: skip
BY_ALL = {"code.preprocessing", "data.labels", "data.rows", "data.columns"}


@dataclass(frozen=True)
class Case:
    """Two recipes: A, and what each factor changes in it. B has all of it."""

    number: int
    kind: str
    a: Recipe
    changes: dict[str, dict[str, object]]

    @property
    def planted(self):
        """The factors that may do something."""
        return {name for name in self.changes if name not in DETERMINISTIC and name not in RESHUFFLING}

    def recipe(self, mixture):
        """Return the recipe of a mixture. Salts add up: two programs that draw anew are not the same one."""
        recipe = self.a
        for name in sorted(mixture):
            change = dict(self.changes[name])
            for salt in ("salt", "split_salt"):
                if salt in change:
                    change[salt] += getattr(recipe, salt)
            recipe = replace(recipe, **change)
        return recipe


def case_of(number, *, has_cause):
    """Return a case."""
    chance = random.Random(f"why {number} {has_cause}")
    kind = KINDS[number % len(KINDS)] if has_cause else "none"
    table = chance.choice(sorted(MODELS))
    model = chance.choice(MODELS[table])
    is_noisy = kind == "noisy" or (kind == "none" and chance.random() < 0.3)
    a = Recipe(
        table=table,
        model=model,
        metric=_metric(chance, table, model),
        train_rows=chance.choice((40, 60)) if is_noisy else chance.choice((80, 110)),
        test_rows=30 if is_noisy else chance.choice((40, 60)) if table in ("iris", "wine") else chance.choice((150, 250)),
        is_split_by_seed=chance.random() < 0.5,
        stream=2 * number + has_cause,
        lr=chance.choice((0.1, 0.2)),
        epochs=chance.choice((4, 6)),
        hidden=chance.choice((8, 16)),
    )  # fmt: skip
    return Case(number, kind, a, _changes(chance, kind, a))


def _metric(chance, table, model):
    if table == "diabetes":
        return chance.choice(("r2", "rmse"))
    return "accuracy" if model == "tree" else chance.choice(("accuracy", "log_loss"))


def _changes(chance, kind, a):
    causes = {
        "none": 0,
        "one": 1,
        "two": 2,
        "three": 3,
        "together": chance.choice((0, 1)),
        "noisy": chance.choice((1, 1, 2, 3)),
    }
    changes = {}
    usable = BY_ALL | USED_BY[a.model]
    if a.model == "tree":
        usable -= {"code.preprocessing"}  # a tree does not mind
    if a.table == "diabetes":
        usable -= {"code.loss"}
    if kind == "together":
        pairs = [pair for pair in TOGETHER if a.model in ("linear", "hidden") or "data.missing" in pair]
        changes.update(chance.choice(pairs))
    names = [name for name in sorted(usable) if name not in changes]
    for name in chance.sample(names, min(causes[kind], len(names))):
        changes[name] = chance.choice(CAUSES[name])
    idle = chance.choice((1, 2, 3)) if changes else chance.choice((2, 3, 4))
    idle = min(idle, 6 - len(changes))
    reshuffling = [name for name in RESHUFFLING if _may(name, a)]
    pool = [*reshuffling, *reshuffling, *DETERMINISTIC]
    chance.shuffle(pool)
    if kind == "none":
        pool.insert(0, chance.choice(reshuffling))  # else there is nothing that could alarm
    for name in list(dict.fromkeys(pool))[:idle]:
        changes[name] = RESHUFFLING.get(name, {})
    return dict(sorted(changes.items()))


def _may(name, a):
    if a.model == "ridge":
        return name in ("seed.handling", "environment.float32")
    return not (a.model == "tree" and name == "environment.float32")
