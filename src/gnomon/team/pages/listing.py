"""The pages with all writings of a kind: what is open first, filtered by who must act and by words."""

from __future__ import annotations

from heapq import nsmallest
from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.team.pages import LISTS, PATHS
from gnomon.team.pages.around import shown
from gnomon.team.people.views import people
from gnomon.team.writing.kinds import KINDS
from gnomon.team.writing.views import Writing, name_of, rows_at, who

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gnomon.page import Ask, Shown
    from gnomon.record.index import Index
    from gnomon.team.people.views import People
    from gnomon.team.writing.views import Row

MOST = 100


def questions(ask: Ask) -> Shown:
    """Show the questions."""
    return _listing(ask, "question")


def decisions(ask: Ask) -> Shown:
    """Show the decisions, with those whose evidence changed first."""
    return _listing(ask, "decision")


def handoffs(ask: Ask) -> Shown:
    """Show the hand-offs."""
    return _listing(ask, "handoff")


def reviews(ask: Ask) -> Shown:
    """Show the reviews."""
    return _listing(ask, "review")


def updates(ask: Ask) -> Shown:
    """Show the updates, with their texts."""
    return _listing(ask, "update")


def pages(ask: Ask) -> Shown:
    """Show the pages of what the team knows."""
    return _listing(ask, "page")


def problems(ask: Ask) -> Shown:
    """Show the problems."""
    return _listing(ask, "problem")


def _listing(ask: Ask, kind: str) -> Shown:
    index, members = ask.record.replica.index, people(ask.record)
    asked = _Asked(
        bool(ask.query.flag("all") or not KINDS[kind].open), ask.query.text("to"), ask.query.text("q")[:200]
    )
    limit = ask.query.whole("limit", MOST, low=1, high=10_000)
    places, matching, total = _places(index, kind, asked, limit)
    found = rows_at(index, kind, places)
    standings = _standings(ask, found) if kind == "decision" else {}
    found_rows = [_row(ask, one, members, standings) for one in found]
    if kind == "decision":
        found_rows.sort(key=lambda row: not row["changed"])
    values = {
        "members": members, "kind": kind, "rows": found_rows, "total": total, "found": matching,
        "wants_all": asked.wants_all, "has_states": bool(KINDS[kind].open), "to": asked.to, "words": asked.words, "limit": limit,
        "here_path": PATHS[kind], "heading": LISTS[kind], "noun": kind.replace("handoff", "hand-off"),
        "shows_text": kind == "update",
    }  # fmt: skip
    return shown(ask, "team/list.html", LISTS[kind], kind, values)


class _Asked(NamedTuple):
    """What a list is asked for: also what is over, for a member (an id), with words in the title or a number."""

    wants_all: bool
    to: str
    words: str


def _places(index: Index, kind: str, asked: _Asked, limit: int) -> tuple[list[int], int, int]:
    """Return the first places in the index of what is asked for, how much that is, and how many there are of the kind.

    Only the columns that the question needs are read, since a record may hold a hundred thousand of a kind.
    """
    if kind not in index.types():
        return [], 0, 0
    by_title = kind == "page"
    keys = ["number", "open", "state", "due", "created"]
    keys += [key for key, is_needed in (("to", asked.to), ("title", asked.words or by_title)) if is_needed]
    table: dict[str, list[Any]] = index.columns(kind, keys)
    there = [place for place, number in enumerate(table["number"]) if number is not None]
    found = there
    if not asked.wants_all:
        is_kept = "accepted" if kind == "decision" else None  # in force, though nobody must act
        found = [at for at in found if table["open"][at] or (is_kept and table["state"][at] == is_kept)]
    if asked.to:
        found = [at for at in found if asked.to in (table["to"][at] or ())]
    if asked.words:
        wanted = asked.words.casefold()
        found = [
            at for at in found
            if wanted in str(table["title"][at] or "").casefold() or wanted == str(table["number"][at])
        ]  # fmt: skip
    return nsmallest(limit, found, key=_order(table, by_title=by_title)), len(found), len(there)


def _order(table: Mapping[str, Sequence[Any]], *, by_title: bool) -> Callable[[int], Any]:
    """Return the key of the order: pages by title, else what is open first, by when it is due; then the newest first."""
    if by_title:
        return lambda at: str(table["title"][at] or "").casefold()
    opened, due, created = table["open"], table["due"], table["created"]
    return lambda at: (
        not opened[at], (due[at] or float("inf")) if opened[at] else 0, -(created[at] or 0),
    )  # fmt: skip


def _standings(ask: Ask, found: list[Row]) -> dict[str, str]:
    """Return, by id, what is the matter with the evidence of decisions whose evidence changed."""
    from gnomon.team.decisions.views import decisions as with_standings

    wanted = {one.id for one in found}
    return {
        one.decision.id: one.standing.sentence
        for one in with_standings(ask.record, now=ask.now or None)
        if one.is_changed and one.standing is not None and one.decision.id in wanted
    }


def _row(ask: Ask, row: Row, members: People, standings: dict[str, str]) -> dict[str, object]:
    found: dict[str, object] = {
        "path": f"/{row.kind.type}/{row.id}", "label": row.label, "title": row.title, "state": row.state,
        "is_open": row.is_open, "for": [name_of(members, one) for one in row.to], "due": row.due,
        "is_late": row.is_open and row.due is not None and row.due < ask.now, "by": who(members, row.writer, row.author),
        "created": row.created, "changed_at": row.changed, "comments": row.comments, "changed": standings.get(row.id),
        "text": "", "said": "", "texts": row.texts,
    }  # fmt: skip
    if row.kind.type == "update":
        found["text"] = _markup(ask, row)
    if row.kind.type == "review" and row.is_open:
        from gnomon.team.reviews.views import standing

        found["said"] = standing(Writing(ask.record, row.kind, row.id, row.label))
    return found


def _markup(ask: Ask, row: Row) -> object:
    from gnomon.team.pages.markdown import shown as as_markup

    return as_markup(ask.record, Writing(ask.record, row.kind, row.id, row.label).text)
