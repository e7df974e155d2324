"""Erase subjects: their entries keep no object any more, and what nothing else keeps is taken out of every pack here.

First a tombstone is on the disk, then bytes go. So a crash leaves an erasure that is finished at the next occasion, by
whoever meets it; and an old copy of a pack that comes back is treated in the same way.

Always true: an object that another entry keeps stays, and it is said which. Shared frames are packed anew.
Not promised: copies that are not in this replica. They go when they meet the tombstone.
Design: docs/internals/objects.md, "Erasing one object".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gnomon.objects import collect, lease
from gnomon.objects.merge import sweep
from gnomon.objects.reach import Reach
from gnomon.objects.tombstones import Tombstones, write_tombstone
from gnomon.record.keys import load_device_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gnomon.objects.collect import Done, Loss
    from gnomon.record.home import Home

    Progress = Callable[[int, int], None]


class Stays(NamedTuple):
    """An object that stays though it was to be erased, and a subject that keeps it."""

    object: str
    size: int
    keeper: str


class Erasure:
    """What erasing subjects would take out. Nothing is changed until `bury`."""

    def __init__(self, home: Home, subjects: Iterable[str], progress: Progress | None = None) -> None:
        """Look at all entries. Raises OSError, StorageError."""
        self._home = home
        self._key = load_device_key(home.env)
        self._tombstones = Tombstones(home.env, home.path)
        self.subjects = frozenset(subjects)
        self._store = collect.store_of(home)
        self.reach = Reach(
            home, self._store, erased=self._tombstones.subjects | self.subjects, asked=self.subjects
        )
        self.reach.follow(progress)
        self.going = sorted(one for one in self.reach.dead if not self.reach.keeps(one))
        self.losses: list[Loss] = collect.erased(home, self.reach, self._store, self._tombstones)

    def stays(self) -> list[Stays]:
        """Return what stays of these subjects, and who keeps it; of a file that stays, not also its chunks."""
        keepers = {one: who for one, who in self.reach.keepers.items() if one in self.reach.reached}
        chunks = {chunk for one in keepers for chunk in self._store.all_chunks(one)}
        return [
            Stays(one, self._store.size_if_here(one) or 0, keeper)
            for one, keeper in sorted(keepers.items())
            if one not in chunks
        ]

    def bury(self) -> str:
        """Write the tombstone, and return its name. From here on the erasure is never forgotten. Raises OSError."""
        env, path = self._home.env, self._home.path
        absent = {one for one in self.reach.cited if not self.reach.keeps(one)}  # bytes that only others have
        named = sorted(absent.union(self.going))
        name = write_tombstone(env, path, self._key, self._tombstones.key(env), self.subjects, named)
        self._tombstones = Tombstones(env, path)
        return name

    def take_out(self, progress: Progress | None = None) -> Done:
        """Take the bytes out of every pack. Raises OSError; doing it again goes on."""
        return _take_out(self._home, self._key.writer, self.reach, self._tombstones, self.losses, progress)


def finish(home: Home, progress: Progress | None = None) -> Done | None:
    """Take out what was erased and is here all the same: of an erasure that was interrupted, or brought by an old copy.

    Returns None where nothing was erased. Features must have been declared. Raises OSError, StorageError.
    """
    tombstones = Tombstones(home.env, home.path)
    if not tombstones.all:
        return None
    store = collect.store_of(home)
    if not any(tombstones.names(one) for pack in store.packs() for one in pack.objects):
        return collect.Done(
            [], [], [], []
        )  # what came of erased subjects without these names, `gnomon gc` finds
    reach = Reach(home, store, erased=tombstones.subjects)
    reach.follow(progress)
    losses = collect.erased(home, reach, store, tombstones)
    return _take_out(home, load_device_key(home.env).writer, reach, tombstones, losses, progress)


def _take_out(
    home: Home,
    writer: str,
    reach: Reach,
    tombstones: Tombstones,
    losses: list[Loss],
    progress: Progress | None,
) -> Done:
    done = collect.take_out(home, writer, reach, losses, collect.is_erased(reach, tombstones), progress)
    objects = f"{home.path}/objects"
    if losses and not lease.holders(home.env, objects):
        # A file that a crash left half written may hold erased bytes; nobody is writing one now.
        sweep(home.env, home.folder("objects", writer), older_than_ns=0)
    return done
