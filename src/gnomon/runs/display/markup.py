"""HTML by construction: `tag("td", text)` escapes text, and only what this module made goes in as it is.

Always true: no string becomes markup, a control character is written as an escape that can be read, and an attribute is one of
those that are listed here.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from gnomon.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypeAlias

    Child: TypeAlias = "Html | str | Iterable[Child] | None"

_ATTRIBUTES = frozenset(
    "class colspan open title href rel viewBox width height d x y cx cy r role start aria-hidden".split()
)
_SAFE_LINKS = ("https://", "http://")


class Html:
    """Markup that is ready to be shown. `tag`, `joined` and `style` make it; elsewhere only constants do."""

    __slots__ = ("markup",)

    def __init__(self, markup: str) -> None:
        self.markup = markup

    def __str__(self) -> str:
        return self.markup

    def __bool__(self) -> bool:
        return bool(self.markup)


def tag(name: str, *children: Child, **attributes: str | None) -> Html:
    """Return an element. Children are text, elements, or iterables of these; None is nothing.

    `class_` is `class`, `aria_hidden` is `aria-hidden`. A link that is not to the web loses its address.
    """
    parts = []
    for word, value in attributes.items():
        key = word.rstrip("_").replace("_", "-")
        if value is None or (key == "href" and not value.lower().startswith(_SAFE_LINKS)):
            continue
        if key not in _ATTRIBUTES:
            raise ValueError(f"`{key}` is no attribute that is written here")
        parts.append(f' {key}="{escape(clean(value))}"')
    return Html(f"<{name}{''.join(parts)}>{joined(children)}</{name}>")


def joined(children: Child) -> Html:
    """Return some children as one."""
    if children is None:
        return Html("")
    if isinstance(children, Html):
        return children
    if isinstance(children, str):
        return Html(escape(clean(children)))
    return Html("".join(joined(child).markup for child in children))


def style(sheet: str) -> Html:
    """Return a style sheet of this package."""
    return Html(f"<style>{sheet}</style>")
