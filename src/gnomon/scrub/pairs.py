"""Secrets in pairs that call them by a field of their own: `{"name": "API_KEY", "value": "…"}`, `<add key="…" value="…"/>`.

Always true: nothing found crosses a line or a brace; each pattern is bounded.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import lru_cache
from typing import TYPE_CHECKING

from gnomon.scrub.names import said
from gnomon.scrub.spans import Span

if TYPE_CHECKING:
    from collections.abc import Callable

    from gnomon.scrub.names import Said

_MAX_BEFORE, _MAX_BEHIND = 300, 1400
_Q = r"""\\{0,3}["']?"""
_NAME = r"(?:name|key|variable|var)"
_AS_NAME = r"(?P<name>[a-z0-9_.\-]{2,80})"
_AS_VALUE = r"""(?:(?P<quote>\\{0,3}["'])(?P<value>(?:(?!(?P=quote))[^\r\n]){1,1024})(?P=quote)"""
_AS_VALUE += r"""|(?P<bare>[^\s"'`,;{}\[\]\\]{1,256}))"""
_COLON = r"[ \t]{0,4}:[ \t]{0,4}"
_AMID = r"[^{}\r\n]{0,120}?"
_IN_TAG = r"[^<>\r\n]{0,120}?"
_ATTRIBUTE = r"""\\{0,3}["']"""
_XML_VALUE = r"""value=(?P<quote>\\{0,3}["'])(?P<value>[^\r\n"'<>]{1,1024}?)(?P=quote)(?P<bare>)"""


@lru_cache(maxsize=1)
def _patterns() -> tuple[re.Pattern[str], ...]:
    # `name` and `value` in either order, as in JSON and YAML, and as attributes of XML.
    edge = r"(?<![a-z0-9_.\-])"
    json_name = rf"{edge}{_NAME}{_Q}{_COLON}{_Q}{_AS_NAME}{_Q}"
    json_value = rf"{edge}value{_Q}{_COLON}{_AS_VALUE}"
    xml_name = rf"(?<=[ \t]){_NAME}={_ATTRIBUTE}{_AS_NAME}{_ATTRIBUTE}"
    return tuple(
        re.compile(pattern)
        for pattern in (
            rf"{json_name}[ \t]{{0,4}},{_AMID}{json_value}",
            rf"{json_value}[ \t]{{0,4}},{_AMID}{json_name}",
            rf"{xml_name}[ \t]{_IN_TAG}(?<=[ \t]){_XML_VALUE}",
            rf"(?<=[ \t]){_XML_VALUE}[ \t]{_IN_TAG}{xml_name}",
        )
    )


@lru_cache(maxsize=1)
def _value_field() -> re.Pattern[str]:
    return re.compile(r"""value(?=\\{0,3}["']?[ \t]{0,4}[:=])""")


@lru_cache(maxsize=1)
def _name_field() -> re.Pattern[str]:
    return re.compile(rf"{_NAME}{_Q}[ \t]{{0,4}}[:=][ \t]{{0,4}}{_Q}{_AS_NAME}")


def find_paired(
    text: str, lowered: str, vocabulary: str, is_secret: Callable[[str, str, Said], bool]
) -> list[Span]:
    """Return the values whose name stands in a field beside them; `is_secret` judges (value, name, what the name says).

    `lowered` is `text` in lower case, `vocabulary` holds each of its words at least once, in lower case.
    """
    if "value" not in vocabulary:
        return []
    # Most fields that name something name no secret: then nothing is looked at closely.
    names = [
        hit.start()
        for hit in _name_field().finditer(lowered)
        if said(text[hit.start("name") : hit.end("name")]) is not None
    ]
    if not names:
        return []
    found: list[Span] = []
    done = -1
    for field in _value_field().finditer(lowered):
        at = field.start()
        start, end = max(0, at - _MAX_BEFORE), at + _MAX_BEHIND
        # What names the value stands before it, or behind it on the same line.
        nearest = bisect_left(names, start)
        if at < done or nearest == len(names) or names[nearest] >= end:
            continue
        start = max(lowered.rfind("\n", start, at) + 1, lowered.rfind("\r", start, at) + 1, start)
        for pattern in _patterns():
            for hit in pattern.finditer(lowered, start, end):
                done = max(done, hit.end())
                name = text[hit.start("name") : hit.end("name")]
                group = "bare" if hit["value"] is None else "value"
                about = said(name)
                if about is not None and is_secret(text[hit.start(group) : hit.end(group)], name, about):
                    found.append(Span(*hit.span(group), about.kind, name, hit.start()))
    return found
