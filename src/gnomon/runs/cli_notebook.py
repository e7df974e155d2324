"""The parts of `gnomon show` that tell of a notebook: its order, and with `--cells` its cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gnomon.runs.face import Terminal
    from gnomon.runs.notebook.views import Cell, CellOutput, Notebook

INDENT = "  "


def facts(notebook: Notebook, terminal: Terminal) -> dict[str, str]:
    """Return what is said of a notebook, a short line for each thing."""
    more = f", and {notebook.cells_left_out:,} more that were not kept" if notebook.cells_left_out else ""
    found = {
        "file": terminal.clean(notebook.name or ""),
        "cells": f"{terminal.count(len(notebook.cells), 'cell')} run{more}",
        "order": terminal.clean(notebook.order.text),
    }
    return {key: text for key, text in found.items() if text}


def write_cells(notebook: Notebook, terminal: Terminal) -> None:
    """Write the cells in the order in which they were run, each with what it printed and showed."""
    for cell in notebook.cells:
        terminal.write()
        terminal.write(terminal.style(_head(cell, terminal), "bold"))
        for line in terminal.clean_lines(cell.source):
            terminal.write(f"{INDENT}{line}".rstrip())
        for output in cell.outputs:
            _write_output(output, terminal)
        if cell.outputs_left_out:
            what = terminal.count(cell.outputs_left_out, "output")
            terminal.write(terminal.style(f"{INDENT}[{what} more, not kept]", "dim"))


def _head(cell: Cell, terminal: Terminal) -> str:
    number = cell.execution_count if cell.execution_count is not None else cell.number
    parts = [f"In [{number}]"]
    if cell.place is not None:
        parts.append(f"cell {cell.place}")
    if cell.duration_s is not None:
        parts.append(terminal.duration(cell.duration_s))
    if cell.status != "ok":
        error = f" ({terminal.clean(cell.error)})" if cell.error else ""
        parts.append(f"{'failed' if cell.status == 'error' else cell.status}{error}")
    return "  ".join(parts)


def _write_output(output: CellOutput, terminal: Terminal) -> None:
    names = {"stream": f"std{output.stream}", "result": "result", "error": "error"}
    name = terminal.clean(names.get(output.kind, "shown"))
    if output.skipped_bytes:
        gap = f"{INDENT}[… {output.skipped_bytes:,} characters were left out here …]"
        terminal.write(terminal.style(gap, "dim"))
    lines = terminal.clean_lines(output.text.removesuffix("\n")) if output.text else []
    forms = [
        *output.media,
        *(f"{form} ({terminal.size(size)}, not kept)" for form, size in output.left_out.items()),
    ]
    if not lines and not forms:
        return
    also = f" [{', '.join(terminal.clean(form) for form in forms)}]" if forms else ""
    terminal.write(terminal.style(f"{INDENT}{name}:{also}", "dim"))
    for line in lines:
        terminal.write(f"{INDENT}{INDENT}{line}".rstrip())
