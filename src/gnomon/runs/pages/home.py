"""`/`: what happened since the reader last looked, what runs now, what failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.page import Json, Shown

if TYPE_CHECKING:
    from gnomon.page import Ask


def home(ask: Ask) -> Shown:
    """Show what is new."""
    recent = ask.record.runs(limit=20, columns=["id", "name", "status", "created", "duration"])
    return Shown("runs/home.html", "Home", {"recent": recent.to_pylist(), "total": recent.total})


def palette(ask: Ask) -> Json:
    """Return what the palette finds for some words, beside pages and actions."""
    words = ask.query.text("q")
    hits = ask.record.search(words, limit=8) if words else []
    return Json(
        [
            {"title": hit.name or hit.id[:8], "note": f"{hit.kind} {hit.id[:8]}", "to": f"/run/{hit.id}"}
            for hit in hits
        ]
    )
