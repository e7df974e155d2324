"""What is said of the importance of parameters: the sentence, the notes, the plain values.

Always true: the sentence says that it is association within these runs, and not cause.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.text import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.runs.importance.found import Importance
    from gnomon.runs.importance.weigh import Weight
    from gnomon.runs.table import RunTable

_MOST_NAMED = 5
SEEDS = "Runs that differ in their seed only count as one configuration."
CAUSE = "This is association within these runs, not cause."


def sentence(found: Importance) -> str:
    """Return what may be said of all parameters."""
    from gnomon.runs.importance.weigh import FEWEST

    of = f"{count(found.configurations, 'configuration')} ({count(found.runs, 'run')})"
    if found.configurations < FEWEST:
        return (
            f"Cannot tell which parameters matter for `{found.metric}` from {of}: it takes {FEWEST}. {SEEDS}"
        )
    if not found.weights:
        return f"Cannot tell which parameters matter for `{found.metric}`: none varies enough in {of}."
    matter = [one for one in found.weights if one.verdict == "matters"]
    little = [one for one in found.weights if one.verdict == "little, if any"]
    unsure = [one for one in found.weights if one.verdict == "cannot tell"]
    if matter:
        verb = "matters" if len(matter) == 1 else "matter"
        parts = [
            f"{_listed([f'`{one.name}` ({shown(one)})' for one in matter])} {verb} for `{found.metric}` in {of}"
        ]
    else:
        parts = [f"In {of} no parameter can be said to matter for `{found.metric}`"]
    if little:
        parts.append(f"little, if any: {_listed([f'`{one.name}`' for one in little])}")
    if unsure:
        parts.append(f"cannot tell: {_listed([f'`{one.name}`' for one in unsure])}")
    return f"{'; '.join(parts)}. {CAUSE}"


def shown(one: Weight) -> str:
    """Return a share with its interval: `0.62 [0.41, 0.75]`."""
    return f"{one.share:.2f} [{one.low:.2f}, {one.high:.2f}]"


def chance(p: float) -> str:
    """Return a chance: `0.03`, `< 0.001`."""
    return "< 0.001" if p < 0.001 else f"{p:.2g}"


def left_out(
    table: RunTable, finished: int, counted: int, failed: int, better: str | None, key: str
) -> list[str]:
    """Return what is to be said of runs that do not count, and of values that are not finite."""
    notes = []
    name = key.removeprefix("metrics.")
    if len(table) < table.total:
        notes.append(f"only the newest {len(table):,} of {count(table.total, 'run')} count")
    if finished < len(table):
        notes.append(f"{count(len(table) - finished, 'run')} left out: not finished")
    if counted < finished:
        notes.append(f"{count(finished - counted, 'finished run')} left out: without `{name}`")
    if failed and better:
        verb = "counts" if failed == 1 else "count"
        notes.append(
            f"{count(failed, 'run')} without a finite `{name}` {verb} as worse than all others ({better} is better, a "
            "guess from its name)"
        )
    elif failed:
        notes.append(
            f"{count(failed, 'run')} left out: `{name}` is not finite, and whether higher or lower is better cannot be "
            "guessed from its name"
        )
    return notes


def to_dict(one: Weight) -> dict[str, object]:
    """Return plain values of one parameter."""
    return {
        "name": one.name, "configurations": one.n, "share": one.share, "low": one.low, "high": one.high, "p": one.p,
        "p_corrected": one.corrected, "verdict": one.verdict, "spearman": one.rho, "direction": one.direction or None,
        "varies_with": list(one.twins), "levels": [level._asdict() for level in one.levels],
    }  # fmt: skip


def _listed(parts: Sequence[str]) -> str:
    if len(parts) > _MOST_NAMED:
        return ", ".join(parts[:_MOST_NAMED]) + f" and {len(parts) - _MOST_NAMED:,} more"
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))
