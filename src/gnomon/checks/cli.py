"""`gnomon checks`, `checks show`, `checks compare`: what was checked, and what came of it. `checks.cli_make` makes checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.checks import KINDS
from gnomon.checks.result import FAIL, PASS
from gnomon.errors import UnknownSubjectError, UsageError
from gnomon.runs.cli import open_record

if TYPE_CHECKING:
    from argparse import Namespace

    from gnomon.checks.views import Check
    from gnomon.runs.face import Parser, Run, Terminal
    from gnomon.runs.views import Record

FAILED, UNTOLD = 1, 3
"""The exit codes for *fail* and for *cannot tell*."""
CHECK_HELP = "a check: its id, the beginning of it, or its name (the newest)"
EXIT_NOTE = "Exit code 1: it fails. Exit code 3: it cannot be told."


def code_of(verdict: str) -> int:
    """Return the exit code of a verdict."""
    return {PASS: 0, FAIL: FAILED}.get(verdict, UNTOLD)


def family(parser: Parser) -> Run:
    """Check models and data: the commands below give figures, a verdict (pass, fail, cannot tell) and the evidence.

    What comes of a check is written down as about a run (`--of`) or a version of data, and `gnomon checks` lists it.
    """
    parser.example(
        "gnomon check performance test.csv --target income --score chance --of @1", "how good a model is"
    )
    return _family


def _family(arguments: Namespace, terminal: Terminal) -> int:  # noqa: ARG001  the shape of every command
    raise UsageError(
        "`gnomon check` needs to know what to check",
        hint=", ".join(f"`gnomon check {kind}`" for kind in KINDS),
    )


def ls(parser: Parser) -> Run:
    """List the checks of models and data, the newest first: of each name and subject the one that stands."""
    return _declare_list(parser, "gnomon checks")


def list_(parser: Parser) -> Run:
    """List the checks, as `gnomon checks` alone does."""
    return _declare_list(parser, "gnomon checks ls")


def _declare_list(parser: Parser, command: str) -> Run:
    parser.option(
        "--of", metavar="RUN|VERSION", complete="run", help="only those about a run, or a version of data"
    )
    parser.option("--failed", action="store_true", help="only those that do not pass")
    parser.option(
        "--earlier", action="store_true", help="also those that a later check of the same name stands for"
    )
    parser.option("--json", action="store_true", help="print JSON: one object a check")
    parser.example(f"{command} --of @1", "what is known of the newest run")
    parser.note("Exit code 1 with --failed: something does not pass.")
    return _ls


def _ls(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.checks.views import checks

    record = open_record(arguments, terminal)
    subject = record.checks.subject(arguments.of) if arguments.of else None
    found = checks(record, subject, latest=not arguments.earlier)
    if arguments.failed:
        found = [one for one in found if one.verdict != PASS]
    if arguments.json:
        terminal.json_list([one.to_dict() for one in found])
    elif not found:
        terminal.say(
            "no check fails"
            if arguments.failed
            else "no checks yet; `gnomon check fairness --help` says how to make one"
        )
    else:
        _write(record, found, terminal)
    return FAILED if arguments.failed and found else 0


def _write(record: Record, found: list[Check], terminal: Terminal) -> None:
    from gnomon.checks.told import STYLES
    from gnomon.checks.views import label_of

    labels = {subject: label_of(record, subject) for one in found for subject in one.about[:1]}
    rows: list[dict[str, object]] = [
        {
            "id": one.id[:8], "verdict": one.verdict, "check": terminal.clean(one.name),
            "of": terminal.clean(labels[one.about[0]]) if one.about else None,
            "findings": _counts(one), "rows": one.rows, "made": one.created, "by": one.author,
        }
        for one in found
    ]  # fmt: skip
    columns = [key for key in rows[0] if key != "by" or any(row["by"] for row in rows)]
    terminal.table(
        columns, rows, {"made": terminal.timestamp}, styles={"verdict": lambda word: STYLES.get(str(word), "")},
        importance=["verdict", "check", "of", "id", "findings"],
    )  # fmt: skip


def _counts(one: Check) -> str:
    unsure = f", {one.unknown:,} cannot tell" if one.unknown else ""
    said = (
        f"{one.failed:,} of {one.total:,} failed"
        if one.failed
        else f"{one.total - one.unknown:,} of {one.total:,} hold"
    )
    return said + unsure


def show(parser: Parser) -> Run:
    """Show a check: its findings with their intervals, and its figures."""
    parser.option("check", metavar="CHECK", complete="check", help=CHECK_HELP)
    parser.option("--all", action="store_true", help="every finding, every table, every row")
    parser.option("--json", action="store_true", help="print JSON: the whole result")
    parser.example("gnomon checks show 4f1d", "one check")
    parser.note(EXIT_NOTE)
    return _show


def _show(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.checks.told import write_result
    from gnomon.checks.views import check_called, label_of

    record = open_record(arguments, terminal)
    found = check_called(record, arguments.check)
    result = found.result
    if arguments.json:
        terminal.json({**found.to_dict(), **result.to_dict()})
        return code_of(found.verdict)
    labels = ", ".join(terminal.clean(label_of(record, one)) for one in found.about)
    by = f" by {terminal.clean(found.author)}" if found.author else ""
    terminal.write(f"{found.label} of {labels}, {terminal.timestamp(found.created)}{by}")
    if found.since is not None:
        terminal.write(f"compared with check:{found.since[:8]}")
    write_result(result, terminal, with_all=arguments.all)
    return code_of(found.verdict)


def compare(parser: Parser) -> Run:
    """Set two checks of one kind beside each other: which findings changed, and which figures differ for sure.

    With one check, it is compared with the one of the same name before it.
    """
    parser.option("check", metavar="CHECK", complete="check", help=CHECK_HELP)
    parser.option("after", nargs="?", metavar="LATER", complete="check", help="the later one")
    parser.option("--all", action="store_true", help="what did not change, too")
    parser.option("--json", action="store_true", help="print JSON")
    parser.example("gnomon checks compare 4f1d 9a20", "what changed from the first to the second")
    parser.note("Exit code 1: a finding fails that did not fail before.")
    return _compare


def _compare(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.checks import comparing
    from gnomon.checks.told import write_comparison
    from gnomon.checks.views import before, check_called

    record = open_record(arguments, terminal)
    first = check_called(record, arguments.check)
    if arguments.after is not None:
        old, new = first, check_called(record, arguments.after)
    else:
        earlier = check_called(record, first.since) if first.since else before(record, first.name, than=first)
        if earlier is None:
            raise UnknownSubjectError(
                f"`{first.label}` is the first of its name", hint="name the check to compare it with"
            )
        old, new = earlier, first
    found = comparing.compare(old.result, new.result)
    if arguments.json:
        terminal.json({"of": [old.id, new.id], **found.to_dict()})
    else:
        terminal.write(
            f"{old.label} ({terminal.timestamp(old.created)}) and {new.label} ({terminal.timestamp(new.created)})"
        )
        write_comparison(found, terminal, with_all=arguments.all)
    return FAILED if any(one.words == "now fails" for one in found.changes) else 0
