"""What a person does with saved views: save one, change it, remove it.

Always true: when one of these returns, the entry is on the disk. Each goes over all that was seen of the view, so it settles
what people saved apart.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from gnomon.errors import BadArgumentError, NotStoredError
from gnomon.runs import where as where_language
from gnomon.runs.saved import entries
from gnomon.runs.saved.state import MAX_NAME
from gnomon.runs.saved.views import TYPE, SavedView, view_called, views
from gnomon.session import session_for

if TYPE_CHECKING:
    from gnomon.runs.saved.question import Question
    from gnomon.runs.views import Record


def save(record: Record, name: str, question: Question, *, view: str | None = None) -> SavedView:
    """Save a question under a name: over the view with this id, else over the one that is called so, else as a new one.

    Raises BadExpressionError for a filter or an order that cannot be read, BadArgumentError, AmbiguousIdError.
    """
    name = _checked(name)
    if question.where:
        where_language.parse(question.where)
    if question.sort and not question.by:
        where_language.parse_sort(question.sort)
    known = None
    if view is not None:
        known = view_called(record, view)
    elif any(one.name == name for one in views(record)):
        known = view_called(record, name)
    if known is not None and (known.name, known.question) == (name, question) and known.is_settled:
        return known
    id_ = known.id if known is not None else secrets.token_hex(entries.VIEW_ID_BYTES)
    body: dict[str, object] = {"name": name, "page": entries.RUNS_PAGE, "query": question.query}
    _write(record, entries.SAVED, id_, body)
    return view_called(record, id_)


def remove(record: Record, view: str) -> SavedView:
    """Remove a view, given by its name or id, and return what it was. The runs that it shows stay as they are."""
    known = view_called(record, view)
    _write(record, entries.REMOVED, known.id, {})
    return known


def _checked(name: str) -> str:
    name = name.strip()
    if not name:
        raise BadArgumentError("a view needs a name; this one is empty")
    if len(name) > MAX_NAME:
        raise BadArgumentError(f"the name of a view has at most {MAX_NAME} characters; got {len(name):,}")
    return name


def _write(record: Record, kind: str, view: str, body: dict[str, object]) -> None:
    index = record.replica.index
    state = index.state(TYPE, view) if TYPE in index.types() and view in index.ids(TYPE) else None
    heads = state["heads"] if isinstance(state, dict) else []
    session = session_for(record.path)
    session.append(kind, entries.view_subject(view), body, over=heads, strict=True)
    if not session.sync():
        raise NotStoredError(f"the entry `{kind}` could not be brought to the disk of `{record.path}`")
