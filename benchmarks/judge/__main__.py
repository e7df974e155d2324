"""`python -m benchmarks.judge`."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from benchmarks.judge import figures
from benchmarks.judge.cases import HARD, KINDS
from benchmarks.judge.page import Results, text

HELD_OUT = (
    "held-out-3"  # after a look at it that changed the method: the next number, and a line in page.HISTORY
)
PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "comparison-figures.md"
GROUPS = (2, 5, 10, 30)


def measure(case_range: str, cases: int) -> Results:
    started = time.monotonic()

    def step(what: str) -> None:
        print(f"[{time.monotonic() - started:5.0f} s] {what}", file=sys.stderr, flush=True)

    tallies = figures.count(case_range, cases, step=step)
    power = {}
    advice = {}
    hard = {}
    for kind in KINDS:
        step(f"differences found: {kind}")
        for shares in (False, True):
            for groups in GROUPS:
                power[kind, shares, groups] = figures.found(
                    case_range, cases // 2, kind, groups, shares_seeds=shares
                )
    for which in HARD:
        step(f"hard cases: {which}")
        for kind in KINDS:
            hard[which, kind] = figures.hard(case_range, cases // 2, kind, which)
    for kind in KINDS:
        step(f"more seeds: {kind}")
        advice[kind] = figures.advice(case_range, cases, kind)
    return Results(case_range, cases, tallies, power, advice, hard)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.judge", description=__doc__)
    parser.add_argument(
        "--development",
        action="store_true",
        help="the cases it was built on; prints only",
    )
    parser.add_argument("--cases", type=int, default=2000, help="cases of each kind of distribution")
    arguments = parser.parse_args()
    page = text(measure("development" if arguments.development else HELD_OUT, arguments.cases))
    if arguments.development:
        print(page)
    else:
        PAGE.write_text(page, encoding="utf-8")
        print(f"wrote {PAGE.name}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
