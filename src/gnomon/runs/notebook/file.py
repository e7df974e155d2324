"""The notebook's file: where it is, and which code cells stand in it from top to bottom.

A kernel is told the text of a cell and nothing of its place. Where the front end sends the cell's id, and the file is
found, the file says where that cell stood when it was saved last.

Always true: nothing here raises, whatever a file holds, or reads more than `MAX_FILE_BYTES` of one.
Not promised: that a notebook is found, or that its file is as the person sees it. It may not be saved yet.
"""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_FILE_BYTES = 64 << 20
MAX_CELLS = 10_000
MAX_FILES_LOOKED_AT = 20
SESSION_VARIABLE = "JPY_SESSION_NAME"  # set by Jupyter Server for its kernels
VSCODE_NAME = "__vsc_ipynb_file__"  # a variable that VS Code sets in the kernel
_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}").fullmatch  # as nbformat 4.5 has it


class CodeCell(NamedTuple):
    """A code cell of the file that holds some code."""

    id: str
    source: str


def is_cell_id(text: object) -> bool:
    """Whether a text is a cell id as a notebook's file may hold it."""
    return isinstance(text, str) and _ID(text) is not None


def code_cells(path: str) -> list[CodeCell] | None:
    """Return the code cells of a notebook that have an id and some code, from top to bottom; None where it cannot be read."""
    import msgspec

    try:
        with open(path, "rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
        if len(data) > MAX_FILE_BYTES:
            return None
        cells = msgspec.json.decode(data, type=_notebook_type()).cells
    except (OSError, ValueError, RecursionError, MemoryError):
        return None
    found: dict[str, CodeCell] = {}
    for cell in cells[:MAX_CELLS]:
        source = cell.source if isinstance(cell.source, str) else "".join(cell.source)
        if cell.cell_type == "code" and is_cell_id(cell.id) and source.strip():
            found.setdefault(cell.id, CodeCell(cell.id, source))
    return list(found.values())


_types: list[Any] = []


def _notebook_type() -> Any:
    """Return what is read of a notebook: all else, outputs above all, is passed over undecoded."""
    if not _types:
        import msgspec

        cell = msgspec.defstruct(
            "Cell", [("cell_type", str, ""), ("id", str, ""), ("source", str | list[str], "")]
        )
        _types.append(msgspec.defstruct("Notebook", [("cells", list[cell])]))  # type: ignore[valid-type]
    return _types[0]


def notebook_path(environ: Mapping[str, str], namespace: Mapping[str, object], folder: str) -> str | None:
    """Return the notebook that this kernel belongs to, as far as somebody said so."""
    for said in (namespace.get(VSCODE_NAME), environ.get(SESSION_VARIABLE)):
        if isinstance(said, str) and said.endswith(".ipynb") and "\0" not in said:
            for path in (os.path.join(folder, said), os.path.join(folder, os.path.basename(said))):
                if os.path.isfile(path):
                    return path
    return None


def notebook_with(cell: str, folder: str) -> str | None:
    """Return the one notebook of a folder that holds a cell of this id; None where there is none, or several."""
    try:
        with os.scandir(folder) as listed:
            paths = sorted(one.path for one in listed if one.name.endswith(".ipynb") and one.is_file())
    except OSError:
        return None
    if len(paths) > MAX_FILES_LOOKED_AT:
        return None
    found = [path for path in paths if any(one.id == cell for one in code_cells(path) or ())]
    return found[0] if len(found) == 1 else None


def notebook_name() -> str | None:
    """Return the file name of the notebook that this process is the kernel of; None where it is none, or not known."""
    module = sys.modules.get("IPython")
    shell = module.get_ipython() if module is not None and hasattr(module, "get_ipython") else None
    if (
        shell is None or getattr(shell, "kernel", None) is None
    ):  # a script that a notebook started has the variables too
        return None
    namespace = getattr(shell, "user_ns", None)
    try:
        folder = os.getcwd()
    except OSError:
        return None
    path = notebook_path(os.environ, namespace if isinstance(namespace, dict) else {}, folder)
    return os.path.basename(path) if path is not None else None
