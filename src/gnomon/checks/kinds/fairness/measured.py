"""One metric of each group: a rate, which is counts, or a mean, which has a standard error.

Always true: all arrays have one place for each group; a group without rows has the value NaN and an interval of everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gnomon.checks.intervals import two_sided, wilson

Array = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, slots=True)
class Measured:
    """`n` are the rows that count: of a true positive rate the positives. `labels` name the groups of `attribute`."""

    metric: str
    attribute: str
    labels: tuple[str, ...]
    n: Array
    value: Array

    def ends(self, z: float) -> tuple[Array, Array]:
        """Return the interval of each value that a normal leaves beyond ±z; how certain ±z is, the caller chooses."""
        raise NotImplementedError

    def at(self, places: np.ndarray[Any, Any]) -> Measured:
        """Return the same of some groups only."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Rate(Measured):
    """`hits` of `n`."""

    hits: Array

    def ends(self, z: float) -> tuple[Array, Array]:
        return wilson(self.hits, self.n, two_sided(z))

    def at(self, places: np.ndarray[Any, Any]) -> Rate:
        labels = tuple(self.labels[int(place)] for place in places)
        return Rate(
            self.metric, self.attribute, labels, self.n[places], self.value[places], self.hits[places]
        )


def rate(metric: str, attribute: str, labels: tuple[str, ...], hits: Array, n: Array) -> Rate:
    """Return a rate of each group."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return Rate(metric, attribute, labels, n, hits / n, hits)


@dataclass(frozen=True, slots=True)
class Mean(Measured):
    """A mean and its standard error. Where `is_root`, the value is the root of a mean, and `error` is that of the mean."""

    error: Array
    is_root: bool = False

    def ends(self, z: float) -> tuple[Array, Array]:
        with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
            half = np.where(self.n > 1, student(z, self.n - 1) * self.error, np.inf)
            if self.is_root:
                low, high = _ends_of_root(self.value, half)
            else:
                low, high = self.value - half, self.value + half
        return np.where(self.n > 1, low, -np.inf), np.where(self.n > 1, high, np.inf)

    def at(self, places: np.ndarray[Any, Any]) -> Mean:
        labels = tuple(self.labels[int(place)] for place in places)
        return Mean(
            self.metric, self.attribute, labels, self.n[places], self.value[places], self.error[places], self.is_root,
        )  # fmt: skip

    def standing(self) -> Array:
        """Return |z| of each pair, as a matrix: how many standard errors they are apart (Welch 1947), as a normal would be."""
        mean = self.value**2 if self.is_root else self.value
        square = self.error**2
        total = square[:, None] + square[None, :]
        shares = square**2 / np.maximum(self.n - 1, 1)
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            t = np.abs(mean[:, None] - mean[None, :]) / np.sqrt(total)
            freedom = total**2 / (shares[:, None] + shares[None, :])
            z = normal(t, np.where(np.isfinite(freedom), freedom, 1e9))
        return np.where(np.isnan(t), 0.0, z)


def _ends_of_root(value: Array, half: Array) -> tuple[Array, Array]:
    """Return the ends of a root on the scale of logarithms, where squares are less skewed; `half` is that of its square.

    Near 0 a logarithm knows no end: there the upper end is that of the square, with twice the width of the root.
    """
    square = value * value
    factor = np.exp(np.minimum(half / np.where(square > 0, square, 1), 700) / 2)
    widest = np.sqrt(square + 4 * half)
    return value / factor, np.where(square > 0, np.minimum(value * factor, widest), widest)


def student(z: float, freedom: Array) -> Array:
    """Return the t that Student's distribution passes as often as a normal passes z (Wallace 1959; to 0.01 from 3 degrees on)."""
    freedom = np.maximum(freedom, 1.0)
    with np.errstate(over="ignore"):
        scaled = z * (8 * freedom + 3) / (8 * freedom + 1)
        return np.sqrt(freedom * np.expm1(np.minimum(scaled * scaled / freedom, 700)))


def normal(t: Array, freedom: Array) -> Array:
    """Return the z of a normal for Student's t: the inverse of `student`."""
    freedom = np.maximum(freedom, 1.0)
    with np.errstate(over="ignore"):
        return (
            (8 * freedom + 1)
            / (8 * freedom + 3)
            * np.sqrt(freedom * np.log1p(np.minimum(t, 1e150) ** 2 / freedom))
        )
