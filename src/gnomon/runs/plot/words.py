"""Which runs and which metrics a person means.

`gnomon plot WORD…` takes both without a sign between them. The rule, whatever the order: **a word that is the name of a metric
of any run is a metric; every other word is a run**, by its id, the beginning of it, its name, or its group. `*` in a word
stands for anything in names of metrics. Where metrics are given apart (`--metric`), every word is a run.

Always true: what a word means does not depend on the other words; a word that is nothing is an error that names what is near.
"""

from __future__ import annotations

from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import AmbiguousIdError, BadArgumentError, UnknownSubjectError
from gnomon.ids import SHOWN_LENGTH
from gnomon.runs.called import FEWEST_DIGITS
from gnomon.runs.plot.look import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gnomon.runs.plot.lines import Stats
    from gnomon.runs.run_view import RunView
    from gnomon.runs.views import Record

NEWEST = 10  # runs that are drawn where nobody says which
FIRST = 4  # metrics that are drawn where nobody says which
_METRIC, _SYSTEM = "metrics.", "system/"


class Meant(NamedTuple):
    """Ids of runs, names of metrics, and what is to be said about how the words were understood."""

    runs: list[str]
    metrics: list[str]
    notes: list[str]


def metric_names(record: Record) -> list[str]:
    """Return the names of all series that the runs of a record have, sorted."""
    start = len(_METRIC)
    return [key[start:] for key in record.replica.index.keys("run") if key.startswith(_METRIC)]


def split(record: Record, words: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
    """Return (runs, metrics, notes): the words that mean runs, those that mean metrics, and what to say of unclear ones."""
    known = set(metric_names(record))
    runs, metrics, notes = list[str](), list[str](), list[str]()
    for word in words:
        if word not in known and ("*" not in word or not any(fnmatchcase(name, word) for name in known)):
            runs.append(word)
            continue
        metrics.append(word)
        run = _called(record, word) if "*" not in word else []
        if run:
            notes.append(
                f"`{word}` is taken for the metric; it is also run {run[0][:SHOWN_LENGTH]}: "
                f"write its whole id, or the metric with `--metric`"
            )
    return runs, metrics, notes


def runs_of(record: Record, words: Iterable[str], *, also_metrics: bool = False) -> list[str]:
    """Return the ids of the runs that the words mean, each once; `also_metrics` if a word might have meant a metric.

    Raises UnknownSubjectError, AmbiguousIdError.
    """
    found = list[str]()
    for word in words:
        called = _called(record, word)
        if not called:
            raise _unknown(record, word, also_metrics=also_metrics)
        found += called
    return list(dict.fromkeys(found))


def metrics_of(words: Iterable[str], runs: Sequence[RunView], stats: Mapping[str, Stats]) -> list[str]:
    """Return the names of the metrics that the words mean, each once; `stats` are the figures of the runs, by id.

    Raises UnknownSubjectError where no run has one.
    """
    names = series_of(stats[run.id] for run in runs)
    found = list[str]()
    for word in words:
        matching = (
            [word] if word in names else [name for name in names if "*" in word and fnmatchcase(name, word)]
        )
        if not matching:
            raise UnknownSubjectError(_lacking(word, runs), hint=_near_series(word, names))
        found += matching
    return list(dict.fromkeys(found))


def series_of(stats: Iterable[Stats]) -> list[str]:
    """Return the names of the series of runs with these figures: those that most have first, the machine's own last."""
    counts: dict[str, int] = {}
    for of_run in stats:
        for name in {name for name, _ in of_run}:
            counts[name] = counts.get(name, 0) + 1
    return sorted(counts, key=lambda name: (name.startswith(_SYSTEM), -counts[name], name))


class Needed:
    """What a run must have to be drawn where nobody names runs: one of the metrics that were asked for, and the x-axis."""

    def __init__(self, record: Record, metrics: Sequence[str], x: str | None) -> None:
        self._record = record
        self._asked = list(metrics)
        known = metric_names(record) if metrics or x else []
        self._names = list(dict.fromkeys(name for word in metrics for name in known if _means(word, name)))
        self._x = x if x in known else None

    def __bool__(self) -> bool:
        """Whether anything is needed."""
        return bool(self._names)

    def __str__(self) -> str:
        over = f" over `{plain(self._x)}`" if self._x else ""
        return " or ".join(f"`{plain(word)}`" for word in self._asked) + over

    def of(self, ids: Sequence[str]) -> list[str]:
        """Return those of the runs that have it; all of them where none has."""
        index = self._record.replica.index
        x_key = f"{_METRIC}{self._x}"
        keys = [_METRIC + name for name in self._names]
        table = index.columns("run", [*keys, *([x_key] if self._x else [])])
        places = {run: place for place, run in enumerate(index.ids("run"))}
        found = [
            run
            for run in ids
            if any(table[key][places[run]] is not None for key in keys)
            and (self._x is None or table[x_key][places[run]] is not None)
        ]
        return found or list(ids)


def _means(word: str, name: str) -> bool:
    return word == name or ("*" in word and fnmatchcase(name, word))


def newest(
    record: Record, where: str | None, count: int | None, needed: Needed
) -> tuple[list[str], int, int]:
    """Return the newest runs that match and have what is needed, oldest first; how many have it; and how many match."""
    if not needed:
        table = record.runs(where, columns=["id"], limit=count)
        return table.ids[::-1], table.total, table.total
    every = record.runs(where, columns=["id"]).ids
    having = needed.of(every)
    return having[:count][::-1], len(having), len(every)


def newest_of(runs: Sequence[RunView], count: int) -> list[RunView]:
    """Return those of the runs that were made last, oldest first."""
    return sorted(runs, key=lambda run: run.created)[-count:]


def _called(record: Record, word: str) -> list[str]:
    """Return the ids of the runs that a word means: by id, name, or group (see `runs.called`)."""
    if word.startswith("@"):
        return [record.run(word).id]
    if len(word) < FEWEST_DIGITS and (called := _named(record, word)):
        return called
    try:
        found = record.replica.index.resolve("run", word)
    except UnknownSubjectError:
        return _named(record, word)
    except AmbiguousIdError:
        called = _named(record, word)
        if called:
            return called
        raise
    return [record.run_of(found).id]  # raises where what the run was is withheld


def _named(record: Record, word: str) -> list[str]:
    index = record.replica.index
    table = index.columns("run", ["name", "group", "removed", "created"])
    for of in ("name", "group"):
        found = [
            (created if isinstance(created, (int, float)) else 0, run)
            for run, called, hidden, created in zip(
                index.ids("run"), table[of], table["removed"], table["created"], strict=True
            )
            if called == word and not hidden
        ]
        if found:
            return [run for _, run in sorted(found)]
    return []


def _unknown(record: Record, word: str, *, also_metrics: bool) -> UnknownSubjectError:
    index = record.replica.index
    names = {str(name) for name in index.columns("run", ["name"])["name"] if name}
    near_runs = get_close_matches(word, sorted(names)[:20_000], n=2)
    near_metrics = get_close_matches(word, metric_names(record), n=3) if also_metrics else []
    near = [f"`{name}` (a metric)" for name in near_metrics] + [f"`{name}` (a run)" for name in near_runs]
    what = "a run nor a metric" if also_metrics else "a run"
    return UnknownSubjectError(
        f"`{word}` is neither {what}"
        if also_metrics
        else f"`{word}` is no run: no id begins so, no run or group is called so",
        hint=f"did you mean {' or '.join(near)}?"
        if near
        else "`gnomon runs` lists the runs and their metrics",
    )


def _lacking(word: str, runs: Sequence[RunView]) -> str:
    if not runs:
        return f"there is no run with a metric `{word}`"
    if len(runs) == 1:
        return f"run {runs[0].id[:SHOWN_LENGTH]} has no metric `{word}`"
    return f"none of the {len(runs)} runs has a metric `{word}`"


def _near_series(word: str, names: Sequence[str]) -> str:
    if not names:
        return "nothing was logged to them yet"
    near = get_close_matches(word, names, n=3)
    shown = ", ".join(f"`{name}`" for name in (near or names[:8]))
    return f"did you mean {shown}?" if near else f"there is {shown}" + (", …" if len(names) > 8 else "")


def checked_last(last: object) -> int | None:
    """Return how many of the newest runs are wanted. Raises BadArgumentError."""
    if last is None:
        return None
    if isinstance(last, bool) or not isinstance(last, int) or last < 1:
        raise BadArgumentError(f"`last` of `plot()` must be a whole number from 1; got {last!r}")
    return last
