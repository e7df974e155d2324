"""Histograms: edges and counts as JSON, the same with and without NumPy.

Part: `histogram.json`, {"edges": [n + 1 floats], "counts": [n numbers], "nan": n, "minus_inf": n, "plus_inf": n,
"below": n, "above": n}; `below` and `above` count the finite values outside the edges.
`meta`: bins, count (of values between the edges), min and max (the outer edges), caption.
"""

from __future__ import annotations

import json
import math
import sys
from bisect import bisect_right
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from gnomon.runs.values.encoded import Encoded, Part
from gnomon.runs.values.wording import captioned, counted, number_of, refused, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gnomon.runs.values.kinds import Histogram

MAX_BINS = 4096


def encode(value: Histogram) -> Encoded:
    """Return a histogram in an open format. Raises BadArgumentError."""
    if (value.values is None) == (value.edges is None or value.counts is None):
        raise refused(
            "values", "Histogram", "given, or both `edges` and `counts`, not all of them", "another mix"
        )
    body = _given(value) if value.values is None else _counted(value)
    edges, counts = body["edges"], body["counts"]
    text = json.dumps(body, separators=(",", ":"), allow_nan=False)
    meta = {"bins": len(counts), "count": sum(counts)}
    if edges:
        meta |= {"min": edges[0], "max": edges[-1]}
    part = Part("histogram.json", "application/json", text.encode("ascii"))
    return Encoded("histogram", captioned(meta, value.caption), (part,), _notes(body))


def _notes(body: dict[str, Any]) -> tuple[str, ...]:
    apart = {"nan": "NaN", "minus_inf": "-infinity", "plus_inf": "infinity"}
    return tuple(
        f"{name}, counted apart: {counted(body[key], 'value')}" for key, name in apart.items() if body[key]
    )


# ---------------------------------------------------------------- precomputed


def _given(value: Histogram) -> dict[str, Any]:
    edges = [float(edge) for edge in _numbers(value.edges, "edges")]
    counts = [_whole(count) for count in _numbers(value.counts, "counts")]
    if not 0 < len(counts) <= MAX_BINS or len(edges) != len(counts) + 1:
        rule = f"one more than `counts`, of which there are 1 to {MAX_BINS:,}"
        raise refused("edges", "Histogram", rule, f"{len(edges):,} edges and {len(counts):,} counts")
    if not all(map(math.isfinite, edges)) or any(low >= high for low, high in pairwise(edges)):
        raise refused("edges", "Histogram", "finite and increasing", shown(value.edges))
    if not all(math.isfinite(count) and count >= 0 for count in counts):
        raise refused("counts", "Histogram", "finite and at least 0", shown(value.counts))
    return {"edges": edges, "counts": counts, "nan": 0, "minus_inf": 0, "plus_inf": 0, "below": 0, "above": 0}


def _whole(count: float) -> float:
    return int(count) if count == count and abs(count) < 2**63 and count == int(count) else float(count)


# ---------------------------------------------------------------- from values


def _counted(value: Histogram) -> dict[str, Any]:
    bins = number_of(value.bins)
    if not 1 <= bins <= MAX_BINS or bins != int(bins):
        raise refused("bins", "Histogram", f"a whole number from 1 to {MAX_BINS:,}", shown(value.bins))
    numbers = _numbers(value.values, "values")
    is_array = not isinstance(numbers, list)
    finite, apart = (_finite_array if is_array else _finite_list)(numbers)
    limits = _range(value.range)
    if limits is None and not len(finite):
        return {"edges": [], "counts": [], **apart, "below": 0, "above": 0}
    if limits is None:
        limits = _ends(finite)
    edges = _edges(*limits, int(bins))
    counts, below, above = (_count_array if is_array else _count_list)(finite, edges)
    return {"edges": edges, "counts": counts, **apart, "below": below, "above": above}


def _numbers(values: Any, argument: str) -> Any:
    """Return numbers as a flat list, or as a flat float64 array where they are one already."""
    if isinstance(values, (list, tuple, range)):
        found = list(_flat(values, argument))
        if all(isinstance(number, (int, float)) for number in found):
            return [_float(number) for number in found]
    from gnomon.runs.values.arrays import as_array

    array = as_array(values, argument, "Histogram").astype("float64", copy=False).ravel()
    return array.tolist() if argument != "values" else array


def _flat(values: Any, argument: str, depth: int = 0) -> Iterator[Any]:
    if depth > 8:
        raise refused(argument, "Histogram", "numbers, in lists of at most 8 levels", "a deeper list")
    for value in values:
        if isinstance(value, (list, tuple)):
            yield from _flat(value, argument, depth + 1)
        else:
            yield value


def _float(number: float) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def _range(given: Any) -> tuple[float, float] | None:
    if given is None:
        return None
    low, high = map(float, given)
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise refused("range", "Histogram", "(low, high), finite and increasing", f"({low:g}, {high:g})")
    return low, high


def _edges(low: float, high: float, bins: int) -> list[float]:
    """Return edges of equal distance. Where floats are too coarse for so many, there are fewer."""
    if low == high:
        low, high = low - 0.5, high + 0.5
        if low == high:  # 0.5 is nothing beside it
            most = sys.float_info.max
            low, high = max(math.nextafter(low, -math.inf), -most), min(math.nextafter(high, math.inf), most)
    inner = (low * ((bins - place) / bins) + high * (place / bins) for place in range(1, bins))
    kept = [low]
    for edge in (*inner, high):
        if kept[-1] < edge <= high:
            kept.append(edge)
    return kept


def _ends(finite: Any) -> tuple[float, float]:
    if isinstance(finite, list):
        return min(finite), max(finite)
    return float(finite.min()), float(finite.max())


def _finite_array(array: Any) -> tuple[Any, dict[str, int]]:
    import numpy

    is_finite = numpy.isfinite(array)
    if is_finite.all():
        return array, {"nan": 0, "minus_inf": 0, "plus_inf": 0}
    return array[is_finite], {
        "nan": int(numpy.isnan(array).sum()),
        "minus_inf": int((array == -math.inf).sum()),
        "plus_inf": int((array == math.inf).sum()),
    }


def _finite_list(numbers: list[float]) -> tuple[list[float], dict[str, int]]:
    return [number for number in numbers if math.isfinite(number)], {
        "nan": sum(1 for number in numbers if number != number),
        "minus_inf": numbers.count(-math.inf),
        "plus_inf": numbers.count(math.inf),
    }


def _count_array(finite: Any, edges: list[float]) -> tuple[list[int], int, int]:
    import numpy

    places = numpy.searchsorted(numpy.asarray(edges), finite, side="right")
    return _as_counts(
        numpy.bincount(places, minlength=len(edges) + 1).tolist(), int((finite == edges[-1]).sum())
    )


def _count_list(finite: list[float], edges: list[float]) -> tuple[list[int], int, int]:
    found = [0] * (len(edges) + 1)
    for number in finite:
        found[bisect_right(edges, number)] += 1
    return _as_counts(found, finite.count(edges[-1]))


def _as_counts(found: list[int], on_last_edge: int) -> tuple[list[int], int, int]:
    """Return counts, below, above of how many values have so many edges at or below them."""
    counts = found[1:-1]
    counts[-1] += on_last_edge
    return counts, found[0], found[-1] - on_last_edge
