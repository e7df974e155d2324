"""Earlier runs that tried what is asked, or nearly: the nearest first, with what differs and what came of each.

Always true: hidden runs, repeats of other runs and the run in question are not among them. The answer depends on the runs
that there are, not on the order in which they arrived. Of code or data that was not recorded nobody says that it is the same:
it stands in `unknown`. Only columns of the index are read; the state of a run only where it is shown and failed or goes on.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import BadArgumentError, UnknownSubjectError
from gnomon.record.index_query import place_of
from gnomon.runs.columns import METRICS, by_use
from gnomon.runs.compare.direction import guess
from gnomon.runs.failures import reason
from gnomon.runs.groups.configuration import DIGEST, is_seed_like, label_of
from gnomon.runs.run_view import RunView
from gnomon.runs.tried import words
from gnomon.runs.tried.asked import LONGEST_COMMAND, Asked, UsedData, data_label
from gnomon.runs.tried.code import ALIKE, SAME, Code, codes_of, compared, places_with
from gnomon.runs.tried.code import OTHER as OTHER_CODE
from gnomon.runs.tried.command import commands_of, settings
from gnomon.runs.tried.near import BATCH, IndexColumns, ListedColumns, Near, Scales
from gnomon.runs.tried.scale import Scale, apart, as_float, is_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from gnomon.runs.views import Record
    from gnomon.team.people.views import People

CLOSE = 0.25  # all differences together, of two configurations that are close
WITHIN = 1.0 + CLOSE  # so far away what is listed may be: one thing is wholly different
UNKNOWN = 0.1  # what it takes from nearness that the code, or the data, was not recorded
OTHER = 1.0  # the same of other code, and of other data
LIMIT = 10
MOST_COMMANDS = 5_000  # runs whose commands are read
MOST_METRICS, MOST_ASKED = 256, 200  # to choose a metric: so many columns, of so many runs
CODE, DATA_WORD = "code", "data"
REPEATS = "repeats"
FAILED = frozenset({"failed", "interrupted"})


class Difference(NamedTuple):
    """Something in which an earlier run differs: its value (`was`) and the one asked for (`now`); None where there is none."""

    name: str
    was: object
    now: object
    apart: float  # 0 to 1; a whole difference is 1


class Best(NamedTuple):
    """The best last value of the metric among the close runs, and the run that has it."""

    value: float
    run: str
    better: str  # 'higher' or 'lower', by the metric's name


@dataclass(frozen=True, slots=True)
class TriedRun:
    """An earlier run. `differs` is empty where it is equal in all that was asked and recorded."""

    id: str
    name: str | None
    distance: float
    differs: tuple[Difference, ...]
    unknown: tuple[str, ...]  # 'code', 'data': asked for, and not recorded of this run
    loads_the_same: (
        bool  # its code differs, only in Python that it did not import, or in texts about the project
    )
    besides: Mapping[str, object]  # parameters that were not asked about
    data: tuple[str, ...]  # the data that it used
    status: str
    error: str | None
    value: object  # of the metric, its last
    seed: object
    author: str | None
    created: float
    ended: float | None

    @property
    def is_close(self) -> bool:
        """Whether it is equal or close."""
        return self.distance <= CLOSE

    @property
    def verdict(self) -> str:
        """'equal', 'close', or 'apart': one thing is wholly different."""
        return "equal" if not self.differs else "close" if self.is_close else "apart"


@dataclass(frozen=True, slots=True)
class Tried:
    """What was tried of a configuration. `runs` are the nearest; `close` counts all that are equal or close, `equal` those that
    are equal.
    """

    asked: Asked
    runs: tuple[TriedRun, ...]
    equal: int
    close: int
    total: int  # all that could be listed
    statuses: Mapping[str, int]  # of those that are close
    metric: str | None
    best: Best | None
    notes: tuple[str, ...] = field(default=(), repr=False)

    def __iter__(self) -> Iterator[TriedRun]:
        return iter(self.runs)

    def __len__(self) -> int:
        return len(self.runs)

    def __bool__(self) -> bool:
        return self.close > 0

    @property
    def sentence(self) -> str:
        """The answer in words."""
        return words.sentence(self)

    def to_dict(self) -> dict[str, object]:
        """Return plain values, as `gnomon tried --json` prints them."""
        return words.to_dict(self)


class _Candidate(NamedTuple):
    """An earlier run that may be listed; they sort by distance, then the newest first."""

    distance: float
    age: int
    id: str
    place: int
    is_equal: bool


def tried(
    record: Record,
    asked: Asked,
    *,
    metric: str | None = None,
    limit: int = LIMIT,
    within: float = WITHIN,
    pause: Callable[[], None] = lambda: None,
) -> Tried:
    """Return the earlier runs that are nearest to a configuration, of what was taken in so far.

    `pause` is called between columns, and may raise to end it. Raises BadArgumentError, UnknownSubjectError for a metric.
    """
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 0:
        raise BadArgumentError(f"`limit` of `tried()` must be a whole number from 0; got {limit!r}")
    key = _metric_key(record, metric) if metric is not None else None
    search = _Search(record, asked, pause)
    found = search.candidates(min(within, CLOSE))
    if not found and within > CLOSE:
        found = search.candidates(within)
    found.sort()
    near = [one for one in found if one.distance <= CLOSE]
    pause()
    if key is None:
        key = _usual_metric(record, [one.place for one in found[:MOST_ASKED]])
    statuses = search.cells(["status"], [one.place for one in near])["status"]
    return Tried(
        asked, tuple(search.shown(found[:limit], key)), sum(one.is_equal for one in near), len(near), len(found),
        Counter(map(str, statuses)), key.removeprefix(METRICS) if key else None,
        _best(search, near, key),
        tuple(search.notes),
    )  # fmt: skip


class _Search:
    """One question to one record; columns that were read serve the next step too."""

    def __init__(self, record: Record, asked: Asked, pause: Callable[[], None]) -> None:
        self._record = record
        self._index = record.replica.index
        self._asked = asked
        self._pause = pause
        self._columns = IndexColumns(self._index, record._kept)
        self._keys = self._index.keys("run")
        self._scales = Scales(self._columns, asked.params)
        self._commands: dict[int, dict[str, object]] = {}
        self._command_scales: Scales | None = None
        self._codes: dict[int, Code] = {}
        self._labels: dict[int, dict[str, UsedData]] = {}
        self._doubts: dict[int, float] = {}  # what is added for what was not recorded
        self.notes: list[str] = []

    def cells(self, keys: Sequence[str], places: Sequence[int]) -> dict[str, list[object]]:
        """Return the cells of some runs by column."""
        return self._record._kept.cells_of_some(self._index, keys, places, self._columns.count)

    def metric(self, found: Sequence[_Candidate], key: str) -> list[object]:
        """Return a metric of some runs; one that has no column of its own is a part of another."""
        places = [one.place for one in found]
        if key in self._keys:
            return self.cells([key], places)[key]
        return self._record._cells([key], [one.id for one in found], places)[key]

    # --- which runs

    def candidates(self, within: float) -> list[_Candidate]:
        """Return all earlier runs that are at most so far away, in no order."""
        asked = self._asked
        places = None
        if asked.only_same_code:
            places = places_with(self._index, asked.code)
        near = Near(
            self._columns, self._scales, asked.params, within=within, whole=asked.whole, places=places, pause=self._pause
        )  # fmt: skip
        far, self._doubts = self._earlier(near.apart), {}
        for step in (self._with_commands, self._with_data, self._with_code):
            self._pause()
            step(far, within)
            doubts = self._doubts
            far = {place: one for place, one in far.items() if one + doubts.get(place, 0.0) <= within}
        found = list(far)
        ids = self._index.columns("run", [""], found)[""]
        moments = self.cells(["created"], found)["created"]
        return [
            _Candidate(
                round(far[place] + self._doubts.get(place, 0.0), 9), -created if isinstance(created, int) else 0,
                str(run), place, not far[place],
            )
            for place, run, created in zip(found, ids, moments, strict=True)
        ]  # fmt: skip

    def _earlier(self, far: dict[int, float]) -> dict[int, float]:
        """Return those that count: not hidden, no repeats, not the run in question, and made before it."""
        places = list(far)
        keys = [key for key in ("removed", REPEATS) if key in self._keys]
        for key in keys:
            cells = self.cells([key], places)[key]
            places = [place for place, cell in zip(places, cells, strict=True) if not cell]
        asked = self._asked
        if asked.run is not None:
            own = self._index.ask(lambda database: place_of(database, f"run:{asked.run}"))
            places = [place for place in places if place != own]
        if asked.before_us is not None:
            created = self.cells(["created"], places)["created"]
            places = [
                place
                for place, moment in zip(places, created, strict=True)
                if isinstance(moment, int) and moment <= asked.before_us
            ]
        return {place: far[place] for place in places}

    def _with_commands(self, far: dict[int, float], within: float) -> None:
        """Add how far the commands of these runs lie from the one in question; leave those that recorded none."""
        command = self._asked.command
        if command is None:
            return
        places = sorted(far)
        if len(places) > MOST_COMMANDS:
            created = self.cells(["created"], places)["created"]
            ages = dict(zip(places, created, strict=True))
            places = sorted(places, key=lambda place: -ages[place] if isinstance(ages[place], int) else 0)  # type: ignore[operator]
            places = sorted(places[:MOST_COMMANDS])
            self.notes.append(f"only the commands of the newest {MOST_COMMANDS:,} runs were compared")
        texts = commands_of(self._index, places)
        known = {text: settings(text[:LONGEST_COMMAND]) for text in {*texts} if text}  # many have the same
        self._commands = {
            place: known[text] for place, text in zip(places, texts, strict=True) if text in known
        }
        told = list(self._commands)
        columns = ListedColumns([self._commands[place] for place in told])
        self._command_scales = Scales(columns, command)
        near = Near(columns, self._command_scales, command, within=within, whole=True, pause=self._pause)
        kept = {told[at]: one for at, one in near.apart.items()}
        for place in list(far):
            if place in kept:
                far[place] += kept[place]
            else:
                del far[place]

    def _with_data(self, far: dict[int, float], within: float) -> None:  # noqa: ARG002  one shape for all steps
        """Add that these runs used other data; read what they used."""
        places = list(far)
        digests = [key for key in self._keys if key.startswith(DIGEST)]
        for start in range(0, len(digests), BATCH):
            keys = digests[start : start + BATCH]
            cells = self._index.columns("run", [*keys, *map(label_of, keys)], places)
            for key in keys:
                name = key[len(DIGEST) :]
                for place, ids, label in zip(places, cells[key], cells[label_of(key)], strict=True):
                    if ids is not None:
                        used = UsedData(data_label(name, label), frozenset(str(ids).split(", ")))
                        self._labels.setdefault(place, {})[name] = used
        if self._asked.data:
            for place in places:
                if not self._labels.get(place):
                    self._doubts[place] = self._doubts.get(place, 0.0) + UNKNOWN
                else:
                    far[place] += OTHER * len(self._data_differences(place))

    def _with_code(self, far: dict[int, float], within: float) -> None:  # noqa: ARG002  as above
        """Add that these runs ran other code."""
        places = list(far)
        if not self._asked.code.is_known or not places:
            return
        self._codes = dict(zip(places, codes_of(self._index, places), strict=True))
        for place in places:
            said = compared(self._codes[place], self._asked.code)
            if said == OTHER_CODE:
                far[place] += OTHER
            elif said != SAME:
                self._doubts[place] = self._doubts.get(place, 0.0) + UNKNOWN

    # --- what is said of them

    def shown(self, found: Sequence[_Candidate], metric: str | None) -> list[TriedRun]:
        """Return these runs with all that is told of them."""
        record, places = self._record, [one.place for one in found]
        keys = [
            "name",
            "status",
            "seed",
            "writer",
            "author",
            "created",
            "ended",
            *([metric] if metric else []),
        ]
        table = record._cells(keys, [one.id for one in found], places)
        params = self._columns.cells(self._columns.names(), places)
        people = _people(record) if found else None
        several = len(record.home.writers("log")) > 1
        shown = []
        for at, one in enumerate(found):
            own = {name: cells[at] for name, cells in params.items() if cells[at] is not None}
            status = str(table["status"][at])
            shown.append(
                TriedRun(
                    one.id, _text(table["name"][at]), one.distance, tuple(self._differences(one.place, own)),
                    tuple(self._unknown(one.place)), self._code(one.place) == ALIKE, self._besides(own),
                    self._data(one.place), status,
                    _error(record, one.id) if status in FAILED else None, table[metric][at] if metric else None,
                    table["seed"][at], _author(people, table["writer"][at], table["author"][at], several=several),
                    _moment(table["created"][at]) or 0.0, _moment(table["ended"][at]),
                )
            )  # fmt: skip
        return shown

    def _differences(self, place: int, own: Mapping[str, object]) -> Iterator[Difference]:
        """Yield in what a run differs, the smallest difference first, then data and code."""
        asked = self._asked
        found = list(_between(own, asked.params, self._scales, whole=asked.whole))
        if asked.command is not None and self._command_scales is not None:
            found += _between(self._commands.get(place, {}), asked.command, self._command_scales, whole=True)
        yield from sorted(found, key=lambda one: (one.apart, one.name))
        if asked.data and self._labels.get(place):
            yield from self._data_differences(place)
        code = self._codes.get(place)
        if code is not None and compared(code, asked.code) == OTHER_CODE:
            yield Difference(CODE, code.short, asked.code.short, OTHER)

    def _data_differences(self, place: int) -> list[Difference]:
        """Return the data that was asked for and that a run did not use, with what it used instead."""
        used = self._labels.get(place, {}).values()
        missing = [one for one in self._asked.data if not any(one.ids & other.ids for other in used)]
        wanted = [other for other in used if not any(other.ids & one.ids for one in self._asked.data)]
        instead = ", ".join(sorted(other.label for other in wanted)) or None
        return [Difference(DATA_WORD, instead, one.label, OTHER) for one in missing]

    def _unknown(self, place: int) -> Iterator[str]:
        if self._asked.code.is_known and self._code(place) is None:
            yield CODE
        if self._asked.data and not self._labels.get(place):
            yield DATA_WORD

    def _code(self, place: int) -> str | None:
        return compared(self._codes.get(place, Code()), self._asked.code)

    def _besides(self, own: Mapping[str, object]) -> dict[str, object]:
        """Return the parameters of a run that were not asked about, seeds left aside."""
        if self._asked.whole:
            return {}
        return {
            name: value
            for name, value in own.items()
            if name not in self._asked.params and not is_seed_like(name)
        }

    def _data(self, place: int) -> tuple[str, ...]:
        return tuple(sorted({one.label for one in self._labels.get(place, {}).values()}))


def _between(
    was: Mapping[str, object], now: Mapping[str, object], scales: Scales, *, whole: bool
) -> Iterator[Difference]:
    names = {*now, *(was if whole else ())}
    for name in sorted(names):
        if is_seed_like(name):
            continue
        before, after = was.get(name), now.get(name)
        if before == after:  # most often: no scale is needed
            continue
        scale = scales.of(name) if is_number(before) and is_number(after) else Scale()
        if far := apart(before, after, scale):
            yield Difference(name, before, after, far)


# ---------------------------------------------------------------- what came of it


def _metric_key(record: Record, metric: str) -> str:
    """Return the column of a metric. Raises UnknownSubjectError."""
    key = metric if metric.startswith(METRICS) else METRICS + metric
    if record._unknown([key]):
        from difflib import get_close_matches

        known = [one[len(METRICS) :] for one in record.replica.index.keys("run") if one.startswith(METRICS)]
        near = get_close_matches(metric.removeprefix(METRICS), known, n=3)
        meant = f"did you mean {' or '.join(f'`{one}`' for one in near)}?" if near else None
        raise UnknownSubjectError(
            f"no run has a metric `{metric}`", hint=meant or "`gnomon runs` lists the metrics that there are"
        )
    return key


def _usual_metric(record: Record, places: Sequence[int]) -> str | None:
    """Return the column of the metric that tells most of these runs: of unseen data first, then what most of them have.

    One whose name says which way is better goes before all others.
    """
    keys = [
        key
        for key in record.replica.index.keys("run")
        if key.startswith(METRICS) and not key.startswith(f"{METRICS}system/")
    ][:MOST_METRICS]
    if not keys or not places:
        return None
    cells = record.replica.index.columns("run", keys, places)
    counts = {key: count for key in keys if (count := sum(_finite(cell) is not None for cell in cells[key]))}
    ordered = by_use(counts, counts)
    return next((key for key in ordered if guess(key[len(METRICS) :])), next(iter(ordered), None))


def _best(search: _Search, near: Sequence[_Candidate], key: str | None) -> Best | None:
    """Return the best of the close runs by a metric; None where its name does not say which way is better."""
    better = guess(key[len(METRICS) :]) if key else None
    if key is None or better is None or not near:
        return None
    values = search.metric(near, key)
    finite = [
        (value, one) for cell, one in zip(values, near, strict=True) if (value := _finite(cell)) is not None
    ]
    if not finite:
        return None
    sign = -1.0 if better == "higher" else 1.0
    value, one = min(finite, key=lambda pair: (sign * pair[0], pair[1]))
    return Best(value, one.id, better)


def _finite(cell: object) -> float | None:
    if isinstance(cell, bool) or not isinstance(cell, (int, float)):
        return None
    return as_float(cell)


def _error(record: Record, run: str) -> str | None:
    """Return what ended a run: `ValueError: no such file`."""
    kind, said = reason(RunView(record, run))
    return ": ".join(filter(None, (kind, said))) or None


def _people(record: Record) -> People | None:
    from gnomon.team.people.views import people_in

    return people_in(record.replica.index)


def _author(people: People | None, writer: object, author: object, *, several: bool) -> str | None:
    """Return who made a run: the member, else the name that is recorded, else the device where there are several."""
    person = people.of_writer(writer) if people is not None and isinstance(writer, str) else None
    if person is not None:
        return person.name
    if author is not None:
        return str(author)
    return f"device {str(writer)[:8]}" if several and writer is not None else None


def _text(cell: object) -> str | None:
    return str(cell) if cell is not None else None


def _moment(cell: object) -> float | None:
    return cell / 1e6 if isinstance(cell, int) else None
