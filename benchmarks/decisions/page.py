"""The figures in docs/explanation/evidence-changed.md, between two marks; the rest is written by hand."""

from __future__ import annotations

from benchmarks.decisions.cases import BORDERLINE, KINDS, STILL
from benchmarks.decisions.figures import Result, Tally

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
HISTORY = ""


def text(result: Result, case_range: str, rounds: int) -> str:
    """Return the part of the page that is made of the figures."""
    kinds, drawn = len(KINDS), result.misses_by_chance
    lines = [
        "Made by `python -m benchmarks.decisions`; do not edit this part.",
        f"{rounds} simulated records, each with one decision of each of {kinds} kinds, {rounds * kinds:,} in all.",
        f"They are drawn from the range `{case_range}` of random numbers;",
        f"the rules were chosen on another range.{' ' + HISTORY if HISTORY else ''}",
        "",
        "| | stated | measured |",
        "|---|--:|--:|",
        f"| misses: contradicted, and the decision does not say so | ≤ 5 % | **{result.misses:.1f} %** |",
        f"| of the kinds in which later seeds are drawn; the others leave nothing to chance | | {drawn:.1f} % |",
        f"| false alarms: not contradicted, and it says so | ≤ 10 % | **{result.false_alarms:.1f} %** |",
        f"| of these, where nothing relevant changed or more seeds agree | | {result.share(STILL):.1f} % |",
        f"| of these, borderline | | {result.share(BORDERLINE):.1f} % |",
        "",
        "| kind | is | decisions | say *evidence changed* | weakened | merged from another replica |",
        "|---|---|--:|--:|--:|--:|",
        *[_row(kind, result.kinds[kind]) for kind in KINDS],
    ]  # fmt: skip
    return "\n".join(lines)


def _row(kind: str, one: Tally) -> str:
    return (
        f"| {kind} | {one.truth} | {one.cases} | {one.alarms} | {one.softer} | "
        f"{one.merged_alarms} of {one.merged} |"
    )


def put_into(page: str, part: str) -> str:
    """Return a page with its part between the marks replaced."""
    before, _, rest = page.partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise ValueError(f"the page lacks {BEGIN} or {END}")
    return f"{before}{BEGIN}\n{part}\n{END}{after}"
