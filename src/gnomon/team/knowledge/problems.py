"""Reports of problems: what happened, the steps, and the environment, filled in from the record.

Always true: what is filled in was captured, so it passed the scrubber before; a draft says from which run it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.errors import BadArgumentError
from gnomon.runs.capture import wording
from gnomon.team.writing import actions
from gnomon.team.writing.kinds import PROBLEM

if TYPE_CHECKING:
    from gnomon.runs.run_view import RunView
    from gnomon.runs.views import Record
    from gnomon.team.writing.views import Writing

MOST_LINES = 30  # of a traceback, and of what was printed last


def draft(run: RunView | None) -> str:
    """Return the report as far as the record can tell it: headings, steps, what was printed last."""
    happened, steps = "", "1. "
    if run is not None:
        steps = _steps(run)
        happened = f"`run:{run.id[:8]}` ended as *{run.status}*.\n\n{_last_lines(run)}"
    return f"## What happened\n\n{happened}\n\n## What was expected\n\n\n## Steps\n\n{steps}\n\n## What was tried\n\n"


def environment(run: RunView | None) -> list[str]:
    """Return where it happened, a line for each fact: of the run, else of this machine."""
    if run is not None:
        return [f"{key}: {text}" for key, text in wording.facts(run).items() if key != "command"]
    from gnomon.runs.capture.machine import machine_facts
    from gnomon.runs.capture.python import python_facts

    machine, python = machine_facts(), python_facts()
    found = [f"python: {python.get('version')} ({python.get('implementation')})"]
    found += [
        f"{key}: {machine[key]}" for key in ("system", "distribution", "cpu", "container") if machine.get(key)
    ]
    return found


def report(record: Record, title: str, text: str, *, run: RunView | None = None) -> Writing:
    """Write a report; its environment is kept beside it."""
    fields: dict[str, object] = {"environment": environment(run)}
    if run is not None:
        fields["run"] = f"run:{run.id}"
    return actions.open_writing(record, PROBLEM.type, title, text, fields=fields)


def solve(problem: Writing, why: str) -> Writing:
    """Say that it is solved, and by what."""
    return actions.move(problem, "solved", _said(why, "by what it was solved"))


def close(problem: Writing, why: str) -> Writing:
    """Say that it is not worked on any more, and why."""
    return actions.move(problem, "closed", _said(why, "why it is closed"))


def _said(why: str, what: str) -> str:
    if not why.strip():
        raise BadArgumentError(
            f"say {what}: the next one who meets it reads that", hint="nothing was written"
        )
    return why


def _steps(run: RunView) -> str:
    steps = []
    commit = run.code.get("commit")
    if commit:
        dirty = ", with the changes that the run recorded" if run.code.get("is_dirty") else ""
        steps.append(f"`git checkout {str(commit)[:12]}`{dirty}")
    steps += [f"Data: {'data:' if use.version else ''}{use.label} as `{use.name}`" for use in run.uses]
    if run.command:
        steps.append(f"`{run.command}`")
    return "\n".join(f"{nth}. {step}" for nth, step in enumerate(steps, 1)) or "1. "


def _last_lines(run: RunView) -> str:
    errors = "\n".join(one.error for one in run.processes if one.error)
    text = run.traceback or "".join(piece.text for piece in run.console()) or errors
    lines = text.rstrip().splitlines()[-MOST_LINES:]
    fence = "````" if any("```" in line for line in lines) else "```"
    return "\n".join([fence, *lines, fence]) if lines else ""
