"""`gnomon sweep`: try many configurations. No logic of sweeps is here; see `runs.sweep.doing` and `runs.sweep.running`."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from gnomon import text
from gnomon.errors import BadArgumentError, NoRecordError, UsageError
from gnomon.runs.sweep import entries
from gnomon.runs.sweep.file import DEFAULT, Plan, read_plan
from gnomon.runs.sweep.words import params_words, run_words, trial_words

if TYPE_CHECKING:
    from argparse import Namespace

    from gnomon.runs.face import Parser, Run, Terminal
    from gnomon.runs.sweep.doing import Asked
    from gnomon.runs.sweep.running import Ending
    from gnomon.runs.sweep.trials import Attempt, Trial
    from gnomon.runs.sweep.views import Sweep
    from gnomon.runs.views import Record

SHOWN_TRIALS = 20
BAR_WIDTH = 24
INTERRUPTED = 130
_SEEDS_HINT = "for instance `--seeds 1,2,3` or `--seeds 1-5`"


def sweep(parser: Parser) -> Run:
    """Try many configurations, each with each seed, and keep what came of it: every run is an ordinary run.

    The file says what to try: a command with `{name}` where a value goes, or a script that reads `run.params` and `run.seed`; the
    metric; a grid, random draws, or Optuna. The same command again goes on where it stopped, also after `kill -9` and on another
    machine that has the record. What finished is not repeated.

    Ctrl-C stops the runs that go on and keeps everything; twice kills them.
    """
    parser.option(
        "file", metavar="FILE", nargs="?", complete="files", help="what to try (default: sweep.toml)"
    )
    parser.option("--resume", metavar="ID", help="go on with this sweep of the record; a file may extend it")
    parser.option(
        "--new", action="store_true", help="begin again, also where the record has a sweep of this name"
    )
    parser.option("--dry-run", action="store_true", help="list the trials and count the runs; start nothing")
    parser.option(
        "--seeds", metavar="1,2,…", help="these seeds instead of those of the file; `1-5` for all between"
    )
    parser.option("--trials", metavar="N", type=int, help="so many trials instead of those of the file")
    parser.option(
        "--parallel", metavar="N", type=int, help="so many runs at a time instead of those of the file"
    )
    parser.option(
        "--on", metavar="WHERE", default="here", help="`here`, or `ray` for a Ray cluster (needs gnomon[ray])"
    )
    parser.option("--retry", action="store_true", help="run again what failed")
    parser.option("--json", action="store_true", help="print JSON at the end: trials, runs, the best")
    parser.example("gnomon sweep", "what sweep.toml says; again, to go on with it")
    parser.example("gnomon sweep --dry-run", "which trials, how many runs, how long")
    parser.example("gnomon sweep lr.toml --seeds 1-5", "with five seeds")
    parser.example("gnomon sweep --resume 3f9c", "go on without the file, on any machine that has the record")
    parser.note(
        'The file: `command = "python train.py --lr {lr} --seed {seed}"`, `metric = "auc"`, `goal = "maximize"` or "minimize", '
        '`sampler = "grid"`, "random" or "optuna", `trials = 20`, `seeds = [1, 2, 3]`, `parallel = 2`, `timeout = "10m"`, and '
        'below `[params]` values: `depth = [2, 4]`, `lr = { from = 1e-4, to = 1e-1, scale = "log" }`. docs/how-to/sweep.md has '
        "all of it. The exit code is 130 after Ctrl-C, 1 where nothing finished."
    )
    return _sweep


def _sweep(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.runs.sweep.doing import Asked, checked_place

    place = checked_place(arguments.on)
    if arguments.resume and arguments.new:
        raise UsageError("`--resume` and `--new` exclude each other")
    changes = _changes(arguments)
    plan = None
    if arguments.file is not None or arguments.resume is None:
        plan = read_plan(arguments.file or DEFAULT, changes)
    elif changes:
        raise UsageError(
            f"`--resume` alone takes everything from the record; `--{next(iter(changes))}` changes it",
            hint="give the file, too: `gnomon sweep sweep.toml --resume ID …`",
        )
    asked = Asked(plan, arguments.resume, arguments.new, arguments.retry)
    if arguments.dry_run:
        return _dry_run(arguments, asked, terminal)
    return _do(arguments, asked, place, terminal)


def _changes(arguments: Namespace) -> dict[str, object]:
    """Return the keys of the file that the command line changes."""
    found: dict[str, object] = {}
    if arguments.seeds is not None:
        found["seeds"] = _seeds(arguments.seeds)
    for key in ("trials", "parallel"):
        if (value := getattr(arguments, key)) is not None:
            found[key] = value
    return found


def _seeds(words: str) -> list[int]:
    found: list[int] = []
    for word in words.split(","):
        first, dash, last = word.strip().partition("-")
        try:
            ends = (int(first), int(last if dash else first))
        except ValueError:
            raise BadArgumentError(
                f"`--seeds` must be whole numbers; got `{words}`", hint=_SEEDS_HINT
            ) from None
        if not 0 <= ends[1] - ends[0] < 10_000:
            raise BadArgumentError(f"`--seeds` must go up; got `{word.strip()}`", hint=_SEEDS_HINT)
        found += range(ends[0], ends[1] + 1)
    return found


# ---------------------------------------------------------------- doing it


def _do(arguments: Namespace, asked: Asked, place: str, terminal: Terminal) -> int:
    from gnomon.runs.sweep import doing
    from gnomon.runs.sweep.command import filled, placeholders

    plan = asked.plan
    if plan is None:
        with _opened(arguments) as record:
            plan = doing.plan_to_go_on(doing.known_sweep(record, asked), asked)  # type: ignore[arg-type]
    if place == "here" and not placeholders(plan.command[0]):
        from gnomon.runs.capture.launcher import find_command

        find_command(filled(plan.command[:1], {})[0])
    workers = doing.workers_of(plan, place)  # forks: before a thread and a connection are there
    try:
        from gnomon.runs.cli import open_record
        from gnomon.session import session_for

        session = session_for(getattr(arguments, "record", None))
        session.ready()
        record = open_record(arguments, terminal)
        known = doing.known_sweep(record, asked)
        with doing.alone(record, known):  # else what is asked beyond it would be written, and nothing done
            sweep = doing.begun_or_extended(record, session, known, plan)
        record.progress = None
    except BaseException:
        workers.close()
        raise
    listener = _Lines(plan, terminal)
    listener.begin(sweep, known is not None)
    if known is not None and (changed := doing.changed_code(record, known)):
        listener.say(changed)
    ending, sweeper = doing.do(record, session, sweep, plan, workers, listener, retry=asked.retry)
    listener.end()
    return _end(record, sweep, plan, ending, sweeper.trials, arguments, terminal)


def _opened(arguments: Namespace) -> Record:
    from gnomon.runs.views import open

    return open(getattr(arguments, "record", None))


class _Lines:
    """Writes a line for each trial, and how far all of it is."""

    def __init__(self, plan: Plan, terminal: Terminal) -> None:
        self._plan = plan
        self._terminal = terminal
        self._seen: tuple[int, int] | None = None
        self._progress = terminal.progress("")

    def begin(self, sweep: Sweep, is_known: bool) -> None:
        seeds = f" × {text.count(len(self._plan.seeds), 'seed')}" if self._plan.seeds else ""
        ended = (
            sum(one.status(self._plan.seeds_or_none) != entries.OPEN for one in sweep.trials)
            if is_known
            else 0
        )
        done = f"; {ended:,} ended before" if is_known else ""
        name = self._terminal.clean(self._plan.name)
        self._talk(
            f"sweep {sweep.id[:8]} `{name}`: {text.count(self._plan.trials, 'trial')}{seeds}{done}", "dim"
        )

    def trial(self, trial: Trial, best: Trial | None) -> None:
        line = f"trial {trial.label}  {params_words(trial.params)}  {trial_words(trial, self._plan)}"
        if best is not None:
            value = best.objective(self._plan.seeds_or_none)
            assert value is not None  # else it were not the best  # noqa: S101
            line += "  best so far" if best is trial else f"  best {text.number(value)} (trial {best.label})"
        self._talk(line, "bold" if best is trial else "")

    def trouble(self, one: Attempt, hint: str | None) -> None:  # noqa: ARG002  what is to be done is said once, at the end
        self._talk(run_words(one), "red")

    def say(self, text: str) -> None:
        self._talk(self._terminal.clean(text), "yellow")

    def progress(self, done: int, total: int, going: int) -> None:
        if (done, going) != self._seen:  # a line of progress says one thing all its life
            self._seen = (done, going)
            self._progress.end()
            self._progress = self._terminal.progress(self._bar(done, total, going))
        if done < total:
            self._progress(done, total)

    def _bar(self, done: int, total: int, going: int) -> str:
        full, empty = ("█", "░") if self._terminal.is_unicode else ("#", ".")
        width = BAR_WIDTH * done // max(total, 1)
        return f"{full * width}{empty * (BAR_WIDTH - width)} {done:,} of {text.count(total, 'run')}, {going} running"

    def end(self) -> None:
        self._progress.end()

    def _talk(self, line: str, style: str) -> None:
        self._terminal.say(self._terminal.style(line, style, talk=True) if style else line)
        self._terminal.flush()


def _end(
    record: Record, sweep: Sweep, plan: Plan, ending: Ending, trials: list[Trial], arguments: Namespace, terminal: Terminal
) -> int:  # fmt: skip
    from gnomon.runs.sweep import running
    from gnomon.runs.sweep.cli_look import write_best
    from gnomon.runs.sweep.views import is_seed_unread, sweep_called

    if arguments.json:
        terminal.json(sweep_called(record, sweep.id).to_dict())
    else:
        _write_counts(sweep, plan, ending, trials, terminal)
        unread = is_seed_unread(record, trials, plan)
        write_best(sweep.id, trials, plan, terminal, is_seed_unread=unread)
    if ending.error is not None:
        terminal.say(
            f"{terminal.style('error:', 'bold', 'red', talk=True)} the sweep was stopped: {terminal.clean(ending.error)}"
        )
        if ending.hint:
            terminal.say(
                f"{terminal.style('hint:', 'bold', 'cyan', talk=True)} {terminal.clean(ending.hint)}"
            )
        return 1
    if ending.why == running.INTERRUPTED:
        left = sum(len(one.open_seeds(plan.seeds_or_none)) for one in trials)
        left += max(plan.trials - len(trials), 0) * len(plan.seeds_or_none)
        goes_on = f"; the same command goes on, or `gnomon sweep --resume {sweep.id[:8]}`"
        terminal.say(
            f"stopped with {text.count(left, 'run')} to go{goes_on}" if left else "stopped; every run is done"
        )
        return INTERRUPTED
    has_value = any(one.objective(plan.seeds_or_none) is not None for one in trials)
    return 0 if has_value else 1


def _write_counts(sweep: Sweep, plan: Plan, ending: Ending, trials: list[Trial], terminal: Terminal) -> None:
    by_status: dict[str, int] = {}
    for trial in trials:
        for seed in plan.seeds_or_none:
            status = trial.status_of(seed)
            by_status[status] = by_status.get(status, 0) + 1
    order = (entries.FINISHED, entries.FAILED, entries.TIMED_OUT, entries.PRUNED)
    parts = [f"{by_status[one]:,} {one}" for one in order if by_status.get(one)]
    if parts and parts[0].endswith(entries.FINISHED):
        parts[0] = f"{text.count(by_status[entries.FINISHED], 'run')} finished"
    nothing = (
        "; nothing was left to do (`--new` begins again)" if ending.runs == 0 and ending.error is None else ""
    )
    terminal.write(f"sweep {sweep.id[:8]}: {', '.join(parts) or 'no run has ended'}{nothing}")


# ---------------------------------------------------------------- --dry-run


def _dry_run(arguments: Namespace, asked: Asked, terminal: Terminal) -> int:
    from gnomon.runs.sweep import actions, doing
    from gnomon.runs.sweep.samplers import Grid, Random

    known: Sweep | None = None
    try:
        record = _opened(arguments)
        terminal.at_end(record.close)
        known = doing.known_sweep(record, asked)
    except NoRecordError:
        if asked.plan is None:
            raise
    plan = asked.plan if known is None else doing.plan_to_go_on(known, asked)
    if known is not None and asked.plan is not None:
        actions.check_extends(known, asked.plan)
    assert plan is not None  # without a record there is a file  # noqa: S101
    seeds = plan.seeds_or_none
    trials = known.trials if known is not None else []
    left = max(plan.trials - len(trials), 0) * len(seeds) + sum(len(one.open_seeds(seeds)) for one in trials)
    runs = plan.trials * len(seeds)
    times = f" × {text.count(len(plan.seeds), 'seed')}" if plan.seeds else ""
    rest = f"; {left:,} to go" if left != runs else ""
    terminal.write(
        f"{text.count(plan.trials, 'trial')}{times} = {text.count(runs, 'run')}, {plan.parallel:,} at a time{rest}"
    )
    _write_space(plan, terminal)
    if plan.sampler != "optuna":
        sampler = Grid(plan.space) if plan.sampler == "grid" else Random(plan.space, plan.sampler_seed)
        ended = {one.number: one for one in trials}
        for number in range(min(plan.trials, SHOWN_TRIALS)):
            what = f"  {trial_words(ended[number], plan)}" if number in ended else ""
            terminal.write(f"  trial {number}  {params_words(sampler.params(number))}{what}")
        if plan.trials > SHOWN_TRIALS:
            terminal.write(f"  … and {plan.trials - SHOWN_TRIALS:,} more")
    else:
        terminal.write("  Optuna chooses each by what came of those before it")
    _write_time(plan, trials, left, terminal)
    return 0


def _write_space(plan: Plan, terminal: Terminal) -> None:
    for one in plan.space:
        values = (
            f"  ({', '.join(map(text.any_value, one.grid()))})"
            if plan.sampler == "grid" and hasattr(one, "low")
            else ""
        )
        terminal.write(f"  {terminal.clean(one.name)}: {one}{values}")


def _write_time(plan: Plan, trials: list[Trial], left: int, terminal: Terminal) -> None:
    took = [
        one.duration_s for trial in trials for one in trial.attempts
        if one.status == entries.FINISHED and one.duration_s is not None
    ]  # fmt: skip
    if took and left:
        each = statistics.median(took)
        terminal.write(
            f"about {text.duration(each * left / plan.parallel)}: {left:,} × {text.duration(each)} (the median of "
            f"{text.count(len(took), 'run')}), {plan.parallel:,} at a time"
        )
    elif left and not took:
        terminal.write("how long nobody knows: no run of this sweep has finished yet")
