"""Labels of classes: columns of any type as codes, so that 1, 1.0, "1" and true in two columns are one class.

Always true: labels are in the order of numbers where all are numbers, else of text, and codes follow them; -1 is missing.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Codes = NDArray[np.int64]

WHOLE = 2**53  # a float holds every whole number up to this


def label(value: Any) -> str:
    """Return the text of a value.

    >>> label(True), label(2.0), label("yes"), label(0.5)
    ('1', '2', 'yes', '0.5')
    """
    if isinstance(value, (bool, np.bool_)):
        return str(int(value))
    if isinstance(value, (float, np.floating)):
        number = float(value)
        return (
            str(int(number))
            if math.isfinite(number) and number % 1 == 0 and abs(number) < WHOLE
            else repr(number)
        )
    return str(value)


def coded(values: NDArray[Any]) -> tuple[Codes, tuple[str, ...]]:
    """Return the code of each value, and the labels.

    >>> codes, labels = coded(np.array([2.0, 1.0, np.nan, 10.0]))
    >>> codes.tolist(), labels
    ([1, 0, -1, 2], ('1', '2', '10'))
    """
    if values.dtype.kind in "biuf":
        codes, found = _of_numbers(values)
    else:
        codes, found = _of_objects(values)
    texts = [label(value) for value in found]
    labels = ordered(set(texts))
    place = {text: code for code, text in enumerate(labels)}
    moved = np.array([*(place[text] for text in texts), -1], np.int64)
    return moved[codes], labels


def _of_numbers(values: NDArray[Any]) -> tuple[Codes, Sequence[Any]]:
    if values.dtype.kind == "b":
        return values.astype(np.int64), [False, True]
    missing = np.isnan(values) if values.dtype.kind == "f" else np.zeros(len(values), bool)
    known = values[~missing]
    codes = np.full(len(values), -1, np.int64)
    if not len(known):
        return codes, []
    low, high = known.min(), known.max()
    if high - low < 10_000 and (
        values.dtype.kind != "f" or not (known % 1).any()
    ):  # a table of counts instead of a sort
        shifted = (known - low).astype(np.int64)
        present = np.flatnonzero(np.bincount(shifted))
        place = np.zeros(int(high - low) + 1, np.int64)
        place[present] = np.arange(len(present))
        codes[~missing] = place[shifted]
        return codes, [low + one for one in present]
    found, codes[~missing] = np.unique(known, return_inverse=True)
    return codes, list(found)


def _of_objects(values: NDArray[Any]) -> tuple[Codes, Sequence[Any]]:
    """Return codes in the order in which values come; the last code, -1, is that of None."""
    given = values.tolist()
    try:
        found = dict.fromkeys(given)
    except TypeError:  # lists and dicts have no hash
        given = [None if one is None else str(one) for one in given]
        found = dict.fromkeys(given)
    found.pop(None, None)
    places: dict[Any, int] = {value: at for at, value in enumerate(found)}
    places[None] = -1
    return np.fromiter(map(places.__getitem__, given), np.int64, len(given)), list(found)


def ordered(texts: set[str]) -> tuple[str, ...]:
    """Return labels in order: by number where all are numbers."""
    try:
        return tuple(sorted(texts, key=lambda one: (float(one), one)))
    except ValueError:
        return tuple(sorted(texts))


def recoded(codes: Codes, labels: Sequence[str], common: Sequence[str]) -> Codes:
    """Return codes in `common` labels instead of `labels`, each of which must be in it."""
    place = {text: code for code, text in enumerate(common)}
    return np.array([*(place[text] for text in labels), -1], np.int64)[codes]


def numbers(values: NDArray[Any]) -> NDArray[np.float64] | None:
    """Return numbers, NaN where missing or not finite; None where a value is not a number."""
    if values.dtype.kind in "biuf":
        found = values.astype(float)
    elif all(one is None for one in values):
        return np.full(len(values), np.nan)
    else:
        try:
            found = np.array([np.nan if one is None else float(one) for one in values], float)
        except (TypeError, ValueError):
            return None
    found[~np.isfinite(found)] = np.nan
    return found
