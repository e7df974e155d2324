"""`gnomon reviews show`: what a review is of, part by part, with the comments under their parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.runs.cli import open_record

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from gnomon.runs.face import Parser, Run, Terminal
    from gnomon.team.reviews.placed import Commented, Placed
    from gnomon.team.reviews.shown import Shown
    from gnomon.team.writing.views import Said, Writing

PARTS = 100  # that are shown at once
_INDENT = "    "
_WHAT = {"added": "green", "removed": "red", "changed": "yellow", "same": "dim"}
_LINE = {"add": "green", "del": "red", "at": "dim"}


def show(parser: Parser) -> Run:
    """Show what a review is of: the cells of a notebook with their outputs, code, parameters, data, the lines of a text.

    Each part has a name, which `gnomon say review:3 --part NAME` takes; comments stand under their part. With something to
    compare with (`gnomon review … --against`), the parts are the differences, and those that are the same are only named.
    """
    parser.option("review", metavar="REVIEW", help="its number, or `review:3`")
    parser.option(
        "--round", metavar="N", type=int, help="as it was in this round (default: that which goes on)"
    )
    parser.option(
        "--start", metavar="N", type=int, default=1, help=f"show {PARTS} parts from the Nth on (default: 1)"
    )
    parser.option("--all", action="store_true", help="all parts, those that are the same too")
    parser.option("--json", action="store_true", help="print JSON")
    parser.example("gnomon reviews show 3", "what there is to review, and what was said about it")
    parser.example(
        'gnomon say review:3 --part cell:4:2 "This leaks the label."', "about the second line of a cell"
    )
    parser.note(
        "Comparing notebooks needs `pip install 'gnomon[review]'`. How-to: docs/how-to/ask-and-review.md."
    )
    return _show


def _show(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.errors import BadArgumentError
    from gnomon.team.reviews import views
    from gnomon.team.reviews.placed import placed
    from gnomon.team.reviews.shown import shown
    from gnomon.team.writing.views import writing_called

    review = writing_called(open_record(arguments, terminal), "review", arguments.review)
    last = views.current_round(review)
    if arguments.round is not None and not 1 <= arguments.round <= last:
        raise BadArgumentError(f"`{review.label}` has rounds 1 to {last}; got {arguments.round}")
    if arguments.start < 1:
        raise BadArgumentError(f"`--start` counts parts from 1; got {arguments.start}")
    found = shown(review, arguments.round)
    commented = placed(review, found)
    if arguments.json:
        terminal.json(as_json(found, commented))
        return 0
    _write_head(review, found, arguments.round or last, terminal)
    _write_parts(review, commented, arguments, terminal)
    if found.left_out:
        terminal.say(f"{terminal.count(found.left_out, 'more part')} left out")
    return 0


def as_json(found: Shown, commented: Commented) -> dict[str, object]:
    """Return all parts as plain values, with the ids of the comments at each."""
    return {
        "of": found.target.of, "against": found.target.against, "notes": list(found.notes), "left_out": found.left_out,
        "parts": [
            {
                "anchor": one.part.anchor, "kind": one.part.kind, "title": one.part.title, "what": one.part.what or None,
                "facts": list(one.part.facts), "media": dict(one.part.media), "left_out": one.part.left_out,
                "lines": [
                    {"text": line.text, "kind": line.kind or None, "anchor": line.anchor or None} for line in one.part.lines
                ],
                "comments": [said.id for said in (*one.comments, *(said for piece in one.pieces for said in piece.comments))],
            }
            for one in commented.parts
        ],
        "other_comments": [{"id": said.id, "part": said.part, "why": why or None} for said, why in commented.others],
    }  # fmt: skip


def _write_head(review: Writing, found: Shown, number: int, terminal: Terminal) -> None:
    label = terminal.style(f"{review.label}, round {number}", "dim")
    terminal.write(f"{terminal.style(terminal.clean(review.title), 'bold')}  {label}")
    against = f" against {terminal.clean(found.target.against)}" if found.target.against else ""
    terminal.write(f"of {terminal.clean(found.target.of)}{against}")
    for note in found.notes:
        terminal.write(terminal.style(terminal.clean(note), "dim"))


def _write_parts(review: Writing, commented: Commented, arguments: Namespace, terminal: Terminal) -> None:
    first = arguments.start - 1
    end = len(commented.parts) if arguments.all else first + PARTS
    same: list[Placed] = []
    for one in commented.parts[first:end]:
        if one.part.what == "same" and not one.comment_count and not arguments.all:
            same.append(one)
            continue
        _write_same(same, terminal)
        _write_part(review, one, terminal)
    _write_same(same, terminal)
    for said, why in commented.others:
        terminal.write()
        _write_comment(review, said, why, "", terminal)
    if end < len(commented.parts):
        terminal.say(
            f"parts {first + 1:,} to {end:,} of {len(commented.parts):,}; `--start {end + 1}` shows the next ones"
        )


def _write_same(same: list[Placed], terminal: Terminal) -> None:
    if same:
        names = same[0].part.anchor if len(same) == 1 else f"{same[0].part.anchor} to {same[-1].part.anchor}"
        terminal.write()
        terminal.write(terminal.style(f"{terminal.clean(names)}  same", "dim"))
        same.clear()


def _write_part(review: Writing, one: Placed, terminal: Terminal) -> None:
    part = one.part
    what = f"  {terminal.style(part.what, _WHAT[part.what])}" if part.what else ""
    facts = terminal.style(f"  [{'; '.join(map(terminal.clean, part.facts))}]", "dim") if part.facts else ""
    terminal.write()
    head = f"{terminal.style(terminal.clean(part.anchor), 'bold')}  {terminal.clean(part.title)}"
    terminal.write(f"{head}{what}{facts}")
    for piece in one.pieces:
        for line in piece.lines:
            number = f"{line.number:>4}  " if line.number is not None else "      "
            text = f"{number if part.has_anchored_lines else ''}{terminal.clean(line.text)}".rstrip()
            terminal.write(
                f"  {terminal.style(text, _LINE[line.kind]) if line.kind and text else text}".rstrip()
            )
        _write_comments(review, piece.comments, terminal)
    if part.left_out:
        terminal.write(terminal.style(f"  {terminal.count(part.left_out, 'more line')}", "dim"))
    _write_comments(review, one.comments, terminal)


def _write_comments(review: Writing, comments: Sequence[Said], terminal: Terminal) -> None:
    for said in comments:
        _write_comment(review, said, "", _INDENT, terminal)


def _write_comment(review: Writing, said: Said, why: str, indent: str, terminal: Terminal) -> None:
    from gnomon.team.reviews.views import current_round, round_of

    number = round_of(review, said.time)
    about = f" on {terminal.clean(said.part)}" if said.part else ""
    about += f" ({why})" if why else ""
    to = f", to {said.reply_to[:8]}" if said.reply_to else ""
    earlier = f", in round {number}" if number < current_round(review) else ""
    head = f"{said.id[:8]}  {terminal.clean(said.who)}{about}, {terminal.timestamp(said.time)}{earlier}{to}"
    terminal.write(f"{indent}{terminal.style(head, 'cyan')}")
    for line in terminal.clean_lines(said.text):
        terminal.write(f"{indent}  {line}".rstrip())
