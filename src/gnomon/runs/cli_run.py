"""`gnomon run`: run any command, unchanged, and record what it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.errors import BadArgumentError, UsageError
from gnomon.runs.spoken import value_of

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from gnomon.runs.capture.command import Ended
    from gnomon.runs.capture.watch.hearsay import Hearsay
    from gnomon.runs.face import Parser, Run, Terminal

SHOWN_FILES = 5
SHOWN_NAMES, COMPARED_NAMES, MAX_NAME = 8, 500, 100


def run(parser: Parser) -> Run:
    """Run a command and record all that it was: command, code, versions, machine, console, resources, how it ended.

    The command needs to know nothing of it: it gets our input, its output is passed on unchanged, signals reach it, and its exit
    code is ours. If it uses `gnomon.run()`, it logs to this run. What looks like a secret is withheld before anything is
    written.
    """
    parser.rest_is_command("the command and its arguments, as you would type them")
    parser.option("--name", metavar="NAME", help="what to call the run (otherwise its script's name)")
    parser.option("--group", metavar="GROUP", help="runs of one group differ in their seed only")
    parser.option("--seed", metavar="N", type=int, help="the seed, where the command does not say it itself")
    parser.option("--tag", metavar="TAG", action="append", help="a word to find it by (repeatable)")
    parser.option(
        "--param",
        metavar="NAME=VALUE",
        action="append",
        help="a parameter: number, true/false or text (repeatable)",
    )
    parser.option(
        "--pick", metavar="NAMES", action="append",
        help="log these metrics from what is printed: `loss,val/*`, or `*` for all (repeatable)",
    )  # fmt: skip
    parser.option(
        "--watch-files", action="store_true",
        help="record the files that it reads and writes as inputs and outputs, by digest, and what could not be heard",
    )  # fmt: skip
    parser.option("--quiet", action="store_true", help="say nothing of our own")
    parser.example("gnomon run -- python train.py --lr 0.1", "anything, unchanged")
    parser.example(
        'gnomon run --pick "loss,auc" -- ./train.sh', "metrics from lines such as `step=3 loss=0.2`"
    )
    parser.example(
        "gnomon run --name baseline --param lr=0.1 -- python train.py", "with a name and a parameter"
    )
    parser.example(
        "gnomon run --watch-files -- python train.py", "with what it read and wrote, for `gnomon lineage`"
    )
    parser.note(
        "`--pick` reads `name=value`, `name: value` and JSON lines (`val.loss` or `val/loss` for nested ones), and "
        '`val acc 0.94` for a name given whole, as in `--pick "val acc"`. Words directly before a name belong to it: '
        "`val loss: 0.4` is `val loss`, and no `loss`. A whole number called step, global_step, iteration or iter in the same "
        "line is the step. Where the command was not found the exit code is 127, where it may not be executed 126; where it "
        "died of a signal, so do we."
    )
    return _run


def _run(arguments: Namespace, terminal: Terminal) -> int:
    if not arguments.command:
        raise UsageError(
            "`gnomon run` needs a command", hint="for instance `gnomon run -- python train.py --lr 0.1`"
        )
    from gnomon.runs.capture.launcher import launch

    def say(text: str) -> None:
        if not arguments.quiet:
            terminal.say(terminal.style(f"gnomon: {text}", "dim", talk=True))

    done = launch(
        arguments.command,
        place=getattr(arguments, "record", None),
        name=arguments.name,
        group=arguments.group,
        seed=arguments.seed,
        tags=arguments.tag or (),
        params=dict(_param(text) for text in arguments.param or ()),
        pick=_patterns(arguments.pick or []),
        watch_files=arguments.watch_files,
        tell=None if arguments.quiet else say,
    )
    say(_summary(done.run, done.ended, terminal))
    if done.heard is not None:
        for line in _heard(done.heard, terminal):
            say(line)
    for pattern in done.unmatched:
        say(_unmatched(pattern, done.seen, terminal))
    return -done.ended.signal or done.ended.code


def _summary(run: str, ended: Ended, terminal: Terminal) -> str:
    from gnomon.runs.capture.command import signal_name

    how = f"exit code {ended.code}"
    if ended.signal:
        how = f"signal {signal_name(ended.signal).removeprefix('signal ')}"
    took = terminal.duration(ended.duration_s)
    memory = (
        f", {terminal.size(ended.peak_memory_bytes)} at most" if ended.peak_memory_bytes is not None else ""
    )
    left = "; processes that it left behind go on, unrecorded" if ended.has_left_behind else ""
    return f"run {run[:8]}: {how}, {took}{memory}{left}; `gnomon show {run[:8]}`"


def _heard(heard: Hearsay, terminal: Terminal) -> list[str]:
    """Return what is to be said of the files that were watched."""
    watched = heard.watched
    read = ", ".join(terminal.clean(str(used["name"])) for used in heard.used[:SHOWN_FILES])
    read += ", …" if len(heard.used) > SHOWN_FILES else ""
    wrote = [one[0] for one in watched["wrote"]]  # type: ignore[attr-defined]
    written = ", ".join(terminal.clean(str(name)) for name in wrote[:SHOWN_FILES])
    written += ", …" if len(wrote) > SHOWN_FILES else ""
    cost = f"hashed {terminal.size(watched['hashed_bytes'])} in {terminal.duration(watched['hash_s'])}"
    lines = [f"read {read or 'nothing'}; wrote {written or 'nothing'}; {cost}"]
    not_heard = [terminal.clean(str(one)) for one in watched["not_heard"][:SHOWN_FILES]]  # type: ignore[index]
    if not_heard:
        lines.append(f"not heard: {', '.join(not_heard)}")
    return lines


def _unmatched(pattern: str, seen: Sequence[str], terminal: Terminal) -> str:
    """Return that a pattern found nothing, with the names that are nearest to it."""
    from difflib import get_close_matches

    names = sorted(name[:MAX_NAME] for name in seen[:COMPARED_NAMES])
    if len(names) > SHOWN_NAMES:
        names = [*get_close_matches(pattern, names, n=SHOWN_NAMES, cutoff=0.0), "…"]
    found = (
        f"names seen: {', '.join(map(terminal.clean, names))}"
        if names
        else "no name with a number was printed (read are `name=0.5`, `name: 0.5`, JSON lines, and `name 0.5` for a whole name)"
    )
    return f"`--pick {terminal.clean(pattern)}` never matched; {found}"


def _param(text: str) -> tuple[str, object]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise BadArgumentError(
            f"`--param` must be NAME=VALUE; got `{text}`", hint="for instance `--param lr=0.1`"
        )
    return name.strip(), value_of(value)


def _patterns(words: list[str]) -> list[str]:
    patterns = [part.strip() for word in words for part in word.split(",") if part.strip()]
    if words and not patterns:
        raise BadArgumentError(
            "`--pick` needs the names of metrics", hint='for instance `--pick loss,auc`, or `--pick "*"`'
        )
    return patterns
