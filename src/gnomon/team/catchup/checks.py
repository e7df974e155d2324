"""What checks add to a catch-up: those that turned red, and how many were made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.checks.result import FAIL
from gnomon.checks.views import checks
from gnomon.team.catchup.news import Item
from gnomon.team.writing import views

if TYPE_CHECKING:
    from gnomon.runs.views import Record
    from gnomon.team.catchup.position import Position
    from gnomon.team.people.views import People


def check_news(
    record: Record, position: Position, members: People
) -> tuple[list[Item], int, dict[str, float]]:
    """Return the checks that turned red, the newest first, how many are new, and the latest time of each writer.

    A check turned red where the one of its name before it did not fail, whatever each was about. One that fails again is news
    to nobody.
    """
    seen: dict[str, float] = {}
    red: list[Item] = []
    made = 0
    before: dict[str, str] = {}
    for one in reversed(checks(record)):
        writer = str(one.writer or "")
        seen[writer] = max(one.created, seen.get(writer, 0.0))
        is_new = position.is_new(writer, one.created)
        made += is_new
        if is_new and one.verdict == FAIL and before.get(one.name) != FAIL:
            said = one.sentence.partition(": ")[2]
            who = views.who(members, writer)
            red.append(
                Item(one.label, f"{one.name} fails: {said}", who, one.created, href=f"/check/{one.id}")
            )
        before[one.name] = one.verdict
    return red[::-1], made, seen
