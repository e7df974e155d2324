"""What comes back of a rich value: its bytes, what is known of it, and its numbers as arrays when they are asked for."""

from __future__ import annotations

import io
import json
from importlib import import_module
from typing import TYPE_CHECKING, Any

from gnomon.errors import BadArgumentError, MissingExtraError
from gnomon.runs.values.png_read import MAX_PIXELS, damaged, read_png

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gnomon.runs.values.png_read import Decoded


class Loaded:
    """Base of what comes back: `meta`, `parts` (bytes by name), and `data`, the bytes of the part that is shown."""

    def __init__(self, meta: Mapping[str, Any], parts: Mapping[str, bytes], shown: str) -> None:
        self.meta = dict(meta)
        self.parts = dict(parts)
        self.name = shown

    @property
    def data(self) -> bytes:
        """The bytes of the part that is shown."""
        return self.parts[self.name]

    @property
    def caption(self) -> str | None:
        """The caption, if there is one."""
        found = self.meta.get("caption")
        return found if isinstance(found, str) else None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}: {len(self.data):,} bytes>"


class LoadedImage(Loaded):
    """An image."""

    def to_numpy(self) -> Any:
        """Return its pixels, uint8 of shape (H, W) where it is grey, else (H, W, 3) or (H, W, 4).

        Raises DamagedObjectError; MissingExtraError where Pillow is needed (JPEG, WebP, GIF, PNG of other programs).
        """
        return picture_array(self.data, self.name)

    def mask(self) -> Any:
        """Return the class of each pixel, uint8 (H, W); None where there is no mask."""
        if "mask.png" not in self.parts:
            return None
        found = _of_gnomon(self.parts["mask.png"], "mask")
        return _frame_arrays(found)[0]

    def boxes(self) -> list[dict[str, Any]]:
        """Return the boxes, in pixels."""
        found = json_of(self.parts.get("boxes.json", b"[]"))
        if not isinstance(found, list) or not all(isinstance(box, dict) for box in found):
            raise damaged("it is no list of dicts", name="a list of boxes")
        return found


class LoadedAudio(Loaded):
    """A sound."""

    def to_numpy(self) -> tuple[Any, int]:
        """Return its samples, int16 (samples, channels), and its rate in Hz, of a 16-bit WAV. Raises DamagedObjectError."""
        import wave

        from gnomon.runs.values.audio import BAD_WAV

        if not self.name.endswith(".wav"):
            raise _closed(self.name, "soundfile.read(io.BytesIO(audio.data))")
        try:
            with wave.open(io.BytesIO(self.data), "rb") as reader:
                channels, width, rate_hz = reader.getnchannels(), reader.getsampwidth(), reader.getframerate()
                samples = reader.readframes(len(self.data))
        except BAD_WAV as error:
            raise damaged(str(error) or "it is cut", name="WAV") from error
        if width != 2:
            raise _closed(f"{self.name} of {8 * width} bits", "soundfile.read(io.BytesIO(audio.data))")
        if len(samples) % (2 * channels):
            raise damaged("it ends inside a sample", name="WAV")
        return _numpy().frombuffer(samples, "<i2").reshape(-1, channels), rate_hz


class LoadedVideo(Loaded):
    """A video."""

    def to_numpy(self) -> Any:
        """Return its frames, uint8 (frames, H, W, C), of an animated PNG. Raises DamagedObjectError."""
        if not self.name.endswith(".png"):
            raise _closed(self.name, "imageio.v3.imread(video.data)")
        found = _of_gnomon(self.data, "video")
        frames = _numpy().stack(_frame_arrays(found))
        return frames[..., None] if frames.ndim == 3 else frames


class LoadedHistogram(Loaded):
    """A histogram: `edges`, `counts`, and how many values lay outside (`nan`, `minus_inf`, `plus_inf`, `below`, `above`)."""

    def __init__(self, meta: Mapping[str, Any], parts: Mapping[str, bytes], shown: str) -> None:
        super().__init__(meta, parts, shown)
        body = json_of(self.data)
        lists = [body.get(key) if isinstance(body, dict) else None for key in ("edges", "counts")]
        if not all(isinstance(one, list) and all(type(n) in (int, float) for n in one) for one in lists):
            raise damaged("it has no lists `edges` and `counts` of numbers", name="a histogram")
        self.edges: list[float] = lists[0] or []
        self.counts: list[float] = lists[1] or []
        if len(self.edges) != len(self.counts) + (1 if self.counts else 0):
            raise damaged("it has not one edge more than counts", name="a histogram")
        outside = ("nan", "minus_inf", "plus_inf", "below", "above")
        self.outside = {key: body[key] for key in outside if type(body.get(key)) is int}

    def to_numpy(self) -> tuple[Any, Any]:
        """Return counts and edges as arrays, in the order of `numpy.histogram`."""
        numpy = _numpy()
        return numpy.asarray(self.counts), numpy.asarray(self.edges, "float64")


class LoadedPoints(Loaded):
    """Points in space."""

    def to_numpy(self) -> Any:
        """Return the points, an array with the fields x, y, z, and category, or red, green, blue."""
        from gnomon.runs.values.points3d import read_ply

        return read_ply(self.data)[1]

    @property
    def xyz(self) -> Any:
        """The coordinates, float32 (n, 3)."""
        points = self.to_numpy()
        return _numpy().stack([points["x"], points["y"], points["z"]], axis=1)


class LoadedFigure(Loaded):
    """A figure: `data` is what is shown, as PNG or SVG; `spec` is the JSON of a Plotly figure."""

    @property
    def spec(self) -> dict[str, Any] | None:
        """The dict that `plotly.graph_objects.Figure` takes; None for other figures."""
        if "figure.json" not in self.parts:
            return None
        found = json_of(self.parts["figure.json"])
        if not isinstance(found, dict):
            raise damaged("it is no dict", name="a Plotly figure")
        return found


# ---------------------------------------------------------------- bytes to numbers


def picture_array(data: bytes, name: str) -> Any:
    """Return the pixels of a picture, by Gnomon's own reader where it can, else by Pillow."""
    from gnomon.runs.values.files import format_of, size_of

    declared = format_of(data)
    if declared is not None and declared.suffix == "png":
        found = read_png(data)
        if found is not None and not found.has_palette:
            return _frame_arrays(found)[0]
    size = None if declared is None else size_of(data, declared)
    if declared is None or size is None or size[0] * size[1] > MAX_PIXELS:
        raise damaged(
            f"it declares {size[0]:,} x {size[1]:,} pixels" if size else "its header is broken", name=name
        )
    try:
        pillow = import_module("PIL.Image")
    except ImportError as error:
        raise MissingExtraError(
            f"reading the pixels of `{name}` needs Pillow", hint="pip install pillow"
        ) from error
    try:
        # Only the reader of the format that the header declares, and nothing that can run a program.
        with pillow.open(io.BytesIO(data), formats=(declared.suffix.upper(),)) as picture:
            return _numpy().asarray(
                picture if picture.mode in ("L", "RGB", "RGBA") else picture.convert("RGBA")
            )
    except Exception as error:  # Pillow raises many kinds, SyntaxError among them
        raise damaged(str(error)[:200], name=name) from error


def _of_gnomon(data: bytes, what: str) -> Decoded:
    found = read_png(data)
    if found is None:
        raise damaged("Gnomon did not write it", name=what)
    return found


def _frame_arrays(found: Decoded) -> list[Any]:
    numpy, like = _numpy(), found.like
    shape = (like.height, like.width, like.channels) if like.channels > 1 else (like.height, like.width)
    return [numpy.frombuffer(frame, numpy.uint8).reshape(shape) for frame in found.frames]


def json_of(data: bytes) -> Any:
    """Return the value of JSON. Raises DamagedObjectError."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise damaged(str(error)[:200], name="JSON") from error


def _closed(name: str, other: str) -> BadArgumentError:
    return BadArgumentError(
        f"Gnomon does not unpack `{name}`; its bytes are in `.data`", hint=f"another library does: `{other}`"
    )


def _numpy() -> Any:
    try:
        import numpy
    except ImportError as error:
        raise MissingExtraError("arrays need NumPy", hint="pip install numpy") from error
    return numpy
