"""A result in the terminal: the verdict, the findings with their intervals drawn on one scale, then the figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gnomon import text
from gnomon.checks.result import FAIL, PASS, UNKNOWN
from gnomon.runs.plot.whiskers import Whiskers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.checks.comparing import Comparison, Difference
    from gnomon.checks.result import CheckResult, Figures, Finding
    from gnomon.runs.face import Terminal

STYLES = {PASS: "green", FAIL: "red", UNKNOWN: "yellow"}
MARKS = {PASS: "✓", FAIL: "✗", UNKNOWN: "?"}
PLAIN_MARKS = {PASS: "ok", FAIL: "FAIL", UNKNOWN: "?"}
FINDINGS, ROWS = 12, 12  # that are shown unless all are asked for
_WIDTH = 25


def write_result(result: CheckResult, terminal: Terminal, *, with_all: bool = False) -> None:
    """Write what came of a check; with `with_all` every finding and every row of every table."""
    said = result.sentence.removeprefix(f"{result.verdict}: ")
    verdict = terminal.style(result.verdict, STYLES[result.verdict], "bold")
    terminal.write(f"{terminal.clean(result.name)}: {verdict}, {said}")
    shown = result.told if with_all else _first(result)
    _write_findings(shown, terminal)
    if len(shown) < len(result.findings):
        terminal.say(
            f"{len(shown):,} of {terminal.count(len(result.findings), 'finding')}; `--all` shows more"
        )
    for note in result.notes:
        terminal.write(f"  note: {terminal.clean(note)}")
    for table in result.figures:
        if with_all or table.name == result.figures[0].name:
            terminal.write()
            _write_figures(table, terminal, with_all=with_all)
    more = [table.title for table in result.figures[1:]]
    if more and not with_all:
        terminal.say(f"`--all` shows also: {'; '.join(map(terminal.clean, more))}")


def _first(result: CheckResult) -> list[Finding]:
    """Return what failed or cannot be told, as far as there is room, and then what holds."""
    return result.told[: max(FINDINGS, min(len(result.failed), 3 * FINDINGS))]


def _write_findings(findings: Sequence[Finding], terminal: Terminal) -> None:
    marks = MARKS if terminal.is_unicode else PLAIN_MARKS
    # Only what has an interval: a count beside rates would squeeze them all.
    axis = Whiskers([(one.low, one.value, one.high) for one in findings if one.low is not None], _WIDTH)
    width = max((text.width(_title(one, terminal)) for one in findings), default=0)
    room = terminal.width or 200
    is_drawn = axis.is_drawable and width + _WIDTH + 40 <= room
    for one in findings:
        title = _title(one, terminal)
        figure = _figure(one.value, one.low, one.high)
        limit = terminal.clean(one.limit)
        said = ", ".join(part for part in (figure, limit and f"limit {limit}") if part)
        mark = terminal.style(marks[one.outcome].ljust(1), STYLES[one.outcome])
        line = f"  {mark} {title.ljust(width)}"
        if is_drawn and one.low is not None:
            drawn = axis.drawn(one.low, one.value, one.high, is_unicode=terminal.is_unicode)
            line += f"  {terminal.style(drawn.ljust(_WIDTH), 'dim')}"
        elif is_drawn:
            line += " " * (_WIDTH + 2)
        terminal.write(f"{line}  {said}".rstrip())
        if one.note:
            terminal.write(terminal.style(f"      {terminal.clean(one.note)}", "dim"))


def _title(one: Finding, terminal: Terminal) -> str:
    return terminal.clean(one.what)


def _figure(value: float | None, low: float | None, high: float | None) -> str:
    if value is None:
        return ""
    if low is None or high is None:
        return f"{value:.4g}"
    return f"{value:.4g} ({low:.3g} to {high:.3g})"


def _write_figures(table: Figures, terminal: Terminal, *, with_all: bool) -> None:
    """Write a table: the two ends of an interval stand in the cell of what they are about."""
    rows = table.to_dicts()
    shown = rows if with_all else rows[:ROWS]
    folded = {
        key for key in table.columns if key.removesuffix("_low") in table.columns and key.endswith("_low")
    }
    folded |= {
        key for key in table.columns if key.removesuffix("_high") in table.columns and key.endswith("_high")
    }
    columns = [key for key in table.columns if key not in folded]
    columns = [key for key in columns if any(row[key] is not None for row in rows)] or columns
    titles = {key: key.replace("_", " ") for key in columns}
    cells: list[dict[str, object]] = [
        {titles[key]: _cell(row, key, terminal) for key in columns} for row in shown
    ]
    terminal.write(terminal.style(terminal.clean(table.title), "bold"))
    terminal.table(list(titles.values()), cells, importance=list(titles.values()))
    if len(shown) < len(rows):
        terminal.say(f"{len(shown):,} of {terminal.count(len(rows), 'row')}; `--all` shows more")
    if table.note:
        terminal.write(terminal.style(terminal.clean(table.note), "dim"))


def _cell(row: dict[str, Any], key: str, terminal: Terminal) -> object:
    value, low, high = row[key], row.get(f"{key}_low"), row.get(f"{key}_high")
    if isinstance(value, str):
        return terminal.clean(value)
    if isinstance(value, (int, float)) and isinstance(low, (int, float)) and isinstance(high, (int, float)):
        return f"{value:.4g} ({low:.3g} to {high:.3g})"
    return value


# ---------------------------------------------------------------- comparisons


def write_comparison(found: Comparison, terminal: Terminal, *, with_all: bool = False) -> None:
    """Write what changed between two results."""
    terminal.write(f"{terminal.clean(found.name)}: {terminal.clean(found.sentence)}")
    for note in found.notes:
        terminal.write(f"  note: {terminal.clean(note)}")
    styles = {"now fails": "red", "still fails": "red", "now passes": "green", "still passes": "green"}
    changes = [one for one in found.changes if with_all or one.words != "still passes"]
    rows = [("finding", one.what, one.words, one.figure) for one in changes]
    _write_rows(rows, terminal, "", lambda word: styles.get(str(word), "yellow"))
    sure = [one for one in found.figures if with_all or one.is_sure]
    if sure:
        terminal.write()
        shown = sure if with_all else sorted(sure, key=lambda one: -abs(one.difference or 0))[: 2 * ROWS]
        title = "figures" if with_all else "figures that differ for sure, the largest first"
        _write_rows([("figure", one.what, None, one) for one in shown], terminal, title, lambda _: "")
        if len(shown) < len(sure):
            terminal.say(f"{len(shown):,} of {len(sure):,}; `--all` shows more")


def _write_rows(
    rows: Sequence[tuple[str, str, str | None, Difference]], terminal: Terminal, title: str, style: Any
) -> None:
    if title:
        terminal.write(terminal.style(title, "bold"))
    table: list[dict[str, object]] = [
        {
            kind: terminal.clean(what), "now": words, "before": one.before, "after": one.after,
            "difference": None if one.difference is None else f"{one.difference:+.4g}",
            "interval": None if one.low is None or one.high is None else f"{one.low:+.3g} to {one.high:+.3g}",
        }
        for kind, what, words, one in rows
    ]  # fmt: skip
    if not table:
        return
    columns = [key for key in table[0] if any(row[key] is not None for row in table)]
    terminal.table(
        columns, table, styles={"now": style}, importance=["now", columns[0], "difference", "interval"]
    )
