"""Tombstones travel first, both ways, and what they name goes before anything else comes.

Always true: a tombstone is checked before it is stored; after an exchange neither side lacks one that the other has.
Format: docs/internals/record-format.md, "Erasure". Why: docs/internals/sync.md.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from gnomon.errors import DamagedFileError, UnknownFormatError
from gnomon.objects.tombstones import FOLDER, MAX_SIZE, SUFFIX, read_tombstone
from gnomon.record.files import write_named_by_hash
from gnomon.sync.names import sealed_file, sealed_files
from gnomon.sync.store import listed

if TYPE_CHECKING:
    from gnomon.record.home import Home
    from gnomon.sync.store import Store

_PATH = re.compile(rf"{FOLDER}/([0-9a-f]{{32}}){re.escape(SUFFIX)}").fullmatch


class Erased:
    """What an exchange of tombstones brought. `dropped`: paths of sealed files that went, because they held what was erased."""

    def __init__(self) -> None:
        self.came: list[str] = []
        self.sent: list[str] = []
        self.refused: list[str] = []
        self.dropped: list[str] = []
        self.has_unknown = False  # one of a newer format: nobody here knows which bytes must not be passed on


def exchange(home: Home, store: Store, *, is_dry: bool = False) -> Erased:
    """Take in the tombstones of a remote, and send it those that it lacks. Raises RemoteError, OSError."""
    done = Erased()
    folder = os.path.join(home.path, FOLDER)
    here = {f"{FOLDER}/{name}" for name, _ in home.env.list_folder(folder)}
    there: set[str] = set()
    for path, size in listed(store, f"{FOLDER}/"):
        match = _PATH(path)
        if match is None or size > MAX_SIZE:
            done.refused.append(
                f"{path[:200]!r} of the remote has no name or size of a tombstone; it was left there"
            )
            continue
        there.add(path)
        if path in here:
            continue
        try:
            data = store.read(path, 0, MAX_SIZE)
            read_tombstone(data, match[1])
        except UnknownFormatError as error:
            done.has_unknown = True
            done.refused.append(str(error))
        except (DamagedFileError, FileNotFoundError) as error:
            done.refused.append(str(error))
        else:
            if not is_dry:
                write_named_by_hash(home.env, folder, "tombstone", SUFFIX, [data])
            done.came.append(path)
    for path in sorted(here - there):
        match = _PATH(path)
        if match is None:
            continue
        data = home.env.read_file(os.path.join(home.path, path))
        try:
            read_tombstone(data, match[1])
        except UnknownFormatError:
            done.has_unknown = True
        except DamagedFileError as error:
            done.refused.append(str(error))
            continue
        if not is_dry:
            store.write(path, data)
        done.sent.append(path)
    return done


def apply(home: Home) -> list[str]:
    """Take out what tombstones here name; return the paths of the sealed files that went for it. Raises OSError, StorageError."""
    if not home.env.list_folder(os.path.join(home.path, FOLDER)):
        return []
    from gnomon.objects.erase import finish

    before = {file.path for file, _ in sealed_files(home)}
    finish(home)
    return sorted(before - {file.path for file, _ in sealed_files(home)})


def still_there(home: Home, store: Store) -> list[str] | None:
    """Return the packs of a remote that hold what was erased and nothing here keeps, read by their indexes only.

    None where something here cannot be read, so that nobody can say what is kept. Raises RemoteError, OSError.
    """
    from gnomon.objects import collect
    from gnomon.objects.reach import Reach
    from gnomon.objects.tombstones import Tombstones
    from gnomon.sync.fetch import pack_at

    tombstones = Tombstones(home.env, home.path)
    here = collect.store_of(home)
    reach = Reach(home, here, erased=tombstones.subjects)
    reach.follow()
    if reach.gaps:
        return None
    is_erased = collect.is_erased(reach, tombstones)
    found = []
    for path, size in listed(store, "objects/"):
        file = sealed_file(path)
        if file is None:
            continue
        try:
            pack = pack_at(store, path, size)
        except (FileNotFoundError, DamagedFileError):
            continue  # it went meanwhile; or nobody takes it as it is
        if any(is_erased(one) for one in pack.objects):
            if not all(here.was_seen(one) or is_erased(one) for one in pack.objects):
                return None  # what else it holds is not here yet: it must not go before that is
            found.append(path)
    return found
