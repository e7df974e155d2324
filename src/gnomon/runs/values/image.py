"""Images: PNG of arrays, tensors and PIL images; the bytes of other formats as they are; boxes and masks beside them.

Parts: `image.<format>`; `mask.png`, a palette PNG whose pixels are class ids; `boxes.json`, a list of
{"x", "y", "width", "height", "label"?, "score"?} in pixels of the image that is kept.
`meta`: width, height, caption, boxes (how many), classes ({"id": name}).
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from gnomon.runs.values.encoded import Encoded, Part
from gnomon.runs.values.foreign import PILLOW, library_of
from gnomon.runs.values.png import Pixels, write_png
from gnomon.runs.values.wording import captioned, refused, shown, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gnomon.runs.values.kinds import Image

MAX_FILE_BYTES = 32 << 20
MAX_FILE_PIXELS = 1 << 26
MAX_BOXES = 1_000
MAX_LABEL = 100  # characters


def encode(value: Image) -> Encoded:
    """Return an image in open formats. Raises BadArgumentError."""
    first, size, factor, notes = _picture(value.data)
    parts = [first]
    meta: dict[str, object] = {"width": size[0], "height": size[1]}
    if value.mask is not None:
        parts.append(_mask(value.mask, size, factor))
        meta["classes"] = _classes(value.classes)
    if value.boxes is not None:
        boxes = _boxes(value.boxes, factor, notes)
        meta["boxes"] = len(boxes)
        text = json.dumps(boxes, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
        parts.append(Part("boxes.json", "application/json", text.encode("utf-8")))
    return Encoded("image", captioned(meta, value.caption), tuple(parts), tuple(notes))


def _picture(data: Any) -> tuple[Part, tuple[int, int], int, list[str]]:
    """Return the first part, its width and height, by which factor it was scaled down, and notes."""
    from gnomon.runs.values.files import GIF, JPEG, PNG, WEBP, given_file, size_of

    file = given_file(data, "Image", (PNG, JPEG, WEBP, GIF), MAX_FILE_BYTES)
    if file is not None:
        content, found = file
        size = size_of(content, found)
        if size is None or size[0] * size[1] > MAX_FILE_PIXELS:
            said = f"one that declares {size[0]:,} x {size[1]:,}" if size else "one whose header is broken"
            rule = f"a picture of at most {MAX_FILE_PIXELS:,} pixels"
            raise refused("data", "Image", rule, said, hint="keep the file with `run.keep(path)`")
        return Part(f"image.{found.suffix}", found.media_type, content), size, 1, []
    from gnomon.runs.values import pictures

    make = pictures.from_pillow if library_of(data) == PILLOW else pictures.from_array
    pixels, factor, notes = make(data)
    return (
        Part("image.png", "image/png", write_png(pixels)),
        (pixels.width, pixels.height),
        factor,
        notes,
    )


# ---------------------------------------------------------------- masks


def _mask(value: Any, size: tuple[int, int], factor: int) -> Part:
    """Return the mask as a palette PNG; one of a picture that was scaled down keeps every `factor`-th pixel."""
    from gnomon.runs.values.arrays import as_array

    width, height = size
    array = as_array(value, "mask", "Image")
    if array.ndim == 3 and 1 in (array.shape[0], array.shape[2]):
        array = array[0] if array.shape[0] == 1 else array[..., 0]
    reduced = array[::factor, ::factor] if array.ndim == 2 else array
    if reduced.shape != (height, width):
        rule = f"of the height and width of the picture, ({height}, {width})"
        raise refused("mask", "Image", f"{rule} x {factor}" if factor > 1 else rule, shown(value))
    if array.dtype.kind == "f" or int(array.min()) < 0 or int(array.max()) > 255:
        found = f"{array.dtype} from {array.min():g} to {array.max():g}"
        raise refused("mask", "Image", "whole numbers from 0 to 255", found)
    pixels = Pixels(reduced.astype("uint8").tobytes(), width, height, 1)
    return Part("mask.png", "image/png", write_png(pixels, PALETTE))


def _colour(number: int) -> tuple[int, int, int]:
    """Return a colour for a class: black for 0, then hues that lie far apart (by the golden angle)."""
    if number == 0:
        return (0, 0, 0)
    hue = number * 137.508 % 360 / 60
    brightness = (255, 205, 155)[number % 3]
    low, mixed = brightness // 5, brightness / 5 + brightness * 0.8 * (1 - abs(hue % 2 - 1))
    middle = int(mixed)
    return (
        (brightness, middle, low),
        (middle, brightness, low),
        (low, brightness, middle),
        (low, middle, brightness),
        (middle, low, brightness),
        (brightness, low, middle),
    )[int(hue)]


PALETTE = tuple(map(_colour, range(256)))
"""The colour of each class of a mask."""


def _classes(classes: Mapping[int, str] | None) -> dict[str, str]:
    names: dict[str, str] = {}
    for number, name in sorted((classes or {}).items()):
        if isinstance(number, bool) or number not in range(256):
            raise refused("classes", "Image", "a dict from whole numbers 0 to 255 to names", f"id {number!r}")
        names[str(int(number))] = text_of(name, MAX_LABEL)
    return names


# ---------------------------------------------------------------- boxes


def _boxes(boxes: Any, factor: int, notes: list[str]) -> list[dict[str, object]]:
    if not isinstance(boxes, (list, tuple)):
        raise refused("boxes", "Image", "a list of dicts with x, y, width and height", shown(boxes))
    count = len(boxes)
    if count > MAX_BOXES:
        notes.append(f"the first {MAX_BOXES:,} of {count:,} boxes are kept")
    return [_box(box, place, factor) for place, box in enumerate(boxes[:MAX_BOXES])]


def _box(box: Any, place: int, factor: int) -> dict[str, object]:
    kept: dict[str, object] = {}
    for name in ("x", "y", "width", "height"):
        kept[name] = _number(box, name, place) / factor
    if float(kept["width"]) < 0 or float(kept["height"]) < 0:  # type: ignore[arg-type]
        raise refused(f"boxes[{place}]", "Image", "of a width and height of at least 0", f"{box!r:.100}")
    if box.get("label") is not None:
        kept["label"] = text_of(box["label"], MAX_LABEL)
    if box.get("score") is not None:
        kept["score"] = _number(box, "score", place)
    return kept


def _number(box: Any, name: str, place: int) -> float:
    try:
        number = float(box[name])
    except (KeyError, TypeError, ValueError) as error:
        rule = "a dict with the numbers x, y, width and height"
        raise refused(f"boxes[{place}]", "Image", rule, f"{box!r:.100}") from error
    if not math.isfinite(number):
        raise refused(f"boxes[{place}]", "Image", "of finite numbers", f"{name} = {number}")
    return number
