"""What a rich value is once it is encoded: a kind, a little that is known of it, and parts in open formats.

Always true: equal values give equal parts, byte for byte (with the same zlib, Parquet and Matplotlib); no clock, random
number or address takes part. Each part can be opened by common tools, without Gnomon and without the library that made it.
"""

from __future__ import annotations

from typing import NamedTuple


class Part(NamedTuple):
    """One file of a value."""

    name: str
    media_type: str
    data: bytes


class Encoded(NamedTuple):
    """A value in open formats.

    `meta` is JSON-like and small. The first of `parts` is what is shown. `notes` say what a person should know, such as
    "scaled down by 2 to 2048 x 1024".
    """

    kind: str
    meta: dict[str, object]
    parts: tuple[Part, ...]
    notes: tuple[str, ...]
