"""`gnomon me` and `gnomon team`: who the members are, when they work and are away. The logic is in `team.people`, not here."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from gnomon.errors import BadArgumentError, MissingFileError, UsageError

if TYPE_CHECKING:
    from argparse import Namespace

    from gnomon.runs.face import Parser, Run, Terminal
    from gnomon.runs.views import Record
    from gnomon.team.people.actions import Saying
    from gnomon.team.people.ics import Found
    from gnomon.team.people.person import Person, Works

ME = "me"
_MOST_LISTED = 10


def named(record: Record, word: str) -> Person:
    """Return the member that a word of a command line means; `me` is the one for whom this device speaks."""
    from gnomon.team.people.views import me, person_called

    if word.strip().casefold() != ME:
        return person_called(record, word)
    person = me(record)
    if person is None:
        raise BadArgumentError(
            "this device speaks for no member yet", hint="`gnomon me --name NAME` says who you are"
        )
    return person


def say_unknown(record: Record, terminal: Terminal) -> None:
    """Say how others learn who it was that did something on this device, where the record does not know it."""
    from gnomon.team.people.views import me

    if me(record) is None:
        terminal.say(
            "this record does not know who you are, so others see a device: `gnomon me --name NAME` says it"
        )


def date_of(text: str, what: str) -> date:
    """Return a date that a person wrote. Raises BadArgumentError."""
    from gnomon.team.people.state import is_date

    if not is_date(text.strip()):
        raise BadArgumentError(f"{what} must be a date such as `2026-12-24`; got `{text}`")
    return date.fromisoformat(text.strip())


def reader_zone(record: Record, now: float) -> str:
    """Return the zone in which whoever asks is shown times: that of their schedule, else this machine's, else UTC."""
    from gnomon.team.people.clock import local_zone
    from gnomon.team.people.views import me
    from gnomon.team.people.zones import system_zone

    person = me(record)
    if person is not None and person.schedule:
        return local_zone(person, now)
    return system_zone(record.home.env) or "UTC"


def now_of(record: Record) -> float:
    """Return the instant at which a command asks, in seconds since 1970."""
    return record.home.env.time_ns() / 1e9


# ---------------------------------------------------------------- me


def me(parser: Parser) -> Run:
    """Show who you are to the team, or say it: name, time zone, working hours, days.

    What is said is an entry of the record, so everybody who syncs has it. A time zone is a name such as `Asia/Kolkata`; this
    machine's, unless given. Hours are spans of your own local time (`09:00-12:00,14:00-18:00`, `22:00-06:00`), days `mon-fri` or
    `sun-thu`. What is not given stays as it was. A change holds from today on, or from `--from`: so a move can be said ahead.

    Where a teammate has added you, the same name takes that member over; `--as` does it on your second device.
    """
    parser.option("--name", metavar="NAME", help="what the team calls you")
    _schedule_options(parser)
    parser.option("--new", action="store_true", help="with --name: another member, though one is called so")
    parser.option("--as", dest="as_", metavar="MEMBER", help="this device is that member's too")
    parser.option("--forget", metavar="DATE", help="take back the part of your schedule that begins on DATE")
    parser.option(
        "--can-be-asked", action="store_true", help="`gnomon who` may name you to who needs an explanation"
    )
    parser.option("--not-asked", action="store_true", help="take that back: you are not named")
    parser.option(
        "--ask-updates", action="store_true",
        help="in the terminal, ask you for your update when your working day has begun; on this device, and for this record",
    )  # fmt: skip
    parser.option(
        "--no-ask-updates",
        action="store_true",
        help="never ask; unless given, who gave an update before is asked",
    )
    parser.option("--json", action="store_true", help="print JSON")
    parser.example("gnomon me", "who you are, and when you work")
    parser.example(
        "gnomon me --name Bea --hours 10:00-18:00", "say it; the time zone is that of this machine"
    )
    parser.example("gnomon me --zone Europe/Berlin --from 2027-01-04", "you move, and keep your hours")
    return _me


def _schedule_options(parser: Parser) -> None:
    parser.option("--zone", metavar="ZONE", help="time zone, such as Asia/Kolkata")
    parser.option(
        "--hours", metavar="HOURS", help="working hours, such as 09:00-17:00 or 09:00-12:00,14:00-18:00"
    )
    parser.option("--days", metavar="DAYS", help="working days, such as mon-fri, sun-thu or mon,wed")
    parser.option("--from", dest="from_", metavar="DATE", help="the first day on which that holds")


def _says_schedule(arguments: Namespace) -> bool:
    return any((arguments.zone, arguments.hours, arguments.days, arguments.from_))


def _me(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.runs.cli import open_record
    from gnomon.team.people import actions, views
    from gnomon.team.people.zones import system_zone

    if arguments.new and not arguments.name:
        raise UsageError("`--new` needs `--name`")
    if arguments.as_ and arguments.name:
        raise UsageError(
            "`--as` and `--name` exclude each other", hint="first say which member you are, then the name"
        )
    if arguments.can_be_asked and arguments.not_asked:
        raise UsageError("`--can-be-asked` and `--not-asked` exclude each other")
    if arguments.ask_updates and arguments.no_ask_updates:
        raise UsageError("`--ask-updates` and `--no-ask-updates` exclude each other")
    record = open_record(arguments, terminal)
    saying = _who_says(record, arguments)
    if arguments.forget:
        saying.no_longer_works(date_of(arguments.forget, "`--forget`"))
    zone = _schedule(saying, arguments, own_zone=system_zone(record.home.env))
    if arguments.can_be_asked or arguments.not_asked:
        saying.can_be_asked(is_yes=arguments.can_be_asked)
    person = saying.write()
    if arguments.as_:
        terminal.say(f"this device speaks for {terminal.clean(person.name)} now")
    elif arguments.name:
        _say_how(actions.Became(person, saying.how), terminal)
    if zone is not None:
        terminal.say(f"time zone: {zone}, as on this machine; `gnomon me --zone …` says another")
    wish = True if arguments.ask_updates else False if arguments.no_ask_updates else None
    _plan_asking(record, person, wish)
    if arguments.json:
        terminal.json(_to_dict(person, now_of(record)))
    else:
        _show(person, now_of(record), terminal)
        _show_asking(record, terminal)
        _say_where(record, views.me(record), terminal)
    return 0


def _who_says(record: Record, arguments: Namespace) -> Saying:
    """Return what `gnomon me` begins to say: who speaks on this device. Nothing is written yet."""
    from gnomon.team.people import actions

    if arguments.as_:
        return actions.speaking_for(record, named(record, arguments.as_))
    if arguments.name:
        return actions.becoming(record, arguments.name, new=arguments.new)
    return actions.Saying(record, named(record, ME))


def _plan_asking(record: Record, person: Person, wish: bool | None = None) -> None:
    """Work out anew when other commands ask for the update of a member, where this is their device."""
    from gnomon.team.people.views import people
    from gnomon.team.updates.asking import plan

    plan(record, people(record).by_id.get(person.id, person), now_of(record), wish=wish)


def _show_asking(record: Record, terminal: Terminal) -> None:
    from gnomon.team.updates.asking import load

    asking = load(record.home)
    if asking.wish is False:
        terminal.write("updates   never asked for; `--ask-updates` changes that")
    elif asking.days:
        terminal.write(
            "updates   asked for in the terminal when your day has begun; `--no-ask-updates` ends that"
        )


def _say_how(became: object, terminal: Terminal) -> None:
    from gnomon.team.people import actions

    assert isinstance(became, actions.Became)  # for type checking  # noqa: S101
    name = terminal.clean(became.person.name)
    if became.how == actions.TAKEN_OVER:
        terminal.say(
            f"a teammate has added {name} (member:{became.person.id[:8]}); this device speaks for them now. "
            "Not you? `--new` makes another"
        )
    elif became.how == actions.NEW:
        terminal.say(f"{name} is a new member; this device speaks for them")


def _schedule(saying: Saying, arguments: Namespace, *, own_zone: str | None) -> str | None:
    """Say what the options say about a schedule; of yourself, without one yet, also the zone of this machine: return that."""
    person = saying.person
    zone = arguments.zone
    is_machines = not person.schedule and zone is None
    if is_machines:
        if own_zone is None:
            raise BadArgumentError(
                "this machine does not tell its time zone by name",
                hint="nothing was written; say the zone, too: `gnomon me … --zone Europe/Berlin`",
            )
        zone = own_zone
    elif not _says_schedule(arguments):
        return None
    _say_works(saying, arguments, zone)
    return zone if is_machines else None


def _say_works(saying: Saying, arguments: Namespace, zone: str | None) -> None:
    since = date_of(arguments.from_, "`--from`") if arguments.from_ else None
    saying.works(zone=zone, hours=arguments.hours, days=arguments.days, since=since)


def _say_where(record: Record, person: Person | None, terminal: Terminal) -> None:
    """Say where this machine is, if that is not where the schedule says: somebody may have travelled."""
    from gnomon.team.people.clock import local_zone
    from gnomon.team.people.drawn import offset_text
    from gnomon.team.people.zones import system_zone

    here = system_zone(record.home.env)
    if (
        person is None
        or not person.schedule
        or here is None
        or here.removeprefix("Etc/") in ("UTC", "UCT", "GMT")
    ):
        return
    now = now_of(record)
    if offset_text(here, now) != offset_text(local_zone(person, now), now):
        terminal.say(f"this machine is in {here}; `gnomon me --zone {here}` if you work there now")


def _to_dict(person: Person, now: float) -> dict[str, object]:
    from gnomon.team.people.standing import standing_of

    return {**person.to_dict(), **standing_of(person, now).to_dict()}


def _show(person: Person, now: float, terminal: Terminal) -> None:
    from gnomon.team.people.standing import standing_of

    found = standing_of(person, now)
    names = ", ".join(map(terminal.clean, person.other_names))
    terminal.write(f"{terminal.style(terminal.clean(person.name), 'bold')}  member:{person.id[:8]}")
    if names:
        terminal.write(f"called    also {names}: not settled, the next `--name` counts")
    terminal.write(f"now       {', '.join(filter(None, (found.local, found.zone, found.what)))}")
    for works in person.schedule:
        terminal.write(f"works     {_works_text(works)}")
        for other in works.others:
            terminal.write(f"          or {_works_text(other)}: said apart, not settled")
    for off in [one for one in person.away if found.today is None or one.last >= found.today][:_MOST_LISTED]:
        until = f" to {off.last.isoformat()}" if off.last != off.first else ""
        terminal.write(f"away      {off.first.isoformat()}{until}  {terminal.clean(off.why)}".rstrip())
    terminal.write(f"devices   {len(person.writers)}")
    if person.can_be_asked:
        terminal.write("asked     `gnomon who` may name them")


def _works_text(works: Works) -> str:
    since = f", from {works.from_.isoformat()}" if works.from_ is not None else ""
    return f"{works.hours} {works.week}, {works.zone}{since}"


# ---------------------------------------------------------------- team


def team(parser: Parser) -> Run:
    """List the members: what time it is for them, and whether they work. The commands below add members and days off.

    Times of a member are on their own clock. `gnomon overlap` shows the hours that they share, in yours.
    """
    return _declare_list(parser, "gnomon team")


def list_(parser: Parser) -> Run:
    """List the members, or write their days off as a calendar."""
    return _declare_list(parser, "gnomon team ls")


def _declare_list(parser: Parser, command: str) -> Run:
    parser.option(
        "--ics", metavar="FILE", complete="file", help="write the days off of all to a calendar file"
    )
    parser.option("--json", action="store_true", help="print JSON: one object a member")
    parser.example(command, "all members")
    parser.example(f"{command} --ics team.ics", "for the calendar that you use")
    return _ls


def _ls(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.runs.cli import open_record
    from gnomon.team.people.standing import standing_of
    from gnomon.team.people.views import people

    record = open_record(arguments, terminal)
    found, now = people(record), now_of(record)
    if arguments.ics:
        from gnomon.team.people.ics import days_off_events, write_calendar

        events = days_off_events(found)
        write_file(arguments.ics, write_calendar(events, name=f"{record.name}: away", now=now))
        terminal.say(
            f"wrote {terminal.count(len(events), 'stretch', 'stretches')} of days off to `{arguments.ics}`"
        )
        return 0
    if arguments.json:
        terminal.json_list([_to_dict(one, now) for one in found])
        return 0
    if not len(found):
        terminal.say(
            "no members yet; `gnomon me --name NAME` says who you are, `gnomon team add NAME` adds a teammate"
        )
        return 0
    rows = []
    for one in found:
        is_so = standing_of(one, now)
        latest = one.works_on(is_so.today) if is_so.today is not None else None
        rows.append(
            {
                "name": one.name, "id": one.id[:8], "their time": is_so.local or None, "now": is_so.what,
                "works": f"{latest.hours} {latest.week}" if latest is not None else None,
                "zone": is_so.zone or None, "note": _note(one),
            }
        )  # fmt: skip
    columns = ["name", "their time", "now", "works", "zone", "id", "note"]
    columns = [key for key in columns if key == "name" or any(row[key] for row in rows)]
    terminal.table(
        columns, rows, styles={"name": lambda _: "bold"}, importance=["name", "now", "their time", *columns]
    )
    return 0


def _note(person: Person) -> str | None:
    said = [f"also called {', '.join(person.other_names)}"] if person.other_names else []
    said += ["schedule not settled"] if any(one.others for one in person.schedule) else []
    said += [] if person.is_claimed else ["no device yet"]
    return "; ".join(said) or None


def add(parser: Parser) -> Run:
    """Add a teammate who has no device here yet, so that hours and questions can be theirs already.

    When they say `gnomon me --name NAME` on their device, with the same name, they take this member over.
    """
    parser.option("name", metavar="NAME", help="what the team calls them")
    _schedule_options(parser)
    parser.example("gnomon team add Bea --zone Asia/Kolkata", "hours: 09:00-17:00, mon-fri, unless given")
    return _add


def _add(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.runs.cli import open_record
    from gnomon.team.people import actions

    if not arguments.zone and _says_schedule(arguments):
        raise UsageError("`gnomon team add` needs `--zone` where it says hours")
    record = open_record(arguments, terminal)
    saying = actions.adding(record, arguments.name)
    if arguments.zone:
        _say_works(saying, arguments, arguments.zone)
    terminal.write(saying.write().id)
    return 0


def works(parser: Parser) -> Run:
    """Say when a teammate works. What is not given stays as it was; it holds from today on, or from `--from`."""
    parser.option("member", metavar="MEMBER", help="a name, the beginning of an id, or `me`")
    _schedule_options(parser)
    parser.example("gnomon team works Bea --hours 11:00-19:00 --days sun-thu", "from today on")
    return _works


def _works(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.runs.cli import open_record
    from gnomon.team.people.actions import Saying

    if not _says_schedule(arguments):
        raise UsageError("`gnomon team works` needs what changes: `--zone`, `--hours`, `--days` or `--from`")
    record = open_record(arguments, terminal)
    saying = Saying(record, named(record, arguments.member))
    _say_works(saying, arguments, arguments.zone)
    person = saying.write()
    _plan_asking(record, person)
    _show(person, now_of(record), terminal)
    return 0


# ---------------------------------------------------------------- days off


def away(parser: Parser) -> Run:
    """Note days off of a member: a day, some days, or those of a calendar file (ICS).

    Of a calendar, only dates are taken in: titles are yours, and are not recorded unless you ask for them. An event of some
    hours is a day off where it covers the working hours of a day. The same file twice changes nothing.
    """
    parser.option("member", metavar="MEMBER", help="a name, the beginning of an id, or `me`")
    parser.option("first", metavar="FIRST", nargs="?", help="the first day off, such as 2026-12-24")
    parser.option("last", metavar="LAST", nargs="?", help="the last one (otherwise it is one day)")
    parser.option("--why", metavar="TEXT", default="", help="the reason, for all who have this record")
    parser.option(
        "--ics",
        metavar="FILE",
        complete="file",
        help="take in the days off of a calendar file, for two years ahead",
    )
    parser.option(
        "--sync", action="store_true", help="with --ics: take back days off that are no longer in the file"
    )
    parser.option("--with-titles", action="store_true", help="with --ics: keep titles of events as reasons")
    parser.option("--with-free", action="store_true", help="with --ics: also events that are marked as free")
    parser.example("gnomon team away me 2026-12-24 2027-01-02 --why holidays", "both days included")
    parser.example("gnomon team away me --ics vacation.ics", "from your calendar")
    parser.note("`--ics` needs `pip install 'gnomon[calendar]'`. How-to: docs/how-to/time-zones.md.")
    return _away


def _away(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.runs.cli import open_record
    from gnomon.team.people import actions

    if bool(arguments.first) == bool(arguments.ics):
        raise UsageError(
            "`gnomon team away` needs a first day, or `--ics FILE`", hint="see `gnomon team away --help`"
        )
    if not arguments.ics and (arguments.sync or arguments.with_titles or arguments.with_free):
        raise UsageError("`--sync`, `--with-titles` and `--with-free` need `--ics FILE`")
    record = open_record(arguments, terminal)
    person = named(record, arguments.member)
    if arguments.ics:
        return _away_from_file(record, person, arguments, terminal)
    first = date_of(arguments.first, "FIRST")
    last = date_of(arguments.last, "LAST") if arguments.last else first
    actions.away(record, person, first, last, why=arguments.why)
    _plan_asking(record, person)
    days = terminal.count((last - first).days + 1, "day")
    terminal.say(f"{terminal.clean(person.name)} is away for {days} from {first.isoformat()}")
    return 0


def _away_from_file(record: Record, person: Person, arguments: Namespace, terminal: Terminal) -> int:
    import os

    from gnomon.team.people import actions, ics
    from gnomon.team.people.clock import local_date, local_zone

    data, source = read_file(arguments.ics, ics.MOST_BYTES), os.path.basename(arguments.ics)
    now = now_of(record)
    today = local_date(local_zone(person, now), now)
    found = ics.read_days_off(
        data,
        person,
        today=today,
        source=source,
        with_titles=arguments.with_titles,
        with_free=arguments.with_free,
    )
    gone = ics.gone_from(person, found, source=source, today=today)
    known = {one.uid for one in person.away}
    actions.take_in(record, person, found.days, gone=[one.uid for one in gone] if arguments.sync else ())
    _plan_asking(record, person)
    new = sum(one.uid not in known for one in found.days)
    terminal.say(
        f"{terminal.count(len(found.days), 'stretch', 'stretches')} of days off in `{source}`, {new} of them new"
        + ("" if arguments.with_titles else "; titles were not taken in")
    )
    _say_left_out(found, terminal)
    if gone:
        what = "were taken back" if arguments.sync else "are noted still; `--sync` takes them back"
        shown = ", ".join(one.first.isoformat() for one in gone[:_MOST_LISTED])
        terminal.say(
            f"no longer in the file: {shown}{', …' if len(gone) > _MOST_LISTED else ''}. They {what}"
        )
    return 0


def _say_left_out(found: Found, terminal: Terminal) -> None:
    if found.free:
        terminal.say(
            f"{terminal.count(found.free, 'event')} marked as free left out; `--with-free` takes them"
        )
    if found.partial:
        terminal.say(f"{terminal.count(found.partial, 'event')} without a whole working day left out")
    if found.unreadable:
        terminal.say(f"{terminal.count(found.unreadable, 'event')} that cannot be read left out")


def back(parser: Parser) -> Run:
    """Take days off back: those of which DATE is one, whole."""
    parser.option("member", metavar="MEMBER", help="a name, the beginning of an id, or `me`")
    parser.option("date", metavar="DATE", help="one of the days off, such as 2026-12-24")
    parser.example("gnomon team back me 2026-12-24", "you work after all")
    return _back


def _back(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.runs.cli import open_record
    from gnomon.team.people import actions

    record = open_record(arguments, terminal)
    person, day = named(record, arguments.member), date_of(arguments.date, "DATE")
    found = [one for one in person.away if one.first <= day <= one.last]
    if not found:
        raise BadArgumentError(
            f"{day.isoformat()} is no day off of {person.name}",
            hint="`gnomon team ls --json` lists the days off",
        )
    actions.back(record, person, [one.uid for one in found])
    _plan_asking(record, person)
    shown = ", ".join(f"{one.first.isoformat()} to {one.last.isoformat()}" for one in found)
    terminal.say(f"taken back: {shown}")
    return 0


# ---------------------------------------------------------------- files


def read_file(path: str, most: int) -> bytes:
    """Return the bytes of a file that a person names. Raises MissingFileError, BadArgumentError, OSError."""
    try:
        with open(path, "rb") as file:
            data = file.read(most + 1)
    except FileNotFoundError:
        raise MissingFileError(f"there is no file `{path}`") from None
    except IsADirectoryError:
        raise BadArgumentError(f"`{path}` is a folder, not a file") from None
    if len(data) > most:
        raise BadArgumentError(f"`{path}` has more than {most:,} bytes; export the days off alone")
    return data


def write_file(path: str, data: bytes) -> None:
    """Write a file that a person names. Raises OSError."""
    with open(path, "wb") as file:
        file.write(data)
