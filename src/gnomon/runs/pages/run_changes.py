"""What is changed on a run's page: notes, tags, the name, hiding and bringing back. Each is a `POST`.

Always true: all goes through the record's own actions. Without script the answer leads back to the page; where a part is asked
for (`?part=notes`), the answer is that part as it is now.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.page import Redirect
from gnomon.runs.pages.run import page
from gnomon.runs.pages.run_parts import TABS, address

if TYPE_CHECKING:
    from gnomon.page import Answer, Ask
    from gnomon.runs.run_view import RunView


def add_note(ask: Ask) -> Answer:
    """Add a note."""
    run = _run(ask)
    ask.record.add_note(run.id, _text(ask))
    return _done(ask, run, "#notes")


def edit_note(ask: Ask) -> Answer:
    """Put another text in the place of a note."""
    run = _run(ask)
    ask.record.edit_note(run.id, ask.form.all("note"), _text(ask))
    return _done(ask, run, "#notes")


def tags(ask: Ask) -> Answer:
    """Add tags and take tags away; a tag that is there already stays."""
    run = _run(ask)
    remove = [tag for tag in ask.form.all("remove") if tag in run.tags]
    ask.record.tag(run.id, [tag.strip() for tag in ask.form.all("add")], remove)
    return _done(ask, run)


def name(ask: Ask) -> Answer:
    """Give the run another name, or settle which of two it is."""
    run = _run(ask)
    ask.record.rename(run.id, ask.form.text("name"))
    return _done(ask, run)


def hide(ask: Ask) -> Answer:
    """Hide the run from lists."""
    run = _run(ask)
    ask.record.remove(run.id)
    return _done(ask, run)


def restore(ask: Ask) -> Answer:
    """Bring the run back."""
    run = _run(ask)
    ask.record.restore(run.id)
    return _done(ask, run)


def _run(ask: Ask) -> RunView:
    """Return the run; a form of ours names it by its whole id, so nothing shorter is written to."""
    from gnomon.errors import UnknownSubjectError

    run = ask.record.run(ask.path["run"])
    if run.id != ask.path["run"]:
        raise UnknownSubjectError("a change names the run by its whole id", hint=f"that is {run.id}")
    return run


def _text(ask: Ask) -> str:
    """Return the text of a form, with the line ends that are ours."""
    return ask.form.text("text").replace("\r\n", "\n")


def _done(ask: Ask, run: RunView, anchor: str = "") -> Answer:
    if ask.part:
        return page(ask, ask.record.run(run.id))
    tab = ask.query.text("tab")
    return Redirect(address(run.id, tab if tab in dict(TABS) else "") + anchor)
