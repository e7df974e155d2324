"""What stands at the top of an export: README.md, runs.csv, runs.json."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.runs.archive.texts import csv_lines, json_line, visible
from gnomon.runs.table import TIMES, iso_time

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gnomon.runs.table import RunTable

MOST_LISTED = 1000


def tables(table: RunTable, folders: Mapping[str, str]) -> dict[str, bytes]:
    """Return runs.csv and runs.json: what `gnomon runs --csv` and `--json` print of these runs, and their folders."""
    records = [{**one, "folder": f"runs/{folders[str(one['id'])]}"} for one in table.records()]
    columns = ["folder", *("duration_s" if key == "duration" else key for key in table.columns)]
    shown = [
        [f"runs/{folders[str(row['id'])]}", *(_cell(key, row[key]) for key in table.columns)]
        for row in table.to_pylist()
    ]
    lines = b",\n".join(json_line(one) for one in records)
    return {"runs.csv": b"".join(csv_lines(columns, shown)), "runs.json": b"[\n" + lines + b"\n]\n"}


def _cell(key: str, value: object) -> object:
    if key in TIMES:
        return iso_time(value)
    return ", ".join(map(str, value)) if key == "tags" and isinstance(value, list) else value


def readme(
    name: str,
    rows: Sequence[tuple[str, str, str]],
    problems: Sequence[str],
    notes: Sequence[str],
    points: str,
    only: str | None,
    *,
    with_runs: bool,
    parts: Sequence[tuple[Sequence[tuple[str, str]], Sequence[str]]] = (),
) -> bytes:
    """Return README.md; `rows` are (folder, status, id), `parts` what goes along besides: rows and lines of their own."""
    count = "1 run" if len(rows) == 1 else f"{len(rows):,} runs"
    lines = [f"# {count} of {_text(name)}", "", "Exported with Gnomon, as plain files.", ""]
    if with_runs:
        lines += [
            "| what | where |",
            "|---|---|",
            "| all runs as a table: parameters, last values of metrics | `runs.csv`, `runs.json` |",
            "| all facts of a run: command, code, machine, packages, processes | `runs/…/run.json` |",
            f"| every point that was logged | `runs/…/points.{points}` |",
            "| notes, what was printed | `runs/…/notes.md`, `runs/…/console.txt` |",
            "| uncommitted changes and untracked source files | `code/…/`; `code_folder` in `run.json` says which |",
            "| files and folders that were kept with the run | `runs/…/kept/` |",
            "| images, tables and other values | `runs/…/values/` |",
            "| cells of a notebook, with their outputs | `runs/…/notebook.ipynb` |",
            *(f"| {what} | {where} |" for said, _ in parts for what, where in said),
            "",
            "Names were changed where some disk could not take them; `run.json` and `data.json` have them as they were.",
            "JSON has no NaN and no infinity: they are the texts NaN, Infinity and -Infinity there. Times are in UTC.",
            "",
        ]
    if only != "files":
        lines += [
            "`record/` holds the same once more, exactly: a small Gnomon record of these runs alone.",
            "`gnomon --record record runs` opens it, `gnomon --record record verify` checks every byte of it, and",
            "`gnomon import` takes it into another record. Its points are Parquet, its entries JSON lines.",
            "",
        ]
    for title, texts in (("Missing or damaged", problems), ("Good to know", notes)):
        if texts:
            lines += [f"## {title}", "", *(f"- {_text(text)}" for text in texts), ""]
    if with_runs:
        lines += ["## Runs", "", "| folder | status | id |", "|---|---|---|"]
        lines += [
            f"| `runs/{_text(folder)}` | {_text(status)} | `{_text(run)}` |"
            for folder, status, run in rows[:MOST_LISTED]
        ]
        if len(rows) > MOST_LISTED:
            lines += ["", f"… and {len(rows) - MOST_LISTED:,} more: see `runs.csv`."]
        for _, section in parts:
            lines += ["", *map(_row, section[: MOST_LISTED + 6])]
    return ("\n".join(lines).rstrip("\n") + "\n").encode("utf-8", "backslashreplace")


def _row(line: str) -> str:
    """Return a line that a part wrote, without what could leave it."""
    return visible(line.replace("\n", " ").replace("\t", " "))


def _text(text: str) -> str:
    """Return a text on one line that cannot leave its cell, nor become HTML."""
    plain = visible(text.replace("\n", " ").replace("\t", " "))
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|")
