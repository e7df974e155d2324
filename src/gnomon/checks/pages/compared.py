"""`/checks/compare?before=…&after=…`: two checks of one kind beside each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.checks.comparing import compare
from gnomon.checks.drawn import figure
from gnomon.checks.pages.rows import row
from gnomon.checks.views import before, check_called
from gnomon.errors import BadArgumentError
from gnomon.page import Shown

if TYPE_CHECKING:
    from gnomon.checks.comparing import Difference
    from gnomon.page import Ask

MOST = 300


def compared(ask: Ask) -> Shown:
    """Show what changed from one check to another. Raises BadArgumentError, UnknownSubjectError."""
    after = check_called(ask.record, ask.query.text("after"))
    asked = ask.query.text("before")
    asked = asked or after.since or ""
    first = check_called(ask.record, asked) if asked else before(ask.record, after.name, than=after)
    if first is None:
        raise BadArgumentError(
            f"`{after.label}` is the first of its name", hint="`before=` names the one to compare it with"
        )
    found = compare(first.result, after.result)
    everything = ask.query.flag("all")
    figures = [one for one in found.figures if everything or one.is_sure]
    return Shown(
        "checks/compared.html", f"{after.name}: two versions",
        {
            "was": row(ask.record, first), "now": row(ask.record, after), "sentence": found.sentence, "notes": found.notes,
            "changes": [(one, _figures(one.figure)) for one in found.changes[:MOST]],
            "figures": [(one.what, _figures(one)) for one in figures[:MOST]],
            "more": max(0, len(figures) - MOST), "total": len(found.figures), "everything": everything,
        },
    )  # fmt: skip


def _figures(one: Difference) -> tuple[str, str, str]:
    """Return what it was, what it is, and the difference with its interval."""
    difference = "" if one.difference is None else f"{one.difference:+.4g}"
    if difference and one.low is not None and one.high is not None:
        difference += f" ({one.low:+.3g} to {one.high:+.3g})"
    return figure(one.before), figure(one.after), difference
