"""What a field of a body holds, if it is of the kind that is wanted.

A body was written by somebody: most often by this program, at times by another version of it, by hand, or by one who
means harm. Folds read bodies through these getters, so that views, which do sums and print, get only what they can use.

Always true: nothing here raises, whatever a value is; what is of another kind gives None, or is empty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gnomon.record.body import encode_body

if TYPE_CHECKING:
    from collections.abc import Mapping

LIMIT = 2**53  # below it a float holds every whole number, and microseconds last for centuries
DEEPEST = 64


def text(value: object) -> str | None:
    """Return a text; None for all else."""
    return value if isinstance(value, str) else None


def whole(value: object) -> int | None:
    """Return a whole number from 0 to 2^53; None for all else, True and False included.

    >>> [whole(value) for value in (3, 0, -1, True, 2.0, "3", 2**53)]
    [3, 0, None, None, None, None, None]
    """
    return value if value.__class__ is int and 0 <= value < LIMIT else None


def integer(value: object) -> int | None:
    """Return a whole number that 64 bits hold, below 0 too; None for all else, True and False included."""
    return value if value.__class__ is int and -(2**63) <= value < 2**63 else None


def finite(value: object) -> float | None:
    """Return a number that sums can be done with, between -2^53 and 2^53; None for all else.

    >>> [finite(value) for value in (0.5, 3, float("nan"), float("inf"), 1e300, True)]
    [0.5, 3, None, None, None, None]
    """
    is_number = value.__class__ is float or value.__class__ is int
    return value if is_number and -LIMIT < value < LIMIT else None  # type: ignore[operator, return-value]


def items(value: object) -> list[Any]:
    """Return a list; an empty one for all else."""
    return value if isinstance(value, list) else []


def texts(value: object) -> list[str]:
    """Return the texts of a list."""
    return [one for one in items(value) if isinstance(one, str)]


def rows(value: object, width: int) -> list[list[Any]]:
    """Return, of a list, the lists that have so many items."""
    return [one for one in items(value) if isinstance(one, list) and len(one) == width]


def objects(value: object) -> list[dict[str, Any]]:
    """Return, of a list, the objects (by name)."""
    return [one for one in items(value) if isinstance(one, dict)]


def fields(value: object) -> Mapping[str, Any]:
    """Return an object (by name); an empty one for all else."""
    return value if isinstance(value, dict) else {}


def parts(value: object) -> dict[str, dict[str, Any]]:
    """Return, of an object, the fields that are objects themselves."""
    return {name: part for name, part in fields(value).items() if isinstance(part, dict)}


def cell(value: object, longest: int) -> object:
    """Return a value as a table's cell holds it: a scalar; a text of at most so many characters for all else."""
    if value.__class__ is float or value.__class__ is bool or value is None:
        return value
    shown = _as_scalar(value)
    return shown if shown.__class__ is int or len(shown) <= longest else shown[: longest - 1] + "…"  # type: ignore[arg-type, index]


def marked_cell(value: object, longest: int) -> object:
    """Return a value as `cell` does; what is cut ends in a mark of the whole, so that two long texts that differ still do.

    >>> marked_cell("a" * 100, 20), marked_cell("a" * 99 + "b", 20)
    ('aaaaaaaaaa…#9e7e2312', 'aaaaaaaaaa…#68d89881')
    """
    if value.__class__ is float or value.__class__ is bool or value is None:
        return value
    shown = _as_scalar(value)
    if shown.__class__ is int or len(str(shown)) <= longest:
        return shown
    from blake3 import blake3

    mark = blake3(shown.encode("utf-8", "backslashreplace")).hexdigest()[:8]  # type: ignore[attr-defined]
    return f"{shown[: longest - 10]}…#{mark}"  # type: ignore[index]


def _as_scalar(value: object) -> object:
    """Return a whole number that a cell holds, or a text for all else."""
    if value.__class__ is str:
        return value
    if value.__class__ is int:
        return value if -(2**63) <= value < 2**64 else str(value)
    return encode_body({"": value})[4:-1].decode("utf-8")


def shallow(value: object, deepest: int = DEEPEST) -> Any:
    """Return a value whose lists and objects are nested no deeper than so many levels, `…` for what lies below.

    Whoever walks a value by recursion is safe with what this returns.
    """
    if isinstance(value, dict):
        return {key: shallow(item, deepest - 1) for key, item in value.items()} if deepest > 0 else "…"
    if isinstance(value, list):
        return [shallow(item, deepest - 1) for item in value] if deepest > 0 else "…"
    return value
