"""Which columns of a table of runs come first, and which a narrow terminal keeps.

A table has room for a few columns, so they stand in the order of what they tell: parameters that vary, then metrics: of data
that the model did not train on before those of training, those that most of the runs have before those of a few, and what
only counts along (`epoch`, `step`, `lr`) last. What a question is about (`--sort`, `--where`) goes before all of that.
"""

from __future__ import annotations

import re
from functools import lru_cache
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


def keys_concerned(where: str | None, sort: Sequence[str], unknown: Iterable[str]) -> list[str]:
    """Return the columns that a question is about: those that it sorts by, then those of its filter.

    Raises BadExpressionError.
    """
    from gnomon.runs.where import parse, parse_sort

    fields = [column for column, _ in parse_sort(sort)] if sort else []
    if where and where.strip():
        fields += sorted(parse(where).fields)
    not_there = set(unknown)
    known = [field.removesuffix(".last") for field in fields if field not in not_there]
    return [key for key in dict.fromkeys(known) if key != "rank"]


def near_columns(name: str, known: list[str]) -> list[str]:
    """Return the columns that a misspelt one may mean: those with this name after their first dot, or else the nearest."""
    from difflib import get_close_matches

    bare = name.partition(".")[2] if name.startswith(("params.", "metrics.")) else name
    exact = [key for key in known if bare.lower() in (key.lower(), key.partition(".")[2].lower())]
    if exact:
        return exact[:3]
    short = {key.partition(".")[2] or key: key for key in reversed(known)}
    near = get_close_matches(name, known, n=2) or [short[one] for one in get_close_matches(bare, short, n=2)]
    return list(dict.fromkeys(near))


@lru_cache(4096)
def as_field(key: str) -> str | None:
    """Return a column as filters and orders write it, with quotes where it needs them; None where they cannot name it.

    >>> [as_field(key) for key in ("name", "params.lr", "params.learning rate", "tags")]
    ['name', 'params.lr', "params.'learning rate'", None]
    """
    from gnomon.errors import BadExpressionError
    from gnomon.runs.where import parse_sort

    group, dot, rest = key.partition(".")
    escaped = rest.replace("\\", "\\\\")
    forms = [key]
    if dot and "'" not in rest:
        forms.append(f"{group}.'{escaped}'")
    elif dot:
        forms.append(f'{group}."' + escaped.replace('"', '\\"') + '"')
    for form in forms:
        try:
            if [column.removesuffix(".last") for column, _ in parse_sort(form)] == [key]:
                return form
        except BadExpressionError:
            continue
    return None


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
