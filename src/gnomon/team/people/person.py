"""What a member is to those who ask: name, schedule, days off, and the writers that speak for them. Values only; no record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.team.people.hours import Span, days_text, hours_text, read_days, read_hours

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Works:
    """When and where somebody works, from a local date on (None: since ever), until the next one begins.

    `zone` is a name such as `Asia/Kolkata`; `spans` are working hours of a day, `days` those of the week, Monday 0. `others` are
    what was said apart for the same date and is not settled; the latest is this one.
    """

    from_: date | None
    zone: str
    spans: tuple[Span, ...]
    days: frozenset[int]
    others: tuple[Works, ...] = ()

    @property
    def hours(self) -> str:
        """The hours as text: `09:00-17:00`."""
        return hours_text(self.spans)

    @property
    def week(self) -> str:
        """The days as text: `mon-fri`."""
        return days_text(self.days)

    def to_dict(self) -> dict[str, object]:
        """Return plain values, as JSON has them."""
        return {
            "from": self.from_.isoformat() if self.from_ is not None else None,
            "zone": self.zone, "hours": self.hours, "days": self.week,
            "also_said": [one.to_dict() for one in self.others],
        }  # fmt: skip


class Away(NamedTuple):
    """Days off: local dates, both included. `source` marks the calendar that they came from; empty where typed."""

    uid: str
    first: date
    last: date
    why: str = ""
    source: str = ""

    def to_dict(self) -> dict[str, object]:
        """Return plain values, as JSON has them."""
        return {
            "uid": self.uid, "first": self.first.isoformat(), "last": self.last.isoformat(), "why": self.why or None,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person:
    """A member. `writers` are the devices that speak for them now; a member whom a teammate added has none.

    `other_names` are what they were called apart, not settled. `schedule` is in order of its dates, `away` too.
    `can_be_asked` says whether they agreed to be named as somebody who can explain a thing.
    """

    id: str
    name: str
    schedule: tuple[Works, ...] = ()
    away: tuple[Away, ...] = ()
    writers: tuple[str, ...] = ()
    other_names: tuple[str, ...] = ()
    can_be_asked: bool = False

    @property
    def is_claimed(self) -> bool:
        """Whether a device speaks for them."""
        return bool(self.writers)

    def works_on(self, day: date) -> Works | None:
        """Return what holds on a local date: the latest that begins on it or before; None where nobody said."""
        found = None
        for works in self.schedule:
            if works.from_ is None or works.from_ <= day:
                found = works
        return found

    def is_away(self, day: date) -> bool:
        """Return whether a local date is a day off."""
        return any(one.first <= day <= one.last for one in self.away)

    def to_dict(self) -> dict[str, object]:
        """Return plain values, as JSON has them."""
        return {
            "id": self.id, "name": self.name, "also_called": list(self.other_names),
            "schedule": [one.to_dict() for one in self.schedule], "away": [one.to_dict() for one in self.away],
            "writers": list(self.writers), "can_be_asked": self.can_be_asked,
        }  # fmt: skip


def person_from(member: str, state: Mapping[str, Any], writers: tuple[str, ...]) -> Person:
    """Return the person of a state that `fold_member` made."""
    schedule = []
    for row in state["schedule"]:
        since = date.fromisoformat(row["from"]) if row["from"] is not None else None
        *others, shown = (_works(since, one) for one in row["choices"])
        schedule.append(Works(since, shown.zone, shown.spans, shown.days, tuple(others)))
    away = [
        Away(
            row["uid"],
            date.fromisoformat(row["first"]),
            date.fromisoformat(row["last"]),
            row["why"],
            row["source"],
        )
        for row in state["away"]
    ]
    away.sort(key=lambda one: (one.first, one.last, one.uid, one.why))
    names = tuple(state["names"][:-1])
    return Person(
        member, state["name"], tuple(schedule), tuple(away), writers, names, _agreed(state["asked"], writers)
    )


def _agreed(said: Sequence[tuple[str, bool]], writers: tuple[str, ...]) -> bool:
    """Return whether a member agreed to be asked: only their own devices say so, and a no of one of them counts."""
    own = [is_yes for writer, is_yes in said if writer in writers]
    return bool(own) and all(own)


def _works(since: date | None, said: Mapping[str, str]) -> Works:
    return Works(since, said["zone"], read_hours(said["hours"]), read_days(said["days"]))
