"""`python -m benchmarks.decisions`."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from benchmarks.decisions import figures, page

HELD_OUT = (
    "held-out-1"  # after a look at it that changed the rules: the next number, and a line in page.HISTORY
)
PAGE = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "evidence-changed.md"
ROUNDS = 60


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.decisions", description=__doc__)
    parser.add_argument("--development", action="store_true", help="the cases it was built on; prints only")
    parser.add_argument(
        "--rounds", type=int, default=ROUNDS, help="records, each with one decision of every kind"
    )
    arguments = parser.parse_args()
    case_range = "development" if arguments.development else HELD_OUT
    with tempfile.TemporaryDirectory(prefix="gnomon-decisions-") as folder:
        # Nothing of the user's is read or written, and no process is looked at.
        os.environ |= {
            "XDG_CONFIG_HOME": f"{folder}/config",
            "XDG_CACHE_HOME": f"{folder}/cache",
            "GNOMON_CAPTURE": "off",
        }
        result = figures.count(
            case_range, arguments.rounds, step=lambda what: print(what, file=sys.stderr, flush=True)
        )
    part = page.text(result, case_range, arguments.rounds)
    if arguments.development:
        print(part)
        return 0
    PAGE.write_text(page.put_into(PAGE.read_text(encoding="utf-8"), part), encoding="utf-8")
    print(f"wrote {PAGE.name}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
