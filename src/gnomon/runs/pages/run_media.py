"""`/run/{run}/media`: images, sounds, tables, figures and other rich values, by series, each at a step that can be chosen.

Always true: values are shown by `runs.pages.shown_value`, which reads them without the library that made them; at most
`SERIES` series are on a page, and at most `AT_ONE_STEP` values of one step.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from gnomon.errors import UnknownSubjectError
from gnomon.page import Binary, Redirect, Shown
from gnomon.runs.pages.run_parts import address, grown, matching, opened, shown
from gnomon.runs.pages.shown_value import ShownValue, shown_value
from gnomon.runs.values.image import PALETTE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.page import Answer, Ask
    from gnomon.runs.run_view import RunView
    from gnomon.runs.values.rich_value import RichValue

SERIES, AT_ONE_STEP, NAMES, STEPS = 24, 12, 300, 5_000
POINTS = 20_000


class Series(NamedTuple):
    """The values of one series: its steps, the one that is shown, and the steps beside it (None at the ends)."""

    name: str
    kinds: list[str]
    steps: list[int]
    step: int
    before: int | None
    after: int | None
    values: list[tuple[ShownValue, str]]
    left_out: int
    has_all_steps: bool


def media(ask: Ask) -> Answer:
    """Show the rich values of a run, each series at its last step; of `series`, the step of the address."""
    run = opened(ask, "media")
    if isinstance(run, Redirect):
        return run
    by_series: dict[str, list[RichValue]] = {}
    for value in run.values():
        by_series.setdefault(value.series, []).append(value)
    wanted, series = ask.query.text("name"), ask.query.text("series")
    step = ask.query.whole("step", 0, low=-(2**63), high=2**63 - 1) if ask.query.text("step") else None
    if series and series not in by_series:
        raise UnknownSubjectError(
            f"run {run.id[:8]} logged no `{series}`", hint="it may be another run that you look for"
        )
    names = [series] if ask.part == "values" and series else matching(by_series, wanted)
    found = [
        _series(ask, run, name, by_series[name], step if name == series else None)
        for name in (names[:SERIES] if ask.part != "more" else ())
    ]
    values = {
        "found": found, "filter": wanted, "chosen": series, "total": len(by_series), "path": address(run.id, "media"),
        "others": names[SERIES : SERIES + NAMES], "more": max(0, len(names) - SERIES - NAMES),
        "grown": grown(ask, sum(map(len, by_series.values())), "value"),
    }  # fmt: skip
    if ask.part == "values" and found:
        return Shown("runs/run_values.html", found[0].name, {"one": found[0]})
    return shown(ask, run, "media", "runs/run_media.html", values)


def _series(ask: Ask, run: RunView, name: str, given: Sequence[RichValue], wanted: int | None) -> Series:
    steps = sorted({value.step for value in given})
    at = max((place for place, one in enumerate(steps) if wanted is None or one <= wanted), default=0)
    step = steps[at]
    here = [value for value in given if value.step == step]
    values = [
        (_shown(ask, value), _points_address(run, here, value) if value.kind == "points3d" else "")
        for value in here[:AT_ONE_STEP]
    ]
    return Series(
        name, sorted({value.kind for value in given}), steps[:STEPS], step, steps[at - 1] if at else None,
        steps[at + 1] if at + 1 < len(steps) else None, values, len(here) - len(values), len(steps) <= STEPS,
    )  # fmt: skip


def _points_address(run: RunView, here: Sequence[RichValue], value: RichValue) -> str:
    nth = [one for one in here if one.kind == value.kind].index(value)
    query = urlencode({"series": value.series, "step": value.step, "nth": nth})
    return f"{address(run.id, 'media', 'points')}?{query}"


def _shown(ask: Ask, value: RichValue) -> ShownValue:
    return shown_value(value, ask.link if ask.link is not None else lambda *_, **__: "")


def points(ask: Ask) -> Answer:
    """Give points in space to our script: how many, x y z as float32 from -1 to 1, then red green blue if they have colours."""
    run = opened(ask, "media")
    if isinstance(run, Redirect):
        return run
    series, step = ask.query.text("series"), ask.query.whole("step", 0, low=-(2**63), high=2**63 - 1)
    given = [value for value in run.values(series, step=step) if value.kind == "points3d"]
    nth = ask.query.whole("nth", 0)  # of those that were logged at one step
    if nth >= len(given):
        raise UnknownSubjectError(f"run {run.id[:8]} logged no points `{series}` at step {step}")
    return Binary(packed(given[nth].read().to_numpy()))


def packed(found: Any) -> list[bytes]:
    """Return points as our script takes them, evenly thinned, in the cube from -1 to 1 with their proportions kept."""
    import numpy

    found = found[:: -(-len(found) // POINTS) or 1]
    count = len(found)
    xyz = (
        numpy.stack([found[axis].astype("float64") for axis in "xyz"], axis=1)
        if count
        else numpy.zeros((0, 3))
    )
    if count:
        low, high = xyz.min(axis=0), xyz.max(axis=0)
        xyz = (xyz - (low + high) / 2) / max(float((high - low).max()) / 2, 1e-300)
    names = found.dtype.names or ()
    rgb = b""
    if "red" in names:
        rgb = (
            numpy.stack([found[name] for name in ("red", "green", "blue")], axis=1).astype("uint8").tobytes()
        )
    elif "category" in names:
        rgb = numpy.array(PALETTE, "uint8")[found["category"] % len(PALETTE)].tobytes()
    return [array("I", [count]).tobytes(), xyz.astype("<f4").tobytes(), rgb]
