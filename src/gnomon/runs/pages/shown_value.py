"""From a rich value to what a template needs to show it: its kind, addresses, rows of a table, bars of a histogram, a text.

Always true: bytes that people made are only named by an address on the other origin; what is long is cut, and the cut is said;
a value whose bytes are missing or broken is shown with its problem in words, and never raises. The template: `runs/value.html`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon import text
from gnomon.errors import GnomonError
from gnomon.runs import checked
from gnomon.runs.display.shorten import words
from gnomon.runs.values.image import PALETTE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gnomon.page import ObjectLink
    from gnomon.runs.values.rich_value import RichValue

ROWS, COLUMNS, CELL = 20, 12, 120
CHARACTERS = 20_000
BARS = 96
BOXES, CLASSES, POINTS = 200, 40, 1_500
WIDTH, HEIGHT = 240, 90  # of a drawing, in its own unit
_APNG = "image/apng"
_PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml", _APNG})
_SIDES = ("x", "y", "width", "height")
_OUTSIDE = {
    "nan": "NaN",
    "minus_inf": "-infinity",
    "plus_inf": "infinity",
    "below": "below",
    "above": "above",
}


class File(NamedTuple):
    """A part as a file: its name, size, and the address that offers it as a download."""

    name: str
    size: int
    link: str


class Box(NamedTuple):
    """A box on a picture, in its pixels; `colour` is the number of a line's colour."""

    x: float
    y: float
    width: float
    height: float
    title: str
    colour: int


class Class(NamedTuple):
    """A class of a mask: its number, name and colour."""

    number: int
    name: str
    colour: str


class Bars(NamedTuple):
    """A histogram as the path of its outline in a field of WIDTH x HEIGHT; heights are counts by width of the bin."""

    path: str
    low: float
    high: float
    amount: float  # of values; the counts of a histogram may be fractions
    bins: int
    outside: tuple[tuple[str, int], ...]

    @property
    def total(self) -> str:
        """How many values are in it, in words."""
        if isinstance(self.amount, int):
            return text.count(self.amount, "value")
        return f"{text.number(self.amount)} values"


class Rows(NamedTuple):
    """The beginning of a table."""

    columns: list[str]
    numeric: list[bool]
    rows: list[list[object]]
    total_rows: int
    total_columns: int


class Dots(NamedTuple):
    """Points in space, seen along z: a path of dots in a field of WIDTH x HEIGHT."""

    path: str
    shown: int
    total: int


@dataclass
class ShownValue:
    """A rich value as it is shown. `shape` says how: image, video, audio, table, histogram, text, points, or file."""

    series: str
    step: int
    rank: int
    time_s: float
    kind: str
    shape: str
    caption: str
    facts: list[str]
    notes: list[str]
    files: list[File]
    src: str = ""
    width: int = 0
    height: int = 0
    mask: str = ""
    classes: list[Class] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)
    boxes_left_out: int = 0
    table: Rows | None = None
    bars: Bars | None = None
    dots: Dots | None = None
    text: str = ""
    is_markdown: bool = False
    cut: int = 0  # characters of the text that are not shown
    problem: str = ""

    @property
    def alt(self) -> str:
        """What stands for a picture where it cannot be seen."""
        return self.caption or f"{self.series} at step {self.step:,}"


def shown_value(given: RichValue, link: ObjectLink) -> ShownValue:
    """Return a rich value as a template shows it; `link` is that of the `Ask`."""
    meta = given.meta
    found = ShownValue(
        given.series, given.step, given.rank, given.time_s, given.kind, _shape(given),
        words(checked.text(meta.get("caption")), 1_000), _facts(given), [words(note, 500) for note in given.notes[:5]],
        [File(name, size, _link(given, link, name, is_download=True)) for name, size in given.parts.items()],
        width=_whole(meta.get("width")), height=_whole(meta.get("height")),
    )  # fmt: skip
    try:
        _fill(found, given, link)
    except (GnomonError, OSError, TimeoutError, ValueError) as error:
        found.problem = words(getattr(error, "message", None) or str(error), 300)
    return found


def latest(values: Iterable[RichValue], step: int | None = None) -> dict[str, RichValue]:
    """Return of each series the value at a step, or the last before it; the last of all unless a step is given.

    Of several at one step, the latest of the lowest rank.
    """
    found: dict[str, RichValue] = {}
    for value in values:
        if step is not None and value.step > step:
            continue
        before = found.get(value.series)
        if before is None or (value.step, -value.rank, value.time_s) >= (
            before.step,
            -before.rank,
            before.time_s,
        ):
            found[value.series] = value
    return found


def _shape(given: RichValue) -> str:
    if given.kind in ("image", "figure"):
        return "image" if given.media_type in _PICTURES else "file"
    if given.kind == "video":
        return "image" if given.media_type in _PICTURES else "video"
    if given.kind in ("audio", "table", "histogram", "text"):
        return given.kind
    return "points" if given.kind == "points3d" else "file"


def _fill(found: ShownValue, given: RichValue, link: ObjectLink) -> None:
    """Add what the shape needs. Raises GnomonError where bytes are missing or broken."""
    if found.shape in ("image", "video", "audio"):
        found.src = _link(given, link, next(iter(given.parts)))
        if given.kind == "image":
            _over_image(found, given, link)
    elif found.shape == "table":
        found.table = _rows(given.read())
    elif found.shape == "histogram":
        read = given.read()
        found.bars = bars(read.edges, read.counts, read.outside)
    elif found.shape == "text":
        whole = str(given.read())
        found.text, found.cut = whole[:CHARACTERS], max(0, len(whole) - CHARACTERS)
        found.is_markdown = given.media_type == "text/markdown"
    elif found.shape == "points":
        found.dots = _dots(given)
    elif given.kind not in ("figure", "image"):
        found.problem = "this version does not know the kind: a newer Gnomon wrote it"


def _link(given: RichValue, link: ObjectLink, part: str, *, is_download: bool = False) -> str:
    """Return the address of a part. Animated PNG goes as PNG, which browsers animate all the same."""
    media_type = given.media_types[part].replace(_APNG, "image/png")
    name = f"{given.series.rpartition('/')[2] or 'value'}-{given.step}-{part}"
    return link(given.objects[part], name, media_type, is_download=is_download)


# --- what is known


def _facts(given: RichValue) -> list[str]:
    meta, facts = given.meta, []
    width, height = _whole(meta.get("width")), _whole(meta.get("height"))
    if width and height:
        facts.append(f"{width:,} × {height:,}")
    seconds = meta.get("seconds")
    if isinstance(seconds, (int, float)) and not isinstance(seconds, bool):
        facts.append(text.duration(seconds))
    if _whole(meta.get("rate_hz")):
        facts.append(f"{_whole(meta.get('rate_hz')):,} Hz")
    if given.kind == "points3d" and _whole(meta.get("points")):
        facts.append(text.count(_whole(meta.get("points")), "point"))
    if given.kind == "video" and _whole(meta.get("frames")):
        facts.append(text.count(_whole(meta.get("frames")), "frame"))
    return facts


def _whole(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 53 else 0


# --- pictures


def _over_image(found: ShownValue, given: RichValue, link: ObjectLink) -> None:
    """Add the mask, its classes and the boxes."""
    if "mask.png" in given.parts:
        found.mask = _link(given, link, "mask.png")
        names = checked.fields(given.meta.get("classes"))
        for number, name in list(names.items())[:CLASSES]:
            if number.isascii() and number.isdigit() and int(number) < len(PALETTE):
                found.classes.append(
                    Class(int(number), words(name, 60), "#{:02x}{:02x}{:02x}".format(*PALETTE[int(number)]))
                )
    if "boxes.json" in given.parts and found.width and found.height:
        boxes = given.read().boxes()
        labels = {
            label: place for place, label in enumerate(dict.fromkeys(str(box.get("label")) for box in boxes))
        }
        found.boxes = [shown for box in boxes[:BOXES] if (shown := _box(box, labels)) is not None]
        found.boxes_left_out = max(0, len(boxes) - BOXES)


def _box(box: dict[str, Any], labels: dict[str, int]) -> Box | None:
    numbers = [
        float(one) for name in _SIDES if isinstance(one := box.get(name), (int, float)) and math.isfinite(one)
    ]
    if len(numbers) < len(_SIDES):
        return None
    x, y, width, height = numbers
    score = box.get("score")
    title = words(box.get("label"), 100) + (
        f" {text.number(score)}" if isinstance(score, (int, float)) else ""
    )
    return Box(x, y, width, height, title.strip(), labels[str(box.get("label"))] % 8)


# --- tables


def _rows(table: Any) -> Rows:
    """Return the beginning of an Arrow table."""
    names = [str(name) for name in table.column_names]
    columns = [table.column(place).slice(0, ROWS).to_pylist() for place in range(min(len(names), COLUMNS))]
    numeric = [
        any(_is_number(cell) for cell in column) and all(cell is None or _is_number(cell) for cell in column)
        for column in columns
    ]
    rows = [list(row) for row in zip(*columns, strict=True)]
    return Rows([words(name, CELL) for name in names[:COLUMNS]], numeric, rows, table.num_rows, len(names))


def _is_number(cell: object) -> bool:
    return isinstance(cell, (int, float)) and not isinstance(cell, bool)


# --- histograms


def bars(edges: Sequence[float], counts: Sequence[float], outside: dict[str, int] | None = None) -> Bars:
    """Return the outline of a histogram, of at most BARS bins: more are taken together, neighbour by neighbour.

    Heights are counts divided by the width of the bin, so that areas are comparable where widths differ.

    >>> bars([0.0, 1.0, 2.0], [1, 3]).path
    'M0 90V60H120V0H240V90Z'
    """
    apart = tuple(
        (_OUTSIDE[key], number) for key, number in (outside or {}).items() if number and key in _OUTSIDE
    )
    if not counts or not edges[-1] - edges[0] > 0 or not math.isfinite(edges[-1] - edges[0]):
        return Bars(
            "",
            edges[0] if edges else math.nan,
            edges[-1] if edges else math.nan,
            sum(counts),
            len(counts),
            apart,
        )
    each = -(-len(counts) // BARS)
    starts = range(0, len(counts), each)
    lefts = [edges[at] for at in starts]
    rights = [*lefts[1:], edges[-1]]
    heights = [
        sum(counts[at : at + each]) / (right - left) if right > left else 0.0
        for at, left, right in zip(starts, lefts, rights, strict=True)
    ]
    most = max(heights)
    span = edges[-1] - edges[0]
    steps = [
        f"V{_short(HEIGHT * (1 - height / most) if most else HEIGHT)}H{_short(WIDTH * (right - edges[0]) / span)}"
        for height, right in zip(heights, rights, strict=True)
    ]
    path = f"M0 {HEIGHT}{''.join(steps)}V{HEIGHT}Z" if most and math.isfinite(most) else ""
    return Bars(path, edges[0], edges[-1], sum(counts), len(counts), apart)


def _short(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


# --- points in space


def _dots(given: RichValue) -> Dots | None:
    """Return the points as seen along z, evenly thinned, the larger extent filling the field."""
    points = given.read().to_numpy()
    total = len(points)
    if not total:
        return None
    each = -(-total // POINTS)
    xs, ys = [[float(one) for one in points[axis][::each]] for axis in ("x", "y")]
    left, right, low, high = min(xs), max(xs), min(ys), max(ys)
    scale = min((WIDTH - 8) / ((right - left) or 1), (HEIGHT - 8) / ((high - low) or 1))
    path = "".join(
        f"M{_short(WIDTH / 2 + scale * (x - (left + right) / 2))} {_short(HEIGHT / 2 - scale * (y - (low + high) / 2))}h0"
        for x, y in zip(xs, ys, strict=True)
    )
    return Dots(path, len(xs), total)
