"""Scripts that are written without blanks between words: Chinese, Japanese, Korean, Thai, Lao, Khmer, Burmese.

FTS5 takes what stands between blanks for one word, so a question could be found by its whole beginning only. In the index each
of these characters stands by itself, behind a separator that no reader is shown; a word of a search is the same, so it is a
phrase: the characters one after the other, wherever they stand.

Always true: a text of none of these scripts is the same object, and costs one look; `as_written(spaced(text))` is the text,
without separators of its own.
Not promised: words. 京都 is found in 東京都.
"""

from __future__ import annotations

import re

SEPARATOR = "\x1f"
_LETTERS = (
    "\u0e00-\u0e7f"  # Thai
    "\u0e80-\u0eff"  # Lao
    "\u1000-\u109f"  # Burmese
    "\u1100-\u11ff\ua960-\ua97f\uac00-\ud7ff"  # Hangul: particles follow a word without a blank
    "\u1780-\u17ff"  # Khmer
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u303c\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # Han
    "\u3040-\u30ff\u3100-\u312f\u31a0-\u31bf\u31f0-\u31ff\uff66-\uff9f"  # Hiragana, Katakana, Bopomofo
    "\U0001b000-\U0001b16f\U00020000-\U0003ffff"  # rarer Kana and Han
)
_has_any = re.compile(f"[{_LETTERS}]").search
_between = re.compile(rf"(?<=[{_LETTERS}])(?=\w)|(?<=\w)(?=[{_LETTERS}])")


def spaced(text: str) -> str:
    """Return a text as it stands in the index.

    >>> spaced("v2モデル: 分割は？").replace(SEPARATOR, "|"), spaced("plain")
    ('v2|モ|デ|ル: 分|割|は？', 'plain')
    """
    if not has_no_blanks(text):
        return text
    return _between.sub(SEPARATOR, text.replace(SEPARATOR, ""))


def has_no_blanks(text: str) -> bool:
    """Return whether a text has letters of such a script."""
    return not text.isascii() and _has_any(text) is not None


def as_written(text: str) -> str:
    """Return a text of the index as it was written."""
    return text.replace(SEPARATOR, "") if SEPARATOR in text else text
