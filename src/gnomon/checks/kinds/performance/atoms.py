"""Columns in parts that words can name: `age > 60`, `region = north`, `income is missing`. Slices are made of such atoms.

Numbers are cut at their 10, 25, 50, 75 and 90 % quantiles, rounded so that words stay the same from version to version; few
values, and labels, are atoms as they are. The parts depend on the column alone, never on how good the model is.

Always true: an atom has at least `smallest` rows, so no label that fewer have is ever named.
"""

from __future__ import annotations

import datetime
import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gnomon import text
from gnomon.checks.kinds.performance import labels

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

CUTS = (0.1, 0.25, 0.5, 0.75, 0.9)
FEW_VALUES = 8  # of numbers, which are atoms each
MOST_LABELS = 20
_STEPS = 40  # of rounding, from the 10 % to the 90 % quantile
_LABEL = 40  # characters


class Atom(NamedTuple):
    """Words, and which bins of the column are in it."""

    words: str
    bins: NDArray[np.bool_]


class Binned(NamedTuple):
    """A column in bins: the bin of each row, how many bins there are, and the atoms."""

    name: str
    codes: NDArray[np.int16]
    size: int
    atoms: tuple[Atom, ...]


def binned(name: str, values: NDArray[Any], smallest: int) -> Binned | None:
    """Return a column in bins; None where it has no atom, or one only, which is all rows."""
    moments = _moments(values)
    if moments is not None:
        return _kept(name, _of_numbers(name, *moments, _date), smallest)
    if values.dtype.kind in "iuf":
        numbers = values.astype(float)
        if _is_long(numbers):
            return _kept(name, _of_numbers(name, numbers, np.isfinite(numbers), text.number), smallest)
    return binned_labels(name, values, smallest)


def binned_labels(name: str, values: NDArray[Any], smallest: int) -> Binned | None:
    """Return a column whose values are labels, whatever they look like, in bins."""
    return _kept(name, _of_labels(name, values, smallest), smallest)


def _kept(name: str, made: tuple[NDArray[np.int16], int, list[Atom]], smallest: int) -> Binned | None:
    """Return the column with those atoms that have enough rows, and not all; of equal ones, the first."""
    codes, size, atoms = made
    rows = np.bincount(codes, minlength=size)
    kept: dict[tuple[bool, ...], Atom] = {}
    for atom in atoms:
        if smallest <= rows[atom.bins].sum() < len(codes):
            kept.setdefault(tuple((atom.bins & (rows > 0)).tolist()), atom)
    return Binned(name, codes, size, tuple(kept.values())) if kept else None


def _is_long(numbers: Array) -> bool:
    return len(np.unique(numbers[np.isfinite(numbers)][:100_000])) > FEW_VALUES


def _of_numbers(
    name: str, numbers: Array, is_known: NDArray[np.bool_], words: Callable[[float], str]
) -> tuple[NDArray[np.int16], int, list[Atom]]:
    known = numbers[is_known]
    edges = _edges(known, is_date=words is _date)
    size = len(edges) + 2  # the last bin holds what is missing
    codes = np.full(len(numbers), size - 1, np.int16)
    codes[is_known] = np.searchsorted(edges, known, side="left")
    bins = np.arange(size)
    is_value = bins < size - 1
    said = [words(edge) for edge in edges]
    found = [Atom(f"{name} ≤ {edge}", is_value & (bins <= at)) for at, edge in enumerate(said)]
    found += [Atom(f"{name} > {edge}", is_value & (bins > at)) for at, edge in enumerate(said)]
    between = enumerate(zip(said, said[1:], strict=False), 1)
    found += [Atom(f"{low} < {name} ≤ {high}", bins == at) for at, (low, high) in between]
    found.append(Atom(f"{name} is missing", ~is_value))
    return codes, size, found


def _edges(known: Array, *, is_date: bool) -> Array:
    """Return where a column is cut, rising, each inside the values."""
    if not len(known):
        return np.zeros(0)
    cuts = np.quantile(known, CUTS, method="inverted_cdf")
    step = 86_400.0 if is_date else _step(float(cuts[-1] - cuts[0]), is_whole=not (known % 1).any())
    edges = np.unique(np.round(cuts / step) * step if step else cuts)
    inside: Array = edges[(edges >= known.min()) & (edges < known.max())]
    return inside


def _step(spread: float, *, is_whole: bool) -> float:
    """Return 1, 2 or 5 times a power of ten, about a fortieth of the spread.

    >>> _step(40.0, is_whole=False), _step(3.0, is_whole=True)
    (1.0, 1.0)
    """
    if spread <= 0 or not math.isfinite(spread):
        return 0.0
    power = 10.0 ** math.floor(math.log10(spread / _STEPS))
    step = power * max(one for one in (1, 2, 5) if one <= spread / _STEPS / power * (1 + 1e-9))
    return max(1.0, step) if is_whole else step


def _of_labels(name: str, values: NDArray[Any], smallest: int) -> tuple[NDArray[np.int16], int, list[Atom]]:
    codes, found = labels.coded(values)
    counts = np.bincount(codes[codes >= 0], minlength=len(found))
    often = sorted(
        (at for at in range(len(found)) if counts[at] >= smallest), key=lambda at: (-counts[at], at)
    )[:MOST_LABELS]
    size = len(often) + 2  # then the other labels, then what is missing
    place = np.full(len(found) + 1, size - 2, np.int16)
    place[-1] = size - 1
    place[often] = np.arange(len(often))
    bins = np.arange(size)
    is_truth = values.dtype.kind == "b"
    shown = [
        text.cut(text.clean({"0": "false", "1": "true"}[found[at]] if is_truth else found[at]), _LABEL)
        for at in often
    ]
    atoms = [Atom(f"{name} = {label}", bins == at) for at, label in enumerate(shown)]
    return place[codes], size, [*atoms, Atom(f"{name} is missing", bins == size - 1)]


# ---------------------------------------------------------------- moments


def _moments(values: NDArray[Any]) -> tuple[Array, NDArray[np.bool_]] | None:
    """Return moments as seconds, and which are known; None where the column holds something else."""
    if values.dtype.kind != "O":
        return None
    sample = next((one for one in values if one is not None), None)
    if not isinstance(sample, datetime.date):
        return None
    try:
        found = np.array([np.nan if one is None else _seconds(one) for one in values], float)
    except (AttributeError, TypeError, ValueError, OverflowError):
        return None
    return found, np.isfinite(found)


def _seconds(moment: Any) -> float:
    if not isinstance(moment, datetime.datetime):
        moment = datetime.datetime.combine(moment, datetime.time())
    return float((moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)).timestamp())


def _date(seconds: float) -> str:
    return (datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds)).date().isoformat()  # noqa: DTZ001
