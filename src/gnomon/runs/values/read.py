"""Rich values back from their parts, without the library that made them.

Always true: bytes may come from anyone. What is not what it should be raises a GnomonError, quickly, and unpacks to no
more than a bounded size.
Not promised: a bound below 2 GB for one page of a Parquet file whose header lies about its size.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gnomon.errors import MissingObjectError, UnknownFormatError
from gnomon.runs.values import loaded

if TYPE_CHECKING:
    from collections.abc import Mapping

_FIRST = {
    "image": ("image.",),
    "audio": ("audio.",),
    "video": ("video.",),
    "table": ("table.parquet",),
    "histogram": ("histogram.json",),
    "text": ("text.md", "text.txt"),
    "points3d": ("points.ply",),
    "figure": ("figure.png", "preview.svg"),
}
_CLASSES: dict[str, type[loaded.Loaded]] = {
    "image": loaded.LoadedImage,
    "audio": loaded.LoadedAudio,
    "video": loaded.LoadedVideo,
    "histogram": loaded.LoadedHistogram,
    "points3d": loaded.LoadedPoints,
    "figure": loaded.LoadedFigure,
}


def read_value(kind: str, meta: Mapping[str, Any], parts: Mapping[str, bytes]) -> object:
    """Return a rich value.

    Parameters
    ----------
    kind, meta, parts : as `Encoded` has them; `parts` are bytes by name

    Returns
    -------
    LoadedImage, LoadedAudio, LoadedVideo, LoadedHistogram, LoadedPoints, LoadedFigure; an arro3 Table; a str
        All but the last two have `data`, `meta` and `caption`, and most `to_numpy()`.

    Raises
    ------
    UnknownFormatError
        A newer Gnomon wrote this kind.
    MissingObjectError
        The part that holds the value is not among `parts`.
    DamagedObjectError
        Its bytes are not what they should be; `to_numpy()` may raise this, too.
    """
    if kind not in _FIRST:
        raise UnknownFormatError(
            f"a logged value is of the kind `{kind[:40]}`, which this version does not know",
            hint="a newer Gnomon wrote it: `pip install --upgrade gnomon`",
        )
    name = next((name for name in parts if name.startswith(_FIRST[kind])), None)
    if name is None:
        raise MissingObjectError(
            f"a logged {kind} has no part `{'` or `'.join(_FIRST[kind])}`; it has {sorted(parts)[:8]}",
            hint="`gnomon sync` may bring it",
        )
    if kind == "table":
        from gnomon.runs.values.table import read_table

        return read_table(parts[name])
    if kind == "text":
        return parts[name].decode("utf-8", "replace")
    return _CLASSES[kind](meta, parts, name)
