"""The page of what a remote can do: `python -m tests.docs.remote_page > docs/reference/what-a-remote-can-do.md`.

Each row stands beside the test that shows it, in `tests/promises/`. This joins them to tables.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # as pytest does: what the tests share lies there

from hostile import NOT_DETECTED, rows_of

HEAD = """\
<!-- Made from the tests: `make docs`. Do not edit. -->
# What a remote can do to you

Each line is a test that runs: it does what the first column says, and holds what the last one says. *Detected*: it is refused
or named, and nothing of it is stored. *Harmless*: nothing wrong is shown or stored. **Not detected** is said as plainly.
Why it is so: [how replicas meet](../internals/sync.md).
"""
PARTS = (
    ("A remote that lies", "test_p16_lying_remote"),
    ("A remote, or who may write to it, that attacks", "test_p17_attacking_remote"),
)
FOOT = """
Attacks are met by a process under an audit hook: no write outside the record, the configuration and the cache; no program,
connection or unpickling; less than 512 MB of memory and 60 s of processor time.
"""


def page() -> str:
    """Return the page, in Markdown."""
    parts = [HEAD]
    for title, name in PARTS:
        rows = rows_of(importlib.import_module(f"promises.{name}"))
        rows.sort(key=lambda row: row.verdict == NOT_DETECTED)
        parts.append(f"\n## {title}\n\n| it | verdict | what happens |\n|---|---|---|\n")
        parts += [f"| {row.what} | {row.verdict} | {row.happens} |\n" for row in rows]
    return "".join([*parts, FOOT])


if __name__ == "__main__":
    print(page(), end="")
