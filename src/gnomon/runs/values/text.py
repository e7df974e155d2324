"""Texts: Markdown or plain, as UTF-8.

Part: `text.md` or `text.txt`. `meta`: format ("markdown" or "plain"), size_bytes, caption.
Not promised: that Markdown is harmless. Whoever shows it leaves out HTML.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.runs.values.encoded import Encoded, Part
from gnomon.runs.values.wording import captioned, refused, shown

if TYPE_CHECKING:
    from gnomon.runs.values.kinds import Text

MAX_BYTES = 1_000_000
_PARTS = {"markdown": ("text.md", "text/markdown"), "plain": ("text.txt", "text/plain")}


def encode(value: Text) -> Encoded:
    """Return a text in an open format. Raises BadArgumentError."""
    if not isinstance(value.text, str):
        raise refused("text", "Text", "a str", shown(value.text), hint="`gnomon.Text(str(value))`")
    if value.format not in _PARTS:
        raise refused("format", "Text", '"markdown" or "plain"', shown(value.format))
    # Beyond the limit nothing is looked at: no character takes less than one byte.
    beginning = value.text[: MAX_BYTES + 1]
    data = beginning.encode("utf-8", "replace")
    notes = []
    if len(data) > MAX_BYTES:
        data = data[:MAX_BYTES].decode("utf-8", "ignore").encode("utf-8")
        kept = len(data.decode("utf-8"))
        notes.append(f"cut to the first {kept:,} of {len(value.text):,} characters")
    name, media_type = _PARTS[value.format]
    meta: dict[str, object] = {"format": value.format, "size_bytes": len(data)}
    return Encoded("text", captioned(meta, value.caption), (Part(name, media_type, data),), tuple(notes))
