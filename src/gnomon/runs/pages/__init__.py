"""The pages about runs: home, the table, one run, comparisons, search, SQL. See docs/internals/pages.md."""

from __future__ import annotations

from gnomon.page import Page

PAGES = (
    Page("/", "gnomon.runs.pages.home:home", "Home", nav=10, key="h"),
    Page("/palette", "gnomon.runs.pages.home:palette"),
)
