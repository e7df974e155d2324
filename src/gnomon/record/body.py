"""Bodies: what a person or a program said, as JSON that gives every value back exactly.

Always true: `decode_body(encode_body(x)) == x` for JSON-like values, every float bit for bit and whole numbers of any size;
what JSON cannot hold becomes a tagged object instead of an error.
Format: docs/internals/record-format.md, "Body".
"""

from __future__ import annotations

import json
import math
import struct

MAX_BODY_BYTES = 16 << 20
MAX_LINE_BYTES = MAX_BODY_BYTES + (16 << 20)  # with its line feed; a head may cover very many entries
MAX_TEXT_BYTES = 4 << 20
_MAX_DEPTH = 64
_plain_encoder = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), allow_nan=False, check_circular=False
).encode


def encode_body(body: dict[str, object]) -> bytes:
    """Return the bytes of a body. Any value is accepted; see `storable`."""
    return _plain_encoder(storable(body)).encode("utf-8")


def decode_body(data: bytes) -> dict[str, object]:
    """Return the body that these bytes hold."""
    plain = json.loads(data)
    return restored(plain) if b'"$' in data else plain  # type: ignore[return-value]


def storable(value: object, _depth: int = 0) -> object:
    """Return `value` with everything that JSON cannot hold written as a tagged object.

    Tuples and sets become lists; NumPy-like scalars (an `item` method) become Python numbers; other objects
    become their text with the name of their type. Texts over 4 MiB are cut and say so.
    """
    kind = value.__class__
    if kind is str:
        return _text(value)  # type: ignore[arg-type]
    if value is None or kind is bool or kind is int:
        return value
    if kind is float:
        return value if math.isfinite(value) else {"$float": struct.pack(">d", value).hex()}  # type: ignore[arg-type]
    if _depth >= _MAX_DEPTH:
        return _as_text(value)
    if isinstance(value, dict):
        return {_key(key): storable(item, _depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [storable(item, _depth + 1) for item in value]
    if isinstance(value, (set, frozenset)):
        return [storable(item, _depth + 1) for item in sorted(value, key=repr)]
    return _scalar(value, _depth)


def _scalar(value: object, depth: int) -> object:
    if isinstance(value, bool):
        return bool(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return storable(float(value), depth + 1)
    if isinstance(value, str):
        return _text(str.__str__(value))
    item = getattr(value, "item", None)
    if callable(item) and getattr(value, "ndim", 0) == 0:
        try:
            plain = item()
        except (TypeError, ValueError, RuntimeError):
            return _as_text(value)
        if plain.__class__ in (bool, int, float, str):
            return storable(plain, depth + 1)
    return _as_text(value)


def _text(text: str) -> object:
    try:
        size = len(text) if text.isascii() else len(text.encode("utf-8"))
    except UnicodeEncodeError:  # a lone surrogate, as in an undecodable file name
        return _text(text.encode("utf-8", "backslashreplace").decode("utf-8"))
    if size <= MAX_TEXT_BYTES:
        return text
    kept = text.encode("utf-8")[: MAX_TEXT_BYTES // 4].decode("utf-8", "ignore")
    return {"$cut": kept, "size": size}


def _as_text(value: object) -> object:
    try:
        text = str(value)
    except Exception as error:  # noqa: BLE001  a stranger's __str__ may raise anything; the text says what it was
        text = f"<{type(value).__name__} whose str() raised {type(error).__name__}>"
    stored = _text(text)
    name = f"{type(value).__module__}.{type(value).__qualname__}"
    return {"$text": stored, "type": name} if isinstance(stored, str) else stored


def _key(key: object) -> str:
    text = key if isinstance(key, str) else str(key)
    stored = text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")
    return "$" + stored if stored.startswith("$") else stored


def restored(value: object) -> object:
    """Return what `storable` made, as it was: tagged floats as floats, tagged texts as text.

    Raises ValueError for a tagged float that is none: no good writer makes one.
    """
    if isinstance(value, dict):
        if "$float" in value and isinstance(value["$float"], str):
            bits = bytes.fromhex(value["$float"])
            if len(bits) != 8:
                raise ValueError(f"a tagged float has {len(bits)} bytes; it must have 8")
            return struct.unpack(">d", bits)[0]
        for tag in ("$text", "$cut"):
            if isinstance(value.get(tag), str):
                return value[tag]
        return {(key[1:] if key.startswith("$$") else key): restored(item) for key, item in value.items()}
    if isinstance(value, list):
        return [restored(item) for item in value]
    return value
