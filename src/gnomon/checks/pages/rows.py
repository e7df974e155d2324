"""A check as lists and heads of pages show it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gnomon.checks.views import label_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gnomon.checks.views import Check
    from gnomon.runs.views import Record

MOST_ABOUT = 6


def row(record: Record, one: Check) -> dict[str, Any]:
    """Return what is shown of a check in one line."""
    return {
        "id": one.id, "label": one.label, "name": one.name, "kind": one.kind, "verdict": one.verdict,
        "said": one.sentence.partition(": ")[2], "about": about(record, one.about), "created": one.created,
        "by": one.author or "", "rows": one.rows,
    }  # fmt: skip


def about(record: Record, subjects: Iterable[str]) -> list[tuple[str, str]]:
    """Return what a check is about: (how it is called, path of its page; empty where it has none)."""
    return [(label_of(record, subject), path_of(record, subject)) for subject in list(subjects)[:MOST_ABOUT]]


def path_of(record: Record, subject: str) -> str:
    """Return the path of the page of a subject; empty where there is none."""
    from gnomon.runs.palette import data_place

    kind, _, id_ = subject.partition(":")
    if kind == "data":
        label = label_of(record, subject)
        return data_place(label) if "@" in label else ""
    return f"/{kind}/{id_}" if kind in ("run", "check") else ""
