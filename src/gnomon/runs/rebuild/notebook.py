"""A notebook as something that can be run again: its cells in the order in which they ran, up to the end of the run.

They run in an IPython of their own, one after the other, as the kernel ran them: a cell that was changed and run again runs
twice, each time as it was. A cell that failed then may fail again; one that fails now and did not then ends it.

Always true: cells that install something are left out, since the environment is rebuilt and nobody's own is touched; what is
left out or cannot be had is named.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import UnknownSubjectError
from gnomon.runs.rebuild.gaps import WITHHELD, Gap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.runs.run_view import RunView

LOADS = "%load_ext gnomon"
_INSTALLS = re.compile(
    r"(?m)^[ \t]*(?:%|!)[ \t]*(?:(?:python3?|uv)[ \t]+(?:-m[ \t]+)?)?(?:pip3?|conda|mamba|apt(?:-get)?)[ \t].*$"
)
_DRIVER = '''\
"""Cells of a notebook, in the order in which they ran: written by `gnomon reproduce`."""

import os
import sys

from IPython.terminal.interactiveshell import TerminalInteractiveShell

CELLS = {cells!r}  # (number, source, whether it failed then)

sys.path[0] = os.getcwd()
shell = TerminalInteractiveShell.instance(simple_prompt=True, colors="NoColor")
for number, source, had_failed in CELLS:
    if not shell.run_cell(source, store_history=True).success and not had_failed:
        print(f"cell {{number}} failed; it had not failed in the notebook", file=sys.stderr)
        sys.exit(1)
'''


class CellToRun(NamedTuple):
    """A cell as it ran: its number in the session, its code, whether it failed, and whether all of its code was kept."""

    number: int
    source: str
    has_failed: bool
    is_whole: bool


class Cells(NamedTuple):
    """The cells of a run; `before` counts those that ran before they were recorded, `left_out` those that were not kept."""

    cells: tuple[CellToRun, ...] = ()
    before: int = 0
    left_out: int = 0

    @property
    def source(self) -> str:
        """All code that is run."""
        return "\n".join(without_installs(cell.source) for cell in self.cells)


NO_CELLS = Cells()


def cells_of(run: RunView) -> Cells:
    """Return the cells that a run in a notebook depends on; none where they were not recorded."""
    notebook = run.notebook
    if notebook is None:
        return NO_CELLS
    try:
        state = run.record.replica.index.state("process", notebook.process)
    except UnknownSubjectError:
        return NO_CELLS
    sizes = {one["nth"]: one["source_size"] for one in state["cells"]} if isinstance(state, dict) else {}
    cells = tuple([
        CellToRun(cell.number, cell.source, cell.status != "ok" and cell.status != "running", sizes.get(cell.number) is None)
        for cell in notebook.cells
    ])  # fmt: skip
    first = notebook.cells[0].execution_count if notebook.cells else None
    return Cells(cells, max(0, (first or 1) - 1), notebook.cells_left_out)


def gaps_of(found: Cells) -> list[Gap]:
    """Return what stands in the way of running cells again."""
    if not found.cells:
        return [
            Gap("command", "it ran in a notebook whose cells were not recorded",
                f"with `{LOADS}` in its first cell the next one can be made again")
        ]  # fmt: skip
    gaps = []
    if found.left_out:
        gaps.append(Gap("command", f"{found.left_out:,} cells of its notebook were not kept", None))
    cut = [str(cell.number) for cell in found.cells if not cell.is_whole]
    if cut:
        gaps.append(
            Gap(
                "command",
                f"only the beginning of cell {', '.join(cut[:5])} was kept",
                "move its code into a file",
            )
        )
    secret = [str(cell.number) for cell in found.cells if WITHHELD in cell.source]
    if secret:
        gaps.append(Gap("command", f"cell {', '.join(secret[:5])} holds a secret that was not recorded",
                        "read secrets from the environment or a file"))  # fmt: skip
    if found.before:
        what = "a cell" if found.before == 1 else f"{found.before:,} cells"
        gaps.append(
            Gap("command", f"{what} ran before `{LOADS}`, and nobody knows what it did", None, blocks=False)
        )
    installs = [str(cell.number) for cell in found.cells if _INSTALLS.search(cell.source)]
    if installs:
        why = f"what cell {', '.join(installs[:5])} installs is left out: the versions are those that were recorded"
        gaps.append(Gap("command", why, None, blocks=False))
    return gaps


def without_installs(source: str) -> str:
    """Return code without lines that install something.

    >>> without_installs("%pip install torch\\nimport torch\\n!uv pip install x")
    'import torch'
    """
    return "\n".join(line for line in source.split("\n") if not _INSTALLS.match(line))


def driver(cells: Sequence[CellToRun]) -> str:
    """Return a program that runs cells as a kernel does."""
    return _DRIVER.format(cells=[(one.number, without_installs(one.source), one.has_failed) for one in cells])
