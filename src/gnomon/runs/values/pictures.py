"""Pictures of any library as bytes of pixels, small enough to be kept.

Always true: a picture that is too large is scaled down by a whole factor, each pixel the mean of those it stands for.
"""

from __future__ import annotations

from typing import Any

from gnomon.runs.values.arrays import as_pixels, is_tensor
from gnomon.runs.values.png import Pixels
from gnomon.runs.values.wording import refused, shown

MAX_SIDE = 4096
_CHANNELS = (1, 3, 4)


def channels_last(array: Any, was_tensor: bool) -> Any:
    """Return an array (..., H, W, C) of one that may be (..., C, H, W), as those of torch are."""
    import numpy

    if was_tensor and array.ndim >= 3 and array.shape[-3] in _CHANNELS:
        return numpy.moveaxis(array, -3, -1)
    return array


def from_array(value: Any, kind: str = "Image") -> tuple[Pixels, int, list[str]]:
    """Return the pixels of an array or tensor, by which factor it was scaled down, and notes. Raises BadArgumentError."""
    from gnomon.runs.values.arrays import as_array

    array = channels_last(as_array(value, "data", kind), is_tensor(value))
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3 or array.shape[2] not in _CHANNELS or not array.size:
        raise refused(
            "data",
            kind,
            "of shape (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), with at least one pixel",
            shown(value),
            hint="log one picture at a time: `gnomon.Image(batch[0])`" if array.ndim == 4 else None,
        )
    array, notes = as_pixels(array, kind)
    factor = factor_for(max(array.shape[:2]))
    array = scaled_down(array, factor)
    height, width, channels = array.shape
    if factor > 1:
        notes.append(scaled_note(factor, width, height))
    return Pixels(array.tobytes(), width, height, channels), factor, notes


def from_pillow(picture: Any) -> tuple[Pixels, int, list[str]]:
    """Return the pixels of a PIL image, by which factor it was scaled down, and notes. Raises BadArgumentError."""
    notes: list[str] = []
    mode = str(picture.mode)
    if mode == "F" or mode.startswith("I"):
        raise refused(
            "data",
            "Image",
            "a PIL image of 8 bits a channel",
            f"one of mode {mode}",
            hint="log its numbers, scaled to 0 to 1: `gnomon.Image(numpy.asarray(picture) / highest)`",
        )
    if mode == "1":
        picture = picture.convert("L")
    elif mode == "LA" or mode.endswith("a") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
    elif mode == "P":
        picture = picture.convert("RGB")
    elif mode not in ("L", "RGB", "RGBA"):
        picture = picture.convert("RGB")
        notes.append(f"converted from {mode} to RGB")
    if not min(picture.size):
        raise refused("data", "Image", "a picture with at least one pixel", f"{picture.size} pixels")
    factor = factor_for(max(picture.size))
    if factor > 1:
        picture = picture.reduce(factor)
        notes.append(scaled_note(factor, *picture.size))
    width, height = picture.size
    return Pixels(picture.tobytes(), width, height, len(picture.getbands())), factor, notes


def factor_for(side: int, most: int = MAX_SIDE) -> int:
    """Return the smallest factor that brings a side to at most so many pixels."""
    return max(1, -(-side // most))


def scaled_note(factor: int, width: int, height: int) -> str:
    """Return the note about a picture that was scaled down."""
    return f"scaled down by {factor} to {width} x {height}"


def scaled_down(array: Any, factor: int) -> Any:
    """Return uint8 (H, W, C) as (ceil(H / factor), ceil(W / factor), C), each pixel the mean of a square.

    A square that reaches over the edge repeats the last row or column.
    """
    import numpy

    if factor == 1:
        return array
    height, width, channels = array.shape
    rows = numpy.arange(-(-height // factor)) * factor
    columns = numpy.arange(-(-width // factor)) * factor
    total = numpy.zeros((len(rows), len(columns), channels), numpy.uint32)
    for down in range(factor):
        row = array[numpy.minimum(rows + down, height - 1)]
        for right in range(factor):
            total += row[:, numpy.minimum(columns + right, width - 1)]
    return ((total + factor * factor // 2) // (factor * factor)).astype(numpy.uint8)
