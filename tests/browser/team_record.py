"""What a team writes to each other, put into a record that pages are looked at over: one of every kind, number 1 each."""

from __future__ import annotations

from pathlib import Path

import gnomon
from gnomon.team.decisions.actions import decide
from gnomon.team.handoffs.actions import hand_off
from gnomon.team.knowledge import pages, problems
from gnomon.team.people import actions as people
from gnomon.team.questions.actions import ask
from gnomon.team.reviews.actions import request
from gnomon.team.updates.actions import give
from gnomon.team.writing import actions


def add_team(folder: Path, run: str) -> None:
    """Write one of every kind; `run` is a run of the record."""
    with gnomon.open(folder / ".gnomon") as record:
        ana = people.become(record, "Ana").person
        ana = people.works(record, ana, zone="Europe/Berlin")
        bea = people.works(record, people.add(record, "Bea"), zone="Asia/Kolkata", hours="10:00-18:30")
        people.works(record, people.add(record, "Chidi"), zone="America/Los_Angeles")
        short = run[:8]
        question = ask(
            record,
            "Which split did the first run use?",
            [bea],
            f"I need it for run:{short}.",
            blocks=[f"run:{short}"],
        )
        actions.say(question, "By customer, I think; see page:setup.")
        decide(
            record, "Use deeper trees", f"# Use deeper trees\n\n## Context\n\nSee run:{short} and data:credit@v1.\n",
            evidence=[f"run:{short}#metrics.loss"],
        )  # fmt: skip
        hand_off(
            record, ana, bea, f"## Running\n\n- run:{short}: look at its curve\n", subjects=[f"run:{run}"]
        )
        request(record, f"run:{short}", [bea], "Is the split right?")
        give(record, ana, "Did: trained trees\nNext: deeper ones\nBlocked: Bea: may we drop region?")
        text = (
            "| to | type |\n|---|---|\n| look | `gnomon ui` |\n\nThe loss was {{ metrics.loss of run:RUN }}."
        )
        pages.write(record, "setup", text.replace("RUN", short), form="how-to")
        problems.report(record, "Loss is NaN", problems.draft(record.run(run)), run=record.run(run))
