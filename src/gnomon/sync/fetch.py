"""Fetching objects when they are first asked for, in a replica that leaves the bytes at the remote.

Which pack holds an object is told by the packs' indexes, which are read once each (a few kB at the end of a pack) and kept beside
the index of the replica. The pack is then fetched whole and checked like any other file of a sync.

Always true: what is fetched is a sealed file under its own name, so a later sync finds it here and fetches it no more.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from gnomon.errors import GnomonError, RecordError
from gnomon.objects.pack import FOOTER_SIZE, MAGIC, MAX_INDEX_SIZE, Pack, pack_from_end
from gnomon.record.files import replace_file
from gnomon.record.index_place import place_for
from gnomon.sync.heads import files_of, that_count
from gnomon.sync.names import OBJECTS, sealed_file, sealed_files
from gnomon.sync.published import heads_here
from gnomon.sync.receive import receive
from gnomon.sync.state import StateFile
from gnomon.sync.store import open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gnomon.record.home import Home
    from gnomon.sync.store import Store

FOLDER = "remote-packs"
END_SIZE = 64 << 10  # bytes of a pack's end that are read at first


class Fetcher:
    """Brings objects from the remotes of a replica. `problems`: remotes that could not be asked, and why."""

    def __init__(self, home: Home, *, opened: Callable[[str], Store] | None = None) -> None:
        self.problems: list[str] = []
        self._home = home
        self._open = opened or (lambda url: open_store(url, home.env))
        place = place_for(home, home.env)
        self._folder = None if place is None else os.path.join(place.folder, FOLDER)
        self._urls = [remote.url for _, remote in sorted(StateFile(home, place).load().remotes.items())]
        self._packs: dict[str, Pack] = {}  # by path in the record

    def bring(self, objects: Iterable[str]) -> bool:
        """Fetch the packs that hold these objects, as far as a remote has them; return whether any came."""
        wanted = set(objects)
        came = False
        for url in self._urls:
            if not wanted:
                break
            try:
                with contextlib.closing(self._open(url)) as store:
                    if store.takes_objects:
                        came |= self._bring_from(store, wanted)
            except (GnomonError, OSError) as error:
                self.problems.append(str(error))
        return came

    def _bring_from(self, store: Store, wanted: set[str]) -> bool:
        held = {file.path for file, _ in sealed_files(self._home) if file.part == OBJECTS}
        there = files_of(that_count(heads_here(self._home)))
        came = False
        for path, size in sorted(there.items()):
            file = sealed_file(path)
            if file is None or file.part != OBJECTS or path in held or not wanted:
                continue
            try:
                pack = self._index_of(store, path, size)
                found = {one for one in wanted if one in pack.objects}
                if found:
                    receive(self._home, file, size, store.pieces(path))
                    wanted -= found
                    came = True
            except (FileNotFoundError, RecordError) as error:
                self.problems.append(str(error))
        return came

    def _index_of(self, store: Store, path: str, size: int) -> Pack:
        """Return what a pack at the remote holds, reading its end only."""
        if path not in self._packs:
            kept = None if self._folder is None else os.path.join(self._folder, path.replace("/", "-"))
            data = self._kept(kept)
            if data is None:
                data = _ends_of(store, path, size)
                self._packs[path] = _pack(data, size, path)  # raises before it is kept
                self._keep(kept, data)
            else:
                self._packs[path] = _pack(data, size, path)
        return self._packs[path]

    def _kept(self, path: str | None) -> bytes | None:
        try:
            return None if path is None else self._home.env.read_file(path)
        except FileNotFoundError:
            return None

    def _keep(self, path: str | None, data: bytes) -> None:
        if path is None:
            return
        self._home.env.make_folder(os.path.dirname(path))
        replace_file(self._home.env, path, data)


def pack_at(store: Store, path: str, size: int) -> Pack:
    """Return what a pack at a remote holds, reading its end only. Raises FileNotFoundError, DamagedFileError, RemoteError."""
    return _pack(_ends_of(store, path, size), size, path)


def _ends_of(store: Store, path: str, size: int) -> bytes:
    """Return the first bytes of a pack, its index and its footer."""
    end = store.read(path, max(0, size - END_SIZE), END_SIZE)
    needed = int.from_bytes(end[-12:-8], "little") + FOOTER_SIZE
    if len(end) < needed <= min(size, MAX_INDEX_SIZE + FOOTER_SIZE):  # else `_pack` refuses it
        end = store.read(path, size - needed, needed)
    return store.read(path, 0, len(MAGIC)) + end[-needed:]


def _pack(data: bytes, size: int, path: str) -> Pack:
    return pack_from_end(data[: len(MAGIC)], data[len(MAGIC) :], size, path)


def is_partial(home: Home) -> bool:
    """Return whether this replica leaves objects at its remotes."""
    state = StateFile(home, place_for(home, home.env)).load()
    return OBJECTS not in state.parts and bool(state.remotes)
