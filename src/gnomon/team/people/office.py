"""Office hours: one slot a week of one host, so that everybody else reaches one within their own working hours in turn.

A slot lies within the host's working hours; days off of the host count. Somebody **reaches** a slot that lies whole
within their own. The weeks are planned in two steps. First it is chosen who is to be reached in which week: so that as
few waits as can be are longer than was asked for, then so that the squares of all waits have the smallest sum, which
makes the waits of all alike. Then, of the slots of each week that reach those, one is chosen as a meeting's slot is: so
that the awkward hours of those whom a slot does not reach are shared (`people.sharing` says what fair means).

A wait is a number of weeks in a row in which somebody reached no slot; weeks in which the host offers none, or in
which they are away all week, do not lengthen it.

Always true: the plan follows from its input alone. Where `is_certain`, no choice has fewer waits that are too long: all
were looked at, or those that are left cannot be spared even where each guest is planned for alone.
Nothing here reads a record or asks what time it is.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import BadArgumentError
from gnomon.team.people import clock
from gnomon.team.people.clock import DAY_S, Window
from gnomon.team.people.sharing import Option, share
from gnomon.team.people.slots import (
    MOST_PERSONS,
    MOST_WEEKS,
    STEP_MINUTES,
    UNIT,
    Diary,
    Plan,
    Starts,
    slot_at,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gnomon.team.people.person import Person

    Reached = frozenset[int]  # places of guests

FEW = 500
"""How many ways the first step keeps from week to week."""
_AROUND_S = 8 * DAY_S
MOST_MINUTES = 8 * 60


class Waits(NamedTuple):
    """A guest who waits longer than was asked for, and for how many weeks in a row at the most."""

    person: Person
    weeks: int


class OfficeHours(NamedTuple):
    """The slots of a host in order, and whom they do not reach often enough.

    `never` share no slot with the host in any of the weeks. `late` reach one, but wait too long for it at least once;
    `is_certain` says whether no choice of slots leaves fewer such waits. `without` are the first days of weeks in which
    the host has no time. `plan.sums` are of the guests.
    """

    host: Person
    plan: Plan
    never: tuple[Person, ...]
    late: tuple[Waits, ...]
    without: tuple[date, ...]
    is_certain: bool


class _Week(NamedTuple):
    """A week: its slots with whom each reaches and costs what, and the guests who are there at all."""

    slots: tuple[tuple[Reached, Option], ...]
    there: Reached


def office_hours(
    host: Person,
    guests: Sequence[Person],
    starts: Starts,
    *,
    minutes: int = 60,
    weeks: int = 8,
    within: int = 4,
) -> OfficeHours:
    """Return a slot of each week, so that each guest reaches one within their working hours every `within` weeks.

    Raises BadArgumentError for numbers out of range, for no guests, for working hours that are not known, and where the
    host has no time in any of the weeks.
    """
    _check(host, guests, minutes, weeks, within)
    windows = [
        clock.day_window(starts.zone, starts.day + timedelta(days=7 * week), 7) for week in range(weeks)
    ]
    around = Window(windows[0].start - _AROUND_S, windows[-1].end + _AROUND_S)
    diaries = [Diary(person, around) for person in (host, *guests)]
    every = [_week(diaries[0], diaries[1:], window, minutes) for window in windows]
    held = [week for week in every if week.slots]
    if not held:
        raise BadArgumentError(
            f"{host.name} has no {minutes} working minutes in a row in these weeks",
            hint="fewer `--minutes`, or another `--from`",
        )
    chosen, is_certain = _rota(held, len(guests), within)
    options = [
        [option for reached, option in week.slots if to_reach <= reached]
        for week, to_reach in zip(held, chosen, strict=True)
    ]
    plan = _plan(diaries[1:], options, minutes)
    never, late = _who_waits(guests, held, plan, within)
    without = tuple(
        starts.day + timedelta(days=7 * number) for number, week in enumerate(every) if not week.slots
    )
    return OfficeHours(host, plan, never, late, without, is_certain)


def _check(host: Person, guests: Sequence[Person], minutes: int, weeks: int, within: int) -> None:
    if not guests or any(one.id == host.id for one in guests):
        raise BadArgumentError("office hours are for members other than their host", hint="name some of them")
    if len(guests) >= MOST_PERSONS:
        raise BadArgumentError(f"office hours have up to {MOST_PERSONS - 1} guests; got {len(guests)}")
    if not 5 <= minutes <= MOST_MINUTES:
        raise BadArgumentError(f"office hours take 5 to {MOST_MINUTES} minutes; got {minutes}")
    if not 1 <= weeks <= MOST_WEEKS or not 1 <= within <= MOST_WEEKS:
        raise BadArgumentError(
            f"office hours are planned for 1 to {MOST_WEEKS} weeks, to be reached every 1 to {MOST_WEEKS} of them; "
            f"got {weeks} and {within}"
        )


def _week(host: Diary, guests: Sequence[Diary], week: Window, minutes: int) -> _Week:
    """Return the slots of a week within the host's working hours, the earliest first, and the guests who work in it."""
    slots = []
    for window in clock.windows(host.person, week.start, week.end):
        for start in _starts(window, minutes):
            end = start + minutes * 60
            outside = [None if one.is_away(start, end) else one.outside(start, end) for one in guests]
            reached = frozenset(
                place for place, found in enumerate(outside) if found is not None and not found[0]
            )
            slots.append((reached, Option(tuple(0 if one is None else one[1] for one in outside), start)))
    there = frozenset(
        place for place, one in enumerate(guests) if clock.windows(one.person, week.start, week.end)
    )
    return _Week(tuple(slots), there)


def _starts(window: Window, minutes: int) -> range:
    step = STEP_MINUTES * 60
    first = -(-int(window.start) // step) * step
    return range(first, int(window.end) - minutes * 60 + 1, step)


# ---------------------------------------------------------------- who is reached when


class _Way(NamedTuple):
    """What was chosen so far: waits that are too long, squares of all waits, whom each week is to reach."""

    late: int
    squares: int
    chosen: tuple[Reached, ...]


def _rota(weeks: Sequence[_Week], guests: int, within: int) -> tuple[list[Reached], bool]:
    """Return whom each week is to reach, and whether all choices were looked at."""
    ways = {(0,) * guests: _Way(0, 0, ())}  # by how long each guest waits
    is_certain = True
    for week in weeks:
        found: dict[tuple[int, ...], _Way] = {}
        for waits, way in ways.items():
            for reached in _largest(reached for reached, _ in week.slots):
                after = _waits_after(waits, reached, week.there)
                late = way.late + sum(one >= within for one in after)
                squares = way.squares + sum(one * one for one in after)
                longer = _Way(late, squares, (*way.chosen, reached))
                if after not in found or longer[:2] < found[after][:2]:
                    found[after] = longer
        kept = sorted(found, key=lambda waits: (found[waits][:2], waits))
        is_certain = is_certain and len(kept) <= FEW
        ways = {waits: found[waits] for waits in kept[:FEW]}
    best = next(iter(ways.values()))
    return list(best.chosen), is_certain or best.late == _least_late(weeks, guests, within)


def _least_late(weeks: Sequence[_Week], guests: int, within: int) -> int:
    """Return how many waits are too long whatever is chosen: were each guest reached in every week that can reach them."""
    late, waits = 0, (0,) * guests
    for week in weeks:
        waits = _waits_after(waits, frozenset().union(*(reached for reached, _ in week.slots)), week.there)
        late += sum(one >= within for one in waits)
    return late


def _waits_after(waits: Sequence[int], reached: Reached, there: Reached) -> tuple[int, ...]:
    """Return how long each guest waits after a week; who is not there waits no longer, and no shorter."""
    return tuple(0 if place in reached else wait + (place in there) for place, wait in enumerate(waits))


def _largest(every: Iterable[Reached]) -> list[Reached]:
    """Return the sets that are no part of another one, each once, in the order in which they come."""
    distinct = list(dict.fromkeys(every))
    return [one for one in distinct if not any(one < other for other in distinct)]


def _who_waits(
    guests: Sequence[Person], weeks: Sequence[_Week], plan: Plan, within: int
) -> tuple[tuple[Person, ...], tuple[Waits, ...]]:
    """Return who shares no slot with the host at all, and who waits too long, and how long."""
    reachable = frozenset(place for week in weeks for reached, _ in week.slots for place in reached)
    waits: tuple[int, ...] = (0,) * len(guests)
    longest = list(waits)
    for week, slot in zip(weeks, plan.slots, strict=True):
        reached = next(reached for reached, option in week.slots if option.start == slot.start)
        waits = _waits_after(waits, reached, week.there)
        longest = list(map(max, longest, waits))
    never = tuple(person for place, person in enumerate(guests) if place not in reachable)
    late = tuple(
        Waits(person, longest[place])
        for place, person in enumerate(guests)
        if place in reachable and longest[place] >= within
    )
    return never, late


# ---------------------------------------------------------------- which slot


def _plan(guests: Sequence[Diary], options: Sequence[Sequence[Option]], minutes: int) -> Plan:
    choice = share(options)
    slots = tuple(slot_at(guests, option.start, minutes) for option in choice.options)
    sums = {
        one.person.id: sum(option.costs[place] for option in choice.options) / UNIT
        for place, one in enumerate(guests)
    }
    return Plan(slots, sums, choice.least / UNIT, choice.is_exact)
