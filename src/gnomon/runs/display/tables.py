"""Tables: numbers to the right, times that can be read, and what was left out said below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.runs.display.markup import Html, tag
from gnomon.runs.display.shorten import short, words

_UNBROKEN = 24  # characters: shorter cells stay on one line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gnomon.runs.display.markup import Child


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, numbers: Iterable[str] = ()) -> Html:
    """Return a table. A cell is markup, or a value; a column is aligned to the right where all its values are numbers, or if it
    is among `numbers`.
    """
    listed = [list(row) for row in rows]
    right = {
        place
        for place, name in enumerate(columns)
        if name in set(numbers) or _is_numeric([row[place] for row in listed])
    }
    head = [tag("th", words(name, 80), class_=_class(place, right)) for place, name in enumerate(columns)]
    body = [
        tag("tr", [tag("td", _cell(cell), class_=_class(place, right)) for place, cell in enumerate(row)])
        for row in listed
    ]
    return tag("table", tag("thead", tag("tr", head)), tag("tbody", body))


def heads(keys: Sequence[str]) -> list[str]:
    """Return what columns are called: without `params.` and `metrics.` where that is clear."""
    bare = [key.partition(".")[2] if key.startswith(("params.", "metrics.")) else key for key in keys]
    return [name if bare.count(name) == 1 else key for name, key in zip(bare, keys, strict=True)]


def pairs(found: Iterable[tuple[str, object]]) -> Html:
    """Return names and values, a line each."""
    rows = [tag("tr", tag("th", words(name, 120)), tag("td", _exact(value))) for name, value in found]
    return tag("table", tag("tbody", rows)) if rows else Html("")


def below(*said: str) -> Html:
    """Return what is to be said of a table, under it."""
    found = "; ".join(one for one in said if one)
    return tag("div", found, class_="dim") if found else Html("")


def _cell(cell: object) -> Child:
    if isinstance(cell, Html):
        return cell
    shown = short(cell)
    return tag("span", shown, class_="t") if 0 < len(shown) <= _UNBROKEN else shown


def _exact(value: object) -> Child:
    return value if isinstance(value, Html) else "-" if value is None else short(value, exact=True)


def _class(place: int, right: set[int]) -> str | None:
    return "n" if place in right else None


def _is_numeric(cells: list[object]) -> bool:
    known = [cell for cell in cells if cell is not None]
    return bool(known) and all(
        isinstance(cell, (int, float)) and not isinstance(cell, bool) for cell in known
    )
