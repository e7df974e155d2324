"""What is said of what was tried: differences, outcomes, the answer in one sentence, plain values.

Always true: a name or a value that somebody recorded is cleaned before it stands in a sentence.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gnomon.runs.table import iso_time
from gnomon.text import any_value, clean, count, cut, number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gnomon.runs.tried.found import Difference, Tried, TriedRun

MOST_NAMED = 4
MOST_BESIDES = 6
MOST_SEEDS = 6
UNIMPORTED = "Python that was not imported, or texts about the project"
LONGEST = 40  # of a value
NOT_SET = "not set"


def value(cell: object) -> str:
    """Return a value as text; `not set` where there is none."""
    return NOT_SET if cell is None else cut(any_value(cell), LONGEST) or "''"


def change(one: Difference) -> str:
    """Return a difference as words: `lr (0.1 → 0.12)`."""
    return f"{clean(one.name)} ({value(one.was)} → {value(one.now)})"


def differs(run: TriedRun, *, whole: bool) -> str:
    """Return how an earlier run compares: `equal`, `differs in lr (0.1 → 0.12); code not recorded`."""
    parts = []
    if run.differs:
        named = [change(one) for one in run.differs[:MOST_NAMED]]
        more = len(run.differs) - len(named)
        parts.append("differs in " + ", ".join(named) + (f" and {more:,} more" if more else ""))
    else:
        parts.append("equal" if whole else "equal in what was asked")
    if run.loads_the_same:
        parts.append(f"code differs, only in {UNIMPORTED}")
    parts += [f"{what} not recorded" for what in run.unknown]
    return "; ".join(parts)


def besides(run: TriedRun) -> str:
    """Return the parameters that were not asked about: `batch=32, epochs=10, …`."""
    shown = [f"{clean(name)}={value(cell)}" for name, cell in list(run.besides.items())[:MOST_BESIDES]]
    return ", ".join(shown) + (", …" if len(run.besides) > MOST_BESIDES else "")


def outcome(run: TriedRun) -> str:
    """Return what became of a run: `finished`, `failed: ValueError: no such file`."""
    return f"{run.status}: {clean(run.error)}" if run.error else run.status


def sentence(found: Tried) -> str:
    """Return the answer."""
    whole = found.asked.whole
    if not found.close:
        if not found.runs:
            return "Not tried: no run is near."
        nearest = found.runs[0]
        return (
            f"Not tried: no run is close. The nearest, run {nearest.id[:8]}, {differs(nearest, whole=whole)}."
        )
    close = found.close - found.equal
    parts = []
    if found.equal:
        what = "equal" if whole else "equal in what was asked"
        parts.append(f"{count(found.equal, 'run')} {'is' if found.equal == 1 else 'are'} {what}")
    if close:
        parts.append(f"{count(close, 'run')} {'is' if close == 1 else 'are'} close")
    told = "Tried before: " if found.equal else "Nearly tried before: "
    return f"{told}{' and '.join(parts)}{', '.join(['', *_came_of(found)])}."


def _came_of(found: Tried) -> list[str]:
    """Return what came of the close runs: how many failed, and the best."""
    parts = []
    failed = sum(found.statuses.get(status, 0) for status in ("failed", "interrupted"))
    open_ = found.statuses.get("open", 0)
    if failed:
        parts.append(
            "all failed"
            if failed == found.close > 1
            else f"{failed:,} failed"
            if found.close > 1
            else "it failed"
        )
    if open_:
        parts.append(f"{open_:,} not ended")
    if found.best is not None:
        parts.append(f"{_best(found)} (run {found.best.run[:8]})")
    return parts


def _best(found: Tried) -> str:
    """Return the best value, and that it is another configuration's where there are equal ones."""
    best = found.best
    assert best is not None  # who calls has looked  # noqa: S101
    of = next((one for one in found.runs if one.id == best.run), None)
    whose = " of a close one" if found.equal and of is not None and of.differs else ""
    return f"best {clean(found.metric or '')} {number(best.value)}{whose}"


def ago(seconds: float) -> str:
    """Return how long ago something was, in one unit.

    >>> [ago(value) for value in (-5, 20, 90, 7200, 200_000)]
    ['just now', 'just now', '1 minute ago', '2 hours ago', '2 days ago']
    """
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length:
            return f"{count(int(seconds // length), unit)} ago"
    return "just now"


def at_start(
    found: Tried, run: str, seed: object = None, now: float | None = None, *,
    moved: Mapping[str, tuple[str | None, str | None]] | None = None,
) -> str:  # fmt: skip
    """Return the one line for whoever starts a run that was (nearly) tried before: what, its outcome, whose, where to look.

    `moved`: packages whose versions (then, now) are others.

    A seed that none of the equal runs had is no second try: then the line says what came of the others.
    """
    nearest = found.runs[0]
    alike = [one for one in found.runs if _was(one) == _was(nearest)]
    more = found.close - len(alike)
    if nearest.differs:
        changed = ", ".join(
            f"{clean(one.name)}={value(one.was)} (now {value(one.now)})"
            for one in nearest.differs[:MOST_NAMED]
        )
        what = f"nearly tried before: {count(len(alike), 'run')} with {changed}"
    else:
        same = "parameters" if found.asked.command is None else "command"
        code = "" if any(one.loads_the_same for one in alike) else " and code"
        seeds = _other_seeds(alike, seed)
        said = f"seed {value(seed)} is new: " if seeds else "tried before: "
        what = f"{said}{count(len(alike), 'run')} with the same {same}{code}{seeds}"
    best = found.best
    shown = next((one for one in found.runs if best is not None and one.id == best.run), nearest)
    parts = [what + (f" and {more:,} more that {'is' if more == 1 else 'are'} close" if more > 0 else "")]
    parts += [part for part in _came_of(found) if not part.startswith("best ")]
    if best is not None:
        parts.append(_best(found))
    told = [f"run {shown.id[:8]}"]
    if shown.author is not None:
        told.append(cut(clean(shown.author), LONGEST))
    moment = shown.ended if shown.ended is not None else shown.created
    how = cut(outcome(shown), 2 * LONGEST) if shown.ended is not None else "started"
    told.append(f"{how} {ago((time.time() if now is None else now) - moment)}")
    text = f"{', '.join(parts)} ({', '.join(told)})"
    if any(one.loads_the_same for one in alike):
        text += f"; since then only {UNIMPORTED} changed"
    if moved:
        named = [
            f"{clean(name)} ({then or 'none'} → {now_ or 'none'})" for name, (then, now_) in moved.items()
        ]
        text += f"; with other packages: {', '.join(named[:MOST_NAMED])}"
        text += f" and {len(named) - MOST_NAMED:,} more" if len(named) > MOST_NAMED else ""
    used = sorted({label for one in alike for label in one.data})
    if used:
        text += f"; with {', '.join(map(clean, used[:MOST_NAMED]))}, this run has not said its data yet"
    return f"{text}; gnomon tried --run {run[:8]}"


def _other_seeds(alike: Sequence[TriedRun], seed: object) -> str:
    """Return ` (seeds 1, 2)`; nothing where one of the runs had this seed, or did not say which."""
    seeds = [one.seed for one in alike]
    if seed is None or None in seeds or seed in seeds:
        return ""
    shown = sorted({value(one) for one in seeds}, key=lambda text: (len(text), text))
    more = ", …" if len(shown) > MOST_SEEDS else ""
    return f" ({'seed' if len(shown) == 1 else 'seeds'} {', '.join(shown[:MOST_SEEDS])}{more})"


def _was(run: TriedRun) -> Sequence[tuple[str, str]]:
    return [(one.name, value(one.was)) for one in run.differs]


def to_dict(found: Tried) -> dict[str, object]:
    """Return plain values."""
    asked = found.asked
    return {
        "params": dict(asked.params),
        "whole": asked.whole,
        "code": asked.code._asdict() if asked.code.is_known else None,
        "data": [one.label for one in asked.data],
        "command": dict(asked.command) if asked.command is not None else None,
        "run": asked.run,
        "sentence": found.sentence,
        "equal": found.equal,
        "close": found.close,
        "metric": found.metric,
        "best": found.best._asdict() if found.best is not None else None,
        "runs": [_run_dict(one, whole=asked.whole) for one in found.runs],
        "notes": list(found.notes),
    }


def _run_dict(run: TriedRun, *, whole: bool) -> Mapping[str, object]:
    return {
        "id": run.id, "name": run.name, "verdict": run.verdict, "distance": run.distance, "says": differs(run, whole=whole),
        "differs": [one._asdict() for one in run.differs], "unknown": list(run.unknown), "besides": dict(run.besides),
        "data": list(run.data), "status": run.status, "error": run.error, "value": run.value, "seed": run.seed,
        "author": run.author, "created": iso_time(run.created), "ended": iso_time(run.ended),
    }  # fmt: skip
