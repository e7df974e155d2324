"""Make the best model of train.py fairer, in two ways, and say what is gained for whom and what it costs.

    python examples/adult/fairer.py             # after train.py, half a minute

`reweighing` trains anew, with weights under which sex and income have nothing to do with each other.
`threshold` leaves the model and moves the line from which on a person is selected, for each sex its own.
Each is a run with the fairness check of its own decisions, compared with that of the model it came from.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits
from train import CONFIGURATIONS, NUMBERS, WORDS, Configuration, People, check_fairness, load

import gnomon


def table(people: People) -> dict[str, Any]:
    """Return people as columns."""
    columns = dict(zip(NUMBERS + WORDS, people.features.T, strict=True))
    return {name: column.astype(float) if name in NUMBERS else column for name, column in columns.items()} | {
        "income": people.rich
    }


def estimator(setup: Configuration, seed: int) -> Pipeline:
    """Return the model that train.py trains epoch by epoch, to be trained in one go."""
    params = {**setup.params, "warm_start": False}
    if "max_leaf_nodes" in params:
        params["max_iter"] = 10 * setup.epochs
    return Pipeline([("prepare", setup.columns()), ("model", setup.make(random_state=seed, **params))])


def main() -> None:
    """Find the best run, mitigate, and write each fairer model down as a run."""
    record = gnomon.open()
    best = record.run(record.runs(sort="metrics.auc", columns=["id"], limit=1).to_pylist()[0]["id"])
    before = record.checks.about(f"run:{best.id}")[0]
    people, test = load("train"), load("test")
    print(f"{best.name}: {before.sentence}")
    with threadpool_limits(limits=1):
        found = gnomon.checks.mitigate(
            estimator(CONFIGURATIONS[best.group], best.seed), table(people), table(test), target="income",
            groups=["sex"], features=NUMBERS + WORDS, methods=["reweighing", "threshold"], keep_group=True,
            seed=best.seed,
        )  # fmt: skip
    for method in ("reweighing", "threshold"):
        selected = np.asarray(found.predictions[method]) == 1
        params = {**best.params, "mitigation": method}
        with gnomon.run(
            f"{best.group}-{method}", params=params, seed=best.seed, parent=best.id, tags=["adult"]
        ) as run:
            check_fairness(run, test, selected, since=before)
            run.check(found.result)
            run.log(accuracy=float((selected == test.rich).mean()))
        print(f"{run.name}: {gnomon.open().checks.about(f'run:{run.id}')[-1].sentence}")


if __name__ == "__main__":
    main()
