"""Files that a run kept, by their names: which bytes are meant, and a place where they lie for a while."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import UnknownSubjectError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gnomon.runs.run_view import RunView

MOST_LISTED = 20


class KeptAs(NamedTuple):
    """Kept bytes: an object, or the tree of a folder."""

    object: str
    size: int
    is_tree: bool


@contextmanager
def lent(run: RunView, name: str) -> Iterator[str]:
    """Give a path where a kept file or folder lies for as long as the block lasts, under its own name.

    Raises UnknownSubjectError, MissingObjectError, DamagedObjectError.
    """
    kept = kept_as(run, name)
    replica = run.record.replica
    cache = os.path.join(replica.home.env.cache_folder(), "kept")
    os.makedirs(cache, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".lent-", dir=cache) as folder:
        target = os.path.join(folder, os.path.basename(name))
        replica.objects().restore(kept.object, target, overwrite=False, is_tree=kept.is_tree)
        yield target


def kept_as(run: RunView, name: str) -> KeptAs:
    """Return what was last kept under this name, also inside a kept folder. Raises UnknownSubjectError, which names near ones."""
    newest_first = run.kept[::-1]
    for one in newest_first:
        if one.name == name:
            return KeptAs(one.object, one.size, one.is_tree)
    folders = [one for one in newest_first if one.is_tree and name.startswith(one.name + "/")]
    paths: list[str] = []
    objects = run.record.replica.objects()
    for folder in folders:
        for file in objects.read_tree(folder.object):
            path = f"{folder.name}/{file.path}"
            if path == name:
                return KeptAs(file.object, file.size, False)
            paths.append(path)
    if folders:
        raise _no_such_file(run, name, folders[0].name, paths)
    raise _nothing_called(run, name)


def _no_such_file(run: RunView, name: str, folder: str, paths: list[str]) -> UnknownSubjectError:
    last = name.rpartition("/")[2]
    elsewhere = [path for path in paths if path.rpartition("/")[2] == last]
    return UnknownSubjectError(
        f"folder `{folder}` that run {run.id[:8]} kept has no file `{name[len(folder) + 1 :]}`",
        hint=f"{_meant(name, elsewhere or paths)}`gnomon get {run.id[:8]} {folder} --to FOLDER` writes the whole folder",
    )


def _nothing_called(run: RunView, name: str) -> UnknownSubjectError:
    kept = list(dict.fromkeys(one.name for one in run.kept))
    logged = list(dict.fromkeys(value.series for value in run.values()))
    there = [f"it kept {_listed(kept)}"] if kept else []
    if logged:
        there.append(f"it logged the value{'s' if len(logged) > 1 else ''} {_listed(logged)}")
    nothing = "it kept no files and logged no images, tables or the like"
    return UnknownSubjectError(
        f"run {run.id[:8]} kept {'and logged ' if logged else ''}nothing called `{name}`",
        hint=_meant(name, [*kept, *logged]) + ("; ".join(there) or nothing),
    )


def _listed(names: list[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:MOST_LISTED])
    return shown + (f" and {len(names) - MOST_LISTED} more" if len(names) > MOST_LISTED else "")


def _meant(name: str, known: list[str]) -> str:
    """Return a question at the names that are nearest, with a blank behind it; nothing where none is near."""
    from difflib import get_close_matches

    near = get_close_matches(name, list(dict.fromkeys(known)), n=2)
    return f"did you mean {' or '.join(f'`{one}`' for one in near)}? " if near else ""
