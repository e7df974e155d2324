"""One series and its figures.

Both are classes of the kernel, which knows of no notebook; the view that hands them out teaches them how they look (`teach`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gnomon.points.series import Series
    from gnomon.points.stats import SeriesStat

LONGEST = 5_000_000


def teach() -> None:
    """Have series and their figures shown in notebooks."""
    from gnomon.points.series import Series
    from gnomon.points.stats import SeriesStat

    for kind, shown in ((Series, series_html), (SeriesStat, stat_html)):
        setattr(kind, "_repr_html_", shown)  # noqa: B010  mypy knows of no such attribute


def series_html(series: Series) -> str:
    """Return a curve and its figures."""
    from gnomon import text
    from gnomon.runs.display import look
    from gnomon.runs.display.markup import Html, tag
    from gnomon.runs.display.shorten import words
    from gnomon.runs.display.sparkline import sparkline

    count = len(series)
    head = tag(
        "div", tag("b", words(series.name)), f" over {words(series.x_name)}" if series.x_name else "",
        " of run ", tag("span", words(series.run[:8]), class_="id"), class_="head",
    )  # fmt: skip
    if not count or count > LONGEST:
        return look.framed(head, look.facts(text.count(count, "point")))
    ys = series.values()
    xs = series.x_values() if series.x_name else series.steps()
    is_one_line = len(set(series.ranks())) == 1
    known = [y for y in ys if y == y]
    return look.framed(
        head,
        sparkline(xs, ys, width=360, height=60) if is_one_line else Html(""),
        look.facts(
            text.count(count, "point"),
            f"last {text.number(ys[-1])}",
            f"min {text.number(min(known))}" if known else None,
            f"max {text.number(max(known))}" if known else None,
            None if series.x_name else f"steps {min(xs):,} to {max(xs):,}",
        ),
    )


def stat_html(stat: SeriesStat) -> str:
    """Return the figures of a series."""
    from gnomon import text
    from gnomon.runs.display import look, tables

    found = {"last": stat.last, "min": stat.min, "max": stat.max, "points": stat.count, "NaN": stat.nan}
    steps = f"{stat.first_step} to {stat.last_step}"
    shown = [(name, value) for name, value in found.items() if value is not None and (value or name != "NaN")]
    at = text.timestamp(stat.last_time_us / 1e6)
    return look.framed(tables.pairs([*shown, ("steps", steps), ("last at", at)]))
