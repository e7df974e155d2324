"""Get at the `record/` of an export: a folder, or a ZIP file that anybody may have made.

Always true: of an archive only files are unpacked that a record of an export has, below one new folder, never more bytes than
stated nor more than an archive of its size can honestly hold; a name that would lead elsewhere is refused.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat as stat_module
import zipfile
import zlib
from typing import TYPE_CHECKING

from gnomon.errors import (
    BadArgumentError,
    DamagedFileError,
    GnomonError,
    MissingFileError,
    UnknownFormatError,
)
from gnomon.objects.tree import path_fault
from gnomon.record.home import RECORD_FILE
from gnomon.runs.archive.export import RECORD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gnomon.env import Env

MOST_FILES = 1_000_000
MOST_TIMES = 200  # entries hold hashes, so no honest file unpacks to more than this many times its size
FREE_BYTES = 1 << 20  # of which no ratio is asked
MOST_BUNDLE_BYTES = 1 << 30
PIECE = 1 << 20
_ASK = "ask whoever made it for a good copy; nothing was imported"
FILE = re.compile(
    r"(?:record\.toml"
    r"|log/[0-9a-f]{32}/[0-9a-f]{32}(?:\.open)?\.bundle\.jsonl"
    r"|points/[0-9a-f]{32}/[0-9a-f]{32}\.parquet"
    r"|objects/[0-9a-f]{32}/[0-9a-f]{32}\.pack)"
).fullmatch


@contextlib.contextmanager
def record_of(env: Env, path: str, room: str, tell: Callable[[int, int], None]) -> Iterator[str]:
    """Give the folder of the record in an export; `room` is where an archive may be unpacked for a while.

    Raises MissingFileError, BadArgumentError, DamagedFileError, OSError.
    """
    if not os.path.lexists(path):
        raise MissingFileError(
            f"`{path}` does not exist", hint="name a folder or an archive that Gnomon exported"
        )
    if os.path.isdir(path):
        yield _in_folder(path)
        return
    with open(path, "rb") as file:
        head = file.read(4)
    if head[:2] != b"PK":
        raise BadArgumentError(
            f"`{path}` is no ZIP file",
            hint="`gnomon archive` makes one; unpack other archives and import the folder",
        )
    folder = os.path.join(room, f".{env.random_bytes(8).hex()}.tmp")
    os.mkdir(folder, 0o700)
    try:
        unpack(path, folder, tell)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _in_folder(path: str) -> str:
    for folder in (os.path.join(path, RECORD), path):
        if os.path.isfile(os.path.join(folder, RECORD_FILE)):
            if os.path.islink(folder):
                raise BadArgumentError(
                    f"`{folder}` is a symbolic link", hint="name the folder that it points to"
                )
            _require_exported(folder)
            return folder
    raise BadArgumentError(
        f"`{path}` is no export that can be imported: it holds no `{RECORD}/{RECORD_FILE}`",
        hint="`gnomon export` writes one, unless `--only files` is given",
    )


def _require_exported(folder: str) -> None:
    """Raise where a folder holds logs that are being written: a record in use, not an export."""
    for part, ending in (("log", ".jsonl"), ("points", ".wal")):
        for place, _, names in os.walk(os.path.join(folder, part)):
            live = [name for name in names if name.endswith(ending) and not name.endswith(".bundle.jsonl")]
            if live and not os.path.basename(place).startswith("."):
                raise BadArgumentError(
                    f"`{folder}` is a record in use, not an export",
                    hint=f"export it first: `gnomon --record {folder} export --all --to FOLDER`",
                )


def unpack(path: str, folder: str, tell: Callable[[int, int], None]) -> None:
    """Unpack the record in a ZIP file into `folder`. Raises DamagedFileError, BadArgumentError, OSError."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = _members(archive, path)
            total = sum(member.file_size for member in members.values())
            _require_honest_sizes(path, members, total)
            done = 0
            for name, member in members.items():
                target = os.path.join(folder, *name.split("/"))
                os.makedirs(os.path.dirname(target), exist_ok=True)
                with archive.open(member) as source, open(target, "xb") as file:
                    left = member.file_size
                    while piece := source.read(min(PIECE, left + 1)):
                        left -= len(piece)
                        if left < 0:
                            raise _refused(
                                path, name, f"holds more than the {member.file_size:,} bytes that it states"
                            )
                        file.write(piece)
                        done += len(piece)
                        tell(done, total)
                if left:
                    raise _refused(
                        path, name, f"lacks {left:,} of the {member.file_size:,} bytes that it states"
                    )
    except GnomonError:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise DamagedFileError(f"archive `{path}` is damaged: {_visible(str(error))}", hint=_ASK) from error


def _members(archive: zipfile.ZipFile, path: str) -> dict[str, zipfile.ZipInfo]:
    """Return the files of the record by their path in it. Every name in the archive must be harmless."""
    infos = archive.infolist()
    if len(infos) > MOST_FILES:
        raise _refused(path, f"{len(infos):,} files", f"are more than the {MOST_FILES:,} that are read")
    found: dict[str, zipfile.ZipInfo] = {}
    for info in infos:
        name = info.filename
        fault = path_fault(name.removesuffix("/")) or (
            "it is no plain file"
            if stat_module.S_IFMT(info.external_attr >> 16)
            not in (0, stat_module.S_IFREG, stat_module.S_IFDIR)
            else None
        )
        if fault:
            raise _refused(path, name, f"is refused: {fault}")
        _, _, inner = (
            name.partition(f"/{RECORD}/")
            if not name.startswith(f"{RECORD}/")
            else ("", "", name[len(RECORD) + 1 :])
        )
        if not FILE(inner):
            continue
        if inner in found:
            raise _refused(path, name, "stands in it twice")
        if info.flag_bits & 1:
            raise _refused(path, name, "is encrypted")
        found[inner] = info
    if RECORD_FILE not in found:
        raise BadArgumentError(
            f"`{path}` is no archive that can be imported: it holds no `{RECORD}/{RECORD_FILE}`",
            hint="`gnomon archive` writes one, unless `--only files` is given",
        )
    return found


def _require_honest_sizes(path: str, members: dict[str, zipfile.ZipInfo], total: int) -> None:
    size = os.path.getsize(path)
    if total > FREE_BYTES + MOST_TIMES * size:
        raise _refused(path, "its record", f"would unpack to {total:,} bytes from {size:,}: that is a bomb")
    for name, member in members.items():
        if member.file_size > FREE_BYTES + MOST_TIMES * member.compress_size:
            packed = f"{member.file_size:,} bytes from {member.compress_size:,}"
            raise _refused(path, name, f"would unpack to {packed}: that is a bomb")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise UnknownFormatError(
                f"`{_visible(name)}` in archive `{path}` is packed in a way that is not read here", hint=_ASK
            )


def _refused(path: str, name: str, why: str) -> DamagedFileError:
    return DamagedFileError(f"archive `{path}` is refused: `{_visible(name)}` {why}", hint=_ASK)


def _visible(text: str) -> str:
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text)[:200]
