"""`/help`: the keys, and how filters are written."""

from __future__ import annotations

from gnomon.page import Ask, Shown


def help_page(ask: Ask) -> Shown:  # noqa: ARG001
    """Show the keys and how filters are written."""
    return Shown("web/help.html", "Help")
