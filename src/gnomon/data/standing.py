"""How references stand: whether what lies at a path or URL is still what was recorded; and how its bytes are brought.

Always true: an answer says on what it rests: a digest that was read now, or a server's word. Where neither is to be had, the
answer is that it cannot be told.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, NamedTuple

from blake3 import blake3

from gnomon.data import reading, references, remote
from gnomon.data.scan import scan
from gnomon.data.stat_cache import StatCache
from gnomon.errors import BadArgumentError, DamagedObjectError, GnomonError, MissingFileError

if TYPE_CHECKING:
    from collections.abc import Callable

    from gnomon.data.views import DataVersion

    Progress = Callable[[int, int], None]

SAME, CHANGED, MISSING, UNKNOWN = "unchanged", "changed", "missing", "cannot tell"


class Standing(NamedTuple):
    """How a reference stands: a word, and on what it rests or what is other."""

    version: str
    place: str
    state: str
    what: str


def standing(version: DataVersion, *, reads: bool = False, progress: Progress | None = None) -> Standing:
    """Return how a reference stands. A path is read; of a URL the server is asked, and with `reads` all bytes are read."""
    place = str((version.reference or {})["place"])
    state, what = (
        _of_url(version, place, reads=reads, progress=progress)
        if _is_url(version)
        else _of_path(version, place)
    )
    return Standing(version.label, place, state, what)


def _is_url(version: DataVersion) -> bool:
    return (version.reference or {}).get("kind") == "url"


def _of_path(version: DataVersion, place: str) -> tuple[str, str]:
    record = version.record
    path = references.path_at(place)
    try:
        found = reading.identify(record.replica.home.env, scan(path, record.path), record.path)
    except MissingFileError:
        return MISSING, "there is nothing at this path"
    except (GnomonError, OSError) as error:
        return UNKNOWN, str(error).split("\n", 1)[0]
    if (found.object, found.is_tree) == (version.object, version.is_tree):
        return SAME, "its bytes have the digest that was recorded"
    return CHANGED, f"digest was {str(version.object)[:12]}, is {found.object[:12]}"


def _of_url(version: DataVersion, url: str, *, reads: bool, progress: Progress | None) -> tuple[str, str]:
    reference = version.reference or {}
    try:
        if reads and version.object is not None:
            return _read(version, url, progress)
        seen = remote.look(url)
    except MissingFileError as error:
        return MISSING, error.message
    except GnomonError as error:
        return UNKNOWN, error.message
    others = remote.differs(reference, version.size, seen)
    if others:
        return CHANGED, "; ".join(others)
    for key, word in (("version", "version"), ("etag", "etag"), ("modified", "time of change")):
        if reference.get(key) and getattr(seen, key):
            return SAME, f"the server says the same {word}; its bytes were not read"
    return UNKNOWN, "neither etag nor time of change is known, then and now"


def _read(version: DataVersion, url: str, progress: Progress | None) -> tuple[str, str]:
    hasher, done = blake3(), 0
    with remote.stream(url) as (seen, pieces):
        for piece in pieces:
            hasher.update(piece)
            done += len(piece)
            if progress is not None:
                progress(done, max(seen.size or version.size, done))
    if hasher.hexdigest() == version.object:
        return SAME, "its bytes have the digest that was recorded"
    return CHANGED, f"digest was {str(version.object)[:12]}, is {hasher.hexdigest()[:12]}"


# ---------------------------------------------------------------- bringing the bytes


class Brought(NamedTuple):
    """Where the bytes of a reference were written, and what is not sure of them; None where their digest was checked."""

    path: str
    note: str | None


def bring(version: DataVersion, to: str | os.PathLike[str], *, progress: Progress | None = None) -> Brought:
    """Copy what a reference refers to into a new place, checked against all that was recorded.

    Raises MissingFileError, BadArgumentError (other bytes at a path, another etag or size at a URL, something in the way),
    DamagedObjectError (other bytes than the digest says), StorageError (no answer). Then nothing stands at `to`.
    """
    from gnomon.data.restoring import referenced, require_free

    target = os.fspath(to)
    if not version.is_tree and (os.path.isdir(target) or target.endswith("/")):
        target = os.path.join(target, version.file_name)
    require_free(target, is_tree=version.is_tree)
    os.makedirs(os.path.dirname(os.path.abspath(target)), exist_ok=True)
    if _is_url(version):
        return _download(version, target, progress)
    source = referenced(version)  # says so where it has other bytes
    part = _part_of(target, version)
    try:
        _copy(source, part, version)
        _require_digest(part, version)
        if os.path.isdir(target):
            os.rmdir(target)  # it is empty
        os.rename(part, target)
    finally:
        _remove(part)
    return Brought(target, None)


def _part_of(target: str, version: DataVersion) -> str:
    folder, name = os.path.split(os.path.abspath(target))
    return os.path.join(folder, f".{name}.{version.id[:12]}.{os.getpid()}.part")


def _copy(source: str, part: str, version: DataVersion) -> None:
    if not version.is_tree:
        shutil.copyfile(source, part)
        return
    for file in version.files():
        place = os.path.join(part, file.path)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        shutil.copyfile(os.path.join(source, file.path), place)
        os.chmod(place, file.mode)


def _require_digest(part: str, version: DataVersion) -> None:
    record = version.record
    env = record.replica.home.env
    found = reading.identify(env, scan(part, record.path), record.path)
    StatCache(env, os.path.realpath(part), record.path).forget()
    if found.object != version.object:
        raise DamagedObjectError(
            f"what was copied is not `{version.label}`: expected {str(version.object)[:12]}, found {found.object[:12]}",
            hint="it changed while it was copied; the same command again",
        )


def _download(version: DataVersion, target: str, progress: Progress | None) -> Brought:
    reference = version.reference or {}
    url = str(reference["place"])
    part = _part_of(target, version)
    hasher, done = blake3(), 0
    try:
        with remote.stream(url) as (seen, pieces):
            others = remote.differs(reference, version.size, seen)
            if others and version.object is None:
                raise BadArgumentError(
                    f"what lies at `{remote.shown(url)}` is not what `{version.label}` refers to: {'; '.join(others)}",
                    hint="`gnomon data add URL --by-reference` adds it again, as a new version",
                )
            with open(part, "xb") as out:
                for piece in pieces:
                    hasher.update(piece)
                    out.write(piece)
                    done += len(piece)
                    if progress is not None:
                        progress(done, max(seen.size or version.size, done))
        digest = hasher.hexdigest()
        if version.object is not None and digest != version.object:
            raise DamagedObjectError(
                f"what lies at `{remote.shown(url)}` is not `{version.label}`: "
                f"expected BLAKE3 {version.object[:12]}, found {digest[:12]}",
                hint="another place may hold the old bytes; as it is now, it can be added as a new version",
            )
        os.rename(part, target)
    finally:
        _remove(part)
    if version.object is not None:
        return Brought(target, None)
    words = {"etag": "etag", "modified": "time of change"}
    same = next(
        (word for key, word in words.items() if reference.get(key) and reference[key] == getattr(seen, key)),
        None,
    )
    checked = f"it says the recorded {same}" if same else "nothing of them could be checked"
    return Brought(
        target, f"bytes not pinned: these are what the server gave today ({checked}); BLAKE3 {digest}"
    )


def _remove(path: str) -> None:
    if os.path.isdir(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)
