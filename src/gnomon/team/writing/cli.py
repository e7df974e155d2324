"""`gnomon read`, `gnomon say`, and what the commands of all kinds of writing share. No logic of writings is here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.errors import UsageError
from gnomon.runs.cli import open_record

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from gnomon.runs.face import Parser, Run, Terminal
    from gnomon.runs.views import Record
    from gnomon.team.people.person import Person
    from gnomon.team.people.views import People
    from gnomon.team.writing.views import Row, Writing

STATE_STYLES = {
    "open": "cyan", "offered": "cyan", "requested": "cyan", "proposed": "cyan", "declined": "yellow",
    "rejected": "yellow", "superseded": "dim", "withdrawn": "dim", "archived": "dim",
}  # fmt: skip
_FOR_PROGRAMS = frozenset({"subject", "against_subject", "name"})  # fields that another one says for people
MOST_TOLD = 5
MOST_REFERENCES = 200
_DETAILS = "  "


def read(parser: Parser) -> Run:
    """Show what somebody wrote: a decision, question, hand-off, update, review, page or problem, with all that was said about it.

    Numbers that are bound to the record (`{{ metrics.auc of run:ab12 }}`) are shown with their value of now.
    """
    parser.option("what", metavar="WHAT", help="`decision:12`, `question:3`, `page:setup`, …")
    parser.option("--raw", action="store_true", help="the text as it was written, and nothing else")
    parser.option(
        "--history", action="store_true", help="what it said before, too: texts, comments and verdicts that others replaced"
    )  # fmt: skip
    parser.option("--json", action="store_true", help="print JSON")
    parser.example("gnomon read decision:12", "with the evidence and the comments")
    parser.example("gnomon read page:setup --history", "with its earlier texts, and who wrote each")
    parser.example("gnomon read page:setup --raw > setup.md", "the Markdown alone")
    return _read


def _read(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.team.writing.views import find

    writing = find(open_record(arguments, terminal), arguments.what)
    if arguments.raw and arguments.history:
        raise UsageError(
            "`--raw` shows the text of now and nothing else", hint="`--history --json` has all texts"
        )
    if arguments.json:
        terminal.json(writing.to_dict() | (_history_json(writing) if arguments.history else {}))
    elif arguments.raw:
        for line in terminal.clean_lines(writing.text) if writing.text else ():
            terminal.write(line)
    else:
        show(writing, terminal, is_told=arguments.history)
        if arguments.history:
            _write_history(writing, terminal)
    return 0


def _history_json(writing: Writing) -> dict[str, object]:
    from gnomon.runs.table import iso_time

    earlier = [{**one._asdict(), "time": iso_time(one.time)} for one in writing.earlier]
    return {"earlier": earlier}


def _write_history(writing: Writing, terminal: Terminal) -> None:
    """Write what it said before, the latest first."""
    earlier = writing.earlier
    terminal.write()
    terminal.write(terminal.style("Before:" if earlier else "It said nothing else before.", "bold"))
    for one in reversed(earlier):
        terminal.write()
        of = f" {terminal.clean(one.of[:8])}" if one.of else ""
        title = f": {terminal.clean(one.title)}" if one.title and one.title != writing.title else ""
        head = f"{one.what}{of} by {terminal.clean(one.who)}, {terminal.timestamp(one.time)}{title}"
        terminal.write(terminal.style(head, "dim"))
        for line in terminal.clean_lines(one.text) if one.text else ():
            terminal.write((_DETAILS + line).rstrip())
        if one.is_gone:
            terminal.write(terminal.style(f"{_DETAILS}(its words were erased, or are not here)", "dim"))


def show(writing: Writing, terminal: Terminal, *, is_told: bool = False) -> None:
    """Write all about a writing as it is now; `is_told`: what it said before comes below."""
    terminal.write(
        f"{terminal.style(terminal.clean(writing.title), 'bold')}  "
        f"{terminal.style(writing.label, 'dim')}  {_state(writing.state, terminal)}"
    )
    terminal.write(
        terminal.style(f"by {terminal.clean(writing.who)}, {terminal.timestamp(writing.created)}", "dim")
    )
    _write_whose(writing, terminal, is_told=is_told)
    if writing.to:
        until = f", until {terminal.timestamp(writing.due)}" if writing.due is not None else ""
        hours = writing.fields.get("hours")
        if writing.due is None and writing.is_open and isinstance(hours, (int, float)):
            until = f", within {hours:g} of their working hours: not all have said when they work, so there is no date"
        terminal.write(f"for {', '.join(map(terminal.clean, writing.for_whom))}{until}")
    for field, value in _facts(writing):
        terminal.write(f"{field}: {terminal.clean(value)}")
    _write_text(rendered(writing), terminal)
    if writing.kind.type == "decision":
        _write_evidence(writing, terminal)
    for title, text, who in writing.other_texts:
        terminal.write()
        terminal.write(
            terminal.style(f"also written as, by {terminal.clean(who)}: {terminal.clean(title)}", "yellow")
        )
        _write_text(text, terminal)
    _write_moves(writing, terminal)
    _write_marks(writing, terminal)
    _write_comments(writing, terminal)


def _write_whose(writing: Writing, terminal: Terminal, *, is_told: bool) -> None:
    """Write who wrote the text that is shown, where that is not the first one, and that others stand beside it."""
    if not writing.is_revised:
        return
    before = "" if is_told else f"; `gnomon read {writing.label} --history` shows what it said before"
    line = f"this text by {terminal.clean(writing.text_by)}, {terminal.timestamp(writing.written)}{before}"
    terminal.write(terminal.style(line, "dim"))
    if writing.other_texts:
        opens = f"; `gnomon page {writing.fields.get('name')}` opens with all of them"
        line = f"{len(writing.other_texts) + 1} texts stand, which were written apart: this one, and the others below"
        terminal.write(terminal.style(line + (opens if writing.kind.type == "page" else ""), "yellow"))


def rendered(writing: Writing) -> str:
    """Return its text with bound numbers shown."""
    from gnomon.team.prose.render import render

    return render(writing.record, writing.text)


def _facts(writing: Writing) -> list[tuple[str, str]]:
    """Return what the fields of its kind say, in words, those that a person reads."""
    found = []
    for key, value in writing.fields.items():
        if isinstance(value, str) and key not in _FOR_PROGRAMS:
            found.append((key, value))
        elif (
            key != "supersedes"
            and isinstance(value, list)
            and value
            and all(isinstance(one, str) for one in value)
        ):
            found.append((key, ", ".join(value)))
    return found


def _write_evidence(writing: Writing, terminal: Terminal) -> None:
    """Write what a decision rests on and how that stands now, what it supersedes and what stands in its place."""
    from gnomon.team.decisions.cli import write_grounds, write_place
    from gnomon.team.decisions.standing import standing

    write_place(writing, terminal)
    found = standing(writing.record, writing)
    if found.grounds:
        terminal.write()
        write_grounds(found, terminal)


def _write_text(text: str, terminal: Terminal) -> None:
    if text:
        terminal.write()
        for line in terminal.clean_lines(text):
            terminal.write(line)


def _write_moves(writing: Writing, terminal: Terminal) -> None:
    moves = writing.moves
    if not moves:
        return
    terminal.write()
    for one in writing.history:
        why = f": {terminal.clean(one.why)}" if one.why else ""
        line = f"{one.state} by {terminal.clean(one.who)}, {terminal.timestamp(one.time)}{why}"
        terminal.write(terminal.style(f"before: {line}", "dim"))
    if len(moves) > 1:
        terminal.write(
            terminal.style("people moved it apart; the next move counts for all of these", "yellow")
        )
    for one in moves:
        why = f": {terminal.clean(one.why)}" if one.why else ""
        terminal.write(
            f"{_state(one.state, terminal)} by {terminal.clean(one.who)}, {terminal.timestamp(one.time)}{why}"
        )


def _write_marks(writing: Writing, terminal: Terminal) -> None:
    """Write verdicts and rounds, the oldest first, each with what was said."""
    for one in writing.marks:
        said = one.value.get("verdict") or f"asked again, round {one.value.get('round')}"
        terminal.write()
        terminal.write(
            f"{terminal.clean(one.who)}: {terminal.clean(str(said))}, {terminal.timestamp(one.time)}"
        )
        text = one.value.get("text")
        for line in terminal.clean_lines(text) if isinstance(text, str) and text else ():
            terminal.write(_DETAILS + line)


def _write_comments(writing: Writing, terminal: Terminal) -> None:
    for one in writing.comments:
        terminal.write()
        about = f" on {terminal.clean(one.part)}" if one.part else ""
        to = f", to {one.reply_to[:8]}" if one.reply_to else ""
        edited = ", edited" if one.is_edited else ""
        head = f"{one.id[:8]}  {terminal.clean(one.who)}{about}, {terminal.timestamp(one.time)}{to}{edited}"
        terminal.write(terminal.style(head, "dim"))
        for line in terminal.clean_lines(one.text):
            terminal.write(_DETAILS + line)
        for other in one.others:
            terminal.write(terminal.style(f"{_DETAILS}also changed to: {terminal.clean(other)}", "yellow"))


def _state(state: str, terminal: Terminal) -> str:
    style = STATE_STYLES.get(state)
    return terminal.style(state, style) if style else state


# ---------------------------------------------------------------- say


def say(parser: Parser) -> Run:
    """Say something about what somebody wrote; prints the comment's id.

    Without a text your editor opens (VISUAL, then EDITOR); with `-` the text is read from standard input.
    """
    parser.option("what", metavar="WHAT", help="`decision:12`, `review:3`, `page:setup`, …")
    parser.option(
        "text", metavar="TEXT", nargs="?", help="the comment, in Markdown; `-` reads it from standard input"
    )
    parser.option("--part", metavar="PART", help="the part that is meant, such as `cell:4` or `line:12`")
    parser.option("--reply-to", metavar="ID", help="the comment that is answered")
    parser.option("--edit", metavar="ID", help="put the text in the place of this comment")
    parser.option("--take-back", metavar="ID", help="take this comment back")
    parser.example('gnomon say decision:12 "The data of seed 3 was cut; see run:9c2e."', "a line")
    parser.example("gnomon say review:3 --part cell:4 - < remarks.md", "about a part, from a file")
    return _say


def _say(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.runs.editing import Draft, asked_text
    from gnomon.team.reviews.placed import checked_part
    from gnomon.team.writing import actions
    from gnomon.team.writing.apart import merged
    from gnomon.team.writing.views import find

    writing = find(open_record(arguments, terminal), arguments.what)
    if arguments.take_back is not None:
        if arguments.text is not None or arguments.edit is not None:
            raise UsageError("`--take-back` takes no text", hint="`--edit` puts another text in its place")
        actions.say_otherwise(writing, arguments.take_back, "")
        terminal.say(f"took back a comment on {writing.label}")
        return 0
    before = ""
    if arguments.edit is not None:
        comment = actions.comment_called(writing, arguments.edit)
        texts = [(comment.who, comment.text), *(("changed apart to", one) for one in comment.others)]
        before = merged(texts) if comment.others else comment.text
    part = checked_part(writing, arguments.part)
    draft = Draft(writing.record, f"say-{writing.kind.type}-{writing.id}")
    about = f"about {writing.label}: {terminal.clean(writing.title)}"
    text = asked_text("gnomon say", arguments.text, draft, about=about, before=before)
    if arguments.edit is not None:
        actions.say_otherwise(writing, arguments.edit, text)
        written = actions.comment_called(writing, arguments.edit).id
    else:
        written = actions.say(writing, text, part=part, reply_to=arguments.reply_to).id
    draft.done()
    terminal.write(written)
    tell_of(writing.record, [text], terminal)
    return 0


# ---------------------------------------------------------------- lists


def list_rows(
    record: Record,
    rows: Sequence[Row],
    terminal: Terminal,
    *,
    as_json: bool,
    shows_state: bool = True,
    empty: str,
) -> None:
    """Write writings as a table, or say what there is to do where there are none; as JSON, one object a writing."""
    from gnomon.team.people.views import people
    from gnomon.team.writing.views import Writing, who

    if as_json:
        terminal.json_list([Writing(record, one.kind, one.id, one.label).to_dict() for one in rows])
        return
    if not rows:
        terminal.say(empty)
        return
    known = people(record)
    shown = [_shown(one, known, who(known, one.writer, one.author)) for one in rows]
    columns = [
        "label",
        *(["state"] if shows_state else []),
        "title",
        "for",
        "until",
        "by",
        "created",
        "comments",
    ]
    columns = [key for key in columns if key in ("label", "title") or any(row[key] for row in shown)]
    terminal.table(
        columns,
        shown,
        shown={"until": terminal.timestamp, "created": terminal.timestamp},
        styles={"state": lambda state: STATE_STYLES.get(str(state), ""), "title": lambda _: "bold"},
        importance=["label", "title", *columns],
    )


def _shown(row: Row, known: People, by: str) -> dict[str, object]:
    from gnomon.team.writing.views import name_of

    return {
        "label": row.label, "state": row.state, "title": row.title,
        "for": ", ".join(name_of(known, one) for one in row.to) or None, "until": row.due, "by": by,
        "created": row.created, "comments": row.comments or None,
    }  # fmt: skip


def whom(record: Record, word: str) -> Person:
    """Return the member that a word means; `me` is who speaks with this device. Raises UsageError, as `person_meant`."""
    from gnomon.team.people.views import require_me
    from gnomon.team.whom import person_meant

    return require_me(record) if word.strip().lower() == "me" else person_meant(record, word)


def tell_of(record: Record, texts: Sequence[str], terminal: Terminal) -> None:
    """Say what is odd about texts that were just stored: that nobody knows whose they are, numbers that are not what the
    record has, references to nothing.

    They are stored as they were typed; who wrote them can change them while nobody has read them yet.
    """
    from gnomon.team.cards import FOUND, cards
    from gnomon.team.people.cli import say_unknown
    from gnomon.team.prose.check import check
    from gnomon.team.references import references_in

    say_unknown(record, terminal)
    text = "\n\n".join(filter(None, texts))
    for one in check(record, text).failed[:MOST_TOLD]:
        terminal.say(f"note: `{terminal.clean(one.written)}` is {one.verdict}: {terminal.clean(one.why)}")
    found = cards(record, [one.reference.whole for one in references_in(text, most=MOST_REFERENCES)])
    dead = [(str(reference), card.state) for reference, card in found.items() if card.state != FOUND]
    for reference, state in dead[:MOST_TOLD]:
        terminal.say(f"note: `{terminal.clean(reference)}` is {state} in this replica")
