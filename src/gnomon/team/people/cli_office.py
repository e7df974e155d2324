"""What `gnomon meet --office-hours` shows. The logic is in `people.office`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.errors import BadArgumentError
from gnomon.team.people.cli import named, now_of
from gnomon.team.people.cli_time import plan_dict, write_slots, write_table

if TYPE_CHECKING:
    from argparse import Namespace

    from gnomon.runs.face import Terminal
    from gnomon.runs.views import Record
    from gnomon.team.people.office import OfficeHours
    from gnomon.team.people.person import Person
    from gnomon.team.people.slots import Starts

_MINUTES, _WEEKS, _WITHIN = 60, 8, 4


def show_office_hours(record: Record, starts: Starts, arguments: Namespace, terminal: Terminal) -> int:
    """Plan office hours as the options say, write them, and return the exit code."""
    from gnomon.team.people.office import office_hours

    host = named(record, arguments.office_hours)
    guests = _guests(record, host, arguments.members, terminal)
    within = arguments.within if arguments.within is not None else _WITHIN
    found = office_hours(
        host, guests, starts, within=within,
        minutes=arguments.minutes if arguments.minutes is not None else _MINUTES,
        weeks=arguments.weeks if arguments.weeks is not None else _WEEKS,
    )  # fmt: skip
    if arguments.ics:
        title = arguments.title or f"Office hours of {host.name}"
        write_slots([host, *guests], found.plan, title, arguments.ics, now_of(record), terminal)
    if arguments.json:
        terminal.json(_to_dict(found, guests, starts.zone, within))
        return 0
    write_table([host, *guests], found.plan, starts.zone, terminal)
    _say_who_waits(found, within, terminal)
    return 0


def _guests(record: Record, host: Person, words: list[str], terminal: Terminal) -> list[Person]:
    """Return those who are named, or all others who said when they work; who did not is said."""
    from gnomon.team.people.drawn import names_text, unknown_zone
    from gnomon.team.people.views import people

    if words:
        return list({one.id: one for one in (named(record, word) for word in words)}.values())
    others = [one for one in people(record) if one.id != host.id]
    found = [one for one in others if one.schedule and unknown_zone(one) is None]
    unknown = [one for one in others if one not in found]
    if unknown:
        terminal.say(f"without working hours, so left out: {terminal.clean(names_text(unknown))}")
    if not found:
        raise BadArgumentError(
            f"nobody besides {host.name} has said when they work",
            hint="`gnomon team add NAME --zone …` says it",
        )
    return found


def _to_dict(found: OfficeHours, guests: list[Person], zone: str, within: int) -> dict[str, object]:
    plan = plan_dict([found.host, *guests], found.plan, zone)
    return {
        "host": found.host.name, "within_weeks": within, **plan, "never": [one.name for one in found.never],
        "late": [{"name": one.person.name, "weeks": one.weeks} for one in found.late],
        "without": [one.isoformat() for one in found.without], "is_certain": found.is_certain,
    }  # fmt: skip


def _say_who_waits(found: OfficeHours, within: int, terminal: Terminal) -> None:
    from gnomon.team.people.drawn import names_text

    host = terminal.clean(found.host.name)
    every = "week" if within == 1 else f"{within} weeks"
    if not found.never and not found.late:
        terminal.say(f"everybody reaches one within their own working hours every {every}")
    if found.never:
        terminal.say(
            f"{terminal.clean(names_text(found.never))}: no working hours in common with {host}; "
            "`gnomon meet` shares the awkward hours with the host, too"
        )
    for one in found.late:
        terminal.say(
            f"{terminal.clean(one.person.name)} reaches none for {terminal.count(one.weeks, 'week')} in a row"
        )
    if found.late:
        terminal.say(
            f"no choice reaches all every {every}"
            if found.is_certain
            else f"too many choices to try them all: one that reaches all every {every} was not found"
        )
    if found.without:
        terminal.say(
            f"{host} has no time in the {'week' if not found.without[1:] else 'weeks'} from "
            f"{', '.join(one.isoformat() for one in found.without)}"
        )
