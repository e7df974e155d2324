"""`python -m benchmarks.forecast`."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from benchmarks.forecast import figures
from benchmarks.forecast.page import put_in, text

HELD_OUT = (
    "held-out-2"  # after a look at it that changed the method: the next number, and a line in page.HISTORY
)
PAGE = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "run-forecasts.md"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.forecast", description=__doc__)
    parser.add_argument("--development", action="store_true", help="the cases it was built on; prints only")
    parser.add_argument(
        "--record",
        action="store_true",
        help="train small models and keep their times (with --development: those that it was built on)",
    )
    parser.add_argument(
        "--cases", type=int, default=80, help="cases of each kind and each state of knowledge"
    )
    arguments = parser.parse_args()
    if arguments.record:
        from benchmarks.forecast.recording import record

        record(development=arguments.development)
        return 0
    started = time.monotonic()

    def step(what: str) -> None:
        print(f"[{time.monotonic() - started:5.0f} s] {what}", file=sys.stderr, flush=True)

    case_range = "development" if arguments.development else HELD_OUT
    made = text(
        case_range,
        arguments.cases,
        figures.count(case_range, arguments.cases, step=step),
        figures.of_recorded(development=arguments.development),
    )
    if arguments.development:
        print(made)
    else:
        PAGE.write_text(put_in(PAGE.read_text(encoding="utf-8"), made), encoding="utf-8")
        print(f"wrote {PAGE.name}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
