"""`/`: what waits for the reader, what happened since they last looked, what runs, what failed; and what the palette finds.

Always true: looking moves no reading position. There is one, that of `gnomon catchup`: what was seen there is not new here. Each
part of the page is bounded and asked for on its own, so a page over 100,000 runs stays quick.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.page import Json, Shown
from gnomon.runs.elsewhere import WHERE as ELSEWHERE
from gnomon.runs.elsewhere import elsewhere
from gnomon.runs.failures import WHERE, failures
from gnomon.runs.news import MOST_RUNS, moment, news
from gnomon.runs.palette import data_place, found
from gnomon.telling import kinds_told

if TYPE_CHECKING:
    from gnomon.page import Ask
    from gnomon.runs.views import Record

MOST_RUNNING = 12
MOST_FAILURES = 8
DAY_S = 86_400.0
SPANS = (("day", "a day", 1.0), ("week", "a week", 7.0), ("month", "a month", 30.0))
FIRST_LOOK_DAYS = 7.0
_RUNNING = "status = running"


def home(ask: Ask) -> Shown:
    """Show what waits for the reader, what is new, what runs and what failed."""
    record = ask.record
    values: dict[str, object] = {"is_empty": False}
    if not ask.part or ask.part == "facts":
        values["facts"] = facts(record)
    if not ask.part:
        values["is_empty"] = record.runs(columns=["id"], limit=0).total == 0 and not record.data_sets()
    if not ask.part or ask.part == "waiting":
        from gnomon.team.catchup.waiting import waiting

        values["waiting"] = waiting(record)
    if not ask.part or ask.part == "news":
        values |= _news(ask)
    if not ask.part or ask.part == "running":
        values |= _running(ask)
    if not ask.part or ask.part == "failed":
        groups, total = failures(record)
        values |= {"failures": groups[:MOST_FAILURES], "failed": total, "failed_where": WHERE}
    return Shown("runs/home.html", "Home", values)


def palette(ask: Ask) -> Json:
    """Return what the palette finds for some words, beside pages and actions."""
    return Json(found(ask.record, ask.query.text("q")[:200]))


def _news(ask: Ask) -> dict[str, object]:
    from gnomon.team.catchup.position import last_look

    looked = last_look(ask.record.home)
    span = next((one for one in SPANS if one[0] == ask.query.text("since")), None)
    if span is not None:
        since = ask.now - span[2] * DAY_S
    else:
        since = looked if looked is not None else ask.now - FIRST_LOOK_DAYS * DAY_S
    return {
        "news": news(ask.record, since),
        "looked": looked,
        "span": span,
        "spans": SPANS,
        "most_runs": MOST_RUNS,
        "since": moment(since),
        "came": kinds_told,
        "data_path": data_place,
    }


def _running(ask: Ask) -> dict[str, object]:
    from gnomon.runs.progress import progress_of, rate_words

    table = ask.record.runs(_RUNNING, columns=["id"], limit=MOST_RUNNING)
    rows = [progress_of(ask.record, run, ask.now) for run in table.ids]
    return {
        "running": rows, "running_total": table.total, "running_where": _RUNNING, "rate": rate_words,
        "elsewhere": elsewhere(ask.record, ask.now), "elsewhere_where": ELSEWHERE,
    }  # fmt: skip


def facts(record: Record) -> dict[str, int]:
    """Return how much there is: runs, versions of data and data sets, bytes."""
    home = record.home
    files = [
        *home.log_files(), *home.wal_files(), *home.segment_files(), *home.salvage_files(), *home.pack_files()
    ]  # fmt: skip
    table = record.runs(columns=["id"], limit=0)
    names = record.replica.index.columns("data", ["name"])["name"]
    return {
        "runs": table.total,
        "groups": record.count_of("group"),
        "data_sets": len({one for one in names if one is not None}),
        "versions": len(names),
        "bytes": sum(state.st_size for _, state in files),
        "devices": len(home.writers("log")),
    }
