"""`/catchup`: what waits for the reader, and what is new for them.

Always true: looking moves no reading position; only `POST /catchup/seen` does, to the moment at which the page was made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.page import Redirect
from gnomon.team.catchup.news import STANDING
from gnomon.team.catchup.position import Position, PositionFile
from gnomon.team.catchup.views import catch_up
from gnomon.team.catchup.views import seen as keep
from gnomon.team.pages.around import shown

if TYPE_CHECKING:
    from gnomon.page import Ask, Shown

DAY_S = 86_400.0
SPANS = (("day", "a day", 1.0), ("week", "a week", 7.0), ("month", "a month", 30.0))


def catchup(ask: Ask) -> Shown:
    """Show what is new for the reader; `since` looks back a day, a week or a month."""
    span = next((one for one in SPANS if one[0] == ask.query.text("since")), None)
    position = None
    if span is not None:
        since = ask.now - span[2] * DAY_S
        position = Position(since, {}, since)
    found, _ = catch_up(ask.record, position=position, now=ask.now)
    values = {"found": found, "span": span, "spans": SPANS, "standing": STANDING, "made": ask.now}
    return shown(ask, "team/catchup.html", "Catch up", "catchup", values)


def seen(ask: Ask) -> Redirect:
    """Keep that the reader has seen all that was there when the page was made."""
    until = ask.form.number("until")
    until = min(until, ask.now) if until is not None and until > 0 else ask.now
    before = PositionFile(ask.record.home).latest(ask.now)
    _, now_seen = catch_up(ask.record, now=ask.now)
    writers = {
        writer: min(at, max(until, before.writers.get(writer, 0.0)))
        for writer, at in now_seen.writers.items()
    }
    keep(ask.record, Position(until, writers, 0.0))
    return Redirect("/catchup")
