"""Points in space: binary little-endian PLY, which CloudCompare, MeshLab, Open3D and Blender open.

Part: `points.ply`, with the properties float x, y, z, and then int category, or uchar red, green, blue.
`meta`: points, columns ("xyz", "xyz+category", "xyz+rgb"), caption.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from gnomon.runs.values.encoded import Encoded, Part
from gnomon.runs.values.png_read import damaged
from gnomon.runs.values.wording import captioned, counted, refused, shown

if TYPE_CHECKING:
    from gnomon.runs.values.kinds import Points3D

MAX_POINTS = 300_000
_XYZ = [("x", "<f4"), ("y", "<f4"), ("z", "<f4")]
_LAYOUTS = {
    "xyz": _XYZ,
    "xyz+category": [*_XYZ, ("category", "<i4")],
    "xyz+rgb": [*_XYZ, ("red", "u1"), ("green", "u1"), ("blue", "u1")],
}
_COLUMNS = {3: "xyz", 4: "xyz+category", 6: "xyz+rgb"}
_PLY_TYPES = {"<f4": "float", "<i4": "int", "u1": "uchar"}
_COUNT = re.compile(rb"element vertex ([0-9]{1,9})\n")


def encode(value: Points3D) -> Encoded:
    """Return points in an open format. Raises BadArgumentError."""
    import numpy

    from gnomon.runs.values.arrays import as_array

    array = as_array(value.points, "points", "Points3D")
    if array.ndim != 2 or array.shape[1] not in _COLUMNS:
        rule = "of shape (n, 3), (n, 4) or (n, 6): x, y, z; then a category, or red, green, blue"
        raise refused("points", "Points3D", rule, shown(value.points))
    columns = _COLUMNS[array.shape[1]]
    notes: list[str] = []
    with numpy.errstate(over="ignore"):
        is_finite = numpy.isfinite(array.astype(numpy.float32)).all(axis=1)
    if not is_finite.all():
        notes.append(f"not finite, left out: {counted(int((~is_finite).sum()), 'point')}")
        array = array[is_finite]
    if len(array) > MAX_POINTS:
        notes.append(f"{MAX_POINTS:,} of {len(array):,} points are kept, evenly spread")
        array = array[numpy.arange(MAX_POINTS) * len(array) // MAX_POINTS]
    points = numpy.zeros(len(array), dtype=_LAYOUTS[columns])
    for place, name in enumerate("xyz"):
        points[name] = array[:, place]
    if columns == "xyz+category":
        points["category"] = _categories(array[:, 3])
    elif columns == "xyz+rgb":
        colours = _colours(array[:, 3:], notes)
        for place, name in enumerate(("red", "green", "blue")):
            points[name] = colours[:, place]
    meta: dict[str, object] = {"points": len(points), "columns": columns}
    part = Part("points.ply", "model/ply", _header(columns, len(points)) + points.tobytes())
    return Encoded("points3d", captioned(meta, value.caption), (part,), tuple(notes))


def _categories(column: Any) -> Any:
    if (column != column.round()).any() or (abs(column.astype("float64")) >= 2**31).any():
        raise refused("points", "Points3D", "of categories that are whole numbers below 2**31", "others")
    return column.astype("int32")


def _colours(columns: Any, notes: list[str]) -> Any:
    low, high = (float(columns.min()), float(columns.max())) if columns.size else (0.0, 0.0)
    if low < 0 or high > 255:
        notes.append(f"colours from {low:g} to {high:g} were clipped to 0 to 255")
    elif columns.dtype.kind == "f" and 0 < high <= 1:
        notes.append("every colour is at most 1, which is nearly black: colours are 0 to 255")
    return columns.clip(0, 255).round().astype("uint8")


def _header(columns: str, count: int) -> bytes:
    lines = [f"property {_PLY_TYPES[code]} {name}" for name, code in _LAYOUTS[columns]]
    text = f"ply\nformat binary_little_endian 1.0\nelement vertex {count}\n" + "\n".join(lines)
    return text.encode("ascii") + b"\nend_header\n"


def read_ply(data: bytes) -> tuple[str, Any]:
    """Return which columns there are and the points, a NumPy array with named fields. Raises DamagedObjectError."""
    match = _COUNT.search(data, 0, 200)
    count = int(match[1]) if match else 0
    columns = next((name for name in _LAYOUTS if data.startswith(_header(name, count))), None)
    if columns is None:
        raise damaged("its header is not that of points that Gnomon writes", name="PLY")
    import numpy

    layout, start = numpy.dtype(_LAYOUTS[columns]), len(_header(columns, count))
    if count * layout.itemsize != len(data) - start:
        raise damaged(f"it declares {count:,} points and does not hold as many bytes", name="PLY")
    return columns, numpy.frombuffer(data, layout, offset=start)
