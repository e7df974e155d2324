"""Pages that belong to no feature."""

from __future__ import annotations

from gnomon.page import Page

PAGES = (Page("/help", "gnomon.web.help_page:help_page", "Help", nav=90, key="?"),)
