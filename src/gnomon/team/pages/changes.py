"""What is changed on the page of a writing: comments, its state, its text, verdicts. Each is a `POST`.

Always true: all goes through the actions of its kind, so their rules hold here, too. The answer leads back to the page; where it
did not work, the page says why and still holds what was typed. An edit goes over the text that its form showed and no other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from gnomon.errors import BadArgumentError, GnomonError, UnknownSubjectError
from gnomon.page import Redirect
from gnomon.team.pages.one import page_of, seen_of
from gnomon.team.pages.tried import Tried
from gnomon.team.people.views import require_me
from gnomon.team.writing import actions
from gnomon.team.writing.kinds import KINDS
from gnomon.team.writing.views import writing_called

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gnomon.page import Answer, Ask
    from gnomon.team.people.person import Person
    from gnomon.team.writing.views import Writing


def say(ask: Ask) -> Answer:
    """Say something about it; the answer to a question is said so, too."""
    return _changed(ask, "say", _say, "#comments")


def comment(ask: Ask) -> Answer:
    """Put another text in the place of a comment; an empty one takes it back."""
    return _changed(ask, "comment", _comment, "#comments")


def move(ask: Ask) -> Answer:
    """Say what became of it."""
    return _changed(ask, "move", _move)


def text(ask: Ask) -> Answer:
    """Put another title and text in the place of what is shown."""
    return _changed(ask, "text", _revise)


def verdict(ask: Ask) -> Answer:
    """Give a verdict on a review."""
    return _changed(ask, "verdict", _verdict)


def again(ask: Ask) -> Answer:
    """Ask the reviewers again."""
    return _changed(ask, "again", _again)


def _changed(ask: Ask, act: str, change: Callable[[Ask, Writing], None], anchor: str = "") -> Answer:
    """Make a change and lead back to the page; where it does not work, show the page with what was typed."""
    found = _found(ask)
    try:
        change(ask, found)
    except GnomonError as error:
        found = actions.refreshed(found)
        return page_of(ask, found, Tried(_form_left(ask, found, act), ask.form, error))
    return Redirect(f"/{found.kind.type}/{found.id}{anchor}")


def _form_left(ask: Ask, found: Writing, act: str) -> str:
    """Return the form that takes what was typed: for a comment that is there no more, the form of a new one."""
    if act == "comment" and ask.form.text("id") not in [one.id for one in found.comments]:
        return "say"
    return act


# ---------------------------------------------------------------- each change


def _say(ask: Ask, found: Writing) -> None:
    part, reply_to = ask.form.text("part") or None, ask.form.text("reply_to") or None
    if found.kind.type == "question" and ask.form.flag("answers"):
        from gnomon.team.questions.actions import answer

        answer(found, _text(ask))
    else:
        from gnomon.team.reviews.placed import checked_part

        actions.say(found, _text(ask), part=checked_part(found, part), reply_to=reply_to)


def _comment(ask: Ask, found: Writing) -> None:
    known = actions.comment_called(found, ask.form.text("id"))
    _require_seen(ask, known.heads, f"this comment on `{found.label}`")
    actions.say_otherwise(found, known.id, _text(ask))


def _revise(ask: Ask, found: Writing) -> None:
    _require_seen(ask, found.raw["text_heads"], f"`{found.label}`")
    actions.revise(found, title=ask.form.text("title"), text=_text(ask))


def _require_seen(ask: Ask, heads: Sequence[str], what: str) -> None:
    """Refuse an edit of another text than that which its form showed."""
    if "seen" in ask.form and ask.form.text("seen") != seen_of(heads):
        raise BadArgumentError(
            f"{what} was changed meanwhile, and the page shows it as it is now",
            hint="what you typed is in the form; saving it again puts it in the place of what stands now",
        )


def _verdict(ask: Ask, found: Writing) -> None:
    from gnomon.team.reviews.actions import give_verdict

    give_verdict(found, require_me(ask.record), ask.form.text("verdict"), _text(ask))


def _again(ask: Ask, found: Writing) -> None:
    from gnomon.team.reviews.actions import ask_again

    ask_again(found, require_me(ask.record), _text(ask))


def _move(ask: Ask, found: Writing) -> None:
    state, why = ask.form.text("state"), ask.form.text("why").replace("\r\n", "\n")
    kind = found.kind.type
    if kind == "handoff":
        _move_handoff(ask, found, state, why)
    elif kind == "decision":
        _move_decision(ask, found, state, why)
    elif kind == "review":
        from gnomon.team.reviews.actions import close

        close(found, require_me(ask.record), why)
    else:
        actions.move(found, state, why)


def _move_decision(ask: Ask, found: Writing, state: str, why: str) -> None:
    from gnomon.team.decisions import actions as decisions
    from gnomon.team.decisions.views import decision_called

    acts = {"accepted": decisions.accept, "rejected": decisions.reject}
    if state not in acts:
        _no_such_state(found, state)
    acts[state](decision_called(ask.record, found.id), why)


def _move_handoff(ask: Ask, found: Writing, state: str, why: str) -> None:
    from gnomon.team.handoffs import actions as handoffs

    acts: dict[str, Callable[[Writing, Person, str], Writing]]
    acts = {"accepted": handoffs.accept, "declined": handoffs.decline, "withdrawn": handoffs.withdraw}
    if state not in acts:
        _no_such_state(found, state)
    acts[state](found, require_me(ask.record), why)


def _no_such_state(found: Writing, state: str) -> NoReturn:
    raise BadArgumentError(f"`{found.label}` cannot become `{state}` here")


# ---------------------------------------------------------------- what is meant


def _found(ask: Ask) -> Writing:
    """Return the writing; a form of ours names it by its whole id, so nothing shorter is written to."""
    kind, word = ask.path["kind"], ask.path["word"]
    if kind not in KINDS:
        raise UnknownSubjectError(f"people write no `{kind}`")
    found = writing_called(ask.record, kind, word)
    if found.id != word:
        raise UnknownSubjectError(f"a change names the {kind} by its whole id", hint=f"that is {found.id}")
    return found


def _text(ask: Ask) -> str:
    """Return the text of a form, with the line ends that are ours."""
    return ask.form.text("text").replace("\r\n", "\n")
