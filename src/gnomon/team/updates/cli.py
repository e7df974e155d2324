"""`gnomon update`, `gnomon updates`. No logic of updates is here; see `team.updates.actions`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gnomon.errors import UsageError
from gnomon.runs.cli import open_record

if TYPE_CHECKING:
    from argparse import Namespace

    from gnomon.runs.face import Parser, Run, Terminal
    from gnomon.team.people.person import Person
    from gnomon.team.writing.views import Writing

DAYS = 7


def update(parser: Parser) -> Run:
    """Give your update: what you did, what is next, what blocks you. Three lines suffice.

    Your editor opens with what the record saw you do since the last one; with `-` the text is read from standard input. A
    blocker that begins with a member's name becomes a question to them, due after a day of their own working hours. A second
    update on one of your days changes the first.
    """
    parser.option("text", metavar="TEXT", nargs="?", help="the update, in Markdown; `-` reads standard input")
    for part, what in (
        ("did", "what you did"),
        ("next", "what is next"),
        ("blocked", "what blocks, as `NAME: what`"),
    ):
        parser.option(f"--{part}", metavar="TEXT", action="append", default=[], help=f"{what} (repeatable)")
    parser.option("--draft", action="store_true", help="print the draft, and write nothing")
    parser.example("gnomon update", "in your editor, drafted")
    parser.example(
        'gnomon update --did "six seeds of depth 6" --blocked "bea: which split did run:9c2e use?"', "at once"
    )
    return _update


def _update(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.runs.editing import Draft, asked_text
    from gnomon.team.updates import actions
    from gnomon.team.writing.cli import tell_of, whom

    record = open_record(arguments, terminal)
    who = whom(record, "me")
    before = actions.drafted(record, who)
    if arguments.draft:
        for line in terminal.clean_lines(before):
            terminal.write(line)
        return 0
    given_text = _from_options(arguments)
    draft = Draft(record, "update")
    text = asked_text(
        "gnomon update", given_text, draft, about="your update; three lines suffice", before=before
    )
    given = actions.give(record, who, text)
    draft.done()
    terminal.write(given.update.label)
    tell_of(record, [text], terminal)
    for question in given.asked:
        until = (
            f", due by {terminal.timestamp(question.due)}"
            if question.due is not None
            else ", who has not said when they work"
        )
        terminal.say(f"asked {', '.join(map(terminal.clean, question.for_whom))} ({question.label}){until}")
    for blocker in given.not_asked:
        whose = f"`{terminal.clean(blocker.whom)}` is no member" if blocker.whom else "it names no member"
        terminal.say(f"not asked, since {whose}: {terminal.clean(blocker.what)}")
    return 0


def _from_options(arguments: Namespace) -> str | None:
    """Return the text that the options make; None where neither they nor the argument say anything."""
    said = {part: getattr(arguments, part) for part in ("did", "next", "blocked")}
    if not any(said.values()):
        text: str | None = arguments.text
        return text
    if arguments.text is not None:
        raise UsageError(
            "a text and `--did`, `--next`, `--blocked` exclude each other", hint="one of them says all"
        )
    lines = [
        f"{part.capitalize()}:\n" + "\n".join(f"- {one}" for one in items)
        for part, items in said.items()
        if items
    ]
    return "\n\n".join(lines)


def ls(parser: Parser) -> Run:
    """Show the updates of the last days, the newest first."""
    return _declare_list(parser, "gnomon updates")


def list_(parser: Parser) -> Run:
    """Show the updates, as `gnomon updates` alone does."""
    return _declare_list(parser, "gnomon updates ls")


def _declare_list(parser: Parser, command: str) -> Run:
    parser.option(
        "--days", metavar="N", type=float, default=float(DAYS), help=f"of so many days (default: {DAYS})"
    )
    parser.option("--of", metavar="MEMBER", help="only of this member; `me` is you")
    parser.option("--json", action="store_true", help="print JSON: one object an update")
    parser.example(command, "of the last week")
    parser.example(f"{command} --days 1", "of the last day")
    return _ls


def _ls(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.team.writing.cli import rendered, whom
    from gnomon.team.writing.views import Writing, rows

    record = open_record(arguments, terminal)
    record.replica.update(record.progress)
    of = whom(record, arguments.of) if arguments.of is not None else None
    since = time.time() - arguments.days * 86_400
    found = [
        Writing(record, row.kind, row.id, row.label)
        for row in rows(record, "update")
        if row.changed >= since and _is_of(row.writer, of)
    ]
    if arguments.json:
        terminal.json_list([one.to_dict() for one in found])
        return 0
    if not found:
        terminal.say("no updates; `gnomon update` gives one")
        return 0
    for nth, one in enumerate(found):
        if nth:
            terminal.write()
        _write(one, rendered(one), terminal)
    return 0


def _is_of(writer: str, of: Person | None) -> bool:
    return of is None or writer in of.writers


def _write(update: Writing, text: str, terminal: Terminal) -> None:
    title = terminal.style(terminal.clean(update.title), "bold")
    said = f"{terminal.count(len(update.comments), 'comment')}, " if update.comments else ""
    terminal.write(
        f"{title}  {terminal.style(f'{update.label}, {said}{terminal.timestamp(update.written)}', 'dim')}"
    )
    for line in terminal.clean_lines(text):
        terminal.write(f"  {line}".rstrip())
