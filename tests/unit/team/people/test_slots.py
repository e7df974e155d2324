"""Slots that share the awkward hours: costs against each minute looked at, choices against all that there are."""

from __future__ import annotations

import random
from datetime import date
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.errors import BadArgumentError
from gnomon.team.people import clock, sharing
from gnomon.team.people.sharing import Option, share
from gnomon.team.people.slots import UNIT, Diary, Starts, fair_slots
from tests.unit.team.people.made import at, person, shown, works

MONDAY = date(2026, 11, 30)
ANN, BEA, CLEO, DAN, EVE = (
    person(name, zone)
    for name, zone in (
        ("Ann", "Europe/Berlin"),
        ("Bea", "Asia/Kolkata"),
        ("Cleo", "America/Los_Angeles"),
        ("Dan", "Asia/Tokyo"),
        ("Eve", "America/Sao_Paulo"),
    )
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


@pytest.mark.slow
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
    """The sums of all, the largest first: what comes first in the dictionary is fairer."""
    return sorted((sum(costs) for costs in zip(*chosen, strict=True)), reverse=True)


def best_of_all(weeks):
    return min(worth([option.costs for option in chosen]) for chosen in product(*weeks))


@st.composite
def teams(draw, most_people=6, most_chosen=1_500):
    """Weeks of options, so few that all choices can be looked at; some weeks are alike, some costs too."""
    people = draw(st.integers(1, most_people))
    costs = st.integers(0, draw(st.sampled_from([2, 9, 400, 100_000])))
    week = st.lists(st.tuples(*[costs] * people), min_size=1, max_size=7)
    kinds = draw(st.lists(week, min_size=1, max_size=3))
    weeks, chosen = [], 1
    for kind in draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=6)):
        chosen *= len(kind)
        if chosen <= most_chosen or not weeks:
            weeks.append([Option(one, start) for start, one in enumerate(kind)])
    return weeks


@pytest.mark.slow
@given(teams())
def test_no_choice_is_fairer_than_the_one_that_is_found(weeks):
    choice = share(weeks)
    assert choice.is_exact
    assert worth([option.costs for option in choice.options]) == best_of_all(weeks)
    assert choice.least == best_of_all(weeks)[0]
    assert all(option in week for option, week in zip(choice.options, weeks, strict=True))


@pytest.mark.parametrize("people", [4, 5, 6, 8])
def test_nor_where_everybody_has_a_best_hour_of_their_own(people):
    """As around the world: each option is near to one and far from others, so that all are needed in turn."""
    draw = random.Random(people)
    for weeks in (2, 3, 4):
        week = [
            Option(tuple(min(abs(one - own), 24 - abs(one - own)) ** 2 for own in hours), one)
            for hours in [[draw.randrange(24) for _ in range(people)]]
            for one in range(0, 24, weeks)
        ]
        choice = share([week] * weeks)
        assert choice.is_exact
        assert worth([option.costs for option in choice.options]) == best_of_all([week] * weeks)


@pytest.mark.slow
@given(teams())
def test_where_not_all_is_looked_at_it_is_said_and_the_bound_holds(weeks):
    """As for many people and weeks: then nothing is fairer by more than from what is found to `least`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sharing, "MOST_IN_SETS", 0)
        patch.setattr(sharing, "MOST_BESIDE", 0)
        choice = share(weeks)
    found, best = worth([option.costs for option in choice.options]), best_of_all(weeks)
    assert not choice.is_exact
    assert choice.least <= best[0] <= found[0]
    for week, changed in product(range(len(weeks)), max(weeks, key=len)):  # no change of one week is fairer
        if changed in weeks[week]:
            other = [*choice.options[:week], changed, *choice.options[week + 1 :]]
            assert worth([option.costs for option in other]) >= found


@pytest.mark.slow
def test_a_few_weeks_at_a_time_come_near_to_the_best():
    """By how much the choice of many weeks can be off; measured here on weeks that can still be chosen as a whole."""
    draw, off = random.Random(3), []
    for _ in range(25):
        people = draw.randint(3, 5)
        week = [Option(tuple(draw.randrange(40) for _ in range(people)), start) for start in range(12)]
        whole = share([week] * 6)
        fronts = [sharing._front({option.costs for option in week})] * 6
        found = sharing._some_at_a_time(fronts, sharing._improved(fronts, sharing._one_by_one(fronts)))
        assert whole.is_exact
        off.append(worth(found)[0] / worth([option.costs for option in whole.options])[0] - 1)
    assert min(off) == 0.0
    assert max(off) <= 0.02
    assert sum(one == 0 for one in off) >= 20


def test_too_many_pairs_are_not_all_compared(monkeypatch):
    monkeypatch.setattr(sharing, "MOST_COMPARED", 0)
    monkeypatch.setattr(sharing, "_improved", lambda fronts, chosen: [max(front) for front in fronts])
    draw = random.Random(7)
    week = [Option(tuple(draw.randrange(40) for _ in range(4)), start) for start in range(8)]
    assert not share([week] * 4).is_exact


def test_after_the_largest_sum_the_next_one_is_made_small_before_all_together():
    """60 and 60 are fairer than 100 and 0, though they are more together."""
    weeks = [[Option((100, 100, 0), 0), Option((100, 60, 60), 1)]]
    [chosen] = share(weeks).options
    assert chosen.costs == (100, 60, 60)


@pytest.mark.slow
@pytest.mark.parametrize(
    "team",
    [[ANN, CLEO], [BEA, CLEO], [ANN, BEA, CLEO, DAN], [ANN, BEA, CLEO, DAN, EVE]],
    ids=["2 far apart", "2 opposite", "4 around the world", "5 around the world"],
)
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
    assert sorted((one * UNIT for one in plan.sums.values()), reverse=True) == best


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


@pytest.mark.slow
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


TEAM = [
    person(zone[-6:], zone)
    for zone in (
        "Europe/Berlin",
        "Asia/Kolkata",
        "America/Los_Angeles",
        "Asia/Tokyo",
        "America/Sao_Paulo",
        "Australia/Sydney",
    )
]


@pytest.mark.slow
@pytest.mark.parametrize("people", [4, 5, 6])
def test_four_weeks_of_a_team_around_the_world_are_chosen_as_a_whole(people):
    plan = fair_slots(TEAM[:people], Starts("UTC", MONDAY), weeks=4)
    assert plan.is_exact
    assert plan.least == max(plan.sums.values())


@pytest.mark.slow
def test_many_weeks_of_a_large_team_are_answered_with_a_bound():
    plan = fair_slots(TEAM, Starts("UTC", MONDAY), weeks=12)
    assert not plan.is_exact
    assert plan.least <= max(plan.sums.values()) <= plan.least * 1.05
