"""Videos: animated PNG of arrays; the bytes of MP4, WebM and GIF as they are.

Part: `video.<format>`. `meta`: width, height, frames, fps, seconds (of arrays), caption.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gnomon.runs.values.encoded import Encoded, Part
from gnomon.runs.values.png import Pixels, write_apng
from gnomon.runs.values.wording import captioned, number_of, refused, shown

if TYPE_CHECKING:
    from gnomon.runs.values.kinds import Video

MAX_FILE_BYTES = 48 << 20
MAX_FRAMES = 300
MAX_SIDE = 1024
MAX_PIXELS = 1 << 25  # of all frames: a second or two of packing
DEFAULT_FPS = 10.0
_LONGEST_S = 60.0  # a frame of an animated PNG


def encode(value: Video) -> Encoded:
    """Return a video in open formats. Raises BadArgumentError."""
    from gnomon.runs.values.files import GIF, MP4, WEBM, given_file, size_of

    file = given_file(value.data, "Video", (MP4, WEBM, GIF), MAX_FILE_BYTES)
    if file is not None:
        content, found = file
        size = size_of(content, found)
        meta: dict[str, object] = {"width": size[0], "height": size[1]} if size else {}
        part = Part(f"video.{found.suffix}", found.media_type, content)
        return Encoded("video", captioned(meta, value.caption), (part,), ())
    return _animation(value)


def _animation(value: Video) -> Encoded:
    from gnomon.runs.values.arrays import as_pixels
    from gnomon.runs.values.pictures import factor_for, scaled_down, scaled_note

    fps = _fps(value.fps)
    array = _frames(value.data)
    total, height, width, channels = array.shape
    factor = factor_for(max(height, width), MAX_SIDE)
    height, width = -(-height // factor), -(-width // factor)
    count = min(total, MAX_FRAMES, max(1, MAX_PIXELS // (height * width)))
    array, notes = as_pixels(array if count == total else array[_evenly(total, count)], "Video")
    if factor > 1:
        notes.append(scaled_note(factor, width, height))
    if count < total:
        notes.append(f"{count:,} of {total:,} frames are kept, evenly spread; it takes as long as before")
    seconds = total / fps
    like = Pixels(b"", width, height, channels)
    frames = (scaled_down(frame, factor).tobytes() for frame in array)
    data = write_apng(frames, count, like, min(seconds / count, _LONGEST_S))
    meta: dict[str, object] = {
        "width": width,
        "height": height,
        "frames": count,
        "fps": round(count / seconds, 6),
        "seconds": round(seconds, 6),
    }
    part = Part("video.png", "image/apng", data)
    return Encoded("video", captioned(meta, value.caption), (part,), tuple(notes))


def _evenly(total: int, count: int) -> list[int]:
    return [place * total // count for place in range(count)]


def _frames(value: Any) -> Any:
    """Return an array (frames, H, W, C)."""
    from gnomon.runs.values.arrays import as_array, is_tensor
    from gnomon.runs.values.pictures import channels_last

    array = as_array(value, "data", "Video")
    if array.ndim == 3:
        array = array[..., None]
    array = channels_last(array, is_tensor(value))
    if array.ndim != 4 or array.shape[3] not in (1, 3, 4) or not array.size:
        rule = "of shape (frames, H, W), or (frames, H, W, C) with 1, 3 or 4 channels, and not empty"
        raise refused("data", "Video", rule, shown(value))
    return array


def _fps(fps: Any) -> float:
    if fps is None:
        return DEFAULT_FPS
    number = number_of(fps)
    if not 0.1 <= number <= 1000:
        raise refused("fps", "Video", "a number of frames a second, from 0.1 to 1000", shown(fps))
    return number
