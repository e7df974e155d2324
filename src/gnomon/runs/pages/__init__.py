"""The pages about runs: home, the table, one run, comparisons, search, SQL. See docs/internals/pages.md."""

from __future__ import annotations

from gnomon.page import Page

_HERE = "gnomon.runs.pages"
PAGES = (
    Page("/", f"{_HERE}.home:home", "Home", nav=10, key="h"),
    Page("/palette", f"{_HERE}.home:palette"),
    # --- the table (runs/pages/table.py)
    # --- one run (runs/pages/run.py)
    # --- comparisons: curves, differences, groups, media; parallel, scatter, importance
    # --- search, SQL
)
