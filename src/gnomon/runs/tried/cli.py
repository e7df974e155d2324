"""`gnomon tried`: earlier runs that tried the same, or nearly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.errors import UsageError
from gnomon.runs.cli import NO_RUNS, STATUS_STYLES, open_record, shown_digits

if TYPE_CHECKING:
    from argparse import Namespace

    from gnomon.runs.face import Parser, Run, Terminal
    from gnomon.runs.tried.found import Tried
    from gnomon.runs.views import Record

_STYLES = {"equal": "green", "close": "yellow"}


def tried(parser: Parser) -> Run:
    """Say whether a configuration was tried before: earlier runs that are equal or close, the nearest first.

    Of each: what differs, what became of it, its metric, who made it and when. Seeds do not count as a difference, and repeats
    and hidden runs do not count at all. Numbers are compared on the scale that the record shows of each parameter. What is not
    named is left open, unless --whole says that these are all parameters.
    """
    parser.option(
        "params",
        metavar="NAME=VALUE",
        nargs="*",
        help="parameters: number, true/false or text; `net.depth=6`",
    )
    parser.option(
        "--run",
        metavar="RUN",
        dest="of_run",
        complete="run",
        help="instead: was what this run tried tried before it?",
    )
    parser.option(
        "--whole", action="store_true", help="these are all parameters: what a run has beyond them differs"
    )
    parser.option(
        "--code", metavar="CODE",
        help="runs of other code are further away: the beginning of a fingerprint or commit, or `here`",
    )  # fmt: skip
    parser.option(
        "--data", metavar="VERSION", action="append",
        help="runs that used other data are further away: `credit@v3` (repeatable)",
    )  # fmt: skip
    parser.option(
        "-m", "--metric", metavar="METRIC", complete="metric",
        help="tell the outcome by this metric, such as `auc` or `loss.min` (default: one that these runs have)",
    )  # fmt: skip
    parser.option("--limit", metavar="N", type=int, default=10, help="at most so many runs (default: 10)")
    parser.option("--json", action="store_true", help="print JSON")
    parser.example("gnomon tried lr=0.1 depth=8", "has this been tried?")
    parser.example("gnomon tried lr=0.1 -m val/auc --code here", "with the code of this folder?")
    parser.example("gnomon tried --run @1", "was what the newest run tries tried before?")
    parser.note(
        "`equal`: no difference in what was asked. `close`: all differences together are at most a quarter of a whole one, which "
        "is another text, a factor of ten, or the range that was tried. Others are listed below them. Code or data that was not "
        "recorded is never called the same. See docs/how-to/what-was-tried.md."
    )
    return _tried


def _tried(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.runs.tried.question import has_runs, params_of_words

    if arguments.of_run is not None and arguments.params:
        raise UsageError(
            "`--run` and parameters exclude each other", hint="`--run RUN` takes the parameters of that run"
        )
    if arguments.of_run is None and not arguments.params:
        raise UsageError(
            "`gnomon tried` needs parameters or `--run`", hint="for instance `gnomon tried lr=0.1 depth=8`"
        )
    record = open_record(arguments, terminal)
    with record.followed():
        if not has_runs(record):
            if arguments.json:
                terminal.json({"runs": [], "equal": 0, "close": 0, "sentence": "no runs yet"})
            terminal.say(NO_RUNS)
            return 0
        params = params_of_words(record, arguments.params) if arguments.of_run is None else None
        found = record.tried(
            params, run=arguments.of_run, whole=arguments.whole, code=arguments.code, data=arguments.data or (),
            metric=arguments.metric, limit=arguments.limit,
        )  # fmt: skip
    if arguments.json:
        terminal.json(found.to_dict())
        return 0
    _write(found, record, terminal)
    return 0


def _write(found: Tried, record: Record, terminal: Terminal) -> None:
    from gnomon.runs.tried import words

    digits = shown_digits(record, [run.id for run in found.runs])
    whole = found.asked.whole
    rows: list[dict[str, object]] = [
        {
            "run": run.id[:digits], "compared": words.differs(run, whole=whole),
            "outcome": words.outcome(run), found.metric or "": run.value, "seed": run.seed,
            "by": run.author, "when": run.created, "besides": words.besides(run), "data": ", ".join(run.data),
        }
        for run in found.runs
    ]  # fmt: skip
    columns = [
        key
        for key in ("run", "compared", "outcome", found.metric or "", "seed", "by", "when", "data", "besides")
        if key and any(row[key] not in (None, "") for row in rows)
    ]
    if rows:
        terminal.table(
            columns, rows, {"when": terminal.timestamp},
            styles={"run": lambda _: "bold", "outcome": lambda text: STATUS_STYLES.get(str(text).partition(":")[0], "")},
            importance=["run", "compared", "outcome", found.metric or "", "by", "when"],
        )  # fmt: skip
        terminal.write()
    terminal.write(found.sentence)
    if len(found.runs) < found.total:
        terminal.say(f"{len(found.runs):,} of {terminal.count(found.total, 'run')}; `--limit N` shows more")
    for name in found.asked.seeds:
        if found.asked.run is None:
            terminal.say(f"`{terminal.clean(name)}` is a seed: it does not count as a difference")
    used = sum(bool(run.data) for run in found.runs)
    if used and not found.asked.data:
        terminal.say("some used data, and none was asked for: `--data NAME@VERSION` compares it")
    for note in found.notes:
        terminal.say(f"note: {note}")
