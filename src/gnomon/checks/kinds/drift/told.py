"""The findings, figures and charts of drift, from what was measured.

Always true: all findings of one result are corrected together (Holm), the shares of missing values and the joint test among them.
Which outcome when: docs/internals/checks.md, "The verdict", second row.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from gnomon.checks.kinds.drift.columns import WORDS
from gnomon.checks.kinds.drift.joint import FEWEST_ROWS
from gnomon.checks.result import FAIL, PASS, UNKNOWN, Chart, Figures, Finding, Series
from gnomon.runs.importance.share import holm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.checks.kinds.drift.joint import Joint
    from gnomon.checks.kinds.drift.measured import Measured

DRAWN = 40  # marks of the chart of effects
PICTURES = 8  # columns whose distributions are drawn
EXPLAINED = 0.05  # chance, not corrected, from which nothing seems to have moved
_CLOSE = 0.2  # of the limit: nearer than that, no number of rows is promised to tell


class Changed(NamedTuple):
    """A column that cannot be compared because one table lacks it, or holds something else in it."""

    name: str
    what: str


class Seen(NamedTuple):
    """All that was measured. `joint` is None where there was no such test, `why_not_joint` why it can say nothing, if so."""

    columns: Sequence[Measured]
    changed: Sequence[Changed]
    rows: tuple[int, int]
    joint: Joint | None = None
    why_not_joint: str = ""
    joint_limit: float = 0.5


class Judged(NamedTuple):
    """Findings, and for each measured column its outcome and its chance, corrected for all."""

    findings: tuple[Finding, ...]
    outcomes: dict[str, str]
    corrected: dict[str, float]


def judged(seen: Seen, limit: float, level: float) -> Judged:
    """Return a finding for each column, for each share of missing values, and for the columns together."""
    with_missing = [one for one in seen.columns if one.missing.reference or one.missing.current]
    chances = [one.p for one in seen.columns if not one.reason]
    chances += [one.missing.p for one in with_missing]
    chances += [seen.joint.p] if seen.joint is not None else []
    corrected = iter(holm(chances))
    findings = [
        Finding(f"column.{one.name}", one.what, FAIL, note="leave it out with `ignore` if that is meant")
        for one in seen.changed
    ]
    of_column, outcomes = {}, {}
    for one in seen.columns:
        if one.reason:
            findings.append(
                Finding(f"drift.{one.name}", f"`{one.name}` is not compared", UNKNOWN, note=one.reason)
            )
        else:
            of_column[one.name] = next(corrected)
            findings.append(_of_column(one, limit, of_column[one.name] <= level))
        outcomes[one.name] = findings[-1].outcome
    findings += [_of_missing(one, limit, next(corrected) <= level, seen.rows) for one in with_missing]
    if seen.joint is not None:
        findings.append(_of_joint(seen.joint, seen.joint_limit, next(corrected) <= level, min(seen.rows)))
    elif seen.why_not_joint:
        findings.append(
            Finding("joint", "whether columns hang together as before", UNKNOWN, note=seen.why_not_joint)
        )
    return Judged(tuple(findings), outcomes, of_column)


def _outcome(effect: float, high: float, limit: float, *, is_sure: bool) -> str:
    return FAIL if is_sure and effect > limit else PASS if high <= limit else UNKNOWN


def _of_column(one: Measured, limit: float, is_sure: bool) -> Finding:
    effect, low, high = one.effect or 0.0, one.low or 0.0, one.high or 0.0
    outcome = _outcome(effect, high, limit, is_sure=is_sure)
    figure = f"{'total variation' if one.kind == WORDS else 'KS distance'} {effect:.3f}"
    what = {
        FAIL: f"`{one.name}` {_verb(one)} ({figure})",
        PASS: f"`{one.name}` holds ({figure})",
        UNKNOWN: f"`{one.name}` may have moved ({figure})",
    }[outcome]
    notes = [one.note if outcome != PASS or one.kind == WORDS else ""]
    if outcome == UNKNOWN:
        notes.append(_why(effect, high, limit, is_sure=is_sure, p=one.p, smaller=min(one.n, one.m)))
    return Finding(
        f"drift.{one.name}",
        what,
        outcome,
        effect,
        low,
        high,
        f"at most {limit:g}",
        "; ".join(filter(None, notes)),
    )


def _verb(one: Measured) -> str:
    if one.kind == WORDS:
        return f"moved: {one.moved}" if one.moved else "moved"
    return {"up": "moved up", "down": "moved down", "wider": "spread out", "narrower": "drew together"}.get(
        one.moved, "moved"
    )


def _of_missing(one: Measured, limit: float, is_sure: bool, rows: tuple[int, int]) -> Finding:
    rate = one.missing
    outcome = _outcome(rate.apart, rate.high, limit, is_sure=is_sure)
    shares = f"{rate.reference:.1%} before, {rate.current:.1%} now"
    note = (
        _why(rate.apart, rate.high, limit, is_sure=is_sure, p=rate.p, smaller=min(rows))
        if outcome == UNKNOWN
        else ""
    )
    verb = {FAIL: "moved", PASS: "holds", UNKNOWN: "may have moved"}[outcome]
    return Finding(
        f"missing.{one.name}", f"the share of missing values of `{one.name}` {verb}: {shares}", outcome,
        rate.apart, rate.low, rate.high, f"at most {limit:g}", note,
    )  # fmt: skip


def _of_joint(joint: Joint, limit: float, is_sure: bool, smaller: int) -> Finding:
    outcome = _outcome(joint.auc, joint.high, limit, is_sure=is_sure)
    what = {
        FAIL: f"columns hang together differently: a classifier tells the tables apart with an AUC of {joint.auc:.3f}",
        PASS: f"columns hang together as before (AUC {joint.auc:.3f})",
        UNKNOWN: f"columns may hang together differently (AUC {joint.auc:.3f})",
    }[outcome]
    note = ""
    if outcome == FAIL:
        pair = f"{joint.first} and {joint.second}"
        note = f"most of it: {pair}, whose correlation went from {joint.before:.2f} to {joint.after:.2f}"
    elif outcome == UNKNOWN:
        needed = smaller * ((joint.high - 0.5) / (limit - 0.5)) ** 2
        is_close = is_sure and abs(joint.auc - limit) < _CLOSE * (limit - 0.5)
        note = (
            "it is close to the limit"
            if is_close
            else f"too few rows to say that it holds: {_about(needed, smaller)}"
        )
    return Finding(
        "joint", what, outcome, joint.auc, joint.low, joint.high, f"AUC of at most {limit:.3f}", note
    )


def _why(effect: float, high: float, limit: float, *, is_sure: bool, p: float, smaller: int) -> str:
    """Return why it cannot be told, and how many rows in each table would probably do: intervals narrow as 1 / sqrt(rows)."""
    if p > EXPLAINED:  # nothing seems to have moved, and what chance adds narrows too
        return f"too few rows to say that it holds: {_about(smaller * (high / limit) ** 2, smaller)}"
    if effect > limit and not is_sure:
        needed = 2 * (2.0 / effect) ** 2  # where the chance of so large a distance is about 0.0007
        return f"beyond the limit, and chance may explain it: {_about(needed, smaller)}"
    if abs(limit - effect) < _CLOSE * limit:
        return "it is close to the limit"
    needed = smaller * ((high - effect) / (limit - effect)) ** 2
    return f"the interval reaches beyond the limit: {_about(needed, smaller)}"


def _about(needed: float, smaller: int) -> str:
    if not math.isfinite(needed) or needed > 1e9:
        return "more rows would tell"
    needed = max(needed, 1.2 * smaller, 20)
    digits = max(0, len(str(int(needed))) - 2)
    return f"about {math.ceil(needed / 10**digits) * 10**digits:,} in each table would probably tell"


# ---------------------------------------------------------------- figures

COLUMNS = (
    "column", "kind", "n_reference", "n_current", "missing_reference", "missing_current", "statistic", "distance",
    "effect", "effect_low", "effect_high", "p", "p_corrected", "psi", "wasserstein", "wasserstein_sd", "moved",
)  # fmt: skip
_NOTE = (
    "effect: KS distance of numbers and times; of categories the total variation distance without what chance adds (distance"
    " is as counted). statistic: KS distance, or chi-square. wasserstein: in the unit of the column (times: days);"
    " wasserstein_sd: in standard deviations of the reference. p is of this column alone, p_corrected of all findings together."
)


def figures(seen: Seen, found: Judged, level: float) -> Figures:
    """Return the table of all columns, in the order of the reference."""
    rows = []
    for one in seen.columns:
        in_sd = one.wasserstein / one.spread if one.wasserstein is not None and one.spread else None
        is_told = not one.reason
        rows.append((
            one.name, one.kind, one.n, one.m, one.missing.reference, one.missing.current, one.statistic, one.distance,
            one.effect, one.low, one.high, one.p if is_told else None, found.corrected.get(one.name), one.psi,
            one.wasserstein, in_sd, one.moved if is_told and found.corrected[one.name] <= level else "",
        ))  # fmt: skip
    return Figures("columns", "Columns", COLUMNS, tuple(rows), _NOTE)


def charts(seen: Seen, found: Judged, limit: float, level: float) -> tuple[Chart, ...]:
    """Return the effects of the columns that moved most, and the distributions of the first of them."""
    told = sorted(
        (one for one in seen.columns if not one.reason), key=lambda one: (-(one.effect or 0.0), one.name)
    )
    if not told:
        return ()
    marks = told[:DRAWN]
    series = Series(
        "effect", tuple(one.name for one in marks), tuple(one.effect for one in marks),
        tuple(one.low for one in marks), tuple(one.high for one in marks),
    )  # fmt: skip
    title = (
        "How far columns moved"
        if len(told) <= DRAWN
        else f"How far columns moved: the {DRAWN} that moved most of {len(told):,}"
    )
    made = [
        Chart("effects", title, "intervals", (series,), "column", "KS distance or total variation", limit)
    ]
    moved = [
        one
        for one in told
        if one.bars is not None
        and one.effect
        and (found.outcomes[one.name] != PASS or found.corrected[one.name] <= level)
    ]
    moved.sort(key=lambda one: found.outcomes[one.name] != FAIL)
    made += [_picture(one) for one in moved[:PICTURES]]
    return tuple(made)


def _picture(one: Measured) -> Chart:
    assert one.bars is not None  # noqa: S101  chosen so
    both = (("reference", one.bars.reference), ("current", one.bars.current))
    series = tuple(Series(label, one.bars.labels, shares) for label, shares in both)
    return Chart(
        f"column.{one.name}", f"Distribution of {one.name}", "bars", series, one.name, "share of rows"
    )


def too_few(rows: tuple[int, int]) -> str:
    """Return why rows are too few for the joint test; nothing where they are not."""
    return (
        f"it needs {FEWEST_ROWS} rows in each table, and there are {min(rows)}"
        if min(rows) < FEWEST_ROWS
        else ""
    )
