"""The cells of a run as a Jupyter notebook (nbformat 4.5), in the order in which they were run, with their outputs."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import TYPE_CHECKING, Any

from gnomon.errors import RecordError
from gnomon.runs.archive.texts import json_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from gnomon.runs.notebook.views import Cell, CellOutput, Notebook

_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}").fullmatch
_TEXT_FORMS = ("text/", "application/json", "image/svg+xml")


def notebook_bytes(notebook: Notebook, told: Callable[[str], None]) -> bytes:
    """Return the bytes of an .ipynb file; `told` hears of outputs that are not here."""
    used: set[str] = set()
    cells = []
    for cell in notebook.cells:
        cell_id = cell.id if cell.id and _ID(cell.id) and cell.id not in used else f"run-{cell.number}"
        used.add(cell_id)
        cells.append(_cell(cell, cell_id, told))
    return json_bytes(
        {
            "cells": cells,
            "metadata": {
                "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
                "language_info": {"name": "python"},
            },
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    )


def _cell(cell: Cell, cell_id: str, told: Callable[[str], None]) -> dict[str, Any]:
    outputs = [_output(output, cell, told) for output in cell.outputs]
    if cell.outputs_left_out:
        outputs.append(_stream("stderr", f"[{cell.outputs_left_out} more outputs were not kept]\n"))
    return {
        "cell_type": "code",
        "execution_count": cell.execution_count,
        "id": cell_id,
        "metadata": {},
        "outputs": outputs,
        "source": cell.source,
    }


def _output(output: CellOutput, cell: Cell, told: Callable[[str], None]) -> dict[str, Any]:
    if output.kind == "stream":
        gap = f"[{output.skipped_bytes} bytes were not kept here]\n" if output.skipped_bytes else ""
        return _stream("stderr" if output.stream == "err" else "stdout", gap + output.text)
    if output.kind == "error":
        name, _, value = (cell.error or "Error").partition(": ")
        return {"output_type": "error", "ename": name, "evalue": value, "traceback": output.text.split("\n")}
    shown: dict[str, Any] = {"text/plain": output.text} if output.text else {}
    for form in output.media:
        try:
            data = output.read(form)
        except RecordError as error:
            told(f"{form} of cell {cell.number}: {error.message}")
            continue
        is_text = form.startswith(_TEXT_FORMS)
        shown[form] = data.decode("utf-8", "replace") if is_text else b64encode(data).decode("ascii")
    if output.kind == "result":
        return {
            "output_type": "execute_result", "execution_count": cell.execution_count, "data": shown, "metadata": {}
        }  # fmt: skip
    return {"output_type": "display_data", "data": shown, "metadata": {}}


def _stream(name: str, text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": text}
