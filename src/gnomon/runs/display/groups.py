"""Groups of seeds: a table of them, one of them, and which is better by a metric."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon import text
from gnomon.runs.display import look, tables
from gnomon.runs.display.markup import Html, tag
from gnomon.runs.display.shorten import more, short, words
from gnomon.runs.display.sparkline import Whiskers
from gnomon.runs.groups.contest_table import cells_of
from gnomon.runs.groups.spread import Spread

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gnomon.runs.display.markup import Child
    from gnomon.runs.groups.contest import GroupComparison, Row
    from gnomon.runs.groups.definition import SeedGroup
    from gnomon.runs.groups.table import GroupTable

ROWS, COLUMNS, SEEDS, NOTES = 50, 24, 12, 8
SPREAD = "± is the standard deviation between seeds"


def group_table_html(found: GroupTable) -> str:
    """Return the first groups of a table."""
    if not len(found):
        return look.framed(tag("div", "no group of seeds", class_="dim"))
    keys = found.default_columns()
    shown = keys[:COLUMNS]
    cells = [found.column(key)[:ROWS] for key in shown]
    rows = [
        [_cell(key, value) for key, value in zip(shown, row, strict=True)] for row in zip(*cells, strict=True)
    ]
    heads = tables.heads(shown)
    metrics = [head for head, key in zip(heads, shown, strict=True) if key.startswith("metrics.")]
    count = min(len(found), ROWS)
    said = (
        f"{count:,} of {text.count(found.total, 'group')}"
        if count < found.total
        else text.count(count, "group")
    )
    return look.framed(
        tables.table(heads, rows, numbers=metrics),
        tables.below(said, SPREAD, more(len(keys) - COLUMNS, "column")),
        [look.warning(words(note, 500)) for note in found.notes()[:NOTES]],
    )


def group_html(group: SeedGroup) -> str:
    """Return one group."""
    seeds = ", ".join(short(seed, 20) or "?" for seed in group.seeds[:SEEDS])
    return look.framed(
        tag("div", tag("b", words(group.name)), " ", words(str(group.count)), class_="head"),
        look.facts(
            f"seeds {seeds}{', …' if len(group.seeds) > SEEDS else ''}" if group.seeds else None,
            _apart(group.apart),
        ),
        tables.pairs(list(group.params.items())[:COLUMNS]),
        tables.below(more(len(group.params) - COLUMNS, "parameter")),
    )


def contest_html(found: GroupComparison) -> str:
    """Return which group is better by a metric, the sentence first."""
    rows = _chosen(found)
    spans = Whiskers([(row.standing.low, row.standing.mean, row.standing.high) for row in rows])
    interval = f"{100 * (1 - found.judgement.level):g} % interval of the mean"
    columns = [
        "group",
        "n",
        "mean ± spread",
        interval,
        "difference",
        "interval",
        "p",
        "verdict",
        "seeds to settle",
    ]
    cells = [_contest_row(row, found, spans) for row in rows]
    kept = [at for at in range(len(columns)) if at < 3 or any(row[at] not in (None, "") for row in cells)]
    way = "" if not found.is_guessed else "; which way is better is a guess from the name (`better=` says)"
    count = f"{len(rows):,} of {text.count(len(found), 'group')}" if len(rows) < len(found) else ""
    return look.framed(
        tag("div", tag("b", words(found.metric)), f" at {words(found.at)}, {found.better} is better{way}", class_="head"),
        tag("p", words(found.sentence, 2_000)),
        tables.table(
            [columns[at] for at in kept], [[row[at] for at in kept] for row in cells], numbers=columns[2:3] + columns[4:7]
        ),
        tables.below(count, SPREAD),
        _unjudged(found),
        [look.warning(words(note, 500)) for note in found.notes[:NOTES]],
    )  # fmt: skip


def _chosen(found: GroupComparison) -> list[Row]:
    """Return the first rows, and that of a baseline wherever it stands."""
    rows = list(found.rows[:ROWS])
    return rows + [row for row in found.rows[ROWS:] if row.name == found.judgement.reference]


def _contest_row(row: Row, found: GroupComparison, spans: Whiskers) -> list[object]:
    one, versus, said = row.standing, row.comparison, cells_of(row, found)
    is_reference = row.name == found.judgement.reference
    name = tag("b", words(row.name, 80)) if is_reference else words(row.name, 80)
    cells: list[object] = [
        name,
        said["n"],
        said["mean ± spread"],
        spans.drawn(one.low, one.mean, one.high) or None,
    ]
    if versus is None:
        return [*cells, None, None, None, said["verdict"], None]
    kind = versus.verdict if versus.verdict in ("better", "worse") else None
    verdict = tag("span", str(said["verdict"]), class_=kind, title=versus.why)
    return [*cells, said["difference"], said["interval"], said["p"], verdict, said["seeds to settle"]]


def _unjudged(found: GroupComparison) -> list[Html]:
    """Return the groups that were compared with nothing."""
    rows = [row for row in found.unjudged if row.standing.n]
    if not rows:
        return []
    cells = [[words(row.name, 80), row.standing.mean] for row in rows[:ROWS]]
    return [
        tag("p", "not judged: one seed says nothing about its own noise"),
        tables.table(["group", "value"], cells, numbers=["value"]),
        tables.below(more(len(rows) - ROWS, "group")),
    ]


def _apart(apart: Mapping[str, int]) -> str:
    listed = ", ".join(f"{count:,} {words(status, 40)}" for status, count in apart.items())
    return f"not counted: {listed}" if listed else ""


def _cell(key: str, value: object) -> Child | object:
    if isinstance(value, Spread):
        if key == "duration":
            return text.duration(value.mean)
        return str(value) if value.mean is not None or value.failed else None
    if key == "name":
        return tag("b", words(value, 80))
    if key == "created":
        return tag("span", text.timestamp(value), class_="t")
    if isinstance(value, dict):
        return _apart(value).removeprefix("not counted: ")
    return value if value is None or isinstance(value, (int, float, Html)) else short(value, 80)
