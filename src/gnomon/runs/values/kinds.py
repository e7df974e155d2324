"""The classes that a person writes around a value, so that Gnomon knows how to show it.

Always true: making one is cheap and copies, reads and checks nothing. `run.log` encodes it at once, so the array may be
changed afterwards; what is wrong with it is said then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


class Rich:
    """Base of the kinds of rich values."""

    __slots__ = ("caption",)
    kind: ClassVar[str]

    def __repr__(self) -> str:
        caption = "" if self.caption is None else f" {str(self.caption)[:40]!r}"
        return f"<{type(self).__name__}{caption}>"

    def __init__(self, *, caption: str | None = None) -> None:
        self.caption = caption


class Image(Rich):
    """A picture.

    Parameters
    ----------
    data : array of shape (H, W), (H, W, 1), (H, W, 3) or (H, W, 4); torch tensor (C, H, W); PIL image; path; bytes
        Whole numbers are 0 to 255. Floats are 0 to 1: others are clipped, NaN becomes 0, and a note says so.
        Arrays are kept as PNG of at most 4096 pixels a side. The bytes of a PNG, JPEG, WebP or GIF are kept as they
        are, up to 32 MB.
    caption : str, optional
    boxes : list of {"x", "y", "width", "height", "label", "score"}, optional
        In pixels of the picture, from its upper left corner. `label` and `score` may be left out. At most 1,000.
    mask : array of shape (H, W), whole numbers 0 to 255, optional
        The class of each pixel.
    classes : {id: name}, optional
        What the numbers of the mask mean.

    Notes
    -----
    `run.log` refuses what does not fit (`BadArgumentError` where the run is strict, else a counted loss and a note).
    """

    __slots__ = ("boxes", "classes", "data", "mask")
    kind = "image"

    def __init__(
        self,
        data: Any,
        *,
        caption: str | None = None,
        boxes: Sequence[Mapping[str, Any]] | None = None,
        mask: Any = None,
        classes: Mapping[int, str] | None = None,
    ) -> None:
        super().__init__(caption=caption)
        self.data = data
        self.boxes = boxes
        self.mask = mask
        self.classes = classes


class Audio(Rich):
    """A sound.

    Parameters
    ----------
    data : array of shape (samples,) or (samples, channels); path; bytes
        Floats in -1 to 1 (others are clipped, NaN becomes 0, and a note says so) or int16; kept as 16-bit PCM WAV of at
        most 48 MB. The bytes of a WAV, MP3, FLAC or OGG are kept as they are, up to 48 MB.
    rate_hz : int
        Samples a second; needed for an array.
    caption : str, optional
    """

    __slots__ = ("data", "rate_hz")
    kind = "audio"

    def __init__(self, data: Any, *, rate_hz: int | None = None, caption: str | None = None) -> None:
        super().__init__(caption=caption)
        self.data = data
        self.rate_hz = rate_hz


class Video(Rich):
    """A video.

    Parameters
    ----------
    data : array of shape (frames, H, W), (frames, H, W, 1 or 3 or 4); torch tensor (frames, C, H, W); path; bytes
        Pixels as for `Image`. Kept as animated PNG, which browsers show, of at most 300 frames and 1024 pixels a side:
        frames are dropped evenly, and a note says so. The bytes of an MP4, WebM or GIF are kept as they are, up to 48 MB.
    fps : float, default 10
        Frames a second, of an array.
    caption : str, optional
    """

    __slots__ = ("data", "fps")
    kind = "video"

    def __init__(self, data: Any, *, fps: float | None = None, caption: str | None = None) -> None:
        super().__init__(caption=caption)
        self.data = data
        self.fps = fps


class Table(Rich):
    """A table, kept as Parquet: the first 10,000 rows and 200 columns.

    Parameters
    ----------
    data : dict of columns; pandas, Polars, Arrow or DuckDB table
    columns, rows : names, and rows of as many cells
        Instead of `data`. Rows may be dicts, too; a cell that one lacks is null.
    caption : str, optional

    Notes
    -----
    Cells that are no plain values (None, bool, int, float, str) become their text. The index of a pandas table is not
    kept: `reset_index()` makes it a column.
    """

    __slots__ = ("columns", "data", "rows")
    kind = "table"

    def __init__(
        self,
        data: Any = None,
        *,
        columns: Sequence[str] | None = None,
        rows: Iterable[Any] | None = None,
        caption: str | None = None,
    ) -> None:
        super().__init__(caption=caption)
        self.data = data
        self.columns = columns
        self.rows = rows


class Histogram(Rich):
    """How often values fall between edges.

    Parameters
    ----------
    values : array, tensor or list of numbers, of any shape
        NaN and infinities are counted apart.
    bins : int in 1 to 4096, default 64
        Bins of equal width from the smallest to the largest finite value, or over `range`.
    range : (low, high), optional
        Values outside are counted as below and above.
    edges, counts : n + 1 increasing numbers, and n numbers
        Instead of `values`. A bin holds its lower edge; the last holds both.
    caption : str, optional
    """

    __slots__ = ("bins", "counts", "edges", "range", "values")
    kind = "histogram"

    def __init__(
        self,
        values: Any = None,
        *,
        bins: int = 64,
        range: tuple[float, float] | None = None,
        edges: Any = None,
        counts: Any = None,
        caption: str | None = None,
    ) -> None:
        super().__init__(caption=caption)
        self.values = values
        self.bins = bins
        self.range = range
        self.edges = edges
        self.counts = counts


class Text(Rich):
    """A text of up to 1 MB; the rest is cut, and a note says so.

    Parameters
    ----------
    text : str
    format : "markdown" or "plain", default "markdown"
    caption : str, optional
    """

    __slots__ = ("format", "text")
    kind = "text"

    def __init__(self, text: str, *, format: str = "markdown", caption: str | None = None) -> None:
        super().__init__(caption=caption)
        self.text = text
        self.format = format


class Points3D(Rich):
    """Points in space, kept as binary PLY: at most 300,000, evenly thinned.

    Parameters
    ----------
    points : array or tensor of shape (n, 3), (n, 4) or (n, 6)
        x, y, z; then a category (a whole number), or red, green and blue from 0 to 255. Points that are not finite are
        left out, and a note says so. Coordinates are kept as float32.
    caption : str, optional
    """

    __slots__ = ("points",)
    kind = "points3d"

    def __init__(self, points: Any, *, caption: str | None = None) -> None:
        super().__init__(caption=caption)
        self.points = points


class Figure(Rich):
    """A Matplotlib or Plotly figure; `run.log` recognises both without this, it only adds a caption.

    Parameters
    ----------
    figure : Matplotlib `Figure` or `Axes`, the module `pyplot` (its current figure); Plotly `Figure`
        Matplotlib: kept as PNG at 150 dots an inch, and as SVG where that is below 1 MB. The figure stays open.
        Plotly: kept as its JSON, and as a plain SVG preview that Gnomon draws.
    caption : str, optional
    """

    __slots__ = ("figure",)
    kind = "figure"

    def __init__(self, figure: Any, *, caption: str | None = None) -> None:
        super().__init__(caption=caption)
        self.figure = figure
