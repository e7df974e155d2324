"""What the table's page does with saved views: save what is asked, under a name; change one; remove it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from gnomon.page import Redirect
from gnomon.runs.saved import actions
from gnomon.runs.saved.question import read

if TYPE_CHECKING:
    from gnomon.page import Ask


def save(ask: Ask) -> Redirect:
    """Save the question in `query` as `name`; over the view whose id is in `view`, where one is given."""
    name, question = ask.form.text("name"), read(ask.form.text("query"))
    saved = actions.save(ask.record, name, question, view=ask.form.text("view") or None)
    return Redirect(f"/runs?{urlencode([*saved.question.pairs, ('view', saved.id)])}")


def remove(ask: Ask) -> Redirect:
    """Remove a view; the table goes on showing what it asked."""
    gone = actions.remove(ask.record, ask.form.text("view"))
    query = gone.question.query
    return Redirect(f"/runs?{query}" if query else "/runs")
