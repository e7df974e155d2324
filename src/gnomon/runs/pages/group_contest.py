"""`/compare/groups`: which group of seeds is better by a metric, by how much, with which interval; or that nobody can tell.

What may be said comes from `record.compare_groups`; here it is laid out: the form, the sentence, a table with all intervals drawn
on one axis. Always true: an interval that does not fit the axis is drawn with an open end, and its numbers stand beside it.
Story: docs/explanation/honest-comparison.md.
"""

from __future__ import annotations

import math
import re
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from gnomon import text
from gnomon.errors import AmbiguousIdError, BadArgumentError, BadExpressionError, UnknownSubjectError
from gnomon.page import Shown
from gnomon.runs.compare.direction import guess
from gnomon.runs.compare.wording import without_option
from gnomon.runs.display.shorten import short, words
from gnomon.runs.groups.contest import LEVEL
from gnomon.runs.groups.contest_table import cells_of
from gnomon.runs.groups.definition import seed_groups
from gnomon.runs.groups.question import first_metric, metric_names
from gnomon.runs.pages.chosen import PARTS, Chosen
from gnomon.runs.plot.scale import Scale

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gnomon.page import Ask
    from gnomon.runs.groups.contest import GroupComparison, Row
    from gnomon.runs.groups.definition import SeedGroup

ROWS, MOST_ROWS = 50, 1_000
METRICS, OFFERED = 500, 300
NOTES, DOTS = 12, 200
DIGIT = 6.2  # the width of a digit on the axis, in pixels
WIDTH, EDGE = 228, 8  # of the drawn intervals, in pixels
BEYOND, USUAL = (
    0.8,
    2.5,
)  # so far an axis goes for an interval: of the span of the values, or of how far half of them go
REFUSED = (AmbiguousIdError, BadArgumentError, BadExpressionError, UnknownSubjectError)
_WHAT = {"last": "Last values", "best": "Best values", "area": "Means over the steps"}
_QUOTED = re.compile(r"`([^`]*)`")


class Drawn(NamedTuple):
    """An interval on an axis, in pixels; `is_cut_low` and `is_cut_high`: it goes on beyond the axis."""

    low: float | None
    high: float | None
    middle: float | None
    is_cut_low: bool
    is_cut_high: bool
    dots: list[tuple[float, str]]


class Axis(NamedTuple):
    """Ticks as (place in pixels, text); `zero` is the place of 0 where it is on the axis."""

    ticks: list[tuple[float, str]]
    zero: float | None


class Line(NamedTuple):
    """A group as a row: its cells in words, its mean and its difference from the reference as they are drawn."""

    name: str
    is_reference: bool
    cells: dict[str, object]
    interval: str
    mean: Drawn | None
    difference: Drawn | None
    way: str
    why: str


def groups(ask: Ask) -> Shown:
    """Show which group of seeds is better, and the form that asks."""
    ask.record.replica.update()
    query = ask.query
    names = metric_names(ask.record)
    known = seed_groups(ask.record)
    metric = query.text("metric") or (first_metric(names) if names else "")
    where, at, better = query.text("where"), query.text("at") or "last", query.text("better")
    baseline, wanted = query.text("baseline"), _wanted(ask, known)
    state = {
        "run": query.listed("run"), "where": where, "metric": metric, "at": "" if at == "last" else at, "better": better,
        "baseline": baseline, "level": query.text("level"), "same_code": query.flag("same_code"),
        "group": query.all("group"), "limit": query.text("limit"),
    }  # fmt: skip
    values: dict[str, object] = {
        "parts": PARTS, "state": state, "found": None, "problem": None, "names": _offered(names, metric), "at": at,
        "metric": metric, "level": query.text("level", str(LEVEL)), "known": [one.name for one in known[:OFFERED]],
        "groups_left_out": max(0, len(known) - OFFERED), "total_groups": len(known), "chosen_groups": query.all("group"),
        "chosen": Chosen(query.listed("run"), 0, {"run": query.listed("run"), "where": where}, is_default=False),
        "runs": sum(map(len, known)), "needs_way": not better and guess(metric) is None, "is_of_runs": bool(query.listed("run")),
    }  # fmt: skip
    if not names or not known:
        return Shown("runs/group_contest.html", "Compare: seed groups", values)
    try:
        found = ask.record.compare_groups(
            metric, where=where or None, at=at, better=better or None, baseline=baseline or None,
            level=_level(ask), groups=wanted, same_code=query.flag("same_code"),
        )  # fmt: skip
    except REFUSED as error:
        status = 404 if isinstance(error, UnknownSubjectError) else 400
        return Shown("runs/group_contest.html", "Compare: seed groups", {**values, "problem": error}, status)
    limit = query.whole("limit", ROWS, low=1, high=MOST_ROWS)
    return Shown("runs/group_contest.html", "Compare: seed groups", {**values, **_shown(found, limit)})


def _level(ask: Ask) -> float:
    found = ask.query.number("level")
    return LEVEL if found is None else found


def _wanted(ask: Ask, known: Sequence[SeedGroup]) -> list[str]:
    """Return the names of the groups to compare: those that are named, or those of the runs that are; all where neither is."""
    named = [one for one in ask.query.all("group") if one.strip()]
    runs = ask.query.listed("run")
    if named or not runs:
        return named
    from gnomon.runs.called import run_called

    ids = {run_called(ask.record, one) for one in runs}
    found = [one.name for one in known if ids & set(one.runs)]
    if not found:
        raise UnknownSubjectError(
            "none of the chosen runs has finished, so there is no group of seeds to compare",
            hint="a run counts once it has finished",
        )
    return found


def _offered(names: Sequence[str], metric: str) -> list[str]:
    """Return the metrics to choose from: those that people logged first."""
    system = [name for name in names if name.startswith("system/")]
    own = [name for name in names if not name.startswith("system/")]
    found = [*own, *system][:METRICS]
    return found if not metric or metric in found else [metric, *found]


# --- what is shown


def _shown(found: GroupComparison, limit: int) -> dict[str, object]:
    judgement = found.judgement
    rows = list(found.rows[:limit])
    rows += [row for row in found.rows[limit:] if row.name == judgement.reference]
    means, of_means = _means([*rows, *found.unjudged[:limit]])
    differences, of_differences = _differences(rows)
    lines = [
        _line(row, found, mean, difference)
        for row, mean, difference in zip(rows, means, differences, strict=False)
    ]
    unjudged = [
        (row.name, row.standing.mean, row.standing.n, row.standing.failed, mean)
        for row, mean in zip(found.unjudged[:limit], means[len(rows) :], strict=True)
    ]
    return {
        "found": found, "sentence": spoken(found.sentence), "lines": lines, "axis": of_means,
        "difference_axis": of_differences, "unjudged": unjudged,
        "left_out": len(found.rows) - len(rows), "unjudged_left_out": len(found.unjudged) - len(unjudged),
        "notes": [_note(one) for one in found.notes[:NOTES]],
        "is_decided": bool(judgement.winner) or (judgement.is_baseline and not judgement.undecided and found.rows),
        "percent": f"{100 * (1 - judgement.level):g}", "width": WIDTH,
        "runs": sum(len(row.group) for row in (*found.rows, *found.unjudged)),
        "what": _WHAT.get(found.at, f"Values at {found.at}"),
    }  # fmt: skip


def _line(row: Row, found: GroupComparison, mean: Drawn | None, difference: Drawn | None) -> Line:
    one, versus = row.standing, row.comparison
    way = "" if versus is None or versus.verdict == "cannot tell" else versus.verdict
    interval = "" if one.low is None or one.high is None else f"[{one.low:.4g}, {one.high:.4g}]"
    return Line(
        row.name, row.name == found.judgement.reference, cells_of(row, found), interval, mean, difference, way,
        versus.why or "" if versus is not None else "",
    )  # fmt: skip


def spoken(sentence: str) -> list[tuple[str, bool]]:
    """Return the pieces of a sentence, with whether each is a name: those stand between backticks.

    >>> spoken("`a` is better than `b`.")
    [('a', True), (' is better than ', False), ('b', True), ('.', False)]
    """
    pieces = _QUOTED.split(sentence)
    return [(piece, place % 2 == 1) for place, piece in enumerate(pieces) if piece]


def _note(note: str) -> tuple[list[tuple[str, bool]], str]:
    """Return a note in pieces, and the `at` that it advises."""
    said, at = without_option(words(note, 800))
    return spoken(said if said.startswith("`") else said[:1].upper() + said[1:]), at


# --- the picture


def _means(rows: Sequence[Row]) -> tuple[list[Drawn | None], Axis | None]:
    """Return the interval of each mean, with its seeds as dots, on one axis."""
    values = [value for row in rows for _, value in row.seeds] + [
        row.standing.mean for row in rows if row.standing.mean is not None
    ]
    ends = [end for row in rows for end in (row.standing.low, row.standing.high) if end is not None]
    scale = scale_of(values, ends)
    if scale is None:
        return [None] * len(rows), None
    drawn = [
        _drawn(
            scale, row.standing.low, row.standing.mean, row.standing.high,
            [(value, _dot(seed, value)) for seed, value in row.seeds[:DOTS]],
        )
        for row in rows
    ]  # fmt: skip
    return [*drawn], _axis(scale)


def _dot(seed: object, value: float) -> str:
    return f"seed {short(seed, 40)}: {text.number(value)}" if seed is not None else text.number(value)


def _differences(rows: Sequence[Row]) -> tuple[list[Drawn | None], Axis | None]:
    """Return the interval of each difference from the reference on one axis with 0 on it."""
    known = [row.comparison for row in rows if row.comparison is not None]
    values = [one.difference for one in known if one.difference is not None]
    ends = [end for one in known for end in (one.low, one.high) if end is not None]
    scale = scale_of([*values, 0.0], ends) if values else None
    if scale is None:
        return [None] * len(rows), None
    drawn: list[Drawn | None] = []
    for row in rows:
        one = row.comparison
        if one is None or one.difference is None:
            drawn.append(None)
            continue
        drawn.append(_drawn(scale, one.low, one.difference, one.high, []))
    return drawn, _axis(scale)


def scale_of(values: Iterable[float], ends: Iterable[float]) -> Scale | None:
    """Return an axis that holds all values, and the ends of intervals that do not go much further than the others.

    >>> scale_of([1.0, 2.0], [0.5, 100.0])
    Scale(low=0.5, high=3.25, is_log=False, kind='number')
    """
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return None
    low, high = min(finite), max(finite)
    span = high - low
    outer = [end for end in ends if math.isfinite(end)]
    if not span:
        span = max((abs(end - low) for end in outer), default=0.0) or abs(low) * 0.1 or 1.0
        low, high = low - span / 4, high + span / 4
    if not math.isfinite(span):
        return None
    reaches = sorted(max(0.0, low - end, end - high) for end in outer)
    most = max(BEYOND * span, USUAL * reaches[(len(reaches) - 1) // 2] if reaches else 0.0)
    wide = [min(max(end, low - most), high + most) for end in outer]
    low, high = min([low, *wide]), max([high, *wide])
    return Scale(low, high) if low < high else None


def _axis(scale: Scale) -> Axis:
    for about in (4, 3, 2):
        ticks = [(_place(scale, tick.value), tick.text) for tick in scale.ticks(about)]
        widest = max((len(shown) for _, shown in ticks), default=0) * DIGIT + 2 * EDGE
        if all(b - a >= widest for (a, _), (b, _) in pairwise(ticks)):
            break
    zero = _place(scale, 0.0) if scale.low <= 0 <= scale.high else None
    return Axis(ticks, zero)


def _drawn(
    scale: Scale, low: float | None, middle: float | None, high: float | None, dots: list[tuple[float, str]]
) -> Drawn:
    def within(value: float | None) -> float | None:
        return None if value is None else _place(scale, min(max(value, scale.low), scale.high))

    is_cut_low, is_cut_high = low is not None and low < scale.low, high is not None and high > scale.high
    placed = [(_place(scale, value), said) for value, said in dots]
    return Drawn(within(low), within(high), within(middle), is_cut_low, is_cut_high, placed)


def _place(scale: Scale, value: float) -> float:
    return round(EDGE + (WIDTH - 2 * EDGE) * scale.at(value), 1)
