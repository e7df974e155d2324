"""Bring the bytes of a version back: into a new place, in place of a working copy, or into the cache.

Always true: a place appears under its name only when all of its bytes were checked; nothing that no version holds is
overwritten unless that is asked for; an interrupted restore goes on where it was.
Not promised: that restored files survive a power cut in the next seconds. They can be restored again.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat as stat_module
import tempfile
from difflib import get_close_matches
from typing import TYPE_CHECKING, NamedTuple

from blake3 import blake3

from gnomon.data import reading, references
from gnomon.data.scan import scan
from gnomon.errors import BadArgumentError, ErasedObjectError, MissingFileError, MissingObjectError
from gnomon.objects.restore import fill_folder, require_all
from gnomon.objects.tree import EXECUTABLE, PLAIN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gnomon.data.pointer import Pointer
    from gnomon.data.views import DataVersion
    from gnomon.env import Env
    from gnomon.objects.store import ObjectStore
    from gnomon.objects.tree import TreeFile
    from gnomon.runs.views import Record

    Progress = Callable[[int, int], None]


class Wanted(NamedTuple):
    """Bytes to restore: the object, whether it is a folder, and how a message calls it."""

    object: str
    is_tree: bool
    label: str


def wanted_of(version: DataVersion) -> Wanted:
    """Return what to restore of a version. Raises MissingObjectError for a reference, ErasedObjectError."""
    version.require_bytes()
    if version.object is None or version.reference is not None:
        place = (version.reference or {}).get("place")
        raise MissingObjectError(
            f"`{version.label}` was added by reference: the record does not hold its bytes",
            hint=f"it lies at `{place}`",
        )
    return Wanted(version.object, version.is_tree, version.label)


def get(version: DataVersion, to: str | os.PathLike[str], *, progress: Progress | None = None) -> str:
    """Write a version to `to` and return the path.

    A folder becomes the folder `to`, which must be empty or new. A file becomes the file `to`, or a file of its own name in `to`,
    where that is a folder. Raises BadArgumentError where something is there already, MissingObjectError, DamagedObjectError.
    """
    wanted, target = wanted_of(version), os.fspath(to)
    if not wanted.is_tree and (os.path.isdir(target) or target.endswith("/")):
        target = os.path.join(target, version.file_name)
    require_free(target, is_tree=wanted.is_tree)
    replica = version.record.replica
    restore(replica.home.env, replica.objects(), wanted, target, progress)
    return target


def require_free(target: str, *, is_tree: bool) -> None:
    """Raise BadArgumentError where something would be overwritten."""
    if not os.path.lexists(target):
        return
    if not is_tree:
        raise BadArgumentError(
            f"`{target}` exists already", hint="name another file, or a folder to write it into"
        )
    if not os.path.isdir(target):
        raise BadArgumentError(
            f"`{target}` is not a folder", hint="name a folder that is empty or not there yet"
        )
    if os.listdir(target):
        raise BadArgumentError(
            f"the folder `{target}` is not empty", hint="name one that is empty or not there yet"
        )


def restore(
    env: Env, store: ObjectStore, wanted: Wanted, target: str, progress: Progress | None = None
) -> None:
    """Write an object to a place that is free; of a folder, go on with what an interrupted restore left beside it."""
    if not wanted.is_tree:
        store.restore(wanted.object, target, is_tree=False)
        return
    root = os.path.realpath(target)
    part = f"{os.path.dirname(root)}/.{os.path.basename(root)}.{wanted.object[:16]}.part"
    os.makedirs(os.path.dirname(root), exist_ok=True)
    _fill(env, store, wanted, part, progress)
    if os.path.isdir(root):
        os.rmdir(root)  # it is empty, or this raises
    env.rename_folder(part, root)


def _fill(env: Env, store: ObjectStore, wanted: Wanted, part: str, progress: Progress | None) -> None:
    try:
        os.mkdir(part)
    except FileExistsError:
        _require_own_folder(part)
        _go_on(env, store, wanted, part, progress)
        return
    files = store.read_tree(wanted.object)
    require_all(store, wanted.object, files)
    fill_folder(env, store, files, part, progress)


def _require_own_folder(part: str) -> None:
    state = os.lstat(part)
    if not stat_module.S_ISDIR(state.st_mode) or state.st_uid != os.getuid():
        raise BadArgumentError(
            f"`{part}` is in the way: the rest of an interrupted restore would be there", hint="move it away"
        )


def _go_on(env: Env, store: ObjectStore, wanted: Wanted, part: str, progress: Progress | None) -> None:
    """Restore what is missing in a folder, and take away what does not belong there."""
    files = store.read_tree(wanted.object)
    known = {file.path: file for file in files}
    right: set[str] = set()
    for place, folders, names in os.walk(part):
        links = [name for name in folders if os.path.islink(os.path.join(place, name))]
        folders[:] = [name for name in folders if name not in links]
        for name in [*names, *links]:
            source = os.path.join(place, name)
            path = os.path.relpath(source, part)
            file = known.get(path)
            if file is not None and not os.path.islink(source) and _has_bytes(env, source, file):
                right.add(path)
            else:
                os.unlink(source)
    for place, _, _ in os.walk(part, topdown=False):
        if place != part and not os.listdir(place):
            os.rmdir(place)  # what was the folder of something else
    left = [file for file in files if file.path not in right]
    for nth, file in enumerate(left):
        target = os.path.join(part, file.path)
        if not os.path.realpath(os.path.dirname(target)).startswith(part):
            raise BadArgumentError(f"`{part}` holds a link that leads out of it", hint="remove that folder")
        store.restore(file.object, target, is_tree=False)
        if file.mode & 0o100:
            mode = os.stat(target).st_mode
            os.chmod(target, mode | (mode & 0o444) >> 2)  # who may read it may execute it
        if progress is not None:
            progress(nth + 1, len(left))


def _has_bytes(env: Env, source: str, file: TreeFile) -> bool:
    state = os.stat(source)
    if state.st_size != file.size or bool(state.st_mode & 0o100) != bool(file.mode & 0o100):
        return False
    hasher = blake3()
    fd = env.open_read(source)
    try:
        offset = 0
        while piece := env.read(fd, reading.PIECE, offset):
            hasher.update(piece)
            offset += len(piece)
    finally:
        env.close(fd)
    return hasher.hexdigest() == file.object


# ---------------------------------------------------------------- a working copy


def checkout(
    record: Record, pointer: Pointer, *, force: bool = False, progress: Progress | None = None
) -> bool:
    """Bring the data of a pointer to the place that it names; return whether anything had to be done.

    What is there already is replaced only where a version holds it, or with `force`. Raises BadArgumentError,
    MissingObjectError.
    """
    env, store = record.replica.home.env, record.replica.objects()
    target = pointer.target
    wanted = Wanted(pointer.object, pointer.is_tree, pointer.label)
    if not store.contains(wanted.object):
        raise _not_here(store, pointer)
    if not os.path.lexists(target):
        restore(env, store, wanted, target, progress)
        return True
    if os.path.islink(target):
        raise BadArgumentError(
            f"`{target}` is a symbolic link; checking out would put a copy in its place",
            hint="remove the link",
        )
    here = _identified(env, record, target)
    if here is not None and (here.object, here.is_tree) == (wanted.object, wanted.is_tree):
        return False
    is_empty = os.path.isdir(target) and not os.listdir(target)
    if not is_empty and not force and not (here is not None and store.contains(here.object)):
        raise BadArgumentError(
            f"`{target}` has changes that no version holds",
            hint="keep them with `gnomon data add`, or throw them away with `--force`",
        )
    _replace(env, store, wanted, target, progress)
    return True


def _not_here(store: ObjectStore, pointer: Pointer) -> MissingObjectError:
    named = f"the bytes of `{pointer.label}`, which `{pointer.file}` names,"
    try:
        store.size(pointer.object)
    except ErasedObjectError as error:
        return ErasedObjectError(f"{named} were erased: {error.message}", hint=error.hint)
    except MissingObjectError:
        pass  # the message for people below says it with the pointer
    return MissingObjectError(
        f"{named} are not in this replica",
        hint="another replica may hold them: copy its `log/` and `objects/` folders into this one",
    )


def _identified(env: Env, record: Record, target: str) -> reading.Bytes | None:
    """Return what lies at a place; None for what no version could hold."""
    try:
        return reading.identify(env, scan(target, record.path), record.path)
    except BadArgumentError:
        return None


def _replace(env: Env, store: ObjectStore, wanted: Wanted, target: str, progress: Progress | None) -> None:
    """Put a version in the place of what is there, which goes only when the version is whole."""
    folder, name = os.path.split(os.path.abspath(target))
    fresh = os.path.join(folder, f".{name}.{wanted.object[:16]}.new")
    if not os.path.lexists(fresh):
        restore(env, store, wanted, fresh, progress)
    old = os.path.join(folder, f".{name}.{env.random_bytes(8).hex()}.old")
    os.rename(target, old)
    os.rename(fresh, target)
    shutil.rmtree(old) if os.path.isdir(old) else os.unlink(old)


# ---------------------------------------------------------------- the cache


def cached(version: DataVersion) -> str:
    """Return a path in the user's cache folder where exactly the bytes of a version lie, read-only.

    It is restored the first time. Files that were touched since are noticed by size, times and inode, and restored again.
    """
    wanted = wanted_of(version)
    replica = version.record.replica
    env = replica.home.env
    place = os.path.join(env.cache_folder(), "data", wanted.object[:2], wanted.object[2:])
    target = os.path.join(place, version.file_name)
    if os.path.lexists(target):
        if _is_intact(env, version, target, wanted):
            return target
        aside = os.path.join(place, f".{env.random_bytes(8).hex()}.old")
        os.rename(target, aside)
        shutil.rmtree(aside) if os.path.isdir(aside) else os.unlink(aside)
    os.makedirs(place, exist_ok=True)
    # Several processes may do this at once: each restores for itself, and the first to be done is taken.
    fresh = os.path.join(place, f".{env.random_bytes(8).hex()}.new")
    restore(env, replica.objects(), wanted, fresh)
    _make_read_only(fresh)
    try:
        os.rename(fresh, target)
    except OSError:
        if not os.path.lexists(target):
            raise
        shutil.rmtree(fresh) if os.path.isdir(fresh) else os.unlink(fresh)
    return target


def _is_intact(env: Env, version: DataVersion, target: str, wanted: Wanted) -> bool:
    try:
        found = reading.identify(env, scan(target, version.record.path), version.record.path)
    except (BadArgumentError, MissingFileError):
        return False
    return (found.object, found.is_tree) == (wanted.object, wanted.is_tree)


@contextlib.contextmanager
def lent(version: DataVersion, file: str | None = None, *, at: str | None = None) -> Iterator[str]:
    """Give a path where the bytes of a version, or of one of its files, lie for as long as the `with` lasts.

    That is `at`, where they lie already; a reference where it is; else a copy that is removed afterwards.
    Raises BadArgumentError (no such file), MissingObjectError, DamagedObjectError.
    """
    chosen = file_of(version, file) if file is not None else None
    if at is not None or version.reference is not None:
        place = at if at is not None else referenced(version)
        yield os.path.join(place, chosen.path) if chosen is not None and version.is_tree else place
        return
    wanted = wanted_of(version)
    if chosen is not None:
        wanted = Wanted(chosen.object, False, f"{version.label}, file `{chosen.path}`")
    replica = version.record.replica
    cache = os.path.join(replica.home.env.cache_folder(), "data")
    os.makedirs(cache, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".lent-", dir=cache) as folder:
        name = os.path.basename(chosen.path) if chosen is not None else version.file_name
        target = os.path.join(folder, name)
        restore(replica.home.env, replica.objects(), wanted, target)
        yield target


def file_of(version: DataVersion, path: str) -> TreeFile:
    """Return one file of a version. Raises BadArgumentError, which names near ones."""
    files = version.files()
    found = next((file for file in files if file.path == path), None)
    if found is None:
        near = get_close_matches(path, [file.path for file in files], n=3)
        raise BadArgumentError(
            f"`{version.label}` has no file `{path}`",
            hint=f"did you mean {' or '.join(f'`{one}`' for one in near)}?"
            if near
            else f"`gnomon data show {version.label} --files` lists them",
        )
    return found


def _make_read_only(path: str) -> None:
    if not os.path.isdir(path):
        os.chmod(path, 0o444)
        return
    for place, _, names in os.walk(path):
        for name in names:
            file = os.path.join(place, name)
            os.chmod(file, 0o555 if os.stat(file).st_mode & EXECUTABLE & ~PLAIN else 0o444)


def referenced(version: DataVersion) -> str:
    """Return where a reference lies, after a look whether it still has the bytes that were read when it was added."""
    reference = version.reference or {}
    path = references.path_at(str(reference["place"]))
    if reference.get("kind") == "url":
        raise MissingObjectError(
            f"the bytes of `{version.label}` lie at a URL: nothing is read from there unless it is asked for",
            hint=f"`gnomon data get {version.label} --to PATH` brings them, checked as far as they can be",
        )
    record = version.record
    found = reading.identify(record.replica.home.env, scan(path, record.path), record.path)
    if (found.object, found.is_tree) != (version.object, version.is_tree):
        raise BadArgumentError(
            f"`{path}` has other bytes than `{version.label}`, which refers to it: expected {str(version.object)[:12]}, "
            f"found {found.object[:12]}",
            hint="add it again as a new version, or bring the old bytes back",
        )
    return path
