"""Pages: texts that stay true, found by a name. What a person does with them, and what they ask."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

from gnomon.errors import BadArgumentError, UnknownSubjectError
from gnomon.team.writing import actions, views
from gnomon.team.writing.kinds import PAGE

if TYPE_CHECKING:
    from gnomon.runs.views import Record
    from gnomon.team.writing.views import Row, Writing

FORMS = ("page", "how-to", "cheat-sheet")
TEMPLATES = {
    "page": "",
    "how-to": "When to do this: \n\n## Steps\n\n1. \n\n## How to see that it worked\n\n\n## When it does not\n\n",
    "cheat-sheet": "| to | type |\n|---|---|\n|  | `` |\n",
}
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?")


def checked_name(name: str) -> str:
    """Return the name of a page. Raises BadArgumentError for one that could not stand in a reference.

    >>> checked_name("setup-gpu")
    'setup-gpu'
    """
    if not _NAME.fullmatch(name) or name.isdigit():
        raise BadArgumentError(
            f"`{name}` cannot be the name of a page",
            hint="a name is of a-z, 0-9 and `-`, begins and ends with a letter or digit, and is no number: `setup-gpu`",
        )
    return name


def page_called(record: Record, name: str) -> Writing | None:
    """Return the page that is called so; None where there is none yet."""
    try:
        return views.writing_called(record, PAGE.type, name)
    except UnknownSubjectError:
        return None


def write(
    record: Record,
    name: str,
    text: str,
    *,
    title: str | None = None,
    form: str | None = None,
    seen: Writing | None = None,
    settle: bool = False,
) -> Writing:
    """Write a page, or put another text in the place of its own. `form` is that of a new one, and stays.

    `seen` is the page as whoever writes has seen it: a text that came since stands beside the new one. Where two texts stand
    and neither is `seen`, only `settle` puts a new one in their place. Raises BadArgumentError.
    """
    if form is not None and form not in FORMS:
        near = get_close_matches(form, FORMS, n=1)
        meant = f"did you mean `{near[0]}`? " if near else ""
        raise BadArgumentError(f"there is no form `{form}` of page", hint=f"{meant}one of {', '.join(FORMS)}")
    if not text.strip():
        raise BadArgumentError(
            f"page `{name}` needs some text", hint="`gnomon pages archive` takes a page out of the list"
        )
    known = seen or page_called(record, name)
    if known is not None and known.other_texts and seen is None and not settle:
        raise BadArgumentError(
            f"page `{name}` has {len(known.other_texts) + 1} texts, which were written apart by {names_of_texts(known)}",
            hint=f"`gnomon read page:{name}` shows them; to put this text in the place of all, say that it settles them"
            " (`--settle`, `settle=True`)",
        )
    if known is not None:
        if form is not None and form != known.fields.get("form"):
            raise BadArgumentError(f"page `{name}` is a {known.fields.get('form')} and stays one")
        written = actions.revise(known, title=title, text=text)
        return actions.move(written, "current") if written.state != "current" else written
    fields: dict[str, object] = {"name": checked_name(name), "form": form or FORMS[0]}
    title = title or name.replace("-", " ").capitalize()
    return actions.open_writing(record, PAGE.type, title, text, fields=fields)


def names_of_texts(page: Writing) -> str:
    """Return who wrote the texts that stand, for a sentence."""
    *others, last = dict.fromkeys([*(who for _, _, who in page.other_texts), page.text_by])
    return f"{', '.join(others)} and {last}" if others else last


def archive(page: Writing, why: str = "") -> Writing:
    """Take a page out of the list; references to it go on working, and say so. Writing it again brings it back."""
    return actions.move(page, "archived", why)


def listed(record: Record, *, archived: bool = False) -> list[tuple[Row, str, str]]:
    """Return the pages (row, name, form), by form and name; those that were archived only if asked for."""
    record.replica.update(record.progress)
    index = record.replica.index
    rows = views.rows(record, PAGE.type)
    if not rows:
        return []
    table = index.columns(PAGE.type, ["", "form"])
    forms = dict(zip(table[""], table["form"], strict=True))
    found = [
        (row, row.name or "", str(forms[row.id] or FORMS[0]))
        for row in rows
        if archived or row.state != "archived"
    ]
    return sorted(found, key=lambda one: (one[2], one[1], one[0].id))
