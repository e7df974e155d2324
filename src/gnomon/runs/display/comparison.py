"""Runs compared: the sentence first, then what differs, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon import text
from gnomon.runs.display import look, tables
from gnomon.runs.display.markup import Html, tag
from gnomon.runs.display.shorten import more, short, words
from gnomon.runs.groups.spread import Spread

if TYPE_CHECKING:
    from gnomon.runs.compare.code import CodeDiff
    from gnomon.runs.compare.comparison import Comparison
    from gnomon.runs.compare.facts import Differences
    from gnomon.runs.compare.metrics import MetricRow

ROWS, FILES, DIFF_LINES, RUNS = 30, 20, 400, 12


def comparison_html(found: Comparison) -> str:
    """Return how some runs differ."""
    titles = [words(one.title, 60) for one in found.runs[:RUNS]]
    return look.framed(
        tag("p", tag("b", _capital(words(found.sentence, 2_000)))),
        _runs(found),
        [
            _section(name, part, titles)
            for name, part in (
                ("parameters", found.params),
                ("seeds", found.seeds),
                ("command", found.command),
                ("environment", found.environment),
                ("data", found.data),
                ("kept files", _named(found.kept)),
            )
        ],
        _code(found),
        _metrics(found, titles),
        [look.warning(words(note, 500)) for note in found.notes[:8]],
        tables.below(more(len(found.runs) - RUNS, "run")),
    )


def _runs(found: Comparison) -> Html:
    rows = [
        [words(one.title, 60), words(one.name, 80), look.status(words(one.status, 40)), short(one.group, 60), short(one.seed, 60),
         tag("span", text.timestamp(one.created), class_="t")]
        for one in found.runs[:RUNS]
    ]  # fmt: skip
    columns = ["run", "name", "status", "group", "seed", "created"]
    kept = [at for at in range(len(columns)) if any(row[at] != "" for row in rows)]
    return tables.table([columns[at] for at in kept], [[row[at] for at in kept] for row in rows])


def _section(name: str, found: Differences, titles: list[str]) -> Html | None:
    if not found.differ:
        return None
    rows = [
        [words(key, 100), *(_value(one) for one in values[: len(titles)])]
        for key, values in list(found.differ.items())[:ROWS]
    ]
    agree = (
        f"{text.count(found.agree, 'other')} agree{'s' if found.agree == 1 else ''}" if found.agree else ""
    )
    return look.section(
        f"{name}: {len(found.differ):,} differ{'s' if len(found.differ) == 1 else ''}", tables.table(["", *titles], rows),
        tables.below(more(len(found.differ) - ROWS, "difference"), agree),
    )  # fmt: skip


def _named(kept: Differences) -> Differences:
    """Return objects by the beginning of their names."""
    return kept._replace(
        differ={name: [one and str(one)[:12] for one in found] for name, found in kept.differ.items()}
    )


def _value(value: object) -> object:
    return "-" if value is None else value if isinstance(value, (int, float)) else short(value, exact=True)


def _code(found: Comparison) -> list[Html]:
    first = found.runs[0].title if found.runs else ""
    parts = []
    for other, diff in list(zip(found.runs[1:], found.code_diffs, strict=False))[:RUNS]:
        if not diff.files and not diff.notes:
            continue
        files = text.count(len(diff.files), "file")
        title = f"code: {files} differ{'s' if len(diff.files) == 1 else ''} from {words(first, 40)} to {words(other.title, 40)}"
        parts.append(
            look.section(
                title, _files(diff), _diff(diff), [look.warning(words(note, 500)) for note in diff.notes[:5]]
            )
        )
    return parts


def _files(diff: CodeDiff) -> list[Html]:
    lines = []
    for file in diff.files[:FILES]:
        counts = [
            tag("span", f" +{file.added}", class_="add"),
            tag("span", f" -{file.removed}", class_="del"),
        ]
        changed = counts if file.added is not None else f" {file.what}"
        doubt = " imported by neither" if file.is_loaded is False else ""
        lines.append(tag("div", tag("code", words(file.path)), changed, doubt))
    return [*lines, tables.below(more(len(diff.files) - FILES, "file"))]


def _diff(diff: CodeDiff) -> Html | None:
    if not diff.text:
        return None
    lines = diff.text[:100_000].split("\n")
    shown = [tag("span", line[:500] or " ", class_=_of_line(line)) for line in lines[:DIFF_LINES]]
    rest = more(len(lines) - DIFF_LINES, "line")
    return look.section(
        "diff", tag("pre", [[line, Html("\n")] for line in shown]), tables.below(rest), is_open=False
    )


def _of_line(line: str) -> str | None:
    if line.startswith(("+++", "---", "diff ", "@@")):
        return "dim"
    return {"+": "add", "-": "del"}.get(line[:1])


def _metrics(found: Comparison, titles: list[str]) -> Html | None:
    if not found.metrics:
        return None
    heads = ["difference"] if len(titles) == 2 else [f"{title} - {titles[0]}" for title in titles[1:]]
    shown = [row for row in found.metrics if not row.is_same or row.is_uneven]
    agree = len(found.metrics) - len(shown)
    rows = [_metric(row, len(titles)) for row in shown[:ROWS]]
    single = all(one.runs == 1 for one in found.runs)
    return look.section(
        f"{text.count(len(found.metrics), 'metric')} at {words(found.at, 60)}",
        tables.table(["", *titles, *heads], rows, numbers=[*titles, *heads]),
        tables.below(
            more(len(shown) - ROWS, "metric"),
            f"{agree:,} agree{'s' if agree == 1 else ''}" if agree else "",
            "single runs: a difference may be the noise between seeds; `record.compare_groups(metric)` tells"
            if single
            else "± is the standard deviation between seeds",
        ),
    )


def _metric(row: MetricRow, count: int) -> list[object]:
    values = [str(one) if isinstance(one, Spread) else one for one in row.values[:count]]
    differences = [None if one is None else f"{one:+.4g}" for one in row.differences[: count - 1]]
    return [words(row.name, 80), *values, *differences]


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
