"""Which columns of a table of runs come first, and which a narrow terminal keeps.

A table has room for a few columns, so they stand in the order of what they tell: parameters that vary, then metrics: of data
that the model did not train on before those of training, those that most of the runs have before those of a few, and what
only counts along (`epoch`, `step`, `lr`) last. What a question is about (`--sort`, `--where`) goes before all of that.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

METRICS, PARAMS = "metrics.", ("params.", "data.")
_UNSEEN = frozenset({"val", "valid", "validation", "test", "testing", "eval", "evaluation", "dev", "holdout"})
_SEEN = frozenset({"train", "training", "batch", "running"})
_COUNTERS = frozenset(
    "epoch epochs step steps global_step iteration iterations iter batch batches tokens samples episode episodes "
    "time elapsed seconds wall_time lr learning_rate".split()
)
_PARTS = re.compile(r"[^a-z0-9]+")


def by_use(metrics: Iterable[str], counts: Mapping[str, int]) -> list[str]:
    """Return the keys of metrics, the most useful first; `counts` says how many runs have each.

    >>> by_use(["metrics.epoch", "metrics.train/acc", "metrics.auc", "metrics.val/acc"], {})
    ['metrics.val/acc', 'metrics.auc', 'metrics.train/acc', 'metrics.epoch']
    """
    return sorted(metrics, key=lambda key: (_kind(key.removeprefix(METRICS)), -counts.get(key, 0), key))


def _kind(name: str) -> int:
    """Return 0 for a metric of unseen data, 1 for one that says of nothing, 2 for one of training, 3 for what counts along."""
    lowered = name.lower()
    last = lowered.rpartition("/")[2]
    parts = set(_PARTS.split(lowered))
    if last in _COUNTERS or lowered.startswith(("time/", "perf/", "gradients/", "grad/")):
        return 3
    if parts & _UNSEEN:
        return 0
    return 2 if parts & _SEEN else 1


def side_by_side(columns: Iterable[str]) -> list[str]:
    """Return columns with parameters beside parameters and metrics beside metrics, times at the end."""
    places = {"params": 1, "data": 2, "metrics": 3, "created": 4, "ended": 4, "duration": 4}
    return sorted(dict.fromkeys(columns), key=lambda key: places.get(key.partition(".")[0], 0))


def importance(columns: Sequence[str], concerned: Sequence[str]) -> list[str]:
    """Return columns in the order in which a narrow terminal keeps them.

    After the id, what the question is about and the name: parameters and metrics by turns, so that a few of both have room.
    """
    metrics = [key for key in columns if key.startswith(METRICS) and key not in concerned]
    params = [key for key in columns if key.startswith(PARAMS) and key not in concerned]
    counting = [key for key in metrics if _kind(key.removeprefix(METRICS)) == 3]
    telling = [key for key in metrics if key not in counting]
    mixed = [key for pair in zip(params, telling, strict=False) for key in pair]
    rest = params[len(telling) :] or telling[len(params) :]
    return list(
        dict.fromkeys(
            [
                "id",
                *concerned,
                "name",
                "status",
                *mixed[:3],
                "seed",
                *mixed,
                *rest,
                "group",
                *counting,
                "created",
            ]
        )
    )
