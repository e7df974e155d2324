"""The pages about data: data sets, the versions of one, one version, the difference of two. See docs/internals/pages.md."""

from __future__ import annotations

from gnomon.page import Page

_HERE = "gnomon.data.pages"
PAGES = (
    Page("/data", f"{_HERE}.data_sets:data_sets", "Data", nav=40, key="d"),
    Page("/data/{name}", f"{_HERE}.data_set:data_set", "A data set"),
    Page("/data/{name}/diff", f"{_HERE}.difference:difference", "A difference of data"),
    Page("/data/{name}/{version}", f"{_HERE}.version:version", "A version of data"),
    Page("/data/{name}/{version}/tags", f"{_HERE}.version:tags", method="POST"),
    Page("/data/{name}/{version}/croissant", f"{_HERE}.version:croissant"),
)
