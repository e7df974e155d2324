"""`gnomon review`, `gnomon reviews`. No logic of reviews is here; see `team.reviews.actions` and `.views`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.runs.cli import open_record

if TYPE_CHECKING:
    from argparse import Namespace

    from gnomon.runs.face import Parser, Run, Terminal
    from gnomon.team.people.person import Person
    from gnomon.team.writing.views import Writing


def review(parser: Parser) -> Run:
    """Ask members to review something; prints what the review is called. They find it in `gnomon catchup`.

    It is due when each of them has had `--hours` of their own working time. They comment on parts with
    `gnomon say review:3 --part …`, and give their verdict with `gnomon reviews verdict`.
    """
    parser.option("what", metavar="WHAT", help="`run:ab12`, `data:credit@v3`, `page:setup`, `decision:12`, …")
    parser.option(
        "--by", metavar="MEMBER", action="append", required=True, help="who reviews; several with commas (repeatable)"
    )  # fmt: skip
    parser.option(
        "--against", metavar="WHAT", help="what it is to be compared with, such as the run before it"
    )
    parser.option("--title", metavar="TITLE", help="its title (default: what is reviewed)")
    parser.option("--text", metavar="TEXT", help="what to look at; `-` reads standard input")
    parser.option("--edit", action="store_true", help="write what to look at in your editor")
    parser.option("--hours", metavar="N", type=float, help="working hours that each of them has (default: 8)")
    parser.example(
        'gnomon review run:9c2e --by bea --text "Is the split by customer right?"', "due after a day of hers"
    )
    parser.example(
        "gnomon review run:9c2e --against run:77fe --by bea,chidi", "what changed between two notebooks"
    )
    return _review


def _review(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.runs.editing import Draft, asked_text
    from gnomon.team.reviews import actions
    from gnomon.team.writing.cli import whom

    record = open_record(arguments, terminal)
    words = [one for said in arguments.by for one in said.split(",") if one.strip()]
    by = list({one.id: one for one in (whom(record, word) for word in words)}.values())
    draft = Draft(record, f"review-{arguments.what}-{','.join(arguments.by)}")
    text = arguments.text or ""
    if arguments.edit or text == "-":
        text = asked_text(
            "gnomon review", arguments.text, draft, about=f"what to look at in {arguments.what}"
        )
    asked = actions.request(
        record,
        arguments.what,
        by,
        text,
        title=arguments.title,
        hours=arguments.hours,
        against=arguments.against,
    )
    draft.done()
    terminal.write(asked.label)
    names = ", ".join(terminal.clean(one.name) for one in by)
    terminal.say(f"asked {names}; a verdict is due {_until(asked, by, terminal)}")
    return 0


def ls(parser: Parser) -> Run:
    """List the reviews that go on, with what each reviewer said, those that are due first."""
    return _declare_list(parser, "gnomon reviews")


def list_(parser: Parser) -> Run:
    """List the reviews, as `gnomon reviews` alone does."""
    return _declare_list(parser, "gnomon reviews ls")


def _declare_list(parser: Parser, command: str) -> Run:
    parser.option("--by", metavar="MEMBER", help="only those that ask this member; `me` is you")
    parser.option("--all", action="store_true", help="those that are over, too")
    parser.option("--json", action="store_true", help="print JSON: one object a review")
    parser.example(command, "what goes on")
    parser.example(f"{command} --by me", "what waits for you")
    return _ls


def _ls(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.team.reviews import views
    from gnomon.team.writing.cli import STATE_STYLES, whom
    from gnomon.team.writing.views import Writing, rows

    record = open_record(arguments, terminal)
    record.replica.update(record.progress)
    found = [one for one in rows(record, "review") if one.is_open or arguments.all]
    if arguments.by is not None:
        member = whom(record, arguments.by).id
        found = [one for one in found if member in one.to]
    found.sort(key=lambda one: (not one.is_open, one.due or float("inf")))
    reviews = [Writing(record, one.kind, one.id, one.label) for one in found]
    if arguments.json:
        terminal.json_list([as_json(one) for one in reviews])
        return 0
    if not reviews:
        terminal.say("no review goes on; `gnomon review WHAT --by MEMBER` asks for one")
        return 0
    rows_shown = [
        {"label": one.label, "title": one.title, "stands": views.standing(one) if one.is_open else one.state,
         "said": _said(one), "until": one.due, "by": one.who, "round": views.current_round(one)}
        for one in reviews
    ]  # fmt: skip
    columns = ["label", "title", "stands", "said", "round", "until", "by"]
    if all(row["round"] == 1 for row in rows_shown):
        columns.remove("round")
    terminal.table(
        columns, rows_shown, shown={"until": terminal.timestamp},
        styles={"title": lambda _: "bold", "stands": lambda one: STATE_STYLES.get(str(one), "")},
        importance=["label", "title", "stands", *columns],
    )  # fmt: skip
    return 0


def _said(review: Writing) -> str:
    from gnomon.team.reviews.views import verdicts

    return ", ".join(f"{one.who}: {one.verdict or 'not yet'}" for one in verdicts(review))


def as_json(review: Writing) -> dict[str, object]:
    """Return a review as plain values, with what each reviewer said in the round that goes on."""
    from gnomon.team.reviews import views

    return {
        **review.to_dict(), "round": views.current_round(review), "stands": views.standing(review),
        "verdicts": [{"by": one.who, "verdict": one.verdict, "text": one.text} for one in views.verdicts(review)],
    }  # fmt: skip


def verdict(parser: Parser) -> Run:
    """Give your verdict on a review that asks you: `approve`, or `changes` with what should change."""
    parser.option("review", metavar="REVIEW", help="its number, or `review:3`")
    parser.option("verdict", metavar="VERDICT", help="`approve` or `changes`")
    parser.option("text", metavar="TEXT", nargs="?", default="", help="why, or what should change")
    parser.example("gnomon reviews verdict 3 approve", "for the round that goes on")
    parser.example('gnomon reviews verdict 3 changes "split by customer, not by row"', "what should change")
    return _verdict


def _verdict(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.team.reviews import actions, views
    from gnomon.team.writing.cli import whom
    from gnomon.team.writing.views import writing_called

    record = open_record(arguments, terminal)
    found = writing_called(record, "review", arguments.review)
    found = actions.give_verdict(found, whom(record, "me"), arguments.verdict, arguments.text)
    terminal.say(f"{found.label}: {views.standing(found)}")
    return 0


def again(parser: Parser) -> Run:
    """Ask the reviewers again, after what they said was changed: the next round.

    With `--of` it is of something else, which is compared with what the round before was of, unless the review says with what.
    """
    parser.option("review", metavar="REVIEW", help="its number, or `review:3`")
    parser.option("text", metavar="TEXT", nargs="?", default="", help="what changed")
    parser.option(
        "--of", metavar="WHAT", help="what is reviewed from now on, such as a new run (default: the same)"
    )
    parser.example('gnomon reviews again 3 "split by customer now" --of run:b7e1', "round 2, of another run")
    return _again


def _again(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.team.reviews import actions, views
    from gnomon.team.writing.cli import whom
    from gnomon.team.writing.views import writing_called

    record = open_record(arguments, terminal)
    found = actions.ask_again(
        writing_called(record, "review", arguments.review),
        whom(record, "me"),
        arguments.text,
        of=arguments.of,
    )
    by = [found.people.by_id[one] for one in found.to if one in found.people.by_id]
    terminal.say(f"{found.label}: round {views.current_round(found)}, due {_until(found, by, terminal)}")
    return 0


def _until(review: Writing, by: list[Person], terminal: Terminal) -> str:
    from gnomon.team.questions.actions import until_when
    from gnomon.team.reviews.actions import USUAL_HOURS

    hours = review.fields.get("hours")
    of_each = float(hours) if isinstance(hours, (int, float)) else USUAL_HOURS
    now = review.record.home.env.time_ns() / 1e9
    return terminal.clean(until_when(by, review.due, of_each, now, terminal.timestamp))


def close(parser: Parser) -> Run:
    """Close a review that you asked for; one that still waits for verdicts is withdrawn."""
    parser.option("review", metavar="REVIEW", help="its number, or `review:3`")
    parser.option("--why", metavar="TEXT", default="", help="why")
    parser.example("gnomon reviews close 3", "it waits for nobody any more")
    return _close


def _close(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.team.reviews import actions
    from gnomon.team.writing.cli import whom
    from gnomon.team.writing.views import writing_called

    record = open_record(arguments, terminal)
    found = actions.close(
        writing_called(record, "review", arguments.review), whom(record, "me"), arguments.why
    )
    terminal.say(f"{found.label} is {found.state}")
    return 0
