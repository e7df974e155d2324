"""`gnomon decide` and `gnomon decisions …`. No logic of decisions is here; see the modules beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.runs.cli import open_record
from gnomon.team.decisions.contradiction import CHANGED, INTACT, UNKNOWN, WEAKENED

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from gnomon.runs.face import Parser, Run, Terminal
    from gnomon.runs.views import Record
    from gnomon.team.decisions.grounds import Ground, Standing
    from gnomon.team.decisions.views import Decision, Listed
    from gnomon.team.writing.views import Writing

SAID = {CHANGED: "evidence changed", UNKNOWN: "cannot tell", WEAKENED: "weakened", INTACT: "stands"}
NO_EVIDENCE = "none"
_STYLES = {
    NO_EVIDENCE: "dim",
    SAID[CHANGED]: "red",
    SAID[UNKNOWN]: "yellow",
    SAID[WEAKENED]: "yellow",
    SAID[INTACT]: "dim",
}
_ABOUT = """Decide: {title}
Evidence: `run:ab12#metrics.auc`, `group:a > group:b on metrics.auc`, `data:credit@v3`, `decision:3`, one a line.
Reopen if: `any run where metrics.auc > 0.93`, `data credit has a newer version`, `after 2027-03-01`, one a line."""
_EVIDENCE = "what it rests on, such as `run:ab12#metrics.auc` or `group:a > group:b on auc` (repeatable)"
_REOPEN = "what would reopen it, such as `any run where metrics.auc > 0.93` (repeatable)"


def decide(parser: Parser) -> Run:
    """Write down a decision: context, options, choice, consequences, evidence, what would reopen it. Prints its label.

    Without a text your editor opens (VISUAL, then EDITOR) with the headings of MADR, filled in from the record. The
    evidence is kept with the values of today; `gnomon decisions` says where later runs contradict it. A decision is
    never edited: a new one supersedes it.
    """
    parser.option(
        "title", metavar="TITLE", nargs="?", help="the decision in a line; else the text's first heading"
    )
    _declare_text(parser)
    parser.option(
        "--supersedes",
        metavar="N",
        action="append",
        default=[],
        help="the decision in whose place it stands (repeatable)",
    )
    parser.example(
        'gnomon decide "Use depth 6" --about group:depth-6 --about group:depth-4', "in your editor"
    )
    parser.example(
        'gnomon decide "Use depth 6" --evidence "group:depth-6 > group:depth-4 on auc"', "with evidence"
    )
    parser.example('gnomon decide --text - --reopen-if "any run where metrics.auc > 0.93" < why.md', "a file")
    parser.note(
        "Evidence is a value of a run (`run:ab12#metrics.auc`), a run (`run:ab12`), the mean of a group of seeds "
        "(`group:a#metrics.auc`), one group above or below another (`group:a > group:b on metrics.auc`, with `>` "
        "and `<` between the numbers), a version of data (`data:credit@v3`) or an earlier decision (`decision:3`)."
    )
    parser.note(
        "A condition is `any run where FILTER` (as in `gnomon runs --where`), `data NAME has a newer version` or "
        "`after DATE`. In a text, the lines under the headings Evidence and Reopen If count, and numbers that are "
        "bound to the record."
    )
    return lambda arguments, terminal: _decide(arguments, terminal, "gnomon decide", arguments.supersedes)


def _declare_text(parser: Parser) -> None:
    parser.option("--text", metavar="TEXT", help="the text, in Markdown; `-` reads standard input")
    parser.option(
        "--about",
        metavar="REF",
        action="append",
        default=[],
        help="what it is about, for the draft (repeatable)",
    )
    parser.option("--evidence", metavar="EVIDENCE", action="append", default=[], help=_EVIDENCE)
    parser.option("--reopen-if", metavar="CONDITION", action="append", default=[], help=_REOPEN)
    parser.option("--propose", action="store_true", help="propose it; `gnomon decisions accept` accepts it")


def supersede(parser: Parser) -> Run:
    """Write a decision that stands in the place of an older one. Prints its label.

    The older one is then superseded; with --propose once the new one is accepted.
    """
    parser.option("decision", metavar="N", help="the number of the older one")
    parser.option("title", metavar="TITLE", nargs="?", help="the new decision in a line")
    _declare_text(parser)
    parser.example('gnomon decisions supersede 12 "Use depth 8" --about run:77fe', "in your editor")
    return lambda arguments, terminal: _decide(
        arguments, terminal, "gnomon decisions supersede", [arguments.decision]
    )


def _decide(arguments: Namespace, terminal: Terminal, command: str, supersedes: Sequence[str]) -> int:
    from gnomon.runs.editing import Draft, asked_text
    from gnomon.team.decisions import actions
    from gnomon.team.decisions.draft import draft, references
    from gnomon.team.decisions.parts import parts_of
    from gnomon.team.decisions.succession import require_place
    from gnomon.team.decisions.views import decision_called
    from gnomon.team.writing.cli import tell_of

    record = open_record(arguments, terminal)
    about = references(arguments.about)
    replaced = [decision_called(record, one) for one in supersedes]
    require_place(replaced)  # before anything is typed
    kept = Draft(record, f"decision-{arguments.title or ''}-{'-'.join(supersedes)}")
    before = ""
    if arguments.text is None:
        before = draft(
            record, arguments.title or "", about, evidence=arguments.evidence, reopen_if=arguments.reopen_if,
            supersedes=replaced,
        )  # fmt: skip
    text = asked_text(
        command,
        arguments.text,
        kept,
        about=_ABOUT.format(title=arguments.title or "…"),
        before=before,
        option="--text",
    )
    decision = actions.decide(
        record, None if parts_of(text).title else arguments.title, text,
        evidence=arguments.evidence, reopen_if=arguments.reopen_if,
        supersedes=[one.label for one in replaced], propose=arguments.propose,
    )  # fmt: skip
    kept.done()
    terminal.write(decision.label)
    for one in decision.evidence:
        terminal.say(f"it rests on {terminal.clean(one.reference)}: {terminal.clean(one.was)}")
    tell_of(record, [text], terminal)
    for old in replaced:
        terminal.say(f"{old.label} is superseded" + (" once it is accepted" if arguments.propose else ""))
    return 0


# ---------------------------------------------------------------- lists


def ls(parser: Parser) -> Run:
    """List the decisions in force, those whose evidence changed first."""
    return _declare_list(parser, "gnomon decisions")


def list_(parser: Parser) -> Run:
    """List the decisions, as `gnomon decisions` alone does."""
    return _declare_list(parser, "gnomon decisions ls")


def _declare_list(parser: Parser, command: str) -> Run:
    parser.option("--all", action="store_true", help="those that were rejected or superseded, too")
    parser.option("--json", action="store_true", help="print JSON: one object a decision")
    parser.example(command, "what was decided, and what is no longer sure")
    return _ls


def _ls(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.team.decisions.views import decisions

    record = open_record(arguments, terminal)
    found = decisions(record, all=arguments.all)
    if arguments.json:
        terminal.json_list([one.decision.to_dict() for one in found])
        return 0
    if not found:
        nothing = "no decisions yet" if arguments.all else "no decision is in force"
        terminal.say(f'{nothing}; `gnomon decide "…"` writes one')
        return 0
    rows = [_row(one, terminal) for one in found]
    columns = [key for key in rows[0] if key in ("label", "title") or any(row[key] for row in rows)]
    terminal.table(
        columns, rows, shown={"since": terminal.timestamp, "created": terminal.timestamp},
        styles={"evidence": lambda said: _STYLES.get(str(said), ""), "title": lambda _: "bold"},
        importance=["label", "evidence", "title", *columns],
    )  # fmt: skip
    _tell_owner(record, found, terminal)
    _tell_beside(found, terminal)
    return 0


def _row(one: Listed, terminal: Terminal) -> dict[str, object]:
    decision, standing = one.decision, one.standing
    said = evidence_words(standing) if standing is not None else None
    return {
        "label": decision.label, "state": state_words(decision), "evidence": said,
        "since": standing.since if standing is not None else None, "title": terminal.clean(decision.title),
        "by": terminal.clean(decision.who), "created": decision.created, "comments": len(decision.comments) or None,
    }  # fmt: skip


def evidence_words(standing: Standing) -> str:
    """Return how the evidence stands, in a word; that there is none, where nothing else is the matter."""
    return NO_EVIDENCE if standing.verdict == INTACT and not standing.has_evidence else SAID[standing.verdict]


def state_words(decision: Decision) -> str:
    """Return what became of a decision; where people moved it apart, all that stands.

    The one that is shown stands last.
    """
    states = [one.state for one in decision.moves] or [decision.state]
    return " | ".join(states)


def _tell_owner(record: Record, found: Sequence[Listed], terminal: Terminal) -> None:
    """Tell the person at the terminal which decisions of theirs have changed evidence."""
    from gnomon.record.keys import own_writer
    from gnomon.team.people.views import me

    person = me(record)
    own = own_writer(record.home.env)
    writers = {*(person.writers if person is not None else ()), *([own] if own is not None else ())}
    yours = [one.decision.label for one in found if one.is_changed and one.decision.writer in writers]
    if yours:
        terminal.say(f"of yours: {', '.join(yours)}; `gnomon decisions check {yours[0]}` says why")


def _tell_beside(found: Sequence[Listed], terminal: Terminal) -> None:
    """Tell which decisions stand in one place: they were written apart, and nobody settled it."""
    from gnomon.team.decisions.succession import beside_lines

    told: set[str] = set()
    for one in found:
        if one.decision.id not in told:
            told.update(other.row.id for other, _ in one.decision.beside)
            for line in beside_lines(one.decision):
                terminal.say(terminal.clean(line))


def write_place(writing: Writing, terminal: Terminal) -> None:
    """Write what a decision supersedes, what stands in its place, and what stands beside it; nothing where that is nothing."""
    from gnomon.team.decisions.succession import place_lines
    from gnomon.team.decisions.views import decision_called, superseded_by

    decision = decision_called(writing.record, writing.id)
    lines = [f"supersedes {old.label}: {old.title}" for old in superseded_by(decision)]
    lines += [f"in its place {one.row.label} of {one.who}: {one.row.title}" for one in decision.in_its_place]
    unsettled = place_lines(decision)
    if lines or unsettled:
        terminal.write()
    for line in lines:
        terminal.write(terminal.clean(line))
    for line in unsettled:
        terminal.write(terminal.style(terminal.clean(line), "yellow"))


# ---------------------------------------------------------------- check


def check(parser: Parser) -> Run:
    """Say whether the evidence of decisions still stands: what it was, what it is now, since when, by what.

    The exit code is 1 where the evidence of one changed or what reopens it holds, else 0.
    """
    parser.option("decision", metavar="N", nargs="*", help="numbers of decisions (default: all in force)")
    parser.option("--json", action="store_true", help="print JSON: one object a decision")
    parser.example("gnomon decisions check", "for a pipeline: exit code 1 where one changed")
    parser.example("gnomon decisions check 12", "all that decision 12 rests on")
    return _check


def _check(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.team.decisions.views import decision_called, decisions, listed

    record = open_record(arguments, terminal)
    if arguments.decision:
        asked = [decision_called(record, one) for one in dict.fromkeys(arguments.decision)]
        found = listed(record, asked, all=True)
    else:
        found = decisions(record)
    is_changed = any(one.is_changed for one in found)
    if arguments.json:
        terminal.json_list([one.decision.to_dict() for one in found])
        return int(is_changed)
    shown = [one for one in found if arguments.decision or (one.standing and one.standing.verdict != INTACT)]
    for number, one in enumerate(shown):
        if number:
            terminal.write()
        _write_checked(one, terminal)
    if not shown:
        resting = sum(one.standing is not None and one.standing.has_evidence for one in found)
        without = f"; {len(found) - resting:,} without any" if len(found) > resting else ""
        stands = f"the evidence of {terminal.count(resting, 'decision')} in force stands{without}"
        terminal.say(stands if resting or not found else "no decision in force names evidence")
    return int(is_changed)


def _write_checked(one: Listed, terminal: Terminal) -> None:
    decision = one.decision
    terminal.write(
        f"{terminal.style(terminal.clean(decision.title), 'bold')}  {terminal.style(decision.label, 'dim')}  "
        f"{state_words(decision)}"
    )
    if one.standing is None:
        terminal.write("  not in force: its evidence is not looked at")
    elif not one.standing.grounds:
        terminal.write("  it names no evidence, and nothing that would reopen it")
    else:
        write_grounds(one.standing, terminal)


def write_grounds(standing: Standing, terminal: Terminal) -> None:
    """Write each piece of evidence and each condition with what became of it."""
    if not standing.has_evidence:
        terminal.write("  it names no evidence")
    for ground in standing.grounds:
        said = _said(ground)
        style = {CHANGED: "red", INTACT: "dim"}.get(ground.verdict, "yellow")
        terminal.write(f"  {terminal.style(said, style)}  {terminal.clean(ground.reference)}")
        if ground.is_condition and ground.verdict == INTACT:
            continue
        was = "" if ground.is_condition else f"was {ground.was}"
        now = f"now {ground.now}" if ground.verdict != INTACT and ground.now != ground.was else ""
        for line in filter(
            None, (was, ground.why if ground.verdict != INTACT else "", now and not ground.why and now)
        ):
            terminal.write(f"      {terminal.clean(str(line))}")
        if ground.since is not None:
            by = ", ".join(_short(who.subject) for who in ground.by[:5])
            terminal.write(f"      since {terminal.timestamp(ground.since)}, by {terminal.clean(by)}")


def _said(ground: Ground) -> str:
    if ground.is_condition:
        return {CHANGED: "holds", INTACT: "does not hold"}.get(ground.verdict, SAID[ground.verdict])
    return {CHANGED: "changed"}.get(ground.verdict, SAID[ground.verdict])


def _short(subject: str) -> str:
    kind, _, digits = subject.partition(":")
    return f"{kind}:{digits[:12]}"


# ---------------------------------------------------------------- accept, reject


def accept(parser: Parser) -> Run:
    """Accept a decision that was proposed; those that it supersedes are then superseded."""
    parser.option("decision", metavar="N", help="its number")
    parser.option("--why", metavar="TEXT", default="", help="why")
    parser.example("gnomon decisions accept 12", "it is in force")
    return lambda arguments, terminal: _move(arguments, terminal, "accept")


def reject(parser: Parser) -> Run:
    """Reject a decision that was proposed, or take back one that was accepted."""
    parser.option("decision", metavar="N", help="its number")
    parser.option("--why", metavar="TEXT", default="", help="why")
    parser.example(
        'gnomon decisions reject 12 --why "the seeds were too few"', "it is kept, and not in force"
    )
    return lambda arguments, terminal: _move(arguments, terminal, "reject")


def _move(arguments: Namespace, terminal: Terminal, what: str) -> int:
    from gnomon.team.decisions import actions
    from gnomon.team.decisions.succession import left_alone
    from gnomon.team.decisions.views import decision_called
    from gnomon.team.people.cli import say_unknown

    decision = decision_called(open_record(arguments, terminal), arguments.decision)
    moved = getattr(actions, what)(decision, arguments.why)
    terminal.say(f"{moved.label} is {moved.state}")
    say_unknown(moved.record, terminal)
    for row in left_alone(moved) if what == "reject" else ():
        back = f"`gnomon decisions accept {row.label}` brings it back"
        terminal.say(f"nothing stands in the place of {row.label} now, which is superseded still; {back}")
    return 0
