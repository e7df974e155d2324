"""`/run/{run}/checks`: the checks about a run, each with what failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.checks.pages.one import findings_of
from gnomon.checks.pages.rows import row
from gnomon.checks.result import PASS
from gnomon.checks.views import checks
from gnomon.ids import run_subject
from gnomon.page import Redirect
from gnomon.runs.pages.run_parts import opened, shown

if TYPE_CHECKING:
    from gnomon.page import Answer, Ask

MOST, FINDINGS = 50, 8


def of_run(ask: Ask) -> Answer:
    """Show the checks of a run."""
    run = opened(ask, "checks")
    if isinstance(run, Redirect):
        return run
    found = checks(ask.record, run_subject(run.id), latest=not ask.query.flag("earlier"))
    rows = [
        {
            **row(ask.record, one),
            "findings": findings_of([each for each in one.findings if each["outcome"] != PASS][:FINDINGS]),
        }
        for one in found[:MOST]
    ]
    values = {"rows": rows, "more": max(0, len(found) - MOST), "earlier": ask.query.flag("earlier")}
    return shown(ask, run, "checks", "checks/of_run.html", values)
