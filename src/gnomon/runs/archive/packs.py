"""Copy objects from the packs of one record into new packs, as they are stored, each checked on the way.

Always true: an object is never in memory as a whole; a damaged copy is passed over for a good one in another pack.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnomon.errors import RecordError
from gnomon.objects.pack import Pack, PackWriter, stored_pieces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gnomon.env import Env
    from gnomon.objects.store import ObjectStore


class Copier:
    """Copies objects out of a store. `told(object, why)` hears of those of which no good copy is there."""

    def __init__(self, env: Env, store: ObjectStore, told: Callable[[str, str], None]) -> None:
        self._env = env
        self._store = store
        self._told = told
        self._packs: dict[str, list[Pack]] = {}
        for pack in store.packs():
            for one in pack.objects:
                self._packs.setdefault(one, []).append(pack)

    def size(self, object_id: str) -> int:
        """Return the size of an object, 0 where it is not there; of one that is stored as chunks, that of their list."""
        packs = self._packs.get(object_id)
        if not packs:
            return 0
        stored = packs[0].objects[object_id]
        return stored.stored if stored.is_list else stored.size

    def with_chunks(self, objects: Iterable[str]) -> list[str]:
        """Return these objects and, of those that are stored as chunks, all that they are made of."""
        wanted = dict.fromkeys(objects)
        for one in list(wanted):
            if one in self._packs:
                wanted.update(dict.fromkeys(self._store.chunks(one)))
        return list(wanted)

    def copy(
        self,
        objects: Iterable[str],
        folder: str,
        env: Env,
        step: Callable[[int], None],
        *,
        going: frozenset[str] = frozenset(),
    ) -> tuple[int, int]:
        """Copy these objects into packs in `folder`, in order of their ids; return how many, and their bytes together.

        `step(bytes)` is called after each. `going` are packs that are about to be deleted there. Chunks are objects like
        others: see `with_chunks`. Raises OSError.
        """
        count = size = 0
        rest = sorted(set(objects))
        form = max((pack.form for one in rest for pack in self._packs.get(one, ())), default=1)
        while rest:
            env.make_folder(folder)
            with PackWriter(env, folder, form=form, going=going) as writer:
                at = 0
                while at < len(rest) and not writer.is_full:
                    if self._add(rest[at], writer):
                        count += 1
                        size += self.size(rest[at])
                        step(self.size(rest[at]))
                    at += 1
                writer.finish()
            rest = rest[at:]
        return count, size

    def _add(self, object_id: str, writer: PackWriter) -> bool:
        why = "it is not there"
        for pack in self._packs.get(object_id, ()):
            stored = pack.objects[object_id]
            try:
                fd = self._env.open_read(pack.path)
            except FileNotFoundError:
                why = "its pack was merged into another meanwhile"
                continue
            try:
                writer.add_stored(stored, stored_pieces(self._env, fd, stored))
                return True
            except RecordError as error:
                why = error.message
            finally:
                self._env.close(fd)
        self._told(object_id, why)
        return False
