"""What is around every page of a team: the tabs, and who the reader is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.page import Shown
from gnomon.record.keys import own_writer
from gnomon.team.pages import LISTS, PATHS
from gnomon.team.pages.tried import NOTHING
from gnomon.team.people.views import people

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gnomon.page import Ask
    from gnomon.team.pages.tried import Tried
    from gnomon.team.people.person import Person
    from gnomon.team.people.views import People

TABS = [
    ("catchup", "Catch up", "/catchup"),
    *((kind, title, PATHS[kind]) for kind, title in LISTS.items()),
    ("team", "Clock", "/team"),
]


def reader_of(ask: Ask, members: People) -> Person | None:
    """Return the member for whom this device speaks."""
    writer = own_writer(ask.record.home.env)
    return members.of_writer(writer) if writer is not None else None


def shown(
    ask: Ask, template: str, title: str, tab: str, values: Mapping[str, object], tried: Tried = NOTHING
) -> Shown:
    """Return a page with its tabs, and with who the reader is; `members` and `me` may be among the values.

    `tried` is what a form of the page sent that did not work.
    """
    members = values.get("members")
    if members is None:
        members = people(ask.record)
    around = {"tabs": TABS, "tab": tab, "members": members, "me": reader_of(ask, members), "tried": tried}  # type: ignore[arg-type]
    return Shown(template, title, {**around, **values}, tried.status)
