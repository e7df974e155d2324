"""Which parameters matter for a metric in a record: which runs count, what a configuration is, and what is to be said of it.

Always true: only finished runs that are not hidden count; runs that differ in their seed only are one configuration, whatever
label they have. What is left out, and what makes an answer doubtful, is said in `notes`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import BadArgumentError, UnknownSubjectError
from gnomon.runs.compare.direction import guess
from gnomon.runs.groups.configuration import is_seed_like, name_of
from gnomon.runs.groups.spread import LARGEST
from gnomon.runs.importance import words
from gnomon.runs.importance.bins import OWN_VALUES, is_given, is_own_text
from gnomon.runs.importance.share import midranks
from gnomon.runs.importance.weigh import FEWEST, LEVEL, weigh

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gnomon.runs.importance.pairs import Pair
    from gnomon.runs.importance.weigh import Weight
    from gnomon.runs.table import RunTable
    from gnomon.runs.views import Record

MOST_RUNS = 10_000
MOST_PARAMETERS = 200
_FINISHED = "finished"
_PLAIN = ("id", "status", "seed")


@dataclass(frozen=True, slots=True)
class Importance:
    """What these runs say of each parameter, the largest share first. `sentence` says it in words."""

    metric: str
    runs: int  # that count
    configurations: int
    level: float  # the chance, at most, that one or more parameters are wrongly said to matter
    weights: tuple[Weight, ...]
    unexamined: tuple[tuple[str, str], ...]  # parameters of which nothing can be asked, with why
    pairs: tuple[Pair, ...]  # parameters that vary together
    notes: tuple[str, ...] = field(default=(), repr=False)

    def __iter__(self) -> Iterator[Weight]:
        return iter(self.weights)

    def __len__(self) -> int:
        return len(self.weights)

    @property
    def sentence(self) -> str:
        """What may be said, to paste into a report."""
        return words.sentence(self)

    def to_dict(self) -> dict[str, object]:
        """Return plain values, as `gnomon importance --json` prints them."""
        return {
            "metric": self.metric, "runs": self.runs, "configurations": self.configurations, "level": self.level,
            "sentence": self.sentence,
            "parameters": [words.to_dict(one) for one in self.weights],
            "unexamined": [{"name": name, "why": why} for name, why in self.unexamined],
            "vary_together": [pair._asdict() for pair in self.pairs],
            "notes": list(self.notes),
        }  # fmt: skip


class _Unit(NamedTuple):
    """A configuration: the places of its runs, its score among all, and its mean in the metric's own unit."""

    places: list[int]
    score: float
    mean: float | None


def importance(
    record: Record,
    metric: str,
    *,
    where: str | None = None,
    runs: Sequence[str] | None = None,
    level: float = LEVEL,
) -> Importance:
    """Return which parameters matter for a metric (`auc`, `metrics.loss.min`, `duration`), by the runs that match.

    `runs` are whole ids, instead of `where`; the newest 10,000 count at most.
    Raises UnknownSubjectError for a metric that no run has, BadExpressionError, BadArgumentError.
    """
    if isinstance(level, bool) or not isinstance(level, (int, float)) or not 0 < level < 1:
        raise BadArgumentError(f"`level` of `importance()` must be a number between 0 and 1; got {level!r}")
    key = metric if metric == "duration" or metric.startswith("metrics.") else f"metrics.{metric}"
    names = [one for one in record.column_keys() if one.startswith(("params.", "data."))]
    columns = [*_PLAIN, key, *names]
    if runs is None:
        table = record.runs(where, columns=columns, limit=MOST_RUNS)
    else:
        table = record.table_of(runs, columns)
    if key in record.runs(columns=[key], limit=0).unknown:
        raise _unknown(record, metric)
    return _weighed(table, key, names, level)


def _unknown(record: Record, metric: str) -> UnknownSubjectError:
    from difflib import get_close_matches

    known = [one[len("metrics.") :] for one in record.column_keys() if one.startswith("metrics.")]
    near = get_close_matches(metric.removeprefix("metrics."), known, n=3)
    meant = f"did you mean {' or '.join(f'`{one}`' for one in near)}?" if near else None
    return UnknownSubjectError(
        f"no run has a metric `{metric}`", hint=meant or "`gnomon runs` lists the metrics that there are"
    )


def _weighed(table: RunTable, key: str, names: Sequence[str], level: float) -> Importance:
    values, statuses = table.column(key), table.column("status")
    finished = [at for at, status in enumerate(statuses) if status == _FINISHED]
    counted = [at for at in finished if isinstance(values[at], (int, float))]
    cells = {name: [column[at] for at in counted] for name in names for column in (table.column(name),)}
    metric = key.removeprefix("metrics.")
    measured = [_number(values[at]) for at in counted]
    failed = sum(value != value for value in measured)
    better = guess(metric)
    kept = list(range(len(counted)))
    if failed and better is None:
        kept = [at for at in kept if measured[at] == measured[at]]
    notes = words.left_out(table, len(finished), len(counted), failed, better, key)
    parameters, own, unexamined = _parameters({name: [cells[name][at] for at in kept] for name in names})
    units = _units(
        parameters, [measured[at] for at in kept], worst=math.inf if better == "lower" else -math.inf
    )
    firsts = [unit.places[0] for unit in units]
    of_units = {name: [column[at] for at in firsts] for name, column in parameters.items()}
    weighed = weigh(
        [unit.score for unit in units], of_units, values=[unit.mean for unit in units], level=level
    )
    if len(units) < FEWEST:  # then the sentence says all that there is to say
        return Importance(metric, len(kept), len(units), level, (), (), (), tuple(notes))
    return Importance(
        metric, len(kept), len(units), level, weighed.weights,
        (*weighed.unexamined, *[(name, OWN_VALUES) for name in own], *unexamined), weighed.pairs, tuple(notes),
    )  # fmt: skip


def _parameters(
    cells: Mapping[str, list[object]],
) -> tuple[dict[str, list[object]], list[str], list[tuple[str, str]]]:
    """Return the parameters that vary, those that only name the run, and those beyond the limit (with why)."""
    varying: dict[str, list[object]] = {}
    own: list[str] = []
    beyond: list[tuple[str, str]] = []
    for column, values in cells.items():
        name = name_of(column)
        if is_seed_like(name) or not any(map(is_given, values)):
            continue
        if len({repr(value) for value in values}) < 2:
            continue
        if is_own_text(values):
            own.append(name)
        elif len(varying) == MOST_PARAMETERS:
            beyond.append((name, f"only the first {MOST_PARAMETERS} parameters that vary are weighed"))
        else:
            varying[name] = values
    return varying, own, beyond


def _units(
    parameters: Mapping[str, Sequence[object]], measured: Sequence[float], *, worst: float
) -> list[_Unit]:
    """Return the configurations; a run without a finite value ranks below all others, by the side that is worse."""
    ranks = midranks([worst if value != value else value for value in measured])
    members: dict[tuple[object, ...], list[int]] = {}
    rows = zip(*parameters.values(), strict=True) if parameters else [()] * len(measured)
    for at, row in enumerate(rows):
        key = tuple(
            [
                value if isinstance(value, (int, float, str)) and value == value else repr(value)
                for value in row
            ]
        )
        members.setdefault(key, []).append(at)
    units = []
    for places in members.values():
        finite = [measured[at] for at in places if measured[at] == measured[at]]
        mean = math.fsum(finite) / len(finite) if finite else None
        units.append(_Unit(places, math.fsum([ranks[at] for at in places]) / len(places), mean))
    return units


def _number(value: object) -> float:
    """Return a value as a float; NaN where it counts as none."""
    return float(value) if isinstance(value, (int, float)) and -LARGEST <= value <= LARGEST else math.nan
