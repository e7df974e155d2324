"""Values of any kind as short text, in bounded time and room.

Always true: at most `LONGEST` characters come out, and no more than a little beyond that is looked at, whatever goes in.
"""

from __future__ import annotations

from itertools import islice

from gnomon import text

LONGEST = 200
_DEEPEST = 4
_ITEMS = 12


def short(value: object, longest: int = LONGEST, *, exact: bool = False) -> str:
    """Return a value of a parameter, a metric or a cell; nothing for None. `exact` rounds nothing away."""
    return "" if value is None else _cut(_text(value, longest, exact, 0), longest)


def words(value: object, longest: int = LONGEST) -> str:
    """Return a name or a sentence, on one line."""
    return "" if value is None else _cut(text.clean(str(value)[: longest + 1]), longest)


def more(count: int, noun: str) -> str:
    """Return "and 12 more parameters"; nothing where there are none."""
    return f"and {text.count(count, f'more {noun}')}" if count > 0 else ""


def _cut(shown: str, longest: int) -> str:
    return shown if len(shown) <= longest else shown[:longest] + "…"


def _text(value: object, longest: int, exact: bool, depth: int) -> str:
    if isinstance(value, str):
        return value[: longest + 1]
    if isinstance(value, (bool, int, float)):
        return text.exact(value) if exact else text.number(value)
    if isinstance(value, (list, tuple, dict)):
        if depth >= _DEEPEST:
            return "…"
        inner = [
            f"{str(one)[:longest]}: {_text(value[one], longest, exact, depth + 1)}"
            if isinstance(value, dict)
            else _text(one, longest, exact, depth + 1)
            for one in islice(value, _ITEMS)
        ]
        listed = ", ".join([*inner, *(["…"] if len(value) > _ITEMS else [])])
        return "{" + listed + "}" if isinstance(value, dict) else listed if not depth else f"[{listed}]"
    return "-" if value is None else str(value)[: longest + 1]
