"""Figures of Matplotlib and Plotly.

Parts, Matplotlib: `figure.png`, and `figure.svg` where it is below 1 MB. Plotly: `preview.svg`, which Gnomon draws, and
`figure.json`, the whole figure, where it is below 16 MB. `meta`: library, width, height (in pixels, of the first part),
caption.

Always true: the figure is neither closed nor resized; of Matplotlib's settings only the salt of ids is set, while a
figure is drawn, and put back.
"""

from __future__ import annotations

import io
import json
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from gnomon.runs.values.encoded import Encoded, Part
from gnomon.runs.values.files import PNG, size_of
from gnomon.runs.values.foreign import MATPLOTLIB, PLOTLY, library_of
from gnomon.runs.values.wording import captioned, refused, shown, text_of

if TYPE_CHECKING:
    from gnomon.runs.values.kinds import Figure

DPI = 150
MAX_SIDE = 4096
MAX_SVG_BYTES = 1_000_000
MAX_JSON_BYTES = 16 << 20


def encode(value: Figure) -> Encoded:
    """Return a figure in open formats. Raises BadArgumentError."""
    library = library_of(value.figure)
    if library == MATPLOTLIB:
        return _matplotlib(value)
    if library == PLOTLY:
        return _plotly(value)
    raise refused("figure", "Figure", "a figure of Matplotlib or Plotly", shown(value.figure))


# ---------------------------------------------------------------- Matplotlib


def _matplotlib(value: Figure) -> Encoded:
    figure = _whole_figure(value.figure)
    notes = []
    side = float(max(figure.get_size_inches()))
    dpi = min(float(DPI), MAX_SIDE / side)
    if dpi < DPI:
        notes.append(f"drawn at {dpi:.0f} dots an inch, so that it has at most {MAX_SIDE} pixels a side")
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=dpi, metadata={"Software": None})
    data = png.getvalue()
    parts = [Part("figure.png", "image/png", data)]
    svg = _svg(figure)
    if svg is None:
        notes.append("there is no SVG of it: it would be larger than 1 MB")
    else:
        parts.append(Part("figure.svg", "image/svg+xml", svg))
    width, height = size_of(data, PNG) or (0, 0)
    meta: dict[str, object] = {"library": MATPLOTLIB, "width": width, "height": height}
    return Encoded("figure", captioned(meta, value.caption), tuple(parts), tuple(notes))


def _whole_figure(value: Any) -> Any:
    """Return the figure that a figure, its axes, or `pyplot` stand for."""
    if isinstance(value, ModuleType):
        if not value.get_fignums():  # `gcf` would make one
            raise refused("figure", "Figure", "`pyplot` with a current figure", "`pyplot` without any")
        return value.gcf()
    seen = 0
    while type(value).__name__ != "Figure" and getattr(value, "figure", value) is not value and seen < 16:
        value, seen = value.figure, seen + 1  # axes, of a part of a figure, of a figure
    return value


class _Bounded(io.BytesIO):
    """Bytes that refuse to become too many: drawing a million points as SVG ends early."""

    def write(self, data: Any) -> int:
        if self.tell() + len(data) > MAX_SVG_BYTES:
            raise _TooLargeError
        return super().write(data)


class _TooLargeError(Exception):
    pass


def _svg(figure: Any) -> bytes | None:
    settings = sys.modules["matplotlib"].rcParams
    before = settings["svg.hashsalt"]
    file = _Bounded()
    try:
        settings["svg.hashsalt"] = "gnomon"
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    except _TooLargeError:
        return None
    finally:
        settings["svg.hashsalt"] = before
    return file.getvalue()


# ---------------------------------------------------------------- Plotly


def _plotly(value: Figure) -> Encoded:
    from gnomon.runs.values.plotly_preview import HEIGHT, WIDTH, preview

    # Python's own encoder, whatever else is installed; the keys are sorted below.
    spec = json.loads(value.figure.to_json(validate=False, engine="json"))
    for trace in spec.get("data", []):
        trace.pop("uid", None)  # random, and only of use to a live widget
    try:
        svg, notes = preview(spec)
    except Exception as error:  # noqa: BLE001 - a figure that cannot be previewed is kept all the same
        svg, _ = preview({})
        notes = [f"the preview shows nothing: {type(error).__name__}: {text_of(error, 200)}"]
    parts = [Part("preview.svg", "image/svg+xml", svg)]
    data = json.dumps(spec, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode(
        "utf-8", "replace"
    )
    if len(data) <= MAX_JSON_BYTES:
        parts.append(Part("figure.json", "application/json", data))
    else:
        notes.append(f"only the preview is kept: the figure holds {len(data):,} bytes, more than 16 MB")
    meta: dict[str, object] = {"library": PLOTLY, "width": WIDTH, "height": HEIGHT}
    return Encoded("figure", captioned(meta, value.caption), tuple(parts), tuple(notes))
