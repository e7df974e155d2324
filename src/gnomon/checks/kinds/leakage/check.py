"""The leakage check: does the test set know what it should not? Rows that were trained on, columns that give the target away.

Always true: nothing is claimed of rows that are nearly equal; counts are exact; no row is kept. Story:
docs/explanation/performance-checks.md, "Leakage".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gnomon.checks.kinds.leakage.asked import MAX_OVERLAP, Asked, asked_of, columns_of
from gnomon.checks.result import CheckResult

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.checks.kinds.leakage.asked import Columns
    from gnomon.checks.kinds.leakage.hashed import Sides
    from gnomon.checks.kinds.leakage.overlap import Overlap
    from gnomon.checks.kinds.leakage.tells import Target, Tell

MOST_COLUMNS = 2000  # that are held against the target
MOST_ROWS = 100_000  # of each table, evenly spread, for that
_AT_ONCE = 4_000_000  # cells read together
_SHOWN = 5


def leakage(
    train: object,
    test: object,
    *,
    target: str,
    columns: str | Sequence[str] | None = None,
    ignore: str | Sequence[str] = (),
    key: str | Sequence[str] | None = None,
    time: str | None = None,
    max_overlap: float = MAX_OVERLAP,
    level: float = 0.05,
    seed: int = 0,
    name: str | None = None,
) -> CheckResult:
    """Return whether a test set says more of a model than it should.

    Parameters
    ----------
    train, test
        Two tables, each as in the other checks. Lazy tables of Spark and others are brought here.
    target
        The column that is predicted.
    columns, ignore
        The features; all columns that both tables have unless given, less `ignore`, `key`, `time` and the target.
    key
        Columns that together name one person or thing, of which none should be in both tables.
    time
        When a row is from: training rows later than the first test row are leaks.
    max_overlap
        The share of test rows that may be in training; also of those that may have a key of training, and of training rows that
        may be later. With 0.01, an accuracy is at most a hundredth too high.
    level
        The chance, at most, that one or more columns are said to give the target away, of which none does.
    seed
        Nothing is drawn; kept so that all checks take it.

    Raises
    ------
    BadArgumentError, MissingFileError, DamagedFileError, MissingExtraError
    """
    from gnomon.checks.kinds.leakage.hashed import in_engines, is_nested
    from gnomon.checks.kinds.leakage.overlap import overlap_of
    from gnomon.checks.rows import rows_of

    asked = asked_of(
        target=target, columns=columns, ignore=ignore, key=key, time=time, max_overlap=max_overlap, level=level, seed=seed,
        name=name,
    )  # fmt: skip
    with (
        rows_of(train, argument="train", role="train") as one,
        rows_of(test, argument="test", role="test") as two,
    ):
        found = columns_of(one, two, asked)
        with in_engines(one, two) as sides:
            overlap = overlap_of(sides, found.features, asked)
            nested = [one for one in found.features if any(is_nested(types[one]) for types in sides.types)]
            looked_at, tells = _tells(sides, [one for one in found.features if one not in nested], asked)
        evidence = [
            {**rows.evidence, "rows": within.rows}
            for rows, within in ((one, overlap.train), (two, overlap.test))
        ]
    return _result(overlap, found, nested, looked_at, tells, asked, evidence)


def _tells(sides: Sides, features: Sequence[str], asked: Asked) -> tuple[Target, list[Tell]]:
    """Return how well each feature alone tells the target; features hold no lists or records."""
    from gnomon.checks.kinds.leakage.tells import target_of, tell

    found = target_of(*_read(sides, [asked.target])[asked.target])
    count, rows = min(len(features), MOST_COLUMNS), max(1, sides.train.count, sides.test.count)
    step = max(1, _AT_ONCE // rows)
    tells = []
    for at in range(0, count, step):
        for name, (one, two) in _read(sides, features[at : min(at + step, count)]).items():
            tells.append(tell(name, one, two, found))
    return found, tells


def _read(sides: Sides, names: Sequence[str]) -> dict[str, tuple[Any, Any]]:
    """Return columns of both tables, of a larger one every so many rows."""
    both = []
    for rows in (sides.train, sides.test):
        step = max(1, -(-rows.count // MOST_ROWS))
        both.append({name: values[::step] for name, values in rows.arrays(names).items()})
    return {name: (both[0][name], both[1][name]) for name in names}


def _result(
    overlap: Overlap,
    columns: Columns,
    nested: list[str],
    target: Target,
    tells: list[Tell],
    asked: Asked,
    evidence: list[dict[str, object]],
) -> CheckResult:
    from gnomon.checks.kinds.leakage import told
    from gnomon.checks.kinds.leakage.tells import LIMITS

    findings = [told.of_rows(overlap, asked.max_overlap, asked.level)]
    findings += [told.of_keys(overlap, asked.key, asked.max_overlap)] if asked.key else []
    findings += [told.of_time(overlap, asked.time, asked.max_overlap)] if asked.time is not None else []
    findings += told.of_columns(tells, target.kind, len(target.test), asked.level)
    chart = told.chart_of(tells, target.kind, asked.level)
    figures = (
        told.overlap_table(overlap),
        told.duplicates_table(overlap),
        told.columns_table(tells, target.kind, asked.level),
    )
    settings = {**asked._asdict(), "task": target.kind, "target_limit": LIMITS[target.kind]}
    del settings["name"]
    notes = tuple(_notes(overlap, columns, nested, tells, target))
    return CheckResult(
        "leakage", asked.name, overlap.train.rows + overlap.test.rows, tuple(findings), figures,
        () if chart is None else (chart,), notes, settings, tuple(evidence), asked.level,
    )  # fmt: skip


def _notes(
    overlap: Overlap, columns: Columns, nested: list[str], tells: list[Tell], target: Target
) -> list[str]:
    notes = []
    for names, table in ((columns.only_train, "training"), (columns.only_test, "test")):
        if names:
            notes.append(f"only the {table} table has {_shown(names)}: left out")
    if not columns.features:
        notes.append("the tables share no feature")
    if nested:
        notes.append(f"lists and records were not held against the target: {_shown(nested)}")
    plain = len(columns.features) - len(nested)
    if plain > len(tells):
        notes.append(
            f"{len(tells):,} of {plain:,} columns were held against the target; `columns` names others"
        )
    rows = max(overlap.train.rows, overlap.test.rows)
    if rows > MOST_ROWS:
        notes.append(
            f"columns were held against the target on up to {MOST_ROWS:,} rows of each table, evenly spread"
        )
    missing = int((~target.kept_train).sum()), int((~target.kept_test).sum())
    if any(missing):
        notes.append(
            f"the target is missing in {missing[0]:,} training and {missing[1]:,} test rows: not held against columns"
        )
    if overlap.other_target:
        notes.append(
            f"{overlap.other_target:,} test rows have the features of training rows, and another target"
        )
    return notes


def _shown(names: Sequence[str]) -> str:
    return ", ".join(f"`{one}`" for one in names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
