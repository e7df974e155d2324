"""The rich values of a run (images, tables, figures, …): subject `values:<run>`, apart from the run's own entries.

Always true: the fold is pure and never raises; a value is listed only if it names an object.
Entries: `runs.entries`.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

from gnomon.ids import is_hex
from gnomon.record.kinds import Feature
from gnomon.runs import entries

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gnomon.record.fold import LiveEntry

FOLD_VERSION = 1
_in_order = itemgetter("series", "step", "time_us", "rank", "nth")


def fold_values(live: Sequence[LiveEntry]) -> dict[str, object]:
    """Return {"values": [...]}, by series, step, time, rank."""
    found: list[dict[str, Any]] = []
    for entry in live:
        listed = entry.body.get("values")
        for nth, one in enumerate(listed if isinstance(listed, list) else ()):
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
    step, rank, meta, notes = one.get("step"), one.get("rank"), one.get("meta"), one.get("notes")
    listed = one.get("parts")
    parts = [
        {"name": str(part[0]), "media_type": str(part[1]), "object": part[2], "size": part[3]}
        for part in (listed if isinstance(listed, list) else ())
        if isinstance(part, list) and len(part) == 4 and is_hex(part[2], 64) and isinstance(part[3], int)
    ]
    if not parts:
        return None
    return {
        "series": one["series"],
        "kind": one["kind"],
        "step": step if isinstance(step, int) else 0,
        "rank": rank if isinstance(rank, int) else 0,
        "meta": meta if isinstance(meta, dict) else {},
        "parts": parts,
        "notes": [str(note) for note in notes] if isinstance(notes, list) else [],
    }


def texts(state: object) -> Iterable[tuple[str, str]]:
    """Return what full-text search finds values by: their names and captions."""
    assert isinstance(state, dict)  # `fold_values` made it  # noqa: S101
    words = dict.fromkeys(
        f"{value['series']} {value['meta'].get('caption') or ''}".strip() for value in state["values"]
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
