"""The search for weak slices: every atom, and every pair of atoms of two columns, held against the rest of the rows.

One table of counts for each pair of columns gives all of its slices, so a slice costs no pass over rows. What is compared is
the loss of a row: an error (0 or 1), or in a regression the rank of its absolute error, whose distribution under "this slice
is like the rest" is known whatever the errors look like.

Always true: chances are corrected for every slice that could have been looked at and has enough rows (Bonferroni, half of the
level for single atoms, half for pairs), so that with no weak slice anywhere one is found in at most `level` of cases, and
looking first at where it seems promising costs nothing. Which slices have enough rows does not depend on the losses.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gnomon.checks.intervals import two_sided
from gnomon.checks.kinds.performance.tables import tally

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from gnomon.checks.kinds.performance.atoms import Binned

    Array = NDArray[np.float64]

MOST_SHARE = 0.8  # of the rows: beyond, the rest is the slice
MOST_PAIRED = 50  # columns
MOST_CELLS = 400_000_000  # rows x pairs of columns
CLOSER = 300  # candidates whose chance is counted exactly
_ROOM = 3.0  # what a normal may be wrong by, as a logarithm, before it is counted exactly


class Losses(NamedTuple):
    """Of each row the loss that is told of, and the score that is compared: the same, or its rank."""

    loss: Array
    score: Array
    is_error: bool  # 0 or 1


class Sums(NamedTuple):
    """Rows, scores and losses of slices, arrays of one shape; or of all rows."""

    rows: Array
    score: Array
    loss: Array

    def less(self, other: Sums) -> Sums:
        """Return these without others."""
        return Sums(*(one - two for one, two in zip(self, other, strict=True)))


class Place(NamedTuple):
    """A slice: places of columns and of atoms in them, one or two of each."""

    columns: tuple[int, ...]
    atoms: tuple[int, ...]


class Candidate(NamedTuple):
    """A slice with its chance, corrected for all that was looked at."""

    place: Place
    chance: float


class Search:
    """All slices of some columns, and what is left of them when rows of slices that were found are taken out."""

    def __init__(self, columns: Sequence[Binned], losses: Losses, smallest: int) -> None:
        self.columns, self.losses, self.smallest = columns, losses, smallest
        self.n = len(losses.loss)
        self.spread = float(losses.score.var())
        self.is_left = np.ones(self.n, bool)
        self.whole = self.left = self._of(self.is_left)
        self.members = [np.stack([atom.bins for atom in one.atoms]).astype(float) for one in columns]
        self.tables: dict[tuple[int, ...], Sums] = {(at,): self._table((at,)) for at in range(len(columns))}
        self.paired = self._promising()
        for at, a in enumerate(self.paired):
            self.tables.update(((a, b), self._table((a, b))) for b in self.paired[at + 1 :])
        self.slices = {key: self._slices(key) for key in self.tables}
        self.counts = self._counts()

    @property
    def looked_at(self) -> int:
        """How many slices were looked at."""
        return sum(int(self._is_eligible(sums).sum()) for sums in self.slices.values())

    def remove(self, mask: NDArray[np.bool_]) -> None:
        """Take rows out of what is left, those of them that are not out already."""
        mask = mask & self.is_left
        self.is_left = self.is_left & ~mask
        self.tables = {key: table.less(self._table(key, mask)) for key, table in self.tables.items()}
        self.left = self.left.less(self._of(mask))

    def mask(self, place: Place) -> NDArray[np.bool_]:
        """Return which rows are in a slice."""
        found = np.ones(self.n, bool)
        for column, atom in zip(place.columns, place.atoms, strict=True):
            found &= self.columns[column].atoms[atom].bins[self.columns[column].codes]
        return found

    def words(self, place: Place) -> str:
        """Return a slice in words."""
        pairs = zip(place.columns, place.atoms, strict=True)
        return " and ".join(self.columns[column].atoms[atom].words for column, atom in pairs)

    def best(self, above: float, at_most: float, level: float) -> Candidate | None:
        """Return the slice that chance explains least, of those worse than the rest by more than `above` and `at_most` so much.

        It must be worse, and beyond chance, in all rows as well as in those that are left. None where no slice is.
        """
        found: list[tuple[float, Place]] = []
        for key in self.tables:
            whole, left = self.slices[key], self._slices(key)
            drop, left_drop = drop_of(whole, self.whole, self.losses), drop_of(left, self.left, self.losses)
            weights = np.minimum(self._z(left, self.left), self._z(whole, self.whole))
            surprise = _surprise(weights) - math.log(self.counts[len(key) - 1])
            is_open = (
                self._is_eligible(whole) & (left.rows >= self.smallest) & (drop > above) & (drop <= at_most)
                & (left_drop > above) & (surprise > -math.log(level) - _ROOM)
            )  # fmt: skip
            found += [
                (float(surprise[tuple(at)]), Place(key, tuple(at.tolist()))) for at in np.argwhere(is_open)
            ]
        found.sort(key=lambda one: (-one[0], one[1]))
        closer = [Candidate(place, self.chance(place)) for _, place in found[:CLOSER]]
        return min((one for one in closer if one.chance <= level), key=lambda one: one.chance, default=None)

    def chance(self, place: Place) -> float:
        """Return the chance of a slice so much worse than the rest, in all rows and in those that are left, corrected."""
        left = Sums(*(one[place.atoms] for one in self._slices(place.columns)))
        in_left = self._exact(left, self.left) * self.counts[len(place.columns) - 1]
        return max(self.plain_chance(place), min(1.0, in_left))

    def z(self, slices: Sums) -> Array:
        """Return how many deviations slices are worse than all rows."""
        return self._z(slices, self.whole)

    def plain_chance(self, place: Place) -> float:
        """Return the chance of a slice so much worse than the rest in all rows, corrected."""
        whole = Sums(*(one[place.atoms] for one in self.slices[place.columns]))
        return min(1.0, self._exact(whole, self.whole) * self.counts[len(place.columns) - 1])

    # ------------------------------------------------------------ tables

    def _of(self, mask: NDArray[np.bool_]) -> Sums:
        loss, score = self.losses.loss[mask], self.losses.score[mask]
        return Sums(np.array(float(len(loss))), score.sum(), loss.sum())

    def _table(self, key: tuple[int, ...], mask: NDArray[np.bool_] | None = None) -> Sums:
        """Return the sums of each bin of a column, or of each pair of bins."""
        first = self.columns[key[0]]
        kept = slice(None) if mask is None else mask
        codes: NDArray[Any] = first.codes[kept].astype(np.int32)
        shape = [self.columns[at].size for at in key]
        if len(key) > 1:
            codes = codes * shape[1] + self.columns[key[1]].codes[kept]
        size = math.prod(shape)
        rows, score = tally(codes, size), tally(codes, size, self.losses.score[kept])
        loss = score if self.losses.is_error else tally(codes, size, self.losses.loss[kept])
        return Sums(*(part.reshape(shape) for part in (rows, score, loss)))

    def _slices(self, key: tuple[int, ...]) -> Sums:
        """Return the sums of each slice of a column, or of two, in what is left."""
        first = self.members[key[0]]
        if len(key) == 1:
            return Sums(*(first @ part for part in self.tables[key]))
        return Sums(*(first @ part @ self.members[key[1]].T for part in self.tables[key]))

    def _is_eligible(self, whole: Sums) -> NDArray[np.bool_]:
        found: NDArray[np.bool_] = (whole.rows >= self.smallest) & (whole.rows <= MOST_SHARE * self.n)
        return found

    def _promising(self) -> list[int]:
        """Return the columns of which pairs are made: all, or as many as rows allow, those with the most telling atoms first."""
        count = len(self.columns)
        most = min(MOST_PAIRED, int((1 + math.sqrt(1 + 8 * MOST_CELLS / max(1, self.n))) / 2))
        if count <= most:
            return list(range(count))
        best = [float(self._z(self._slices((at,)), self.whole).max()) for at in range(count)]
        return sorted(sorted(range(count), key=lambda at: (-best[at], at))[:most])

    def _counts(self) -> tuple[float, float]:
        """Return what chances of single atoms and of pairs are multiplied by."""
        many = [int(self._is_eligible(sums).sum()) for sums in self.slices.values()]
        singles, pairs = sum(many[: len(self.columns)]), sum(many[len(self.columns) :])
        if len(self.paired) < len(self.columns):  # pairs of columns that were not looked at could have been
            atoms = np.array([len(one.atoms) for one in self.columns], float)
            pairs = int((atoms.sum() ** 2 - (atoms**2).sum()) / 2)
        return (2.0 * max(1, singles), 2.0 * pairs) if pairs else (float(max(1, singles)), 1.0)

    # ------------------------------------------------------------ chances

    def _z(self, part: Sums, whole: Sums) -> Array:
        """Return how many deviations the scores of slices lie above those of all rows, if rows were drawn for them."""
        n, mean = float(whole.rows), float(whole.score) / max(1.0, float(whole.rows))
        with np.errstate(divide="ignore", invalid="ignore"):
            deviation = np.sqrt(self.spread * part.rows * (n - part.rows) / max(1.0, n - 1))
            found = (part.score - part.rows * mean) / deviation
        return np.where(deviation > 0, found, 0.0)

    def _exact(self, part: Sums, whole: Sums) -> float:
        if self.losses.is_error:
            return fisher(float(part.loss), float(part.rows), float(whole.loss), float(whole.rows))
        z = float(self._z(part, whole))
        return two_sided(z) / 2 if z > 0 else 1.0


def drop_of(part: Sums, whole: Sums, losses: Losses) -> Array:
    """Return how much worse slices are than the rest: in errors a row, or in a regression as a share of the rest's mean error."""
    rest = whole.less(part)
    with np.errstate(divide="ignore", invalid="ignore"):
        inside, outside = part.loss / part.rows, rest.loss / rest.rows
        found = inside - outside if losses.is_error else inside / outside - 1
    return np.where(
        (part.rows > 0) & (rest.rows > 0), np.nan_to_num(found, nan=0.0, posinf=np.finfo(float).max), 0.0
    )


def _surprise(z: Array) -> Array:
    """Return about -log P(Z > z), for what is looked at first."""
    safe = np.maximum(z, 0.5)
    return np.where(z > 0.5, safe * safe / 2 + np.log(safe * math.sqrt(2 * math.pi)), 0.0)


def fisher(hits: float, n: float, all_hits: float, total: float) -> float:
    """Return the chance of `hits` or more among `n` rows drawn from `total`, of which `all_hits` are hits (hypergeometric).

    >>> round(fisher(2, 2, 2, 4), 6)  # 1 of 6 ways
    0.166667
    """
    most = min(n, all_hits)
    if hits <= max(0.0, n + all_hits - total):
        return 1.0
    log = _choose(all_hits, hits) + _choose(total - all_hits, n - hits) - _choose(total, n)
    term, sum_, at = 1.0, 1.0, hits
    while at < most and term > 1e-17 * sum_:
        term *= (all_hits - at) * (n - at) / ((at + 1) * (total - all_hits - n + at + 1))
        sum_ += term
        at += 1
    return min(1.0, math.exp(min(0.0, log + math.log(sum_))))


def _choose(n: float, k: float) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
