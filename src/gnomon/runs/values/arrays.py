"""Arrays and tensors of any library as NumPy arrays, and their numbers as bytes of pixels.

Always true: no array is changed. NumPy is imported only when there is an array to convert.
"""

from __future__ import annotations

from typing import Any

from gnomon.errors import BadArgumentError
from gnomon.runs.values.wording import counted, refused, shown


def is_tensor(value: object) -> bool:
    """Return whether a value is a torch tensor, or behaves as one."""
    return all(callable(getattr(value, name, None)) for name in ("detach", "cpu", "numpy"))


def as_array(value: Any, argument: str, kind: str) -> Any:
    """Return a NumPy array of bools, whole numbers or floats. Raises BadArgumentError."""
    try:
        import numpy
    except ImportError as error:
        raise BadArgumentError(
            f"`{argument}` of `{kind}` is an array, and NumPy is not installed", hint="pip install numpy"
        ) from error
    if is_tensor(value):
        value = value.detach().cpu()
        try:
            value = value.numpy()
        except TypeError:  # a type that NumPy does not have, such as bfloat16
            value = value.float().numpy()
    try:
        array = numpy.asarray(value)
    except (ValueError, TypeError) as error:
        raise refused(argument, kind, "an array of numbers", shown(value)) from error
    if array.dtype.kind not in "buif":
        raise refused(argument, kind, "an array of numbers", f"{shown(value)} with type {array.dtype}")
    return array


def as_pixels(array: Any, kind: str) -> tuple[Any, list[str]]:
    """Return an array as uint8, and notes. Raises BadArgumentError for whole numbers outside 0 to 255."""
    import numpy

    if array.dtype == numpy.uint8 or not array.size:
        return array.astype(numpy.uint8, copy=False), []
    if array.dtype.kind == "b":
        return array.astype(numpy.uint8) * numpy.uint8(255), []
    if array.dtype.kind in "ui":
        low, high = int(array.min()), int(array.max())
        if low < 0 or high > 255:
            raise refused(
                "data",
                kind,
                "whole numbers from 0 to 255, or floats from 0 to 1",
                f"whole numbers from {low:,} to {high:,}",
                hint="scale them, for example `(array / array.max()).clip(0, 1)`",
            )
        return array.astype(numpy.uint8), []
    values, notes = within(array, 0.0, 1.0)
    return (values * values.dtype.type(255) + values.dtype.type(0.5)).astype(numpy.uint8), notes


def within(array: Any, low: float, high: float) -> tuple[Any, list[str]]:
    """Return floats clipped to `low` and `high`, NaN as 0, and notes about it."""
    import numpy

    values = array if array.dtype in (numpy.float32, numpy.float64) else array.astype(numpy.float32)
    least, most = (float(values.min()), float(values.max())) if values.size else (low, high)
    notes = []
    if least != least:
        missing = numpy.isnan(values)
        values = numpy.where(missing, values.dtype.type(0), values)
        notes.append(f"NaN, shown as 0: {counted(int(missing.sum()), 'value')}")
        least, most = float(values.min()), float(values.max())
    if least < low or most > high:
        values = values.clip(low, high)
        notes.append(f"values from {least:g} to {most:g} were clipped to {low:g} to {high:g}")
    return values, notes
