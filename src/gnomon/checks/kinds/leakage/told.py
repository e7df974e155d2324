"""The findings, tables and charts of a leakage check, from what was counted and measured.

Always true: what is counted (rows, keys, times) has no interval, because it is so of these tables; what is measured (how well
a column tells the target) has one, and all of those are corrected together (Holm).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gnomon import text
from gnomon.checks.intervals import two_sided
from gnomon.checks.kinds.leakage.overlap import CHANCE, COPIES, Overlap
from gnomon.checks.kinds.leakage.tells import FIGURES, ID_LIMITS, LIMITS, Tell
from gnomon.checks.kinds.performance.ends import smallest_level
from gnomon.checks.result import FAIL, PASS, UNKNOWN, Chart, Figures, Finding, Series
from gnomon.runs.importance.share import holm

if TYPE_CHECKING:
    from collections.abc import Sequence

SURE = 0.001  # chance of so many more rows in training than repeat there, from which down it is no chance
FEWEST = 50  # test rows: with fewer, a column that tells nothing and one that tells all are not told apart
LISTED, DRAWN = 50, 15


class Excess(NamedTuple):
    """The share of test rows in training, the share that repeats within training explain, and the chance of a larger one."""

    share: float
    expected: float
    chance: float


def excess_of(found: Overlap) -> Excess:
    """Return whether more test rows are in training than training rows repeat there.

    Rows that are equal come together, so groups of equal rows are what is counted, as many as there are different ones.
    """
    expected = found.train.repeated
    groups = found.train.distinct - found.train.single
    of_train = (found.train.rows - found.train.single) / groups if groups else 1.0
    of_test = found.features / found.different if found.different else 1.0
    n, m = found.test.rows / max(1.0, of_test), found.train.rows / max(1.0, of_train)
    if not n or not m:
        return Excess(found.share, expected, 1.0)
    both = (found.share * n + expected * m) / (n + m)
    deviation = (both * (1 - both) * (1 / n + 1 / m)) ** 0.5
    if deviation <= 0 or found.share <= expected:
        return Excess(found.share, expected, 1.0)
    return Excess(found.share, expected, two_sided((found.share - expected) / deviation) / 2)


def of_rows(found: Overlap, limit: float, level: float) -> Finding:
    """Return the finding about test rows that are in training."""
    what = "test rows are not in training"
    words = f"at most {_percent(limit)} of test rows, beyond what chance makes"
    if not found.test.rows or not found.train.rows:
        return Finding("overlap.rows", what, UNKNOWN, limit=words, note="a table has no rows")
    excess, reading = excess_of(found), found.reading
    said = f"{found.features:,} of {found.test.rows:,} test rows have features that a training row has"
    if found.features == 0:
        return Finding("overlap.rows", what, PASS, 0.0, limit=words)
    if found.share <= limit:
        return Finding("overlap.rows", what, PASS, found.share, limit=words, note=said)
    is_more = excess.chance <= min(SURE, level) and excess.share - excess.expected > limit
    if reading == COPIES:
        why = "they agree in all columns, and rows hardly ever agree in all but one: copies, or the same thing twice"
        before = (
            "" if is_more else "; training repeats rows as often, so it was so before the tables were split"
        )
        return Finding("overlap.rows", what, FAIL, found.share, limit=words, note=f"{said}; {why}{before}")
    usual = f"{_percent(excess.expected)} of training rows repeat within training"
    if not is_more and reading == CHANCE:
        coarse = f"{said}, as chance makes with columns of so few values ({usual}): it says nothing of a leak"
        return Finding(
            "overlap.rows", what, PASS, max(0.0, excess.share - excess.expected), limit=words, note=coarse
        )
    if is_more and reading != CHANCE:
        return Finding("overlap.rows", what, FAIL, found.share, limit=words, note=f"{said}; only {usual}")
    more = f"only {usual}" if is_more else usual
    note = f"{said}; {more}. It may be chance, another mixture of rows, or copying; `key` would tell"
    return Finding("overlap.rows", what, UNKNOWN, found.share, limit=words, note=note)


def of_keys(found: Overlap, key: Sequence[str], limit: float) -> Finding:
    """Return the finding about keys that both tables have."""
    name = ", ".join(f"`{one}`" for one in key)
    what, words = f"no {name} is in both tables", f"at most {_percent(limit)} of test rows"
    if not found.keyed:
        return Finding(
            "overlap.keys", what, UNKNOWN, limit=words, note=f"{name} is missing in every test row"
        )
    keys = found.keys or 0
    note = f"{keys:,} of {found.keyed:,} test rows" if keys else ""
    return Finding(
        "overlap.keys",
        what,
        FAIL if keys / found.keyed > limit else PASS,
        keys / found.keyed,
        limit=words,
        note=note,
    )


def of_time(found: Overlap, time: str, limit: float) -> Finding:
    """Return the finding about training rows from after the first test row."""
    what, words = (
        f"training ends before the test begins, by `{time}`",
        f"at most {_percent(limit)} of training rows later",
    )
    if not found.timed:
        return Finding(
            "time",
            what,
            UNKNOWN,
            limit=words,
            note=f"`{time}` is missing, or no time, in every row of a table",
        )
    late = found.late or 0
    later = f"{late:,} of {found.timed:,} training rows are later than the first test row"
    note = f"{later}; {found.early or 0:,} test rows are earlier than the last training row" if late else ""
    return Finding(
        "time", what, FAIL if late / found.timed > limit else PASS, late / found.timed, limit=words, note=note
    )


# ---------------------------------------------------------------- columns


def of_columns(tells: Sequence[Tell], kind: str, rows: int, level: float) -> list[Finding]:
    """Return a finding for each column that gives the target away, or may; where there is none, one for all."""
    measured = [one for one in tells if one.ends is not None and one.value is not None]
    limits = [_limits(one, kind) for one in measured]
    chances = [
        smallest_level(lambda low, _, most=most: low > most, one.ends) if one.value > most else 1.0  # type: ignore[misc,arg-type,operator]
        for one, (most, _) in zip(measured, limits, strict=True)
    ]
    corrected = holm(chances)
    found = []
    for one, (most, words), chance in zip(measured, limits, corrected, strict=True):
        if one.value is not None and one.value > most:
            found.append(_of_column(one, kind, (most, words), chance, max(1, len(measured)), level))
    return found or [_of_none(tells, measured, kind, rows)]


def _limits(one: Tell, kind: str) -> tuple[float, str]:
    return (ID_LIMITS[kind], "names") if one.is_id else (LIMITS[kind], "tells")


def _of_column(
    one: Tell, kind: str, limit: tuple[float, str], chance: float, count: int, level: float
) -> Finding:
    assert one.ends is not None  # noqa: S101  the caller looked
    most, word = limit
    low, high = one.ends(level / count)
    words = f"{FIGURES[kind]} of the column alone at most {text.number(most)}"
    is_sure = chance <= level
    if word == "names":
        what = f"`{one.name}` names rows and tells the target"
        note = "nearly every row has its own value: an order, or a name, that was given with the target known"
    else:
        what = f"`{one.name}` gives the target away"
        note = "known only afterwards, or made from the target? if neither, put it into `ignore`"
    if not is_sure:
        what, note = (
            what.replace(" tells", " may tell").replace(" gives", " may give"),
            "more test rows would tell",
        )
    return Finding(
        f"target.{one.name}", what, FAIL if is_sure else UNKNOWN, one.value, low, high, words, note
    )


def _of_none(tells: Sequence[Tell], measured: Sequence[Tell], kind: str, rows: int) -> Finding:
    what = "no column alone gives the target away"
    words = f"{FIGURES[kind]} at most {text.number(LIMITS[kind])}"
    if not measured:
        why = next((one.why for one in tells if one.why), "no column could be looked at")
        return Finding("target", what, UNKNOWN, limit=words, note=why)
    best = max(measured, key=lambda one: one.value or 0.0)
    if rows < FEWEST:
        note = f"the test set has {rows:,} rows with a target, and {FEWEST} are needed"
        return Finding("target", what, UNKNOWN, best.value, limit=words, note=note)
    note = f"{len(measured):,} columns were looked at; `{best.name}` tells most"
    return Finding("target", what, PASS, best.value, limit=words, note=note)


# ---------------------------------------------------------------- figures


def overlap_table(found: Overlap) -> Figures:
    """Return how many test rows training has."""
    n = found.test.rows
    rows = [
        ("the same features", found.features, _share(found.features, n)),
        ("the same features and target", found.same_target, _share(found.same_target, n)),
        ("the same features, only with another target", found.other_target, _share(found.other_target, n)),
        ("every column the same", found.every_column, _share(found.every_column, n)),
        ("expected from repeats within training", None, found.train.repeated),
    ]
    if found.keyed is not None:
        rows.append(("a key of training", found.keys, _share(found.keys or 0, found.keyed)))
    return Figures("overlap", "Test rows that training has", ("what", "rows", "share"), tuple(rows))


def duplicates_table(found: Overlap) -> Figures:
    """Return how often rows repeat within each table."""
    rows = tuple(
        (name, one.rows, one.distinct, one.rows - one.distinct, one.repeated, one.rows - one.distinct_rows)
        for name, one in (("train", found.train), ("test", found.test))
    )
    columns = ("table", "rows", "different", "duplicates", "repeated", "duplicates_in_every_column")
    return Figures("duplicates", "Rows that repeat within a table, by features", columns, rows)


def columns_table(tells: Sequence[Tell], kind: str, level: float) -> Figures:
    """Return the columns that tell most of the target."""
    best = strongest(tells)[:LISTED]
    rows = []
    for one in best:
        low, high = one.ends(level) if one.ends is not None else (None, None)
        rows.append((one.name, one.value, low, high, one.is_id))
    note = f"the {LISTED} that tell most, of {len(tells):,}" if len(tells) > LISTED else ""
    title = f"What each column alone tells of the target ({FIGURES[kind]}, on test rows)"
    return Figures(
        "columns", title, ("column", "tells", "tells_low", "tells_high", "names_rows"), tuple(rows), note
    )


def strongest(tells: Sequence[Tell]) -> list[Tell]:
    """Return columns that have a figure, the strongest first."""
    return sorted(
        (one for one in tells if one.value is not None), key=lambda one: (-(one.value or 0.0), one.name)
    )


def chart_of(tells: Sequence[Tell], kind: str, level: float) -> Chart | None:
    """Return the strongest columns with intervals."""
    best = [one for one in strongest(tells) if one.ends is not None][:DRAWN]
    if not best:
        return None
    lows, highs = zip(*(one.ends(level) for one in best if one.ends is not None), strict=True)
    series = Series(
        FIGURES[kind], tuple(one.name for one in best), tuple(one.value for one in best), lows, highs
    )
    title = "What each column alone tells of the target"
    return Chart("columns", title, "intervals", (series,), "column", FIGURES[kind], limit=LIMITS[kind])


def _share(count: int, total: int) -> float | None:
    return count / total if total else None


def _percent(share: float) -> str:
    """Return a share as percent.

    >>> _percent(0.01), _percent(0.6147), _percent(1.0)
    ('1 %', '61.5 %', '100 %')
    """
    return f"{100 * share:.3g} %"
