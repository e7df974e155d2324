"""Writing something new on a page: a form for each kind, filled in from the record as the command's draft is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.errors import BadArgumentError, GnomonError, UnknownSubjectError
from gnomon.page import Redirect
from gnomon.team.knowledge.pages import FORMS
from gnomon.team.pages import LISTS
from gnomon.team.pages.around import reader_of, shown
from gnomon.team.pages.tried import NOTHING, Tried
from gnomon.team.people.views import people, require_me
from gnomon.team.writing.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from gnomon.page import Answer, Ask, Shown
    from gnomon.runs.run_view import RunView
    from gnomon.team.people.person import Person
    from gnomon.team.people.views import People
    from gnomon.team.writing.views import Writing

VERBS = {
    "question": "Ask", "decision": "Decide", "handoff": "Hand off", "review": "Ask for a review", "update": "Give your update",
    "page": "Write a page", "problem": "Report a problem",
}  # fmt: skip
ASKS_WHOM = frozenset({"question", "handoff", "review"})


def form(ask: Ask) -> Shown:
    """Show the form of a kind, drafted."""
    return _shown(ask, _kind(ask), NOTHING)


def written(ask: Ask) -> Answer:
    """Write what the form says; where that does not work, show the form with what was typed."""
    kind = _kind(ask)
    title, text = ask.form.text("title"), ask.form.text("text").replace("\r\n", "\n")
    try:
        made = _WRITERS[kind](ask, title, text)
    except GnomonError as error:
        return _shown(ask, kind, Tried("write", ask.form, error))
    return Redirect(f"/{kind}/{made.id}")


def _shown(ask: Ask, kind: str, tried: Tried) -> Shown:
    """Show the form: what was typed, else what the address and the record fill in."""
    members = people(ask.record)
    reader = reader_of(ask, members)
    sent = tried.form if tried.error is not None else ask.query
    to = sent.all("to")
    values = {
        "members": members, "me": reader, "kind": kind, "verb": VERBS[kind], "to": to, "asks_whom": kind in ASKS_WHOM,
        "text": tried.text("write", "text") if tried.error is not None else _draft(ask, kind, reader, members),
        "value": sent.text, "forms": FORMS, "is_proposed": sent.flag("propose"),
        "supersedes": ", ".join(sent.listed("supersedes")), "blocks": ", ".join(sent.listed("blocks")),
        "needs_me": kind in ("handoff", "update") and reader is None,
        "needs_receiver": kind == "handoff" and not to,
    }  # fmt: skip
    return shown(ask, "team/write.html", VERBS[kind], kind, values, tried)


def _kind(ask: Ask) -> str:
    kind = ask.path["kind"]
    if kind not in KINDS:
        raise UnknownSubjectError(f"people write no `{kind}`", hint=f"they write {', '.join(LISTS)}")
    return kind


# ---------------------------------------------------------------- drafts


def _draft(ask: Ask, kind: str, reader: Person | None, members: People) -> str:
    """Return what the text begins with."""
    if kind == "update" and reader is not None:
        from gnomon.team.updates.actions import drafted

        return drafted(ask.record, reader, ask.now)
    if kind == "handoff" and reader is not None and ask.query.text("to") in members.by_id:
        from gnomon.team.handoffs.draft import draft

        return draft(ask.record, reader, members.by_id[ask.query.text("to")], now=ask.now).markdown()
    if kind == "problem":
        from gnomon.team.knowledge.problems import draft as report

        return report(_run(ask))
    if kind == "decision":
        return _drafted_decision(ask)
    if kind == "question" and ask.query.all("about"):
        return f"It is about {', '.join(ask.query.all('about'))}.\n\n"
    if kind == "page":
        from gnomon.team.knowledge.pages import TEMPLATES

        return TEMPLATES.get(ask.query.text("form"), "")
    return ""


def _drafted_decision(ask: Ask) -> str:
    from gnomon.team.decisions.draft import draft, references
    from gnomon.team.decisions.views import decision_called

    old = [decision_called(ask.record, one) for one in ask.query.listed("supersedes")]
    return draft(ask.record, ask.query.text("title"), references(ask.query.all("about")), supersedes=old)


def _run(ask: Ask) -> RunView | None:
    word = ask.query.text("run") or ask.form.text("run")
    return ask.record.run(word) if word else None


# ---------------------------------------------------------------- what is written


def _question(ask: Ask, title: str, text: str) -> Writing:
    from gnomon.team.questions.actions import ask as ask_members

    blocks = ask.form.listed("blocks")
    return ask_members(ask.record, title, _whom(ask), text, hours=ask.form.number("hours"), blocks=blocks)


def _decision(ask: Ask, title: str, text: str) -> Writing:
    from gnomon.team.decisions.actions import decide

    return decide(
        ask.record, title or None, text, supersedes=ask.form.listed("supersedes"), propose=ask.form.flag("propose")
    )  # fmt: skip


def _handoff(ask: Ask, title: str, text: str) -> Writing:
    from gnomon.team.handoffs.actions import hand_off
    from gnomon.team.handoffs.draft import draft

    giver, receivers = require_me(ask.record), _whom(ask)
    if len(receivers) != 1:
        raise BadArgumentError("a hand-off is for one member", hint="hand off to each of them")
    found = draft(ask.record, giver, receivers[0], now=ask.now)
    return hand_off(ask.record, giver, receivers[0], text, subjects=found.subjects, title=title or None)


def _review(ask: Ask, title: str, text: str) -> Writing:
    from gnomon.team.reviews.actions import request

    return request(
        ask.record, ask.form.text("of"), _whom(ask), text, title=title or None, hours=ask.form.number("hours"),
        against=ask.form.text("against") or None,
    )  # fmt: skip


def _update(ask: Ask, title: str, text: str) -> Writing:  # noqa: ARG001  an update is called by its day
    from gnomon.team.updates.actions import give

    return give(ask.record, require_me(ask.record), text).update


def _page(ask: Ask, title: str, text: str) -> Writing:
    from gnomon.team.knowledge.pages import page_called, write

    name = ask.form.text("name")
    if page_called(ask.record, name) is not None:
        raise BadArgumentError(f"there is a page `{name}` already", hint="change it on its own page")
    return write(ask.record, name, text, title=title or None, form=ask.form.text("form") or None)


def _problem(ask: Ask, title: str, text: str) -> Writing:
    from gnomon.team.knowledge.problems import report

    return report(ask.record, title, text, run=_run(ask))


_WRITERS: dict[str, Callable[[Ask, str, str], Writing]] = {
    "question": _question, "decision": _decision, "handoff": _handoff, "review": _review, "update": _update, "page": _page,
    "problem": _problem,
}  # fmt: skip


def _whom(ask: Ask) -> list[Person]:
    """Return the members that the form names by their ids."""
    members = people(ask.record)
    ids = ask.form.all("to")
    missing = next((one for one in ids if one not in members.by_id), None)
    if missing is not None:
        raise UnknownSubjectError(f"there is no member `{missing[:20]}`")
    return [members.by_id[one] for one in dict.fromkeys(ids)]
