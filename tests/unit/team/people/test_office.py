"""Office hours: whom the slots reach, against all that could be chosen; who is told to wait; the host's own time."""

from __future__ import annotations

import random
from datetime import date
from itertools import product

import pytest

from gnomon.errors import BadArgumentError
from gnomon.team.people import clock, office
from gnomon.team.people.clock import Window
from gnomon.team.people.office import Waits, _largest, _least_late, _rota, _Week, office_hours
from gnomon.team.people.sharing import Option
from gnomon.team.people.slots import UNIT, Diary, Starts
from tests.unit.team.people.made import at, person, shown, works

MONDAY = Starts("Europe/Berlin", date(2026, 11, 30))
ANN = person("Ann", "Europe/Berlin")
BEA = person("Bea", "Asia/Kolkata")  # shares 9:00 to 12:30 with Berlin
NED = person("Ned", "America/New_York")  # 15:00 to 17:00
CLEO = person("Cleo", "America/Los_Angeles")  # nothing: 18:00 to 2:00


def who_reaches(found, guests):
    """Names of the guests who reach each slot within their own hours, found anew from their windows."""
    return [
        [
            one.name for one in guests
            if any(window.start <= slot.start and slot.end <= window.end
                   for window in clock.windows(one, slot.start - 86_400, slot.end + 86_400))
        ]
        for slot in found.plan.slots
    ]  # fmt: skip


# ---------------------------------------------------------------- whom they reach


def test_guests_who_share_no_hour_reach_one_in_turn():
    found = office_hours(ANN, [BEA, NED], MONDAY, weeks=4, within=2)
    reached = who_reaches(found, [BEA, NED])
    assert sorted(map(tuple, reached)) == [("Bea",), ("Bea",), ("Ned",), ("Ned",)]
    assert reached[0] != reached[1] and reached[2] != reached[3]
    assert (found.never, found.late, found.without, found.is_certain) == ((), (), (), True)


def test_a_slot_that_all_reach_is_taken_each_week():
    found = office_hours(ANN, [BEA, person("Zoe", "Africa/Nairobi")], MONDAY, weeks=3, within=1)
    assert [len(names) for names in who_reaches(found, [BEA, person("Zoe", "Africa/Nairobi")])] == [2, 2, 2]
    assert found.late == ()
    assert found.plan.sums == {BEA.id: 0, "zoe".ljust(20, "0"): 0}


def test_who_cannot_reach_any_is_said_and_hinders_nobody():
    found = office_hours(ANN, [BEA, NED, CLEO], MONDAY, weeks=4, within=2)
    assert found.never == (CLEO,)
    assert found.late == ()
    assert found.plan.sums[CLEO.id] > 0  # and how awkward it would be counts


def test_who_waits_too_long_is_said_and_no_one_alone_bears_it():
    found = office_hours(ANN, [BEA, NED], MONDAY, weeks=6, within=1)
    assert found.late == (Waits(BEA, 1), Waits(NED, 1))
    assert found.is_certain


def test_slots_lie_within_the_hours_of_the_host_and_not_on_days_off():
    host = person(
        "Ann",
        works("Europe/Berlin", "09:00-12:00,13:00-17:00", "mon-wed"),
        away=[("2026-12-07", "2026-12-08")],
    )
    found = office_hours(host, [BEA, NED], MONDAY, minutes=90, weeks=6)
    for slot in found.plan.slots:
        assert any(
            one.start <= slot.start and slot.end <= one.end
            for one in clock.windows(host, slot.start - 86_400, slot.end + 86_400)
        ), shown([(slot.start, slot.end)], "Europe/Berlin")
        assert slot.end - slot.start == 5400


def test_a_week_without_the_host_is_said_and_lengthens_no_wait():
    host = person("Ann", "Europe/Berlin", away=[("2026-12-07", "2026-12-11")])
    found = office_hours(host, [BEA, NED], MONDAY, weeks=5, within=2)
    assert found.without == (date(2026, 12, 7),)
    assert len(found.plan.slots) == 4
    assert found.late == ()


def test_a_week_in_which_a_guest_is_away_lengthens_no_wait():
    ned = person("Ned", "America/New_York", away=[("2026-12-07", "2026-12-18")])
    found = office_hours(ANN, [BEA, ned], MONDAY, weeks=5, within=2)
    assert found.late == ()
    assert who_reaches(found, [BEA, ned])[1:3] == [["Bea"], ["Bea"]]


def test_over_a_change_of_clocks_each_still_reaches_one():
    """From 8 March New York is an hour earlier for Berlin, until 29 March; the hours stay those on each wall."""
    found = office_hours(ANN, [BEA, NED], Starts("Europe/Berlin", date(2026, 2, 23)), weeks=8, within=2)
    assert found.late == ()
    reached = who_reaches(found, [BEA, NED])
    assert all(
        {*first, *second} == {"Bea", "Ned"} for first, second in zip(reached, reached[1:], strict=False)
    )


def test_among_slots_that_reach_the_same_the_least_awkward_is_taken():
    """Bea is reached; for Ned the end of her day is the least early."""
    found = office_hours(ANN, [BEA, NED], MONDAY, weeks=1, within=1)
    (slot,) = found.plan.slots
    assert who_reaches(found, [BEA, NED]) in ([["Bea"]], [["Ned"]])
    best = {"Bea": "11:30", "Ned": "15:00"}[who_reaches(found, [BEA, NED])[0][0]]
    assert slot.start % 86_400 == at(f"2026-11-30 {best}", "Europe/Berlin") % 86_400


# ---------------------------------------------------------------- against all that there are


def looked_at_all(weeks, guests, within):
    """The fewest waits that are too long, then the least sum of squared waits, over all choices."""
    best = None
    for choice in product(*([reached for reached, _ in week.slots] for week in weeks)):
        waits, late, squares = [0] * guests, 0, 0
        for week, reached in zip(weeks, choice, strict=True):
            for place in range(guests):
                if place in reached:
                    waits[place] = 0
                elif place in week.there:
                    waits[place] += 1
            late += sum(one >= within for one in waits)
            squares += sum(one * one for one in waits)
        best = min(best or (late, squares), (late, squares))
    return best


def random_weeks(draw, guests):
    weeks = []
    for _ in range(draw.randint(1, 5)):
        sets = [
            frozenset(draw.sample(range(guests), draw.randint(0, guests))) for _ in range(draw.randint(1, 4))
        ]
        there = frozenset(draw.sample(range(guests), draw.randint(0, guests))).union(*sets)
        weeks.append(_Week(tuple((one, Option((0,) * guests, 0)) for one in sets), there))
    return weeks


@pytest.mark.parametrize("seed", range(5))
def test_the_rota_is_the_best_there_is(seed):
    draw = random.Random(seed)
    for _ in range(60):
        guests, within = draw.randint(1, 6), draw.randint(1, 3)
        weeks = random_weeks(draw, guests)
        reachable = frozenset().union(*(one for week in weeks for one, _ in week.slots))
        weeks = [week._replace(there=week.there & reachable) for week in weeks]
        chosen, is_certain = _rota(weeks, guests, within)
        only = [
            week._replace(slots=((one, week.slots[0][1]),)) for week, one in zip(weeks, chosen, strict=True)
        ]
        assert is_certain
        assert looked_at_all(only, guests, within) == looked_at_all(weeks, guests, within)
        assert _least_late(weeks, guests, within) <= looked_at_all(weeks, guests, within)[0]


def test_where_each_alone_would_wait_as_long_it_is_certain_though_not_all_was_looked_at(monkeypatch):
    monkeypatch.setattr(office, "FEW", 1)
    draw, certain = random.Random(2), 0
    for _ in range(60):
        guests, within = draw.randint(2, 6), draw.randint(1, 3)
        weeks = random_weeks(draw, guests)
        chosen, is_certain = _rota(weeks, guests, within)
        only = [
            week._replace(slots=((one, week.slots[0][1]),)) for week, one in zip(weeks, chosen, strict=True)
        ]
        found, best = (looked_at_all(one, guests, within)[0] for one in (only, weeks))
        assert not is_certain or found == best
        certain += is_certain
    assert 30 < certain < 60


def test_of_the_slots_that_reach_whom_they_are_to_reach_the_fairest_are_chosen():
    """The second step, against all choices that reach the same guests."""
    guests = [
        person("Zoe", "Africa/Nairobi"),
        CLEO,
        person("Aoi", "Asia/Tokyo"),
    ]  # late suits one, early another
    found = office_hours(ANN, guests, MONDAY, minutes=30, weeks=3, within=2)
    around = Window(at("2026-11-20 00:00"), at("2027-01-10 00:00"))
    diaries = [Diary(one, around) for one in (ANN, *guests)]
    weeks = []
    for number, slot in enumerate(found.plan.slots):
        start = at("2026-11-30 00:00", "Europe/Berlin") + number * 7 * 86_400
        week = office._week(diaries[0], diaries[1:], Window(start, start + 7 * 86_400), 30)
        reached = next(one for one, option in week.slots if option.start == slot.start)
        weeks.append({option.costs for one, option in week.slots if reached <= one})
    best = min(sorted(map(sum, zip(*chosen, strict=True)), reverse=True) for chosen in product(*weeks))
    assert found.plan.is_exact
    assert sorted((one * UNIT for one in found.plan.sums.values()), reverse=True) == best


def test_too_many_choices_are_not_certain(monkeypatch):
    monkeypatch.setattr(office, "FEW", 1)
    assert not office_hours(ANN, [BEA, NED], MONDAY, weeks=4, within=1).is_certain
    assert office_hours(
        ANN, [BEA, NED], MONDAY, weeks=4
    ).is_certain  # nobody waits too long: none can be spared


def test_sets_that_are_a_part_of_others_are_left_out():
    one, two, both = frozenset({1}), frozenset({2}), frozenset({1, 2})
    assert _largest([one, both, two, both]) == [both]
    assert _largest([one, two, frozenset()]) == [one, two]


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("guests", "options", "why"),
    [
        ([], {}, "other than their host"),
        ([ANN], {}, "other than their host"),
        ([BEA], {"minutes": 4}, "5 to 480 minutes"),
        ([BEA], {"weeks": 0}, "1 to 52 weeks"),
        ([BEA], {"within": 0}, "1 to 52 of them"),
        ([person("New")], {}, "working hours of New are not known"),
        ([BEA], {"minutes": 481 - 1, "weeks": 53}, "1 to 52 weeks"),
    ],
)
def test_what_cannot_be_planned_says_why(guests, options, why):
    with pytest.raises(BadArgumentError, match=why):
        office_hours(ANN, guests, MONDAY, **options)


def test_a_host_without_time_in_a_row_is_said():
    host = person("Ann", works("Europe/Berlin", "09:00-10:00"))
    with pytest.raises(BadArgumentError, match="Ann has no 90 working minutes in a row"):
        office_hours(host, [BEA], MONDAY, minutes=90)
