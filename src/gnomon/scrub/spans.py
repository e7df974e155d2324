"""What a rule found: a stretch of text to withhold, and how stretches become one clean text.

Always true: everything outside the stretches stays byte for byte; stretches that touch the same character become one.
"""

from __future__ import annotations

from typing import NamedTuple


class Span(NamedTuple):
    """`text[start:end]` is a secret. `since` is where what gave it away begins: its name, or the secret itself."""

    start: int
    end: int
    kind: str
    name: str
    since: int


def mark(kind: str) -> str:
    """Return what stands where a secret was."""
    return f"[withheld: {kind}]"


def merged(spans: list[Span]) -> list[Span]:
    """Return the spans in order, overlapping ones as one: its kind is that of the form, where a form told."""
    done: list[Span] = []
    for span in sorted(spans):
        last = done[-1] if done else None
        if last is None or span.start >= last.end:
            done.append(span)
            continue
        kind = span.kind if last.name and not span.name else last.kind
        done[-1] = Span(
            last.start, max(last.end, span.end), kind, last.name or span.name, min(last.since, span.since)
        )
    return done


def without(text: str, spans: list[Span]) -> str:
    """Return `text` with a mark in place of each span (in order, none overlapping)."""
    parts, done = [], 0
    for span in spans:
        parts.append(text[done : span.start])
        parts.append(mark(span.kind))
        done = span.end
    parts.append(text[done:])
    return "".join(parts)
