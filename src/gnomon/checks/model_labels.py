"""The labels of a target and of predictions as one set of classes, so that they can be counted.

Always true: classes are those of the target, in their order (numbers by size, texts by alphabet); a predicted label that the
target does not have is no class (-1), so it counts as wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gnomon.errors import BadArgumentError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    Array = np.ndarray[Any, Any]

FEW = 20  # different whole numbers of a target that nobody calls a regression


class Labels:
    """The classes of a target. `codes` has the place in `classes` of each row, shape (rows,); `positive` is a place, if told.

    With `positive`, there are two classes: the rest and it. A model whose classes are 0 and 1 then means the positive one by 1.
    """

    def __init__(self, target: Array, *, known: Sequence[Any] | None = None, positive: Any = None) -> None:
        self.known = tuple(known) if known is not None else None
        values = distinct(target)
        if isinstance(positive, str) and positive not in values:  # as a command line says 1
            positive = next((value for value in values if str(value) == positive), positive)
        self.positive: int | None = None
        if positive is not None:
            if positive not in values:
                raise BadArgumentError(
                    f"`positive` is {positive!r}, which no row of the target has",
                    hint=f"it has: {_listed(values)}",
                )
            others = [value for value in values if value != positive]
            self.classes: tuple[Any, ...] = (others[0] if len(others) == 1 else f"not {positive}", positive)
            self.positive = 1
            self._codes = dict.fromkeys(others, 0) | {positive: 1}
        else:
            self.classes = tuple(values)
            self._codes = {value: place for place, value in enumerate(values)}
        self.codes = self._coded(target, self._codes)

    def of(self, predicted: Array, argument: str = "model") -> tuple[Array, bool]:
        """Return the class of each prediction, -1 for none, shape (rows,); and whether they were chances, decided at 0.5.

        Raises BadArgumentError where no prediction is a label of the target.
        """
        import numpy as np

        found = distinct(predicted)
        codes = self._codes
        if len(self.classes) == 2 and _are_chances(found, codes):
            return (predicted.astype(float) >= 0.5).astype(int), True
        if not any(value in codes for value in found):
            named = set(self.known if self.known is not None else found)
            if self.positive is None or not named <= {0, 1}:
                raise BadArgumentError(
                    f"`{argument}` predicts {_listed(found)}, and the target has {_listed(list(codes))}",
                    hint="say which value of the target the model calls 1: `positive=…`"
                    if named <= {0, 1}
                    else None,
                )
            return predicted.astype(int), False
        return np.asarray(self._coded(predicted, codes)), False

    def _coded(self, values: Array, codes: dict[Any, int]) -> Array:
        import numpy as np

        if values.dtype.kind == "O":
            return np.array([codes.get(_hashable(value), -1) for value in values], dtype=int)
        different, places = np.unique(values, return_inverse=True)
        return np.array([codes.get(value, -1) for value in different.tolist()], dtype=int)[places]


def distinct(values: Array) -> list[Any]:
    """Return the different values of a column as Python's, in order; without what is missing."""
    import numpy as np

    if values.dtype.kind == "O":
        found = list({_hashable(value) for value in values} - {None})
    else:
        found = np.unique(values).tolist()
    found = [value for value in found if value == value]
    try:
        return sorted(found)
    except TypeError:  # texts and numbers in one column
        return sorted(found, key=lambda value: (type(value).__name__, str(value)))


def is_missing(values: Array) -> Array:
    """Return whether each value is missing: None, or NaN."""
    import numpy as np

    if values.dtype.kind == "O":
        return np.array([value is None or value != value for value in values], dtype=bool)
    return np.isnan(values) if values.dtype.kind == "f" else np.zeros(len(values), dtype=bool)


def is_classes(target: Array) -> bool:
    """Return whether a target looks like classes: texts, true and false, or a few whole numbers."""
    if target.dtype.kind not in "iuf":
        return True
    found = distinct(target)
    return len(found) <= FEW and all(float(value).is_integer() for value in found)


def _are_chances(found: Sequence[Any], codes: dict[Any, int]) -> bool:
    """Return whether predictions are numbers from 0 to 1 that are no labels: what a network or a booster gives."""
    numbers = [value for value in found if isinstance(value, float)]
    return (
        bool(numbers)
        and len(numbers) == len(found)
        and min(numbers) >= 0
        and max(numbers) <= 1
        and not all(value in codes or value in (0.0, 1.0) for value in numbers)
    )


def _hashable(value: Any) -> Any:
    try:
        hash(value)
    except TypeError:
        return str(value)
    return value


def _listed(values: Sequence[Any]) -> str:
    return ", ".join(repr(value) for value in values[:6]) + (", …" if len(values) > 6 else "")
