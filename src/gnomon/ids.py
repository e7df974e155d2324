"""Ids: random, short to type, and of a type of their own.

A run id is 20 hex digits of randomness, so that replicas which never met do not collide (1e6 runs: about 4e-13).
People shorten ids as in Git; `shortest_prefix_length` says how much must be shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NewType

if TYPE_CHECKING:
    from collections.abc import Iterable

RunId = NewType("RunId", str)
WriterId = NewType("WriterId", str)
LogId = NewType("LogId", str)
WalId = NewType("WalId", str)
EntryHash = NewType("EntryHash", str)
ObjectId = NewType("ObjectId", str)

RUN_ID_BYTES = 10
SHOWN_LENGTH = 8
_HEX = frozenset("0123456789abcdef")


def is_hex(text: object, length: int | None = None) -> bool:
    """Return whether `text` is a string of lower-case hex digits (of this length)."""
    return isinstance(text, str) and (length is None or len(text) == length) and _HEX.issuperset(text)


def run_subject(run: str) -> str:
    """Return the subject that entries about this run name."""
    return f"run:{run}"


def process_subject(log: str) -> str:
    """Return the subject that entries about a process name; `log` is the id of the log that it writes."""
    return f"process:{log}"


def values_subject(run: str) -> str:
    """Return the subject that entries about the rich values of a run name."""
    return f"values:{run}"


def shortest_prefix_length(ids: Iterable[str], at_least: int = SHOWN_LENGTH) -> int:
    """Return how many digits tell these ids apart (never fewer than `at_least`)."""
    ordered = sorted(set(ids))
    longest_shared = 0
    for left, right in zip(ordered, ordered[1:], strict=False):
        shared = 0
        for a, b in zip(left, right, strict=False):
            if a != b:
                break
            shared += 1
        longest_shared = max(longest_shared, shared)
    return max(at_least, longest_shared + 1)
