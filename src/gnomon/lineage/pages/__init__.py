"""The pages about lineage: the graph, and what something reached. See docs/internals/pages.md."""

from __future__ import annotations

from gnomon.page import Page

_HERE = "gnomon.lineage.pages"
PAGES = (
    Page("/lineage", f"{_HERE}.drawn_graph:drawn_graph", "Lineage", nav=50, key="l"),
    Page("/lineage/reach", f"{_HERE}.reached:reached", "Reach"),
    Page("/lineage/names", f"{_HERE}.names:names"),
)
