"""Python cells as Arrow columns: each column gets one type, the narrowest that holds all its cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gnomon.runs.values.wording import clean, counted, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_CELL = 10_000  # characters
_INT64 = range(-(2**63), 2**63)
_MISSING = frozenset({"NaTType", "NAType"})  # pandas: no value


class Cells:
    """Makes columns and counts what became of their cells."""

    __slots__ = ("cut", "mixed", "strange")

    def __init__(self) -> None:
        self.cut = 0
        self.strange = 0
        self.mixed: list[str] = []

    def column(self, name: str, values: Sequence[object]) -> Any:
        """Return an Arrow array of these cells."""
        from arro3.core import Array, DataType

        plain = [value if value is None else self._plain(value) for value in values]
        types = {type(value) for value in plain if value is not None}
        if types == {bool}:
            return Array(plain, type=DataType.bool())
        if types <= {int, float} and all(value in _INT64 for value in plain if type(value) is int):
            if types == {int}:
                return Array(plain, type=DataType.int64())
            if types:
                floats: list[Any] = [None if value is None else float(value) for value in plain]
                return Array(floats, type=DataType.float64())
        if len(types) > 1 or (types and str not in types):
            self.mixed.append(name)
        texts = [None if value is None else str(value) for value in plain]
        return Array(texts, type=DataType.string())

    def notes(self) -> list[str]:
        """Return what a person should know of the cells."""
        found = []
        if self.strange:
            found.append(f"no plain values, kept as text: {counted(self.strange, 'cell')}")
        if self.cut:
            found.append(f"cut to {MAX_CELL:,} characters: {counted(self.cut, 'cell')}")
        if self.mixed:
            names = ", ".join(f"`{name}`" for name in self.mixed[:5]) + (", …" if len(self.mixed) > 5 else "")
            found.append(f"mixed types or huge numbers, kept as text: {names}")
        return found

    def _plain(self, value: Any) -> bool | int | float | str | None:
        kind = type(value)
        if kind in (bool, int, float):
            return value  # type: ignore[no-any-return]
        if isinstance(value, str):
            return self._text(value)
        if kind.__name__ in _MISSING:
            return None
        if kind.__module__ == "numpy" and getattr(value, "ndim", None) == 0 and kind.__name__ != "ndarray":
            item = value.item()
            if isinstance(item, (bool, int, float, str)):
                return self._plain(item)
        if isinstance(value, (int, float)):  # an enumeration, a float with a name
            return int(value) if isinstance(value, int) else float(value)
        self.strange += 1
        return self._text(text_of(value, MAX_CELL + 1))

    def _text(self, text: str) -> str:
        if len(text) > MAX_CELL:
            self.cut += 1
            text = text[:MAX_CELL]
        return clean(text)
