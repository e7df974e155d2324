"""How a comparison of runs is written for a person: a section for each kind of fact, only what differs, then the metrics.

Always true: every text that a run brings is cleaned; a diff is written line by line, each cleaned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.runs.compare.wording import code_state, counts, no_diff, unsaid_data
from gnomon.runs.groups.spread import Spread, count_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gnomon.runs.compare.code import CodeDiff
    from gnomon.runs.compare.comparison import Comparison
    from gnomon.runs.compare.facts import Differences
    from gnomon.runs.compare.metrics import MetricRow
    from gnomon.runs.face import Terminal

INDENT = "  "
MOST_ROWS = 30  # of one section, unless all are wanted
MOST_FILES = 10
LONGEST_VALUE = 60
_DIFF_STYLES = {"+": "green", "-": "red", "@": "cyan"}


def write_comparison(found: Comparison, terminal: Terminal, *, with_all: bool = False) -> None:
    """Write all sections."""
    _heads(found, terminal)
    terminal.write()
    terminal.write(terminal.style(terminal.clean(_capital(found.sentence)) + ".", "bold"))
    titles = [one.title for one in found.runs]
    _section("params", found.params, titles, terminal, with_all=with_all)
    _code(found, terminal)
    _section("environment", found.environment, titles, terminal, with_all=with_all)
    if found.job:
        terminal.write(
            f"{INDENT}{terminal.style(f'differ, and only name a job: {_some(found.job, terminal)}', 'dim')}"
        )
    _section("command", found.command, titles, terminal, with_all=with_all)
    _section("seed", found.seeds, titles, terminal, with_all=with_all)
    _data(found, titles, terminal, with_all=with_all)
    _metrics(found, titles, terminal, with_all=with_all)
    for note in found.notes:
        terminal.write(terminal.style(f"note: {terminal.clean(note)}", "yellow"))


def write_diff(found: Comparison, terminal: Terminal) -> None:
    """Write the diffs of the code to stdout, and what is to be said of them to stderr."""
    first, *others = found.runs
    for other, diff in zip(others, found.code_diffs, strict=True):
        if not diff.files:
            terminal.say(terminal.clean(no_diff(first.title, other.title, diff)))
        for line in _lines_of(diff.text):
            shown = "\t".join(map(terminal.clean, line.split("\t")))
            style = _DIFF_STYLES.get(line[:1])
            is_head = line.startswith(("--- ", "+++ "))
            terminal.write(
                terminal.style(shown, "bold") if is_head else terminal.style(shown, style) if style else shown
            )
        for note in diff.notes:
            terminal.say(f"note: {terminal.clean(note)}")


def _lines_of(text: str) -> Iterator[str]:
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        yield text[start:end].rstrip("\r")
        start = end + 1


# ---------------------------------------------------------------- sections


def _heads(found: Comparison, terminal: Terminal) -> None:
    rows = [
        {
            "id": one.title,
            "name": one.name if one.name != one.title else None,
            "status": one.status,
            "group": one.group,
            "seed": str(count_of(one.seed)) if isinstance(one.seed, list) and one.runs > 1 else one.seed,
            "created": one.created,
        }
        for one in found.runs
    ]
    columns = [
        key
        for key in ("id", "name", "status", "group", "seed", "created")
        if any(row[key] not in (None, "") for row in rows)
    ]
    terminal.table(
        columns, rows, {"created": terminal.timestamp}, styles={"id": lambda _: "bold"},
        importance=["id", "name", "seed", "status", "group", "created"],
    )  # fmt: skip


def _section(
    name: str, found: Differences, titles: Sequence[str], terminal: Terminal, *, with_all: bool
) -> None:
    if not found.differ and not found.agree:
        return
    _heading(name, counts(found), terminal)
    if not found.differ:
        return
    names = list(found.differ) if with_all else list(found.differ)[:MOST_ROWS]
    rows = [
        {
            "": key,
            **{
                title: _value(value, terminal) for title, value in zip(titles, found.differ[key], strict=True)
            },
        }
        for key in names
    ]
    left_out = terminal.table(["", *titles], rows, indent=INDENT, importance=["", *titles])
    _say_left_out(left_out, terminal)
    if len(names) < len(found.differ):
        terminal.write(f"{INDENT}and {len(found.differ) - len(names):,} more (`--all` shows them)")


def _code(found: Comparison, terminal: Terminal) -> None:
    if not any(len(one) > 1 for one in found.code):
        _heading("code", "not recorded", terminal)
        return
    _heading("code", "", terminal)
    for one in found.code:
        terminal.write(
            f"{INDENT}{terminal.style(terminal.clean(str(one['title'])), 'bold')}  {terminal.clean(code_state(one))}"
        )
    first, *others = found.runs
    for other, diff in zip(others, found.code_diffs, strict=True):
        between = terminal.clean(f" from {first.title} to {other.title}") if len(others) > 1 else ""
        if not diff.files:
            terminal.write(INDENT + terminal.clean(no_diff(first.title, other.title, diff)))
        else:
            files = terminal.count(len(diff.files), "file")
            verb = "differs" if len(diff.files) == 1 else "differ"
            lines = _plus_minus(diff, terminal)
            terminal.write(f"{INDENT}{files} {verb}{between}, {lines} (`--code` shows the diff)")
        for file in diff.files[:MOST_FILES]:
            lines = file.what if file.added is None else f"+{file.added} -{file.removed}"
            doubt = "" if file.is_exact else ", as far as recorded"
            doubt += ", imported by neither" if file.is_loaded is False else ""
            terminal.write(
                f"{INDENT}{INDENT}{terminal.clean(file.path)}  {terminal.style(lines + doubt, 'dim')}"
            )
        if len(diff.files) > MOST_FILES:
            terminal.write(f"{INDENT}{INDENT}and {len(diff.files) - MOST_FILES:,} more")
        for note in diff.notes:
            terminal.write(INDENT + terminal.style(terminal.clean(note), "yellow"))


def _plus_minus(diff: CodeDiff, terminal: Terminal) -> str:
    return f"{terminal.style(f'+{diff.added}', 'green')} {terminal.style(f'-{diff.removed}', 'red')}"


def _data(found: Comparison, titles: Sequence[str], terminal: Terminal, *, with_all: bool) -> None:
    if found.data.differ or found.data.agree:
        _section("data", found.data, titles, terminal, with_all=with_all)
    else:
        _heading("data", unsaid_data(found), terminal)
    kept = found.kept
    if not kept.differ and not kept.agree:
        return
    _heading("kept files", counts(kept), terminal)
    rows = [
        {
            "": name,
            **{
                title: str(value)[:12] if value else None for title, value in zip(titles, values, strict=True)
            },
        }
        for name, values in list(kept.differ.items())[:MOST_FILES]
    ]
    if rows:
        terminal.table(["", *titles], rows, indent=INDENT, importance=["", *titles])


def _metrics(found: Comparison, titles: Sequence[str], terminal: Terminal, *, with_all: bool) -> None:
    if not found.metrics:
        _heading("metrics", "none", terminal)
        return
    shown = [row for row in found.metrics if with_all or not row.is_same or row.is_uneven]
    agree = len(found.metrics) - len(shown)
    verb = f"agree{'s' if agree == 1 else ''}"
    _heading(
        "metrics", f"at {found.at}" + (f"; {agree:,} {verb} (`--all` shows all)" if agree else ""), terminal
    )
    if not shown:
        return
    names = ["difference"] if len(titles) == 2 else [f"{title} - {titles[0]}" for title in titles[1:]]
    rows = [_metric_as_row(row, titles, names) for row in shown]
    doubtful = found.at == "best"
    others = any(row.is_uneven for row in shown)
    columns = ["", *titles, *names, *(["best is"] if doubtful else []), *(["last steps"] if others else [])]
    left_out = terminal.table(columns, rows, indent=INDENT, importance=["", *titles, "last steps", *names])
    _say_left_out(left_out, terminal)
    if doubtful and any(row.better is None for row in found.metrics):
        terminal.write(
            f"{INDENT}{terminal.style('for some metrics nobody can guess which way is better: `--better` says', 'yellow')}"
        )
    if all(one.runs == 1 for one in found.runs):
        text = (
            "single runs: a difference may be the noise between seeds; `gnomon compare --groups METRIC` tells"
        )
    else:
        text = "± is the standard deviation between seeds; `gnomon compare --groups METRIC` tells which is better, if anybody can"
    terminal.write(INDENT + terminal.style(text, "dim"))


def _metric_as_row(row: MetricRow, titles: Sequence[str], names: Sequence[str]) -> dict[str, object]:
    cells: dict[str, object] = {"": row.name}
    for title, value in zip(titles, row.values, strict=True):
        cells[title] = (
            (str(value) if value.n or value.failed else None) if isinstance(value, Spread) else value
        )
    for name, difference in zip(names, row.differences, strict=True):
        cells[name] = None if difference is None else _signed(difference)
    way = {"higher": "highest", "lower": "lowest", None: "?"}[row.better]
    steps = ["-" if step is None else f"{step:,}" for step in row.steps]
    cells["last steps"] = " / ".join(steps) if row.is_uneven else None
    cells["best is"] = way + (" (a guess)" if row.is_guessed else "")
    return cells


# ---------------------------------------------------------------- small things


def _signed(difference: float) -> str:
    return "nan" if difference != difference else f"{difference:+.4g}"


def _heading(name: str, about: str, terminal: Terminal) -> None:
    terminal.write()
    terminal.write(terminal.style(name, "bold") + (f"  {terminal.style(about, 'dim')}" if about else ""))


def _value(value: object, terminal: Terminal) -> str | None:
    return None if value is None else terminal.cut(terminal.full_value(value), LONGEST_VALUE)


def _say_left_out(left_out: Sequence[str], terminal: Terminal) -> None:
    if left_out:
        terminal.say(f"too narrow for {terminal.count(len(left_out), 'column')}; `--json` has all")


def _some(names: Sequence[str], terminal: Terminal) -> str:
    return ", ".join(map(terminal.clean, names[:5])) + (", …" if len(names) > 5 else "")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
