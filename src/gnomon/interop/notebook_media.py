"""What a cell shows, form by form: which are kept, how large, and how clean.

A display comes as a bundle of media types that all say the same. Kept are its text, and as objects of the store pictures
(PNG, JPEG, SVG). HTML is kept only where nothing else says what it says. What is left out is named with its size.

Always true: text, SVG and HTML have passed the scrubber; PNG and JPEG are without the texts that programs write into them
(prompts, paths, places), their pixels untouched; what is no PNG or JPEG, whatever it is called, is left out.
Not promised: that a secret which is drawn in a picture is seen.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from typing import TYPE_CHECKING, Any, NamedTuple, TypeGuard

from gnomon.scrub.stream import OVERLAP

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gnomon.scrub.scrubber import Scrubber

MAX_TEXT = 16 << 10
MAX_OBJECT_BYTES = 8 << 20
MAX_MARKUP = 1 << 20  # characters of SVG and HTML, which the scrubber must read
MAX_FORMS = 20
PLAIN, HTML, SVG, PNG, JPEG = "text/plain", "text/html", "image/svg+xml", "image/png", "image/jpeg"
TEXTS = ("text/markdown", "text/latex")
PICTURES = (PNG, SVG, JPEG)
_BARE = re.compile(r"\s*<[\w.]+( object)?( at 0x[0-9a-f]+)?>\s*").fullmatch
_PNG_START = b"\x89PNG\r\n\x1a\n"
# What a picture needs to look the same, animations included.
_PNG_KEPT = frozenset(
    b"IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB iCCP cICP sBIT pHYs bKGD acTL fcTL fdAT".split()
)
_JPEG_KEPT = frozenset({0xE0, 0xE2, 0xEE})  # of the application's segments: JFIF, colour profile, Adobe


class Bundle(NamedTuple):
    """The forms of a display that are held: raw, cut to what may be kept of them."""

    texts: dict[str, str]
    sizes: dict[str, int]  # of the texts, whole
    pictures: dict[str, bytes | str]
    left_out: dict[str, int]

    @property
    def held_bytes(self) -> int:
        """How much memory it takes, about."""
        return sum(map(len, self.texts.values())) + sum(map(len, self.pictures.values()))

    def rendered(self, scrubber: Scrubber, where: str) -> dict[str, Any]:
        """Return it as the body of an output; what is to be stored in `objects`, as (media type, bytes)."""
        body: dict[str, Any] = {}
        left_out = dict(self.left_out)
        for form, text in self.texts.items():
            name = form.removeprefix("text/")
            kept = cut_text(text, MAX_TEXT, scrubber, where)
            body[name] = kept
            if self.sizes[form] > len(kept):
                body.setdefault("sizes", {})[name] = self.sizes[form]
        objects = []
        for form, data in self.pictures.items():
            clean = _clean(form, data, scrubber, where)
            if clean is None:
                left_out[form] = len(data)
            else:
                objects.append((form, clean))
        if objects:
            body["objects"] = objects
        if left_out:
            body["left_out"] = [[form, size] for form, size in left_out.items()]
        return body


def taken(data: Mapping[str, object], room: int) -> Bundle:
    """Return what is held of a bundle of media types; `room` bounds its bytes."""
    bundle = Bundle({}, {}, {}, {})
    forms = [(form, value) for form, value in list(data.items())[:MAX_FORMS] if isinstance(form, str)]
    for form, given in forms:
        value = "".join(given) if _is_lines(given) else given
        size = len(value) if isinstance(value, (str, bytes)) else 0
        if form in (PLAIN, *TEXTS) and isinstance(value, str):
            bundle.texts[form], bundle.sizes[form] = value[: MAX_TEXT + 2 * OVERLAP], size
        elif (
            form in (*PICTURES, HTML)
            and isinstance(value, (str, bytes))
            and size <= room
            and _fits(form, size)
        ):
            bundle.pictures[form] = value
            room -= size
        else:
            bundle.left_out[form[:100]] = size
    says_nothing = PLAIN not in bundle.texts or _BARE(bundle.texts[PLAIN]) is not None
    is_only_form = says_nothing and len(bundle.pictures) == 1 and len(bundle.texts) <= (PLAIN in bundle.texts)
    if HTML in bundle.pictures and not is_only_form:
        bundle.left_out[HTML] = len(bundle.pictures.pop(HTML))
    return bundle


def _is_lines(value: object) -> TypeGuard[list[str]]:
    return isinstance(value, (list, tuple)) and all(isinstance(one, str) for one in value)


def _fits(form: str, size: int) -> bool:
    return size <= (MAX_MARKUP if form in (SVG, HTML) else MAX_OBJECT_BYTES * 4 // 3)


def cut_text(text: str, limit: int, scrubber: Scrubber, where: str) -> str:
    """Return the first `limit` characters of a text, without secrets, also of those that the cut would split."""
    clean = scrubber.text(text[: limit + 2 * OVERLAP], where)
    if len(text) > limit + 2 * OVERLAP:
        clean = clean[:-OVERLAP]
    return clean[:limit]


def _clean(form: str, data: bytes | str, scrubber: Scrubber, where: str) -> bytes | None:
    """Return the bytes to store of a picture or of HTML; None for what is not what it is called."""
    if form in (SVG, HTML):
        text = data if isinstance(data, str) else data.decode("utf-8", "replace")
        return scrubber.text(text, where).encode("utf-8", "replace")
    if isinstance(data, str):
        try:
            data = b64decode(data)
        except (binascii.Error, ValueError):
            return None
    if len(data) > MAX_OBJECT_BYTES:
        return None
    return _png_without_texts(data) if form == PNG else _jpeg_without_texts(data)


def _png_without_texts(data: bytes) -> bytes | None:
    if not data.startswith(_PNG_START):
        return None
    kept, at = [_PNG_START], len(_PNG_START)
    while at + 12 <= len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        name = data[at + 4 : at + 8]
        if end > len(data):
            return None
        if name in _PNG_KEPT:
            kept.append(data[at:end])
        at = end
        if name == b"IEND":
            return b"".join(kept)
    return None


def _jpeg_without_texts(data: bytes) -> bytes | None:
    if not data.startswith(b"\xff\xd8"):
        return None
    kept, at = [data[:2]], 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xDA:  # the picture itself, to the end mark
            end = data.rfind(b"\xff\xd9")
            return b"".join([*kept, data[at : end + 2]]) if end > at else None
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        is_text = marker == 0xFE or (0xE0 <= marker <= 0xEF and marker not in _JPEG_KEPT)
        if not is_text:
            kept.append(data[at:end])
        at = end
    return None
