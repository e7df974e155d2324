"""`gnomon overlap` and `gnomon meet`: the hours that people share, and slots that share the awkward ones.

Office hours, which `gnomon meet` plans too, are in `cli_office`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from gnomon.errors import BadArgumentError, UsageError
from gnomon.team.people.cli import date_of, named, now_of, reader_zone, write_file

if TYPE_CHECKING:
    from argparse import Namespace

    from gnomon.runs.face import Parser, Run, Terminal
    from gnomon.runs.views import Record
    from gnomon.team.people.drawn import Day
    from gnomon.team.people.person import Person
    from gnomon.team.people.slots import Plan, Slot

_MOST_DAYS = 31
_MEMBERS = "names, beginnings of ids, or `me`"


def _persons(record: Record, words: list[str]) -> list[Person]:
    """Return the members that these words mean, each once; all of them where there are no words."""
    from gnomon.team.people.views import people

    found = [named(record, word) for word in words] if words else list(people(record))
    if not found:
        raise BadArgumentError("there are no members yet", hint="`gnomon me --name NAME` says who you are")
    return list({one.id: one for one in found}.values())


# ---------------------------------------------------------------- overlap


def overlap(parser: Parser) -> Run:
    """Draw the working hours of members beside each other, in your time zone, with the hours that they share.

    Beside each strip stand the hours on the member's own clock. Days off count. `--unblock 2` says instead who has had
    two of their own working hours first, and when all have.
    """
    parser.option("members", metavar="MEMBER", nargs="*", help=f"{_MEMBERS} (otherwise all)")
    parser.option("--on", metavar="DATE", help="the day, or the first of several (otherwise today)")
    parser.option("--days", metavar="N", type=int, default=1, help=f"how many days, up to {_MOST_DAYS}")
    parser.option("--zone", metavar="ZONE", help="show it in this time zone instead of yours")
    parser.option("--unblock", metavar="HOURS", type=float, help="who has had so many working hours first")
    parser.option("--json", action="store_true", help="print JSON")
    parser.example("gnomon overlap", "all members, today")
    parser.example("gnomon overlap me Bea --on 2026-12-01 --days 5", "a week of two")
    parser.example("gnomon overlap --unblock 2", "who can first give it two hours")
    return _overlap


def _overlap(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.runs.cli import open_record
    from gnomon.team.people.clock import local_date
    from gnomon.team.people.drawn import day_of
    from gnomon.team.people.zones import checked_zone

    if not 1 <= arguments.days <= _MOST_DAYS:
        raise BadArgumentError(
            f"`--days` must be a whole number from 1 to {_MOST_DAYS}; got {arguments.days}"
        )
    record = open_record(arguments, terminal)
    persons, now = _persons(record, arguments.members), now_of(record)
    zone = checked_zone(arguments.zone) if arguments.zone else reader_zone(record, now)
    first = date_of(arguments.on, "`--on`") if arguments.on else local_date(zone, now)
    if arguments.unblock is not None:
        return _unblock(persons, zone, now, arguments, terminal)
    days = [day_of(persons, zone, first + timedelta(days=number)) for number in range(arguments.days)]
    if arguments.json:
        terminal.json({"zone": zone, "days": [_day_dict(day) for day in days]})
        return 0
    for number, day in enumerate(days):
        if number:
            terminal.write()
        _draw(day, terminal)
    return 0


def _draw(day: Day, terminal: Terminal) -> None:
    from gnomon.team.people.drawn import lines_of, offset_text, shared_text

    title = f"{day.date.strftime('%A')} {day.date.isoformat()}"
    terminal.write(f"{terminal.style(title, 'bold')}, {day.zone} ({offset_text(day.zone, day.window.start)})")
    for line in lines_of(
        day, width=terminal.width, is_unicode=terminal.is_unicode,
        strong=lambda sign: terminal.style(sign, "green"), clean=terminal.clean,
    ):  # fmt: skip
        terminal.write(line)
    terminal.write(terminal.clean(shared_text(day)))


def _day_dict(day: Day) -> dict[str, object]:
    from gnomon.team.people.drawn import iso

    def shown(windows: Any) -> list[list[str]]:
        return [[iso(one.start), iso(one.end)] for one in windows]

    members = [
        {"id": row.person.id, "name": row.person.name, "working": shown(row.windows), "said": row.said}
        for row in day.rows
    ]
    return {"date": day.date.isoformat(), "members": members, "shared": shown(day.shared)}


def _unblock(persons: list[Person], zone: str, now: float, arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.team.people.clock import deadline, soonest
    from gnomon.team.people.drawn import iso, names_text, unknown_zone, when_text

    known = [one for one in persons if unknown_zone(one) is None]
    turns = soonest(known, now, arguments.unblock)
    all_by = deadline(known, now, arguments.unblock) if len(known) == len(persons) else None
    if arguments.json:
        shown = [
            {"id": one.person.id, "name": one.person.name, "begins": iso(one.begins), "ends": iso(one.ends)}
            for one in turns
        ]
        terminal.json(
            {"hours": arguments.unblock, "members": shown, "all": iso(all_by) if all_by is not None else None}
        )
        return 0
    rows = [
        {
            "name": one.person.name,
            "begins": when_text(one.begins, zone),
            "has had them": when_text(one.ends, zone),
        }
        for one in turns
    ]
    if rows:
        terminal.table(["name", "begins", "has had them"], rows, styles={"name": lambda _: "bold"})
    late = names_text(one for one in persons if one.id not in {turn.person.id for turn in turns})
    hours = f"{arguments.unblock:g} working hours"
    if all_by is not None:
        terminal.say(f"all have had {hours} by {when_text(all_by, zone)}, {zone}")
    else:
        terminal.say(f"within two years {terminal.clean(late)} have no {hours}, as far as the record says")
    return 0


# ---------------------------------------------------------------- meet


def meet(parser: Parser) -> Run:
    """Plan a meeting over some weeks, so that its awkward hours are shared.

    Minutes outside somebody's working hours weigh 1, and more the further they are from them: 2 an hour away. Slots are chosen
    so that the member with the largest sum has as little as can be, then the one with the next largest, and so on. Where none
    suits all, it is said who is outside, and by how much; who is away on a day is left out of its sums.

    `--office-hours HOST` plans slots of one host instead, one a week and within the host's working hours, so that each
    member (otherwise all others) reaches one within their own every `--within` weeks; it is said who does not.
    """
    parser.option(
        "members", metavar="MEMBER", nargs="*", help=f"{_MEMBERS} (with --office-hours otherwise all)"
    )
    parser.option(
        "--minutes", metavar="N", type=int, help="how long it takes (default: 30; of office hours 60)"
    )
    parser.option(
        "--weeks", metavar="N", type=int, help="over how many weeks (default: 4; of office hours 8)"
    )
    parser.option("--every", metavar="N", type=int, help="once every so many weeks (default: 1)")
    parser.option(
        "--office-hours", metavar="HOST", help="slots of this member, which the others reach in turn"
    )
    parser.option(
        "--within",
        metavar="N",
        type=int,
        help="with --office-hours: each reaches one in so many weeks (default: 4)",
    )
    parser.option(
        "--from", dest="from_", metavar="DATE", help="where the first week begins (otherwise next Monday)"
    )
    parser.option("--title", metavar="TEXT", help="with --ics: what it is called (default: Meeting)")
    parser.option("--ics", metavar="FILE", complete="file", help="write the slots to a calendar file")
    parser.option("--json", action="store_true", help="print JSON")
    parser.example("gnomon meet me Bea Cleo --weeks 4", "four meetings of half an hour")
    parser.example("gnomon meet me Bea --minutes 60 --weeks 8 --every 2 --ics team.ics", "for your calendar")
    parser.example(
        "gnomon meet --office-hours Bea --minutes 60 --weeks 8", "whom everybody can reach in turn"
    )
    return _meet


def _meet(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.runs.cli import open_record
    from gnomon.team.people.clock import local_date
    from gnomon.team.people.slots import Starts, fair_slots

    _check_meet(arguments)
    record = open_record(arguments, terminal)
    now = now_of(record)
    zone = reader_zone(record, now)
    today = local_date(zone, now)
    first = (
        date_of(arguments.from_, "`--from`")
        if arguments.from_
        else today + timedelta(days=7 - today.weekday())
    )
    if arguments.office_hours:
        from gnomon.team.people.cli_office import show_office_hours

        return show_office_hours(record, Starts(zone, first), arguments, terminal)
    persons = _persons(record, arguments.members)
    plan = fair_slots(
        persons, Starts(zone, first), minutes=_given(arguments.minutes, 30), weeks=_given(arguments.weeks, 4),
        every=_given(arguments.every, 1),
    )  # fmt: skip
    if arguments.ics:
        write_slots(persons, plan, arguments.title or "Meeting", arguments.ics, now, terminal)
    if arguments.json:
        terminal.json(plan_dict(persons, plan, zone))
    else:
        _write_plan(persons, plan, zone, terminal)
    return 0


def _given(number: int | None, usual: int) -> int:
    return usual if number is None else number


def _check_meet(arguments: Namespace) -> None:
    if arguments.office_hours and arguments.every is not None:
        raise UsageError(
            "office hours are once a week", hint="`--within N` says how often each member reaches one"
        )
    if not arguments.office_hours and arguments.within is not None:
        raise UsageError("`--within` needs `--office-hours HOST`")
    if not arguments.office_hours and not arguments.members:
        raise UsageError("`gnomon meet` needs members", hint="such as `gnomon meet me Bea`")


def write_slots(
    persons: list[Person], plan: Plan, title: str, path: str, now: float, terminal: Terminal
) -> None:
    """Write the slots of a plan to a calendar file, and say so."""
    from gnomon.team.people.ics import write_calendar

    events = slot_events(persons, plan, title)
    write_file(path, write_calendar(events, name=title, now=now))
    terminal.say(f"wrote {terminal.count(len(events), 'slot')} to `{path}`")


def slot_events(persons: list[Person], plan: Plan, title: str) -> list[Any]:
    """Return the slots as events of a calendar, with each member's local time as a note."""
    from gnomon.team.people.ics import Event, mark

    ids = ",".join(one.id for one in persons)
    return [
        Event(
            f"{mark('slot', ids, str(slot.start))}@gnomon", title, slot.start, slot.end,
            "\n".join(f"{one.name}: {_local(one, slot)}" for one in persons),
        )
        for slot in plan.slots
    ]  # fmt: skip


def _local(person: Person, slot: Slot) -> str:
    from gnomon.team.people.clock import local_zone
    from gnomon.team.people.drawn import when_text

    return when_text(slot.start, local_zone(person, slot.start))


def plan_dict(persons: list[Person], plan: Plan, zone: str) -> dict[str, object]:
    """Return the slots of a plan as plain values."""
    from gnomon.team.people.drawn import iso

    slots = []
    for slot in plan.slots:
        outside = {one.person.id: one for one in slot.outside}
        away = {one.id for one in slot.away}
        members = [
            {
                "id": one.id, "name": one.name, "local": _local(one, slot), "is_away": one.id in away,
                "minutes_outside": outside[one.id].minutes if one.id in outside else 0,
                "awkwardness": outside[one.id].awkwardness if one.id in outside else 0.0,
            }
            for one in persons
        ]  # fmt: skip
        slots.append({"start": iso(slot.start), "end": iso(slot.end), "members": members})
    return {"zone": zone, "slots": slots, "sums": plan.sums, "least": plan.least, "is_exact": plan.is_exact}


def write_table(persons: list[Person], plan: Plan, zone: str, terminal: Terminal) -> None:
    """Write the slots of a plan, with what each is to each member."""
    from gnomon.team.people.drawn import when_text

    rows = []
    for slot in plan.slots:
        row: dict[str, object] = {f"when ({zone})": when_text(slot.start, zone)}
        row.update({one.name: _cell(one, slot) for one in persons})
        rows.append(row)
    terminal.table(list(dict.fromkeys(key for row in rows for key in row)), rows)


def _write_plan(persons: list[Person], plan: Plan, zone: str, terminal: Terminal) -> None:
    write_table(persons, plan, zone, terminal)
    if not any(slot.outside for slot in plan.slots):
        terminal.say("all slots are within the working hours of all who are there")
        return
    lowest = min(sum(one.minutes for one in slot.outside) for slot in plan.slots)
    if lowest:
        terminal.say("no slot is within the working hours of all")
    sums = ", ".join(f"{terminal.clean(one.name)} {plan.sums[one.id]:.0f}" for one in persons)
    terminal.say(f"minutes outside working hours, weighted by how far: {sums}")
    if not plan.is_exact:
        terminal.say(
            "too many choices to try them all: "
            f"no choice has a largest sum below {plan.least:.0f}; this one has {max(plan.sums.values()):.0f}"
        )


def _cell(person: Person, slot: Slot) -> str:
    """Return what a slot is to a member: their local time, and how far it is outside their hours."""
    from gnomon.team.people.clock import local_zone
    from gnomon.team.people.drawn import weekday_text

    local = weekday_text(slot.start, local_zone(person, slot.start))
    if any(one.id == person.id for one in slot.away):
        return f"{local} away"
    outside = next((one.minutes for one in slot.outside if one.person.id == person.id), 0)
    return f"{local}, {outside} min outside" if outside else local
