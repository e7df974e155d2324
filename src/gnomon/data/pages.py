"""The pages about data."""

from __future__ import annotations

from gnomon.page import Page

PAGES: tuple[Page, ...] = ()
