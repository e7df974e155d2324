"""`gnomon catchup`. No logic of catching up is here; see `team.catchup.views`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gnomon.errors import UsageError
from gnomon.runs.cli import open_record

if TYPE_CHECKING:
    from argparse import Namespace

    from gnomon.runs.face import Parser, Run, Terminal
    from gnomon.runs.views import Record
    from gnomon.team.catchup.news import CatchUp, Item, Part

STYLES = {"failed": "red", "blocked": "yellow", "changed": "yellow", "accept": "cyan", "asked": "cyan"}


def catchup(parser: Parser) -> Run:
    """Show what is new for you since you last looked, by what matters to you; all else is counted.

    First what waits for you: hand-offs to accept, questions and reviews, what others cannot go on without. Then answers to
    you, runs that failed, decisions, runs that finished. What waits stays until it is done; the rest is shown once, and is not
    new on the page Home either. How far you have read is kept in your configuration folder; nobody else sees it.
    """
    parser.option("--again", metavar="N", nargs="?", type=int, const=1, default=0,
                  help="what was shown the last time (or N times before)")  # fmt: skip
    parser.option(
        "--since", metavar="TIME", help="everything since a time, such as `yesterday` or `3 days ago`"
    )
    parser.option("--keep-unread", action="store_true", help="show it, and let it be new the next time, too")
    parser.option("--json", action="store_true", help="print JSON; it stays unread")
    parser.example("gnomon catchup", "in the morning")
    parser.example("gnomon catchup --again", "what was that again?")
    return _catchup


def _catchup(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.team.catchup.position import Position, PositionFile
    from gnomon.team.catchup.views import catch_up, seen
    from gnomon.team.questions.cli import moment

    if arguments.again and arguments.since:
        raise UsageError("`--again` and `--since` exclude each other", hint="one of them says since when")
    record = open_record(arguments, terminal)
    now = time.time()
    position = None
    if arguments.since:
        since = moment(arguments.since)
        position = Position(since, {}, since)
    elif arguments.again:
        position = PositionFile(record.home).latest(now, back=arguments.again)
    found, now_seen = catch_up(record, position=position, now=now)
    if arguments.json:
        terminal.json(as_json(found))
        return 0
    show(found, terminal)
    _plan_asking(record, found, now)
    if position is None and found.has_news and not arguments.keep_unread:
        terminal.flush()
        try:
            seen(record, now_seen)
        except OSError as error:
            terminal.say(f"it stays unread: the position cannot be kept ({error})")
    return 0


def _plan_asking(record: Record, found: CatchUp, now: float) -> None:
    """Work out when other commands ask for the update; today they need not where this one did."""
    from gnomon.team.people.views import me
    from gnomon.team.updates.asking import plan, was_asked

    person = me(record)
    if person is not None:
        plan(record, person, now)
        if found.update_is_due:
            was_asked(record, now)


def show(found: CatchUp, terminal: Terminal) -> None:
    """Write a catch-up."""
    if found.reader is None:
        terminal.say(
            "this record does not know who you are, so nothing can wait for you: `gnomon me --name NAME`"
        )
    if found.update_is_due:
        terminal.write("Your update for today is not given yet: `gnomon update` drafts it")
        terminal.write()
    if found.is_empty:
        terminal.write(f"Nothing new since {terminal.timestamp(found.since)}")
        return
    for nth, part in enumerate(found.parts):
        if nth:
            terminal.write()
        _part(part, found.now, terminal)


def _part(part: Part, now: float, terminal: Terminal) -> None:
    if part.name == "rest":
        folded = ", ".join(one.title for one in part.items)
        terminal.write(f"{terminal.style(part.title + ':', 'dim')} {folded}")
        return
    style = STYLES.get(part.name)
    terminal.write(terminal.style(part.title, "bold", *([style] if style else [])))
    for one in part.items:
        terminal.write(terminal.cut(_line(one, now, terminal), terminal.width))
    if part.more:
        terminal.write(f"  and {part.more:,} more")


def _line(item: Item, now: float, terminal: Terminal) -> str:
    mark = "•" if terminal.is_unicode else "*"
    new = mark if item.is_new else " "
    who = f", {terminal.clean(item.who)}" if item.who and not item.is_told else ""
    if item.due is None:
        when = terminal.timestamp(item.time)
    elif item.due < now:
        when = terminal.style(f"overdue since {terminal.timestamp(item.due)}", "red")
    else:
        when = f"due {terminal.timestamp(item.due)}"
    return f"{new} {item.what}  {terminal.clean(item.title)}{terminal.style(f'{who}, {when}', 'dim')}"


def as_json(found: CatchUp) -> dict[str, object]:
    """Return a catch-up as plain values."""
    from gnomon.runs.table import iso_time

    return {
        "reader": found.reader,
        "since": iso_time(found.since),
        "now": iso_time(found.now),
        "update_is_due": found.update_is_due,
        "parts": [
            {
                "part": part.name,
                "more": part.more,
                "items": [
                    {"what": one.what, "title": one.title, "who": one.who or None, "is_new": one.is_new,
                     "time": iso_time(one.time) if one.time else None,
                     "due": iso_time(one.due) if one.due is not None else None}
                    for one in part.items
                ],
            }
            for part in found.parts
        ],
    }  # fmt: skip
