"""`/compare`: the curves of several runs, and `/chart`: the numbers of charts, for our script.

`/chart` answers with bytes: four that say how long the header is, the header in JSON, then arrays of float64, each at a multiple
of eight; the header says where each stands, as [place, length] counted in numbers. Series that share their x share its array.

Always true: what is drawn is what `gnomon plot` draws, as fine as a screen shows; a line that is thinned says so (`thinned`).
"""

from __future__ import annotations

import json
from array import array
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from gnomon.errors import BadArgumentError, UnknownSubjectError
from gnomon.page import Binary, Shown
from gnomon.runs.pages.chosen import PARTS, chosen
from gnomon.runs.plot.lines import RELATIVE, STEP, TIME
from gnomon.runs.plot.picture import FineDetail, plot
from gnomon.runs.run_view import RunView

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from gnomon.page import Ask, Values
    from gnomon.runs.plot.lines import Line
    from gnomon.runs.plot.picture import Plot

    Put = Callable[[Sequence[float]], list[int]]

MOST_RUNS, MOST_CHARTS, MOST_IN_ONE_ANSWER = 200, 60, 20
POINTS_OF_A_CHART = 200_000  # of all its lines; each keeps at least 150 buckets of four
LONG = 200_000  # points beyond which a line is drawn from the outline of its series
SYSTEM = "system/"
OPTIONS = ("x", "smooth", "log", "log_x", "groups", "same_code", "color_by", "rank")


def compare(ask: Ask) -> Shown:
    """Show the curves of the chosen runs, one chart for each metric."""
    found = chosen(ask, MOST_RUNS)
    runs = [RunView(ask.record, run) for run in found.ids]
    names = sorted({name for run in runs for name in run.series_names})
    metrics = wanted(names, ask.query.listed("metric"))
    options = options_of(ask.query)
    values = {
        "parts": PARTS, "chosen": found, "shown": len(runs), "runs": [_said(run) for run in runs],
        "options": {**dict.fromkeys(OPTIONS, ""), **options}, "pattern": ", ".join(ask.query.listed("metric")),
        "metrics": metrics[:MOST_CHARTS], "left_out": metrics[MOST_CHARTS:],
        "axes": [STEP, TIME, RELATIVE, *names[:500]], "names": names[:2_000],
        "colours": ["group", "seed", "status", *sorted({f"params.{key}" for run in runs for key in run.params})],
        "chart": {"run": found.ids, **options},
    }  # fmt: skip
    return Shown("runs/compare.html", "Compare", values)


def wanted(names: Iterable[str], patterns: Sequence[str]) -> list[str]:
    """Return the series to draw: those that a pattern names, or all but those of the system."""
    if patterns:
        return [name for name in names if any(fnmatchcase(name, one) for one in patterns)]
    return [name for name in names if not name.startswith(SYSTEM)]


def options_of(query: Values) -> dict[str, object]:
    """Return how curves are drawn, as an address says it; what is left at its default is not there."""
    flags = {name: query.flag(name) for name in ("log", "log_x", "groups", "same_code")}
    texts = {name: query.text(name) for name in ("x", "smooth", "color_by", "rank")}
    if texts["x"] == STEP:
        texts["x"] = ""
    return {name: value for name, value in {**texts, **flags}.items() if value}


def _said(run: RunView) -> dict[str, object]:
    return {"id": run.id, "name": run.name, "status": run.status, "group": run.group, "seed": run.seed}


def chart(ask: Ask) -> Binary:
    """Return the numbers of some charts of the chosen runs."""
    query = ask.query
    found = chosen(ask, MOST_RUNS)
    metrics = query.all("metric")[:MOST_IN_ONE_ANSWER]
    if not metrics:
        raise BadArgumentError("`metric` must be given at least once: it says which curves are drawn")
    detail = FineDetail(
        buckets=max(150, min(500, POINTS_OF_A_CHART // (4 * max(1, len(found.ids))))), long=LONG,
        low_x=query.number("from"), high_x=query.number("to"),
    )  # fmt: skip
    try:
        drawn = plot(
            ask.record, found.ids, metrics, x=query.text("x") or STEP, smooth=_smoothing(query), log=query.flag("log"),
            log_x=query.flag("log_x"), groups=query.flag("groups"), same_code=query.flag("same_code"),
            color_by=query.text("color_by").removeprefix("params.") or None, rank=_rank(query), fine=detail,
        )  # fmt: skip
    except (
        UnknownSubjectError
    ) as error:  # nothing to draw is an answer of a chart, not a page that is missing
        return Binary([encoded({"panels": [], "said": error.message, "notes": []}, array("d"))])
    return Binary([encoded(*packed(drawn))])


def _smoothing(query: Values) -> float | str | None:
    text = query.text("smooth")
    try:
        return float(text) if text else None
    except ValueError:
        return text


def _rank(query: Values) -> int | None:
    return query.whole("rank", 0) if query.text("rank") else None


def packed(drawn: Plot) -> tuple[dict[str, object], array[float]]:
    """Return the header of an answer, and its numbers."""
    numbers = array("d")
    places: dict[bytes, list[int]] = {}

    def put(values: Sequence[float]) -> list[int]:
        place = [len(numbers), len(values)]
        if isinstance(values, memoryview) and values.format == "d":
            numbers.frombytes(values.tobytes())
        else:
            numbers.extend(array("d", values))
        return place

    def put_once(values: Sequence[float]) -> list[int]:
        if isinstance(values, memoryview):
            key = values.format.encode() + values.tobytes()
        else:
            key = array("d", values).tobytes()
        if key not in places:
            places[key] = put(values)
        return places[key]

    panels = [
        {
            "title": panel.title, "metric": panel.lines[0].metric,
            "lines": [_packed(line, put, put_once) for line in panel.lines],
        }
        for panel in drawn.panels
    ]  # fmt: skip
    head = {
        "x": {"kind": drawn.x_kind, "label": drawn.x_label(None)}, "log": drawn.how.is_log, "log_x": drawn.how.is_log_x,
        "panels": panels, "notes": list(drawn.notes), "caption": drawn.caption, "keys": list(drawn.keys),
    }  # fmt: skip
    return head, numbers


def _packed(line: Line, put: Put, put_once: Put) -> dict[str, object]:
    stroke = line.stroke
    found: dict[str, object] = {
        "label": line.label, "runs": line.runs, "x": put_once(line.xs), "y": put(line.ys), "points": line.points,
        "thinned": not line.lows and len(line.xs) < line.points - sum(count for count, _ in line.left_out),
        "left_out": line.left_out, "key": line.key,
        "stroke": [stroke.tone, stroke.tones, stroke.dashes] if stroke else [line.key, 1, ""],
    }  # fmt: skip
    if line.raw is not None:
        found["raw"] = [put_once(line.raw[0]), put(line.raw[1])]
    if line.lows:
        found["low"], found["high"] = put(line.lows), put(line.highs)
        found["counts"] = [min(filter(None, line.counts), default=0), max(line.counts, default=0)]
    return found


def encoded(head: object, numbers: array[float]) -> bytes:
    """Return the bytes of an answer."""
    text = json.dumps(head, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-(len(text) + 4) % 8)
    return len(text).to_bytes(4, "little") + text + numbers.tobytes()
