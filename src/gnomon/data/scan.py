"""What lies at a path: its files, each with the four facts by which a change is seen, without reading one of them.

What a folder holds is first taken down as `facts`, a string of bytes; where that is what it was the last time, nobody needs a
list of its files, and none is made.

Always true: the files are those that `objects.tree.find_files` finds, by its rules and with its errors and notes. Plain folders
take a faster way; where anything else is met (a link, a device, a name that needs a look) the slow way does it all.
Not promised: one moment. Files may come and go while a folder is walked.
"""

from __future__ import annotations

import errno
import os
import stat as stat_module
from array import array
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import BadArgumentError, MissingFileError
from gnomon.objects.tree import EXECUTABLE, MAX_FILES, MAX_PATH_BYTES, PLAIN, RESERVED, find_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Stamp = tuple[int, int, int, int]

_LONGEST_QUICK = MAX_PATH_BYTES // 4  # a character takes at most four bytes


class File(NamedTuple):
    """A file: its path in the tree (its name, where it stands alone), where it is read from, its mode and its facts."""

    path: str
    source: str
    mode: int
    stamp: Stamp  # size, time of change, inode, time of status change


class Folder(NamedTuple):
    """The files right in one folder, in the order of the disk."""

    prefix: str  # its path in the tree, with a slash at the end
    names: list[str]
    numbers: list[int]  # `WIDTH` a file: its stamp, and its mode


WIDTH = 5
_numbers_of = attrgetter("st_size", "st_mtime_ns", "st_ino", "st_ctime_ns", "st_mode")


class Scan:
    """What lies at a path, `root` being the real one.

    `facts` are the folders of a plain tree as bytes: equal ones mean that no file changed, came or went. They are empty for
    anything else.
    """

    def __init__(
        self, root: str, is_tree: bool, *, files: list[File] | None = None, folders: Sequence[Folder] = (),
        notes: Sequence[str] = (),
    ) -> None:  # fmt: skip
        self.root = root
        self.is_tree = is_tree
        self.notes = list(notes)
        self.facts = _facts_of(folders)
        self._folders = folders
        self._files = files

    @property
    def files(self) -> list[File]:
        """The files, by path."""
        if self._files is None:
            self._files = sorted(file for folder in self._folders for file in _files_in(folder, self.root))
        return self._files

    @property
    def count(self) -> int:
        """How many files there are."""
        if self._files is not None:
            return len(self._files)
        return sum([len(folder.names) for folder in self._folders])

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        if self._files is not None:
            return sum([file.stamp[0] for file in self._files])
        return sum([sum(folder.numbers[::WIDTH]) for folder in self._folders])


def _files_in(folder: Folder, root: str) -> Iterator[File]:
    prefix, numbers = folder.prefix, folder.numbers
    for name, size, changed, inode, status, mode in zip(
        folder.names, *(numbers[nth::WIDTH] for nth in range(WIDTH)), strict=True
    ):
        path = f"{prefix}{name}"
        yield File(path, f"{root}/{path}", _mode(mode), (size, changed, inode, status))


def _facts_of(folders: Sequence[Folder]) -> bytes:
    parts = []
    for prefix, names, numbers in folders:
        try:
            parts += [
                f"{prefix}\0{len(names)}\0".encode(),
                "\0".join(names).encode(),
                array("q", numbers).tobytes(),
            ]
        except OverflowError:  # a disk with numbers beyond 63 bits: its files are compared one by one
            return b""
    return b"".join(parts)


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
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        raise _missing(path) from None
    if stat_module.S_ISREG(state.st_mode):
        return Scan(
            root, False, files=[File(os.path.basename(root), root, _mode(state.st_mode), stamp_of(state))]
        )
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
    folders = _walk(root, record)
    if folders is not None:
        return Scan(root, True, folders=folders)
    listed, notes = find_files(root, without={record})
    files = [File(one.path, one.source, one.mode, stamp_of(os.stat(one.source))) for one in listed]
    return Scan(root, True, files=files, notes=notes)


def _walk(root: str, record: str) -> list[Folder] | None:
    """Return the folders of a plain tree, in the order of the disk; None where something else lies there."""
    found: list[Folder] = []
    count = 0
    todo = [(root, "")]
    while todo:
        place, prefix = todo.pop()
        names: list[str] = []
        numbers: list[int] = []
        below: list[str] = []
        # By the open folder, not by its path: so the system need not walk the whole path for each file.
        fd = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            with os.scandir(fd) as entries:
                for entry in entries:
                    if entry.is_file(follow_symlinks=False):
                        names.append(entry.name)
                        numbers += _numbers_of(entry.stat(follow_symlinks=False))
                    elif entry.is_dir(follow_symlinks=False):
                        below.append(entry.name)
                    else:
                        return None
        finally:
            os.close(fd)
        if not _are_plain_names([*names, *below]) or len(prefix) > _LONGEST_QUICK:
            return None
        if not names and not below and prefix:
            return None
        if names:
            found.append(Folder(prefix, names, numbers))
        count += len(names)
        if count > MAX_FILES:
            return None
        todo += [(f"{place}/{name}", f"{prefix}{name}/") for name in below if f"{place}/{name}" != record]
    return found


def _are_plain_names(names: list[str]) -> bool:
    """Return whether names are so plain that a tree takes them; of others `find_files` knows more."""
    text = "\0".join(names)
    return (
        text.isascii()
        and "\\" not in text
        and not (":" in text and any(name[1:2] == ":" for name in names))
        and RESERVED.isdisjoint(names)
        and max(map(len, names), default=0) < _LONGEST_QUICK // 2
    )


def _mode(bits: int) -> int:
    return EXECUTABLE if bits & 0o100 else PLAIN


def require_there(path: str) -> None:
    """Raise BadArgumentError for no path at all, MissingFileError where nothing has this name."""
    if not path:
        raise BadArgumentError(
            "the path is empty", hint="an unset variable of the shell, perhaps; `.` is the working folder"
        )
    if not os.path.lexists(path):
        raise _missing(path)


def _missing(path: str) -> MissingFileError:
    if os.path.islink(path):
        return MissingFileError(
            f"`{path}` is a link that leads nowhere, to `{os.readlink(path)}`",
            hint="mend the link, or name a file",
        )
    hint = None if os.path.isabs(path) else f"a relative path starts at the working folder, `{os.getcwd()}`"
    return MissingFileError(f"`{path}` does not exist", hint=hint)
