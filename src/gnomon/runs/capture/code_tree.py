"""What the files of a project hold, whether or not they are committed: two marks that are equal where the files are.

`tree` is of all files that a run may depend on. `rest` leaves out Python, of which capture knows what was loaded
(`capture.loaded`), and what people read about the project: it is equal where nothing else changed.

A fingerprint tells a file that was committed from the same file before; these do not, so that an edit, a run, a commit and
another run are two runs of one code. Git's own names of contents are used, which cost no reading for what is committed.

Always true: a mark is there only where every file was looked at. Files that a run wrote are no part of it.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat as stat_module
from typing import TYPE_CHECKING

from gnomon.runs.capture.code_files import mark_of, read_plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gnomon.runs.capture.code_files import CodeFile
    from gnomon.runs.capture.code_git import Git

_MOST_BYTES = 8_000_000  # of the list of a commit's files: some 80,000
_LARGEST = 4 << 20  # of a file that is read; of a longer one size and time stand for it
_FOR_PEOPLE = re.compile(
    rb"(?i)(?:.*/)?(?:readme|changelog|changes|contributing|license|licence|authors|code_of_conduct|security)(?:\.[a-z]+)?\Z"
    rb"|(?:docs?|\.github|\.gitlab)/.*\Z"
)
_PYTHON = (b".py", b".pyw", b".pyi", b".pyc")


def committed(git: Git, prefix: bytes) -> dict[bytes, bytes] | None:
    """Return the files of the commit that is checked out, by path below the root, with what names their content."""
    answer = git.ask("ls-tree", "-r", "-z", "--full-tree", "HEAD", at_most=_MOST_BYTES)
    if answer.fault or answer.is_cut:
        return None
    found = {}
    for line in answer.out.split(b"\0")[:-1]:
        facts, _, name = line.partition(b"\t")
        found[prefix + name] = facts.rpartition(b" ")[2]
    return found


def content_of(place: str, like: bytes = b"", *, may_open: bool = True) -> bytes | None:
    """Return what names the content of a file on the disk, as Git would; None where there is none.

    `like` is a name of the same repository: its length says by which digest. Of a file that may not be opened (a secret by its
    name, no source), size and time stand for it.
    """
    try:
        state = os.lstat(place)
        if stat_module.S_ISLNK(state.st_mode):
            data = os.fsencode(os.readlink(place))
        elif not may_open or not stat_module.S_ISREG(state.st_mode) or state.st_size > _LARGEST:
            return mark_of(state)
        else:
            data = read_plain(place, _LARGEST)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError):
        return b"?"
    make = hashlib.sha256 if len(like) == 64 else hashlib.sha1
    return make(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest().encode()


def marks(files: Mapping[bytes, bytes]) -> dict[str, str]:
    """Return `tree` and `rest` of files by path.

    >>> one, other = marks({b"a.py": b"1", b"c.yaml": b"2"}), marks({b"a.py": b"3", b"c.yaml": b"2", b"README.md": b"4"})
    >>> one["rest"] == other["rest"], one["tree"] == other["tree"]
    (True, False)
    """
    rest = {path: name for path, name in files.items() if not is_left_out(path)}
    return {"tree": _digest(files.items()), "rest": _digest(rest.items())}


def mark_of_unkept(files: Iterable[CodeFile]) -> str:
    """Return what is equal where source files that were not kept are: their paths and marks."""
    return _digest((file.path.encode("utf-8", "surrogatepass"), (file.mark or "").encode()) for file in files)


def is_left_out(path: bytes) -> bool:
    """Return whether a file is no part of `rest`.

    >>> [is_left_out(path) for path in (b"net/model.py", b"docs/prompt.md", b"README.md", b"prompt.md", b"conf/a.yaml")]
    [True, True, True, False, False]
    """
    return path.lower().endswith(_PYTHON) or _FOR_PEOPLE.match(path) is not None


def _digest(files: Iterable[tuple[bytes, bytes]]) -> str:
    from blake3 import blake3

    # No path and no name of a content has a zero byte, so other files are never written alike.
    return blake3(b"gnomon tree 1\0" + b"\0".join([b"\0".join(pair) for pair in sorted(files)])).hexdigest()
