"""What changed on the disk since the version that a pointer names (or that a person names).

Always true: a file that did not change is not read; see `data.stat_cache`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from gnomon.data import pointer as pointers
from gnomon.data import reading
from gnomon.data.changes import Changes, changes
from gnomon.data.newer import Newer
from gnomon.data.scan import scan
from gnomon.errors import BadArgumentError, MissingFileError, MissingObjectError
from gnomon.ids import ObjectId
from gnomon.objects.tree import PLAIN, TreeFile

if TYPE_CHECKING:
    from collections.abc import Callable

    from gnomon.runs.views import Record

MISSING, CHANGED, UNCHANGED, UNKNOWN = "missing", "changed", "unchanged", "unknown"
NOTHING = Changes([], [], [], [], 0)


class Status(NamedTuple):
    """A working copy: where it is, the version it is compared with, and what differs.

    `state` is 'unchanged', 'changed', 'missing', or 'unknown': it differs, and the list of files of the version is not here.
    `newer` are the newest versions, where the one compared with is none of them.
    """

    path: str
    label: str
    state: str
    changes: Changes
    size: int
    files: int
    newer: tuple[str, ...]
    notes: tuple[str, ...]


def status(
    record: Record,
    path: str | None = None,
    *,
    against: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Status]:
    """Return the status of the file or folder at `path`, or of every pointer below the working folder.

    `against` is a version to compare with, instead of the one that the pointer names. Raises MissingFileError where a path
    has neither.
    """
    env = record.home.env
    if path is None:
        if against is not None:
            raise BadArgumentError(
                "`--against` needs a path to compare",
                hint=f"for instance `gnomon data status PATH --against {against}`",
            )
        found = [pointers.read(env, file) for file in pointers.find_pointers(env, ".")]
        return [_of_pointer(record, one, progress) for one in found]
    if against is not None:
        from gnomon.data.views import version

        wanted = version(record, against)
        return [
            _of(record, path, wanted.label, wanted.object, wanted.is_tree, wanted.id, wanted.name, progress)
        ]
    if path.endswith(pointers.SUFFIX) and os.path.isfile(path):
        return [_of_pointer(record, pointers.read(env, path), progress)]
    beside = pointers.pointer_of(env, path)
    if beside is None:
        pointers.require_no_conflict(env, path)
        if not os.path.lexists(path):
            scan(path, record.path)  # says so
        raise MissingFileError(
            f"no pointer beside `{path}` says which version it is",
            hint=f"`gnomon data add {path}` makes one, `--against NAME@v1` compares with a version",
        )
    return [_of_pointer(record, beside, progress)]


def _of_pointer(
    record: Record, pointer: pointers.Pointer, progress: Callable[[int, int], None] | None
) -> Status:
    path = os.path.relpath(pointer.target)
    label, note = Newer(record).called(pointer)
    found = _of(record, path, label, pointer.object, pointer.is_tree, pointer.id, pointer.name, progress)
    return found if note is None else found._replace(notes=(note, *found.notes))


def _of(
    record: Record, path: str, label: str, object_id: str | None, is_tree: bool, id: str, name: str,
    progress: Callable[[int, int], None] | None,
) -> Status:  # fmt: skip
    newer = Newer(record).than(name, id)
    if not os.path.lexists(path):
        return Status(path, label, MISSING, NOTHING, 0, 0, newer, ())
    env = record.home.env
    found = scan(path, record.path)
    known = reading.digests(env, found, record.path, progress or (lambda done, total: None))  # noqa: ARG005
    notes = (*found.notes, *known.notes)
    if (known.object, found.is_tree) == (object_id, is_tree):
        return Status(path, label, UNCHANGED, NOTHING, known.size, found.count, newer, notes)
    now = known.files or reading.digests(env, found, record.path, with_files=True).files
    try:
        before = _files_of(record, object_id, is_tree, found.files[0].path if found.files else label)
    except MissingObjectError:
        return Status(path, label, UNKNOWN, NOTHING, known.size, found.count, newer, notes)
    return Status(path, label, CHANGED, changes(before, now.values()), known.size, found.count, newer, notes)


def _files_of(record: Record, object_id: str | None, is_tree: bool, name: str) -> list[TreeFile]:
    store = record.replica.objects()
    if object_id is None:
        raise MissingObjectError("it is a reference whose bytes nobody has read")
    if is_tree:
        return store.read_tree(object_id)
    return [TreeFile(name, ObjectId(object_id), store.size(object_id), PLAIN)]
