"""How well `gnomon why` finds planted causes: `python -m benchmarks.why`.

Writes into docs/explanation/why-runs-differ.md. The numbers from 0 are those that the method was built on; those from
400,000 were left alone until it was finished. `--from 0 --cases 20` is a quick look, and prints only.
`--simulated` makes the other tables of the page.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

HELD_OUT = (
    400_000  # after a look at it that changed the method: the next hundred thousand, and a line on the page
)
PAGE = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "why-runs-differ.md"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.why", description=__doc__)
    parser.add_argument("--from", dest="first", type=int, default=HELD_OUT, help="number of the first case")
    parser.add_argument("--simulated", action="store_true", help="the simulated tables only")
    parser.add_argument("--cases", type=int, default=200, help="cases with causes; twice as many without")
    arguments = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # before NumPy is loaded: one process, one core

    from benchmarks.checks.fairness import write_block
    from benchmarks.why.figures import count
    from benchmarks.why.page import text

    if arguments.simulated:
        from benchmarks.why.simulated import level_lines, power_lines

        write_block("simulated power", power_lines(), PAGE)
        write_block("simulated level", level_lines(), PAGE)
        return 0
    numbers = range(arguments.first, arguments.first + arguments.cases)

    def step(number: int) -> None:
        done = number - numbers.start
        if done % 10 == 0:
            print(f"[{time.process_time():5.0f} s] {done:,} of {len(numbers):,}", file=sys.stderr, flush=True)

    lines = text(count(numbers, step=step), numbers)
    if arguments.first >= HELD_OUT:
        write_block("measured", lines, PAGE)
    else:
        print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
