"""The notebooks that a run kept as files (`run.keep("analysis.ipynb")`), cell by cell; of two runs, how they differ.

Their cells are named by the file: `cell:analysis.ipynb:4` is its fourth cell, of whatever kind. Of two runs those of one name are
compared, and where each kept only one, these two, whatever they are called.

Always true: what cannot be read becomes a note; the rest is shown. `MOST` notebooks of a run, the last of each name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import GnomonError
from gnomon.team.reviews.ipynb import MOST_BYTES, Opened, opened
from gnomon.team.reviews.notebooks import compared_parts, whole_parts
from gnomon.team.reviews.parts import ADDED
from gnomon.text import count, size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gnomon.runs.run_view import Kept, RunView
    from gnomon.team.reviews.parts import Part

MOST = 10
ENDING = ".ipynb"


class File(NamedTuple):
    """A notebook that a run kept: the name of the file, or its path in the folder that was kept, and its object."""

    name: str
    object: str


def kept_parts(run: RunView) -> tuple[list[Part], list[str]]:
    """Return the cells of the notebooks that a run kept, and notes."""
    files, notes = _files(run)
    parts: list[Part] = []
    for one in files:
        found = _opened(run, one)
        parts += whole_parts(found.cells, found.pictures)
        notes += found.notes
    return parts, notes


def compared_kept_parts(before: RunView, after: RunView) -> tuple[list[Part], list[str]]:
    """Return the same as it differs from the notebooks that another run kept. Raises MissingExtraError."""
    olds, _ = _files(before)
    news, notes = _files(after)
    if not news:
        return [], [
            f"run {before.id[:8]} kept {one.name}, and run {after.id[:8]} no notebook" for one in olds[:1]
        ]
    by_name = {one.name: one for one in olds}
    if len(olds) == len(news) == 1:
        by_name[news[0].name] = olds[0]
    parts: list[Part] = []
    for one in news:
        old = by_name.get(one.name)
        if old is None:
            found = _opened(after, one)
            parts += whole_parts(found.cells, found.pictures, ADDED)
            notes += [*found.notes, f"run {before.id[:8]} kept no {one.name}: the whole of it is shown"]
        elif old.object == one.object:
            notes.append(f"notebook {one.name} is the same in both runs, to the byte")
        else:
            more, said = _compared(_opened(before, old), _opened(after, one))
            parts += more
            notes += said
    gone = [one.name for one in olds if one.name not in {new.name for new in news}] if len(olds) > 1 else []
    return parts, [
        *notes,
        *(f"run {after.id[:8]} kept no {name}, as run {before.id[:8]} did" for name in gone[:3]),
    ]


def _compared(before: Opened, after: Opened) -> tuple[list[Part], list[str]]:
    if not before.cells or not after.cells:  # then it says why
        return whole_parts(after.cells, after.pictures), [*before.notes, *after.notes]
    parts, notes = compared_parts(before.cells, after.cells, {**before.pictures, **after.pictures})
    return parts, [*after.notes, *notes]


def _opened(run: RunView, one: File) -> Opened:
    store = run.record.replica.objects()
    try:
        store.bring([one.object])
        length = store.size(one.object)
        if length > MOST_BYTES:
            why = f"has {size(length)}; up to {size(MOST_BYTES)} are shown cell by cell"
            return Opened(
                (), (f"notebook {one.name} {why}. `gnomon get {run.id[:8]} {one.name}` gets the file",), {}
            )
        return opened(one.name, store.read(one.object, MOST_BYTES))
    except (GnomonError, OSError) as error:
        said = error.message if isinstance(error, GnomonError) else str(error)
        return Opened((), (f"notebook {one.name} cannot be read here: {said}",), {})


def _files(run: RunView) -> tuple[list[File], list[str]]:
    """Return the notebooks among what a run kept, and what is to be said."""
    found: dict[str, File] = {}
    notes = []
    for kept in run.kept:
        try:
            for file in _named(run, kept):
                found.pop(file.name, None)  # the last one of a name counts, and stands where it was kept
                found[file.name] = file
        except (GnomonError, OSError) as error:
            said = error.message if isinstance(error, GnomonError) else str(error)
            notes.append(f"folder {kept.name} cannot be read here: {said}")
    files = list(found.values())
    if len(files) > MOST:
        notes.append(f"{count(len(files) - MOST, 'more notebook')} kept by run {run.id[:8]} not shown")
    return files[:MOST], notes


def _named(run: RunView, kept: Kept) -> Iterator[File]:
    if not kept.is_tree:
        if kept.name.lower().endswith(ENDING):
            yield File(kept.name, kept.object)
        return
    for file in run.record.replica.objects().read_tree(kept.object):
        if file.path.lower().endswith(ENDING):
            yield File(f"{kept.name}/{file.path}", str(file.object))
