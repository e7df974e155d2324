"""`gnomon reach X`: all that X touched, whom to tell, and what the record cannot say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.errors import UsageError
from gnomon.lineage.cli import WHAT_HELP, shown
from gnomon.runs.cli import open_record

if TYPE_CHECKING:
    from argparse import Namespace

    from gnomon.lineage.reach import Reach, Told
    from gnomon.runs.face import Parser, Run, Terminal

MOST_LISTED, MOST_OF_A_REASON, MOST_TOLD = 40, 3, 20
REACHED, UNKNOWN = 10, 11


def reach(parser: Parser) -> Run:
    """Say all that something touched, down to the end, whom to tell, and how much of the record cannot say.

    The answer has three parts: what was reached; what may have been reached, since the record does not know all that it came
    from; and how many others were not. An unknown link is never counted as a clean one.
    """
    parser.option(
        "what", metavar="X", nargs="?", complete="lineage", help=f"{WHAT_HELP}; `credit` is all its versions"
    )
    parser.option(
        "--origin",
        metavar="TEXT",
        help="instead of X: a source that data is from, or a part of what it is called",
    )
    parser.option("--all", action="store_true", help="list everything")
    parser.option(
        "--check",
        action="store_true",
        help=f"exit code {REACHED} where something was reached, else {UNKNOWN} where the record cannot say",
    )
    parser.option("--json", action="store_true", help="print JSON")
    parser.example("gnomon reach credit", "a person in it takes their consent back: where did it go?")
    parser.example("gnomon reach --origin archive.ics.uci.edu", "all data from a source")
    parser.example("gnomon reach model.skops --json", "for a program")
    parser.note(
        f"Exit code 0 for every answer, unless `--check` is given: then {REACHED} where something was reached, {UNKNOWN} where "
        "nothing is known to be and the record cannot speak for all, and 0 where it can and nothing was."
    )
    return _reach


def _reach(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.lineage.reach import reach as ask

    if (arguments.what is None) == (arguments.origin is None):
        raise UsageError(
            "`gnomon reach` needs X, or `--origin TEXT`", hint="for instance `gnomon reach credit`"
        )
    record = open_record(arguments, terminal)
    found = ask(record, arguments.origin or arguments.what, origin=arguments.origin is not None)
    if arguments.json:
        terminal.json(found.to_dict())
    else:
        _write(found, terminal, with_all=arguments.all)
    if not arguments.check:
        return 0
    return REACHED if found.reached else UNKNOWN if found.perhaps or found.graph.is_cut else 0


def _write(found: Reach, terminal: Terminal, *, with_all: bool) -> None:
    from gnomon.lineage.reach import counted

    roots = found.graph.nodes(found.graph.roots)
    for node in roots if with_all else roots[:MOST_OF_A_REASON]:
        terminal.write(shown(node, terminal, is_root=True))
    if len(roots) > MOST_OF_A_REASON and not with_all:
        terminal.write(f"and {len(roots) - MOST_OF_A_REASON:,} more of that name")
    _write_reached(found, terminal, with_all=with_all)
    _write_perhaps(found, terminal, with_all=with_all)
    terminal.write(f"{terminal.style('not reached', 'bold')}  {counted(found.not_reached) or 'nothing'}")
    _write_told(found.whom_to_tell(), terminal, with_all=with_all)


def _write_reached(found: Reach, terminal: Terminal, *, with_all: bool) -> None:
    from gnomon.lineage.reach import counted

    reached = found.reached
    title = terminal.style("reached", "bold")
    if not reached:
        terminal.write(f"{title}  nothing that the record knows of")
        return
    kinds: dict[str, int] = {}
    for key in reached:
        kind = key.partition(":")[0]
        kinds[kind] = kinds.get(kind, 0) + 1
    terminal.write(f"{title}  {counted(kinds)}")
    by_content = found.by_content
    for node in found.graph.nodes(reached if with_all else reached[:MOST_LISTED]):
        mark = terminal.style("  by content", "dim") if node.key in by_content else ""
        terminal.write(f"  {shown(node, terminal)}{mark}")
    if len(reached) > MOST_LISTED and not with_all:
        terminal.write(f"  … {len(reached) - MOST_LISTED:,} more, `--all` lists them")
    if found.graph.is_cut:
        terminal.write("  and more: the walk ended here")


def _write_perhaps(found: Reach, terminal: Terminal, *, with_all: bool) -> None:
    from gnomon.lineage.reach import WHY

    title = terminal.style("perhaps reached", "bold", "yellow")
    if not found.perhaps:
        terminal.write(f"{title}  nothing: the record knows where all the others came from")
        return
    terminal.write(f"{title}  {found.perhaps_count:,}: the record cannot say")
    for why, keys in found.perhaps.items():
        terminal.write(f"  {len(keys):,} × {WHY.get(why, f'its inputs: {why}')}")
        for node in found.nodes(keys if with_all else keys[:MOST_OF_A_REASON]):
            terminal.write(f"    {shown(node, terminal)}")
        if len(keys) > MOST_OF_A_REASON and not with_all:
            terminal.write(terminal.style(f"    … {len(keys) - MOST_OF_A_REASON:,} more", "dim"))


def _write_told(told: list[Told], terminal: Terminal, *, with_all: bool) -> None:
    terminal.write(terminal.style("tell", "bold"))
    for one in told if with_all else told[:MOST_TOLD]:
        terminal.write(f"  {terminal.clean(one.called)}  {terminal.style(one.reasons, 'dim')}")
    if len(told) > MOST_TOLD and not with_all:
        terminal.write(f"  … {len(told) - MOST_TOLD:,} more")
    if told and not any(one.is_member for one in told):
        terminal.say("the record has no members yet, so devices are named")
