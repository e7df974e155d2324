"""From a description in Croissant to what `data add` adds: which file or folder it is, and what is said of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from gnomon.data.croissant.read import Described, check, fetch, read
from gnomon.errors import BadArgumentError, MissingFileError

if TYPE_CHECKING:
    from collections.abc import Callable


class Ready(NamedTuple):
    """What to add, what is said of it, and what came of checking its files."""

    path: str
    described: Described
    notes: tuple[str, ...]


def prepare(
    path: str | None,
    description: str,
    *,
    may_fetch: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Ready:
    """Return what a description describes, every file checked that it gives a checksum for.

    `path` is the file or folder of the data; without it, the folder of the description. What lies elsewhere is fetched only with
    `may_fetch`, into that folder. Raises MissingFileError, DamagedFileError, UnknownFormatError, BadArgumentError, StorageError.
    """
    found = read(description)
    if not found.files and path is None:
        raise BadArgumentError(
            f"`{description}` names no file by itself",
            hint="name the data: `gnomon data add PATH --croissant FILE`",
        )
    if not found.files:
        return Ready(str(path), found, (*found.notes, "it names no file by itself: nothing was checked"))
    folder = (
        path
        if path is not None and (os.path.isdir(path) or len(found.files) > 1)
        else os.path.dirname(path or description) or "."
    )
    if path is not None and os.path.isfile(path) and len(found.files) == 1:
        found = found._replace(files=(found.files[0]._replace(path=os.path.basename(path)),))
    met = check(found, folder, progress)
    if met.missing and may_fetch:
        os.makedirs(folder, exist_ok=True)
        fetch(met.missing, folder, progress)
        met = check(found, folder, progress)
    if met.missing:
        names = ", ".join(f"`{file.path}`" for file in met.missing[:5]) + (
            ", …" if len(met.missing) > 5 else ""
        )
        is_remote = any(file.url for file in met.missing)
        raise MissingFileError(
            f"{len(met.missing):,} of the {len(found.files):,} files that `{description}` names are not in `{folder}`: {names}",
            hint="`--fetch` downloads them there"
            if is_remote
            else "give the folder where they are: `gnomon data add FOLDER --croissant …`",
        )
    notes = [*found.notes]
    if met.unpinned:
        notes.append(f"{len(met.unpinned):,} of its files are described without a checksum")
    return Ready(path or _root(found, folder), found, tuple(notes))


def _root(found: Described, folder: str) -> str:
    """Return what to add where nobody said it: the one file, else the folder that the files share."""
    if len(found.files) == 1:
        return os.path.join(folder, found.files[0].path)
    shared = (
        os.path.commonpath([os.path.dirname(file.path) or "." for file in found.files])
        if _all_in_folders(found)
        else ""
    )
    return os.path.join(folder, shared) if shared else folder


def _all_in_folders(found: Described) -> bool:
    return all("/" in file.path for file in found.files)
