"""The rich values of a run (images, tables, figures, …): subject `values:<run>`, apart from the run's own entries.

Always true: the fold is pure and never raises; a value is listed only if it names an object.
Entries: `runs.entries`.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

from gnomon.ids import is_hex
from gnomon.record.kinds import Feature
from gnomon.runs import checked, entries

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gnomon.record.fold import LiveEntry

FOLD_VERSION = 2
_in_order = itemgetter("series", "step", "time_us", "rank", "entry", "nth")


def fold_values(live: Sequence[LiveEntry]) -> dict[str, object]:
    """Return {"values": [...]}, by series, step, time, rank; the entry's hash decides between equals."""
    found: list[dict[str, Any]] = []
    for entry in live:
        for nth, one in enumerate(checked.items(entry.body.get("values"))):
            value = _value(one)
            if value is not None:
                found.append({**value, "time_us": entry.time_us, "nth": nth, "entry": entry.hash})
    found.sort(key=_in_order)
    return {"values": found}


def _value(one: object) -> dict[str, Any] | None:
    if (
        not isinstance(one, dict)
        or not isinstance(one.get("series"), str)
        or not isinstance(one.get("kind"), str)
    ):
        return None
    parts = [
        {"name": name, "media_type": media_type, "object": stored, "size": size}
        for name, media_type, stored, size in checked.rows(one.get("parts"), 4)
        if isinstance(name, str)
        and isinstance(media_type, str)
        and is_hex(stored, 64)
        and checked.whole(size) is not None
    ]
    if not parts:
        return None
    return {
        "series": one["series"],
        "kind": one["kind"],
        "step": checked.integer(one.get("step")) or 0,
        "rank": checked.whole(one.get("rank")) or 0,
        "meta": checked.shallow(checked.fields(one.get("meta"))),
        "parts": parts,
        "notes": checked.texts(one.get("notes")),
    }


def texts(state: object) -> Iterable[tuple[str, str]]:
    """Return what full-text search finds values by: their names and captions."""
    assert isinstance(state, dict)  # `fold_values` made it  # noqa: S101
    words = dict.fromkeys(
        f"{value['series']} {checked.text(value['meta'].get('caption')) or ''}".strip()
        for value in state["values"]
    )
    if words:
        yield "values", "\n".join(words)


FEATURE = Feature(
    "values",
    kinds={entries.LOGGED: "images, tables, figures and other rich values were logged"},
    fold=fold_values,
    texts=texts,
    version=FOLD_VERSION,
)
