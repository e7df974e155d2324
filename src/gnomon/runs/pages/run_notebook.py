"""`/run/{run}/notebook`: the cells of the notebook that made a run, as they were run, with what each printed and showed.

Always true: pictures and pages that a cell showed are on the origin for what people made; texts are escaped like any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import UnknownSubjectError
from gnomon.page import Redirect
from gnomon.runs.capture.console_lines import without_codes
from gnomon.runs.pages.run_parts import address, grown, opened, shown
from gnomon.text import clean_lines

if TYPE_CHECKING:
    from gnomon.page import Answer, Ask, ObjectLink
    from gnomon.runs.notebook.views import Cell, CellOutput

CELLS, OUTPUTS, CHARACTERS, LINES = 100, 40, 40_000, 2_000
_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml")
_PAGES = ("text/html",)


class Output(NamedTuple):
    """What a cell printed or showed. `kind` is out, err, error, or shown; `others` are forms that are only offered."""

    kind: str
    text: str
    cut: int
    picture: str
    page: str
    others: list[tuple[str, str]]
    left_out: list[tuple[str, int]]
    skipped_bytes: int


def notebook(ask: Ask) -> Answer:
    """Show the cells, those of the beginning first."""
    run = opened(ask, "notebook")
    if isinstance(run, Redirect):
        return run
    found = run.notebook
    if found is None:
        raise UnknownSubjectError(
            f"run {run.id[:8]} has no cells", hint="cells are kept after `%load_ext gnomon` in a notebook"
        )
    first = min(ask.query.whole("from", 0), max(0, len(found.cells) - 1) // CELLS * CELLS)
    cells = [(cell, [_output(ask.link, one) for one in cell.outputs[:OUTPUTS]], _label(cell))
             for cell in found.cells[first : first + CELLS]]  # fmt: skip
    values = {
        "file": found.name, "order": found.order, "cells": cells, "total": len(found.cells),
        "not_kept": found.cells_left_out, "first": first, "last": first + len(cells), "most": OUTPUTS, "step": CELLS,
        "path": address(run.id, "notebook"), "grown": grown(ask, len(found.cells), "cell"),
    }  # fmt: skip
    return shown(ask, run, "notebook", "runs/run_notebook.html", values)


def _label(cell: Cell) -> str:
    return f"In [{cell.execution_count if cell.execution_count is not None else cell.number}]"


def _output(link: ObjectLink | None, output: CellOutput) -> Output:
    kind = {"stream": output.stream or "out", "error": "error"}.get(output.kind, "shown")
    picture = next((form for form in _PICTURES if form in output.media), "")
    page = "" if picture else next((form for form in _PAGES if form in output.media), "")
    text = "" if picture else _text(output.text)
    return Output(
        kind, text[:CHARACTERS], max(0, len(text) - CHARACTERS), _to(link, output, picture), _to(link, output, page),
        [(form, _to(link, output, form, is_download=True)) for form in output.media if form not in (picture, page)],
        list(output.left_out.items()), output.skipped_bytes,
    )  # fmt: skip


def _text(given: str) -> str:
    return "\n".join(clean_lines(without_codes(given.removesuffix("\n")))[:LINES])


def _to(link: ObjectLink | None, output: CellOutput, form: str, *, is_download: bool = False) -> str:
    if not form or link is None:
        return ""
    ending = form.partition("/")[2].partition("+")[0]
    return link(output.media[form], f"output.{ending}", form, is_download=is_download)
