"""The parts of a notebook: its cells with what they printed and showed; of two notebooks, which cells differ and how.

Of a notebook that a run kept as a file, the cells are those of the file (`reviews.ipynb`). Of a run that was in a notebook they
are what was recorded while they ran: a cell that was run several times is shown as it was run last. Where the notebook's file is
known, they are those of the file from top to bottom (`cell:4` is the fourth code cell), and those that are not in it are
`cell:in-7`, by the number of their run. Where it is not known, `cell:4` is the cell of `In [4]`.

Always true: bounded: `MOST_CELLS` cells, `MOST_OUTPUTS` outputs of each. The diff: `reviews.aligned`.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from gnomon.runs.capture.console_lines import without_codes
from gnomon.team.reviews.aligned import Cell, Output, Pair, aligned
from gnomon.team.reviews.parts import ADDED, CHANGED, REMOVED, SAME, Line, Part, part_of
from gnomon.text import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from gnomon.runs.notebook import views

MOST_CELLS = 1_000
MOST_OUTPUTS = 20  # of a cell
LONGEST_OUTPUT = 8_000  # characters
NOT_SHOWN = "not shown"
_TITLES = {"stream": "printed", "error": "error", "result": "result"}


class Named(NamedTuple):
    """A cell, what its anchors end with (`4`), what it is called, and a few words about it."""

    key: str
    title: str
    facts: tuple[str, ...]
    cell: Cell


def notebook_cells(notebook: views.Notebook) -> tuple[list[Part], list[str]]:
    """Return the parts of one notebook, and what is to be said of it."""
    cells, notes = _named(notebook)
    return whole_parts(cells), notes


def compared_cells(before: views.Notebook, after: views.Notebook) -> tuple[list[Part], list[str]]:
    """Return the parts of a notebook as it differs from another one, and notes. Raises MissingExtraError."""
    old, _ = _named(before)
    new, notes = _named(after)
    parts, more = compared_parts(old, new)
    return parts, [*notes, *more]


def whole_parts(
    cells: Iterable[Named], pictures: Mapping[str, bytes] = MappingProxyType({}), what: str = ""
) -> list[Part]:
    """Return the parts of cells: as they are, or as added. `pictures` are what outputs showed, by digest."""
    return [part for one in cells for part in _whole(one, what, pictures)]


def compared_parts(
    old: Sequence[Named], new: Sequence[Named], pictures: Mapping[str, bytes] = MappingProxyType({})
) -> tuple[list[Part], list[str]]:
    """Return the parts of cells as they differ from others, and notes. Raises MissingExtraError."""
    found = aligned(tuple(one.cell for one in old), tuple(one.cell for one in new))
    notes = []
    if found.unaligned:
        notes.append(f"{count(found.unaligned, 'cell')} differ too much to be told apart one by one in time")
    parts: list[Part] = []
    for pair in found.pairs:
        was = old[pair.before] if pair.before is not None else None
        now = new[pair.after] if pair.after is not None else None
        if now is None and was is not None:
            parts += _whole(was, REMOVED, pictures)
        elif was is None and now is not None:
            parts += _whole(now, ADDED, pictures)
        elif now is not None:
            parts += _differing(now, pair, pictures)
    if found.is_same:
        notes.append("the cells and what they printed are the same")
    return parts, notes


# ---------------------------------------------------------------- the cells of a notebook


def _named(notebook: views.Notebook) -> tuple[list[Named], list[str]]:
    """Return the cells to show, and notes: the order in which they were run, and what was left out."""
    placed: dict[int, list[views.Cell]] = {}
    others = []
    for cell in notebook.cells:
        if cell.place is None:
            others.append(cell)
        else:
            placed.setdefault(cell.place, []).append(cell)
    found = [_cell(f"{place}", f"cell {place}", placed[place]) for place in sorted(placed)[:MOST_CELLS]]
    for cell in others[: MOST_CELLS - len(found)]:
        number = cell.execution_count if cell.execution_count is not None else cell.number
        found.append(_cell(f"in-{number}" if placed else f"{number}", f"In [{number}]", [cell]))
    left_out = len(placed) + len(others) - len(found) + notebook.cells_left_out
    notes = [f"notebook {notebook.name or ''}: {notebook.order.text}".replace("notebook :", "notebook:")]
    return found, [*notes, *([f"{count(left_out, 'more cell')} not shown"] if left_out else [])]


def _cell(key: str, title: str, runs: Sequence[views.Cell]) -> Named:
    last = runs[-1]
    facts = [f"run {len(runs)} times; as it was run last"] if len(runs) > 1 else []
    facts += [last.status] if last.status != "ok" else []
    more = max(0, len(last.outputs) - MOST_OUTPUTS) + last.outputs_left_out
    facts += [count(more, "more output")] if more else []
    outputs = tuple(_output(one) for one in last.outputs[:MOST_OUTPUTS])
    return Named(key, title, tuple(facts), Cell(last.id or "", last.source, outputs))


def _output(given: views.CellOutput) -> Output:
    text = shown_text(given.text)
    forms = tuple(
        sorted({**given.media, **{form: f"{size} bytes" for form, size in given.left_out.items()}}.items())
    )
    cut = max(0, len(given.text) - LONGEST_OUTPUT) + given.skipped_bytes
    return Output(given.kind, given.stream or "", text, forms, tuple(sorted(given.media.items())), cut)


def shown_text(text: str) -> str:
    """Return what an output says as it is shown: the beginning of it, without the codes of a terminal."""
    return "\n".join(line.rstrip("\r") for line in without_codes(text[:LONGEST_OUTPUT]).split("\n"))


# ---------------------------------------------------------------- parts


def _whole(one: Named, what: str, pictures: Mapping[str, bytes]) -> Iterator[Part]:
    """Yield a cell and its outputs: as they are, or as ones that only one of two notebooks has."""
    was = "was:" if what == REMOVED else ""
    kind = {ADDED: "add", REMOVED: "del"}.get(what, "")
    anchor = f"{was}cell:{one.key}"
    lines = [
        Line(_signed(text, kind, what), kind, f"{anchor}:{number}", number)
        for number, text in enumerate(one.cell.source.expandtabs(4).split("\n"), start=1)
    ]
    yield part_of(anchor, "cell", one.title, lines, what=what, facts=one.facts)
    for place, output in enumerate(one.cell.outputs, start=1):
        rows = [(kind, text) for text in _texts(output)]
        yield _output_part(f"{was}output:{one.key}", place, one.title, output, rows, what, pictures)


def _differing(one: Named, pair: Pair, pictures: Mapping[str, bytes]) -> Iterator[Part]:
    """Yield a cell that both notebooks have, and its outputs, line by line."""
    anchor = f"cell:{one.key}"
    lines, number = [], 0
    for kind, text in pair.source:
        number += kind != "del"
        name = "" if kind == "del" else f"{anchor}:{number}"
        lines.append(Line(_signed(text, kind, pair.what), kind, name, number if name else None))
    yield part_of(
        anchor, "cell", one.title, lines, what=SAME if pair.is_same_source else CHANGED, facts=one.facts
    )
    place = 0
    for found in pair.outputs:
        place += found.what != REMOVED
        name = f"was:output:{one.key}" if found.what == REMOVED else f"output:{one.key}"
        yield _output_part(name, max(place, 1), one.title, found.output, found.rows, found.what, pictures)


def _output_part(
    anchor: str, place: int, title: str, output: Output, rows: Sequence[tuple[str, str]], what: str,
    pictures: Mapping[str, bytes],
) -> Part:  # fmt: skip
    name = anchor if place == 1 else f"{anchor}.{place}"
    lines = [Line(_signed(text, kind, what), kind) for kind, text in rows]
    shows = {form: pictures[digest] for form, digest in output.forms if digest in pictures}
    is_here = {*shows, *dict(output.media)}
    facts = [
        form if form in is_here else f"{form}, {said if said.startswith(NOT_SHOWN) else NOT_SHOWN}"
        for form, said in output.forms
    ]
    facts += [f"{output.cut:,} characters left out"] if output.cut else []
    called = f"{title} {_TITLES.get(output.kind, 'showed')}"
    return part_of(
        name, "output", called, lines, what=what, facts=facts, media=dict(output.media), pictures=shows
    )


def _texts(output: Output) -> list[str]:
    return output.text.removesuffix("\n").split("\n") if output.text else []


def _signed(text: str, kind: str, what: str) -> str:
    """Return a line with the sign of a diff before it, where anything is compared."""
    return text if not what else {"add": "+", "del": "-"}.get(kind, " ") + text
