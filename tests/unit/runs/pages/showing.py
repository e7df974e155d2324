"""Pages without a server: a function is asked, and its answer rendered as the browser gets it."""

from __future__ import annotations

import re
from html import unescape

import gnomon
from gnomon.page import Ask, Shown, Values
from gnomon.web.templates import Templates

TEMPLATES = Templates(["gnomon.web", "gnomon.runs"])
AROUND = {
    "navigation": [], "path": "/", "here": "/", "record_name": "test", "marks": "{}", "token": "t", "instance": "i",
}  # fmt: skip


def link(
    digest: str, name: str, media_type: str = "", *, is_tree: bool = False, is_download: bool = False
) -> str:
    """Return an address in which everything that was asked for can be read."""
    return f"http://localhost:1/o/{digest}/{name}?{media_type}{'&tree' if is_tree else ''}{'&download' if is_download else ''}"


def asked(*pairs: tuple[str, str], part: str = "") -> Ask:
    """Return what a page's function gets for a query."""
    return Ask(gnomon.open(), query=Values(pairs), part=part, link=link)


def rendered(answer: Shown, part: str = "") -> str:
    """Return a page, or one part of it."""
    html = TEMPLATES.show(answer.template, {**AROUND, **answer.values, "title": answer.title}, part)
    assert html is not None
    return html


def words_of(html: str) -> str:
    """Return what a reader sees of a page: its text, with single spaces."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def rows_of(html: str) -> list[list[str]]:
    """Return the text of the cells of each table row."""
    return [
        [words_of(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)]
        for row in re.findall(r"<tr[^>]*>(.*?)</tr>", html, re.DOTALL)
    ]
