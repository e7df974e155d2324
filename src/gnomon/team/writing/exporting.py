"""What people wrote to each other, as it goes along with an export of the whole record; nothing of it with chosen runs.

`decisions.json`, `questions.json`, … say what each writing is, as `gnomon read --json` does; the entries go along, so an import
has them. One function for each kind, by its name: that is how features name their parts.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from gnomon import text
from gnomon.runs.archive.listed_part import ListedPart
from gnomon.team.writing.entries import subject
from gnomon.team.writing.kinds import KINDS
from gnomon.team.writing.views import writings

if TYPE_CHECKING:
    from gnomon.runs.archive.parts import Request


def _part_of(type: str, request: Request) -> ListedPart | None:
    """Return the writings of a kind that go along; None where there are none, or where only some runs were chosen."""
    found = writings(request.record, type) if request.is_all else []
    if not found:
        return None
    kind = KINDS[type]
    return ListedPart(
        f"{kind.type}s.json", [subject(type, one.id) for one in found], [one.to_dict() for one in found],
        f"with the record: {text.count(len(found), kind.noun, kind.plural)}",
        f"{kind.plural} of the team, with what was said about them",
    )  # fmt: skip


decision = partial(_part_of, "decision")
question = partial(_part_of, "question")
handoff = partial(_part_of, "handoff")
update = partial(_part_of, "update")
review = partial(_part_of, "review")
page = partial(_part_of, "page")
problem = partial(_part_of, "problem")
