"""An axis of the preview of a Plotly figure: numbers, their logarithms, times or texts, and places for them.

Always true: a value that has no place (missing, not finite, not above 0 on a logarithmic axis) gives None.
"""

from __future__ import annotations

import base64
import binascii
import math
from datetime import UTC, datetime
from typing import Any

_CODES = {"i1": "b", "u1": "B", "i2": "h", "u2": "H", "i4": "i", "u4": "I", "i8": "q", "f4": "f", "f8": "d"}
_MAX_TEXTS = 400


def values_of(value: Any) -> list[Any]:
    """Return the values of a list, or of what Plotly makes of an array: {"dtype", "bdata", "shape"} in base64."""
    if isinstance(value, list):
        return value
    if not isinstance(value, dict) or value.get("dtype") not in _CODES:
        return []
    try:
        data = base64.b64decode(value.get("bdata", ""))
        view: Any = memoryview(data)
        numbers: list[Any] = view.cast(_CODES[value["dtype"]]).tolist()
    except (TypeError, ValueError, binascii.Error):
        return []
    shape = [int(side) for side in str(value.get("shape", "")).split(",") if side.strip().isdecimal()]
    if len(shape) != 2 or shape[0] * shape[1] != len(numbers):
        return numbers
    return [numbers[at : at + shape[1]] for at in range(0, len(numbers), shape[1])] if shape[1] else []


def is_blank(value: Any) -> bool:
    """Return whether a value is missing or not finite."""
    return value is None or (isinstance(value, float) and not math.isfinite(value))


class Axis:
    """From values to places between `ends`, in pixels. Call `widen` before asking for any."""

    def __init__(self, columns: list[list[Any]], layout: dict[str, Any], ends: tuple[float, float]) -> None:
        values = [value for column in columns for value in column if not is_blank(value)]
        title = layout.get("title")
        text = title.get("text") if isinstance(title, dict) else title
        self.title = text if isinstance(text, str) else ""
        self.ends = (ends[1], ends[0]) if layout.get("autorange") == "reversed" else ends
        self.texts: dict[str, int] = {}
        self.kind = self._kind(values, layout.get("type"))
        if self.kind == "category":
            for value in values:
                if len(self.texts) < _MAX_TEXTS:
                    self.texts.setdefault(str(value), len(self.texts))
        numbers = sorted({number for value in values if (number := self._number(value)) is not None})
        self.low, self.high = (numbers[0], numbers[-1]) if numbers else (0.0, 1.0)
        gaps = [high - low for low, high in zip(numbers, numbers[1:], strict=False)]
        self.gap = min(gaps, default=1.0) or 1.0

    def _kind(self, values: list[Any], said: object) -> str:
        if said == "log":
            return "log"
        if any(isinstance(value, str) for value in values):
            is_time = said != "category" and all(_seconds(value) is not None for value in values)
            return "time" if is_time else "category"
        return "category" if said == "category" else "number"

    def widen(self, *, has_cells: bool) -> None:
        """Leave room at both ends: half a step for texts and cells, a twentieth for other numbers, none below a 0."""
        if self.kind == "category" or has_cells:
            half = 0.5 if self.kind == "category" else self.gap / 2
            self.low, self.high = self.low - half, self.high + half
            return
        room = (self.high - self.low) / 20 or abs(self.high) / 20 or 0.5
        self.low -= 0 if self.low == 0 and self.kind == "number" else room
        self.high += room

    def _number(self, value: Any) -> float | None:
        if self.kind == "category":
            return self.texts.get(str(value))
        if self.kind == "time":
            return _seconds(value)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return None
        if is_blank(value) or abs(value) > 1e300:
            return None
        if self.kind == "log":
            return math.log10(value) if value > 0 else None
        return float(value)

    def place(self, value: Any) -> float | None:
        """Return where a value stands, in pixels."""
        number = None if value is None else self._number(value)
        return None if number is None else self._at(number)

    def _at(self, number: float) -> float:
        first, last = self.ends
        return first + (last - first) * (number - self.low) / (self.high - self.low)

    def width_of(self, number: float) -> float:
        """Return how many pixels wide a distance is."""
        return abs(self.ends[1] - self.ends[0]) * number / (self.high - self.low)

    def distance(self) -> float:
        """Return how far the two values that are nearest to each other stand apart, in pixels."""
        return self.width_of(1.0 if self.kind == "category" else self.gap)

    def ticks(self, most: int) -> list[tuple[float, str]]:
        """Return places and texts of about so many marks."""
        if self.kind == "category":
            every = -(-len(self.texts) // (2 * most)) or 1
            return [(self._at(at), text) for text, at in self.texts.items() if at % every == 0]
        step = _nice((self.high - self.low) / most)
        if self.kind == "log":
            step = max(1.0, step) if self.high - self.low > 1 else step
        marks = []
        for at in range(math.ceil(self.low / step), math.floor(self.high / step) + 1)[: 3 * most]:
            marks.append((self._at(at * step), self._text(at * step)))
        return marks

    def _text(self, number: float) -> str:
        if self.kind == "log":
            return f"{10**number:.4g}"
        if self.kind == "time":
            moment = datetime.fromtimestamp(number, UTC)
            return f"{moment:%Y-%m-%d}" if self.high - self.low > 4 * 86_400 else f"{moment:%m-%d %H:%M}"
        return f"{number:.10g}" if abs(number) < 1e6 else f"{number:.3g}"


def _nice(step: float) -> float:
    """Return 1, 2 or 5 times a power of ten, at least `step`."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(power * times for times in (1, 2, 5, 10) if power * times >= step * 0.999)


def _seconds(value: Any) -> float | None:
    if not isinstance(value, str) or len(value) > 40 or not value[:4].isdecimal() or value[4:5] != "-":
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
