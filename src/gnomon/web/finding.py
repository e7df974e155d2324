"""Finds the pages: those of the web itself, of the features that come with Gnomon, and of plug-ins.

Always true: a plug-in whose pages cannot be used costs them, all of its own and none of anybody else's; `problems` says so, in
the terminal and on `/help`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from starlette.routing import compile_path

from gnomon.errors import BadArgumentError
from gnomon.features import PAGES
from gnomon.page import Page
from gnomon.record import kinds
from gnomon.text import clean

if TYPE_CHECKING:
    from collections.abc import Callable

    from gnomon.page import Answer, Ask

OWN = "gnomon.web.own_pages"
METHODS = ("GET", "POST")
RESERVED = ("/enter", "/leave", "/events", "/static")
"""Paths of the web itself, which no page can have."""


class Found:
    """All pages, and where their templates are. `problems` are sentences on plug-ins whose pages are not there."""

    def __init__(self) -> None:
        self.pages: list[Page] = []
        self.packages: list[str] = ["gnomon.web"]
        self.problems: list[str] = []
        for module in [OWN, *PAGES]:
            self._add(module)
        for module in kinds.plugin_pages():
            try:
                self._add(module)
            except (Exception, SystemExit) as error:  # noqa: BLE001  a stranger's package may raise anything; it is told in `problems`
                said = clean(f"{type(error).__name__}: {error}")
                self.problems.append(f"the pages of the plug-in `{module}` cannot be shown: {said}")

    @property
    def navigation(self) -> list[Page]:
        """The pages of the navigation, in order."""
        return sorted((page for page in self.pages if page.nav), key=lambda page: (page.nav, page.title))

    def _add(self, module: str) -> None:
        package = module.rpartition(".")[0] or module
        word = package.rpartition(".")[2]  # which its templates are named by
        if any(word == one.rpartition(".")[2] for one in self.packages if one != package):
            raise BadArgumentError(f"its folder is called `{word}`, as that of other templates")
        taken = {(page.method, page.path) for page in self.pages}
        new = list(import_module(module).PAGES)
        for page in new:
            _check(page, module, taken)
        self.pages += new
        self.packages.append(package)


def function(page: Page) -> Callable[[Ask], Answer]:
    """Return the function that answers, importing its module."""
    module, _, name = page.answer.partition(":")
    found: Callable[[Ask], Answer] = getattr(import_module(module), name)
    return found


def _check(page: object, module: str, taken: set[tuple[str, str]]) -> None:
    if not isinstance(page, Page) or not page.path.startswith("/") or page.method not in METHODS:
        raise BadArgumentError(f"`{module}` lists {page!r}, which is no page: a path from `/`, GET or POST")
    compile_path(page.path)  # raises for braces that do not fit
    key = (page.method, page.path)
    if key in taken or page.path.startswith(RESERVED):
        raise BadArgumentError(f"`{module}` lists {page.method} {page.path}, which is another page already")
    taken.add(key)
