"""What a forecast rests on, in words; and a range of time as people read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.runs.forecast.predict import FEWEST_DURATIONS, PAUSE
from gnomon.text import count, duration, number, timestamp

if TYPE_CHECKING:
    from gnomon.runs.forecast.alike import Alike
    from gnomon.runs.forecast.eta import Eta
    from gnomon.runs.forecast.reading import Facts

FEW = 5  # earlier runs; with fewer a range from them is a guess
_OF = {"configuration": "of its configuration", "group": "of its group", "name": "of a name like its"}


def basis(facts: Facts, others: Alike) -> str:
    """Return what a forecast was made of: where the total comes from, where the pace, and what makes it doubtful."""
    seen = facts.seen
    parts = [_of_total(facts, others)]
    twins = [one for one in seen.earlier if one.is_twin and one.steps]
    if len(seen.knots) > 1:
        pace = f"its pace over {_amount(seen.done - seen.knots[0][0], facts)}"
        parts.append(pace + (f" and how long {_runs(len(twins), others)} took" if twins else ""))
    elif seen.knots and twins:
        parts.append(f"how long {_runs(len(twins), others)} took")
    if 0 < len(seen.earlier) < FEW and seen.stated is None:
        parts.append("few to go by")
    if others.other_ends:
        parts.append(
            f"{count(others.other_ends, 'run')} like it failed or {'was' if others.other_ends == 1 else 'were'} stopped"
        )
    parts += _doubts(facts)
    return "; ".join(parts)


def _doubts(facts: Facts) -> list[str]:
    seen, found = facts.seen, []
    silent = seen.now - seen.knots[-1][1] if seen.knots else 0.0
    if not seen.is_surely_alive:
        found.append("whether it still runs cannot be seen from here")
    elif seen.longest_s and silent > PAUSE * seen.longest_s:
        found.append(f"no value for {duration(silent)}, longer than ever before")
    return found


def _of_total(facts: Facts, others: Alike) -> str:
    seen, stated = facts.seen, facts.stated
    known = [one for one in seen.earlier if one.steps]
    if stated is not None:
        alike = [one for one in known if one.stated]
        seen_before = f" (as {_runs(len(alike), others)} had)" if alike else ""
        may = "; it may stop before" if stated.may_stop else ""
        a_step = (
            ""
            if alike or (facts.axis is not None and facts.axis.is_epochs)
            else ", a step taken for one of them"
        )
        return f"`{stated.key}` is {number(stated.total)}{seen_before or a_step}{may}"
    if not seen.knots:
        return f"how long {_runs(len(seen.earlier), others)} took"
    low, high = min(one.steps for one in known), max(one.steps for one in known)
    ends = number(low) if low == high else f"{number(low)} to {number(high)}"
    return f"{_runs(len(known), others)} ended after {ends} {_unit(facts)}s"


def why_not(facts: Facts, others: Alike) -> str:
    """Return why nobody can tell when the run ends."""
    seen = facts.seen
    known = [one for one in seen.earlier if one.steps]
    if seen.stated is not None and seen.done >= seen.stated:
        return f"it has done all {number(seen.stated)} {_unit(facts)}s that it stated, and goes on"
    if seen.stated is not None or (known and max(one.steps for one in known) > seen.done):
        return "it logged only once so far, and no earlier run tells its pace"
    if known and seen.knots:
        return f"it has gone further than {_runs(len(known), others)}"
    if not seen.knots and len(seen.earlier) >= FEWEST_DURATIONS:
        return f"it has taken far longer than {_runs(len(seen.earlier), others)}"
    if facts.stated_epochs is not None:
        said = f"`{facts.stated_epochs.key}` is {number(facts.stated_epochs.total)}"
        return f"{said}, but nothing says how many steps an epoch has: log a series `epoch`"
    return "it says nowhere how many steps it takes (a parameter `max_steps`, say), and no run like it has finished"


def stopped(heard: float | None, now: float) -> str:
    """Return what is said of a run whose process is dead."""
    last = f"its last value came {duration(now - heard)} ago" if heard is not None else "it logged nothing"
    return f"its process is gone without having ended the run; {last}"


def ends(eta: Eta) -> str:
    """Return when a run ends, in the reader's zone: a range, or why there is none."""
    if eta.low is None or eta.high is None:
        return eta.verdict
    return span(eta.low, eta.high) if eta.verdict == "told" else timestamp(eta.high)


def span(low: float, high: float) -> str:
    """Return a range of time; what both ends have in common is said once: `2026-11-23 17:54 to 18:20Z`."""
    is_short = high - low < 120
    first, last = timestamp(low, with_seconds=is_short), timestamp(high, with_seconds=is_short)
    digits = 19 if is_short else 16
    if first[digits:] == last[digits:]:
        first = first[:digits]
    if first[:digits] == last[:digits]:
        return last
    return f"{first} to {last[11:] if first[:10] == last[:10] else last}"


def progress(eta: Eta) -> str:
    """Return how far a run is: `420 of 1000`, `420`, or nothing."""
    if eta.done is None:
        return ""
    done = f"{eta.done:.1f}".removesuffix(".0") if eta.unit == "epoch" else number(round(eta.done))
    units = f" {eta.unit}s" if eta.unit == "epoch" else ""
    return f"{done} of {number(eta.total)}{units}" if eta.total is not None else f"{done}{units}"


def chance(share: float | None) -> str:
    """Return a chance in percent; at its ends `< 1 %` and `> 99 %`."""
    if share is None:
        return "cannot tell"
    if 0 < share <= 0.01:
        return "< 1 %"
    return "> 99 %" if 0.99 <= share < 1 else f"{100 * share:.0f} %"


def _runs(number_of: int, others: Alike) -> str:
    return f"{count(number_of, 'earlier run')} {_OF.get(others.by, 'like it')}"


def _amount(steps: float, facts: Facts) -> str:
    return count(max(1, round(steps)), _unit(facts))


def _unit(facts: Facts) -> str:
    return facts.axis.unit if facts.axis is not None else "step"
