"""Check packs: every flipped bit is found, and the objects that it hit are named.

One pass over each file checks its name (the digest of all its bytes), its footer, its index, and each
object against its id; so a pack that was written wrongly on purpose, under a name that fits, is found too.
"""

from __future__ import annotations

import re
import stat as stat_module
from typing import TYPE_CHECKING

from gnomon.errors import DamagedObjectError, RecordError, UnknownFormatError
from gnomon.ids import is_hex
from gnomon.objects.frames import Stored, loose_names
from gnomon.objects.pack import (
    FOOTER_SIZE,
    MAGIC,
    MAGICS,
    MAX_INDEX_SIZE,
    PIECE,
    SUFFIX,
    Pack,
    check_list,
    file_pieces,
    is_pack_name,
    part_of,
    read_pack,
    stored_pieces,
    unpack,
    unpack_frame,
)
from gnomon.record.hashing import new_hasher
from gnomon.record.problems import DAMAGE, NOTICE, UNKNOWN, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from blake3 import blake3

    from gnomon.env import Env
    from gnomon.objects.store import ObjectStore

NAMED_AT_MOST = 20
ADVICE = "copy this file, under the same name, from a replica where it is sound"
# An entry of a damaged index: what stands before or after the id tells it from a line of a tree.
_LOOSE_ENTRY = re.compile(
    rb'"codec":"[^"]{1,9}","object":"([0-9a-f]{64})"|"object":"([0-9a-f]{64})","offset":'
)


def verify_objects(env: Env, objects_folder: str) -> Iterator[Problem]:
    """Yield every problem of the packs of a replica, writer by writer."""
    for writer, state in env.list_folder(objects_folder):
        if not (stat_module.S_ISDIR(state.st_mode) and is_hex(writer, 32)):
            continue
        folder = f"{objects_folder}/{writer}"
        for name, file_state in env.list_folder(folder):
            if not stat_module.S_ISREG(file_state.st_mode) or name.startswith("."):
                continue
            if is_pack_name(name):
                yield from verify_pack(env, f"{folder}/{name}")
            elif name.endswith(SUFFIX):
                advice = (
                    "a pack is named by 32 hex digits of its digest; remove the file or give it back its name"
                )
                yield Problem(f"{folder}/{name}", "", "this is not a name of a pack", advice, NOTICE)


def verify_pack(env: Env, path: str) -> list[Problem]:
    """Return every problem of one pack; none if all of it is sound."""
    try:
        fd = env.open_read(path)
    except FileNotFoundError:  # merged into a larger pack since it was listed
        return []
    try:
        return _verify_open(env, path, fd)
    except OSError as error:
        advice = "the disk may be failing: copy the record to another one first"
        return [Problem(path, "", f"it cannot be read: {error}", advice, DAMAGE)]
    finally:
        env.close(fd)


def verify_kept(store: ObjectStore, object_id: str, is_tree: bool) -> list[Problem]:
    """Return a problem for a kept file or folder that is not here in full; its bytes are not read."""
    place = f"object {object_id}"
    try:
        missing = store.missing(object_id, is_tree)
    except RecordError as error:
        return [Problem("objects/", place, error.message, error.hint or ADVICE, DAMAGE)]
    problems = []
    erased = [one for one in missing if store.erased(one) is not None]
    if erased:
        what = f"erased, on purpose: {_names(erased)}"
        problems.append(
            Problem("objects/", place, what, "nothing: the tombstone in `erased/` says when", NOTICE)
        )
    lost = [one for one in missing if one not in erased]
    if lost:
        advice = "copy the `objects/` folder of a replica that holds it into this one"
        problems.append(Problem("objects/", place, f"not in this replica: {_names(lost)}", advice, DAMAGE))
    return problems


def _verify_open(env: Env, path: str, fd: int) -> list[Problem]:
    hasher = new_hasher("pack")
    try:
        pack = read_pack(env, path)
    except RecordError as error:
        for piece in file_pieces(env, fd):
            hasher.update(piece)
        return _unusable(env, path, fd, error, _is_name(hasher, path))
    hits = _check_objects(env, pack, fd, hasher)
    is_named = _is_name(hasher, path)
    problems = [
        Problem(path, f"object {stored.object}", _reason(error), _advice(error), _severity(error, is_named))
        for stored, error in hits
    ]
    if not is_named:
        names: list[str] = [stored.object for stored, _ in hits]
        if names:
            hit = f"it hit {_names(names)}"
        elif pack.lists:  # a list vouches for its chunks, not for the id that the index gives it
            hit = f"no object was hit but perhaps the id of {_names(sorted(pack.lists))}"
        else:
            hit = "no object was hit"
        problems.append(Problem(path, "", f"the file's bytes do not give its name; {hit}", ADVICE, DAMAGE))
    return problems


def _check_objects(env: Env, pack: Pack, fd: int, hasher: blake3) -> list[tuple[Stored, RecordError]]:
    """Hash the whole file, and each object in it, in one pass."""
    hits: list[tuple[Stored, RecordError]] = []
    hasher.update(env.read(fd, len(MAGIC), 0))
    for held in pack.frames():
        pieces = _hashed(stored_pieces(env, fd, held[0]), hasher)
        hits += _check_frame(held, pieces, pack.path)
        for _ in pieces:  # where it stopped early: the rest of its bytes, for the digest of the file
            pass
    offset = pack.index_at
    while piece := env.read(fd, PIECE, offset):
        hasher.update(piece)
        offset += len(piece)
    return hits


def _check_frame(held: list[Stored], pieces: Iterator[bytes], path: str) -> list[tuple[Stored, RecordError]]:
    """Check the objects of one frame, or the list of chunks that it is."""
    first = held[0]
    hits: list[tuple[Stored, RecordError]] = []
    try:
        if first.is_list:
            check_list(first, b"".join(pieces), path)
            return []
        if len(held) == 1:
            for _ in unpack(first, pieces, path):
                pass
            return []
        frame = unpack_frame(first, pieces, path)
    except (DamagedObjectError, UnknownFormatError) as error:
        return [(stored, error) for stored in held]
    for stored in held:
        try:
            part_of(stored, frame, path)
        except DamagedObjectError as error:
            hits.append((stored, error))
    return hits


def _hashed(pieces: Iterable[bytes], hasher: blake3) -> Iterator[bytes]:
    for piece in pieces:
        hasher.update(piece)
        yield piece


def _is_name(hasher: blake3, path: str) -> bool:
    return path.endswith(f"/{hasher.digest(16).hex()}{SUFFIX}")


def _unusable(env: Env, path: str, fd: int, error: RecordError, is_name: bool) -> list[Problem]:
    """Say what a pack without a usable index held, as far as its bytes still tell."""
    if is_name and isinstance(error, UnknownFormatError):
        return [Problem(path, "", error.message, error.hint or "", UNKNOWN)]
    size = env.size(fd)
    footer = env.read(fd, FOOTER_SIZE, max(0, size - FOOTER_SIZE))
    start = int.from_bytes(footer[:8], "little")
    if start + int.from_bytes(footer[8:12], "little") + FOOTER_SIZE != size:
        start = 0
    start = max(start, size - MAX_INDEX_SIZE)
    index = env.read(fd, size - start, start)
    if env.read(fd, len(MAGIC), 0) == MAGICS[2]:
        names = loose_names(index[:-FOOTER_SIZE])
    else:
        names = [(match[1] or match[2]).decode("ascii") for match in _LOOSE_ENTRY.finditer(index)]
    held = f"it held {_names(names)}" if names else "what it held can no longer be said"
    what = "it was written wrongly" if is_name else "the file's bytes do not give its name"
    return [Problem(path, "index", f"{_reason(error)}; {what}; {held}", _advice(error), DAMAGE)]


def _severity(error: RecordError, is_named: bool) -> str:
    return UNKNOWN if is_named and isinstance(error, UnknownFormatError) else DAMAGE


def _reason(error: RecordError) -> str:
    """Return a message without the file and the object, which the problem names."""
    return error.message.rpartition(" is damaged: ")[2]


def _advice(error: RecordError) -> str:
    return error.hint if isinstance(error, UnknownFormatError) and error.hint else ADVICE


def _names(objects: list[str]) -> str:
    shown = ", ".join(objects[:NAMED_AT_MOST])
    more = f" and {len(objects) - NAMED_AT_MOST} more" if len(objects) > NAMED_AT_MOST else ""
    return f"{'object' if len(objects) == 1 else 'objects'} {shown}{more}"
