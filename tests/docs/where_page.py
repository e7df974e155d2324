"""The reference page of filters: `python -m tests.docs.where_page > docs/reference/where.md`.

The language is described once, where it is read: in the docstring of `gnomon.runs.where`. This puts a title on it.
"""

from __future__ import annotations

import inspect

from gnomon.runs import where

HEAD = """\
<!-- Made from the code: `make docs`. Do not edit. -->
# Filters and sorting

The same words on the command line (`gnomon runs`) and in Python (`gnomon.open().runs(…)`).

"""


def page() -> str:
    """Return the page, in Markdown."""
    text = inspect.getdoc(where) or ""
    return HEAD + text[0].upper() + text[1:].rstrip() + "\n"


if __name__ == "__main__":
    print(page(), end="")
