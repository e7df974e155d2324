"""`gnomon reproduce`: make a run again from the record, and say what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.errors import UsageError
from gnomon.runs import entries
from gnomon.runs.cli import open_record
from gnomon.runs.rebuild.ending import timeout_of
from gnomon.runs.rebuild.environment import WAYS
from gnomon.runs.reproduce import actions
from gnomon.runs.reproduce.words import metric_lines, plan_lines, verdict_line

if TYPE_CHECKING:
    from argparse import Namespace

    from gnomon.runs.face import Parser, Run, Terminal
    from gnomon.runs.rebuild.plan import Plan
    from gnomon.runs.views import Record

EXIT_CODES = {entries.DIFFERS: 1, entries.CANNOT_RUN: 3, entries.CANNOT_TELL: 3}


def reproduce(parser: Parser) -> Run:
    """Make a run again from the record, and record what came of it.

    The code (commit, uncommitted diff, untracked files) is rebuilt in a folder of its own, the environment is the one here
    where it is the same and else made from the recorded versions, the data come by their digests, command and seed as they
    were. What cannot be had is named before anything starts.

    The verdict: *identical* (every metric, point by point), *within the spread of its seeds*, *differs*, or *cannot run*. It
    stands on the run from then on, with who made it again.
    """
    parser.option("run", metavar="RUN", complete="run", help="a run (or the beginning of its id)")
    parser.option(
        "--on-changed", metavar="FACTOR=VALUE", action="append",
        help="with one thing swapped: `data=v4`, `code=RUN`, `code=COMMIT`, `lr=0.2`, `seed=8`, `environment=RUN` (repeatable)",
    )  # fmt: skip
    rebuilding(parser)
    parser.option(
        "--plan", action="store_true", help="say what would be done, and what cannot be had; start nothing"
    )
    parser.option("--anyway", action="store_true", help="run it although something cannot be had")
    parser.option("--quiet", action="store_true", help="do not show what the run prints")
    parser.option(
        "--keep-folder", action="store_true", help="leave the folder that it ran in, and say where it is"
    )
    parser.option("--json", action="store_true", help="print JSON; implies --quiet")
    parser.example("gnomon reproduce 3fa9", "can I get it again?")
    parser.example("gnomon reproduce 3fa9 --plan", "what would that need?")
    parser.example("gnomon reproduce 3fa9 --on-changed data=v4", "the same run on other data")
    parser.note(
        "The exit code is 0 where it was identical or within the spread of its seeds, 1 where it differs, 3 where it cannot "
        "run or nothing can be told. With `--on-changed` it is 0 where it ran."
    )
    return _reproduce


def rebuilding(parser: Parser) -> None:
    """Declare what every command takes that makes runs again."""
    parser.option(
        "--env", metavar="WHICH", default="auto", choices=WAYS,
        help="auto (default): what is installed here if it is the same, else the recorded versions; here; recorded; "
        "lock: the lock file of the rebuilt code",
    )  # fmt: skip
    parser.option(
        "--with", metavar="PATH", action="append", dest="take",
        help="take a file or folder of the project from here, which the record does not hold (repeatable)",
    )  # fmt: skip
    parser.option(
        "--timeout", metavar="TIME",
        help="end a run that takes longer, such as `30s`, `10m` or `2h`; it counts as failed",
    )  # fmt: skip
    parser.option(
        "--yes", action="store_true", help="do not ask before code is run that was recorded on another device"
    )


def _reproduce(arguments: Namespace, terminal: Terminal) -> int:
    timeout_s = timeout_of(arguments.timeout)
    record = open_record(arguments, terminal)
    is_quiet = arguments.json or arguments.quiet
    made = actions.plan(
        record, arguments.run, on_changed=arguments.on_changed or (), env=arguments.env, take=arguments.take or (),
        say=lambda text: terminal.say(terminal.style(text, "dim", talk=True)),
    )  # fmt: skip
    if not arguments.json:
        for line, style in plan_lines(made, terminal):
            terminal.write(terminal.style(line, style) if style else line)
    if arguments.plan:
        if arguments.json:
            terminal.json(plan_dict(made))
        return EXIT_CODES[entries.CANNOT_RUN] if made.blocked else 0
    if not made.blocked or arguments.anyway:
        _confirm(record, made, arguments, terminal)
    terminal.flush()
    done = actions.reproduce(
        record, made, quiet=is_quiet, keep_folder=arguments.keep_folder, anyway=arguments.anyway,
        timeout_s=timeout_s,
    )  # fmt: skip
    if arguments.json:
        terminal.json(done.to_dict())
    else:
        terminal.write()
        for line in metric_lines(done, terminal):
            terminal.write(line)
        line, style = verdict_line(done, terminal)
        terminal.write(terminal.style(line, style))
        if done.folder:
            terminal.write(f"it ran in {terminal.clean(done.folder)}")
        if done.by is not None:
            terminal.write(terminal.style(f"`gnomon compare {done.run[:8]} {done.by[:8]}`", "dim"))
    if done.is_swapped and done.outcome is not None:
        return 0
    return EXIT_CODES.get(done.verdict, 0)


def plan_dict(made: Plan) -> dict[str, object]:
    """Return a plan as plain values."""
    recipe = made.recipe
    return {
        "run": recipe.run, "command": list(recipe.words), "folder": recipe.folder, "commit": recipe.code.commit,
        "code_is_proven": made.is_proven, "environment": made.python.how, "swapped": dict(made.mix.swapped),
        "gaps": [gap._asdict() for gap in made.gaps], "duration_s": recipe.duration_s,
    }  # fmt: skip


def _confirm(record: Record, made: Plan, arguments: Namespace, terminal: Terminal) -> None:
    if not arguments.yes and actions.is_foreign(record, made.recipe):
        confirm(made.recipe.run, terminal, "`--plan`, `gnomon compare --code`")


def confirm(run: str, terminal: Terminal, look: str) -> None:
    """Ask before somebody else's code is run: a record comes from teammates. Raises UsageError where nobody says yes."""
    what = f"the code of run {run[:8]} was recorded on another device; it will be run here, as you"
    if not terminal.err_is_interactive or not terminal.is_interactive:
        raise UsageError(what, hint=f"look at it ({look}), then say `--yes`")
    terminal.write(f"{what}. Run it? [y/N] ")
    terminal.flush()
    try:
        answer = input()
    except EOFError:
        answer = ""
    if answer.strip().lower() not in ("y", "yes"):
        raise UsageError("nothing was run")
