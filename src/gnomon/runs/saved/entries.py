"""The kinds of entry about a saved view (subject `view:<id>`, 20 random hex digits).

| kind | body | folded as |
|---|---|---|
| `view.saved` | name, page, query | a register of all three together: the view |
| `view.removed` | nothing | the view is gone, unless somebody saved it apart |

`page` is the path of the page that is asked (`/runs`), `query` what stands behind `?`, in the form that
`runs.saved.question` writes. Both kinds go over all entries of the subject that are seen, so a view that was saved after
it was removed is there again, and a view that was saved apart from its removal stays: nobody loses what they did not see.
Views travel with every sync, and with exports of the whole record.
"""

from __future__ import annotations

SAVED = "view.saved"
REMOVED = "view.removed"
RUNS_PAGE = "/runs"
VIEW_ID_BYTES = 10


def view_subject(view: str) -> str:
    """Return the subject that entries about a saved view name."""
    return f"view:{view}"
