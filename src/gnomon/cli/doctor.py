"""`gnomon doctor`: what is around the record. The checks are in `gnomon.cli.checkup`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.cli.parser import record_of

if TYPE_CHECKING:
    import argparse

    from gnomon.cli.parser import Parser, Run
    from gnomon.cli.terminal import Terminal

WORDS = {True: ("ok", "green"), None: ("note", "cyan"), False: ("WRONG", "red")}


def doctor(parser: Parser) -> Run:
    """Check what is around the record: the system, the disk, the key, the cache, libraries.

    Each line is `ok`, a `note` that you may want to know, or `WRONG` with what to do. Nothing is changed. Whether the
    record itself is whole is for `gnomon verify`.
    """
    parser.option("--json", action="store_true", help="print the checks as JSON")
    parser.example("gnomon doctor", "exit code 1 where something is wrong")
    return _doctor


def _doctor(arguments: argparse.Namespace, terminal: Terminal) -> int:
    from gnomon.cli.checkup import all_checks

    checks = all_checks(record_of(arguments))
    wrong = sum(check.ok is False for check in checks)
    if arguments.json:
        terminal.json([check._asdict() for check in checks])
        return 1 if wrong else 0
    longest = max(len(check.name) for check in checks)
    for check in checks:
        word, colour = WORDS[check.ok]
        terminal.write(
            f"{terminal.style(f'{word:<5}', colour)}  {check.name:<{longest}}  {terminal.clean(check.text)}"
        )
        if check.advice:
            terminal.write(f"{'':<{longest + 9}}to do: {terminal.clean(check.advice)}")
    terminal.say(f"{terminal.count(wrong, 'thing is', 'things are')} wrong" if wrong else "nothing is wrong")
    return 1 if wrong else 0
