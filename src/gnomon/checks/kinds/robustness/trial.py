"""A model asked about rows as they are and as they would be: every prediction of the check is made here.

Always true: the same rows, seed and settings give the same answers; how often a model is asked depends on the settings and the
number of columns alone, never on the clock. A model that raises on disturbed rows, and not on the rows as they are, is an answer
(`Untaken`), no error.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gnomon.checks.kinds.robustness import disturb
from gnomon.checks.kinds.robustness.figured import Figure
from gnomon.checks.model import ModelRaisedError
from gnomon.checks.model_columns import NUMPY

if TYPE_CHECKING:
    import numpy as np

    from gnomon.checks.kinds.robustness.scores import Score
    from gnomon.checks.model import Model
    from gnomon.checks.model_inputs import Inputs

    Array = np.ndarray[Any, Any]

NOISE, MISSING, COLUMN = "noise", "missing", "column"
_CODES = {NOISE: 1, MISSING: 2, COLUMN: 3}
ASKED_OF_COLUMNS = 60  # predictions for all columns one by one, unless there are more columns
_MISSING = re.compile(r"\b(nan|nat|missing|null|none|na|nonetype|nonfinite|finite|infinity)\b", re.IGNORECASE)
NO_MISSING = "the model does not take missing values"


class Untaken(Exception):
    """The model gave no answer on disturbed rows; `str()` says why, without a value of the data."""


class Trial:
    """The model, the columns that it gets, and the figure. `clean` is what each row counts as it is, shape (rows,)."""

    def __init__(
        self,
        model: Model,
        given: Inputs,
        score: Score,
        *,
        repeats: int,
        seed: int,
        total: int,
        progress: Callable[[int, int], object] | None,
    ) -> None:
        if model.container(given.library) == NUMPY:
            given = given.in_arrays()  # once, not for each prediction
        self.model, self.given, self.score = model, given, score
        self.repeats, self.seed = repeats, seed
        self.columns = [disturb.column_of(given, name) for name in given.names]
        self.done, self.total, self._progress = 0, total, progress
        self.are_chances = False
        self.first = self._predicted(given)  # what the model says of the rows as they are
        self.clean = score.values(self.first)

    def of_all(self, kind: str, strength: float, place: int) -> Array:
        """Return what each row counts, as a mean over repeats, shape (rows,), with every column disturbed. Raises Untaken."""
        return self._mean(
            lambda repeat: self._all(kind, strength, self._chance(kind, place, repeat)), self.repeats
        )[0]

    def of_column(self, name: str, strength: float, repeats: int) -> tuple[Array, float]:
        """Return the same with noise in one column, and the share of rows of which the prediction changed. Raises Untaken."""
        place = self.given.names.index(name)
        column = self.columns[place]

        def changed(repeat: int) -> Inputs:
            chance = self._chance(COLUMN, place, repeat)
            return self.given.with_column(name, disturb.noisy(self.given, column, strength, chance))

        return self._mean(changed, repeats)

    def _all(self, kind: str, strength: float, chance: np.random.Generator) -> Inputs:
        if kind == NOISE:
            made = {one.name: disturb.noisy(self.given, one, strength, chance) for one in self.columns}
        else:
            made = {one.name: disturb.without(self.given, one.name, strength, chance) for one in self.columns}
        return self.given.of(made)

    def _chance(self, kind: str, place: int, repeat: int) -> np.random.Generator:
        import numpy as np

        return np.random.default_rng([self.seed, _CODES[kind], place, repeat])

    def _mean(self, make: Callable[[int], Inputs], repeats: int) -> tuple[Array, float]:
        import numpy as np

        total, changed = np.zeros(self.given.count), 0.0
        for repeat in range(repeats):
            predicted = self._taken(make(repeat))
            total += self.score.values(predicted)
            changed += self.score.differ(predicted, self.first)
        if isinstance(self.score, Figure) and not np.isfinite(total).all():
            raise Untaken(f"{self.score.name} is not defined for what the model says of such rows")
        if not np.isfinite(total).all():
            count = int((~np.isfinite(total)).sum())
            raise Untaken(f"the model gave no finite number for {count:,} of {len(total):,} rows")
        return total / repeats, changed / repeats

    def _taken(self, table: Inputs) -> Array:
        try:
            return self._predicted(table)
        except ModelRaisedError as error:
            raised = error.raised
            if _MISSING.search(str(raised)):
                raise Untaken(NO_MISSING) from error
            self._predicted(self.given)  # where this raises too, it is no answer but an error
            raise Untaken(f"the model raised {type(raised).__name__} on such rows") from error

    def _predicted(self, table: Inputs) -> Array:
        found, are_chances = self.score.answers(self.model, table)
        self.done += 1
        if self._progress is not None:
            self._progress(min(self.done, self.total), self.total)
        self.are_chances = self.are_chances or are_chances
        return found
