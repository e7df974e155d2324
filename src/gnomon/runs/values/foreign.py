"""Values of other libraries that are known by the name of their class, without importing those libraries."""

from __future__ import annotations

from types import ModuleType

PILLOW, MATPLOTLIB, PLOTLY = "pillow", "matplotlib", "plotly"
_CLASSES = {
    ("PIL.Image", "Image"): PILLOW,
    ("matplotlib.figure", "Figure"): MATPLOTLIB,
    ("matplotlib.axes._base", "_AxesBase"): MATPLOTLIB,
    ("plotly.basedatatypes", "BaseFigure"): PLOTLY,
}


def library_of(value: object) -> str | None:
    """Return which library made a picture or figure; None for every other value."""
    if isinstance(value, ModuleType):
        return MATPLOTLIB if getattr(value, "__name__", None) == "matplotlib.pyplot" else None
    for base in type(value).__mro__:
        found = _CLASSES.get((base.__module__, base.__name__))
        if found is not None:
            return found
    return None
