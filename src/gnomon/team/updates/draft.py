"""The draft of an update: what the record saw somebody do since the last one.

Always true: each line names what it is about by a reference, and counts only what was done with the member's own devices.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from gnomon import text
from gnomon.runs.news import moment, telling_metrics
from gnomon.team.writing import views
from gnomon.team.writing.kinds import KINDS, UPDATE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gnomon.runs.views import Record

MOST_RUNS = 1_000
MOST_LINES = 8
_GONE = frozenset({"withdrawn", "archived"})


def draft(record: Record, writers: Sequence[str], since: float) -> str:
    """Return the three parts, the first filled in with what these devices did since a moment (seconds since 1970 UTC)."""
    did = [*_runs(record, set(writers), since), *_written(record, set(writers), since)]
    shown = [f"- {line}" for line in did[:MOST_LINES]]
    if len(did) > MOST_LINES:
        shown.append(f"- and {text.count(len(did) - MOST_LINES, 'thing')} more")
    return "\n".join(["Did:", *(shown or ["- "]), "", "Next:", "- ", "", "Blocked:", ""])


def _runs(record: Record, writers: set[str], since: float) -> Iterable[str]:
    """Yield a line for each group of runs, or run without one, that these devices started or ended since."""
    time = moment(since)
    metrics = telling_metrics(record)
    table = record.runs(
        f"created > {time} or ended > {time}",
        columns=["id", "name", "group", "status", *metrics],
        limit=MOST_RUNS,
    )
    together: dict[str, list[dict[str, Any]]] = {}
    for row in table:
        if _writers_of(record, str(row["id"])) & writers:
            together.setdefault(str(row["group"] or row["name"] or row["id"]), []).append(row)
    for name, rows in together.items():
        yield _line(name, rows, metrics)


def _line(name: str, rows: Sequence[dict[str, Any]], metrics: Sequence[str]) -> str:
    ids = [str(row["id"]) for row in rows]
    statuses = Counter(str(row["status"]) for row in rows)
    told = ", ".join(
        f"{count} {status}" if len(rows) > 1 else status for status, count in statuses.most_common()
    )
    best = _best(rows, metrics)
    shown = f"; best {best[0]} {{{{ metrics.{best[0]} of run:{best[1][:8]} }}}}" if best else ""
    what = f"run:{ids[0][:8]}" if len(ids) == 1 else text.count(len(ids), "run")
    return f"{what} of `{name}`: {told}{shown}" if name != ids[0] else f"{what}: {told}{shown}"


def _best(rows: Sequence[dict[str, Any]], metrics: Sequence[str]) -> tuple[str, str] | None:
    """Return the most useful metric that any of the runs has, and the run that is best in it."""
    from gnomon.runs.compare.direction import guess

    for key in metrics:
        having = [row for row in rows if isinstance(row[key], (int, float)) and row[key] == row[key]]
        if having:
            metric = key.removeprefix("metrics.")
            least = guess(metric) == "lower"
            chosen = min(having, key=lambda row: row[key]) if least else max(having, key=lambda row: row[key])
            return metric, str(chosen["id"])
    return None


def _writers_of(record: Record, run: str) -> set[str]:
    state = record.replica.index.state("run", run)
    processes = state["processes"] if isinstance(state, dict) else {}
    return {str(one["writer"]) for one in processes.values()}


def _written(record: Record, writers: set[str], since: float) -> Iterable[str]:
    """Yield a line for each thing that these devices wrote since."""
    for kind in KINDS.values():
        if kind is UPDATE:
            continue
        for row in views.rows(record, kind.type):
            if row.created > since and row.writer in writers and row.state not in _GONE:
                yield f"{row.label} {row.title}"
