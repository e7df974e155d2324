"""The condition that would reopen a decision.

    any run where params.depth = 8 and metrics.auc > 0.93
    data credit has a newer version
    after 2027-03-01

| condition | holds when |
|---|---|
| `any run where FILTER` | a run that is not hidden matches; the filter is that of `gnomon runs --where` |
| `data NAME has a newer version` | a version has a higher number than the newest one on the day of the decision |
| `after DATE` | that day is over in the zone of whoever decided; of a time such as `2027-03-01 12:00`, that minute |

A decision may have several conditions; each of them reopens it. There is nothing else: `and` and `or` are those of
the filter.

Always true: a condition that holds already when it is given is an error, so that what is told later is news.
"""

from __future__ import annotations

import re
import time
from bisect import bisect_right
from functools import cached_property
from itertools import compress
from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.errors import BadArgumentError, BadExpressionError
from gnomon.runs import checked
from gnomon.runs.where_rows import And, Compare
from gnomon.team.decisions.contradiction import CHANGED, INTACT, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gnomon.runs.views import Record
    from gnomon.runs.where import Filter
    from gnomon.team.decisions.seen import Seen

RUNS, DATA, AFTER = "runs", "data", "after"
MOST = 20
_MANY = 8  # conditions, so that it is worth it to know which values a column has
_NUMBERS = frozenset({int, float})
_SIGNS = {">": -1, ">=": -1, "<": 1, "<=": 1}
_RUNS = re.compile(r"any\s+run\s+where\s+(?P<filter>.{1,4000})", re.IGNORECASE | re.DOTALL)
_DATA = re.compile(r"data[\s:]+(?P<name>[\w.-]{1,100})\s+has\s+a\s+newer\s+version", re.IGNORECASE)
_AFTER = re.compile(r"after\s+(?P<time>.{1,60})", re.IGNORECASE)
_HOW = "`any run where metrics.auc > 0.93`, `data credit has a newer version`, `after 2027-03-01`"


class Condition(NamedTuple):
    """A condition as the decision keeps it: a `filter` of runs, `name` and `number` of data, or a time.

    `after` is seconds since 1970 UTC.
    """

    kind: str
    text: str
    filter: str = ""
    name: str = ""
    number: int = 0
    after: float = 0.0

    def to_dict(self) -> dict[str, object]:
        """Return plain values, as the entry has them."""
        own: dict[str, object] = {
            RUNS: {"filter": self.filter},
            DATA: {"name": self.name, "number": self.number},
            AFTER: {"after_us": round(self.after * 1e6)},
        }[self.kind]  # type: ignore[assignment]
        return {"is": self.kind, "text": self.text, **own}


class Held(NamedTuple):
    """Whether a condition holds: intact (it does not), changed (it does), cannot tell; since when, and by what."""

    verdict: str
    now: str
    since: float | None = None
    by: tuple[str, ...] = ()  # subjects: `run:<id>`, `data:<id>`


def conditions_of(fields: Mapping[str, Any]) -> list[Condition]:
    """Return the conditions that the fields of a decision hold; what cannot be read is left out."""
    every = [_condition(one) for one in checked.objects(fields.get("reopen"))[:MOST]]
    return [one for one in every if one is not None]


def _condition(one: Mapping[str, Any]) -> Condition | None:
    kind, text = one.get("is"), checked.text(one.get("text"))
    if kind not in (RUNS, DATA, AFTER) or text is None:
        return None
    return Condition(
        str(kind), text, checked.text(one.get("filter")) or "", checked.text(one.get("name")) or "",
        checked.whole(one.get("number")) or 0, (checked.whole(one.get("after_us")) or 0) / 1e6,
    )  # fmt: skip


# ---------------------------------------------------------------- as people write them


def read(record: Record, text: str, now: float | None = None) -> Condition:
    """Return the condition that a text says. Raises BadArgumentError, BadExpressionError, UnknownSubjectError.

    BadArgumentError also where it holds already.
    """
    from gnomon.team.decisions.seen import Seen

    now = time.time() if now is None else now
    text = " ".join(text.split())
    condition = _read(record, text)
    found = held(condition, Lookup(Seen(record)), now)
    if found.verdict == CHANGED:
        raise BadArgumentError(
            f"`{text}` holds already: {found.now}",
            hint="a condition says what is not so yet; nothing was written",
        )
    return condition


def _read(record: Record, text: str) -> Condition:
    runs, data, after = _RUNS.fullmatch(text), _DATA.fullmatch(text), _AFTER.fullmatch(text)
    if runs is not None:
        from gnomon.runs.where import parse

        parse(runs["filter"])
        return Condition(RUNS, text, filter=runs["filter"])
    if data is not None:
        from gnomon.data.views import versions

        number = max(one.number for one in versions(record, data["name"]))
        return Condition(DATA, text, name=data["name"], number=number)
    if after is not None:
        from gnomon.runs.where_times import span_of_time

        span = span_of_time(after["time"].strip("'\""), None)
        if span is not None:
            return Condition(AFTER, text, after=span[1] / 1e6)
    raise BadArgumentError(f"`{text}` is no condition", hint=f"it looks like {_HOW}")


# ---------------------------------------------------------------- whether they hold


def held(condition: Condition, lookup: Lookup, now: float) -> Held:
    """Return whether a condition holds at `now`, seconds since 1970 UTC."""
    if condition.kind == AFTER:
        if now >= condition.after > 0:
            return Held(CHANGED, "that time has come", condition.after)
        return Held(INTACT, "not yet")
    return _data(condition, lookup) if condition.kind == DATA else _runs(condition, lookup)


def _data(condition: Condition, lookup: Lookup) -> Held:
    newer = [
        (created, version, number)
        for version, name, number, created in lookup.versions
        if name == condition.name and number > condition.number
    ]
    if not newer:
        return Held(INTACT, f"v{condition.number} is the newest")
    created, version, number = min(newer)
    return Held(CHANGED, f"there is {condition.name}@v{number}", created / 1e6, (f"data:{version}",))


def _runs(condition: Condition, lookup: Lookup) -> Held:
    try:
        places = lookup.matching(condition.filter)
    except BadExpressionError as error:
        return Held(UNKNOWN, f"the filter cannot be read: {error.message}")
    if not places:
        return Held(INTACT, "no run matches")
    seen = lookup.seen
    since, first = min((_when(seen, place), seen.ids[place]) for place in places)
    more = f" and {len(places) - 1:,} more" if len(places) > 1 else ""
    by = tuple([f"run:{seen.ids[place]}" for place in places[:10]])
    return Held(CHANGED, f"run {first[:8]} matches{more}", since, by)


def _when(seen: Seen, place: int) -> float:
    """Return when a run ended, or began where it is open."""
    for key in ("ended", "created"):
        value = seen.stored(key)[place]
        if isinstance(value, int):
            return value / 1e6
    return 0.0


class Lookup:
    """Answers the filters of many conditions over the same columns.

    All comparisons are known beforehand, so each column is read once for the values that any of them asks for; of each
    filter only the runs are looked at that fit one of its comparisons. So conditions far from holding cost little.
    """

    def __init__(self, seen: Seen, conditions: Sequence[Condition] = ()) -> None:
        self.seen = seen
        self._filters = {one.filter: _parsed(one.filter) for one in conditions if one.kind == RUNS}
        self._equal: dict[str, dict[object, list[int]]] = {}
        self._loosest: dict[tuple[str, int], float] = {}
        self._beyond: dict[tuple[str, int], tuple[list[float], list[int]]] = {}
        if len(self._filters) >= _MANY:
            for one in self._filters.values():
                self._expect(one)

    @cached_property
    def versions(self) -> list[tuple[str, str, int, int]]:
        """(id, name, number, created) of each version of data."""
        if "data" not in self.seen.index.types():
            return []
        keys = ["", "name", "number", "created"]
        table = self.seen.index.columns("data", keys)
        rows = zip(*(table[key] for key in keys), strict=True)
        return [row for row in rows if isinstance(row[1], str) and isinstance(row[2], int)]

    def matching(self, text: str) -> list[int]:
        """Return the places of the runs, none of them hidden, that a filter chooses. Raises BadExpressionError."""
        from gnomon.runs.where_rows import choose

        filter_ = self._filters.get(text) or _parsed(text)
        if isinstance(filter_, BadExpressionError):
            raise filter_
        rows = self._rows(filter_)
        if not rows:
            return []
        columns = {key: self.seen.column(key) for key in filter_.fields}
        hidden = self.seen.stored("removed")
        return [place for place in choose(filter_.part, columns, rows) if not hidden[place]]

    def _expect(self, filter_: Filter | BadExpressionError) -> None:
        """Note which values a filter asks for."""
        for one in _compared(filter_):
            if one.operator == "=":
                self._equal.setdefault(one.column, {}).setdefault(one.value, [])
            elif (
                one.operator in _SIGNS
                and isinstance(one.value, (int, float))
                and not isinstance(one.value, bool)
            ):
                key = one.column, _SIGNS[one.operator]
                bound = key[1] * one.value
                self._loosest[key] = max(self._loosest.get(key, bound), bound)

    def _rows(self, filter_: Filter) -> Sequence[int]:
        """Return the places among which a filter's matches are: those of a comparison that fits few runs, else all."""
        fewest: Sequence[int] = range(len(self.seen.ids))
        for one in sorted(_compared(filter_), key=lambda one: one.operator != "="):
            rows = self._fitting(one)
            if rows is not None and len(rows) < len(fewest):
                fewest = rows
            if not fewest:
                break
        return fewest

    def _fitting(self, one: Compare) -> Sequence[int] | None:
        """Return the places, ascending, of at least the values that fit a comparison; None where nobody expected it."""
        if one.operator == "=":
            places = self._equal.get(one.column, {})
            if one.value not in places:
                return None
            return self._equal_places(one.column)[one.value]
        key = one.column, _SIGNS.get(one.operator, 0)
        if key not in self._loosest or not isinstance(one.value, (int, float)) or isinstance(one.value, bool):
            return None
        values, rows = self._places_beyond(key)
        return sorted(rows[: bisect_right(values, key[1] * one.value)])

    def _equal_places(self, column: str) -> dict[object, list[int]]:
        asked = self._equal[column]
        if column not in self._filled:
            self._filled.add(column)
            for place, value in enumerate(self.seen.column(column)):
                if value.__class__ is not list and value in asked:
                    asked[value].append(place)
        return asked

    @cached_property
    def _filled(self) -> set[str]:
        return set()

    def _places_beyond(self, key: tuple[str, int]) -> tuple[list[float], list[int]]:
        """Return the numbers of a column that any comparison may fit, in order and times the sign, and their places."""
        if key not in self._beyond:
            column: Sequence[Any] = self.seen.column(key[0])
            sign = key[1]
            bound = float(self._loosest[key] * sign)
            fits = bound.__le__ if sign < 0 else bound.__ge__
            if {*map(type, column)} <= _NUMBERS:  # most often; then no line of Python is run for each number
                places = list(compress(range(len(column)), map(fits, column)))
            else:
                places = [
                    place for place, value in enumerate(column) if type(value) in _NUMBERS and fits(value)
                ]
            found = sorted([(sign * column[place], place) for place in places])
            self._beyond[key] = [value for value, _ in found], [place for _, place in found]
        return self._beyond[key]


def _parsed(text: str) -> Filter | BadExpressionError:
    from gnomon.runs.where import parse

    try:
        return parse(text)
    except BadExpressionError as error:  # another version of Gnomon wrote it, or somebody by hand
        return error


def _compared(filter_: Filter | BadExpressionError) -> list[Compare]:
    """Return the comparisons that must all hold where a filter does."""
    if isinstance(filter_, BadExpressionError):
        return []
    parts = filter_.part.parts if isinstance(filter_.part, And) else (filter_.part,)
    return [one for one in parts if isinstance(one, Compare)]
