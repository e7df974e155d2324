"""`/checks`: of each name and subject the check that stands, what fails first where that is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.checks import KINDS
from gnomon.checks.pages.rows import row
from gnomon.checks.result import OUTCOMES
from gnomon.checks.views import checks
from gnomon.page import Shown

if TYPE_CHECKING:
    from gnomon.page import Ask

MOST = 100


def listing(ask: Ask) -> Shown:
    """Show the checks."""
    words, kind, verdict = ask.query.text("q")[:200], ask.query.text("kind"), ask.query.text("verdict")
    earlier = ask.query.flag("earlier")
    limit = ask.query.whole("limit", MOST, low=1, high=10_000)
    every = checks(ask.record, latest=not earlier)
    found = [
        one
        for one in every
        if (not kind or one.kind == kind)
        and (not verdict or one.verdict == verdict)
        and words.casefold() in one.name.casefold()
    ]
    counts = {outcome: sum(one.verdict == outcome for one in every) for outcome in OUTCOMES}
    asked = {"q": words, "kind": kind, "verdict": verdict, "earlier": earlier}
    return Shown(
        "checks/list.html", "Checks",
        {
            "rows": [row(ask.record, one) for one in found[:limit]], "found": len(found), "total": len(every), "limit": limit,
            "asked": asked, "words": words, "kind": kind, "verdict": verdict, "earlier": earlier, "kinds": KINDS,
            "counts": counts,
        },
    )  # fmt: skip
