"""Templates: one environment, in which all text is escaped and no control character or turned text direction comes through.

Templates are named by the folder of the feature (`runs/table.html`); `web/macros.html` is `ui` in all of them. A template may
name only what it is given: what is missing is an error.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import jinja2
from markupsafe import Markup

from gnomon import text
from gnomon.runs.display.markdown import rendered
from gnomon.runs.display.shorten import short, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gnomon.runs.display.markup import Html


class Templates:
    """The templates of the pages' features. `packages` are such as `gnomon.runs`, each with a folder `templates`."""

    def __init__(self, packages: Iterable[str]) -> None:
        loaders = {name: jinja2.FileSystemLoader(folder) for name, folder in _folders(packages)}
        self._env = jinja2.Environment(
            loader=jinja2.PrefixLoader(loaders),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            finalize=_shown,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._env.filters.update(FILTERS)
        self._env.globals["url"] = url
        self._env.globals["ui"] = self._env.get_template("web/macros.html").module

    def show(self, name: str, values: Mapping[str, object], part: str = "") -> str | None:
        """Return a page, or one block of it; None where it has no such block."""
        template = self._env.get_template(name)
        if not part:
            return template.render(values)
        block = template.blocks.get(part)
        return None if block is None else "".join(block(template.new_context(dict(values))))


def url(path: str, *, keep: Mapping[str, object] | None = None, **query: object) -> str:
    """Return an address: None, False and empty are left out, lists are repeated.

    >>> url("/compare", run=["a", "b"], at=None, log=True)
    '/compare?run=a&run=b&log=1'
    """
    pairs: list[tuple[str, str]] = []
    for name, value in {**(keep or {}), **query}.items():
        for one in value if isinstance(value, (list, tuple)) else [value]:
            if one is not None and one is not False and one != "":
                pairs.append((name, "1" if one is True else str(one)))
    return quote(path, safe="/@:") + (f"?{urlencode(pairs)}" if pairs else "")


def _folders(packages: Iterable[str]) -> Iterable[tuple[str, str]]:
    for package in dict.fromkeys(packages):
        module = import_module(package)
        place = os.path.dirname(module.__file__ or "")
        yield package.rpartition(".")[2], os.path.join(place, "templates")


def _shown(value: object) -> object:
    """Return what an expression shows: nothing for None; in text, characters that control or turn are written as escapes."""
    if value is None:
        return ""
    if isinstance(value, str) and not isinstance(value, Markup) and not value.isprintable():
        return "\n".join(map(text.clean, value.split("\n")))
    return value


# --- filters


def when(seconds: object, kind: str = "minute") -> Markup | str:
    """Return a moment in UTC with its zone; script on the page shows it in the reader's zone, with that zone.

    `kind` is 'minute', 'second', or 'clock' for the time of day alone.
    """
    if not isinstance(seconds, (int, float)):
        return text.MISSING
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return text.MISSING
    forms = {"second": "%Y-%m-%d %H:%M:%S UTC", "clock": "%H:%M UTC"}
    shown = moment.strftime(forms.get(kind, "%Y-%m-%d %H:%M UTC"))
    iso = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    word = kind if kind in ("second", "clock") else "minute"
    return Markup(f'<time datetime="{iso}" data-kind="{word}">{shown}</time>')  # noqa: S704  digits, and our own words


def duration(seconds: object) -> str:
    """Return a length of time."""
    return text.duration(seconds) if isinstance(seconds, (int, float)) else text.MISSING


def value(given: object) -> str:
    """Return any value of a run as a table shows it."""
    if given is None:
        return text.MISSING
    return text.number(given) if isinstance(given, (int, float)) else short(given)


def markdown(given: str) -> Markup:
    """Return a note's Markdown as markup, built element by element."""
    return Markup(rendered(given).markup)  # noqa: S704  it is made by `markup.tag`, which escapes


def drawing(given: Html) -> Markup:
    """Return a small drawing that `runs.display` made element by element."""
    return Markup(given.markup)  # noqa: S704  it is made by `markup.tag`, which escapes


FILTERS = {
    "when": when,
    "duration": duration,
    "value": value,
    "exact": lambda given: text.exact(given) if isinstance(given, (int, float)) else str(given),
    "size": lambda given: text.size(given) if isinstance(given, int) else text.MISSING,
    "count": lambda number, one, many=None: text.count(number, one, many),
    "short_id": lambda given: str(given)[:8],
    "words": lambda given, limit=200: words(str(given), limit),
    "markdown": markdown,
    "drawing": drawing,
    "thousands": lambda given: f"{given:,}",
    "beside": lambda one, other: zip(one, other, strict=True),
}
