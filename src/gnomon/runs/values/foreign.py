"""Values of other libraries that are known by the name of their class, without importing those libraries."""

from __future__ import annotations

from types import ModuleType

PILLOW, MATPLOTLIB, PLOTLY, TABLE = "pillow", "matplotlib", "plotly", "table"
_CLASSES = {
    ("PIL.Image", "Image"): PILLOW,
    ("matplotlib.figure", "Figure"): MATPLOTLIB,
    ("matplotlib.axes._base", "_AxesBase"): MATPLOTLIB,
    ("plotly.basedatatypes", "BaseFigure"): PLOTLY,
}
_TABLES = frozenset({"DataFrame", "Table"})
_TABLE_LIBRARIES = frozenset({"pandas", "polars", "pyarrow", "arro3"})


def library_of(value: object) -> str | None:
    """Return which library made a picture, figure or table; None for every other value."""
    if isinstance(value, ModuleType):
        return MATPLOTLIB if getattr(value, "__name__", None) == "matplotlib.pyplot" else None
    for base in type(value).__mro__:
        found = _CLASSES.get((base.__module__, base.__name__))
        if found is not None:
            return found
        if base.__name__ in _TABLES and base.__module__.partition(".")[0] in _TABLE_LIBRARIES:
            return TABLE
    return None
