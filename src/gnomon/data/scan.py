"""What lies at a path: its files, each with the four facts by which a change is seen, without reading one of them.

Always true: the files are those that `objects.tree.find_files` finds, by its rules and with its errors and notes. Plain folders
take a faster way; where anything else is met (a link, a device, a name that needs a look) the slow way does it all.
Not promised: one moment. Files may come and go while a folder is walked.
"""

from __future__ import annotations

import os
import stat as stat_module
from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import BadArgumentError, MissingFileError
from gnomon.objects.tree import EXECUTABLE, MAX_FILES, MAX_PATH_BYTES, PLAIN, RESERVED, find_files

if TYPE_CHECKING:
    Stamp = tuple[int, int, int, int]

_LONGEST_QUICK = MAX_PATH_BYTES // 4  # a character takes at most four bytes


class File(NamedTuple):
    """A file: its path in the tree (its name, where it stands alone), where it is read from, its mode and its facts."""

    path: str
    source: str
    mode: int
    stamp: Stamp  # size, time of change, inode, time of status change


class Scan(NamedTuple):
    """What lies at a path, `root` being the real one."""

    root: str
    is_tree: bool
    files: list[File]  # by path
    notes: list[str]

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum([file.stamp[0] for file in self.files])


def stamp_of(state: os.stat_result) -> Stamp:
    """Return the facts by which a change of a file is seen."""
    return state.st_size, state.st_mtime_ns, state.st_ino, state.st_ctime_ns


def scan(path: str, record: str) -> Scan:
    """Return what lies at a path; `record` is the `.gnomon` folder, which is never part of it.

    Raises MissingFileError, and BadArgumentError for what cannot be kept.
    """
    root = os.path.realpath(path)
    try:
        state = os.stat(root)
    except (FileNotFoundError, NotADirectoryError):
        raise _missing(path) from None
    if stat_module.S_ISREG(state.st_mode):
        return Scan(root, False, [File(os.path.basename(root), root, _mode(state), stamp_of(state))], [])
    if not stat_module.S_ISDIR(state.st_mode):
        raise BadArgumentError(
            f"`{path}` cannot be kept: it is neither a file nor a folder",
            hint="write what it yields to a file and add that",
        )
    record = os.path.realpath(record)
    if root == record or root.startswith(f"{record}/"):
        raise BadArgumentError(
            f"`{path}` is the record itself, or part of it", hint="add data that lies beside `.gnomon/`"
        )
    found = _walk(root, record)
    notes: list[str] = []
    if found is None:
        listed, notes = find_files(root, without={record})
        found = [File(one.path, one.source, one.mode, stamp_of(os.stat(one.source))) for one in listed]
    elif len(found) > MAX_FILES:
        find_files(root)  # says so
    else:
        found.sort()
    return Scan(root, True, found, notes)


def _walk(root: str, record: str) -> list[File] | None:
    """Return the files of a plain folder, in any order; None where something else lies there."""
    found: list[File] = []
    add = found.append
    todo = [(root, "")]
    while todo:
        place, prefix = todo.pop()
        is_empty = True
        with os.scandir(place) as entries:
            for entry in entries:
                is_empty = False
                name = entry.name
                if name in RESERVED or not _is_plain_name(name):
                    return None
                if entry.is_file(follow_symlinks=False):
                    state = entry.stat(follow_symlinks=False)
                    add(
                        File(
                            f"{prefix}{name}", f"{place}/{name}", EXECUTABLE if state.st_mode & 0o100 else PLAIN,
                            (state.st_size, state.st_mtime_ns, state.st_ino, state.st_ctime_ns),
                        )
                    )  # fmt: skip
                elif entry.is_dir(follow_symlinks=False) and f"{place}/{name}" != record:
                    todo.append((f"{place}/{name}", f"{prefix}{name}/"))
                else:
                    return None
        if (is_empty and prefix) or len(prefix) > _LONGEST_QUICK or len(found) > MAX_FILES:
            return None
    return found


def _is_plain_name(name: str) -> bool:
    return name.isascii() and "\\" not in name and name[1:2] != ":" and len(name) < _LONGEST_QUICK // 2


def _mode(state: os.stat_result) -> int:
    return EXECUTABLE if state.st_mode & 0o100 else PLAIN


def _missing(path: str) -> MissingFileError:
    if os.path.islink(path):
        return MissingFileError(
            f"`{path}` is a link that leads nowhere, to `{os.readlink(path)}`",
            hint="mend the link, or name a file",
        )
    hint = None if os.path.isabs(path) else f"a relative path starts at the working folder, `{os.getcwd()}`"
    return MissingFileError(f"`{path}` does not exist", hint=hint)
