"""The parts of a catch-up, and what each holds. Values only; `views` finds them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

TITLES = {
    "accept": "Hand-offs to accept",
    "asked": "Asked of you",
    "blocked": "Blocked on you",
    "yours": "Answers to you",
    "changed": "Evidence changed",
    "failed": "Failed",
    "decided": "Decisions",
    "finished": "Finished",
    "rest": "And besides",
}
"""The parts in the order in which they are shown."""
STANDING = frozenset({"accept", "asked", "blocked", "changed"})
"""Parts whose items stay until somebody acts, seen or not."""


class Item(NamedTuple):
    """One line of a part. `what` is a reference (`question:3`) or a group of runs; `href` the page that shows it.

    `time` is when it happened and `due` until when somebody must act, seconds since 1970 UTC. `is_new` is False for what was seen
    before and still waits. `who` are all who did what is new; `is_told` says that the title names who of them did what.
    """

    what: str
    title: str
    who: str
    time: float
    is_new: bool = True
    due: float | None = None
    href: str | None = None
    is_told: bool = False


@dataclass
class Part:
    """A part: the most important items first, and how many more there are."""

    name: str
    items: list[Item] = field(default_factory=list)
    more: int = 0

    @property
    def title(self) -> str:
        """The heading."""
        return TITLES[self.name]


@dataclass
class CatchUp:
    """What is new for a reader. `parts` are those that hold something; `reader` is the member's name, None for an unknown one.

    `since` is when they last looked; `update_is_due` says that they have given no update on this day of theirs yet.
    """

    reader: str | None
    since: float
    now: float
    parts: list[Part]
    update_is_due: bool = False

    def part(self, name: str) -> Part:
        """Return a part; an empty one where it holds nothing."""
        return next((one for one in self.parts if one.name == name), Part(name))

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing."""
        return not self.parts

    @property
    def has_news(self) -> bool:
        """Whether anything is new, beside what waits since before."""
        return any(item.is_new for part in self.parts for item in part.items)
