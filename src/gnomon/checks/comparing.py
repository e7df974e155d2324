"""Two results of one check, set beside each other: what is demanded, finding by finding, and every figure that has an interval.

The two are taken as independent: the interval of a difference comes from both intervals (Zou and Donner, "Construction of
confidence limits about effect measures", Statistics in Medicine 2008, the MOVER), so it is too wide where both were made on the
same rows; it never claims too much. Nothing here is corrected for how many figures are looked at: it describes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.checks.result import FAIL, ORDER, PASS, Cell
from gnomon.errors import BadArgumentError

if TYPE_CHECKING:
    from gnomon.checks.result import CheckResult, Figures


class Difference(NamedTuple):
    """One figure in both results. `difference` is after minus before, `low` to `high` its interval where both have one."""

    key: str
    what: str
    before: float | None
    after: float | None
    difference: float | None
    low: float | None
    high: float | None

    @property
    def is_sure(self) -> bool:
        """Whether the interval of the difference leaves 0 out."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


class Change(NamedTuple):
    """One finding in both results; an outcome is None where the other result alone has it."""

    key: str
    what: str
    before: str | None
    after: str | None
    figure: Difference

    @property
    def words(self) -> str:
        """What became of it.

        >>> none = Difference("", "", None, None, None, None, None)
        >>> Change("a", "x", "pass", "fail", none).words, Change("a", "x", "fail", "fail", none).words
        ('now fails', 'still fails')
        """
        if self.before is None:
            return "new"
        if self.after is None:
            return "no longer looked at"
        verb = {FAIL: "fails", PASS: "passes"}.get(self.after, "cannot be told")
        return f"still {verb}" if self.before == self.after else f"now {verb}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs between two results of one kind. `changes` are findings, what got worse first; `figures` all else."""

    name: str
    before: str  # verdicts
    after: str
    changes: tuple[Change, ...]
    figures: tuple[Difference, ...]
    notes: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """The whole in words."""
        worse = sum(one.words == "now fails" for one in self.changes)
        better = sum(one.before == FAIL and one.after not in (FAIL, None) for one in self.changes)
        verdict = (
            f"still {self.after}"
            if self.before == self.after
            else f"it was {self.before}, and is now {self.after}"
        )
        count = f"{worse:,} of {len(self.changes):,} findings now fail{'s' if worse == 1 else ''}"
        return f"{verdict}: {count}, {better:,} no longer {'does' if better == 1 else 'do'}"

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, as JSON has them."""
        return {
            "name": self.name, "before": self.before, "after": self.after,
            "changes": [{**one._asdict(), "words": one.words, "figure": one.figure._asdict()} for one in self.changes],
            "figures": [one._asdict() for one in self.figures], "notes": list(self.notes),
        }  # fmt: skip


def compare(before: CheckResult, after: CheckResult) -> Comparison:
    """Set two results of one kind of check beside each other. Raises BadArgumentError where they are of two kinds."""
    if before.check != after.check:
        raise BadArgumentError(
            f"a check of {before.check} and one of {after.check} have no figures in common",
            hint="compare two of one kind",
        )
    notes = []
    asked = {
        key
        for key in {*before.settings, *after.settings}
        if before.settings.get(key) != after.settings.get(key)
    }
    if asked:
        notes.append(f"they were asked differently: {', '.join(f'`{key}`' for key in sorted(asked))}")
    changes = _changes(before, after)
    figures = [one for table in after.figures for one in _of_table(before, table)]
    return Comparison(after.name, before.verdict, after.verdict, tuple(changes), tuple(figures), tuple(notes))


def _changes(before: CheckResult, after: CheckResult) -> list[Change]:
    was, now = ({one.key: one for one in result.findings} for result in (before, after))
    found = []
    for key in {**now, **was}:
        old, new = was.get(key), now.get(key)
        some = new or old
        assert some is not None  # the key is of one of them  # noqa: S101
        figure = _difference(
            key,
            some.what,
            *((one.value, one.low, one.high) if one else (None, None, None) for one in (old, new)),
        )
        found.append(
            Change(key, some.what, old.outcome if old else None, new.outcome if new else None, figure)
        )
    return sorted(found, key=lambda one: (one.words != "now fails", ORDER.get(one.after or "", 3), one.key))


def _of_table(before: CheckResult, table: Figures) -> list[Difference]:
    """Return the figures of a table that have an interval, for the rows that both results have."""
    old = next((one for one in before.figures if one.name == table.name), None)
    if old is None:
        return []
    measured = [name for name in table.columns if f"{name}_low" in table.columns and name in old.columns]
    keys = [
        name for name in table.columns if name in old.columns and _is_key(table, name) and _is_key(old, name)
    ]
    rows = {tuple(row[key] for key in keys): row for row in old.to_dicts()}
    found = []
    for row in table.to_dicts():
        place = tuple(row[key] for key in keys)
        if place not in rows:
            continue
        said = ", ".join(str(one) for one in place if one is not None)
        for name in measured:
            spans = [
                tuple(_number(one.get(key)) for key in (name, f"{name}_low", f"{name}_high"))
                for one in (rows[place], row)
            ]
            what = f"{name.replace('_', ' ')}{f' ({said})' if said else ''}"
            found.append(_difference(f"{table.name}.{name}.{said}", what, *spans))  # type: ignore[arg-type]
    return found


def _is_key(table: Figures, name: str) -> bool:
    """Return whether a column says what a row is about: texts throughout."""
    return all(isinstance(cell, str) or cell is None for cell in table.column(name))


def _number(cell: Cell) -> float | None:
    return float(cell) if isinstance(cell, (int, float)) and not isinstance(cell, bool) else None


_Span = tuple[float | None, float | None, float | None]  # value, low, high


def _difference(key: str, what: str, before: _Span, after: _Span) -> Difference:
    """Return after minus before.

    >>> one = _difference("k", "w", (0.5, 0.4, 0.6), (0.7, 0.6, 0.8))
    >>> round(one.difference, 3), round(one.low, 3), round(one.high, 3)  # 0.2 ± sqrt(0.1² + 0.1²)
    (0.2, 0.059, 0.341)
    """
    (a, a_low, a_high), (b, b_low, b_high) = before, after
    if a is None or b is None:
        return Difference(key, what, a, b, None, None, None)
    low = high = None
    if a_low is not None and a_high is not None and b_low is not None and b_high is not None:
        low = b - a - math.hypot(b - b_low, a_high - a)
        high = b - a + math.hypot(b_high - b, a - a_low)
    return Difference(key, what, a, b, b - a, low, high)
