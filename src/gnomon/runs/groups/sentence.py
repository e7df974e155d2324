"""The sentence that a person can paste into a report: which group is better, by how much, how sure that is; or *cannot tell*.

Always true: no winner is named that `judge` did not name; an interval is good for all comparisons together, and how many
were corrected for is said; so is whether seeds were paired. What nobody can tell is called so, with why (seeds that failed,
too few seeds), and with how many more seeds would probably settle it wherever the table says so.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gnomon.runs.groups.judge import ENOUGH, PAIRS_LATER, REFERENCE_ONE_SEED, SAME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.runs.groups.judge import Comparison, Judgement, Standing

_MOST_NAMED = 3


def sentence_of(metric: str, at: str, found: Judgement) -> str:
    """Return the verdict on groups by a metric in a sentence or two that stand on their own."""
    where = "" if at == "last" else f" at {at}"
    head = f"{metric}{where} ({found.better} is better): "
    if not found.standings:
        return f"{head}cannot tell, no group has a value."
    if len(found.standings) == 1:
        return f"{head}`{found.standings[0].name}` is the only group, {_mean(found.standings[0])}."
    if found.reference is None and all(one.failed and not one.n for one in found.standings):
        return f"{head}cannot tell, all seeds of {_names([one.name for one in found.standings])} failed: none has a finite value."
    if found.reference is None:
        return (
            f"{head}cannot tell, no group has two seeds or more with a finite value: one seed says nothing about its own "
            f"noise. Run each with {_more(ENOUGH - 1)}, the same ones for all, so that they can be compared in pairs."
        )
    if not found.comparisons:
        return head + _alone(found) + _promising(found)
    verdict = _against_baseline(found) if found.is_baseline else _of_best(found)
    return head + verdict + _corrected(found) + _promising(found)


def _alone(found: Judgement) -> str:
    """Return what may be said where only one group has seeds enough."""
    standing = _standing(found, found.reference)
    if standing.n < 2:  # the baseline, of one seed
        return f"cannot tell, no group has two seeds or more. Run each with {_more(ENOUGH - 1)}, the same ones for all."
    text = (
        f"cannot tell: only `{standing.name}` has two seeds or more with a finite value, {_mean(standing)}."
    )
    single = [one for one in found.standings if one.name in found.unjudged and one.n]
    if found.promising is not None or not single:
        return text
    return f"{text} Run {_names([one.name for one in single])} with {_more(ENOUGH - 1)}, to be able to tell."


def _of_best(found: Judgement) -> str:
    standing = _standing(found, found.reference)
    if len(found.comparisons) == 1:
        (only,) = found.comparisons
        if found.winner is None:
            return _cannot_tell(found, only)
        return (
            f"`{found.winner}` is better than `{only.name}` by {_gain(found, only, of_reference=True)}, "
            f"{_mean(standing)} against {_mean(_standing(found, only.name))}{_paired([only])}."
        )
    total = len(found.comparisons)
    if found.winner is not None:
        next_best = found.comparisons[0]
        return (
            f"`{found.winner}` is better than each of the {total:,} other groups, {_mean(standing)}; it leads "
            f"`{next_best.name}`, the next best, by {_gain(found, next_best, of_reference=True)}{_paired(found.comparisons)}."
        )
    open_ = [one for one in found.comparisons if one.verdict == "cannot tell"]
    worse = sum(one.verdict == "worse" for one in found.comparisons)
    than = f"is better than {worse:,} of {total:,} others, but " if worse else ""
    return (
        f"cannot tell which is best. `{found.reference}` {than}cannot be told from {_names([one.name for one in open_])}; "
        f"its mean is {_mean(standing)}{_paired(found.comparisons)}.{_failed(open_)}{_to_settle(open_)}"
    )


def _cannot_tell(found: Judgement, only: Comparison) -> str:
    names = f"`{found.reference}` or `{only.name}`"
    if only.low is None or only.high is None or only.difference is None:
        reason = only.why or "there is too little"
        advice = "" if only.more_seeds is None else _to_settle([only])
        return f"cannot tell whether {names} is better: {reason}.{advice}"
    return (
        f"cannot tell whether {names} is better. `{found.reference}` leads by {_gain(found, only, of_reference=True)}, which "
        f"includes 0{_paired([only])}.{_to_settle([only])}"
    )


def _against_baseline(found: Judgement) -> str:
    standing = _standing(found, found.reference)
    if standing.n < 2:
        return (
            f"cannot tell: the baseline `{standing.name}` has {'one seed' if standing.n else 'no seed'} with a finite value, so "
            f"its noise is unknown. Run it with {_more(ENOUGH - standing.n)}."
        )
    by_verdict = {
        verdict: [one for one in found.comparisons if one.verdict == verdict]
        for verdict in ("better", "worse", "cannot tell")
    }
    said = []
    for verdict in ("better", "worse"):
        ones = by_verdict[verdict]
        if ones:
            shown = [
                f"`{one.name}` (by {_gain(found, one, of_reference=verdict == 'worse')})"
                for one in ones[:_MOST_NAMED]
            ]
            more = f" and {len(ones) - _MOST_NAMED:,} more" if len(ones) > _MOST_NAMED else ""
            said.append(f"{', '.join(shown)}{more} {'is' if len(ones) == 1 else 'are'} {verdict}")
    open_ = by_verdict["cannot tell"]
    if open_:
        said.append(f"{_names([one.name for one in open_])} cannot be told from it")
    return (
        f"against the baseline `{found.reference}`, {_mean(standing)}: {'; '.join(said)}{_paired(found.comparisons)}."
        f"{_failed(open_)}{_to_settle(open_)}"
    )


# ---------------------------------------------------------------- parts of it


def _corrected(found: Judgement) -> str:
    total = found.corrected
    return f" Intervals and verdicts are corrected for {total:,} comparisons." if total > 1 else ""


def _gain(found: Judgement, one: Comparison, *, of_reference: bool) -> str:
    """Return by how much the better one leads, with its interval: `0.062 (95 % interval 0.051 to 0.073)`."""
    if one.difference is None:
        return "an unknown amount"
    sign = (1 if found.better == "higher" else -1) * (-1 if of_reference else 1)
    if one.low is None or one.high is None:
        same = ", the same for every seed" if one.verdict != "cannot tell" and one.is_paired else ""
        none = (
            ", with no spread at all between seeds"
            if one.verdict != "cannot tell" and not one.is_paired
            else ""
        )
        return f"{sign * one.difference:.4g}{same}{none}"
    ends = sorted((sign * one.low, sign * one.high))
    digits = _digits(ends[1] - ends[0])
    middle, low, high = (_rounded(value, digits) for value in (sign * one.difference, *ends))
    return f"{middle} ({100 * (1 - found.level):g} % interval {low} to {high})"


def _digits(width: float) -> int | None:
    """Return how many decimals an interval of this width deserves: three digits of it."""
    if not width or not math.isfinite(width):
        return None
    return 3 - math.ceil(math.log10(width))


def _rounded(value: float, digits: int | None) -> str:
    if digits is None or digits > 8:
        return f"{value:.4g}"
    return f"{value:.{digits}f}" if digits >= 0 else f"{round(value, digits):.0f}"


def _mean(one: Standing) -> str:
    from gnomon.runs.groups.spread import Spread

    total = one.n + one.failed
    of = f" of {total:,}" if one.failed else ""
    if not one.n:
        return f"and none of its {total:,} seed{'' if total == 1 else 's'} has a finite value"
    return f"{Spread(one.n, one.mean, one.spread)} over {one.n:,}{of} seed{'' if total == 1 else 's'}"


def _paired(ones: Sequence[Comparison]) -> str:
    paired = [one for one in ones if one.is_paired]
    if not paired:
        return ""
    if len(ones) == 1:
        left_out = f", which leaves out {paired[0].left_out:,}" if paired[0].left_out else ""
        return f"; compared seed by seed, {paired[0].n_pairs:,} pairs{left_out}"
    return "; compared seed by seed" + (
        "" if len(paired) == len(ones) else f" in {len(paired):,} of {len(ones):,} comparisons"
    )


def _failed(ones: Sequence[Comparison]) -> str:
    """Return why groups that look better cannot be called so: seeds of them failed."""
    reasons = [
        one.why for one in ones if one.p is None and one.low is None and one.why and "finite" in one.why
    ]
    if not reasons:
        return ""
    different = [*dict.fromkeys(reasons)]
    more = f"; so with {len(different) - 2:,} more" if len(different) > 2 else ""
    so = "it is not called better" if len(different) == 1 else "none of these is called better"
    return f" {'; '.join(different[:2])}{more}: on the seeds that are left alone, {so}."


def _promising(found: Judgement) -> str:
    """Return which group of one seed is worth more of them."""
    one = found.promising
    if one is None:
        return ""
    value = _standing(found, one.name).mean
    of = f"; of {one.of:,} such groups it is the best" if one.of > 1 else ""
    looks = f" `{one.name}` looks better on its single seed ({value:.6g}{of})"
    return f"{looks}, which proves nothing: run it with {_more(one.more_seeds)}."


def _more(seeds: int) -> str:
    return f"{seeds:,} more seed{'' if seeds == 1 else 's'}"


def _to_settle(ones: Sequence[Comparison]) -> str:
    """Return how many more seeds would probably settle the hardest of what can be settled."""
    ones = [one for one in ones if not (one.why and "finite" in one.why)]  # `_failed` says it
    needed = [one for one in ones if one.more_seeds is not None]
    if not needed:
        reasons = [one.why for one in ones if one.why and one.why not in (SAME, REFERENCE_ONE_SEED)]
        return f" No number of seeds is given: {reasons[0]}." if reasons else ""
    most = max(one.more_seeds or 0 for one in needed)
    seeds = f"{most:,} more seed{'' if most == 1 else 's'} of each"
    if len(ones) == 1:
        pairs = ": then they can be compared seed by seed" if needed[0].why == PAIRS_LATER else ""
        return f" About {seeds} would probably settle it{pairs}."
    rest = "" if len(needed) == len(ones) else f" {len(needed):,} of these"
    return f" About {seeds} would probably settle{rest or ' all of them'}."


def _standing(found: Judgement, name: str | None) -> Standing:
    return next(one for one in found.standings if one.name == name)


def _names(names: Sequence[str]) -> str:
    names = [f"`{name}`" for name in names]
    if len(names) > _MOST_NAMED:
        return f"{', '.join(names[:_MOST_NAMED])} and {len(names) - _MOST_NAMED:,} more"
    return " and ".join(names) if len(names) < 3 else f"{', '.join(names[:-1])} and {names[-1]}"
