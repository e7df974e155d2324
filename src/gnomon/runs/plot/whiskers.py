"""Intervals drawn with characters: a dot with whiskers, `├──●──┤`, all on one scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    Span = tuple[float | None, float | None, float | None]  # low, mean, high


class Whiskers:
    """The common scale of some intervals. One that is far wider than the others is cut at the edge, and they are not squeezed."""

    def __init__(self, spans: Sequence[Span], width: int) -> None:
        ends = [value for span in spans for value in span if value is not None]
        means = [mean for _, mean, _ in spans if mean is not None]
        self.width = width
        self.low, self.high = min(ends, default=0.0), max(ends, default=0.0)
        if len(means) > 1:
            # A single interval of two seeds can be a hundred times wider than all others.
            spread = max(means) - min(means)
            tight = sorted(high - low for low, _, high in spans if low is not None and high is not None)
            room = max(spread, tight[len(tight) // 2] if tight else 0.0) * 1.5
            self.low, self.high = max(self.low, min(means) - room), min(self.high, max(means) + room)

    @property
    def is_drawable(self) -> bool:
        """Whether there is anything between the lowest and the highest end."""
        return self.high > self.low

    def drawn(self, low: float | None, mean: float | None, high: float | None, *, is_unicode: bool) -> str:
        """Return a dot with whiskers; an end that is further out than the scale is an arrow."""
        if mean is None or not self.is_drawable:
            return ""
        cells = [" "] * self.width
        line, left, right, dot = ("─", "├", "┤", "●") if is_unicode else ("-", "|", "|", "o")
        at = self._place(mean)
        if low is not None and high is not None:
            start, end = self._place(low), self._place(high)
            cells[start : end + 1] = [line] * (end + 1 - start)
            cells[start] = left if low >= self.low else ("◂" if is_unicode else "<")
            cells[end] = right if high <= self.high else ("▸" if is_unicode else ">")
        cells[at] = dot
        return "".join(cells).rstrip()

    def _place(self, value: float) -> int:
        share = (value - self.low) / (self.high - self.low)
        return max(0, min(self.width - 1, round(share * (self.width - 1))))
