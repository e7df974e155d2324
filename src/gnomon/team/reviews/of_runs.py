"""The parts of a run: its parameters and metrics, its notebook where it has one, notebooks it kept, code that was not committed.

With another run: what differs of them, as `gnomon compare` finds it, and for notebooks as `reviews.notebooks` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.errors import GnomonError
from gnomon.runs.compare.patch import parts_of
from gnomon.team.reviews.kept_notebooks import compared_kept_parts, kept_parts
from gnomon.team.reviews.notebooks import compared_cells, notebook_cells
from gnomon.team.reviews.parts import (
    ADDED,
    CHANGED,
    REMOVED,
    SAME,
    Part,
    differing_lines,
    fact_lines,
    hunk_lines,
    numbered,
    part_of,
)
from gnomon.text import count

if TYPE_CHECKING:
    from gnomon.runs.capture.views import Captured
    from gnomon.runs.compare.comparison import Comparison
    from gnomon.runs.run_view import RunView
    from gnomon.runs.views import Record

MOST_FILES = 300
_KEPT = "files/"
_CODE = ("commit", "branch", "is_dirty", "script")
_WHAT = {"added": ADDED, "removed": REMOVED}


def run_parts(record: Record, id: str, before: str | None) -> tuple[list[Part], list[str]]:
    """Return the parts of a run, and notes. Raises UnknownSubjectError, MissingExtraError."""
    after = record.run(id)
    if before is None:
        return _of_one(after)
    return _of_two(record, record.run(before), after)


# ---------------------------------------------------------------- one run


def _of_one(run: RunView) -> tuple[list[Part], list[str]]:
    facts = {"seed": run.seed} if run.seed is not None else {}
    metrics = {name: value for name, value in run.metrics.items() if not name.startswith("system/")}
    captured = run.captured  # what it says is folded once
    state = captured.part("code")
    called = {
        "command": captured.part("command").get("text"),
        **{f"code.{key}": state.get(key) for key in _CODE},
    }
    parts = [
        part_of("params", "facts", "Parameters", [*fact_lines(run.params, "params."), *fact_lines(facts, "")]),
        part_of("metrics", "facts", "Metrics, last values", fact_lines(metrics, "metrics.")),
        part_of(
            "run", "facts", "How it was run",
            fact_lines({name: value for name, value in called.items() if value is not None}, "run."),
        ),
        part_of("data", "facts", "Data", fact_lines({one.name: one.label or one.object for one in run.uses}, "data.")),
    ]  # fmt: skip
    notebook = run.notebook
    cells, notes = notebook_cells(notebook) if notebook is not None else ([], [])
    kept, said = kept_parts(run)
    code, more = _code_of(captured)
    return [*(one for one in parts if one.lines), *cells, *kept, *code], [*notes, *said, *more]


def _code_of(captured: Captured) -> tuple[list[Part], list[str]]:
    """Return what was kept of the code: the diff that was not committed, file by file, and files that no commit holds."""
    try:
        kept = captured.code_files()
    except GnomonError as error:
        return [], [f"what was kept of the code cannot be read here: {error.message}"]
    parts = []
    for path, part in parts_of(kept.get("diff", b"")).items():
        text = part.raw.decode("utf-8", "backslashreplace")
        what = ADDED if part.is_new else REMOVED if part.is_deleted else CHANGED
        parts.append(part_of(f"code:{path}", "code", path, hunk_lines(text, f"code:{path}"), what=what))
    for name, data in sorted(kept.items()):
        if name.startswith(_KEPT):
            path = name[len(_KEPT) :]
            lines = (
                [] if b"\0" in data else numbered(data.decode("utf-8", "backslashreplace"), f"code:{path}")
            )
            parts.append(part_of(f"code:{path}", "code", path, lines, facts=["in no commit"]))
    notes = (
        []
        if parts or not captured.part("code").get("commit")
        else ["all of its code is as the commit has it"]
    )
    if len(parts) > MOST_FILES:
        notes.append(f"{count(len(parts) - MOST_FILES, 'more file')} of code")
    return parts[:MOST_FILES], notes


# ---------------------------------------------------------------- two runs


def _of_two(record: Record, before: RunView, after: RunView) -> tuple[list[Part], list[str]]:
    found = record.compare(before.id, after.id)
    old, new = before.notebook, after.notebook
    cells: list[Part] = []
    notes: list[str] = []
    if old is not None and new is not None:
        cells, notes = compared_cells(old, new)
    elif new is not None:
        cells, notes = notebook_cells(new)
        notes = [f"run {before.id[:8]} has no notebook: the whole one of {after.id[:8]} is shown", *notes]
    elif old is not None:
        notes = [f"run {before.id[:8]} has a notebook, and run {after.id[:8]} none"]
    kept, of_kept = compared_kept_parts(before, after)
    code, more = _compared_code(found)
    if not found.code_diffs[0].is_known:
        code = _code_of(after.captured)[0]
    differs = any(one.what not in ("", SAME) for one in [*cells, *kept])
    beside = (
        "the notebooks differ as shown below; beside them, "
        if differs and "cells" not in found.command.differ
        else ""
    )
    said = [f"from run {before.id[:8]} to run {after.id[:8]}: {beside}{found.sentence}"]
    parts = [*_compared_facts(found), *cells, *kept, *code]
    return parts, [*said, *notes, *of_kept, *more, *found.unrecorded[:3]]


def _compared_facts(found: Comparison) -> list[Part]:
    metrics: dict[str, list[object]] = {
        row.name: list(row.values) for row in found.metrics if not row.is_same
    }
    rows: list[tuple[str, str, str, dict[str, list[object]]]] = [
        ("params", "Parameters", "params.", found.params.differ),
        ("seeds", "Seeds", "", found.seeds.differ),
        ("metrics", "Metrics", "metrics.", metrics),
        ("run", "Command", "run.", found.command.differ),
        ("data", "Data", "data.", found.data.differ),
        ("environment", "Environment", "environment.", found.environment.differ),
    ]
    return [
        part_of(anchor, "facts", title, differing_lines(differ, prefix), what=CHANGED)
        for anchor, title, prefix, differ in rows
        if differ
    ]


def _compared_code(found: Comparison) -> tuple[list[Part], list[str]]:
    (diff,) = found.code_diffs
    parts = [
        part_of(
            f"code:{file.path}", "code", file.path, hunk_lines(file.diff, f"code:{file.path}"),
            what=_WHAT.get(file.what, CHANGED), facts=[] if file.is_exact else ["as far as it was recorded"],
        )
        for file in diff.files[:MOST_FILES]
    ]  # fmt: skip
    notes = list(diff.notes[:8])
    if len(diff.files) > MOST_FILES:
        notes.append(f"{count(len(diff.files) - MOST_FILES, 'more file')} of code")
    return parts, notes
