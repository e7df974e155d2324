"""`gnomon sweeps`, `gnomon sweeps show`: look at sweeps. No logic of sweeps is here; see `runs.sweep.views`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon import text
from gnomon.errors import GnomonError
from gnomon.runs.sweep import entries
from gnomon.runs.sweep.trials import not_run_again
from gnomon.runs.sweep.words import best_words, seeds_words, standing_words, trial_words

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from gnomon.runs.face import Parser, Run, Terminal
    from gnomon.runs.groups.judge import Judgement
    from gnomon.runs.sweep.file import Plan
    from gnomon.runs.sweep.trials import Trial
    from gnomon.runs.sweep.views import Sweep

SHOWN_BEST, SHOWN_TROUBLE = 10, 10


def ls(parser: Parser) -> Run:
    """List sweeps, the newest first: how far each is, and its best mean. `gnomon sweeps show ID` shows one.

    A sweep is part of the record, so everybody who syncs has it, and can go on with it.
    """
    return _declare_list(parser, "gnomon sweeps")


def list_(parser: Parser) -> Run:
    """List sweeps, the newest first."""
    return _declare_list(parser, "gnomon sweeps ls")


def _declare_list(parser: Parser, command: str) -> Run:
    parser.option("--json", action="store_true", help="print JSON: one object a sweep")
    parser.example(command, "all sweeps")
    return _ls


def _ls(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.runs.cli import open_record
    from gnomon.runs.sweep.views import sweeps

    found = sweeps(open_record(arguments, terminal))
    if arguments.json:
        terminal.json_list([_plain(one) for one in found])
        return 0
    if not found:
        terminal.say("no sweeps yet; `gnomon sweep --help` shows how to begin one")
        return 0
    rows = [_row(one) for one in found]
    terminal.table(
        ["id", "name", "trials", "metric", "best", "trial", "created", "by"], rows, {"created": terminal.timestamp},
        styles={"name": lambda _: "bold"}, importance=["id", "name", "trials", "best"],
    )  # fmt: skip
    return 0


def _plain(one: Sweep) -> dict[str, object]:
    try:
        return one.to_dict()
    except GnomonError as error:  # another version of Gnomon wrote its file
        return {"id": one.id, "name": one.name, "author": one.author, "error": error.message}


def _row(one: Sweep) -> dict[str, object]:
    try:
        plan, best = one.plan, one.best
    except GnomonError:  # `gnomon sweeps show` says why
        return {
            "id": one.id[:8], "name": one.name, "trials": "cannot be read here", "created": one.created,
            "by": one.author,
        }  # fmt: skip
    return {
        "id": one.id[:8], "name": one.name, "trials": f"{one.finished:,} of {max(plan.trials, len(one.trials)):,}",
        "metric": f"{plan.metric} ({plan.better} is better)",
        "best": best.objective(plan.seeds_or_none) if best is not None else None,
        "trial": best.label if best is not None else None, "created": one.created, "by": one.author,
    }  # fmt: skip


def show(parser: Parser) -> Run:
    """Show a sweep: the best trials with their mean and interval over seeds, what failed, and what can be told.

    The interval is that of the mean, at 95 %. Trials that cannot be told from the best one are marked: the noise between seeds
    could explain their difference.
    """
    parser.option(
        "sweep", metavar="ID", help="the beginning of its id, or its name (the newest of that name)"
    )
    parser.option("--all", action="store_true", help="all trials, by number")
    parser.option("--json", action="store_true", help="print JSON: all trials and runs")
    parser.example("gnomon sweeps show 3f9c", "the best trials, and whether they can be told apart")
    return _show


def _show(arguments: Namespace, terminal: Terminal) -> int:
    from gnomon.runs.cli import open_record
    from gnomon.runs.sweep.views import sweep_called

    sweep = sweep_called(open_record(arguments, terminal), arguments.sweep)
    if arguments.json:
        terminal.json(sweep.to_dict())
        return 0
    plan, judgement, trials = sweep.plan, sweep.judgement, sweep.trials
    head = f"{terminal.style(terminal.clean(sweep.name), 'bold')}  {sweep.id[:8]}  {terminal.timestamp(sweep.created)}"
    terminal.write(head)
    terminal.write(f"{terminal.clean(' '.join(plan.command))}")
    seeds = f" × {text.count(len(plan.seeds), 'seed')}" if plan.seeds else ", no seeds"
    terminal.write(
        f"{plan.sampler}: {sweep.finished:,} of {text.count(max(plan.trials, len(trials)), 'trial')} ended{seeds}; "
        f"{plan.goal} {terminal.clean(plan.metric)} ({plan.at} value)"
    )
    terminal.write()
    left_out = _write_trials(trials, plan, judgement, terminal, is_all=arguments.all)
    _write_trouble(trials, terminal)
    write_best(sweep.id, trials, plan, terminal, judgement, is_seed_unread=sweep.is_seed_unread)
    if left_out:
        terminal.say(f"{left_out:,} more; `--all` shows all")
    return 0


def _write_trials(
    trials: Sequence[Trial], plan: Plan, judgement: Judgement | None, terminal: Terminal, *, is_all: bool
) -> int:
    """Write the table of trials, the best first; return how many were left out."""
    standings = {one.name: one for one in judgement.standings} if judgement is not None else {}
    places = {name: place for place, name in enumerate(standings)}
    open_ = set(judgement.undecided) | set(judgement.unjudged) if judgement is not None else set()
    ordered = sorted(trials, key=lambda one: (places.get(one.label, len(places)), one.number, one.others))
    shown = list(trials) if is_all else [one for one in ordered if one.label in places][:SHOWN_BEST]
    rows = []
    for one in shown:
        standing = standings.get(one.label)
        row: dict[str, object] = {"trial": one.label, **one.params}
        row[plan.metric] = standing_words(standing) if standing is not None else trial_words(one, plan)
        if standing is not None and standing.name == (judgement.reference if judgement else None):
            row["note"] = "best mean"
        elif one.label in open_:
            row["note"] = "cannot be told from the best"
        if standing is not None and (failed := seeds_words(one, plan)).count("failed"):
            row["note"] = f"{row.get('note', '')}{failed}".strip()
        rows.append(row)
    names = list(dict.fromkeys(name for one in shown for name in one.params))
    columns = ["trial", *names, plan.metric, *(["note"] if any("note" in row for row in rows) else [])]
    if rows:
        terminal.table(columns, rows, importance=["trial", plan.metric, "note", *names])
        terminal.write()
    return 0 if is_all else len(trials) - len(shown)


def _write_trouble(trials: Sequence[Trial], terminal: Terminal) -> None:
    """Write what failed, ran out of time or was pruned: how many, and of what failed the first few."""
    counts: dict[str, int] = {}
    lines = []
    for trial in trials:
        for one in not_run_again(trial.attempts):
            counts[one.status] = counts.get(one.status, 0) + 1
            if one.status in (entries.FAILED, entries.TIMED_OUT):
                seed = f" seed {one.seed}" if one.seed is not None else ""
                lines.append(
                    f"  trial {trial.label}{seed} (run {one.run[:8]}): {terminal.clean(one.why or one.status)}"
                )
    bad = [
        status
        for status in (entries.FAILED, entries.TIMED_OUT, entries.PRUNED, entries.STOPPED, entries.OPEN)
        if counts.get(status)
    ]
    words = {entries.OPEN: "open or cut off", entries.STOPPED: "stopped, to be run again"}
    if bad:
        terminal.write(
            "runs: " + ", ".join(f"{counts[status]:,} {words.get(status, status)}" for status in bad)
        )
    for line in lines[:SHOWN_TROUBLE]:
        terminal.write(line)
    if len(lines) > SHOWN_TROUBLE:
        terminal.write(f"  … and {len(lines) - SHOWN_TROUBLE:,} more")
    if bad:
        terminal.write()


def write_best(
    sweep: str, trials: list[Trial], plan: Plan, terminal: Terminal, judgement: Judgement | None = None, *,
    is_seed_unread: bool,
) -> None:  # fmt: skip
    """Write which trial has the best mean, as far as it can be told, and where to look further."""
    from gnomon.runs.sweep.views import judged

    found = judgement if judgement is not None else judged(trials, plan)
    terminal.write(terminal.clean(best_words(trials, plan, found, is_seed_unread=is_seed_unread)))
    if found is not None:
        terminal.say(
            f"`gnomon importance {plan.metric} --where \"sweep = '{sweep}'\"` says which parameters matter; "
            f"`gnomon sweeps show {sweep[:8]}` shows the trials"
        )
