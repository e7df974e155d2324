"""`/run/{run}`: everything about one run at a glance: parameters, metrics, notes, data, files, how it was run.

The other parts of the page have addresses and modules of their own (`run_charts`, `run_console`, …); what is changed is in
`run_changes`. Always true: each list is bounded and says what it leaves out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from gnomon import text
from gnomon.page import Redirect
from gnomon.runs import checked
from gnomon.runs.capture import wording
from gnomon.runs.capture.wording import SYSTEM
from gnomon.runs.display.curves import curves
from gnomon.runs.display.shorten import short
from gnomon.runs.flat import flat
from gnomon.runs.groups.siblings import siblings, standings
from gnomon.runs.pages.run_parts import address, by_prefix, matching, opened, shown
from gnomon.runs.reproduce.views import made_again
from gnomon.runs.why.told_later import drawn, heading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.page import Answer, Ask, Shown
    from gnomon.runs.display.markup import Html
    from gnomon.runs.run_view import Note, RunView

PARAMS, LONG_VALUE, LONGEST_VALUE = 500, 160, 20_000
METRICS = 100
PREFIXES = 200
KEPT, USES, SEEDS, WITHHELD, PROCESSES = 6, 50, 40, 50, 64
TRACEBACK = 20_000
AGAIN = 10


def overview(ask: Ask) -> Answer:
    """Show a run."""
    run = opened(ask)
    return run if isinstance(run, Redirect) else page(ask, run)


def page(ask: Ask, run: RunView) -> Shown:
    """Return the overview, or what the part of it that is asked for needs."""
    values: dict[str, object] = {}
    tab = ask.query.text("tab") if ask.part == "head" else ""
    if ask.part in ("", "notes"):
        values["notes"] = notes_of(run)
    if ask.part in ("", "metrics"):
        values["metrics"] = metrics_of(run, ask.query.text("metrics"))
    if ask.part in ("", "failure"):
        values["traceback"] = _traceback(run)
    if ask.part in ("", "aside"):
        values |= _facts(run)
    if not ask.part:
        values["seeds"] = _seeds(run)
        again = made_again(run)
        values["explained"] = [
            {
                "heading": heading(one, run.id),
                "rows": drawn(one),
                "time_s": one["time_us"] / 1e6,
                "notes": one["notes"],
            }
            for one in run.explanations[::-1][:AGAIN]
        ]
        values["again"], values["more_again"] = again[:AGAIN], max(0, len(again) - AGAIN)
    return shown(ask, run, tab if tab in _TABS else "", "runs/run.html", values)


_TABS = frozenset("charts console code files media system notebook checks lineage".split())


# --- notes


def notes_of(run: RunView) -> list[list[Note]]:
    """Return the notes, oldest first; those that stand side by side because two people edited one apart are one group."""
    groups: dict[str, list[Note]] = {}
    for note in run.notes:
        groups.setdefault(note.of, []).append(note)
    return list(groups.values())


# --- metrics


def metrics_of(run: RunView, wanted: str) -> dict[str, object]:
    """Return the rows of the metrics that a filter means, with small curves, and what is left out."""
    stats = {key: stat for key, stat in run.stats.items() if not key[0].startswith(SYSTEM)}
    names = list(dict.fromkeys(name for name, _ in stats))
    chosen = set(matching(names, wanted))
    keys = [key for key in stats if key[0] in chosen]
    drawn = curves(run, keys[:METRICS], stats)
    rows = [
        {"name": name, "rank": rank, "stat": stats[name, rank], "curve": _markup(drawn.get((name, rank)))}
        for name, rank in keys[:METRICS]
    ]
    prefixes = by_prefix(names) if len(stats) > METRICS else {}
    return {
        "rows": rows, "filter": wanted, "total": len(names), "left_out": max(0, len(keys) - METRICS),
        "with_rank": {rank for _, rank in stats} - {0}, "with_nan": any(row["stat"].nan for row in rows),  # type: ignore[attr-defined]
        "prefixes": [(prefix, len(found)) for prefix, found in list(prefixes.items())[:PREFIXES] if prefix],
        "more_prefixes": max(0, len(prefixes) - PREFIXES),
    }  # fmt: skip


def _markup(curve: Html | None) -> Markup:
    return Markup(curve.markup if curve is not None else "")  # noqa: S704  it is made by `markup.tag`


# --- all else


def _facts(run: RunView) -> dict[str, object]:
    captured = run.captured
    params = list(flat(checked.shallow(run.params)))
    packages = captured.part("python").get("packages") or {}
    processes = run.processes
    withheld = [wording.withheld(one) for one in captured.withheld]
    return {
        "params": [(name, *_shown(value)) for name, value in params[:PARAMS]],
        "more_params": max(0, len(params) - PARAMS),
        "uses": run.uses[:USES],
        "more_uses": max(0, len(run.uses) - USES),
        "kept": run.kept[::-1][:KEPT],
        "more_kept": max(0, len(run.kept) - KEPT),
        "how": wording.facts(run),
        "code_address": address(run.id, "code"),
        "packages": sorted(packages.items()),
        "environment": sorted(captured.part("environment").items()),
        "withheld": withheld[:WITHHELD],
        "more_withheld": max(0, len(withheld) - WITHHELD),
        "processes": [(one, wording.losses(one)) for one in processes[:PROCESSES]],
        "more_processes": max(0, len(processes) - PROCESSES),
        "are_processes_told": len(processes) > 1 or any(wording.losses(one) for one in processes),
    }


def _shown(value: object) -> tuple[str, str]:
    """Return a parameter's value as it is shown, and the whole of it where that is longer."""
    cut = short(value, LONG_VALUE, exact=True) or text.MISSING
    whole = short(value, LONGEST_VALUE, exact=True)
    return (cut, "" if len(whole) <= len(cut) else whole)


def _traceback(run: RunView) -> str:
    lines = text.clean_lines((run.traceback or "").rstrip("\n")[-TRACEBACK:])
    return "\n".join(lines)


def _seeds(run: RunView) -> dict[str, object] | None:
    """Return where the run lies among the seeds of its configuration."""
    group = siblings(run.record, run.id)
    if group is None:
        return None
    found = [one for one in standings(run.record, group, run.id) if not one.metric.startswith(SYSTEM)]
    rows = [(one, max(one.spread.n, one.place or 0)) for one in found[:SEEDS]]
    apart: Sequence[str] = [f"{count:,} {status}" for status, count in group.apart.items()]
    return {
        "count": str(group.count),
        "runs": list(group.runs),
        "rows": rows,
        "left_out": max(0, len(found) - SEEDS),
        "apart": ", ".join(apart),
    }
