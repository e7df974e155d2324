"""Which packs a replica has, and which of them hold an object: what one look at `objects/` found.

Packs never change, so what was read of one is not read again in this process. A look is made when somebody asks for
what is not here; so packs that others wrote, or that were merged, are met without being told of.

Always true: a pack that cannot be used (damaged, of a newer format) hides no other; `unusable` says why.
"""

from __future__ import annotations

import os
import stat as stat_module
from typing import TYPE_CHECKING

from gnomon.errors import MissingObjectError, RecordError
from gnomon.ids import is_hex
from gnomon.objects.lease import marked
from gnomon.objects.pack import Pack, is_pack_name, read_pack
from gnomon.objects.where import Where

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gnomon.env import Env
    from gnomon.objects.frames import Stored
    from gnomon.objects.tombstones import Tombstone

# Indexes that this process has read: path -> (size, time, inode), and the pack or why it cannot be used.
_read_indexes: dict[str, tuple[tuple[int, int, int], Pack | RecordError]] = {}


class Look:
    """The packs under one folder `objects/`; those of `own_writer` come first."""

    def __init__(self, env: Env, folder: str, own_writer: str | None) -> None:
        self.env = env
        self.folder = folder
        self.unusable: list[RecordError] = []
        self.bring: Callable[[list[str]], bool] | None = None  # fetches objects that are not here, if it can
        self._own_folder = f"{folder}/{own_writer}/"
        self._packs: list[Pack] | None = None
        self._where = Where()
        self._has_grown = False  # by packs that were written since the last look
        self._going: frozenset[str] = frozenset()  # names of packs that are about to be deleted

    @property
    def was_taken(self) -> bool:
        """Whether anybody has looked yet."""
        return self._packs is not None

    @property
    def packs(self) -> list[Pack]:
        """The readable packs at the last look, own ones first."""
        return self._packs or []

    def refresh(self) -> None:
        """Look at the folder again; indexes that were read before are not read again."""
        packs: list[Pack] = []
        self.unusable = []
        for writer, state in self.env.list_folder(self.folder):
            if stat_module.S_ISDIR(state.st_mode) and is_hex(writer, 32):
                packs += self._packs_of(f"{self.folder}/{writer}")
        # After the packs: whoever marks one later sees our lease (see `gnomon.objects.lease`).
        self._going = marked(self.env, self.folder)
        packs.sort(key=lambda pack: not self.is_own(pack))
        if packs != self._packs or self._has_grown:
            _forget_all_but({pack.path for pack in packs}, self.folder)
            self._where, self._has_grown = Where(packs), False
        self._packs = packs

    def add(self, pack: Pack) -> None:
        """Take in a pack that was just written."""
        self._where.add(pack)
        self._has_grown = True

    def is_own(self, pack: Pack) -> bool:
        """Return whether this device wrote a pack."""
        return pack.path.startswith(self._own_folder)

    def known(self, object_id: str) -> Pack | None:
        """Return the first pack that held an object at the last look."""
        return self._where.first(object_id)

    @property
    def going(self) -> frozenset[str]:
        """The names of the packs that were about to be deleted at the last look."""
        return self._going

    def stays(self, pack: Pack) -> bool:
        """Return whether nobody had said at the last look that a pack is about to go."""
        return pack.name not in self._going

    def staying(self, object_id: str) -> Pack | None:
        """Return the first pack that held an object at the last look and is not about to go: one that an add may rely on."""
        for pack in self._where.likely(object_id):  # a loop and no generator: an add asks this for each chunk
            if object_id in pack.objects and self.stays(pack):
                return pack
        return None

    def holders(self, object_id: str) -> Iterator[Pack]:
        """Yield the packs that held an object at the last look."""
        return self._where.holders(object_id)

    def found(self, object_id: str) -> Iterator[tuple[Pack, Stored]]:
        """Yield what `holders` does, each with what it says of the object."""
        return self._where.found(object_id)

    def find(self, object_id: str) -> Pack | None:
        """Return the first pack that holds an object, None where none does; looks again before it says so."""
        pack = self.known(object_id)
        if pack is None:
            self.refresh()
            pack = self.known(object_id)
        return pack

    def require(self, object_id: str) -> Pack:
        """Return the first pack that holds an object. Raises MissingObjectError."""
        pack = self.find(object_id)
        if pack is None and self.bring is not None and self.bring([object_id]):
            pack = self.find(object_id)
        if pack is None:
            raise self._missing(object_id)
        return pack

    def tombstone(self, object_id: str) -> Tombstone | None:
        """Return what says that an object was erased; None where nothing does."""
        from gnomon.objects.tombstones import Tombstones

        return Tombstones(self.env, os.path.dirname(self.folder)).of(object_id)

    def _missing(self, object_id: str) -> MissingObjectError:
        from gnomon.objects.tombstones import erased_object

        tombstone = self.tombstone(object_id)
        return (
            _missing_object(object_id, self.unusable)
            if tombstone is None
            else erased_object(object_id, tombstone)
        )

    def _packs_of(self, folder: str) -> list[Pack]:
        packs = []
        for name, state in self.env.list_folder(folder):
            if is_pack_name(name) and stat_module.S_ISREG(state.st_mode):
                try:
                    packs.append(_read_once(self.env, f"{folder}/{name}", state))
                except FileNotFoundError:  # merged since it was listed
                    continue
                except RecordError as error:
                    self.unusable.append(error)
        return packs


def _read_once(env: Env, path: str, state: os.stat_result) -> Pack:
    version = (state.st_size, state.st_mtime_ns, state.st_ino)
    cached = _read_indexes.get(path)
    if cached is None or cached[0] != version:
        found: Pack | RecordError
        try:
            found = read_pack(env, path)
        except RecordError as error:
            found = error
        cached = _read_indexes[path] = (version, found)
    if isinstance(cached[1], RecordError):
        raise cached[1]
    return cached[1]


def _forget_all_but(paths: set[str], folder: str) -> None:
    for path in list(_read_indexes):
        if path not in paths and path.startswith(f"{folder}/"):
            _read_indexes.pop(path, None)


def _missing_object(object_id: str, unusable: list[RecordError]) -> MissingObjectError:
    also = f"; {len(unusable)} packs cannot be read, the first: {unusable[0].message}" if unusable else ""
    return MissingObjectError(
        f"object {object_id[:12]} is not in this replica{also}",
        hint="another replica may hold it: copy its `objects/` folder into this one",
    )
