"""The driver: every case of every peer, each in fresh processes, and a table of ratios and verdicts at the end."""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks import machine, summary
from benchmarks.bench import Bench, Case, Row
from benchmarks.cases import CASES
from benchmarks.peers import MODULES, TRACKERS, VERSIONERS
from benchmarks.processes import FailedError, adopt_orphans

RESULTS = Path(__file__).parent / "results"


def main(argv: list[str] | None = None) -> int:
    """Measure, print, and return 0; 1 where something did not work or, unless quick, a target was missed."""
    args = _parse(argv)
    adopt_orphans()
    bench = Bench(args.root, quick=args.quick, scale=args.scale)
    bench.root.mkdir(parents=True, exist_ok=True)
    args.json.parent.mkdir(parents=True, exist_ok=True)
    rows: list[Row] = []
    with args.json.open("a") as out:

        def keep(row: Row) -> None:
            rows.append(row)
            out.write(json.dumps(_rounded(row)) + "\n")
            out.flush()

        keep({**machine.describe(), "quick": args.quick})
        for case in (CASES[name] for name in args.cases):
            for peer in (name for name in args.peers if name in case.peers):
                print(f"{case.name}: {peer}", file=sys.stderr)
                for row in _measured(case, bench, peer):
                    keep({"case": case.name, "peer": peer, **row, **machine.now()})
    print("\n".join(summary.tables(rows)))
    print(f"\nEvery row: {args.json}")
    failed = any("error" in row for row in rows)
    return 1 if failed or (summary.missed(rows) and not args.quick) else 0


def _measured(case: Case, bench: Bench, peer: str) -> Iterator[Row]:
    """Yield the rows of a case; where a process of the peer fails, a row that says so ends them."""
    try:
        yield from case.measure(bench, peer)
    except FailedError as error:
        yield {"figure": "failure", "error": str(error)}


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--cases", type=_names(CASES), default=list(CASES), help=f"of {','.join(CASES)}")
    parser.add_argument(
        "--peers",
        type=_names(MODULES),
        default=[*TRACKERS, "gnomon-bucket", *VERSIONERS],
        help=f"of {','.join(MODULES)}",
    )
    parser.add_argument("--quick", action="store_true", help="does everything work? the figures mean nothing")
    parser.add_argument(
        "--scale", type=float, default=1.0, help="part of the 100,000 runs of `scale`, `ask`, `pages`"
    )
    parser.add_argument(
        "--json", type=Path, default=RESULTS / "latest.jsonl", help="rows are added to this file"
    )
    parser.add_argument(
        "--root", type=Path, default=Path(tempfile.gettempdir()) / "gnomon-benchmarks", help="stores"
    )
    return parser.parse_args(argv)


def _names(known: dict[str, object]):
    def parse(text: str) -> list[str]:
        names = text.split(",")
        if unknown := [name for name in names if name not in known]:
            raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)}; there are {', '.join(known)}")
        return names

    return parse


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return value
