"""What `gnomon runs --groups` and `gnomon compare --groups` write: tables of groups, and which one is better.

No logic of groups is here; see `runs.groups.table` and `runs.groups.contest`. The table of a verdict: `groups.contest_table`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gnomon.runs.groups.spread import Spread

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gnomon.runs.face import Terminal
    from gnomon.runs.groups.contest import GroupComparison
    from gnomon.runs.groups.table import GroupTable


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
    for note in table.notes():
        terminal.say(terminal.style(f"note: {terminal.clean(note)}", "yellow", talk=True))


def write_groups_csv(table: GroupTable, terminal: Terminal) -> None:
    """Write CSV: of each metric its mean (nan where a seed failed), and in columns of their own its spread and the number of
    seeds with a finite value.
    """
    from gnomon.runs.table import iso_time

    columns: list[str] = []
    rows: list[dict[str, object]] = [{} for _ in range(len(table))]
    for key in table.columns:
        cells = table.column(key)
        is_spread = any(isinstance(cell, Spread) for cell in cells)
        columns += [key, f"{key}.spread", f"{key}.n"] if is_spread else [key]
        for row, cell in zip(rows, cells, strict=True):
            row[key] = cell
            if isinstance(cell, Spread):
                spread = math.nan if cell.failed else cell.spread
                row |= {key: cell.honest_mean, f"{key}.spread": spread, f"{key}.n": cell.n}
            elif key == "created":
                row[key] = iso_time(cell)
    terminal.csv(columns, rows)


def _text(cell: Spread) -> str | None:
    return str(cell) if cell.mean is not None or cell.failed else None


def _cell_of(key: str, terminal: Terminal) -> Callable[[object], str]:
    if key == "created":
        return terminal.timestamp
    if key == "duration":
        return lambda cell: terminal.duration(cell.mean) if isinstance(cell, Spread) else "-"
    return lambda seeds: terminal.value(seeds) if seeds else "-"


def _importance(columns: Sequence[str]) -> list[str]:
    metrics = [key for key in columns if key.startswith("metrics.")]
    params = [key for key in columns if key.startswith(("params.", "data."))]
    mixed = [key for pair in zip(metrics, params, strict=False) for key in pair]
    return list(dict.fromkeys(["name", "n", *mixed[:4], "apart", *mixed, *metrics, *params]))


# ---------------------------------------------------------------- gnomon compare --groups


def write_contest(found: GroupComparison, limit: int | None, terminal: Terminal) -> None:
    """Write the groups by their mean, how each compares with the reference, and the sentence to paste into a report."""
    from gnomon.runs.groups.contest_table import write_table, write_unjudged

    way = f"{found.better} is better{' (a guess from its name; `--better` says)' if found.is_guessed else ''}"
    _wrapped(f"{terminal.style(terminal.clean(found.metric), 'bold')} at {found.at}, {way}", terminal)
    if found.rows:
        terminal.write()
        write_table(found, limit, terminal)
    write_unjudged(found, limit, terminal)
    terminal.write()
    _wrapped(terminal.clean(found.sentence), terminal)
    if found.notes:
        terminal.write()
    for note in found.notes:
        _wrapped(f"note: {terminal.clean(note)}", terminal, "yellow")


def write_several(found: Sequence[GroupComparison], limit: int | None, terminal: Terminal) -> None:
    """Write the verdicts by several metrics, one after the other."""
    for number, one in enumerate(found):
        if number:
            terminal.write("\n")
        write_contest(one, limit, terminal)
    terminal.write()
    _wrapped(
        f"{len(found):,} metrics, each judged on its own: the level holds for one of them, not for all together.",
        terminal, "dim",
    )  # fmt: skip


def _wrapped(text: str, terminal: Terminal, style: str = "") -> None:
    """Write a text, on a terminal in lines that end between words."""
    lines = [text]
    if terminal.width is not None:
        from textwrap import wrap

        lines = wrap(text, terminal.width, break_long_words=False, break_on_hyphens=False) or [""]
    for line in lines:
        terminal.write(terminal.style(line, style) if style else line)
