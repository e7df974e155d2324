"""A small curve in a line of text, and an interval drawn as a dot with whiskers.

Always true: at most a few hundred corners, whatever the length of the series; what is NaN or infinite leaves a gap.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gnomon.runs.display.markup import Html, tag

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, HEIGHT = 120, 20
_BUCKETS = 60


def sparkline(xs: Sequence[float], ys: Sequence[float], *, width: int = WIDTH, height: int = HEIGHT) -> Html:
    """Return a curve without axes, its last point marked; nothing for fewer than two points that can be drawn."""
    from gnomon.points.downsample import m4

    places = m4(xs, ys, _BUCKETS)
    found = [(_finite(xs[at]), _finite(ys[at])) for at in places]
    drawn = [(x, y) for x, y in found if x is not None and y is not None]
    if len(drawn) < 2:
        return Html("")
    across = _Scale([x for x, _ in drawn], 2, width - 2)
    up = _Scale([y for _, y in drawn], height - 2, 2)
    path, pen = [], "M"
    for x, y in found:
        if x is None or y is None:
            pen = "M"
            continue
        path.append(f"{pen}{across(x):.1f} {up(y):.1f}")
        pen = "L"
    end_x, end_y = drawn[-1]
    return tag(
        "svg",
        tag("path", d="".join(path)),
        tag("circle", cx=f"{across(end_x):.1f}", cy=f"{up(end_y):.1f}", r="2"),
        viewBox=f"0 0 {width} {height}",
        width=str(width),
        height=str(height),
        role="img",
    )


class Whiskers:
    """Intervals on one scale. An interval far wider than the others is cut at the edge, and they are not squeezed."""

    def __init__(
        self, spans: Sequence[tuple[float | None, float | None, float | None]], width: int = 140
    ) -> None:
        means = [mean for _, mean, _ in spans if mean is not None and math.isfinite(mean)]
        ends = [one for span in spans for one in span if one is not None and math.isfinite(one)]
        widths = sorted(high - low for low, _, high in spans if low is not None and high is not None)
        room = (
            max(max(means, default=0) - min(means, default=0), widths[len(widths) // 2] if widths else 0)
            * 1.5
        )
        low, high = min(ends, default=0.0), max(ends, default=0.0)
        if len(means) > 1 and math.isfinite(room):
            low, high = max(low, min(means) - room), min(high, max(means) + room)
        self._width = width
        self._scale = _Scale([low, high], 4, width - 4)

    def drawn(self, low: float | None, mean: float | None, high: float | None) -> Html:
        """Return one interval; nothing where there is no mean.

        Its figures stand beside it, so readers of screens pass over it.
        """
        if mean is None or not math.isfinite(mean):
            return Html("")
        bars = []
        if low is not None and high is not None and math.isfinite(low) and math.isfinite(high):
            left, right = self._scale(low), self._scale(high)
            bars = [
                tag("path", d=f"M{left:.1f} 4V12M{left:.1f} 8H{right:.1f}M{right:.1f} 4V12", class_="bar")
            ]
        return tag(
            "svg", bars, tag("circle", cx=f"{self._scale(mean):.1f}", cy="8", r="3"),
            viewBox=f"0 0 {self._width} 16", width=str(self._width), height="16", aria_hidden="true",
        )  # fmt: skip


class _Scale:
    """Numbers to places, from the smallest to the largest, and no further."""

    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        self._low, self._high = min(values), max(values)
        self._start, self._end = start, end

    def __call__(self, value: float) -> float:
        # Halved, so that the distance of two huge numbers is no infinity.
        span = self._high / 2 - self._low / 2
        share = (value / 2 - self._low / 2) / span if span > 0 else 0.5
        return self._start + min(1.0, max(0.0, share)) * (self._end - self._start)


def _finite(value: object) -> float | None:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
