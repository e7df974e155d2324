"""The tables that a person reads: targets with their verdicts, and Gnomon beside its peers.

Everything here is Markdown, and made from rows alone.
"""

from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.markdown import header, line, number
from benchmarks.peers import MODULES, VERSIONERS
from benchmarks.shapes import SHAPES
from benchmarks.summary_pages import PAGES
from benchmarks.targets import TARGETS, Rows, Target, middle, pick, to_floor

WARMED_UP = frozenset({"ask", "team"})
"""Cases whose first round brings the index up to date: it is no part of their figures."""


def tables(rows: Rows) -> Iterator[str]:
    """Yield the lines of every table for which there are rows."""
    yield from verdicts(rows)
    for title, make in COMPARISONS.items():
        lines = list(make(rows))
        if len(lines) > 2:
            yield from ("", f"**{title}**", "", *lines)
    if failures := [row for row in rows if "error" in row]:
        yield from ("", "**What did not work**", "")
        yield from (f"- {row['case']}, {row['peer']}: {_one_line(row['error'])}" for row in failures)


def missed(rows: Rows) -> list[Target]:
    """Return the targets that were measured and not met."""
    values = [(target, target.value(rows)) for target in TARGETS]
    return [target for target, value in values if value is not None and not target.passes(value)]


def verdicts(rows: Rows) -> Iterator[str]:
    """Yield the table of targets, those that were measured."""
    yield from header("case", "figure", "target", "median", "best", "")
    for target in TARGETS:
        value = target.value(rows)
        if value is not None:
            verdict = "pass" if target.passes(value) else "**FAIL**"
            figures = (number(found, target.unit) for found in (value, target.best(rows)))
            yield line(target.case, target.says, target.bound, *figures, verdict)


def _log(case: str, figure: str) -> Callable[[Rows], Iterator[str]]:
    def table(rows: Rows) -> Iterator[str]:
        yield from header(
            "peer",
            "processor time, × append to a list",
            "× flushed JSON line",
            "µs a call",
            "p50 µs",
            "p99 µs",
            "mean µs",
            "p50, × Gnomon's",
        )
        ours = middle(to_floor(rows, case, "log_timed", "jsonl-flush", "p50_us"))
        for peer in MODULES:
            if not pick(rows, case, peer, figure=figure):
                continue
            timed = pick(rows, case, peer, figure="log_timed")
            p50 = middle(to_floor(rows, case, "log_timed", "jsonl-flush", "p50_us", peer))
            yield line(
                peer,
                number(middle(to_floor(rows, case, figure, "memory", peer=peer))),
                number(middle(to_floor(rows, case, figure, "jsonl-flush", peer=peer))),
                number(middle(row["cpu_us"] for row in pick(rows, case, peer, figure=figure))),
                *(number(middle(row[key] for row in timed)) for key in ("p50_us", "p99_us", "mean_us")),
                number(p50 / ours if p50 and ours else None),
            )

    return table


def _shapes(rows: Rows) -> Iterator[str]:
    yield from header(
        "20 scalars as", "µs a call", "of it conversion", "× flushed JSON line", "fixed cost of the run, ms"
    )
    for shape in SHAPES:
        found = pick(rows, "log-20", figure=shape)
        if not found:
            continue
        yield line(
            shape,
            number(middle(row["cpu_us"] for row in found)),
            number(middle(row["conversion_cpu_us"] for row in found)),
            number(middle(to_floor(rows, "log-20", shape, "jsonl-flush"))),
            number(middle((row["cpu_us"] - row["loop_cpu_us"]) * row["calls"] / 1e3 for row in found)),
        )


def _columns(
    case: str, figure: str, columns: dict[str, str], **wanted: Any
) -> Callable[[Rows], Iterator[str]]:
    """A table with a line a peer: the median of each field, the warming-up round left out where there are others."""

    def table(rows: Rows) -> Iterator[str]:
        yield from header("peer", *columns)
        for peer in MODULES:
            found = pick(rows, case, peer, figure=figure, **wanted)
            if steady := [row for row in found if row.get("round", 1) > 0]:
                found = steady
            if found:
                cells = (middle(row[key] for row in found if key in row) for key in columns.values())
                yield line(peer, *map(number, cells))

    return table


def _figures(case: str, columns: dict[str, str]) -> Callable[[Rows], Iterator[str]]:
    """A table with a line a figure of Gnomon: the median of each field."""

    def table(rows: Rows) -> Iterator[str]:
        yield from header("", *columns)
        for figure in dict.fromkeys(row["figure"] for row in pick(rows, case)):
            found = pick(rows, case, figure=figure)
            if case in WARMED_UP:
                found = [row for row in found if row.get("round", 0) > 0]
            cells = [middle(row[key] for row in found if key in row) for key in columns.values()]
            if any(cell is not None for cell in cells):
                yield line(figure, *map(number, cells))

    return table


def _beside(case: str, figures: tuple[str, ...]) -> Callable[[Rows], Iterator[str]]:
    """A table with a line a question and peer: what it took more than a worker that does nothing, and × Gnomon's."""

    def table(rows: Rows) -> Iterator[str]:
        yield from header(
            "question",
            "peer",
            "runs",
            "more than a worker that does nothing, ms",
            "processor, ms",
            "× Gnomon's",
        )
        for figure in figures:
            ours = None
            for peer in MODULES:
                found = [row for row in pick(rows, case, peer, figure=figure) if row["round"] > 0]
                if not found:
                    continue
                cpu = middle(row["cpu_more_ms"] for row in found)
                ours = cpu if peer == "gnomon" else ours
                cells = (middle(row[key] for row in found) for key in ("runs", "more_ms", "cpu_more_ms"))
                yield line(figure, peer, *map(number, cells), number(cpu / ours if cpu and ours else None))

    return table


def _kills(rows: Rows) -> Iterator[str]:
    yield from header("peer", "speed", "kills", "acknowledged", "lost", "wrong", "runs that cannot be read")
    for peer in MODULES:
        for row in pick(rows, "kill", peer):
            speed = row["speed"] + (", runs ended and begun" if row["many_runs"] else "")
            yield line(
                peer,
                speed,
                *(number(row[key]) for key in ("kills", "acknowledged", "lost", "wrong", "unreadable")),
            )


def _versions(kind: str) -> Callable[[Rows], Iterator[str]]:
    """A table with a line a tool that versions data: what each step took, held against the system's own programs."""
    steps = {
        "add, × b3sum": ("add", "to_hash"),
        "stored, share": ("add", "stored_share"),
        "status, × find": ("status", "to_find"),
        "add version 2, × b3sum": ("add version 2", "to_hash"),
        "new bytes, share": ("add version 2", "stored_share"),
        "share, × b3sum": ("share", "to_hash"),
        "restore, × b3sum": ("restore", "to_hash"),
        "restore, × cp -r": ("restore", "to_copy"),
        "verify, × b3sum": ("verify", "to_hash"),
    }

    def table(rows: Rows) -> Iterator[str]:
        yield from header("tool", *steps, "peak MB")
        for peer in ("gnomon", *VERSIONERS):
            found = pick(rows, "data", peer, kind=kind)
            if found:
                cells = [
                    middle(row[key] for row in found if row["figure"] == figure)
                    for figure, key in steps.values()
                ]
                yield line(peer, *map(number, cells), number(max(row["peak_mb"] for row in found)))

    return table


def _syncs(rows: Rows) -> Iterator[str]:
    """A line a meeting: medians; the floor is `rsync -a`, of a bucket the quickest client."""
    columns = {
        "processor, ms": "cpu_ms",
        "passed, ms": "wall_ms",
        "MB sent": "megabytes",
        "requests": "requests",
        "processor, × floor": "cpu_to_floor",
        "passed, × floor": "wall_to_floor",
        "processor, more than without news, × floor": "more_cpu_to_floor",
        "passed, more, × floor": "more_wall_to_floor",
    }
    yield from header("", *columns)
    all_rows = pick(rows, "sync", "gnomon-bucket")
    for figure in dict.fromkeys(row["figure"] for row in all_rows):
        found = [
            {**row, **({"megabytes": row["bytes"] / 1e6} if "bytes" in row else {})}
            for row in all_rows
            if row["figure"] == figure
        ]
        yield line(
            figure, *(number(middle(row[key] for row in found if key in row)) for key in columns.values())
        )


def _flips(rows: Rows) -> Iterator[str]:
    yield from header(
        "tool",
        "bits flipped",
        "noticed by its own check",
        "restore refused",
        "restore right",
        "wrong bytes, no error",
    )
    for peer in ("gnomon", *VERSIONERS):
        for row in pick(rows, "data", peer, figure="flips"):
            right = row["trials"] - row["refused"] - row["handed_out"]
            noticed = number(row["noticed"]) if row["has_verify"] else "has none"
            counts = (row["refused"], right, row["handed_out"])
            yield line(peer, number(row["trials"]), noticed, *map(number, counts))


COMPARISONS: dict[str, Callable[[Rows], Iterator[str]]] = {
    "One scalar a call": _log("log-1", "log_one"),
    "20 scalars a call": _log("log-20", "floats"),
    "Kinds of 20 scalars, Gnomon": _shapes,
    "A trivial run in a git repository of 1,000 files, more than `python -c pass`": _columns(
        "cold",
        "hello",
        {
            "first metric, ms": "first_metric_more_ms",
            "whole, ms": "whole_more_ms",
            "processor, ms": "cpu_more_ms",
        },
    ),
    "`kill -9` at a random moment": _kills,
    "Small runs (10 params, 20 metrics × 10 steps)": _columns(
        "runs",
        "make",
        {
            "runs made": "runs",
            "ms a run": "ms_per_run",
            "processor, ms a run": "cpu_ms_per_run",
            "bytes a run": "bytes_per_run",
        },
    ),
    "The table of those runs from a fresh process, in Python": _columns(
        "runs", "table", {"runs": "runs", "more than bare Python, ms": "more_ms"}, way="python"
    ),
    "… of Gnomon by `gnomon runs --json`": _columns(
        "runs",
        "table",
        {"more than bare Python, ms": "more_ms", "processor, ms": "cpu_more_ms"},
        way="command",
    ),
    "Questions to many runs (`ask`)": _figures(
        "ask", {"ms": "ms", "more than bare Python, ms": "more_ms", "processor, more, ms": "cpu_more_ms"}
    ),
    "The same questions to all who can answer them (`ask-peers`), in Python": _beside(
        "ask-peers",
        ("filter and sort", "mean of a metric by a parameter", "search: a word of a note"),
    ),
    "The first page of the table of `scale`": _columns(
        "scale", "page", {"ms": "ms", "more than bare Python, ms": "more_ms", "processor, ms": "cpu_ms"}
    ),
    "One long series, float32 precision": _columns(
        "series", "write", {"points": "points", "written in, s": "write_s"}, kind="float32"
    ),
    "… its bytes a point (Gnomon: sealed)": _columns(
        "series", "size", {"bytes": "bytes_per_point"}, kind="float32", sealed=True
    ),
    "… full float64, sealed": _columns(
        "series", "size", {"bytes": "bytes_per_point"}, kind="float64", sealed=True
    ),
    "… read whole from a fresh process (Gnomon: sealed)": _columns(
        "series", "read", {"more than the floor, ms": "more_ms"}, kind="float32", sealed=True
    ),
    "Rebuilding the index": _figures(
        "index", {"a second": "per_second", "a second of processor time": "per_cpu_second"}
    ),
    "`gnomon verify`": _figures(
        "verify",
        {"MB": "megabytes", "MB/s": "mb_per_s", "MB a second of processor time": "mb_per_cpu_s"},
    ),
    "Versions of a CSV of 0.9 GB (`data`)": _versions("csv"),
    "… of 20,000 small files": _versions("small"),
    "… with one bit flipped in what is stored": _flips,
    "Sync of 10,000 runs with a folder and a bucket, whole processes": _syncs,
    **PAGES,
    "What a team writes, at the server (`team`); none of the others has writings": _figures(
        "team",
        {"writings": "writings", "p50, ms": "p50_ms", "p95, ms": "p95_ms", "processor, ms": "cpu_ms"},
    ),
    "Installed size": _columns("size", "size", {"packages": "packages", "MB": "mb"}),
}


def _one_line(text: str) -> str:
    return " ".join(text.split())[-200:]
