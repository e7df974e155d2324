"""Pointer files: `credit.gnomon`, a small file beside the data that Git tracks and that says which version belongs here.

Always true: what a pointer names is a plain name in its own folder; a pointer that says anything else is refused, since it may
come from anybody. `object` decides which bytes are meant.
Format: docs/internals/data.md, "Pointers".
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from gnomon.data.names import is_name
from gnomon.errors import BadArgumentError, DamagedFileError, MissingFileError, UnknownFormatError
from gnomon.ids import is_hex
from gnomon.objects.tree import RESERVED, path_fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gnomon.data.views import DataVersion
    from gnomon.env import Env

SUFFIX = ".gnomon"
FORMAT = 1
MAX_SIZE = 64 << 10
_MARKER = re.compile(rb"(<{7}|\|{7}|={7}|>{7})(?=[ \r\n]|\Z)")
_HEAD = "# Which version of the data beside this file belongs here: `gnomon data checkout {}` brings it.\n"


class Pointer(NamedTuple):
    """What a pointer file says, and where it stands."""

    file: str
    name: str
    number: int
    id: str
    object: str
    is_tree: bool
    path: str  # a plain name in the folder of `file`
    size: int
    files: int

    @property
    def target(self) -> str:
        """Where its data belongs."""
        return os.path.join(os.path.dirname(self.file), self.path)

    @property
    def label(self) -> str:
        """What its version was called when it was written."""
        return f"{self.name}@v{self.number}"


def plain_name(text: str | None) -> str | None:
    """Return a text that may be the name of a file in a folder; None for all else (a path, `..`, `.git`).

    >>> plain_name("credit.csv"), plain_name("../x"), plain_name(".."), plain_name(None)
    ('credit.csv', None, None, None)
    """
    if not text or "/" in text or path_fault(text) or not text.isprintable() or text.casefold() in RESERVED:
        return None
    return text if len(text.encode("utf-8")) <= 255 else None


def require_place(env: Env, data_set: str, beside: str) -> str:
    """Return where the pointer of a data set stands whose data lies at `beside`. Raises where it cannot stand there."""
    folder, name = os.path.split(os.path.abspath(beside))
    path = os.path.join(folder, f"{data_set}{SUFFIX}")
    other_way = "add with `--no-pointer`"
    if plain_name(name) is None:
        raise BadArgumentError(f"{name!r} cannot stand in a pointer file", hint=f"rename it, or {other_way}")
    if os.path.isdir(path) or os.path.islink(path):
        raise BadArgumentError(
            f"`{path}` is a folder or a link; the pointer of `{data_set}` would stand there",
            hint=f"move it, or {other_way}",
        )
    beside_it = conflict_beside(env, beside)
    is_conflict = beside_it is not None and beside_it[0] == path  # it is written anew
    known = read(env, path) if os.path.lexists(path) and not is_conflict else None
    if known is not None and known.path != name:
        raise BadArgumentError(
            f"`{path}` points to `{known.path}` already, and not to `{name}`",
            hint=f"choose another `--name`, remove `{os.path.basename(path)}`, or {other_way}",
        )
    return path


def write(env: Env, version: DataVersion, beside: str) -> str:
    """Write the pointer of a version next to its data, in one step, and return its path; equal bytes are not written again."""
    path, name = require_place(env, version.name, beside), os.path.basename(os.path.abspath(beside))
    data = encode(version, path, name)
    if not os.path.lexists(path) or env.read_file(path) != data:
        temporary = os.path.join(os.path.dirname(path), f".{env.random_bytes(8).hex()}.tmp")
        with open(temporary, "xb") as file:  # not `env.create`: the user's umask decides who may read
            file.write(data)
        env.replace(temporary, path)
    return path


def encode(version: DataVersion, path: str, name: str) -> bytes:
    """Return the bytes of a pointer."""
    import json

    fields = {
        "format": FORMAT, "name": version.name, "version": f"v{version.number}", "id": version.id,
        "object": version.object, "kind": "folder" if version.is_tree else "file", "path": name, "size": version.size,
        "files": version.file_count,
    }  # fmt: skip
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in fields.items()]
    return (_HEAD.format(os.path.basename(path)) + "".join(lines)).encode("utf-8")


def read(env: Env, path: str) -> Pointer:
    """Return what a pointer file says. Raises MissingFileError, DamagedFileError, UnknownFormatError."""
    try:
        data = env.read_file(path) if os.stat(path).st_size <= MAX_SIZE else b""
    except (FileNotFoundError, NotADirectoryError):
        raise MissingFileError(
            f"there is no pointer `{path}`", hint="`gnomon data add PATH` writes one beside the data"
        ) from None
    except IsADirectoryError:
        raise _bad(path, "it is a folder") from None
    sides = _sides(data)
    if sides is not None:
        raise _conflict(path, sides)
    found = _plain_fields(data) or _fields(data, path)
    version = found.get("format")
    if version != FORMAT and isinstance(version, int) and not isinstance(version, bool):
        raise UnknownFormatError(
            f"pointer `{path}` has format {version}; this version reads format {FORMAT}",
            hint="a newer Gnomon wrote it: `pip install --upgrade gnomon`",
        )
    number = found.get("version")
    counts = [found.get("size"), found.get("files")]
    rules = {
        "format": version == FORMAT,
        "name": isinstance(found.get("name"), str) and is_name(found["name"]),
        "version": isinstance(number, str)
        and number[:1] == "v"
        and number[1:].isdecimal()
        and len(number) < 12,
        "id": is_hex(found.get("id"), 20),
        "object": is_hex(found.get("object"), 64),
        "kind": found.get("kind") in ("file", "folder"),
        "path": isinstance(found.get("path"), str) and plain_name(found["path"]) is not None,
        "size and files": all(isinstance(one, int) and 0 <= one < 2**63 for one in counts),
    }
    wrong = [key for key, is_right in rules.items() if not is_right]
    if wrong:
        shown = ascii(found.get(wrong[0]))[:100]
        raise _bad(path, f"its `{wrong[0]}` is not what it must be: {shown}")
    return Pointer(
        os.path.abspath(path), found["name"], int(found["version"][1:]), found["id"], found["object"],
        found["kind"] == "folder", found["path"], found["size"], found["files"],
    )  # fmt: skip


def _sides(data: bytes) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Return what either side of a conflict says that Git left in a pointer; None where there is none."""
    sides: tuple[list[bytes], list[bytes]] = ([], [])
    at: tuple[int, ...] = (0, 1)
    is_conflict = False
    for line in data.splitlines(keepends=True):
        mark = _MARKER.match(line)
        if mark is None:
            for side in at:
                sides[side].append(line)
            continue
        is_conflict = True
        at = {b"<": (0,), b"|": (), b"=": (1,), b">": (0, 1)}[mark[1][:1]]
    if not is_conflict:
        return None
    ours, theirs = (_readable_fields(b"".join(lines)) for lines in sides)
    return ours, theirs


def _readable_fields(data: bytes) -> dict[str, Any]:
    try:
        return _plain_fields(data) or _fields(data, "")
    except DamagedFileError:  # a side that is no pointer by itself: nothing is known of it
        return {}


def _conflict(path: str, sides: tuple[dict[str, Any], dict[str, Any]]) -> DamagedFileError:
    ours, theirs = (_called(side) for side in sides)
    file = os.path.relpath(path)
    beside = next((str(side["path"]) for side in sides if plain_name(side.get("path"))), "PATH")
    return DamagedFileError(
        f"pointer `{file}` holds a conflict that Git left: ours is {ours}, theirs is {theirs}",
        hint=f"`git checkout --ours {file}` or `git checkout --theirs {file}` takes one of them, then `gnomon data checkout`; or "
        f"put the data right and `gnomon data add {os.path.join(os.path.dirname(file), beside)}`: the version after both",
    )


def _called(side: dict[str, Any]) -> str:
    if not (isinstance(side.get("name"), str) and isinstance(side.get("version"), str)):
        return "no pointer"
    digest = str(side.get("object"))
    return ascii(f"{side['name']}@{side['version']}")[1:-1][:120] + (
        f" ({digest[:8]})" if is_hex(digest, 64) else ""
    )


def require_no_conflict(env: Env, target: str) -> None:
    """Raise DamagedFileError where the pointer beside a file or folder holds a conflict that Git left."""
    found = conflict_beside(env, target)
    if found is not None:
        raise _conflict(found[0], found[1])


def conflict_beside(env: Env, target: str) -> tuple[str, tuple[dict[str, Any], dict[str, Any]]] | None:
    """Return the pointer of a file or folder that holds a conflict, and what its sides say; None where there is none."""
    folder, name = os.path.split(os.path.abspath(target))
    try:
        listed = sorted(os.listdir(folder))
    except OSError:
        return None
    for one in listed:
        path = os.path.join(folder, one)
        if (
            one.endswith(SUFFIX)
            and one != SUFFIX
            and os.path.isfile(path)
            and os.path.getsize(path) <= MAX_SIZE
        ):
            sides = _sides(env.read_file(path))
            if sides is not None and name in (side.get("path") for side in sides):
                return path, sides
    return None


def _fields(data: bytes, path: str) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _bad(path, f"it cannot be read as TOML ({error})") from None


def _plain_fields(data: bytes) -> dict[str, Any] | None:
    """Return the fields of a pointer as `encode` writes them, without loading a reader of TOML; None for any other text."""
    lines = data.split(b"\n")
    if not data.isascii() or lines.pop():
        return None
    found: dict[str, Any] = {}
    for line in lines:
        if line.startswith(b"#") and line[1:].decode().isprintable():
            continue
        field = re.fullmatch(rb'([a-z]+) = (?:"([ !#-\[\]-~]*)"|(0|[1-9][0-9]{0,17}))', line)
        if field is None or field[1].decode() in found:
            return None
        found[field[1].decode()] = int(field[3]) if field[2] is None else field[2].decode()
    return found


def pointer_of(env: Env, target: str) -> Pointer | None:
    """Return the pointer beside a file or folder that points to it; None where there is none."""
    folder, name = os.path.split(os.path.abspath(target))
    try:
        listed = sorted(os.listdir(folder))
    except OSError:
        return None
    for one in listed:
        if one.endswith(SUFFIX) and one != SUFFIX:
            found = _readable(env, os.path.join(folder, one))
            if found is not None and found.path == name:
                return found
    return None


def _readable(env: Env, path: str) -> Pointer | None:
    try:
        return read(env, path)
    except (DamagedFileError, UnknownFormatError, MissingFileError):  # some other file of this name
        return None


def find_pointers(env: Env, folder: str) -> Iterator[str]:
    """Yield the pointer files below a folder. Hidden folders are not looked into, nor is the data that a pointer names."""
    for place, folders, files in os.walk(folder):
        found = [
            os.path.join(place, name) for name in sorted(files) if name.endswith(SUFFIX) and name != SUFFIX
        ]
        data = {pointer.path for path in found if (pointer := _readable(env, path)) is not None}
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in data)
        yield from found


def _bad(path: str, why: str) -> DamagedFileError:
    return DamagedFileError(
        f"`{path}` is no pointer to data: {why}",
        hint="take it from Git again, or write it anew with `gnomon data add`",
    )
