"""The cells of a notebook as a person asks for them: `RunView.cells`, `RunView.notebook`, `Record.notebooks`.

A run in a notebook depends on all that its kernel did before, so its cells are those that had started when it ended, from
the first one on; `Cell.is_during` says which ran while the run was open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.errors import MissingObjectError
from gnomon.ids import is_hex
from gnomon.runs import checked
from gnomon.runs.notebook.order import NotebookOrder, order_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gnomon.replica import Replica

TEXTS = ("plain", "markdown", "latex")


class CellOutput(NamedTuple):
    """An output: `kind` is 'stream', 'display', 'result' or 'error'.

    `stream` is 'out' or 'err'. `text` is what was printed, the plain text of what was shown, or the traceback. `media`
    names what is stored: media type -> object. `left_out` names what is not: media type -> size. `skipped_bytes` of a stream were
    left out before it.
    """

    kind: str
    stream: str | None
    text: str
    media: dict[str, str]
    left_out: dict[str, int]
    skipped_bytes: int
    replica: Replica

    def read(self, media_type: str) -> bytes:
        """Return the bytes of one form, such as `image/png`. Raises MissingObjectError where they are not here."""
        if media_type not in self.media:
            raise MissingObjectError(f"this output has no `{media_type}`; it has {sorted(self.media)}")
        return self.replica.objects().read(self.media[media_type])


class Cell(NamedTuple):
    """A cell that was run: `number` counts executions of the session, `place` cells from the top of the notebook.

    `status` is 'ok', 'error', 'running', or 'interrupted' where the kernel died in it. `execution_count` is that of `In [n]`.
    """

    number: int
    execution_count: int | None
    id: str | None
    place: int | None
    source: str
    status: str
    error: str | None
    started: float
    duration_s: float | None
    outputs: list[CellOutput]
    outputs_left_out: int
    is_during: bool


class Notebook(NamedTuple):
    """A notebook's session: the process (kernel) that ran it, its file's name, its cells and their order."""

    process: str
    name: str | None
    cells: list[Cell]
    order: NotebookOrder
    cells_left_out: int


def notebook_of(
    replica: Replica, log: str, *, since_us: int = 0, until_us: int | None = None
) -> Notebook | None:
    """Return the notebook of a process, as it was at a time; None for a process that is no notebook."""
    from gnomon.errors import UnknownSubjectError

    try:
        state = replica.index.state("process", log)
    except UnknownSubjectError:
        return None
    if not isinstance(state, dict) or not state.get("cells"):
        return None
    facts = state["parts"].get("notebook", {})
    ids = facts.get("cells", [])
    places = {one: place for place, one in enumerate(ids, start=1)}
    found = [one for one in state["cells"] if until_us is None or one["started_us"] <= until_us]
    count = facts.get("left_out") or 0
    dead = _is_dead(replica, state, log)
    cells = [_cell(one, places, replica, is_dead=dead, since_us=since_us) for one in found]
    order = order_of(found, ids, left_out=count)
    return Notebook(log, facts.get("name"), cells, order, count)


def _is_dead(replica: Replica, state: Mapping[str, Any], log: str) -> bool:
    from gnomon.runs.liveness import liveness

    return bool(state["has_exited"]) or liveness(replica.home, str(state["writer"]), log) == "interrupted"


def _cell(
    stored: Mapping[str, Any], places: Mapping[str, int], replica: Replica, *, is_dead: bool, since_us: int
) -> Cell:
    status = stored["status"]
    if status == "running" and is_dead:
        status = "interrupted"
    started_us, duration_s = stored["started_us"], stored["duration_s"]
    is_open = status == "running" or duration_s is None
    return Cell(
        stored["nth"], stored["execution_count"], stored["cell"], places.get(stored["cell"]), stored["source"], status,
        stored["error"], started_us / 1e6, duration_s, [_output(one, replica) for one in stored["outputs"]],
        stored["outputs_left_out"], is_open or started_us + duration_s * 1e6 >= since_us,
    )  # fmt: skip


def _output(stored: Mapping[str, Any], replica: Replica) -> CellOutput:
    kind, stream = stored.get("kind"), stored.get("name")
    texts = [stored.get(form) for form in ("text", "traceback", *TEXTS)]
    objects, left_out = checked.rows(stored.get("objects"), 3), checked.rows(stored.get("left_out"), 2)
    return CellOutput(
        kind if isinstance(kind, str) else "display",
        stream if kind == "stream" and isinstance(stream, str) else None,
        next((text for text in texts if isinstance(text, str)), ""),
        {form: one for form, one, _ in objects if isinstance(form, str) and is_hex(one, 64)},
        {form: size for form, size in left_out if isinstance(form, str) and checked.whole(size) is not None},
        checked.whole(stored.get("skipped_bytes")) or 0,
        replica,
    )


def as_json(notebook: Notebook | None) -> dict[str, object] | None:
    """Return what `--json` says of a notebook, without its cells."""
    if notebook is None:
        return None
    order = notebook.order
    return {
        "process": notebook.process,
        "name": notebook.name,
        "cells": len(notebook.cells),
        "cells_left_out": notebook.cells_left_out,
        "in_order": order.is_in_order,
        "order": order.text,
        "faults": list(order.faults),
        "unknown": list(order.unknown),
    }


def cell_as_json(cell: Cell) -> dict[str, object]:
    """Return a cell for a program."""
    outputs = []
    for output in cell.outputs:
        found = output._asdict()
        del found["replica"]
        outputs.append(found)
    return {**cell._asdict(), "outputs": outputs}
