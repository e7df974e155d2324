"""`gnomon why`: why two runs differ, found by making mixtures of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.errors import BadArgumentError, UsageError
from gnomon.runs.cli import open_record
from gnomon.runs.rebuild.ending import timeout_of
from gnomon.runs.reproduce.actions import is_foreign
from gnomon.runs.reproduce.cli import confirm, rebuilding
from gnomon.runs.why import actions
from gnomon.runs.why.attribute import DEFAULT_SEEDS
from gnomon.runs.why.factors import APART
from gnomon.runs.why.words import answer_lines, question_lines

if TYPE_CHECKING:
    from argparse import Namespace

    from gnomon.runs.face import Parser, Terminal
    from gnomon.runs.face import Run as Command
    from gnomon.runs.why.actions import Asked
    from gnomon.runs.why.answer import Answer
    from gnomon.runs.why.mixtures import Run
    from gnomon.runs.why.running import Made

NO_CAUSE, CANNOT_RUN = 3, 3


def why(parser: Parser) -> Command:
    """Say why a metric of two runs differs: which of code, parameters, data and environment made the difference.

    What differs is taken from the second run piece by piece, and the mixtures are run, over several seeds. Each piece gets its
    share of the difference (its Shapley value: exact up to six pieces, sampled above) with an interval; what the noise between
    seeds could have made is no cause, and *no cause above noise* is a possible answer. Runs that exist already are used.
    """
    parser.option("a", metavar="RUN", complete="run", help="the run to start from")
    parser.option("b", metavar="RUN", complete="run", help="the run that came out otherwise")
    parser.option(
        "-m", "--metric", metavar="METRIC", complete="metric", help="such as `auc`, `loss.min`, `duration`"
    )
    parser.option(
        "--seeds", metavar="N", default=None,
        help="how many seeds (default: 5), or which: `1,2,3`. More seeds see smaller causes",
    )  # fmt: skip
    parser.option(
        "--up-to", metavar="N", type=int, default=None,
        help="go on with more seeds, at most N, until a cause is told from noise; `--level` holds for all looks together",
    )  # fmt: skip
    parser.option("--parallel", metavar="N", type=int, default=1, help="how many runs at a time (default: 1)")
    parser.option(
        "--together", metavar="FACTORS", action="append",
        help="treat these as one, with commas between: `code,params.lr` (repeatable)",
    )  # fmt: skip
    parser.option(
        "--apart", metavar="FACTOR", action="append", choices=APART,
        help="take `code` apart into the files that differ, or `environment` into the packages (repeatable)",
    )  # fmt: skip
    parser.option(
        "--without", metavar="FACTOR", action="append",
        help="leave this out: you know that it does nothing (repeatable)",
    )  # fmt: skip
    parser.option(
        "--everything",
        action="store_true",
        help="run the mixtures even where the two ends cannot be told apart",
    )
    parser.option("--retry", action="store_true", help="run again the mixtures that failed before")
    parser.option("--budget", metavar="N", type=int, help="the most runs in all; fewer mixtures are run then")
    parser.option(
        "--level", metavar="P", type=float, default=0.05,
        help="the chance, at most, that any of the causes named is none (default: 0.05)",
    )  # fmt: skip
    rebuilding(parser)
    parser.option(
        "--plan", action="store_true", help="say what differs and what the answer costs; start nothing"
    )
    parser.option("--json", action="store_true", help="print JSON")
    parser.example("gnomon why 3fa9 77ab -m auc", "what made the difference?")
    parser.example("gnomon why 3fa9 77ab -m auc --plan", "what differs, and what would the answer cost?")
    parser.example("gnomon why @2 @1 -m loss.min --parallel 4", "four runs at a time")
    parser.example(
        "gnomon why 3fa9 77ab -m auc --up-to 40", "go on until a cause is told, with 40 seeds at most"
    )
    parser.example("gnomon why @2 @1 -m auc --apart code", "which of the changed files did it?")
    parser.note(
        "Ctrl-C stops the runs that go on; what was made is kept, and the same command goes on from there. The exit code is 0 "
        "where a cause was found, 3 where none could be told."
    )
    return _why


def _why(arguments: Namespace, terminal: Terminal) -> int:
    if not arguments.metric:
        raise UsageError("`gnomon why` needs the metric", hint="for instance `gnomon why 3fa9 77ab -m auc`")
    timeout_s = timeout_of(arguments.timeout)
    if arguments.parallel < 1:
        raise BadArgumentError(f"`--parallel` must be at least 1; got {arguments.parallel}")
    record = open_record(arguments, terminal)
    asked = actions.ask(
        record, arguments.a, arguments.b, arguments.metric, seeds=_seeds(arguments.seeds), up_to=arguments.up_to,
        level=arguments.level, everything=arguments.everything, budget=arguments.budget,
        join=arguments.together or (), apart=arguments.apart or (), leave=arguments.without or (), env=arguments.env,
        take=arguments.take or (), retry=arguments.retry, say=lambda text: terminal.say(terminal.style(text, "dim", talk=True)),
    )  # fmt: skip
    if not arguments.json:
        for line, style in question_lines(asked, terminal):
            terminal.write(terminal.style(line, style) if style else line)
        terminal.flush()
    told = question_dict(asked)  # before anything is run
    if asked.question is None or arguments.plan:
        if arguments.json:
            terminal.json(told)
        return 0 if arguments.plan and asked.question is not None else CANNOT_RUN
    _confirm(asked, arguments, terminal)
    asked.mixtures.timeout_s = timeout_s
    progress = _Told(terminal)
    record.progress = None  # it would be drawn over this one after each run
    try:
        answer = actions.make(asked, parallel=arguments.parallel, tell=progress)
    except KeyboardInterrupt:
        progress.end()
        terminal.say("stopped; what was made is kept, and the same command goes on from there")
        raise
    progress.end()
    actions.write_down(asked, answer)
    if arguments.json:
        terminal.json({**told, "answer": answer_dict(answer)})
    else:
        terminal.write()
        for line, style in answer_lines(asked, answer, terminal):
            terminal.write(terminal.style(line, style) if style else line)
    return 0 if answer.causes else NO_CAUSE


def _seeds(text: str | None) -> int | list[int]:
    if text is None:
        return DEFAULT_SEEDS
    try:
        numbers = [int(part) for part in text.split(",") if part.strip()]
    except ValueError:
        raise BadArgumentError(
            f"`--seeds` must be a number, or seeds with commas between; got `{text}`"
        ) from None
    if not numbers:
        raise BadArgumentError("`--seeds` names no seed", hint="for instance `--seeds 5`, or `--seeds 1,2,3`")
    return numbers[0] if len(numbers) == 1 and "," not in text else numbers


def _confirm(asked: Asked, arguments: Namespace, terminal: Terminal) -> None:
    foreign = [one for one in (asked.a, asked.b) if is_foreign(asked.record, one)]
    if foreign and asked.at_most and not arguments.yes:
        confirm(foreign[0].run, terminal, "`gnomon compare --code`")


class _Told:
    """Says of each run that it ended: a line in a log, a bar at a terminal."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._bar = terminal.progress("mixtures")

    def __call__(self, run: Run, made: Made, done: int, total: int) -> None:
        self._bar(done, total)
        if not self._terminal.err_is_interactive and (done == total or done % 10 == 0):
            self._terminal.say(f"{done} of {total} runs are made")
        if made.why:
            where = " + ".join(sorted(run.mixture)) or "as the first"
            self._terminal.say(self._terminal.clean(f"{where}, seed {run.seed}: {made.why}"))

    def end(self) -> None:
        self._bar.end()


def question_dict(asked: Asked) -> dict[str, object]:
    """Return a question as plain values."""
    return {
        "a": asked.a.run, "b": asked.b.run, "metric": asked.metric, "values": list(asked.values),
        "factors": [{"name": one.name, "said": one.said} for one in asked.factors.found],
        "cannot_be_swapped": dict(asked.factors.fixed), "seed": asked.seed_said,
        "gaps": [gap._asdict() for gap in asked.gaps],
        "notes": list(asked.notes),
        "seeds": list(asked.question.seeds) if asked.question is not None else [],
        "runs_there": len(asked.mixtures.made), "runs_missing": asked.missing, "runs_at_most": asked.at_most,
        "run_takes_s": asked.duration_s,
    }  # fmt: skip


def answer_dict(answer: Answer) -> dict[str, object]:
    """Return an answer as plain values."""
    difference = answer.difference
    return {
        "verdict": answer.verdict, "why": answer.why, "level": answer.level,
        "difference": {"mean": difference.mean, "low": difference.low, "high": difference.high, "p": difference.p},
        "shares": [
            {
                "name": one.name, "share": one.share, "low": one.low, "high": one.high, "p": one.p, "is_cause": one.is_cause,
                "has_no_effect": one.has_no_effect, "by_seed": {str(seed): value for seed, value in one.by_seed.items()},
            }
            for one in answer.shares
        ],
        "together": [
            {"first": one.first, "second": one.second, "more": one.more, "low": one.low, "high": one.high, "p": one.p}
            for one in answer.together
        ],
        "seeds": list(answer.seeds), "failed": [[sorted(one.mixture), one.seed] for one in answer.failed],
        "is_exact": answer.is_exact, "more_seeds": answer.more_seeds, "notes": list(answer.notes),
    }  # fmt: skip
