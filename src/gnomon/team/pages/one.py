"""The page of one writing: what it says, with live cards and bound numbers; what became of it; what was said about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.page import Redirect
from gnomon.team.pages import LISTS, PATHS
from gnomon.team.pages.around import reader_of, shown
from gnomon.team.pages.markdown import shown as as_markup
from gnomon.team.pages.tried import NOTHING
from gnomon.team.people.views import people
from gnomon.team.writing.apart import text_to_edit
from gnomon.team.writing.views import Writing, writing_called

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.page import Answer, Ask, Shown
    from gnomon.team.decisions.views import Decision
    from gnomon.team.pages.tried import Tried
    from gnomon.team.people.person import Person
    from gnomon.team.writing.earlier import Earlier

MOVES: dict[str, dict[str, tuple[tuple[str, str], ...]]] = {
    "question": {"open": (("withdrawn", "Withdraw"),), "answered": (("open", "Open again"),)},
    "decision": {
        "proposed": (("accepted", "Accept"), ("rejected", "Reject")),
        "accepted": (("rejected", "Take back"),),
    },
    "problem": {
        "open": (("solved", "Solved"), ("closed", "Close")),
        "solved": (("open", "Open again"),),
        "closed": (("open", "Open again"),),
    },
    "page": {"current": (("archived", "Archive"),), "archived": (("current", "Bring back"),)},
}
"""What may become of a writing by hand, by kind and state: (state, what the button says); hand-offs and reviews are not here."""


def _page(ask: Ask, kind: str) -> Answer:
    """Show a writing; a number or a name in the address leads to the whole id."""
    found = writing_called(ask.record, kind, ask.path["word"])
    if found.id != ask.path["word"]:
        return Redirect(f"/{kind}/{found.id}")
    return page_of(ask, found)


def page_of(ask: Ask, found: Writing, tried: Tried = NOTHING) -> Shown:
    """Show a writing; `tried` is a change of it that did not work."""
    kind = found.kind.type
    members = people(ask.record)
    reader = reader_of(ask, members)
    comments = [
        {"said": one, "text": as_markup(ask.record, one.text), "is_mine": reader is not None and one.writer in reader.writers}
        for one in found.comments
    ]  # fmt: skip
    asked = _decision(found)
    values = {
        "members": members, "me": reader, "kind": kind, "one": found, "here_path": f"/{kind}/{found.id}",
        "acts_path": f"/writing/{kind}/{found.id}", "text": as_markup(ask.record, found.text),
        "others": [(title, as_markup(ask.record, text), by) for title, text, by in found.other_texts],
        "to_edit": text_to_edit(found), "earlier": _earlier(ask, found), "comments": comments,
        "moves": found.moves, "buttons": _buttons(found, reader), "list_path": PATHS[kind], "list_title": LISTS[kind],
        "is_late": found.is_open and found.due is not None and found.due < ask.now,
        "facts": _facts(ask, found), "standing": asked.standing if asked is not None else None,
        "in_its_place": asked.in_its_place if asked is not None else [], "place_lines": _place_lines(asked),
        "review": _review(ask, found, reader, comments),
        "is_revised": found.kind.can_be_revised and kind != "handoff", "text_seen": seen_of(found.raw["text_heads"]),
        "seen_of": seen_of,
    }  # fmt: skip
    return shown(ask, "team/one.html", found.title, kind, values, tried)


def _earlier(ask: Ask, found: Writing) -> list[tuple[Earlier, object]] | None:
    """Return what it said before, the latest first, with its markup; None where nobody asks: all logs are read for it."""
    if not ask.query.flag("earlier"):
        return None
    return [(one, as_markup(ask.record, one.text)) for one in reversed(found.earlier)]


def seen_of(heads: Sequence[str]) -> str:
    """Return the entries that a text is made of, as a form names them: whoever edits it goes over these and no others."""
    return ",".join(sorted(heads))


def question(ask: Ask) -> Answer:
    """Show a question."""
    return _page(ask, "question")


def decision(ask: Ask) -> Answer:
    """Show a decision."""
    return _page(ask, "decision")


def handoff(ask: Ask) -> Answer:
    """Show a hand-off."""
    return _page(ask, "handoff")


def review(ask: Ask) -> Answer:
    """Show a review."""
    return _page(ask, "review")


def update(ask: Ask) -> Answer:
    """Show an update."""
    return _page(ask, "update")


def page(ask: Ask) -> Answer:
    """Show a page of what the team knows."""
    return _page(ask, "page")


def problem(ask: Ask) -> Answer:
    """Show a problem."""
    return _page(ask, "problem")


def _buttons(found: Writing, reader: Person | None) -> list[tuple[str, str]]:
    """Return what the reader may make of it: (state, what the button says)."""
    kind = found.kind.type
    if kind in MOVES:
        return list(MOVES[kind].get(found.state, ()))
    if reader is None or not found.is_open:
        return []
    if kind == "handoff":
        if reader.id in found.to:
            return [("accepted", "Accept"), ("declined", "Decline")]
        return [("withdrawn", "Take back")] if found.writer in reader.writers else []
    if kind == "review" and found.writer in reader.writers:
        return [("closed", "Close")]
    return []


def _facts(ask: Ask, found: Writing) -> list[tuple[str, object]]:
    """Return what its kind keeps beside title and text, for people: (what, markup)."""
    facts: list[tuple[str, object]] = []
    for key in ("of", "against", "run", "day"):
        value = found.fields.get(key)
        if isinstance(value, str):
            facts.append((key, as_markup(ask.record, value)))
    for key in ("supersedes", "blocks", "blockers", "environment"):
        value = found.fields.get(key)
        if isinstance(value, list):
            before = "decision:" if key == "supersedes" else ""
            lines = [before + one for one in value if isinstance(one, str)][:50]
            if lines:
                facts.append((key, as_markup(ask.record, "\n".join(f"- {one}" for one in lines))))
    return facts


def _decision(found: Writing) -> Decision | None:
    """Return a decision, with what it rests on and what stands in its place; None for other kinds."""
    if found.kind.type != "decision":
        return None
    from gnomon.team.decisions.views import decision_called

    return decision_called(found.record, found.id)


def _place_lines(decision: Decision | None) -> list[str]:
    if decision is None:
        return []
    from gnomon.team.decisions.succession import place_lines

    return place_lines(decision)


def _review(
    ask: Ask, found: Writing, reader: Person | None, comments: list[dict[str, object]]
) -> dict[str, object] | None:
    """Return the round of a review, what each reviewer said in it, and what it is of; None for other kinds."""
    if found.kind.type != "review":
        return None
    from gnomon.team.reviews import views
    from gnomon.team.reviews.page import reviewed

    return {
        **reviewed(ask, found, comments),
        "round": views.current_round(found), "standing": views.standing(found), "verdicts": views.verdicts(found),
        "may_judge": reader is not None and reader.id in found.to and found.is_open,
        "may_ask_again": reader is not None and found.writer in reader.writers,
    }  # fmt: skip
