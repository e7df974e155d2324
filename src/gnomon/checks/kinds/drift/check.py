"""Whether a table is still like the one it is compared with: `drift`.

    drift("train.parquet", "last_week.parquet")                  # files, DataFrames, relations of DuckDB, Spark, Ibis
    drift(sketch_of_training_data, this_week, max_shift=0.05)    # sketches (see `sketch.py`), profiles of data versions

Each column is judged by how far it moved, not by whether chance explains the move: with a million rows a thousandth is
certain and does not matter. Design: docs/internals/checks.md; how often it is right: docs/explanation/drift-checks.md.
Always true: the same rows, settings and seed give the same result; at most a few million values are here at once.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from gnomon.checks.kinds.drift import told
from gnomon.checks.kinds.drift.looked import looked
from gnomon.checks.kinds.drift.sides import names_of, side_of, texts
from gnomon.checks.result import CheckResult
from gnomon.errors import BadArgumentError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_SHIFT = 0.1


def drift(
    reference: object,
    current: object,
    *,
    columns: Sequence[str] | None = None,
    ignore: Iterable[str] = (),
    max_shift: float = MAX_SHIFT,
    level: float = 0.05,
    seed: int = 0,
    name: str | None = None,
) -> CheckResult:
    """Return whether, and how far, the columns of a table moved away from those of another.

    Parameters
    ----------
    reference, current
        Tables as `rows_of` takes them, sketches (`sketch_of`), or profiles of versions of data, of one table each.
    columns, ignore
        Which columns to look at, and which not; all, by default. A column that only one table has fails, and so does
        one whose type changed.
    max_shift : float in (0, 1)
        How far a column may move: by the Kolmogorov-Smirnov distance of numbers and times, the total variation distance of
        categories, the difference of shares of missing values. 0.1 is a quarter of a standard deviation, or one row in ten
        with another category.
    level : float in (0, 1)
        The chance, at most, that anything fails where nothing moved.
    seed
        Draws the rows and halves of the joint test, and the halves of categories.

    Raises
    ------
    BadArgumentError, MissingFileError, DamagedFileError
        As `rows_of` does, or where a setting or the name of a column makes no sense.
    """
    _check_share("max_shift", max_shift)
    _check_share("level", level)
    with ExitStack() as stack:
        sides = [
            side_of(stack, table, role) for table, role in ((reference, "reference"), (current, "current"))
        ]
        names = names_of(sides, columns, ignore)
        seen, notes = looked(sides[0], sides[1], names, max_shift, seed)
        evidence = tuple(side.evidence for side in sides)
    found = told.judged(seen, max_shift, level)
    return CheckResult(
        "drift",
        name or "drift",
        sum(seen.rows),
        found.findings,
        (told.figures(seen, found, level),),
        told.charts(seen, found, max_shift, level),
        tuple(notes + _same_file(evidence)),
        {
            "columns": list(texts(columns)) if columns is not None else None,
            "ignore": sorted(texts(ignore)),
            "max_shift": max_shift,
            "seed": seed,
        },
        evidence,
        level,
    )


def _check_share(argument: str, value: float) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1:
        raise BadArgumentError(f"`{argument}` of `drift` must be a number between 0 and 1; got {value!r}")


def _same_file(evidence: Sequence[dict[str, object]]) -> list[str]:
    digests = [one.get("digest") for one in evidence]
    return ["both tables are the same bytes"] if digests[0] is not None and digests[0] == digests[1] else []
