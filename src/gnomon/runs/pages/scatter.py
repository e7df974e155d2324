"""`/compare/scatter`: two columns of all chosen runs against each other; of groups of seeds with `groups=1`.

Without script there is the table; the picture is drawn by `static/scatter.js` from `/compare/columns`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.page import Shown
from gnomon.runs.pages.many_rows import column_names, many, split_unknown, useful
from gnomon.runs.pages.parallel import around

if TYPE_CHECKING:
    from gnomon.page import Ask


def scatter(ask: Ask) -> Shown:
    """Show `x=` against `y=`, coloured by `color=`: the most telling parameter and the most useful metric unless given."""
    x, y, color = (ask.query.text(name) for name in ("x", "y", "color"))
    if not x or not y:
        found = useful(ask)
        candidates = [*found.params, *found.metrics[1:], "created"]
        y = y or next((one for one in [*found.metrics, *found.params, "duration"] if one != x), "")
        x = x or next(one for one in candidates if one != y)
    shown = many(ask, list(dict.fromkeys(["name", x, y, *([color] if color else [])])))
    known, unknown = split_unknown([one for one in (x, y, color) if one], shown.table)
    values = {
        **around(shown, known, unknown, column_names(ask.record)),
        "x": x,
        "y": y,
        "color": color if color in known else "",
        "log_x": ask.query.flag("log_x"),
        "log_y": ask.query.flag("log_y"),
        "is_grouped": ask.query.flag("groups"),
        "is_drawable": x in known and y in known,
    }
    return Shown("runs/scatter.html", "Scatter", values)
