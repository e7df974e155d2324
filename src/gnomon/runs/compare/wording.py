"""Short sentences about a comparison of runs, the same in the terminal and in the pages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gnomon.runs.compare.code import CodeDiff
    from gnomon.runs.compare.comparison import Comparison
    from gnomon.runs.compare.facts import Differences

_AT = re.compile(r" \(`--at (step=-?\d+)` compares at one\)$")


def counts(found: Differences) -> str:
    """Return how many facts differ and how many agree: `2 differ, 5 agree`."""
    parts = [f"{len(found.differ)} differ{'s' if len(found.differ) == 1 else ''}"] if found.differ else []
    parts += [f"{found.agree:,} agree{'s' if found.agree == 1 else ''}"] if found.agree else []
    return ", ".join(parts)


def code_state(one: dict[str, object]) -> str:
    """Return on which state of its code a run ran, of what `Comparison.code` says of it."""
    if len(one) == 1:
        return "not recorded"
    branch = f" on {one['branch']}" if one.get("branch") else ""
    if one.get("kind") == "folder":
        files = one.get("kept_count")
        return f"no Git, {files} file{'' if files == 1 else 's'} kept"
    commit = str(one["commit"])[:12] + branch if one.get("commit") else f"no commit{branch}"
    changed, untracked = one.get("changed_count"), one.get("untracked_count")
    parts = [f"{changed} changed"] if changed else []
    more = "more than " if one.get("is_cut") else ""
    parts += [f"{more}{untracked:,} untracked"] if isinstance(untracked, int) and untracked else []
    dirty = (
        f", {', '.join(parts)}" if parts else ", nothing uncommitted" if one.get("is_dirty") is False else ""
    )
    return commit + dirty


def no_diff(first: str, other: str, diff: CodeDiff) -> str:
    """Return what is said where no file differs."""
    if not diff.is_known:
        return f"the code of {first} and {other} cannot be compared"
    return f"no difference between {first} and {other}" + (
        "" if diff.is_whole else " in what was not committed"
    )


def unsaid_data(found: Comparison) -> str:
    """Return what is said where nothing is known of the data."""
    lacking = any(text.partition(" of ")[0].endswith("data") for text in found.unrecorded)
    return f"{'not every run' if lacking else 'no run'} said what it used; `run.use` records it"


def without_option(note: str) -> tuple[str, str]:
    """Return a note without the option that it advises, and what that option would say: a page has a link there.

    >>> without_option("the last values are of different steps: a 5, b 9 (`--at step=5` compares at one)")
    ('the last values are of different steps: a 5, b 9', 'step=5')
    """
    advice = _AT.search(note)
    return (note[: advice.start()], advice[1]) if advice else (note, "")
