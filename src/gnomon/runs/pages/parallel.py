"""`/compare/parallel`: all chosen runs over several axes at once, with ranges that choose among them.

Without script there is the table; the picture, its ranges and the choice are drawn by `static/parallel.js` from the answer of
`/compare/columns`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.page import Shown
from gnomon.runs.compare.direction import guess
from gnomon.runs.pages.chosen import PARTS
from gnomon.runs.pages.many_rows import MOST_AXES, MOST_SHOWN, Many, column_names, many, split_unknown, useful

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.page import Ask


def parallel(ask: Ask) -> Shown:
    """Show the picture and the table of `axes=`, coloured by `color=`; those that tell the runs apart unless given."""
    asked, color = ask.query.listed("axes"), ask.query.text("color")
    if not asked:
        found = useful(ask)
        asked = [*found.params[:MOST_AXES], *found.metrics[:1]]
        color = color or next(iter(found.metrics), "")
    shown = many(ask, list(dict.fromkeys(["name", *asked, *([color] if color else [])])))
    axes, unknown = split_unknown(asked, shown.table)
    if color in shown.table.unknown:
        unknown.append(color)
        color = ""
    names = column_names(ask.record)
    values = {
        **around(shown, [*axes, color], unknown, names),
        "axes": axes,
        "color": color,
        "better": (guess(color) or "") if color.startswith("metrics.") else "",
        "others": [name for name in names if name not in axes],
    }
    return Shown("runs/parallel.html", "Parallel coordinates", values)


def around(
    shown: Many, columns: Sequence[str], unknown: Sequence[str], names: Sequence[str]
) -> dict[str, object]:
    """Return what the templates of pictures of many runs share: which runs, and the rows of the table."""
    head = shown.table.head(MOST_SHOWN)
    kept = list(dict.fromkeys(column for column in columns if column))
    return {
        "parts": PARTS,
        "query": shown.query,
        "where": shown.where,
        "is_named": shown.is_named,
        "count": len(shown.table),
        "total": shown.table.total,
        "is_newest": shown.is_cut and not shown.is_named,
        "columns": kept,
        "unknown": list(dict.fromkeys(unknown)),
        "names": list(dict.fromkeys([*names, *kept])),
        "rows": [
            {"id": row["id"], "name": row["name"], "cells": [row[column] for column in kept]}
            for row in head.to_pylist()
        ],
    }
