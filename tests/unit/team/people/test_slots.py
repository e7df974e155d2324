"""Slots that share the awkward hours: costs against each minute looked at, choices against all that there are."""

from __future__ import annotations

import random
from datetime import date
from itertools import product

import pytest

from gnomon.errors import BadArgumentError
from gnomon.team.people import clock, sharing
from gnomon.team.people.sharing import Option, share
from gnomon.team.people.slots import UNIT, Diary, Starts, fair_slots
from tests.unit.team.people.made import at, person, shown, works

MONDAY = date(2026, 11, 30)
ANN, BEA, CLEO = (
    person(name, zone)
    for name, zone in (("Ann", "Europe/Berlin"), ("Bea", "Asia/Kolkata"), ("Cleo", "America/Los_Angeles"))
)


def diary(one, day="2026-12-01"):
    middle = at(f"{day} 12:00")
    return Diary(one, clock.Window(middle - 20 * 86_400, middle + 20 * 86_400))


# ---------------------------------------------------------------- what a slot costs


def looked_at_each_minute(one, start, end):
    """Minutes outside, and their weights of 1 + hours to the nearest working time, at the middle of each minute."""
    around = clock.windows(one, start - 20 * 86_400, end + 20 * 86_400, with_days_off=True)
    minutes, weight = 0, 0.0
    for minute in range(int(start), int(end), 60):
        middle = minute + 30
        if not any(window.start <= middle < window.end for window in around):
            minutes += 1
            weight += (
                1 + min(min(abs(middle - window.start), abs(middle - window.end)) for window in around) / 3600
            )
    return minutes, weight


@pytest.mark.parametrize(
    "one",
    [
        ANN,
        person("Sue", works("Asia/Kathmandu", "09:00-12:00,14:00-18:00", "sun-thu")),
        person("Nia", works("Europe/London", "22:00-06:00")),
        person("Mo", works("Europe/Berlin"), works("Asia/Tokyo", since="2026-12-02")),
    ],
    ids=lambda one: one.name,
)
def test_the_cost_of_a_slot_is_what_each_of_its_minutes_costs(one):
    known = diary(one)
    draw = random.Random(1)
    for _ in range(40):
        start = int(at("2026-11-28 00:00")) + draw.randrange(0, 6 * 1440, 5) * 60
        end = start + draw.choice([15, 30, 60, 90, 600, 1440]) * 60
        minutes, cost = known.outside(start, end)
        expected_minutes, expected = looked_at_each_minute(one, start, end)
        assert minutes == expected_minutes
        # The middle of a minute stands for it, but for the one in which the nearer edge changes.
        assert cost / UNIT == pytest.approx(expected, abs=0.02 * (1 + (end - start) / 86_400))


def test_a_cost_by_hand():
    known = diary(ANN)
    assert known.outside(int(at("2026-12-01 10:00")), int(at("2026-12-01 10:30"))) == (0, 0)
    # Work ends at 16:00 UTC. The half hour after it: 30 minutes, each weighted by 1 and up to half an hour: 1.25 on average.
    assert known.outside(int(at("2026-12-01 16:00")), int(at("2026-12-01 16:30"))) == (30, 37.5 * UNIT)
    assert known.outside(int(at("2026-12-01 15:45")), int(at("2026-12-01 16:15"))) == (15, 15 * 1.125 * UNIT)


# ---------------------------------------------------------------- which are chosen


def worth(chosen):
    sums = [sum(costs) for costs in zip(*chosen, strict=True)]
    return max(sums), sum(sums)


def best_of_all(weeks):
    return min(worth([option.costs for option in chosen]) for chosen in product(*weeks))


def made_weeks(draw, people, weeks, options, *, alike):
    def week():
        return [
            Option(tuple(draw.randrange(0, 40) for _ in range(people)), start) for start in range(options)
        ]

    first = week()
    return [first if alike else week() for _ in range(weeks)]


@pytest.mark.parametrize("alike", [True, False])
@pytest.mark.parametrize(
    ("people", "weeks", "options"), [(1, 3, 6), (2, 4, 7), (3, 4, 7), (4, 3, 9), (6, 3, 8)]
)
def test_no_choice_is_fairer_than_the_one_that_is_found(people, weeks, options, alike):
    draw = random.Random(people * 100 + weeks)
    for _ in range(12):
        made = made_weeks(draw, people, weeks, options, alike=alike)
        choice = share(made)
        assert choice.is_exact
        found = worth([option.costs for option in choice.options])
        assert found == best_of_all(made)
        assert choice.least == found[0]
        assert all(option in week for option, week in zip(choice.options, made, strict=True))


def test_no_sums_end_better_than_their_bound():
    draw = random.Random(5)
    for _ in range(10):
        made = made_weeks(draw, 3, 4, 5, alike=False)
        fronts = [sharing._front({option.costs for option in week}) for week in made]
        bounds = sharing._Bounds(fronts)
        for weeks in range(5):
            for begun in product(*fronts[:weeks]):
                sums = tuple(map(sum, zip((0, 0, 0), *begun, strict=True)))
                ends = [worth([sums, *rest]) for rest in product(*fronts[weeks:])]
                largest, total = bounds.least(sums, weeks)
                assert largest <= min(end[0] for end in ends)
                assert total <= min(end[1] for end in ends)


def test_a_search_that_is_cut_off_says_so_and_keeps_its_promise(monkeypatch):
    draw = random.Random(7)
    monkeypatch.setattr(sharing, "BUDGET", 10)
    monkeypatch.setattr(sharing, "FEW", 1)
    monkeypatch.setattr(sharing, "_improved", lambda fronts, chosen: [max(front) for front in fronts])
    for _ in range(10):
        made = made_weeks(draw, 4, 4, 8, alike=False)
        choice = share(made)
        best, _ = best_of_all(made)
        assert not choice.is_exact
        assert choice.least <= best <= worth([option.costs for option in choice.options])[0]


@pytest.mark.parametrize("team", [[ANN, CLEO], [BEA, CLEO]], ids=["2 far apart", "2 opposite"])
def test_the_slots_of_a_team_are_as_fair_as_any(team):
    """Against all pairs of slots of two weeks, at their costs of each minute."""
    plan = fair_slots(team, Starts("UTC", MONDAY), weeks=2)
    diaries = [diary(one) for one in team]
    weeks = []
    for week in range(2):
        start = int(at("2026-11-30 00:00")) + week * 7 * 86_400
        starts = range(start, start + 7 * 86_400 - 1800 + 1, 900)
        weeks.append({tuple(one.outside(begin, begin + 1800)[1] for one in diaries) for begin in starts})
    best = min(worth(pair) for pair in product(*weeks))
    assert plan.is_exact
    assert (max(plan.sums.values()) * UNIT, sum(plan.sums.values()) * UNIT) == best


def test_where_hours_are_shared_nobody_is_outside():
    plan = fair_slots([ANN, BEA], Starts("Europe/Berlin", MONDAY), minutes=60, weeks=3)
    assert plan.is_exact
    assert set(plan.sums.values()) == {0.0}
    for slot in plan.slots:
        assert slot.outside == ()
        assert shown(clock.overlap([ANN, BEA], slot.start, slot.end)) == shown([(slot.start, slot.end)])


def test_where_none_are_shared_the_awkward_hours_go_round_and_it_is_said_who_is_outside():
    plan = fair_slots([ANN, BEA, CLEO], Starts("UTC", MONDAY), weeks=4)
    assert plan.is_exact
    assert all(slot.outside for slot in plan.slots)
    for one in (ANN, BEA, CLEO):
        outside = [out for slot in plan.slots for out in slot.outside if out.person == one]
        assert plan.sums[one.id] == pytest.approx(sum(out.awkwardness for out in outside))
        assert {out.minutes <= 30 for out in outside} == {True}
        assert outside
    worst = [max(slot.outside, key=lambda out: out.awkwardness).person.name for slot in plan.slots]
    assert len(set(worst)) > 1  # it is not always the same one who has it worst
    assert max(plan.sums.values()) - min(plan.sums.values()) < 15


def test_slots_are_one_a_week_or_every_so_many():
    plan = fair_slots([ANN, CLEO], Starts("Europe/Berlin", MONDAY), weeks=6, every=2)
    weeks = [
        int((slot.start - at("2026-11-30 00:00", "Europe/Berlin")) // (7 * 86_400)) for slot in plan.slots
    ]
    assert weeks == [0, 2, 4]


def test_days_off_are_avoided_and_nobody_pays_for_them():
    off = person("Off", "Europe/Berlin", away=[("2026-11-30", "2026-12-02")])
    [slot] = fair_slots([off, BEA], Starts("UTC", MONDAY), weeks=1).slots
    assert slot.away == () and slot.outside == ()
    assert slot.start >= at("2026-12-03 00:00", "Europe/Berlin")
    gone = person("Gone", "America/Los_Angeles", away=[("2026-11-01", "2026-12-31")])
    plan = fair_slots([gone, BEA], Starts("UTC", MONDAY), weeks=2)
    assert [slot.away for slot in plan.slots] == [(gone,), (gone,)]
    assert plan.sums == {gone.id: 0.0, BEA.id: 0.0}


def test_the_same_question_has_the_same_answer():
    asked = [fair_slots([ANN, BEA, CLEO], Starts("UTC", MONDAY), weeks=3) for _ in range(2)]
    assert asked[0] == asked[1]


def test_slots_over_a_change_of_clocks_keep_to_working_hours():
    """Europe and America change two weeks apart in autumn 2026: what is shared moves."""
    plan = fair_slots(
        [ANN, person("Eve", "America/New_York")], Starts("Europe/Berlin", date(2026, 10, 19)), weeks=3
    )
    assert set(plan.sums.values()) == {0.0}
    assert [slot.outside for slot in plan.slots] == [(), (), ()]


@pytest.mark.parametrize(
    ("persons", "options", "why"),
    [
        ([], {}, "1 to 50 people"),
        ([ANN], {"minutes": 4}, "5 to 1,440 minutes"),
        ([ANN], {"minutes": 1441}, "5 to 1,440 minutes"),
        ([ANN], {"weeks": 0}, "1 to 52 weeks"),
        ([ANN], {"weeks": 53}, "1 to 52 weeks"),
        ([ANN], {"weeks": 2, "every": 3}, "1 to 52 weeks"),
        ([ANN], {"every": 0}, "1 to 52 weeks"),
        ([person("New")], {}, "working hours of New are not known"),
        ([person("New", works("UTC", since="2030-01-01"))], {}, "working hours of New are not known"),
    ],
)
def test_what_cannot_be_planned_says_why(persons, options, why):
    with pytest.raises(BadArgumentError, match=why):
        fair_slots(persons, Starts("UTC", MONDAY), **options)


@pytest.mark.slow
def test_a_large_team_is_answered_with_a_bound():
    zones = [
        "Europe/Berlin",
        "Asia/Kolkata",
        "America/Los_Angeles",
        "Asia/Tokyo",
        "America/Sao_Paulo",
        "Australia/Sydney",
    ]
    plan = fair_slots([person(zone[-6:], zone) for zone in zones], Starts("UTC", MONDAY), weeks=4)
    largest = max(plan.sums.values())
    assert plan.least <= largest <= plan.least * 1.15
    assert plan.is_exact == (plan.least == largest)
