"""What holds of a member at an instant: the time on their clock, whether they work, and when they next begin.

A zone that this machine does not know is said in words, so that one member never hides the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import BadArgumentError
from gnomon.team.people import clock
from gnomon.team.people.drawn import iso, offset_text, time_text, when_text

if TYPE_CHECKING:
    from datetime import date

    from gnomon.team.people.person import Person


class Standing(NamedTuple):
    """How it stands with a member now. `local` and `zone` are empty where no time zone is known; `next` is None for never."""

    zone: str
    local: str
    what: str
    today: date | None = None
    is_working: bool = False
    next: float | None = None

    def to_dict(self) -> dict[str, object]:
        """Return plain values, as JSON has them."""
        return {
            "zone": self.zone or None, "local": self.local or None, "now": self.what, "is_working": self.is_working,
            "next_begins": iso(self.next) if self.next is not None else None,
        }  # fmt: skip


def standing_of(person: Person, now: float) -> Standing:
    """Return how it stands with a member. Raises MissingExtraError where this machine knows no time zones."""
    if not person.schedule:
        return Standing("", "", "has not said when")
    try:
        zone = clock.local_zone(person, now)
        today = clock.local_date(zone, now)
        following = clock.next_morning(person, now)
        what, is_working = _what(person, zone, now, following)
    except BadArgumentError as error:
        return Standing("", "", error.message)
    return Standing(
        zone, f"{when_text(now, zone)} {offset_text(zone, now)}", what, today, is_working, following
    )


def _what(person: Person, zone: str, now: float, following: float | None) -> tuple[str, bool]:
    works_until = next((one.end for one in clock.windows_after(person, now) if one.start <= now), None)
    if works_until is not None:
        return f"working until {time_text(works_until, zone)}", True
    off = last_day_off(person, clock.local_date(zone, now))
    if off is not None:
        return f"away until {off.isoformat()}", False
    return (
        f"back {when_text(following, zone)}" if following is not None else "no working hours ahead"
    ), False


def last_day_off(person: Person, day: date) -> date | None:
    """Return the last of the days off that a date is one of; None for a date that is none."""
    return max((one.last for one in person.away if one.first <= day <= one.last), default=None)
