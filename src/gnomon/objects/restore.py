"""Write objects back to files outside the record.

Always true: nothing is written outside the target, whatever a tree or a link in the target says; a file
appears under its name only when all of its bytes were checked; a folder that was not there appears only
when all of its files did.
Not promised: that restored files survive a power cut in the next seconds. They can be restored again.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat as stat_module
from typing import TYPE_CHECKING

from gnomon.errors import BadArgumentError, DamagedObjectError, MissingObjectError, RecordError
from gnomon.objects.tree import EXECUTABLE, PLAIN, RESERVED

if TYPE_CHECKING:
    from collections.abc import Callable

    from gnomon.env import Env
    from gnomon.objects.store import ObjectStore
    from gnomon.objects.tree import TreeFile

    Progress = Callable[[int, int], None]


def restore_file(env: Env, store: ObjectStore, object_id: str, target: str, overwrite: bool) -> None:
    """Write an object to a file; one that exists is replaced only with `overwrite`, in one step."""
    store.size(object_id)  # missing: say so before anything is made
    if os.path.isdir(target) and not os.path.islink(target):
        raise BadArgumentError(f"`{target}` is a folder", hint="name the file to write")
    if os.path.lexists(target) and not overwrite:
        raise _exists(target)
    folder = os.path.dirname(target) or "."
    os.makedirs(folder, exist_ok=True)
    temporary = f"{folder}/.{env.random_bytes(8).hex()}.tmp"
    _write(env, store, object_id, temporary, PLAIN)
    _place(env, temporary, target)


def restore_tree(env: Env, store: ObjectStore, object_id: str, target: str, overwrite: bool) -> int:
    """Write a tree to the folder `target` and return how many files it has.

    A folder that exists must be empty, or `overwrite` be true: then files of the tree replace those of the
    same name, others stay, and a symbolic link on the way is refused.
    """
    files = store.read_tree(object_id)
    require_all(store, object_id, files)
    root = os.path.realpath(target)
    if os.path.lexists(root):
        if not os.path.isdir(root):
            raise BadArgumentError(f"`{target}` is not a folder", hint="name the folder to write")
        if os.listdir(root) and not overwrite:
            raise _exists(target)
        with store.kept_open():
            _write_all(env, store, files, root)
        return len(files)
    os.makedirs(os.path.dirname(root), exist_ok=True)
    fresh = f"{os.path.dirname(root)}/.{env.random_bytes(8).hex()}.tmp"
    os.mkdir(fresh)
    try:
        fill_folder(env, store, files, fresh)
        env.rename_folder(fresh, root)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    return len(files)


def fill_folder(
    env: Env, store: ObjectStore, files: list[TreeFile], folder: str, progress: Progress | None = None
) -> None:
    """Write files into an empty folder that nobody uses yet, so that each can have its name from the start."""
    folders = {folder}
    with store.kept_open():
        for number, file in enumerate(files):
            final = f"{folder}/{file.path}"
            _make_folders(folder, file.path, folders)
            try:
                _write(env, store, file.object, final, file.mode)
            except FileExistsError:
                for other in files[:number]:
                    if os.path.samefile(f"{folder}/{other.path}", final):
                        raise _one_name(other.path, file.path) from None
                raise
            if progress is not None:
                progress(number + 1, len(files))


def require_all(store: ObjectStore, object_id: str, files: list[TreeFile]) -> None:
    """Raise before the first file is written, where a tree cannot be restored in full or must not be."""
    missing = []
    store.bring(file.object for file in files)
    for file in files:
        if not RESERVED.isdisjoint(file.path.casefold().split("/")):
            raise DamagedObjectError(
                f"tree {object_id[:12]} holds `{file.path}`, which would change what Git or Gnomon do there",
                hint="nothing was written; ask whoever wrote the tree",
            )
        size = store.size_if_here(file.object)
        if size is None:
            missing.append(file.path)
        elif size != file.size:
            raise DamagedObjectError(
                f"tree {object_id[:12]} states {file.size} bytes for `{file.path}`, its object has {size}",
                hint="nothing was written; ask whoever wrote the tree",
            )
    if missing:
        raise MissingObjectError(
            f"{len(missing)} of the {len(files)} files of tree {object_id[:12]} are not in this replica, "
            f"`{missing[0]}` among them",
            hint="another replica may hold them: copy its `objects/` folder into this one",
        )


def _write_all(env: Env, store: ObjectStore, files: list[TreeFile], root: str) -> None:
    folders = {root}
    written: dict[tuple[int, int], str] = {}
    for file in files:
        final = f"{root}/{file.path}"
        folder = _make_folders(root, file.path, folders)
        try:
            there = os.lstat(final)
        except FileNotFoundError:
            pass
        else:
            twin = written.get((there.st_dev, there.st_ino))
            if twin is not None:
                raise _one_name(twin, file.path)
            if stat_module.S_ISDIR(there.st_mode):
                raise BadArgumentError(
                    f"`{final}` is a folder, in the tree it is a file", hint="move it away"
                )
        temporary = f"{folder}/.{env.random_bytes(8).hex()}.tmp"
        _write(env, store, file.object, temporary, file.mode)
        _place(env, temporary, final)
        now = os.lstat(final)
        written[now.st_dev, now.st_ino] = file.path


def _make_folders(root: str, path: str, known: set[str]) -> str:
    """Make the folders of a path below `root`; return the last. A symbolic link among them is refused."""
    place = root
    for part in path.split("/")[:-1]:
        place = f"{place}/{part}"
        if place in known:
            continue
        try:
            os.mkdir(place)
        except FileExistsError:
            if not stat_module.S_ISDIR(os.lstat(place).st_mode):
                raise BadArgumentError(
                    f"`{place}` is a link or a file, in the tree it is a folder", hint="move it away"
                ) from None
        known.add(place)
    return place


def _write(env: Env, store: ObjectStore, object_id: str, path: str, mode: int) -> None:
    """Write a checked copy to a new file. After an error the file is gone."""
    # Not `env.create`: outside the record, the user's umask decides who may read.
    mode = EXECUTABLE if mode & 0o100 else PLAIN
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        small = store.read_small(object_id)
        if small is not None:
            env.pwrite(fd, small, 0)
        else:
            _write_good_copy(env, store, object_id, fd)
        env.close(fd)
    except BaseException:
        with contextlib.suppress(OSError):
            env.close(fd)
        _remove(env, path)
        raise


def _write_good_copy(env: Env, store: ObjectStore, object_id: str, fd: int) -> None:
    first_error: Exception | None = None
    for pieces in store.copies(object_id):
        offset = 0
        if first_error:
            env.truncate(fd, 0)
        while True:
            try:
                piece = next(pieces, None)
            except (RecordError, FileNotFoundError) as error:  # another pack may hold a good copy
                first_error = first_error or error
                break
            if piece is None:
                return
            env.pwrite(fd, piece, offset)
            offset += len(piece)
    if first_error:
        raise first_error


def _place(env: Env, temporary: str, final: str) -> None:
    try:
        env.replace(temporary, final)
    except BaseException:
        _remove(env, temporary)
        raise


def _remove(env: Env, path: str) -> None:
    with contextlib.suppress(OSError):  # the error that brought us here is the one to show
        env.unlink(path)


def _one_name(one: str, other: str) -> BadArgumentError:
    return BadArgumentError(
        f"this disk takes `{one}` and `{other}` of the tree for one name",
        hint="restore to a disk that tells upper from lower case",
    )


def _exists(target: str) -> BadArgumentError:
    return BadArgumentError(
        f"`{target}` exists already", hint="name another place, or allow it with `overwrite=True`"
    )
