"""A picture of curves, before it is drawn anywhere: panels, lines, axes and words. `plot()` makes one.

Always true: all faces (SVG, HTML, PNG, the terminal, CSV, JSON) draw the same points of the same `Plot`.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import BadArgumentError, UnknownSubjectError
from gnomon.ids import SHOWN_LENGTH
from gnomon.points.outline import PIECE
from gnomon.runs.plot import tones, words
from gnomon.runs.plot.lines import RELATIVE, STEP, TIME, Drawing, Line
from gnomon.runs.plot.look import Stroke, plain, plain_stroke
from gnomon.runs.plot.reading import Job, lines_of
from gnomon.runs.plot.scale import MOMENT, NUMBER, SECONDS, WHOLE, Scale, scale_of
from gnomon.runs.plot.smooth import smoothing
from gnomon.runs.run_view import RunView

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from gnomon.runs.plot.lines import Stats
    from gnomon.runs.plot.smooth import Smoothing
    from gnomon.runs.views import Record

    Runs = str | RunView | Sequence[str | RunView] | None

MOST_RUNS = 1_000
SMALLEST, LARGEST = 200, 10_000  # of a picture, in pixels
FORMATS = ("svg", "html", "png")


class FineDetail(NamedTuple):
    """How fine the lines of a picture are that a screen draws: buckets of each, and which part of the x-axis.

    A line of more than `long` points is drawn from its outline.
    """

    buckets: int
    long: int
    low_x: float | None = None
    high_x: float | None = None


@dataclass(frozen=True, slots=True)
class Panel:
    """What is drawn in one pair of axes."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Plot:
    """A drawn question: shown in a notebook, saved with `.save("loss.svg")`, or `.svg()`, `.html()`, `.png()` as such.

    `panels` hold the lines and their points, `keys` what the legend says.
    """

    panels: tuple[Panel, ...]
    keys: tuple[str, ...]
    title: str
    caption: str
    how: Drawing
    width: int | None = None
    height: int | None = None
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        lines = sum(len(panel.lines) for panel in self.panels)
        return f"<Plot of {self.title!r}: {lines} {'line' if lines == 1 else 'lines'}>"

    def svg(self, theme: str = "auto") -> str:
        """Return the picture as SVG. `theme` is 'light', 'dark', or 'auto': as the reader's machine."""
        from gnomon.runs.plot.svg import svg

        return svg(self, theme)

    def html(self) -> str:
        """Return the picture as one page that needs no network: values under the pointer, zoom, lines that come and go."""
        from gnomon.runs.plot.page import page

        return page(self)

    def png(self, *, scale: float = 2, theme: str = "light") -> bytes:
        """Return the picture as PNG with so many pixels for each of its own. Raises MissingExtraError without `gnomon[plot]`."""
        from gnomon.runs.plot.png import png

        return png(self, scale, theme)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the picture to a file, in the format that the name ends with: .svg, .html or .png. What was there goes."""
        place = os.fspath(path)
        kind = format_of(place)
        data = self.png() if kind == "png" else (self.svg() if kind == "svg" else self.html()).encode("utf-8")
        try:
            with open(place, "wb") as file:
                file.write(data)
        except OSError as error:
            raise BadArgumentError(
                f"`{place}` cannot be written: {error.strerror or error}",
                hint="give a path in a folder that you can write",
            ) from error

    def _repr_svg_(self) -> str:
        return self.svg()

    def _repr_html_(self) -> str:
        return f"<div>{self.svg()}</div>"

    @property
    def strokes(self) -> tuple[Stroke, ...]:
        """How the lines of each key are drawn."""
        found = {line.key: line.stroke for line in self._lines()}
        return tuple(found.get(key) or plain_stroke(key, len(self.keys)) for key in range(len(self.keys)))

    # --- axes

    @property
    def x_kind(self) -> str:
        """What the x-axis counts: numbers, seconds, or moments."""
        return {TIME: MOMENT, RELATIVE: SECONDS}.get(self.how.x, NUMBER)

    def x_scale(self) -> Scale | None:
        """Return the x-axis that all panels share; None where there is nothing to draw."""
        drawn = [
            x
            for line in self._lines()
            for xs, ys in ((line.xs, line.ys), line.raw or ((), ()))
            for x, y in zip(xs, ys, strict=True)
            if y == y
        ]
        kind = WHOLE if self.x_kind == NUMBER and _are_whole(drawn) else self.x_kind
        return scale_of(drawn, is_log=self.how.is_log_x, kind=kind, padding=0.0)

    def y_scale(self, panel: Panel) -> Scale | None:
        """Return the y-axis of a panel; None where there is nothing to draw."""
        drawn = [
            y
            for line in panel.lines
            for ys in (line.ys, (line.raw or ((), ()))[1], line.lows, line.highs)
            for y in ys
        ]
        return scale_of(drawn, is_log=self.how.is_log, kind=WHOLE if _are_whole(drawn) else NUMBER)

    def x_label(self, scale: Scale | None) -> str:
        """Return what stands under the x-axis."""
        if self.how.x == TIME:
            days = _days(scale)
            return f"time (UTC{', ' + days if days else ''})"
        if self.how.x == RELATIVE:
            return f"time since the start ({scale.unit[1] if scale and not self.how.is_log_x else 's'})"
        return plain(self.how.x)

    def _lines(self) -> Iterator[Line]:
        for panel in self.panels:
            yield from panel.lines

    # --- for programs

    def rows(self) -> Iterator[dict[str, object]]:
        """Yield the drawn points: line, metric, what ('line' or 'raw'), x, value, and low, high, runs of a mean."""
        for line in self._lines():
            common = {"line": line.label, "metric": line.metric}
            if line.raw is not None:
                for x, y in zip(*line.raw, strict=True):
                    yield {**common, "what": "raw", "x": self._x(x), "value": y}
            for at, (x, y) in enumerate(zip(line.xs, line.ys, strict=True)):
                row = {**common, "what": "line", "x": self._x(x), "value": y}
                if line.lows:
                    row |= {"low": line.lows[at], "high": line.highs[at], "runs": line.counts[at]}
                yield row

    def _x(self, x: float) -> object:
        if self.how.x == TIME:
            from gnomon.runs.table import iso_time

            return iso_time(x)
        return int(x) if self.how.x == STEP else x

    def to_dict(self) -> dict[str, object]:
        """Return the drawn points and what they are of, as JSON has them."""
        return {
            "title": self.title,
            "x": self.how.x,
            "smooth": self.how.smoothing.text if self.how.smoothing else None,
            "interval": "95 % t interval of the mean, pointwise"
            if any(line.lows for line in self._lines())
            else None,
            "lines": [self._line_as_dict(line) for line in self._lines()],
        }

    def _line_as_dict(self, line: Line) -> dict[str, object]:
        found: dict[str, object] = {
            "line": line.label, "metric": line.metric, "runs": list(line.runs), "logged": line.points,
            "x": [self._x(x) for x in line.xs], "value": list(line.ys),
            "not_drawn": {why: count for count, why in line.left_out},
        }  # fmt: skip
        if line.raw is not None:
            found["raw"] = {"x": [self._x(x) for x in line.raw[0]], "value": list(line.raw[1])}
        if line.lows:
            found |= {
                "low": list(line.lows),
                "high": list(line.highs),
                "count": list(line.counts),
                "seeds": line.seeds,
            }
        return found


def _are_whole(values: Iterable[float]) -> bool:
    """Return whether all values that have a place on an axis are whole numbers, such as steps: then ticks are, too."""
    return all(float(value).is_integer() for value in values if math.isfinite(value))


def format_of(path: str) -> str:
    """Return the format that a file name ends with. Raises BadArgumentError."""
    ending = os.path.splitext(path)[1].lower().removeprefix(".")
    if ending not in FORMATS:
        raise BadArgumentError(
            f"a picture is written as .svg, .html or .png; `{path}` ends with none of them",
            hint="for instance loss.svg",
        )
    return ending


# --- making one


def plot(
    record: Record,
    runs: Runs = None,
    metrics: str | Sequence[str] | None = None,
    *,
    x: str = STEP,
    smooth: float | str | None = None,
    log: bool = False,
    log_x: bool = False,
    groups: bool = False,
    same_code: bool = False,
    where: str | None = None,
    last: int | None = None,
    together: bool = False,
    color_by: str | None = None,
    rank: int | None = None,
    title: str | None = None,
    width: int | None = None,
    height: int | None = None,
    out: str | os.PathLike[str] | None = None,
    fine: FineDetail | None = None,
) -> Plot:
    """Return a picture; `Record.plot` says what the arguments are. `fine` is how a screen wants it."""
    record.replica.update(record.progress)
    how = Drawing(x, _smoothing(smooth, x), log, log_x, rank)
    if fine is not None:
        how = replace(
            how, detail=fine.buckets, long=fine.long, rough=PIECE,
            low_x=-math.inf if fine.low_x is None else fine.low_x,
            high_x=math.inf if fine.high_x is None else fine.high_x,
        )  # fmt: skip
    _check_size(width, height)
    if out is not None:
        format_of(os.fspath(out))
    asked = [metrics] if isinstance(metrics, str) else list(metrics or ())
    needed = words.Needed(record, asked, None if x in (STEP, TIME, RELATIVE) else x)
    chosen, notes = _chosen(record, runs, where, words.checked_last(last), needed, groups=groups)
    stats = {run: view.stats for run, view in chosen.items()}
    if asked:
        names = words.metrics_of(asked, list(chosen.values()), stats)
    else:
        names, more = _first_metrics(list(stats.values()))
        notes += more
    seeds: dict[str, object] = {}
    if groups:
        entries, seeds, more = _groups(record, where, chosen, same_code=same_code)
        notes += more
    else:
        entries = [((run,), label) for run, label in _labels(record, chosen)]
    values = tones.values_of(record, chosen, color_by) if color_by is not None else {}
    made = _panels(chosen, stats, entries, names, how, together=together, seeds=seeds, values=values)
    picture = replace(made, width=width, height=height, notes=(*notes, *made.notes))
    picture = replace(picture, title=plain(title) if title is not None else made.title)
    if out is not None:
        picture.save(out)
    return picture


def _smoothing(smooth: float | str | None, x: str) -> Smoothing | None:
    found = smoothing(smooth)
    if found is not None and found.is_time and x not in (TIME, RELATIVE):
        raise BadArgumentError(
            f"`smooth` of `plot()` must be a weight or a half-life in units of `{x}`; got a time, {smooth!r}",
            hint="for instance 0.9 or 200; or take the x-axis `relative`, which is of time",
        )
    return found


def _check_size(width: object, height: object) -> None:
    for name, value in (("width", width), ("height", height)):
        if value is None:
            continue
        if not isinstance(value, int) or isinstance(value, bool) or not SMALLEST <= value <= LARGEST:
            raise BadArgumentError(
                f"`{name}` of `plot()` must be a whole number of pixels from {SMALLEST} to {LARGEST:,}; got {value!r}"
            )


def _chosen(
    record: Record, runs: Runs, where: str | None, last: int | None, needed: words.Needed, *, groups: bool
) -> tuple[dict[str, RunView], list[str]]:
    """Return the runs to draw by id, and what to say about the choice.

    Where nobody names runs, those count that have one of the metrics, so that the newest are the newest of these.
    """
    notes: list[str] = []
    if runs is not None:
        given = [runs] if isinstance(runs, (str, RunView)) else list(runs)
        if where is not None:
            raise BadArgumentError(
                "`plot()` takes runs or `where`, not both",
                hint="leave the runs away, or filter by them: `id in (…)`",
            )
        found = words.runs_of(record, [run.id if isinstance(run, RunView) else str(run) for run in given])
        if last is not None:
            found = [run.id for run in words.newest_of([RunView(record, run) for run in found], last)]
    else:
        limit = last if last is not None or groups or where is not None else words.NEWEST
        found, having, total = words.newest(record, where, limit, needed)
        if not found:
            raise UnknownSubjectError(
                "no run matches" if where else "there are no runs yet",
                hint="`gnomon runs` lists them"
                if where
                else "`gnomon run -- python train.py` records one, or `gnomon.run()` in your script",
            )
        if where and having < total:
            notes.append(f"{total - having:,} of the {total:,} runs that match are without {needed}")
        if len(found) < having:
            which = f" with {needed}" if having < total else ""
            notes.append(
                f"the newest {len(found)} of {having:,} runs{which}; `--last N` or `--where` chooses others"
            )
    if len(found) > MOST_RUNS and not groups:
        raise BadArgumentError(
            f"at most {MOST_RUNS:,} runs can be drawn side by side; these are {len(found):,}",
            hint="`--last N` takes the newest, `--groups` draws groups of seeds as one line each",
        )
    return {run: RunView(record, run) for run in found}, notes


def _first_metrics(stats: Sequence[Stats]) -> tuple[list[str], list[str]]:
    """Return the first metrics that runs with these figures have, and the names of the others."""
    names = words.series_of(stats[-50:])
    if not names:
        raise UnknownSubjectError("these runs have no metrics", hint="nothing was logged to them yet")
    first, rest = names[: words.FIRST], names[words.FIRST :]
    if not rest:
        return first, []
    more = f", … ({len(rest) - 12} more)" if len(rest) > 12 else ""
    return first, [f"there is also {', '.join(plain(name) for name in rest[:12])}{more}"]


def _labels(record: Record, runs: Mapping[str, RunView]) -> list[tuple[str, str]]:
    """Return what each run is called in the legend: its name, with seed or id where that does not tell it apart."""
    from gnomon.runs.short_ids import digits_to_show

    views = list(runs.values())
    names = [plain(view.name) if view.name else "" for view in views]
    seeds = [f"{name}, seed {plain(str(view.seed))}" for name, view in zip(names, views, strict=True)]
    digits = digits_to_show(record.replica.index, runs)
    found = []
    for view, name, seed in zip(views, names, seeds, strict=True):
        if name and names.count(name) == 1:
            label = name
        elif name and view.seed is not None and seeds.count(seed) == 1:
            label = seed
        else:
            label = f"{name} {view.id[:digits]}".strip()
        found.append((view.id, label))
    return found


def _groups(
    record: Record, where: str | None, chosen: Iterable[str], *, same_code: bool
) -> tuple[list[tuple[tuple[str, ...], str]], dict[str, object], list[str]]:
    """Return the groups of seeds among the chosen runs, the oldest first; the seed of each run; and what to say of them."""
    from gnomon.runs.groups.code import code_notes
    from gnomon.runs.groups.definition import seed_groups
    from gnomon.runs.groups.spread import count_of

    wanted = set(chosen)
    found = []
    drawn = []
    seeds: dict[str, object] = {}
    notes = []
    for group in seed_groups(record, where, same_code=same_code):
        of_run = {run: seed for run, seed in zip(group.runs, group.seeds, strict=True) if run in wanted}
        if of_run:
            drawn.append(group)
            found.append((tuple(of_run), plain(group.name)))
            seeds |= of_run
            count = count_of(of_run.values())
            if count.repeated:
                notes.append(f"{plain(group.name)}: {count}; runs of one seed are averaged first")
    apart = len(wanted - seeds.keys())
    if not found:
        raise UnknownSubjectError(
            f"none of these {len(wanted)} runs counts in a group of seeds",
            hint="only finished runs count; leave `--groups` away to see each run",
        )
    if apart:
        why = "they did not finish, or ran other code" if same_code else "they did not finish"
        notes.append(f"{apart} of {len(wanted)} runs count in no group: {why}")
    return found[::-1], seeds, [*notes, *code_notes(record, drawn)]


def _panels(
    views: Mapping[str, RunView],
    stats: Mapping[str, Stats],
    entries: Sequence[tuple[tuple[str, ...], str]],
    metrics: Sequence[str],
    how: Drawing,
    *,
    together: bool,
    seeds: Mapping[str, object],
    values: Mapping[str, str],
) -> Plot:
    """Return the picture: one panel for each metric, or all in one.

    `seeds` are those of the runs, where entries are groups of seeds; `values` are those that runs are coloured by.
    """
    having = {run: {name for name, rank in of if how.rank in (None, rank)} for run, of in stats.items()}
    drawn = [
        (members, label, metric)
        for metric in metrics
        for members, label in entries
        if any(_has(having[run], metric, how) for run in members)
    ]
    if not drawn:
        raise _nothing_over(how, metrics, {name for names in having.values() for name in names})
    how = replace(how, lines=len(drawn) if together else max(1, len(drawn) // len(metrics)))
    called = {members: _value(members, values) or label for members, label in entries}
    order = [
        one for one in dict.fromkeys([*values.values(), *called.values()]) if one in set(called.values())
    ]
    shared = list(metrics) if together else []
    keys = tones.keys_of(order, shared, {(called[members], metric) for members, _, metric in drawn})
    texts = list(dict.fromkeys(key.text for key in keys.values()))
    jobs, strokes = [], []
    for members, label, metric in drawn:
        key = keys[called[members], metric]
        name = key.text
        if values:
            name = f"{label} · {plain(metric)}" if len(shared) > 1 else label
        runs = [views[run] for run in members if _has(having[run], metric, how)]
        jobs.append(Job(runs, metric, texts.index(key.text), name, [seeds.get(run.id) for run in runs]))
        strokes.append(key.stroke)
    lines: dict[str, list[Line]] = {}
    record = next(iter(views.values())).record
    for line, stroke in zip(lines_of(record, jobs, how, stats, groups=bool(seeds)), strokes, strict=True):
        lines.setdefault("" if together else line.metric, []).append(replace(line, stroke=stroke))
    panels = tuple(Panel(plain(title or ", ".join(metrics)), tuple(found)) for title, found in lines.items())
    notes = _missing(entries, drawn, metrics)
    title = ", ".join(plain(metric) for metric in metrics[:3]) + (", …" if len(metrics) > 3 else "")
    made = Plot(panels, tuple(texts), title, "", how, notes=tuple(notes))
    return replace(made, caption=_caption(made, entries, groups=bool(seeds)))


def _value(members: Sequence[str], values: Mapping[str, str]) -> str:
    """Return the value that all these runs are coloured by; empty where runs have colours of their own."""
    found = list(dict.fromkeys(values[run] for run in members)) if values else []
    return found[0] if len(found) == 1 else "several values" if found else ""


def _has(names: set[str], metric: str, how: Drawing) -> bool:
    return metric in names and (how.x in (STEP, TIME, RELATIVE) or how.x in names)


def _nothing_over(how: Drawing, metrics: Sequence[str], names: set[str]) -> UnknownSubjectError:
    from difflib import get_close_matches

    if how.x in (STEP, TIME, RELATIVE):
        return UnknownSubjectError(
            f"no process of rank {how.rank} logged `{metrics[0]}`",
            hint="leave the rank away to take the lowest",
        )
    near = get_close_matches(how.x, sorted(names | {STEP, TIME, RELATIVE}), n=3)
    shown = ", ".join(f"`{name}`" for name in (near or sorted(names)[:5]))
    return UnknownSubjectError(
        f"no run has both `{metrics[0]}` and a series `{how.x}` for the x-axis",
        hint=f"did you mean {shown}? the x-axis is `step`, `time`, `relative`, or any series"
        if near
        else f"there is {shown}; the x-axis is `step`, `time`, `relative`, or any series",
    )


def _missing(
    entries: Sequence[tuple[tuple[str, ...], str]],
    drawn: Sequence[tuple[tuple[str, ...], str, str]],
    metrics: Sequence[str],
) -> list[str]:
    """Return what to say of runs that lack what was asked for."""
    lacking: dict[tuple[str, ...], list[str]] = {}
    for metric in metrics:
        there = {members for members, _, of in drawn if of == metric}
        without = tuple(label for members, label in entries if members not in there)
        lacking.setdefault(without, []).append(f"`{plain(metric)}`")
    notes = []
    for labels, names in lacking.items():
        if labels:
            shown = ", ".join(labels[:3]) + (f" and {len(labels) - 3} more" if len(labels) > 3 else "")
            notes.append(f"not drawn, without {' or '.join(names)}: {shown}")
    return notes


def _caption(made: Plot, entries: Sequence[tuple[tuple[str, ...], str]], *, groups: bool) -> str:
    """Return what a reader must know to read the picture: of what it is, smoothed how, what is left out."""
    parts = []
    if groups:
        parts.append(
            f"Mean of {_seeds(made)}; band: 95 % t interval of the mean at each x, where two or more have a value."
        )
    elif len(made.keys) == 1 and len(entries) == 1:
        label, run = entries[0][1], entries[0][0][0][:SHOWN_LENGTH]
        parts.append(f"Run {label}." if label.endswith(run) else f"Run {label} ({run}).")
    if made.how.rank is not None:
        parts.append(f"Rank {made.how.rank}.")
    if made.how.smoothing is not None:
        raw = ", before the mean is taken" if groups else "; pale: as logged"
        parts.append(f"Smoothed by an exponential mean ({made.how.smoothing.text}){raw}.")
    lines = list(made._lines())
    logged = sum(line.points for line in lines)
    shown = sum(len(line.xs) for line in lines)
    if not groups and shown < sum(line.points - sum(count for count, _ in line.left_out) for line in lines):
        parts.append(
            f"{logged:,} points, drawn by the first, lowest, highest and last of each small stretch."
        )
    left_out: dict[str, int] = {}
    for line in lines:
        for count, why in line.left_out:
            left_out[why] = left_out.get(why, 0) + count
    if left_out:
        parts.append(f"Not drawn: {', '.join(f'{count:,} {plain(why)}' for why, count in left_out.items())}.")
    return " ".join(parts)


def _seeds(made: Plot) -> str:
    """Return of how many seeds the means are: `3 seeds`, `3 to 5 of 5 seeds` where some have no value everywhere."""
    counts = {count for line in made._lines() for count in line.counts if count} or {0}
    groups = {line.seeds for line in made._lines()}
    noun = "seed" if max(groups) == 1 else "seeds"
    if all(set(line.counts) <= {line.seeds} for line in made._lines()):
        return f"{_range(counts)} {noun}"
    return f"{_range(counts)} of {_range(groups)} {noun}"


def _range(counts: set[int]) -> str:
    low, high = min(counts), max(counts)
    return f"{low}" if low == high else f"{low} to {high}"


def _days(scale: Scale | None) -> str:
    """Return the day or days of an axis of moments."""
    from time import gmtime

    if scale is None or not 0 <= scale.low <= scale.high < 250_000_000_000 or math.isnan(scale.low):
        return ""
    first, last = (gmtime(end) for end in (scale.low, scale.high))
    texts = [f"{day.tm_year}-{day.tm_mon:02}-{day.tm_mday:02}" for day in (first, last)]
    return texts[0] if texts[0] == texts[1] else " to ".join(texts)
