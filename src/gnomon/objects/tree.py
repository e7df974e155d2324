"""Trees: an object that names the files of a folder, each by its path, object, size and mode.

What goes in: every regular file below the folder. A symbolic link to a place inside the folder is kept as
what it points to (equal bytes are stored once); one that leaves the folder is refused, so that nobody
shares a file without having named it. Sockets, pipes, devices, broken links, empty folders, `.git` and
`.gnomon` are left out, with a note. Of a file's mode only "may be executed" counts, so that the same files
give the same tree on every machine.

Always true: a path that `decode_tree` returns lies below the folder it will be joined to.
Not promised: that two paths differ on every disk. `colliding_paths` names those that some disks take for one.
Format: docs/internals/record-format.md, "Objects".
"""

from __future__ import annotations

import os
import re
import stat as stat_module
from typing import TYPE_CHECKING, NamedTuple

from gnomon.errors import BadArgumentError, DamagedObjectError, UnknownFormatError
from gnomon.ids import ObjectId

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

PLAIN, EXECUTABLE = 0o644, 0o755
MAX_TREE_SIZE = 1 << 27
MAX_FILES = 1_000_000
MAX_PATH_BYTES = 4096
# Never kept and never restored: writing there would change what a later `git` or `gnomon` does.
RESERVED = frozenset({".git", ".gnomon"})

_OPENING, _CLOSING = b'{"files":[', b'],"v":1}'
_FILE = (
    rb'\{"mode":([0-9]{1,5}),"object":"([0-9a-f]{64})",'
    rb'"path":("(?:[^"\\\x00-\x1f]++|\\.)*+"),"size":(0|[1-9][0-9]{0,17})\}'
)
_VERSION = rb'"v":([0-9]{1,9})\}\Z'


class TreeFile(NamedTuple):
    """One file of a tree."""

    path: str
    object: ObjectId
    size: int
    mode: int


class FoundFile(NamedTuple):
    """One file that a folder holds: its path in the tree, and where it is read from."""

    path: str
    source: str
    mode: int


# ---------------------------------------------------------------- from a folder


def find_files(folder: str, without: Container[str] = ()) -> tuple[list[FoundFile], list[str]]:
    """Return the files of a folder in order of their paths, and notes about what was left out.

    `folder` and `without` (folders to leave out, whatever their name) are real paths. Raises BadArgumentError
    for a symbolic link that leaves the folder and for a name that a tree cannot hold.
    """
    found: list[FoundFile] = []
    notes: list[str] = []
    todo = [(folder, "", False)]  # where to look, its path in the tree, whether a link led there
    while todo:
        place, prefix, is_linked = todo.pop()
        is_empty = True
        for name in sorted(os.listdir(place)):
            is_empty = False
            path, source = prefix + name, f"{place}/{name}"
            state = os.lstat(source)
            if stat_module.S_ISLNK(state.st_mode):
                source = os.path.realpath(source)
                if source != folder and not source.startswith(f"{folder}/"):
                    raise BadArgumentError(
                        f"`{path}` in `{folder}` is a symbolic link that leaves the folder, to `{source}`",
                        hint="keep the place it points to by its own name, or put a copy into the folder",
                    )
                try:
                    state = os.stat(source)
                except OSError:
                    notes.append(f"the broken link `{path}` is not kept")
                    continue
                if stat_module.S_ISDIR(state.st_mode) and not _is_left_out(source, folder, without):
                    if is_linked or f"{place}/".startswith(f"{source}/"):
                        notes.append(
                            f"the link `{path}` is not kept: it leads through another link, or in a circle"
                        )
                    else:
                        todo.append((source, f"{path}/", True))
                    continue
            if _is_left_out(source, folder, without):
                notes.append(f"`{path}` is not kept")
            elif stat_module.S_ISDIR(state.st_mode):
                todo.append((source, f"{path}/", is_linked))
            elif stat_module.S_ISREG(state.st_mode):
                _require_path(path, folder)
                found.append(FoundFile(path, source, EXECUTABLE if state.st_mode & 0o100 else PLAIN))
            else:
                notes.append(f"`{path}` is not kept: it is neither a file nor a folder")
        if is_empty and prefix:
            notes.append(f"the empty folder `{prefix[:-1]}` is not kept")
        if len(found) > MAX_FILES:
            raise BadArgumentError(
                f"`{folder}` holds more than {MAX_FILES:,} files", hint="pack them into fewer, larger files"
            )
    found.sort(key=lambda file: file.path)
    return found, notes


def _is_left_out(source: str, folder: str, without: Container[str]) -> bool:
    return source in without or not RESERVED.isdisjoint(source.removeprefix(folder).split("/"))


def _require_path(path: str, folder: str) -> None:
    fault = path_fault(path)
    if fault:
        shown = path.encode("utf-8", "backslashreplace").decode("utf-8")
        raise BadArgumentError(
            f"`{shown}` in `{folder}` cannot be kept: {fault}",
            hint="rename the file, then keep the folder again",
        )


# ---------------------------------------------------------------- bytes


def encode_tree(files: Iterable[TreeFile]) -> bytes:
    """Return the canonical bytes of a tree."""
    entries = [
        f'{{"mode":{mode},"object":"{object_id}","path":{_quoted(path)},"size":{size}}}'
        for path, object_id, size, mode in sorted(files)
    ]
    return _OPENING + ",".join(entries).encode("utf-8") + _CLOSING


def _quoted(path: str) -> str:
    if path.isprintable() and '"' not in path and "\\" not in path:
        return f'"{path}"'
    import json

    return json.dumps(path, ensure_ascii=False)


def looks_like_tree(beginning: bytes) -> bool:
    """Return whether an object that begins so may be a tree."""
    return beginning.startswith(_OPENING)


def decode_tree(data: bytes, object_id: str) -> list[TreeFile]:
    """Return the files of a tree by path; raises DamagedObjectError unless it is canonical and safe."""
    version = re.search(_VERSION, data[-20:])
    if version and int(version[1]) != 1:
        raise UnknownFormatError(
            f"tree {object_id[:12]} has format {version[1].decode()}; this version reads format 1",
            hint="a newer Gnomon wrote it: `pip install --upgrade gnomon`",
        )
    if not (data.startswith(_OPENING) and data.endswith(_CLOSING)):
        raise _bad_tree(object_id, "it is not the JSON of a tree")
    from gnomon.objects.quick_tree import decode_sound_tree

    return decode_sound_tree(data) or _carefully_decoded(data, object_id)


def _carefully_decoded(data: bytes, object_id: str) -> list[TreeFile]:
    files: list[TreeFile] = []
    folders: set[str] = set()
    match_at = re.compile(_FILE).match
    place, end, last = len(_OPENING), len(data) - len(_CLOSING), ""
    while place < end:
        match = match_at(data, place, end)
        if match is None:
            raise _bad_tree(object_id, f"it cannot be read from byte {place}")
        file = _file_of(match, object_id)
        if file.path <= last:
            raise _bad_tree(object_id, f"`{file.path}` stands twice or out of order")
        last = file.path
        files.append(file)
        add_folders(file.path, folders)
        place = match.end()
        if place < end:
            if data[place : place + 1] != b"," or place + 1 == end:
                raise _bad_tree(object_id, f"it cannot be read from byte {place}")
            place += 1
    for file in files:
        if file.path in folders:
            raise _bad_tree(object_id, f"`{file.path}` is a file and a folder")
    return files


def _file_of(match: re.Match[bytes], object_id: str) -> TreeFile:
    import json

    mode, file_object, quoted, size = match.groups()
    try:
        path = json.loads(quoted)
    except ValueError as error:
        raise _bad_tree(object_id, "it holds a path that is not text") from error
    fault = path_fault(path)
    if fault:
        raise _bad_tree(object_id, f"the path {ascii(path)[:120]} is refused: {fault}")
    if _quoted(path).encode("utf-8") != quoted or not _is_mode(mode):
        raise _bad_tree(object_id, f"`{path}` is not written in the canonical form")
    return TreeFile(path, ObjectId(file_object.decode("ascii")), int(size), int(mode))


def _is_mode(digits: bytes) -> bool:
    return int(digits) <= 0o777 and (digits == b"0" or not digits.startswith(b"0"))


def add_folders(path: str, folders: set[str]) -> None:
    """Add the folders above a path."""
    while (cut := path.rfind("/")) >= 0:
        path = path[:cut]
        if path in folders:
            return
        folders.add(path)


def path_fault(path: str) -> str | None:
    """Return why a path must not stand in a tree; None where it may."""
    try:
        length = len(path.encode("utf-8"))
    except UnicodeEncodeError:
        return "its name is not valid UTF-8"
    if length > MAX_PATH_BYTES:
        return f"its path is longer than {MAX_PATH_BYTES} bytes"
    if "\0" in path or "\\" in path:
        return "its name holds a backslash or a zero byte"
    if path[1:2] == ":" and path[0].isascii() and path[0].isalpha():
        return "it begins like a drive letter"
    if any(part in ("", ".", "..") for part in path.split("/")):
        return "it is absolute, or has an empty part, `.` or `..`"
    return None


def colliding_paths(paths: Iterable[str]) -> list[tuple[str, ...]]:
    """Return groups of paths and folders that a disk may take for one: by case, or by accents."""
    import unicodedata

    groups: dict[str, set[str]] = {}
    for path in paths:
        end = len(path)
        while end > 0:
            name = path[:end]
            folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
            group = groups.setdefault(folded, set())
            if name in group:
                break  # and so are the folders above
            group.add(name)
            end = name.rfind("/")
    return [tuple(sorted(group)) for group in groups.values() if len(group) > 1]


def _bad_tree(object_id: str, what: str) -> DamagedObjectError:
    return DamagedObjectError(
        f"object {object_id[:12]} is not a tree that may be used: {what}",
        hint="whoever wrote it can keep the folder again; nothing was restored",
    )
