"""Pages that belong to no feature."""

from __future__ import annotations

from gnomon.page import Page

PAGES = (
    Page("/record", "gnomon.web.record_page:record_page", "Record", nav=75, key="y"),
    Page("/record/sync", "gnomon.web.record_page:start_sync", method="POST"),
    Page("/record/verify", "gnomon.web.record_page:start_verify", method="POST"),
    Page("/record/stop", "gnomon.web.record_page:stop", method="POST"),
    Page("/help", "gnomon.web.help_page:help_page", "Help", nav=90, key="?"),
)
