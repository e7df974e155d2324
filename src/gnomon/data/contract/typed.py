"""The columns of a table in the types that their values have: a CSV is read as text throughout, and all of its values decide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.data.contract.conditions import cell_of, misfit
from gnomon.data.contract.terms import Kind

if TYPE_CHECKING:
    from gnomon.data.profile.engine import Engine
    from gnomon.data.profile.source import Source

_FORMS = (("integer", "BIGINT"), ("float", "DOUBLE"), ("bool", "BOOLEAN"), ("timestamp", "TIMESTAMP"))


def typed_columns(opened: Engine, source: Source) -> list[str]:
    """Return the columns as SQL: of a CSV as whole numbers, numbers, true and false, times, or text; missing cells as NULL."""
    if not source.is_text:
        return [f"c{place}" for place in range(len(source.names))]
    cells = [cell_of(place, "VARCHAR", is_text=True) for place in range(len(source.names))]
    asked = []
    for cell in cells:
        for word, _ in _FORMS:
            kind = Kind(word, -(1 << 63), (1 << 63) - 1) if word == "integer" else Kind(word)
            asked.append(f"count(*) FILTER (WHERE NOT {cell.missing} AND {misfit(cell, kind, coerce=False)})")
        asked.append(f"count(*) FILTER (WHERE NOT {cell.missing})")
    counts = iter(opened.rows(f"SELECT {', '.join(asked)} FROM {source.relation}")[0]) if asked else iter(())
    typed = []
    for cell in cells:
        misfits = [next(counts) for _ in _FORMS]
        has_values = next(counts) > 0
        form = next(
            (sql for (_, sql), wrong in zip(_FORMS, misfits, strict=True) if not wrong and has_values), None
        )
        value = f"TRY_CAST(trim({cell.raw}) AS {form})" if form else cell.raw
        typed.append(f"CASE WHEN NOT {cell.missing} THEN {value} END")
    return typed
