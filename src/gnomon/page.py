"""What a page is: its address, the function that answers, what that function gets (`Ask`) and what it may give back.

A feature lists its pages as rows of text (`PAGES` in its `pages.py`); `web/` finds them, checks who asks, calls the function and
sends the answer. Nothing here knows a web library, so a feature is tested by calling its functions.

Always true: a `GET` changes nothing; text reaches a page only through a template, which escapes it, or through
`runs.display.markup`. Story: docs/internals/pages.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

from gnomon.errors import BadArgumentError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gnomon.runs.views import Record


class Page(NamedTuple):
    """One page or action. `answer` is "module:function"; `nav` is its place in the navigation (0: not there).

    `path` may hold names in braces: `/run/{run}` gives `ask.path["run"]`. `key` is pressed after `g` to go there.
    """

    path: str
    answer: str
    title: str = ""
    method: str = "GET"
    nav: int = 0
    key: str = ""


class Values:
    """The values of a query or a form, by name; several of one name keep their order."""

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._pairs = list(pairs)

    def __contains__(self, name: str) -> bool:
        return any(key == name for key, _ in self._pairs)

    def pairs(self) -> list[tuple[str, str]]:
        """Return all values, in order."""
        return list(self._pairs)

    def text(self, name: str, default: str = "") -> str:
        """Return the last value of a name, without space around it."""
        found = self.all(name)
        return found[-1].strip() if found else default

    def all(self, name: str) -> list[str]:
        """Return every value of a name."""
        return [value for key, value in self._pairs if key == name]

    def listed(self, name: str) -> list[str]:
        """Return what a name lists: values that are repeated, or stand between commas."""
        parts = [part.strip() for value in self.all(name) for part in value.split(",")]
        return list(dict.fromkeys(filter(None, parts)))

    def flag(self, name: str) -> bool:
        """Return whether a name is given and is not `0`, `no` or `false`."""
        return name in self and self.text(name).lower() not in ("0", "no", "false", "off")

    def whole(self, name: str, default: int, *, low: int = 0, high: int = 10**9) -> int:
        """Return a whole number from `low` to `high`. Raises BadArgumentError for anything else."""
        text = self.text(name)
        if not text:
            return default
        if not (text.lstrip("-").isascii() and text.lstrip("-").isdigit() and len(text) < 20) or not (
            low <= int(text) <= high
        ):
            raise BadArgumentError(f"`{name}` must be a whole number from {low:,} to {high:,}; got {text!r}")
        return int(text)

    def number(self, name: str) -> float | None:
        """Return a finite number, None where none is given. Raises BadArgumentError for anything else."""
        text = self.text(name)
        if not text:
            return None
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise BadArgumentError(f"`{name}` must be a finite number; got {text!r}")
        return value


class ObjectLink(Protocol):
    """Gives addresses of bytes on the origin for what people made; they end after some hours."""

    def __call__(
        self,
        digest: str,
        name: str,
        media_type: str = "",
        *,
        is_tree: bool = False,
        is_download: bool = False,
    ) -> str:
        """Return the address of an object, shown under a file name; of a file within a tree where `name` is its path there."""


@dataclass
class Ask:
    """What a page's function gets. `path` are the named parts of the address, `query` what stands behind `?`.

    `form` is what a `POST` sent. `part` names the block that is asked for alone, empty for the whole page; `link` gives the
    address of an object's bytes on the origin for what people made (see `ObjectLink`).
    """

    record: Record
    path: Mapping[str, str] = field(default_factory=dict)
    query: Values = field(default_factory=Values)
    form: Values = field(default_factory=Values)
    part: str = ""
    now: float = 0.0
    link: ObjectLink | None = None


class Shown(NamedTuple):
    """A page made from a template (`runs/table.html`), with its title; `values` are what the template may name."""

    template: str
    title: str
    values: Mapping[str, object] = {}
    status: int = 200


class Json(NamedTuple):
    """A value as JSON."""

    value: object


class Binary(NamedTuple):
    """Bytes for our own script; never what people made, which has its own origin."""

    parts: Sequence[bytes]
    media_type: str = "application/octet-stream"
    name: str = ""  # offered as a file of this name


class Redirect(NamedTuple):
    """Go to another page of ours: a path that begins with one `/`."""

    to: str


Answer = Shown | Json | Binary | Redirect
