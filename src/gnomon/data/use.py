"""What a run uses: from a version's name, or a path, to a local path and what is recorded of it.

Always true: the path that comes back holds exactly the bytes that are recorded, at the time of the call.
Not promised: that nobody changes a file of the working copy afterwards, while the run reads it. What lies in the cache is
read-only.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from gnomon.data import names, reading, references, restoring
from gnomon.data.pointer import pointer_of
from gnomon.data.references import is_url, path_at
from gnomon.data.scan import scan
from gnomon.data.views import DataVersion, rows, version, version_of
from gnomon.errors import (
    BadArgumentError,
    DamagedObjectError,
    MissingFileError,
    MissingObjectError,
    UnknownSubjectError,
)
from gnomon.runs.capture.capture import scrubber_here

if TYPE_CHECKING:
    from gnomon.runs.views import Record

RESTORED, WORKING_COPY, REFERENCE, NOT_VERSIONED = "restored", "working copy", "reference", "not versioned"
NOT_A_VERSION = "no version of data has these bytes; `gnomon data add` would keep them"


class Used(NamedTuple):
    """Where the data lies, and the body of the entry `run.used`."""

    path: str
    body: dict[str, object]


def use(record: Record, what: str | os.PathLike[str], name: str | None) -> Used:
    """Return where data lies for a run. `what` is a path that exists, or a version such as `credit@v3`.

    Raises MissingFileError, BadArgumentError, UnknownSubjectError, AmbiguousIdError, MissingObjectError, DamagedObjectError.
    """
    text = os.fspath(what)
    if not isinstance(text, str) or not text:
        raise BadArgumentError(f"`use()` needs a path, or a version such as 'credit@v3'; got {what!r}")
    if isinstance(what, str) and not os.path.lexists(text) and _is_spec(text):
        return _use_version(record, text, name)
    if is_url(text):
        raise BadArgumentError(
            f"`{text}` is a URL, and no version refers to it by name here",
            hint="`gnomon data add URL --name NAME --by-reference` records it; then use it by that name",
        )
    return _use_path(record, text, name)


def _is_spec(text: str) -> bool:
    name, at, _ = text.partition("@")
    return bool(at or names.is_name(text)) and names.is_name(name)


def _use_version(record: Record, text: str, name: str | None) -> Used:
    try:
        found = version(record, text)
    except UnknownSubjectError as error:
        if "@" in text or names.parse(text).name in {row.name for row in rows(record.replica.index)}:
            raise
        raise MissingFileError(
            f"`{text}` is neither a path that exists nor a data set", hint=error.hint
        ) from None
    body = body_of(found, name)
    if found.reference is not None:
        if found.reference["kind"] == "url":
            return Used(
                path_at(found.reference["place"]),
                {**body, "how": REFERENCE, "note": references.mark(found.reference, found.object)},
            )
        return Used(restoring.referenced(found), {**body, "how": REFERENCE, "note": "bytes not kept"})
    return Used(restoring.cached(found), {**body, "how": RESTORED})


def _use_path(record: Record, path: str, name: str | None) -> Used:
    used = _identified(record, path, name)
    place = os.path.realpath(str(used.body.pop("whole", path)))  # of a part, the folder of the version
    at = os.path.relpath(place, os.path.dirname(os.path.realpath(record.path)))
    if not at.startswith(os.pardir) and at.isprintable() and scrubber_here().text(at, "data") == at:
        used.body["at"] = at
    return used


def _identified(record: Record, path: str, name: str | None) -> Used:
    env = record.replica.home.env
    found = reading.identify(env, scan(path, record.path), record.path)
    record.replica.update(record.progress)
    pointer = pointer_of(env, path)
    known = version_of(record, found.object, found.is_tree, pointer.name if pointer is not None else None)
    if known is not None:
        return Used(path, {**body_of(known, name), "how": WORKING_COPY})
    part = _part_of_version(record, path, found)
    if part is not None:
        whole, inside = part
        note = f"`{inside}`: {found.files:,} of its {whole.file_count:,} files"
        body = {**body_of(whole, name or inside), "how": WORKING_COPY, "note": note}
        return Used(path, {**body, "whole": os.path.realpath(path)[: -len(inside) - 1]})
    body = {
        "name": name or (pointer.name if pointer is not None else os.path.basename(os.path.abspath(path))),
        "object": found.object, "is_tree": found.is_tree, "size": found.size, "files": found.files,
        "how": NOT_VERSIONED, "note": NOT_A_VERSION,
    }  # fmt: skip
    if found.notes:
        body["note"] = "; ".join([NOT_A_VERSION, *found.notes[:3]])
    return Used(path, body)


def _part_of_version(record: Record, path: str, found: reading.Bytes) -> tuple[DataVersion, str] | None:
    """Return the version of the folder that a path lies in, and the path in it; None where other bytes lie there than it has."""
    env = record.replica.home.env
    real = os.path.realpath(path)
    project = os.path.dirname(os.path.realpath(record.path))
    folder = os.path.dirname(real)
    while folder.startswith(f"{project}{os.sep}"):
        pointer = pointer_of(env, folder)
        if pointer is not None and pointer.is_tree:
            break
        folder = os.path.dirname(folder)
    else:
        return None
    whole = version_of(record, pointer.object, True, pointer.name)
    if whole is None:
        return None
    try:
        has = {file.path: str(file.object) for file in whole.files()}
    except (MissingObjectError, DamagedObjectError):  # its list is not here: what it holds cannot be told
        return None
    inside = os.path.relpath(real, folder)
    if not found.is_tree:
        return (whole, inside) if has.get(inside) == found.object else None
    known = reading.digests(env, scan(path, record.path), record.path, with_files=True)
    is_part = all(has.get(f"{inside}/{file.path}") == file.object for file in known.files.values())
    return (whole, inside) if is_part and known.files else None


def body_of(version: DataVersion, name: str | None) -> dict[str, object]:
    """Return what `run.used` says of a version."""
    return {
        "name": name or version.name, "dataset": version.name, "number": version.number, "version": version.id,
        "object": version.object, "is_tree": version.is_tree, "size": version.size, "files": version.file_count,
    }  # fmt: skip
