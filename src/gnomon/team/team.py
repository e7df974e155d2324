"""`record.team`: what people of a team write to each other, from Python.

    record = gnomon.open()
    record.team.ask("bea", "Which split did run:9c2e use?", blocks=["run:77fe"])
    record.team.decide("Use depth 6", evidence=["group:depth-6 > group:depth-4 on metrics.auc"])
    for decision in record.team.decisions():
        print(decision.label, decision.title, decision.standing.verdict)

Members are given by name or as a `Person`. What is written is on the disk when one of these returns.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gnomon.team.people.person import Person
from gnomon.team.people.views import me, people, require_me
from gnomon.team.whom import person_meant
from gnomon.team.writing import actions, views

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gnomon.runs.views import Record
    from gnomon.team.catchup.news import CatchUp
    from gnomon.team.decisions.views import Decision
    from gnomon.team.explaining.views import Explaining
    from gnomon.team.people.views import People
    from gnomon.team.updates.actions import Given
    from gnomon.team.writing.views import Said, Writing

    Whom = str | Person


class Team:
    """The team of a record. Get it as `record.team`."""

    def __init__(self, record: Record) -> None:
        self._record = record

    def __repr__(self) -> str:
        return f"<Team of {len(self.members)} in {self._record.path}>"

    # --- people

    @property
    def members(self) -> People:
        """The members, by name."""
        return people(self._record)

    @property
    def me(self) -> Person | None:
        """The member for whom this device speaks; None where it has not said so."""
        return me(self._record)

    def person(self, whom: Whom) -> Person:
        """Return a member by name, a beginning of one, or id; `me` is who speaks with this device.

        Raises UnknownSubjectError, AmbiguousIdError.
        """
        if isinstance(whom, Person):
            return whom
        if whom == "me":
            return require_me(self._record)
        return person_meant(self._record, whom)

    def _persons(self, whom: Whom | Iterable[Whom]) -> list[Person]:
        return [self.person(one) for one in ([whom] if isinstance(whom, (str, Person)) else whom)]

    # --- all that people write

    def find(self, reference: str) -> Writing:
        """Return what a reference means: `decision:12`, `page:setup`. Raises UnknownSubjectError, AmbiguousIdError."""
        return views.find(self._record, reference)

    def say(self, reference: str, text: str, *, part: str | None = None, reply_to: str | None = None) -> Said:
        """Say something about a writing; `part` is the part that is meant (`cell:4`), `reply_to` the comment that is answered."""
        from gnomon.team.reviews.placed import checked_part

        found = self.find(reference)
        return actions.say(found, text, part=checked_part(found, part), reply_to=reply_to)

    def writings(self, kind: str) -> list[Writing]:
        """Return all writings of a kind, the newest first: `question`, `handoff`, `review`, `update`, `page`, `problem`."""
        return views.writings(self._record, kind)

    # --- what each kind adds

    def ask(
        self,
        whom: Whom | Iterable[Whom],
        question: str,
        text: str = "",
        *,
        hours: float | None = None,
        until: float | None = None,
        blocks: Sequence[str] = (),
    ) -> Writing:
        """Ask members something. It is due when each has had `hours` of their own work (8 unless given), or at `until`.

        `until` is seconds since 1970 UTC; `blocks` are references to what cannot go on before.
        """
        from gnomon.team.questions.actions import ask

        return ask(self._record, question, self._persons(whom), text, hours=hours, until=until, blocks=blocks)

    def answer(self, question: str, text: str) -> Writing:
        """Answer a question."""
        from gnomon.team.questions.actions import answer

        return answer(views.writing_called(self._record, "question", question), text)

    def decide(
        self,
        title: str | None,
        text: str = "",
        *,
        evidence: Sequence[str] = (),
        reopen_if: Sequence[str] = (),
        supersedes: Sequence[str] = (),
        propose: bool = False,
    ) -> Decision:
        """Write down a decision; see `gnomon decide --help` for how evidence and conditions are written."""
        from gnomon.team.decisions.actions import decide

        return decide(
            self._record,
            title,
            text,
            evidence=evidence,
            reopen_if=reopen_if,
            supersedes=supersedes,
            propose=propose,
        )

    def decisions(self, *, all: bool = False) -> list[Decision]:
        """Return the decisions in force, those whose evidence changed first; `all`: every one."""
        from gnomon.team.decisions.views import decisions

        return [one.decision for one in decisions(self._record, all=all)]

    def hand_off(self, to: Whom, text: str | None = None) -> Writing:
        """Hand off what is open to who goes on; without a text, as it is drafted from the record."""
        from gnomon.team.handoffs.actions import hand_off
        from gnomon.team.handoffs.draft import draft

        giver, receiver = require_me(self._record), self.person(to)
        found = draft(self._record, giver, receiver, now=time.time())
        body = found.markdown() if text is None else text
        return hand_off(self._record, giver, receiver, body, subjects=found.subjects)

    def accept(self, handoff: str, note: str = "") -> Writing:
        """Accept a hand-off that is for you."""
        from gnomon.team.handoffs.actions import accept

        return accept(views.writing_called(self._record, "handoff", handoff), require_me(self._record), note)

    def update(self, text: str) -> Given:
        """Give your update; blockers that name a member become questions."""
        from gnomon.team.updates.actions import give

        return give(self._record, require_me(self._record), text)

    def review(
        self,
        what: str,
        by: Whom | Iterable[Whom],
        text: str = "",
        *,
        hours: float | None = None,
        against: str | None = None,
    ) -> Writing:
        """Ask members to review what a reference means."""
        from gnomon.team.reviews.actions import request

        return request(self._record, what, self._persons(by), text, hours=hours, against=against)

    def verdict(self, review: str, verdict: str, text: str = "") -> Writing:
        """Give your verdict on a review: `approve`, or `changes` with what should change."""
        from gnomon.team.reviews.actions import give_verdict

        return give_verdict(
            views.writing_called(self._record, "review", review), require_me(self._record), verdict, text
        )

    def write_page(
        self, name: str, text: str, *, title: str | None = None, form: str | None = None, settle: bool = False
    ) -> Writing:
        """Write a page of what the team knows, or change one.

        Where two people changed it apart, `settle` puts the text in the place of both; without it that raises
        BadArgumentError.
        """
        from gnomon.team.knowledge.pages import write

        return write(self._record, name, text, title=title, form=form, settle=settle)

    def report_problem(self, title: str, text: str | None = None, *, run: str | None = None) -> Writing:
        """Report a problem; steps and environment are filled in from a run."""
        from gnomon.team.knowledge.problems import draft, report

        of = self._record.run(run) if run is not None else None
        return report(self._record, title, draft(of) if text is None else text, run=of)

    def who_can_explain(self, what: str) -> Explaining:
        """Return which members can explain what a reference means, of those who agreed to be named; see `gnomon who --help`."""
        from gnomon.team.explaining.views import who_can_explain

        return who_can_explain(self._record, what)

    def catch_up(self) -> CatchUp:
        """Return what is new for who speaks with this device, and what waits for them; it stays unread."""
        from gnomon.team.catchup.views import catch_up

        return catch_up(self._record)[0]
