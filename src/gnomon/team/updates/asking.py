"""Asks a member for their update, once, on their own morning, at the end of a command that they type anyway.

What that takes is worked out when a command has the time for it (`plan`: an update is given, days off are said, `gnomon me`,
`gnomon catchup`): when their next working days begin and end, on their own clock. It is kept in their configuration folder, and a
command looks at that file alone. Only where a day has begun on which they were not asked yet is the index asked whether an update
was given elsewhere.

Always true: nobody is asked who gave none before and did not say that they want to be; nobody twice on a day, or outside of its
working hours; nothing is said where no person reads. Where anything is in the way, nothing is asked. Not promised: that what was
said on another device, days off say, is known before the next plan.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import GnomonError
from gnomon.record.own_files import own_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gnomon.record.home import Home
    from gnomon.record.index import Index
    from gnomon.replica import Replica
    from gnomon.runs.face import Terminal
    from gnomon.runs.views import Record
    from gnomon.team.people.person import Person

LINE = "your update for today is not given yet: `gnomon update` drafts it (`gnomon me --no-ask-updates`: never ask)"
DAYS_AHEAD = 30  # who has looked at nothing for so long is not asked any more
UPDATE = "update"  # as `writing.kinds` has it, which would take its time to load


class Day(NamedTuple):
    """A working day: where its date begins, and from when to when they work; seconds since 1970 UTC."""

    date_begins: float
    start: float
    end: float


class Asking(NamedTuple):
    """What a device knows of when to ask: `wish` is what they said, None for nothing; `asked` the day of the last time."""

    wish: bool | None = None
    writers: tuple[str, ...] = ()
    days: tuple[Day, ...] = ()
    asked: float = 0.0

    def due(self, now: float) -> Day | None:
        """Return the day on which to ask now; None for not now."""
        return next(
            (one for one in self.days if one.start <= now < one.end and one.date_begins > self.asked), None
        )


# ---------------------------------------------------------------- asking


def ask(replica: Replica, terminal: Terminal) -> None:
    """Ask for the update of today where it is time for it and a person reads."""
    ask_at(replica.home, lambda: replica.index, terminal)


def ask_at(home: Home, index: Callable[[], Index], terminal: Terminal) -> None:
    """Do the same with an index that is opened only where it is needed; it says what it knows, and takes in nothing new."""
    if not (terminal.is_interactive and terminal.err_is_interactive):
        return
    with suppress(OSError, GnomonError):  # the command did what it was asked; this is beside it
        asking = load(home)
        day = asking.due(home.env.time_ns() / 1e9)
        if day is None:
            return
        _keep(home, asking._replace(asked=day.date_begins))
        if not _is_given(index(), asking.writers, day.date_begins):
            terminal.flush()
            terminal.say(terminal.style(LINE, "dim", talk=True))


def _is_given(index: Index, writers: tuple[str, ...], since: float) -> bool:
    if UPDATE not in index.types():
        return False
    table = index.columns(UPDATE, ("writer", "created"))
    return any(
        writer in writers and isinstance(created, (int, float)) and created >= since * 1e6
        for writer, created in zip(table["writer"], table["created"], strict=True)
    )


def was_asked(record: Record, now: float) -> None:
    """Keep that they were asked today in another way: a catch-up says it, too."""
    with suppress(OSError):
        asking = load(record.home)
        day = asking.due(now)
        if day is not None:
            _keep(record.home, asking._replace(asked=day.date_begins))


# ---------------------------------------------------------------- when to ask


def plan(record: Record, person: Person, now: float, *, wish: bool | None = None) -> None:
    """Work out when to ask from now on, where this is a device of the person. `wish` is what they say about it, if they do."""
    from gnomon.record.keys import own_writer

    if own_writer(record.home.env) not in person.writers:
        return
    with suppress(OSError):
        asking = load(record.home)
        wish = asking.wish if wish is None else wish
        days = tuple(_days(person, now)) if wish or (wish is None and _gives_updates(record, person)) else ()
        found = Asking(wish, tuple(sorted(person.writers)), days, asking.asked)
        if found != asking:
            _keep(record.home, found)


def _gives_updates(record: Record, person: Person) -> bool:
    from gnomon.team.writing.views import rows

    return any(row.writer in person.writers for row in rows(record, UPDATE))


def _days(person: Person, now: float) -> Iterator[Day]:
    """Yield the next working days of a person; a night shift belongs to the day on which it begins."""
    from datetime import timedelta

    from gnomon.team.people import clock
    from gnomon.team.updates.actions import own_day

    today = own_day(person, now)
    for number in range(-1, DAYS_AHEAD):  # a shift that began yesterday may go on
        day = today + timedelta(days=number)
        works, found = person.works_on(day), clock.windows_of(person, day)
        if works is not None and found and not person.is_away(day):
            yield Day(clock.day_window(works.zone, day).start, found[0].start, found[-1].end)


# ---------------------------------------------------------------- the file


def load(home: Home) -> Asking:
    """Return what is known; nothing where there is no file, or it makes no sense."""
    try:
        said = json.loads(home.env.read_file(_path(home)))
        days = tuple(Day(*map(float, one)) for one in said["days"])
        wish = said["wish"] if isinstance(said["wish"], bool) else None
        return Asking(wish, tuple(map(str, said["writers"])), days, float(said["asked"]))
    except (OSError, ValueError, TypeError, KeyError):
        return Asking()


def _keep(home: Home, asking: Asking) -> None:
    """Keep what is known. It is not waited for until it is on the disk: lost, it costs to be asked once more."""
    env, path = home.env, _path(home)
    temporary = f"{path}.{env.random_bytes(8).hex()}.tmp"
    said = {"wish": asking.wish, "writers": asking.writers, "days": asking.days, "asked": asking.asked}
    env.make_folder(os.path.dirname(path))
    fd = env.create(temporary)
    try:
        env.write(fd, json.dumps(said).encode())
    finally:
        env.close(fd)
    env.replace(temporary, path)


def _path(home: Home) -> str:
    return own_path(home, "reader", ".updates.json")
