"""`gnomon page`, `gnomon pages`, `gnomon problem`, `gnomon problems`. No logic is here; see the modules beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.errors import UsageError
from gnomon.runs.cli import open_record

if TYPE_CHECKING:
    from argparse import Namespace

    from gnomon.runs.face import Parser, Run, Terminal
    from gnomon.team.writing.views import Writing

NO_PAGES = "no pages yet; `gnomon page NAME` writes one"


def page(parser: Parser) -> Run:
    """Write a page of what the team knows, or change one. Prints what it is called: `page:setup-gpu`.

    A page is Markdown, with references (`run:ab12`, `decision:12`) and bound numbers. Without a text your editor opens with what
    it says now; with `-` the text is read from standard input. Where two people changed it apart, the editor opens with both
    texts, and saving settles it. `gnomon read page:NAME --history` shows what it said before.
    """
    parser.option("name", metavar="NAME", help="what it is called in references, such as `setup-gpu`")
    parser.option("text", metavar="TEXT", nargs="?", help="the text, in Markdown; `-` reads standard input")
    parser.option("--title", metavar="TITLE", help="its title (default: made of the name)")
    parser.option("--form", metavar="FORM", help="of a new one: `page`, `how-to` or `cheat-sheet`")
    parser.option(
        "--settle", action="store_true", help="put TEXT in the place of all texts that were written apart"
    )
    parser.example("gnomon page setup-gpu --form how-to", "in your editor, with headings to fill in")
    parser.example("gnomon page glossary - < glossary.md", "from a file")
    return _page


def _page(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.runs.editing import Draft, asked_text
    from gnomon.team.knowledge import pages
    from gnomon.team.writing.apart import text_to_edit
    from gnomon.team.writing.cli import tell_of

    record = open_record(arguments, terminal)
    known = pages.page_called(record, arguments.name)
    if known is None:
        pages.checked_name(arguments.name)
    is_edited = arguments.text is None
    draft = Draft(record, f"page-{arguments.name}")
    before = pages.TEMPLATES.get(arguments.form or "page", "") if known is None else text_to_edit(known)
    about = f"the page `{arguments.name}`, in Markdown"
    if known is not None:
        about += _standing(known, terminal, is_whole=draft.text() is not None)
    text = asked_text("gnomon page", arguments.text, draft, about=about, before=before)
    if known is None and pages.page_called(record, arguments.name) is not None:
        raise UsageError(
            f"somebody else wrote the page `{arguments.name}` meanwhile",
            hint="nothing was written; the same command shows what it says" + (", and keeps your text" if is_edited else ""),
        )  # fmt: skip
    seen = known if is_edited else None
    written = pages.write(
        record, arguments.name, text, title=arguments.title, form=arguments.form, seen=seen, settle=arguments.settle
    )  # fmt: skip
    draft.done()
    terminal.write(f"page:{written.fields['name']}")
    if written.other_texts:
        terminal.say(f"note: it was changed meanwhile, and has {len(written.other_texts) + 1} texts now;"
                     f" `gnomon page {arguments.name}` opens with all of them")  # fmt: skip
    elif known is not None and known.other_texts:
        terminal.say(f"settled: what {terminal.clean(pages.names_of_texts(known))} wrote apart stays readable"
                     f" with `gnomon read {written.label} --history`")  # fmt: skip
    tell_of(record, [text], terminal)
    return 0


def _standing(known: Writing, terminal: Terminal, *, is_whole: bool) -> str:
    """Return what the editor says below the text of a page that is there: who wrote it, and what else stands.

    `is_whole`: what it says now, too, since the editor begins with a draft that was left.
    """
    from gnomon.team.writing.apart import text_to_edit

    others = known.other_texts
    written = f"\nwritten by {known.text_by}, {terminal.timestamp(known.written)}"
    if others:
        written = (
            f"\n{len(others) + 1} texts stand, written apart: what differs is between `<<<<<<<` and `>>>>>>>`;"
            " saving without these lines settles it"
        )
        titles = dict.fromkeys([known.title, *(title for title, _, _ in others)])
        if len(titles) > 1:
            written += (
                f"\nthe titles differ: {' | '.join(titles)}; `--title` says which, else it is the first"
            )
    return f"{written}\n\nit says now:\n{text_to_edit(known)}\n" if is_whole else written


def ls(parser: Parser) -> Run:
    """List the pages of what the team knows. `gnomon read page:NAME` shows one, `gnomon search` finds their words."""
    return _declare_pages(parser, "gnomon pages")


def list_(parser: Parser) -> Run:
    """List the pages, as `gnomon pages` alone does."""
    return _declare_pages(parser, "gnomon pages ls")


def _declare_pages(parser: Parser, command: str) -> Run:
    parser.option("--archived", action="store_true", help="those that were archived, too")
    parser.option("--json", action="store_true", help="print JSON: one object a page")
    parser.example(command, "all that are current")
    return _pages


def _pages(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.team.knowledge import pages
    from gnomon.team.people.views import people
    from gnomon.team.writing.views import Writing, who

    record = open_record(arguments, terminal)
    found = pages.listed(record, archived=arguments.archived)
    if arguments.json:
        rows = [one for one, _, _ in found]
        terminal.json_list([Writing(record, one.kind, one.id, one.label).to_dict() for one in rows])
        return 0
    if not found:
        terminal.say(NO_PAGES)
        return 0
    known = people(record)
    shown = [
        {"page": name, "form": form, "title": row.title, "changed": row.changed, "by": who(known, row.changed_by),
         "texts": f"{row.texts}, written apart" if row.texts > 1 else None,
         "state": row.state if row.state != "current" else None}
        for row, name, form in found
    ]  # fmt: skip
    columns = [
        key
        for key in ("page", "form", "title", "texts", "changed", "by", "state")
        if any(row[key] for row in shown)
    ]
    styles = {"page": lambda _: "bold", "texts": lambda _: "yellow"}
    terminal.table(columns, shown, shown={"changed": terminal.timestamp}, styles=styles)
    apart = [name for row, name, _ in found if row.texts > 1]
    if apart:
        terminal.say(f"`gnomon page {apart[0]}` opens with all its texts; saving settles it")
    return 0


def archive(parser: Parser) -> Run:
    """Take a page out of the list: it is not true any more. References to it still find it."""
    parser.option("name", metavar="NAME", help="the page")
    parser.option("--why", metavar="TEXT", default="", help="why, or what to read instead")
    parser.example(
        'gnomon pages archive setup-tpu --why "see page:setup-gpu"', "writing it again brings it back"
    )
    return _archive


def _archive(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.team.knowledge import pages
    from gnomon.team.writing.views import writing_called

    found = writing_called(open_record(arguments, terminal), "page", arguments.name)
    pages.archive(found, arguments.why)
    terminal.say(f"archived page `{found.fields.get('name')}`")
    return 0


# ---------------------------------------------------------------- problems


def problem(parser: Parser) -> Run:
    """Report a problem; steps and environment are filled in from a run. Prints what the report is called.

    With `--run` the draft holds the command, the code, the data, and what was printed last; without it, this machine.
    """
    parser.option("title", metavar="TITLE", help="what is wrong, in a line")
    parser.option("text", metavar="TEXT", nargs="?", help="the report, in Markdown; `-` reads standard input")
    parser.option("--run", metavar="RUN", complete="run", help="the run in which it happened")
    parser.option("--as-drafted", action="store_true", help="write the draft as it is, without an editor")
    parser.example('gnomon problem "Loss is NaN after step 300" --run @1', "in your editor, steps filled in")
    parser.example('gnomon problem "Loader hangs" --run @1 --as-drafted', "at once")
    return _problem


def _problem(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.runs.editing import Draft, asked_text
    from gnomon.team.knowledge import problems

    record = open_record(arguments, terminal)
    run = record.run(arguments.run) if arguments.run is not None else None
    draft = Draft(record, f"problem-{arguments.title}-{run.id if run is not None else ''}")
    before = problems.draft(run)
    about = "the environment goes along:\n" + "\n".join(problems.environment(run))
    if arguments.as_drafted and arguments.text is None:
        text = before
    else:
        text = asked_text("gnomon problem", arguments.text, draft, about=about, before=before)
    written = problems.report(record, arguments.title, text, run=run)
    draft.done()
    terminal.write(written.label)
    return 0


def problems_ls(parser: Parser) -> Run:
    """List the problems that are open. `gnomon read problem:3` shows one."""
    return _declare_problems(parser, "gnomon problems")


def problems_list(parser: Parser) -> Run:
    """List the problems, as `gnomon problems` alone does."""
    return _declare_problems(parser, "gnomon problems ls")


def _declare_problems(parser: Parser, command: str) -> Run:
    parser.option("--all", action="store_true", help="those that were solved or closed, too")
    parser.option("--json", action="store_true", help="print JSON: one object a problem")
    parser.example(command, "what is open")
    return _problems


def _problems(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.team.writing.cli import list_rows
    from gnomon.team.writing.views import rows

    record = open_record(arguments, terminal)
    record.replica.update(record.progress)
    found = [one for one in rows(record, "problem") if one.is_open or arguments.all]
    list_rows(
        record, found, terminal, as_json=arguments.json, shows_state=arguments.all,
        empty='no open problem; `gnomon problem "…" --run RUN` reports one',
    )  # fmt: skip
    return 0


def solve(parser: Parser) -> Run:
    """Say that a problem is solved, and by what."""
    return _declare_end(
        parser, "solve", "solved", 'gnomon problems solve 3 "decision:12: clip the gradients"'
    )


def close(parser: Parser) -> Run:
    """Say that nobody works on a problem any more, and why."""
    return _declare_end(parser, "close", "closed", 'gnomon problems close 3 "the old loader is gone"')


def _declare_end(parser: Parser, word: str, done: str, example: str) -> Run:
    from gnomon.team.knowledge import problems

    parser.option("problem", metavar="PROBLEM", help="its number, or `problem:3`")
    parser.option("why", metavar="TEXT", help="by what, or why")
    parser.example(example, f"it is {done}")
    act = {"solve": problems.solve, "close": problems.close}[word]

    def run(arguments: Namespace, terminal: Terminal) -> int:
        from gnomon.team.writing.views import writing_called

        found: Writing = writing_called(open_record(arguments, terminal), "problem", arguments.problem)
        act(found, arguments.why)
        terminal.say(f"{done} {found.label}")
        return 0

    return run
