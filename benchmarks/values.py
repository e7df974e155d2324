"""The numbers that are logged, the same for every peer and every machine."""

import random
from collections.abc import Iterator

COUNT = 4096
_random = random.Random(7)

SHORT = [_random.randrange(1 << 20) / (1 << 20) for _ in range(COUNT)]
"""Values in [0, 1) that a float32 holds exactly: what was logged is comparable after any peer."""

LONG = [_random.random() for _ in range(COUNT)]
"""Full float64 values in [0, 1)."""


def value_at(step: int) -> float:
    """The value that crash tests log at a step."""
    return SHORT[step % COUNT]


def keys(count: int) -> list[str]:
    return [f"m{number:02}" for number in range(count)]


def noisy(number: int, count: int) -> Iterator[float]:
    """A training loss with noise, another one for each number; made as it is read."""
    scale, height = count / (20 + number % 50), 1 + SHORT[number % COUNT]
    for step in range(count):
        yield height / (1 + step / scale) + 0.1 * LONG[(step * 7919 + number * 104729) & (COUNT - 1)]


def curve(count: int, *, float32: bool) -> list[float]:
    """A training loss: decay and noise, `count` points. With `float32`, rounded to float32 precision."""
    import struct

    noise = random.Random(11)
    values = [2.0 / (1 + step / (count / 50)) + noise.gauss(0, 0.05) for step in range(count)]
    if not float32:
        return values
    packed = struct.Struct(f"<{count}f")
    return list(packed.unpack(packed.pack(*values)))
