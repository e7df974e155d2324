"""`gnomon ask`, `gnomon answer`, `gnomon questions`. No logic of questions is here; see `team.questions.actions`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.errors import BadArgumentError, UsageError
from gnomon.runs.cli import open_record

if TYPE_CHECKING:
    from argparse import Namespace

    from gnomon.runs.face import Parser, Run, Terminal


def ask(parser: Parser) -> Run:
    """Ask somebody something; prints what the question is called. They find it in `gnomon catchup`.

    The answer is due when each of those who are asked has had `--hours` of their own working time, whatever zone they are in.
    """
    parser.option("member", metavar="MEMBER", help="who is asked; several with commas")
    parser.option("title", metavar="QUESTION", help="the question, in a line")
    parser.option(
        "--text", metavar="TEXT", help="what they need to know to answer it; `-` reads standard input"
    )
    parser.option("--edit", action="store_true", help="write what they need to know in your editor")
    parser.option("--hours", metavar="N", type=float, help="working hours that each of them has (default: 8)")
    parser.option("--until", metavar="TIME", help="a time instead, such as `2026-12-01 12:00+01:00`")
    parser.option(
        "--blocks", metavar="REF", action="append", default=[], help="what cannot go on before (repeatable)"
    )
    parser.example(
        'gnomon ask bea "Which split did run:9c2e use?" --blocks run:77fe', "due after a day of her work"
    )
    parser.example('gnomon ask bea,chidi "May we drop region?" --hours 16 --edit', "two people, two days")
    return _ask


def _ask(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.runs.editing import Draft, asked_text
    from gnomon.team.questions import actions
    from gnomon.team.writing.cli import tell_of, whom

    if arguments.hours is not None and arguments.until is not None:
        raise UsageError("`--hours` and `--until` exclude each other", hint="one of them says until when")
    record = open_record(arguments, terminal)
    to = [whom(record, one) for one in arguments.member.split(",") if one.strip()]
    draft = Draft(record, f"question-{arguments.member}-{arguments.title}")
    text = arguments.text or ""
    if arguments.edit or text == "-":
        about = f"what {', '.join(one.name for one in to)} need to know to answer: {arguments.title}"
        text = asked_text("gnomon ask", arguments.text, draft, about=about)
    asked = actions.ask(
        record, arguments.title, to, text, hours=arguments.hours,
        until=moment(arguments.until) if arguments.until else None, blocks=arguments.blocks,
    )  # fmt: skip
    draft.done()
    terminal.write(asked.label)
    names = ", ".join(terminal.clean(one.name) for one in to)
    hours = arguments.hours if arguments.hours is not None else actions.USUAL_HOURS
    now = record.home.env.time_ns() / 1e9
    until = actions.until_when(to, asked.due, hours, now, terminal.timestamp)
    terminal.say(f"asked {names}; an answer is due {terminal.clean(until)}")
    tell_of(record, [arguments.title, text, *arguments.blocks], terminal)
    return 0


def moment(text: str) -> float:
    """Return a time as people write it, as seconds since 1970 UTC. Raises BadArgumentError."""
    from gnomon.runs.where_times import span_of_time

    span = span_of_time(text, None)
    if span is None:
        raise BadArgumentError(
            f"`{text}` is no time", hint="write it as `2026-12-01 12:00+01:00`, or `2026-12-01`"
        )
    return span[0] / 1e6


def answer(parser: Parser) -> Run:
    """Answer a question. Without a text your editor opens; with `-` the text is read from standard input."""
    parser.option("question", metavar="QUESTION", help="its number, or `question:3`")
    parser.option("text", metavar="TEXT", nargs="?", help="the answer, in Markdown; `-` reads standard input")
    parser.example('gnomon answer 3 "The one of data:credit@v3."', "it is then answered")
    return _answer


def _answer(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.runs.editing import Draft, asked_text
    from gnomon.team.questions import actions
    from gnomon.team.writing.cli import tell_of
    from gnomon.team.writing.views import writing_called

    question = writing_called(open_record(arguments, terminal), "question", arguments.question)
    draft = Draft(question.record, f"answer-{question.id}")
    about = f"{question.who} asks: {question.title}\n\n{question.text}"
    text = asked_text("gnomon answer", arguments.text, draft, about=about)
    actions.answer(question, text)
    draft.done()
    terminal.say(f"answered {question.label}")
    tell_of(question.record, [text], terminal)
    return 0


def ls(parser: Parser) -> Run:
    """List the questions that wait for an answer, those that are due first."""
    return _declare_list(parser, "gnomon questions")


def list_(parser: Parser) -> Run:
    """List the questions, as `gnomon questions` alone does."""
    return _declare_list(parser, "gnomon questions ls")


def _declare_list(parser: Parser, command: str) -> Run:
    parser.option("--to", metavar="MEMBER", help="only those that this member is asked; `me` is you")
    parser.option("--all", action="store_true", help="those that were answered or withdrawn, too")
    parser.option("--json", action="store_true", help="print JSON: one object a question")
    parser.example(command, "what waits for an answer")
    parser.example(f"{command} --to me", "what waits for yours")
    return _ls


def _ls(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.team.writing.cli import list_rows, whom
    from gnomon.team.writing.views import rows

    record = open_record(arguments, terminal)
    record.replica.update(record.progress)
    found = [one for one in rows(record, "question") if one.is_open or arguments.all]
    if arguments.to is not None:
        asked = whom(record, arguments.to).id
        found = [one for one in found if asked in one.to]
    found.sort(key=lambda one: (not one.is_open, one.due or float("inf")))
    list_rows(
        record, found, terminal, as_json=arguments.json, shows_state=arguments.all,
        empty='no question waits for an answer; `gnomon ask MEMBER "…"` asks one',
    )  # fmt: skip
    return 0


def withdraw(parser: Parser) -> Run:
    """Take a question back: nobody needs the answer any more."""
    parser.option("question", metavar="QUESTION", help="its number, or `question:3`")
    parser.option("--why", metavar="TEXT", default="", help="why nobody needs it any more")
    parser.example('gnomon questions withdraw 3 --why "found it in the console"', "it is not asked any more")
    return _withdraw


def _withdraw(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.team.questions import actions
    from gnomon.team.writing.views import writing_called

    question = writing_called(open_record(arguments, terminal), "question", arguments.question)
    actions.withdraw(question, arguments.why)
    terminal.say(f"withdrew {question.label}")
    return 0
