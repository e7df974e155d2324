"""`gnomon handoff`, `gnomon handoffs`. No logic of hand-offs is here; see `team.handoffs.draft` and `.actions`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gnomon.runs.cli import open_record

if TYPE_CHECKING:
    from argparse import Namespace

    from gnomon.runs.face import Parser, Run, Terminal
    from gnomon.team.people.person import Person
    from gnomon.team.writing.views import Row, Writing

NO_HANDOFFS = "no hand-off waits; `gnomon handoff --to MEMBER` writes one"


def handoff(parser: Parser) -> Run:
    """Hand off what is open to who goes on; prints what the hand-off is called. They accept it with `gnomon handoffs accept`.

    Your editor opens with a draft from the record: your runs that go on and whether they end before the receiver's morning,
    what failed, what waits for them, what was tried and how sure that is, what to watch. Until it is accepted, it stands out
    for both of you.
    """
    parser.option("--to", metavar="MEMBER", required=True, help="who goes on")
    parser.option(
        "text", metavar="TEXT", nargs="?", help="the hand-off, in Markdown; `-` reads standard input"
    )
    parser.option("--draft", action="store_true", help="print the draft, and write nothing")
    parser.option("--as-drafted", action="store_true", help="write the draft as it is, without an editor")
    parser.example("gnomon handoff --to bea", "in your editor, drafted")
    parser.example("gnomon handoff --to bea --draft", "what would it say?")
    return _handoff


def _handoff(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.runs.editing import Draft, asked_text
    from gnomon.team.handoffs import actions
    from gnomon.team.handoffs.draft import draft
    from gnomon.team.writing.cli import tell_of, whom

    record = open_record(arguments, terminal)
    giver, receiver = whom(record, "me"), whom(record, arguments.to)
    found = draft(record, giver, receiver, now=time.time())
    before = found.markdown()
    if arguments.draft:
        for line in terminal.clean_lines(before):
            terminal.write(line)
        return 0
    kept = Draft(record, f"handoff-{receiver.id}")
    if arguments.as_drafted and arguments.text is None:
        body = before
    else:
        body = asked_text(
            "gnomon handoff",
            arguments.text,
            kept,
            about=_about(receiver, found.morning, terminal),
            before=before,
        )
    written = actions.hand_off(record, giver, receiver, body, subjects=found.subjects)
    kept.done()
    terminal.write(written.label)
    morning = f", whose next morning is {terminal.timestamp(written.due)}" if written.due is not None else ""
    terminal.say(f"handed off to {terminal.clean(receiver.name)}{morning}")
    tell_of(record, [body], terminal)
    return 0


def _about(receiver: Person, morning: float | None, terminal: Terminal) -> str:
    begins = f"; their next morning is {terminal.timestamp(morning)}" if morning is not None else ""
    return f"a hand-off to {receiver.name}{begins}\nleave the text as it is to write nothing"


def ls(parser: Parser) -> Run:
    """List the hand-offs that nobody accepted yet, the oldest first."""
    return _declare_list(parser, "gnomon handoffs")


def list_(parser: Parser) -> Run:
    """List the hand-offs, as `gnomon handoffs` alone does."""
    return _declare_list(parser, "gnomon handoffs ls")


def _declare_list(parser: Parser, command: str) -> Run:
    parser.option("--all", action="store_true", help="those that were accepted, declined or taken back, too")
    parser.option("--json", action="store_true", help="print JSON: one object a hand-off")
    parser.example(command, "what waits to be accepted")
    return _ls


def _ls(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.team.writing.cli import list_rows
    from gnomon.team.writing.views import rows

    record = open_record(arguments, terminal)
    record.replica.update(record.progress)
    found = [one for one in rows(record, "handoff") if one.is_open or arguments.all]
    found.sort(key=lambda one: (not one.is_open, one.created if one.is_open else -one.created))
    list_rows(record, found, terminal, as_json=arguments.json, shows_state=arguments.all, empty=NO_HANDOFFS)
    late = [one for one in found if _is_late(one)]
    if late:
        count = terminal.count(len(late), "hand-off was", "hand-offs were")
        terminal.say(
            f"{count} not accepted by the receiver's morning: {', '.join(one.label for one in late)}"
        )
    return 0


def _is_late(row: Row) -> bool:
    return row.is_open and row.due is not None and row.due < time.time()


def accept(parser: Parser) -> Run:
    """Accept a hand-off that is for you: from now on it is yours."""
    parser.option("handoff", metavar="HANDOFF", help="its number, or `handoff:5`")
    parser.option("note", metavar="NOTE", nargs="?", default="", help="what you do first, say")
    parser.example('gnomon handoffs accept 5 "restarting run:9c2e first"', "the giver sees it")
    return _accept


def _accept(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.team.handoffs import actions

    found, who = _mine(arguments, terminal)
    accepted = actions.accept(found, who, arguments.note)
    terminal.say(f"accepted {accepted.label} of {terminal.clean(accepted.who)}")
    return 0


def decline(parser: Parser) -> Run:
    """Decline a hand-off that is for you, and say why: it goes back to who wrote it."""
    parser.option("handoff", metavar="HANDOFF", help="its number, or `handoff:5`")
    parser.option("why", metavar="WHY", help="why, and who could take it")
    parser.example('gnomon handoffs decline 5 "I am away from tomorrow; Chidi could"', "the giver sees it")
    return _decline


def _decline(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.team.handoffs import actions

    found, who = _mine(arguments, terminal)
    declined = actions.decline(found, who, arguments.why)
    terminal.say(f"declined {declined.label}; {terminal.clean(declined.who)} sees why")
    return 0


def withdraw(parser: Parser) -> Run:
    """Take back a hand-off of yours."""
    parser.option("handoff", metavar="HANDOFF", help="its number, or `handoff:5`")
    parser.option("--why", metavar="TEXT", default="", help="why")
    parser.example("gnomon handoffs withdraw 5", "it waits for nobody any more")
    return _withdraw


def _withdraw(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.team.handoffs import actions

    found, who = _mine(arguments, terminal)
    actions.withdraw(found, who, arguments.why)
    terminal.say(f"took back {found.label}")
    return 0


def _mine(arguments: Namespace, terminal: Terminal) -> tuple[Writing, Person]:
    """Return the hand-off that is meant, and who acts."""
    from gnomon.team.writing.cli import whom
    from gnomon.team.writing.views import writing_called

    record = open_record(arguments, terminal)
    return writing_called(record, "handoff", arguments.handoff), whom(record, "me")
