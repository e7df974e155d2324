"""The values of a parameter as a few classes: ranges of numbers, or categories.

Always true: classes depend on the parameter alone, never on the metric, so that sorting runs into them cannot make an
association that is not there. A class holds at least `FEWEST` configurations; what is in none has the code -1.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from gnomon.text import any_value, number

if TYPE_CHECKING:
    from collections.abc import Sequence

FEWEST = 3  # configurations in a class
MOST_RANGES = 8
IN_A_RANGE = 6  # configurations that a range has at least, where values are spread
MOST_CATEGORIES = 20
NONE = -1

OWN_VALUES = "nearly every configuration has a value of its own"
ONE_VALUE = "nearly all configurations have one value"
NO_VALUE = "it does not vary"
OTHERS, GIVEN, NOT_GIVEN = "(others)", "given", "(not given)"


class Binned(NamedTuple):
    """The class of each configuration. `why` says why the parameter cannot be examined; empty where it can."""

    codes: list[int]
    labels: list[str]
    is_numeric: bool
    why: str = ""

    @property
    def n(self) -> int:
        """How many configurations are in a class."""
        return sum(code >= 0 for code in self.codes)


def is_given(value: object) -> bool:
    """Return whether a value is one: NaN counts as none, as what was never given does."""
    return value is not None and value == value


def binned(values: Sequence[object]) -> Binned:
    """Return the classes of a parameter's values.

    Where all that have the parameter have one value, the classes are those that have it and those that do not.

    >>> binned([1, 1, 1, 2, 2, 2, None]).labels, binned(["a"] * 3 + [None] * 3).labels
    (['1', '2'], ['given', '(not given)'])
    """
    given = [value for value in values if is_given(value)]
    numbers = [value for value in given if isinstance(value, (int, float)) and not isinstance(value, bool)]
    is_numeric = len(numbers) == len(given)
    if len(set(numbers) if is_numeric else set(map(any_value, given))) < 2:
        if min(len(given), len(values) - len(given)) < FEWEST:
            return _unexamined(values, NO_VALUE if len(given) in (0, len(values)) else ONE_VALUE)
        return Binned([0 if is_given(value) else 1 for value in values], [GIVEN, NOT_GIVEN], is_numeric=False)
    if is_numeric:
        return _ranges(values, numbers)
    return _categories(values, given)


def _unexamined(values: Sequence[object], why: str) -> Binned:
    return Binned([NONE] * len(values), [], is_numeric=False, why=why)


def _ranges(values: Sequence[object], given: Sequence[float]) -> Binned:
    counts = sorted(Counter(given).items())
    n = len(given)
    wanted = max(2, min(MOST_RANGES, n // IN_A_RANGE))
    share = FEWEST if len(counts) <= MOST_RANGES else n / wanted
    groups: list[list[float]] = [[]]
    sizes = [0]
    done, goal = 0, share
    for value, count in counts:
        groups[-1].append(value)
        sizes[-1] += count
        done += count
        full = sizes[-1] >= FEWEST if share == FEWEST else done >= goal - 1e-9 and sizes[-1] >= FEWEST
        if full and n - done >= FEWEST:
            groups.append([])
            sizes.append(0)
            goal = (done // share + 1) * share
    if len(groups) < 2:
        return _unexamined(values, ONE_VALUE)
    of = {value: place for place, group in enumerate(groups) for value in group}
    labels = [_range(group[0], group[-1]) for group in groups]
    return Binned(
        [of[value] if is_given(value) else NONE for value in values],  # type: ignore[index]
        labels,
        is_numeric=True,
    )


def _range(low: float, high: float) -> str:
    """Return a range in words; its ends are rounded to three digits, so that it is short."""
    return number(low) if low == high else f"{_rounded(low)} to {_rounded(high)}"


def _rounded(value: float) -> str:
    return number(value) if isinstance(value, int) else number(float(f"{value:.3g}"))


def _categories(values: Sequence[object], given: Sequence[object]) -> Binned:
    counts = Counter(map(any_value, given))
    often = [text for text, count in counts.most_common(MOST_CATEGORIES) if count >= FEWEST]
    rest = len(given) - sum(counts[text] for text in often)
    if rest > len(given) / 2:
        return _unexamined(values, OWN_VALUES)
    labels = [*sorted(often), *([OTHERS] if rest >= FEWEST else [])]
    if len(labels) < 2:
        return _unexamined(values, ONE_VALUE)
    of = {text: place for place, text in enumerate(sorted(often))}
    other = len(often) if rest >= FEWEST else NONE
    codes = [of.get(any_value(value), other) if is_given(value) else NONE for value in values]
    return Binned(codes, labels, is_numeric=False)


def is_own_text(values: Sequence[object]) -> bool:
    """Return whether a parameter names the run rather than configures it: a text that hardly two of the runs share."""
    given = [value for value in values if is_given(value)]
    texts = {value for value in given if isinstance(value, str)}
    return len(given) >= 2 * FEWEST and len(texts) > 0.8 * len(given)
