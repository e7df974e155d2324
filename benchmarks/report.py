"""Render docs/reference/performance.md from a file of results: `python -m benchmarks.report [RESULTS]`.

No figure on that page is typed by hand. Of several runs in one file, the last one of each case and peer counts; what
`--quick` measured never does.
"""

import argparse
import json
import re
from collections.abc import Iterator
from pathlib import Path

from benchmarks import summary
from benchmarks.peers.gnomon import PROJECT
from benchmarks.run import RESULTS
from benchmarks.targets import Rows

PAGE = PROJECT / "docs" / "reference" / "performance.md"
HEAD = """# Performance

Made from measurements by `python -m benchmarks.report`; nothing here is typed by hand. What each case does, and what
its figures do and do not say: [`benchmarks/README.md`](../../benchmarks/README.md).

Ratios to the floors, which ran just before and just after each tracker, say more than times: other programs may
have kept the machine busy (`load` below, on {cores} cores).
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.report", description=__doc__)
    parser.add_argument("results", type=Path, nargs="?", default=RESULTS / "latest.jsonl")
    rows = [json.loads(text) for text in parser.parse_args().results.read_text().splitlines()]
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text("\n".join(page(rows)) + "\n")
    print(PAGE.relative_to(PROJECT))


def page(rows: Rows) -> Iterator[str]:
    """Yield the lines of the page."""
    machines = [row for row in rows if row["figure"] == "machine"]
    rows = last_of_each(rows)
    yield HEAD.format(cores=machines[-1]["cores"])
    yield from _machines(machines, rows)
    versions = {row["peer"]: _number(row["version"]) for row in rows if row.get("version")}
    yield "Versions: " + ", ".join(f"{peer} {version}" for peer, version in versions.items()) + "."
    yield from ("", "## Promises", "")
    verdicts, *comparisons = _split(list(summary.tables(rows)))
    yield from verdicts
    yield from ("", "## Beside the others")
    for table in comparisons:
        yield from ("", *table)


def _machines(machines: Rows, rows: Rows) -> Iterator[str]:
    """Yield a line for each machine and commit that rows were measured on, with its cases where there are several."""
    of_kind: dict[tuple[str, object], Rows] = {}
    for row in rows:
        machine = machines[row["batch"]]
        of_kind.setdefault((_hardware(machine), machine["commit"]), []).append(row)
    for (hardware, _), found in of_kind.items():
        last = machines[max(row["batch"] for row in found)]
        loads = [row["load"] for row in found]
        cases = f" (`{'`, `'.join(dict.fromkeys(row['case'] for row in found))}`)" if len(of_kind) > 1 else ""
        yield (
            f"{hardware}{cases}; commit {last['commit']}; {last['at']}; load {min(loads):g} to {max(loads):g}.  "
        )


def _hardware(machine: dict[str, object]) -> str:
    return (
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB, {machine['system']}, "
        f"Python {machine['python']}"
    )


def _number(version: str) -> str:
    """Return the number in what a program says of its version."""
    found = re.search(r"\d+(\.\w+)*", version)
    return found[0] if found else version


def last_of_each(rows: Rows) -> Rows:
    """Return the rows that were measured last for each case and peer: those after the last machine line before them.

    Each gets `batch`, the number of its machine line.
    """
    batch, last = -1, {}
    numbered = []
    is_quick = False
    for row in rows:
        if row["figure"] == "machine":
            batch += 1
            is_quick = row.get("quick", False)
        elif not is_quick:
            numbered.append((batch, row))
            last[row["case"], row["peer"]] = batch
    return [{**row, "batch": batch} for batch, row in numbered if last[row["case"], row["peer"]] == batch]


def _split(lines: list[str]) -> list[list[str]]:
    """Cut lines into tables: a title in bold begins one."""
    tables: list[list[str]] = [[]]
    for text in lines:
        if text.startswith("**"):
            tables.append([])
        tables[-1].append(text)
    return [table[:-1] if table and not table[-1] else table for table in tables]


if __name__ == "__main__":
    main()
