"""Whether the bytes of a body are one: a JSON object without white space, of a size and depth that every reader can take.

Always true: nothing raises; what is called a body here, any JSON reader reads.
Format: docs/internals/record-format.md, "Body".
"""

from __future__ import annotations

import re

import msgspec

from gnomon.record.body import MAX_BODY_BYTES

MAX_NESTED = 256  # of a body that is read; writers stay far below
_strip_strings = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL).sub
_brackets = re.compile(rb"[\[\]{}]").findall


def fault_of(data: bytes) -> str | None:
    """Return what keeps these bytes from being a body, as the end of a sentence; None where they are one."""
    if len(data) > MAX_BODY_BYTES:
        return f"has {len(data):,} bytes; at most {MAX_BODY_BYTES:,} are allowed"
    if data[:1] != b"{":
        return "is no JSON object"
    if data.count(b"{") + data.count(b"[") > MAX_NESTED and _depth(data) > MAX_NESTED:
        return f"nests deeper than {MAX_NESTED} objects and arrays"
    try:
        if not data.isascii():
            data.decode()
        if msgspec.json.format(data, indent=-1) != data:
            return "has white space outside strings"
    except UnicodeDecodeError:
        return "is not UTF-8"
    except msgspec.DecodeError as error:
        return f"is no JSON ({error})"
    return None


def _depth(data: bytes) -> int:
    deepest = depth = 0
    for bracket in _brackets(_strip_strings(b"", data)):
        depth += 1 if bracket in b"{[" else -1
        deepest = max(deepest, depth)
    return deepest
