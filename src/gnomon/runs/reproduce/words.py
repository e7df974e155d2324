"""A plan and a verdict in words, for the terminal and for pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.runs import entries
from gnomon.runs.reproduce.verdict import MISSING, OUTSIDE, ROUNDED, SAME, UNKNOWN, WITHIN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gnomon.runs.face import Terminal
    from gnomon.runs.rebuild.plan import Plan
    from gnomon.runs.reproduce.actions import Replication
    from gnomon.runs.reproduce.verdict import MetricVerdict

_SHOWN = 12
STYLES = {
    entries.IDENTICAL: "green", entries.ROUNDING: "green", entries.WITHIN: "green", entries.DIFFERS: "red",
    entries.CANNOT_RUN: "yellow", entries.CANNOT_TELL: "yellow",
}  # fmt: skip


def plan_lines(made: Plan, terminal: Terminal) -> Iterator[tuple[str, str]]:
    """Yield what will be run, and what is not as it was: (line, style)."""
    recipe, clean = made.recipe, terminal.clean
    yield f"run {recipe.run[:8]} {clean(recipe.title)}", "bold"
    yield f"  command      {clean(' '.join(recipe.words)) or 'not recorded'}", ""
    if recipe.code.facts:
        commit = f"commit {recipe.code.commit[:12]}" if recipe.code.commit else "the files that were kept"
        dirty = " and what was not committed" if recipe.code.facts.get("is_dirty") else ""
        proof = "; the fingerprint is the recorded one" if made.is_proven else ""
        yield f"  code         {clean(commit)}{dirty}{proof}", ""
    if made.python.how:
        yield f"  environment  {made.python.how}", ""
    if recipe.uses:
        yield f"  data         {clean(', '.join(use.label or use.name for use in recipe.uses))}", ""
    if recipe.seed is not None:
        yield f"  seed         {recipe.seed}", ""
    if recipe.duration_s is not None:
        yield f"  it took      {terminal.duration(recipe.duration_s)}", ""
    for factor, said in made.mix.swapped.items():
        yield f"  changed      {clean(factor)}: {clean(said)}", "bold"
    if recipe.nth:
        yield f"  it was run {recipe.nth + 1} of its process: those before it are made again, too", ""
    for gap in made.gaps:
        yield (
            f"  {'cannot be had' if gap.blocks else 'not as it was'}: {clean(str(gap))}",
            "red" if gap.blocks else "yellow",
        )
        if gap.next:
            yield f"    {gap.next}", "dim"


def metric_lines(done: Replication, terminal: Terminal) -> list[str]:
    """Return how a run that had failed ended, a line for each metric that is not the same, and how many are."""
    if done.outcome is None:
        return []
    ended = done.outcome.ended
    same = sum(row.outcome == SAME for row in done.outcome.metrics)
    other = [row for row in done.outcome.metrics if row.outcome != SAME]
    lines = [f"  {terminal.clean(ended.said)}"] if ended is not None else []
    lines += [f"  {metric_words(row, terminal)}" for row in other[:_SHOWN]]
    if len(other) > _SHOWN:
        lines.append(f"  and {len(other) - _SHOWN:,} more metrics that are not the same")
    if same:
        lines.append(f"  {terminal.count(same, 'metric')} the same at every step")
    if done.outcome.differs:
        lines.append(
            f"  kept files with other bytes: {', '.join(map(terminal.clean, done.outcome.differs[:_SHOWN]))}"
        )
    notes = [*done.outcome.notes, *unseeded(done)]
    return lines if done.is_swapped else [*lines, *[f"  {note}" for note in notes]]


def unseeded(done: Replication) -> list[str]:
    """Return the likely reason why a run without a seed comes out otherwise, and what helps."""
    outcome = done.outcome
    if outcome is None or done.plan.recipe.seed is not None or done.verdict != entries.DIFFERS:
        return []
    if not any(row.outcome == UNKNOWN for row in outcome.metrics):
        return []
    what = "seed it and say so (`gnomon.run(…, seed=…)`, or `--seed` of `gnomon run`), and run it with three seeds"
    return [
        "the run says no seed: what it draws at random is likely the reason",
        f"{what}: then the spread between them is known",
    ]


def metric_words(row: MetricVerdict, terminal: Terminal) -> str:
    """Return one metric, before and after, and what that means."""
    name, value = terminal.clean(row.metric), terminal.value
    if row.outcome == MISSING:
        return f"{name}: {value(row.before)} → not logged"
    if row.before is None:
        return f"{name}: not logged before → {value(row.after)}"
    moved = f"{name}: {value(row.before)} → {value(row.after)}"
    if row.outcome == ROUNDED:
        return f"{name}: the same but for rounding"
    if row.outcome in (WITHIN, OUTSIDE):
        where = "within" if row.outcome == WITHIN else "outside"
        return f"{moved}, {where} {value(row.low)} to {value(row.high)} ({row.seeds} seeds)"
    return moved


def verdict_line(done: Replication, terminal: Terminal) -> tuple[str, str]:
    """Return the verdict in a line, and its style."""
    style = STYLES.get(done.verdict, "yellow")
    if done.verdict == entries.CANNOT_RUN:
        return f"cannot run: {terminal.clean(done.why or '')}", style
    if done.is_swapped and done.outcome is not None:
        swapped = ", ".join(
            f"{terminal.clean(key)} {terminal.clean(said)}" for key, said in done.plan.mix.swapped.items()
        )
        other = sum(row.outcome != SAME for row in done.outcome.metrics)
        told = (
            f"{other} of {terminal.count(len(done.outcome.metrics), 'metric')} came out otherwise"
            if other
            else "nothing changed"
            if done.outcome.ended is None or done.outcome.ended.is_same
            else "it ended otherwise"
        )
        return f"with {swapped}: {told}", "bold"
    return done.verdict, style
