"""The shape of a decision's text: Markdown with the headings of MADR 4, and two of our own (evidence, reopen if).

Always true: reading is by headings alone, in any order and case; what stands under none of them stays in the text.
"""

from __future__ import annotations

import re
from typing import NamedTuple

CONTEXT, OPTIONS, CHOICE, CONSEQUENCES, EVIDENCE, REOPEN = (
    "Context and Problem Statement",
    "Considered Options",
    "Decision Outcome",
    "Consequences",
    "Evidence",
    "Reopen If",
)
_CALLED = {
    "context and problem statement": CONTEXT, "context": CONTEXT, "considered options": OPTIONS, "options": OPTIONS,
    "decision outcome": CHOICE, "decision": CHOICE, "choice": CHOICE, "consequences": CONSEQUENCES,
    "evidence": EVIDENCE, "reopen if": REOPEN, "reopen when": REOPEN,
}  # fmt: skip
_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*?)[ \t#]*")
_TO_FILL = frozenset({"-", "- Good, because", "- Bad, because", 'Chosen option: "", because'})


class Parts(NamedTuple):
    """The parts of a decision, each as Markdown without its heading; empty where there is none."""

    title: str
    context: str
    options: str
    choice: str
    consequences: str
    evidence: str
    reopen: str


def parts_of(text: str) -> Parts:
    """Return the parts of a text.

    >>> parts_of("# Use depth 6\\n## Decision Outcome\\nDepth 6.\\n### Consequences\\n- slower").consequences
    '- slower'
    """
    title, found, part = "", dict.fromkeys(_CALLED.values(), ""), None
    for line in _lines(text):
        heading = _HEADING.fullmatch(line)
        if heading is None:
            if part is not None:
                found[part] += line + "\n"
            continue
        if len(heading[1]) == 1 and not title:
            title = heading[2]
        part = _CALLED.get(heading[2].strip().lower(), part if len(heading[1]) > 2 else None)
    told = {key: value.strip("\n") for key, value in found.items()}
    return Parts(
        title, told[CONTEXT], told[OPTIONS], told[CHOICE], told[CONSEQUENCES], told[EVIDENCE], told[REOPEN]
    )


def _lines(text: str) -> list[str]:
    """Return the lines of a text; those of code are no headings, so they get a space in front."""
    found, fence = [], ""
    for line in text.splitlines():
        mark = line.lstrip()[:3]
        if mark in ("```", "~~~") and (not fence or mark == fence):
            fence = "" if fence else mark
        found.append(f"     {line}" if fence and line.startswith("#") else line)
    return found


def items(section: str) -> list[str]:
    """Return the items of a list, each on one line: those that were left to be filled in are none."""
    found = []
    for line in section.splitlines():
        bare = line.strip()
        if bare and bare not in _TO_FILL:
            found.append(re.sub(r"^[-*+]\s+", "", bare).strip("`"))
    return found


def finished(text: str) -> str:
    """Return an edited text as it is kept: without its title, what was left to fill in, and headings over nothing."""
    lines = [line.rstrip() for line in text.splitlines()]
    title = next((place for place, line in enumerate(lines) if re.match(r"# \S", line)), None)
    if title is not None:
        del lines[title]
    lines = [line for line in lines if line.strip() not in _TO_FILL]
    kept: list[str] = []
    for line in reversed(lines):
        heading = _HEADING.fullmatch(line)
        below = next((one for one in reversed(kept) if one), None)
        if (
            heading is not None
            and heading[2].strip().lower() in _CALLED
            and _is_over_nothing(heading[1], below)
        ):
            continue
        kept.append(line)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(reversed(kept))).strip("\n")


def _is_over_nothing(marks: str, below: str | None) -> bool:
    """Whether a heading stands over no text: at the end, or before one of its own level or above."""
    if below is None:
        return True
    other = _HEADING.fullmatch(below)
    return other is not None and len(other[1]) <= len(marks)
