"""The value of what a text asks, now or at an earlier moment.

Values come from where every other view takes them: cells of the index for what is true now, points for a place in a series,
`judge` for a group of seeds. An earlier moment counts points and entries up to it (see `prose.then`).

Always true: what cannot be told raises `NotThere`, which says why and what to do; nothing is guessed.
"""

from __future__ import annotations

import math
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.errors import AmbiguousIdError, BadArgumentError, UnknownSubjectError
from gnomon.record.index_query import place_of
from gnomon.runs.compare import direction
from gnomon.runs.compare.at import At, area, value_at_step, values_at
from gnomon.runs.many import series_of_many
from gnomon.team.prose.asked import Operation, Place, Term
from gnomon.team.prose.then import Then
from gnomon.team.prose.units import UNITS, Unit, unit_in_name

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from gnomon.data.views import DataVersion
    from gnomon.runs.groups.definition import SeedGroup
    from gnomon.runs.groups.judge import Standing
    from gnomon.runs.views import Record
    from gnomon.team.prose.asked import Asked
    from gnomon.team.references import Reference

_FIGURES = {"min": min, "max": max}
_TEXTS = ("name", "status", "group")
_OF_DATA = ("rows", "columns", "files", "size")
_COUNT, _SECONDS, _BYTES = Unit("count", Decimal(1)), UNITS["s"], UNITS["B"]


class NotThere(Exception):
    """What is asked cannot be told. `why` is a sentence, `hint` the next step."""

    def __init__(self, why: str, hint: str = "") -> None:
        super().__init__(why)
        self.why, self.hint = why, hint


class Value(NamedTuple):
    """What the record has. `number` is None where it is a text.

    `unit` is None where nobody knows it. `largest` is the largest magnitude in its series, `subject` what it is of. Of the
    mean over the seeds of a group (`has_seeds`), `spread` is the standard deviation between them, `low` and `high` the 95 %
    interval of the mean, None with one seed; `is_with_spread`: it is shown with it.
    """

    number: float | None
    text: str = ""
    unit: Unit | None = None
    largest: float | None = None
    spread: float | None = None
    low: float | None = None
    high: float | None = None
    has_seeds: bool = False
    is_with_spread: bool = False
    subject: str = ""

    @property
    def exact(self) -> Decimal:
        """The number with all its digits, as it is shown in full; never without one."""
        assert self.number is not None  # whoever asks has looked  # noqa: S101
        return Decimal(repr(self.number))


class Values:
    """The values of a record, asked many times of one moment: names, groups and versions are looked up once."""

    def __init__(self, record: Record) -> None:
        self.record = record
        record.replica.update(record.progress)
        self._known: dict[tuple[Term, int | None], Value | NotThere] = {}
        self._then: Then | None = None

    def of(self, asked: Asked, moment_us: int | None = None) -> Value:
        """Return the value of what is asked, now, or as it was at a moment. Raises NotThere."""
        if isinstance(asked, Decimal):
            return Value(float(asked) if asked % 1 else int(asked))
        if isinstance(asked, Operation):
            return _worked_out(asked.sign, self.of(asked.left, moment_us), self.of(asked.right, moment_us))
        key = (asked, moment_us)
        if key not in self._known:
            try:
                self._known[key] = self._of_term(asked, moment_us)
            except NotThere as error:
                self._known[key] = error
        found = self._known[key]
        if isinstance(found, NotThere):
            raise found
        return found

    def then(self) -> Then:
        """Return what tells which subject a name meant at an earlier moment."""
        if self._then is None:
            self._then = Then(self.record)
        return self._then

    # --- kinds

    def _of_term(self, term: Term, moment_us: int | None) -> Value:
        kind = term.of.kind
        if term.figure and kind != "group":
            raise NotThere(f"`{term.figure}` is of a group of seeds, and `{term.of}` is none")
        if kind == "run":
            return self._of_run(term, self._run(term.of, moment_us), moment_us)
        if kind == "data":
            return _of_data(term, self._version(term.of, moment_us))
        if kind == "group":
            return self._of_group(term, self._group(term.of), moment_us)
        raise NotThere(f"a {kind} has no numbers", "numbers are of `run:…`, `data:…` and `group:…`")

    def _run(self, reference: Reference, moment_us: int | None) -> str:
        from gnomon.runs.called import run_called

        try:
            if moment_us is not None:
                return self.then().run(reference.name, moment_us)
            return run_called(self.record, reference.name)
        except (UnknownSubjectError, AmbiguousIdError) as error:
            raise NotThere(error.message, error.hint or "") from None

    def _version(self, reference: Reference, moment_us: int | None) -> DataVersion:
        try:
            if moment_us is not None:
                return self.then().version(reference.name, moment_us)
            return self.record.data(reference.name)
        except (UnknownSubjectError, AmbiguousIdError, BadArgumentError) as error:
            raise NotThere(error.message, error.hint or "") from None

    @cached_property
    def _groups(self) -> list[SeedGroup]:
        from gnomon.runs.groups.definition import seed_groups

        return seed_groups(self.record)

    def _group(self, reference: Reference) -> SeedGroup:
        from gnomon.runs.groups.definition import find_group

        try:
            return find_group(self._groups, reference.name)
        except (UnknownSubjectError, AmbiguousIdError) as error:
            raise NotThere(error.message, error.hint or "") from None

    # --- runs

    def _of_run(self, term: Term, run: str, moment_us: int | None) -> Value:
        try:
            view = self.record.run_of(run)
        except UnknownSubjectError as error:
            raise NotThere(error.message, error.hint or "") from None
        subject = f"run:{run}"
        if term.what.startswith("metrics."):
            value = self._of_series(term, run, moment_us)
            return value._replace(subject=subject)
        if term.place.kind != "last":
            raise NotThere(f"`{term.what}` has no steps", "`at` is for `metrics.…`")
        if term.what == "duration":
            seconds = view.duration_s
            if moment_us is not None and (seconds is None or view.created + seconds > moment_us / 1e6):
                seconds = moment_us / 1e6 - view.created
            if seconds is None:
                raise NotThere(
                    f"run {run[:8]} has not ended, so it has no duration", "bind it when the run has ended"
                )
            return Value(seconds, unit=_SECONDS, subject=subject)
        state = view._state if moment_us is None else self.then().state_of_run(run, moment_us)
        if term.what == "seed":
            return _plain(state.get("seed"), subject, "the run names no seed")
        if term.what.startswith("params."):
            return _parameter(state, term.what, run)
        if term.what in _TEXTS:
            text = view.status if term.what == "status" else state.get(term.what)
            return (
                Value(None, str(text), subject=subject)
                if text is not None
                else _no(f"the run has no {term.what}")
            )
        raise NotThere(
            f"`{term.what}` is nothing that a run has",
            "a run has `metrics.NAME`, `params.NAME`, `seed`, `duration`, `name`, `status`, `group`",
        )

    def _of_series(self, term: Term, run: str, moment_us: int | None) -> Value:
        name, figure = self._series(term.what)
        index = self.record.replica.index
        places = self._places([run])
        stats = index.columns("run", [f"stats.{name}"], places)[f"stats.{name}"][0]
        if not isinstance(stats, list):
            known = [one.removeprefix("metrics.") for one in self._metric_keys]
            raise NotThere(f"run {run[:8]} has no series `{name}`", _near(name, known))
        largest = max((abs(one) for one in stats[3:5] if isinstance(one, (int, float))), default=None)
        unit = unit_in_name(name)
        if moment_us is None and figure:
            number = stats[{"count": 0, "step": 2, "min": 3, "max": 4}[figure]]
        elif moment_us is None and term.place.kind in ("last", "best", "step", "area"):
            at, better = At(term.place.kind, term.place.step), direction.guess(name)
            if at.kind == "best" and better is None:
                raise NotThere(
                    f"whether higher or lower is better cannot be guessed from the name `{name}`",
                    f"write `metrics.{name}.min` or `metrics.{name}.max`",
                )
            (number,) = values_at(self.record, [run], places, name, at, better)
        else:
            number = self._from_points(run, name, figure, term.place, moment_us)
        if not isinstance(number, (int, float)):
            raise NotThere(f"run {run[:8]} has no value of `{name}` {_where(term.place)}")
        if figure in ("count", "step"):
            return Value(number, unit=_COUNT)
        return Value(number, unit=unit, largest=largest)

    def _from_points(
        self, run: str, name: str, figure: str, place: Place, moment_us: int | None
    ) -> float | int | None:
        """Return a number from the points of a series, of those up to a moment where one is given."""
        ((_, found),) = series_of_many(self.record, [run], [name])
        points = found[name]
        rows = [
            (step, value)
            for step, value, time_us in zip(points.steps(), points.values(), points.times(), strict=True)
            if moment_us is None or time_us <= moment_us
        ]
        if not rows:
            return None
        finite = [value for _, value in rows if math.isfinite(value)]
        if place.kind == "best" and not figure:
            figure = {"higher": "max", "lower": "min"}.get(str(direction.guess(name)), "")
        if figure in _FIGURES:
            return _FIGURES[figure](finite) if finite else math.nan
        if figure == "count":
            return len(rows)
        if figure == "step" or (place.kind == "last" and not figure):
            return rows[-1][0] if figure else rows[-1][1]
        rows.sort(key=lambda row: row[0])
        steps, values = [step for step, _ in rows], [value for _, value in rows]
        if place.kind == "first":
            return values[0]
        if place.kind == "step":
            return value_at_step(steps, values, place.step or 0)
        return area(steps, values)

    def _series(self, what: str) -> tuple[str, str]:
        """Return the series and the figure (`min`, `max`, `count`, `step`) that a column such as `metrics.loss.min` names."""
        name = what.removeprefix("metrics.")
        if what not in self._metric_keys:
            series, _, figure = name.rpartition(".")
            if series and figure in ("min", "max", "count", "step"):
                return series, figure
            if series and figure == "last":
                return series, ""
        return name, ""

    @cached_property
    def _metric_keys(self) -> frozenset[str]:
        keys = self.record.replica.index.keys("run")
        return frozenset(key for key in keys if key.startswith("metrics."))

    def _places(self, runs: Sequence[str]) -> list[int]:
        def ask(database: sqlite3.Connection) -> list[int]:
            found = (place_of(database, f"run:{run}") for run in runs)
            return [place for place in found if place is not None]

        return self.record.replica.index.ask(ask)

    # --- groups

    def _of_group(self, term: Term, group: SeedGroup, moment_us: int | None) -> Value:
        subject = f"group:{group.name}"
        if moment_us is not None:
            group = self._group_then(group, moment_us)
        if term.what in ("seeds", "runs"):
            count = group.count.seeds if term.what == "seeds" else len(group)
            return Value(count, unit=_COUNT, subject=subject)
        if term.what.startswith("params."):
            return _plain(
                group.params.get(term.what.removeprefix("params.")),
                subject,
                f"the group has no `{term.what}`",
            )
        standing, unit = self._standing(term, group)
        wanted = getattr(standing, term.figure or "mean")
        if wanted is None:
            raise NotThere(
                f"group `{group.name}` has no {term.figure or 'mean'} of `{term.what}`: "
                f"{standing.n} of its seeds have a finite value"
            )
        if term.figure not in ("", "mean"):
            return Value(wanted, unit=unit, subject=subject)
        return Value(
            wanted, unit=unit, spread=standing.spread, low=standing.low, high=standing.high, has_seeds=True,
            is_with_spread=not term.figure and standing.spread is not None, subject=subject, largest=abs(wanted),
        )  # fmt: skip

    def _standing(self, term: Term, group: SeedGroup) -> tuple[Standing, Unit | None]:
        """Return the mean of a group by what is asked, with its spread and the 95 % interval of the mean."""
        from gnomon.runs.groups.judge import Sample, judge

        index = self.record.replica.index
        unit: Unit | None = _SECONDS
        if term.what == "duration":
            cells = index.columns("run", ["duration"], group.places)["duration"]
        elif term.what.startswith("metrics.") and term.place.kind != "first":
            name, figure = self._series(term.what)
            unit = unit_in_name(name)
            if figure:
                stats = index.columns("run", [f"stats.{name}"], group.places)[f"stats.{name}"]
                at = {"count": 0, "step": 2, "min": 3, "max": 4}[figure]
                cells = [cell[at] if isinstance(cell, list) else None for cell in stats]
            else:
                at_place, better = At(term.place.kind, term.place.step), direction.guess(name)
                cells = [*values_at(self.record, group.runs, group.places, name, at_place, better)]
        else:
            raise NotThere(
                f"`{term.what}` {_where(term.place)} is nothing that a group has",
                "a group has `metrics.NAME`, `duration`, `seeds`, `runs`, `params.NAME`",
            )
        pairs = [
            (float(value), seed)
            for value, seed in zip(cells, group.seeds, strict=True)
            if isinstance(value, (int, float))
        ]
        if not pairs:
            raise NotThere(f"no finished run of group `{group.name}` has `{term.what}`")
        sample = Sample(group.name, tuple(value for value, _ in pairs), tuple(seed for _, seed in pairs))
        return judge([sample], better="higher").standings[0], unit

    def _group_then(self, group: SeedGroup, moment_us: int) -> SeedGroup:
        """Return a group as it was: the runs that had ended at a moment."""
        from dataclasses import replace

        ends = self.record.replica.index.columns("run", ["ended"], group.places)["ended"]
        kept = [at for at, end in enumerate(ends) if isinstance(end, int) and end <= moment_us]
        return replace(
            group,
            runs=tuple(group.runs[at] for at in kept),
            seeds=tuple(group.seeds[at] for at in kept),
            places=tuple(group.places[at] for at in kept),
        )


def _parameter(state: dict[str, Any], what: str, run: str) -> Value:
    from gnomon.runs.flat import flat

    params = dict(flat(state.get("params") or {}))
    name = what.removeprefix("params.")
    if name not in params:
        raise NotThere(f"run {run[:8]} has no parameter `{name}`", _near(name, list(params)))
    return _plain(params[name], f"run:{run}", f"the parameter `{name}` is empty", unit_in_name(name))


def _plain(value: object, subject: str, why: str, unit: Unit | None = None) -> Value:
    """Return a value that somebody chose: a number or a text."""
    from gnomon.text import any_value

    if value is None:
        raise NotThere(why)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return Value(value, unit=unit, subject=subject)
    return Value(None, any_value(value), subject=subject)


def _no(why: str) -> Value:
    raise NotThere(why)


def _of_data(term: Term, version: DataVersion) -> Value:
    subject = f"data:{version.id}"
    if term.what not in _OF_DATA:
        raise NotThere(
            f"`{term.what}` is nothing that data has", "data has `rows`, `columns`, `files`, `size`"
        )
    if term.what in ("files", "size"):
        if version.object is None and version.size == 0:
            raise NotThere(f"of `{version.label}` no bytes are known: it is a reference")
        unit = _BYTES if term.what == "size" else _COUNT
        return Value(
            version.size if term.what == "size" else version.file_count,
            unit=unit,
            subject=subject,
        )
    count = version.state["profile"].get(term.what)
    if count is None:
        raise NotThere(
            f"`{version.label}` has no profile, so its {term.what} are not counted",
            f"`gnomon data profile {version.label}` makes one",
        )
    return Value(count, unit=_COUNT, subject=subject)


def _worked_out(sign: str, left: Value, right: Value) -> Value:
    """Return two values put together; exactly, in decimals."""
    if left.number is None or right.number is None:
        raise NotThere("a text cannot be reckoned with")
    if not (math.isfinite(left.number) and math.isfinite(right.number)):
        raise NotThere("one of the values is not finite")
    a, b = left.exact, right.exact
    same = left.unit or right.unit
    if sign in "+-":
        number = a + b if sign == "+" else a - b
        return Value(_float(number), unit=same, largest=_larger(left, right))
    if sign == "/":
        if not b:
            raise NotThere("it divides by zero")
        return Value(_float(a / b), unit=None if right.unit or left.unit is None else left.unit)
    return Value(_float(a * b), unit=same)


def _larger(left: Value, right: Value) -> float | None:
    known = [value.largest for value in (left, right) if value.largest is not None]
    return max(known, default=None)


def _float(number: Decimal) -> float | int:
    return int(number) if number == number.to_integral_value() and abs(number) < 10**15 else float(number)


def _where(place: Place) -> str:
    return f"at {place}" if place.kind != "last" else "at its end"


def _near(name: str, known: Sequence[str]) -> str:
    """Return what may have been meant."""
    from difflib import get_close_matches

    near = get_close_matches(name, known[:10_000], n=3) or sorted(known)[:5]
    return f"there is {', '.join(f'`{one}`' for one in near)}" if near else ""
