"""What `gnomon runs --groups` and `gnomon compare --groups` write: tables of groups, and which one is better.

No logic of groups is here; see `runs.groups.table` and `runs.groups.contest`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.runs.groups.spread import Spread

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gnomon.runs.face import Terminal
    from gnomon.runs.groups.contest import GroupComparison, Row
    from gnomon.runs.groups.table import GroupTable

WHISKER_WIDTH = 24
NARROWEST_WHISKER = 11
VERDICT_STYLES = {"better": "green", "worse": "red", "cannot tell": "yellow"}


# ---------------------------------------------------------------- gnomon runs --groups


def write_groups(table: GroupTable, columns: Sequence[str], terminal: Terminal) -> None:
    """Write a table of groups for a person."""
    shown_as = {key: _cell_of(key, terminal) for key in columns if key in ("created", "seeds", "duration")}
    rows = [
        {
            key: _text(value) if isinstance(value, Spread) and key != "duration" else value
            for key, value in row.items()
        }
        for row in table.to_pylist()
    ]
    left_out = terminal.table(
        columns,
        rows,
        shown_as,
        styles={"name": lambda _: "bold", "apart": lambda _: "dim"},
        importance=_importance(columns),
    )
    if len(table) < table.total:
        terminal.say(
            f"{len(table):,} of {terminal.count(table.total, 'group')}; `--all` or `--limit N` shows more"
        )
    if left_out:
        names = ", ".join(terminal.clean(key) for key in left_out[:5]) + (", …" if len(left_out) > 5 else "")
        terminal.say(
            f"too narrow for {terminal.count(len(left_out), 'column')} ({names}); `--columns` chooses"
        )


def write_groups_csv(table: GroupTable, terminal: Terminal) -> None:
    """Write CSV: of each metric its mean, and in a column of its own its spread."""
    from gnomon.runs.table import iso_time

    columns: list[str] = []
    rows: list[dict[str, object]] = [{} for _ in range(len(table))]
    for key in table.columns:
        cells = table.column(key)
        is_spread = any(isinstance(cell, Spread) for cell in cells)
        columns += [key, f"{key}.spread"] if is_spread else [key]
        for row, cell in zip(rows, cells, strict=True):
            row[key] = cell.mean if isinstance(cell, Spread) else iso_time(cell) if key == "created" else cell
            if isinstance(cell, Spread):
                row[f"{key}.spread"] = cell.spread
    terminal.csv(columns, rows)


def _text(cell: Spread) -> str | None:
    return str(cell) if cell.mean is not None else "nan" if cell.left_out else None


def _cell_of(key: str, terminal: Terminal) -> Callable[[object], str]:
    if key == "created":
        return terminal.timestamp
    if key == "duration":
        return lambda cell: terminal.duration(cell.mean) if isinstance(cell, Spread) else "-"
    return lambda seeds: terminal.value(seeds) if seeds else "-"


def _importance(columns: Sequence[str]) -> list[str]:
    metrics = [key for key in columns if key.startswith("metrics.")]
    params = [key for key in columns if key.startswith("params.")]
    mixed = [key for pair in zip(metrics, params, strict=False) for key in pair]
    return list(dict.fromkeys(["name", "n", *mixed[:4], "apart", *mixed, *metrics, *params]))


# ---------------------------------------------------------------- gnomon compare --groups


def write_contest(found: GroupComparison, limit: int | None, terminal: Terminal) -> None:
    """Write the groups by their mean, how each compares with the reference, and the sentence to paste into a report."""
    way = f"{found.better} is better{' (a guess from its name; `--better` says)' if found.is_guessed else ''}"
    terminal.write(f"{terminal.style(terminal.clean(found.metric), 'bold')} at {found.at}, {way}")
    terminal.write()
    rows = _chosen(found, limit)
    axis = _Axis(rows, WHISKER_WIDTH if terminal.width is None else _room(terminal.width, rows))
    table = [_as_row(row, found, axis, terminal) for row in rows]
    columns = [
        "group",
        "n",
        "mean ± spread",
        axis.title(found.judgement.level),
        "difference",
        "interval",
        "p",
        "verdict",
        "seeds to settle",
    ]
    kept = [
        key for key in columns if key in ("group", "n") or any(row[key] not in (None, "") for row in table)
    ]
    reference = found.judgement.reference
    terminal.table(
        kept, table,
        styles={
            "group": lambda name: "bold" if name == reference else "",
            "verdict": lambda verdict: VERDICT_STYLES.get(str(verdict).partition(",")[0], "dim"),
            axis.title(found.judgement.level): lambda _: "dim",
        },
        importance=["group", "mean ± spread", "verdict", "difference", "interval", "n", "p", "seeds to settle"],
    )  # fmt: skip
    if len(rows) < len(found.rows):
        terminal.say(
            f"{len(rows):,} of {terminal.count(len(found.rows), 'group')}; `--all` or `--limit N` shows more"
        )
    terminal.write()
    for line in terminal.clean_lines(found.sentence):
        terminal.write(line)
    if found.notes:
        terminal.write()
    for note in found.notes:
        terminal.write(terminal.style(f"note: {terminal.clean(note)}", "yellow"))


def _chosen(found: GroupComparison, limit: int | None) -> list[Row]:
    """Return the first rows, and that of the baseline wherever it stands."""
    if limit is None or len(found.rows) <= limit:
        return list(found.rows)
    rows = list(found.rows[:limit])
    named = [row for row in found.rows[limit:] if row.comparison is None and found.judgement.is_baseline]
    return [*rows[: max(0, limit - len(named))], *named]


def _as_row(row: Row, found: GroupComparison, axis: _Axis, terminal: Terminal) -> dict[str, object]:
    one, versus = row.standing, row.comparison
    cells: dict[str, object] = {
        "group": row.name,
        "n": one.n,
        "mean ± spread": str(Spread(one.n, one.mean, one.spread)),
        axis.title(found.judgement.level): axis.drawn(one.low, one.mean, one.high, is_unicode=_draws(terminal)),
        "difference": None, "interval": None, "p": None, "verdict": "", "seeds to settle": None,
    }  # fmt: skip
    if versus is None:
        if row.name == found.judgement.reference:
            is_first = row.name == found.rows[0].name
            cells["verdict"] = (
                "baseline" if found.judgement.is_baseline else "best mean" if is_first else "best of 2+ seeds"
            )
        return cells
    cells["verdict"] = versus.verdict + (", paired" if versus.is_paired else "")
    if versus.difference is not None:
        cells["difference"] = f"{-versus.difference:+.4g}"
    if versus.low is not None and versus.high is not None:
        cells["interval"] = f"{-versus.high:+.3g} to {-versus.low:+.3g}"
    if versus.p is not None:
        cells["p"] = "<0.001" if versus.p < 0.001 else f"{versus.p:.3f}"
    if versus.more_seeds is not None:
        cells["seeds to settle"] = f"+{versus.more_seeds:,}"
    return cells


def _draws(terminal: Terminal) -> bool:
    return bool(getattr(terminal, "is_unicode", True))


def _room(width: int, rows: Sequence[Row]) -> int:
    """Return how wide a whisker may be: what names and figures leave, within bounds."""
    longest = max((len(row.name) for row in rows), default=0)
    return max(NARROWEST_WHISKER, min(WHISKER_WIDTH, width - min(longest, 32) - 75))


class _Axis:
    """The common scale of the drawn intervals."""

    def __init__(self, rows: Sequence[Row], width: int) -> None:
        ends = [
            value
            for row in rows
            for value in (row.standing.low, row.standing.mean, row.standing.high)
            if value is not None and abs(value) != float("inf")
        ]
        means = [row.standing.mean for row in rows if row.standing.mean is not None]
        self.width = width
        self.low, self.high = min(ends, default=0.0), max(ends, default=0.0)
        if len(means) > 1:
            # A single interval of two seeds can be a hundred times wider than all others: it is cut, not they squeezed.
            spread = max(means) - min(means)
            tight = sorted(
                row.standing.high - row.standing.low
                for row in rows
                if row.standing.high is not None and row.standing.low is not None
            )
            room = max(spread, tight[len(tight) // 2] if tight else 0.0) * 1.5
            self.low, self.high = max(self.low, min(means) - room), min(self.high, max(means) + room)

    def title(self, level: float) -> str:
        """Return the title of the column."""
        return f"{100 * (1 - level):g} % of the mean"

    def drawn(self, low: float | None, mean: float | None, high: float | None, *, is_unicode: bool) -> str:
        """Return a dot with whiskers, `├──●──┤`; an end that is further out than the axis is an arrow."""
        if mean is None or not self.high > self.low:
            return ""
        cells = [" "] * self.width
        line, left, right, dot = ("─", "├", "┤", "●") if is_unicode else ("-", "|", "|", "o")
        at = self._place(mean)
        if low is not None and high is not None:
            start, end = self._place(low), self._place(high)
            cells[start : end + 1] = [line] * (end + 1 - start)
            cells[start] = left if low >= self.low else ("◂" if is_unicode else "<")
            cells[end] = right if high <= self.high else ("▸" if is_unicode else ">")
        cells[at] = dot
        return "".join(cells).rstrip()

    def _place(self, value: float) -> int:
        share = (value - self.low) / (self.high - self.low)
        return max(0, min(self.width - 1, round(share * (self.width - 1))))
