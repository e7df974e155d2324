"""`gnomon verify`: is every byte of the record as it was written?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.cli.parser import record_of
from gnomon.telling import WHOLE, checked_lines, verdict

if TYPE_CHECKING:
    import argparse

    from gnomon.cli.parser import Parser, Run
    from gnomon.cli.terminal import Terminal
    from gnomon.record.problems import Problem
    from gnomon.verification import Verification

NOTICE = "notice"


def verify(parser: Parser) -> Run:
    """Check the record against its hashes, chains and signatures.

    Reads every file and names each thing that is not as it was written: the file, the place in it, what is wrong, what
    to do. Nothing is changed. What an ordinary crash leaves behind is listed as a notice and is no damage. What is of a newer
    format cannot be checked; the record is not called whole then.
    """
    parser.option(
        "--deep", action="store_true", help="also compare all sealed points with their commitments; slower"
    )
    parser.option("--json", action="store_true", help="print the findings and what was checked as JSON")
    parser.example("gnomon verify", "exit code 3 where something is damaged or cannot be checked")
    parser.example("gnomon --record copy/.gnomon verify --deep", "another copy, more slowly")
    return _verify


def _verify(arguments: argparse.Namespace, terminal: Terminal) -> int:
    from gnomon.runs.views import open

    record = open(record_of(arguments))
    terminal.at_end(record.replica.close)
    progress = terminal.progress("verifying")
    checking = record.replica.verify(deep=arguments.deep, progress=progress)
    problems: list[Problem] = []
    for problem in checking:
        problems.append(problem)
        if not arguments.json:
            _show(problem, terminal)
    progress.end()
    if arguments.json:
        terminal.json({"record": record.path, "deep": arguments.deep, **_as_json(checking, problems)})
    else:
        _sum_up(checking, terminal)
    return 0 if checking.is_whole else 3


def _show(problem: Problem, terminal: Terminal) -> None:
    colour = "yellow" if problem.severity == NOTICE else "red"
    word = terminal.style(f"{problem.severity}:", "bold", colour)
    place = terminal.clean(problem.file) + (f", {terminal.clean(problem.where)}" if problem.where else "")
    terminal.write(f"{word} {place}")
    terminal.write(f"  {terminal.clean(problem.what)}")
    if problem.advice:
        terminal.write(f"  to do: {terminal.clean(problem.advice)}")


def _sum_up(checking: Verification, terminal: Terminal) -> None:
    for line in checked_lines(checking):
        terminal.write(f"checked: {line}")
    wrong, also = verdict(checking)
    shown = terminal.style(wrong, "bold", "red") if wrong else terminal.style(WHOLE, "bold", "green")
    terminal.write(shown + (f"; {also}" if also else ""))


def _as_json(checking: Verification, problems: list[Problem]) -> dict[str, object]:
    return {
        "is_whole": checking.is_whole,
        "checked": {
            part.lower(): {
                "files": checking.files[part],
                "bytes": checking.bytes[part],
                "seconds": round(checking.seconds[part], 6),
            }
            for part in checking.files
        },
        "entries": checking.entries,
        "bodies_absent": checking.bodies_absent,
        "damaged": checking.damaged,
        "unknown": checking.unknown,
        "notices": checking.notices,
        "problems": [
            {key: getattr(problem, key) for key in ("severity", "file", "where", "what", "advice")}
            for problem in problems
        ],
    }
