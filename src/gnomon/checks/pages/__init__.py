"""The pages about checks: all of them, one, two beside each other, those of a run. See docs/internals/pages.md."""

from __future__ import annotations

from gnomon.page import Page

_HERE = "gnomon.checks.pages"
PAGES = (
    Page("/checks", f"{_HERE}.listing:listing", "Checks", nav=45, key="k"),
    Page("/checks/compare", f"{_HERE}.compared:compared", "Two checks"),
    Page("/check/{check}", f"{_HERE}.one:one", "A check"),
    Page("/run/{run}/checks", f"{_HERE}.of_run:of_run", "Checks of a run"),
)
