"""The part of `gnomon show` that says how a run was run: command, code, versions, machine, how it ended, what was withheld."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.runs.capture import wording
from gnomon.runs.notebook import views as notebook_view

if TYPE_CHECKING:
    from gnomon.runs.capture.views import Captured
    from gnomon.runs.face import Terminal
    from gnomon.runs.run_view import RunView

SHOWN_WITHHELD = 10


def facts(run: RunView, terminal: Terminal) -> dict[str, str]:
    """Return what was captured of a run, a short clean line for each thing."""
    found = wording.facts(run)
    unfinished = found.pop("unfinished", "")
    found |= {"console": _console(run, terminal), "unfinished": unfinished}
    return {key: terminal.clean(text) for key, text in found.items() if text}


def notes(captured: Captured, terminal: Terminal) -> list[str]:
    """Return what a person should know of the capture: sentences."""
    return [terminal.clean(note) for note in captured.part("code").get("notes") or ()]


def withheld(captured: Captured, terminal: Terminal) -> list[str]:
    """Return a line for each thing that looked like a secret and was not recorded."""
    lines = [terminal.clean(wording.withheld(one)) for one in captured.withheld[:SHOWN_WITHHELD]]
    more = len(captured.withheld) - SHOWN_WITHHELD
    return [*lines, f"and {more} more (`--json` lists all)"] if more > 0 else lines


def as_json(run: RunView) -> dict[str, object]:
    """Return all that was captured, for a program."""
    captured = run.captured
    return {
        "command": captured.part("command"),
        "code": captured.part("code"),
        "code_object": captured.code_object,
        "loaded": captured.part("loaded"),
        "python": captured.part("python"),
        "machine": captured.part("machine"),
        "environment": captured.part("environment"),
        "exit": captured.exit,
        "pending": captured.pending,
        "withheld": [one._asdict() for one in captured.withheld],
        "notebook": notebook_view.as_json(run.notebook),
    }


def _console(run: RunView, terminal: Terminal) -> str:
    pieces = list(run.console())
    lines = sum(piece.text.count("\n") for piece in pieces)
    skipped = sum(piece.skipped_bytes for piece in pieces)
    gap = f" ({terminal.size(skipped)} between them left out)" if skipped else ""
    return f"{terminal.count(lines, 'line')}{gap}; `gnomon console {run.id[:8]}`" if lines else ""
