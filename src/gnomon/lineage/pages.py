"""The pages about lineage."""

from __future__ import annotations

from gnomon.page import Page

PAGES: tuple[Page, ...] = ()
