"""The saved views that go along with an export: all of them where the whole record is meant, none with chosen runs.

`views.json` says what each asks, as `gnomon views --json` does; the entries go along as those of the runs do, so an import
has the views, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon import text
from gnomon.runs.archive.listed_part import ListedPart
from gnomon.runs.saved.entries import view_subject
from gnomon.runs.saved.views import views

if TYPE_CHECKING:
    from gnomon.runs.archive.parts import Request


def part_of(request: Request) -> ListedPart | None:
    """Return the views that go along; None where there are none, or where only some runs were chosen."""
    found = views(request.record) if request.is_all else []
    if not found:
        return None
    return ListedPart(
        "views.json", [view_subject(one.id) for one in found], [one.to_dict() for one in found],
        f"with the record: {text.count(len(found), 'saved view')}", "saved views: what tables of runs ask, by name",
    )  # fmt: skip
