"""What one call of `log` gets: the metrics of 20 scalars, in the kinds that training code really passes."""

import random
from collections.abc import Callable
from typing import Any

from benchmarks.values import LONG, keys

Rows = list[dict[str, Any]]
PERIOD = 1000  # rows repeat after so many calls, but for those of `subset`, which never do


def floats(calls: int) -> Rows:
    """20 Python floats under 20 fixed keys."""
    return _rows([keys(20)] * PERIOD)


def float64(calls: int) -> Rows:
    """The same as numpy.float64, which is a subclass of float."""
    import numpy

    return _rows([keys(20)] * PERIOD, numpy.float64)


def float32(calls: int) -> Rows:
    """The same as numpy.float32."""
    import numpy

    return _rows([keys(20)] * PERIOD, numpy.float32)


def tensor(calls: int) -> Rows:
    """The same as torch tensors without dimensions."""
    import torch

    return _rows([keys(20)] * PERIOD, torch.tensor)


def alternating(calls: int) -> Rows:
    """Training metrics and validation metrics in turn: two sets of 20 keys."""
    return _rows([[f"{'train' if n % 2 else 'valid'}/{key}" for key in keys(20)] for n in range(PERIOD)])


def subset(calls: int) -> Rows:
    """A fresh random choice of 20 of 100 keys in every call."""
    chance, names = random.Random(3), keys(100)
    return _rows([chance.sample(names, 20) for _ in range(calls)])


def rotating(calls: int) -> Rows:
    """19 fixed keys and one that changes: 1,000 different ones."""
    return _rows([[*keys(19), f"class-{n}/recall"] for n in range(PERIOD)])


SHAPES: dict[str, Callable[[int], Rows]] = {
    shape.__name__: shape for shape in (floats, float64, float32, tensor, alternating, subset, rotating)
}


LIBRARY = {"float64": "numpy", "float32": "numpy", "tensor": "torch"}
"""The library whose scalars a shape holds; the conversion of the others costs nothing."""


def _rows(names: list[list[str]], kind: Callable[[float], Any] = float) -> Rows:
    return [
        {key: kind(LONG[(number + place) % len(LONG)]) for place, key in enumerate(row)}
        for number, row in enumerate(names)
    ]


def conversion_s(rows: Rows, calls: int) -> float:
    """Processor time that turning the values of so many calls into floats takes at least."""
    from time import process_time

    spent = []
    for convert in (float, lambda value: value.item()):
        begin = process_time()
        for number in range(calls):
            for value in rows[number % len(rows)].values():
                convert(value)
        spent.append(process_time() - begin)
    return min(spent)
