"""The two tables of drift, each as rows or as a sketch of them, and which of their columns are looked at.

Always true: where all rows of both are near and not too many they are looked at one by one; else both are counted in cells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gnomon.checks.kinds.drift import columns
from gnomon.checks.kinds.drift.counted import sketched
from gnomon.checks.kinds.drift.sketch import Sketch, sketch_of_profile
from gnomon.checks.rows import Rows, is_index, rows_of
from gnomon.errors import BadArgumentError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from contextlib import ExitStack


class Side(NamedTuple):
    """One of the two: rows, or a sketch of them."""

    rows: Rows | None
    sketch: Sketch | None
    names: tuple[str, ...]
    size: int  # rows
    evidence: dict[str, object]

    def sketched(self, names: Sequence[str]) -> Sketch:
        """Return a sketch of some columns, counted now where there is none."""
        if self.sketch is not None:
            return self.sketch
        assert self.rows is not None  # noqa: S101  a side has one of the two
        return sketched(self.rows, names)

    @property
    def is_exact(self) -> bool:
        """Whether all of its rows may be looked at here."""
        return self.rows is not None and columns.is_local(self.rows) and self.size <= columns.EXACT_ROWS


def side_of(stack: ExitStack, table: object, role: str) -> Side:
    """Return a table, which is open until the stack is left. Raises as `rows_of` does."""
    from gnomon.data.profile.profile import Profile

    if isinstance(table, (Sketch, Profile)):
        sketch = table if isinstance(table, Sketch) else sketch_of_profile(table, argument=role)
        kind = "sketch" if isinstance(table, Sketch) else "profile"
        evidence = {"role": role, "format": kind, "rows": sketch.rows, "columns": len(sketch.columns)}
        return Side(None, sketch, tuple(sketch.columns), sketch.rows, evidence)
    rows = stack.enter_context(rows_of(table, argument=role, role=role))
    return Side(rows, None, rows.names, rows.count, {**rows.evidence, "rows": rows.count})


def names_of(sides: Sequence[Side], asked_for: Sequence[str] | None, ignore: Iterable[str]) -> list[str]:
    """Return the columns to look at, those of the reference first."""
    there = list(dict.fromkeys([*sides[0].names, *sides[1].names]))
    for argument, asked in (("columns", texts(asked_for or ())), ("ignore", texts(ignore))):
        for one in asked:
            if one not in there:
                near = ", ".join(f"`{name}`" for name in there[:8]) + (", …" if len(there) > 8 else "")
                raise BadArgumentError(
                    f"`{argument}` names the column {one!r}, which neither table has",
                    hint=f"they have: {near}",
                )
    wanted = (
        list(dict.fromkeys(texts(asked_for)))
        if asked_for is not None
        else [one for one in there if not is_index(one)]  # of a profile
    )
    left_out = set(texts(ignore))
    names = [one for one in wanted if one not in left_out]
    if not names:
        raise BadArgumentError("`columns` and `ignore` of `drift` leave no column to look at")
    return names


def texts(names: Iterable[str]) -> list[str]:
    """Return names as a list; one that was given alone too."""
    return [names] if isinstance(names, str) else list(names)
