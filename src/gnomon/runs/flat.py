"""Nested parameters as one list of dotted names, as `--where` and `--columns` name them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.runs import checked

if TYPE_CHECKING:
    from collections.abc import Iterator


def flat(value: object, prefix: str = "", deepest: int = checked.DEEPEST) -> Iterator[tuple[str, object]]:
    """Yield (dotted name, value). What is nested deeper than `deepest` levels stays as it is.

    >>> list(flat({"lr": 0.1, "model": {"depth": 3, "none": {}}}))
    [('lr', 0.1), ('model.depth', 3), ('model.none', {})]
    """
    if isinstance(value, dict) and value and deepest > 0:
        for key, item in value.items():
            yield from flat(item, f"{prefix}.{key}" if prefix else str(key), deepest - 1)
    elif prefix:
        yield prefix, value
