"""What a writing said before: texts, comments and verdicts that others took the place of. The record keeps them all.

They are read from the logs when somebody asks, see `record.index_covered`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gnomon.runs import checked
from gnomon.team.writing import entries
from gnomon.team.writing.views import who

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gnomon.record.fold import LiveEntry
    from gnomon.team.people.views import People
    from gnomon.team.writing.views import Writing

TEXT, COMMENT, VERDICT = "text", "comment", "verdict"
_WHAT = {entries.REVISED: TEXT, entries.SAID: COMMENT, entries.MARKED: VERDICT}


class Earlier(NamedTuple):
    """Something that was said before. `what` is 'text', 'comment' or 'verdict'; `of` is the comment's id, or the verdict.

    `title` is that of a text. `is_gone` where its words were erased, or are not here.
    """

    what: str
    of: str
    title: str
    text: str
    who: str
    writer: str | None
    time: float
    is_gone: bool = False


def earlier(writing: Writing) -> list[Earlier]:
    """Return what was said before, the oldest first. A comment that was taken back is not told."""
    raw, kind = writing.raw, writing.kind.type
    found = []
    if raw["revisions"]:
        first = writing.first_text
        found.append(Earlier(TEXT, "", first[0], first[1], writing.who, writing.writer, writing.created))
    for entry in writing.record.replica.index.covered(kind, writing.id):
        what = _WHAT.get(entry.kind.removeprefix(f"{kind}."))
        if what is not None:
            found.append(_of_entry(entry, what, writing.people))
    there = {one.id for one in writing.comments}
    return sorted((one for one in found if one.what != COMMENT or one.of in there), key=lambda one: one.time)


def _of_entry(entry: LiveEntry, what: str, people: People) -> Earlier:
    body: Mapping[str, object] = entry.body
    of = ""
    if what == COMMENT:
        of = checked.text(body.get("id")) or ""
    elif what == VERDICT:
        body = checked.fields(body.get("value"))
        of = checked.text(body.get("verdict")) or ""
    return Earlier(
        what, of, checked.text(body.get("title")) or "", checked.text(body.get("text")) or "",
        who(people, entry.writer, entry.author), entry.writer, entry.time_us / 1e6, not entry.has_body,
    )  # fmt: skip
