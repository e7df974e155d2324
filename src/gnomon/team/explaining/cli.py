"""`gnomon who`: who else can explain this. No logic is here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.runs.cli import open_record

if TYPE_CHECKING:
    from argparse import Namespace

    from gnomon.runs.face import Parser, Run, Terminal
    from gnomon.team.explaining.views import Explainer

_DETAILS = "  "


def who(parser: Parser) -> Run:
    """Say which members can explain a run, a version of data, or what somebody wrote, why, and when each works next.

    They made it, reviewed it, decided on it, handed it off or accepted that, wrote about it, or answered a question
    about it. Only members who said `gnomon me --can-be-asked` are named; the others are left out, and not counted.
    Members stand in the order of their names. It tells of the thing: nothing is counted, and nobody is ranked.
    """
    parser.option("what", metavar="WHAT", help="`run:ab12`, `data:credit@v3`, `decision:12`, `page:setup`, …")
    parser.option("--json", action="store_true", help="print JSON")
    parser.example("gnomon who run:ab12", "whom to ask about a run")
    parser.example("gnomon who data:credit@v3", "whom to ask about data")
    parser.example("gnomon me --can-be-asked", "say that you may be named")
    return _who


def _who(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.team.explaining.views import LEFT_OUT, who_can_explain
    from gnomon.team.people.cli import now_of, reader_zone

    record = open_record(arguments, terminal)
    now = now_of(record)
    found = who_can_explain(record, arguments.what, now=now)
    if arguments.json:
        terminal.json(found.to_dict())
        return 0
    terminal.write(
        f"{terminal.style(terminal.clean(found.thing.called), 'bold')}: {terminal.clean(found.said)}"
    )
    zone = reader_zone(record, now)
    for one in found.members:
        terminal.write(
            f"{terminal.style(terminal.clean(one.person.name), 'bold')}{_DETAILS}{_works(one, zone)}"
        )
        for reason in one.reasons:
            terminal.write(f"{_DETAILS}{terminal.clean(str(reason))}, {terminal.timestamp(reason.last)}")
        if one.has_more:
            terminal.write(f"{_DETAILS}and so in earlier texts")
    terminal.say(LEFT_OUT)
    return 0


def _works(one: Explainer, zone: str) -> str:
    """Return when a member can be asked next, on the reader's clock."""
    from gnomon.team.people.drawn import when_text

    standing = one.standing
    if standing.is_working:
        return f"{standing.what} on their clock"
    if standing.next is not None:
        return f"works next {when_text(standing.next, zone)}, {zone}"
    return standing.what
