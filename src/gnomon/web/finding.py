"""Finds the pages: those of the web itself, of the features that come with Gnomon, and of plug-ins."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from gnomon.errors import BadArgumentError
from gnomon.features import PAGES
from gnomon.page import Page
from gnomon.record import kinds

if TYPE_CHECKING:
    from collections.abc import Callable

    from gnomon.page import Answer, Ask

OWN = "gnomon.web.own_pages"
METHODS = ("GET", "POST")


class Found:
    """All pages, and where their templates are."""

    def __init__(self) -> None:
        self.pages: list[Page] = []
        self.packages: list[str] = ["gnomon.web"]
        taken: set[tuple[str, str]] = set()
        for module in [OWN, *PAGES, *kinds.plugin_pages()]:
            self.packages.append(module.rpartition(".")[0] or module)
            for page in import_module(module).PAGES:
                _check(page, module, taken)
                self.pages.append(page)

    @property
    def navigation(self) -> list[Page]:
        """The pages of the navigation, in order."""
        return sorted((page for page in self.pages if page.nav), key=lambda page: (page.nav, page.title))


def function(page: Page) -> Callable[[Ask], Answer]:
    """Return the function that answers, importing its module."""
    module, _, name = page.answer.partition(":")
    found: Callable[[Ask], Answer] = getattr(import_module(module), name)
    return found


def _check(page: Page, module: str, taken: set[tuple[str, str]]) -> None:
    key = (page.method, page.path)
    if not isinstance(page, Page) or not page.path.startswith("/") or page.method not in METHODS:
        raise BadArgumentError(f"`{module}` lists {page!r}, which is no page: a path from `/`, GET or POST")
    if key in taken:
        raise BadArgumentError(f"`{module}` lists {page.method} {page.path}, which another page has already")
    taken.add(key)
