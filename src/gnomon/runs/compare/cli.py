"""`gnomon compare`: what differs between runs, and which group of seeds is better. How it is written: `compare.writing`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.errors import UsageError
from gnomon.runs.cli import FEWEST_ROWS, LINES_AROUND_TABLE, PAGE, open_record

if TYPE_CHECKING:
    from argparse import Namespace

    from gnomon.runs.face import Parser, Run, Terminal


def compare(parser: Parser) -> Run:
    """Compare runs: what differs, and their metrics side by side.

    Parameters, code (rebuilt from the commit and what was not committed), environment, command, seed and kept files; then one
    row a metric, with the difference to the first run. The name of a group of seeds stands for its runs.

    With --groups METRIC: which group of seeds is better, by how much, with an interval; or that nobody can tell, and how many
    more seeds would probably settle it. Runs that share a seed are compared in pairs, and many comparisons are corrected for.
    Several metrics, or a pattern such as 'val/*', give a table each; names of groups choose which groups.
    """
    parser.option(
        "runs", metavar="RUN", nargs="*", complete="run-or-group",
        help="ids of runs, or their beginnings; names of groups of seeds; with --groups also metrics",
    )  # fmt: skip
    parser.option(
        "--groups", metavar="METRIC", nargs="?", const="", complete="metric",
        help="compare groups of seeds instead, by this metric (it may also stand elsewhere on the line)",
    )  # fmt: skip
    parser.option(
        "--same-code", action="store_true",
        help="with --groups: leave out runs that ran other code than most of their group",
    )  # fmt: skip
    parser.option(
        "--at", metavar="WHERE", default="last",
        help="which value of a metric: last (default), best, step=N (or the last before it), or area (its mean over the steps)",
    )  # fmt: skip
    parser.option(
        "--better",
        choices=["higher", "lower"],
        help="which way is better; guessed from the name unless given",
    )
    parser.option(
        "--metric", metavar="NAME", action="append", default=[], complete="metric",
        help="only this metric, or those that fit a pattern such as `val/*` (repeatable)",
    )  # fmt: skip
    parser.option("--code", action="store_true", help="print the diff of the code, and nothing else")
    parser.option("--where", metavar="EXPRESSION", help="with --groups: only runs for which this holds")
    parser.option(
        "--baseline",
        metavar="GROUP",
        complete="group",
        help="with --groups: compare all with this group, not with the best",
    )
    parser.option(
        "--level", metavar="P", type=float,
        help="with --groups: the chance of one or more wrong verdicts, at most (default: 0.05)",
    )  # fmt: skip
    parser.option("--limit", metavar="N", type=int, help="with --groups: show at most so many groups")
    parser.option("--all", action="store_true", help="with --groups: show all groups; else: also what agrees")
    parser.option("--json", action="store_true", help="print JSON")
    parser.example("gnomon compare 4f1d 90ac", "what differs, and the last values")
    parser.example("gnomon compare 4f1d 90ac --at best --metric 'val/*'", "the best values of some metrics")
    parser.example("gnomon compare 4f1d 90ac --code | less", "the whole diff of their code")
    parser.example("gnomon compare --groups auc", "which group of seeds is better?")
    parser.example("gnomon compare --groups loss trees-8 trees-64 --baseline trees-8", "two groups by name")
    parser.example("gnomon compare 'val/*' --groups", "by several metrics, a table each")
    return _compare


def _compare(arguments: Namespace, terminal: Terminal) -> int:
    if arguments.groups is not None:
        return _compare_groups(arguments, terminal)
    for option in ("where", "baseline", "level", "limit"):
        if getattr(arguments, option) is not None:
            raise UsageError(f"`--{option}` needs `--groups METRIC`", hint="`gnomon compare --groups loss`")
    if arguments.same_code:
        raise UsageError(
            "`--same-code` needs `--groups METRIC`", hint="`gnomon compare --groups loss --same-code`"
        )
    if arguments.code and arguments.json:
        raise UsageError("`--code` and `--json` exclude each other", hint="`--json` has the diff in it")
    record = open_record(arguments, terminal)
    record.progress = terminal.progress("reading")
    found = record.compare(
        *arguments.runs, at=arguments.at, better=arguments.better, metrics=arguments.metric
    )
    from gnomon.runs.compare import writing

    if arguments.json:
        terminal.json(found.to_dict())
    elif arguments.code:
        writing.write_diff(found, terminal)
    else:
        writing.write_comparison(found, terminal, with_all=arguments.all)
    return 0


def _compare_groups(arguments: Namespace, terminal: Terminal) -> int:
    if arguments.code or arguments.metric:
        option = "--code" if arguments.code else "--metric"
        raise UsageError(f"`{option}` and `--groups` exclude each other")
    if arguments.all and arguments.limit is not None:
        raise UsageError("`--all` and `--limit` exclude each other")
    if arguments.limit is not None and arguments.limit < 1:
        raise UsageError(f"`--limit` must be a whole number from 1; got {arguments.limit}")
    record = open_record(arguments, terminal)
    record.progress = terminal.progress("reading")
    from gnomon.runs.groups.question import question_of

    asked = question_of(
        record, [*([arguments.groups] if arguments.groups else []), *arguments.runs], arguments.better
    )
    level = {} if arguments.level is None else {"level": arguments.level}
    found = [
        record.compare_groups(
            metric, where=arguments.where, at=arguments.at, better=arguments.better, baseline=arguments.baseline,
            groups=asked.groups, same_code=arguments.same_code, **level,
        )
        for metric in asked.metrics
    ]  # fmt: skip
    for note in asked.notes:
        terminal.say(f"note: {terminal.clean(note)}")
    if arguments.json:
        terminal.json([one.to_dict() for one in found] if asked.is_several else found[0].to_dict())
        return 0
    from gnomon.runs.groups.cli import write_contest, write_several

    limit = _limit(arguments, terminal)
    if len(found) == 1:
        write_contest(found[0], limit, terminal)
    else:
        write_several(found, limit, terminal)
    return 0


def _limit(arguments: Namespace, terminal: Terminal) -> int | None:
    if arguments.all or arguments.limit is not None:
        return arguments.limit  # type: ignore[no-any-return]
    return max(FEWEST_ROWS, terminal.height - 2 * LINES_AROUND_TABLE) if terminal.is_interactive else PAGE
